"""What Spark on this machine costs against its threads: the same detector, the same pairs.

    python -m bench.spark [--rows 1000000 10000000] [--memory 8GB]

The job is `claqueur detect FOLDER --window 60s --min-objects 5 --no-report` on Parquet partitions
(:mod:`bench.large_tables`). Spark runs it twice in one session: the first time it compiles its
plans and its workers load their libraries. Tables are checked to be the same.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import claqueur
from bench.large_tables import partitions
from claqueur.results import Result

ASKED = {"window": "60s", "min_objects": 5}
TABLES = ("pairs", "accounts", "groups", "evidence", "activity", "rhythm", "curves")


def timed(table: Path, memory: str, engine: object, many: bool) -> tuple[float, Result]:
    begin = time.perf_counter()
    files = sorted(table.glob("*.parquet")) if many else table
    result = claqueur.detect(files, **ASKED, memory=memory, engine=engine)
    return time.perf_counter() - begin, result


def same(one: Result, other: Result) -> None:
    for name in TABLES:
        assert getattr(one, name).equals(getattr(other, name), null_equal=True), name


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--memory", default="8GB")
    asked = parser.parse_args()
    cores = os.cpu_count() or 1
    print("| events | ids | pairs | threads | Spark, first | Spark, again | again : threads |")
    print("|---|---|---|---|---|---|---|")
    begin = time.perf_counter()
    with claqueur.spark_engine(master=f"local[{cores}]", memory=4 * 10**9) as engine:
        start = time.perf_counter() - begin
        for rows in asked.rows:
            for strings in (False, True):
                table = partitions(rows, strings=strings)
                here, expected = timed(table, asked.memory, "local", many=True)
                first, found = timed(table, asked.memory, engine, many=False)
                again, _ = timed(table, asked.memory, engine, many=False)
                same(found, expected)
                kind = "strings" if strings else "integers"
                print(
                    f"| {rows:,} | {kind} | {expected.pairs.height:,} | {here:.1f} s "
                    f"| {first:.1f} s | {again:.1f} s | {again / here:.1f} |",
                    flush=True,
                )
    print(
        f"\n{cores} cores; Spark itself starts in {start:.1f} s. Pairs and all tables are the same."
    )


if __name__ == "__main__":
    main()

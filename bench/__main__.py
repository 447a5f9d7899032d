"""`make bench`: peers and scale, medians and ratios; pictures into docs/img.

    python -m bench [--quick]

Contenders take turns within each repetition, so that a slow minute of the machine hits
them alike.
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import sys
from pathlib import Path

import altair as alt
import polars as pl

from bench.data import FOLDER, events, qut_csv
from bench.measure import Measure, measure, median

HERE = Path(__file__).parent
FIGURES = HERE.parent / "docs" / "img"
WINDOW, LEAST = 60, 5


def ours(table: Path) -> list[str]:
    return [
        sys.executable, "-m", "claqueur", "detect", str(table), "--window", f"{WINDOW}s",
        "--min-objects", str(LEAST), "--no-report", "--out", str(FOLDER / "ours"),
    ]  # fmt: skip


def contender(name: str, *arguments: object) -> list[str]:
    return [sys.executable, str(HERE / "contenders" / f"{name}.py"), *map(str, arguments)]


def clean() -> None:
    shutil.rmtree(FOLDER / "ours", ignore_errors=True)
    for name in ("join", "plain"):
        (FOLDER / f"{name}.parquet").unlink(missing_ok=True)


def compare(commands: dict[str, list[str]], repeats: int) -> dict[str, Measure]:
    """Medians over repetitions in which the contenders take turns."""
    runs: dict[str, list[Measure]] = {name: [] for name in commands}
    for _ in range(repeats):
        for name, command in commands.items():
            runs[name].append(measure(command, clean if name == "claqueur" else lambda: None))
    return {name: median(found) for name, found in runs.items()}


def check_equal() -> int:
    """Our pairs are the SQL join's, weight by weight; returns how many."""
    mine = pl.read_parquet(
        FOLDER / "ours" / "pairs.parquet", columns=["account_a", "account_b", "weight"]
    )
    join = pl.read_parquet(FOLDER / "join.parquet").select(mine.columns)
    order = ["account_a", "account_b"]
    assert mine.sort(order).equals(join.cast({"weight": pl.Int64}).sort(order)), "pairs differ"
    return mine.height


def peers(rows: int, largest: int, repeats: int, *, slow_peers: bool) -> dict[str, object]:
    table = events(rows, largest=largest)
    measure(ours(table), clean)  # compiles the kernels once, as a second run finds them
    commands = {
        "claqueur": ours(table),
        "duckdb join, tuned": contender(
            "duckdb_buckets", table, FOLDER / "join.parquet", WINDOW, LEAST
        ),
        "polars read + sort": contender("polars_sort", table),
    }
    if slow_peers:
        commands["duckdb join, plain"] = contender(
            "duckdb_join", table, FOLDER / "plain.parquet", WINDOW, LEAST
        )
        commands["coordination-network-toolkit"] = contender(
            "qut_toolkit", qut_csv(table), FOLDER / "qut.db", WINDOW, LEAST
        )
    found = compare(commands, repeats)
    pairs = check_equal()
    print(
        f"\n{rows:,} events, largest object about {largest:,}; {pairs:,} pairs, the same as SQL's"
    )
    for name, m in found.items():
        ratio = m.wall_s / found["claqueur"].wall_s
        print(
            f"  {name:30} {m.wall_s:7.2f} s wall  {m.cpu_s:7.2f} s CPU  {m.peak_gb:5.2f} GB"
            f"  {ratio:6.2f} × ours"
        )
    return {
        "rows": rows, "largest": largest, "pairs": pairs, "repeats": repeats,
        "contenders": {name: vars(m) for name, m in found.items()},
    }  # fmt: skip


def scaling(quick: bool) -> list[dict[str, object]]:
    """Whole process against the number of events, and against the largest object."""
    sizes = [100_000, 300_000, 1_000_000] + ([] if quick else [3_000_000, 10_000_000])
    hot = [1_000, 10_000, 50_000] + ([] if quick else [100_000, 200_000, 400_000])
    cases = [("events", n, n // 53) for n in sizes] + [
        ("largest object", 1_000_000, h) for h in hot
    ]
    rows: list[dict[str, object]] = []
    for against, n, largest in cases:
        table = events(n, largest=largest)
        m = median([measure(ours(table), clean) for _ in range(1 if quick else 3)])
        x = n if against == "events" else largest
        print(f"  {against:15} {x:>12,}  {m.wall_s:6.2f} s  {m.peak_gb:5.2f} GB")
        rows.append({"against": against, "x": x, **vars(m)})
    return rows


def draw(rows: list[dict[str, object]]) -> None:
    table = pl.DataFrame(rows)
    for against, title in (
        ("events", "Whole process against the number of events (largest object: 1 in 53)"),
        ("largest object", "Whole process against the largest object, 1 M events"),
    ):
        data = table.filter(pl.col("against") == against)
        base = alt.Chart(data).encode(x=alt.X("x:Q", title=against, axis=alt.Axis(format="~s")))
        panels = [
            base.mark_line(point=True)
            .encode(y=alt.Y(f"{column}:Q", title=name))
            .properties(width=320, height=220)
            for column, name in (("wall_s", "wall time, s"), ("peak_gb", "peak memory, GB"))
        ]
        alt.hconcat(*panels, title=title).save(FIGURES / f"scale-{against.replace(' ', '-')}.svg")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="small sizes, one repetition")
    quick = parser.parse_args().quick
    repeats = 1 if quick else 3
    print(f"Python {platform.python_version()}, {platform.machine()}, medians of {repeats}")
    results: dict[str, object] = {"1M": peers(1_000_000, 27_000, repeats, slow_peers=True)}
    if not quick:
        results["10M"] = peers(10_000_000, 190_000, 3, slow_peers=False)
    print("\nScale (claqueur alone)")
    results["scale"] = scaling(quick)
    if not quick:
        FIGURES.mkdir(exist_ok=True)
        draw(results["scale"])  # type: ignore[arg-type]
    (FOLDER / "results.json").write_text(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()

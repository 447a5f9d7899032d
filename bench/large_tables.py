"""Seeded Parquet partitions for benchmarks of tables that are larger than memory.

Drawn as in :mod:`bench.data`, ten accounts and fifty events to an object, in partitions of ten
million rows at most, with ids as integers or as strings. Kept in ``bench/data``.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl

from bench.data import DAYS, FOLDER

ROWS_EACH = 10_000_000
SHARE_OF_LARGEST = 1 / 200


def partitions(rows: int, *, strings: bool, seed: int = 1) -> Path:
    """Folder of a table of ``rows`` events; the largest object has one in two hundred."""
    folder = FOLDER / f"large-{rows}-{'strings' if strings else 'integers'}-{seed}"
    if not folder.exists():
        # In a process of its own: a child's peak memory counts what its parent held at the fork.
        command = [sys.executable, "-m", "bench.large_tables"]
        subprocess.run([*command, str(rows), str(int(strings)), str(seed), folder], check=True)
    return folder


def _make(rows: int, strings: bool, seed: int, folder: Path) -> None:
    rng = np.random.default_rng(seed)
    accounts, objects = rows // 10, rows // 50
    popularity = 1 / np.arange(1, objects + 1) ** 0.78
    popularity[1:] *= (1 - SHARE_OF_LARGEST) / popularity[1:].sum()
    popularity[0] = SHARE_OF_LARGEST
    popularity[1:] = np.minimum(popularity[1:], SHARE_OF_LARGEST)
    activity = rng.pareto(1.2, accounts) + 0.2
    by_object = np.cumsum(popularity / popularity.sum())
    by_account = np.cumsum(activity / activity.sum())
    born = rng.uniform(0, DAYS * 86_400, objects)
    work = folder.with_suffix(".part")
    work.mkdir(parents=True, exist_ok=True)
    for number, first in enumerate(range(0, rows, ROWS_EACH)):
        size = min(ROWS_EACH, rows - first)
        object_ = _drawn(rng, by_object, size)
        account = 100_000_000 + _drawn(rng, by_account, size)
        time = 1_550_000_000 + born[object_] + rng.exponential(6 * 3600, size)
        frame = pl.DataFrame(
            {"account_id": account, "object_id": object_, "timestamp": time.astype(np.int64)}
        )
        if strings:
            frame = frame.with_columns(
                pl.col("account_id").cast(pl.String),
                "wall-1001_" + pl.col("object_id").cast(pl.String),
            )
        frame.write_parquet(work / f"part-{number:03}.parquet")
    work.rename(folder)


def _drawn(rng: np.random.Generator, cumulative: np.ndarray, size: int) -> np.ndarray:
    # Sorted draws walk the table once instead of jumping about in it.
    found = np.searchsorted(cumulative, np.sort(rng.random(size)) * cumulative[-1])
    return rng.permutation(np.minimum(found, len(cumulative) - 1))


if __name__ == "__main__":
    _make(int(sys.argv[1]), bool(int(sys.argv[2])), int(sys.argv[3]), Path(sys.argv[4]))

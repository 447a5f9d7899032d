"""Seeded events for benchmarks: heavy-tailed accounts, Zipf objects, string ids."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl

FOLDER = Path(__file__).parent / "data"
DAYS = 60


def events(rows: int, *, largest: int, seed: int = 1) -> Path:
    """A Parquet table of ``rows`` events whose largest object has about ``largest``.

    One account and one object to ten and a hundred events; Zipf exponent .78; actions on an
    object decay with a mean of six hours after its birth. Kept in ``bench/data``.
    """
    path = FOLDER / f"events-{rows}-{largest}-{seed}.parquet"
    if not path.exists():
        FOLDER.mkdir(exist_ok=True)
        # In a process of its own: a child's peak memory counts what its parent held at the fork.
        command = [sys.executable, "-m", "bench.data", str(rows), str(largest), str(seed), path]
        subprocess.run(command, check=True)
    return path


def _make(rows: int, largest: int, seed: int) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    accounts, objects = rows // 10, rows // 100
    popularity = 1 / np.arange(1, objects + 1) ** 0.78
    share = min(largest / rows, 0.9)
    popularity[1:] *= (1 - share) / popularity[1:].sum()
    popularity[0] = share
    # No other object may outgrow the one the benchmark is about.
    popularity[1:] = np.minimum(popularity[1:], share)
    object_ = rng.choice(objects, size=rows, p=popularity / popularity.sum())
    activity = rng.pareto(1.2, accounts) + 0.2
    account = rng.choice(accounts, size=rows, p=activity / activity.sum())
    born = rng.uniform(0, DAYS * 86_400, objects)
    time = 1_550_000_000 + born[object_] + rng.exponential(6 * 3600, rows)
    return pl.DataFrame(
        {
            "account_id": pl.Series(100_000_000 + account).cast(pl.String),
            "object_id": "wall-1001_" + pl.Series(object_).cast(pl.String),
            "timestamp": time.astype(np.int64),
        }
    )


def qut_csv(table: Path) -> Path:
    """The same events as coordination-network-toolkit reads them."""
    path = table.with_suffix(".qut.csv")
    if not path.exists():
        frame = pl.read_parquet(table)
        empty = pl.lit("")
        frame.with_row_index("message_id").select(
            "message_id",
            user_id="account_id",
            username="account_id",
            repost_id="object_id",
            reply_id=empty,
            message=empty,
            timestamp="timestamp",
            urls=empty,
        ).write_csv(path)
    return path


if __name__ == "__main__":
    rows, largest, seed = map(int, sys.argv[1:4])
    _make(rows, largest, seed).write_parquet(sys.argv[4])

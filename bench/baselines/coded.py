"""What baselines share: ids as codes for the pair kernel, and the table they answer with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from claqueur.engines.actions import Actions, PairCounts
from claqueur.evaluation.methods import FOUND

STANDS_ON = (
    "claqueur.engines.counting",
    "claqueur.kernels.co_action",
    "claqueur.groups.communities",
    "bench.baselines",
)


@dataclass(frozen=True)
class Coded:
    """Exactly timed actions of accounts on posts, with the ids behind the codes."""

    actions: Actions
    accounts: pl.Series

    def answer(self, score: np.ndarray, flagged: np.ndarray, group: np.ndarray) -> pl.DataFrame:
        """The accounts with a score above 0; group 0 is none."""
        table = pl.DataFrame(
            {"account_id": self.accounts, "score": score, "flagged": flagged, "group_id": group}
        ).with_columns(pl.col("group_id").replace(0, None))
        return table.filter(pl.col("score") > 0).cast(FOUND)


def acts(events: pl.DataFrame) -> pl.DataFrame:
    """What accounts did to posts; what pages publish is left out."""
    return events.filter(pl.col("action") != "post")


def coded(events: pl.DataFrame) -> Coded:
    """Codes of the events whose time is known to the moment, sorted by object and time."""
    timed = acts(events).filter(pl.col("time_min") == pl.col("time_max"))
    accounts = timed["account_id"].unique().sort()
    dense = (pl.col(name).rank("dense").cast(pl.UInt32) - 1 for name in ("account_id", "object_id"))
    rows = timed.select(*dense, t_ms=pl.col("time_min").dt.epoch("ms"))
    rows = rows.sort("object_id", "t_ms", "account_id").rechunk()
    account, object_, t_ms = (rows[name].to_numpy() for name in rows.columns)
    return Coded(Actions(account, object_, t_ms, len(accounts)), accounts)


def strongest(pairs: PairCounts, weight: np.ndarray, n_accounts: int) -> np.ndarray:
    """Each account's largest weight over its pairs, 0 without any."""
    best = np.zeros(n_accounts)
    for end in (pairs.a, pairs.b):
        np.maximum.at(best, end, weight)
    return best

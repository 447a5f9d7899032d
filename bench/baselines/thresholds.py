"""A window and a minimum: accounts that acted on the same object within 60 s, at least twice.

What CooRTweet (N. Righetti, P. Balluff, "CooRTweet: a generalized R software for coordinated
network detection", Computational Communication Research 7(1), 2025) and QUT's
coordination-network-toolkit (T. Graham et al., 2020) do with the settings of their tutorials: a
pair is an edge when it met on ``min_objects`` objects within ``window_s``, and whoever has an
edge is in the network. Groups are the network's communities.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl

from bench.baselines.coded import STANDS_ON, coded, strongest
from claqueur.engines.actions import PairCounts
from claqueur.engines.counting import count_pairs
from claqueur.groups.communities import communities
from claqueur.settings import Grouping


@dataclass(frozen=True)
class Thresholds:
    """Co-action within a window, often enough."""

    window_s: int = 60
    min_objects: int = 2
    name: str = "60 s and 2"
    help: str = "CooRTweet- and QUT-style: the usual window and minimum"
    stands_on: ClassVar[tuple[str, ...]] = STANDS_ON

    def find(self, events: pl.DataFrame) -> pl.DataFrame:
        """Flag everybody with an edge; the score is the weight of the strongest one."""
        data = coded(events)
        pairs = count_pairs(data.actions, self.window_s * 1000, self.min_objects)
        score = strongest(pairs, pairs.weight, len(data.accounts))
        return data.answer(score, score > 0, grouped(pairs, len(data.accounts)))


def grouped(pairs: PairCounts, n_accounts: int) -> np.ndarray:
    """Community of each account in the network of the pairs, 0 for none."""
    group = np.zeros(n_accounts, np.int64)
    accounts, label = communities(pairs.a, pairs.b, pairs.weight.astype(float), Grouping())
    group[accounts] = label
    return group


BASELINE = Thresholds()

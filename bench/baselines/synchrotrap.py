"""Similarity of timed actions and single-linkage clusters, in the manner of SynchroTrap.

Q. Cao, X. Yang, J. Yu, C. Palow, "Uncovering large groups of active malicious accounts in
online social networks", CCS 2014. Two actions match when they are on the same constraint object
at most T apart. The similarity of two accounts is the Jaccard index of their actions under this
matching: matched ones over all of both. The paper compares day by day and adds up matches and
unions over days; adding over days is what counting over the whole span gives, but for matches
across midnight, which its overlapping windows catch as well. Pairs below a similarity are
left out, what stays connected is a cluster, and only large clusters are reported.

The paper keeps its thresholds to itself. Those here are round numbers, the best of fifteen tried on
one world of the Krasnoyarsk scenario (seed 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import networkx as nx
import numpy as np
import polars as pl

from bench.baselines.coded import STANDS_ON, coded, strongest
from claqueur.engines.actions import Actions, PairCounts
from claqueur.engines.counting import count_pairs


@dataclass(frozen=True)
class SynchroTrap:
    """Clusters of accounts whose timed actions are alike.

    Attributes
    ----------
    matches_min
        Pairs with fewer matched actions are not compared: the paper leaves out accounts that do
        little, which are alike by chance.
    """

    window_s: int = 3600
    similarity: float = 0.3
    matches_min: int = 3
    size_min: int = 10
    name: str = "SynchroTrap-style"
    help: str = "Jaccard index of timed actions (1 h) at least .3, clusters of 10 or more"
    stands_on: ClassVar[tuple[str, ...]] = STANDS_ON

    def find(self, events: pl.DataFrame) -> pl.DataFrame:
        """Flag the members of large clusters; the score is the highest similarity to anybody."""
        data = coded(events)
        pairs = count_pairs(data.actions, self.window_s * 1000, self.matches_min)
        alike = jaccard(pairs, data.actions)
        group = self.clusters(pairs, alike, len(data.accounts))
        return data.answer(strongest(pairs, alike, len(data.accounts)), group > 0, group)

    def clusters(self, pairs: PairCounts, alike: np.ndarray, n_accounts: int) -> np.ndarray:
        """Cluster of each account from 1, the largest first; 0 for none."""
        near = alike >= self.similarity
        graph = nx.Graph(zip(pairs.a[near].tolist(), pairs.b[near].tolist(), strict=True))
        parts = [part for part in nx.connected_components(graph) if len(part) >= self.size_min]
        group = np.zeros(n_accounts, np.int64)
        for number, part in enumerate(sorted(parts, key=lambda part: (-len(part), min(part))), 1):
            group[list(part)] = number
        return group


def jaccard(pairs: PairCounts, actions: Actions) -> np.ndarray:
    """Matched objects over the objects of both, for each pair."""
    done = pl.DataFrame({"account": actions.account, "object": actions.object_}).unique()
    objects = np.bincount(done["account"].to_numpy(), minlength=actions.n_accounts)
    return pairs.weight / (objects[pairs.a] + objects[pairs.b] - pairs.weight)


BASELINE = SynchroTrap()

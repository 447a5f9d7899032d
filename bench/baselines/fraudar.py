"""The densest blocks of accounts and objects, in the manner of FRAUDAR.

B. Hooi, H. A. Song, A. Beutel, N. Shah, K. Shin, C. Faloutsos, "FRAUDAR: Bounding graph fraud in
the face of camouflage", KDD 2016. Who acted on what is a bipartite graph, without times; an edge
weighs 1 / log(d + 5), d being the degree of its object, so that popular objects say little.
Nodes are peeled off one by one, always the one with the least weight left, and of all
the sets on the way the one with the highest weight per node is the block. Its accounts are then
left out to find the next one: a group of fans may be denser than the one ordered.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl

from bench.baselines.coded import STANDS_ON, acts
from claqueur.engines.local import adjacency
from claqueur.evaluation.methods import FOUND


@dataclass(frozen=True)
class Fraudar:
    """The densest blocks; the accounts of each are one group."""

    blocks: int = 3
    damping: float = 5.0
    name: str = "FRAUDAR-style"
    help: str = "the three densest blocks of accounts and objects, weights 1 / log(degree + 5)"
    stands_on: ClassVar[tuple[str, ...]] = STANDS_ON

    def find(self, events: pl.DataFrame) -> pl.DataFrame:
        """Flag the accounts of the blocks; within a block, and outside, who stays longer is worse.

        The score is the number of blocks still to come, and the share of nodes taken off before.
        """
        left = acts(events).select("account_id", "object_id").unique(maintain_order=True)
        parts = []
        for number in range(1, self.blocks + 1):
            accounts, removed_at, block_from = _block(left, self.damping)
            inside = removed_at >= block_from
            stays = (removed_at + 1) / (len(removed_at) + len(left))
            found = pl.DataFrame(
                {
                    "account_id": accounts,
                    "score": self.blocks - number + stays,
                    "flagged": inside,
                    "group_id": np.where(inside, number, 0),
                }
            ).with_columns(pl.col("group_id").replace(0, None))
            last = number == self.blocks
            parts.append(found if last else found.filter("flagged"))
            left = left.join(found.filter("flagged"), on="account_id", how="anti")
        return pl.concat(part.cast(FOUND) for part in parts)


def _block(edges: pl.DataFrame, damping: float) -> tuple[pl.Series, np.ndarray, int]:
    """The accounts, when each is taken off, and the step from which on the block is left."""
    accounts = edges["account_id"].unique().sort()
    row, column = (
        (edges[name].rank("dense").to_numpy().astype(np.int64) - 1)
        for name in ("account_id", "object_id")
    )
    removed_at, block_from = peel(row, column, damping)
    return accounts, removed_at[: len(accounts)], block_from


def peel(row: np.ndarray, column: np.ndarray, damping: float = 5.0) -> tuple[np.ndarray, int]:
    """Take off the lightest node again and again.

    Parameters
    ----------
    row, column : (m,) int64
        Edges, each once, between rows and columns numbered from 0.

    Returns
    -------
    removed_at : (rows + columns,) int64
        When each node is taken off, from 0; rows first, then columns.
    block_from
        Nodes taken off at this step or later make the densest block.
    """
    if not len(row):
        return np.empty(0, np.int64), 0
    rows, nodes = int(row.max()) + 1, int(row.max() + column.max()) + 2
    weight = 1 / np.log(np.bincount(column)[column] + damping)
    start, neighbour, edge = adjacency(row, column + rows, nodes)
    left = np.bincount(row, weight, nodes) + np.bincount(column + rows, weight, nodes)
    return _peeled(left.tolist(), start.tolist(), neighbour.tolist(), weight[edge].tolist())


def _peeled(
    left: list[float], start: list[int], neighbour: list[int], weight: list[float]
) -> tuple[np.ndarray, int]:
    nodes, total = len(left), sum(left) / 2
    removed_at = [-1] * nodes
    best, block_from = total / nodes, 0
    heap = [(value, node) for node, value in enumerate(left)]
    heapq.heapify(heap)
    for step in range(nodes):
        value, node = heapq.heappop(heap)
        # Lighter entries of the same node came first; what is taken off leaves old ones behind.
        while removed_at[node] >= 0 or value != left[node]:
            value, node = heapq.heappop(heap)
        removed_at[node] = step
        total -= value
        for place in range(start[node], start[node + 1]):
            other = neighbour[place]
            if removed_at[other] < 0:
                left[other] -= weight[place]
                heapq.heappush(heap, (left[other], other))
        if nodes - step > 1 and total / (nodes - step - 1) > best:
            best, block_from = total / (nodes - step - 1), step + 1
    return np.array(removed_at), block_from


BASELINE = Fraudar()

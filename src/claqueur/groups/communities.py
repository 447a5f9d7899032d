"""Leiden communities (V. A. Traag, L. Waltman, N. J. van Eck, "From Louvain to Leiden:
guaranteeing well-connected communities", Scientific Reports 9, 5233, 2019).

The one home of graspologic-native.
"""

from __future__ import annotations

import numpy as np
from graspologic_native import leiden_csr
from numpy.typing import NDArray

from claqueur.engines.local import adjacency
from claqueur.settings import Grouping


def communities(
    a: NDArray[np.uint32], b: NDArray[np.uint32], weight: NDArray[np.float64], grouping: Grouping
) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Communities of a weighted undirected network.

    Parameters
    ----------
    a, b : (m,) uint32
        Ends of every edge, each edge once; edges of an account with itself are left out.
    weight : (m,) float64
        Above zero.

    Returns
    -------
    accounts : (n,) uint32
        The accounts that have an edge, rising.
    label : (n,) int64
        Community of each: 1 for the largest, ties by the smallest account; 0 for an account
        that Leiden leaves alone.
    """
    proper = a != b
    accounts, ends = np.unique(np.concatenate([a[proper], b[proper]]), return_inverse=True)
    if not len(accounts):
        return accounts, np.zeros(0, np.int64)
    half = len(ends) // 2
    found = _leiden(ends[:half], ends[half:], weight[proper], len(accounts), grouping)
    return accounts, _by_size(found)


def _leiden(
    a: NDArray[np.intp],
    b: NDArray[np.intp],
    weight: NDArray[np.float64],
    n: int,
    grouping: Grouping,
) -> NDArray[np.int64]:
    start, neighbour, edge = adjacency(a, b, n)
    _, labels = leiden_csr(
        start,
        neighbour.astype(np.int32),
        weight[edge],
        n,
        resolution=grouping.resolution,
        seed=grouping.seed,
    )
    return np.array([labels[node] for node in range(n)], dtype=np.int64)


def _by_size(found: NDArray[np.int64]) -> NDArray[np.int64]:
    """Relabel from 1 by falling size; communities of one become 0."""
    values, first, inverse, size = np.unique(
        found, return_index=True, return_inverse=True, return_counts=True
    )
    order = np.lexsort((first, -size))
    rank = np.empty(len(values), np.int64)
    rank[order] = np.arange(1, len(values) + 1)
    rank[size == 1] = 0
    return rank[inverse]

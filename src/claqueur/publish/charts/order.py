"""Orders and places for pictures: rows that look alike side by side, bubbles that do not touch."""

from __future__ import annotations

from collections.abc import Sequence

import networkx as nx
import numpy as np
from numpy.typing import NDArray

STEPS = 400
PULL = 0.02
GAP = 16.0


def seriated(rows: NDArray[np.bool_]) -> list[int]:
    """An order of rows in which similar ones are neighbours, the fullest first.

    Average-linkage clustering on Jaccard distances; of two branches the fuller comes first.

    Parameters
    ----------
    rows : (n, m) bool
        At least one; n up to a few hundred, as clustering takes n steps over n² distances.
    """
    apart = _jaccard(rows)
    np.fill_diagonal(apart, np.inf)
    branches = {row: [row] for row in range(len(rows))}
    fullness = rows.sum(axis=1)
    for _ in range(len(rows) - 1):
        one, other = divmod(int(apart.argmin()), len(rows))
        sizes = len(branches[one]), len(branches[other])
        merged = (sizes[0] * apart[one] + sizes[1] * apart[other]) / sum(sizes)
        apart[one], apart[:, one] = merged, merged
        apart[other], apart[:, other] = np.inf, np.inf
        pair = branches[one], branches.pop(other)
        branches[one] = [
            row for branch in sorted(pair, key=lambda b: -fullness[b].mean()) for row in branch
        ]
    return next(iter(branches.values()))


def _jaccard(rows: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Jaccard distances of every two rows, (n, n); empty rows are alike."""
    cells = rows.astype(np.float64)
    both = cells @ cells.T
    filled = cells.sum(axis=1)
    either = filled[:, None] + filled[None, :] - both
    distances: NDArray[np.float64] = 1 - np.divide(
        both, either, out=np.ones_like(both), where=either > 0
    )
    return distances


def bubble_places(
    radii: NDArray[np.float64], ties: Sequence[tuple[int, int, float]], aspect: float
) -> NDArray[np.float64]:
    """Places for circles, tied ones near each other and none overlapping, (n, 2).

    The spring layout says who is near whom, then circles are pulled together and pushed
    apart until they touch no longer. The same input gives the same places.

    Parameters
    ----------
    radii : (n,) float64
    ties
        (one, other, strength), by place in ``radii``.
    aspect
        Width of the picture by its height.
    """
    graph = nx.Graph()
    graph.add_nodes_from(range(len(radii)))
    graph.add_weighted_edges_from(ties)
    start = nx.spring_layout(graph, seed=1, k=1.5 / np.sqrt(max(len(radii), 1)))
    places = np.array([start[node] for node in range(len(radii))], dtype=float)
    places *= 2 * radii.sum() / max(len(radii), 1) * np.sqrt(len(radii))
    return _settled(places, radii, aspect)


def _settled(
    places: NDArray[np.float64], radii: NDArray[np.float64], aspect: float
) -> NDArray[np.float64]:
    apart = radii[:, None] + radii[None, :] + GAP
    for step in range(STEPS):
        pull = PULL * (1 - step / STEPS)
        places -= places * np.array([pull, min(pull * aspect**1.5, 0.5)])
        for _ in range(4):
            places += _pushes(places, apart)
    return places


def _pushes(places: NDArray[np.float64], apart: NDArray[np.float64]) -> NDArray[np.float64]:
    """Half of every overlap, away from the other circle."""
    away = places[:, None, :] - places[None, :, :]
    distance = np.maximum(np.hypot(away[..., 0], away[..., 1]), 1e-9)
    overlap = np.maximum(apart - distance, 0)
    np.fill_diagonal(overlap, 0)
    pushes: NDArray[np.float64] = (away / distance[..., None] * overlap[..., None] / 2).sum(axis=1)
    return pushes

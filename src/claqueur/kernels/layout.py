"""Forces of a layout between nodes of the same part, and circles pushed off each other."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]


@njit(nogil=True, cache=True)
def repulsion(place: F64, mass: F64, starts: I64, force: F64) -> None:
    """Add to ``force`` what nodes of one part do to each other: mass times mass over distance.

    Parameters
    ----------
    place, force : (n, 2)
    mass : (n,)
    starts : (parts + 1,)
        Where the nodes of each part begin; the last is their end.
    """
    for part in range(len(starts) - 1):
        for i in range(starts[part], starts[part + 1]):
            for j in range(i + 1, starts[part + 1]):
                dx = place[i, 0] - place[j, 0]
                dy = place[i, 1] - place[j, 1]
                push = mass[i] * mass[j] / (dx * dx + dy * dy + 1e-3)
                force[i, 0] += dx * push
                force[i, 1] += dy * push
                force[j, 0] -= dx * push
                force[j, 1] -= dy * push


@njit(nogil=True, cache=True)
def push_apart(centre: F64, radius: F64, rounds: int) -> None:
    """Move circles until none lies on another, as far as so many rounds bring it.

    Parameters
    ----------
    centre : (n, 2)
        Changed in place.
    radius : (n,)
    """
    for _ in range(rounds):
        moved = False
        for i in range(len(radius)):
            for j in range(i + 1, len(radius)):
                dx = centre[i, 0] - centre[j, 0]
                dy = centre[i, 1] - centre[j, 1]
                distance = np.sqrt(dx * dx + dy * dy)
                over = radius[i] + radius[j] - distance
                if over <= 0:
                    continue
                moved = True
                if distance < 1e-9:
                    dx, dy, distance = 1.0, 0.0, 1.0
                half = 0.5 * over / distance
                centre[i, 0] += dx * half
                centre[i, 1] += dy * half
                centre[j, 0] -= dx * half
                centre[j, 1] -= dy * half
        if not moved:
            return

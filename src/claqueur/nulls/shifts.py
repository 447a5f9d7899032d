"""Coincidences of several series of moments, beside the same series moved along by whole days.

Each page's days are moved along within the window, all of them by the same number and the last
days coming in front, independently of other pages. Hours of the day, and how a page's posts
follow each other, stay; what pages do at the same time goes. It is the circular block bootstrap
with one block a page: D. N. Politis, J. P. Romano, "A circular block-resampling procedure for
stationary data", 1992.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

DRAWS = 999
DAY_MS = 86_400_000

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


def shifted_pairs(
    page: Ints, moment_ms: Ints, paired: Flags, reach_ms: int, days: int, seed: int
) -> tuple[int, Ints]:
    """Pairs of moments of different pages within a reach, observed and with days moved along.

    Parameters
    ----------
    page, moment_ms : (n,) int64
        Moments are counted from the beginning of the window.
    paired : (n, n) bool
        Which pairs count, symmetric.
    days
        Length of the window.

    Returns
    -------
    observed : int
    drawn : (DRAWS,) int64
    """
    first, second = np.nonzero(np.triu(paired, 1) & (page[:, None] != page[None, :]))
    rng = np.random.default_rng([seed, 43])
    codes, own = np.unique(page, return_inverse=True)
    observed = _within(moment_ms, first, second, reach_ms)
    drawn = np.empty(DRAWS, np.int64)
    for draw in range(DRAWS):
        shift = rng.integers(0, days, len(codes))[own] * DAY_MS
        drawn[draw] = _within((moment_ms + shift) % (days * DAY_MS), first, second, reach_ms)
    return observed, drawn


def _within(moment_ms: Ints, first: Ints, second: Ints, reach_ms: int) -> int:
    return int((np.abs(moment_ms[first] - moment_ms[second]) <= reach_ms).sum())

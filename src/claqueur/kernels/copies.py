"""How likely it is that an account's comments fall into a group's templates by chance."""

from __future__ import annotations

import numpy as np
from numba import njit

from claqueur.kernels.co_action import F64, I64
from claqueur.kernels.coins import tail_of_coins


@njit(nogil=True, cache=True)
def copying_tails(start: I64, chance: F64, seen: I64) -> F64:
    """P(at least as many of an account's comments) for independent chances, exactly.

    Parameters
    ----------
    start : (n + 1,) int64
        Where each account's comments begin.
    chance : (m,) float64
        Of each comment.
    seen : (n,) int64
        How many there were.

    Returns
    -------
    (n,) float64
    """
    p = np.ones(len(seen))
    for i in range(len(seen)):
        if seen[i] > 0:
            own = chance[start[i] : start[i + 1]]
            p[i] = tail_of_coins(own, np.ones(len(own), np.int64), seen[i], seen[i])[seen[i]]
    return p

"""The least value of a smooth convex function of a few weights, by damped Newton steps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from claqueur.kernels.co_action import F64

MOST_STEPS = 60
_ENOUGH = 1e-9
_SHORTEST = 1e-6


def least(told: Callable[[F64], tuple[float, F64, F64]], weights: int) -> F64:
    """Where a function is least, beginning at 0.

    Parameters
    ----------
    told
        Value, slope (m,) and curvature (m, m) at some weights (m,).

    Examples
    --------
    >>> least(lambda w: (float((w - 2) @ (w - 2)), 2 * (w - 2), 2 * np.eye(1)), 1)
    array([2.])
    """
    at = np.zeros(weights)
    value, slope, curve = told(at)
    for _ in range(MOST_STEPS):
        step = np.linalg.solve(curve + _ENOUGH * np.eye(weights), -slope)
        promised, part = float(-slope @ step), 1.0
        if promised < _ENOUGH * (1 + abs(value)):
            break
        while part > _SHORTEST:
            tried = told(at + part * step)
            if tried[0] <= value - 1e-4 * part * promised:
                break
            part /= 2
        else:
            break
        at = at + part * step
        value, slope, curve = tried
    return at

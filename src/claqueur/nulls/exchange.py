"""Within-object exchange: an object's times stay, who acted when is exchanged nearby.

Exact and cheap: a crowd at one moment proves nothing, because everybody in it is exchanged
with everybody else; and a neighbourhood of a few windows cancels every rhythm slower than it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from claqueur.kernels.co_action import F64, U32
from claqueur.kernels.lockstep import FOREVER_MS, counts_within, exchange_pairs
from claqueur.nulls.habits import windows_ms
from claqueur.nulls.timeline import Timeline

NEIGHBOURHOODS = (6, 36, 0)
"""Windows that a neighbourhood is long, either way; 0 is the whole life of the object."""

KEEPS = "every object's times, and who acted on it within the neighbourhood; one meeting a sitting"


def pair_p_values(actions: Timeline, a: U32, b: U32) -> tuple[F64, F64, NDArray[np.int64]]:
    """p-values of pairs over all windows and neighbourhoods.

    The rule is fixed: the smallest of the p-values times their number (Bonferroni).

    Parameters
    ----------
    a, b : (m,) uint32
        Accounts.

    Returns
    -------
    p, expected : (m,) float64
        And meetings expected in the window and neighbourhood of the smallest p-value.
    window_ms : (m,) int64
        That window.
    """
    everything = np.ones(len(actions), bool)
    accounts = np.unique(np.concatenate([a, b]))
    objects = np.unique(actions.object_[actions.events_of(accounts)]).astype(np.int64)
    best = np.full(len(a), np.inf)
    expected, window = np.zeros(len(a)), np.zeros(len(a), np.int64)
    windows = windows_ms(actions)
    for window_ms in windows:
        near = counts_within(objects, actions.start, actions.t_ms, everything, window_ms)
        for times in NEIGHBOURHOODS:
            around_ms = times * window_ms or FOREVER_MS
            around = counts_within(objects, actions.start, actions.t_ms, everything, around_ms)
            _, mean, p = exchange_pairs(
                a, b, actions.own_start, actions.by_object, actions.object_, actions.t_ms,
                actions.sitting, near, around, window_ms, around_ms,
            )  # fmt: skip
            better = p < best
            best[better], expected[better] = p[better], mean[better]
            window[better] = window_ms
    tests = len(windows) * len(NEIGHBOURHOODS)
    return np.minimum(best * tests, 1.0), expected, window

"""When an action happened that is known to lie between two polls: the baseline's word on it.

The baseline is a density over time that keeps the hours of the day at which everybody acts and
how soon after publication the account itself does. Both are estimated from the actions, unknown
moments spread by the estimate before: the self-consistent estimate from intervals (B. Turnbull,
"The empirical distribution function with arbitrarily grouped, censored and truncated data",
J. R. Stat. Soc. B 38, 1976). Who always acts at once is first seen by the first poll, however
soon after publication that comes; a baseline that everybody shares would miss it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from claqueur.kernels.co_action import F64, I64, U32
from claqueur.kernels.lockstep import DAY_MS, HOUR_MS
from claqueur.kernels.moments import Moments, cut, known

MINUTE_MS = 60_000

AGE_EDGES_MS = np.array(
    [
        *(MINUTE_MS * m for m in (2, 5, 10, 20, 40)),
        *(HOUR_MS * h for h in (1, 2, 4, 8, 16, 24, 48, 96, 192, 384)),
    ]
)
"""Ages at which the rate of actions on an object may change."""

WIDEST_MS = 2 * DAY_MS
"""An interval longer than this says nothing about windows of up to a day; its action counts as
one without a time."""

ROUNDS = 8
"""Turns of estimating the baseline and spreading the unknown moments by it."""

PRIOR = 5.0
"""Actions' worth of an even rate added to every hour and age."""

EVERYBODY = 1.0
"""Actions' worth of everybody's delays added to the account's own."""


def moments_of(
    low: I64, high: I64, born_ms: I64, object_: U32, account: U32
) -> tuple[I64, Moments, NDArray[np.intp]]:
    """Moments of actions, one drawn from each interval, and the order in which they stand.

    Parameters
    ----------
    low, high : (n,) int64
        Between which each action lies; equal where its moment is known.
    born_ms : (n_objects,) int64
    object_, account : (n,) uint32

    Returns
    -------
    t_ms : (n,) int64
        In the order of (object, moment, account).
    moments
        In that order.
    order : (n,) intp
        Places in the input. Where all moments are known it changes nothing.
    """
    if (low == high).all():
        return low, known(low), np.arange(len(low))
    born = born_ms[object_]
    start, piece_low, piece_high = cut(low, high, born, AGE_EDGES_MS, HOUR_MS)
    weight = _weights(start, piece_low, piece_high, born, account)
    t_ms = _drawn(start, piece_low, piece_high, weight)
    order = np.lexsort((account, t_ms, object_))
    return t_ms[order], _in_order(order, start, piece_low, piece_high, weight), order


def _weights(start: I64, low: I64, high: I64, born: I64, account: U32) -> F64:
    """Probability of every piece, (m,), given the interval it belongs to."""
    whose = np.repeat(np.arange(len(start) - 1), np.diff(start))
    hour = low // HOUR_MS % 24
    edges = np.append(AGE_EDGES_MS, max(int((high - born[whose]).max()), int(AGE_EDGES_MS[-1]) + 1))
    age = np.clip(np.searchsorted(edges, low - born[whose], side="right"), 0, len(edges) - 1)
    length = np.maximum(high - low, 1).astype(np.float64)
    size = np.diff(edges, prepend=0).astype(np.float64)
    own = account[whose].astype(np.int64) * len(edges) + age
    room = (int(account.max()) + 1) * len(edges)
    weight = _shares(length, whose, len(start) - 1)
    for _ in range(ROUNDS):
        per_hour = np.bincount(hour, weight, 24) + PRIOR
        everybody = np.bincount(age, weight, len(edges)) + PRIOR
        usual = EVERYBODY * everybody / everybody.sum()
        per_age = (np.bincount(own, weight, room)[own] + usual[age]) / size[age]
        weight = _shares(length * per_hour[hour] * per_age, whose, len(start) - 1)
    return weight


def _shares(mass: F64, whose: NDArray[np.intp], n: int) -> F64:
    share: F64 = mass / np.bincount(whose, mass, n)[whose]
    return share


def _drawn(start: I64, low: I64, high: I64, weight: F64) -> I64:
    """A moment of every action, by its pieces' probabilities; the same in every run."""
    rng = np.random.default_rng(7)
    total = np.cumsum(weight)
    before = np.append(0.0, total)[start[:-1]]
    n = len(start) - 1
    piece = np.searchsorted(total, before + rng.random(n), side="right")
    piece = np.clip(piece, start[:-1], start[1:] - 1)
    drawn: I64 = low[piece] + (rng.random(n) * (high - low)[piece]).astype(np.int64)
    return drawn


def _in_order(order: NDArray[np.intp], start: I64, low: I64, high: I64, weight: F64) -> Moments:
    count = np.diff(start)[order]
    begin = np.append(0, np.cumsum(count))
    piece = np.arange(begin[-1]) - np.repeat(begin[:-1] - start[order], count)
    return Moments(begin, np.column_stack([low, high, weight])[piece])

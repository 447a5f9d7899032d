"""Moments that are known, and moments that are known to lie between two polls.

An action's moment is a mixture of uniform *pieces*: a single one of no length where the moment
is known, else its interval, cut where the baseline changes and weighed by it. How many of some
actions are expected within a window is then read from a *curve*: the expected number of them
up to each moment, which steps at known moments and rises along pieces.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from claqueur.kernels.co_action import F64, I64, Bool

LOW, HIGH, WEIGHT = 0, 1, 2
"""Columns of a table of pieces."""
X, VALUE, SLOPE, AREA = 0, 1, 2, 3
"""Columns of a curve."""


class Moments(NamedTuple):
    """Pieces of every action.

    Attributes
    ----------
    start : (n + 1,) int64
        Pieces of action e are ``start[e]:start[e + 1]``.
    piece : (m, 3) float64
        Both ends of each piece in ms, equal where the moment is known, and its probability;
        those of an action rise and add up to 1.
    """

    start: I64
    piece: F64


# Single arrays are handed on below: tuples of them are counted anew at every call, which costs
# several times the work.


@njit(nogil=True, cache=True)
def curve_of(events: I64, start: I64, piece: F64) -> F64:
    """Expected number of some actions up to every moment: right-continuous, piecewise linear.

    Parameters
    ----------
    events : (k,) int64
        Actions, in any order; quickest in the order of their moments.
    start, piece
        Of :class:`Moments`.

    Returns
    -------
    curve : (p, 4) float64
        Rising moments; at each the number up to it, its rise per ms from there on, and the
        integral of the number from the first moment.
    """
    points = 0
    for e in events:
        for p in range(start[e], start[e + 1]):
            points += 1 if piece[p, LOW] == piece[p, HIGH] else 2
    # The second column holds the jump at a moment, the third the change of the rise.
    curve = np.zeros((points, 4))
    k = 0
    for e in events:
        for p in range(start[e], start[e + 1]):
            low, high = piece[p, LOW], piece[p, HIGH]
            curve[k, X] = low
            if low == high:
                curve[k, VALUE] = piece[p, WEIGHT]
            else:
                curve[k, SLOPE] = piece[p, WEIGHT] / (high - low)
                curve[k + 1, X] = high
                curve[k + 1, SLOPE] = -curve[k, SLOPE]
                k += 1
            k += 1
    for k in range(1, points):
        if curve[k, X] < curve[k - 1, X]:
            curve = curve[np.argsort(curve[:, X], kind="mergesort")]
            break
    _add_up(curve)
    return curve


@njit(nogil=True, cache=True)
def _add_up(curve):  # type: ignore[no-untyped-def]
    """From jumps and changes of the rise to numbers, rises and integrals."""
    up, rise, under = 0.0, 0.0, 0.0
    rising = 0
    for k in range(len(curve)):
        if k > 0:
            width = curve[k, X] - curve[k - 1, X]
            under += width * (up + 0.5 * rise * width)
            up += rise * width
        up += curve[k, VALUE]
        change = curve[k, SLOPE]
        rising += 1 if change > 0 else (-1 if change < 0 else 0)
        # What is left of equal rises and falls is rounding.
        rise = rise + change if rising > 0 else 0.0
        curve[k, VALUE], curve[k, SLOPE], curve[k, AREA] = up, rise, under


@njit(nogil=True, cache=True)
def _last(curve, t):  # type: ignore[no-untyped-def]
    """Place of the last moment that is not after t, -1 where all are."""
    low, high = 0, len(curve)
    while low < high:
        middle = (low + high) >> 1
        if curve[middle, X] <= t:
            low = middle + 1
        else:
            high = middle
    return low - 1


@njit(nogil=True, cache=True)
def _up_to(curve, t):  # type: ignore[no-untyped-def]
    k = _last(curve, t)
    return curve[k, VALUE] + curve[k, SLOPE] * (t - curve[k, X]) if k >= 0 else 0.0


@njit(nogil=True, cache=True)
def _under(curve, t):  # type: ignore[no-untyped-def]
    k = _last(curve, t)
    if k < 0:
        return 0.0
    width = t - curve[k, X]
    return curve[k, AREA] + width * (curve[k, VALUE] + 0.5 * curve[k, SLOPE] * width)


@njit(nogil=True, cache=True)
def near(curve: F64, moment: float, window_ms: int) -> float:
    """Expected number of actions of a curve at most the window away from a moment."""
    count: float = _up_to(curve, moment + window_ms) - _up_to(curve, moment - window_ms - 1)
    return count


@njit(nogil=True, cache=True)
def near_action(curve: F64, e: int, start: I64, piece: F64, window_ms: int, less: int = 0) -> float:
    """Expected number of actions of a curve at most the window away from action e.

    Parameters
    ----------
    less
        Taken from the action's moments first, for curves that begin at 0.
    """
    total = 0.0
    first, last = piece[start[e], LOW] - less, piece[start[e + 1] - 1, HIGH] - less
    # Mostly nobody is anywhere near, and that is quickly seen.
    if _up_to(curve, last + window_ms) <= _up_to(curve, first - window_ms - 1):
        return 0.0
    for p in range(start[e], start[e + 1]):
        low, high = piece[p, LOW] - less, piece[p, HIGH] - less
        if low == high:
            total += piece[p, WEIGHT] * near(curve, low, window_ms)
        else:
            inside = _under(curve, high + window_ms) - _under(curve, low + window_ms)
            inside -= _under(curve, high - window_ms - 1) - _under(curve, low - window_ms - 1)
            total += piece[p, WEIGHT] * inside / (high - low)
    return total


@njit(nogil=True, cache=True)
def own_near(e: int, start: I64, piece: F64, moment: float, window_ms: int) -> float:
    """Probability that action e lies at most the window away from a moment."""
    total = 0.0
    for p in range(start[e], start[e + 1]):
        low, high = piece[p, LOW], piece[p, HIGH]
        if low == high:
            total += piece[p, WEIGHT] * (abs(moment - low) <= window_ms)
        else:
            overlap = min(high, moment + window_ms) - max(low, moment - window_ms)
            total += piece[p, WEIGHT] * max(overlap, 0.0) / (high - low)
    return total


@njit(nogil=True, cache=True)
def together(e: int, f: int, start: I64, piece: F64, window_ms: int) -> float:
    """Probability that actions e and f, independent given their pieces, are within the window."""
    total = 0.0
    for p in range(start[e], start[e + 1]):
        low, high = piece[p, LOW], piece[p, HIGH]
        if low == high:
            total += piece[p, WEIGHT] * own_near(f, start, piece, low, window_ms)
            continue
        for q in range(start[f], start[f + 1]):
            share = _overlap(low, high, piece[q, LOW], piece[q, HIGH], window_ms)
            total += piece[p, WEIGHT] * piece[q, WEIGHT] * share
    return total


@njit(nogil=True, cache=True)
def _overlap(low, high, other_low, other_high, window_ms):  # type: ignore[no-untyped-def]
    """P(|X - Y| <= window) for X uniform on a piece and Y on another, or at a moment."""
    if other_low == other_high:
        shared = min(high, other_low + window_ms) - max(low, other_low - window_ms)
        return max(shared, 0.0) / (high - low)
    inside = _ramp(high + window_ms, other_low, other_high)
    inside -= _ramp(low + window_ms, other_low, other_high)
    inside -= _ramp(high - window_ms, other_low, other_high)
    inside += _ramp(low - window_ms, other_low, other_high)
    return min(max(inside / (high - low), 0.0), 1.0)


@njit(nogil=True, cache=True)
def _ramp(t, low, high):  # type: ignore[no-untyped-def]
    """Integral up to t of a distribution function that is uniform from low to high."""
    if t <= low:
        return 0.0
    if t >= high:
        return 0.5 * (high - low) + (t - high)
    return 0.5 * (t - low) * (t - low) / (high - low)


@njit(nogil=True, cache=True)
def cut(low: I64, high: I64, born: I64, edges: I64, hour_ms: int) -> tuple[I64, I64, I64]:
    """Pieces of intervals, cut where the age passes an edge, long ones at full hours too.

    Parameters
    ----------
    low, high : (n,) int64
        Ends of each interval, equal where the moment is known.
    born : (n,) int64
        Publication of each one's object.
    edges : (k,) int64
        Rising ages in ms.

    Returns
    -------
    start : (n + 1,) int64
    piece_low, piece_high : (m,) int64
    """
    start = np.zeros(len(low) + 1, np.int64)
    for write in range(2):
        if write == 1:
            piece_low = np.empty(start[-1], np.int64)
            piece_high = np.empty(start[-1], np.int64)
        for e in range(len(low)):
            at = low[e]
            by_hour = high[e] - low[e] > hour_ms
            count = 0
            while True:
                end = _next_cut(at, high[e], born[e], edges, hour_ms, by_hour)
                if write == 1:
                    piece_low[start[e] + count] = at
                    piece_high[start[e] + count] = end
                count += 1
                at = end
                if at >= high[e]:
                    break
            if write == 0:
                start[e + 1] = start[e] + count
    return start, piece_low, piece_high


@njit(nogil=True, cache=True)
def _next_cut(at, high, born, edges, hour_ms, by_hour):  # type: ignore[no-untyped-def]
    end = min(high, (at // hour_ms + 1) * hour_ms) if by_hour else high
    k = np.searchsorted(edges, at - born, side="right")
    if k < len(edges):
        end = min(end, born + edges[k])
    return end


def known(t_ms: I64) -> Moments:
    """Moments that are all known, (n,) int64."""
    return Moments(np.arange(len(t_ms) + 1), np.column_stack([t_ms, t_ms, np.ones(len(t_ms))]))


def all_known(moments: Moments) -> Bool:
    """Whether each action's moment is known, (n,) bool."""
    first = moments.piece[moments.start[:-1]]
    exact: Bool = first[:, LOW] == first[:, HIGH]
    return exact

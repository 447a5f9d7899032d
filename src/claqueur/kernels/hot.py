"""Objects on which very many act within one window, apart from all others.

Visiting everybody who is near everybody costs the square of their number. Such objects are few,
though, and each adds at most 1 to the weight of a pair: so pairs are found on all other objects,
with a minimum lowered by what the hot ones could add, and for those few the hot ones are looked
up account against account.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from claqueur.kernels.co_action import I32, I64, U32


@njit(nogil=True, cache=True)
def busiest_windows(object_: U32, t_ms: I64, window_ms: int) -> tuple[U32, I64]:
    """The most actions within one window on each object.

    Parameters
    ----------
    object_ : (n,) uint32; t_ms : (n,) int64
        Events sorted by (object, time).

    Returns
    -------
    objects : (m,) uint32
        The objects, in the order of the events.
    most : (m,) int64
        Actions that lie at most ``window_ms`` apart.
    """
    objects = np.empty(len(object_), np.uint32)
    most = np.zeros(len(object_), np.int64)
    found = -1
    low = 0
    for p in range(len(object_)):
        if p == 0 or object_[p] != object_[p - 1]:
            found += 1
            objects[found] = object_[p]
            low = p
        while t_ms[p] - t_ms[low] > window_ms:
            low += 1
        most[found] = max(most[found], p - low + 1)
    return objects[: found + 1].copy(), most[: found + 1].copy()


@njit(nogil=True, cache=True)
def met_on(
    a: U32,
    b: U32,
    start: I64,
    position: U32,
    object_: U32,
    t_ms: I64,
    window_ms: int,
) -> tuple[I32, I64, I32]:
    """What given pairs did together, each pair by itself.

    Parameters
    ----------
    a, b : (m,) uint32
        The pairs.
    start, position
        Events by account (:func:`~claqueur.kernels.co_action.events_by_account`), those of one
        account in the order of their objects, and of an object in that of time.
    object_ : (n,) uint32; t_ms : (n,) int64

    Returns
    -------
    weight : (m,) int32; delta_ms : (m,) int64; a_first : (m,) int32
        As :func:`~claqueur.kernels.co_action.co_actions` gives them.
    """
    weight = np.zeros(len(a), np.int32)
    delta_ms = np.zeros(len(a), np.int64)
    a_first = np.zeros(len(a), np.int32)
    for k in range(len(a)):
        i, i_end = start[a[k]], start[a[k] + 1]
        j, j_end = start[b[k]], start[b[k] + 1]
        while i < i_end and j < j_end:
            mine, theirs = object_[position[i]], object_[position[j]]
            if mine < theirs:
                i += 1
            elif theirs < mine:
                j += 1
            else:
                best = window_ms + 1
                signed = np.int64(0)
                j_object = j
                while i < i_end and object_[position[i]] == mine:
                    j = j_object
                    # Of equally close ones a's earliest, then b's earlier: the first one seen.
                    while j < j_end and object_[position[j]] == mine:
                        apart = t_ms[position[j]] - t_ms[position[i]]
                        if abs(apart) < best:
                            best, signed = abs(apart), apart
                        j += 1
                    i += 1
                if best <= window_ms:
                    weight[k] += 1
                    delta_ms[k] += best
                    a_first[k] += 1 if signed > 0 else 0
    return weight, delta_ms, a_first

"""Counting co-actions within a sliding window, without ever holding the pairs of rows.

Events lie sorted by (object, time). For each account its events are visited, and on both
sides of each the neighbours within the window; a partner is counted once an object in a
dense accumulator with a list of the partners touched. This is Gustavson's row-wise sparse
product (F. G. Gustavson, "Two fast algorithms for sparse matrices: multiplication and
permuted transposition", ACM TOMS 4(3), 1978) with the window as the pattern: memory stays
near the size of the events, and only pairs that reach the minimum leave the loop.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

U32 = NDArray[np.uint32]
I64 = NDArray[np.int64]
F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
Bool = NDArray[np.bool_]

TALLY = np.dtype(
    [
        ("seen", np.int64),
        ("best", np.int64),
        ("delta", np.int64),
        ("weight", np.int32),
        ("first", np.int32),
    ]
)
"""What is known of one partner, side by side: a visit then costs one miss of the cache, not 5."""


@njit(nogil=True, cache=True)
def events_by_account(account: U32, n_accounts: int) -> tuple[I64, U32]:
    """Group event positions by account, keeping their order.

    Parameters
    ----------
    account : (n,) uint32
        Account of each event.

    Returns
    -------
    start : (n_accounts + 1,) int64
        ``position[start[a]:start[a + 1]]`` are the events of account a.
    position : (n,) uint32
    """
    start = np.zeros(n_accounts + 1, np.int64)
    for p in range(len(account)):
        start[account[p] + 1] += 1
    for a in range(n_accounts):
        start[a + 1] += start[a]
    fill = start[:-1].copy()
    position = np.empty(len(account), np.uint32)
    for p in range(len(account)):
        a = account[p]
        position[fill[a]] = p
        fill[a] += 1
    return start, position


@njit(nogil=True, cache=True)
def distinct_objects(start: I64, position: U32, object_: U32) -> I32:
    """Number of distinct objects of each account, (n_accounts,) int32."""
    count = np.zeros(len(start) - 1, np.int32)
    for a in range(len(start) - 1):
        for i in range(start[a], start[a + 1]):
            if i == start[a] or object_[position[i]] != object_[position[i - 1]]:
                count[a] += 1
    return count


@njit(nogil=True, cache=True)
def tally_objects(account: U32, object_: U32, last: U32, count: I32) -> None:
    """Add to the number of distinct objects of each account, in place.

    Parameters
    ----------
    account, object_ : (n,) uint32
        Events sorted by object; every object comes in one call only.
    last : (n_accounts,) uint32
        The object each account was last seen on; at first none, the largest number there is.
    count : (n_accounts,) int32
    """
    for p in range(len(account)):
        a = account[p]
        if last[a] != object_[p]:
            last[a] = object_[p]
            count[a] += 1


@njit(nogil=True, cache=True)
def in_company(account: U32, object_: U32, t_ms: I64, window_ms: int) -> Bool:
    """Mark, (n,) bool, the events next to another account's on the object within the window."""
    mark = np.zeros(len(account), np.bool_)
    for p in range(len(account) - 1):
        q = p + 1
        if object_[p] == object_[q] and t_ms[q] - t_ms[p] <= window_ms:
            if account[p] != account[q]:
                mark[p] = True
                mark[q] = True
            else:
                # The same account again: whoever is near one may be near the other.
                mark[q] = mark[q] or mark[p]
    for q in range(len(account) - 1, 0, -1):
        p = q - 1
        if object_[p] == object_[q] and t_ms[q] - t_ms[p] <= window_ms and account[p] == account[q]:
            mark[p] = mark[p] or mark[q]
    return mark


@njit(nogil=True, cache=True)
def co_actions(
    account: U32,
    object_: U32,
    t_ms: I64,
    start: I64,
    position: U32,
    unit: U32,
    side: NDArray[np.uint8],
    cross: bool,
    directed: bool,
    low: int,
    high: int,
    window_ms: int,
    min_objects: int,
    credit: I32,
) -> tuple[U32, U32, I32, I64, I32]:
    """Pairs (a, b), low <= a < high, a < b, that co-acted on at least ``min_objects`` objects.

    An object counts for a pair once, when any action of one lies within ``window_ms``
    (inclusive) of any action of the other; the closest two actions (of equally close ones
    a's earliest, then b's earlier) give the delay and who came first.

    Parameters
    ----------
    account, object_ : (n,) uint32; t_ms : (n,) int64
        Events sorted by (object, time).
    start, position
        From :func:`events_by_account`; each account's events must be grouped by ``unit``.
    unit : (n,) uint32
        What counts once for a pair: the object, or a's message.
    side : (n_accounts,) uint8; cross : bool
        With ``cross``, only pairs of accounts on different sides count (a block between two
        account groups); without, all pairs do.
    directed
        Also return pairs with a > b; with messages as units the two directions differ.
    credit : (n_accounts,) int32
        Objects of each account that are counted elsewhere (:mod:`claqueur.kernels.hot`): a pair
        that has one object here leaves as soon as it could reach the minimum with those. 0 for
        all where everything is counted here.

    Returns
    -------
    a, b : (m,) uint32
    weight : (m,) int32
        Objects.
    delta_ms : (m,) int64
        Sum over objects of the absolute delay.
    a_first : (m,) int32
        Objects on which a was strictly earlier.
    """
    tally = np.zeros(len(side), TALLY)
    touched = np.empty(len(side), np.uint32)
    out = _room(1024)
    found = 0
    for a in range(low, high):
        n_touched = 0
        visit = np.int64(0)
        for i in range(start[a], start[a + 1]):
            p = np.int64(position[i])
            if i == start[a] or unit[position[i - 1]] != unit[p]:
                visit = np.int64(i + 1)
            for step in (-1, 1):
                q = p + step
                while 0 <= q < len(account) and object_[q] == object_[p]:
                    signed = t_ms[q] - t_ms[p]
                    if abs(signed) > window_ms:
                        break
                    b = account[q]
                    q += step
                    if b == a or (b < a and not directed) or (cross and side[b] == side[a]):
                        continue
                    if tally[b].weight == 0:
                        touched[n_touched] = b
                        n_touched += 1
                    _meet(tally[b], visit, signed)
        if found + n_touched > len(out[0]):
            out = _grown(out, 2 * (found + n_touched))
        found = _emit(a, touched[:n_touched], min_objects, credit, tally, out, found)
    pairs: tuple[U32, U32, I32, I64, I32] = _cut(out, found)
    return pairs


@njit(nogil=True, cache=True, inline="always")
def _meet(partner, visit, signed):  # type: ignore[no-untyped-def]
    """The partner acted ``signed`` ms after a: count the unit once, keep the closest delay."""
    gap = abs(signed)
    lead = 1 if signed > 0 else 0
    if partner.seen != visit:
        # `seen` names the visit, so it need not be cleared between accounts.
        partner.seen = visit
        partner.best = signed
        partner.weight += 1
        partner.delta += gap
        partner.first += lead
    elif gap < abs(partner.best):
        partner.delta += gap - abs(partner.best)
        partner.first += lead - (1 if partner.best > 0 else 0)
        partner.best = signed


@njit(nogil=True, cache=True)
def _emit(a, touched, least, credit, tally, out, found):  # type: ignore[no-untyped-def]
    """Write a's partners that reach the minimum, and clear their tallies."""
    for b in touched:
        if tally[b].weight + min(credit[a], credit[b]) >= least:
            out[0][found] = a
            out[1][found] = b
            out[2][found] = tally[b].weight
            out[3][found] = tally[b].delta
            out[4][found] = tally[b].first
            found += 1
        tally[b].weight = 0
        tally[b].delta = 0
        tally[b].first = 0
    return found


@njit(nogil=True, cache=True)
def _room(capacity):  # type: ignore[no-untyped-def]
    return (
        np.empty(capacity, np.uint32),
        np.empty(capacity, np.uint32),
        np.empty(capacity, np.int32),
        np.empty(capacity, np.int64),
        np.empty(capacity, np.int32),
    )


@njit(nogil=True, cache=True)
def _grown(out, capacity):  # type: ignore[no-untyped-def]
    larger = _room(capacity)
    larger[0][: len(out[0])] = out[0]
    larger[1][: len(out[1])] = out[1]
    larger[2][: len(out[2])] = out[2]
    larger[3][: len(out[3])] = out[3]
    larger[4][: len(out[4])] = out[4]
    return larger


@njit(nogil=True, cache=True)
def _cut(out, found):  # type: ignore[no-untyped-def]
    return (
        out[0][:found].copy(),
        out[1][:found].copy(),
        out[2][:found].copy(),
        out[3][:found].copy(),
        out[4][:found].copy(),
    )


@njit(nogil=True, cache=True)
def supporting(
    account: U32,
    object_: U32,
    t_ms: I64,
    start: I64,
    position: U32,
    mate_start: I64,
    mate: U32,
    group: I64,
    window_ms: int,
) -> NDArray[np.uint8]:
    """Mark the events that support an edge.

    Parameters
    ----------
    account, object_, t_ms, start, position
        As for :func:`co_actions`.
    mate_start : (n_accounts + 1,) int64; mate : (2m,) uint32
        The edges: partners of account a are ``mate[mate_start[a]:mate_start[a + 1]]``.
    group : (n_accounts,) int64
        Group of each account, 0 for none.

    Returns
    -------
    mark : (n,) uint8
        2 where a partner in the same group acted within the window, 1 where only other
        partners did, 0 elsewhere.
    """
    n = len(account)
    mark = np.zeros(n, np.uint8)
    mated_to = np.full(len(group), -1, np.int64)
    for a in range(len(group)):
        if mate_start[a] == mate_start[a + 1]:
            continue
        for k in range(mate_start[a], mate_start[a + 1]):
            mated_to[mate[k]] = a
        for i in range(start[a], start[a + 1]):
            p = np.int64(position[i])
            for step in (-1, 1):
                q = p + step
                while mark[p] < 2 and 0 <= q < n and object_[q] == object_[p]:
                    if abs(t_ms[q] - t_ms[p]) > window_ms:
                        break
                    b = account[q]
                    if mated_to[b] == a:
                        mark[p] = 2 if group[a] > 0 and group[b] == group[a] else max(mark[p], 1)
                    q += step
    return mark


@njit(nogil=True, cache=True)
def row_pairs(object_: U32, t_ms: I64, window_ms: int) -> tuple[U32, U32]:
    """All pairs of rows (older, newer) on one object at most ``window_ms`` apart.

    For the semantics of tools that count rows. Rows are sorted by (object, time); equal
    times keep their order. The result is as large as the number of pairs, found by a first
    pass that only counts.
    """
    n = len(object_)
    total = 0
    high = 0
    for p in range(n):
        high = max(high, p + 1)
        while high < n and object_[high] == object_[p] and t_ms[high] - t_ms[p] <= window_ms:
            high += 1
        total += high - p - 1
    older = np.empty(total, np.uint32)
    newer = np.empty(total, np.uint32)
    found = 0
    for p in range(n):
        q = p + 1
        while q < n and object_[q] == object_[p] and t_ms[q] - t_ms[p] <= window_ms:
            older[found] = p
            newer[found] = q
            found += 1
            q += 1
    return older, newer

"""Pairs that like more objects in common than the margins of their pages explain.

Accounts lie in the order of how much they like, objects from the rarest to the most popular.
The row of an account meets only accounts that like at least as much; its objects are visited
rarest first and partners counted in a dense accumulator (F. G. Gustavson, "Two fast algorithms
for sparse matrices", ACM TOMS 4(3), 1978). The most popular objects of a row introduce nobody:
a pair that shares only those cannot reach the count it needs, so they are looked up for the few
partners still in question (the prefix filter of R. J. Bayardo, Y. Ma, R. Srikant, "Scaling up
all pairs similarity search", WWW 2007). That is what keeps a giant object from costing the
square of its likes.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from claqueur.kernels.co_action import F64, I32, I64, U32
from claqueur.kernels.coins import NARROW, large_tail, poisson_tail, tail_of_coins

IN_DOUBT = 3
"""Common objects among those visited from which the others of a pair are looked up. Looking up
is slow: one or two may be chance, so a row visits two objects more than it must."""


@njit(nogil=True, cache=True)
def most_expected(largest: int, level: float, fewest: int) -> F64:
    """The largest mean at which each count is still surprising, (largest + 1,) float64.

    A sum of independent coins with mean mu has P(sum >= v) of at most the Poisson tail where
    v >= mu + 1 (T. W. Anderson, S. M. Samuels, "Some inequalities among binomial and Poisson
    probabilities", 5th Berkeley Symposium, 1967); below that nothing is called surprising.

    Parameters
    ----------
    level
        Of the tail; from 1 on, every count from ``fewest`` on passes.
    fewest
        Counts below never pass (-1).
    """
    most = np.full(largest + 1, -1.0)
    for v in range(max(fewest, 1), largest + 1):
        if level >= 1:
            most[v] = np.inf
            continue
        low, high = 0.0, float(v - 1)
        if poisson_tail(v, high) <= level:
            most[v] = high
            continue
        for _ in range(60):
            middle = (low + high) / 2
            if poisson_tail(v, middle) <= level:
                low = middle
            else:
                high = middle
        most[v] = low
    return most


@njit(nogil=True, cache=True)
def needed(
    entry_start: I64,
    entry_page: I64,
    entry_class: I64,
    degree: I64,
    table_start: I64,
    table_width: I64,
    table: F64,
    most: F64,
    ordered: bool,
) -> I64:
    """Fewest common objects with which an account can be in a surprising pair, (n,) int64.

    A partner with v objects in common likes at least those, and the expected number rises less
    than in proportion to what the partner likes. So for v likes on a page on which the account
    likes k, at least v/k of what is expected with its own double is expected. One more than
    the degree where no count is enough.

    Parameters
    ----------
    entry_start, entry_page, entry_class
        Pages of each account and its degree class there.
    degree : (entries,) int64
        Likes on each.
    table_start, table_width : (n_pages,) int64; table : float64
        Expected common objects of two degree classes of a page, flattened.
    ordered
        One page and accounts ordered by degree: no partner likes less.
    """
    n = len(entry_start) - 1
    result = np.empty(n, np.int64)
    for i in range(n):
        low, high = entry_start[i], entry_start[i + 1]
        rate = np.empty(high - low)
        total = 0
        for e in range(low, high):
            g, c = entry_page[e], entry_class[e]
            rate[e - low] = table[table_start[g] + c * table_width[g] + c] / degree[e]
            total += degree[e]
        cheapest = np.argsort(rate)
        mean = rate[0] * degree[low] if ordered and high > low else 0.0
        v = 0
        found = total + 1
        for place in cheapest:
            for _ in range(degree[low + place]):
                v += 1
                if not ordered:
                    mean += rate[place]
                # The bound is shy of rounding: a pair must never be lost to it.
                if mean * (1 - 1e-9) <= most[v]:
                    found = v
                    break
            if found <= total:
                break
        result[i] = found
    return result


@njit(nogil=True, cache=True)
def _grown(array):  # type: ignore[no-untyped-def]
    larger = np.empty(2 * len(array), array.dtype)
    larger[: len(array)] = array
    return larger


@njit(nogil=True, cache=True)
def _likes(object_, low, high, ob):  # type: ignore[no-untyped-def]
    """Whether a rising stretch of objects holds one."""
    while low < high:
        middle = (low + high) // 2
        if object_[middle] < ob:
            low = middle + 1
        else:
            high = middle
    return low


@njit(nogil=True, cache=True)
def _first_enough(most, mean):  # type: ignore[no-untyped-def]
    """The smallest count that is surprising for a mean."""
    low, high = 0, len(most)
    while low < high:
        middle = (low + high) // 2
        if most[middle] < mean:
            low = middle + 1
        else:
            high = middle
    return low


@njit(nogil=True, cache=True)
def _by_class(need_of, bound, k, table, width, kind, class_bound, most):  # type: ignore[no-untyped-def]
    """What a row of degree class ``kind`` needs with a partner of each class of its only page.

    ``bound[r]`` becomes the account from which partners need more than r objects.
    """
    for c in range(width):
        need_of[c] = _first_enough(most, table[kind * width + c])
    for c in range(width - 2, -1, -1):
        need_of[c] = min(need_of[c], need_of[c + 1])
    c = 0
    for r in range(k + 1):
        while c < width and need_of[c] <= r:
            c += 1
        bound[r] = class_bound[c]


@njit(nogil=True, cache=True)
def surprising_pairs(  # noqa: C901 - one loop, so that the accumulators are shared
    low: int,
    high: int,
    start: I64,
    object_: U32,
    liker_start: I64,
    liker: U32,
    entry_start: I64,
    entry_page: I64,
    entry_class: I64,
    table_start: I64,
    table_width: I64,
    table: F64,
    need: I64,
    most: F64,
) -> tuple[U32, U32, I32, F64]:
    """Pairs (i, j), low <= i < high, i < j, whose count is surprising for their mean.

    Parameters
    ----------
    start : (n + 1,) int64; object_ : (m,) uint32
        Objects of each account, rising, 0 the rarest.
    liker_start : (n_objects + 1,) int64; liker : (m,) uint32
        Accounts of each object, rising.
    entry_start, entry_page, entry_class, table_start, table_width, table
        As for :func:`needed`.
    need : (n,) int64
        From there.
    most : (largest + 1,) float64
        From :func:`most_expected`.

    Returns
    -------
    a, b : (k,) uint32; weight : (k,) int32; expected : (k,) float64
    """
    n = len(start) - 1
    count = np.zeros(n, np.int32)
    touched = np.empty(n, np.uint32)
    row = np.full(len(table_start), -1, np.int64)
    single = len(table_start) == 1
    need_of = np.empty(table_width[0] if single else 0, np.int64)
    class_bound = np.full(len(need_of) + 1, n)
    if single:
        for j in range(n - 1, -1, -1):
            class_bound[entry_class[j]] = j
        for c in range(len(need_of) - 1, -1, -1):
            class_bound[c] = min(class_bound[c], class_bound[c + 1])
    bound = np.full(len(most) + 1, n)
    bound_for = np.int64(-1)
    out_a, out_b = np.empty(1024, np.uint32), np.empty(1024, np.uint32)
    out_v, out_mean = np.empty(1024, np.int32), np.empty(1024)
    found = 0
    for i in range(low, high):
        first, end = start[i], start[i + 1]
        if need[i] > end - first:
            continue
        if single and entry_class[i] != bound_for:
            bound_for = entry_class[i]
            _by_class(
                need_of, bound, end - first, table, len(need_of), bound_for, class_bound, most
            )
        # A partner that is visited in doubt - 1 objects more than it could do without has at
        # least so many among those visited, if it has enough.
        doubt = min(IN_DOUBT, need[i])
        n_touched = 0
        visited = 0
        t = first
        while t < end:
            ob = object_[t]
            stop = liker_start[ob + 1]
            if single:
                last = bound[min(end - t + doubt - 1, end - first)]
                stop = liker_start[ob] + np.searchsorted(liker[liker_start[ob] : stop], last)
            begin = _likes(liker, liker_start[ob], stop, i + 1)
            # Beyond what must be visited, as much again may be: fewer partners stay in doubt.
            mandatory = single or t - first < end - first - need[i] + doubt
            if not mandatory and stop - begin > visited:
                break
            for r in range(begin, stop):
                j = liker[r]
                if count[j] == 0:
                    touched[n_touched] = j
                    n_touched += 1
                count[j] += 1
            visited += stop - begin
            t += 1
        for e in range(entry_start[i], entry_start[i + 1]):
            g = entry_page[e]
            row[g] = table_start[g] + entry_class[e] * table_width[g]
        for k in range(n_touched):
            j = touched[k]
            v = np.int64(count[j])
            count[j] = 0
            if v < doubt:
                continue
            rest = t
            if single:
                rest = max(first, min(end, end - need_of[entry_class[j]] + doubt))
            at_most = most[v + end - rest]
            mean = 0.0
            for e in range(entry_start[j], entry_start[j + 1]):
                if row[entry_page[e]] >= 0:
                    mean += table[row[entry_page[e]] + entry_class[e]]
                    if mean > at_most:
                        break
            if mean > at_most:
                continue
            at = start[j]
            for u in range(rest, end):
                if not mean <= most[v + end - u]:
                    break
                at = _likes(object_, at, start[j + 1], object_[u])
                if at < start[j + 1] and object_[at] == object_[u]:
                    v += 1
            if not mean <= most[v]:
                continue
            if found == len(out_a):
                out_a, out_b = _grown(out_a), _grown(out_b)
                out_v, out_mean = _grown(out_v), _grown(out_mean)
            out_a[found], out_b[found], out_v[found], out_mean[found] = i, j, v, mean
            found += 1
        for e in range(entry_start[i], entry_start[i + 1]):
            row[entry_page[e]] = -1
    return out_a[:found], out_b[:found], out_v[:found], out_mean[:found]


@njit(nogil=True, cache=True)
def exact_tails(
    low: int,
    high: int,
    group_start: I64,
    a: U32,
    b: U32,
    weight: I32,
    entry_start: I64,
    entry_page: I64,
    entry_class: I64,
    chance_start: I64,
    object_start: I64,
    chance: F64,
    times: I64,
) -> F64:
    """Exact p-values of the pairs of some groups of pairs that have the same coins.

    Parameters
    ----------
    low, high
        Groups to compute; group g is the pairs ``group_start[g]:group_start[g + 1]``.
    chance_start : (n_pages,) int64; chance : float64
        Chance of a like by account class and object class of each page, flattened.
    object_start : (n_pages + 1,) int64; times : int64
        Objects in each class of each page.

    Returns
    -------
    p : (pairs of those groups,) float64
    """
    offset = group_start[low]
    p = np.empty(group_start[high] - offset)
    for g in range(low, high):
        first, end = group_start[g], group_start[g + 1]
        q, t = _common_coins(
            a[first], b[first], entry_start, entry_page, entry_class, chance_start, object_start,
            chance, times,
        )  # fmt: skip
        least, most = weight[first], weight[first]
        for k in range(first, end):
            p[k - offset] = large_tail(q, t, weight[k]) if weight[k] > NARROW else -1.0
            if p[k - offset] < 0:
                least, most = min(least, weight[k]), max(most, weight[k])
        if p[: end - offset][first - offset :].min() >= 0:
            continue
        tail = tail_of_coins(q, t, least, most)
        for k in range(first, end):
            if p[k - offset] < 0:
                p[k - offset] = tail[weight[k]]
    return p


@njit(nogil=True, cache=True)
def _common_coins(  # type: ignore[no-untyped-def]
    a, b, entry_start, entry_page, entry_class, chance_start, object_start, chance, times
):
    """A coin for every class of objects on the pages both accounts are on."""
    room = 0
    for e in range(entry_start[a], entry_start[a + 1]):
        g = entry_page[e]
        room += object_start[g + 1] - object_start[g]
    q, t = np.empty(room), np.empty(room, np.int64)
    count = 0
    i, j = entry_start[a], entry_start[b]
    while i < entry_start[a + 1] and j < entry_start[b + 1]:
        if entry_page[i] < entry_page[j]:
            i += 1
        elif entry_page[j] < entry_page[i]:
            j += 1
        else:
            g = entry_page[i]
            width = object_start[g + 1] - object_start[g]
            mine = chance_start[g] + entry_class[i] * width
            other = chance_start[g] + entry_class[j] * width
            for c in range(width):
                q[count] = chance[mine + c] * chance[other + c]
                t[count] = times[object_start[g] + c]
                count += 1
            i += 1
            j += 1
    return q[:count], t[:count]

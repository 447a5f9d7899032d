"""Which posts an account acts on, given how many: by popularity alone, or partly as a group does.

Given how many of a few consecutive posts an account acts on, which ones they are is under the
null a conditional Bernoulli draw with the odds of the posts (S. X. Chen, J. S. Liu, "Statistical
applications of the Poisson-binomial and conditional Bernoulli distributions", Statistica Sinica
7, 1997). The likelihood under the group's odds over that under the null's is an e-value.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from claqueur.kernels.co_action import F64, I64, U32, Bool

PRIOR = 0.5
"""Likes added to every post, so that one nobody else liked yet has odds."""


@njit(nogil=True, cache=True)
def sum_of_products(odds: F64, k: int) -> float:
    """The k-th elementary symmetric polynomial of a few odds, (n,) float64."""
    sums = np.zeros(k + 1)
    sums[0] = 1.0
    for i in range(len(odds)):
        for j in range(min(i + 1, k), 0, -1):
            sums[j] += sums[j - 1] * odds[i]
    return float(sums[k])


@njit(nogil=True, cache=True)
def _add_evidence(null, own, liked, k, shares, tolerance, buffer, evidence):  # type: ignore[no-untyped-def]
    """Add the log likelihood of the liked posts with the group's odds mixed in, over the null's."""
    n = len(null)
    total, of_group = null.sum(), own.sum()
    for i in range(n):
        buffer[i] = null[i] / total
    of_null = np.log(sum_of_products(buffer[:n], k)) - np.log(tolerance)
    for s in range(len(shares)):
        for i in range(n):
            usual = null[i] / total
            buffer[i] = (1 - shares[s]) * usual + shares[s] * own[i] / of_group
            if liked[i]:
                evidence[s] += np.log(buffer[i] / usual)
        evidence[s] += of_null - np.log(sum_of_products(buffer[:n], k))


@njit(nogil=True, cache=True)
def engagement_ratios(
    who: I64,
    start: I64,
    object_: U32,
    stratum: I64,
    stratum_start: I64,
    popularity: I64,
    of_group: I64,
    inside: Bool,
    use: Bool,
    shares: F64,
    tolerance: float,
) -> tuple[F64, I64]:
    """Evidence that accounts act on a group's posts, beyond the posts' popularity.

    Posts are compared within strata, a few consecutive posts of a page each: how many of them an
    account likes is given. The smaller evidence of two null fits counts: popularity among
    everybody but the account, and among everybody but the account and the group.

    Parameters
    ----------
    who : (w,) int64
        Accounts.
    start : (n_accounts + 1,) int64; object_ : (m,) uint32
        Objects of every account, rising; objects are numbered by stratum.
    stratum : (n_objects,) int64; stratum_start : (n_strata + 1,) int64
        Stratum of every object, rising, and where each begins.
    popularity, of_group : (n_objects,) int64
        Accounts that act on an object, all and of the group.
    inside : (n_accounts,) bool
        The group; a member is left out of it.
    use : (n_objects,) bool
        Objects of the fold; of a stratum all or none.
    shares : (s,) float64
        Parts of the likes that follow the group; likelihoods are averaged over them.
    tolerance
        The ratio of every stratum is divided by it.

    Returns
    -------
    log_e : (w,) float64
    count : (w,) int64
        Likes that could go either way.
    """
    log_e = np.zeros(len(who))
    count = np.zeros(len(who), np.int64)
    evidence = np.zeros((2, len(shares)))
    room = 1
    for s in range(len(stratum_start) - 1):
        room = max(room, stratum_start[s + 1] - stratum_start[s])
    # Rows: odds among all others, and among those outside the group; the group's; a buffer.
    odds = np.empty((4, room))
    liked = np.empty(room, np.bool_)
    for w in range(len(who)):
        evidence[:] = 0.0
        me = 1 if inside[who[w]] else 0
        i, end = start[who[w]], start[who[w] + 1]
        while i < end:
            here = stratum[object_[i]]
            low, high = stratum_start[here], stratum_start[here + 1]
            begin = i
            while i < end and object_[i] < high:
                i += 1
            n, k = high - low, i - begin
            if not use[low] or k == n:
                continue
            count[w] += k
            _fill(object_[begin:i], low, high, popularity, of_group, me, odds, liked)
            if odds[2, :n].sum() == 0:
                continue
            for fit in range(2):
                _add_evidence(
                    odds[fit, :n], odds[2, :n], liked, k, shares, tolerance, odds[3], evidence[fit]
                )
        log_e[w] = min(_log_mean(evidence[0]), _log_mean(evidence[1]))
    return log_e, count


@njit(nogil=True, cache=True)
def _fill(mine, low, high, popularity, of_group, me, odds, liked):  # type: ignore[no-untyped-def]
    """Odds of the posts of a stratum, without the account itself."""
    at = 0
    for o in range(low, high):
        own = 0
        if at < len(mine) and mine[at] == o:
            own = 1
            at += 1
        j = o - low
        liked[j] = own == 1
        odds[0, j] = popularity[o] - own + PRIOR
        odds[2, j] = of_group[o] - me * own
        odds[1, j] = odds[0, j] - odds[2, j]


@njit(nogil=True, cache=True)
def _log_mean(log_values):  # type: ignore[no-untyped-def]
    top = log_values.max()
    return top + np.log(np.exp(log_values - top).mean())

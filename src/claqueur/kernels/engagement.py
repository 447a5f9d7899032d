"""Which posts an account acts on, given how many: by popularity alone, or partly as a group does.

Given how many posts of a page an account acts on, which ones they are is under the null a
conditional Bernoulli draw with the odds of the posts (S. X. Chen, J. S. Liu, "Statistical
applications of the Poisson-binomial and conditional Bernoulli distributions", Statistica Sinica
7, 1997). The likelihood under the group's odds over that under the null's is an e-value.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from claqueur.kernels.co_action import F64, I64, U32, Bool

PRIOR = 0.5
"""Likes added to every post, so that one nobody else liked yet has odds."""
EXACT_UP_TO = 20_000
"""Posts times likes up to which the normalising sums are exact; above it the saddlepoint
approximation is used, whose errors cancel in the ratio."""


@njit(nogil=True, cache=True)
def log_sum_of_products(odds: F64, times: I64, k: int, exact_up_to: int = EXACT_UP_TO) -> float:
    """Logarithm of the k-th elementary symmetric polynomial of odds, 0 < k < their number.

    It is the Poisson-binomial probability of k under odds tilted so that about k are expected,
    over the tilt: nothing over- or underflows.

    Parameters
    ----------
    odds : (n,) float64; times : (n,) int64
        Odds, and how often each occurs.
    exact_up_to
        Posts times likes above which the probability is approximated (saddlepoint).
    """
    total, posts = 0.0, 0
    for i in range(len(odds)):
        total += times[i] * odds[i]
        posts += times[i]
    tilt = np.log(k / total)
    variance = 1.0
    for _ in range(60):
        factor = np.exp(tilt)
        expected, variance = 0.0, 0.0
        for i in range(len(odds)):
            p = factor * odds[i] / (1 + factor * odds[i])
            expected += times[i] * p
            variance += times[i] * p * (1 - p)
        if abs(expected - k) < 1e-4 * k:
            break
        # Newton, at most a factor of e at a time.
        tilt += min(max((k - expected) / max(variance, 1e-12), -1.0), 1.0)
    factor = np.exp(tilt)
    whole = -k * tilt
    for i in range(len(odds)):
        whole += times[i] * np.log(1 + factor * odds[i])
    if posts * k > exact_up_to:
        return float(whole - 0.5 * np.log(2 * np.pi * max(variance, 1e-12)))
    return float(whole + np.log(_chance_of(odds, times, k, factor)))


@njit(nogil=True, cache=True)
def _chance_of(odds, times, k, factor):  # type: ignore[no-untyped-def]
    """Poisson-binomial probability of k under tilted odds."""
    chance = np.zeros(k + 1)
    chance[0] = 1.0
    for i in range(len(odds)):
        p = factor * odds[i] / (1 + factor * odds[i])
        for _ in range(times[i]):
            for j in range(k, 0, -1):
                chance[j] = chance[j] * (1 - p) + chance[j - 1] * p
            chance[0] *= 1 - p
    return chance[k]


@njit(nogil=True, cache=True)
def _add_evidence(null, own, times, liked, k, shares, buffer, exact_up_to, evidence):  # type: ignore[no-untyped-def]
    """Add the log likelihood of the liked posts with the group's odds mixed in, over the null's."""
    n = len(null)
    total, of_group = 0.0, 0.0
    for i in range(n):
        total += times[i] * null[i]
        of_group += times[i] * own[i]
    for i in range(n):
        buffer[i] = null[i] / total
    of_null = log_sum_of_products(buffer, times, k, exact_up_to)
    for s in range(len(shares)):
        for i in range(n):
            usual = null[i] / total
            buffer[i] = (1 - shares[s]) * usual + shares[s] * own[i] / of_group
            if liked[i]:
                evidence[s] += np.log(buffer[i] / usual)
        evidence[s] += of_null - log_sum_of_products(buffer, times, k, exact_up_to)


@njit(nogil=True, cache=True)
def engagement_ratios(
    who: I64,
    start: I64,
    object_: U32,
    page: I64,
    popularity: I64,
    of_group: I64,
    inside: Bool,
    use: Bool,
    shares: F64,
    rough: bool,
) -> tuple[F64, I64]:
    """Evidence that accounts act on a group's posts, beyond the posts' popularity.

    On every page the posts between an account's first and last one count; those two are given.
    Where none of them is the group's, they count as so many draws that followed it in vain.
    The smaller evidence of two null fits counts: popularity among everybody but the account,
    and among everybody but the account and the group.

    Parameters
    ----------
    who : (w,) int64
        Accounts.
    start : (n_accounts + 1,) int64; object_ : (m,) uint32
        Objects of every account, rising; objects are numbered by page and publication.
    page : (n_objects,) int64
        Rising.
    popularity, of_group : (n_objects,) int64
        Accounts that act on an object, all and of the group.
    inside : (n_accounts,) bool
        The group; a member is left out of it.
    use : (n_objects,) bool
        Objects of the fold.
    shares : (s,) float64
        Parts of the likes that follow the group; likelihoods are averaged over them.
    rough
        For looking for groups only: the first null fit, sums approximated, and nothing for a
        page on which the account shares no post with the group.

    Returns
    -------
    log_e : (w,) float64
    count : (w,) int64
        Likes that could go either way.
    """
    log_e = np.zeros(len(who))
    count = np.zeros(len(who), np.int64)
    fits, exact_up_to = (1, 0) if rough else (2, EXACT_UP_TO)
    evidence = np.zeros((fits, len(shares)))
    before = np.zeros(len(use) + 1, np.int64)
    before[1:] = np.cumsum(of_group * use)
    room = _longest(page)
    # Rows: odds among all others, and among those outside the group; the group's; a buffer.
    odds = np.empty((4, room))
    times = np.empty(room, np.int64)
    liked = np.empty(room, np.bool_)
    place = np.full(max(popularity.max(), 0) + 1 if len(popularity) else 1, -1)
    for w in range(len(who)):
        evidence[:] = 0.0
        me = 1 if inside[who[w]] else 0
        i, end = start[who[w]], start[who[w] + 1]
        while i < end:
            begin = i
            while i < end and page[object_[i]] == page[object_[begin]]:
                i += 1
            first, last, k, shared = _liked(object_[begin:i], of_group, me, use)
            count[w] += k
            # Of a member the likes between the two count among the group's.
            if k == 0 or before[last] - before[first + 1] - me * k == 0:
                continue
            if shared == 0:
                # Mostly so; what it costs to have looked for the group in vain needs no sums.
                for s in range(len(shares)):
                    evidence[:, s] += 0.0 if rough else k * np.log(1 - shares[s])
                continue
            posts, n = _between(
                object_[begin:i],
                first,
                last,
                popularity,
                of_group,
                me,
                use,
                odds,
                times,
                liked,
                place,
            )
            if k == posts:
                continue
            for fit in range(fits):
                _add_evidence(
                    odds[fit, :n],
                    odds[2, :n],
                    times[:n],
                    liked[:n],
                    k,
                    shares,
                    odds[3, :n],
                    exact_up_to,
                    evidence[fit],
                )
        log_e[w] = _log_mean(evidence[0])
        if fits > 1:
            log_e[w] = min(log_e[w], _log_mean(evidence[1]))
    return log_e, count


@njit(nogil=True, cache=True)
def _longest(page):  # type: ignore[no-untyped-def]
    """Objects of the largest page."""
    most, here = 1, 0
    for o in range(len(page)):
        here = here + 1 if o > 0 and page[o] == page[o - 1] else 1
        most = max(most, here)
    return most


@njit(nogil=True, cache=True)
def _liked(mine, of_group, me, use):  # type: ignore[no-untyped-def]
    """First and last like of the fold, likes between them, and the group's on the same posts."""
    first, last, k, shared, held = -1, -1, -1, 0, 0
    for o in mine:
        if use[o]:
            if k > 0:
                shared += held
            first = int(o) if k < 0 else first
            last = int(o)
            held = of_group[o] - me
            k += 1
    return first, last, max(k - 1, 0), shared


@njit(nogil=True, cache=True)
def _between(  # type: ignore[no-untyped-def]
    mine, first, last, popularity, of_group, me, use, odds, times, liked, place
):
    """Posts between an account's first and last one, and how many classes of odds they make.

    Posts that neither the account nor the group likes differ by their popularity alone.
    """
    posts, n, at = 0, 0, 0
    for o in range(first + 1, last):
        if not use[o]:
            continue
        posts += 1
        while mine[at] < o:
            at += 1
        own = 1 if mine[at] == o else 0
        plain = own == 0 and of_group[o] == 0
        if plain and place[popularity[o]] >= 0:
            times[place[popularity[o]]] += 1
            continue
        if plain:
            place[popularity[o]] = n
        times[n] = 1
        liked[n] = own == 1
        odds[0, n] = popularity[o] - own + PRIOR
        odds[2, n] = of_group[o] - me * own
        odds[1, n] = odds[0, n] - odds[2, n]
        n += 1
    for o in range(first + 1, last):
        place[popularity[o]] = -1
    return posts, n


@njit(nogil=True, cache=True)
def _log_mean(log_values):  # type: ignore[no-untyped-def]
    top = log_values.max()
    return top + np.log(np.exp(log_values - top).mean())

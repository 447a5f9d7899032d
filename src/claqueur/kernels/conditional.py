"""Loops of the conditional test: which posts an account liked, given how many.

A page's likes by one account are independent Bernoulli draws given the account's pull; given
their number they are a conditional Bernoulli draw, whose probabilities are ratios of elementary
symmetric polynomials of the posts' odds (S. X. Chen, J. S. Liu, "Statistical applications of the
Poisson-binomial and conditional Bernoulli distributions", Statistica Sinica 7, 1997). The
polynomials are computed as Poisson-binomial probabilities under odds tilted so that the number
expected is the number seen: the tilt cancels, and nothing over- or underflows.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from claqueur.kernels.co_action import F64, I64

TARGET, MARKED = 1, 2
"""Bits of a post's kind: it is a target; it belongs to the margin kept beside the pages'."""


@njit(cache=True, nogil=True)
def _tilt(w: F64, m: int, r: int) -> float:
    """The factor under which about ``r`` of the ``m`` posts are expected, 0 < r < m.

    About is enough: whatever the factor is, it cancels.
    """
    low, high = -30.0, 30.0
    for _ in range(14):
        middle = (low + high) / 2
        factor = np.exp(middle)
        total = 0.0
        for i in range(m):
            total += factor * w[i] / (1 + factor * w[i])
        if total < r:
            low = middle
        else:
            high = middle
    return float(np.exp((low + high) / 2))


@njit(cache=True, nogil=True)
def _poisson_binomial(w: F64, kind: I64, m: int, wanted: int, factor: float, most: int) -> F64:
    """Chances of 0 … most likes among the posts of one kind."""
    size = 0
    for i in range(m):
        size += kind[i] == wanted
    chance = np.zeros(min(size, most) + 1)
    chance[0] = 1.0
    for i in range(m):
        if kind[i] == wanted:
            p = factor * w[i] / (1 + factor * w[i])
            for k in range(len(chance) - 1, 0, -1):
                chance[k] = chance[k] * (1 - p) + chance[k - 1] * p
            chance[0] *= 1 - p
    return chance


@njit(cache=True, nogil=True)
def _stratum(w: F64, kind: I64, m: int, r: int) -> F64:
    """Weights of (targets, marked posts) among ``r`` likes of a stratum, 2-d."""
    factor = _tilt(w, m, r)
    plain = _poisson_binomial(w, kind, m, 0, factor, r)
    target = _poisson_binomial(w, kind, m, TARGET, factor, r)
    marked = _poisson_binomial(w, kind, m, MARKED, factor, r)
    both = _poisson_binomial(w, kind, m, TARGET | MARKED, factor, r)
    most_t = min(len(target) + len(both) - 2, r)
    most_z = min(len(marked) + len(both) - 2, r)
    weight = np.zeros((most_t + 1, most_z + 1))
    for b in range(len(both)):
        for t in range(min(len(target) - 1, r - b) + 1):
            for z in range(min(len(marked) - 1, r - b - t) + 1):
                rest = r - b - t - z
                if rest < len(plain):
                    weight[b + t, b + z] += both[b] * target[t] * marked[z] * plain[rest]
    weight /= max(weight.max(), 1e-300)
    return weight


@njit(cache=True, nogil=True)
def _convolved(sums: F64, weight: F64, most_z: int) -> F64:
    """Weights of the sums of two independent (targets, marked) counts, marked cut at a number."""
    rows = sums.shape[0] + weight.shape[0] - 1
    columns = min(sums.shape[1] + weight.shape[1] - 2, most_z) + 1
    found = np.zeros((rows, columns))
    for t in range(weight.shape[0]):
        for z in range(weight.shape[1]):
            factor = weight[t, z]
            if factor > 0:
                for i in range(sums.shape[0]):
                    for j in range(min(sums.shape[1], columns - z)):
                        found[i + t, j + z] += sums[i, j] * factor
    found /= max(found.max(), 1e-300)
    return found


@njit(cache=True, nogil=True)
def _given_marked(own: F64, others: F64, marked: int, chance: F64) -> bool:
    """Chances of target counts given all marked likes; False where they cannot be told."""
    total = 0.0
    for t in range(own.shape[0]):
        for z in range(min(own.shape[1] - 1, marked) + 1):
            if marked - z < others.shape[1]:
                chance[t] += own[t, z] * others[0, marked - z]
        total += chance[t]
    if not total > 0:
        return False
    chance /= total
    return True


@njit(cache=True, nogil=True)
def count_chances(
    row_start: I64,
    begin: I64,
    end: I64,
    like_start: I64,
    like: I64,
    rate: F64,
    block: I64,
    kind: I64,
    likes_of: F64,
    exposure: F64,
    prior: float,
    chance: F64,
    observed: I64,
) -> None:
    """Chances of how many targets each account liked, given what its page interest fixes.

    Fixed are the likes in every block of every page, and the number of likes of marked posts
    over all of them.

    Parameters
    ----------
    row_start : (n + 1,) int64
        Rows of each account; a row is one account on one page.
    begin, end : (rows,) int64
        Only posts strictly between these places count.
    like_start : (rows + 1,) int64; like : (likes,) int64
        Places of the posts liked, rising within a row, all of them between begin and end.
    rate : (rows,) float64
        The row's part in ``exposure``, to be taken out; 0 where it has none, and then its
        likes are not in ``likes_of`` either.
    block, kind : (posts,) int64
        Posts are in the order of page and publication; kind is a sum of ``TARGET``, ``MARKED``.
    likes_of, exposure : (posts,) float64
        Odds are (likes + prior) / (exposure + prior), both without the account's own.
    chance : (n, width) float64, zeros
        Filled: chance of 0, 1, … targets; all zero where it cannot be told.
    observed : (n,) int64
        Filled: targets liked.
    """
    w = np.empty(len(block))
    own_kind = np.empty(len(block), np.int64)
    for account in range(len(row_start) - 1):
        marked = 0
        for at in range(like_start[row_start[account]], like_start[row_start[account + 1]]):
            observed[account] += kind[like[at]] & TARGET
            marked += (kind[like[at]] & MARKED) // MARKED
        own, others = np.ones((1, 1)), np.ones((1, 1))
        for row in range(row_start[account], row_start[account + 1]):
            at, place = like_start[row], begin[row] + 1
            while place < end[row]:
                place, at, m, r, any_kind = _next_block(
                    place, end[row], at, like_start[row + 1], like, block, kind, rate[row],
                    likes_of, exposure, prior, w, own_kind,
                )  # fmt: skip
                if any_kind > 0 and r > 0:
                    weight = _stratum(w, own_kind, m, r) if r < m else _all_liked(own_kind, m)
                    if any_kind & TARGET:
                        own = _convolved(own, weight, marked)
                    else:
                        others = _convolved(others, weight, marked)
        if not _given_marked(own, others, marked, chance[account]):
            chance[account] = 0.0


@njit(cache=True, nogil=True)
def _next_block(
    place: int,
    end: int,
    at: int,
    last: int,
    like: I64,
    block: I64,
    kind: I64,
    rate: float,
    likes_of: F64,
    exposure: F64,
    prior: float,
    w: F64,
    own_kind: I64,
) -> tuple[int, int, int, int, int]:
    """Odds without the account's own likes, and kinds, of the posts up to the block's end.

    Returns the next place and like, the number of posts, of likes, and the kinds there are.
    """
    current, m, r, any_kind = block[place], 0, 0, 0
    while place < end and block[place] == current:
        likes = likes_of[place] + prior
        if at < last and like[at] == place:
            at += 1
            r += 1
            if rate > 0:
                likes -= 1
        w[m] = likes / max(exposure[place] + prior - rate, prior)
        own_kind[m] = kind[place]
        any_kind |= kind[place]
        m += 1
        place += 1
    return place, at, m, r, any_kind


@njit(cache=True, nogil=True)
def _all_liked(kind: I64, m: int) -> F64:
    """Everything in a stratum was liked: there is one way only."""
    targets = marked = 0
    for i in range(m):
        targets += kind[i] & TARGET
        marked += (kind[i] & MARKED) // MARKED
    weight = np.zeros((targets + 1, marked + 1))
    weight[targets, marked] = 1.0
    return weight


@njit(cache=True, nogil=True)
def count_tails(chance: F64, fixed: I64, uniform: F64, drawn: I64) -> F64:
    """How many accounts are expected at 0, 1, … targets and more, and the same in draws.

    Parameters
    ----------
    chance : (n, width) float64
    fixed : (n,) int64
        Targets each account liked besides.
    uniform : (n, draws) float64
    drawn : (draws, width) int64
        Raised by the accounts that drew so many targets or more.

    Returns
    -------
    expected : (width,) float64
    """
    n, width = chance.shape
    expected = np.zeros(width)
    for i in range(n):
        tail = 1.0
        for t in range(width - fixed[i]):
            expected[t + fixed[i]] += tail
            tail -= chance[i, t]
        for t in range(fixed[i]):
            expected[t] += 1.0
        for d in range(uniform.shape[1]):
            t, left = 0, uniform[i, d]
            while left >= chance[i, t] and t + 1 < width - fixed[i]:
                left -= chance[i, t]
                t += 1
            for j in range(t + fixed[i] + 1):
                drawn[d, j] += 1
    return np.maximum(expected, 0.0)

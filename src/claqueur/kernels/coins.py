"""Tails of sums of independent coins, to full relative precision.

Poisson-binomial: coins come in classes of equal chance. Moderate sums are added up class by
class; large ones far above their mean by Cauchy's integral (the saddle point as in H. E. Daniels,
"Saddlepoint approximations in statistics", Ann. Math. Statist. 25, 1954, but the integral is
taken, not approximated).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from claqueur.kernels.co_action import F64, I64

LOGARITHM_OF_LEAST = -600.0
"""exp of it is still a normal number; larger binomials are taken in pieces."""

NEGLIGIBLE = 1e-18
"""Share of a binomial, in the region asked about, that is left out."""

NARROW = 64
"""Sums up to here are not worth finding out which partial sums matter."""

POWERS, LEAST_SPREAD = 80, 16.0
"""Terms of a power series whose argument stays below 9.5 / 16: the rest is below 10^-18."""

DEVIATIONS = 9.5
"""Roots of the mean that partial sums may stray from it: beyond lie less than 10^-18."""


@njit(nogil=True, cache=True)
def poisson_tail(at_least: int, mean: float) -> float:
    """P(N >= at_least) for N Poisson, to full relative precision where at_least > mean."""
    if at_least <= 0:
        return 1.0
    if mean <= 0.0:
        return 0.0
    term = 1.0
    total = 1.0
    k = at_least
    while term > 1e-17 * total:
        k += 1
        term *= mean / k
        total += term
    log_first = at_least * np.log(mean) - mean - _log_factorial(at_least)
    return float(min(1.0, np.exp(log_first) * total))


@njit(nogil=True, cache=True)
def _log_factorial(k):  # type: ignore[no-untyped-def]
    """By Stirling's series from 16 on, where it is exact to the last digit."""
    if k < 16:
        total = 0.0
        for j in range(2, k + 1):
            total += np.log(j)
        return total
    x = k + 1.0
    series = 1 / (12 * x) - 1 / (360 * x**3) + 1 / (1260 * x**5) - 1 / (1680 * x**7)
    return (x - 0.5) * np.log(x) - x + 0.9189385332046727 + series


@njit(nogil=True, cache=True)
def _binomial(m, q, tilt, room):  # type: ignore[no-untyped-def]
    """Probabilities of 0, 1, … of m equal coins, until what follows is negligible.

    Negligible in the tilted measure: what a sum far above its mean would be made of.
    """
    room[0] = np.exp(m * np.log1p(-q))
    odds = q / (1 - q)
    weight, total = 1.0, 1.0
    k = 0
    while k < m:
        ratio = odds * (m - k) / (k + 1)
        k += 1
        room[k] = room[k - 1] * ratio
        weight *= ratio * tilt
        total += weight
        if total > 1e250:
            weight, total = weight / total, 1.0
        if 2 * tilt * ratio < 1 and weight < NEGLIGIBLE * total:
            break
    return k


@njit(nogil=True, cache=True)
def _mean(chance, times, tilt):  # type: ignore[no-untyped-def]
    """Mean of the sum when all odds are multiplied; sure coins are left out."""
    mean = 0.0
    for c in range(len(chance)):
        q = chance[c]
        if 0 < q < 1:
            mean += times[c] * q * tilt / (1 - q + q * tilt)
    return mean


@njit(nogil=True, cache=True)
def _sure(chance, times):  # type: ignore[no-untyped-def]
    """Number of coins that always fall on the right side."""
    sure = 0
    for c in range(len(chance)):
        if chance[c] >= 1:
            sure += times[c]
    return sure


@njit(nogil=True, cache=True)
def _tilts(chance, times, wanted, steps):  # type: ignore[no-untyped-def]
    """Factors for all odds that make the mean at most and at least what is wanted."""
    low, high = 1.0, 1.0
    while high < 1e50 and _mean(chance, times, high) < wanted:
        low = high
        high *= 2
    for _ in range(steps if low < high else 0):
        middle = np.sqrt(low) * np.sqrt(high)
        if _mean(chance, times, middle) < wanted:
            low = middle
        else:
            high = middle
    return low, high


@njit(nogil=True, cache=True)
def _add_coins(old, new, at, low, high, m, q, tilt, room):  # type: ignore[no-untyped-def]
    """Add m equal coins to a distribution on ``at[0]`` to ``at[1]``; its last cell gathers.

    Only ``low`` to ``high`` are kept.
    """
    last = len(old) - 1
    begin, end = at[0], at[1]
    if m == 1:
        width = 1
        room[0], room[1] = 1 - q, q
    else:
        width = _binomial(m, q, tilt, room)
    if last - end <= width:
        reach = 0.0
        k = max(last - width, begin)
        for j in range(width, last - k, -1):
            reach += room[j]
        while k <= end:
            reach += room[last - k]
            old[last] += old[k] * reach
            k += 1
    at[0] = max(begin, low)
    at[1] = max(at[0], min(high, last - 1, end + width))
    new[at[0] : at[1] + 1] = 0.0
    for j in range(width + 1):
        share = room[j]
        for k in range(max(at[0], begin + j), min(at[1], end + j) + 1):
            new[k] += old[k - j] * share
    new[last] = old[last]


@njit(nogil=True, cache=True)
def tail_of_coins(chance: F64, times: I64, smallest: int, largest: int) -> F64:
    """P(sum >= v) for v up to ``largest``, of independent coins that come in classes.

    Exact (Poisson-binomial), relative to the tail's own size, from ``smallest`` on: coins are
    added class by class, and partial sums from which a sum of the sizes asked about is not
    made, but for a share of 10^-18, are left out.

    Parameters
    ----------
    chance : (c,) float64; times : (c,) int64
        Probability of the coins of each class, and how many there are.

    Returns
    -------
    tail : (largest + 1,) float64
        Without meaning below ``smallest``.
    """
    tail = np.ones(largest + 1)
    sure = _sure(chance, times)
    if sure >= largest:
        return tail
    last = largest - sure
    old, new = np.zeros(last + 1), np.zeros(last + 1)
    old[0] = 1.0
    wide = last <= NARROW
    _, tilt = _tilts(chance, times, last, 0 if wide else 10)
    least, _ = (1.0, 1.0) if wide else _tilts(chance, times, max(smallest - sure, 0), 10)
    under, over = 0.0, 0.0
    room = np.empty((times.max() if len(times) else 0) + 2)
    at = np.zeros(2, np.int64)
    for c in range(len(chance)):
        q = chance[c]
        if q >= 1 or q <= 0:
            continue
        left = times[c]
        most = max(1, int(LOGARITHM_OF_LEAST / np.log1p(-q)))
        while left > 0:
            piece = min(left, most)
            low, high = 0, last
            if not wide:
                under += piece * q * least / (1 - q + q * least)
                over += piece * q * tilt / (1 - q + q * tilt)
                low = int(under - DEVIATIONS * np.sqrt(under))
                high = int(over + DEVIATIONS * np.sqrt(over) + 30)
            _add_coins(old, new, at, max(low, 0), high, piece, q, tilt, room)
            old, new = new, old
            left -= piece
    total = old[last]
    tail[largest] = min(total, 1.0)
    for k in range(last - 1, -1, -1):
        if at[0] <= k <= at[1]:
            total += old[k]
        tail[k + sure] = min(total, 1.0)
    return tail


@njit(nogil=True, cache=True)
def large_tail(chance: F64, times: I64, at_least: int) -> float:
    """P(sum >= at_least) far above the mean of many coins, or -1 where it is not that.

    Exact as :func:`tail_of_coins` is, by Cauchy's integral on the circle through the saddle
    point: all odds are tilted until the mean is the mark, where the integrand falls like a
    normal density and some thirty points suffice. The logarithm of a coin's generating function
    is a power series, so that only power sums of the tilted chances are needed.
    """
    wanted = at_least - _sure(chance, times)
    low, high = _tilts(chance, times, wanted, 12)
    tilt = (low + high) / 2
    sums = np.zeros(POWERS + 1)
    log_factor = -wanted * np.log(tilt)
    for c in range(len(chance)):
        q = chance[c]
        if not 0 < q < 1:
            continue
        log_factor += times[c] * np.log1p(q * (tilt - 1))
        tilted = q * tilt / (1 - q + q * tilt)
        power = float(times[c])
        for r in range(1, POWERS + 1):
            power *= tilted
            sums[r] += power
            if power < 1e-24:
                break
    spread = np.sqrt(max(sums[1] - sums[2], 0.0))
    points = int(2 * DEVIATIONS * spread) + 1
    if spread < LEAST_SPREAD or points * np.log(tilt) < 40:
        return -1.0
    total = 0.0
    for n in range(int(DEVIATIONS / spread * points / (2 * np.pi)) + 1):
        turn = np.exp(2j * np.pi * n / points)
        series = 0j
        for r in range(POWERS, 0, -1):
            series = (turn - 1) * (series + (sums[r] if r % 2 else -sums[r]) / r)
        value = np.exp(series) * turn**-wanted / (1 - 1 / (turn * tilt))
        total += value.real * (1 if n == 0 else 2)
    return float(min(1.0, max(0.0, np.exp(log_factor) * total / points)))

"""95% intervals over datasets.

Means have Student's t interval. Chances have the exact interval of C. J. Clopper, E. S.
Pearson ("The use of confidence or fiducial limits illustrated in the case of the binomial",
Biometrika 26, 1934). Datasets are independent of each other, the accounts in one are not:
errors come in whole groups. So the unit is always the dataset, never the account.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist, fmean, stdev

TAIL = 0.025
"""Left out on either side."""


def mean_interval(
    values: Sequence[float], least: float = 0.0, most: float = 1.0
) -> tuple[float, float, float]:
    """Mean with its t interval, cut to what is possible; a single value has no interval (NaN).

    Values that are all the same give an interval without width: then look at the chance of a
    dataset that differs.
    """
    mean = fmean(values)
    if len(values) < 2:
        return mean, math.nan, math.nan
    half = t_quantile(len(values) - 1) * stdev(values) / math.sqrt(len(values))
    return mean, max(least, mean - half), min(most, mean + half)


def chance_interval(hits: int, of: int) -> tuple[float, float, float]:
    """Share of datasets in which something happened, with its Clopper-Pearson interval.

    Examples
    --------
    >>> share, low, high = chance_interval(0, 200)
    >>> f"{share:.3f} {low:.3f} {high:.3f}"
    '0.000 0.000 0.018'
    """
    low = 0.0 if hits == 0 else _root(lambda p: _at_least(hits, of, p) - TAIL)
    high = 1.0 if hits == of else _root(lambda p: TAIL - (1 - _at_least(hits + 1, of, p)))
    return hits / of, low, high


def t_quantile(freedom: int) -> float:
    """The 97.5% quantile of Student's t, to three digits.

    One and two degrees of freedom have closed forms; beyond, the expansion in Abramowitz and
    Stegun, Handbook of Mathematical Functions, 26.7.5.
    """
    if freedom == 1:
        return math.tan(math.pi * (0.5 - TAIL))
    if freedom == 2:
        return (1 - 2 * TAIL) * math.sqrt(1 / (2 * TAIL * (1 - TAIL)))
    z = NormalDist().inv_cdf(1 - TAIL)
    terms: tuple[float, ...] = (
        z,
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return math.fsum(term / freedom**power for power, term in enumerate(terms))


def _at_least(hits: int, of: int, chance: float) -> float:
    """Chance of so many hits or more."""
    if chance <= 0 or chance >= 1:
        return float(chance >= 1)
    log_p, log_q = math.log(chance), math.log1p(-chance)
    return math.fsum(
        math.exp(_log_ways(of, k) + k * log_p + (of - k) * log_q) for k in range(hits, of + 1)
    )


def _log_ways(of: int, k: int) -> float:
    return math.lgamma(of + 1) - math.lgamma(k + 1) - math.lgamma(of - k + 1)


def _root(rising: Callable[[float], float]) -> float:
    """Where a function that rises between 0 and 1 is zero."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if rising(middle) > 0 else (middle, high)
    return (low + high) / 2

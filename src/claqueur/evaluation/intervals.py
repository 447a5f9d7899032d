"""95% intervals over datasets.

Means have Student's t interval. Chances have the exact interval of C. J. Clopper, E. S.
Pearson ("The use of confidence or fiducial limits illustrated in the case of the binomial",
Biometrika 26, 1934). Datasets are independent of each other, the accounts in one are not:
errors come in whole groups. So the unit is always the dataset, never the account.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, stdev

from scipy.stats import beta, t

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
    half = float(t.isf(TAIL, len(values) - 1)) * stdev(values) / math.sqrt(len(values))
    return mean, max(least, mean - half), min(most, mean + half)


def chance_interval(hits: int, of: int) -> tuple[float, float, float]:
    """Share of datasets in which something happened, with its Clopper-Pearson interval.

    Examples
    --------
    >>> share, low, high = chance_interval(0, 200)
    >>> f"{share:.3f} {low:.3f} {high:.3f}"
    '0.000 0.000 0.018'
    """
    low = 0.0 if hits == 0 else float(beta.ppf(TAIL, hits, of - hits + 1))
    high = 1.0 if hits == of else float(beta.isf(TAIL, hits + 1, of - hits))
    return hits / of, low, high

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

from scipy.stats import t

from claqueur.chances import TAIL, chance_interval

__all__ = ["TAIL", "chance_interval", "mean_interval"]


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

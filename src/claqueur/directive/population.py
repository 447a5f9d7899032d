"""From p-values to what may be said about a population: bounds, calibration, curves."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
from scipy.stats import t

from claqueur.kernels.co_action import F64, I64
from claqueur.model import SMALLEST_SHOWN
from claqueur.nulls.conditional import Chances

LEVEL = 0.05
"""One-sided level of bounds, and false discovery rate."""

_TAIL = (0.1, 0.05, 0.03, 0.02, 0.01, 0.005, 0.003, 0.002, 0.001, 5e-4, 2e-4, 1e-4)
"""P-values at which pseudo-targets are held against the uniform law."""

_FEWEST_IN_TAIL = 3.0
"""Pseudo p-values a point of the tail must be expected to have below it."""

_Z = 1.6448536269514722

PARTICIPATION = pl.Schema(
    {
        "targets": pl.Int64(),
        "observed": pl.Int64(),
        "expected": pl.Float64(),
        "low": pl.Float64(),
        "high": pl.Float64(),
    }
)
"""One row: accounts that liked at least so many targets, observed (null where fewer than ten,
but not none) and under the null, with a band that 95% of draws from it keep to at this row."""


def simes(p: F64) -> float:
    """P-value of "nobody beyond expectation", of the smallest p-values for their ranks.

    R. J. Simes, "An improved Bonferroni procedure for multiple tests of significance",
    Biometrika 73, 1986; it holds for independent and for positively dependent tests.
    """
    if not len(p):
        return 1.0
    ranked = np.sort(p) * len(p) / np.arange(1, len(p) + 1)
    return float(min(ranked.min(), 1.0))


def true_discoveries(p: F64, level: float = LEVEL) -> int:
    """A lower bound, at confidence 1 − level, on how many of the tests are no nulls.

    Closed testing with Simes' tests: J. J. Goeman, R. J. Meijer, T. J. P. Krebs, A. Solari,
    "Simultaneous control of all false discovery proportions in large-scale multiple hypothesis
    testing", Biometrika 106, 2019.

    Parameters
    ----------
    p : (m,) float64

    Examples
    --------
    >>> true_discoveries(np.array([0.0001, 0.0002, 0.0003, 0.4, 0.6, 0.8]))
    3
    """
    ranked = np.sort(p)
    largest = _hommel(ranked, level)
    if largest == 0:
        return len(p)
    steps = np.arange(1, len(p) + 1)
    below = np.searchsorted(ranked, steps * level / largest, side="right")
    return int(max((1 - steps + below).max(initial=0), 0))


def _hommel(ranked: F64, level: float) -> int:
    """The largest set size at which the largest p-values are not rejected together.

    If the k largest are not rejected, neither are fewer of them, so halving finds it.
    """
    low, high = 0, len(ranked)
    while low < high:
        k = (low + high + 1) // 2
        steps = np.arange(1, k + 1)
        if (k * ranked[len(ranked) - k :] > steps * level).all():
            low = k
        else:
            high = k - 1
    return low


def exponent(p: F64, weight: F64) -> float:
    """γ ≤ 1 such that p^γ of pseudo-targets is nowhere in the tail smaller than uniform.

    At each point u of the tail the share of pseudo p-values up to u, with an upper 95%
    confidence margin (Poisson), is at most u^γ.

    Parameters
    ----------
    p : (k,) float64
        P-values of accounts that could be tested on pseudo-targets.
    weight : (k,) float64
        Several draws of pseudo-targets on a page count as one test together.
    """
    total = float(weight.sum())
    powers = [1.0]
    for u in _TAIL:
        if total * u >= _FEWEST_IN_TAIL:
            most = min(poisson_upper(float(weight[p <= u].sum())) / total, 1.0)
            powers.append(math.log(most) / math.log(u))
    return max(min(powers), 0.0)


def poisson_upper(count: float) -> float:
    """Upper 95% limit of a Poisson mean, after E. B. Wilson and M. M. Hilferty (PNAS 17, 1931)."""
    k = count + 1
    return float(k * (1 - 1 / (9 * k) + _Z / (3 * math.sqrt(k))) ** 3)


def control_bound(hits: I64, tested: I64) -> float:
    """The share of hits that a further page like the controls stays under, in 95% of cases.

    Student's t prediction bound of arcsine square roots of shares, with at least binomial
    variance; 1 where there are fewer than two pages.
    """
    if len(hits) < 2:
        return 1.0
    share = 2 * np.arcsin(np.sqrt((hits + 0.5) / (tested + 1)))
    n = len(share)
    spread = math.sqrt(max(float(share.var(ddof=1)), float(np.mean(1 / (tested + 1)))))
    bound = float(share.mean()) + float(t.isf(LEVEL, n - 1)) * spread * math.sqrt(1 + 1 / n)
    return float(math.sin(min(bound, math.pi) / 2) ** 2)


def control_p(hit: int, of: int, hits: I64, tested: I64) -> float:
    """P-value of "this page is like the controls", of the same law as :func:`control_bound`."""
    if len(hits) < 2 or not of:
        return 1.0
    share = 2 * np.arcsin(np.sqrt((hits + 0.5) / (tested + 1)))
    own = 2 * math.asin(math.sqrt((hit + 0.5) / (of + 1)))
    n = len(share)
    spread = math.sqrt(max(float(share.var(ddof=1)), float(np.mean(1 / (tested + 1)))))
    return float(t.sf((own - float(share.mean())) / (spread * math.sqrt(1 + 1 / n)), n - 1))


def curve(chances: Chances) -> pl.DataFrame:
    """The participation curve of the accounts that could be tested (``PARTICIPATION``)."""
    width = len(chances.tails)
    liked = chances.observed[chances.testable]
    counts = np.bincount(np.minimum(liked, width - 1), minlength=width)
    observed = counts[::-1].cumsum()[::-1]
    drawn = chances.drawn if len(chances.drawn) else np.zeros((1, width))
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    columns = {
        "targets": np.arange(width),
        "observed": observed,
        "expected": chances.tails,
        "low": low,
        "high": high,
    }
    shown = (pl.col("observed") == 0) | (pl.col("observed") >= SMALLEST_SHOWN)
    return pl.DataFrame(columns, schema=PARTICIPATION).with_columns(
        observed=pl.when(shown).then("observed")
    )

"""Randomisation inference for a few treated pages beside controls, over pages and dates.

A page's *change* is the mean of its observations after a date less the mean before. The treated
pages' change beyond the others' is held against the same statistic of every other choice of as
many pages, on the same date and on invented earlier dates. Null: the treated pages are a random
choice among all, and the date among those before. Changes are studentised by what varies within
pages and between them, so that pages with few observations can be exchanged for others.

P. R. Rosenbaum, *Observational Studies*, 2002, chapter 2; for one treated unit and placebo dates
A. Abadie, A. Diamond, J. Hainmueller, J. Am. Stat. Assoc. 105, 2010; for the variance between
pages R. DerSimonian, N. Laird, Control. Clin. Trials 7, 1986.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, t

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

LEVEL = 0.05
POWER = 0.8
MOST_CHOICES = 4_999
"""Choices of pages looked at: all where there are fewer."""

FEWEST_OBSERVATIONS = 2
"""On either side of a date, for a page to have a change."""

_SHRINK = 4.0
"""Observations the common variance counts for beside a page's own."""


@dataclass(frozen=True)
class Changes:
    """Change of each page around one date.

    Attributes
    ----------
    change, variance : (pages,) float64
        nan where a page has too few observations; variance is that within the page.
    """

    change: Floats
    variance: Floats


@dataclass(frozen=True)
class Beyond:
    """How far the treated pages' change goes beyond the others'.

    Attributes
    ----------
    effect, scale
        Difference of means and its standard error, in units of the observations.
    statistic
        Effect over scale.
    p_value
        Over pages and dates, one-sided; ``smallest_p`` is the least it could have been.
    page_p
        Over pages alone on the order's date.
    student_p
        By Student's t with the controls' degrees of freedom.
    low, high, level
        Interval of the effect by inverting the randomisation, and its level, as near to 95% as
        so few placebos allow.
    visible, student_visible
        Effect that would be seen at 5% with probability .8; None where none could be.
    before_p
        Two-sided, over pages: the treated pages around the last invented date. None without one.
    controls : (controls,) float64
        Change of each control beyond the other controls'.
    outliers : (controls,) bool
        Controls that themselves rise beyond all expectation from the others.
    """

    effect: float
    scale: float
    statistic: float
    p_value: float
    smallest_p: float
    page_p: float
    student_p: float
    low: float
    high: float
    level: float
    visible: float | None
    student_visible: float
    before_p: float | None
    controls: Floats
    outliers: Flags
    dates: int = field(default=0)


def page_changes(
    page: Ints, value: Floats, before: Flags, after: Flags, pages: int
) -> Changes:  # fmt: skip
    """Change of the mean of each page's observations.

    Parameters
    ----------
    page : (n,) int64; value : (n,) float64
        Observations and their pages, 0 to ``pages`` - 1.
    before, after : (n,) bool
        On which side of the date an observation lies, if on any.
    """
    sides = [_side(page[chosen], value[chosen], pages) for chosen in (before, after)]
    (n0, mean0, ss0), (n1, mean1, ss1) = sides
    freedom = np.maximum(n0 - 1, 0) + np.maximum(n1 - 1, 0)
    known = (n0 >= FEWEST_OBSERVATIONS) & (n1 >= FEWEST_OBSERVATIONS)
    total = float(freedom[known].sum())
    common = float((ss0 + ss1)[known].sum()) / total if total else 0.0
    own = (ss0 + ss1 + _SHRINK * common) / (freedom + _SHRINK)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = own * (1 / n0 + 1 / n1)
    return Changes(np.where(known, mean1 - mean0, np.nan), np.where(known, variance, np.nan))


def _side(page: Ints, value: Floats, pages: int) -> tuple[Floats, Floats, Floats]:
    count = np.bincount(page, minlength=pages).astype(np.float64)
    with np.errstate(invalid="ignore"):
        mean = np.bincount(page, value, pages) / count
    squares = np.bincount(page, (value - mean[page]) ** 2, pages).astype(np.float64)
    return count, mean, squares


def beyond(
    order: Changes,
    placebos: Sequence[Changes],
    treated: Ints,
    controls: Ints,
    seed: int = 1,
) -> Beyond | None:
    """Hold the treated pages against controls, and the date against earlier ones.

    Returns
    -------
    Beyond or None
        None where no treated page, or fewer than two controls, have a change.
    """
    known = np.isfinite(order.change)
    treated = treated[known[treated]]
    controls = controls[known[controls]]
    if not len(treated) or len(controls) < 2:
        return None
    pages = np.concatenate([treated, controls])
    dates = [order, *placebos]
    between = float(np.mean([_between(date, controls) for date in dates]))
    rng = np.random.default_rng([seed, 41])
    statistics = [
        _statistics(date, pages, len(treated), between, rng) for date in dates
    ]  # fmt: skip
    effect, scale = _contrast(order, treated, controls, between)
    own = effect / scale
    everything = np.concatenate(statistics)
    # Choices with a treated page on the order's date would carry the effect under the alternative.
    rest = np.concatenate([_without(order, pages, len(treated), between, rng), *statistics[1:]])
    low, high, level = _interval(effect, scale, rest)
    controls_change, outliers = _each(order, controls, between)
    return Beyond(
        effect=effect,
        scale=scale,
        statistic=own,
        p_value=_share(everything, own),
        smallest_p=1 / len(everything),
        page_p=_share(statistics[0], own),
        student_p=float(t.sf(own, len(controls) - 1)),
        low=low,
        high=high,
        level=level,
        visible=_visible(rest, scale),
        student_visible=float(t.isf(LEVEL, len(controls) - 1) + norm.ppf(POWER)) * scale,
        before_p=_trend(statistics[1:]),
        controls=controls_change,
        outliers=outliers,
        dates=len(dates) - 1,
    )


def _share(statistics: Floats, own: float) -> float:
    """Share of choices at least as extreme; the observed one is among them."""
    return float((statistics >= own - 1e-9).mean()) if len(statistics) else 1.0


def _between(date: Changes, controls: Ints) -> float:
    """Variance between pages beyond that within them (DerSimonian and Laird)."""
    change, variance = date.change[controls], date.variance[controls]
    kept = np.isfinite(change) & (variance > 0)
    if kept.sum() < 2:
        return 0.0
    weight = 1 / variance[kept]
    mean = float(np.average(change[kept], weights=weight))
    excess = float((weight * (change[kept] - mean) ** 2).sum()) - (kept.sum() - 1)
    spread = float(weight.sum() - (weight**2).sum() / weight.sum())
    return float(max(excess / spread, 0.0))


def _weights(date: Changes, pages: Ints, between: float) -> tuple[Floats, Floats]:
    change = np.nan_to_num(date.change[pages])
    variance = date.variance[pages] + between
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = np.where(np.isfinite(variance), 1 / np.maximum(variance, 1e-12), 0.0)
    return change, weight


def _contrast(date: Changes, ours: Ints, others: Ints, between: float) -> tuple[float, float]:
    """Weighted mean change of some pages less that of others, and its standard error."""
    (change, weight), (theirs, others_weight) = (
        _weights(date, pages, between) for pages in (ours, others)
    )
    effect = np.average(change, weights=weight) - np.average(theirs, weights=others_weight)
    return float(effect), math.sqrt(1 / weight.sum() + 1 / others_weight.sum())


def _statistics(
    date: Changes, pages: Ints, treated: int, between: float, rng: np.random.Generator
) -> Floats:
    """The statistic of choices of pages on one date; the treated pages' own comes first."""
    change, weight = _weights(date, pages, between)
    chosen = choices(len(pages), treated, rng).astype(np.float64)
    inside = chosen @ weight
    outside = weight.sum() - inside
    sums = chosen @ (weight * change)
    with np.errstate(divide="ignore", invalid="ignore"):
        effect = sums / inside - ((weight * change).sum() - sums) / outside
        found: Floats = effect / np.sqrt(1 / inside + 1 / outside)
    return found[np.isfinite(found)]


def _without(
    date: Changes, pages: Ints, treated: int, between: float, rng: np.random.Generator
) -> Floats:
    """Statistics of as many controls among the controls alone."""
    controls = pages[treated:]
    if treated >= len(controls):
        return np.empty(0)
    return _statistics(date, controls, treated, between, rng)


def choices(n: int, k: int, rng: np.random.Generator) -> Flags:
    """Choices of k out of n, the first k first: all of them, or as many as are looked at.

    Returns
    -------
    (choices, n) bool
    """
    if math.comb(n, k) <= MOST_CHOICES:
        found = np.zeros((math.comb(n, k), n), bool)
        rows = np.array(list(combinations(range(n), k)))
        np.put_along_axis(found, rows, True, axis=1)
        return found
    ranks = rng.random((MOST_CHOICES, n)).argsort(axis=1).argsort(axis=1)
    found = ranks < k
    found[0] = np.arange(n) < k
    return found


def _interval(effect: float, scale: float, rest: Floats) -> tuple[float, float, float]:
    level = min(1 - LEVEL, 1 - 2 / (len(rest) + 1))
    if level <= 0:
        return -math.inf, math.inf, 1.0
    tail = (1 - level) / 2
    low, high = np.quantile(rest, [tail, 1 - tail], method="inverted_cdf")
    return effect - float(high) * scale, effect - float(low) * scale, level


def _visible(rest: Floats, scale: float) -> float | None:
    allowed = math.floor(LEVEL * (len(rest) + 1)) - 1
    if allowed < 0:
        return None
    critical = float(np.sort(rest)[::-1][min(allowed, len(rest) - 1)])
    return (max(critical, 0.0) + float(norm.ppf(POWER))) * scale


def _trend(placebos: Sequence[Floats]) -> float | None:
    """How unusual the treated pages were around the last invented date, either way."""
    if not placebos or not len(placebos[0]):
        return None
    return float((np.abs(placebos[0]) >= abs(placebos[0][0]) - 1e-9).mean())


def _each(date: Changes, controls: Ints, between: float) -> tuple[Floats, Flags]:
    """Change of each control beyond the other controls', and those that stand out."""
    contrasts = [
        _contrast(date, controls[k : k + 1], np.delete(controls, k), between)
        for k in range(len(controls))
    ]
    change = np.array([effect for effect, _ in contrasts])
    own = np.array([effect / scale for effect, scale in contrasts])
    limit = t.isf(LEVEL / len(controls), max(len(controls) - 2, 1))
    return change, own > limit

"""The course of the targets' counts, and where the control pages would have led them to expect it.

A local level with the control pages' mean as regressor (``UnobservedComponents`` of statsmodels)
is fitted to the days before the order and carried on; after K. H. Brodersen et al., "Inferring
causal impact using Bayesian structural time-series models", Ann. Appl. Stat. 9, 2015. It is for
the eye: the p-values are those of the randomisation.
"""

from __future__ import annotations

import warnings
from datetime import timedelta

import numpy as np
import polars as pl

from claqueur.directive.hypothesis import FEWEST_INSTITUTIONS
from claqueur.directive.question import Question
from claqueur.directive.tests.aggregates import Series, series_of
from claqueur.directive.windows import DAY_MS, local_day
from claqueur.kernels.co_action import F64, I64
from claqueur.model import FOLLOW, POST

EFFECT = pl.Schema(
    {
        "directive": pl.String(),
        "item": pl.String(),
        "measure": pl.String(),
        "day": pl.Date(),
        "observed": pl.Float64(),
        "controls": pl.Float64(),
        "expected": pl.Float64(),
        "low": pl.Float64(),
        "high": pl.Float64(),
    }
)
"""One row: a day's count for a post (or posts of an institution) on the targets and on control
pages; what was to be expected, with a band that holds 95% of days if the model is right."""

FEWEST_DAYS = 7
"""Days before the order without which nothing is carried on."""

SMALLEST_BAND = 0.05
_SETTLING = 3
_Z = 1.959963984540054


def course(question: Question) -> tuple[str, pl.DataFrame]:
    """What is counted, and its course by day in the columns of ``EFFECT`` from ``day`` on."""
    if question.item.publishes:
        if len(question.targets) < FEWEST_INSTITUTIONS:
            return "", pl.DataFrame()  # none is shown alone, and no two are
        measure = "posts of an institution"
        observed, controls, first = _volume(question)
    else:
        measure, series = _counted(question)
        if series is None:
            return "", pl.DataFrame()
        observed, controls, first = _daily(question, series)
    before = round((question.windows.start_ms - first) / DAY_MS)
    expected, low, high = _carried_on(observed, controls, before)
    begin = local_day(first + DAY_MS // 2, question.zone)
    table = pl.DataFrame(
        {
            "day": [begin + timedelta(days=k) for k in range(len(observed))],
            "observed": np.expm1(observed),
            "controls": np.expm1(controls),
            "expected": np.expm1(expected),
            "low": np.maximum(np.expm1(low), 0.0),
            "high": np.expm1(high),
        }
    )
    return measure, table.with_columns(pl.exclude("day").fill_nan(None))


def _counted(question: Question) -> tuple[str, Series | None]:
    """The first ordered kind of count there is, else the first of all; followers have none."""
    if set(question.item.action) == {FOLLOW}:
        return "", None
    kinds = [*question.item.action, "like", "view", "comment", "repost"]
    posts = np.flatnonzero(question.usable)
    for action in dict.fromkeys(kind for kind in kinds if kind not in (FOLLOW, POST)):
        if (series := series_of(question, action, posts)) is not None:
            return f"{action}s of a post", series
    return "", None


def _grid(question: Question) -> tuple[int, int]:
    """The first moment and the number of days: from the days before on to a while after."""
    order = question.windows.order
    last = min(order.after.end_ms + 2 * round(order.after.days) * DAY_MS, question.data.last_ms)
    return order.before.begin_ms, max(int((last - order.before.begin_ms) // DAY_MS), 1)


def _daily(question: Question, series: Series) -> tuple[F64, F64, int]:
    """Mean logarithm of the counts by day of publication, on targets and over control pages."""
    first, days = _grid(question)
    post = series.post
    day = (question.created[post] - first) // DAY_MS
    inside = (day >= 0) & (day < days)
    page, day, value = question.page[post][inside], day[inside], np.log1p(series.value[inside])
    own = np.isin(page, question.targets)
    observed = _means(day[own], value[own], days)
    each = [
        _means(day[page == control], value[page == control], days)
        for control in question.controls
    ]  # fmt: skip
    return observed, _average(each, days), first


def _volume(question: Question) -> tuple[F64, F64, int]:
    """Logarithm of posts a day and page, on institutions' and on control pages."""
    first, days = _grid(question)
    day = (question.created - first) // DAY_MS
    inside = (day >= 0) & (day < days)
    rates = []
    for pages in (question.targets, question.controls):
        own = inside & np.isin(question.page, pages)
        rates.append(np.log1p(np.bincount(day[own], minlength=days) / max(len(pages), 1)))
    return rates[0], rates[1], first


def _means(day: I64, value: F64, days: int) -> F64:
    count = np.bincount(day, minlength=days)
    with np.errstate(invalid="ignore"):
        means: F64 = np.bincount(day, value, days) / count
    return means


def _average(each: list[F64], days: int) -> F64:
    """Mean over pages on every day, each page about its own mean, gaps filled from the sides."""
    if not each:
        return np.full(days, np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a day or page without any post
        level = np.nanmean([np.nanmean(page) for page in each])
        mean = np.nanmean([page - np.nanmean(page) for page in each], axis=0) + level
    known = np.flatnonzero(np.isfinite(mean))
    if not len(known):
        return np.full(days, np.nan)
    filled: F64 = np.interp(np.arange(days), known, mean[known])
    return filled


def _carried_on(observed: F64, controls: F64, before: int) -> tuple[F64, F64, F64]:
    """The expected course with its band, (days,) each; nan where it cannot be carried on."""
    nothing = np.full(len(observed), np.nan)
    known = int(np.isfinite(observed[:before]).sum())
    if known < FEWEST_DAYS or not np.isfinite(controls).all() or before >= len(observed):
        return nothing, nothing.copy(), nothing.copy()
    # Loaded here: it takes a second, and only directives need it.
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    scaled = (controls - controls[:before].mean()).reshape(-1, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # so few days may leave a variance at its bound
        model = UnobservedComponents(observed[:before], level="llevel", exog=scaled[:before])
        fitted = model.fit(disp=False, maxiter=200)
        ahead = fitted.get_forecast(len(observed) - before, exog=scaled[before:])
        # The filter begins knowing nothing, and its first errors are as large as can be.
        spread = float(np.sqrt(np.nanmedian(fitted.filter_results.forecasts_error_cov)))
    expected = np.concatenate([fitted.fittedvalues, np.asarray(ahead.predicted_mean)])
    error = np.concatenate([np.full(before, spread), np.asarray(ahead.se_mean)])
    error = np.maximum(error, SMALLEST_BAND)
    expected[:_SETTLING], error[:_SETTLING] = np.nan, np.nan
    return expected, expected - _Z * error, expected + _Z * error

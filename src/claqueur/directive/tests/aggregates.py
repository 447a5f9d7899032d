"""Aggregates: did counts of the target pages rise with the order, beyond the control pages?

Log difference-in-differences with randomisation inference over control pages and earlier dates
(:mod:`claqueur.nulls.randomisation`). It needs no account, and works on final totals long after.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from claqueur.directive.collected import COUNTERS, TOTALS
from claqueur.directive.finding import Finding, unavailable
from claqueur.directive.question import BEYOND_PAGES, Question
from claqueur.directive.windows import DAY_MS
from claqueur.kernels.co_action import F64, I64
from claqueur.nulls.randomisation import Beyond

HOUR_MS = 3_600_000
AGES_HOURS = (168, 72, 48, 24, 12, 6, 3, 1)
"""Ages at which counters are compared; the oldest at which nearly all posts were read."""

NEARLY_ALL = 0.9
NEAR = 0.25
"""A reading counts for an age from which it is off by at most this share."""

ADEQUATE_RATIO = 1.6
"""Silence means something where a rise of this much would have been seen."""

FEWEST_TOTAL_HOURS = 24
"""Final totals of posts younger than this at collection are left out."""

NAME = "aggregates"


@dataclass(frozen=True)
class Series:
    """One number a post: the same kind of count at the same age.

    Attributes
    ----------
    post : (n,) int64; value : (n,) float64
    source
        Where the numbers come from, in words.
    missing
        Posts in the windows that have no such number.
    """

    post: I64
    value: F64
    source: str
    missing: int


@dataclass(frozen=True)
class Aggregates:
    """Likes, comments, reposts and views of posts, followers of pages."""

    name: str = NAME
    order: int = 10
    help: str = "counts of the target pages beyond those of control pages and earlier dates"

    def findings(self, question: Question) -> Sequence[Finding]:
        """One finding a kind of count; those of the ordered actions count."""
        if question.item.publishes:
            return []
        if why := missing_comparison(question):
            return [unavailable(self.name, "counts", why)]
        found = [_of_posts(question, action) for action in TOTALS]
        return [*found, followers(question)]


def missing_comparison(question: Question, fewest: int = 2) -> str:
    """Why before and after cannot be compared beside controls; empty where they can."""
    windows = question.windows
    if not windows.looks_back:
        return (
            f"the data begin too late before {question.item.start}: before and after cannot be "
            "compared"
        )
    if len(question.controls) < fewest:
        return (
            f"at least {fewest} control pages are needed and {len(question.controls)} were "
            "collected: pages like the targets that nobody was told to act on"
        )
    if windows.order.after.days <= 0:
        return f"the data end before {question.item.start}"
    return ""


def _of_posts(question: Question, action: str) -> Finding:
    ordered = action in question.item.action
    series = series_of(question, action)
    if series is None:
        return unavailable(NAME, action + "s", "no such count was collected", counts=ordered)
    value = np.log1p(series.value)
    found = question.beyond(question.page[series.post], question.created[series.post], value)
    if found is None:
        few = "too few posts of the targets or of two control pages have it in these days"
        return unavailable(NAME, action + "s", few, counts=ordered)
    return _finding(question, action + "s", found, series, counts=ordered)


def _finding(
    question: Question, measure: str, found: Beyond, series: Series, *, counts: bool
) -> Finding:
    visible = math.exp(found.visible) if found.visible is not None else None
    return Finding(
        test=NAME,
        measure=measure,
        statistic="difference-in-differences of logarithms, studentised",
        value=found.statistic,
        effect=math.exp(found.effect),
        unit="ratio",
        low=_exp(found.low),
        high=_exp(found.high),
        level=found.level,
        p_value=found.p_value,
        null=BEYOND_PAGES,
        page_p=found.page_p,
        visible=visible,
        adequate=visible is not None and visible <= ADEQUATE_RATIO,
        counts=counts,
        alone=True,
        explained_by=question.explained(by_interest=True),
        controls=tuple(np.exp(found.controls).tolist()),
        numbers={
            "source": series.source,
            "posts_without": series.missing,
            "pages": len(found.controls) + len(question.targets),
            "earlier_dates": found.dates,
            "smallest_p": found.smallest_p,
            "before_p": found.before_p,
            "outlying_controls": int(found.outliers.sum()),
        },
        remarks=_remarks(question, found, series),
    )


def _exp(value: float) -> float | None:
    return math.exp(value) if abs(value) < 700 else None


def _remarks(question: Question, found: Beyond, series: Series) -> tuple[str, ...]:
    lines = []
    if found.outliers.any():
        names = [question.data.pages[p] for p in question.controls[_kept(question, found)]]
        shown = ", ".join(names) or f"{found.outliers.sum()} of them"
        lines.append(
            f"contamination: control pages rise like an order themselves ({shown}); if they were "
            "named too, they are no controls"
        )
    if series.missing:
        lines.append(f"{series.missing:,} posts of these days have no such number and are left out")
    return tuple(lines)


def _kept(question: Question, found: Beyond) -> I64:
    """Places among the controls of those that stand out, where all controls were used."""
    if len(found.outliers) != len(question.controls):
        return np.empty(0, np.int64)
    return np.flatnonzero(found.outliers)


def series_of(question: Question, action: str, wanted: I64 | None = None) -> Series | None:
    """The best source of one kind of count: counters at one age, actions, final totals.

    Parameters
    ----------
    wanted
        Posts; those of targets and controls in any window when not given.
    """
    wanted = _wanted(question) if wanted is None else wanted
    for source in (_from_counters, _from_acts, _from_totals):
        series = source(question, action, wanted)
        if series is not None and len(series.post):
            return series
    return None


def _wanted(question: Question) -> I64:
    """Posts of targets and controls in any window, as far as they are not left out."""
    inside = np.zeros(len(question.created), bool)
    for each in question.comparisons():
        inside |= each.before.holds(question.created) | each.after.holds(question.created)
    pages = np.concatenate([question.targets, question.controls])
    return np.flatnonzero(inside & question.usable & np.isin(question.page, pages))


def _from_counters(question: Question, action: str, wanted: I64) -> Series | None:
    """Readings of a counter at one age."""
    readings = question.data.readings.filter(pl.col("counter") == COUNTERS[action])
    readings = readings.filter(pl.col("post").is_in(pl.Series(wanted).implode()))
    if readings.is_empty():
        return None
    post = readings["post"].to_numpy()
    age = readings["time_ms"].to_numpy() - question.created[post]
    for hours in AGES_HOURS:
        off = np.abs(age - hours * HOUR_MS) / (hours * HOUR_MS)
        near = readings.with_columns(off=off).filter(pl.col("off") <= NEAR)
        best = near.sort("post", "off").unique("post", keep="first", maintain_order=True)
        old = wanted[question.created[wanted] + hours * HOUR_MS <= question.data.last_ms]
        # An age that most posts of these days had not reached says nothing about the order.
        if len(old) >= NEARLY_ALL * len(wanted) and best.height >= NEARLY_ALL * len(old):
            value = best["value"].cast(pl.Float64).to_numpy()
            source = f"counters read {hours} hours after publication"
            return Series(best["post"].to_numpy(), value, source, len(wanted) - best.height)
    return None


def _from_acts(question: Question, action: str, wanted: I64) -> Series | None:
    """Actions listed up to one age; all that are listed where they have no times."""
    acts = question.data.acts.filter(pl.col("action") == action)
    if acts.is_empty():
        return None
    dated = acts.drop_nulls("t_max_ms")
    hours = _age_reached(question, wanted)
    if dated.height == acts.height and hours:
        post = dated["post"].to_numpy()
        young = dated["t_max_ms"].to_numpy() <= question.created[post] + hours * HOUR_MS
        source = f"actions up to {hours} hours after publication"
        return _counted(question, post[young], wanted, source, hours)
    return _counted(question, acts["post"].to_numpy(), wanted, "actions listed, whenever", 0)


def _age_reached(question: Question, wanted: I64) -> int:
    """The oldest age of at most three days that nearly all posts reached within the data."""
    left = question.data.last_ms - question.created[wanted]
    reached = (hours for hours in AGES_HOURS if hours <= 72)
    return next((h for h in reached if (left >= h * HOUR_MS).mean() >= NEARLY_ALL), 0)


def _counted(question: Question, post: I64, wanted: I64, source: str, hours: int) -> Series:
    count = np.bincount(post, minlength=len(question.created)).astype(np.float64)
    old = wanted[question.created[wanted] + hours * HOUR_MS <= question.data.last_ms]
    return Series(old, count[old], source, len(wanted) - len(old))


def _from_totals(question: Question, action: str, wanted: I64) -> Series | None:
    """Final totals: what is left of all posts by the time they were collected."""
    posts = question.data.posts
    value = posts[TOTALS[action]].cast(pl.Float64).fill_null(np.nan).to_numpy()
    read = posts["collected_ms"].fill_null(question.data.last_ms).to_numpy()
    old = read - question.created >= FEWEST_TOTAL_HOURS * HOUR_MS
    kept = wanted[np.isfinite(value[wanted]) & old[wanted]]
    ages = (read[kept] - question.created[kept]) / DAY_MS
    about = f", {np.median(ages):.0f} days after publication in the median" if len(ages) else ""
    source = (
        f"final totals{about}; what was taken back or deleted by then is missing, on control pages "
        "as well"
    )
    return Series(kept, value[kept], source, len(wanted) - len(kept))


def followers(question: Question) -> Finding:
    """Daily growth of the number of followers."""
    counts = "follow" in question.item.action
    table = question.data.followers.sort("page", "time_ms").with_columns(
        span=pl.col("time_ms").diff().over("page"),
        growth=pl.col("value").clip(lower_bound=1).log().diff().over("page"),
    )
    daily = table.drop_nulls("span").filter(pl.col("span") > 0)
    if daily.is_empty():
        return unavailable(NAME, "followers", "no such count was collected", counts=counts)
    rate = (daily["growth"] / daily["span"] * DAY_MS).to_numpy()
    # A step between two readings belongs to the days before the second.
    moment = (daily["time_ms"] - daily["span"] // 2).to_numpy()
    found = question.beyond(daily["page"].to_numpy(), moment, rate)
    if found is None:
        few = "fewer than two readings of the targets or of two control pages in these days"
        return unavailable(NAME, "followers", few, counts=counts)
    series = Series(np.empty(0, np.int64), rate, "readings of followers", 0)
    return _as_growth(question, _finding(question, "followers", found, series, counts=counts))


def _as_growth(question: Question, daily: Finding) -> Finding:
    """Growth a day as growth over the days after the date."""
    days = question.windows.order.after.days

    def over(value: float | None) -> float | None:
        return value**days if value is not None else None

    return replace(
        daily,
        effect=over(daily.effect),
        low=over(daily.low),
        high=over(daily.high),
        visible=over(daily.visible),
        adequate=daily.visible is not None and daily.visible**days <= 1 + (ADEQUATE_RATIO - 1) / 10,
        controls=tuple(value**days for value in daily.controls),
    )


TEST = Aggregates()

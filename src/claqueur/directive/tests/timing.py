"""Timing: when do people act on the targets, since the order?

Working hours, waves within minutes of each other long after publication, and catching up before
a report is due. The change with the order's date is held against control pages, so what a page
has always had (notifications, a rhythm of its own) is no sign.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from scipy.stats import t

from claqueur.directive.curve import course
from claqueur.directive.finding import Finding, unavailable
from claqueur.directive.question import FEWEST_CONTROLS, HIDDEN, LIKE_CONTROLS, Question
from claqueur.directive.shares import rise, share_finding, shares, within
from claqueur.directive.tests.aggregates import HOUR_MS, missing_comparison
from claqueur.directive.windows import DAY_MS, days_span, local_day
from claqueur.kernels.co_action import F64, I64
from claqueur.nulls.randomisation import LEVEL, Beyond, beyond, page_changes

NAME = "timing"
WORK = "in working hours"
WAVES = "in waves"
DELAY, ONSET = "delay after publication", "delay after the order"
DUE = "shortly before a report is due"

OPENS, CLOSES, LAST_WORKDAY = 9, 18, 5
"""Working hours, and Friday as ISO counts days."""

NEAR_MS, AROUND_MS = 10 * 60_000, HOUR_MS
"""A wave is within ten minutes; the hour around it says how many would be there anyway."""

OLD_MS = HOUR_MS
"""Waves are looked for from an hour after publication on: before, everybody comes at once."""

DUE_MS = 2 * DAY_MS
CATCH_UP_MS = DAY_MS
"""Before a deadline, actions on posts at least a day old are catching up."""

DATED_SHARE = 0.9
ADEQUATE_WAVES = 1.5
LONGEST_DELAY_MS = 3 * DAY_MS


@dataclass(frozen=True)
class Timing:
    """Hours, waves, deadlines; and the delay, which describes."""

    name: str = NAME
    order: int = 40
    help: str = "working hours, waves, deadlines on the targets beyond control pages"

    def findings(self, question: Question) -> Sequence[Finding]:
        """What the times that are known allow."""
        if question.item.publishes:
            return []
        found = [_due(question)] if question.item.deadlines else []
        if why := missing_comparison(question, FEWEST_CONTROLS):
            return [*(unavailable(self.name, each, why) for each in (WORK, WAVES)), *found]
        described = [_delay(question), _onset(question)]
        return [_working_hours(question), _waves(question), *found, *described]


def timed(question: Question, width_ms: int) -> pl.DataFrame | None:
    """Actions known within a width, with ``at_ms``; None where too few of them are."""
    acts = question.acts
    exact = acts.filter((pl.col("t_max_ms") - pl.col("t_min_ms")) <= width_ms)
    if acts.is_empty() or exact.height < DATED_SHARE * acts.height:
        return None
    middle = (pl.col("t_min_ms") + (pl.col("t_max_ms") - pl.col("t_min_ms")) // 2).alias("at_ms")
    return exact.with_columns(middle)


def _undated(
    question: Question, measure: str, width: str, *, counts: bool = True
) -> Finding:  # fmt: skip
    if question.acts.is_empty():
        return unavailable(NAME, measure, HIDDEN, counts=counts)
    why = f"fewer than nine in ten actions are known within {width}"
    return unavailable(NAME, measure, why, counts=counts)


def _working_hours(question: Question) -> Finding:
    """Share of actions from Monday to Friday, 9 to 18 o'clock."""
    acts = timed(question, HOUR_MS)
    if acts is None:
        return _undated(question, WORK, "an hour")
    local = pl.from_epoch("at_ms", "ms").dt.replace_time_zone("UTC").dt.convert_time_zone(
        question.zone
    )  # fmt: skip
    hours = local.dt.hour().is_between(OPENS, CLOSES - 1)
    acts = acts.with_columns(flag=hours & (local.dt.weekday() <= LAST_WORKDAY))
    return _flagged(question, WORK, acts)


def _flagged(question: Question, measure: str, acts: pl.DataFrame) -> Finding:
    order = question.windows.order
    parts = []
    for span in (order.before, order.after):
        inside = within(question, acts, span)
        parts.append(shares(question, inside, inside["flag"]))
    before, after = parts
    found = rise(question, before, after)
    if found is None:
        few = "too few actions on the targets or on five control pages in these days"
        return unavailable(NAME, measure, few)
    return share_finding(question, NAME, measure, found, before, after, by_interest=False)


def _waves(question: Question) -> Finding:
    """Actions within ten minutes of others, as against within the hour, long after publication."""
    acts = timed(question, NEAR_MS)
    if acts is None:
        return _undated(question, WAVES, "ten minutes")
    post, crowding = crowding_of(question, acts)
    found = _per_post(question, post, crowding)
    if found is None:
        return unavailable(NAME, WAVES, "too few posts with several actions in these days")
    return _ratio(question, WAVES, found, counts=True)


def crowding_of(question: Question, acts: pl.DataFrame) -> tuple[I64, F64]:
    """Log ratio of neighbours within ten minutes to those to be expected from the hour around.

    Returns
    -------
    post : (n,) int64; value : (n,) float64
        Posts with at least two actions an hour or more after publication.
    """
    born = question.created[acts["post"].to_numpy()]
    old = acts.with_columns(born=born).filter(pl.col("at_ms") - pl.col("born") >= OLD_MS)
    old = old.sort("post", "at_ms")
    post, at = old["post"].to_numpy(), old["at_ms"].to_numpy()
    if not len(post):
        return np.empty(0, np.int64), np.empty(0)
    # One sortable key: posts lie further apart than any window reaches.
    key = post * (int(at.max() - at.min()) + 4 * AROUND_MS) + (at - at.min())
    near, around = (
        np.searchsorted(key, key + reach, side="right")
        - np.searchsorted(key, key - reach, side="left")
        - 1
        for reach in (NEAR_MS, AROUND_MS)
    )
    sums = (
        pl.DataFrame({"post": post, "near": near, "far": around - near})
        .group_by("post", maintain_order=True)
        .agg(pl.col("near").sum(), pl.col("far").sum(), pl.len())
        .filter(pl.col("len") > 1)
    )
    expected = sums["far"] * NEAR_MS / (AROUND_MS - NEAR_MS)
    value: F64 = ((sums["near"] + 0.5).log() - (expected + 0.5).log()).to_numpy()
    return sums["post"].to_numpy(), value


def _per_post(question: Question, post: I64, value: F64) -> Beyond | None:
    """Observations of posts, all target pages as one, the order's date alone."""
    order = question.windows.order
    moment, page = question.created[post], question.page[post]
    page = np.where(np.isin(page, question.targets), question.targets[0], page)
    kept = question.usable[post]
    change = page_changes(
        page[kept], value[kept], order.before.holds(moment[kept]), order.after.holds(moment[kept]),
        len(question.data.pages),
    )  # fmt: skip
    found = beyond(change, (), question.targets[:1], question.controls, question.seed)
    return found if found is not None and len(found.controls) >= FEWEST_CONTROLS else None


def _ratio(question: Question, measure: str, found: Beyond, *, counts: bool) -> Finding:
    margin = float(t.isf(LEVEL / 2, len(found.controls) - 1)) * found.scale
    visible = math.exp(found.student_visible)
    two_sided = 2 * min(found.student_p, 1 - found.student_p)
    return Finding(
        test=NAME,
        measure=measure,
        statistic="difference of mean logarithms beyond control pages, studentised",
        value=found.statistic,
        effect=math.exp(found.effect),
        unit="ratio",
        low=math.exp(found.effect - margin),
        high=math.exp(found.effect + margin),
        level=1 - LEVEL,
        p_value=found.student_p if counts else two_sided,
        null=LIKE_CONTROLS,
        page_p=found.page_p,
        visible=visible,
        adequate=counts and visible <= ADEQUATE_WAVES,
        counts=counts,
        explained_by=question.explained(by_interest=False),
        controls=tuple(np.exp(found.controls).tolist()),
        numbers={"control_pages": len(found.controls)},
        remarks=() if counts else ("describes: an order may shorten or lengthen it; two-sided",),
    )


def _delay(question: Question) -> Finding:
    """Median delay after publication, up to three days."""
    acts = timed(question, HOUR_MS)
    if acts is None:
        return _undated(question, DELAY, "an hour", counts=False)
    born = question.created[acts["post"].to_numpy()]
    delay = pl.col("at_ms") - pl.Series(born)
    each = acts.with_columns(delay=delay).filter(pl.col("delay") < LONGEST_DELAY_MS)
    medians = each.group_by("post", maintain_order=True).agg(
        pl.col("delay").median(), pl.len()
    ).filter(pl.col("len") > 1)  # fmt: skip
    value = np.log(np.maximum(medians["delay"].to_numpy(), 1_000.0))
    found = _per_post(question, medians["post"].to_numpy(), value)
    if found is None:
        few = "too few posts with several actions in these days"
        return unavailable(NAME, DELAY, few, counts=False)
    return _ratio(question, DELAY, found, counts=False)


def _onset(question: Question) -> Finding:
    """Days from the order to the first day whose counts leave the band of the expected course."""
    _, table = course(question)
    start = local_day(question.windows.start_ms, question.zone)
    known = table.filter(pl.col("day") >= start).drop_nulls("high") if len(table) else table
    if known.is_empty():
        few = "the course could not be carried on from the days before"
        return unavailable(NAME, ONSET, few, counts=False)
    above = known.filter(pl.col("observed") > pl.col("high"))
    first = above["day"].min() if len(above) else None
    days = float((first - start).days) if isinstance(first, date) else None
    return Finding(
        test=NAME,
        measure=ONSET,
        statistic="first day of publication whose counts lie above the expected course's band",
        effect=days,
        unit="days",
        counts=False,
        numbers={"days_above": above.height, "days": known.height},
        remarks=("describes; one day in forty lies above the band by chance",),
    )


def _due(question: Question) -> Finding:
    """Of actions on posts a day old or older, those within two days before a report is due."""
    acts = timed(question, HOUR_MS)
    if acts is None:
        return _undated(question, DUE, "an hour")
    born = question.created[acts["post"].to_numpy()]
    last = question.item.end
    first = question.windows.start_ms
    end = days_span(question.item.start, last, question.zone).end_ms if last else None
    old = acts.with_columns(born=born).filter(
        pl.col("at_ms") - pl.col("born") >= CATCH_UP_MS,
        pl.col("at_ms") >= first,
        pl.col("at_ms") < (end or question.data.last_ms + 1),
    )
    dues = [days_span(day, day, question.zone).end_ms for day in question.item.deadlines]
    near = pl.any_horizontal(pl.col("at_ms").is_between(due - DUE_MS, due - 1) for due in dues)
    old = old.with_columns(flag=near)
    after = shares(question, old, old["flag"])
    found = rise(question, None, after)
    if found is None:
        few = "too few actions on old posts of the targets or of five control pages"
        return unavailable(NAME, DUE, few)
    return share_finding(question, NAME, DUE, found, None, after, by_interest=False)


TEST = Timing()

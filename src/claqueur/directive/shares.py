"""Shares of a page's actions, their change with the order, beside control pages.

A share is looked at on the arcsine scale, where its variance does not depend on it. Actions of
one account go together, so a page counts for as many actions as equally busy accounts would
give with the same spread (L. Kish's effective size). Several target pages count as one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.stats import t

from claqueur.directive.finding import Finding
from claqueur.directive.question import FEWEST_CONTROLS, LIKE_CONTROLS, Question
from claqueur.directive.windows import Comparison, Span
from claqueur.kernels.co_action import F64, I64
from claqueur.model import SMALLEST_SHOWN
from claqueur.nulls.randomisation import LEVEL, Beyond, Changes, beyond

ADEQUATE_POINTS = 0.1
"""Silence means something where an excess of ten points would have been seen."""

FEWEST_ACTIONS = SMALLEST_SHOWN
"""Actions on each side without which a page has no share."""


@dataclass(frozen=True)
class Shares:
    """Actions of one kind on each page in one span, as shares of all.

    Attributes
    ----------
    share, size : (pages,) float64
        Share, and effective number of actions; nan where there are too few.
    """

    share: F64
    size: F64

    @property
    def angle(self) -> F64:
        """Arcsine of the square root of the share, with a little taken in from 0 and 1."""
        with np.errstate(invalid="ignore"):
            inside = (self.share * self.size + 0.375) / (self.size + 0.75)
            found: F64 = np.arcsin(np.sqrt(inside))
        return found

    @property
    def variance(self) -> F64:
        """Variance of the angle within the page."""
        return 1 / (4 * self.size + 2)


def as_one(question: Question, page: I64) -> I64:
    """Pages of actions, with all target pages as the first of them."""
    own: I64 = np.where(np.isin(page, question.targets), question.targets[0], page)
    return own


def within(question: Question, acts: pl.DataFrame, span: Span) -> pl.DataFrame:
    """Actions on posts of a span that are looked at."""
    post = acts["post"].to_numpy()
    kept = span.holds(question.created[post]) & question.usable[post]
    return acts.filter(pl.Series(kept))


def shares(question: Question, acts: pl.DataFrame, flagged: pl.Series) -> Shares:
    """Share of flagged actions on each page."""
    pages = len(question.data.pages)
    page = as_one(question, acts["page"].to_numpy())
    n = np.bincount(page, minlength=pages).astype(np.float64)
    k = np.bincount(page, flagged.cast(pl.Float64).to_numpy(), pages)
    each = pl.DataFrame({"page": page, "account": acts["account"]}).group_by("page", "account")
    counts = each.len().with_columns(square=pl.col("len").cast(pl.Float64) ** 2)
    squares = np.bincount(counts["page"].to_numpy(), counts["square"].to_numpy(), pages)
    few = n < FEWEST_ACTIONS
    with np.errstate(divide="ignore", invalid="ignore"):
        return Shares(np.where(few, np.nan, k / n), np.where(few, np.nan, n**2 / squares))


def halves(before: Span) -> Comparison:
    """The days before, cut in two: history, and days that are compared with those after."""
    middle = before.begin_ms + (before.end_ms - before.begin_ms) // 2
    return Comparison(Span(before.begin_ms, middle), Span(middle, before.end_ms))


def rise(question: Question, before: Shares | None, after: Shares) -> Beyond | None:
    """The targets' change of a share beyond the controls'; its height where there is no before."""
    change, variance = after.angle, after.variance
    if before is not None:
        change, variance = change - before.angle, variance + before.variance
    target = question.targets[:1]
    found = beyond(Changes(change, variance), (), target, question.controls, question.seed)
    return found if found is not None and len(found.controls) >= FEWEST_CONTROLS else None


def share_finding(
    question: Question,
    test: str,
    measure: str,
    found: Beyond,
    before: Shares | None,
    after: Shares,
    *,
    by_interest: bool,
    counts: bool = True,
    remarks: tuple[str, ...] = (),
) -> Finding:
    """What a rise of a share says, in percentage points of the targets' actions."""
    target = int(question.targets[0])
    angle = float(after.angle[target])
    expected = angle - found.effect
    margin = float(t.isf(LEVEL / 2, len(found.controls) - 1)) * found.scale
    visible = _points(expected + found.student_visible, expected)
    share_before = None if before is None else float(before.share[target])
    return Finding(
        test=test,
        measure=measure,
        statistic="difference of arcsine shares beyond control pages, studentised",
        value=found.statistic,
        effect=_points(angle, expected),
        unit="points",
        low=_points(angle, angle - found.effect + margin),
        high=_points(angle, angle - found.effect - margin),
        level=1 - LEVEL,
        p_value=found.student_p,
        null=LIKE_CONTROLS,
        page_p=found.page_p,
        visible=visible,
        adequate=visible <= ADEQUATE_POINTS,
        counts=counts,
        explained_by=question.explained(by_interest=by_interest),
        controls=tuple(_points(expected + change, expected) for change in found.controls),
        numbers={
            "share_before": share_before,
            "share_after": float(after.share[target]),
            "control_pages": len(found.controls),
        },
        remarks=remarks,
    )


def _points(angle: float, other: float) -> float:
    """Difference of two shares given as angles."""
    one, two = (math.sin(min(max(each, 0.0), math.pi / 2)) ** 2 for each in (angle, other))
    return one - two

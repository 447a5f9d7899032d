"""Repetition: do people who are new on the targets come back for one post after the other?

How often a pair of posts of the same days has an actor in common who had not acted on the page
before, in relation to all actions, without any threshold. An order makes people come who had not
come, and come back; more readers, and the page's devoted ones, do not. Its change with the order's
date is held against control pages.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from polars.dataframe.group_by import GroupBy
from scipy.stats import t

from claqueur.directive.finding import Finding, unavailable
from claqueur.directive.question import FEWEST_CONTROLS, HIDDEN, LIKE_CONTROLS, Question
from claqueur.directive.shares import as_one, halves, within
from claqueur.directive.tests.aggregates import missing_comparison
from claqueur.directive.windows import Span
from claqueur.kernels.co_action import F64
from claqueur.nulls.randomisation import LEVEL, Changes, beyond

NAME = "participation"
AGAIN = "newcomers who come back again and again"

MARGIN = 2.0
"""Readers come and go: only what goes beyond a doubling, controls taken out, is held against the
null, so that a wave of new followers does not pass for an order."""

FEWEST_POSTS, FEWEST_ACTIONS = 3, 10
ADEQUATE_RATIO = 6.0
"""Silence means something where a rise to this multiple would have been seen."""


@dataclass(frozen=True)
class Repetition:
    """How often newcomers act on further posts of the targets."""

    name: str = "repetition"
    order: int = 31
    help: str = "whether newcomers come back for one target after the other"

    def findings(self, question: Question) -> Sequence[Finding]:
        """One ratio, with its change beyond the controls'."""
        if question.item.publishes:
            return []
        if question.acts.is_empty():
            return [unavailable(NAME, AGAIN, HIDDEN)]
        if why := missing_comparison(question, FEWEST_CONTROLS):
            return [unavailable(NAME, AGAIN, why)]
        return [_finding(question)]


def _finding(question: Question) -> Finding:
    order = question.windows.order
    (log0, variance0), (log1, variance1) = (
        again(question, span) for span in (halves(order.before).after, order.after)
    )
    found = beyond(
        Changes(log1 - log0, variance0 + variance1), (), question.targets[:1], question.controls,
        question.seed,
    )  # fmt: skip
    if found is None or len(found.controls) < FEWEST_CONTROLS:
        few = "too few accounts act on several posts of the targets or of five control pages"
        return unavailable(NAME, AGAIN, few)
    freedom = len(found.controls) - 1
    margin = float(t.isf(LEVEL / 2, freedom)) * found.scale
    statistic = (found.effect - math.log(MARGIN)) / found.scale
    visible = MARGIN * math.exp(found.student_visible)
    target = int(question.targets[0])
    return Finding(
        test=NAME,
        measure=AGAIN,
        statistic="difference of logarithms beyond control pages and a doubling, studentised",
        value=statistic,
        effect=math.exp(found.effect),
        unit="ratio",
        low=math.exp(found.effect - margin),
        high=math.exp(found.effect + margin),
        level=1 - LEVEL,
        p_value=float(t.sf(statistic, freedom)),
        null=f"{LIKE_CONTROLS}, or up to {MARGIN:g} times as large",
        page_p=found.page_p,
        visible=visible,
        adequate=visible <= ADEQUATE_RATIO,
        explained_by=question.explained(by_interest=True),
        controls=tuple(np.exp(found.controls).tolist()),
        numbers={
            "before": math.exp(log0[target]),
            "after": math.exp(log1[target]),
            "control_pages": len(found.controls),
        },
    )


def again(question: Question, span: Span) -> tuple[F64, F64]:
    """Logarithm of how often newcomers come back on each page, and its variance.

    With m posts of n acted on by an account, it is Σm(m−1) over newcomers, over Σm·(n−1) of all.
    Half a pair is added, so that pages without any have a value; the variance is that of a ratio
    of sums over accounts, linearised.

    Returns
    -------
    log, variance : (pages,) float64
        nan where there are too few posts or actions.
    """
    pages = len(question.data.pages)
    acts = within(question, question.fresh, span)
    place = np.flatnonzero(span.holds(question.created) & question.usable)
    posts = np.bincount(as_one(question, question.page[place]), minlength=pages).astype(float)
    each = _each(question, acts).agg(m=pl.col("post").n_unique())
    known_before = _earlier(question, span)
    each = each.join(known_before, on=["page", "account"], how="left")
    page, m = each["page"].to_numpy(), each["m"].cast(pl.Float64).to_numpy()
    back = np.where(each["known"].is_null().to_numpy(), m * (m - 1), 0.0)
    pairs, total = np.bincount(page, back, pages) + 1, np.bincount(page, m, pages)
    with np.errstate(divide="ignore", invalid="ignore"):
        log = np.log(pairs / (total * (posts - 1)))
        influence = back / pairs[page] - m / total[page]
        variance = np.bincount(page, influence**2, pages)
    known = (total >= FEWEST_ACTIONS) & (posts >= FEWEST_POSTS)
    return np.where(known, log, np.nan), np.where(known, variance, np.nan)


def _each(question: Question, acts: pl.DataFrame) -> GroupBy:
    """Actions by page and account, all target pages as one."""
    page = pl.Series(as_one(question, acts["page"].to_numpy()), dtype=pl.Int64)
    return acts.with_columns(page=page).group_by("page", "account", maintain_order=True)


def _earlier(question: Question, span: Span) -> pl.DataFrame:
    """Who had acted on which page before a span."""
    acts = question.acts
    published = pl.Series(question.created[acts["post"].to_numpy()])
    before = acts.filter(pl.coalesce("t_max_ms", published) < span.begin_ms)
    return _each(question, before).agg(known=pl.lit(True))


TEST = Repetition()

"""Comments: did praise come from people new to the page, generic, and made from common texts?

Shares of comments, their change with the order's date, beside control pages. What is said is
known by words (:mod:`claqueur.texts.tone`), so sarcasm counts as praise on both sides of the
date and on all pages alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from claqueur.directive.finding import Finding, unavailable
from claqueur.directive.question import FEWEST_CONTROLS, FRESH_MS, HIDDEN, Question
from claqueur.directive.shares import as_one, halves, rise, share_finding, shares, within
from claqueur.directive.tests.aggregates import missing_comparison
from claqueur.directive.windows import Span

NAME = "comments"
NEW_PRAISE = "positive comments by accounts new to the page"
COPIED = "comments made from texts several people use"
PRAISE = "positive comments"
GENERIC = "comments that would suit any post"

Flags = Callable[[Question, pl.DataFrame, Span], pl.Series]


@dataclass(frozen=True)
class Comments:
    """Tone, newcomers, copies and genericness of comments."""

    name: str = NAME
    order: int = 50
    help: str = "comments: praise by newcomers, copied texts, tone, and what would suit any post"

    def findings(self, question: Question) -> Sequence[Finding]:
        """Two shares that count and two that describe, where comments were ordered."""
        if "comment" not in question.item.action or question.item.publishes:
            return []
        if why := _missing(question):
            return [unavailable(NAME, name, why, counts=counts) for name, _, counts, _ in MEASURES]
        return [_finding(question, *measure) for measure in MEASURES]


def _missing(question: Question) -> str:
    if question.acts.is_empty():
        return HIDDEN
    if question.data.said.is_empty():
        return "no words of comments were collected"
    return missing_comparison(question, FEWEST_CONTROLS)


def _new_praise(question: Question, comments: pl.DataFrame, span: Span) -> pl.Series:
    """Positive, and by somebody who had not acted on the page before.

    Both spans look back over the same number of days: a longer memory knows more people.
    """
    history = halves(question.windows.order.before).before
    since = span.begin_ms - (history.end_ms - history.begin_ms)
    acts = question.data.acts
    born = pl.Series(question.created[acts["post"].to_numpy()], dtype=pl.Int64)
    earlier = acts.filter(pl.coalesce("t_max_ms", born).is_between(since, span.begin_ms - 1))
    known = _by_page(question, earlier).unique().with_columns(known=pl.lit(True))
    own = _by_page(question, comments)
    new = own.join(known, on=["page", "account"], how="left", maintain_order="left")["known"]
    return new.is_null() & comments["positive"]


def _by_page(question: Question, rows: pl.DataFrame) -> pl.DataFrame:
    """Page, all targets as one, and account of every row."""
    page = pl.Series(as_one(question, rows["page"].to_numpy()), dtype=pl.Int64)
    return pl.DataFrame({"page": page, "account": rows["account"]})


def _column(name: str) -> Flags:
    def flags(_question: Question, comments: pl.DataFrame, _span: Span) -> pl.Series:
        return comments[name]

    return flags


MEASURES: tuple[tuple[str, Flags, bool, bool], ...] = (
    (NEW_PRAISE, _new_praise, True, True),
    (COPIED, _column("copied"), True, False),
    (PRAISE, _column("positive"), False, True),
    (GENERIC, _column("generic"), False, True),
)
"""Name, which comments, whether it counts, whether more interest alone would show in it."""


def _finding(
    question: Question, measure: str, flags: Flags, counts: bool, by_interest: bool
) -> Finding:
    order = question.windows.order
    parts = []
    for span in (halves(order.before).after, order.after):
        comments = within(question, _fresh(question), span)
        parts.append(shares(question, comments, flags(question, comments, span)))
    before, after = parts
    found = rise(question, before, after)
    if found is None:
        few = "too few comments with words on the targets or on five control pages in these days"
        return unavailable(NAME, measure, few, counts=counts)
    return share_finding(
        question, NAME, measure, found, before, after, by_interest=by_interest, counts=counts
    )


def _fresh(question: Question) -> pl.DataFrame:
    """Comments that came within days of publication, as for actions."""
    comments = question.outside_pauses(question.data.said)
    born = pl.Series(question.created[comments["post"].to_numpy()], dtype=pl.Int64)
    return comments.filter((pl.col("t_min_ms") - born < FRESH_MS).fill_null(True))


TEST = Comments()

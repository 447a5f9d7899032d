"""Composition: who are those that act on the targets, beside those that act on control pages?

An order brings people who had not been seen, who act on nothing else, and who follow the
addressed institutions. Each is a share of actions, its change with the order's date is held
against control pages. Institutions are pooled, never looked at one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from claqueur.directive.finding import Finding, unavailable
from claqueur.directive.hypothesis import FEWEST_INSTITUTIONS
from claqueur.directive.question import FEWEST_CONTROLS, HIDDEN, Question
from claqueur.directive.shares import as_one, halves, rise, share_finding, shares, within
from claqueur.directive.tests.aggregates import missing_comparison
from claqueur.directive.windows import Span

NAME = "composition"
NEW = "seen nowhere before"
ONLY = "act on nothing else"
FOLLOW = "follow addressed institutions"
ACTED = "acted on addressed institutions' posts before"

MOST_OF_ONE = 0.5
"""No institution may have more than this share of the ties to addressed institutions."""

Flags = Callable[[Question, pl.DataFrame, Span], pl.Series]


@dataclass(frozen=True)
class Composition:
    """Newcomers, single-minded accounts, followers of the addressed institutions."""

    name: str = NAME
    order: int = 20
    help: str = "who acts on the targets: newcomers, accounts that act on nothing else, followers"

    def findings(self, question: Question) -> Sequence[Finding]:
        """Three shares, each with its change beyond the controls'."""
        if question.item.publishes:
            return []
        measures = [(NEW, _new, True), (ONLY, _only, True)]
        why = _missing(question)
        if why:
            return [unavailable(self.name, measure, why) for measure, _, _ in measures]
        found = [_finding(question, name, flags, interest) for name, flags, interest in measures]
        return [*found, _institutions(question)]


def _missing(question: Question) -> str:
    if question.acts.is_empty():
        return HIDDEN
    return missing_comparison(question, FEWEST_CONTROLS)


def _finding(question: Question, measure: str, flags: Flags, by_interest: bool) -> Finding:
    order = question.windows.order
    spans = (halves(order.before).after, order.after)
    parts = []
    for span in spans:
        acts = within(question, question.fresh, span)
        parts.append(shares(question, acts, flags(question, acts, span)))
    before, after = parts
    found = rise(question, before, after)
    if found is None:
        few = "too few actions on the targets or on five control pages in these days"
        return unavailable(NAME, measure, few)
    return share_finding(
        question, NAME, measure, found, before, after, by_interest=by_interest
    )  # fmt: skip


def _new(question: Question, acts: pl.DataFrame, span: Span) -> pl.Series:
    """Whether the account had acted on no reference page before the span, this page left aside.

    Both spans look back over the same number of days: a longer memory knows more people.
    """
    history = halves(question.windows.order.before).before
    since = span.begin_ms - (history.end_ms - history.begin_ms)
    moment = pl.coalesce(
        "t_max_ms", pl.Series(question.created[question.acts["post"].to_numpy()])
    )  # fmt: skip
    seen = question.acts.filter(
        moment.is_between(since, span.begin_ms - 1),
        pl.col("page").is_in(question.reference.tolist()),
    )
    pages = seen.select("account", "page").unique()
    total = pages.group_by("account").len("pages")
    own = pages.with_columns(here=pl.lit(1))
    joined = acts.select("account", "page").join(total, on="account", how="left").join(
        own, on=["account", "page"], how="left"
    )  # fmt: skip
    elsewhere = pl.col("pages").fill_null(0) - pl.col("here").fill_null(0)
    return joined.select(elsewhere == 0).to_series()


def _only(question: Question, acts: pl.DataFrame, span: Span) -> pl.Series:
    """Whether the account acts on no other page in the span; all targets count as one."""
    page = as_one(question, acts["page"].to_numpy())
    each = pl.DataFrame({"account": acts["account"], "page": page})
    return each.select(pl.col("page").n_unique().over("account") == 1).to_series()


def _institutions(question: Question) -> Finding:
    """Those who follow an addressed institution; else who acted on its posts before."""
    known = question.item.institution_pages
    if len(known) < FEWEST_INSTITUTIONS:
        return unavailable(
            NAME, FOLLOW,
            f"at least {FEWEST_INSTITUTIONS} pages of addressed institutions are pooled, so that "
            f"none is looked at alone, and the record names {len(known)}",
        )  # fmt: skip
    if set(question.institutions) & set(question.targets.tolist()):
        return unavailable(NAME, FOLLOW, "the targets are pages of the addressed institutions")
    measure, ties = _ties(question)
    if ties.is_empty():
        return unavailable(NAME, measure, "nobody is known to follow their pages or act on them")
    after = within(question, question.fresh, question.windows.order.after)
    on_targets = after.filter(pl.col("page").is_in(question.targets.tolist()))
    if too_few := _one_alone(ties, on_targets):
        return unavailable(NAME, measure, too_few)
    tied = ties["account"].unique().implode()

    def flags(_question: Question, acts: pl.DataFrame, _span: Span) -> pl.Series:
        return acts["account"].is_in(tied)

    return _finding(question, measure, flags, by_interest=False)


def _ties(question: Question) -> tuple[str, pl.DataFrame]:
    """Accounts tied to the institutions' pages: ``account``, ``tie``."""
    follows = question.data.follows
    ours = pl.col("page_id").is_in(list(question.item.institution_pages))
    if not follows.is_empty():
        return FOLLOW, follows.filter(ours).select("account", tie="page_id")
    acts = question.data.acts
    published = pl.Series(question.created[acts["post"].to_numpy()])
    before = acts.filter(
        pl.col("page").is_in(question.institutions.tolist()),
        pl.coalesce("t_max_ms", published) < question.windows.start_ms,
    )
    return ACTED, before.select("account", tie="page").unique()


def _one_alone(ties: pl.DataFrame, acts: pl.DataFrame) -> str:
    """Why the institutions cannot be pooled; empty where they can."""
    there = ties.join(acts.select("account").unique(), on="account", how="semi")
    each = there.group_by("tie").len()["len"].to_numpy()
    if len(each) < FEWEST_INSTITUTIONS:
        return (
            f"of those who act on the targets, ties lead to {len(each)} of the institutions; at "
            f"least {FEWEST_INSTITUTIONS} are pooled"
        )
    if each.max() > MOST_OF_ONE * each.sum():
        return "one institution has most of the ties, so pooling would not hide it"
    return ""


TEST = Composition()

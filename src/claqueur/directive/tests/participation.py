"""Participation: did accounts act on more of the targets than their own interests explain?

The exact test of declared targets (:mod:`claqueur.directive.participation`), for the posts the
item names or for each of its pages as a whole, on posts of the days before and after the date.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from claqueur.directive.finding import Finding, unavailable
from claqueur.directive.participation import NULLS, Outcome, target_test
from claqueur.directive.population import LEVEL
from claqueur.directive.question import FRESH_MS, HIDDEN, Question
from claqueur.directive.record import shown
from claqueur.directive.targets import declare
from claqueur.directive.windows import local_day
from claqueur.errors import SettingError
from claqueur.kernels.co_action import I64
from claqueur.model import ANY_ACTION
from claqueur.settings import Targets
from claqueur.store import Events

NAME = "participation"
PAGES = "the targets' pages"
POSTS = "the posts named"

FEWEST_CONTROLS = 2
ADEQUATE_SHARE, ADEQUATE_PARTICIPATION = 0.5, 0.6
"""Silence means something where half of invented participants would be found, each of whom acts
on three in five targets."""


@dataclass(frozen=True)
class Participation:
    """How many accounts acted on more targets than expected, at least."""

    name: str = NAME
    order: int = 30
    help: str = "accounts that act on more of the targets than their own interests explain"

    def findings(self, question: Question) -> Sequence[Finding]:
        """One finding: for the posts named, or the pages together."""
        if question.item.publishes:
            return []
        measure = POSTS if len(question.named) else PAGES
        if question.events is None or question.acts.is_empty():
            return [unavailable(self.name, measure, HIDDEN)]
        if why := _missing(question):
            return [unavailable(self.name, measure, why)]
        try:
            return [_named(question) if len(question.named) else _pages(question)]
        except SettingError as reason:
            return [unavailable(self.name, measure, str(reason))]


def _missing(question: Question) -> str:
    if len(question.named):
        return ""
    if not question.windows.looks_back:
        return "a whole page needs days before the date"
    if len(question.controls) < FEWEST_CONTROLS:
        return "a whole page needs at least two control pages"
    return ""


def _named(question: Question) -> Finding:
    wanted = tuple(question.data.posts["object_id"].gather(question.named))
    settings = Targets(target=wanted, reference=_reference(question), topic=question.item.topic)
    return _finding(question, POSTS, [_tested(question, settings)])


def _pages(question: Question) -> Finding:
    """Each page as a whole since the date; the smallest p-value times their number."""
    since = str(local_day(question.windows.start_ms, question.zone))
    tested = [
        _tested(
            question,
            Targets(
                target_page=question.data.pages[page], since=since, reference=_reference(question)
            ),
        )
        for page in question.targets
    ]
    return _finding(question, PAGES, tested)


def _reference(question: Question) -> tuple[str, ...]:
    """Controls where there are any: pages that something else moved are no comparison."""
    pages = question.controls if len(question.controls) else question.reference
    return tuple(question.data.pages[page] for page in pages)


def _tested(question: Question, settings: Targets) -> Outcome:
    if question.events is None:
        raise SettingError("nobody who acted can be seen")
    known = set(question.acts["action"].unique())
    actions = tuple(sorted(known - {""}))
    named = () if question.events.actions == [ANY_ACTION] else actions
    events = _events_of(question, question.events)
    declared = declare(events, settings, question.zone, named)
    return target_test(declared, question.seed, planted=question.planted)


def _events_of(question: Question, events: Events) -> Events:
    """Events on posts of the windows that are not left out."""
    order = question.windows.order
    # Named posts are held against the other posts of their page, at any time.
    kept = question.windows.usable(question.created)
    if not len(question.named):
        kept &= order.before.holds(question.created) | order.after.holds(question.created)
    ids = question.data.posts["object_id"].filter(pl.Series(kept))
    codes = events.names["object_id"].is_in(ids.implode()).arg_true()
    chosen: I64 = np.zeros(len(events.names["object_id"]), bool)
    chosen[codes.to_numpy()] = True
    frame = events.frame.filter(pl.Series(chosen[events.frame["object_id"].to_numpy()]))
    return replace(events, frame=frame if len(question.named) else _fresh(question, events, frame))


def _fresh(question: Question, events: Events, frame: pl.DataFrame) -> pl.DataFrame:
    """Of a whole page, actions soon after publication: newcomers go back through its posts."""
    born = np.full(len(events.names["object_id"]), np.iinfo(np.int64).max)
    posts = question.data.posts.select("object_id", "created_ms")
    known = events.names["object_id"].to_frame("object_id").with_row_index("code")
    dated = known.join(posts, on="object_id")
    born[dated["code"].to_numpy()] = dated["created_ms"].to_numpy()
    age = pl.col("t_min_ms") - pl.Series(born[frame["object_id"].to_numpy()])
    return frame.filter((age < FRESH_MS).fill_null(True))


def _finding(question: Question, measure: str, tested: list[Outcome]) -> Finding:
    """Several pages are several looks: Bonferroni."""
    p_values = [each.nobody_p for each in tested if each.testable.any()]
    if not p_values:
        return unavailable(NAME, measure, "no account could be tested on the targets")
    best = min(tested, key=lambda each: each.nobody_p)
    count = sum(int(each.testable.sum()) for each in tested)
    p_value = min(min(p_values) * len(p_values), 1.0)
    # Several pages are several looks for the bound too, and without a finding there is none.
    bound = shown(max(each.bound for each in tested) if p_value <= LEVEL else 0)
    seen = [row for each in tested for row in each.sensitivity]
    return Finding(
        test=NAME,
        measure=measure,
        statistic="p-value of nobody beyond expectation (Simes; for a page at least that of "
        "Student's prediction over control pages)",
        value=min(p_values),
        effect=_number(bound),
        unit="accounts",
        low=_number(bound),
        level=1 - LEVEL * len(p_values),
        p_value=p_value,
        null=f"that nothing but this decides what is acted on: {NULLS[best.variant]}",
        adequate=any(
            row["found"] >= ADEQUATE_SHARE and row["participation"] <= ADEQUATE_PARTICIPATION
            for row in seen
        ),
        explained_by=question.explained(by_interest=_interest_moves(question)),
        numbers={
            "tested": shown(count),
            "at_least": bound,
            "looks": len(p_values),
            "control_pages": len(question.controls),
            "pseudo_targets_exponent": best.gamma,
            "invented_participants": seen,
        },
        remarks=("the effect is a lower bound on a number of accounts; never who",),
    )


def _interest_moves(question: Question) -> bool:
    """Whether interest in an event would show: not among posts of one page, its topic kept."""
    return not (len(question.named) and question.item.topic)


def _number(bound: int | str) -> float | None:
    """A bound that may be shown; None for one from 1 to 9."""
    return None if isinstance(bound, str) else float(bound)


TEST = Participation()

"""The claimed total: can the number in a performance report be true of what is to be seen?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from claqueur.directive.collected import TOTALS
from claqueur.directive.finding import Finding, unavailable
from claqueur.directive.question import Question
from claqueur.directive.tests.aggregates import series_of
from claqueur.directive.windows import days_span
from claqueur.kernels.co_action import F64

NAME = "claimed total"


@dataclass(frozen=True)
class Claimed:
    """A total, never a list, held against all actions of the ordered kinds on the targets."""

    name: str = NAME
    order: int = 60
    help: str = "a claimed total against all that is to be seen on the targets"

    def findings(self, question: Question) -> Sequence[Finding]:
        """Empty where nothing was claimed."""
        claimed = question.item.claimed_total
        if claimed is None:
            return []
        seen = _published(question) if question.item.publishes else _seen(question)
        if seen is None:
            none = "no count of the ordered kind was collected"
            return [unavailable(NAME, "claimed", none, counts=False)]
        return [_finding(claimed, seen)]


def _period(question: Question) -> tuple[int, int]:
    item = question.item
    last = days_span(item.start, item.end, question.zone).end_ms if item.end else None
    return question.windows.start_ms, last or question.data.last_ms + 1


def _published(question: Question) -> int:
    begin, end = _period(question)
    inside = (question.created >= begin) & (question.created < end)
    return int((inside & np.isin(question.page, question.targets)).sum())


def _seen(question: Question) -> int | None:
    """All ordered actions on target posts of the period, whoever they are from."""
    begin, end = _period(question)
    inside = (question.created >= begin) & (question.created < end)
    targets = np.isin(question.page, question.targets)
    if len(question.named):
        targets = np.zeros(len(inside), bool)
        targets[question.named] = True
    counts = [_counts(question, action) for action in question.item.action if action in TOTALS]
    known = [count for count in counts if count is not None]
    return int(sum(count[inside & targets].sum() for count in known)) if known else None


def _counts(question: Question, action: str) -> F64 | None:
    """One number a post: the post's own total where there is one, else what is listed."""
    total = question.data.posts[TOTALS[action]]
    if total.null_count() < len(total):
        found: F64 = total.cast(float).fill_null(0).to_numpy()
        return found
    series = series_of(question, action)
    if series is None:
        return None
    count = np.zeros(len(question.created))
    count[series.post] = series.value
    return count


def _finding(claimed: int, seen: int) -> Finding:
    if seen < claimed:
        said = (
            "the claim cannot be true of what is to be seen: fewer such actions are there in all, "
            "whoever gave them (what was taken back or deleted since is missing)"
        )
    else:
        said = "the claim is not refuted: so many such actions are there, whoever gave them"
    return Finding(
        test=NAME,
        measure="claimed",
        statistic="actions on the targets in all",
        value=float(seen),
        effect=seen / claimed if claimed else None,
        unit="ratio",
        counts=False,
        numbers={"claimed": claimed, "seen": seen},
        remarks=(said,),
    )


TEST = Claimed()

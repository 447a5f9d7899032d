"""From findings to the answer on each item, one family over all registered directives.

Within an item Bonferroni over the measures that count, over items Holm (S. Holm, Scand. J. Stat.
6, 1979). Which measures count follows from the record and from what was collected, never from
their numbers. A measure in which a declared cause would show as well is no part of the family: it
can say only that something happened that cannot be separated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from claqueur.directive.collected import Collected
from claqueur.directive.curve import EFFECT, course
from claqueur.directive.finding import Finding
from claqueur.directive.hypothesis import Directive, Item
from claqueur.directive.question import Question, ask, untestable
from claqueur.directive.tests import tests
from claqueur.directive.tests.claimed import NAME as CLAIMED
from claqueur.directive.windows import Comparison, Span, local_day
from claqueur.errors import SettingError
from claqueur.progress import SILENT, Progress
from claqueur.store import Events

LEVEL = 0.05

CONSISTENT, NO_EVIDENCE, INCONCLUSIVE = "consistent", "no-evidence", "inconclusive"

HALF_WINDOW = "the first half of the days after the date alone"
ONE_HALF, OTHER_HALF = "one half of the control pages", "the other half of the control pages"
EARLIER = "an invented date earlier on"


@dataclass(frozen=True)
class Examined:
    """An item and what its tests found.

    Attributes
    ----------
    name
        Of the directive in its case.
    question
        None where the item could not be laid onto the data.
    why
        Why nothing could be tested; empty where something could.
    """

    name: str
    directive: Directive
    item: Item
    question: Question | None
    findings: tuple[Finding, ...]
    why: str = ""

    @property
    def family(self) -> list[Finding]:
        """Findings that count and that no declared cause explains."""
        return [f for f in self.findings if f.tested and f.separable]

    @property
    def explained(self) -> list[Finding]:
        """Findings in which a declared cause would show as well."""
        return [f for f in self.findings if f.tested and not f.separable]

    @property
    def p_value(self) -> float | None:
        """Bonferroni over the family; None where there is none."""
        return _smallest(self.family)

    @property
    def significant(self) -> list[Finding]:
        """Findings of the family that stand by themselves within the item."""
        return _standing(self.family)


def _smallest(findings: Sequence[Finding]) -> float | None:
    p_values = [f.p_value for f in findings if f.p_value is not None]
    return min(min(p_values) * len(p_values), 1.0) if p_values else None


def _standing(findings: Sequence[Finding]) -> list[Finding]:
    return [
        f for f in findings if f.p_value is not None and f.p_value * len(findings) <= LEVEL
    ]  # fmt: skip


def examine(
    name: str,
    directive: Directive,
    item: Item,
    data: Collected,
    events: Events | None,
    seed: int = 1,
    *,
    planted: bool = True,
) -> Examined:
    """Run every test on one item.

    Parameters
    ----------
    planted
        Whether to lay invented participants over the data, which takes most of the time.

    Raises
    ------
    SettingError
        If the record names a person.
    """
    question = replace(ask(directive, item, data, events, seed), planted=planted)
    if why := untestable(question):
        return Examined(name, directive, item, question, (), why)
    found = tuple(f for test in tests() for f in test.findings(question))
    return Examined(name, directive, item, question, found)


def examine_all(
    directives: Sequence[tuple[str, Directive]],
    data: Collected,
    events: Events | None,
    seed: int = 1,
    progress: Progress = SILENT,
    *,
    planted: bool = True,
) -> list[Examined]:
    """Run every test on every item of several directives."""
    tested = []
    for name, directive in directives:
        for item in directive.items:
            progress.stage(f"testing item {item.number} of {name}")
            tested.append(
                examine(name, directive, item, data, events, seed, planted=planted)
            )  # fmt: skip
    return tested


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Adjusted p-values; those that are None are no part of the family.

    Examples
    --------
    >>> holm([0.01, None, 0.04])
    [0.02, None, 0.04]
    """
    known = sorted((p, place) for place, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    largest = 0.0
    for rank, (p, place) in enumerate(known):
        largest = max(largest, min(p * (len(known) - rank), 1.0))
        adjusted[place] = largest
    return adjusted


def decide(tested: Examined, adjusted: float | None) -> tuple[str, str]:
    """The answer on an item, and in which way it is meant.

    Returns
    -------
    answer : str
    reason : str
        A word or two that a sentence is made from (``publish/directive_sentence.py``).
    """
    if tested.why:
        return INCONCLUSIVE, "not testable"
    if adjusted is not None and adjusted <= LEVEL:
        return _found(tested)
    if _standing(tested.explained):
        return INCONCLUSIVE, "not separable"
    counted = [f for f in tested.findings if f.tested]
    if not counted:
        return INCONCLUSIVE, "nothing to test"
    if any(f.numbers.get("outlying_controls") for f in counted):
        return INCONCLUSIVE, "contaminated controls"
    if any(f.adequate for f in counted):
        return NO_EVIDENCE, "would have been seen"
    return INCONCLUSIVE, "too little to see"


def _found(tested: Examined) -> tuple[str, str]:
    """Something stands; aggregates alone say less, and nothing where they had risen before.

    Where accounts can be seen, and nothing about them bears a rise out, it is no sign of an order.
    """
    standing = tested.significant
    if not all(f.alone for f in standing):
        return CONSISTENT, "institutions published" if tested.item.publishes else "who and when"
    if any((f.numbers.get("before_p") or 1.0) <= LEVEL for f in standing):
        return INCONCLUSIVE, "rising before"
    if not all(f.alone for f in tested.family):
        return INCONCLUSIVE, "rise alone"
    return CONSISTENT, "rise the controls do not share"


def answers(
    tested: Sequence[Examined],
    registrations: dict[str, dict[str, Any]] | None = None,
    *,
    alternatives: bool = True,
) -> list[dict[str, Any]]:
    """The entries of ``directive.json``: one an item, in the order given.

    Parameters
    ----------
    registrations
        What is known about the registration of each directive, by its name.
    alternatives
        Whether to repeat what counts under other choices.
    """
    adjusted = holm([each.p_value for each in tested])
    family = {
        "items": sum(p is not None for p in adjusted),
        "tests": sum(len(each.family) for each in tested),
        "correction": "Bonferroni over the measures of an item, Holm over items",
        "level": LEVEL,
    }
    return [
        _entry(each, p, family, (registrations or {}).get(each.name, {}), alternatives)
        for each, p in zip(tested, adjusted, strict=True)
    ]


def _entry(
    tested: Examined,
    adjusted: float | None,
    family: dict[str, Any],
    registration: dict[str, Any],
    alternatives: bool,
) -> dict[str, Any]:
    answer, reason = decide(tested, adjusted)
    item = tested.item
    return {
        "directive": tested.name,
        "title": tested.directive.title,
        "registration": registration,
        "item": item.number,
        "text": item.text,
        "translation": item.translation,
        "language": tested.directive.language,
        "issuer": item.issuer,
        "addressed": [each.kind for each in item.addressed],
        "action": list(item.action),
        "start": item.start.isoformat(),
        "end": item.end.isoformat() if item.end else None,
        "quota": item.quota,
        "quota_of": item.quota_of,
        "quota_per": item.quota_per,
        "causes": [_cause(tested, cause) for cause in tested.directive.causes],
        "answer": answer,
        "reason": reason,
        "why": tested.why,
        "p_value": _rounded(tested.p_value),
        "p_adjusted": _rounded(adjusted),
        "family": family,
        "data": _data(tested),
        "tests": [finding.as_record() for finding in tested.findings],
        "alternatives": _alternatives(tested) if alternatives else [],
    }


def _rounded(p: float | None) -> float | None:
    return None if p is None else float(f"{p:.3g}")


def _cause(tested: Examined, cause: Any) -> dict[str, Any]:
    windows = tested.question.windows if tested.question else None
    coincides = windows is not None and cause in windows.coinciding
    return {
        "name": cause.name,
        "kind": cause.kind,
        "first_day": cause.first_day.isoformat(),
        "last_day": cause.last_day.isoformat(),
        "coincides": coincides,
    }


def _data(tested: Examined) -> dict[str, Any]:
    """What was looked at: days, pages, posts."""
    question = tested.question
    if question is None:
        return {}
    order, zone = question.windows.order, question.zone
    return {
        "zone": zone,
        "before": _days(order.before, zone),
        "after": _days(order.after, zone),
        "left_out": [_days(span, zone) for span in question.windows.left_out],
        "earlier_dates": [
            local_day(each.after.begin_ms, zone).isoformat() for each in question.windows.placebos
        ],
        "target_pages": len(question.targets),
        "targets_not_in_data": _not_collected(question),
        "target_posts": len(question.named),
        "posts_not_in_data": question.unknown_posts,
        "posts_after": int(question.targets_after().sum()) if not question.item.publishes else None,
        "control_pages": len(question.controls),
        "controls_not_in_data": len(question.item.control_pages) - len(question.controls),
        "undated_posts": question.data.undated,
    }


def _not_collected(question: Question) -> int:
    """Pages the item names, as targets or as institutions', of which no post is in the data."""
    item = question.item
    named = item.institution_pages if item.publishes else item.target_pages
    return len(set(named) - set(question.data.pages))


def _days(span: Span, zone: str) -> list[str]:
    """The first and the last day of a span; none where it has no length."""
    if span.end_ms <= span.begin_ms:
        return []
    return [local_day(at, zone).isoformat() for at in (span.begin_ms, span.end_ms - 1)]


def _alternatives(tested: Examined) -> list[dict[str, Any]]:
    """The item's best measure under other choices than those made beforehand."""
    question = tested.question
    counted = [f for f in tested.findings if f.tested and f.test != CLAIMED]
    if question is None or not counted:
        return []
    best = min(counted, key=lambda f: f.p_value if f.p_value is not None else 1.0)
    light = replace(question, planted=False)
    return [
        {"name": name, "test": best.test, "measure": best.measure, **_again(other, best)}
        for name, other in _other_choices(light)
    ]


def _again(question: Question, best: Finding) -> dict[str, Any]:
    for test in tests():
        try:
            found = [f for f in test.findings(question) if f.measure == best.measure]
        except SettingError as reason:
            return {"effect": None, "p_value": None, "why": str(reason)}
        if found:
            record = found[0].as_record()
            return {key: record[key] for key in ("effect", "unit", "p_value", "why")}
    return {"effect": None, "p_value": None, "why": "not available"}


def _other_choices(question: Question) -> list[tuple[str, Question]]:
    windows, controls = question.windows, question.controls
    after = windows.order.after
    half = Span(after.begin_ms, (after.begin_ms + after.end_ms) // 2)
    chosen = [
        (HALF_WINDOW, _with_order(question, Comparison(windows.order.before, half))),
        (ONE_HALF, replace(question, controls=controls[::2])),
        (OTHER_HALF, replace(question, controls=controls[1::2])),
    ]
    length = after.end_ms - after.begin_ms
    middle = windows.order.before.end_ms - length
    earlier = Span(windows.order.before.begin_ms, middle)
    if earlier.days >= 4 and not len(question.named):
        moved = Comparison(earlier, Span(middle, windows.order.before.end_ms))
        alone = replace(question, windows=replace(windows, placebos=()))
        chosen.append((EARLIER, _with_order(alone, moved)))
    return chosen


def _with_order(question: Question, order: Comparison) -> Question:
    return replace(question, windows=replace(question.windows, order=order))


def courses(tested: Sequence[Examined]) -> pl.DataFrame:
    """The course of every item's counts (``EFFECT``)."""
    parts = [pl.DataFrame(schema=EFFECT)]
    for each in tested:
        if each.question is None or each.why:
            continue
        measure, table = course(each.question)
        if not table.is_empty():
            named = table.with_columns(
                directive=pl.lit(each.name), item=pl.lit(each.item.number), measure=pl.lit(measure)
            )
            parts.append(named.select(EFFECT.names()).cast(dict(EFFECT)))  # type: ignore[arg-type]
    return pl.concat(parts)

"""Measures, effects and what would have been seen, in the language of the document.

An *entry* is an item's in ``directive.json``, a *test* one of its ``tests``. What they mean is
said where the working report says it; here it is put so that it can be translated: no verb has to
agree with a measure.
"""

from __future__ import annotations

from typing import Any

from claqueur.publish.charts.labels import opening
from claqueur.publish.directive_words import from_none, measure_text
from claqueur.publish.document.language import MINUS, Language

Test = dict[str, Any]


def measure(language: Language, test: Test) -> str:
    """A measure as a row of a table or picture."""
    return opening(measure_words(language, test))


def measure_words(language: Language, test: Test) -> str:
    """A measure in a sentence."""
    text = measure_text(test)
    said = language.gettext(text)
    return said if said != text else language.phrase(text) or text


def effect(language: Language, test: Test) -> str:
    """The effect in its unit, without its interval."""
    value, unit, numbers = test.get("effect"), test.get("unit"), test.get("numbers") or {}
    if unit == "accounts":
        return _accounts(language, numbers.get("at_least", value))
    if from_none(test | {"numbers": numbers}):
        after = language.number(numbers["posts_a_day_after"], 2)
        return language.gettext("from none to {after} a day").format(after=after)
    if value is None:
        return language.number(None)
    if unit == "ratio":
        return ratio(language, value)
    if unit == "points":
        return language.gettext("{n} percentage points").format(n=_signed(language, 100 * value))
    return _other(language, value, str(unit))


def _other(language: Language, value: float, unit: str) -> str:
    if unit == "days":
        return language.counted("{n} day", "{n} days", round(value))
    if unit == "actions":
        return language.counted("{n} action", "{n} actions", round(value))
    return language.number(value, 2)


def ratio(language: Language, value: float) -> str:
    """A ratio to what was to be expected."""
    return language.gettext("{n} times").format(n=_plain(language, value))


def interval(language: Language, test: Test) -> str:
    """The interval of an effect with its level; empty without one."""
    if test.get("unit") == "accounts":
        said = language.gettext("lower bound, {level} confidence")
        level = test.get("level")
        return said.format(level=language.percent(level)) if test.get("effect") and level else ""
    ends = limits(language, test)
    level = test.get("level") or 0.95
    said = language.gettext("{level} interval {limits}")
    return said.format(level=language.percent(level), limits=ends) if ends else ""


def limits(language: Language, test: Test) -> str:
    """The ends of an effect's interval; empty without one."""
    low, high = test.get("low"), test.get("high")
    if low is None or high is None or test.get("unit") == "accounts":
        return ""
    if test.get("unit") == "points":
        ends = (_signed(language, 100 * end) for end in (low, high))
    else:
        ends = (_plain(language, end) for end in (low, high))
    first, last = ends
    return language.pgettext("limits", "{low} to {high}").format(low=first, high=last)


def visible(language: Language, test: Test) -> str:
    """The smallest effect that would have been seen; empty where none is known."""
    value, numbers = test.get("visible"), test.get("numbers") or {}
    if planted := numbers.get("invented_participants"):
        return _planted(language, planted)
    if value is None:
        return ""
    if test.get("unit") == "ratio":
        return language.gettext("from {n} times on").format(n=_plain(language, value))
    if test.get("unit") == "points":
        said = language.gettext("from {n} percentage points on")
        return said.format(n=language.number(100 * value, 1))
    return language.gettext("from {n} on").format(n=language.number(value, 2))


def _planted(language: Language, rows: list[dict[str, Any]]) -> str:
    """What the largest and keenest invented participation would have shown, at worst."""
    most = max((row["size"], row["participation"]) for row in rows)
    found = min(row["found"] for row in rows if (row["size"], row["participation"]) == most)
    said = language.gettext("{found} of {size} invented participants, active on {share} of posts")
    return said.format(
        found=language.percent(found),
        size=language.number(most[0]),
        share=language.percent(most[1]),
    )


def _accounts(language: Language, bound: float | str | None) -> str:
    """A lower bound on accounts; those from 1 to 9 come as words."""
    if isinstance(bound, str):
        return language.gettext("at least one, by a bound below ten")
    if not bound:
        return language.gettext("none for certain")
    return language.counted("at least {n} account", "at least {n} accounts", int(bound))


def _plain(language: Language, value: float) -> str:
    return language.number(value, 0 if value >= 10 else 2)


def _signed(language: Language, points: float) -> str:
    said = language.number(abs(points), 1)
    return f"{MINUS if points < 0 else '+'}{said}"

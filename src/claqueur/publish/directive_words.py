"""Numbers, days and measures of a directive's answers in words.

An *entry* is one item's in ``directive.json``, a *test* one of its ``tests``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date
from typing import Any

from claqueur.publish.charts.labels import listed, opening

Entry = dict[str, Any]
Test = dict[str, Any]

SMALLEST_P = 1e-6
"""``directive.json`` may hold p-values rounded to so much: 0 stands for what is smaller."""

NARROW = 0.05
"""Ratios with an interval narrower than this have four places, others two."""

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

MEASURES = {
    "counts": "numbers of likes, comments, reposts and views",
    "posts a day": "posts a day of an institution",
    "posts a day about the event": "posts a day of an institution about the event",
    "published within the hour of another institution": (
        "pairs of posts of different institutions within an hour"
    ),
    "similar text as another institution's within a day": (
        "pairs of similar texts of different institutions within a day"
    ),
    "seen nowhere before": "share of actions by accounts seen nowhere before",
    "act on nothing else": "share of actions by accounts that act on nothing else",
    "follow addressed institutions": "share of actions by followers of addressed institutions",
    "acted on addressed institutions' posts before": (
        "share of actions by accounts known from addressed institutions’ posts"
    ),
    "the targets' pages": "accounts that act on the named pages more than interests explain",
    "the posts named": "accounts that act on more of the named posts than interests explain",
    "newcomers who come back again and again": "how often newcomers come back",
    "in working hours": "share of actions in working hours",
    "in waves": "crowding in waves of ten minutes",
    "delay after the order": "delay from the order to the first day above expectation",
    "delay after publication": "delay of actions after publication",
    "shortly before a report is due": "share of late actions shortly before a report is due",
    "claimed": "actions claimed in a report",
}
"""Measures as sentences, tables and pictures call them; others are called by their name."""

ROSE = {
    "posts a day": "the institutions published more",
    "posts a day about the event": "the institutions published more about the event",
    "published within the hour of another institution": (
        "the institutions published within the hour of each other"
    ),
    "similar text as another institution's within a day": (
        "the institutions published similar texts"
    ),
    "seen nowhere before": "more came who had been seen nowhere before",
    "act on nothing else": "more came who act on nothing else",
    "follow addressed institutions": "more came who follow the addressed institutions",
    "acted on addressed institutions' posts before": (
        "more came who were known from the institutions’ posts"
    ),
    "the targets' pages": "accounts acted more than interests explain",
    "the posts named": "accounts acted more than interests explain",
    "newcomers who come back again and again": "newcomers came back again and again",
    "in working hours": "more was done in working hours",
    "in waves": "more was done in waves",
    "shortly before a report is due": "more was caught up before reports were due",
}
"""What it means that a measure rose, for headlines. Counts have theirs made from their name."""


def measure_text(test: Test) -> str:
    """A measure in a sentence."""
    return MEASURES.get(test["measure"], str(test["measure"]))


def measure_label(test: Test) -> str:
    """A measure as a row of a table or picture."""
    return opening(measure_text(test))


def p_text(p: float | None) -> str:
    """A p-value as it is printed.

    Examples
    --------
    >>> p_text(0.01234), p_text(0.8), p_text(3.89e-06), p_text(0.0)
    ('0.012', '0.8', '4·10⁻⁶', 'under 10⁻⁶')
    """
    if p is None:
        return "–"
    if p >= 0.001:
        return f"{p:.2g}"
    if p == 0:
        return "under 10" + f"{math.log10(SMALLEST_P):.0f}".translate(_RAISED)
    digits, power = f"{p:.0e}".split("e")
    return f"{digits}·10{str(int(power)).translate(_RAISED)}"


def times(value: float, places: int = 2) -> str:
    """A ratio in words.

    Examples
    --------
    >>> times(1.26), times(21.7), times(0.9998, 4)
    ('1.26 times', '22 times', '0.9998 times')
    """
    return f"{_plain(value, places)} times"


def _plain(value: float, places: int = 2) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.{places}f}"


def _places(test: Test) -> int:
    """Followers hardly grow in ten days: two places would say nothing."""
    low, high = test["low"], test["high"]
    return 4 if low is not None and high is not None and high - low < NARROW else 2


def effect_text(test: Test) -> str:
    """The effect in its unit, without its interval."""
    effect, unit, numbers = test["effect"], test["unit"], test["numbers"]
    if unit == "accounts":
        return _at_least(numbers.get("at_least", effect))
    if from_none(test):
        return f"from none to {numbers['posts_a_day_after']:.2f}"
    if effect is None:
        return "–"
    if unit == "ratio":
        return times(effect, _places(test))
    if unit == "points":
        return f"{_signed(100 * effect)} percentage points"
    return f"{effect:,.2f}" if unit == "index" else f"{effect:,.0f} {unit}"


def from_none(test: Test) -> bool:
    """Whether there was nothing before, so that a ratio says nothing."""
    before, after = (test["numbers"].get(f"posts_a_day_{when}") for when in ("before", "after"))
    return before == 0 and after is not None


def _at_least(bound: float | str | None) -> str:
    """A lower bound on accounts; those from 1 to 9 come as words."""
    if isinstance(bound, str):
        return f"at least one (the bound is {bound})"
    return f"at least {int(bound):,}" if bound else "none for certain"


def _signed(points: float) -> str:
    return f"{points:+.1f}".replace("-", "\N{MINUS SIGN}")


def interval_text(test: Test) -> str:
    """The interval of an effect; empty without one."""
    if test["unit"] == "accounts":
        return f"lower bound at {test['level']:.0%} confidence" if test["effect"] else ""
    limits = limits_text(test)
    return f"{test['level']:.0%} interval {limits}" if limits else ""


def limits_text(test: Test) -> str:
    """The ends of an effect's interval; empty without one."""
    low, high = test["low"], test["high"]
    if low is None or high is None or test["unit"] == "accounts":
        return ""
    if test["unit"] == "points":
        return f"{_signed(100 * low)} to {_signed(100 * high)}"
    places = _places(test)
    return f"{_plain(low, places)} to {_plain(high, places)}"


def change_text(test: Test) -> str:
    """What a measure did, in a sentence: ``comments rose to 1.26 times (95% interval …)``."""
    interval = f" ({said})" if (said := interval_text(test)) else ""
    if test["unit"] == "accounts":
        return f"{measure_text(test)}: {effect_text(test)}{interval}"
    if from_none(test):
        return f"{measure_text(test)} went {effect_text(test)}, too few before to give a ratio"
    effect = test["effect"]
    if test["unit"] == "points":
        verb = "rose" if effect >= 0 else "fell"
        by = f"{abs(100 * effect):.1f} percentage points"
        return f"{measure_text(test)} {verb} by {by}{interval}"
    verb = "fell" if test["unit"] == "ratio" and effect < 1 else "rose"
    return f"{measure_text(test)} {verb} to {effect_text(test)}{interval}"


def visible_text(test: Test) -> str:
    """The smallest effect that would have been seen; empty where none is known."""
    visible = test["visible"]
    if planted := test["numbers"].get("invented_participants"):
        return _planted(planted)
    if visible is None:
        return ""
    if test["unit"] == "ratio":
        return f"from {times(visible, _places(test))} on"
    if test["unit"] == "points":
        return f"from {100 * visible:.1f} percentage points on"
    return f"from {visible:,.2f} on"


def _planted(rows: list[dict[str, Any]]) -> str:
    """What the largest and keenest invented participation would have shown, at worst."""
    size, share = max((row["size"], row["participation"]) for row in rows)
    found = min(
        row["found"] for row in rows if (row["size"], row["participation"]) == (size, share)
    )
    return (
        f"{found:.0%} of {size:,} invented participants acting on {share:.0%} of the targets each"
    )


def action_words(entry: Entry) -> str:
    """What was to be done: ``likes and comments``."""
    return listed(f"{action}s" for action in entry["action"])


def day_words(day: str, *, year: bool = True) -> str:
    """A day: ``8 February 2019``."""
    at = date.fromisoformat(day)
    return f"{at.day} {at:%B %Y}" if year else f"{at.day} {at:%B}"


def span_words(days: list[str]) -> str:
    """A span of days: ``25 January to 7 February 2019``."""
    if not days:
        return "none"
    first, last = days
    if first == last:
        return day_words(first)
    return f"{day_words(first, year=first[:4] != last[:4])} to {day_words(last)}"


def counting(entry: Entry) -> list[Test]:
    """Tests of the family: they count, have a p-value, and no declared cause would show there."""
    return [test for test in _tested(entry) if not test["explained_by"]]


def explained(entry: Entry) -> list[Test]:
    """Tests in which a declared cause would show as well."""
    return [test for test in _tested(entry) if test["explained_by"]]


def _tested(entry: Entry) -> list[Test]:
    return [
        test
        for test in entry["tests"]
        if test["available"] and test["counts"] and test["p_value"] is not None
    ]


def publishes(entry: Entry) -> bool:
    """Whether institutions were to publish posts of their own."""
    return bool(entry["action"] == ["post"])


def standing(tests: list[Test], level: float) -> list[Test]:
    """Those that stand by themselves after correction for their number, the smallest p first."""
    found = [test for test in tests if test["p_value"] * len(tests) <= level]
    return sorted(found, key=lambda test: test["p_value"])


def causes_of(tests: Iterable[Test]) -> list[str]:
    """Declared causes of tests, each once."""
    return list(dict.fromkeys(name for test in tests for name in test["explained_by"]))


def finite(value: float | None) -> bool:
    """Whether there is a number that can be drawn."""
    return value is not None and math.isfinite(value)

"""Directives: what was registered, the answer on each item, and every test behind it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Any

from markupsafe import Markup

from claqueur.publish.charts.labels import counted, listed, opening
from claqueur.publish.directive_sentence import answer_text, directive_sentences
from claqueur.publish.directive_words import (
    Entry,
    Test,
    action_words,
    counting,
    day_words,
    effect_text,
    explained,
    interval_text,
    limits_text,
    measure_label,
    p_text,
    span_words,
    standing,
    visible_text,
)
from claqueur.publish.report.context import Context

CLAIMED = "claimed total"
TITLES = {
    "aggregates": "Counts beside those of control pages",
    "content": "The institutions’ own posts, all together",
    "composition": "Who acts",
    "participation": "How many take part, and again",
    "timing": "When they act",
    "comments": "What they write",
}
"""Tests in a table; others have their name."""


@dataclass(frozen=True)
class Directives:
    """The test of registered directives; nothing where there is none."""

    name: str = "directives"
    order: int = 12
    title: str = "Directives"

    def render(self, context: Context) -> Markup:
        """Each directive with its registration, an overview, and its items."""
        placed = list(enumerate(context.result.directive, 1))
        parts = [
            _part(context, number, list(entries))
            for number, (_, entries) in enumerate(
                groupby(placed, key=lambda each: each[1]["directive"]), 1
            )
        ]
        missing = context.run.get("directives_not_registered", [])
        if not parts and not missing:
            return Markup()
        return context.page("directives.html", parts=parts, missing=missing)


def _part(context: Context, number: int, placed: list[tuple[int, Entry]]) -> dict[str, Any]:
    """One directive: its head, the overview, the items."""
    first = placed[0][1]
    anchor = f"directive-{number}"
    context.entries.append(("directives", anchor, first["title"]))
    items: list[dict[str, Any]] = []
    for place, entry in placed:
        items.append(_item(context, place, entry, f"{anchor}-item-{len(items) + 1}"))
        context.entries.append(("directives", items[-1]["anchor"], f"Item {entry['item']}"))
    return {
        "anchor": anchor,
        "title": first["title"],
        "registration": _registration(first["registration"]),
        "items": items,
        "family": first["family"],
    }


def _registration(known: dict[str, Any]) -> dict[str, Any]:
    """What is known of it; keys that are missing are None."""
    keys = ("time", "first_time", "version", "stamp", "sha256", "changed_since")
    return {key: known.get(key) for key in keys} | {
        "remarks": [opening(str(remark)).rstrip(".") for remark in known.get("remarks", [])]
    }


def _item(context: Context, place: int, entry: Entry, anchor: str) -> dict[str, Any]:
    """What a reader has to know of an item, in the order of the page."""
    level = entry["family"]["level"]
    found = [*standing(counting(entry), level), *standing(explained(entry), level)]
    shown = [test for test in entry["tests"] if test["test"] != CLAIMED]
    nulls = list(dict.fromkeys(test["null"] for test in shown if test["null"]))
    return {
        "anchor": anchor,
        "number": entry["item"],
        "answer": answer_text(entry),
        "adjusted": p_text(entry["p_adjusted"]),
        "action": action_words(entry),
        "entry": entry,
        "facts": _facts(entry),
        "lines": directive_sentences(entry),
        "figure": context.figure("directive", item=place) if shown else "",
        "groups": [
            (TITLES.get(name, opening(name)), [_row(test, found, nulls) for test in tests])
            for name, tests in _by_test(shown)
        ],
        "nulls": [(_letter(place), null) for place, null in enumerate(nulls)],
        "sources": _sources(shown),
        "alternatives": [_alternative(each) for each in entry["alternatives"]],
        "claims": [test for test in entry["tests"] if test["test"] == CLAIMED],
    }


def _by_test(tests: list[Test]) -> list[tuple[str, list[Test]]]:
    """Tests in their order, those of one name together."""
    names = dict.fromkeys(test["test"] for test in tests)
    return [(name, [test for test in tests if test["test"] == name]) for name in names]


def _facts(entry: Entry) -> list[tuple[str, str]]:
    """The item in a few lines: who, whom, what, when, and what was looked at."""
    data = entry["data"]
    left_out = [span_words(days) for days in data.get("left_out", []) if days]
    until = f" to {day_words(entry['end'])}" if entry["end"] else ""
    facts = [
        ("Issued by", entry["issuer"]),
        ("Addressed", listed(entry["addressed"]) if entry["addressed"] else "–"),
        ("What", opening(action_words(entry))),
        *([("Quota", _quota(entry))] if entry["quota"] else []),
        ("From", f"{day_words(entry['start'])}{until}"),
        *((f"Declared {cause['kind']}", _cause(cause)) for cause in entry["causes"]),
    ]
    if data:
        facts += [
            ("Days before", span_words(data["before"])),
            ("Days after", span_words(data["after"])),
            *([("Days left out", "; ".join(left_out))] if left_out else []),
            ("Looked at", _looked_at(data)),
        ]
    return facts


def _quota(entry: Entry) -> str:
    """So many actions, for whom and how often, as far as the record says."""
    of, per = entry.get("quota_of"), entry.get("quota_per")
    whom = f" of each {of}" if of else ""
    often = "" if not per else " in all" if per == "all" else f" a {per}"
    return f"{entry['quota']:,}{whom}{often} (as written; who met it is never looked at)"


def _cause(cause: dict[str, Any]) -> str:
    days = span_words([cause["first_day"], cause["last_day"]])
    late = "; falls into the days after and could not be left out" if cause["coincides"] else ""
    return f"{opening(cause['name'])}, {days}{late}"


def _looked_at(data: dict[str, Any]) -> str:
    """Pages and posts, and what was named but not collected."""
    counts = (
        ("target_pages", "named page", "named pages"),
        ("targets_not_in_data", "named page not in the data", "named pages not in the data"),
        ("target_posts", "named post", "named posts"),
        ("posts_not_in_data", "named post not in the data", "named posts not in the data"),
        ("posts_after", "post of theirs after the date", "posts of theirs after the date"),
        ("control_pages", "control page", "control pages"),
        ("controls_not_in_data", "control page not in the data", "control pages not in the data"),
        ("undated_posts", "undated post", "undated posts"),
    )
    return listed(counted(data[key], one, many) for key, one, many in counts if data.get(key))


def _row(test: Test, found: list[Test], nulls: list[str]) -> dict[str, Any]:
    """One measure as the table shows it."""
    limits = limits_text(test)
    return {
        "measure": measure_label(test),
        "available": test["available"],
        "why": test["why"],
        "effect": _short(effect_text(test)) if test["available"] else "",
        "interval": f"{test['level']:.0%}: {limits}" if limits else interval_text(test),
        "p": p_text(test["p_value"]),
        "page_p": p_text(test["page_p"]),
        "null": _letter(nulls.index(test["null"])) if test["null"] else "",
        "visible": _short(visible_text(test)) or "–",
        "stands": test in found,
        "notes": _notes(test),
    }


def _short(text: str) -> str:
    """For a narrow column."""
    return text.replace("percentage points", "points")


def _letter(place: int) -> str:
    return "abcdefghijklmnopqrstuvwxyz"[place % 26]


def _notes(test: Test) -> list[str]:
    """What has to stand beside a measure's numbers."""
    notes = [] if test["counts"] else ["describes, and is no part of the answer"]
    if test["explained_by"] and test["available"]:
        notes.append(f"could not be separated from {listed(test['explained_by'])}")
    return [*notes, *(str(remark).removeprefix("describes: ") for remark in test["remarks"])]


def _sources(tests: list[Test]) -> list[str]:
    """Where numbers come from, and how many posts have none."""
    lines = []
    for test in tests:
        if source := test["numbers"].get("source"):
            missing = test["numbers"].get("posts_without", 0)
            without = f" ({counted(missing, 'post')} without)" if missing else ""
            lines.append(f"{measure_label(test)}: {source}{without}.")
    return lines


def _alternative(each: dict[str, Any]) -> dict[str, Any]:
    """The item's best measure once more, under another choice."""
    if each["effect"] is None and each["p_value"] is None:
        return {"name": opening(each["name"]), "why": each["why"] or "not available"}
    bare = {"numbers": {}, "low": None, "high": None} | each
    return {
        "name": opening(each["name"]),
        "measure": measure_label(bare),
        "effect": effect_text(bare),
        "p": p_text(each["p_value"]),
        "why": "",
    }


SECTION = Directives()

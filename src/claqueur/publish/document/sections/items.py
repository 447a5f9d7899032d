"""The document, item by item: text, answer, what it rests on, what else could explain it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from claqueur.publish.charts.labels import opening
from claqueur.publish.directive_words import counting, explained, standing
from claqueur.publish.document import effects
from claqueur.publish.document.answers import answer, asked, item_innocents
from claqueur.publish.document.certainty import in_words, item_step
from claqueur.publish.document.language import N_
from claqueur.publish.document.story import Story
from claqueur.publish.document.verdicts import verdict

Entry = dict[str, Any]
Test = dict[str, Any]

LETTERS = "abcdefghijklmnopqrstuvwxyz"
CLAIMED = "claimed total"


@dataclass(frozen=True)
class Items:
    """Nothing where no document was tested."""

    name: str = "items"
    order: int = 20
    title: str = N_("The document, item by item")

    def render(self, story: Story) -> Markup:
        """Each document with its items."""
        if not story.items:
            return Markup()
        parts: dict[str, list[dict[str, Any]]] = {}
        for place, entry in enumerate(story.items, 1):
            parts.setdefault(str(entry["title"]), []).append(_item(story, place, entry))
        return story.page("items.html", parts=parts, level=_level(story.items))


def _level(items: list[Entry]) -> float:
    return float(items[0]["family"]["level"])


def _item(story: Story, place: int, entry: Entry) -> dict[str, Any]:
    """What a reader has to know of an item, in the order of the page."""
    say, anchor = story.language, f"item-{place}"
    title = say.gettext("Item {number}").format(number=entry["item"])
    story.entries.append(("items", anchor, title))
    found = _standing(entry)
    tests = [test for test in entry["tests"] if test["test"] != CLAIMED]
    choices = entry.get("alternatives") or []
    nulls = list(dict.fromkeys(test["null"] for test in tests if test.get("null")))
    return {
        "anchor": anchor,
        "title": title,
        "entry": entry,
        "asked": opening(asked(story, entry)),
        "answer": opening(answer(say, entry)),
        "step": item_step(entry),
        "verdict": verdict(say, entry),
        "rests": [_rests(story, test) for test in found],
        "odds": _odds(story, entry),
        "pictures": [story.figure(name, entry) for name in ("effects", "course")],
        "rows": [_row(story, test, found, nulls) for test in tests],
        "nulls": list(zip(LETTERS, nulls, strict=False)),
        "causes": [_cause(story, cause) for cause in entry.get("causes", [])],
        "innocents": item_innocents(say, entry),
        "choices_differ": any(each.get("effect") is not None for each in choices),
        "choices": [_choice(story, each) for each in choices],
        "remarks": (entry.get("registration") or {}).get("remarks", []),
        "looked": _looked(story, entry.get("data") or {}),
    }


def _standing(entry: Entry) -> list[Test]:
    level = entry["family"]["level"]
    return [*standing(counting(entry), level), *standing(explained(entry), level)]


def _rests(story: Story, test: Test) -> dict[str, str]:
    say = story.language
    return {
        "measure": effects.measure(say, test),
        "effect": effects.effect(say, test),
        "interval": effects.interval(say, test),
        "p": say.p_text(test["p_value"]),
    }


def _odds(story: Story, entry: Entry) -> str:
    """What the p-value of the item is, in words, and what it was corrected for."""
    p, say = entry.get("p_adjusted"), story.language
    if p is None:
        return ""
    tests, items = len(counting(entry)), int(entry["family"]["items"])
    measures = say.counted("{n} measure", "{n} measures", tests)
    family = say.counted("{n} item", "{n} items", items)
    said = say.gettext("Corrected for {measures} and {items}: {odds}.")
    if entry["answer"] != "consistent":
        said = say.gettext("Corrected for {measures} and {items}: {p}.")
        return said.format(measures=measures, items=family, p=say.p_text(p))
    return said.format(measures=measures, items=family, odds=in_words(say, p))


def _row(story: Story, test: Test, found: list[Test], nulls: list[str]) -> dict[str, Any]:
    """One measure as the table shows it."""
    say = story.language
    return {
        "measure": effects.measure(say, test),
        "available": test["available"],
        "why": test.get("why", ""),
        "effect": effects.effect(say, test) if test["available"] else "",
        "limits": effects.limits(say, test),
        "p": say.p(test.get("p_value")),
        "null": LETTERS[nulls.index(test["null"]) % 26] if test.get("null") else "",
        "visible": effects.visible(say, test),
        "stands": test in found,
        "counts": test["counts"],
        "causes": test.get("explained_by") or [],
        "remarks": [_bare(str(each)) for each in test.get("remarks") or []],
    }


def _bare(remark: str) -> str:
    """A remark without what the table says anyway."""
    return remark.removeprefix("describes: ").removeprefix("describes; ")


def _cause(story: Story, cause: dict[str, Any]) -> dict[str, Any]:
    days = story.language.span(cause["first_day"], cause["last_day"])
    return {"name": cause["name"], "days": days, "coincides": cause.get("coincides")}


def _choice(story: Story, each: dict[str, Any]) -> dict[str, Any]:
    """The item's best measure once more, under another choice."""
    say = story.language
    bare = {"numbers": {}, "low": None, "high": None} | each
    return {
        "name": each["name"],
        "why": each.get("why", ""),
        "effect": effects.effect(say, bare),
        "p": say.p(each.get("p_value")),
        "known": each.get("p_value") is not None,
    }


def _looked(story: Story, data: dict[str, Any]) -> str:
    """Days before and after, and pages, in a sentence."""
    say = story.language
    if not data.get("before") or not data.get("after"):
        return ""
    said = say.gettext("Compared were the days {before} with those {after}")
    said = said.format(before=say.span(*data["before"]), after=say.span(*data["after"]))
    pages = [
        say.counted("{n} named page", "{n} named pages", data["target_pages"])
        if data.get("target_pages")
        else "",
        say.counted("{n} control page", "{n} control pages", data["control_pages"])
        if data.get("control_pages")
        else "",
    ]
    known = [part for part in pages if part]
    return f"{said}; {say.listed(known)}." if known else f"{said}."


SECTION = Items()

"""The sentences of the first page, and what may be said about an item.

They never say that an order was given. What they leave out, the sections behind them say.
"""

from __future__ import annotations

from typing import Any

from claqueur.publish.directive_sentence import (
    INNOCENT,
    INNOCENT_COUNTS,
    INNOCENT_INSTITUTIONS,
    SHORT,
)
from claqueur.publish.directive_words import (
    ROSE,
    causes_of,
    counting,
    explained,
    publishes,
    standing,
)
from claqueur.publish.document.aggregates import Group, groups, members
from claqueur.publish.document.certainty import in_words, item_step
from claqueur.publish.document.effects import effect, measure_words
from claqueur.publish.document.language import N_, Language
from claqueur.publish.document.story import Story
from claqueur.publish.sentence import COPYING, INTEREST
from claqueur.publish.sentence import INNOCENT as INNOCENT_LOCKSTEP

Entry = dict[str, Any]

CONSISTENT, NO_EVIDENCE, INCONCLUSIVE = "consistent", "no-evidence", "inconclusive"
ACTIONS = {
    "like": N_("likes"), "comment": N_("comments"), "repost": N_("reposts"),
    "follow": N_("follows"), "view": N_("views"), "post": N_("posts"),
}  # fmt: skip
"""What items ask for; other words stay as they are."""

INNOCENT_OF_COUNTS = ("rise the controls do not share", "rise alone")
"""Reasons for which only numbers speak."""


def answer(language: Language, entry: Entry) -> str:
    """The answer on an item in a few words."""
    if entry["reason"] == "not separable":
        said = language.gettext(
            "could not be separated from {causes}: ordered or commonly prompted"
        )
        return said.format(causes=causes(language, entry))
    if entry["reason"] in SHORT:
        return language.gettext(SHORT[entry["reason"]])
    return language.phrase(str(entry["answer"])) or str(entry["answer"])


def asked(story: Story, entry: Entry) -> str:
    """What an item asks for: ``likes and comments, from 8 February 2019``."""
    say = story.language
    what = say.listed(say.gettext(ACTIONS.get(each, each)) for each in entry["action"])
    said = say.gettext("{what}, from {day}")
    return said.format(what=what, day=say.day(str(entry["start"])))


def causes(language: Language, entry: Entry) -> str:
    """Declared causes in which what stands would show as well."""
    found = causes_of(standing(explained(entry), entry["family"]["level"]))
    return language.listed(found or [language.gettext("a declared cause")])


def happened(story: Story) -> str:
    """Did it happen? One sentence over all items that were tested."""
    say, items = story.language, story.items
    if not items:
        return say.gettext(
            "No document was tested: the question was only whether accounts keep step with each "
            "other more than their habits explain."
        )
    parts = [*_consistent(story), *_none(story), *_open(story)]
    return f"{parts[0][:1].upper()}{'; '.join(parts)[1:]}."


def _of(story: Story, kind: str) -> list[Entry]:
    return [entry for entry in story.items if entry["answer"] == kind]


def _numbers(story: Story, entries: list[Entry]) -> str:
    return story.language.listed(str(entry["item"]) for entry in entries)


def _consistent(story: Story) -> list[str]:
    found, say = _of(story, CONSISTENT), story.language
    if not found:
        return []
    weakest = max(found, key=lambda entry: entry.get("p_adjusted") or 0.0)
    if len(found) == len(story.items):
        what = say.ngettext(
            "what was seen is consistent with the item of the document that was tested",
            "what was seen is consistent with all {n} items of the document",
            len(found),
        ).format(n=say.number(len(found)))
    else:
        what = say.ngettext(
            "what was seen is consistent with item {items}, {n} of the {all} that were tested",
            "what was seen is consistent with items {items}, {n} of the {all} that were tested",
            len(found),
        ).format(items=_numbers(story, found), n=len(found), all=say.number(len(story.items)))
    return [f"{what}: {_evidence(story, found, weakest)}"]


def _evidence(story: Story, found: list[Entry], weakest: Entry) -> str:
    """How strong it is, by the item for which it is weakest."""
    say = story.language
    word = say.gettext(item_step(weakest).word)
    alone = len(found) == 1
    said = (
        say.gettext("the evidence that this is more than chance is {word}, since {cases}")
        if alone
        else say.gettext(
            "the evidence that this is more than chance is at least {word} for each of them, "
            "since {cases}"
        )
    )
    return said.format(word=word, cases=in_words(say, weakest.get("p_adjusted") or 0.0))


def _none(story: Story) -> list[str]:
    found, say = _of(story, NO_EVIDENCE), story.language
    if not found:
        return []
    said = say.ngettext(
        "there is no evidence that item {items} was followed, though a clear effect would have "
        "been seen",
        "there is no evidence that items {items} were followed, though a clear effect would have "
        "been seen",
        len(found),
    )
    return [said.format(items=_numbers(story, found))]


def _open(story: Story) -> list[str]:
    found, say = _of(story, INCONCLUSIVE), story.language
    if not found:
        return []
    said = say.ngettext(
        "on item {items} the data give no answer",
        "on items {items} the data give no answer",
        len(found),
    )
    return [said.format(items=_numbers(story, found))]


def how_many(story: Story) -> str:
    """How many? One sentence on groups, and on the bound of those who took part."""
    say, found = story.language, groups(story.release.tables)
    bound = _bound(story)
    if not found:
        nobody = say.gettext(
            "No lockstep group of at least {k} accounts can be shown here, which does not show "
            "that nobody was told to act"
        ).format(k=story.k)
        return f"{nobody}{bound}."
    total, rate = members(found), level(story)
    said = _together(story, found, total).format(n=say.number(total), where=_where(story, found))
    return f"{said}, {_error(story, total, rate)}{bound}."


def _together(story: Story, found: list[Group], total: int) -> str:
    """What members did together, with places for their number and that of the groups."""
    say = story.language
    if not any(group.worded for group in found):
        return say.ngettext(
            "About {n} account {where} acted on the same posts more often than habits explain",
            "About {n} accounts {where} acted on the same posts more often than habits explain",
            total,
        )
    if all(group.worded and len(group.layers) == 1 for group in found):
        return say.ngettext(
            "About {n} account {where} wrote comments made from the same texts more often than "
            "chance explains",
            "About {n} accounts {where} wrote comments made from the same texts more often than "
            "chance explains",
            total,
        )
    return say.ngettext(
        "About {n} account {where} acted on the same posts, or wrote comments made from the same "
        "texts, more often than chance explains",
        "About {n} accounts {where} acted on the same posts, or wrote comments made from the same "
        "texts, more often than chance explains",
        total,
    )


def _where(story: Story, found: list[Group]) -> str:
    """In how many groups."""
    count, say = len(found), story.language
    if any(group.pooled for group in found):
        said = say.ngettext(
            "of several lockstep groups, published here as one,",
            "of several lockstep groups, published here as {n},",
            count,
        )
        return said.format(n=say.number(count))
    return say.counted("in {n} lockstep group", "in {n} lockstep groups", count)


def _error(story: Story, total: int, rate: float | None) -> str:
    """What share of the members is expected to be there by chance."""
    say = story.language
    if rate is None:
        return say.gettext("by thresholds chosen by hand, so that there is no error rate")
    wrong = max(round(total * rate), 1)
    said = say.ngettext(
        "at a false discovery rate of {level}: no more than about {n} of them is expected to be "
        "there by chance",
        "at a false discovery rate of {level}: no more than about {n} of them are expected to be "
        "there by chance",
        wrong,
    )
    return said.format(n=say.number(wrong), level=say.percent(rate))


def level(story: Story) -> float | None:
    """The false discovery rate of groups; None where there is no error rate."""
    rate = story.facts.get("level")
    return float(rate) if isinstance(rate, int | float) else None


def _bound(story: Story) -> str:
    """The largest lower bound on accounts that took part, over items that stand."""
    say = story.language
    bounds = [
        test["numbers"]["at_least"]
        for entry in _of(story, CONSISTENT)
        for test in standing(counting(entry), entry["family"]["level"])
        if test["unit"] == "accounts" and isinstance(test["numbers"].get("at_least"), int)
    ]
    if not bounds or max(bounds) < story.k:
        return ""
    said = say.ngettext(
        "; at least {n} account acted on the named pages more than interests explain (95% "
        "confidence)",
        "; at least {n} accounts acted on the named pages more than interests explain (95% "
        "confidence)",
        max(bounds),
    )
    return said.format(n=say.number(max(bounds)))


def not_shown(story: Story) -> str:
    """What all of this does not show, and the innocent explanations that are left."""
    say = story.language
    said = say.gettext(
        "None of this shows that an order was given, or who followed it: whether people were "
        "ordered or commonly prompted cannot be told from what they did, and other explanations "
        "cannot be excluded: {innocent}."
    )
    return said.format(innocent="; ".join(innocents(story)[:3]))


def innocents(story: Story) -> list[str]:
    """Innocent explanations that could not be excluded, each once, the most telling first."""
    say = story.language
    found = groups(story.release.tables)
    several = [
        *([INNOCENT_LOCKSTEP] if any(group.timed for group in found) else []),
        *([INTEREST] if any(group.untimed for group in found) else []),
        *([COPYING] if any(group.worded for group in found) else []),
        *(_innocent(entry) for entry in _of(story, CONSISTENT)),
    ]
    # One of each kind in turn, so that the first few speak of all that was found.
    longest = max(map(len, several), default=0)
    ordered = [own[place] for place in range(longest) for own in several if place < len(own)]
    return list(dict.fromkeys(map(say.gettext, ordered or INNOCENT)))


def _innocent(entry: Entry) -> tuple[str, ...]:
    if publishes(entry):
        return INNOCENT_INSTITUTIONS
    return INNOCENT_COUNTS if entry["reason"] in INNOCENT_OF_COUNTS else INNOCENT


def item_innocents(language: Language, entry: Entry) -> list[str]:
    """Innocent explanations of one item."""
    return [language.gettext(each) for each in _innocent(entry)]


def rose(language: Language, entry: Entry) -> list[str]:
    """What stands, a clause and an effect each: the smallest p-value first."""
    found = standing(counting(entry), entry["family"]["level"])
    return [_clause(language, test) for test in found]


def _clause(language: Language, test: Entry) -> str:
    what = ROSE.get(test["measure"], "{measure} rose")
    if what == "{measure} rose":
        measure = measure_words(language, test)
        what = language.gettext("more {measure} than was to be expected").format(measure=measure)
    else:
        what = language.gettext(what)
    return f"{what} ({effect(language, test)})"

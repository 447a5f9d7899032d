"""The sentences that may be printed about a calibrated result, and what they must not leave out."""

from __future__ import annotations

from typing import Any

import polars as pl

from claqueur.model import CO_ACTION, CO_ENGAGEMENT, CO_TEXT
from claqueur.publish.charts.labels import counted, duration_words, listed
from claqueur.results import Result

INNOCENT = (
    "a prompt they had in common, such as an appeal repeated for weeks or a chat in which posts "
    "are passed on",
    "colleagues or friends who act together of their own accord",
    "accounts run by one person or one tool",
)
"""What lockstep does not tell apart from an order."""


INTEREST = (
    "an interest they share",
    "friends and colleagues who read the same pages",
    "accounts run by one person or one tool",
)
"""What acting on the same objects, whenever, does not tell apart from an order."""


COPYING = (
    "an appeal that offered texts to copy",
    "slogans, songs or jokes of a circle of friends",
    "accounts run by one person or one tool",
)
"""What using the same texts does not tell apart from an order."""


def sentences(result: Result) -> list[str]:
    """What was found, at which error against which null, and what it is not."""
    test, untimed = result.run.get("calibration"), result.run.get("untimed")
    lines = []
    if test:
        groups, members = _sizes(result, CO_ACTION)
        lines += [_found(groups, members, test) if groups else _nothing(test), *_small(test)]
    if untimed:
        groups, members = _sizes(result, CO_ENGAGEMENT)
        lines.append(_engaged(groups, members, untimed) if groups else _not_engaged(untimed))
    if texts := result.run.get("texts"):
        groups, members = _sizes(result, CO_TEXT)
        lines.append(_copied(groups, members, texts) if groups else _not_copied(texts))
    if layers := result.run.get("layers"):
        lines.append(_layers(layers))
    return lines


def _sizes(result: Result, layer: str) -> tuple[int, int]:
    """Groups of one layer, and their members."""
    groups = result.groups.filter(pl.col("layers").list.contains(layer))
    return groups.height, int(groups["size"].sum())


def _found(groups: int, members: int, test: dict[str, Any]) -> str:
    windows = listed(duration_words(window) for window in test["windows_that_carried_ms"])
    return (
        f"{counted(members, 'account')} in {counted(groups, 'lockstep group')} acted on the same "
        f"objects within {windows} of others of their group, more often than chance explains, on "
        f"at least {test['fewest_days']} days. Chance here means: everybody keeps their habits, "
        "how soon after publication and at which hours they act, and crowds from outside stay "
        f"as they are. At a false discovery rate of {test['level']:.0%}, at most that share of "
        f"the {members:,} is expected to have been included wrongly, against that null and among "
        f"the {test['family']:,} accounts that could be tested. It is not the probability of an "
        "order: whether they were ordered or commonly prompted cannot be separated here. Not "
        f"excluded are {listed(INNOCENT)}."
    )


def _nothing(test: dict[str, Any]) -> str:
    if not test["family"]:
        return (
            "No account could be tested by time: that needs people who act on the same objects "
            "on several days, over at least four days. This says nothing either way."
        )
    return (
        f"No lockstep group was found among the {test['family']:,} accounts that could be "
        f"tested, at a false discovery rate of {test['level']:.0%}. That does not show that "
        "nobody was ordered to act: what is done in one's own time, only once, or always as "
        "soon as a post appears cannot be seen this way."
    )


def _engaged(groups: int, members: int, test: dict[str, Any]) -> str:
    return (
        f"{counted(members, 'account')} in {counted(groups, 'co-engagement group')} acted on the "
        "same objects more often than chance explains; no times are known, so nothing can be said "
        "about when. Chance here means: how many of every ten consecutive objects of a page an "
        "account acts on, and how popular each object is, stay as they are. Every account was "
        "tested on other objects than those its group was chosen by. At a false "
        f"discovery rate of {test['level']:.0%}, at most that share of the {members:,} is "
        f"expected to have been included wrongly, against that null and among the "
        f"{test['family']:,} accounts that could be tested. It is not the probability of an "
        "order: whether they were ordered, commonly prompted or commonly interested cannot be "
        f"separated here. Not excluded are {listed(INTEREST)}."
    )


def _not_engaged(test: dict[str, Any]) -> str:
    if not test["family"]:
        return (
            "No account without times could be tested: that needs accounts that act on several "
            "objects, and objects on which several act. This says nothing either way."
        )
    return (
        f"No co-engagement group was found among the {test['family']:,} accounts without times "
        f"that could be tested, at a false discovery rate of {test['level']:.0%}. That does not "
        "show that nobody was ordered to act: an order that names every post of a page cannot be "
        "seen this way. If you know which posts or page were named, declare them with --target "
        "or --target-page."
    )


def _copied(groups: int, members: int, test: dict[str, Any]) -> str:
    return (
        f"{counted(members, 'account')} in {counted(groups, 'group')} wrote comments made from the "
        f"same texts, at least {test['fewest_texts']} different ones under different posts, more "
        "often than chance explains. Chance here means: everybody comments as much as they do, and "
        "people outside the group write something made from its texts as often as they do, on the "
        "whole and where they copy each other under a post. The texts were found without the "
        "account that was tested. "
        f"At a false discovery rate of {test['level']:.0%}, at most that share of the {members:,} "
        "is expected to have been included wrongly, against that null and among the "
        f"{test['family']:,} accounts that could be tested. It is not the probability of an order. "
        f"Not excluded are {listed(COPYING)}."
    )


def _not_copied(test: dict[str, Any]) -> str:
    if not test["family"]:
        return (
            "No account could be tested by its words: that needs accounts with at least "
            f"{test['fewest_texts']} comments of {test['fewest_words']} words or more."
        )
    return (
        f"No group that uses the same texts was found among the {test['family']:,} accounts with "
        f"enough comments, at a false discovery rate of {test['level']:.0%}. That does not show "
        "that no comments were ordered: those in everybody's own words, or a single text each, "
        "cannot be seen this way."
    )


_NAMES = {"timed": "the timed layer", "untimed": "the untimed one", "text": "texts"}


def _layers(layers: dict[str, Any]) -> str:
    alone = [f"{name} alone {layers[key]:,}" for key, name in _NAMES.items() if key in layers]
    beyond = (
        " The untimed layer does not keep shared interest, so what rests on it alone is no more "
        "than it says above."
        if "untimed" in layers
        else ""
    )
    return (
        "The layers together, their evidence averaged, which holds whatever ties them: "
        f"{counted(layers['together'], 'account')} of {layers['family']:,} at a false discovery "
        f"rate of 5%; {', '.join(alone)}, and {layers['several']:,} in more than one.{beyond}"
    )


def _small(test: dict[str, Any]) -> list[str]:
    """How small an order would have been seen."""
    targets = test["sensitivity_targets"]
    if not test["sensitivity"]:
        return []
    if not test["smallest_seen"]:
        return [
            f"None of the invented orders of up to {test['sensitivity'][-1]['size']} people and "
            f"{targets} posts laid over these data was found by half: only larger ones would be."
        ]
    each = listed(
        f"{row['size']} people of whom {row['participation']:.0%} act on each post"
        for row in test["smallest_seen"]
    )
    return [
        "Of invented orders laid over these data, the smallest of which at least half the "
        f"members were found: {each} ({targets} posts on the busiest pages, members within "
        "about half an hour of a message)."
    ]

"""The sentences that may be printed about a calibrated result, and what they must not leave out."""

from __future__ import annotations

from typing import Any

from claqueur.publish.charts.labels import duration_words
from claqueur.publish.report.context import counted, listed
from claqueur.results import Result

INNOCENT = (
    "a prompt they had in common, such as an appeal repeated for weeks or a chat in which posts "
    "are passed on",
    "colleagues or friends who act together of their own accord",
    "accounts run by one person or one tool",
)
"""What lockstep does not tell apart from an order."""


def sentences(result: Result) -> list[str]:
    """What was found, at which error against which null, and what it is not."""
    test = result.run["calibration"]
    found = _found(result, test) if result.groups.height else _nothing(test)
    return [found, *_small(test)]


def _found(result: Result, test: dict[str, Any]) -> str:
    groups, members = result.groups.height, result.accounts.height
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
            "No account could be tested: the default needs people who act on the same objects "
            "on several days, over at least four days. This says nothing either way."
        )
    return (
        f"No lockstep group was found among the {test['family']:,} accounts that could be "
        f"tested, at a false discovery rate of {test['level']:.0%}. That does not show that "
        "nobody was ordered to act: what is done in one's own time, only once, or always as "
        "soon as a post appears cannot be seen this way."
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

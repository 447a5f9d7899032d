"""The sentences that may be printed about declared targets, and what they must not leave out."""

from __future__ import annotations

from typing import Any

from claqueur.publish.charts.labels import counted, listed

INNOCENT = (
    "an interest these posts had in common that was not declared as a topic",
    "a common prompt, such as an appeal or a chat in which the same posts were passed on",
    "accounts run by one person or one tool",
)
"""What liking the targets does not tell apart from an order."""


def target_sentences(test: dict[str, Any]) -> list[str]:
    """What was found about declared targets, against which null, and what it is not.

    Parameters
    ----------
    test
        The ``targets`` entry of ``run.json``.
    """
    if not test["tested"]:
        return [_untested(test)]
    said = _found(test) if test["at_least"] else _nothing(test)
    return [said, _checked(test), *_seen(test)]


def _what(test: dict[str, Any]) -> str:
    """The targets in words."""
    if test["variant"] == "whole page":
        return f"the target page since {test['since']}"
    return f"the {counted(test['targets'], 'declared post')}"


def _untested(test: dict[str, Any]) -> str:
    why = [reason for reason, count in test["not_testable"].items() if count]
    because = f" ({listed(why)})" if why else ""
    return (
        f"Whether {_what(test)} got more likes than interests explain could not be tested on any "
        f"account{because}. This says nothing either way."
    )


def _found(test: dict[str, Any]) -> str:
    least = test["at_least"]
    number = f"At least {least:,}" if isinstance(least, int) else "Some, at least one but by this"
    few = "" if isinstance(least, int) else " bound fewer than 10,"
    return (
        f"{number}{few} of the {_n(test['tested'])} accounts that could be tested liked more of "
        f"{_what(test)} than their interests explain (lower bound at 95% confidence; nobody doing "
        f"so has p {_p(test['nobody_p_value'])}). Kept by the null: {test['null']}. Whether they "
        "were ordered or commonly prompted cannot be separated here. Not excluded are "
        f"{listed(INNOCENT)}. The list behind this number has a false discovery rate, the "
        "q-value, which is not the probability of an order, and it is written nowhere: this says "
        "how many, not who."
    )


def _nothing(test: dict[str, Any]) -> str:
    return (
        f"No account of the {_n(test['tested'])} that could be tested can be said to have liked "
        f"more of {_what(test)} than its interests explain (nobody doing so has p "
        f"{_p(test['nobody_p_value'])}). Kept by the null: {test['null']}. That does not show that "
        "nobody was ordered to."
    )


def _checked(test: dict[str, Any]) -> str:
    """What control pages gave."""
    control = test["control_pages"]
    if test["variant"] == "whole page":
        if control["pages"] < 2:
            return (
                "Fewer than two control pages were collected, so the number cannot be held against "
                "pages that nobody ordered, and none is given."
            )
        return (
            f"New followers show up on any page: {control['share_small_of_target']:.1%} of the "
            f"tested accounts have p up to {control['small_p']:g} on the target page, and "
            f"{min(control['share_small']):.1%} to {max(control['share_small']):.1%} on the "
            f"{control['pages']} control pages. Only what exceeds the controls is counted."
        )
    if control["exponent"] is None:
        return (
            "No other page could serve as a control, so the null's assumption of constant "
            "interests could not be checked: collect other pages before printing this."
        )
    made = "left as they were" if control["exponent"] == 1 else "made larger by the same law"
    return (
        f"The same test on posts of control pages that nobody named gave {control['tests']:,} "
        f"p-values; by them those of the targets were {made} (power {control['exponent']:.2f})."
    )


def _seen(test: dict[str, Any]) -> list[str]:
    """What could have been seen, by invented participants."""
    if not test["sensitivity"]:
        return []
    rows = [row for row in test["sensitivity"] if row["size"] == test["sensitivity"][-1]["size"]]
    each = listed(f"{row['found']:.0%} at a participation of {row['participation']:.0%}"
                  for row in rows)  # fmt: skip
    return [
        f"Of {rows[0]['size']} invented participants laid over these accounts the test saw {each}."
    ]


def _n(count: int | str) -> str:
    return f"{count:,}" if isinstance(count, int) else count


def _p(value: float) -> str:
    return "under 0.001" if value < 0.001 else f"{value:.3f}"

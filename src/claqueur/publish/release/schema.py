"""What a release may hold, column by column. What is not named here is never published."""

from __future__ import annotations

import polars as pl

FORMAT = 1
"""Version of the files of a release."""

COLUMNS: dict[str, dict[str, tuple[pl.DataType, str]]] = {
    "groups": {
        "group": (pl.Int64(), "number in this release: by size, then by first week"),
        "size": (pl.Int64(), "members, to multiples of k (of 5k from 20k on)"),
        "pooled": (
            pl.Boolean(),
            "whether several found groups are one: institutions', or of nearly the same accounts",
        ),
        "pattern": (pl.String(), "sustained, one-off or undated"),
        "first_week": (pl.Date(), "Monday of the first week in which k members acted"),
        "last_week": (pl.Date(), "Monday of the last such week"),
        "weeks": (pl.Int64(), "weeks that are published"),
        "pages": (pl.Int64(), "pages on which k members acted together"),
        "actions": (pl.Int64(), "members' actions on these pages in those weeks, about"),
        "layers": (pl.String(), "what was compared: co_action times, co_engagement objects"),
        "p_value": (pl.Float64(), "order of magnitude, rounded up"),
        "q_value": (pl.Float64(), "order of magnitude, rounded up"),
        "certainty": (pl.String(), "the same in a word: very strong, strong, moderate, not stated"),
    },
    "weeks": {
        "group": (pl.Int64(), "number of the group"),
        "week": (pl.Date(), "Monday of the week, in the zone of release.json"),
        "active": (pl.Int64(), "members who acted on the group's pages, to multiples of k"),
        "actions": (pl.Int64(), "their actions there, about"),
        "all_actions": (pl.Int64(), "actions of all accounts there, about"),
    },
    "participation": {
        "group": (pl.Int64(), "number of the group"),
        "share": (pl.String(), "part of the posts on which members acted together"),
        "accounts": (pl.Int64(), "members who acted on that part of them, to multiples of k"),
    },
    "rhythm": {
        "group": (pl.Int64(), "number of the group; empty for all accounts on the same pages"),
        "part": (pl.String(), "working hours (Monday to Friday, 9 to 18), other hours, weekend"),
        "share": (pl.Float64(), "share of actions, in twentieths"),
    },
    "templates": {
        "group": (pl.Int64(), "number of the group"),
        "frame": (pl.String(), "words that comments have in common, with slots for the rest"),
        "accounts": (pl.Int64(), "members who used it, to multiples of k"),
        "weeks": (pl.Int64(), "weeks in which k members used it"),
    },
    "effects": {
        "directive": (pl.String(), "number of the document"),
        "item": (pl.String(), "number of its item"),
        "measure": (pl.String(), "what was counted, all named pages pooled"),
        "week": (pl.Date(), "Monday of the week"),
        "observed": (pl.Float64(), "mean over days, two digits"),
        "controls": (pl.Float64(), "the same on control pages"),
        "expected": (pl.Float64(), "what was to be expected"),
        "low": (pl.Float64(), "lower end of where 95% of days were to be expected"),
        "high": (pl.Float64(), "upper end"),
    },
}
"""Every table and column: its type, and what it means."""

SCHEMAS = {
    name: pl.Schema({column: kind for column, (kind, _) in columns.items()})
    for name, columns in COLUMNS.items()
}

FACTS = (
    *("format", "claqueur", "title", "k", "zone", "level", "first_week", "last_week", "detail"),
    *("counts", "withheld", "earlier_releases"),
)
"""Keys of ``release.json``."""

RUN = (
    *("format", "claqueur", "mode", "level", "nulls", "layers", "actions", "settings", "counts"),
    *("refused", "set_aside", "times", "first_week", "last_week", "versions"),
)
"""Keys of the public ``run.json``."""

ENTRY = (
    *("directive", "title", "registration", "item", "text", "translation", "language", "issuer"),
    *("addressed", "action", "start", "end", "quota", "quota_of", "quota_per", "causes", "answer"),
    *("reason", "why", "p_value", "p_adjusted", "family", "data", "tests", "alternatives"),
)
"""Keys of an entry of the public ``directive.json``."""

WORKING, OTHER, WEEKEND = "working hours", "other hours", "weekend"
PARTS = (WORKING, OTHER, WEEKEND)
"""Parts of the week."""

BINS = ("0–25%", "25–50%", "50–75%", "75–100%")
"""Parts of a group's posts; a whole is in the last."""

WEEKS, RHYTHM, TEMPLATES, ACTIONS, PARTICIPATION = (
    "weeks", "rhythm", "templates", "actions", "participation",
)  # fmt: skip
DETAILS = (WEEKS, RHYTHM, TEMPLATES, ACTIONS, PARTICIPATION)
"""What may be said about groups besides that they are there, how large, and in which weeks they
began and ended: how many members were active by week, in which part of the week, which templates
they used, how much they did, on which part of the posts. In the order in which it is worth saying.
"""

FULL, BARE = "full", "bare"
"""What ``release.json`` calls all of these, and none; some are listed."""


def detail_text(details: tuple[str, ...]) -> str:
    """How much is said, in a word or a list.

    Examples
    --------
    >>> detail_text(DETAILS), detail_text(()), detail_text(("weeks", "rhythm"))
    ('full', 'bare', 'weeks, rhythm')
    """
    return FULL if details == DETAILS else ", ".join(details) or BARE

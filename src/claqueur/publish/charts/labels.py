"""What networks, times and groups are called in pictures and reports."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import polars as pl

from claqueur.errors import SettingError
from claqueur.model import ANY_ACTION, TEXT
from claqueur.results import Result
from claqueur.settings import duration_text

_UNITS = {"d": "day", "h": "hour", "m": "minute", "s": "second", "ms": "millisecond"}
NETWORK = ("action", "window_ms")
"""Columns that tell networks of one layer apart."""


def action_text(action: str) -> str:
    """An action in a sentence."""
    return "actions of any kind" if action == ANY_ACTION else f"“{action}”"


def window_text(window_ms: int | None) -> str:
    """A window in a sentence."""
    return "without times" if window_ms is None else f"within {duration_words(window_ms)}"


def duration_words(value_ms: int) -> str:
    """A duration in words: 60000 becomes ``1 minute``."""
    short = duration_text(value_ms)
    number = short.rstrip("dhms")
    return f"{number} {_UNITS[short[len(number) :]]}{'' if number == '1' else 's'}"


def network_text(row: dict[str, Any]) -> str:
    """What a network is called: its action and window."""
    if row["action"] == TEXT and row["window_ms"] is None:
        return "the same texts"
    return f"{action_text(row['action'])} {window_text(row['window_ms'])}"


def listed(words: Iterable[str]) -> str:
    """Words in a sentence: a, b and c."""
    *rest, last = list(words)
    return f"{', '.join(rest)} and {last}" if rest else last


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun: 1 pair, 2 pairs."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def opening(text: str) -> str:
    """A text with a capital first, as a heading has it."""
    return text[:1].upper() + text[1:]


def networks(groups: pl.DataFrame) -> list[dict[str, Any]]:
    """The networks that have groups, in the order of action and window."""
    return groups.select(NETWORK).unique().sort(NETWORK).to_dicts()


def in_network(network: dict[str, Any]) -> list[pl.Expr]:
    """Conditions on rows to be of one network, also where it has no window."""
    return [pl.col(name).eq_missing(pl.lit(network[name])) for name in NETWORK]


def group_row(result: Result, group_id: int | None) -> dict[str, Any]:
    """One group's row of ``groups``."""
    return result.groups.row(by_predicate=pl.col("group_id") == group_id, named=True)


def group_text(row: dict[str, Any]) -> str:
    """What a group is called under a picture."""
    return f"Group {row['group_id']} ({row['size']:,} members, {network_text(row)})"


def zone(result: Result) -> str:
    """Time zone in which times are shown."""
    return str(result.run["settings"]["zone"])


def local(result: Result, column: str = "time") -> pl.Expr:
    """A column of times in the zone of the report."""
    return pl.col(column).dt.convert_time_zone(zone(result))


def day_text(moment: datetime) -> str:
    """A day, the same in every locale."""
    return f"{moment.day} {moment:%b %Y}"


def need(rows: pl.DataFrame, what: str) -> pl.DataFrame:
    """The rows, or a refusal saying why there is no picture."""
    if rows.is_empty():
        raise SettingError(f"no picture: {what}")
    return rows

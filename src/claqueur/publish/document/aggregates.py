"""The tables of a release as the document reads them: one place that knows their columns.

A cell that is null is withheld. Tables and columns may be missing; then there is less to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from claqueur.model import CO_ACTION, CO_ENGAGEMENT, CO_TEXT

Row = dict[str, Any]


@dataclass(frozen=True)
class Group:
    """One released group; what is withheld or not known is None."""

    number: int
    size: int | None
    pooled: bool
    pattern: str
    first_week: str
    last_week: str
    weeks: int | None
    pages: int | None
    actions: int | None
    layers: tuple[str, ...]
    q_value: float | None

    @property
    def timed(self) -> bool:
        """Whether when accounts act had a part in finding it; so for thresholds as well."""
        return (not self.untimed and not self.worded) or CO_ACTION in self.layers

    @property
    def untimed(self) -> bool:
        """Whether what accounts act on, whenever, had a part in finding it."""
        return CO_ENGAGEMENT in self.layers

    @property
    def worded(self) -> bool:
        """Whether what accounts write had a part in finding it."""
        return CO_TEXT in self.layers


def groups(tables: Mapping[str, pl.DataFrame]) -> list[Group]:
    """The groups by number."""
    return [_group(row) for row in _rows(tables, "groups", "group")]


def members(found: list[Group]) -> int:
    """Accounts in groups, as far as their sizes are published."""
    return sum(group.size or 0 for group in found)


def weeks(tables: Mapping[str, pl.DataFrame]) -> list[Row]:
    """Group, week, and about how many members were active: ``group``, ``week``, ``active``."""
    return [
        {"group": row["group"], "week": _day(row["week"]), "active": row.get("active")}
        for row in _rows(tables, "weeks", "group", "week")
        if row["group"] is not None
    ]


def participation(tables: Mapping[str, pl.DataFrame]) -> list[Row]:
    """Group, bin of the share of targets, and accounts: ``group``, ``share``, ``accounts``."""
    return [
        {"group": row["group"], "share": str(row["share"]), "accounts": row.get("accounts")}
        for row in _rows(tables, "participation", "group")
    ]


def rhythm(tables: Mapping[str, pl.DataFrame]) -> list[Row]:
    """Group (None: everybody), part of the week and share: ``group``, ``part``, ``share``."""
    return [
        {"group": row["group"], "part": str(row["part"]), "share": row.get("share")}
        for row in _rows(tables, "rhythm", "group")
    ]


def templates(tables: Mapping[str, pl.DataFrame]) -> list[Row]:
    """Frames of comments: ``group``, ``frame``, ``accounts``, ``weeks``."""
    return [row for row in _rows(tables, "templates", "group") if row.get("frame")]


def course(tables: Mapping[str, pl.DataFrame], entry: Row) -> list[Row]:
    """An item by week: ``week``, ``observed``, ``expected``, ``controls``, ``measure``."""
    own = [
        row
        for row in _rows(tables, "effects", "week")
        if str(row.get("item")) == str(entry["item"])
        and row.get("directive", entry["directive"]) == entry["directive"]
    ]
    keys = ("observed", "expected", "controls", "low", "high")
    return [
        {"week": _day(row["week"]), "measure": str(row.get("measure") or "")}
        | {key: row.get(key) for key in keys}
        for row in own
    ]


def _group(row: Row) -> Group:
    layers = row.get("layers") or ()
    return Group(
        number=int(row["group"]),
        size=row.get("size"),
        pooled=bool(row.get("pooled")),
        pattern=str(row.get("pattern") or ""),
        first_week=_day(row.get("first_week")),
        last_week=_day(row.get("last_week")),
        weeks=row.get("weeks"),
        pages=row.get("pages"),
        actions=row.get("actions"),
        layers=tuple(layers.split("|")) if isinstance(layers, str) else tuple(layers),
        q_value=_float(row.get("q_value")),
    )


def _rows(tables: Mapping[str, pl.DataFrame], name: str, *order: str) -> list[Row]:
    table = tables.get(name, pl.DataFrame())
    by = [column for column in order if column in table.columns]
    return (table.sort(by, nulls_last=True) if by else table).to_dicts()


def _day(value: date | str | None) -> str:
    return value.isoformat() if isinstance(value, date) else str(value or "")


def _float(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None

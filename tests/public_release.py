"""Releases written by hand: what the document has to cope with, in the form of a real one."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Any

import polars as pl

from claqueur.publish.document import render_document
from claqueur.publish.release import Release
from claqueur.publish.release.items import public_entry
from claqueur.publish.release.schema import BINS, FORMAT, PARTS, SCHEMAS
from tests.directive_answers import entry, every_kind, finding

K = 10
MONDAY = date(2019, 1, 21)
CAUSE = {"name": "the games themselves", "kind": "event", "first_day": "2019-03-01",
         "last_day": "2019-03-10", "coincides": False}  # fmt: skip


def table(name: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    """A table of a release; columns that are not given are null."""
    full = [{column: row.get(column) for column in SCHEMAS[name]} for row in rows]
    return pl.DataFrame(full, schema=SCHEMAS[name])


def week(number: int) -> date:
    return MONDAY + timedelta(weeks=number)


def groups(many: int) -> list[dict[str, Any]]:
    return [
        {
            "group": number, "size": 200 - 10 * number, "pooled": number == 1,
            "pattern": ["sustained", "one-off", "undated"][number % 3], "first_week": week(1),
            "last_week": week(6), "weeks": 5, "pages": 2, "actions": 7000,
            "layers": "co_engagement" if number % 3 == 2 else "co_action", "p_value": 1e-12,
            "q_value": 1e-6, "certainty": "very strong",
        }
        for number in range(1, many + 1)
    ]  # fmt: skip


def weeks(many: int) -> list[dict[str, Any]]:
    """The first week of each is withheld, the second not there."""
    return [
        {"group": number, "week": week(place), "active": None if place == 0 else 20 * place}
        for number in range(1, many + 1)
        for place in range(7)
        if place != 1
    ]


def participation(many: int) -> list[dict[str, Any]]:
    counts = (10, None, None, 50)
    return [
        {"group": number, "share": share, "accounts": count}
        for number in range(1, many + 1)
        for share, count in zip(BINS, counts, strict=True)
    ]


def rhythm(many: int) -> list[dict[str, Any]]:
    return [
        {"group": number or None, "part": part, "share": share}
        for number in range(many + 1)
        for part, share in zip(PARTS, (0.9, 0.1, 0.0) if number else (0.5, 0.3, 0.2), strict=True)
    ]


def effects(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The fourth week is withheld."""
    return [
        {
            "directive": each["directive"], "item": each["item"], "measure": "likes of a post",
            "week": week(place), "observed": None if place == 3 else 60.0 + 5 * place,
            "controls": 15.0, "expected": 60.0 if place else None, "low": 40.0 if place else None,
            "high": 90.0 if place else None,
        }
        for each in entries
        for place in range(7)
    ]  # fmt: skip


TEMPLATES = [
    {"group": 1, "frame": "Спасибо за {…} праздник", "accounts": 20, "weeks": 4},
    {"group": 2, "frame": "thanks to our {…} city", "accounts": 10, "weeks": 3},
]


def items(reasons: list[str] | None = None) -> list[dict[str, Any]]:
    """Public entries, one for each reason, numbered from 1."""
    known = every_kind()
    chosen = reasons or list(known)
    return [
        public_entry(known[reason] | {"item": str(number)}, "1", K)
        for number, reason in enumerate(chosen, 1)
    ]


def release(many: int = 6, directive: list[dict[str, Any]] | None = None, **facts: Any) -> Release:
    """A release of so many groups, and an item of every kind where none are given."""
    entries = items() if directive is None else directive
    tables = {
        "groups": table("groups", groups(many)),
        "weeks": table("weeks", weeks(many)),
        "participation": table("participation", participation(many)),
        "rhythm": table("rhythm", rhythm(many) if many else []),
        "templates": table("templates", TEMPLATES if many else []),
        "effects": table("effects", effects(entries)),
    }
    counts = {"accounts": 12_000, "actions": 300_000, "posts": 5000, "pages": 40}
    shared = {"format": FORMAT, "claqueur": "0.1.0", "level": 0.05, "counts": counts,
              "first_week": "2019-01-21", "last_week": "2019-03-04"}  # fmt: skip
    return Release(
        tables={name: frame for name, frame in tables.items() if not frame.is_empty()},
        run=shared | {
            "mode": "calibrated", "layers": ["co_action", "co_engagement"],
            "nulls": {"own delays": "what it keeps"}, "settings": {"parts": 4},
        },
        facts=shared | {
            "title": "Krasnoyarsk 2019 (simulated)", "k": K, "zone": "Asia/Krasnoyarsk",
            "detail": "full", "earlier_releases": 0,
            "withheld": [{"what": "group", "why": "group of fewer than k accounts", "number": 3}],
        } | facts,
        directive=entries,
    )  # fmt: skip


@cache
def page(code: str) -> str:
    """The document of all that :func:`release` has, drawn once for all tests."""
    return render_document(release(), language=code, day="2019-04-01")


def real_entry(**changes: Any) -> dict[str, Any]:
    """A public entry that is consistent, with texts of one's own."""
    likes = finding(every_kind()["who and when"]["tests"][1])
    return public_entry(entry("who and when", "consistent", likes, causes=[CAUSE], **changes),
                        "1", K)  # fmt: skip

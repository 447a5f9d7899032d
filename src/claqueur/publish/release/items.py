"""A document's items as they are published: the same answers, by a list of what may be said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from claqueur.directive.persons import contact_in, names_somebody
from claqueur.errors import ReleaseError
from claqueur.publish.release import coarse
from claqueur.publish.release.schema import SCHEMAS

Entry = dict[str, Any]

_TEXTS = ("title", "text", "translation", "issuer")

_ENTRY = (
    *("title", "item", "text", "translation", "language", "issuer", "addressed", "action"),
    *("start", "end", "quota", "quota_of", "quota_per", "answer", "reason", "why", "family"),
)
_REGISTRATION = (
    *("sha256", "time", "version", "first_time", "stamp", "stamp_time", "after_collection"),
    *("stamped_late", "reworded", "working", "changed_since", "remarks"),
)
_DATA = (
    *("zone", "before", "after", "left_out", "earlier_dates", "target_pages", "control_pages"),
    *("targets_not_in_data", "controls_not_in_data"),
)
_TEST = (
    *("test", "measure", "available", "why", "statistic", "unit", "level", "null", "adequate"),
    *("counts", "alone", "explained_by"),
)
_ROUNDED = ("effect", "low", "high", "visible", "value")
_NUMBERS = (
    *("source", "pages", "earlier_dates", "smallest_p", "before_p", "outlying_controls"),
    *("institutions", "control_pages", "posts_a_day_before", "posts_a_day_after", "claimed"),
    *("pairs_expected", "before", "after", "days_above", "days", "pseudo_targets_exponent"),
)
_ACCOUNTS, _ACTIONS = ("tested", "at_least"), ("seen", "pairs")
"""Numbers that count accounts, rounded down; and actions, about."""

_ALTERNATIVE = ("name", "test", "measure", "unit", "why")

KEPT_DIGITS = 3
FEWEST_DAYS = 3
"""Days with posts a week must have: a mean over fewer is nearly a post's own count."""


def numbered(directive: Sequence[Entry]) -> dict[str, str]:
    """Documents by name and the numbers they are published under: a name may tell of the source.

    Examples
    --------
    >>> numbered([{"directive": "minutes-from-anna"}, {"directive": "letter"}])
    {'minutes-from-anna': '1', 'letter': '2'}
    """
    names = dict.fromkeys(str(entry["directive"]) for entry in directive)
    return {name: str(number) for number, name in enumerate(names, 1)}


def public_entry(entry: Entry, number: str, k: int) -> Entry:
    """An entry of ``directive.json`` without what counts few accounts, posts or pages.

    Raises
    ------
    ReleaseError
        If a text names a person, or gives a way to reach one.
    """
    _check_texts(entry)
    return {
        "directive": number,
        **_kept(entry, _ENTRY),
        "causes": [dict(cause) for cause in entry["causes"]],
        "registration": _kept(entry.get("registration") or {}, _REGISTRATION),
        "p_value": coarse.digits(entry["p_value"]),
        "p_adjusted": coarse.digits(entry["p_adjusted"]),
        "data": _kept(entry.get("data") or {}, _DATA),
        "tests": [_test(test, k) for test in entry["tests"]],
        "alternatives": [_alternative(each, k) for each in entry.get("alternatives") or []],
    }


def _kept(record: Mapping[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    return {key: record[key] for key in keys if key in record}


def checked_title(title: str) -> str:
    """A case's title, if it may be published.

    Raises
    ------
    ReleaseError
        If it names a person, or gives a way to reach one.
    """
    if wrong := _person_in(title):
        raise ReleaseError(f"title {title!r}: has {wrong}; give another with --title")
    return title


def _person_in(text: str) -> str:
    return contact_in(text) or ("a person's name" if names_somebody(text) else "")


def _check_texts(entry: Entry) -> None:
    for key in _TEXTS:
        if wrong := _person_in(str(entry.get(key) or "")):
            raise ReleaseError(
                f"item {entry['item']} of {entry['directive']}: its {key} has {wrong}; retype it "
                "as […] and register the record anew"
            )


def _test(test: Mapping[str, Any], k: int) -> dict[str, Any]:
    accounts = test["unit"] == "accounts"
    rounded = {name: _number(test.get(name), accounts, k) for name in _ROUNDED}
    return {
        **_kept(test, _TEST),
        **rounded,
        "p_value": coarse.digits(test["p_value"]),
        "page_p": coarse.digits(test.get("page_p")),
        "controls": [coarse.digits(value, KEPT_DIGITS) for value in test.get("controls", [])],
        "numbers": _numbers(test.get("numbers", {}), k),
        "remarks": list(test.get("remarks", [])),
    }


def _number(value: Any, accounts: bool, k: int) -> Any:
    if not isinstance(value, int | float):
        return None
    return coarse.at_least(int(value), k) if accounts else coarse.digits(value, KEPT_DIGITS)


def _numbers(numbers: Mapping[str, Any], k: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in numbers.items():
        if name in _ACCOUNTS:
            found[name] = coarse.at_least(value, k) if isinstance(value, int) else value
        elif name in _ACTIONS and isinstance(value, int):
            found[name] = coarse.actions(value)
        elif name == "invented_participants":
            found[name] = [_kept(row, ("size", "participation", "found")) for row in value or []]
        elif name in _NUMBERS:
            whole = isinstance(value, str | int) or value is None
            found[name] = value if whole else coarse.digits(value, KEPT_DIGITS)
    return found


def _alternative(each: Mapping[str, Any], k: int) -> dict[str, Any]:
    accounts = each.get("unit") == "accounts"
    return {
        **_kept(each, _ALTERNATIVE),
        "effect": _number(each.get("effect"), accounts, k),
        "p_value": coarse.digits(each.get("p_value")),
    }


def weekly_effects(
    table: pl.DataFrame | None, published: Sequence[Entry], names: Mapping[str, str]
) -> pl.DataFrame:
    """The course of published items by week; weeks with too few days of posts are withheld.

    Parameters
    ----------
    table
        The run's ``effects``; None where it has none.
    published
        Entries of the run that are published.
    names
        Numbers of documents by name.
    """
    schema = SCHEMAS["effects"]
    shown = [(str(entry["directive"]), str(entry["item"])) for entry in published]
    if table is None or not shown:
        return schema.to_frame()
    places = pl.DataFrame(shown, schema=["directive", "item"], orient="row").unique()
    values = ("observed", "controls", "expected", "low", "high")
    known = pl.col("observed").is_not_null().sum() >= FEWEST_DAYS
    weekly = (
        table.join(places, on=["directive", "item"])
        .with_columns(
            directive=pl.col("directive").replace_strict(dict(names), return_dtype=pl.String),
            week=pl.col("day") - pl.duration(days=pl.col("day").dt.weekday() - 1),
        )
        .group_by("directive", "item", "measure", "week")
        .agg(*(pl.when(known).then(pl.col(name).mean()).alias(name) for name in values))
        .sort("directive", "item", "week")
    )
    rounded = [
        pl.col(name).map_elements(coarse.digits, return_dtype=pl.Float64).alias(name)
        for name in values
    ]
    return weekly.with_columns(rounded).select(schema.names()).cast(dict(schema))  # type: ignore[arg-type]

"""Reading a directive's record strictly, and saying everything that is wrong with it at once.

What cannot be read is left at nothing, so that the rest can be checked too; a record with any
problem is refused.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError

from claqueur.directive.checking import NO_DAY, item_labels, problems
from claqueur.directive.hypothesis import FORMAT, Directive
from claqueur.directive.persons import WHY, stands_for_people
from claqueur.directive.writing import KEYS
from claqueur.errors import SettingError
from claqueur.sources.times import check_zone

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_NOTHING = {"str": "", "date": NO_DAY, "Literal": "other"}
"""What a field holds that is missing; checking refuses it."""

_ADVICE = {
    str: "write text in quotes",
    date: "write a day as 2019-02-08",
    int: "write a whole number",
}


def read_directive(path: Path | str, zone: str = "") -> Directive:
    """Read a directive's record from a TOML file.

    Parameters
    ----------
    zone
        Time zone of its days where the record names none; UTC when empty.

    Raises
    ------
    SettingError
        If it cannot be read, or cannot be tested as it is: with everything that is missing or
        wrong, one line each.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SettingError(f"{path}: cannot be read: {error.strerror}; check the path") from None
    except UnicodeDecodeError as error:
        raise SettingError(f"{path}: is no text in UTF-8 ({error}); save it as UTF-8") from None
    return parse_directive(text, str(path), zone)


def parse_directive(record: str | Mapping[str, Any], where: str, zone: str = "") -> Directive:
    """A directive from TOML, or from the table in it.

    Parameters
    ----------
    where
        What to call the record in an error.
    zone
        Time zone where the record names none; UTC when empty.

    Raises
    ------
    SettingError
        If anything is missing or wrong; the message has all of it.
    """
    table = _toml(record, where) if isinstance(record, str) else record
    _refuse_newer(table.get("format"), where)
    found = _Reader()
    with_zone = {**table, "zone": table.get("zone") or zone or "UTC"}
    directive: Directive = found.record(Directive, _zoned(with_zone), "")
    # A value that could not be read is not missing as well.
    rest = (line for line in problems(directive) if not line.startswith(tuple(found.unread)))
    wrong = [*found.problems, *rest]
    if "format" not in table:
        wrong.insert(0, f"format: is missing; write format = {FORMAT} at the top")
    if wrong:
        raise SettingError(in_one(wrong, where))
    return directive


def in_one(lines: list[str], where: str) -> str:
    """Several problems as one message."""
    if len(lines) == 1:
        return f"{where}: {lines[0]}"
    return "\n".join([f"{where}: {len(lines)} things to put right:", *(f"  {i}" for i in lines)])


def _toml(text: str, where: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingError(f"{where}: is no TOML: {error}; put it right there") from None


def _refuse_newer(number: Any, where: str) -> None:
    if isinstance(number, int) and number > FORMAT:
        raise SettingError(
            f"{where}: format {number} is of a newer Claqueur (this one reads up to {FORMAT}); "
            "upgrade Claqueur"
        )


def _zoned(table: dict[str, Any]) -> dict[str, Any]:
    """The table with its zone as the zone database calls it; an unknown one is left to checking."""
    try:
        return {**table, "zone": check_zone(table["zone"])}
    except (SettingError, TypeError):
        return table


class _Reader:
    """Makes records of tables, field by field, and keeps what was wrong and where."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.unread: list[str] = []

    def record(self, cls: Any, table: Mapping[str, Any], place: str) -> Any:
        """A record with whatever could be read; ``place`` is as ``item 3: ``."""
        hints = get_type_hints(cls)
        keys = {KEYS.get(name, name): name for name in hints}
        self.problems += _strangers(table, list(keys), place)
        values = {
            entry.name: _nothing(str(entry.type))
            for entry in fields(cls)
            if entry.default is MISSING
        }
        for key, name in keys.items():
            # A table from JSON says "nothing" where TOML leaves the key out.
            if table.get(key) is None:
                continue
            inner = next(filter(is_dataclass, (hints[name], *get_args(hints[name]))), None)
            try:
                if inner is None:
                    values[name] = _leaf(hints[name], table[key])
                elif inner is hints[name]:
                    values[name] = self._table(inner, key, table[key], place)
                else:
                    values[name] = self._tables(inner, key, table[key], place)
            except _WrongValueError as error:
                self.unread.append(f"{place}{key}: ")
                self.problems.append(f"{place}{key}: {_why_not(key, table[key], str(error))}")
        return cls(**values)

    def _table(self, cls: Any, key: str, value: Any, place: str) -> Any:
        if not isinstance(value, Mapping):
            raise _WrongValueError(f"write a table: [{key}] and its keys below")
        return self.record(cls, value, f"{place.removesuffix(': ')}{key}: ")

    def _tables(self, cls: Any, key: str, value: Any, place: str) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple) or not all(isinstance(i, Mapping) for i in value):
            full = f"item.{key}" if place.startswith("item") else key
            raise _WrongValueError(f"write tables: [[{full}]] with two brackets, and keys below")
        own = place.removesuffix(": ")
        return tuple(
            self.record(cls, each, f"{own}, {label}: " if own else f"{label}: ")
            for each, label in zip(value, _labels(key, value), strict=True)
        )


class _WrongValueError(Exception):
    """A value of the wrong kind; says what to write instead."""


def _labels(key: str, tables: Sequence[Mapping[str, Any]]) -> list[str]:
    """How each table is called in problems."""
    if key != "item":
        return [f"{key} {place}" for place in range(1, len(tables) + 1)]
    numbers = [_meant(table.get("number", ""), str) for table in tables]
    return item_labels([number if isinstance(number, str) else "" for number in numbers])


def _nothing(kind: str) -> Any:
    return next((value for name, value in _NOTHING.items() if kind.startswith(name)), ())


def _strangers(table: Mapping[str, Any], known: list[str], place: str) -> Iterator[str]:
    """Keys that are not known; those that stand for people are told why."""
    for key in table:
        if key in known:
            continue
        if stands_for_people(key):
            yield f"{place}{key}: {WHY}; take it out"
        else:
            yield f"{place}{key}: unknown key; known here are {', '.join(known)}"


@cache
def _adapter(hint: Any) -> TypeAdapter[Any]:
    return TypeAdapter(hint)


def _leaf(hint: Any, value: Any) -> Any:
    """A plain value or a tuple of them, of exactly the kind the field has."""
    meant = _meant(value, hint)
    try:
        return _adapter(hint).validate_python(meant, strict=True)
    except ValidationError:
        raise _WrongValueError(_advice(hint)) from None


def _meant(value: Any, hint: Any) -> Any:
    """One value stands for a list of one; a whole number is an id; a day may be in quotes."""
    kinds = get_args(hint) or (hint,)
    if Ellipsis in kinds:
        several = value if isinstance(value, list | tuple) else [value]
        return tuple(_meant(each, kinds[0]) for each in several)
    if str in kinds and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if date in kinds and isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return value
    return value


def _advice(hint: Any) -> str:
    kinds = get_args(hint) or (hint,)
    words = [word for kind in kinds for word in (get_args(kind) or (kind,)) if type(word) is str]
    if words:
        return f"write one of {', '.join(words)}"
    advice = next(_ADVICE[kind] for kind in kinds if kind in _ADVICE)
    return f"{advice}, or a list of them" if Ellipsis in kinds else advice


def _why_not(key: str, value: Any, advice: str) -> str:
    if key == "claimed_total" and isinstance(value, list | Mapping):
        return "a total, never a list: write all claimed actions together as one number"
    if key == "quota" and isinstance(value, list | Mapping):
        return "one number for everybody, never a list"
    shown = repr(value) if isinstance(value, str | int | float) else "this"
    return f"{shown} cannot be used; {advice}"

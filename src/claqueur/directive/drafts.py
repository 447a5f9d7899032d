"""Records as a form has them: JSON with lists ``items``, ``causes``, ``controls``; days as text.

What is not right yet can be kept all the same, as it can in a text editor.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import date
from typing import Any

from claqueur.directive.checking import notes
from claqueur.directive.hypothesis import FORMAT, Cause, Directive, Item, Restricted
from claqueur.directive.reading import in_one, parse_directive
from claqueur.directive.working import HasDirectives, check_name, save_working, working_names
from claqueur.directive.writing import KEYS, dump_record
from claqueur.errors import SettingError

_FORMS = {name: key for key, name in KEYS.items()}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_DAYS = ("start", "end", "first_day", "last_day", "deadlines")
_LISTS = {
    each.name
    for cls in (Directive, Item, Cause)
    for each in fields(cls)
    if str(each.type).startswith("tuple")
}
_WHERE = "record"


def draft_of(directive: Directive) -> dict[str, Any]:
    """A record as a form has it; the nonce is nobody's to fill in."""
    form: dict[str, Any] = _plain(asdict(directive))
    form["restricted"].pop("nonce")
    return form


def read_draft(case: HasDirectives, name: str) -> dict[str, Any]:
    """A working copy as a form has it, whatever is wrong with it.

    Raises
    ------
    SettingError
        If it is no TOML.
    """
    path = case.directives_folder / f"{check_name(name)}.toml"
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise SettingError(f"{path}: cannot be read ({error}); put it right there") from None
    form: dict[str, Any] = _plain(_renamed(table, _FORMS))
    form["restricted"] = _restricted(form.get("restricted"))
    form["restricted"].pop("nonce")
    return {**_EMPTY, **form}


_EMPTY: dict[str, Any] = {
    "format": FORMAT, "title": "", "language": "", "zone": "", "items": [], "causes": [],
}  # fmt: skip


def _restricted(given: object) -> dict[str, Any]:
    own = given if isinstance(given, dict) else {}
    return {**asdict(Restricted()), **own}


def examined(form: Mapping[str, Any], zone: str) -> tuple[list[str], list[str]]:
    """What is wrong with a record, and what it leaves open.

    Parameters
    ----------
    zone
        Time zone of its days where it names none.
    """
    try:
        directive = parse_directive(_table(form), _WHERE, zone)
    except SettingError as error:
        head, _, rest = str(error).partition("\n")
        lines = rest.splitlines() or [head.removeprefix(f"{_WHERE}: ")]
        return [line.strip() for line in lines], []
    return [], notes(directive)


def save_draft(case: HasDirectives, name: str, form: Mapping[str, Any]) -> None:
    """Keep a record as it is; what is restricted stays where the form does not say it.

    Raises
    ------
    SettingError
        If it holds what no record can, such as a key that stands for people.
    """
    table = _table(form)
    former = _former(case, name)
    if not isinstance(table.get("restricted"), dict):
        table["restricted"] = former
    elif former.get("nonce"):
        table["restricted"] = {**table["restricted"], "nonce": former["nonce"]}
    known = {KEYS.get(each.name, each.name) for each in fields(Directive)}
    if unknown := sorted(set(table) - known):
        raise SettingError(in_one([f"{', '.join(unknown)}: unknown key"], _WHERE))
    path = case.directives_folder / f"{check_name(name)}.toml"
    try:
        text = dump_record(table)
        tomllib.loads(text)
    except (TypeError, ValueError) as error:
        raise SettingError(f"{_WHERE}: cannot be written down ({error})") from None
    save_working(path, text)


def _former(case: HasDirectives, name: str) -> dict[str, Any]:
    if name not in working_names(case):
        return {}
    path = case.directives_folder / f"{name}.toml"
    found = tomllib.loads(path.read_text(encoding="utf-8-sig")).get("restricted")
    return found if isinstance(found, dict) else {}


def _table(form: Mapping[str, Any]) -> dict[str, Any]:
    """The form as the table of a record: keys of TOML, days as days, what is empty left out."""
    table: dict[str, Any] = _typed(_renamed({"format": FORMAT, **form}, KEYS), "")
    return table


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {names.get(key, key): _renamed(inner, names) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_renamed(inner, names) for inner in value]
    return value


def _typed(value: Any, key: str) -> Any:
    if isinstance(value, Mapping):
        made = {name: _typed(inner, name) for name, inner in value.items()}
        return {name: inner for name, inner in made.items() if inner not in (None, "", [], {})}
    if isinstance(value, list):
        return [_typed(inner, key) for inner in value]
    if key in _DAYS and isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return value
    return value


def _plain(value: Any, key: str = "") -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(inner, name) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, date):
        # A record that cannot be read holds the first day there is.
        return None if value == date.min else value.isoformat()
    return [value] if key in _LISTS and isinstance(value, str | int) else value

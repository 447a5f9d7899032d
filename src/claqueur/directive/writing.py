"""A directive as plain tables: for the TOML that people edit, and for what is registered."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from claqueur.directive.hypothesis import Directive

KEYS = {"items": "item", "causes": "cause", "controls": "control"}
"""Fields that are lists of tables, and their keys in TOML, where each table is one of them."""

_FIRST = ("format", "title", "language", "zone", "number", "text")
_LAST = ("restricted",)


def dump_directive(directive: Directive) -> str:
    """The record as TOML, which reads back as the same; what is empty is left out."""
    return dump_record(_renamed(asdict(directive)))


def dump_record(record: dict[str, Any]) -> str:
    """The table of a record as TOML, whatever is wrong with it; what is empty is left out."""
    # Loaded here: only who writes a record needs a TOML writer.
    import tomlkit

    document = tomlkit.document()
    table = _without_empty(record)
    for key in sorted(table, key=_order):
        document.add(key, tomlkit.item(table[key]))
    return tomlkit.dumps(document)


def shared_part(directive: Directive) -> dict[str, Any]:
    """Everything but what is restricted, as values that JSON has; days are text."""
    table: dict[str, Any] = _plain(_renamed(asdict(directive)))
    del table["restricted"]
    return table


def _order(key: str) -> int:
    """Texts first, what is restricted last, as somebody would write it down."""
    return _FIRST.index(key) if key in _FIRST else len(_FIRST) + (key in _LAST)


def _renamed(value: Any) -> Any:
    """Fields by the names they have in TOML."""
    if isinstance(value, dict):
        return {KEYS.get(key, key): _renamed(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_renamed(inner) for inner in value]
    return value


def _without_empty(table: dict[str, Any]) -> dict[str, Any]:
    kept = {key: _emptied(value) for key, value in table.items()}
    return {key: value for key, value in kept.items() if value not in (None, "", [], {})}


def _emptied(value: Any) -> Any:
    if isinstance(value, dict):
        return _without_empty(value)
    if isinstance(value, list):
        return [_emptied(inner) for inner in value]
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, date) else value

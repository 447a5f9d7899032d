"""Command-line flags made from settings classes: their fields are the flags."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import fields
from typing import Any, get_type_hints

import typer

_TYPES = {
    "str": str,
    "int": int,
    "float": float,
    "bool": bool,
    "int | None": int | None,
    "float | None": float | None,
    "tuple[str, ...]": list[str],
}


def with_settings(**classes: type) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command the flags of settings classes.

    The command has one parameter of each name, which receives what the user gave as a
    dict of field names to values; what was not given is left out, so that the settings of a
    case are overridden by flags and never by defaults.
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        own = [
            parameter.replace(annotation=get_type_hints(command, include_extras=True)[name])
            for name, parameter in inspect.signature(command).parameters.items()
            if name not in classes
        ]
        flags: dict[str, inspect.Parameter] = {}
        for cls in classes.values():
            flags.update({entry.name: _flag(entry, cls.__name__) for entry in fields(cls)})

        @functools.wraps(command)
        def run(**values: Any) -> Any:
            given = {
                name: {
                    entry.name: _plain(values[entry.name])
                    for entry in fields(cls)
                    if values[entry.name] not in (None, [])
                }
                for name, cls in classes.items()
            }
            rest = {name: value for name, value in values.items() if name not in flags}
            return command(**rest, **given)

        run.__signature__ = inspect.Signature([*own, *flags.values()])  # type: ignore[attr-defined]
        run.__annotations__ = {p.name: p.annotation for p in (*own, *flags.values())}
        return run

    return decorate


def _flag(entry: Any, panel: str) -> inspect.Parameter:
    kind = _TYPES[str(entry.type)]
    name = entry.name.replace("_", "-")
    default = f" (default: {entry.default})" if entry.default else ""
    option = typer.Option(
        None,
        f"--{name}/--no-{name}" if kind is bool else f"--{name}",
        help=entry.metadata["help"] + default,
        rich_help_panel=_PANELS[panel],
        show_default=False,
        metavar=_metavar(entry, kind),
    )
    return inspect.Parameter(
        entry.name, inspect.Parameter.KEYWORD_ONLY, default=option, annotation=kind | None
    )


_PANELS = {
    "Reading": "Reading tables",
    "CoAction": "Detection",
    "Compat": "Detection",
    "Grouping": "Groups",
    "Targets": "Declared targets",
    "Wording": "Comments",
    "Scale": "Machine",
    "Serving": "Test server",
}


def _metavar(entry: Any, kind: Any) -> str | None:
    if entry.metadata["unit"] == "duration":
        return "DURATION"
    if entry.metadata["unit"] == "size":
        return "SIZE"
    return "TEXT" if kind in (str, list[str]) else None


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value

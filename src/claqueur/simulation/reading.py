"""Finding scenario files and reading them strictly: an unknown key is an error, not a guess."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError

from claqueur.errors import SettingError
from claqueur.simulation.changes import changed
from claqueur.simulation.scenario import Scenario

FOLDER = Path(__file__).parent / "scenarios"
_SHARES = ("_share", "_compliance", "participation_mean", "devotion_mean", "turnout_mean")
_ABOVE_ZERO = (
    "accounts",
    "count",
    "days",
    "_concentration",
    "_posts",
    "_scale_hours",
    "_max",
    "poll_minutes",
)


def scenarios() -> dict[str, str]:
    """The shipped scenarios: name to one-line description, in order of their names."""
    return {path.stem: _toml(path).get("description", "") for path in sorted(FOLDER.glob("*.toml"))}


def read_scenario(
    scenario: str | Path, changes: Mapping[str, Any] | None = None
) -> tuple[str, Scenario]:
    """Name and parameters of a shipped scenario, or of the TOML file at a path.

    Raises
    ------
    SettingError
        If no scenario has the name, or the file or a change has an unknown, missing or
        unusable key.
    """
    path = scenario_path(scenario)
    table = changed(_complete(path), changes or {}, path.name)
    return path.stem, parse_scenario(table, path.name)


def scenario_path(scenario: str | Path, beside: Path = Path()) -> Path:
    """Where a scenario's file is; a relative path starts in the folder ``beside``."""
    if isinstance(scenario, Path) or scenario.endswith(".toml"):
        return beside / scenario
    if scenario not in scenarios():
        raise SettingError(
            f"no scenario is called {scenario!r}; known are {', '.join(scenarios())}. "
            "A scenario of your own is given as the path of its .toml file"
        )
    return FOLDER / f"{scenario}.toml"


def _complete(path: Path, above: tuple[Path, ...] = ()) -> dict[str, Any]:
    """A scenario's table on top of its base's, less the tables it switches off."""
    own = _toml(path)
    base, off = own.pop("base", None), own.pop("off", [])
    if base is None and off == []:
        return own
    if not isinstance(base, str) or not isinstance(off, list):
        raise SettingError(
            f'{path.name}: base is the name of a scenario, as "organic", '
            "and off a list of its tables"
        )
    base_path = scenario_path(base, path.parent)
    if base_path in (path, *above):
        raise SettingError(f"{path.name}: base {base!r} is built on this scenario itself")
    below = changed(_complete(base_path, (path, *above)), dict.fromkeys(off), path.name)
    return _merged(below, own)


def _merged(below: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Both tables' keys; tables are merged, every other value of ``own`` replaces the one below."""
    result = below | own
    for key in below.keys() & own.keys():
        if isinstance(below[key], dict) and isinstance(own[key], dict):
            result[key] = _merged(below[key], own[key])
    return result


def parse_scenario(table: dict[str, Any], where: str) -> Scenario:
    """A scenario from its TOML table; ``where`` names the file in errors."""
    _refuse_unknown(Scenario, table, where)
    try:
        return TypeAdapter(Scenario).validate_python(_without_none(table))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise SettingError(f"{where}: {key}: {first['msg']}") from None


def _without_none(table: dict[str, Any]) -> dict[str, Any]:
    """The table without what was left out on purpose."""
    return {
        key: _without_none(value) if isinstance(value, dict) else value
        for key, value in table.items()
        if value is not None
    }


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingError(f"{path}: cannot be read: {error.strerror}; check the path") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingError(f"{path}: is no TOML: {error}") from None


def _refuse_unknown(record: type, table: dict[str, Any], where: str) -> None:
    """Walk the file along the records' fields, and stop at the first key without a field."""
    hints = get_type_hints(record)
    if unknown := sorted(set(table) - set(hints)):
        raise SettingError(
            f"{where}: unknown key {', '.join(unknown)}; known here are {', '.join(hints)}"
        )
    for key, value in table.items():
        _refuse_out_of_range(key, value, where)
        inner = next(filter(is_dataclass, (hints[key], *get_args(hints[key]))), None)
        for number, part in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(inner, type) and isinstance(part, dict):
                place = f"{key}[{number}]" if isinstance(value, list) else key
                _refuse_unknown(inner, part, f"{where}: {place}")


def _refuse_out_of_range(key: str, value: Any, where: str) -> None:
    """What a number may be follows from its name; none may be below zero."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return
    if value < 0 or (value > 1 and key.endswith(_SHARES)):
        allowed = "from 0 to 1" if key.endswith(_SHARES) else "0 or more"
        raise SettingError(f"{where}: {key} = {value}: must be {allowed}")
    if value == 0 and key.endswith(_ABOVE_ZERO):
        raise SettingError(f"{where}: {key} = 0: must be above 0; leave out what is not wanted")

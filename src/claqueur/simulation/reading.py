"""Finding scenario files and reading them strictly: an unknown key is an error, not a guess."""

from __future__ import annotations

import tomllib
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError

from claqueur.errors import SettingError
from claqueur.simulation.scenario import Scenario

FOLDER = Path(__file__).parent / "scenarios"
_SHARES = ("_share", "_compliance", "participation_mean", "devotion_mean")
_ABOVE_ZERO = ("accounts", "count", "days", "_concentration", "_posts", "_scale_hours", "_max")


def scenarios() -> dict[str, str]:
    """The shipped scenarios: name to one-line description, in order of their names."""
    return {path.stem: _toml(path).get("description", "") for path in sorted(FOLDER.glob("*.toml"))}


def read_scenario(scenario: str | Path) -> tuple[str, Scenario]:
    """Name and parameters of a shipped scenario, or of the TOML file at a path.

    Raises
    ------
    SettingError
        If no scenario has the name, or the file has an unknown, missing or unusable key.
    """
    path = Path(scenario)
    if isinstance(scenario, str) and path.suffix != ".toml":
        path = FOLDER / f"{scenario}.toml"
        if scenario not in scenarios():
            raise SettingError(
                f"no scenario is called {scenario!r}; known are {', '.join(scenarios())}. "
                "A scenario of your own is given as the path of its .toml file"
            )
    return path.stem, parse_scenario(_toml(path), path.name)


def parse_scenario(table: dict[str, Any], where: str) -> Scenario:
    """A scenario from its TOML table; ``where`` names the file in errors."""
    _refuse_unknown(Scenario, table, where)
    try:
        return TypeAdapter(Scenario).validate_python(table)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise SettingError(f"{where}: {key}: {first['msg']}") from None


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
    if not isinstance(value, int | float):
        return
    if value < 0 or (value > 1 and key.endswith(_SHARES)):
        allowed = "from 0 to 1" if key.endswith(_SHARES) else "0 or more"
        raise SettingError(f"{where}: {key} = {value}: must be {allowed}")
    if value == 0 and key.endswith(_ABOVE_ZERO):
        raise SettingError(f"{where}: {key} = 0: must be above 0; leave out what is not wanted")

"""Changes of a scenario by dotted keys: ``order.participation_mean = 0.3``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from claqueur.errors import SettingError

OFF = "off"
"""What is written instead of a value to leave a table out."""


def parse_change(text: str) -> tuple[str, Any]:
    """A change as it is written on a command line: key and value, None for ``off``.

    Raises
    ------
    SettingError
        If there is no ``=``, no key, or what follows is no TOML value.

    Examples
    --------
    >>> parse_change("order.participation_mean=0.3")
    ('order.participation_mean', 0.3)
    >>> parse_change("appeal=off")
    ('appeal', None)
    """
    key, equals, value = (part.strip() for part in text.partition("="))
    if not equals or not all(key.split(".")):
        raise SettingError(
            f"{text!r} sets nothing; write it as order.participation_mean=0.3, or order=off"
        )
    if value == OFF:
        return key, None
    try:
        # Exactly one value: a line break would begin another key.
        ((_, parsed),) = tomllib.loads(f"value = {value}").items()
    except ValueError:
        raise SettingError(
            f"{key}: {value!r} is no TOML value; write 0.3, true, 2019-02-08, [9, 18], "
            'or text in quotes: "newest"'
        ) from None
    return key, parsed


def changed(table: dict[str, Any], changes: Mapping[str, Any], where: str) -> dict[str, Any]:
    """A copy of a scenario's TOML table with some of its values replaced.

    Whether the keys and values can be used is checked afterwards, as for the file itself; what
    is left out stays in as None until then, so that an unknown name is refused.

    Raises
    ------
    SettingError
        If a key leads through a table that the scenario does not have.
    """
    result = deepcopy(table)
    for key, value in changes.items():
        *path, last = key.split(".")
        place = result
        for step in path:
            place = _inside(place, step, key, where)
        _put(place, last, value, key, where)
    return result


def _inside(place: Any, step: str, key: str, where: str) -> Any:
    if isinstance(place, list) and step.isdecimal() and int(step) < len(place):
        inner = place[int(step)]
    elif isinstance(place, dict) and place.get(step) is not None:
        inner = place[step]
    else:
        raise SettingError(f"{where}: {key} cannot be set: {_what_is_there(place, step)}")
    if not isinstance(inner, dict | list):
        raise SettingError(f"{where}: {key} cannot be set: {step} is a value, not a table")
    return inner


def _put(place: Any, last: str, value: Any, key: str, where: str) -> None:
    if isinstance(place, dict):
        place[last] = value
    elif last.isdecimal() and int(last) < len(place):
        place[int(last)] = value
    else:
        raise SettingError(f"{where}: {key} cannot be set: {_what_is_there(place, last)}")


def _what_is_there(place: Any, step: str) -> str:
    if isinstance(place, list):
        return f"{step} is none of the list's numbers 0 to {len(place) - 1}"
    tables = ", ".join(name for name, inner in place.items() if isinstance(inner, dict | list))
    return f"there is no table {step}; here are {tables or 'none'}. A table can be given whole"

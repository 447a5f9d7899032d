"""The code of ``execute``: as much of VKScript as clients send, and no way out of it.

Calls of methods, variables, ``if``, ``while``, ``return``, arithmetic, lists and objects. Code
becomes nested Python functions (``script_parse``); numbers, lengths and steps are bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import to_json

from claqueur.vkserver.refusals import VkError

MAX_STEPS = 20_000
MAX_LENGTH = 1_000_000
MAX_RESPONSE = 5 << 20
_EXACT = 1 << 53

Call = Callable[[str, Mapping[str, str]], Any]
"""Calls a method of the API by name; raises ``CallFailedError`` where it answers an error."""


class CallFailedError(Exception):
    """A method called from the code answered an error, which has been noted."""


class ReturnedError(Exception):
    """The code returns: carries the value out of blocks and loops."""

    def __init__(self, value: Any) -> None:
        self.value = value


@dataclass
class Run:
    """One run of a script: its variables, and what it may still do."""

    call: Call
    variables: dict[str, Any]
    steps: int = field(default=0)

    def step(self) -> None:
        """Count what was done."""
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise VkError(13, "too many operations; split the code")

    def method(self, name: str, arguments: Any) -> Any:
        """Call a method of the API; false where it fails."""
        if arguments is not None and not isinstance(arguments, dict):
            raise VkError(13, f"API.{name} takes one object")
        try:
            return self.call(name, _as_text(arguments or {}))
        except CallFailedError:
            return False


@dataclass(frozen=True)
class Script:
    """Code made ready to run."""

    body: Callable[[Run], None]

    @classmethod
    def of(cls, code: str) -> Script:
        """Compile; error 12 where it cannot be done."""
        from claqueur.vkserver.script_parse import compiled

        try:
            return cls(compiled(code))
        except RecursionError:
            raise VkError(12, "nested too deeply") from None

    def run(self, call: Call, given: Mapping[str, str]) -> Any:
        """What the code returns, null where it does not; error 13 where it cannot go on."""
        arguments = {key: value for key, value in given.items() if key != "access_token"}
        value = None
        try:
            self.body(Run(call, {"Args": arguments}))
        except ReturnedError as returned:
            value = returned.value
        except RecursionError:
            raise VkError(13, "nested too deeply") from None
        try:
            size = len(to_json(value))
        except (ValueError, RecursionError):
            raise VkError(13, "the value returned contains itself") from None
        if size > MAX_RESPONSE:
            raise VkError(13, "response size is too big; split the code")
        return value


def _as_text(arguments: dict[str, Any]) -> dict[str, str]:
    """Arguments as a form would have them."""
    return {key: _word(value) for key, value in arguments.items() if value is not None}


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, list):
        return ",".join(map(_word, value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return to_json(value).decode() if isinstance(value, dict) else str(value)


def truth(value: Any) -> bool:
    """What ``if`` makes of a value: an empty list or object is true."""
    return isinstance(value, list | dict) or bool(value)


def number(value: Any) -> Any:
    """A value as a number; what is none counts as 0. Beyond 2^53 it loses digits, as there."""
    if isinstance(value, str):
        value = _number_in(value)
    if isinstance(value, list | dict) or value is None:
        return 0
    value = int(value) if isinstance(value, bool) else value
    return float(value) if isinstance(value, int) and abs(value) > _EXACT else value


def _number_in(text: str) -> int | float:
    try:
        return float(text) if "." in text else int(text[:30])
    except ValueError:
        return 0


def plus(left: Any, right: Any) -> Any:
    """Lists one after the other, numbers added, anything else as text."""
    if isinstance(left, list) and isinstance(right, list):
        return short(left + right)
    if isinstance(left, str) or isinstance(right, str):
        return short(shown(left) + shown(right))
    return number(number(left) + number(right))


def shown(value: Any) -> str:
    """A value inside a text."""
    return value if isinstance(value, str) else to_json(value).decode()


def short(value: Any) -> Any:
    """A text or list, unless it has grown beyond reason."""
    if len(value) > MAX_LENGTH:
        raise VkError(13, "a value is too long")
    return value


def divided(left: Any, right: Any, *, rest: bool) -> Any:
    """The quotient, whole where it comes out even, or the rest."""
    below = number(right)
    if not below:
        raise VkError(13, "division by zero")
    above = number(left)
    if rest:
        return above % below
    quotient = above / below
    return int(quotient) if quotient.is_integer() and abs(quotient) < _EXACT else quotient


def equal(left: Any, right: Any) -> bool:
    """Whether two values are the same; a number and a text are where they read the same."""
    if isinstance(left, str) != isinstance(right, str) and None not in (left, right):
        return shown(left) == shown(right)
    return bool(left == right)


def member(value: Any, key: Any) -> Any:
    """A part of a value, null where there is none."""
    if key == "length" and isinstance(value, str | list | dict):
        return len(value)
    if isinstance(value, dict):
        return value.get(str(key))
    if isinstance(value, list | str) and isinstance(key, int) and 0 <= key < len(value):
        return value[key]
    return None


def column(value: Any, key: str) -> list[Any]:
    """The same part of every element of a list."""
    return [member(each, key) for each in value] if isinstance(value, list) else []


def put(value: Any, key: Any, new: Any) -> None:
    """Set a part of a value."""
    if isinstance(value, dict):
        value[str(key)] = new
    elif isinstance(value, list) and isinstance(key, int) and 0 <= key <= len(value):
        value[key : key + 1] = [new]
    else:
        raise VkError(13, "only parts of objects and lists can be set")


def _pushed(value: list[Any], *new: Any) -> int:
    value.extend(new)
    return len(value)


def _slice(value: Any, first: Any = 0, last: Any = None) -> Any:
    return value[int(number(first)) : None if last is None else int(number(last))]


BUILT_IN: dict[str, tuple[type | tuple[type, ...], Callable[..., Any]]] = {
    "push": (list, _pushed),
    "pop": (list, lambda value: value.pop() if value else None),
    "shift": (list, lambda value: value.pop(0) if value else None),
    "slice": ((list, str), _slice),
    "indexOf": (
        (list, str),
        lambda value, part: value.index(part) if part in value else -1,
    ),
    "split": (str, lambda value, by: value.split(by) if by else list(value)),
}
"""What can be called on a value: the types that have it, and what it does."""


def call_on(value: Any, name: str, arguments: list[Any]) -> Any:
    """Call something that a list or text has."""
    types, run = BUILT_IN[name]
    if not isinstance(value, types):
        return None
    try:
        return run(value, *arguments)
    except (TypeError, ValueError, OverflowError):
        raise VkError(13, f"{name}: cannot be called like this") from None

"""Calls that only read, and many of them in one ``execute``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from claqueur.collect.vk.faults import Fault
from claqueur.errors import RunError

READ_ONLY = (
    "wall.get",
    "wall.getById",
    "wall.getComments",
    "wall.getReposts",
    "likes.getList",
    "groups.getById",
    "groups.getMembers",
)
"""All methods that are ever called. ``execute`` carries several of these and nothing else."""

EXECUTE = "execute"

MOST_CALLS = 25
"""Calls that VK allows in one ``execute``."""

Params = Mapping[str, str | int]


@dataclass(frozen=True)
class Call:
    """One call, and the reading it is for.

    Raises
    ------
    RunError
        If the method is none of ``READ_ONLY``.
    """

    method: str
    params: Params = field(hash=False)
    reading: str = ""

    def __post_init__(self) -> None:
        if self.method not in READ_ONLY:
            raise RunError(
                f"{self.method}: is not among the methods that are called, which only read "
                f"({', '.join(READ_ONLY)}); nothing was sent"
            )

    @property
    def sent(self) -> dict[str, str]:
        """The parameters as they are sent."""
        return {name: str(value) for name, value in self.params.items()}

    @property
    def page(self) -> int:
        """The offset."""
        return int(self.params.get("offset", 0))


@dataclass(frozen=True)
class Reply:
    """What was answered to one call.

    Attributes
    ----------
    time_ms
        When the answer had come in.
    response
        What stands under ``response``; None where ``fault`` says why there is none.
    source
        SHA-256 of the answer it was part of; empty where nothing was sent.
    """

    call: Call
    time_ms: int
    response: Any
    fault: Fault | None = None
    source: str = ""


def code_of(calls: list[Call]) -> str:
    """The code for ``execute``: a list of calls with parameters as they would be sent alone."""
    each = [f"API.{call.method}({json.dumps(call.sent, ensure_ascii=False)})" for call in calls]
    return f"return [{','.join(each)}];"


def calls_of(code: str) -> list[tuple[str, dict[str, str]]]:
    """Methods and parameters in code that :func:`code_of` made."""
    found, rest = [], code.removeprefix("return [")
    decoder = json.JSONDecoder()
    while rest.startswith("API."):
        method, _, rest = rest.removeprefix("API.").partition("(")
        params, end = decoder.raw_decode(rest)
        found.append((method, params))
        rest = rest[end:].removeprefix(")").removeprefix(",")
    return found


def replies_in(
    calls: list[Call], answer: Mapping[str, Any], time_ms: int, source: str
) -> list[Reply]:
    """The replies in an answer to ``execute``: ``false`` for a failed call, errors in order."""
    errors = iter(answer.get("execute_errors", ()))
    replies = []
    for call, response in zip(calls, answer["response"], strict=True):
        fault = None
        if response is False:
            fault = Fault.of(next(errors, {}))
        replies.append(Reply(call, time_ms, None if fault else response, fault, source))
    return replies

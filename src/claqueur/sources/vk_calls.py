"""Calls of VK's API and their answers, also those inside an ``execute`` request.

Of its ``code`` only the plain form is read, a list of calls (or one) with constant parameters::

    return [API.likes.getList({"type": "post", "owner_id": -1001, "item_id": 57}), …];

Anything that computes is not guessed at.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from claqueur.errors import SourceError

Call = tuple[str, dict[str, str]]
"""A method and its parameters."""

KEPT = (
    "owner_id", "domain", "item_id", "post_id", "posts", "type", "filter", "offset", "count",
    "group_id", "group_ids", "user_ids", "friends_only", "comment_id", "preview_length", "code",
)  # fmt: skip
"""The parameters that say what an answer is about; no other is kept, above all no token."""

NO_TIME = 0
"""``Answer.time_ms`` where nobody wrote down when an answer was read."""

_START = re.compile(r"\s*return\s*(\[)?\s*")
_CALL = re.compile(r"API\.([A-Za-z]+\.[A-Za-z]+)\(\s*")
_BARE_KEY = re.compile(r"([{,]\s*)([A-Za-z_]\w*)(\s*:)")
_DECODER = json.JSONDecoder()


@dataclass(frozen=True)
class Answer:
    """One answer of VK's API, and what was asked.

    Attributes
    ----------
    method
        Name of the method, for example ``likes.getList``.
    params
        What was sent with it; never a token.
    time_ms
        When the answer was read, milliseconds UTC, or ``NO_TIME``.
    response
        What stands under ``response``, parsed; None where the call failed.
    error
        What stands under ``error``, parsed. For ``execute``: ``{"execute_errors": […]}`` where
        some of its calls failed (see :func:`answer_of`).
    source
        Id of the evidence record (its SHA-256), kept with every row.
    """

    method: str
    params: Mapping[str, str]
    time_ms: int
    response: Any | None
    error: Mapping[str, Any] | None
    source: str


def answer_of(
    body: Mapping[str, Any], method: str, params: Mapping[str, Any], time_ms: int, source: str
) -> Answer:
    """An answer from the whole JSON body that VK sent; of the parameters only what is of use."""
    error = body.get("error")
    if failed := body.get("execute_errors"):
        error = {"execute_errors": failed}
    named = error if isinstance(error, Mapping) else None
    return Answer(method, kept(params), time_ms, body.get("response"), named, source)


def split_execute(answer: Answer, calls: Sequence[Call] | None = None) -> list[Answer]:
    """The single answers in one of ``execute``.

    Parameters
    ----------
    calls
        Methods and their parameters, in order; read from the request's ``code`` if not given.

    Raises
    ------
    SourceError
        If the calls cannot be told, or are not as many as the answers.
    """
    code = answer.params.get("code", "")
    known = calls_of(code) if calls is None else list(calls)
    if known is None:
        raise SourceError(
            f"{answer.source}: an execute answer without a plain list of calls in `code`; say "
            'which calls they were: "calls": [{"method": …, "params": {…}}, …]'
        )
    alone = calls is None and not is_list(code)
    found = [answer.response] if alone else answer.response
    if not isinstance(found, list) or len(found) != len(known):
        raise SourceError(f"{answer.source}: an execute answer of another length than its calls")
    failed = (answer.error or {}).get("execute_errors")
    errors = iter(failed if isinstance(failed, list) else ())
    return [
        Answer(
            method, kept(params), answer.time_ms,
            None if each is False else each,
            _named(next(errors, None)) if each is False else None,
            answer.source,
        )
        for (method, params), each in zip(known, found, strict=True)
    ]  # fmt: skip


def _named(error: object) -> Mapping[str, Any]:
    return error if isinstance(error, Mapping) else {}


def kept(params: Mapping[str, Any]) -> dict[str, str]:
    """The parameters that are of use, as text, however they were written."""
    return {
        name: text
        for name, value in params.items()
        if name in KEPT and (text := _text(value)) is not None
    }


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, list | tuple):
        return ",".join(filter(None, (_text(each) for each in value)))
    return whole_characters(str(value))


def whole_characters(text: str) -> str:
    """The text without half characters, which a preview leaves where it cuts an emoji in two."""
    return text.encode("utf-8", "replace").decode("utf-8")


def calls_of(code: str) -> list[Call] | None:
    """The calls of a script in their order, or None where it does more than call.

    Examples
    --------
    >>> calls_of('return [API.wall.get({"owner_id":-1001}),API.users.get({user_ids:"1"})];')
    [('wall.get', {'owner_id': '-1001'}), ('users.get', {'user_ids': '1'})]
    """
    if not (start := _START.match(code)):
        return None
    listed, at = bool(start[1]), start.end()
    calls: list[Call] = []
    while found := _CALL.match(code, at):
        params, at = _params(code, found.end())
        if params is None or not (closed := re.compile(r"\s*\)\s*").match(code, at)):
            return None
        calls.append((found[1], kept(params)))
        at = closed.end()
        if not (comma := re.compile(r",\s*").match(code, at)):
            break
        at = comma.end()
    end = r"\]\s*;?\s*" if listed else r";?\s*"
    whole = re.compile(end).fullmatch(code, at)
    return calls if whole and calls and (listed or len(calls) == 1) else None


def is_list(code: str) -> bool:
    """Whether the script returns a list of answers, and not the one answer itself."""
    return bool((start := _START.match(code)) and start[1])


def _params(code: str, at: int) -> tuple[dict[str, Any] | None, int]:
    """The object literal at a place, and where it ends; keys may lack their quotes."""
    if code[at : at + 1] == ")":
        return {}, at
    try:
        found, end = _DECODER.raw_decode(code, at)
    except ValueError:
        close = code.find("}", at) + 1
        try:
            found = json.loads(_BARE_KEY.sub(r'\1"\2"\3', code[at:close]))
        except ValueError:
            return None, at
        end = close
    return (found, end) if isinstance(found, dict) else (None, at)

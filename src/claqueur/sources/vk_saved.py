"""Saved answers of VK's API as people keep them: bare, or wrapped with what was asked and when.

A wrapper may name things as common savers do. Of the parameters only those are taken that say
what an answer is about, so no token is ever held.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import polars as pl

from claqueur.errors import SourceError
from claqueur.refusals import Refusals
from claqueur.settings import Reading
from claqueur.sources.times import TimeColumn
from claqueur.sources.vk_answers import NO_TIME, Answer, answer_of, split_execute
from claqueur.sources.vk_calls import whole_characters
from claqueur.sources.vk_cells import dicts, mapping, whole

_METHODS = ("method", "method_name", "api_method")
_PARAMS = ("params", "parameters", "args", "query")
_BODIES = ("response", "body", "answer", "result", "json", "data")
_URLS = ("url", "uri", "request_url")
_TIMES = (
    "time", "time_ms", "read_at", "fetched_at", "collected", "collected_at", "retrieved_at",
    "requested_at", "timestamp", "date",
)  # fmt: skip
_METHOD = re.compile(r"execute|[a-z]+\.[a-z][A-Za-z]*")

_OF_POST = ("likes.getList", "wall.getComments", "wall.getReposts")
_OF_PAGE = ("wall.get", "groups.getMembers")
_NAME = re.compile(
    r"(?P<method>[a-z]+\.[a-z][A-Za-z]*)_(?P<owner>-?\d+)(?:_(?P<item>\d+))?"
    r"(?:_(?P<time>\d{10}|\d{13}))?(?:\.[a-z]+)*"
)

_LEAST_MS = 10**11
"""From here on a number is milliseconds: as seconds it would be after the year 5000."""

_EARLIEST_MS = 1_159_660_800_000
"""October 2006: nobody can have asked VK before."""

_DAY_MS = 86_400_000

UNNAMED = (
    "answer that does not say what was asked (save it as "
    '{"method": …, "params": {"owner_id": …, "item_id": …}, "time": …, "response": …})'
)
NAMED_BY_FILE = "answer whose {} was taken from the file's name"
NO_MOMENT = "answer that does not say when it was read (its dates are used, its counts undated)"
ODD_TIME = "answer whose time cannot be read"


@dataclass
class Saved:
    """Makes answers of the documents in one file.

    Parameters
    ----------
    name
        The file's name, which may hold parameters if the file holds one document.
    """

    name: str
    reading: Reading
    refusals: Refusals
    _clock: TimeColumn = field(init=False)

    def __post_init__(self) -> None:
        self._clock = TimeColumn(f"{self.name}: the time of an answer", self.reading)

    def answers(self, document: Mapping[str, Any], number: int, *, alone: bool) -> list[Answer]:
        """The answer in a document, or several where it is one of ``execute``.

        Parameters
        ----------
        number
            Place of the document in the file.
        alone
            Whether it is the only one, so that the file's name is about it.
        """
        source = f"{self.name}:{number}"
        body = _body(document)
        if body is None:
            self.refusals.add("object that is no answer of VK's API", 1, [source])
            return []
        method, params = _asked(document)
        moment = self._time(document)
        if moment is None:
            self.refusals.add(ODD_TIME, 1, [source])
            return []
        found = answer_of(body, method, params, moment, source)
        if alone:
            found = self._with_name(found)
        if not found.method:
            found = _inferred(found, body)
        if not found.method:
            self.refusals.add(UNNAMED, 1, [source])
            return []
        if found.time_ms == NO_TIME:
            self.refusals.noted.add(NO_MOMENT, 1, [source])
        calls = [_asked(call) for call in dicts(document.get("calls"))]
        if not calls:
            return [found]
        try:
            return split_execute(found, calls)
        except SourceError:
            self.refusals.add("execute answer of another length than its calls", 1, [source])
            return []

    def _time(self, document: Mapping[str, Any]) -> int | None:
        """When the answer was read; ``NO_TIME`` where nothing says so, None where it is odd."""
        request = mapping(document.get("request"))
        places = (document, request)
        given = (each[n] for each in places for n in _TIMES if each.get(n) not in (None, ""))
        value = next(given, None)
        if value is None:
            return NO_TIME
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self._of_number(value)
        return self._of_text(value) if isinstance(value, str) else None

    def _of_number(self, value: float) -> int | None:
        unit = self.reading.time_unit or ("ms" if value >= _LEAST_MS else "s")
        per_ms = {"s": 0.001, "ms": 1, "us": 1_000, "ns": 1_000_000}[unit]
        moment = value / per_ms
        return round(moment) if _EARLIEST_MS < moment < time.time() * 1000 + _DAY_MS else None

    def _of_text(self, value: str) -> int | None:
        if (number := whole(value.strip())) is not None:
            return self._of_number(number)
        column = pl.Series([whole_characters(value)])
        moment = self._clock.to_ms(column)
        odd = any(bad.any() for _, bad in self._clock.implausible(column, moment))
        return None if odd or moment[0] is None else int(moment[0])

    def _with_name(self, answer: Answer) -> Answer:
        """What a file's name says, where the answer itself does not."""
        said = _from_name(self.name)
        if not said or (answer.method and answer.method != said.method):
            return answer
        params = {n: v for n, v in said.params.items() if n not in answer.params}
        moment = answer.time_ms == NO_TIME and said.time_ms
        taken = [
            *(["method"] if not answer.method else []), *params, *(["time"] if moment else []),
        ]  # fmt: skip
        if taken:
            reason = NAMED_BY_FILE.format(", ".join(taken))
            self.refusals.noted.add(reason, 1, [self.name])
        return replace(
            answer,
            method=said.method,
            params={**answer.params, **params},
            time_ms=said.time_ms if moment else answer.time_ms,
        )


def _body(document: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What VK sent: the document itself, or what its wrapper holds, also as text."""
    for name in _BODIES:
        inner = document.get(name)
        if isinstance(inner, str) and inner.lstrip().startswith("{"):
            try:
                inner = json.loads(inner)
            except (ValueError, RecursionError):
                continue
        if isinstance(inner, Mapping) and _is_body(inner):
            return inner
    return document if _is_body(document) else None


def _is_body(document: Mapping[str, Any]) -> bool:
    error = document.get("error")
    return isinstance(document.get("response"), list | dict) or (
        isinstance(error, Mapping) and "error_code" in error
    )


def _asked(document: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Method and parameters, wherever a saver wrote them."""
    request = document.get("request")
    places = [document, mapping(request)]
    urls = [request, *(place.get(name) for place in places for name in _URLS)]
    method, params = "", {}
    for url in (url for url in urls if isinstance(url, str)):
        method, query = _of_url(url)
        params.update(query)
    for place in places:
        for name in _PARAMS:
            given = place.get(name)
            params.update(dict(parse_qsl(given)) if isinstance(given, str) else mapping(given))
        said = [place[n] for n in _METHODS if isinstance(place.get(n), str)]
        # HTTP savers write GET there.
        method = next((name for name in said if _METHOD.fullmatch(name)), method)
    return method, params


def _of_url(url: str) -> tuple[str, dict[str, str]]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", {}
    last = parts.path.rpartition("/")[2]
    return (last if _METHOD.fullmatch(last) else ""), dict(parse_qsl(parts.query))


def _from_name(name: str) -> Answer | None:
    """Method, post or page, and moment from a name such as ``likes.getList_-1001_57.json``."""
    found = _NAME.fullmatch(name)
    if not found:
        return None
    method, owner, item, moment = found.group("method", "owner", "item", "time")
    if method in _OF_PAGE and item and not moment and len(item) in (10, 13):
        item, moment = None, item
    # One number may be the post or the moment: then the name says nothing.
    if method in _OF_POST and (not item or (not moment and len(item) >= 10)):
        return None
    if method in _OF_PAGE and item:
        return None
    if method not in (*_OF_POST, *_OF_PAGE):
        return None
    return Answer(method, _params_of(method, owner, item), _ms(moment), None, None, "")


def _params_of(method: str, owner: str, item: str | None) -> dict[str, str]:
    if method == "groups.getMembers":
        return {"group_id": owner.removeprefix("-")}
    if item is None:
        return {"owner_id": owner}
    return {"owner_id": owner, "item_id" if method == "likes.getList" else "post_id": item}


def _ms(moment: str | None) -> int:
    if not moment:
        return NO_TIME
    return int(moment) if len(moment) == 13 else int(moment) * 1000


def _inferred(answer: Answer, body: Mapping[str, Any]) -> Answer:
    """What the content of a bare answer shows it to be; unchanged where it shows nothing."""
    sent = dicts(mapping(body.get("error")).get("request_params"))
    request = {str(pair.get("key")): pair.get("value") for pair in sent}
    if isinstance(method := request.pop("method", None), str) and _METHOD.fullmatch(method):
        return answer_of(body, method, request, answer.time_ms, answer.source)
    return replace(answer, method=_method_of(answer.response))


def _method_of(response: Any) -> str:
    items = response if isinstance(response, list) else mapping(response).get("items")
    first = next(iter(dicts(items)), None)
    if first is None:
        return "groups.getById" if dicts(mapping(response).get("groups")) else ""
    keys = first.keys()
    if {"id", "from_id", "date", "post_id"} <= keys:
        return "wall.getComments"
    if {"id", "date"} <= keys and keys & {"post_type", "copy_history", "reposts"}:
        return "wall.get"
    if isinstance(response, list) and "members_count" in keys:
        return "groups.getById"
    return ""

"""HTTP around the methods: parameters in, JSON out, and the word *simulated* on every answer."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape
from urllib.parse import parse_qsl

from pydantic_core import to_json
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from claqueur.vkserver.answer import Api
from claqueur.vkserver.clocks import Clock
from claqueur.vkserver.faults import Faults, truncated
from claqueur.vkserver.methods import METHODS

SIMULATED = "all accounts, pages, posts and actions are simulated; none is real"
LOOPBACK = ("127.0.0.1", "::1")
MAX_BODY = 1 << 20
_SLOW_PARTS = 10

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Claqueur: simulated VK API</title>
<body style="font: 1rem/1.5 sans-serif; max-width: 42rem; margin: 2rem auto; padding: 0 1rem">
<h1>A simulated VK API</h1>
<p>This server answers a part of VK's API (version 5.199) from a simulated world. All accounts,
pages, posts and actions are invented; none is real. It is for testing and for teaching, and is
reached from this computer only.</p>
<p>The world's time is <time>{now}</time>.</p>
<p>Methods: {methods}, execute.</p>
<pre>{base}method/wall.get?owner_id={owner}&amp;count=2&amp;v=5.199&amp;access_token=any-word</pre>
</body></html>
"""


def make_app(api: Api, clock: Clock, faults: Faults) -> ASGIApp:
    """The server as an ASGI app."""

    async def index(request: Request) -> Response:
        page = _PAGE.format(
            now=_iso(clock()),
            methods=", ".join(METHODS),
            base=escape(str(request.base_url)),
            owner=max(api.walls.pages),
        )
        return HTMLResponse(page)

    routes = [
        Route("/", index),
        Route("/method/{name}", _Methods(api, faults), methods=["GET", "POST"]),
    ]
    return _Marked(Starlette(routes=routes), clock)


class _Marked:
    """Says on every answer that all is simulated, and serves nobody but this computer."""

    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        self._app, self._clock = app, clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *self._headers()]
            await send(message)

        client = scope.get("client")
        if client and client[0] not in LOOPBACK:
            refusal = PlainTextResponse("this server answers its own computer only", 403)
            await refusal(scope, receive, marked)
            return
        await self._app(scope, receive, marked)

    def _headers(self) -> list[tuple[bytes, bytes]]:
        return [
            (b"x-claqueur-simulated", SIMULATED.encode()),
            (b"x-claqueur-time", _iso(self._clock()).encode()),
        ]


class _Methods:
    """Calls of methods, each by its number going well or wrong."""

    def __init__(self, api: Api, faults: Faults) -> None:
        self._api, self._faults = api, faults
        self._numbers = itertools.count()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            given = await _given(request)
        except _TooLargeError:
            await PlainTextResponse("request too large", 413)(scope, receive, send)
            return
        except ClientDisconnect:
            return
        fault = self._faults.of(next(self._numbers))
        if fault in ("timeout", "500"):
            await self._nothing(fault)(scope, receive, send)
            return
        answer = self._api.answer(scope["path_params"]["name"], given)
        body = to_json(truncated(answer) if fault == "truncated" else answer)
        if fault == "broken":
            body = body[: max(len(body) * 2 // 3, 1)]
        await _send_json(send, body, self._faults.seconds if fault == "slow" else 0)

    def _nothing(self, fault: str) -> ASGIApp:
        async def no_answer(scope: Scope, receive: Receive, send: Send) -> None:
            if fault == "timeout":
                await asyncio.sleep(self._faults.seconds)
            page = HTMLResponse("<h1>no answer</h1>", 504 if fault == "timeout" else 500)
            await page(scope, receive, send)

        return no_answer


class _TooLargeError(Exception):
    """A body beyond what any call needs."""


async def _given(request: Request) -> dict[str, str]:
    """The parameters of address and form; those of the form count where both have one."""
    given = dict(parse_qsl(request.scope["query_string"].decode("latin-1")))
    if request.method == "POST":
        given |= await _form(request)
    word, _, token = request.headers.get("authorization", "").partition(" ")
    if word.lower() == "bearer" and token:
        given.setdefault("access_token", token.strip())
    return given


async def _form(request: Request) -> Mapping[str, str]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if int(request.headers.get("content-length") or 0) > MAX_BODY:
        raise _TooLargeError
    if kind == "multipart/form-data":
        try:
            form = await request.form(max_files=0, max_fields=100, max_part_size=MAX_BODY)
        except HTTPException:
            return {}
        return {key: value for key, value in form.items() if isinstance(value, str)}
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY:
            raise _TooLargeError
    if kind != "application/x-www-form-urlencoded":
        return {}
    return dict(parse_qsl(body.decode("utf-8", "replace")))


async def _send_json(send: Send, body: bytes, seconds: float) -> None:
    headers = [
        (b"content-type", b"application/json; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    if seconds:
        step = len(body) // _SLOW_PARTS + 1
        for at in range(0, len(body), step):
            part = body[at : at + step]
            await send({"type": "http.response.body", "body": part, "more_body": True})
            await asyncio.sleep(seconds / _SLOW_PARTS)
        body = b""
    await send({"type": "http.response.body", "body": body})


def _iso(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat().replace("+00:00", "Z")

"""The first thing a request meets: Host and Origin are checked, and every answer is armoured."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from claqueur.web.problems import Refused, body_of

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
_SAFE = ("GET", "HEAD", "OPTIONS")


class Guard:
    """Refuses what does not come from this server's own pages."""

    def __init__(self, app: ASGIApp, hosts: Iterable[str] = ()) -> None:
        self._app = app
        self._hosts = {*LOOPBACK, *(host.lower() for host in hosts)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return

        async def armoured(message: Message) -> None:
            if message["type"] == "http.response.start":
                there = {name for name, _ in message.get("headers", [])}
                message["headers"] = [
                    *message.get("headers", []),
                    *(
                        (name.encode(), value.encode())
                        for name, value in HEADERS.items()
                        if name.encode() not in there
                    ),
                ]
            await send(message)

        wrong = self._wrong(scope["method"], Headers(scope=scope))
        if wrong:
            answer = JSONResponse(body_of(Refused(wrong)), 403, {"cache-control": "no-store"})
            await answer(scope, receive, armoured)
            return
        await self._app(scope, receive, armoured)

    def _wrong(self, method: str, headers: Headers) -> str:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or _name(hosts[0]) not in self._hosts:
            return (
                "this server answers under its own name only; open the address it printed, or "
                "start it with --host-name NAME behind a proxy"
            )
        origins = headers.getlist("origin")
        if any(origin.partition("://")[2].lower() != hosts[0].lower() for origin in origins):
            return "the request comes from another page; use the case room's own pages"
        site = headers.get("sec-fetch-site", "same-origin")
        if method not in _SAFE and site not in ("same-origin", "none"):
            return "the request comes from another site; use the case room's own pages"
        return ""


def _name(host: str) -> str:
    """The host without its port, in small letters."""
    name, colon, port = host.lower().rpartition(":")
    return name if colon and port.isdigit() else host.lower()

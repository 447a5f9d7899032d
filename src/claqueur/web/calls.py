"""Endpoints as a table: what each needs, takes and gives; routes and their description follow."""

from __future__ import annotations

import inspect
import json
import sys
import traceback
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from anyio import to_thread
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import to_json
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from claqueur.browse.index import Index
from claqueur.case import Case
from claqueur.errors import ClaqueurError
from claqueur.web.jobs import Jobs
from claqueur.web.places import Places
from claqueur.web.problems import Invalid, NotSignedIn, Refused, TooLarge, body_of, status_of
from claqueur.web.sessions import OPEN, READ, Session, Sessions

BODY_AT_MOST = 4 << 20
"""Bytes of a JSON body; files have a limit of their own."""

CSRF = "x-claqueur-csrf"


class Asked(BaseModel):
    """Something asked for; unknown names are refused."""

    model_config = ConfigDict(extra="forbid")


class Nothing(Asked):
    """No parameters."""


class OfCase(Asked):
    """Which case."""

    case: str | None = Field(None, description="Name of the case; not needed where there is one.")


class OfRun(OfCase):
    """Which run of which case."""

    run: str | None = Field(None, description="Name of the run; the newest when left out.")


class Paged(Asked):
    """Which part of a long list."""

    offset: int = Field(0, ge=0, le=1 << 40)
    limit: int = Field(50, ge=1, le=500)


@dataclass(frozen=True)
class Server:
    """What all calls share."""

    places: Places
    sessions: Sessions
    jobs: Jobs
    upload_at_most: int
    cookie: str
    secure: bool = False


@dataclass(frozen=True)
class Call:
    """One call, checked: who asks for what.

    Attributes
    ----------
    query, body
        Parameters as the endpoint's models have them.
    """

    server: Server
    secret: str
    signed_in: Session | None
    path: dict[str, Any]
    query: Any
    body: Any

    @property
    def session(self) -> Session:
        """Of who asks.

        Raises
        ------
        NotSignedIn
            If nobody is signed in.
        """
        if self.signed_in is None:
            raise NotSignedIn("sign in first: open the link that `claqueur serve` printed")
        return self.signed_in

    @cached_property
    def named(self) -> tuple[str, Case]:
        """The case and its name."""
        return self.server.places.case(self.path.get("case", getattr(self.query, "case", None)))

    @property
    def case(self) -> Case:
        """The case."""
        return self.named[1]

    @cached_property
    def run(self) -> Path:
        """The run."""
        wanted = self.path.get("run", getattr(self.query, "run", None))
        return self.server.places.run(self.case, wanted)

    @property
    def index(self) -> Index:
        """The index of the run."""
        return self.server.places.index(self.case, self.run)

    @property
    def identities(self) -> bool:
        """Whether this session shows identities of the case."""
        return self.named[0] in self.session.identities

    def page(self, rows: Sequence[Any], total: int | None = None) -> dict[str, Any]:
        """A part of a list; of all rows where ``total`` is None, else ``rows`` are that part."""
        offset, limit = self.query.offset, self.query.limit
        part = rows if total is not None else rows[offset : offset + limit]
        many = len(rows) if total is None else total
        return {"total": many, "offset": offset, "limit": limit, "rows": list(part)}


Handler = Callable[[Call], Any]
RawHandler = Callable[[Call, Request], Awaitable[Response]]


@dataclass(frozen=True)
class Endpoint:
    """One endpoint.

    Attributes
    ----------
    handler
        Its docstring is the description.
    gives
        Model of the answer; None for an answer without a body; a media type for other answers.
    needs
        What the session must be allowed, ``OPEN`` for nothing.
    raw
        Takes the request itself, and gives a response.
    """

    method: str
    path: str
    handler: Handler | RawHandler
    gives: Any = None
    query: type[Asked] = Nothing
    body: type[Asked] | None = None
    needs: str = READ
    status: int = 200
    raw: bool = False
    takes: str = field(default="application/json")

    @property
    def changes(self) -> bool:
        """Whether it changes anything."""
        return self.method not in ("GET", "HEAD")

    @property
    def summary(self) -> str:
        """What it is for, in a line."""
        return (inspect.getdoc(self.handler) or "").partition("\n")[0]

    def route(self, server: Server) -> Route:
        """As Starlette has it."""

        async def answer(request: Request) -> Response:
            try:
                return await _answered(self, server, request)
            except ClaqueurError as error:
                return problem_answer(error)
            except Exception as error:
                # To the terminal of whoever started the server, and not into the answer.
                traceback.print_exception(error, file=sys.stderr)
                return problem_answer(error)

        path = self.path.replace("{group}", "{group:int}")
        return Route(path, answer, methods=[self.method])


def json_answer(value: Any, status: int = 200, **headers: str) -> Response:
    """An answer in JSON; numbers that are not finite are null."""
    content = to_json(value, inf_nan_mode="null")
    return Response(content, status, {"cache-control": "no-store", **headers}, "application/json")


def problem_answer(error: Exception) -> Response:
    """The answer to an error."""
    return json_answer(body_of(error), status_of(error), **getattr(error, "headers", {}))


async def _answered(endpoint: Endpoint, server: Server, request: Request) -> Response:
    call = await _call(endpoint, server, request)
    if endpoint.raw:
        made: Response = await endpoint.handler(call, request)  # type: ignore[call-arg]
        return made
    value = await to_thread.run_sync(endpoint.handler, call)  # type: ignore[arg-type]
    if isinstance(value, Response):
        return value
    if endpoint.gives is None:
        return Response(None, 204, {"cache-control": "no-store"})
    return json_answer(value, endpoint.status)


async def _call(endpoint: Endpoint, server: Server, request: Request) -> Call:
    secret = request.cookies.get(server.cookie, "")
    session = await to_thread.run_sync(server.sessions.of, secret)
    _allowed(endpoint, session, request)
    query = _checked(endpoint.query, _query(request), "query")
    body = None
    if endpoint.body is not None:
        body = _checked(endpoint.body, await _json(request), "body")
    return Call(server, secret, session, dict(request.path_params), query, body)


def _allowed(endpoint: Endpoint, session: Session | None, request: Request) -> None:
    given = request.headers.get(CSRF, "")
    if endpoint.needs == OPEN:
        if endpoint.changes and not given:
            raise Refused(f"the header {CSRF} is missing")
        return
    if session is None:
        raise NotSignedIn("sign in first: open the link that `claqueur serve` printed")
    if endpoint.changes and not _same(given, session.csrf):
        raise Refused(f"the header {CSRF} is missing or of another session; load the page again")
    if not session.may(endpoint.needs):
        raise Refused(f"a {session.role} may not do this; ask an analyst")


def _same(one: str, other: str) -> bool:
    import hmac

    return hmac.compare_digest(one.encode(), other.encode())


def _query(request: Request) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in request.query_params.multi_items():
        if name in found:
            where = [{"where": name, "message": "is given twice"}]
            raise Invalid(f"{name}: is given twice; give it once", where)
        found[name] = value
    return found


def _checked(model: type[Asked], values: Any, what: str) -> Asked:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        fields = [
            {"where": ".".join(map(str, each["loc"])) or what, "message": each["msg"]}
            for each in error.errors()
        ]
        said = "; ".join(f"{each['where']}: {each['message']}" for each in fields[:5])
        raise Invalid(said, fields) from None


async def _json(request: Request) -> Any:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        where = [{"where": "content-type", "message": "must be application/json"}]
        raise Invalid("the body must be JSON (content-type: application/json)", where)
    body = bytearray()
    try:
        async for part in request.stream():
            body += part
            if len(body) > BODY_AT_MOST:
                raise TooLarge(f"the body is larger than {BODY_AT_MOST >> 20} MB")
    except ClientDisconnect:
        raise Invalid("the body was cut off", []) from None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Invalid("the body is no JSON", [{"where": "body", "message": "no JSON"}]) from None

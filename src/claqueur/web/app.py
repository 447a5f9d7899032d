"""The application: endpoints, the bundle of the pages, and what guards both."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path

from anyio import to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import Route

from claqueur.errors import ClaqueurError
from claqueur.web.calls import Server, json_answer, problem_answer
from claqueur.web.guard import Guard
from claqueur.web.jobs import Jobs
from claqueur.web.openapi import described
from claqueur.web.places import Places
from claqueur.web.problems import NotFound, ProblemError
from claqueur.web.sessions import Sessions
from claqueur.web.views import ENDPOINTS
from claqueur.web.views.session import set_cookie

STATIC = Path(__file__).parent / "static"
UPLOAD_AT_MOST = 20_000_000_000
_FOREVER = "public, max-age=31536000, immutable"
_SMALLEST_PACKED = 1000


class _MethodNotAllowed(ProblemError):  # noqa: N818 - the name is part of the API
    status = 405


_MethodNotAllowed.__name__ = "MethodNotAllowed"


def make_app(
    folder: Path,
    sessions: Sessions,
    *,
    upload_at_most: int = UPLOAD_AT_MOST,
    hosts: Iterable[str] = (),
    cookie: str = "claqueur",
    static: Path = STATIC,
) -> Starlette:
    """The case room over a folder.

    Parameters
    ----------
    folder
        A case, or a folder of cases.
    sessions
        Who is signed in.
    upload_at_most
        Bytes of a file that is dropped.
    hosts
        Names besides the loopback's under which it answers, for a proxy.
    cookie
        Name of the session's cookie.
    static
        The built pages.
    """
    places = Places(folder)
    jobs = Jobs(places)
    hosts = list(hosts)
    server = Server(places, sessions, jobs, upload_at_most, cookie, secure=bool(hosts))
    description = described(ENDPOINTS)

    async def openapi(request: Request) -> Response:
        return json_answer(description)

    routes = [
        Route("/api/openapi.json", openapi),
        *(each.route(server) for each in ENDPOINTS),
        Route("/api", _no_such_path, methods=_METHODS),
        Route("/api/{rest:path}", _no_such_path, methods=_METHODS),
        Route("/{rest:path}", _pages(server, static)),
    ]

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        jobs.start()
        yield
        await to_thread.run_sync(jobs.stop)

    app = Starlette(
        routes=routes,
        lifespan=lifespan,
        middleware=[
            Middleware(Guard, hosts=hosts),
            Middleware(GZipMiddleware, minimum_size=_SMALLEST_PACKED, compresslevel=1),
        ],
        exception_handlers={
            ClaqueurError: _refused,
            HTTPException: _http,
        },
    )
    app.state.server = server
    return app


_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


async def _no_such_path(request: Request) -> Response:
    """Nothing is there; a path that takes another method says so."""
    path = request.url.path
    for each in ENDPOINTS:
        if Route(each.path, _refused).path_regex.match(path):
            error = _MethodNotAllowed(
                f"{request.method} {path}: is not for this", allow=each.method
            )
            return problem_answer(error)
    return problem_answer(NotFound(f"{path}: there is no such path; see /api/openapi.json"))


async def _refused(request: Request, error: Exception) -> Response:
    return problem_answer(error)


async def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    problem = _MethodNotAllowed if status == 405 else NotFound
    made = problem_answer(problem(f"{request.url.path}: {getattr(error, 'detail', '')}"))
    made.status_code = status
    return made


def _pages(server: Server, static: Path) -> Callable[[Request], object]:
    """The bundle; the first page for every path that is no file, and the token on the way."""
    root = static.resolve()

    async def page(request: Request) -> Response:
        token = request.query_params.get("token")
        if token is not None:
            return await to_thread.run_sync(_redeemed, server, request, token)
        path = (root / request.path_params["rest"].replace("\0", "")).resolve()
        inside = path.is_relative_to(root) and path.is_file()
        if not inside:
            path = root / "index.html"
        if not path.is_file():
            return problem_answer(NotFound("the pages are not built; see docs/case-room.md"))
        hashed = path.parent.name == "assets"
        return FileResponse(path, headers={"cache-control": _FOREVER if hashed else "no-cache"})

    return page


def _redeemed(server: Server, request: Request, token: str) -> Response:
    """To the same place without the token, signed in if it was right."""
    path = request.url.path
    answer = RedirectResponse(
        path if not path.startswith("//") else "/", 303, {"cache-control": "no-store"}
    )
    signed_in = server.sessions.of(request.cookies.get(server.cookie, ""))
    if signed_in is None and (secret := server.sessions.redeem(token)):
        set_cookie(answer, server.cookie, secret, server.secure)
    return answer

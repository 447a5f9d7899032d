"""Jobs: listed, watched, stopped."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

from anyio import to_thread
from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from claqueur.web.calls import Call, Endpoint, OfCase
from claqueur.web.jobs import QUEUED, RUNNING, SHOWN
from claqueur.web.sessions import RUN
from claqueur.web.told import Job, JobList

BEAT_S = 0.2
PING_S = 15


def listed(call: Call) -> dict[str, Any]:
    """List jobs of a case or of all cases, the newest first."""
    return {"jobs": _all(call)}


def _all(call: Call) -> list[dict[str, Any]]:
    named = call.query.case
    names = [call.named[0]] if named else call.server.places.names()
    found = [job for name in names for job in call.server.jobs.of(name)]
    return sorted(found, key=lambda job: str(job["id"]), reverse=True)[:SHOWN]


def one(call: Call) -> dict[str, Any]:
    """Say how far a job is."""
    return call.server.jobs.job(call.path["job"])


def cancel(call: Call) -> dict[str, Any]:
    """Have a job stop."""
    return call.server.jobs.cancel(call.path["job"])


async def watch(call: Call, request: Request) -> Response:
    """Tell of a job as it goes, until it ends."""
    name = call.path["job"]
    await to_thread.run_sync(call.server.jobs.job, name)
    return _stream(_of_one(call, name))


async def watch_all(call: Call, request: Request) -> Response:
    """Tell of all jobs as they go."""
    return _stream(_of_all(call))


def _stream(events: AsyncIterator[bytes]) -> Response:
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(events, headers=headers, media_type="text/event-stream")


async def _of_one(call: Call, name: str) -> AsyncIterator[bytes]:
    last, number, said = b"", 0, time.monotonic()
    while True:
        job = await to_thread.run_sync(call.server.jobs.job, name)
        body = to_json(job)
        going = job["state"] in (QUEUED, RUNNING)
        if body != last or not going:
            number, last, said = number + 1, body, time.monotonic()
            yield _event("progress" if going else "end", number, body)
        if not going:
            return
        if time.monotonic() - said > PING_S:
            said = time.monotonic()
            yield b": ping\n\n"
        await asyncio.sleep(BEAT_S)


async def _of_all(call: Call) -> AsyncIterator[bytes]:
    known: dict[str, bytes] = {}
    number, said = 0, time.monotonic()
    while True:
        for job in reversed(await to_thread.run_sync(_all, call)):
            body = to_json(job)
            if known.get(job["id"]) != body:
                number, said, known[job["id"]] = number + 1, time.monotonic(), body
                yield _event("job", number, body)
        if time.monotonic() - said > PING_S:
            said = time.monotonic()
            yield b": ping\n\n"
        await asyncio.sleep(2 * BEAT_S)


def _event(kind: str, number: int, body: bytes) -> bytes:
    return b"event: %s\nid: %d\ndata: %s\n\n" % (kind.encode(), number, body)


ENDPOINTS = (
    Endpoint("GET", "/api/jobs", listed, JobList, query=OfCase),
    Endpoint("GET", "/api/jobs/{job}", one, Job),
    Endpoint("POST", "/api/jobs/{job}/cancel", cancel, Job, needs=RUN, status=202),
    Endpoint("GET", "/api/jobs/{job}/events", watch, "text/event-stream", raw=True),
    Endpoint("GET", "/api/events", watch_all, "text/event-stream", query=OfCase, raw=True),
)

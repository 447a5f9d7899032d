"""Files dropped, looked at, mapped and brought in."""

from __future__ import annotations

import json
import re
import secrets
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pyarrow.parquet as pq
from anyio import to_thread
from pydantic import Field
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from claqueur.atomic import disk_full_explained
from claqueur.case import Case
from claqueur.errors import SourceError
from claqueur.preview import ours, preview
from claqueur.publish.privacy import case_pseudonyms
from claqueur.record import now
from claqueur.web import jobs
from claqueur.web.calls import Asked, Call, Endpoint, OfCase, json_answer
from claqueur.web.chosen import reading
from claqueur.web.places import room
from claqueur.web.problems import Conflict, NotFound, TooLarge
from claqueur.web.sessions import RUN
from claqueur.web.told import Data, Job, PreviewTold, Upload

STALE_S = 3600
"""What is not written to for so long is not being sent any more."""

ID = re.compile(r"[0-9a-f]{32}")
_NAME = re.compile(r"[^/\\\x00-\x1f\x7f]{1,150}")


class Reading(Asked):
    """How files are read."""

    format: str = Field("", max_length=40)
    map: dict[str, str] = Field({}, max_length=40)
    timezone: str = Field("", max_length=64)
    time_unit: Literal["", "s", "ms", "us", "ns"] = ""
    encoding: str = Field("", max_length=40)
    rank_order: Literal["", "newest-first", "oldest-first"] = ""


class Named(OfCase):
    """What the file is called."""

    name: str = Field(min_length=1, max_length=150)


class Look(Asked):
    """How a file is to be looked at."""

    reading: Reading = Reading.model_validate({})


class NewImport(Asked):
    """Files to be brought in together."""

    uploads: list[str] = Field(min_length=1, max_length=100)
    reading: Reading = Reading.model_validate({})


def held(call: Call) -> dict[str, Any]:
    """Say what a case holds, what was brought in, and which files wait."""
    _, case = call.named
    return {
        "zone": case.zone, "upload_at_most": call.server.upload_at_most,
        **{name: _about(case, name) for name in ("events", "objects", "counters")},
        "imports": [_import(each) for each in case.imports()[::-1]],
        "uploads": _uploads(call),
    }  # fmt: skip


def _import(entry: dict[str, Any]) -> dict[str, Any]:
    known = ("time", "timezone", "delivered", "added", "added_to", "refused")
    inputs = [
        {name: each.get(name) for name in ("file", "bytes", "sha256", "format", "columns")}
        for each in entry["inputs"]
    ]
    return {**{name: entry[name] for name in known}, "noted": entry.get("noted", []),
            "inputs": inputs}  # fmt: skip


def _about(case: Case, name: str) -> dict[str, Any] | None:
    path = case.folder / name / f"{name}.parquet"
    if not path.exists():
        return None
    rows = pq.ParquetFile(path).metadata.num_rows
    if name != "events":
        ids = pq.read_table(path, columns=["object_id"])["object_id"]
        return {"rows": rows, "objects": len(ids.drop_null().unique())}
    return {"rows": rows, **_events(case.folder / name)}


def _events(folder: Path) -> dict[str, Any]:
    """Counts from the footers and the small dictionaries; events themselves are not read."""
    file = pq.ParquetFile(folder / "events.parquet")
    counts = {
        name: pq.ParquetFile(folder / f"{name}.parquet").metadata.num_rows
        for name in ("account_id", "object_id", "owner_id")
        if (folder / f"{name}.parquet").exists()
    }
    actions = folder / "action.parquet"
    span = _span(file)
    return {
        "accounts": counts["account_id"], "objects": counts["object_id"],
        "pages": counts.get("owner_id"),
        "actions": pq.read_table(actions)["action"].to_pylist() if actions.exists() else [],
        "first_time": span[0], "last_time": span[1], "with_text": "text" in file.schema.names,
    }  # fmt: skip


def _span(file: pq.ParquetFile) -> tuple[str | None, str | None]:
    lows: list[int] = []
    highs: list[int] = []
    columns = {name: place for place, name in enumerate(file.schema.names)}
    for group in range(file.metadata.num_row_groups):
        for name, found in (("t_min_ms", lows), ("t_max_ms", highs)):
            known = file.metadata.row_group(group).column(columns[name]).statistics
            if known is not None and known.has_min_max:
                found.append(known.min if name == "t_min_ms" else known.max)
    return _iso(min(lows, default=None)), _iso(max(highs, default=None))


def _iso(moment_ms: int | None) -> str | None:
    if moment_ms is None:
        return None
    return datetime.fromtimestamp(moment_ms / 1000, UTC).isoformat(timespec="seconds")


def _uploads(call: Call) -> list[dict[str, Any]]:
    name, case = call.named
    folder = case.folder / "room" / "uploads"
    found = [_upload(each) for each in folder.glob("*") if (each / "upload.json").is_file()]
    busy = _importing(call, name)
    return [
        {**each, "state": "importing" if each["id"] in busy else "ready"}
        for each in sorted(found, key=lambda each: each["time"])
    ]


def _importing(call: Call, case: str) -> set[str]:
    """Uploads that a job is bringing in."""
    folder = call.server.places.place(case) / "room" / "jobs"
    going = [
        job["id"] for job in call.server.jobs.of(case)
        if job["kind"] == "import" and job["state"] in (jobs.QUEUED, jobs.RUNNING)
    ]  # fmt: skip
    given = [jobs.read(folder / each / "job.json")["given"] for each in going]
    return {upload for each in given for upload in each["uploads"]}


def _upload(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "upload.json").read_text(encoding="utf-8"))
    return found


async def upload(call: Call, request: Request) -> Response:
    """Take a file, as the body of the request, into the case's scratch."""
    name = call.query.name.strip()
    if not _NAME.fullmatch(name) or name.startswith("."):
        raise SourceError(f"{name!r}: is no name of a file; give its own name without a folder")
    _, case = await to_thread.run_sync(lambda: call.named)
    await to_thread.run_sync(_tidied, case)
    identity = secrets.token_hex(16)
    folder = await to_thread.run_sync(room, case, "uploads", identity)
    try:
        size = await _received(call, request, folder, name)
        if not size:
            raise SourceError(f"{name}: is empty; it needs a header and at least one row")
        known = {"id": identity, "name": name, "bytes": size, "time": now(),
                 "by": call.session.user}  # fmt: skip
        await to_thread.run_sync(jobs.write, folder / "upload.json", known)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return json_answer({**known, "state": "ready"}, 201)


def _tidied(case: Case) -> None:
    """Throw away what was being sent when a server was killed."""
    for folder in (case.folder / "room" / "uploads").glob("*"):
        alive = (folder / "upload.json").exists() or time.time() - _changed(folder) < STALE_S
        if not alive:
            shutil.rmtree(folder, ignore_errors=True)


def _changed(folder: Path) -> float:
    """When anything in a folder was last written to."""
    return max(path.stat().st_mtime for path in (folder, *folder.rglob("*")))


async def _received(call: Call, request: Request, folder: Path, name: str) -> int:
    """Bytes written, a piece at a time, so that memory does not grow with the file."""
    most, size = call.server.upload_at_most, 0
    length = request.headers.get("content-length", "0")
    if length.isdigit() and int(length) > most:
        raise _too_large(name, most)
    (folder / "file").mkdir()
    with disk_full_explained(folder), (folder / "file" / name).open("wb", buffering=0) as file:
        try:
            async for part in request.stream():
                size += len(part)
                if size > most:
                    raise _too_large(name, most)
                if part:
                    await to_thread.run_sync(file.write, part)
        except ClientDisconnect:
            raise SourceError(f"{name}: was cut off; send it again") from None
    return size


def _too_large(name: str, most: int) -> TooLarge:
    return TooLarge(
        f"{name}: is larger than {most / 1e9:.1f} GB; use `claqueur add`, or start the server with "
        "a larger --upload-at-most"
    )


def _place(call: Call, identity: str) -> Path:
    """Where an upload lies.

    Raises
    ------
    NotFound
        If there is none.
    """
    folder = call.case.folder / "room" / "uploads" / identity
    if not ID.fullmatch(identity) or not (folder / "upload.json").is_file():
        raise NotFound("upload: there is none of that id; see the list of uploads")
    return folder


def remove(call: Call) -> None:
    """Throw an upload away."""
    folder = _place(call, call.path["upload"])
    if folder.name in _importing(call, call.named[0]):
        raise Conflict("upload: is being brought in; cancel that first")
    shutil.rmtree(folder, ignore_errors=True)


def look(call: Call) -> dict[str, Any]:
    """Look at a file as it would be read."""
    folder, case = _place(call, call.path["upload"]), call.case
    known = _upload(folder)
    scratch = folder / f"plain-{secrets.token_hex(4)}"
    scratch.mkdir()
    try:
        found = preview(
            folder / "file" / known["name"], reading(case, call.body.reading.model_dump()), scratch,
            case_pseudonyms(case.id),
        )  # fmt: skip
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return {
        "id": known["id"], "name": known["name"], "kind": found.kind, "format": found.format,
        "holds": found.holds, "certainty": found.certainty,
        "formats": [_format(*each) for each in found.formats],
        "columns": found.columns, "mapping": found.mapping,
        "ours": [
            {"name": name, "needed": needed, "help": text}
            for name, needed, text in ours(found.holds)
        ],
        "rows": found.rows, "masked": found.masked, "trouble": found.trouble or None,
    }  # fmt: skip


def _format(name: str, text: str, certainty: int) -> dict[str, Any]:
    return {"name": name, "help": text, "certainty": certainty}


def bring_in(call: Call) -> dict[str, Any]:
    """Bring files into the case, as a job: all of them or none."""
    name, case = call.named
    chosen = list(dict.fromkeys(call.body.uploads))
    places = [_place(call, each) for each in chosen]
    if busy := _importing(call, name) & {place.name for place in places}:
        raise Conflict(f"upload {', '.join(sorted(busy))}: is being brought in already")
    given = call.body.reading.model_dump()
    reading(case, given)
    return call.server.jobs.submit(
        name, "import", call.session.user, {"uploads": chosen, "reading": given}
    )


ENDPOINTS = (
    Endpoint("GET", "/api/data", held, Data, query=OfCase),
    Endpoint("POST", "/api/uploads", upload, Upload, query=Named, needs=RUN, status=201, raw=True,
             takes="application/octet-stream"),
    Endpoint("DELETE", "/api/uploads/{upload}", remove, query=OfCase, needs=RUN),
    Endpoint("POST", "/api/uploads/{upload}/preview", look, PreviewTold, query=OfCase, body=Look,
             needs=RUN),
    Endpoint("POST", "/api/imports", bring_in, Job, query=OfCase, body=NewImport, needs=RUN,
             status=202),
)  # fmt: skip

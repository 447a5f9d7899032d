"""Cases, their log of custody, and whether they are sound."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from claqueur import custody
from claqueur.case import Case, is_case
from claqueur.errors import ClaqueurError
from claqueur.evidence_store import Entry
from claqueur.web.calls import Asked, Call, Endpoint, Nothing, OfCase, Paged
from claqueur.web.jobs import QUEUED, RUNNING
from claqueur.web.sessions import REVIEW, RUN
from claqueur.web.told import CaseBrief, Cases, CaseTold, Job, LogEntry, Page
from claqueur.web.views.runs import brief as run_brief

TABLES = ("events", "objects", "counters")


class NewCase(Asked):
    """A case to be made."""

    case: str = Field(min_length=1, max_length=64)
    name: str = Field("", max_length=200)
    timezone: str = Field("", max_length=64)


class PagedLog(OfCase, Paged):
    """Which part of which log."""


def brief(call: Call, name: str) -> dict[str, Any]:
    """A case in a list."""
    running = sum(job["state"] in (QUEUED, RUNNING) for job in call.server.jobs.of(name))
    known: dict[str, Any] = {
        "case": name, "name": name, "id": "", "created": None, **dict.fromkeys(TABLES, False),
        "imports": 0, "runs": 0, "latest_run": None, "jobs_running": running, "problem": None,
    }  # fmt: skip
    try:
        case = call.server.places.case(name)[1]
        runs = case.runs()
        return {
            **known, "name": str(case.settings.get("name") or name), "id": case.id,
            "created": _created(case), "imports": len(case.imports()), "runs": len(runs),
            **{table: (case.folder / table / f"{table}.parquet").exists() for table in TABLES},
            "latest_run": runs[-1].name if runs else None,
        }  # fmt: skip
    except ClaqueurError as error:
        return {**known, "problem": str(error)}


def _created(case: Case) -> str | None:
    made = custody.entries(case.folder, custody.CREATED)
    return custody.moment(made[0]) if made else None


def listed(call: Call) -> dict[str, Any]:
    """List the cases that are served."""
    places = call.server.places
    return {
        "folder": places.folder.resolve().name,
        "may_create": not is_case(places.folder) and call.session.may(RUN),
        "cases": [brief(call, name) for name in places.names()],
    }


def create(call: Call) -> dict[str, Any]:
    """Make a case."""
    body = call.body
    call.server.places.create(body.case, body.name, body.timezone)
    return brief(call, body.case)


def whole(call: Call) -> dict[str, Any]:
    """Say what a case holds, and what is to do next."""
    name, case = call.named
    runs = case.runs()
    latest = run_brief(call, case, runs[-1]) if runs else None
    sections = ("read", "detect", "groups", "targets", "texts")
    return {
        **brief(call, name), "zone": case.zone, "identities": call.identities,
        "settings": {each: case.settings.get(each, {}) for each in sections},
        "latest": latest, "next": _next(case, latest),
    }  # fmt: skip


def _next(case: Case, latest: dict[str, Any] | None) -> str:
    if not case.imports():
        return "data"
    if latest is None or not latest["current"]:
        return "run"
    if latest["reviewed"] < latest["findings"]:
        return "review"
    published = custody.entries(case.folder, custody.PUBLISHED)
    return "done" if any(e.facts["run"] == latest["run"] for e in published) else "publish"


def log(call: Call) -> dict[str, Any]:
    """Tell who did what with a case, the latest first."""
    entries = custody.entries(call.case.folder)[::-1]
    offset, limit = call.query.offset, call.query.limit
    return call.page(
        [
            {"n": each.number, "kind": each.kind, "time": custody.moment(each),
             "user": each.facts["user"], "what": _words(each)}
            for each in entries[offset : offset + limit]
        ],
        len(entries),
    )  # fmt: skip


def _words(entry: Entry) -> str:
    facts = entry.facts
    files = ", ".join(each.get("file", "") for each in facts.get("inputs", []))
    known = {
        custody.CREATED: "made the case",
        custody.IMPORTED: f"brought in {files}",
        custody.COLLECTED: "made tables of what was collected",
        custody.RAN: f"ran detection: {facts.get('run')}",
        custody.REGISTERED: f"registered {facts.get('directive')}, version {facts.get('version')}",
        custody.STAMPED: f"had {facts.get('directive')} stamped by a third party",
        custody.REVIEWED: f"{facts.get('verdict')} {facts.get('key')} of {facts.get('run')}: "
        f"{facts.get('note')}",
        custody.UNDONE: f"took back the decision on {facts.get('key')} of {facts.get('run')}",
        custody.PUBLISHED: f"published {facts.get('to')} from {facts.get('run')}",
        custody.WITHDRAWN: "took back a package that was not written to its end",
        custody.SAMPLED: f"drew a blinded sample of {facts.get('members')} members and "
        f"{facts.get('controls')} others from {facts.get('run')}",
        custody.JUDGED: f"judged card {facts.get('place')} of a blinded sample",
        custody.CHECKED: f"{'ticked' if facts.get('done') else 'unticked'} {facts.get('item')}",
        custody.SHOWN: f"had identities shown: {facts.get('reason')}" if facts.get("shown")
        else "had identities shown no longer",
    }  # fmt: skip
    return known.get(entry.kind, entry.kind)


def verify(call: Call) -> dict[str, Any]:
    """Recompute all hashes of a case, as a job."""
    name, _ = call.named
    return call.server.jobs.submit(name, "verify", call.session.user, {})


ENDPOINTS = (
    Endpoint("GET", "/api/cases", listed, Cases, query=Nothing),
    Endpoint("POST", "/api/cases", create, CaseBrief, body=NewCase, needs=RUN, status=201),
    Endpoint("GET", "/api/cases/{case}", whole, CaseTold),
    Endpoint("GET", "/api/log", log, Page[LogEntry], query=PagedLog, needs=REVIEW),
    Endpoint("POST", "/api/verify", verify, Job, query=OfCase, needs=RUN, status=202),
)

"""Publishing: what is still to do, what it would give away, the package, its download."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pydantic import Field
from starlette.responses import Response, StreamingResponse

from claqueur import custody
from claqueur.browse.index import is_current
from claqueur.case import Case
from claqueur.checklist import checklist
from claqueur.evidence_store import Entry
from claqueur.model import SMALLEST_SHOWN
from claqueur.package import check_ready, sealed_path
from claqueur.publish.document.catalogue import languages
from claqueur.review import ACCEPTED, accepted, decisions
from claqueur.web.calls import Asked, Call, Endpoint, OfCase, OfRun
from claqueur.web.problems import NotFound
from claqueur.web.sessions import RUN
from claqueur.web.told import Job, Publishing
from claqueur.web.views.runs import attachment

_NAME = re.compile(r"package-\d{8}-\d{6}")
_PIECE = 1 << 18


class Checked(Asked):
    """What is to be checked."""

    title: str = Field("", max_length=300)
    k: int = Field(SMALLEST_SHOWN, ge=SMALLEST_SHOWN, le=10_000)


class Published(Checked):
    """What is to be published, and who gets the supplement."""

    languages: list[str] = Field([], max_length=20)
    to_keys: list[str] = Field([], max_length=50)


def state(call: Call) -> dict[str, Any]:
    """Say whether a run can be published, and what was."""
    case, run = call.case, call.run
    made = decisions(case, run)
    left = sum(not each.verdict for each in made)
    taken = sum(each.verdict == ACCEPTED for each in made)
    why = []
    if left:
        why.append(f"{left:,} of {len(made):,} findings are not reviewed")
    elif not taken:
        why.append("no finding is accepted, so there is nothing to publish")
    if not is_current(case, call.index.record):
        why.append("the tables have changed since this run; run again and review that run")
    items = checklist(case, run)
    return {
        "ready": not why, "why": why, "accepted": taken, "findings": len(made),
        "languages": languages(), "k": SMALLEST_SHOWN,
        "title": str(case.settings.get("name") or call.named[0]),
        "checklist_done": sum(each.done for each in items), "checklist_total": len(items),
        "packages": packages(call.named[0], case),
    }  # fmt: skip


def packages(name: str, case: Case) -> list[dict[str, Any]]:
    """What was published of a case, the latest first."""
    entries = custody.entries(case.folder)
    back = {each.facts["package"] for each in entries if each.kind == custody.WITHDRAWN}
    return [
        _package(name, case, each, entries)
        for each in reversed(entries)
        if each.kind == custody.PUBLISHED and each.facts["package"] not in back
    ]


def _package(name: str, case: Case, entry: Entry, entries: list[Entry]) -> dict[str, Any]:
    facts, place = entry.facts, entry.facts["to"]
    folder = case.folder / "room" / "packages" / place
    there = bool(_NAME.fullmatch(place)) and folder.is_dir()
    files = [path for path in folder.rglob("*") if path.is_file()] if there else []
    sealed = there and sealed_path(folder).is_file()
    at, which = f"/api/packages/{place}", f"case={quote(name)}"
    found = sorted(folder.glob("data/report.*.html")) if there else []
    leak = facts.get("leak") or {}
    return {
        "package": place, "run": facts["run"], "time": custody.moment(entry), "by": facts["user"],
        "digest": facts["package"], "accepted": _accepted(entries, entry),
        "files": len(files), "bytes": sum(path.stat().st_size for path in files),
        "sealed": bool(facts.get("recipients")), "recipients": len(facts.get("recipients") or []),
        "gain": leak.get("gain"), "there": there, "zip": f"{at}.zip?{which}" if there else "",
        "sealed_url": f"{at}.sealed.age?{which}" if sealed else None,
        "reports": {
            path.name.split(".")[1]: f"{at}/{path.name}?{which}" for path in found
        },
    }  # fmt: skip


def _accepted(entries: list[Entry], published: Entry) -> int:
    """How many findings stood as accepted when it was published."""
    standing: dict[str, list[str]] = {}
    for each in entries[: published.number]:
        if each.facts.get("run") != published.facts["run"]:
            continue
        own = standing.setdefault(str(each.facts.get("key")), [""])
        if each.kind == custody.REVIEWED:
            own.append(each.facts["verdict"])
        elif each.kind == custody.UNDONE and len(own) > 1:
            own.pop()
    return sum(own[-1] == ACCEPTED for own in standing.values())


def check(call: Call) -> dict[str, Any]:
    """Check, as a job, what publishing would tell and give away; nothing is published."""
    name, _ = call.named
    given = {"run": call.run.name, "title": call.body.title, "k": call.body.k}
    return call.server.jobs.submit(name, "check", call.session.user, given)


def publish(call: Call) -> dict[str, Any]:
    """Publish what was accepted, as a job; nothing while any finding is not reviewed."""
    name, case = call.named
    accepted(case, call.run)
    check_ready(case.folder / "room" / "packages" / "new", call.body.to_keys, "")
    given = {**call.body.model_dump(), "run": call.run.name}
    return call.server.jobs.submit(name, "publish", call.session.user, given)


def _folder(call: Call) -> Path:
    name = str(call.path["package"])
    folder = call.case.folder / "room" / "packages" / name
    if not _NAME.fullmatch(name) or not folder.is_dir():
        raise NotFound("package: there is none of that name; see the list of packages")
    return folder


def zipped(call: Call) -> Response:
    """Download a package as a zip archive."""
    folder = _folder(call)
    headers = {
        "cache-control": "no-store",
        "content-disposition": f'attachment; filename="{folder.name}.zip"',
    }
    return StreamingResponse(_zip(folder), headers=headers, media_type="application/zip")


class _Pieces:
    """A file to write to that gives away what was written."""

    def __init__(self) -> None:
        self.held = bytearray()
        self._at = 0

    def write(self, data: bytes) -> int:
        self.held += data
        self._at += len(data)
        return len(data)

    def tell(self) -> int:
        return self._at

    def flush(self) -> None:
        """Nothing is held back."""

    def taken(self) -> bytes:
        data = bytes(self.held)
        self.held.clear()
        return data


def _zip(folder: Path) -> Iterator[bytes]:
    """The archive, a piece at a time; the files in it are small beside what they are made from."""
    pieces = _Pieces()
    with zipfile.ZipFile(pieces, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(f"{folder.name}/{path.relative_to(folder).as_posix()}")
            entry.compress_type = zipfile.ZIP_DEFLATED
            with path.open("rb") as source, archive.open(entry, "w") as target:
                while data := source.read(_PIECE):
                    target.write(data)
                    yield pieces.taken()
    yield pieces.taken()


def sealed(call: Call) -> Response:
    """Download the encrypted supplement of a package."""
    path = sealed_path(_folder(call))
    if not path.is_file():
        raise NotFound("package: has no supplement; nobody was named to get one")
    return attachment(path, path.name, "application/octet-stream")


def report(call: Call) -> Response:
    """Download the report of a package in one language."""
    path = _folder(call) / "data" / f"report.{call.path['language']}.html"
    if call.path["language"] not in languages() or not path.is_file():
        raise NotFound("package: has no report in that language")
    return attachment(path, path.name, "text/html")


ENDPOINTS = (
    Endpoint("GET", "/api/publish", state, Publishing, query=OfRun),
    Endpoint("POST", "/api/publish/check", check, Job, query=OfRun, body=Checked, needs=RUN,
             status=202),
    Endpoint("POST", "/api/publish", publish, Job, query=OfRun, body=Published, needs=RUN,
             status=202),
    Endpoint("GET", "/api/packages/{package}.zip", zipped, "application/zip", query=OfCase),
    Endpoint("GET", "/api/packages/{package}.sealed.age", sealed, "application/octet-stream",
             query=OfCase, needs=RUN),
    Endpoint("GET", "/api/packages/{package}/report.{language}.html", report, "text/html",
             query=OfCase),
)  # fmt: skip

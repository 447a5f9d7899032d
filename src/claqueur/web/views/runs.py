"""Runs: started, listed, compared; settings described from their own fields."""

from __future__ import annotations

import json
from dataclasses import MISSING, fields
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from pydantic import Field
from starlette.responses import FileResponse, Response

from claqueur.browse.compare import compared
from claqueur.browse.index import is_current
from claqueur.browse.network import networks
from claqueur.case import Case
from claqueur.errors import ClaqueurError, SettingError
from claqueur.results import Result
from claqueur.review import ACCEPTED, decisions
from claqueur.settings import LAYERS, CoAction, Grouping, Targets, Wording
from claqueur.sources import sources
from claqueur.web.calls import Asked, Call, Endpoint, OfCase, OfRun
from claqueur.web.chosen import chosen
from claqueur.web.problems import NotFound
from claqueur.web.sessions import RUN
from claqueur.web.told import Comparison, Form, Job, Runs, RunTold

SECTIONS = {
    "detect": (CoAction, "Detection", "Nothing needs to be set: without a window and a minimum "
               "nothing is guessed, and the error rate is stated."),
    "groups": (Grouping, "Groups", "Seed and resolution of communities."),
    "targets": (Targets, "Declared targets", "Posts, or a page since a date, that a directive "
                "named; tested beside."),
    "texts": (Wording, "Comments", "How the tone of comments is told."),
}  # fmt: skip
"""Settings of a run by their table in ``case.toml``."""

_TYPES = {"str": "string", "int": "integer", "float": "number", "bool": "boolean",
          "tuple[str, ...]": "strings"}  # fmt: skip
_CHOICES = {"layer": list(LAYERS)}


class Settings(Asked):
    """Settings of a run by section; what is left out is as the case has it."""

    detect: dict[str, Any] = Field(default_factory=dict)
    groups: dict[str, Any] = Field(default_factory=dict)
    targets: dict[str, Any] = Field(default_factory=dict)
    texts: dict[str, Any] = Field(default_factory=dict)


class NewRun(Asked):
    """A run to be made."""

    settings: Settings = Settings()


class Compare(OfCase):
    """Which runs are compared."""

    runs: str = Field(min_length=1, max_length=300, description="Two to six names, with commas.")


def form(call: Call) -> dict[str, Any]:
    """Describe the settings of a run."""
    case = call.case
    return {
        "sections": [
            {"name": name, "title": title, "help": text,
             "fields": [_field(each, case.settings.get(name, {})) for each in fields(cls)]}
            for name, (cls, title, text) in SECTIONS.items()
        ],
        "zones": _zones(),
        "formats": [
            {"name": each.name, "help": each.help, "certainty": 0} for each in sources().values()
        ],
    }  # fmt: skip


@lru_cache(maxsize=1)
def _zones() -> list[str]:
    return sorted(zone for zone in available_timezones() if "/" in zone or zone == "UTC")


def _field(entry: Any, own: dict[str, Any]) -> dict[str, Any]:
    kind, _, rest = str(entry.type).partition(" | ")
    default = _plain(None if entry.default is MISSING else entry.default)
    return {
        "name": entry.name, "flag": f"--{entry.name.replace('_', '-')}", "type": _TYPES[kind],
        "nullable": rest == "None", "default": default,
        "value": _plain(own.get(entry.name, default)), "help": entry.metadata["help"],
        "unit": entry.metadata["unit"], "choices": _CHOICES.get(entry.name, []),
    }  # fmt: skip


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def brief(call: Call, case: Case, run: Path) -> dict[str, Any]:
    """A run in a list."""
    known: dict[str, Any] = {
        "run": run.name, "created": None, "claqueur": "", "calibrated": False, "compared": False,
        "current": False, **dict.fromkeys(_COUNTS, 0), "layers": [], "seconds": 0.0,
        "settings": {}, "problem": None,
    }  # fmt: skip
    try:
        return {**known, **_facts(case, run), **_reviewed(case, run)}
    except (ClaqueurError, OSError, ValueError, KeyError) as error:
        return {**known, "problem": f"cannot be read: {error}"}


_COUNTS = ("groups", "members", "events", "accounts", "directive_items", "findings", "reviewed",
           "accepted")  # fmt: skip


def _facts(case: Case, run: Path) -> dict[str, Any]:
    record = _record(str(run), (run / "run.json").stat().st_mtime_ns)
    calibrated = any(record.get(name) for name in ("calibration", "untimed", "texts"))
    groups, members, items = _sizes(str(run), (run / "run.json").stat().st_mtime_ns)
    return {
        "created": record["created"], "claqueur": record["claqueur"], "calibrated": calibrated,
        "compared": calibrated or bool(record["networks"]), "current": is_current(case, record),
        "groups": groups, "members": members, "directive_items": items,
        "layers": list(dict.fromkeys(each.get("layer", "") for each in record["networks"])),
        "events": record["events"]["kept"], "accounts": record["events"]["accounts"],
        "seconds": round(sum(record["seconds"].values()), 3), "settings": _differing(record),
    }  # fmt: skip


@lru_cache(maxsize=64)
def _record(run: str, changed_ns: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((Path(run) / "run.json").read_text(encoding="utf-8"))
    return found


@lru_cache(maxsize=64)
def _sizes(run: str, changed_ns: int) -> tuple[int, int, int]:
    result = Result.load(run, only=("groups", "accounts"))
    return result.groups.height, result.accounts["account_id"].n_unique(), len(result.directive)


def _differing(record: dict[str, Any]) -> dict[str, Any]:
    """Settings that are not the defaults."""
    found: dict[str, Any] = {}
    for name, (cls, _, _) in SECTIONS.items():
        defaults = {each.name: _plain(each.default) for each in fields(cls)}
        own = record["settings"].get(name) or {}
        other = {key: value for key, value in own.items() if defaults.get(key) != value}
        if other:
            found[name] = other
    return found


def _reviewed(case: Case, run: Path) -> dict[str, int]:
    made = decisions(case, run)
    return {
        "findings": len(made), "reviewed": sum(bool(each.verdict) for each in made),
        "accepted": sum(each.verdict == ACCEPTED for each in made),
    }  # fmt: skip


def listed(call: Call) -> dict[str, Any]:
    """List the runs of a case, the newest first."""
    case = call.case
    return {"runs": [brief(call, case, run) for run in case.runs()[::-1]]}


def start(call: Call) -> dict[str, Any]:
    """Run detection, as a job; without any setting it is the calibrated default."""
    name, case = call.named
    given = call.body.settings.model_dump()
    chosen(case, given)
    if not case.imports():
        raise NotFound(f"{name}: holds no data yet; bring some in first")
    return call.server.jobs.submit(name, "run", call.session.user, {"settings": given})


@lru_cache(maxsize=16)
def sentences(run: str) -> list[str]:
    """What a run found, in sentences that may be quoted."""
    # Loaded here: it brings the charts along, and the server should answer at once.
    from claqueur.publish.summary import summary_lines

    return summary_lines(Result.load(run))


def whole(call: Call) -> dict[str, Any]:
    """Say what a run found, with its error rates."""
    index, record = call.index, call.index.record
    return {
        **brief(call, call.case, call.run), "lines": sentences(str(call.run)),
        "zone": index.zone, "networks": networks(index), "set_aside": record["set_aside"],
        "inputs": [{key: each[key] for key in ("file", "bytes", "format")}
                   for each in record["inputs"]],
        "versions": record["versions"], "stages": record["seconds"],
        "not_registered": record.get("directives_not_registered", []),
    }  # fmt: skip


def compare(call: Call) -> dict[str, Any]:
    """Hold runs side by side."""
    places, case = call.server.places, call.case
    names = [name.strip() for name in call.query.runs.split(",") if name.strip()]
    if not 2 <= len(names) <= 6:
        raise SettingError("runs: name two to six, with commas between them")
    runs = [places.run(case, name) for name in names]
    return {
        "runs": [brief(call, case, run) for run in runs],
        **compared([places.index(case, run) for run in runs]),
    }


def report(call: Call) -> dict[str, Any]:
    """Write the working report of a run, as a job."""
    name, _ = call.named
    return call.server.jobs.submit(name, "report", call.session.user, {"run": call.run.name})


def download(call: Call) -> Response:
    """Download the working report of a run."""
    path = call.case.folder / "report" / f"{call.run.name}.html"
    if not path.is_file():
        raise NotFound(f"{call.run.name}: has no report yet; make one")
    return attachment(path, f"{call.run.name}.html", "text/html")


def attachment(path: Path, name: str, kind: str) -> Response:
    """A file to be saved, never opened as a page of ours."""
    return FileResponse(
        path, media_type=kind, filename=name,
        headers={"cache-control": "no-store", "content-security-policy": "sandbox"},
    )  # fmt: skip


ENDPOINTS = (
    Endpoint("GET", "/api/settings", form, Form, query=OfCase),
    Endpoint("GET", "/api/runs", listed, Runs, query=OfCase),
    Endpoint("POST", "/api/runs", start, Job, query=OfCase, body=NewRun, needs=RUN, status=202),
    Endpoint("GET", "/api/runs/compare", compare, Comparison, query=Compare),
    Endpoint("GET", "/api/runs/{run}", whole, RunTold, query=OfCase),
    Endpoint("POST", "/api/reports", report, Job, query=OfRun, needs=RUN, status=202),
    Endpoint("GET", "/api/reports/{run}.html", download, "text/html", query=OfCase),
)

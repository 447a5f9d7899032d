"""Directives: drafted in a form, checked, registered, and what became of each item."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import Field

from claqueur.case import Case
from claqueur.directive.checking import ACTIONS
from claqueur.directive.drafts import draft_of, examined, read_draft, save_draft
from claqueur.directive.hypothesis import APPEAL, EVENT, OTHER
from claqueur.directive.register import register_directive, registered
from claqueur.directive.registration import Registered, Registration
from claqueur.directive.suggest import suggest_directive
from claqueur.directive.working import working_names
from claqueur.results import DIRECTIVE
from claqueur.web.calls import Asked, Call, Endpoint, OfCase, OfRun
from claqueur.web.problems import Conflict, NotFound
from claqueur.web.sessions import RUN
from claqueur.web.told import (
    Answers,
    Checked,
    Directives,
    DirectiveTold,
    RegistrationTold,
    Suggested,
)


class Draft(Asked):
    """A record, as the form has it."""

    record: dict[str, Any]


class NewDraft(Draft):
    """A record and its name."""

    name: str = Field(min_length=1, max_length=64, pattern=r"^[\w-]+$")


class Minutes(Asked):
    """Text of minutes."""

    text: str = Field(max_length=200_000)


class Empty(Asked):
    """Nothing."""


def listed(call: Call) -> dict[str, Any]:
    """List the directives of a case."""
    case = call.case
    known = {each.name: each for each in registered(case)}
    names = sorted({*working_names(case), *known})
    return {
        "directives": [_summary(case, name, known.get(name)) for name in names],
        "actions": list(ACTIONS), "cause_kinds": [EVENT, APPEAL, OTHER],
    }  # fmt: skip


def _summary(case: Case, name: str, known: Registered | None) -> dict[str, Any]:
    gone = name not in working_names(case)
    record = draft_of(known.directive) if gone and known else read_draft(case, name)
    problems, _ = ([], []) if gone else examined(record, case.zone)
    return {
        "name": name, "title": str(record.get("title", "")), "items": len(record["items"]),
        "state": _state(known.registration if known else None), "problems": len(problems),
        "registration": known.registration.as_record() if known else None,
    }  # fmt: skip


def _state(registration: Registration | None) -> str:
    if registration is None:
        return "draft"
    return {"same": "registered", "edited": "edited", "gone": "gone"}[registration.working]


def whole(call: Call) -> dict[str, Any]:
    """Give the record of a directive, and what is wrong with it."""
    return _whole(call, call.path["directive"])


def _whole(call: Call, name: str) -> dict[str, Any]:
    case = call.case
    known = {each.name: each for each in registered(case)}.get(name)
    if name not in working_names(case) and known is None:
        raise NotFound(f"directive {name}: there is none; see the list of directives")
    gone = name not in working_names(case)
    record = draft_of(known.directive) if gone and known else read_draft(case, name)
    problems, notes = examined(record, case.zone)
    if not call.session.may(RUN):
        record = {**record, "restricted": None}
    return {**_summary(case, name, known), "record": record, "problems_list": problems,
            "notes": notes}  # fmt: skip


def create(call: Call) -> dict[str, Any]:
    """Write down a new directive; one with problems is kept as a draft."""
    name, case = call.body.name, call.case
    if name in {*working_names(case), *(each.name for each in registered(case))}:
        raise Conflict(f"directive {name}: exists; choose another name")
    save_draft(case, name, call.body.record)
    return _whole(call, name)


def change(call: Call) -> dict[str, Any]:
    """Change the record of a directive; what was registered stays as it is."""
    name, case = call.path["directive"], call.case
    if name not in working_names(case):
        raise NotFound(f"directive {name}: there is none to change")
    save_draft(case, name, call.body.record)
    return _whole(call, name)


def check(call: Call) -> dict[str, Any]:
    """Say what is wrong with a record, and what it leaves open; nothing is written."""
    problems, notes = examined(call.body.record, call.case.zone)
    return {"problems": problems, "notes": notes}


def suggest(call: Call) -> dict[str, Any]:
    """Suggest days, links, actions and items from the text of minutes; nothing is kept."""
    found = suggest_directive(call.body.text)
    return {
        "dates": [{"day": each.value, "text": each.guess, "deadline": each.deadline,
                   "around": each.source} for each in found.days],
        "links": [{"kind": each.kind, "id": each.value, "url": each.source, "around": each.source}
                  for each in found.links],
        "actions": [{"action": each.value, "text": each.source, "around": each.source}
                    for each in found.actions],
        "items": [{"number": each.number, "text": each.text} for each in found.items],
    }  # fmt: skip


def register(call: Call) -> dict[str, Any]:
    """Freeze a record with its time and hash."""
    name, case = call.path["directive"], call.case
    if name not in working_names(case):
        raise NotFound(f"directive {name}: there is none to register")
    return register_directive(case, name, call.session.user).as_record()


def results(call: Call) -> dict[str, Any]:
    """Give the answers on every item that was registered when the run was made."""
    # Loaded here: it brings the charts along.
    from claqueur.publish.directive_sentence import directive_sentences

    path = call.run / DIRECTIVE
    entries = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    courses = _courses(call.run)
    return {"items": [
        {
            **entry, "key": f"{entry['directive']}/{entry['item']}",
            "sentences": directive_sentences(entry),
            "effects": courses.get((entry["directive"], entry["item"]), []),
        }
        for entry in entries
    ]}  # fmt: skip


def _courses(run: Path) -> Mapping[tuple[str, str], list[dict[str, Any]]]:
    path = run / "effects.parquet"
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    if not path.exists():
        return found
    parts = pl.read_parquet(path).partition_by(
        "directive", "item", "measure", as_dict=True, maintain_order=True
    )
    for (directive, item, measure), part in parts.items():
        columns = ("observed", "controls", "expected", "low", "high")
        found.setdefault((str(directive), str(item)), []).append({
            "measure": measure, "days": part["day"].to_list(),
            **{name: part[name].to_list() for name in columns},
        })  # fmt: skip
    return found


ENDPOINTS = (
    Endpoint("GET", "/api/directives", listed, Directives, query=OfCase),
    Endpoint("POST", "/api/directives", create, DirectiveTold, query=OfCase, body=NewDraft,
             needs=RUN, status=201),
    Endpoint("POST", "/api/directives/check", check, Checked, query=OfCase, body=Draft, needs=RUN),
    Endpoint("POST", "/api/directives/suggest", suggest, Suggested, query=OfCase, body=Minutes,
             needs=RUN),
    Endpoint("GET", "/api/directives/results", results, Answers, query=OfRun),
    Endpoint("GET", "/api/directives/{directive}", whole, DirectiveTold, query=OfCase),
    Endpoint("PUT", "/api/directives/{directive}", change, DirectiveTold, query=OfCase, body=Draft,
             needs=RUN),
    Endpoint("POST", "/api/directives/{directive}/register", register, RegistrationTold,
             query=OfCase, body=Empty, needs=RUN),
)  # fmt: skip

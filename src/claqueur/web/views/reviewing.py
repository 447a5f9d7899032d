"""Review: findings decided, a blinded sample judged, the right of reply kept."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Any, Literal

from pydantic import Field

from claqueur.browse.index import is_current
from claqueur.checklist import check, checklist
from claqueur.errors import CaseError
from claqueur.review import GROUP, NOTE_AT_MOST, VERDICTS, decide, decisions, history, undo
from claqueur.sampling import FEWEST, MOST, Sample, cards, draw, judge, outcome, sample
from claqueur.web.calls import Asked, Call, Endpoint, OfRun, Paged
from claqueur.web.problems import Conflict, NotFound
from claqueur.web.sessions import REVIEW
from claqueur.web.told import CardTold, Checklist, History, Judged, Page, Review, SampleTold
from claqueur.web.views.groups import decision


class Decided(Asked):
    """A decision about findings."""

    keys: list[str] = Field(min_length=1, max_length=5000)
    verdict: Literal["accepted", "rejected", "doubtful"]
    note: str = Field(min_length=1, max_length=NOTE_AT_MOST)


class Undone(Asked):
    """Which decision is taken back."""

    key: str = Field(min_length=1, max_length=300)


class OfFinding(OfRun):
    """Of which finding."""

    key: str = Field("", max_length=300)


class NewSample(Asked):
    """How many members are drawn."""

    members: int = Field(50, ge=FEWEST, le=MOST)


class Judgement(Asked):
    """What one thinks of a card."""

    place: int = Field(ge=0, le=10_000)
    judgement: Literal["lockstep", "organic", "unsure"]


class PagedCards(OfRun, Paged):
    """Which cards."""


class Ticked(Asked):
    """Whether an item is done."""

    done: bool
    note: str = Field("", max_length=NOTE_AT_MOST)


def listed(call: Call) -> dict[str, Any]:
    """List all findings of a run, and what was decided about each."""
    made = decisions(call.case, call.run)
    times = Counter(each.finding.key for each in history(call.case, call.run))
    counts = Counter(each.verdict or "open" for each in made)
    return {
        "run": call.run.name,
        "findings": [
            {
                "kind": each.finding.kind, "key": each.finding.key, "text": each.finding.text,
                "group": int(each.finding.key) if each.finding.kind == GROUP else None,
                "verdict": each.verdict, "note": each.note, "user": each.user, "time": each.time,
                "decisions": times[each.finding.key],
            }
            for each in made
        ],
        "counts": {name: counts[name] for name in (*VERDICTS, "open")},
        "ready": not counts["open"] and bool(made),
        "current": is_current(call.case, call.index.record),
    }  # fmt: skip


def decided(call: Call) -> dict[str, Any]:
    """Decide about findings; on the disk when it answers."""
    body = call.body
    decide(call.case, call.run, body.keys, body.verdict, body.note, call.session.user)
    return listed(call)


def undone(call: Call) -> dict[str, Any]:
    """Take back the last decision about a finding."""
    try:
        undo(call.case, call.run, call.body.key, call.session.user)
    except CaseError as error:
        raise Conflict(str(error)) from None
    return listed(call)


def told_history(call: Call) -> dict[str, Any]:
    """List all decisions of a run or about a finding, oldest first."""
    key = call.query.key
    made = history(call.case, call.run)
    return {"decisions": [decision(each) for each in made if key in ("", each.finding.key)]}


def _sample(call: Call) -> Sample:
    found = sample(call.case, call.run)
    if found is None:
        raise NotFound(f"{call.run.name}: has no blinded sample; draw one")
    return found


def sampled(call: Call) -> dict[str, Any]:
    """Say how far the blinded sample is, and what it comes to once two are through."""
    found = sample(call.case, call.run)
    if found is None:
        return {"sample": None, "result": None}
    return {
        "sample": {
            "members": found.members, "controls": found.controls, "size": found.size,
            "seed": found.seed, "by": found.user, "time": found.time,
            "judged": {user: len(own) for user, own in found.judged.items()},
            "mine": len(found.judged.get(call.session.user, {})), "complete": found.complete,
        },
        "result": outcome(call.case, call.run, found),
    }  # fmt: skip


def drawn(call: Call) -> dict[str, Any]:
    """Draw a blinded sample of members and matched others."""
    draw(call.case, call.run, call.body.members, call.session.user)
    return sampled(call)


def shown_cards(call: Call) -> dict[str, Any]:
    """Give cards of the blinded sample: nobody's name, group or p-value is on one."""
    found = _sample(call)
    mine = found.judged.get(call.session.user, {})
    rows = [
        {**asdict(each), "judgement": mine.get(each.place, "")}
        for each in cards(call.case, call.run, found)
    ]
    return call.page(rows)


def judged(call: Call) -> dict[str, Any]:
    """Judge a card; on the disk when it answers."""
    user = call.session.user
    before = _sample(call)
    if before.complete:
        raise Conflict("two reviewers are through, so nothing is changed; draw another sample")
    if call.body.place >= before.size:
        raise NotFound(f"card {call.body.place}: there are {before.size}, numbered from 0")
    found = judge(call.case, call.run, call.body.place, call.body.judgement, user)
    return {"mine": len(found.judged.get(user, {})), "size": found.size}


def replies(call: Call) -> dict[str, Any]:
    """Give the right-of-reply checklist."""
    items = [
        {"id": each.name, "text": each.text, "done": each.done, "note": each.note,
         "user": each.user, "time": each.time or None}
        for each in checklist(call.case, call.run)
    ]  # fmt: skip
    return {"items": items, "done": sum(each["done"] is True for each in items),
            "total": len(items)}  # fmt: skip


def ticked(call: Call) -> dict[str, Any]:
    """Tick an item of the checklist, or untick it."""
    body = call.body
    check(call.case, call.run, call.path["item"], body.done, body.note, call.session.user)
    return replies(call)


ENDPOINTS = (
    Endpoint("GET", "/api/review", listed, Review, query=OfRun),
    Endpoint("POST", "/api/review/decisions", decided, Review, query=OfRun, body=Decided,
             needs=REVIEW),
    Endpoint("POST", "/api/review/undo", undone, Review, query=OfRun, body=Undone, needs=REVIEW),
    Endpoint("GET", "/api/review/history", told_history, History, query=OfFinding),
    Endpoint("GET", "/api/review/sample", sampled, SampleTold, query=OfRun),
    Endpoint("POST", "/api/review/sample", drawn, SampleTold, query=OfRun, body=NewSample,
             needs=REVIEW, status=201),
    Endpoint("GET", "/api/review/sample/cards", shown_cards, Page[CardTold], query=PagedCards,
             needs=REVIEW),
    Endpoint("POST", "/api/review/sample/judgements", judged, Judged, query=OfRun, body=Judgement,
             needs=REVIEW),
    Endpoint("GET", "/api/review/checklist", replies, Checklist, query=OfRun),
    Endpoint("PUT", "/api/review/checklist/{item}", ticked, Checklist, query=OfRun, body=Ticked,
             needs=REVIEW),
)  # fmt: skip

"""What a collector knows: which posts there are, and what of them was read when.

It follows from the evidence, reading by reading. A checkpoint beside it only saves the time to
go through all of it again; where there is none, or another, the evidence is read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from claqueur.atomic import whole_file
from claqueur.collect.vk.calls import EXECUTE, Call, Reply, calls_of, replies_in
from claqueur.collect.vk.faults import HIDDEN, Fault
from claqueur.collect.vk.readings import (
    COMMENTS,
    MEMBERS,
    PAGE,
    REPOSTS,
    WALL,
    WHOLE_WALL,
    Reading,
    items_of,
)
from claqueur.evidence_store import ANSWER, Entry, Evidence, EvidenceWriter

CHECKPOINT = "checkpoint.json"
_VERSION = 1


@dataclass
class Post:
    """A post, and what is known about it.

    Attributes
    ----------
    likes, comments, reposts
        What its counters showed last.
    seen_ms
        When that was.
    read
        By kind of list, when it was last read whole.
    then
        By kind of list, what its counter showed then.
    hidden
        Kinds of lists that nobody, or not we, may see, as of the last reading.
    """

    owner: int
    number: int
    created_ms: int
    likes: int = 0
    comments: int = 0
    reposts: int = 0
    seen_ms: int = 0
    read: dict[str, int] = field(default_factory=dict)
    then: dict[str, int] = field(default_factory=dict)
    hidden: list[str] = field(default_factory=list)

    def shown(self, kind: str) -> int:
        """What the counter for a kind of list showed last."""
        return {COMMENTS: self.comments, REPOSTS: self.reposts}.get(kind, self.likes)


@dataclass
class Page:
    """A page, and when what of it was read.

    Attributes
    ----------
    read
        By kind of reading, when it was last whole.
    whole_since_ms
        How far back the wall was read; -1 where it never was, or where posts may be missing.
    newest_ms
        When the newest post known was published.
    members
        How many it said it has.
    hidden
        Kinds that are not visible.
    """

    owner: int
    members: int = 0
    read: dict[str, int] = field(default_factory=dict)
    whole_since_ms: int = -1
    newest_ms: int = 0
    hidden: list[str] = field(default_factory=list)


@dataclass
class State:
    """Everything known so far.

    Attributes
    ----------
    records, head
        Up to where the evidence was gone through, and the hash there.
    next_reading
        Number of the next reading.
    start
        The last note of a start: what is collected.
    rounds
        The last round begun, and the last one done: the moment for which it was due.
    """

    records: int = 0
    head: str = ""
    next_reading: int = 0
    start: dict[str, Any] = field(default_factory=dict)
    rounds: dict[str, int] = field(default_factory=dict)
    pages: dict[int, Page] = field(default_factory=dict)
    posts: dict[tuple[int, int], Post] = field(default_factory=dict)

    def label(self, kind: str) -> str:
        """A label for a new reading."""
        self.next_reading += 1
        return f"{self.next_reading - 1}/{kind}"

    def page(self, owner: int) -> Page:
        """A page, new if need be."""
        return self.pages.setdefault(owner, Page(owner))

    def take(self, reading: Reading) -> None:
        """Take note of a reading that is whole."""
        params = reading.first.call.params
        if reading.kind == PAGE:
            self._take_pages(reading)
            return
        if reading.kind == MEMBERS:
            _mark(self.page(-int(params["group_id"])), reading)
        elif reading.kind in (WALL, WHOLE_WALL):
            self._take_wall(self.page(int(params["owner_id"])), reading)
        else:
            number = int(params.get("item_id", params.get("post_id", 0)))
            self._take_list((int(params["owner_id"]), number), reading)

    def _take_pages(self, reading: Reading) -> None:
        groups = [] if reading.hidden else reading.first.response.get("groups") or []
        for group in groups:
            page = self.page(-int(group["id"]))
            page.read[PAGE] = reading.time_ms
            page.members = int(group.get("members_count") or 0)

    def _take_wall(self, page: Page, reading: Reading) -> None:
        _mark(page, reading)
        if reading.kind == WHOLE_WALL and not reading.hidden:
            page.whole_since_ms = reading.since_ms
        elif reading.kind == WALL and reading.all_newer_than(page.newest_ms):
            # Between them and what is known there may be more.
            page.whole_since_ms = -1
        for reply in reading.replies:
            for item in items_of(reply):
                if item["date"] * 1000 >= reading.since_ms:
                    self._take_post(page.owner, item, reply.time_ms)
                    page.newest_ms = max(page.newest_ms, item["date"] * 1000)

    def _take_post(self, owner: int, item: dict[str, Any], time_ms: int) -> None:
        key = owner, int(item["id"])
        post = self.posts.setdefault(key, Post(*key, item["date"] * 1000))
        post.likes, post.comments, post.reposts = (
            int((item.get(name) or {}).get("count", 0)) for name in ("likes", COMMENTS, REPOSTS)
        )
        post.seen_ms = time_ms

    def _take_list(self, key: tuple[int, int], reading: Reading) -> None:
        post = self.posts.get(key)
        if post is not None:
            _mark(post, reading)
            post.then[reading.kind] = post.shown(reading.kind)


def _mark(place: Page | Post, reading: Reading) -> None:
    place.read[reading.kind] = reading.time_ms
    place.hidden = [kind for kind in place.hidden if kind != reading.kind]
    if reading.hidden:
        place.hidden.append(reading.kind)


class Replay:
    """Goes through evidence as the collector did when it was received."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._open: dict[str, Reading] = {}

    def take(self, entry: Entry, evidence: Evidence) -> None:
        """Take a record."""
        if entry.kind == "start":
            self.state.start = entry.facts
        elif entry.kind in ("round", "done"):
            self.state.rounds[entry.kind] = entry.facts["due_ms"]
        elif entry.kind == ANSWER:
            for reply in replies_of(entry, evidence):
                self._reply(reply)
        self.state.records, self.state.head = entry.number + 1, entry.hash

    def _reply(self, reply: Reply) -> None:
        label = reply.call.reading
        number, _, _ = label.partition("/")
        self.state.next_reading = max(self.state.next_reading, int(number) + 1)
        since = int(self.state.start.get("since_ms", 0))
        reading = self._open.setdefault(label, Reading(label, since))
        reading.replies.append(reply)
        if reading.next_calls() == []:
            self.state.take(self._open.pop(label))


def replies_of(entry: Entry, evidence: Evidence) -> Iterator[Reply]:
    """The replies in a recorded answer, without trouble that passed and was asked again."""
    facts = entry.facts
    labels = facts["readings"]
    if isinstance(facts["problem"], str) or not labels or not labels[0]:
        return
    if facts["problem"] is not None:
        if facts["problem"] in HIDDEN and facts["method"] != EXECUTE:
            call = Call(facts["method"], facts["params"], labels[0])
            yield Reply(call, entry.time_ms, None, Fault(facts["problem"], ""), entry.sha256)
        return
    answer = json.loads(evidence.body(entry))
    if facts["method"] == EXECUTE:
        asked = calls_of(facts["params"]["code"])
    else:
        asked, answer = [(facts["method"], facts["params"])], {"response": [answer["response"]]}
    calls = [Call(*each, label) for each, label in zip(asked, labels, strict=True)]
    for reply in replies_in(calls, answer, entry.time_ms, entry.sha256):
        if reply.fault is None or reply.fault.hidden:
            yield reply


def known_so_far(writer: EvidenceWriter) -> State:
    """What follows from all evidence; a checkpoint that fits saves reading most of it again."""
    evidence = Evidence(writer.folder)
    state = _checkpoint(writer.folder)
    replay: Replay | None = None
    for entry in evidence.entries():
        if entry.number + 1 == state.records and entry.hash == state.head:
            replay = Replay(state)
        elif replay is not None:
            replay.take(entry, evidence)
    if replay is None:
        replay = Replay(State())
        for entry in evidence.entries():
            replay.take(entry, evidence)
    return replay.state


def save_checkpoint(state: State, writer: EvidenceWriter) -> None:
    """Write down the state; the evidence up to here is on the disk first."""
    writer.sync()
    state.records, state.head = writer.count, writer.head
    plain = asdict(state)
    plain["pages"] = list(plain["pages"].values())
    plain["posts"] = list(plain["posts"].values())
    with whole_file(writer.folder / CHECKPOINT) as work:
        work.write_text(json.dumps({"version": _VERSION, **plain}), encoding="utf-8")


def _checkpoint(folder: Path) -> State:
    try:
        plain = json.loads((folder / CHECKPOINT).read_text(encoding="utf-8"))
        if plain.pop("version") != _VERSION:
            return State()
        plain["pages"] = {page["owner"]: Page(**page) for page in plain["pages"]}
        posts = (Post(**post) for post in plain["posts"])
        plain["posts"] = {(post.owner, post.number): post for post in posts}
        return State(**plain)
    except (OSError, ValueError, KeyError, TypeError):
        return State()

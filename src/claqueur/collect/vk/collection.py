"""A collection into a case: taken up where it was left, planned, polled, brought into tables."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from claqueur._version import __version__
from claqueur.case import Case
from claqueur.collect.vk.client import BASE_URL, VERSION, Counts, VkClient
from claqueur.collect.vk.clock import Clock, ServerClock, WallClock
from claqueur.collect.vk.pages import page_name
from claqueur.collect.vk.patience import Patience
from claqueur.collect.vk.poller import Poller
from claqueur.collect.vk.schedule import Plan, Schedule
from claqueur.collect.vk.state import State, known_so_far
from claqueur.collect.vk.token import Token
from claqueur.errors import SettingError
from claqueur.evidence_store import Entry, EvidenceWriter, Received
from claqueur.evidence_tables import bring_in
from claqueur.progress import SILENT, Progress
from claqueur.settings import duration_ms
from claqueur.sources.times import check_zone

BRING_IN_EVERY_S = 600.0
"""Tables are brought up to date at most so often while collecting, in real seconds."""

_FOREVER_MS = 253_370_764_800_000
_SHORTEST_MS = 60_000


@dataclass(frozen=True)
class Collection:
    """What is to be collected.

    Attributes
    ----------
    pages
        As people name them; all alike, those an order named and those to compare with.
    since, until
        The first and the last day of the posts that are followed, in the zone of the case; with
        no last day it goes on until it is stopped.
    poll
        The shortest pause between two readings of a list.
    members
        Whether lists of members are read too, once a day.
    """

    pages: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    poll: str = "30m"
    members: bool = False

    def schedule(self, zone: str) -> Schedule:
        """The same in milliseconds.

        Raises
        ------
        SettingError
            If something is missing or cannot be.
        """
        if not self.pages:
            raise SettingError("no page: name at least one with --page, such as --page club123")
        for name in self.pages:
            page_name(name)
        if not self.since:
            raise SettingError("--since: say from which day on posts are followed (2019-02-01)")
        begin = _midnight(self.since, "--since", zone)
        end = _FOREVER_MS
        if self.until:
            last = date.fromisoformat(_day(self.until, "--until"))
            end = _midnight((last + timedelta(days=1)).isoformat(), "--until", zone)
        if end <= begin:
            raise SettingError(f"--until {self.until}: is before --since {self.since}")
        poll_ms = duration_ms(self.poll)
        if poll_ms < _SHORTEST_MS:
            raise SettingError(f"--poll {self.poll}: a minute is the shortest; write 30m or 1h")
        return Schedule(begin, end, poll_ms, self.members)


@dataclass(frozen=True)
class How:
    """How VK is asked.

    Attributes
    ----------
    kind
        Of the token, where it is known.
    base_url
        Of VK, or of a test server; as the case was collected last when empty.
    most
        Requests a second, where other than VK allows.
    clock
        ``wall``, or ``server`` for the time of a test server; as before when empty.
    transport, use_clock, patience
        For tests.
    """

    base_url: str = ""
    kind: str = ""
    most: int | None = None
    clock: str = ""
    transport: httpx.BaseTransport | None = None
    use_clock: Clock | None = None
    patience: Patience = field(default_factory=Patience)


@dataclass(frozen=True)
class Summary:
    """What a collection came to.

    Attributes
    ----------
    imported
        The entry in the record of imports, if anything was new.
    not_visible
        Lists that nobody, or not we, may see.
    """

    plan: Plan
    counts: Counts
    posts: int
    records: int
    imported: dict[str, Any] | None
    not_visible: list[str]


def collect_vk(
    case: Case,
    token: Token,
    wanted: Collection | None = None,
    how: How | None = None,
    *,
    once: bool = False,
    progress: Progress = SILENT,
) -> Summary:
    """Collect pages of VKontakte into a case until the period is over.

    Whatever happens meanwhile, what was received stays; the same call goes on from there.

    Parameters
    ----------
    wanted
        What is collected; what the case collected last when not given.
    once
        Read everything once, now, instead of polling.

    Raises
    ------
    SettingError
        If the token or what is wanted cannot be used.
    CaseError
        If another collector works on the case.
    RunError
        If VK, the network or the disk leaves no way to go on.
    """
    with EvidenceWriter(case.folder / "evidence") as writer:
        state = known_so_far(writer)
        how = _as_before(how or How(), state)
        wanted = _taken_up(wanted, state)
        schedule = wanted.schedule(case.zone)
        clock = how.use_clock or _clock(how.clock, writer)
        bring_in(case, progress)
        with _client(token, writer, how, clock, progress) as client:
            poller = Poller(
                client, state, schedule, writer, progress, _now_and_then(case, progress)
            )
            begun = _begun(state)
            _note_start(writer, state, clock, wanted, schedule, how, once)
            poller.resolve(wanted.pages)
            due_ms = poller.first_due(once=once, begun_ms=begun)
            plan = poller.survey(due_ms)
            for line in plan.lines():
                progress.note(line)
            if once:
                poller.once(due_ms)
            else:
                poller.run()
        imported = bring_in(case, progress)
        return Summary(
            plan, client.counts, sum(1 for _ in poller.posts()), writer.count, imported,
            poller.not_visible(),
        )  # fmt: skip


def plan_vk(
    case: Case,
    token: Token,
    wanted: Collection,
    how: How | None = None,
    progress: Progress = SILENT,
) -> Plan:
    """Say what collecting would take; asks for the walls, and keeps nothing."""
    how = _as_before(how or How(), State())
    clock = how.use_clock or (ServerClock() if how.clock == "server" else WallClock())
    schedule = wanted.schedule(case.zone)
    with _client(token, _Nobody(), how, clock, progress) as client:
        poller = Poller(client, State(), schedule, None, progress)
        poller.resolve(wanted.pages)
        return poller.survey(poller.first_due(once=False))


class _Nobody:
    """Keeps nothing."""

    def append(self, received: Received) -> Entry:
        """Let an answer go."""
        return Entry(0, "", received.time_ms, {"sha256": ""}, "")


def _client(token: Token, keeper: Any, how: How, clock: Clock, progress: Progress) -> VkClient:
    return VkClient(
        token, keeper, base_url=how.base_url, kind=how.kind, most=how.most, clock=clock,
        patience=how.patience, progress=progress, transport=how.transport,
    )  # fmt: skip


def _clock(kind: str, writer: EvidenceWriter) -> Clock:
    """The clock to go by; the computer's begins no earlier than what is written down."""
    if kind == "server":
        return ServerClock()
    if kind != "wall":
        raise SettingError(f"--clock {kind}: write wall or server")

    def on_step(step_ms: int) -> None:
        writer.note("clock", writer.last_ms, step_ms=step_ms)

    return WallClock(writer.last_ms, on_step)


def _as_before(how: How, state: State) -> How:
    """The server and the clock of last time; worlds and VK do not mix in one case."""
    before = str(state.start.get("base_url", ""))
    address = how.base_url or before or BASE_URL
    if before and (address == BASE_URL) != (before == BASE_URL):
        raise SettingError(
            f"--base-url {address}: this case was collected from {before}, and what is simulated "
            "does not go with what is real; make a new case with `claqueur new`"
        )
    kind = how.clock or str(state.start.get("clock", "wall"))
    return replace(how, base_url=address, clock=kind)


def _taken_up(wanted: Collection | None, state: State) -> Collection:
    """What was collected before, where nothing else is wanted."""
    if wanted is not None and wanted.pages:
        return wanted
    before = state.start.get("wanted")
    if not before:
        return wanted or Collection()
    again = Collection(**{**before, "pages": tuple(before["pages"])})
    return again if wanted is None else replace(again, **_said(wanted))


def _begun(state: State) -> int | None:
    """For when a reading of everything was due that was cut short; None where there is none."""
    begun, done = (state.rounds.get(name, -1) for name in ("round", "done"))
    return begun if state.start.get("once") and begun > done else None


def _said(wanted: Collection) -> dict[str, Any]:
    """What somebody said anew, of all there is to say."""
    default = Collection()
    values = vars(wanted)
    return {name: value for name, value in values.items() if value != getattr(default, name)}


def _note_start(
    writer: EvidenceWriter, state: State, clock: Clock, wanted: Collection, schedule: Schedule,
    how: How, once: bool,
) -> None:  # fmt: skip
    """Write down with what a collection begins, or goes on."""
    plain = {**vars(wanted), "pages": list(wanted.pages)}
    entry = writer.note(
        "start", max(clock.now_ms(), writer.last_ms), wanted=plain, once=once,
        since_ms=schedule.since_ms, until_ms=schedule.until_ms, base_url=how.base_url,
        clock=how.clock,
        v=VERSION, claqueur=__version__, token_kind=how.kind or "unknown",
    )  # fmt: skip
    state.start = entry.facts


def _now_and_then(case: Case, progress: Progress) -> Callable[[], None]:
    """Bring what was read into the tables, but not after every round."""
    last = time.monotonic()

    def after_round() -> None:
        nonlocal last
        if time.monotonic() - last > BRING_IN_EVERY_S:
            bring_in(case, progress)
            last = time.monotonic()

    return after_round


def _midnight(text: str, flag: str, zone: str) -> int:
    day = date.fromisoformat(_day(text, flag))
    moment = datetime.combine(day, time_of_day(), ZoneInfo(check_zone(zone)) if zone else UTC)
    return round(moment.timestamp() * 1000)


def _day(text: str, flag: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise SettingError(f"{flag} {text}: is no day; write it like 2019-02-01") from None

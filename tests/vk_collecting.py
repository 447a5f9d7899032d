"""What tests of the collector share: time that does not pass, answers made up, small worlds."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl

import httpx
import polars as pl

from claqueur.case import Case, create_case
from claqueur.collect.vk import Collection, How, Token, VkClient
from claqueur.collect.vk.patience import Patience
from claqueur.evidence_store import Entry, Received
from claqueur.vkserver import Dataset, SettableClock, VkServer, everything

TOKEN = "user-MARKER0token.of-tests"
DAY = 86_400


class SimulatedTime:
    """The clock of a world that stands still until somebody waits."""

    def __init__(self, world: SettableClock) -> None:
        self.world, self.real = world, 0.0

    def now_ms(self) -> int:
        return self.world.moment * 1000

    def monotonic(self) -> float:
        return self.real

    def pause(self, seconds: float) -> None:
        self.real += seconds

    def wait_until(self, moment_ms: int) -> None:
        self.world.moment = max(self.world.moment, -(-moment_ms // 1000))

    def heard(self, _headers: object) -> int:
        return self.now_ms()


class Kept(list[Received]):
    """Answers, kept in memory."""

    def append(self, received: Received) -> Entry:  # type: ignore[override]
        super().append(received)
        return Entry(len(self), "answer", received.time_ms, {"sha256": f"{len(self):064}"}, "")


class Notes:
    """A progress that remembers."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def stage(self, name: str, total: int | None = None) -> None:
        self.notes.append(f"stage: {name}")

    def advance(self, steps: int = 1) -> None:
        pass

    def note(self, text: str) -> None:
        self.notes.append(text)


def fault(code: int, text: str = "said so") -> dict[str, object]:
    """An answer that is an error."""
    return {"error": {"error_code": code, "error_msg": text}}


def asked(request: httpx.Request) -> tuple[str, dict[str, str]]:
    """The method and the parameters of a request."""
    return request.url.path.rpartition("/")[2], dict(parse_qsl(request.content.decode()))


def client_of(
    answer: Callable[[str, dict[str, str]], object],
    clock: SimulatedTime | None = None,
    kept: Kept | None = None,
    **options: object,
) -> VkClient:
    """A client to which a function answers: a JSON value, a response, or an exception."""

    def handle(request: httpx.Request) -> httpx.Response:
        given = answer(*asked(request))
        if isinstance(given, Exception):
            raise given
        return given if isinstance(given, httpx.Response) else httpx.Response(200, json=given)

    return VkClient(
        Token(TOKEN),
        kept if kept is not None else Kept(),
        clock=clock or SimulatedTime(SettableClock(1_549_000_000)),
        transport=httpx.MockTransport(handle),
        **options,  # type: ignore[arg-type]
    )


def direct(server: VkServer) -> httpx.MockTransport:
    """A server, asked without HTTP in between."""

    def handle(request: httpx.Request) -> httpx.Response:
        method, given = asked(request)
        answer = server.api.answer(method, given)
        headers = {"X-Claqueur-Simulated": "all", "Content-Type": "application/json"}
        return httpx.Response(200, content=json.dumps(answer).encode(), headers=headers)

    return httpx.MockTransport(handle)


@cache
def _data() -> Dataset:
    changes = {"span.days": 10, "population.accounts": 1200}
    return everything("krasnoyarsk-2019", seed=3, changes=changes)


class World:
    """A small world, its clock, and how a case collects it."""

    def __init__(self, pages: int = 5, days: int = 5, **options: object) -> None:
        self.data = _data()
        self.clock = SettableClock(self.data.start)
        self.server = VkServer(self.data, clock=self.clock, rate_limit="off", **options)  # type: ignore[arg-type]
        self.owners = list(self.data.pages)[:pages]
        self.wanted = Collection(
            tuple(f"club{-owner}" for owner in self.owners),
            _day(self.data.start + DAY),
            _day(self.data.start + days * DAY),
            "2h",
        )

    def how(self, **changes: object) -> How:
        given: dict[str, object] = {
            "base_url": "http://127.0.0.1:9", "most": 0, "transport": direct(self.server),
            "use_clock": SimulatedTime(self.clock), "patience": Patience(network_s=3600),
        }  # fmt: skip
        return How(**{**given, **changes})  # type: ignore[arg-type]

    def at(self, days: float) -> "World":
        self.clock.moment = self.data.start + int(days * DAY)
        return self


def _day(second: int) -> str:
    return str(pl.Series([second * 1000]).cast(pl.Datetime("ms")).dt.date()[0])


def tables(case: Case) -> dict[str, pl.DataFrame]:
    """All tables of a case."""
    events = case.events()
    assert events is not None
    return {
        "events": events.decoded(events.frame),
        "polls": events.polls if events.polls is not None else pl.DataFrame(),
        "objects": case.objects(),
        "counters": case.counters(),
    }  # type: ignore[dict-item]


def new_case(folder: Path, name: str = "case") -> Case:
    """A case."""
    return create_case(folder / name)


def everything_in(folder: Path) -> bytes:
    """All bytes of all files in a folder, those in packs unpacked too."""
    from claqueur.evidence_store import ANSWER, Evidence

    raw = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    evidence = Evidence(folder / "evidence")
    bodies = [evidence.body(entry) for entry in evidence.entries() if entry.kind == ANSWER]
    return raw + b"".join(bodies)

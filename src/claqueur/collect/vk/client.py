"""Asking VK's API: politely, patiently, and keeping every answer as it came.

One request at a time. Each answer goes into evidence before it is looked at; the token goes
into the body of the request and nowhere else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, NoReturn, Protocol
from urllib.parse import urlsplit

import httpx

from claqueur._version import __version__
from claqueur.collect.vk.calls import EXECUTE, MOST_CALLS, Call, Reply, code_of, replies_in
from claqueur.collect.vk.clock import SIMULATED, Clock, ServerClock, WallClock
from claqueur.collect.vk.faults import CAP, NO_SUCH_PAGE, NOT_FOR_SERVICE, TOO_LARGE, Fault, stop_at
from claqueur.collect.vk.limiter import Limiter
from claqueur.collect.vk.patience import Patience, Waits
from claqueur.collect.vk.token import Token
from claqueur.errors import RunError, SettingError
from claqueur.evidence_store import Entry, Received
from claqueur.progress import SILENT, Progress

BASE_URL = "https://api.vk.com"
VERSION = "5.199"

KINDS = {"user": 3, "service": 3, "group": 20}
"""Kinds of tokens, and the requests a second that VK allows them."""

MOST_BYTES = 64 << 20
_KEPT_HEADERS = ("date", "content-type", "retry-after")
_OURS = "x-claqueur-"
_DAY_MS = 86_400_000
_MOSCOW_MS = 3 * 3_600_000


class Keeper(Protocol):
    """Who keeps answers: an ``EvidenceWriter``, or for a look at the plan nobody."""

    def append(self, received: Received) -> Entry:
        """Keep an answer."""


@dataclass
class Counts:
    """What a client did."""

    requests: int = 0
    calls: int = 0


@dataclass(frozen=True)
class _Told:
    """What one request came to: an answer to look into, or a fault."""

    answer: Any
    fault: Fault | None
    time_ms: int
    source: str


class _Again(Exception):  # noqa: N818 - no error: the request is to be sent again
    """The answer is none, or says to ask again."""

    def __init__(self, why: str, fault: Fault | None = None, after_s: float = 0.0) -> None:
        super().__init__(why)
        self.fault, self.after_s = fault, after_s


class VkClient:
    """A client of VK's API that only reads; a context.

    Parameters
    ----------
    keeper
        Keeps every answer.
    base_url
        Of VK, or of a test server on this machine.
    kind
        Of the token: ``user``, ``service`` or ``group``; found out with the first question when
        empty, and until then treated as the slowest.
    most
        Requests a second, where it is to be other than VK allows: fewer, or with a test server on
        this machine any number (0: no limit).
    transport
        For tests.
    """

    def __init__(
        self,
        token: Token,
        keeper: Keeper,
        *,
        base_url: str = BASE_URL,
        kind: str = "",
        most: int | None = None,
        clock: Clock | None = None,
        patience: Patience | None = None,
        progress: Progress = SILENT,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        here = _checked(base_url)
        if kind and kind not in KINDS:
            raise SettingError(f"--token-kind {kind}: write {', '.join(KINDS)}")
        self._token, self._keeper, self.kind = token, keeper, kind
        self.clock = clock or WallClock()
        self._patience, self._progress = patience or Patience(), progress
        self.rate = _rate(most, kind, here)
        self._limiter = Limiter(self.rate, self.clock)
        self.base_url, self.counts = base_url.rstrip("/"), Counts()
        self.simulated = False
        self._capped: dict[str, int] = {}
        self._http = httpx.Client(
            transport=transport,
            timeout=self._patience.answer_s,
            headers={"User-Agent": f"claqueur/{__version__}"},
            # Proxies of the environment are for the world outside.
            trust_env=not here,
        )

        if isinstance(self.clock, ServerClock):
            self.clock.look = self._look_at_clock

    def __repr__(self) -> str:
        return f"VkClient({self.base_url!r}, kind={self.kind!r})"

    def __enter__(self) -> VkClient:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    @property
    def batches(self) -> bool:
        """Whether many calls go into one request; unknown kinds are tried."""
        return self.kind != "service"

    def capped_until(self, method: str) -> int:
        """When the day's share of a method will have been renewed; 0 when it is not used up."""
        until = self._capped.get(method, 0)
        if until and until <= self.clock.now_ms():
            self._capped.pop(method, None)
            return 0
        return until

    def ask(self, calls: Sequence[Call]) -> Iterator[list[Reply]]:
        """Ask all calls, in as few requests as the token allows; yield replies by request.

        A reply has a fault where something is not visible, where the day's share is used up, or
        where trouble over there did not pass.

        Raises
        ------
        SettingError
            If the token is wrong.
        RunError
            If VK, or the network, leaves no way to go on.
        """
        rest = list(calls)
        while rest:
            capped = [call for call in rest if self.capped_until(call.method)]
            if capped:
                yield [self._unasked(call) for call in capped]
                rest = [call for call in rest if call not in capped]
                continue
            size = MOST_CALLS if self.batches else 1
            batch, rest = rest[:size], rest[size:]
            yield self._settled(self._batch(batch) if self.batches else [self._one(batch[0])])

    def _unasked(self, call: Call) -> Reply:
        return Reply(call, self.clock.now_ms(), None, Fault(CAP, "the day's share is used up"))

    def _settled(self, replies: list[Reply]) -> list[Reply]:
        """Replies with which collecting goes on; at others it ends."""
        for reply in replies:
            if reply.fault and reply.fault.capped:
                self._cap(reply.call.method)
            elif reply.fault and not (reply.fault.bearable or _no_such_page(reply)):
                stop_at(reply.fault, reply.call.method, self.kind)
        return replies

    def _cap(self, method: str) -> None:
        """Days are counted in Moscow; a few minutes into the next one all clocks agree."""
        if method not in self._capped:
            now = self.clock.now_ms() + _MOSCOW_MS
            self._capped[method] = now - now % _DAY_MS + _DAY_MS - _MOSCOW_MS + 300_000
            self._progress.note(
                f"{method}: VK's share for today is used up; it goes on tomorrow (Moscow time)"
            )

    def _one(self, call: Call) -> Reply:
        told = self._request(call.method, call.sent, [call.reading])
        response = None if told.fault else told.answer["response"]
        return Reply(call, told.time_ms, response, told.fault, told.source)

    def _batch(self, calls: list[Call]) -> list[Reply]:
        """Replies to calls in one ``execute``, in halves where it was too much."""
        told = self._request(EXECUTE, {"code": code_of(calls)}, [call.reading for call in calls])
        if told.fault is None:
            if not self.kind:
                self._found_kind("user")
            return self._once_more(replies_in(calls, told.answer, told.time_ms, told.source))
        if told.fault.code == TOO_LARGE and len(calls) > 1:
            half = len(calls) // 2
            return [*self._batch(calls[:half]), *self._batch(calls[half:])]
        if told.fault.code == NOT_FOR_SERVICE and not self.kind:
            self._found_kind("service")
            return [self._one(call) for call in calls]
        if not told.fault.bearable:
            stop_at(told.fault, EXECUTE, self.kind)
        return [Reply(call, told.time_ms, None, told.fault, told.source) for call in calls]

    def _found_kind(self, kind: str) -> None:
        self.kind = kind
        how = f"{MOST_CALLS} calls a request" if self.batches else "one call a request"
        self._progress.note(f"the token works as a {kind} token: {how}")

    def _once_more(self, replies: list[Reply]) -> list[Reply]:
        """Calls that met trouble inside of an ``execute`` are asked again by themselves."""
        return [
            self._one(reply.call) if reply.fault and reply.fault.passing else reply
            for reply in replies
        ]

    def _request(self, method: str, params: Mapping[str, str], readings: list[str]) -> _Told:
        """Send until there is an answer to work with, be it an error."""
        waits = Waits(self._patience, self.clock, self._progress, urlsplit(self.base_url).netloc)
        self.counts.calls += len(readings)
        while True:
            try:
                return self._attempt(method, params, readings)
            except _Again as again:
                if not waits.pause(str(again), again.fault, again.after_s) and again.fault:
                    return _Told(None, again.fault, self.clock.now_ms(), "")

    def _attempt(self, method: str, params: Mapping[str, str], readings: list[str]) -> _Told:
        received = self._exchange(method, params, readings)
        answer = _parsed(received.body, method, len(readings))
        fault = _fault_in(answer)
        entry = self._keeper.append(replace(received, problem=_problem(received, answer, fault)))
        _usable(received, answer, self.base_url)
        if fault and fault.passing:
            raise _Again(f"VK says: {fault.text} (error {fault.code})", fault)
        return _Told(answer, fault, received.time_ms, entry.sha256)

    def _exchange(self, method: str, params: Mapping[str, str], readings: list[str]) -> Received:
        form = {**params, "v": VERSION, "access_token": self._token.reveal()}
        with self._limiter.slot():
            self.counts.requests += 1
            try:
                response, body = self._post(f"{self.base_url}/method/{method}", form)
            except httpx.HTTPError as error:
                # Without its cause: that one holds the request, and the request the token.
                raise _Again(_in_words(error)) from None
        moment = self.clock.heard(response.headers)
        self._look_at(response.headers)
        return Received(
            method, {**params, "v": VERSION}, moment, response.status_code,
            _kept(response.headers), self._token.hidden_in(body), None, readings,
        )  # fmt: skip

    def _look_at_clock(self) -> None:
        """What time it is in a simulated world; asks a test server's front page, and no method."""
        if self.simulated:
            with suppress(httpx.HTTPError):
                self.clock.heard(self._http.get(f"{self.base_url}/").headers)

    def _look_at(self, headers: Mapping[str, str]) -> None:
        """Say once that a world is simulated."""
        if SIMULATED in headers and not self.simulated:
            self.simulated = True
            hint = (
                ""
                if not isinstance(self.clock, WallClock)
                else (
                    "; its time is another than this computer's: --clock server takes it from there"
                )
            )
            self._progress.note(f"this is a test server, all of its world is simulated{hint}")

    def _post(self, url: str, form: dict[str, str]) -> tuple[httpx.Response, bytes]:
        with self._http.stream("POST", url, data=form) as response:
            body = bytearray()
            for piece in response.iter_bytes():
                body += piece
                if len(body) > MOST_BYTES:
                    raise httpx.DecodingError("answer is larger than 64 MB")
        return response, bytes(body)


def _no_such_page(reply: Reply) -> bool:
    """Whether somebody's name for a page is wrong; of what we made up ourselves none may be."""
    one = "," not in str(reply.call.params.get("group_ids", ","))
    return one and reply.fault is not None and reply.fault.code in NO_SUCH_PAGE


def _checked(base_url: str) -> bool:
    """Whether the address is on this machine; elsewhere a token goes encrypted or not at all."""
    parts = urlsplit(base_url)
    here = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise SettingError(f"--base-url {base_url}: is no address such as {BASE_URL}")
    if parts.scheme == "http" and not here:
        raise SettingError(
            f"--base-url {base_url}: the token would travel unencrypted; use https, or a test "
            "server on this machine (http://127.0.0.1:8123)"
        )
    return here


def _rate(most: int | None, kind: str, here: bool) -> int:
    allowed = KINDS.get(kind, min(KINDS.values()))
    if most is None:
        return allowed
    if not here and not 0 < most <= allowed:
        raise SettingError(
            f"--rate {most}: VK allows {allowed} requests a second with this kind of token; give "
            f"1 to {allowed}"
        )
    return most


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    named = {name.lower(): value for name, value in headers.items()}
    return {n: v for n, v in sorted(named.items()) if n in _KEPT_HEADERS or n.startswith(_OURS)}


def _parsed(body: bytes, method: str, calls: int) -> Any:
    """What the body holds, or None where it is no answer of VK's API."""
    try:
        answer = json.loads(body)
    except ValueError:
        return None
    if not isinstance(answer, dict) or not {"response", "error"} & set(answer):
        return None
    if method == EXECUTE and "response" in answer:
        given = answer["response"]
        return answer if isinstance(given, list) and len(given) == calls else None
    return answer


def _fault_in(answer: Any) -> Fault | None:
    if answer is None or "error" not in answer:
        return None
    return Fault.of(answer["error"])


def _problem(received: Received, answer: Any, fault: Fault | None) -> int | str | None:
    if received.status != httpx.codes.OK:
        return f"HTTP {received.status}"
    if answer is None:
        return "broken answer"
    return fault.code if fault else None


def _usable(received: Received, answer: Any, base_url: str) -> None:
    """Refuse an answer that is none; it may come when asked again."""
    status = received.status
    if status >= 500 or status in (408, 429):
        wait = received.headers.get("retry-after", "")
        raise _Again(f"HTTP {status}", after_s=float(wait) if wait.isdigit() else 0.0)
    if status != httpx.codes.OK:
        _no_api(status, base_url)
    if answer is None:
        raise _Again("the answer was cut short or is no JSON")


def _no_api(status: int, base_url: str) -> NoReturn:
    raise RunError(
        f"{base_url}: answered HTTP {status}, as VK's API never does; is it the right address "
        "(--base-url), or is something between here and there (a proxy, a portal to log in to)?"
    )


def _in_words(error: httpx.HTTPError) -> str:
    """What happened; the exception itself holds the request and stays here."""
    if isinstance(error, httpx.TimeoutException):
        return "no answer in time"
    if isinstance(error, httpx.ConnectError):
        return f"no connection ({error})"
    return f"the connection broke ({type(error).__name__})"

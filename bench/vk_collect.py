"""The collector against servers on the loopback address: pace, politeness, memory.

``python -m bench.vk_collect`` measures requests a second without a limit, that with VK's limit no
second ever holds more than three, and what memory 2,000 posts with 2,000,000 likes take beyond
what an idle process has. Nothing leaves this computer.
"""

from __future__ import annotations

import json
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from claqueur.case import create_case
from claqueur.collect.vk import Collection, How, Summary, Token, collect_vk, collection
from claqueur.collect.vk.calls import calls_of
from claqueur.evidence_store import Evidence
from claqueur.evidence_tables import bring_in
from claqueur.vkserver import VkServer, everything, serve

POSTS, LIKES = 2_000, 1_000
BEGIN = 1_549_000_000


def simulated(pipe: Connection, rate_limit: Any) -> None:
    """A process that serves a simulated world and remembers when it was asked."""
    server = VkServer(everything("krasnoyarsk-2019", seed=1), rate_limit=rate_limit)
    inner, asked = server.app, []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        asked.append(time.monotonic())
        await inner(scope, receive, send)

    server.app = app
    with serve(server) as base_url:
        pipe.send((base_url, [f"club{-owner}" for owner in server.walls.pages]))
        pipe.recv()
        pipe.send(asked)


def large(pipe: Connection) -> None:
    """A process that serves one page with many posts, all of them with as many likes."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            given = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            method = self.path.rpartition("/")[2]
            if method == "execute":
                answer: Any = [answered(*call) for call in calls_of(given["code"])]
            else:
                answer = answered(method, given)
            body = json.dumps({"response": answer}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("X-Claqueur-Simulated", "all")
            self.send_header("X-Claqueur-Time", str((BEGIN + 90_000) * 1000))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    pipe.send(f"http://127.0.0.1:{server.server_port}")
    server.serve_forever()


def answered(method: str, given: dict[str, str]) -> Any:
    """What the large page answers."""
    offset = int(given.get("offset", 0))
    if method == "groups.getById":
        return {"groups": [{"id": 1, "name": "Large", "members_count": 5}], "profiles": []}
    if method == "wall.get":
        numbers = range(POSTS - offset, max(POSTS - offset - 100, 0), -1)
        return {"count": POSTS, "items": [post(number) for number in numbers]}
    number = int(given["item_id"])
    who = [100_000_000 + (number * 7919 + n * 104_729) % 300_000_000 for n in range(LIKES)]
    return {"count": LIKES, "items": who[offset : offset + 1000]}


def post(number: int) -> dict[str, Any]:
    none = {"count": 0}
    return {
        "id": number, "owner_id": -1, "from_id": -1, "date": BEGIN + number,
        "text": f"Post {number}",
        "likes": {"count": LIKES}, "comments": none, "reposts": none, "views": none,
    }  # fmt: skip


@contextmanager
def process(target: Any, *extra: Any) -> Iterator[tuple[Any, Connection]]:
    """What another process says first, while it runs."""
    ours, theirs = multiprocessing.Pipe()
    running = multiprocessing.Process(target=target, args=(theirs, *extra))
    running.start()
    try:
        yield ours.recv(), ours
    finally:
        running.kill()
        running.join()


def collected(
    folder: str,
    base_url: str,
    pages: list[str],
    most: int | None,
    since: str,
    until: str,
    token: str = "user-bench",
) -> tuple[Summary, float]:
    case = create_case(Path(folder) / "case")
    wanted = Collection(tuple(pages), since, until)
    began = time.perf_counter()
    summary = collect_vk(
        case, Token(token), wanted, How(base_url, most=most, clock="server"), once=True
    )
    return summary, time.perf_counter() - began


def pace(token: str) -> None:
    """Requests a second without a limit, the server in a process of its own."""
    with process(simulated, "off") as ((base_url, pages), _), tempfile.TemporaryDirectory() as here:
        collection.bring_in = lambda *_: None  # type: ignore[assignment]
        summary, seconds = collected(here, base_url, pages, 0, "2019-01-25", "2019-03-10", token)
        folder = Path(here) / "case" / "evidence"
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        plain = sum(entry.facts.get("bytes", 0) for entry in Evidence(folder).entries())
    counts = summary.counts
    print(
        f"without a limit, {token}: {counts.requests / seconds:.0f} requests a second with "
        f"{counts.calls / seconds:,.0f} calls ({counts.requests:,} requests, {counts.calls:,} "
        f"calls, {summary.posts:,} posts, {seconds:.1f} s); {plain / 1e6:.0f} MB of answers are "
        f"kept in {size / 1e6:.0f} MB"
    )


def politeness() -> None:
    """The most requests that any second held, as the server saw them arrive."""
    with process(simulated, "vk") as ((base_url, pages), pipe):
        with tempfile.TemporaryDirectory() as here:
            summary, seconds = collected(
                here, base_url, pages[:8], None, "2019-01-25", "2019-03-10"
            )
            entries = list(Evidence(Path(here) / "case" / "evidence").entries())
        pipe.send("end")
        asked = pipe.recv()
    too_fast = sum(entry.facts.get("problem") == 6 for entry in entries)
    most = max(sum(moment <= other < moment + 1 for other in asked) for moment in asked)
    print(
        f"with VK's limit: never more than {most} in any second, {len(asked) / seconds:.2f} "
        f"a second on average, error 6 {too_fast} times ({summary.counts.requests} requests)"
    )


def resident() -> float:
    """Megabytes in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def peak() -> float:
    """The most megabytes that were in memory."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def memory(pipe: Connection) -> None:
    """In a process of its own: at rest, after collecting, after making tables."""
    with process(large) as (base_url, _), tempfile.TemporaryDirectory() as here:
        collection.bring_in = lambda *_: None  # type: ignore[assignment]
        rest = resident()
        summary, seconds = collected(here, base_url, ["club1"], 0, "2019-02-01", "2019-02-01")
        after = peak()
        case = collection.Case(Path(here) / "case", {"id": "x"})
        began = time.perf_counter()
        imported = bring_in(case)
        assert imported is not None
        pipe.send(
            f"{summary.posts:,} posts with {POSTS * LIKES:,} likes: collecting takes "
            f"{after - rest:.0f} MB above the {rest:.0f} MB at rest ({seconds:.0f} s, "
            f"{summary.counts.requests} requests), tables of "
            f"{imported['added_to']['events']:,} events {peak() - rest:.0f} MB "
            f"({time.perf_counter() - began:.0f} s)"
        )


def main() -> None:
    """Measure."""
    for token in ("user-bench", "service-bench"):
        pace(token)
    politeness()
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    running = context.Process(target=memory, args=(theirs,))
    running.start()
    print(ours.recv())
    running.join()


if __name__ == "__main__":
    main()

"""How quickly the case room answers: a case of ten million events and 500 groups, laid down.

Run with ``python -m bench.room [--events N] [--seconds S] [--clients C]``.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
import numpy as np
import polars as pl

from claqueur import custody, model
from claqueur.browse.index import index_of
from claqueur.browse.network import network_of
from claqueur.case import Case, create_case
from claqueur.packing import sort_rows
from claqueur.results import Result
from claqueur.store import Events

GROUPS, MEMBERS, SHARED = 500, 20, 40
ACCOUNTS, OBJECTS = 300_000, 20_000
BEGIN = 1_546_300_800_000
CALIBRATION = {
    "action": "like", "level": 0.05, "family": ACCOUNTS, "accounts": ACCOUNTS, "splits": 3,
    "pairs_family": 1, "fewest_occasions": 4, "fewest_days": 4, "blocks_of_days": 7, "parts": 4,
    "candidates_tested": GROUPS, "tolerance": 1.5, "windows_ms": [600_000],
    "windows_that_carried_ms": [600_000], "neighbourhoods": [0], "nulls": {"own hours": "hours"},
    "confirmed": GROUPS * MEMBERS, "confirmed_in_no_group": 0, "sensitivity": [],
    "smallest_seen": {}, "sensitivity_targets": 0,
}  # fmt: skip
SCREENS = (
    "/api/cases", "/api/cases/{case}", "/api/data", "/api/settings", "/api/runs",
    "/api/groups", "/api/groups?offset=400&limit=100", "/api/groups/{group}",
    "/api/groups/{group}/members", "/api/groups/{group}/objects", "/api/groups/{group}/matrix",
    "/api/groups/{group}/timeline", "/api/groups/{group}/rhythm", "/api/groups/{group}/coverage",
    "/api/groups/{group}/evidence", "/api/network", "/api/network/groups/{group}",
    "/api/network/graph", "/api/directives", "/api/review", "/api/publish", "/api/jobs",
)  # fmt: skip


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--events", type=int, default=10_000_000)
    asked.add_argument("--seconds", type=float, default=20)
    asked.add_argument("--clients", type=int, default=20)
    given = asked.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="claqueur-room-"))
    os.environ["CLAQUEUR_KEYS"] = str(folder / "keys")
    try:
        measure(folder / "case", given)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure(folder: Path, given: argparse.Namespace) -> None:
    case = laid_down(folder, given.events)
    begin = time.perf_counter()
    index = index_of(case, case.latest_run())
    print(f"index: {time.perf_counter() - begin:.1f} s")
    begin = time.perf_counter()
    made = network_of(index)
    spent = time.perf_counter() - begin
    print(f"network: {made.nodes.height:,} nodes, {made.edges.height:,} edges in {spent:.1f} s")
    with Served(folder) as served:
        print(f"memory at rest: {served.memory():.0f} MB")
        one_by_one(served)
        at_once(served, given)
        upload(served)


class Served:
    """The real server in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "claqueur", "serve", folder, "--no-open"],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        address = self.process.stdout.readline().split()[-1]
        self.base = address.partition("?")[0]
        self.client = httpx.Client(base_url=self.base, timeout=120)
        self.client.get(address)
        self.csrf = self.client.get("/api/session").json()["csrf"]

    def memory(self, what: str = "VmRSS") -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith(what))
        return int(line.split()[1]) / 1024

    def __enter__(self) -> Served:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait()


def address(screen: str, group: int) -> str:
    return screen.format(case="case", group=group)


def one_by_one(served: Served) -> None:
    print(f"{'screen':42}{'first':>8}{'median':>8}{'p95':>8} ms {'kB':>8}")
    for screen in SCREENS:
        times = []
        for number in range(15):
            begin = time.perf_counter()
            answer = served.client.get(address(screen, 1 + number * 31 % GROUPS))
            times.append(1000 * (time.perf_counter() - begin))
            assert answer.status_code == 200, answer.text
        rest = np.array(times[1:])
        size = len(answer.content) / 1000
        print(f"{screen:42}{times[0]:8.0f}{np.median(rest):8.0f}{np.quantile(rest, 0.95):8.0f}"
              f"    {size:8.0f}")  # fmt: skip


def at_once(served: Served, given: argparse.Namespace) -> None:
    times: list[float] = []
    failed: list[int] = []
    until = time.perf_counter() + given.seconds

    def ask(number: int) -> None:
        rng = np.random.default_rng(number)
        with httpx.Client(base_url=served.base, timeout=120, cookies=served.client.cookies) as one:
            while time.perf_counter() < until:
                screen = SCREENS[rng.integers(len(SCREENS))]
                begin = time.perf_counter()
                answer = one.get(address(screen, int(rng.integers(1, GROUPS + 1))))
                times.append(1000 * (time.perf_counter() - begin))
                if answer.status_code != 200:
                    failed.append(answer.status_code)
                # Somebody looks at what came before asking for more.
                time.sleep(float(rng.exponential(1.0)))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(given.clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    every = np.array(times)
    print(
        f"{given.clients} clients, {given.seconds:.0f} s: {len(every):,} answers, "
        f"median {np.median(every):.0f} ms, p95 {np.quantile(every, 0.95):.0f} ms, "
        f"failed {len(failed)}, memory {served.memory():.0f} MB"
    )


def upload(served: Served, size: int = 2_000_000_000) -> None:
    before = served.memory()
    # The peak is counted from now on.
    Path(f"/proc/{served.process.pid}/clear_refs").write_text("5")

    def pieces():
        piece = b"PAR1" + bytes(1_000_000 - 4)
        for _ in range(size // len(piece)):
            yield piece

    begin = time.perf_counter()
    answer = served.client.post(
        "/api/uploads", params={"name": "events.parquet"}, content=pieces(),
        headers={"x-claqueur-csrf": served.csrf},
    )  # fmt: skip
    assert answer.status_code == 201, answer.text
    spent = time.perf_counter() - begin
    peak = served.memory("VmHWM") - before
    print(f"upload of {size / 1e9:.0f} GB: {spent:.0f} s, at most {peak:+.0f} MB of memory")


def laid_down(folder: Path, many: int) -> Case:
    """A case whose run found what was laid into it, without running anything."""
    rng = np.random.default_rng(1)
    events, evidence = drawn(rng, many)
    case = create_case(folder, "Ten million events")
    imported = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"), "timezone": "Asia/Krasnoyarsk",
        "inputs": [{"file": "events.parquet", "bytes": 1, "sha256": "ab" * 32,
                    "format": "columns", "columns": {}}],
        "delivered": len(events), "refused": [], "noted": [], "added": len(events),
        "added_to": {"events": len(events)},
    }  # fmt: skip
    case.replace_tables(imported, events=events)
    run = case.next_run()
    run.mkdir(parents=True)
    found(evidence, imported, events).write_tables(run)
    custody.append(folder, custody.RAN, run=run.name, files=custody.hashes(run))
    return case


def drawn(rng: np.random.Generator, many: int) -> tuple[Events, pl.DataFrame]:
    members = np.arange(GROUPS * MEMBERS)
    shared = np.stack([rng.choice(OBJECTS, SHARED, replace=False) for _ in range(GROUPS)])
    own = shared[members // MEMBERS]
    acted = rng.random(own.shape) < 0.7
    account = np.repeat(members, SHARED)[acted.ravel()]
    target = own.ravel()[acted.ravel()]
    begin = BEGIN + target.astype(np.int64) * 300_000
    at = begin + rng.integers(0, 600_000, len(target))
    rest = many - len(target)
    crowd = rng.integers(GROUPS * MEMBERS, ACCOUNTS, rest)
    posts = (OBJECTS * rng.random(rest) ** 2).astype(np.int64)
    late = BEGIN + posts * 300_000 + (rng.exponential(2e7, rest)).astype(np.int64)
    names = {
        "account_id": pl.Series("account_id", [f"5{n:08}" for n in range(ACCOUNTS)]),
        "object_id": pl.Series("object_id", [f"wall-1_{100_000 + n}" for n in range(OBJECTS)]),
        "owner_id": pl.Series("owner_id", ["-1"]),
        "action": pl.Series("action", ["like"]),
    }
    frame = pl.DataFrame({
        "account_id": np.concatenate([account, crowd]).astype(np.uint32),
        "object_id": np.concatenate([target, posts]).astype(np.uint32),
        "t_min_ms": np.concatenate([at, late]),
    })  # fmt: skip
    ordered = sort_rows(frame, ["object_id", "t_min_ms", "account_id"]).with_columns(
        t_max_ms="t_min_ms", owner_id=pl.lit(0, pl.UInt32), action=pl.lit(0, pl.UInt32)
    )
    evidence = pl.DataFrame({
        "group_id": account // MEMBERS + 1, "account_id": names["account_id"].gather(account),
        "object_id": names["object_id"].gather(target),
        "time": pl.Series(at).cast(model.TIME),
    })  # fmt: skip
    return Events(ordered, names), evidence


def found(evidence: pl.DataFrame, imported: dict, events: Events) -> Result:
    times = {"time_min": pl.col("time"), "time_max": pl.col("time")}
    whole = evidence.with_columns(
        layer=pl.lit("co_action"), action=pl.lit("like"), window_ms=pl.lit(600_000, pl.Int64),
        owner_id=pl.lit("-1"), content_id=pl.lit(None, pl.String), in_group=pl.lit(True), **times,
        **{name: pl.lit(None, kind) for name, kind in model.LIST_FACTS.items()},
    ).select(pl.col(name).cast(kind) for name, kind in model.EVIDENCE.items())  # fmt: skip
    accounts = whole.select("account_id", "group_id").unique().sort("group_id", "account_id")
    accounts = accounts.with_columns(
        p_value=pl.lit(1e-6), q_value=pl.lit(1e-4), stability=pl.lit(1.0),
        weight=pl.lit(9, pl.Int64),
    ).select(model.ACCOUNTS.names())  # fmt: skip
    groups = whole.group_by("group_id").agg(
        size=pl.col("account_id").n_unique().cast(pl.Int64),
        objects=pl.col("object_id").n_unique().cast(pl.Int64),
        first_time=pl.col("time").min(), last_time=pl.col("time").max(),
    ).sort("group_id").with_columns(
        p_value=pl.lit(1e-6), q_value=pl.col("group_id") * 1e-5, pattern=pl.lit("sustained"),
        episodes=pl.lit(9, pl.Int64), layers=pl.lit(pl.Series([["co_action"]])).first(),
        density=pl.lit(0.9), action=pl.lit("like"), window_ms=pl.lit(600_000, pl.Int64),
    ).select(pl.col(name).cast(kind) for name, kind in model.GROUPS.items())  # fmt: skip
    network = {
        "layer": "co_action", "action": "like", "window_ms": 600_000, "pairs": 0,
        "groups": groups.height, "accounts_in_groups": accounts.height,
    }  # fmt: skip
    record = {
        "format": 1, "claqueur": "0", "case": "bench", "created": imported["time"],
        "compat": None, "inputs": imported["inputs"], "networks": [network], "set_aside": [],
        "settings": {"zone": "Asia/Krasnoyarsk", "read": {}, "groups": {}, "targets": {},
                     "detect": {"across_actions": False, "window": []}, "texts": {}},
        "events": {"kept": len(events), "accounts": ACCOUNTS, "objects": OBJECTS,
                   "actions": ["like"]},
        "untimed": None, "texts": None, "layers": None, "targets": None, "seconds": {},
        "calibration": CALIBRATION,
        "versions": {},
    }  # fmt: skip
    return Result(
        pairs=model.PAIRS.to_frame(), accounts=accounts, groups=groups, evidence=whole,
        activity=model.ACTIVITY.to_frame(), rhythm=model.RHYTHM.to_frame(),
        curves=model.CURVES.to_frame(), run=json.loads(json.dumps(record)),
    )  # fmt: skip


if __name__ == "__main__":
    main()

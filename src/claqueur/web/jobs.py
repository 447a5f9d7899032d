"""Long work in processes of its own, which outlive the server and are found again.

::

    room/jobs/<id>/
      job.json       what was asked, by whom; on the disk before it is acknowledged
      lock           held by the worker while it lives
      started        written just before the worker is
      progress.json  how far it is, a few times a second
      cancel         somebody wants it to stop
      end.json       how it ended

Whether a job runs is asked of the lock, never of a number of a process that may be another's now.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from claqueur.atomic import whole_file
from claqueur.record import now
from claqueur.web.places import Places
from claqueur.web.problems import NotFound

QUEUED, RUNNING, DONE = "queued", "running", "done"
FAILED, CANCELLED, INTERRUPTED = "failed", "cancelled", "interrupted"
KINDS = ("import", "run", "publish", "check", "report", "verify")
SHOWN = 50
SIDE_BY_SIDE = 2
"""Jobs at once, over all cases; one at a time in each."""

ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{12}")
_PATIENCE_S = 15
_TICK_S = 0.2

Plain = dict[str, Any]

_LEFT: list[subprocess.Popen[bytes]] = []
"""Workers that go on after the server; a process that nobody refers to is complained about."""


@dataclass
class Jobs:
    """All jobs of the served cases."""

    places: Places
    _running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _cancelled: dict[str, float] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def submit(self, case: str, kind: str, by: str, given: Plain) -> Plain:
        """Write a job down, and start it as soon as its turn comes."""
        moment = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
        name = f"{moment}-{secrets.token_hex(6)}"
        folder = self._folder(case) / name
        folder.mkdir(parents=True, mode=0o700)
        whole = {"id": name, "kind": kind, "by": by, "created": now(), "given": given}
        _write(folder / "job.json", {**whole, "order": time.time_ns()})
        self.tick()
        return self.job(name)

    def job(self, name: str) -> Plain:
        """One job as it stands.

        Raises
        ------
        NotFound
            If there is none.
        """
        return told(*self._find(name))

    def of(self, case: str) -> list[Plain]:
        """Jobs of a case, newest first."""
        newest = sorted(_folders(self._folder(case)), reverse=True)[:SHOWN]
        return [told(case, folder) for folder in newest]

    def cancel(self, name: str) -> Plain:
        """Have a job stop; what it had written so far is taken back."""
        case, folder = self._find(name)
        with self._lock:
            job = told(case, folder)
            if job["state"] == QUEUED:
                _write(folder / "end.json", {"state": CANCELLED, "ended": now()})
            elif job["state"] == RUNNING:
                (folder / "cancel").touch()
                self._cancelled.setdefault(name, time.monotonic())
                _signal(folder, signal.SIGINT)
        return told(case, folder)

    def start(self) -> None:
        """Look after jobs from a thread."""
        self._thread = threading.Thread(target=self._watch, name="jobs", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look after them no longer; what runs goes on."""
        self._stop.set()
        if self._thread:
            self._thread.join()
        with self._lock:
            self._await_ended()
            _LEFT.extend(self._running.values())
            self._running.clear()

    def _await_ended(self) -> None:
        """Wait for workers that have written how they ended, and are about to."""
        for name, process in list(self._running.items()):
            with contextlib.suppress(NotFound, subprocess.TimeoutExpired):
                if (self._find(name)[1] / "end.json").exists():
                    process.wait(_PATIENCE_S)
            if process.poll() is not None:
                del self._running[name]

    def tick(self) -> None:
        """Start what is waiting, wait for what has ended, end what does not stop."""
        with self._lock:
            for name, process in list(self._running.items()):
                if process.poll() is not None:
                    del self._running[name]
            self._put_an_end()
            busy = 0
            for case in self.places.names():
                states = self._states(case)
                running = any(state == RUNNING for _, state in states)
                waiting = [folder for folder, state in states if state == QUEUED]
                if waiting and not running and busy < SIDE_BY_SIDE:
                    self._run(case, min(waiting, key=_order))
                    running = True
                busy += running

    def _states(self, case: str) -> list[tuple[Path, str]]:
        return [
            (folder, _state(folder))
            for folder in _folders(self._folder(case))
            if not (folder / "end.json").exists()
        ]

    def _run(self, case: str, folder: Path) -> None:
        number = _held(folder)
        if number is None:
            return
        try:
            if (folder / "started").exists():
                return  # another server on the same folder was quicker
            _write(folder / "started", {"time": now()})
            with (folder / "worker.log").open("ab") as log:
                # The lock goes along, so that there is no moment in which nobody holds it.
                self._running[folder.name] = subprocess.Popen(  # noqa: S603 - our own module
                    [sys.executable, "-m", "claqueur.web.worker", str(folder.resolve())],
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[number],
                    start_new_session=True, cwd=self.places.place(case),
                )  # fmt: skip
        finally:
            os.close(number)

    def _put_an_end(self) -> None:
        """Those that were asked to stop and do not."""
        for name, since in list(self._cancelled.items()):
            with contextlib.suppress(NotFound):
                _, folder = self._find(name)
                if _state(folder) == RUNNING and time.monotonic() - since < _PATIENCE_S:
                    continue
                if _state(folder) == RUNNING:
                    _signal(folder, signal.SIGKILL)
            del self._cancelled[name]

    def _watch(self) -> None:
        while not self._stop.wait(_TICK_S):
            with contextlib.suppress(OSError, ValueError):
                self.tick()

    def _folder(self, case: str) -> Path:
        return self.places.place(case) / "room" / "jobs"

    def _find(self, name: str) -> tuple[str, Path]:
        if ID.fullmatch(name):
            for case in self.places.names():
                folder = self._folder(case) / name
                if (folder / "job.json").is_file():
                    return case, folder
        raise NotFound(f"job {name!r}: there is none; see the list of jobs")


def told(case: str, folder: Path) -> Plain:
    """A job as the API tells of it."""
    job = _read(folder / "job.json")
    progress, end = _read(folder / "progress.json"), _read(folder / "end.json")
    started = _read(folder / "started")
    return {
        "id": job["id"], "case": case, "kind": job["kind"], "state": _state(folder),
        "by": job["by"], "created": job["created"], "started": started.get("time"),
        "ended": end.get("ended"), "stage": progress.get("stage", ""),
        "done": progress.get("done", 0), "total": progress.get("total"),
        "stages": progress.get("stages", 0), "notes": progress.get("notes", []),
        "result": end.get("result"), "error": end.get("error"),
    }  # fmt: skip


def _state(folder: Path) -> str:
    # The lock is asked first: a job that ends meanwhile has then written how.
    alive = _alive(folder)
    end = _read(folder / "end.json")
    if end:
        return str(end["state"])
    if alive:
        return RUNNING
    if not (folder / "started").exists():
        return QUEUED
    return CANCELLED if (folder / "cancel").exists() else INTERRUPTED


def _alive(folder: Path) -> bool:
    """Whether somebody holds the lock."""
    try:
        number = os.open(folder / "lock", os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(number)
    return False


def _held(folder: Path) -> int | None:
    """The lock, held; None where somebody else holds it."""
    number = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(number)
        return None
    return number


def _signal(folder: Path, what: signal.Signals) -> None:
    """Signal the worker, which is alive while it holds the lock."""
    number = _read(folder / "process.json").get("process")
    if isinstance(number, int) and _alive(folder):
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, what)


def _folders(jobs: Path) -> Iterator[Path]:
    if jobs.is_dir():
        yield from (each for each in jobs.iterdir() if (each / "job.json").is_file())


def _order(folder: Path) -> int:
    return int(_read(folder / "job.json")["order"])


def _read(path: Path) -> Plain:
    try:
        found: Plain = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def _write(path: Path, value: Plain) -> None:
    """A file that is whole, and on the disk when this returns."""
    with whole_file(path) as work, work.open("w", encoding="utf-8") as file:
        json.dump(value, file, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    number = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


write = _write
read = _read

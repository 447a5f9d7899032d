"""A job in a process of its own: ``python -m claqueur.web.worker FOLDER``."""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from claqueur.errors import ClaqueurError
from claqueur.record import now
from claqueur.web import jobs

NOTES_AT_MOST = 50
_BEAT_S = 0.2


class Told:
    """Progress written into a file that the server reads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._written = 0.0
        self._state: dict[str, Any] = {
            "stage": "", "done": 0, "total": None, "stages": 0, "notes": [],
        }  # fmt: skip

    def stage(self, name: str, total: int | None = None) -> None:
        """Begin a stage."""
        self._state |= {
            "stage": name, "done": 0, "total": total, "stages": self._state["stages"] + 1,
        }  # fmt: skip
        self._tell()

    def advance(self, steps: int = 1) -> None:
        """So many steps more."""
        self._state["done"] += steps
        if time.monotonic() - self._written > _BEAT_S:
            self._tell()

    def note(self, text: str) -> None:
        """Keep a line to be shown."""
        self._state["notes"] = [*self._state["notes"], text][-NOTES_AT_MOST:]
        self._tell()

    def _tell(self) -> None:
        self._written = time.monotonic()
        jobs.write(self._path, self._state)


def main(folder: Path) -> int:
    """Do the job in a folder, and write down how it ended."""
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.default_int_handler)
    jobs.write(folder / "process.json", {"process": os.getpid()})
    end = end_of(folder)
    # Nothing interrupts the last line of the story.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    jobs.write(folder / "end.json", {**end, "ended": now()})
    return 0 if end["state"] == jobs.DONE else 1


def end_of(folder: Path) -> dict[str, Any]:
    """Do the job in a folder, and say how it ended."""
    try:
        return _done(folder)
    except KeyboardInterrupt:
        return {"state": jobs.CANCELLED}
    except ClaqueurError as error:
        return _failed(type(error).__name__, str(error))
    except Exception:
        traceback.print_exc()
        return _failed("Failed", f"this should not have happened; see {folder / 'worker.log'}")


def _done(folder: Path) -> dict[str, Any]:
    from claqueur.web.tasks import TASKS

    if (folder / "cancel").exists():
        raise KeyboardInterrupt
    job = jobs.read(folder / "job.json")
    os.environ["CLAQUEUR_USER"] = job["by"]
    case = folder.parents[2]
    result = TASKS[job["kind"]](case, job["given"], Told(folder / "progress.json"))
    return {"state": jobs.DONE, "result": result}


def _failed(kind: str, message: str) -> dict[str, Any]:
    return {"state": jobs.FAILED, "error": {"kind": kind, "message": message}}


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

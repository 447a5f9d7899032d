"""What was published of a case, and whom it was about; restricted, only ever added to.

::

    case/releases/
      0001/
        entry.json       number, time, run, hashes of the files here, hash of the entry before
        release/…        the public files, as they were published
        members.parquet  members of each published group
        active.parquet   weeks in which they acted

Every further release is held against all of these, so that no difference of two singles out a few
accounts. Whoever deletes the folder takes that protection away.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from claqueur.atomic import new_folder
from claqueur.errors import CaseError
from claqueur.publish.release.differencing import Published, behind
from claqueur.publish.release.made import Release
from claqueur.publish.release.populations import Populations
from claqueur.results import Result

FOLDER = "releases"
ENTRY = "entry.json"
FIRST = "0" * 64
_PUBLIC, _MEMBERS, _ACTIVE = "release", "members.parquet", "active.parquet"
_OWNER_ONLY = 0o700


def earlier(case: Path) -> list[Published]:
    """All releases of a case so far, oldest first, each with those it is about.

    Raises
    ------
    CaseError
        If an entry was altered, is damaged or missing.
    """
    found, previous = [], FIRST
    for number, folder in enumerate(_folders(case), 1):
        entry, previous = _checked(folder, number, previous)
        found.append(_read(folder, entry))
    return found


def enter(
    case: Path, release: Release, result: Result, people: Populations, *, run: str
) -> Published:
    """Write down what is about to be published; on the disk when this returns.

    It goes first: a package that was given out and is in no ledger could be differenced.

    Raises
    ------
    CaseError
        If the ledger was altered, or cannot be written.
    """
    before = _folders(case)
    previous = FIRST
    for number, folder in enumerate(before, 1):
        _, previous = _checked(folder, number, previous)
    made = behind(release, result, people)
    target = case / FOLDER / f"{len(before) + 1:04}"
    with new_folder(target) as work:
        for path, data in release.files().items():
            place = work / _PUBLIC / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        made.members.write_parquet(work / _MEMBERS)
        made.active.write_parquet(work / _ACTIVE)
        entry = {
            "n": len(before) + 1,
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
            "run": run,
            "files": _hashes(work),
            "previous": previous,
        }
        (work / ENTRY).write_bytes(_written(entry))
    (case / FOLDER).chmod(_OWNER_ONLY)
    return made


def forget_last(case: Path) -> None:
    """Take back the last entry, where its package was never given out."""
    if folders := _folders(case):
        shutil.rmtree(folders[-1])


def _folders(case: Path) -> list[Path]:
    return sorted(path for path in (case / FOLDER).glob("[0-9]*") if path.is_dir())


def _hashes(folder: Path) -> dict[str, str]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != ENTRY)
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in paths
    }


def _written(entry: Mapping[str, Any]) -> bytes:
    return (json.dumps(entry, indent=2) + "\n").encode()


def _checked(folder: Path, number: int, previous: str) -> tuple[dict[str, Any], str]:
    """An entry that is what was written and in its place, and its hash."""
    try:
        data = (folder / ENTRY).read_bytes()
        entry: dict[str, Any] = json.loads(data)
        right = entry["n"] == number and entry["previous"] == previous
        right = right and folder.name == f"{number:04}" and entry["files"] == _hashes(folder)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CaseError(f"{folder}: cannot be read ({error}); restore it from a backup") from None
    if not right:
        raise CaseError(
            f"{folder}: was altered, or an entry before it is missing; restore it from a backup. "
            "Without all former releases it cannot be said what a new one gives away"
        )
    return entry, hashlib.sha256(data).hexdigest()


def _read(folder: Path, entry: Mapping[str, Any]) -> Published:
    public = folder / _PUBLIC
    files = {
        path.removeprefix(f"{_PUBLIC}/"): (folder / path).read_bytes()
        for path in entry["files"]
        if path.startswith(f"{_PUBLIC}/")
    }
    release = Release.read(files)
    return Published(
        release.tables, release.run, release.facts, release.directive,
        members=pl.read_parquet(public.parent / _MEMBERS),
        active=pl.read_parquet(public.parent / _ACTIVE),
    )  # fmt: skip

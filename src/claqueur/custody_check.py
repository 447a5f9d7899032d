"""Whether a case is as its log of custody says: its tables, its runs, its registrations."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import polars as pl

from claqueur import custody
from claqueur.case import Case
from claqueur.directive.register import registered_hashes
from claqueur.errors import CaseError
from claqueur.evidence_store import Entry
from claqueur.publish.release.ledger import ENTRY, FOLDER, earlier

Hashes = dict[str, dict[str, str]]
"""SHA-256 by folder and file."""


def check_custody(case: Case) -> tuple[list[Entry], list[str], list[str]]:
    """Records of the log, what is wrong with it or the case, and what is worth knowing.

    Returns
    -------
    tuple
        The sound records; faults; remarks, each a sentence.
    """
    found, faults = custody.read(case.folder)
    if not found and not faults:
        return [], [], ["there is no log of custody: the case is older than it, or it was removed"]
    remarks: list[str] = []
    # In a case that is older than its log, what no record names may be older too.
    unknown = faults if found and found[0].kind == custody.CREATED else remarks
    _tables(case, found, faults, remarks, unknown)
    _runs(case, found, faults, remarks, unknown)
    _registrations(case, found, faults, unknown)
    _releases(case, found, faults)
    return found, faults, remarks


def _of(found: Iterable[Entry], *kinds: str) -> list[Entry]:
    return [entry for entry in found if entry.kind in kinds]


def _tables(
    case: Case, found: list[Entry], faults: list[str], remarks: list[str], unknown: list[str]
) -> None:
    """What was brought in last is what is there now."""
    states: list[Hashes] = [{}]
    for entry in _of(found, custody.IMPORTED, custody.COLLECTED):
        states.append({**states[-1], **entry.facts["tables"]})
    now = case.table_hashes()
    if now == states[-1]:
        return
    if len(states) > 1 and now == states[-2]:
        remarks.append(
            "the tables are those before the last import that the log names: it was stopped before "
            "they came, or they were put back"
        )
        return
    if len(states) == 1:
        unknown.append("tables are there that the log of custody does not name")
        return
    for name in sorted({*now, *states[-1]}):
        before, after = states[-1].get(name, {}), now.get(name, {})
        faults += [f"{name}/{file}: {what}" for file, what in _differing(before, after)]


def _differing(before: dict[str, str], after: dict[str, str]) -> list[tuple[str, str]]:
    """Files that are not what they were, and how."""
    said = {
        (True, True): "is not what it was when it was written",
        (True, False): "is missing",
        (False, True): "is not in the log of custody",
    }
    return [
        (file, said[file in before, file in after])
        for file in sorted({*before, *after})
        if before.get(file) != after.get(file)
    ]


def _runs(
    case: Case, found: list[Entry], faults: list[str], remarks: list[str], unknown: list[str]
) -> None:
    there = {path.name: path for path in case.runs()}
    logged = {entry.facts["run"]: entry for entry in _of(found, custody.RAN)}
    for name in sorted({*there, *logged}):
        if name not in there:
            remarks.append(f"runs/{name}: was made by {_by(logged[name])}, and is not there now")
        elif name not in logged:
            unknown.append(f"runs/{name}: is not in the log of custody")
        else:
            differing = _differing(logged[name].facts["files"], custody.hashes(there[name]))
            faults += [f"runs/{name}/{file}: {what}" for file, what in differing]


def _registrations(case: Case, found: list[Entry], faults: list[str], unknown: list[str]) -> None:
    there = registered_hashes(case)
    logged = {entry.facts["sha256"]: entry for entry in _of(found, custody.REGISTERED)}
    for digest, entry in logged.items():
        if digest not in there:
            faults.append(
                f"directives: version {entry.facts['version']} of {entry.facts['directive']}, "
                f"registered by {_by(entry)}, is not there now"
            )
    unknown += [
        f"directives: a version of {name} that is registered is not in the log of custody"
        for name in sorted({there[digest] for digest in there if digest not in logged})
    ]


def _releases(case: Case, found: list[Entry], faults: list[str]) -> None:
    """Without all former releases it cannot be said what a new one gives away."""
    try:
        earlier(case.folder)
    except (CaseError, pl.exceptions.PolarsError) as error:
        faults.append(str(error))
        return
    back = {entry.facts["package"] for entry in _of(found, custody.WITHDRAWN)}
    for entry in _of(found, custody.PUBLISHED):
        name, digest = entry.facts["release"]
        if entry.facts["package"] not in back and newest_hash(case.folder, name) != digest:
            faults.append(
                f"releases/{name}: what was published by {_by(entry)} is not remembered as it was; "
                "restore it from a backup"
            )


def newest_release(case: Case) -> tuple[str, str]:
    """Name and hash of the last entry in the ledger of releases."""
    name = max(path.name for path in (case.folder / FOLDER).iterdir() if path.name[0] != ".")
    return name, newest_hash(case.folder, name)


def newest_hash(case: Path, name: str) -> str:
    """SHA-256 of an entry in the ledger of releases; empty where there is none."""
    path = case / FOLDER / name / ENTRY
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _by(entry: Entry) -> str:
    facts: dict[str, Any] = entry.facts
    return f"{facts['user']} on {custody.moment(entry)}"

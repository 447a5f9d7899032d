"""Whether a case is what it was: its evidence, and what its log of custody says of the rest."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from claqueur.case import Case
from claqueur.custody_check import check_custody
from claqueur.errors import CaseError
from claqueur.evidence_store import ANSWER, FIRST, AlteredError, Entry, Evidence, read_line
from claqueur.progress import SILENT, Progress

NAMED_AT_MOST = 20


@dataclass
class Verification:
    """What was found.

    Attributes
    ----------
    records, answers, distinct
        Lines of the index; those with an answer; answers that differ.
    size
        Bytes of the answers that differ, unpacked.
    faults
        What was altered or is missing, one sentence each.
    remarks
        What is worth knowing and no fault.
    head
        Hash of the last record: written down elsewhere, it proves later that nothing was removed.
    custody, custody_head
        Records of the log of custody, and the hash of its last one, which is worth as much.
    """

    records: int = 0
    answers: int = 0
    distinct: int = 0
    size: int = 0
    faults: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    head: str = FIRST
    custody: int = 0
    custody_head: str = FIRST

    @property
    def sound(self) -> bool:
        """Whether nothing was altered and nothing is missing."""
        return not self.faults

    def lines(self) -> list[str]:
        """What to show: the first faults, and how many more there are."""
        return first_faults(self.faults)


def first_faults(faults: list[str]) -> list[str]:
    """The first faults, and how many more there are."""
    more = len(faults) - NAMED_AT_MOST
    rest = [f"and {more:,} more"] if more > 0 else []
    return [*faults[:NAMED_AT_MOST], *rest]


def verify_case(case: Case, progress: Progress = SILENT) -> Verification:
    """Recompute everything about a case's evidence and its log of custody.

    Held against themselves are both chains of records and every answer; against the evidence, the
    record of imports and the ``source`` of every event; against the log of custody, the tables,
    the runs and the registrations.
    """
    found = Verification()
    folder = case.folder / "evidence"
    progress.stage("verifying evidence")
    anchors = {
        each["evidence"]["records"]: each["evidence"]["head"]
        for each in case.imports()
        if "evidence" in each
    }
    known = _records(folder, found, anchors, progress)
    for count in (count for count in anchors if count > found.records):
        found.faults.append(
            f"evidence/index.ndjson: has {found.records:,} records, and {count:,} were there when "
            "tables were made of them: the last ones were removed"
        )
    _stray_packs(folder, known, found)
    _sources(case, {digest for digest, _ in known}, bool(anchors), found)
    progress.stage("verifying custody")
    _custody(case, found)
    return found


def _custody(case: Case, found: Verification) -> None:
    try:
        records, faults, remarks = check_custody(case)
    except CaseError as error:
        found.faults.append(str(error))
        return
    found.faults += faults
    found.remarks += remarks
    found.custody = len(records)
    found.custody_head = records[-1].hash if records else FIRST


Known = dict[tuple[str, tuple[str, int, int, int]], bool]
"""Hash and place of every answer that was looked at."""


def _records(
    folder: Path, found: Verification, anchors: dict[int, str], progress: Progress
) -> Known:
    evidence, known = Evidence(folder), Known()
    if not evidence.index.exists():
        found.remarks.append("there is no evidence: nothing was collected into this case")
        return known
    previous, number = FIRST, 0
    with evidence.index.open("rb") as file:
        for line in file:
            if not line.endswith(b"\n"):
                found.remarks.append(
                    f"evidence/index.ndjson: record {number} was being written when the collector "
                    "was stopped; the next start drops it"
                )
                break
            entry, previous = _record(line, number, previous, found)
            number += 1
            if anchors.get(number, previous) != previous:
                found.faults.append(
                    f"evidence/index.ndjson: up to record {number - 1} it is not what it was when "
                    "tables were made of it"
                )
            if entry is not None and entry.kind == ANSWER:
                _answer(entry, evidence, known, found)
            progress.advance()
    found.records, found.head = number, previous
    return known


def _record(
    line: bytes, number: int, previous: str, found: Verification
) -> tuple[Entry | None, str]:
    """A record and its hash; after a fault the chain is followed from what the line says."""
    try:
        entry = read_line(line.decode(), number, previous)
    except (ValueError, KeyError, TypeError) as error:
        why = str(error) if isinstance(error, AlteredError) else "is no record any more"
        found.faults.append(f"evidence/index.ndjson: record {number} {why}")
        said = line.rstrip(b'"}\n')[-64:].decode("ascii", "replace")
        return None, said
    return entry, entry.hash


def _answer(entry: Entry, evidence: Evidence, known: Known, found: Verification) -> None:
    found.answers += 1
    key = entry.sha256, entry.place
    if key not in known:
        try:
            found.size += len(evidence.body(entry))
            known[key] = True
        except AlteredError as error:
            known[key] = False
            found.faults.append(f"record {entry.number}: {error}")
        found.distinct += 1


def _stray_packs(folder: Path, known: Known, found: Verification) -> None:
    """Bytes that no record names: the tail of what was being written, or a strange file."""
    ends: dict[str, int] = {}
    for _, (pack, offset, length, _size) in known:
        ends[pack] = max(ends.get(pack, 0), offset + length)
    for path in sorted((folder / "packs").glob("*")):
        over = path.stat().st_size - ends.get(path.stem, 0)
        if over > 0:
            found.remarks.append(f"evidence/packs/{path.name}: {over:,} bytes that no record names")


def _sources(case: Case, known: set[str], collected: bool, found: Verification) -> None:
    """Every event names an answer that is there; files brought in may name sources of their own."""
    try:
        events = case.events()
    except pl.exceptions.PolarsError:
        found.faults.append("events: cannot be read any more")
        return
    if events is None or not collected or "source" not in events.names:
        return
    named = [each for each in events.names["source"].to_list() if _is_digest(each)]
    for source in named:
        if source not in known:
            found.faults.append(f"events: name the answer {source}, which is not in the evidence")


def _is_digest(text: str) -> bool:
    return len(text) == 64 and not set(text) - set("0123456789abcdef")

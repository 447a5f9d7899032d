"""From files to tables: each is recognised, read, and counted in the record of the run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa

from claqueur.case import Case
from claqueur.counts import merged_counters, merged_objects, table_of
from claqueur.errors import SourceError
from claqueur.model import COUNTERS, OBJECTS
from claqueur.record import Record
from claqueur.settings import Reading
from claqueur.sources import Source, recognise
from claqueur.sources.times import check_zone
from claqueur.store import Events, read_all
from claqueur.tables import TableFile, open_table


@dataclass(frozen=True)
class Tables:
    """What a case holds once files were added; None for a table to which nothing was.

    Attributes
    ----------
    added
        Rows by which each of the other tables grew.
    """

    events: Events | None
    objects: pl.DataFrame | None
    counters: pl.DataFrame | None
    added: dict[str, int]


@dataclass(frozen=True)
class Opened:
    """A file, and how it is to be read."""

    table: TableFile
    source: Source
    reading: Reading

    @property
    def holds(self) -> str:
        """``events``, ``objects`` or ``counters``."""
        return self.source.holds

    def batches(self, record: Record) -> Iterator[pa.RecordBatch]:
        """Yield its rows, and enter it into the record."""
        path = self.table.path
        record.progress.stage(f"reading {path.name}")
        columns = self.source.columns(self.table, self.reading)
        found = ", ".join(f"{ours} ← {theirs}" for ours, theirs in columns.items())
        record.progress.note(f"{path.name}: read as {self.source.name} ({found})")
        record.inputs.append(
            {
                "file": path.name,
                "bytes": path.stat().st_size,
                "sha256": _sha256(path),
                "format": self.source.name,
                "columns": columns,
            }
        )
        for batch in self.source.read(self.table, self.reading, record.refused):
            record.delivered += batch.num_rows
            yield batch


def _opened(
    files: Sequence[Path], reading: Reading, scratch: Path, record: Record
) -> Iterator[Opened]:
    if reading.timezone:
        check_zone(reading.timezone)
    for path in files:
        record.progress.stage(f"opening {path.name}")
        table = open_table(path, scratch, reading.encoding)
        yield Opened(table, recognise(table, reading), reading)


def read_files(
    files: Sequence[Path],
    reading: Reading,
    scratch: Path,
    record: Record,
    *,
    old: Events | None = None,
    raw: bool = False,
) -> Events:
    """Read files into one store of events, together with those already there.

    Parameters
    ----------
    scratch
        Folder for plain copies of packed files.

    Raises
    ------
    SourceError
        If a file cannot be used, or holds no events.
    """
    opened = (_of_events(each) for each in _opened(files, reading, scratch, record))
    with record.timed("read"):
        batches = (batch for each in opened for batch in each.batches(record))
        events = read_all(old, batches, record.refused, raw=raw)
    _tell(record)
    return events


def _of_events(opened: Opened) -> Opened:
    if opened.holds != "events":
        raise SourceError(
            f"{opened.table.path}: is a table of {opened.holds}, and no column says who acted. A "
            "case keeps such tables: make one with `claqueur new CASE`, then `claqueur add CASE "
            "FILE`. If it is one of events, name the column with --map account_id=…"
        )
    return opened


def read_tables(
    files: Sequence[Path], reading: Reading, scratch: Path, record: Record, case: Case
) -> Tables:
    """Read files of events, objects and counters, each together with what the case holds.

    Parameters
    ----------
    scratch
        Folder for plain copies of packed files.
    """
    opened = list(_opened(files, reading, scratch, record))
    kinds = {each.holds for each in opened}

    def batches(kind: str) -> Iterator[pa.RecordBatch]:
        return (b for each in opened if each.holds == kind for b in each.batches(record))

    refused = record.refused
    events, objects, counters = None, None, None
    added: dict[str, int] = {}
    with record.timed("read"):
        if "events" in kinds:
            held = case.events()
            events = read_all(held, batches("events"), refused)
            added["events"] = len(events) - (len(held) if held else 0)
        if "objects" in kinds:
            rows, known = table_of(batches("objects"), OBJECTS, refused), case.objects()
            objects = merged_objects(known, rows, refused)
            added["objects"] = objects.height - (0 if known is None else known.height)
        if "counters" in kinds:
            rows, known = table_of(batches("counters"), COUNTERS, refused), case.counters()
            counters = merged_counters(known, rows, refused)
            added["counters"] = counters.height - (0 if known is None else known.height)
    _tell(record)
    return Tables(events, objects, counters, added)


def _tell(record: Record) -> None:
    for line in record.refused.lines():
        record.progress.note(f"not used: {line}")
    for line in record.refused.noted.lines():
        record.progress.note(f"noted: {line}")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

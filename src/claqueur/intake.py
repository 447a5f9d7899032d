"""From files to tables: each is recognised, read, and counted in the record of the run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import polars as pl
import pyarrow as pa

from claqueur.case import Case
from claqueur.compliance import refuse_accounts_as_objects, refuse_ids, refuse_roster
from claqueur.counts import merged_counters, merged_objects, table_of
from claqueur.errors import InputError, SourceError
from claqueur.model import COUNTERS, OBJECTS
from claqueur.record import Record
from claqueur.scratch import Scratch
from claqueur.settings import Reading
from claqueur.sources import Gathering, Source, recognise
from claqueur.sources.times import check_zone
from claqueur.spill import BYTES_A_ROW, Spilled, parts_for, read_parts, sort_parts
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
    source: Source | Gathering
    reading: Reading

    def enter(self, record: Record) -> None:
        """Enter it into the record, and say as what it is read."""
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


def _opened(
    files: Sequence[Path], reading: Reading, scratch: Path, record: Record
) -> Iterator[Opened]:
    if reading.timezone:
        check_zone(reading.timezone)
    for path in files:
        record.progress.stage(f"opening {path.name}")
        table = open_table(path, scratch, reading.encoding)
        source = recognise(table, reading)
        refuse_roster(table, _named(table, source, reading))
        yield Opened(table, source, reading)


def _named(table: TableFile, source: Source | Gathering, reading: Reading) -> Mapping[str, str]:
    """Our names of a table's columns, as far as they can be found."""
    try:
        return {} if isinstance(source, Gathering) else source.columns(table, reading)
    except InputError:
        return {}  # said when it is read; that it names persons goes first


Parts = Mapping[str, Iterable[pa.RecordBatch]]
"""Batches by what they hold: ``events``, ``objects``, ``counters``."""


def _parts(opened: Sequence[Opened], record: Record) -> Parts:
    """What files hold; those of one format that belong together are read together, at once."""
    parts: dict[str, list[Iterable[pa.RecordBatch]]] = {}
    together: dict[str, list[Opened]] = {}
    for each in opened:
        if isinstance(each.source, Gathering):
            together.setdefault(each.source.name, []).append(each)
        else:
            parts.setdefault(each.source.holds, []).append(_rows(each, each.source, record))
    for files in together.values():
        for holds, batch in _gathered(files, record):
            parts.setdefault(holds, []).append([batch])
    return {holds: _counted(chain.from_iterable(each), record) for holds, each in parts.items()}


def _rows(opened: Opened, source: Source, record: Record) -> Iterator[pa.RecordBatch]:
    opened.enter(record)
    yield from source.read(opened.table, opened.reading, record.refused)


def _gathered(files: Sequence[Opened], record: Record) -> Iterator[tuple[str, pa.RecordBatch]]:
    for each in files:
        each.enter(record)
    source, tables = files[0].source, [each.table for each in files]
    if isinstance(source, Gathering):
        yield from source.gather(tables, files[0].reading, record.refused)


def _counted(batches: Iterable[pa.RecordBatch], record: Record) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        record.delivered += batch.num_rows
        yield batch


def opened_events(
    files: Sequence[Path], reading: Reading, scratch: Path, record: Record
) -> list[Opened]:
    """Open files of events.

    Parameters
    ----------
    scratch
        Folder for plain copies of packed files.

    Raises
    ------
    SourceError
        If a file cannot be used, or is none of events.
    """
    return [_of_events(each) for each in _opened(files, reading, scratch, record)]


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
    return read_opened(opened_events(files, reading, scratch, record), record, old=old, raw=raw)


def read_opened(
    opened: Sequence[Opened], record: Record, *, old: Events | None = None, raw: bool = False
) -> Events:
    """Read opened files into one store of events in memory."""
    with record.timed("read"):
        parts = _parts(opened, record)
        events = read_all(old, parts.get("events", ()), record.refused, raw=raw)
        refuse_ids(events)
    if beside := " and ".join(sorted(parts.keys() - {"events"})):
        record.progress.note(f"also there: {beside}, which only a case keeps (`claqueur add`)")
    record.tell()
    return events


def bytes_in_memory(opened: Sequence[Opened]) -> int:
    """About what files of events would take in memory; 0 where they must be read as a whole."""
    if any(isinstance(each.source, Gathering) for each in opened):
        return 0
    return BYTES_A_ROW * sum(each.table.rows for each in opened)


def read_large(
    opened: Sequence[Opened], scratch: Scratch, record: Record, memory_bytes: int
) -> Spilled:
    """Read files into a store on disk; what an earlier run has read is not read again.

    Raises
    ------
    SourceError
        If a file cannot be used, or holds no events.
    """
    with record.timed("read"):
        n_parts = parts_for(bytes_in_memory(opened), memory_bytes)
        if (known := scratch.done("imported")) is None:
            batches = _parts(opened, record)["events"]
            read_parts(batches, scratch, n_parts=n_parts, memory_bytes=memory_bytes)
            known = scratch.finish("imported", **record.imported())
        else:
            record.progress.note(f"going on where an earlier run stopped ({scratch.folder})")
            record.take_over(known)
        events = sort_parts(scratch, record.refused, record.progress)
        refuse_ids(events)
    record.tell()
    return events


def _of_events(opened: Opened) -> Opened:
    source = opened.source
    if not isinstance(source, Gathering) and source.holds != "events":
        raise SourceError(
            f"{opened.table.path}: is a table of {source.holds}, and no column says who acted. A "
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
    with record.timed("read"):
        tables = merged_tables(_parts(opened, record), record, case)
    record.tell()
    return tables


def merged_tables(parts: Parts, record: Record, case: Case) -> Tables:
    """What came in, by what it is, each together with what the case holds.

    Raises
    ------
    SourceError
        If nothing of use came in.
    """
    if not parts:
        why = "; refused: " + "; ".join(record.refused.lines()) if record.refused.total else ""
        raise SourceError(f"no event, object or counter is left{why}; check the files")
    refused = record.refused
    events, objects, counters = None, None, None
    added: dict[str, int] = {}
    if "events" in parts:
        held = case.events()
        events = read_all(held, parts["events"], refused)
        refuse_ids(events)
        added["events"] = len(events) - (len(held) if held else 0)
    if "objects" in parts:
        rows, known = table_of(parts["objects"], OBJECTS, refused), case.objects()
        objects = merged_objects(known, rows, refused)
        added["objects"] = objects.height - (0 if known is None else known.height)
    if "counters" in parts:
        rows, known = table_of(parts["counters"], COUNTERS, refused), case.counters()
        counters = merged_counters(known, rows, refused)
        added["counters"] = counters.height - (0 if known is None else known.height)
    refuse_accounts_as_objects(
        case.events() if events is None else events,
        case.objects() if objects is None else objects,
        case.counters() if counters is None else counters,
    )
    return Tables(events, objects, counters, added)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

"""Parquet that Spark reads itself: recognised, normalised and put in order on its workers.

The same code as for files that are read here, batch by batch and part by part: the same rows are
refused with the same words, and the same events counted once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from itertools import chain, groupby
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from claqueur import errors
from claqueur.compliance import LOOKED_AT, refuse_ids, refuse_roster
from claqueur.engines.spark.blocks import plain
from claqueur.engines.spark.engine import SparkEngine
from claqueur.engines.spark.frames import FILE, NOTE, ROW, SparkTable, url_of
from claqueur.engines.spark.jobs import Jobs
from claqueur.errors import ClaqueurError, SourceError
from claqueur.model import EVENT_IDS
from claqueur.on_spark import OnSpark, parts_on_spark, task_bytes
from claqueur.record import Record
from claqueur.refusals import Refusals
from claqueur.settings import Reading, Scale
from claqueur.sources import Gathering, Source, recognise, sources
from claqueur.sources.times import check_zone
from claqueur.store import TYPES, Totals, once
from claqueur.tables import TableFile


def spark_reads(files: Sequence[Path]) -> bool:
    """Whether all files are such as Spark reads itself: Parquet, folders and URLs of it."""
    return all(
        url_of(path) != str(path) or path.suffix.lower() == ".parquet" or path.is_dir()
        for path in files
    )


def read_on_spark(
    files: Sequence[Path],
    reading: Reading,
    scratch: Path,
    record: Record,
    engine: SparkEngine,
    scale: Scale,
) -> OnSpark:
    """Read files of events into a table that Spark holds.

    Parameters
    ----------
    scratch
        Folder for the first rows, by which formats are recognised.
    scale
        As for :func:`claqueur.on_spark.layers`.

    Raises
    ------
    SourceError
        If a file cannot be used, or holds no events.
    """
    if reading.timezone:
        check_zone(reading.timezone)
    jobs = Jobs(engine.session, record.progress)
    with record.timed("read"):
        try:
            events = _read(jobs, files, reading, scratch, record, scale)
        except BaseException:
            jobs.drop()
            raise
    record.tell()
    return events


def _read(
    jobs: Jobs,
    files: Sequence[Path],
    reading: Reading,
    scratch: Path,
    record: Record,
    scale: Scale,
) -> OnSpark:
    raw, notes = _normalised(jobs, files, reading, scratch, record)
    rows = sum(note["rows"] for note in notes)
    if not rows:
        raise SourceError("no event is left to analyse; check the columns and the file")
    record.delivered += rows
    timed = any(note["timed"] for note in notes)
    n_parts = min(parts_on_spark(rows, task_bytes(jobs, scale), jobs.cores), rows)
    names = [name for name in raw.columns if name != NOTE]
    schema = pa.schema([*((name, _plain(TYPES[name])) for name in names), (NOTE, pa.string())])
    putting = Putting(timed, LOOKED_AT // n_parts + 1)
    table, notes = raw.in_parts(putting, n_parts, schema, "sorting")
    for note in notes:
        record.refused.recount(note)
    return _events(table, notes)


def _normalised(
    jobs: Jobs, files: Sequence[Path], reading: Reading, scratch: Path, record: Record
) -> tuple[SparkTable, list[dict[str, Any]]]:
    """Files of one format and shape, as events with duplicates."""
    places = [url_of(path) for path in files]
    record.progress.stage(f"opening {files[0].name}" if len(files) == 1 else "opening files")
    table = SparkTable.parquet(jobs, places)
    first = table.head(LOOKED_AT)
    opened, source, asked, schema = _recognised(places[0], table, first, reading, scratch)
    columns = dict(source.columns(opened, reading))
    found = ", ".join(f"{ours} ← {theirs}" for ours, theirs in columns.items())
    for path, place in zip(files, places, strict=True):
        record.progress.note(f"{path.name}: read by Spark as {source.name} ({found})")
        # What lies elsewhere is not fetched to be hashed.
        record.inputs.append(
            {
                "file": path.name, "bytes": None, "sha256": None, "place": place,
                "format": source.name, "columns": columns,
            }
        )  # fmt: skip
    work = Normalising(source.name, tuple(table.columns), reading, schema)
    made, notes = table.mapped(work, asked, schema, "reading")
    for note in notes:
        if note["error"]:
            kind, text = note["error"]
            raise getattr(errors, kind)(text)
    for note in notes:
        record.refused.recount(note)
    return made, notes


def _recognised(
    place: str, table: SparkTable, first: pa.Table, reading: Reading, scratch: Path
) -> tuple[TableFile, Source, list[str], pa.Schema]:
    """The format, the columns it asks for, and those it gives, by the first rows."""
    if not first.num_rows:
        raise SourceError(f"{place}: has no rows; check the path")
    data = scratch / "first-rows.parquet"
    names = first[FILE].to_pylist()
    own = first.drop_columns([FILE, ROW])
    pq.write_table(own, data)
    opened = TableFile(Path(names[0]), data, "parquet", tuple(table.columns))
    source = recognise(opened, reading)
    if isinstance(source, Gathering) or source.holds != "events":
        raise SourceError(
            f"{place}: is no table of events, which alone Spark reads (read as {source.name}); "
            "leave out --engine spark, or name its columns with --map account_id=…"
        )
    refuse_roster(opened, source.columns(opened, reading))
    arriving = Arriving.of(names[0], opened.columns, [(1, batch) for batch in own.to_batches()])
    found = next(iter(source.read(arriving, reading, Refusals())))
    if {"shown", "sighted"} & set(found.schema.names):
        raise SourceError(f"{place}: lists of likers are read as a whole; leave out --engine spark")
    there = {*found.schema.names, "t_min_ms", "t_max_ms"}
    given = [(name, _plain(kind)) for name, kind in TYPES.items() if name in there]
    return opened, source, arriving.asked, pa.schema([*given, (NOTE, pa.string())])


def _plain(kind: pa.DataType) -> pa.DataType:
    """What Spark has instead of dictionaries and large strings."""
    of_text = pa.types.is_dictionary(kind) or pa.types.is_large_string(kind)
    return pa.string() if of_text else kind


def _events(table: SparkTable, notes: list[dict[str, Any]]) -> OnSpark:
    """The table with what its parts said of it."""
    totals = Totals.together(note["totals"] for note in notes)
    there = [name for name in EVENT_IDS if name in table.columns]
    sample = {
        name: pl.Series(name, sorted({*chain(*(note["ids"][name] for note in notes))}), pl.String)
        for name in there
    }
    refuse_ids(OnSpark(table, totals, sample, {}))
    names = {name: sample[name] if name == "action" else sample[name].clear() for name in there}
    distinct = {"object_id": sum(note["objects"] for note in notes)}
    asked = [name for name in ("account_id", "owner_id") if name in there]
    return OnSpark(table, totals, names, distinct | table.distinct(asked))


# On workers


@dataclass(frozen=True)
class Arriving(TableFile):
    """A table of which batches arrive."""

    pieces: Iterable[tuple[int, pa.RecordBatch]] = ()
    asked: list[str] = field(default_factory=list)

    @classmethod
    def of(
        cls, name: str, columns: tuple[str, ...], pieces: Iterable[tuple[int, pa.RecordBatch]]
    ) -> Arriving:
        """Of the file of that name."""
        return cls(Path(name), Path(name), "parquet", columns, pieces=pieces)

    def batches(
        self, columns: Sequence[str], refusals: Refusals
    ) -> Iterator[tuple[int, pa.RecordBatch]]:
        """As they come; which columns were asked for is remembered."""
        self.asked.extend(columns)
        for start, batch in self.pieces:
            yield start, batch.select(list(columns))


@dataclass(frozen=True)
class Normalising:
    """Makes events of the batches of a partition, and a remark at the end."""

    source: str
    columns: tuple[str, ...]
    reading: Reading
    schema: pa.Schema

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Columns of the schema; errors of ours come as remarks, for trying again is no use."""
        refusals = Refusals()
        rows, timed, error = 0, False, None
        source = _source(self.source)
        try:
            for name, pieces in groupby(_pieces(batches), key=lambda piece: piece[0]):
                table = Arriving.of(name, self.columns, ((start, own) for _, start, own in pieces))
                for batch in source.read(table, self.reading, refusals):
                    rows += batch.num_rows
                    timed |= _timed(batch)
                    yield self._row_batch(batch)
        except ClaqueurError as raised:
            error = [type(raised).__name__, str(raised)]
        note = {"rows": rows, "timed": timed, "error": error, **_said(refusals)}
        yield self._row_batch(_note(note))

    def _row_batch(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        columns = [
            batch.column(each.name).cast(each.type)
            if each.name in batch.schema.names
            else pa.nulls(batch.num_rows, each.type)
            for each in self.schema
        ]
        return pa.RecordBatch.from_arrays(columns, schema=self.schema)


def _source(name: str) -> Source:
    found = sources()[name]
    if isinstance(found, Gathering):
        raise TypeError(name)
    return found


def _pieces(
    batches: Iterator[pa.RecordBatch],
) -> Iterator[tuple[str, int, pa.RecordBatch]]:
    """File, number of the first row from 1, and rows that follow each other there."""
    for batch in batches:
        if not batch.num_rows:
            continue
        file, row = pl.Series(batch.column(FILE)), pl.Series(batch.column(ROW)).to_numpy()
        new = np.flatnonzero((file[1:] != file[:-1]).to_numpy() | (np.diff(row) != 1)) + 1
        for low, high in zip([0, *new.tolist()], [*new.tolist(), batch.num_rows], strict=True):
            yield file[low], int(row[low]) + 1, batch.slice(low, high - low)


def _timed(batch: pa.RecordBatch) -> bool:
    names = batch.schema.names
    return "t_min_ms" in names and batch.column("t_min_ms").null_count < batch.num_rows


def _said(refusals: Refusals) -> dict[str, Any]:
    return {"refused": refusals.record(), "noted": refusals.noted.record()}


def _note(note: Mapping[str, Any]) -> pa.RecordBatch:
    text = json.dumps(note, ensure_ascii=False)
    return pa.RecordBatch.from_pydict({NOTE: pa.array([text], pa.string())})


@dataclass(frozen=True)
class Putting:
    """Puts the rows of a part in order, each event once, with a remark.

    Attributes
    ----------
    timed
        Whether any row has a time, also in other parts.
    shown
        Ids of each kind to look at for names of persons.
    """

    timed: bool
    shown: int

    def __call__(self, table: pa.Table) -> pa.Table:
        """The same columns."""
        rows = pl.DataFrame(table).drop("_part", NOTE, strict=False)
        names: dict[str, pl.Series] = {}
        codes = []
        for name in [name for name in EVENT_IDS if name in rows.columns]:
            names[name], code = _coded(rows[name])
            codes.append(code)
        refusals = Refusals()
        frame = once(rows.with_columns(codes), names, refusals, self.timed)
        note = {
            "totals": astuple(Totals.of(frame)),
            "objects": frame["object_id"].n_unique(),
            # Of actions all: there are few, and they must be known.
            "ids": {
                name: _some(ids, len(ids) if name == "action" else self.shown)
                for name, ids in names.items()
            },
            **_said(refusals),
        }
        ids = [names[name].gather(frame[name]).alias(name) for name in names]
        whole = frame.with_columns(*ids, pl.lit(None, pl.String).alias(NOTE))
        last = pl.DataFrame({NOTE: [json.dumps(note, ensure_ascii=False)]})
        both = pl.concat([whole.select(*rows.columns, NOTE), last], how="diagonal")
        return plain(both)


def _coded(ids: pl.Series) -> tuple[pl.Series, pl.Series]:
    values = ids.drop_nulls().unique().sort()
    code = ids.cast(pl.Enum(values)).to_physical().cast(pl.UInt32)
    return values, code.alias(ids.name)


def _some(ids: pl.Series, number: int) -> list[str]:
    return ids.gather_every(max(len(ids) // max(number, 1), 1)).to_list()

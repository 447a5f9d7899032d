"""Events that never are in memory as a whole: coded, in parts on disk.

Every part holds all rows of its objects, so what is said of rows of one object (duplicates, the
same like seen twice, their order) is said part by part as in memory. Codes follow the order of
the ids here too, so the results are the same to the byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from claqueur.coding import Dictionary
from claqueur.engines.blocks import hashed
from claqueur.engines.local import side_by_side
from claqueur.errors import SourceError
from claqueur.model import EVENT_IDS
from claqueur.progress import Progress
from claqueur.refusals import Refusals
from claqueur.scratch import Scratch
from claqueur.store import TYPES, Totals, actions_of, decoded, once

BYTES_A_ROW = 180
"""What an event takes in memory, all in all, where a table is held whole."""

WAVE_BYTES = 48
"""What a coded row takes while it waits to be written to its part."""

WAVE_ROWS = 8_000_000
"""More rows at once are no faster."""

MOST_PARTS = 512


@dataclass(frozen=True)
class Spilled:
    """A table of coded events on disk.

    Attributes
    ----------
    names
        As those of :class:`~claqueur.store.Events`.
    totals
        Counts of all rows.
    n_parts
        Parts, each with all rows of its objects.
    read : callable
        From the number of a part, and columns or None, to its rows in order.
    part_of : callable
        From the code of an object to the part that has it.
    scratch
        Where what is made of it on the way is kept.
    """

    names: dict[str, pl.Series]
    totals: Totals
    n_parts: int
    read: Callable[[int, list[str] | None], pl.DataFrame]
    part_of: Callable[[int], int]
    scratch: Scratch

    def __len__(self) -> int:
        return self.totals.rows

    @property
    def actions(self) -> list[str]:
        """The actions that occur (:func:`claqueur.store.actions_of`)."""
        return actions_of(self)

    def decoded(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Coded rows as people read them (:func:`claqueur.store.decoded`)."""
        return decoded(frame, self.names)


def read_parts(
    batches: Iterable[pa.RecordBatch], scratch: Scratch, *, n_parts: int, memory_bytes: int
) -> None:
    """Code the events of all batches and write them to parts, unless that is done.

    Parameters
    ----------
    memory_bytes
        Coded rows that wait to be written, or are being written, take a quarter of this at most.

    Raises
    ------
    SourceError
        If no event is left, or they come from lists of likers, which are read as a whole.
    """
    if scratch.done("read") is None:
        _read(batches, scratch, n_parts, memory_bytes)


def sort_parts(scratch: Scratch, refusals: Refusals, progress: Progress) -> Spilled:
    """Sort what was read, part by part, counting exact duplicates once."""
    facts = scratch.done("read") or {}
    n_parts: int = facts["n_parts"]
    names = {name: scratch.read(f"names-{name}")[name] for name in facts["names"]}
    progress.stage("sorting", total=n_parts)
    sorting = _Sorting(scratch, names, facts["timed"])
    notes = list(side_by_side(sorting.part, range(n_parts), progress))
    for note in notes:
        refusals.recount(note)
    part_of_object = scratch.read("part-of-object")["part"].to_numpy()
    return Spilled(
        names,
        Totals.together(note["totals"] for note in notes),
        n_parts,
        lambda part, columns: _read_sorted(scratch, part, columns),
        lambda code: int(part_of_object[code]),
        scratch,
    )


def parts_for(bytes_whole: int, memory_bytes: int) -> int:
    """How many parts to cut a table into, so that a few of them are in memory with ease."""
    return int(np.clip(np.ceil(bytes_whole / (memory_bytes / 8)), 4, MOST_PARTS))


def of_store(folder: Path, scratch: Scratch, memory_bytes: int) -> Spilled:
    """The store of a case, read in ranges of objects.

    Parameters
    ----------
    folder
        What :meth:`claqueur.store.Events.save` wrote.
    """
    path = folder / "events.parquet"
    names = {
        name: pl.read_parquet(folder / f"{name}.parquet")[name]
        for name in EVENT_IDS
        if (folder / f"{name}.parquet").exists()
    }
    table = pl.scan_parquet(path)
    object_ = table.select("object_id").collect()["object_id"].to_numpy()
    n_parts = parts_for(BYTES_A_ROW * len(object_), memory_bytes)
    aim = np.linspace(0, len(object_), n_parts + 1).astype(np.int64)
    cuts = np.unique([0, *np.searchsorted(object_, object_[aim[1:-1]]), len(object_)])
    first = object_[cuts[:-1]]
    there = table.collect_schema().names()
    bare = pl.col("action").is_null().any() if "action" in there else pl.lit(False)
    low, high, lacking = table.select(
        pl.col("t_min_ms").min(), pl.col("t_max_ms").max(), bare.alias("bare")
    ).collect().row(0)  # fmt: skip

    def read(part: int, columns: list[str] | None) -> pl.DataFrame:
        rows = table.slice(int(cuts[part]), int(cuts[part + 1] - cuts[part]))
        return (rows if columns is None else rows.select(columns)).collect()

    return Spilled(
        names,
        Totals(len(object_), low, high, lacking),
        len(first),
        read,
        lambda code: int(np.searchsorted(first, code, side="right")) - 1,
        scratch,
    )


# Reading


class _Waves:
    """Coded rows that wait to be written to their parts; written while others are read."""

    def __init__(self, scratch: Scratch, n_parts: int, rows: int) -> None:
        self._scratch = scratch
        self._n_parts = n_parts
        self._most = rows
        self._frames: list[pl.DataFrame] = []
        self._number = 0
        self._pool = ThreadPoolExecutor(max_workers=1)
        self._writing: Future[None] | None = None

    def __enter__(self) -> _Waves:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None and self._frames:
            self._begin()
        self._pool.shutdown()
        if kind is None and self._writing:
            self._writing.result()

    def add(self, frame: pl.DataFrame) -> None:
        """Take coded rows."""
        self._frames.append(frame)
        if sum(each.height for each in self._frames) >= self._most:
            self._begin()

    def _begin(self) -> None:
        if self._writing:
            self._writing.result()  # One wave at a time: what waits is in memory.
        frames, self._frames = self._frames, []
        self._writing = self._pool.submit(self._write, frames, self._number)
        self._number += 1

    def _write(self, frames: list[pl.DataFrame], number: int) -> None:
        """One file a part."""
        rows = _one_time(pl.concat(frames, how="diagonal"))
        part = pl.Series("_part", hashed(rows["object_id"].to_numpy(), self._n_parts))
        pieces = rows.with_columns(part).partition_by("_part", include_key=False, as_dict=True)
        for (of,), piece in pieces.items():
            self._scratch.write(f"raw-{of:04}/{number:04}", piece)


def _read(
    batches: Iterable[pa.RecordBatch], scratch: Scratch, n_parts: int, memory_bytes: int
) -> None:
    for path in scratch.folder.glob("raw-*"):
        scratch.drop(path.name)
    ids: dict[str, Dictionary] = {}
    timed = False
    with _Waves(scratch, n_parts, min(memory_bytes // (8 * WAVE_BYTES), WAVE_ROWS)) as waves:
        for batch in batches:
            frame = _coded(batch, ids)
            timed |= "t_min_ms" in frame.columns and frame["t_min_ms"].null_count() < frame.height
            waves.add(frame)
    if not len(ids.get("object_id", ())):
        raise SourceError("no event is left to analyse; check the columns and the file")
    scratch.finish("read", names=_named(ids, scratch, n_parts), timed=timed, n_parts=n_parts)


def _coded(batch: pa.RecordBatch, ids: dict[str, Dictionary]) -> pl.DataFrame:
    if {"shown", "sighted"} & set(batch.schema.names):
        raise SourceError(
            "lists of likers are read as a whole: leave --memory out, or give more of it"
        )
    columns = []
    for name, kind in TYPES.items():
        if name not in batch.schema.names:
            continue
        column = batch.column(name)
        if name in EVENT_IDS:
            known = ids.setdefault(name, Dictionary())
            codes = known.codes(pl.Series(column.dictionary, dtype=pl.String))
            columns.append(pl.Series(name, codes).gather(pl.Series(column.indices)))
        else:
            columns.append(pl.Series(name, column.cast(kind)))
    return pl.DataFrame(columns)


def _named(ids: dict[str, Dictionary], scratch: Scratch, n_parts: int) -> list[str]:
    """Write the ids in their order, and where each code is among them."""
    there = [name for name in EVENT_IDS if name in ids]
    for name in there:
        values, rank = ids[name].ranked()
        scratch.write(f"names-{name}", values.rename(name).to_frame())
        scratch.write(f"rank-{name}", pl.DataFrame({"rank": rank}))
        if name == "object_id":
            part = np.empty(len(rank), np.uint32)
            part[rank] = hashed(np.arange(len(rank), dtype=np.uint32), n_parts)
            scratch.write("part-of-object", pl.DataFrame({"part": part}))
        del ids[name]
    return there


# Exact times are written once


def _one_time(rows: pl.DataFrame) -> pl.DataFrame:
    if "t_max_ms" not in rows.columns:
        return rows
    same = rows.select(pl.col("t_min_ms").eq_missing(pl.col("t_max_ms")).all()).item()
    return rows.drop("t_max_ms") if same else rows


def _both_times(rows: pl.DataFrame) -> pl.DataFrame:
    if "t_min_ms" not in rows.columns or "t_max_ms" in rows.columns:
        return rows
    return rows.with_columns(t_max_ms="t_min_ms")


def _read_sorted(scratch: Scratch, part: int, columns: list[str] | None) -> pl.DataFrame:
    name = f"sorted-{part:04}"
    asked = columns and [column for column in columns if column in scratch.columns(name)]
    rows = _both_times(scratch.read(name, asked))
    return rows if columns is None else rows.select(columns)


# Sorting


class _Sorting:
    """Each part in order, each event once."""

    def __init__(self, scratch: Scratch, names: dict[str, pl.Series], timed: bool) -> None:
        self.scratch = scratch
        self.names = names
        self.timed = timed
        self.rank = {
            name: scratch.read(f"rank-{name}")["rank"] for name in names
            if scratch.path(f"rank-{name}").exists()
        }  # fmt: skip

    def part(self, number: int) -> dict[str, Any]:
        """Sort one part; what there is to say of it."""
        note = self.scratch.once(f"sorted-{number:04}", lambda: self._sorted(number))
        # Only now: what was killed before its marker needs them again.
        self.scratch.drop(f"raw-{number:04}")
        return note

    def _sorted(self, number: int) -> dict[str, Any]:
        raw = f"raw-{number:04}"
        files = sorted((self.scratch.folder / raw).glob("*.parquet"))
        refusals = Refusals()
        pieces = [_both_times(self.scratch.read(f"{raw}/{path.stem}")) for path in files]
        rows = pl.concat(pieces, how="diagonal") if pieces else self._nothing()
        del pieces
        rows = rows.with_columns(
            self.rank[name].gather(rows[name]).alias(name) for name in self._ids(rows)
        )
        missing = [name for name in ("t_min_ms", "t_max_ms") if name not in rows.columns]
        rows = rows.with_columns(pl.lit(None, pl.Int64).alias(name) for name in missing)
        rows = rows.select(name for name in TYPES if name in rows.columns)
        if rows.height:
            rows = once(rows, self.names, refusals, self.timed)
        self.scratch.write(f"sorted-{number:04}", _one_time(rows))
        return {
            "totals": astuple(Totals.of(rows)),
            "refused": refusals.record(),
            "noted": refusals.noted.record(),
        }

    def _ids(self, rows: pl.DataFrame) -> list[str]:
        return [name for name in EVENT_IDS if name in rows.columns]

    def _nothing(self) -> pl.DataFrame:
        ids = dict.fromkeys(self.names, pl.UInt32)
        return pl.DataFrame(schema={**ids, "t_min_ms": pl.Int64, "t_max_ms": pl.Int64})

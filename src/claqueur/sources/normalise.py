"""From a table's own columns to the columns of the events table, batch by batch.

Ids become dictionaries of strings, times int64 milliseconds UTC. What would mislead (ids
that passed through a float, naive times without a zone) stops the import; single rows
that cannot be used are counted and left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from claqueur.errors import SourceError
from claqueur.model import EVENT_IDS
from claqueur.refusals import SHOWN, Refusals
from claqueur.settings import Reading
from claqueur.sources.times import MISSING, TimeColumn
from claqueur.tables import TableFile

Positions = NDArray[np.integer]

RANK_ORDERS = {"oldest-first": 1, "newest-first": -1}
"""What ``rank_order`` may be, and whether times rise or fall with the rank."""

MOMENTS = {
    "poll_time": "poll_ms",
    "created": "created_ms",
    "collected": "collected_ms",
    "time": "time_ms",
}
"""Columns of moments that are no times of an action, and what they become."""

# One digit before the point and a two-digit exponent is how programs print a large float
# (a decimal comma where the spreadsheet was Russian); 1e5 may be a hashtag.
_FLOAT_ID = r"^[+-]?(?:\d(?:[.,]\d+)?[eE]\+?\d{2,3}|\d+\.0+)$"


@dataclass
class Normaliser:
    """Turns batches of one file into batches of events.

    Parameters
    ----------
    table, reading
        The file and how it is to be read.
    columns
        Our column names (and ``timestamp``) to the file's.
    refusals
        Where refused rows are counted, and noted those whose rank or count cannot be read.
    needed
        Id columns without which a row is refused; of several in a tuple one is enough.
    counts
        Columns of whole numbers from 0 up; a row in which one is anything else is refused.
    given
        Further columns (as they come out) without which a row is refused.
    """

    table: TableFile
    reading: Reading
    columns: Mapping[str, str]
    refusals: Refusals
    needed: tuple[str | tuple[str, ...], ...] = ("account_id", "object_id")
    counts: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    _time_columns: dict[str, TimeColumn] = field(default_factory=dict)
    _start: int = 1
    _refused: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield batches with id columns as dictionaries, times as ``*_ms``, ``text``, and what
        is known about the list a row is from.
        """
        wanted = list(dict.fromkeys(self.columns.values()))
        for start, batch in self.table.batches(wanted, self.refusals):
            yield self.batch(start, batch)

    def batch(self, start: int, batch: pa.RecordBatch) -> pa.RecordBatch:
        """One batch, whose first row is row ``start`` of the file."""
        self._start = start
        self._refused = np.zeros(batch.num_rows, dtype=bool)
        found: dict[str, pa.Array] = {}
        for name in EVENT_IDS:
            if name in self.columns:
                found[name] = self._ids(name, batch.column(self.columns[name]))
        for names in self.needed:
            self._need(names if isinstance(names, tuple) else (names,), found)
        found.update(self._times(batch))
        found.update(self._list_facts(batch))
        found.update({name: self._count(name, batch) for name in self.counts})
        if "counter" in self.columns:
            found["counter"] = self._word("counter", batch)
        if "text" in self.columns:
            found["text"] = batch.column(self.columns["text"]).cast(pa.large_string())
        for name in self.given:
            self._refuse(f"no {name.removesuffix('_ms')}", _where(pc.is_null(found[name])))
        usable = pa.RecordBatch.from_pydict(found)
        return usable.filter(pa.array(~self._refused)) if self._refused.any() else usable

    def _refuse(self, reason: str, rows: Positions) -> None:
        """Leave rows out and count each of them once, under its first reason."""
        fresh = rows[~self._refused[rows]]
        self._refused[fresh] = True
        self.refusals.add(
            reason, len(fresh), (f"{self.table.path.name} row {self._start + row}" for row in fresh)
        )

    def _need(self, names: tuple[str, ...], found: Mapping[str, pa.Array]) -> None:
        """Refuse rows in which none of the id columns has an id."""
        missing = np.ones(len(self._refused), dtype=bool)
        for name in names:
            if name in found:
                missing &= pl.Series(pc.is_null(found[name])).to_numpy()
        self._refuse(" and ".join(f"no {name}" for name in names), np.flatnonzero(missing))

    # Ids

    def _ids(self, name: str, column: pa.Array) -> pa.DictionaryArray:
        coded = _dictionary(column, f"{self.table.path}: column {self.columns[name]!r}", name)
        values = pl.Series(coded.dictionary, dtype=pl.String)
        self._stop_at_floats(name, coded, values.str.contains(_FLOAT_ID))
        clean = values.str.strip_chars()
        clean = clean.set(clean.is_in(MISSING), None)
        if clean.equals(values, null_equal=True):
            return coded
        return pc.dictionary_encode(pc.take(clean.to_arrow().cast(pa.string()), coded.indices))

    def _stop_at_floats(self, name: str, coded: pa.DictionaryArray, mangled: pl.Series) -> None:
        if not mangled.any():
            return
        codes = np.flatnonzero(mangled.fill_null(False).to_numpy())
        rows = np.flatnonzero(
            pl.Series(coded.indices).is_in(pl.Series(codes).implode()).fill_null(False).to_numpy()
        )
        example = coded.dictionary[int(codes[0])].as_py()
        shown = ", ".join(str(row + self._start) for row in rows[:SHOWN]) + (
            " …" if len(rows) > SHOWN else ""
        )
        raise SourceError(
            f"{self.table.path}: {self.columns[name]!r} holds ids that were turned into floats and "
            f"lost digits, such as {_masked(example)} (row {shown}). They cannot be repaired here: "
            f"export the table again with {name} as text"
        )

    # Times

    def _times(self, batch: pa.RecordBatch) -> dict[str, pa.Array]:
        if "timestamp" in self.columns:
            exact = self._time("timestamp", batch)
            return {"t_min_ms": exact, "t_max_ms": exact}
        if "time_min" not in self.columns:
            return {}
        low = self._time("time_min", batch)
        high = self._time("time_max", batch)
        half = pc.xor(pc.is_null(low), pc.is_null(high))
        wrong = pc.or_(half, pc.fill_null(pc.greater(low, high), False))
        self._refuse("time_min after time_max, or only one of them", _where(wrong))
        return {"t_min_ms": low, "t_max_ms": high}

    # Lists

    def _list_facts(self, batch: pa.RecordBatch) -> dict[str, pa.Array]:
        """Moments of the list and its object, and its numbers; none is a time of the row."""
        found = {
            ours: self._time(name, batch) for name, ours in MOMENTS.items() if name in self.columns
        }
        for name, least in (("rank", 1), ("list_count", 0)):
            if name in self.columns:
                found[name] = self._whole_number(name, least, batch)
        if "rank" in found and (order := RANK_ORDERS.get(self.reading.rank_order)):
            found["rank_order"] = pa.array(np.full(batch.num_rows, order, np.int8))
        return found

    def _whole_number(self, name: str, least: int, batch: pa.RecordBatch) -> pa.Array:
        """A count from ``least`` up; a row in which it is none stays, without it."""
        value, odd = self._whole(name, least, batch)
        self.refusals.noted.add(
            f"{name} that is no whole number from {least} up (the row is kept without it)",
            len(odd),
            (f"{self.table.path.name} row {self._start + row}" for row in odd),
        )
        return value

    def _count(self, name: str, batch: pa.RecordBatch) -> pa.Array:
        """A count from 0 up; a row in which it is anything else is refused."""
        value, odd = self._whole(name, 0, batch)
        self._refuse(f"{name} that is no whole number from 0 up", odd)
        return value

    def _whole(self, name: str, least: int, batch: pa.RecordBatch) -> tuple[pa.Array, Positions]:
        """Whole numbers from ``least`` up, and the rows in which something else stands."""
        given = pl.Series(name, batch.column(self.columns[name]))
        if not given.dtype.is_numeric():
            given = given.cast(pl.String).str.strip_chars()
            given = given.set(given.is_in(MISSING), None)
        real = given.cast(pl.Float64, strict=False)
        usable = (real >= least) & (real == real.round()) & (real < 2**53)
        value = real.set(~usable.fill_null(False), None).cast(pl.Int64)
        odd = (given.is_not_null() & value.is_null()).arg_true().to_numpy()
        return value.to_arrow(), odd

    def _word(self, name: str, batch: pa.RecordBatch) -> pa.Array:
        word = pl.Series(name, batch.column(self.columns[name])).cast(pl.String).str.strip_chars()
        return word.set(word.is_in(MISSING), None).to_arrow().cast(pa.large_string())

    def _time(self, name: str, batch: pa.RecordBatch) -> pa.Array:
        column = pl.Series(name, batch.column(self.columns[name]))
        where = f"{self.table.path}: column {self.columns[name]!r}"
        reader = self._time_columns.setdefault(name, TimeColumn(where, self.reading))
        value = reader.to_ms(column)
        for reason, bad in reader.implausible(column, value):
            rows = bad.arg_true().to_numpy()
            if self._start == 1 and 2 * len(rows) > len(value):
                raise SourceError(
                    f"{where}: {len(rows):,} of the first {len(value):,} rows have a {reason}, "
                    f"such as {column[int(rows[0])]} (row {rows[0] + 1}); is it the right column? "
                    "Times are read as seconds or milliseconds, 2019-02-14 19:00:00 (ISO 8601) or "
                    "14.02.2019 19:00:00; name another column with --map "
                    f"{name if name in MOMENTS else 'timestamp'}=…, another unit "
                    "with --time-unit"
                )
            self._refuse(reason, rows)
        return value.to_arrow()


def _where(mask: pa.BooleanArray) -> Positions:
    # By way of Polars: Arrow's own to_numpy loads pandas wherever it is installed.
    return pl.Series(mask).arg_true().to_numpy()


def _masked(example: str) -> str:
    """The shape of a mangled id without the id itself."""
    return re.sub(r"\d(?=.*[eE.,])", "9", example)


def _dictionary(column: pa.Array, where: str, name: str) -> pa.DictionaryArray:
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        raise SourceError(
            f"{where} is a column of {kind} numbers; an id that passed through a float may have "
            f"lost digits. Write the table again with {name} as text"
        )
    if not (
        pa.types.is_integer(kind)
        or pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_string_view(kind)
        or pa.types.is_null(kind)
    ):
        raise SourceError(f"{where} is of type {kind}; {name} needs text or whole numbers")
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode() if not pa.types.is_null(kind) else _no_ids(len(column))
    return pa.DictionaryArray.from_arrays(
        column.indices.cast(pa.int32()), column.dictionary.cast(pa.string())
    )


def _no_ids(count: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.nulls(count, pa.int32()), pa.array([], pa.string()))

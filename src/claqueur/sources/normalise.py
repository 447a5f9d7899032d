"""From a table's own columns to the columns of the events table, batch by batch.

Ids become dictionaries of strings, times int64 milliseconds UTC. What would mislead (ids
that passed through a float, naive times without a zone) stops the import; single rows
that cannot be used are counted and left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from claqueur.errors import SettingError, SourceError
from claqueur.model import EVENT_IDS
from claqueur.refusals import SHOWN, Refusals
from claqueur.settings import Reading
from claqueur.tables import TableFile

Positions = NDArray[np.integer]

MISSING = ("", "NA", "NaN", "nan", "null", "NULL", "None")
"""How tables write "nothing" where an id should be (R, pandas, JSON, Python)."""

TIME_COLUMNS = ("timestamp", "time_min", "time_max")
_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_EARLIEST_MS = int(datetime(1990, 1, 1, tzinfo=UTC).timestamp() * 1000)
# One digit before the point and a two-digit exponent is how programs print a large float
# (a decimal comma where the spreadsheet was Russian); 1e5 may be a hashtag.
_FLOAT_ID = r"^[+-]?(?:\d(?:[.,]\d+)?[eE]\+?\d{2,3}|\d+\.0+)$"
_ISO = (
    r"^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?)"
    r"\s*(Z|z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?$"
)


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
        Where refused rows are counted.
    """

    table: TableFile
    reading: Reading
    columns: Mapping[str, str]
    refusals: Refusals
    _unit: dict[str, str] = field(default_factory=dict)
    _start: int = 1
    _refused: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield batches with id columns as dictionaries, ``t_min_ms``, ``t_max_ms``, ``text``."""
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
        for name in ("account_id", "object_id"):
            self._refuse(f"no {name}", _where(pc.is_null(found[name])))
        found.update(self._times(batch))
        if "text" in self.columns:
            found["text"] = batch.column(self.columns["text"]).cast(pa.large_string())
        usable = pa.RecordBatch.from_pydict(found)
        return usable.filter(pa.array(~self._refused)) if self._refused.any() else usable

    def _refuse(self, reason: str, rows: Positions) -> None:
        """Leave rows out and count each of them once, under its first reason."""
        fresh = rows[~self._refused[rows]]
        self._refused[fresh] = True
        self.refusals.add(
            reason, len(fresh), (f"{self.table.path.name} row {self._start + row}" for row in fresh)
        )

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

    def _time(self, name: str, batch: pa.RecordBatch) -> pa.Array:
        column = pl.Series(name, batch.column(self.columns[name]))
        if column.dtype == pl.Date:
            raise SourceError(
                f"{self._where(name)} holds dates without a time of day; give the time"
            )
        if isinstance(column.dtype, pl.Datetime):
            value = self._zoned(name, column)
        elif column.dtype.is_numeric():
            value = self._numeric(name, column)
        else:
            value = self._written(name, column.cast(pl.String).str.strip_chars())
        return self._plausible(name, column, value).to_arrow()

    def _where(self, name: str) -> str:
        return f"{self.table.path}: column {self.columns[name]!r}"

    def _zoned(self, name: str, column: pl.Series) -> pl.Series:
        if column.dtype.time_zone is None:  # type: ignore[attr-defined]
            column = self._localised(name, column)
        return column.dt.epoch("ms")

    def _numeric(self, name: str, column: pl.Series) -> pl.Series:
        unit = self._unit.setdefault(name, self.reading.time_unit or self._guess_unit(name, column))
        factor = _PER_SECOND[unit] / 1000
        if column.dtype.is_integer():
            wide = column.cast(pl.Int64)
            return wide * int(1 / factor) if factor < 1 else wide // int(factor)
        return (column.cast(pl.Float64) / factor).round().cast(pl.Int64, strict=False)

    def _guess_unit(self, name: str, column: pl.Series) -> str:
        """Seconds or milliseconds, whichever makes most times fall between 1990 and today."""
        known = column.drop_nulls()
        if known.is_empty():
            return "s"
        latest = _latest_ms()
        fitting = {
            unit: known.is_between(_EARLIEST_MS * per / 1000, latest * per / 1000).sum()
            for unit, per in _PER_SECOND.items()
        }
        best = max(fitting, key=lambda unit: fitting[unit])
        if 2 * fitting[best] < len(known):
            raise SourceError(
                f"{self._where(name)}: times such as {known[0]} are neither seconds nor "
                "milliseconds between 1990 and today; is it the right column? "
                "If it is, name the unit with --time-unit s, ms, us or ns"
            )
        if best in ("us", "ns"):
            raise SourceError(
                f"{self._where(name)}: times such as {known[0]} look like "
                f"{'microseconds' if best == 'us' else 'nanoseconds'}; "
                f"if they are, say --time-unit {best}"
            )
        return best

    def _written(self, name: str, column: pl.Series) -> pl.Series:
        column = column.set(column.is_in(MISSING), None)
        number = column.cast(pl.Float64, strict=False)
        if number.null_count() <= column.null_count() + len(column) // 2:
            whole = column.cast(pl.Int64, strict=False)
            exact = whole if whole.null_count() == column.null_count() else number
            return self._numeric(name, exact)
        parts = column.to_frame().select(
            day=pl.col(name).str.extract(_ISO, 1),
            clock=pl.col(name).str.extract(_ISO, 2).str.replace(",", "."),
            offset=pl.col(name).str.extract(_ISO, 3),
        )
        naive = parts.select(
            pl.concat_str("day", pl.lit("T"), "clock").str.to_datetime(
                "%FT%H:%M:%S%.f", time_unit="ms", strict=False
            )
        ).to_series()
        short = parts.select(
            pl.concat_str("day", pl.lit("T"), "clock").str.to_datetime(
                "%FT%H:%M", time_unit="ms", strict=False
            )
        ).to_series()
        naive = naive.zip_with(naive.is_not_null(), short)
        return self._offset(name, naive, parts["offset"])

    def _offset(self, name: str, naive: pl.Series, offset: pl.Series) -> pl.Series:
        """Apply written offsets; the rest needs ``--timezone``."""
        digits = offset.str.replace(":", "")
        minutes = (
            digits.str.slice(1, 2).cast(pl.Int64, strict=False).fill_null(0) * 60
            + digits.str.slice(3, 2).cast(pl.Int64, strict=False).fill_null(0)
        ) * pl.select(pl.when(digits.str.starts_with("-")).then(-1).otherwise(1)).to_series()
        absolute = naive.dt.epoch("ms") - minutes * 60_000
        bare = naive.is_not_null() & offset.is_null()
        if not bare.any():
            return absolute
        local = self._localised(name, naive).dt.epoch("ms")
        return local.zip_with(bare, absolute)

    def _localised(self, name: str, naive: pl.Series) -> pl.Series:
        zone = self.reading.timezone
        if not zone:
            raise SourceError(
                f"{self._where(name)} has times without a zone; name it, for example "
                "--timezone Europe/Moscow (or --timezone UTC)"
            )
        # The hour a clock change repeats or leaves out names no single moment.
        return naive.dt.replace_time_zone(
            check_zone(zone), ambiguous="null", non_existent="null"
        ).dt.convert_time_zone("UTC")

    def _plausible(self, name: str, written: pl.Series, value: pl.Series) -> pl.Series:
        given = written.is_not_null()
        if written.dtype == pl.String:
            given &= ~written.str.strip_chars().is_in(MISSING)
        early = (value < _EARLIEST_MS).fill_null(False)
        if self.reading.time_unit:
            # Who names the unit may mean 1971; who does not has probably met the wrong one.
            early &= False
        for bad, reason in (
            (given & value.is_null(), "time that cannot be read"),
            ((value > _latest_ms()).fill_null(False), "time in the future"),
            (early, "time before 1990"),
        ):
            rows = bad.arg_true().to_numpy()
            if 2 * len(rows) > len(value):
                raise SourceError(
                    f"{self._where(name)}: {len(rows):,} of {len(value):,} rows have a {reason}, "
                    f"such as {written[int(rows[0])]} (row {rows[0] + self._start}); is it the "
                    "right column and unit? Name them with --map timestamp=… and --time-unit"
                )
            self._refuse(reason, rows)
        return value


def check_zone(name: str) -> str:
    """The zone's name if it exists, also for a plain offset such as ``+03:00``.

    Raises
    ------
    SettingError
        If there is no such zone.
    """
    if match := re.fullmatch(r"([+-])(\d{1,2})(?::?00)?", name):
        # The zone database counts hours west of Greenwich as positive.
        name = f"Etc/GMT{'-' if match[1] == '+' else '+'}{int(match[2])}"
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SettingError(
            f"--timezone {name}: no such zone; write for example Europe/Moscow, "
            "Asia/Krasnoyarsk, UTC or +03:00"
        ) from None
    return name


def _where(mask: pa.BooleanArray) -> Positions:
    # By way of Polars: Arrow's own to_numpy loads pandas wherever it is installed.
    return pl.Series(mask).arg_true().to_numpy()


def _latest_ms() -> int:
    # A day of grace: zones and clocks differ.
    return int((datetime.now(UTC) + timedelta(days=1)).timestamp() * 1000)


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

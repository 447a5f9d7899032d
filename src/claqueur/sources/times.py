"""Reading times as people and programs write them: numbers, ISO 8601, typed columns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl

from claqueur.errors import SettingError, SourceError
from claqueur.settings import Reading

MISSING = ("", "NA", "NaN", "nan", "null", "NULL", "None")
"""How tables write "nothing" where a value should be (R, pandas, JSON, Python)."""

_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_EARLIEST_MS = int(datetime(1990, 1, 1, tzinfo=UTC).timestamp() * 1000)
_ISO = (
    r"^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?)"
    r"\s*(Z|z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?$"
)

# 14.02.2019 19:00, as Russian and German spreadsheets write it; with dots the day comes first.
_DOTTED = r"^(\d{2})\.(\d{2})\.(\d{4})[ T,]\s*"


@dataclass
class TimeColumn:
    """One column of times, read batch by batch in one unit.

    Attributes
    ----------
    where
        File and column, for errors.
    unit
        Of numeric times; named by the user or recognised in the first batch that has any.
    """

    where: str
    reading: Reading
    unit: str = ""

    def to_ms(self, column: pl.Series) -> pl.Series:
        """Milliseconds UTC, (n,) int64; null where there is no time or none that can be read.

        Raises
        ------
        SourceError
            If times lack a zone or fit no unit.
        """
        if column.dtype == pl.Date:
            raise SourceError(f"{self.where} holds dates without a time of day; give the time")
        if isinstance(column.dtype, pl.Datetime):
            return self._zoned(column)
        if column.dtype.is_numeric():
            return self._numeric(column)
        return self._written(column.cast(pl.String).str.strip_chars())

    def implausible(self, column: pl.Series, value: pl.Series) -> Iterator[tuple[str, pl.Series]]:
        """Yield (reason, mask) of the rows whose time was given and cannot be used."""
        given = column.is_not_null()
        if column.dtype == pl.String:
            given &= ~column.str.strip_chars().is_in(MISSING)
        yield "time that cannot be read", given & value.is_null()
        yield "time in the future", (value > _latest_ms()).fill_null(False)
        # Who names the unit may mean 1971; who does not has probably met the wrong one.
        if not self.reading.time_unit:
            yield "time before 1990", (value < _EARLIEST_MS).fill_null(False)

    def _zoned(self, column: pl.Series) -> pl.Series:
        if column.dtype.time_zone is None:  # type: ignore[attr-defined]
            column = self._localised(column)
        return column.dt.epoch("ms")

    def _numeric(self, column: pl.Series) -> pl.Series:
        self.unit = unit = self.unit or self.reading.time_unit or self._guess_unit(column)
        factor = _PER_SECOND[unit] / 1000
        if column.dtype.is_integer():
            wide = column.cast(pl.Int64)
            return wide * int(1 / factor) if factor < 1 else wide // int(factor)
        return (column.cast(pl.Float64) / factor).round().cast(pl.Int64, strict=False)

    def _guess_unit(self, column: pl.Series) -> str:
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
                f"{self.where}: times such as {known[0]} are neither seconds nor "
                "milliseconds between 1990 and today; is it the right column? "
                "If it is, name the unit with --time-unit s, ms, us or ns"
            )
        if best in ("us", "ns"):
            raise SourceError(
                f"{self.where}: times such as {known[0]} look like "
                f"{'microseconds' if best == 'us' else 'nanoseconds'}; "
                f"if they are, say --time-unit {best}"
            )
        return best

    def _written(self, column: pl.Series) -> pl.Series:
        column = column.set(column.is_in(MISSING), None)
        number = column.cast(pl.Float64, strict=False)
        if number.null_count() <= column.null_count() + len(column) // 2:
            whole = column.cast(pl.Int64, strict=False)
            exact = whole if whole.null_count() == column.null_count() else number
            return self._numeric(exact)
        column = column.str.replace(_DOTTED, "${3}-${2}-${1} ")
        day, clock, offset = (column.str.extract(_ISO, part) for part in (1, 2, 3))
        local = day + "T" + clock.str.replace(",", ".")
        to_second, to_minute = (
            local.str.to_datetime(form, time_unit="ms", strict=False)
            for form in ("%FT%H:%M:%S%.f", "%FT%H:%M")
        )
        return self._offset(to_second.zip_with(to_second.is_not_null(), to_minute), offset)

    def _offset(self, naive: pl.Series, offset: pl.Series) -> pl.Series:
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
        local = self._localised(naive).dt.epoch("ms")
        return local.zip_with(bare, absolute)

    def _localised(self, naive: pl.Series) -> pl.Series:
        zone = self.reading.timezone
        if not zone:
            raise SourceError(
                f"{self.where} has times without a zone; name it, for example "
                "--timezone Europe/Moscow (or --timezone UTC)"
            )
        # The hour a clock change repeats or leaves out names no single moment.
        return naive.dt.replace_time_zone(
            check_zone(zone), ambiguous="null", non_existent="null"
        ).dt.convert_time_zone("UTC")


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


def _latest_ms() -> int:
    # A day of grace: zones and clocks differ.
    return int((datetime.now(UTC) + timedelta(days=1)).timestamp() * 1000)

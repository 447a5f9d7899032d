"""Where tables come from: one file a format, each with one public constant ``SOURCE``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol

import pyarrow as pa

from claqueur.errors import SettingError
from claqueur.refusals import Refusals
from claqueur.rooms import members
from claqueur.settings import Reading
from claqueur.tables import TableFile


class Source(Protocol):
    """A format of input tables."""

    name: str
    help: str
    holds: str
    """What its rows are: ``events``, or what a case keeps beside them, ``objects`` or
    ``counters``."""

    def certainty(self, table: TableFile) -> int:
        """How surely the file is of this format: 0 not at all, 1 it may be, 2 it is."""

    def columns(self, table: TableFile, reading: Reading) -> dict[str, str]:
        """Our column names to the file's, as they will be read."""

    def read(
        self, table: TableFile, reading: Reading, refusals: Refusals
    ) -> Iterator[pa.RecordBatch]:
        """Yield batches of what it holds; rows left out are counted in ``refusals``."""


def sources() -> dict[str, Source]:
    """All known formats by name."""
    return members("claqueur.sources", "SOURCE")


def recognise(table: TableFile, reading: Reading) -> Source:
    """The format the user named, or the one the file most surely has."""
    known = sources()
    if reading.format:
        if reading.format not in known:
            raise SettingError(
                f"--format {reading.format}: unknown; known are {', '.join(sorted(known))}"
            )
        return known[reading.format]
    if reading.map:
        # As if the file had our names itself; a column that was named may be the account's.
        mapped = replace(table, columns=(*table.columns, *reading.column_map))
        beside = (source for source in known.values() if source.holds != "events")
        return next((one for one in beside if one.certainty(mapped)), known["columns"])
    return max(known.values(), key=lambda source: source.certainty(table))

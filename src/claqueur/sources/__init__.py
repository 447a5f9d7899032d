"""Where tables come from: one file a format, each with one public constant ``SOURCE``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Protocol, runtime_checkable

import pyarrow as pa

from claqueur.errors import SettingError, SourceError
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


@runtime_checkable
class Gathering(Protocol):
    """A format whose files give rows of several tables, and are read together.

    What one file says may go on in another: a long list is several answers, and a post that
    one file dates is what another lists likers of.
    """

    name: str
    help: str

    def certainty(self, table: TableFile) -> int:
        """As for a :class:`Source`."""

    def columns(self, table: TableFile, reading: Reading) -> dict[str, str]:
        """As for a :class:`Source`; what is shown about a file."""

    def gather(
        self, tables: Sequence[TableFile], reading: Reading, refusals: Refusals
    ) -> Iterator[tuple[str, pa.RecordBatch]]:
        """Yield batches, each with what it holds: ``events``, ``objects`` or ``counters``."""


def sources() -> dict[str, Source | Gathering]:
    """All known formats by name."""
    return members("claqueur.sources", "SOURCE")


def recognise(table: TableFile, reading: Reading) -> Source | Gathering:
    """The format the user named, or the one the file most surely has."""
    found = _recognised(table, reading)
    if table.kind == "json" and not isinstance(found, Gathering):
        raise SourceError(
            f"{table.path}: is one JSON document, not a table; give one object a line (NDJSON), "
            f"for example, where it is one JSON array, with: jq -c '.[]' {table.path.name}"
        )
    return found


def _recognised(table: TableFile, reading: Reading) -> Source | Gathering:
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
        beside = (
            source
            for source in known.values()
            if isinstance(source, Gathering) or source.holds != "events"
        )
        return next((one for one in beside if one.certainty(mapped)), known["columns"])
    return max(known.values(), key=lambda source: source.certainty(table))

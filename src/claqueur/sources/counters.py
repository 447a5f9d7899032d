"""What counters of posts and pages showed, and when; no account is in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from claqueur.model import COUNTERS
from claqueur.refusals import Refusals
from claqueur.settings import Reading
from claqueur.sources.columns import OBVIOUS
from claqueur.sources.naming import column_names, found_columns, require
from claqueur.sources.normalise import Normaliser
from claqueur.tables import TableFile

_NAMES: dict[str, tuple[str, ...]] = {
    "object_id": OBVIOUS["object_id"],
    "owner_id": OBVIOUS["owner_id"],
    "counter": ("counter",),
    "time": ("time", *(name for name in OBVIOUS["timestamp"] if name != "time")),
    "value": ("value",),
}
_WHOSE = ("object_id", "owner_id")


@dataclass(frozen=True)
class Counters:
    """Counters of posts (likes, views …) and of pages (followers)."""

    name: str = "counters"
    help: str = "Readings of counters, for a case: " + ", ".join(COUNTERS.names())
    holds: str = "counters"

    def certainty(self, table: TableFile) -> int:
        """A counter and its value, of a post or page, and nobody who acted."""
        theirs = column_names(table)
        if theirs & {*OBVIOUS["account_id"]} or not {"counter", "value"} <= theirs:
            return 0
        return 2 if any(theirs & {*_NAMES[ours]} for ours in _WHOSE) else 0

    def columns(self, table: TableFile, reading: Reading) -> dict[str, str]:
        """What was named with ``--map``, then what is obvious."""
        found = found_columns(table, reading, _NAMES, self.name)
        require(table, found, _WHOSE, self.name)
        for name in ("counter", "time", "value"):
            require(table, found, (name,), self.name)
        return found

    def read(
        self, table: TableFile, reading: Reading, refusals: Refusals
    ) -> Iterator[pa.RecordBatch]:
        """Yield batches of readings, moments as ``time_ms``."""
        columns = self.columns(table, reading)
        normaliser = Normaliser(
            table, reading, columns, refusals, needed=(_WHOSE,), counts=("value",),
            given=("counter", "time_ms", "value"),
        )  # fmt: skip
        yield from normaliser.batches()


SOURCE = Counters()

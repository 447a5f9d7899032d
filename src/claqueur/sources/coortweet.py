"""CooRTweet's table: object_id, account_id, content_id, timestamp_share in seconds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pyarrow as pa

from claqueur.errors import SourceError
from claqueur.refusals import Refusals
from claqueur.settings import Reading
from claqueur.sources.normalise import Normaliser
from claqueur.tables import TableFile

_COLUMNS = ("object_id", "account_id", "content_id", "timestamp_share")


@dataclass(frozen=True)
class CooRTweet:
    """The input of CooRTweet's ``detect_groups``."""

    name: str = "coortweet"
    help: str = "CooRTweet's table: object_id, account_id, content_id, timestamp_share (seconds)"
    holds: str = "events"

    def certainty(self, table: TableFile) -> int:
        """Its four columns are its signature."""
        return 2 if set(_COLUMNS) <= set(table.columns) else 0

    def columns(self, table: TableFile, reading: Reading) -> dict[str, str]:
        """Fixed names."""
        if missing := [name for name in _COLUMNS if name not in table.columns]:
            raise SourceError(
                f"{table.path} is no CooRTweet table: it lacks {', '.join(missing)}; its columns "
                f"are {', '.join(table.columns)}; read it with --format columns and --map"
            )
        names = {name: name for name in ("object_id", "account_id", "content_id")}
        return {**names, "timestamp": "timestamp_share"}

    def read(
        self, table: TableFile, reading: Reading, refusals: Refusals
    ) -> Iterator[pa.RecordBatch]:
        """Yield batches of events."""
        columns = self.columns(table, reading)
        seconds = replace(reading, time_unit=reading.time_unit or "s")
        yield from Normaliser(table, seconds, columns, refusals).batches()


SOURCE = CooRTweet()

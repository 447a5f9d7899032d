"""Posts with their counts: one row a post, or a reading of it; no account is in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from claqueur.model import OBJECTS
from claqueur.refusals import Refusals
from claqueur.settings import Reading
from claqueur.sources.columns import OBVIOUS
from claqueur.sources.naming import column_names, found_columns, require
from claqueur.sources.normalise import Normaliser
from claqueur.tables import TableFile

COUNTS = ("like_count", "comment_count", "repost_count", "view_count")

_SURE = ("created", "published")
# `created_at` is also what tables of events call their time, so it makes no table one of objects.
_NAMES: dict[str, tuple[str, ...]] = {
    "object_id": OBVIOUS["object_id"],
    "owner_id": OBVIOUS["owner_id"],
    "created": (*_SURE, "created_at", "published_at"),
    "text": OBVIOUS["text"],
    "like_count": ("like_count", "likes_count"),
    "comment_count": ("comment_count", "comments_count"),
    "repost_count": ("repost_count", "reposts_count"),
    "view_count": ("view_count", "views_count"),
    "collected": ("collected", "collected_at", "fetched_at"),
}


@dataclass(frozen=True)
class Objects:
    """Posts, when they were published, and what their counters showed."""

    name: str = "objects"
    help: str = "Posts with their counts, for a case: " + ", ".join(OBJECTS.names())
    holds: str = "objects"

    def certainty(self, table: TableFile) -> int:
        """Posts with their creation or counts, and nobody who acted."""
        theirs = column_names(table)
        if theirs & {*OBVIOUS["account_id"]} or not theirs & {*_NAMES["object_id"]}:
            return 0
        counts = {name for ours in COUNTS for name in _NAMES[ours]}
        return 2 if theirs & {*_SURE, *counts} else 0

    def columns(self, table: TableFile, reading: Reading) -> dict[str, str]:
        """What was named with ``--map``, then what is obvious."""
        found = found_columns(table, reading, _NAMES, self.name)
        require(table, found, ("object_id",), self.name)
        require(table, found, ("created", *COUNTS), self.name)
        return found

    def read(
        self, table: TableFile, reading: Reading, refusals: Refusals
    ) -> Iterator[pa.RecordBatch]:
        """Yield batches of objects, moments as ``*_ms``."""
        columns = self.columns(table, reading)
        counts = tuple(name for name in COUNTS if name in columns)
        needed = ("object_id",)
        yield from Normaliser(table, reading, columns, refusals, needed, counts).batches()


SOURCE = Objects()

"""Lists of likers read again and again: one row an account in a list at a poll.

No list says when a like was given. When it was first seen, and the last whole list in which it
was missing, say between which moments. A row is passed on as a sighting; the store turns the
sightings of all files, and of earlier imports, into events (:mod:`claqueur.sightings`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from claqueur.errors import SettingError, SourceError
from claqueur.refusals import Refusals
from claqueur.settings import Reading
from claqueur.sources.columns import OBVIOUS
from claqueur.sources.naming import check_there
from claqueur.sources.normalise import Normaliser
from claqueur.tables import TableFile

LIKE = "like"
"""The action of a list that does not say what it lists."""

_NAMES: dict[str, tuple[str, ...]] = {
    "poll_time": ("poll_time", "polled_at", "seen_at", "fetched_at"),
    **{name: OBVIOUS[name] for name in ("object_id", "account_id", "owner_id", "action", "source")},
    "rank": ("rank",),
    "list_count": ("list_count", "count", "likes_count"),
    "created": ("created", "published", "created_at", "published_at"),
}
_NEEDED = ("poll_time", "object_id", "account_id")
# `seen_at` may be the moment each row was fetched; only these are surely the list's.
_SURE = ("poll_time", "polled_at")


@dataclass(frozen=True)
class Polls:
    """Lists of likers, polled."""

    name: str = "polls"
    help: str = (
        "Lists of likers read repeatedly: poll_time, object_id, account_id (empty: the list was "
        "empty), and if known rank, list_count, created, owner_id, action"
    )
    holds: str = "events"

    def certainty(self, table: TableFile) -> int:
        """A moment of polling, and no other column of times but the object's own."""
        theirs = {name.lower().strip() for name in table.columns}
        timed = theirs & {*OBVIOUS["timestamp"], *OBVIOUS["time_min"], *OBVIOUS["time_max"]}
        whole = all(theirs & set(_NAMES[name]) for name in _NEEDED)
        return 2 if whole and theirs & set(_SURE) and not timed else 0

    def columns(self, table: TableFile, reading: Reading) -> dict[str, str]:
        """What was named with ``--map``, then what is obvious."""
        theirs = {column.lower().strip(): column for column in reversed(table.columns)}
        found = {
            ours: theirs[name]
            for ours, names in _NAMES.items()
            for name in reversed(names)
            if name in theirs
        }
        found |= _named(table, reading)
        if missing := [name for name in _NEEDED if name not in found]:
            raise SourceError(
                f"{table.path} has no column for `{missing[0]}`, which lists of likers need; its "
                f"columns are {', '.join(table.columns)}; name one with --format polls "
                f"--map {missing[0]}=…"
            )
        return found

    def read(
        self, table: TableFile, reading: Reading, refusals: Refusals
    ) -> Iterator[pa.RecordBatch]:
        """Yield batches of sightings, and one row for each list that was empty."""
        columns = self.columns(table, reading)
        normaliser = Normaliser(table, reading, columns, refusals, needed=("object_id",))
        for batch in normaliser.batches():
            dated = batch.filter(pc.is_valid(batch.column("poll_ms")))
            refusals.add("no poll_time", batch.num_rows - dated.num_rows)
            whole = _with_action(dated)
            empty = pc.is_null(whole.column("account_id"))
            yield _sightings(whole.filter(pc.invert(empty)))
            if pc.any(empty).as_py():
                yield _empty_lists(whole.filter(empty))


def _named(table: TableFile, reading: Reading) -> dict[str, str]:
    for ours, theirs in reading.column_map.items():
        if ours not in _NAMES:
            raise SettingError(
                f"--map {ours}=…: lists of likers have no such column; known are "
                f"{', '.join(_NAMES)}"
            )
        check_there(table, ours, theirs)
    return reading.column_map


def _with_action(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Every row with an action: a like where the table does not say."""
    if "action" not in batch.schema.names:
        codes = pa.array(np.zeros(batch.num_rows, np.int32))
        return batch.append_column("action", pa.DictionaryArray.from_arrays(codes, [LIKE]))
    said = batch.column("action")
    if not said.null_count:
        return batch
    filled = pc.fill_null(said.cast(pa.string()), LIKE).dictionary_encode()
    return batch.set_column(batch.schema.get_field_index("action"), "action", filled)


def _sightings(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Marked as such, so that the store does not take the rows for events."""
    return batch.append_column("sighted", pa.array(np.ones(batch.num_rows, dtype=bool)))


def _empty_lists(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Lists that were read and held nobody, as the store keeps the polls it knows."""
    kept = {
        name: batch.column(name).cast(pa.string()) if name in ("object_id", "action") else
        batch.column(name)
        for name in ("object_id", "action", "poll_ms", "list_count", "created_ms")
        if name in batch.schema.names
    }  # fmt: skip
    kept["shown"] = pa.array(np.zeros(batch.num_rows, np.int64))
    return pa.RecordBatch.from_pydict(kept)


SOURCE = Polls()
"""Lists of likers, polled."""

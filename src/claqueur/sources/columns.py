"""Any table with a column for the account, one for the object, and perhaps a time.

Columns are found by obvious names, or named with ``--map account_id=author``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from claqueur.errors import SettingError, SourceError
from claqueur.model import EVENTS, LIST_FACTS
from claqueur.refusals import Refusals
from claqueur.settings import Reading
from claqueur.sources.naming import check_there
from claqueur.sources.normalise import Normaliser
from claqueur.tables import TableFile

OBVIOUS: dict[str, tuple[str, ...]] = {
    "account_id": (
        "account_id", "account", "user_id", "userid", "author_id", "author", "from_id", "user",
        "actor", "did", "user_id_hashed",
    ),
    "action": ("action", "action_type", "event_type"),
    "object_id": (
        "object_id", "object", "post_id", "item_id", "thread_id", "repost_id", "retweeted_id",
        "retweet_tweetid", "video_id", "url", "link", "uri",
    ),
    "timestamp": (
        "timestamp", "timestamp_share", "unix_timestamp", "timestamp_utc", "created_at",
        "created_utc", "date_unixtime", "tweet_time", "time", "datetime", "date",
    ),
    "time_min": ("time_min",),
    "time_max": ("time_max",),
    "owner_id": ("owner_id", "page_id", "owner"),
    "content_id": ("content_id", "comment_id", "message_id"),
    "text": ("text", "tweet_text", "body", "message"),
    "source": ("source",),
    "rank": ("rank",),
    "poll_time": ("poll_time", "polled_at"),
    "list_count": ("list_count",),
}  # fmt: skip
"""Our columns and the names by which they are recognised, surest first.

4CAT's ``timestamp`` is naive local time, so its ``unix_timestamp`` goes first where both are.
"""


@dataclass(frozen=True)
class Columns:
    """Any CSV, TSV, NDJSON or Parquet table, by column names."""

    name: str = "columns"
    help: str = "Any table; columns by obvious names or --map account_id=author"
    holds: str = "events"

    def certainty(self, table: TableFile) -> int:
        """It may always be."""
        return 1

    def columns(self, table: TableFile, reading: Reading) -> dict[str, str]:
        """What was named with ``--map``, then what is obvious."""
        named = reading.column_map
        _check_names(table, named)
        found = {**_obvious(table), **named}
        if "timestamp" in named or ("timestamp" in found and not _interval(found)):
            found = {k: v for k, v in found.items() if k not in ("time_min", "time_max")}
        else:
            found.pop("timestamp", None)
        _check_whole(table, found)
        return found

    def read(
        self, table: TableFile, reading: Reading, refusals: Refusals
    ) -> Iterator[pa.RecordBatch]:
        """Yield batches of events."""
        columns = self.columns(table, reading)
        yield from Normaliser(table, reading, columns, refusals).batches()


def _obvious(table: TableFile) -> dict[str, str]:
    theirs = {column.lower().strip(): column for column in reversed(table.columns)}
    found = {
        ours: theirs[name]
        for ours, names in OBVIOUS.items()
        for name in reversed(names)
        if name in theirs
    }
    if {"timestamp", "unix_timestamp"} <= theirs.keys():
        found["timestamp"] = theirs["unix_timestamp"]
    return found


def _interval(found: dict[str, str]) -> bool:
    return "time_min" in found and "time_max" in found


def _check_names(table: TableFile, named: dict[str, str]) -> None:
    known = [*EVENTS.names(), *LIST_FACTS.names(), "timestamp"]
    if unknown := [name for name in named if name not in known]:
        raise SettingError(
            f"--map {unknown[0]}=…: no such column of events; known are {', '.join(known)}"
        )
    for ours, theirs in named.items():
        check_there(table, ours, theirs)


def _check_whole(table: TableFile, found: dict[str, str]) -> None:
    for name in ("account_id", "object_id"):
        if name not in found:
            raise SourceError(
                f"{table.path} has no column for `{name}`; its columns are "
                f"{', '.join(table.columns)}; name one with --map {name}=…"
            )
    one = {"time_min", "time_max"} & found.keys()
    if len(one) == 1:
        raise SourceError(
            f"{table.path} has `{one.pop()}` but not the other end of the interval; "
            "give both, or map an exact time with --map timestamp=…"
        )


SOURCE = Columns()

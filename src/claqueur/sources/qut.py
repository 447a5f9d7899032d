"""The CSV of coordination-network-toolkit (QUT), whose eight columns count by position.

A message acts on what it reposts, else on what it replies to, on every URL in it, and on
its own text; these are the toolkit's co_retweet, co_reply, co_link and co_tweet, here the
actions ``repost``, ``reply``, ``link`` and ``text``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import polars as pl
import pyarrow as pa

from claqueur.errors import SourceError
from claqueur.refusals import Refusals
from claqueur.settings import Reading
from claqueur.sources.normalise import Normaliser
from claqueur.sources.times import MISSING
from claqueur.tables import TableFile

COLUMNS = (
    "message_id",
    "user_id",
    "username",
    "repost_id",
    "reply_id",
    "message",
    "timestamp",
    "urls",
)


@dataclass(frozen=True)
class Qut:
    """The positional CSV of coordination-network-toolkit."""

    name: str = "qut"
    help: str = "coordination-network-toolkit's CSV of eight columns, by position: " + ", ".join(
        COLUMNS
    )
    holds: str = "events"

    def certainty(self, table: TableFile) -> int:
        """Only its own header is a sure sign."""
        return 2 if tuple(name.lower() for name in table.columns) == COLUMNS else 0

    def columns(self, table: TableFile, reading: Reading) -> dict[str, str]:
        """By position."""
        if len(table.columns) != len(COLUMNS):
            raise SourceError(
                f"{table.path} has {len(table.columns)} columns; coordination-network-toolkit's "
                f"CSV has {len(COLUMNS)}, in this order: {', '.join(COLUMNS)}"
            )
        return dict(zip(COLUMNS, table.columns, strict=True))

    def read(
        self, table: TableFile, reading: Reading, refusals: Refusals
    ) -> Iterator[pa.RecordBatch]:
        """Yield batches of events, a message giving one for each object it acts on."""
        theirs = self.columns(table, reading)
        messages = _first_of_each(table, theirs, refusals)
        for action, objects in _objects(messages).items():
            if objects.height:
                events = _table(table, objects.with_columns(action=pl.lit(action)))
                yield from _normalised(events, table, reading, refusals)


def _first_of_each(table: TableFile, theirs: dict[str, str], refusals: Refusals) -> pl.DataFrame:
    """The messages, the first row of each message_id winning as in the toolkit."""
    batches = [batch for _, batch in table.batches(list(theirs.values()), refusals)]
    if not batches:
        return pl.DataFrame(schema=dict.fromkeys(COLUMNS, pl.String))
    raw = pl.DataFrame(pa.Table.from_batches(batches)).cast(pl.String)
    raw = raw.rename(dict(zip(raw.columns, COLUMNS, strict=True)))
    first = raw.unique("message_id", keep="first", maintain_order=True)
    refusals.add("message_id seen before (the first row wins)", raw.height - first.height)
    return first


def _objects(messages: pl.DataFrame) -> dict[str, pl.DataFrame]:
    has = {name: ~pl.col(name).is_in(MISSING) & pl.col(name).is_not_null() for name in COLUMNS}
    original = messages.filter(~has["repost_id"])
    words = original.with_columns(object_id=normalised_text(pl.col("message")))
    links = original.filter(has["urls"]).with_columns(object_id=pl.col("urls").str.split(" "))
    return {
        "repost": messages.filter(has["repost_id"]).with_columns(object_id="repost_id"),
        "reply": original.filter(has["reply_id"]).with_columns(object_id="reply_id"),
        "link": links.explode("object_id").filter(pl.col("object_id") != ""),
        "text": words.filter(pl.col("object_id") != ""),
    }


def normalised_text(text: pl.Expr) -> pl.Expr:
    """The toolkit's co_tweet key: lower case, mentions out, white space collapsed."""
    lower = text.fill_null("").str.to_lowercase().str.replace_all(r"@\S+", "")
    return lower.str.replace_all(r"\s+", " ").str.strip_chars()


def _table(table: TableFile, events: pl.DataFrame) -> pa.RecordBatch:
    named = events.select(
        account_id="user_id",
        action="action",
        object_id="object_id",
        content_id="message_id",
        timestamp="timestamp",
        text="message",
    )
    return named.rechunk().to_arrow().combine_chunks().to_batches()[0]


def _normalised(
    batch: pa.RecordBatch, table: TableFile, reading: Reading, refusals: Refusals
) -> Iterator[pa.RecordBatch]:
    columns = {name: name for name in batch.schema.names}
    normaliser = Normaliser(table, replace(reading), columns, refusals)
    yield normaliser.batch(1, batch)


SOURCE = Qut()

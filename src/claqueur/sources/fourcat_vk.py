"""4CAT's exports of VK: one row (CSV) or one item of VK's API (NDJSON) a post or comment.

Its ``timestamp`` is a time on the server's own clock, without a zone; only ``unix_timestamp``
is used. Which wall a row is from stands in its ``link`` alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import polars as pl
import pyarrow as pa

from claqueur.documents import documents
from claqueur.errors import SettingError, SourceError
from claqueur.refusals import Refusals
from claqueur.settings import Reading
from claqueur.sources.normalise import Normaliser
from claqueur.sources.vk import head_of, is_json
from claqueur.sources.vk_answers import NO_TIME, Answer, translate
from claqueur.tables import TableFile

_COLUMNS = ("id", "thread_id", "item_type", "author_id", "unix_timestamp", "link", "body")
_COUNTS = {"like_count": "likes", "comment_count": "post_comments", "view_count": "views"}
_EVENTS = {
    "account_id": "author_id", "action": "item_type", "object_id": "object_id",
    "owner_id": "owner_id", "content_id": "content_id", "timestamp": "unix_timestamp",
    "text": "body",
}  # fmt: skip
_OBJECTS = {
    "object_id": "object_id", "owner_id": "owner_id", "created": "unix_timestamp", "text": "body",
}  # fmt: skip
_ITEM = re.compile(rb'(?<!\\)"4cat_item_type"\s*:')
_WALL = r"/wall(-?\d+)_\d+"
_METHODS = {"post": "wall.getById", "comment": "wall.getComments"}

NEITHER = "item_type that is neither post nor comment"
NO_WALL = "row whose link names no wall"


@dataclass(frozen=True)
class FourCatVk:
    """Posts and comments of VK as 4CAT exports them."""

    name: str = "4cat-vk"
    help: str = "4CAT's export of VK, CSV or NDJSON: posts with their counts, comments"

    def certainty(self, table: TableFile) -> int:
        """Its columns are its signature, or the key it adds to VK's items."""
        if table.kind == "csv":
            walls = b"/wall" in head_of(table)
            return 2 if walls and set(_COLUMNS) <= set(table.columns) else 0
        return 2 if is_json(table) and _ITEM.search(head_of(table)) else 0

    def columns(self, table: TableFile, reading: Reading) -> dict[str, str]:
        """Fixed names."""
        if reading.map:
            raise SettingError(
                f"--map: {table.path.name} is read as 4CAT's export, whose columns are known; "
                "add it in a call of its own, or say --format columns"
            )
        if is_json(table):
            return {"items": "4cat_item_type"}
        if missing := [name for name in _COLUMNS if name not in table.columns]:
            raise SourceError(
                f"{table.path} is no export of VK by 4CAT: it lacks {', '.join(missing)}; its "
                f"columns are {', '.join(table.columns)}; read it with --format columns and --map"
            )
        return {
            "account_id": "author_id", "object_id": "link, thread_id", "content_id": "link, id",
            "timestamp": "unix_timestamp", "action": "item_type", "text": "body",
        }  # fmt: skip

    def gather(
        self, tables: Sequence[TableFile], reading: Reading, refusals: Refusals
    ) -> Iterator[tuple[str, pa.RecordBatch]]:
        """Yield posts and comments as events, and posts as objects."""
        laid = [table for table in tables if is_json(table)]
        answers = chain.from_iterable(_items(table, refusals) for table in laid)
        yield from translate(answers, refusals).tables()
        for table in tables:
            if table not in laid:
                yield from _rows(table, reading, refusals)


def _items(table: TableFile, refusals: Refusals) -> Iterator[Answer]:
    """Every item as if VK had answered with it alone; 4CAT keeps them as they were."""
    for number, item in documents(table, refusals):
        where = f"{table.path.name}:{number}"
        method = _METHODS.get(str(item.get("4cat_item_type")))
        if method:
            response: Mapping[str, Any] = {"items": [item]}
            yield Answer(method, {}, NO_TIME, response, None, where)
        else:
            refusals.add(NEITHER, 1, [where])


def _rows(
    table: TableFile, reading: Reading, refusals: Refusals
) -> Iterator[tuple[str, pa.RecordBatch]]:
    counts = {ours: theirs for ours, theirs in _COUNTS.items() if theirs in table.columns}
    seconds = replace(reading, time_unit=reading.time_unit or "s")
    of_events = Normaliser(table, seconds, _EVENTS, refusals)
    # What is refused as an event has been counted then; here it is left out again.
    of_objects = Normaliser(
        table, seconds, {**_OBJECTS, **{name: name for name in counts}}, Refusals(),
        needed=("object_id",), counts=tuple(counts),
    )  # fmt: skip
    for start, batch in table.batches([*_COLUMNS, *counts.values()], refusals):
        frame = _located(batch, table.path.name, start, refusals)
        yield "events", of_events.batch(start, _batch(frame))
        posts = frame.filter(pl.col("item_type") == "post")
        shown = posts.with_columns(_count(theirs).alias(ours) for ours, theirs in counts.items())
        yield "objects", of_objects.batch(start, _batch(shown))


def _located(
    batch: pa.RecordBatch, name: str, start: int, refusals: Refusals
) -> pl.DataFrame:  # fmt: skip
    """Posts and comments, and on which wall; other rows are left out."""
    frame = pl.DataFrame(batch).cast(pl.String).with_row_index("row", offset=start)
    frame = frame.with_columns(owner_id=pl.col("link").str.extract(_WALL))
    known = pl.col("item_type").is_in(list(_METHODS)).fill_null(False)
    for reason, good in ((NEITHER, known), (NO_WALL, pl.col("owner_id").is_not_null())):
        bad = frame.filter(~good)["row"]
        refusals.add(reason, len(bad), (f"{name} row {row}" for row in bad))
        frame = frame.filter(good)
    post = pl.format("wall{}_{}", "owner_id", "thread_id")
    comment = pl.when(pl.col("item_type") == "comment").then(pl.format("{}_r{}", post, "id"))
    return frame.with_columns(object_id=post, content_id=comment)


def _count(column: str) -> pl.Expr:
    """A count where one stands; 4CAT leaves it empty, or writes a word, where VK sent none."""
    count = pl.col(column).str.strip_chars().cast(pl.Int64, strict=False)
    return pl.when(count >= 0).then(count)


def _batch(frame: pl.DataFrame) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({name: frame[name].to_arrow() for name in frame.columns})


SOURCE = FourCatVk()
"""4CAT's export of VK."""

"""What a case keeps beside events: posts with their counts, and counters. No account is in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import polars as pl
import pyarrow as pa

from claqueur.errors import SourceError
from claqueur.model import COUNTERS, OBJECTS, POST, TIME
from claqueur.refusals import Refusals
from claqueur.store import DUPLICATE, Events, collect

OBJECT_AGAIN = "object read again at the same or no known moment (the later row goes first)"
COUNTER_AGAIN = "counter read again at the same moment with another value (the later row is kept)"
NO_OWNER = "object without an owner_id: its publication is nobody's event"

_NO_EVENTS = Events(
    pl.DataFrame(
        schema={
            "account_id": pl.UInt32(),
            "object_id": pl.UInt32(),
            "t_min_ms": pl.Int64(),
            "t_max_ms": pl.Int64(),
        }
    ),
    {name: pl.Series(name, [], pl.String()) for name in ("account_id", "object_id")},
)


def table_of(
    batches: Iterable[pa.RecordBatch], schema: pl.Schema, refusals: Refusals
) -> pl.DataFrame:
    """Rows of a source in the columns of ``OBJECTS`` or ``COUNTERS``, moments as timestamps.

    Raises
    ------
    SourceError
        If no row is left.
    """
    frames = [pl.DataFrame(batch) for batch in batches if batch.num_rows]
    if not frames:
        why = "; refused: " + "; ".join(refusals.lines()) if refusals.total else ""
        raise SourceError(f"no object or counter is left{why}; check the columns and the file")
    return pl.concat([_typed(frame, schema) for frame in frames])


def _typed(frame: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    def column(name: str) -> pl.Expr:
        theirs = f"{name}_ms" if schema[name] == TIME else name
        return pl.col(theirs) if theirs in frame.columns else pl.lit(None)

    return frame.select(column(name).cast(kind).alias(name) for name, kind in schema.items())


def merged_objects(old: pl.DataFrame | None, new: pl.DataFrame, refusals: Refusals) -> pl.DataFrame:
    """Readings of objects, one row an object and moment of reading, in that order.

    Of several rows for one reading the later one goes first, and what it leaves empty is taken
    from the earlier.
    """
    rows = new if old is None else pl.concat([old, new])
    once = _once(rows, refusals)
    merged = _latest(once, [pl.col("object_id"), pl.col("collected")])
    refusals.noted.add(OBJECT_AGAIN, once.height - merged.height)
    return merged.select(OBJECTS.names()).sort("object_id", "collected")


def merged_counters(
    old: pl.DataFrame | None, new: pl.DataFrame, refusals: Refusals
) -> pl.DataFrame:
    """Readings of counters, one row a counter and moment; of several the later one is kept."""
    rows = new if old is None else pl.concat([old, new])
    once = _once(rows, refusals)
    page = pl.when(pl.col("object_id").is_null()).then("owner_id").alias("_page")
    key = [pl.col("object_id"), page, pl.col("counter"), pl.col("time")]
    merged = _latest(once, key)
    refusals.noted.add(COUNTER_AGAIN, once.height - merged.height)
    return merged.select(COUNTERS.names()).sort("time", "object_id", "owner_id", "counter")


def _once(rows: pl.DataFrame, refusals: Refusals) -> pl.DataFrame:
    once = rows.unique(keep="last", maintain_order=True)
    refusals.add(DUPLICATE, rows.height - once.height)
    return once


def _latest(rows: pl.DataFrame, key: list[pl.Expr]) -> pl.DataFrame:
    names = [expression.meta.output_name() for expression in key]
    rest = [name for name in rows.columns if name not in names]
    return rows.group_by(key, maintain_order=True).agg(
        pl.col(name).drop_nulls().last() for name in rest
    )


def latest_objects(objects: pl.DataFrame) -> pl.DataFrame:
    """One row an object: of each column what the latest reading says that says anything."""
    dated_last = objects.sort("object_id", "collected", nulls_last=False)
    return _latest(dated_last, [pl.col("object_id")]).select(OBJECTS.names())


def posts_of(objects: pl.DataFrame | None, set_aside: Refusals) -> Events:
    """Every post as an event of its page, where nothing says who acted on it; maybe none."""
    if objects is None:
        return _NO_EVENTS
    latest = latest_objects(objects)
    posts = latest.drop_nulls("owner_id")
    set_aside.add(NO_OWNER, latest.height - posts.height)
    if posts.is_empty():
        return _NO_EVENTS
    ids = {
        "account_id": posts["owner_id"],
        "action": pl.Series([POST]).new_from_index(0, posts.height),
        "object_id": posts["object_id"],
        "owner_id": posts["owner_id"],
    }
    born = posts["created"].dt.epoch("ms").to_arrow()
    batch = pa.RecordBatch.from_pydict(
        {
            **{name: _coded(column) for name, column in ids.items()},
            "t_min_ms": born,
            "t_max_ms": born,
            "text": posts["text"].to_arrow().cast(pa.large_string()),
        }
    )
    return collect([batch], Refusals())


def _coded(ids: pl.Series) -> pa.DictionaryArray:
    return ids.to_arrow().cast(pa.string()).dictionary_encode()


def objects_record(objects: pl.DataFrame | None) -> dict[str, Any] | None:
    """What ``run.json`` says about the objects of a case."""
    if objects is None:
        return None
    return {
        "rows": objects.height,
        "objects": objects["object_id"].n_unique(),
        "pages": objects["owner_id"].drop_nulls().n_unique(),
        "undated": latest_objects(objects)["created"].null_count(),
        **_span(objects["created"], "created"),
        **_span(objects["collected"], "collected"),
    }


def counters_record(counters: pl.DataFrame | None) -> dict[str, Any] | None:
    """What ``run.json`` says about the counters of a case."""
    if counters is None:
        return None
    of_pages = counters.filter(pl.col("object_id").is_null())
    kinds = counters.group_by("counter").len().sort("counter")
    return {
        "rows": counters.height,
        "objects": counters["object_id"].drop_nulls().n_unique(),
        "pages": of_pages["owner_id"].n_unique(),
        "counters": dict(kinds.iter_rows()),
        **_span(counters["time"], "time"),
    }


def _span(times: pl.Series, name: str) -> dict[str, str | None]:
    ends = pl.Series([times.min(), times.max()], dtype=TIME).to_list()
    return {
        f"{place}_{name}": moment.isoformat() if moment else None
        for place, moment in zip(("first", "last"), ends, strict=True)
    }

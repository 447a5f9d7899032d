"""Events in and out: ids as dense uint32 codes with one dictionary a column, times in ms.

Codes follow the order of the ids as strings, and rows are sorted by object, time and
account. So the same events give the same bytes whatever the order they came in, comparing
codes compares ids, and kernels take the columns as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from claqueur.errors import SourceError
from claqueur.model import ANY_ACTION, EVENT_IDS, TIME
from claqueur.packing import sort_rows
from claqueur.refusals import Refusals

_DICTIONARY = pa.dictionary(pa.int32(), pa.string())
_TYPES = {
    **dict.fromkeys(EVENT_IDS, _DICTIONARY),
    "t_min_ms": pa.int64(),
    "t_max_ms": pa.int64(),
    "text": pa.large_string(),
}
DUPLICATE = "exact duplicate of another row (counted once)"


@dataclass(frozen=True)
class Events:
    """Coded events.

    Attributes
    ----------
    frame
        One row an event: id columns as uint32 codes (null where unknown), ``t_min_ms`` and
        ``t_max_ms`` (int64, UTC, null where unknown), ``text``, in the order of
        (object, t_min, account), and ``row`` (place in the input) when read raw.
    names
        For each id column its ids, rising; the position is the code.
    """

    frame: pl.DataFrame
    names: dict[str, pl.Series]

    def __len__(self) -> int:
        return self.frame.height

    @property
    def actions(self) -> list[str]:
        """The actions that occur, in order of their names; ``any`` when the table has none."""
        if "action" not in self.names or self.names["action"].is_empty():
            return [ANY_ACTION]
        bare = [ANY_ACTION] if self.frame["action"].null_count() else []
        return [*self.names["action"].to_list(), *bare]

    def of_action(self, action: str) -> pl.DataFrame:
        """The coded rows of one action; all rows for ``any`` in a table without actions."""
        if self.actions == [ANY_ACTION]:
            return self.frame
        if action == ANY_ACTION:
            return self.frame.filter(pl.col("action").is_null())
        code = self.names["action"].search_sorted(action)
        return self.frame.filter(pl.col("action") == code)

    def of_actions(self, actions: Sequence[str]) -> pl.DataFrame:
        """The coded rows of several actions together; of all when all are named."""
        if len(actions) == len(self.actions):
            return self.frame
        codes = [self.names["action"].search_sorted(action) for action in actions]
        return self.frame.filter(pl.col("action").is_in(codes))

    def decoded(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Coded rows with the ids that came in and times as timestamps."""
        ids = [
            pl.Series(name, self.names[name].gather(frame[name]))
            for name in EVENT_IDS
            if name in frame.columns
        ]
        times = [
            frame[f"t_{end}_ms"].cast(TIME).alias(f"time_{end}")
            for end in ("min", "max")
            if f"t_{end}_ms" in frame.columns
        ]
        return pl.DataFrame([*ids, *times, *(frame[c] for c in ("text",) if c in frame.columns)])

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The events as a source would give them, to be collected together with others."""
        columns = {}
        for name, kind in _TYPES.items():
            if name in self.names:
                codes = self.frame[name].cast(pl.Int32).to_arrow()
                values = self.names[name].to_arrow().cast(pa.string())
                columns[name] = pa.DictionaryArray.from_arrays(codes, values)
            elif name in self.frame.columns:
                columns[name] = self.frame[name].to_arrow().cast(kind)
        yield pa.RecordBatch.from_pydict(columns)

    def save(self, folder: Path) -> None:
        """Write ``events.parquet`` and one ``<column>.parquet`` a dictionary into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        self.frame.write_parquet(folder / "events.parquet")
        for name, ids in self.names.items():
            ids.to_frame(name).write_parquet(folder / f"{name}.parquet")

    @classmethod
    def load(cls, folder: Path) -> Events:
        """Read what :meth:`save` wrote."""
        frame = pl.read_parquet(folder / "events.parquet")
        names = {
            name: pl.read_parquet(folder / f"{name}.parquet")[name]
            for name in EVENT_IDS
            if (folder / f"{name}.parquet").exists()
        }
        return cls(frame, names)


def collect(batches: Iterable[pa.RecordBatch], refusals: Refusals, *, raw: bool = False) -> Events:
    """Code and sort the events of all batches, counting exact duplicates once.

    Parameters
    ----------
    raw
        Keep duplicates and add ``row``, the place in the input, for the semantics of tools
        that count rows.

    Raises
    ------
    SourceError
        If no event is left.
    """
    chunks: dict[str, list[pa.Array]] = {name: [] for name in _TYPES}
    count = 0
    for batch in batches:
        for name, kind in _TYPES.items():
            if name in batch.schema.names:
                _pad(chunks[name], count, kind)
                chunks[name].append(batch.column(name))
        count += batch.num_rows
    if not count:
        why = "; refused: " + "; ".join(refusals.lines()) if refusals.total else ""
        raise SourceError(f"no event is left to analyse{why}; check the columns and the file")
    columns: dict[str, pl.Series] = {}
    names: dict[str, pl.Series] = {}
    for name in [name for name in _TYPES if chunks[name]]:
        _pad(chunks[name], count, _TYPES[name])
        arrays = pa.chunked_array(chunks.pop(name), _TYPES[name])
        if name in EVENT_IDS:
            columns[name], names[name] = _coded(name, arrays)
        else:
            columns[name] = pl.Series(name, arrays).rechunk()
    for name in ("t_min_ms", "t_max_ms"):
        columns.setdefault(name, pl.Series(name, [None], pl.Int64).new_from_index(0, count))
    frame = pl.DataFrame(list(columns.values()))
    return Events(_in_input_order(frame) if raw else _sorted_once(frame, refusals), names)


def _pad(chunks: list[pa.Array], count: int, kind: pa.DataType) -> None:
    """Nulls for the rows of batches that lacked the column."""
    missing = count - sum(len(chunk) for chunk in chunks)
    if missing:
        chunks.append(pa.nulls(missing, kind))


def _coded(name: str, arrays: pa.ChunkedArray) -> tuple[pl.Series, pl.Series]:
    """Dense codes that follow the order of the ids, and the ids."""
    unified = arrays.unify_dictionaries()
    values = pl.Series(name, unified.chunk(0).dictionary, dtype=pl.String)
    used = np.zeros(len(values), dtype=bool)
    for chunk in unified.chunks:
        used[pl.Series(chunk.indices).drop_nulls().to_numpy()] = True
    order = values.arg_sort().to_numpy()
    order = order[used[order]]
    rank = np.zeros(len(values), dtype=np.uint32)
    rank[order] = np.arange(len(order), dtype=np.uint32)
    ranks = pa.array(rank)
    coded = pa.chunked_array([pc.take(ranks, chunk.indices) for chunk in unified.chunks])
    return pl.Series(name, coded).rechunk(), values.gather(order)


def _in_input_order(frame: pl.DataFrame) -> pl.DataFrame:
    rows = pl.Series("row", np.arange(frame.height, dtype=np.uint32))
    return frame.with_columns(rows).sort("object_id", "t_min_ms", maintain_order=True)


def _sorted_once(frame: pl.DataFrame, refusals: Refusals) -> pl.DataFrame:
    exact = _same_column(frame, "t_min_ms", "t_max_ms")
    if exact:
        # One buffer serves both ends, and sorting has a column less to carry.
        frame = frame.drop("t_max_ms")
    first = ["object_id", "t_min_ms", "account_id"]
    keys = [*first, *(n for n in frame.columns if n not in (*first, "text", "source"))]
    if "text" in frame.columns:
        frame = frame.with_columns(_text_key=pl.col("text").hash())
        keys.append("_text_key")
    ordered = frame.sort(*keys) if set(frame.columns) - set(keys) else sort_rows(frame, keys)
    same = [pl.col(name).eq_missing(pl.col(name).shift(1)) for name in keys]
    not_first = pl.int_range(pl.len()) > 0
    again = ordered.select(pl.all_horizontal(not_first, *same)).to_series()
    if again.any():
        refusals.add(DUPLICATE, int(again.sum()))
        ordered = ordered.filter(~again)
    ordered = ordered.drop("_text_key", strict=False)
    return ordered.with_columns(t_max_ms="t_min_ms") if exact else ordered


def _same_column(frame: pl.DataFrame, one: str, other: str) -> bool:
    return bool(frame.select(pl.col(one).eq_missing(pl.col(other)).all()).item())


def read_all(
    old: Events | None,
    batches: Iterable[pa.RecordBatch],
    refusals: Refusals,
    *,
    raw: bool = False,
) -> Events:
    """Events already stored together with new ones."""
    return collect(chain(old.batches(), batches) if old else batches, refusals, raw=raw)

"""Events in and out: ids as dense uint32 codes with one dictionary a column, times in ms.

Codes follow the order of the ids as strings, and rows are sorted by object, time and
account. So the same events give the same bytes whatever the order they came in, comparing
codes compares ids, and kernels take the columns as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from claqueur import sightings
from claqueur.bounds import dated, in_rank_order, one_like
from claqueur.errors import SourceError
from claqueur.model import ANY_ACTION, EVENT_IDS, POST, TIME
from claqueur.packing import sort_rows
from claqueur.refusals import Refusals

_DICTIONARY = pa.dictionary(pa.int32(), pa.string())
TYPES = {
    **dict.fromkeys(EVENT_IDS, _DICTIONARY),
    "t_min_ms": pa.int64(),
    "t_max_ms": pa.int64(),
    "text": pa.large_string(),
    "rank": pa.int64(),
    "poll_ms": pa.int64(),
    "list_count": pa.int64(),
    "last_ms": pa.int64(),
    "rank_order": pa.int8(),
    "created_ms": pa.int64(),
    "sighted": pa.bool_(),
}
_OF_LISTS = ("rank", "poll_ms", "list_count", "last_ms", "rank_order")
"""What is known about the list a row is from; rows that differ in nothing else are one."""

DUPLICATE = "exact duplicate of another row (counted once)"
OTHER_TEXT = "the same post or comment with another text (counted once, with the longest)"


@dataclass(frozen=True)
class Totals:
    """Counts of a whole table.

    Attributes
    ----------
    bare
        Whether some rows have no action.
    """

    rows: int
    first_ms: int | None
    last_ms: int | None
    bare: bool

    @classmethod
    def of(cls, frame: pl.DataFrame) -> Totals:
        """Of rows that are in memory."""
        ends = frame["t_min_ms"].min(), frame["t_max_ms"].max()
        first, last = (end if isinstance(end, int) else None for end in ends)
        bare = "action" in frame.columns and frame["action"].null_count() > 0
        return cls(frame.height, first, last, bare)

    @classmethod
    def together(cls, parts: Iterable[Sequence[Any]]) -> Totals:
        """Of all parts of a table, each with its fields in their order."""
        rows, first, last, bare = zip(*parts, strict=True)
        return cls(
            sum(rows),
            min((each for each in first if each is not None), default=None),
            max((each for each in last if each is not None), default=None),
            any(bare),
        )


class Coded(Protocol):
    """A table of events whose ids are codes, wherever its rows are."""

    @property
    def names(self) -> dict[str, pl.Series]:
        """For each id column its ids, rising; the position is the code."""

    @property
    def totals(self) -> Totals:
        """Counts of all rows."""

    def decoded(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Coded rows with the ids that came in and times as timestamps."""


def actions_of(events: Coded) -> list[str]:
    """The actions that occur, in order of their names; ``any`` when the table has none."""
    if "action" not in events.names or events.names["action"].is_empty():
        return [ANY_ACTION]
    return [*events.names["action"].to_list(), *([ANY_ACTION] if events.totals.bare else [])]


def decoded(frame: pl.DataFrame, names: Mapping[str, pl.Series]) -> pl.DataFrame:
    """Coded rows with the ids that came in and times as timestamps, and the lists' facts."""
    ids = [
        pl.Series(name, names[name].gather(frame[name]))
        for name in EVENT_IDS
        if name in frame.columns
    ]
    times = [
        frame[f"t_{end}_ms"].cast(TIME).alias(f"time_{end}")
        for end in ("min", "max")
        if f"t_{end}_ms" in frame.columns
    ]
    if "poll_ms" in frame.columns:
        times.append(frame["poll_ms"].cast(TIME).alias("poll_time"))
    plain = [frame[c] for c in ("text", "rank", "list_count") if c in frame.columns]
    return pl.DataFrame([*ids, *times, *plain])


@dataclass(frozen=True)
class Events:
    """Coded events.

    Attributes
    ----------
    frame
        One row an event: id columns as uint32 codes (null where unknown), ``t_min_ms`` and
        ``t_max_ms`` (int64, UTC, null where unknown), ``text``, in the order of
        (object, t_min, account), and ``row`` (place in the input) when read raw. Rows of lists
        also have ``rank`` and ``list_count``, ``poll_ms`` (when the list was read in which they
        were first seen), ``last_ms`` (where lists were polled: when they were last seen) and
        ``rank_order`` (1 or -1 where the user said that times rise or fall with the rank).
    names
        For each id column its ids, rising; the position is the code.
    polls
        The lists that were polled, empty ones too (``sightings.POLLS``), or None.
    """

    frame: pl.DataFrame
    names: dict[str, pl.Series]
    polls: pl.DataFrame | None = None

    def __len__(self) -> int:
        return self.frame.height

    @property
    def totals(self) -> Totals:
        """Counts of all rows."""
        return Totals.of(self.frame)

    @cached_property
    def actions(self) -> list[str]:
        """The actions that occur (:func:`actions_of`)."""
        return actions_of(self)

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
        if "action" not in self.names:
            return self.frame.clear()
        named = [action for action in actions if action != ANY_ACTION]
        codes = [self.names["action"].search_sorted(action) for action in named]
        bare = pl.col("action").is_null() & pl.lit(ANY_ACTION in actions)
        return self.frame.filter(bare | pl.col("action").is_in(codes))

    def decoded(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Coded rows with the ids that came in and times as timestamps, and the lists' facts."""
        return decoded(frame, self.names)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The events as a source would give them, to be collected together with others."""
        columns = {}
        for name, kind in TYPES.items():
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
        if self.polls is not None:
            self.polls.write_parquet(folder / "polls.parquet")

    @classmethod
    def load(cls, folder: Path) -> Events:
        """Read what :meth:`save` wrote."""
        frame = pl.read_parquet(folder / "events.parquet")
        names = {
            name: pl.read_parquet(folder / f"{name}.parquet")[name]
            for name in EVENT_IDS
            if (folder / f"{name}.parquet").exists()
        }
        polls = folder / "polls.parquet"
        return cls(frame, names, pl.read_parquet(polls) if polls.exists() else None)


def collect(
    batches: Iterable[pa.RecordBatch],
    refusals: Refusals,
    *,
    raw: bool = False,
    polls: pl.DataFrame | None = None,
) -> Events:
    """Code and sort the events of all batches, counting exact duplicates once.

    Parameters
    ----------
    raw
        Keep duplicates and add ``row``, the place in the input, for the semantics of tools
        that count rows.
    polls
        Lists known from earlier imports, whose events are among the batches.

    Raises
    ------
    SourceError
        If no event is left.
    """
    chunks: dict[str, list[pa.Array]] = {name: [] for name in TYPES}
    empty: list[pl.DataFrame] = []
    count = 0
    for batch in batches:
        if "shown" in batch.schema.names:
            empty.append(pl.DataFrame(batch))
            continue
        for name, kind in TYPES.items():
            if name in batch.schema.names:
                _pad(chunks[name], count, kind)
                chunks[name].append(batch.column(name))
        count += batch.num_rows
    if not count:
        why = "; refused: " + "; ".join(refusals.lines()) if refusals.total else ""
        raise SourceError(f"no event is left to analyse{why}; check the columns and the file")
    columns: dict[str, pl.Series] = {}
    names: dict[str, pl.Series] = {}
    for name in [name for name in TYPES if chunks[name]]:
        _pad(chunks[name], count, TYPES[name])
        arrays = pa.chunked_array(chunks.pop(name), TYPES[name])
        if name in EVENT_IDS:
            columns[name], names[name] = _coded(name, arrays)
        else:
            columns[name] = pl.Series(name, arrays).rechunk()
    for name in ("t_min_ms", "t_max_ms"):
        columns.setdefault(name, pl.Series(name, [None], pl.Int64).new_from_index(0, count))
    frame = pl.DataFrame(list(columns.values()))
    frame, polls, again = _from_lists(frame, names, polls, empty, refusals)
    if raw:
        return Events(_in_input_order(frame), names, polls)
    timed = frame["t_min_ms"].null_count() < frame.height
    return Events(once(frame, names, refusals, timed, again), names, polls)


def once(
    frame: pl.DataFrame,
    names: dict[str, pl.Series],
    refusals: Refusals,
    timed: bool,
    again: int = 0,
) -> pl.DataFrame:
    """Rows in order, each event once, in the narrowest interval that is known.

    Parameters
    ----------
    frame
        All rows of some objects.
    timed
        Whether any row has a time, also of other objects.
    again
        How many likes seen twice an earlier import has counted.
    """
    rows = _sorted_once(frame, names, refusals)
    return _bounded(rows, names, refusals, timed, again)


def _from_lists(
    frame: pl.DataFrame,
    names: dict[str, pl.Series],
    polls: pl.DataFrame | None,
    empty: list[pl.DataFrame],
    refusals: Refusals,
) -> tuple[pl.DataFrame, pl.DataFrame | None, int]:
    """Events instead of sightings; all polls; and how many events were laid beside themselves."""
    none = pl.DataFrame(schema=sightings.POLLS)
    listed = pl.concat([none, *empty], how="diagonal")
    refusals.noted.add(sightings.EMPTY, listed.height)
    if "sighted" not in frame.columns and listed.is_empty():
        return frame, polls, 0
    if "sighted" not in frame.columns:
        frame = frame.with_columns(sighted=pl.lit(None, pl.Boolean))
    sighted = pl.col("sighted").fill_null(False)
    seen = frame.filter(sighted).drop("sighted", "t_min_ms", "t_max_ms", "text", strict=False)
    given = frame.filter(~sighted).drop("sighted", "created_ms", strict=False)
    known = sightings.all_polls(seen, listed, none if polls is None else polls, names)
    held = _concerned(given, known, names)
    seen = seen.drop("last_ms", strict=False)
    made = sightings.events_of(seen, held, known, names, refusals)
    again = 0
    if polls is not None and held.height:
        then = sightings.whole_before(polls)
        once = sightings.events_of(seen.clear(), held, then, names, Refusals())
        given, again = _beside(given, held, [once, made])
    both = pl.concat([given, made], how="diagonal")
    in_order = both.select(name for name in TYPES if name in both.columns)
    return in_order, known.select(sightings.POLLS.names()), again


def _concerned(
    given: pl.DataFrame, polls: pl.DataFrame, names: dict[str, pl.Series]
) -> pl.DataFrame:
    """Events made from lists before, of objects of which there are new lists."""
    if "last_ms" not in given.columns:
        return given.with_columns(last_ms=pl.lit(None, pl.Int64)).clear()
    polled = given.filter(pl.col("last_ms").is_not_null())
    return polled.join(sightings.newly_read(polls, names), on=["object_id", "action"], how="semi")


def _beside(
    given: pl.DataFrame, held: pl.DataFrame, made: list[pl.DataFrame]
) -> tuple[pl.DataFrame, int]:
    """What was given without the events made from lists, and how many of those stay.

    One stays where something else had narrowed it: another collector's row, the post's own
    event, a list's order. It is then one like with the event made anew.
    """
    whose = ["object_id", "action", "account_id"]
    key = [*whose, "t_min_ms", "t_max_ms"]
    concerned = pl.col("last_ms").is_not_null() & pl.col("_concerned").is_not_null()
    marked = given.join(
        held.select("object_id", "action").unique().with_columns(_concerned=True),
        on=["object_id", "action"], how="left", nulls_equal=True,
    )  # fmt: skip
    anew = marked.filter(concerned)
    for events in made:
        anew = anew.join(events, on=key, how="anti", nulls_equal=True)
    rest = marked.filter(~concerned)
    anew = anew.with_columns(last_ms=pl.lit(None, pl.Int64))
    return pl.concat([rest, anew]).drop("_concerned"), anew.height


def _bounded(
    frame: pl.DataFrame,
    names: dict[str, pl.Series],
    refusals: Refusals,
    timed: bool,
    again: int,
) -> pl.DataFrame:
    """Events whose intervals say all that is known; nothing to do where all times are exact."""
    unknown = frame["t_min_ms"].null_count()
    if not unknown and _same_column(frame, "t_min_ms", "t_max_ms"):
        return frame
    better = dated(frame, names)
    if timed or "poll_ms" in frame.columns:
        better = one_like(better, names, refusals, again)
    better = in_rank_order(better, refusals)
    return frame if better is frame else sorted_rows(better)


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


def _sorted_once(
    frame: pl.DataFrame, names: dict[str, pl.Series], refusals: Refusals
) -> pl.DataFrame:
    exact = _same_column(frame, "t_min_ms", "t_max_ms")
    if exact:
        # One buffer serves both ends, and sorting has a column less to carry.
        frame = frame.drop("t_max_ms")
    frame, keys = _with_keys(frame)
    ordered = sorted_rows(frame, keys)
    same = [pl.col(name).eq_missing(pl.col(name).shift(1)) for name in keys]
    not_first = pl.int_range(pl.len()) > 0
    again = ordered.select(pl.all_horizontal(not_first, *same)).to_series()
    if again.any():
        refusals.add(DUPLICATE, int(again.sum()))
        ordered = ordered.filter(~again)
    if "text" in ordered.columns:
        ordered = _one_text(ordered, keys, names, refusals).drop("_text_key")
    return ordered.with_columns(t_max_ms="t_min_ms") if exact else ordered


def _one_text(
    ordered: pl.DataFrame, keys: list[str], names: dict[str, pl.Series], refusals: Refusals
) -> pl.DataFrame:
    """Posts and comments whose text was edited, or cut for a preview, between two readings."""
    identified = pl.lit(False)
    if "content_id" in ordered.columns:
        identified = pl.col("content_id").is_not_null()
    if "action" in ordered.columns and POST in names["action"]:
        post = names["action"].search_sorted(POST)
        identified |= (pl.col("action") == post) & pl.col("t_min_ms").is_not_null()
    same = [pl.col(n).eq_missing(pl.col(n).shift(1)) for n in keys if n != "_text_key"]
    not_first = pl.int_range(pl.len()) > 0
    again = ordered.select(pl.all_horizontal(not_first, identified, *same)).to_series()
    again = again.fill_null(False)
    if not again.any():
        return ordered
    refusals.noted.add(OTHER_TEXT, int(again.sum()))
    marked = ordered.with_columns(_one=(~again).cum_sum(), _at=pl.int_range(pl.len()))
    fullest = pl.col("_at").sort_by(pl.col("text").str.len_chars().fill_null(-1), "text").last()
    several = marked.filter(again | again.shift(-1, fill_value=False))
    kept = several.group_by("_one").agg(fullest)["_at"]
    dropped = several.filter(~pl.col("_at").is_in(kept.implode()))["_at"]
    return marked.filter(~pl.col("_at").is_in(dropped.implode())).drop("_one", "_at")


def _with_keys(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """The columns in which exact duplicates agree, in the order of sorting."""
    first = ["object_id", "t_min_ms", "account_id"]
    aside = (*first, "text", "source", *_OF_LISTS)
    keys = [*first, *(name for name in frame.columns if name not in aside)]
    if "text" in frame.columns:
        frame = frame.with_columns(_text_key=pl.col("text").hash())
        keys.append("_text_key")
    return frame, keys


def sorted_rows(frame: pl.DataFrame, keys: list[str] | None = None) -> pl.DataFrame:
    """Rows in the order of their keys, of equal ones that of the earliest list first."""
    if keys is None:
        keyed, keys = _with_keys(frame)
        return sorted_rows(keyed, keys).drop("_text_key", strict=False)
    lists = [name for name in ("poll_ms", "rank", "list_count") if name in frame.columns]
    if not set(frame.columns) - set(keys):
        return sort_rows(frame, keys)
    last = [name in lists for name in (*keys, *lists)]
    return frame.sort(*keys, *lists, nulls_last=last)


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
    if old is None:
        return collect(batches, refusals, raw=raw)
    return collect(chain(old.batches(), batches), refusals, raw=raw, polls=old.polls)

"""The detector with thresholds on Spark, from tables that may be anywhere Spark can read.

Only the pairs that reach the minimum, and what their accounts did, come here; groups, evidence
and pictures are made of that as in memory.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl

from claqueur.detectors import (
    HotObject,
    Layer,
    chosen_actions,
    count_aside,
    on_object,
    require_times,
)
from claqueur.detectors.co_action import by_action
from claqueur.engines.actions import PairCounts
from claqueur.engines.hot import HOT
from claqueur.engines.spark.blocks import Counted, within
from claqueur.engines.spark.engine import SparkEngine
from claqueur.engines.spark.frames import SparkTable, coded_pairs
from claqueur.engines.spark.jobs import Jobs
from claqueur.errors import EngineError
from claqueur.model import ANY_ACTION, EVENT_IDS
from claqueur.out_of_core import Selected, selections
from claqueur.progress import Progress
from claqueur.refusals import Refusals
from claqueur.settings import CoAction, Scale
from claqueur.spill import BYTES_A_ROW, Spilled
from claqueur.store import Coded, Events, Totals, actions_of, decoded, sorted_rows

ELSEWHERE = 2**30
"""What the data of a task may take on other machines, of which nothing else is known."""


@dataclass
class OnSpark:
    """Events that Spark holds, each once (a ``Coded`` table).

    Attributes
    ----------
    names
        As those of :class:`~claqueur.store.Events`, of those rows alone that were brought here;
        of actions all. The last account, without an id, is everybody else.
    distinct
        How many ids of each kind there are in all rows.
    """

    table: SparkTable
    totals: Totals
    names: dict[str, pl.Series]
    distinct: dict[str, int]
    rows: pl.DataFrame = field(default_factory=pl.DataFrame)

    def __len__(self) -> int:
        return self.totals.rows

    @property
    def actions(self) -> list[str]:
        """The actions that occur (:func:`claqueur.store.actions_of`)."""
        return actions_of(self)

    def decoded(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Coded rows as people read them (:func:`claqueur.store.decoded`)."""
        return decoded(frame, self.names)

    def close(self) -> None:
        """Let Spark forget it."""
        self.table.jobs.drop()

    def bring(self, accounts: pl.Series) -> None:
        """Bring all rows of some accounts here, in codes and in order."""
        rows = self.table.of_accounts(accounts)
        codes = []
        for name in [name for name in EVENT_IDS if name in rows.columns]:
            known = self.names["action"] if name == "action" else rows[name].drop_nulls().unique()
            self.names[name] = known.sort()
            codes.append(pl.Series(name, within_or_null(rows[name], self.names[name])))
        others = pl.Series("account_id", [None], pl.String)
        self.names["account_id"] = pl.concat([self.names["account_id"], others])
        self.rows = sorted_rows(rows.with_columns(codes))


def within_or_null(ids: pl.Series, values: pl.Series) -> pl.Series:
    """The place of each id among the rising values; null where it is none of them."""
    return ids.cast(pl.Enum(values), strict=False).to_physical().cast(pl.UInt32)


@dataclass(frozen=True)
class Compared:
    """All that was compared in a layer, asked of Spark (an ``Everybody``)."""

    events: OnSpark
    table: SparkTable

    @cached_property
    def _counted(self) -> dict[str, int]:
        return self.table.counts()

    def counts(self) -> dict[str, int]:
        """Actions, accounts and objects."""
        return self._counted

    @cached_property
    def _steps(self) -> dict[int, pl.DataFrame]:
        return {}

    def by_time(self, step_ms: int) -> pl.DataFrame:
        """How many actions fall into each step of time."""
        if step_ms not in self._steps:
            self._steps[step_ms] = self.table.by_time(step_ms)
        return self._steps[step_ms]

    def on_objects(self, codes: Sequence[int]) -> Iterator[pl.DataFrame]:
        """All actions on each object; of accounts that are not here, as everybody else's."""
        if not codes:
            return
        rows = self.table.on_objects(self.events.names["object_id"].gather(list(set(codes))))
        # Those of one moment in the order of their accounts, also of such as have no code here.
        rows = rows.sort("object_id", "t_min_ms", "account_id")
        names = self.events.names["account_id"]
        account = within_or_null(rows["account_id"], names[:-1]).fill_null(len(names) - 1)
        object_ = within_or_null(rows["object_id"], self.events.names["object_id"])
        rows = rows.with_columns(account_id=account, object_id=object_)
        yield from (on_object(rows, code) for code in codes)


def layers(
    events: Events | Spilled | OnSpark,
    settings: CoAction,
    refusals: Refusals,
    engine: SparkEngine,
    *,
    scale: Scale,
    hot: int = HOT,
    n_groups: int = 0,
    progress: Progress,
) -> Iterator[Layer]:
    """One layer for each action (or all together) and window, as the detector gives in memory.

    Parameters
    ----------
    scale
        Its memory is shared by all tasks on this machine; where workers are elsewhere, it is what
        one of them may take.
    n_groups
        P of the block plan; chosen when 0.

    Raises
    ------
    SourceError
        If no event has an exact time.
    EngineError
        If Spark gave up, or cannot reach what is on this machine's disk.
    """
    jobs = Jobs(engine.session, progress)
    counting = _Counting(jobs, settings, task_bytes(jobs, scale), hot, n_groups)
    if isinstance(events, OnSpark):
        yield from _of_spark(events, settings, refusals, counting)
        return
    if not jobs.local:
        raise EngineError(
            "--engine spark: these events are on this machine's disk, which the workers at "
            f"{engine.where} do not share. Give Parquet files where they can read them (s3a://…, "
            "hdfs://…), use --master local[*], or leave out --engine spark"
        )
    scratch = events.scratch.folder if isinstance(events, Spilled) else None
    with tempfile.TemporaryDirectory(prefix="spark-", dir=scratch) as folder:
        yield from _of_disk(events, settings, refusals, counting, Path(folder))


def task_bytes(jobs: Jobs, scale: Scale) -> int:
    """What the data of one task may take: tasks on this machine share its budget."""
    if jobs.local:
        return max(scale.memory_bytes // jobs.cores, 1)
    return scale.memory_bytes if scale.memory else ELSEWHERE


def parts_on_spark(rows: int, memory_bytes: int, cores: int) -> int:
    """How many parts to cut a table into, so that a task has one of them in memory with ease."""
    return max(int(np.ceil(rows * BYTES_A_ROW / max(memory_bytes / 4, 1))), 2 * cores)


@dataclass(frozen=True)
class _Counting:
    """How pairs are counted; what one task may take, and the plan."""

    jobs: Jobs
    settings: CoAction
    memory_bytes: int
    hot: int
    n_groups: int

    @property
    def least(self) -> int:
        return self.settings.min_objects or 1

    def plan(self, rows: int) -> dict[str, int]:
        """Settings of the count of so many rows."""
        # Whole objects are in a part, however many act on one: a budget below cuts nothing.
        n_parts = min(parts_on_spark(rows, self.memory_bytes, self.jobs.cores), max(rows, 1))
        return {
            "n_parts": n_parts, "n_groups": self.n_groups, "hot": self.hot,
            "memory_bytes": self.memory_bytes,
        }  # fmt: skip


# Tables that Spark reads


def _of_spark(
    events: OnSpark, settings: CoAction, refusals: Refusals, counting: _Counting
) -> Iterator[Layer]:
    chosen = _chosen(events, settings, refusals)
    found = [
        (action, table, window_ms, table.pairs(window_ms, counting.least, **counting.plan(rows)))
        for action, table, rows in chosen
        for window_ms in settings.windows_ms
    ]
    # All layers have their codes from the same ids.
    events.bring(_accounts(counted for *_, counted in found))
    compared = {action: Compared(events, table) for action, table, _ in chosen}
    for action, _, window_ms, counted in found:
        yield Layer(
            action, window_ms, _rows(events, action, settings), events.names["account_id"],
            _pairs(counted, events.names["account_id"][:-1]), {}, compared=compared[action],
            hot=_hot(counted, None),
        )  # fmt: skip


def _chosen(
    events: OnSpark, settings: CoAction, refusals: Refusals
) -> list[tuple[str, SparkTable, int]]:
    """Each action, its exactly timed rows, and how many there are."""
    actions = chosen_actions(events.actions, settings.action)
    named = [(ANY_ACTION, actions)] if settings.across_actions else [(a, [a]) for a in actions]
    tables = [(action, events.table.of_actions(_only(events, own))) for action, own in named]
    known = [table.by_knowledge() for _, table in tables]
    for unknown, interval, _ in known:
        count_aside(refusals, unknown, interval)
    require_times(exact for *_, exact in known)
    return [
        (action, table.exact(), exact)
        for (action, table), (*_, exact) in zip(tables, known, strict=True)
    ]


def _only(events: OnSpark, actions: Sequence[str]) -> list[str | None] | None:
    """Values of the column that are meant; None where all are."""
    if set(actions) == set(events.actions):
        return None
    return [None if action == ANY_ACTION else action for action in actions]


def _rows(events: OnSpark, action: str, settings: CoAction) -> pl.DataFrame:
    """Those of an action, exactly timed, of what is here."""
    rows = events.rows.filter(pl.col("t_min_ms") == pl.col("t_max_ms"))
    asked = settings.action if settings.across_actions else (action,)
    only = _only(events, asked or events.actions)
    if only is None:
        return rows
    codes = [
        None if each is None else int(events.names["action"].search_sorted(each)) for each in only
    ]
    return rows.filter(pl.col("action").is_in(codes, nulls_equal=True))


def _accounts(found: Iterable[Counted]) -> pl.Series:
    """Everybody who is in a pair."""
    none = pl.Series("account_id", [], pl.String)
    ends = [counted.pairs[end].rename("account_id") for counted in found for end in ("a", "b")]
    return pl.concat([none, *ends]).unique().sort()


def _pairs(counted: Counted, accounts: pl.Series) -> pl.DataFrame:
    """Pairs in codes of the accounts, as kernels give them."""
    ends = [within(counted.pairs[end], accounts) for end in ("a", "b")]
    return _counts(counted, ends).table()


def _counts(counted: Counted, ends: list[np.ndarray]) -> PairCounts:
    tallies = [counted.pairs[name].to_numpy() for name in ("weight", "delta_ms", "a_first")]
    a, b = (end.astype(np.uint32) for end in ends)
    return PairCounts(a, b, *tallies)


def _hot(counted: Counted, objects: pl.Series | None) -> tuple[HotObject, ...]:
    """By name what was counted apart, by id or by code."""
    return tuple(
        HotObject(id_ if objects is None else objects[id_], most, counted.exact)
        for id_, most in counted.hot
    )


# Tables that are here


def _of_disk(
    events: Events | Spilled,
    settings: CoAction,
    refusals: Refusals,
    counting: _Counting,
    folder: Path,
) -> Iterator[Layer]:
    """Write what Spark needs, let it count, and go on with what is here."""
    columns = ["account_id", "object_id", "t_min_ms"]
    for number, (action, whole) in enumerate(_whole(events, settings, refusals)):
        files, rows = [], 0
        for part, frame in enumerate(_frames(whole, columns)):
            files.append(str(folder / f"actions-{number}-{part:04}.parquet"))
            frame.write_parquet(files[-1])
            rows += frame.height
        for window_ms in settings.windows_ms:
            counted = coded_pairs(
                counting.jobs, files, window_ms, counting.least, **counting.plan(rows)
            )
            counts = _counts(counted, [counted.pairs[end].to_numpy() for end in ("a", "b")])
            hot = _hot(counted, events.names["object_id"])
            yield _layer(action, window_ms, whole, events, counts, hot)


def _frames(whole: Selected | pl.DataFrame, columns: list[str]) -> Iterator[pl.DataFrame]:
    if isinstance(whole, Selected):
        yield from (whole.part(part, columns) for part in range(whole.events.n_parts))
    else:
        yield whole.select(columns)


def _whole(
    events: Events | Spilled, settings: CoAction, refusals: Refusals
) -> Iterable[tuple[str, Selected | pl.DataFrame]]:
    if isinstance(events, Spilled):
        return selections(events, settings, refusals)
    return by_action(events, settings, refusals)


def _layer(
    action: str,
    window_ms: int,
    whole: Selected | pl.DataFrame,
    events: Coded,
    counts: PairCounts,
    hot: tuple[HotObject, ...],
) -> Layer:
    names = events.names["account_id"]
    if not isinstance(whole, Selected):
        return Layer(action, window_ms, whole, names, counts.table(), {}, hot=hot)
    paired = np.zeros(len(names), bool)
    paired[counts.a], paired[counts.b] = True, True
    rows = whole.of_accounts(paired)
    return Layer(action, window_ms, rows, names, counts.table(), {}, compared=whole, hot=hot)

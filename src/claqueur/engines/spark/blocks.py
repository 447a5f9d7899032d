"""Pairs of a table that Spark holds: the same kernels over the same plan, in its tasks.

As on disk (:mod:`claqueur.engines.large`) parts hold whole objects and say who is near whom;
blocks hold all that is left of two groups of accounts, and their pairs are complete. Codes are
made in every task from the ids that it has, in the order of the ids.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pyarrow as pa

from claqueur.engines.actions import ROUNDS, Actions, PairCounts
from claqueur.engines.blocks import BYTES_AN_ACCOUNT, BYTES_AN_ACTION, Task
from claqueur.engines.counting import count_block
from claqueur.engines.engine import Local, using
from claqueur.engines.hot import HOT, Hot
from claqueur.engines.spark.jobs import Jobs
from claqueur.engines.spark.tasks import on_table
from claqueur.kernels.co_action import U32, events_by_account, in_company
from claqueur.kernels.hot import busiest_windows
from claqueur.packing import sort_rows
from claqueur.progress import SILENT, Progress

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

BYTES_OF_IDS = 100
"""What the ids of an action take in a block beside its codes, and on their way into it."""

_ACTION = ["object_", "t_ms", "account"]
_TALLIES = {"weight": pl.Int32, "delta_ms": pl.Int64, "a_first": pl.Int32}


@dataclass(frozen=True)
class Counted:
    """The pairs of a table, and what was counted apart.

    Attributes
    ----------
    pairs
        Columns ``a``, ``b`` (ids, a < b), ``weight``, ``delta_ms`` and ``a_first``, sorted by
        them.
    hot
        Ids of hot objects, rising, with the most actions within one window.
    exact
        Whether pairs that met on hot objects alone are there too.
    """

    pairs: pl.DataFrame
    hot: tuple[tuple[Any, int], ...] = ()
    exact: bool = True


def count_on_spark(
    frame: DataFrame,
    window_ms: int,
    min_objects: int,
    *,
    n_parts: int,
    n_groups: int = 0,
    hot: int = HOT,
    memory_bytes: int = 2**30,
    progress: Progress = SILENT,
) -> Counted:
    """Count co-actions of every pair of accounts, as ``count_pairs`` does in memory.

    What comes to the driver: the pairs that reach the minimum, or could with what they did on hot
    objects, and all actions on these.

    Parameters
    ----------
    frame
        Columns ``account`` and ``object_`` (both strings or both whole numbers) and ``t_ms``. A
        row that is there twice changes no pair, and counts twice for how hot its object is.
    n_parts
        Parts of whole objects; a task has one in memory.
    n_groups
        P of the plan; chosen from memory and cores when 0. The result is the same for every P.
    hot
        Actions within one window from which an object is counted apart.
    memory_bytes
        What the data of a block may take, in one task.
    """
    counting = _Counting(Jobs(frame.sparkSession, progress), frame, window_ms, min_objects)
    with counting.jobs.talking():
        try:
            return counting.run(n_parts, n_groups, hot, memory_bytes)
        finally:
            counting.jobs.drop()


class _Counting:
    def __init__(self, jobs: Jobs, frame: DataFrame, window_ms: int, min_objects: int) -> None:
        self.jobs = jobs
        self.frame = frame
        self.window_ms = window_ms
        self.min_objects = min_objects
        types = dict(frame.dtypes)
        self.ids = f"account {types['account']}, object_ {types['object_']}"

    def run(self, n_parts: int, n_groups: int, hot: int, memory_bytes: int) -> Counted:
        left = self.frame
        for _ in range(ROUNDS):
            near = self._near(left, n_parts, hot)
            enough = self._enough(near)
            left = near.join(enough, "account", "left_semi")
        enough = self.jobs.kept(enough)
        actions, accounts, busy = self._totals(enough)
        n_groups = n_groups or self._groups(actions, accounts, memory_bytes)
        blocks = n_groups * (n_groups + 1) // 2
        self.jobs.progress.note(
            f"plan: {actions:,} actions left after pruning, P = {n_groups} account groups, "
            f"{blocks} blocks; {n_groups * actions:,} actions are sent into blocks (P times)"
        )
        apart = self._apart(left, hot) if busy else None
        pairs = self._pairs(self._cold(left, apart), n_groups)
        if apart is None:
            return Counted(pairs.sort("a", "b"))
        return apart.together(pairs, self.window_ms, self.min_objects)

    def _near(self, rows: DataFrame, n_parts: int, hot: int) -> DataFrame:
        from pyspark.sql import functions as f

        part = f.pmod(f.xxhash64("object_"), f.lit(n_parts)).cast("int")
        schema = f"{self.ids}, t_ms bigint, first int, busy boolean"
        parts = tasks_for(rows.select(*_ACTION, part.alias("part")), "part", n_parts)
        work = on_table(Near(self.window_ms, hot), "pruning")
        return self.jobs.kept(parts.groupBy("part").applyInArrow(work, schema))

    def _enough(self, near: DataFrame) -> DataFrame:
        """Accounts with enough objects; of each pair of account and object one row is marked."""
        from pyspark.sql import functions as f

        tallied = near.groupBy("account").agg(
            f.sum("first").alias("objects"), f.count("*").alias("actions"),
            f.max("busy").alias("busy"),
        )  # fmt: skip
        return tallied.where(f.col("objects") >= self.min_objects)

    def _totals(self, enough: DataFrame) -> tuple[int, int, bool]:
        from pyspark.sql import functions as f

        asked = enough.agg(
            f.sum("actions").alias("actions"), f.count("*").alias("accounts"),
            f.max("busy").alias("busy"),
        )  # fmt: skip
        found = self.jobs.run("pruning on Spark", asked.toArrow).to_pylist()[0]
        return found["actions"] or 0, found["accounts"], bool(found["busy"])

    def _groups(self, actions: int, accounts: int, memory_bytes: int) -> int:
        """P: so many that a block fits, and that there are blocks for all cores."""
        whole = actions * (BYTES_AN_ACTION + BYTES_OF_IDS) + accounts * BYTES_AN_ACCOUNT
        fitting = 1 if whole <= memory_bytes else -(-2 * whole // memory_bytes)
        busy = int(np.ceil((np.sqrt(8 * self.jobs.cores + 1) - 1) / 2))
        return max(fitting, busy)

    def _apart(self, left: DataFrame, hot: int) -> Apart | None:
        """Actions on what may be hot come here, and those on what is hot stay."""
        rows = left.where("busy").select(*_ACTION)
        table = self.jobs.run("setting hot objects apart", rows.toArrow)
        return Apart.of(pl.DataFrame(table), self.window_ms, hot)

    def _cold(self, left: DataFrame, apart: Apart | None) -> DataFrame:
        from pyspark.sql import functions as f

        if apart is None:
            return left.select(*_ACTION, f.lit(0).alias("credit"))
        objects = self._small(pl.DataFrame({"object_": apart.objects}))
        credit = self._small(apart.credit())
        cold = left.join(f.broadcast(objects), "object_", "left_anti").join(
            credit, "account", "left"
        )
        return cold.select(*_ACTION, f.coalesce("credit", f.lit(0)).alias("credit"))

    def _small(self, frame: pl.DataFrame) -> DataFrame:
        return self.jobs.session.createDataFrame(plain(frame))

    def _pairs(self, cold: DataFrame, n_groups: int) -> pl.DataFrame:
        sent = cold.select("*", _group("account", n_groups).alias("group"))
        sent = sent.selectExpr("*", f"explode(sequence(0, {n_groups - 1})) as other")
        sent = sent.selectExpr(
            *_ACTION, "credit", "`group`",
            f"least(`group`, other) * {n_groups} + greatest(`group`, other) as task",
        )  # fmt: skip
        kind = dict(cold.dtypes)["account"]
        schema = f"a {kind}, b {kind}, weight int, delta_ms bigint, a_first int"
        work = on_table(Block(n_groups, self.window_ms, self.min_objects), "counting pairs")
        blocks = n_groups * (n_groups + 1) // 2
        asked = tasks_for(sent, "task", blocks).groupBy("task").applyInArrow(work, schema)
        return pl.DataFrame(self.jobs.run("counting pairs on Spark", asked.toArrow))


def tasks_for(frame: DataFrame, column: str, values: int) -> DataFrame:
    """Rows of one value in one task, and seldom two values in one while there are few.

    Left to itself Spark makes as many tasks as a setting of the session says, mostly 200, and a
    task that runs Python costs some hundredths of a second.
    """
    return frame.repartition(max(values, min(4 * values, 64)), column)


def _group(column: str, n_groups: int) -> Column:
    """Which group a value belongs to, by a hash."""
    from pyspark.sql import functions as f

    return f.pmod(f.xxhash64(column), f.lit(n_groups)).cast("int")


# On the driver, for hot objects


@dataclass(frozen=True)
class Apart:
    """Hot objects and what was done on them, with ids.

    Attributes
    ----------
    rows
        Columns ``account``, ``object_`` and ``t_ms``.
    objects, most
        The objects, rising, and the most actions within one window.
    """

    rows: pl.DataFrame
    objects: pl.Series
    most: tuple[int, ...]

    @classmethod
    def of(cls, rows: pl.DataFrame, window_ms: int, hot: int) -> Apart | None:
        """What is hot among rows with all that was done on their objects."""
        objects, code = dense(rows["object_"])
        ordered = sort_rows(pl.DataFrame({"object_": code, "t_ms": rows["t_ms"]}), _ACTION[:2])
        found, most = busiest_windows(
            ordered["object_"].to_numpy(), ordered["t_ms"].to_numpy(), window_ms
        )
        if not (most > hot).any():
            return None
        is_hot = pl.Series(np.isin(code, found[most > hot]))
        return cls(
            rows.filter(is_hot), objects.gather(found[most > hot]), tuple(most[most > hot].tolist())
        )

    def credit(self) -> pl.DataFrame:
        """On how many of them each account acted: columns ``account`` and ``credit``."""
        return self.rows.group_by("account").agg(credit=pl.col("object_").n_unique().cast(pl.Int32))

    def together(self, pairs: pl.DataFrame, window_ms: int, min_objects: int) -> Counted:
        """Pairs found in blocks with what they did here, and those that met here alone."""
        accounts, _ = dense(pl.concat([self.rows["account"], pairs["a"], pairs["b"].rename("a")]))
        codes = {
            "object_": within(self.rows["object_"], self.objects),
            "t_ms": self.rows["t_ms"],
            "account": within(self.rows["account"], accounts),
        }
        acts = _actions(pl.DataFrame(codes), len(accounts))
        hot = Hot.of(
            np.arange(len(self.objects), dtype=np.uint32), np.array(self.most, np.int64), acts
        )
        ends = within(pairs["a"], accounts), within(pairs["b"], accounts)
        tallies = [pairs[name].to_numpy() for name in _TALLIES]
        # As if blocks had given them in codes: in the order of the pairs.
        known = PairCounts.joined([(*ends, *tallies)])
        counts = hot.added(known, window_ms, min_objects)
        return Counted(
            _named(counts, accounts),
            tuple(zip(self.objects.to_list(), self.most, strict=True)),
            not hot.capped(window_ms, min_objects),
        )


# On workers


@dataclass(frozen=True)
class Near:
    """Keeps what has somebody else near it, in a part with all that was done on its objects."""

    window_ms: int
    hot: int

    def __call__(self, table: pa.Table) -> pa.Table:
        """Columns of the kernels, one row of each account and object marked, and busy objects."""
        accounts, objects, acts = _coded(pl.DataFrame(table))
        acts = acts.kept(in_company(acts.account, acts.object_, acts.t_ms, self.window_ms))
        found, most = busiest_windows(acts.object_, acts.t_ms, self.window_ms)
        return plain(
            pl.DataFrame(
                {
                    "account": accounts.gather(acts.account),
                    "object_": objects.gather(acts.object_),
                    "t_ms": acts.t_ms,
                    "first": _first(acts),
                    "busy": np.isin(acts.object_, found[most > self.hot]),
                }
            )
        )


def _first(acts: Actions) -> np.ndarray:
    """1 for one action of each account on each object, (n,) int32."""
    _, position = events_by_account(acts.account, acts.n_accounts)
    account, object_ = acts.account[position], acts.object_[position]
    changes = np.ones(len(acts), np.int32)
    changes[1:] = (account[1:] != account[:-1]) | (object_[1:] != object_[:-1])
    first = np.empty(len(acts), np.int32)
    first[position] = changes
    return first


@dataclass(frozen=True)
class Block:
    """Counts the pairs of one task of the plan."""

    n_groups: int
    window_ms: int
    min_objects: int

    def __call__(self, table: pa.Table) -> pa.Table:
        """The pairs, in ids."""
        rows = pl.DataFrame(table)
        del table
        p, q = divmod(int(rows["task"][0]), self.n_groups)
        accounts, _, acts = _coded(rows)
        one = rows.unique("account").sort("account")
        side = (one["group"] != p).cast(pl.UInt8).to_numpy()
        credit = one["credit"].to_numpy()
        del rows
        # As many tasks as cores run side by side already.
        with using(Local(threads=1)):
            found = count_block(
                acts, Task(None, side, cross=p != q), self.window_ms, self.min_objects, credit
            )
        return plain(_named(PairCounts.joined(found), accounts))


def _coded(rows: pl.DataFrame) -> tuple[pl.Series, pl.Series, Actions]:
    """Accounts, objects, and actions in codes."""
    accounts, account = dense(rows["account"])
    objects, object_ = dense(rows["object_"])
    codes = pl.DataFrame({"object_": object_, "t_ms": rows["t_ms"], "account": account})
    return accounts, objects, _actions(codes, len(accounts))


def _actions(codes: pl.DataFrame, n_accounts: int) -> Actions:
    rows = sort_rows(codes, _ACTION)
    return Actions(
        rows["account"].to_numpy(), rows["object_"].to_numpy(), rows["t_ms"].to_numpy(), n_accounts
    )


def _named(counts: PairCounts, accounts: pl.Series) -> pl.DataFrame:
    ends = {"a": accounts.gather(counts.a), "b": accounts.gather(counts.b)}
    tallies = dict(zip(_TALLIES, counts.columns()[2:], strict=True))
    return pl.DataFrame({**ends, **tallies})


def dense(ids: pl.Series) -> tuple[pl.Series, U32]:
    """The different ids, rising, and the place of each among them, (n,) uint32."""
    values = ids.unique().sort()
    return values, within(ids, values)


def within(ids: pl.Series, values: pl.Series) -> U32:
    """The place of each id among the rising values, which have them all, (n,) uint32."""
    if ids.dtype == pl.String:
        return ids.cast(pl.Enum(values)).to_physical().cast(pl.UInt32).to_numpy()
    place: U32 = np.searchsorted(values.to_numpy(), ids.to_numpy()).astype(np.uint32)
    return place


def plain(frame: pl.DataFrame) -> pa.Table:
    """Arrow as Spark takes it."""
    table = frame.to_arrow()
    kinds = [
        pa.string() if pa.types.is_large_string(each.type) or pa.types.is_string_view(each.type)
        else each.type
        for each in table.schema
    ]  # fmt: skip
    return table.cast(pa.schema(list(zip(table.column_names, kinds, strict=True))))

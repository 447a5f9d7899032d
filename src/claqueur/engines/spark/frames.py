"""Tables of events that Spark holds: read, put in order part by part, and asked for numbers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa

from claqueur.engines.spark.blocks import Counted, count_on_spark, plain, tasks_for
from claqueur.engines.spark.jobs import Jobs
from claqueur.engines.spark.tasks import on_batches, on_table
from claqueur.errors import SourceError

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

NOTE = "_note"
"""Column of remarks: a row that has one is none of the table's, and says what a task saw."""

FILE, ROW = "_file", "_row"
"""Where a row comes from: the file's name, and its place there from 0."""

_KINDS = {pa.int64(): "bigint", pa.int8(): "tinyint", pa.bool_(): "boolean"}

_SCHEME = re.compile(r"^([a-z][a-z0-9+.-]+):/+(?=[^/])")


def url_of(place: object) -> str:
    """A path as Spark takes it; paths of Python have lost one slash of a URL."""
    text = str(place)
    match = _SCHEME.match(text)
    if match is None or match[1] in ("file", "dbfs"):
        return text
    return f"{match[1]}://{text[match.end() :]}"


@dataclass(frozen=True)
class SparkTable:
    """A data frame and whoever runs its jobs."""

    jobs: Jobs
    frame: DataFrame

    @classmethod
    def parquet(cls, jobs: Jobs, places: Sequence[str]) -> SparkTable:
        """What lies at some places, with where each row comes from; columns in their order."""
        from pyspark.sql import functions as f

        # Pages with checksums are checked; without the option they would be taken as they come.
        reader = jobs.session.read.option("parquet.page.verify-checksum.enabled", "true")
        with jobs.talking():
            first, *others = [reader.parquet(place).dtypes for place in places]
            for place, theirs in zip(places[1:], others, strict=True):
                if sorted(theirs) != sorted(first):
                    raise SourceError(
                        f"{place}: has other columns than {places[0]}, or other types, and Spark "
                        "reads them as one table; write them alike, or leave out --engine spark"
                    )
            frame = reader.parquet(*places)
            # A whole number without a sign of 64 bits, which Spark has not.
            own: list[Column] = [
                f.col(f"`{name}`").cast("string").alias(name)
                if kind == "decimal(20,0)"
                else f.col(f"`{name}`")
                for name, kind in frame.dtypes
            ]
            where = [
                f.col("_metadata.file_name").alias(FILE), f.col("_metadata.row_index").alias(ROW)
            ]  # fmt: skip
            return cls(jobs, frame.select(*own, *where))

    @property
    def columns(self) -> list[str]:
        """Names of its own columns."""
        return [name for name in self.frame.columns if name not in (FILE, ROW)]

    def head(self, rows: int) -> pa.Table:
        """Its first rows."""
        return self.jobs.run("", self.frame.limit(rows).toArrow)

    def mapped(
        self,
        work: Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]],
        columns: Sequence[str],
        schema: pa.Schema,
        what: str,
    ) -> tuple[SparkTable, list[dict[str, Any]]]:
        """What work makes of every partition, kept, and its remarks.

        Parameters
        ----------
        columns
            Those that work is given.
        schema
            Of what it makes, with the column of remarks.
        """
        with self.jobs.talking():
            asked = self.frame.select(*(f"`{name}`" for name in [*columns, FILE, ROW]))
            made = asked.mapInArrow(on_batches(work, what), spark_schema(schema))
        return self._without_notes(made, f"{what} on Spark")

    def in_parts(
        self, work: Callable[[pa.Table], pa.Table], n_parts: int, schema: pa.Schema, what: str
    ) -> tuple[SparkTable, list[dict[str, Any]]]:
        """What work makes of every part that holds whole objects, kept, and its remarks."""
        from pyspark.sql import functions as f

        part = f.pmod(f.xxhash64("object_id"), f.lit(n_parts)).cast("int")
        with self.jobs.talking():
            parts = tasks_for(self.frame.withColumn("_part", part), "_part", n_parts)
            made = parts.groupBy("_part").applyInArrow(on_table(work, what), spark_schema(schema))
        return self._without_notes(made, f"{what} on Spark")

    def _without_notes(
        self, made: DataFrame, stage: str
    ) -> tuple[SparkTable, list[dict[str, Any]]]:
        kept = self.jobs.kept(made)
        asked = kept.where(f"{NOTE} is not null").select(NOTE)
        notes = [json.loads(each) for each in self.jobs.run(stage, asked.toArrow)[NOTE].to_pylist()]
        return SparkTable(self.jobs, kept.where(f"{NOTE} is null").drop(NOTE)), notes

    def distinct(self, names: Sequence[str]) -> dict[str, int]:
        """How many different values some columns have."""
        from pyspark.sql import functions as f

        asked = self.frame.agg(*(f.count_distinct(f.col(name)).alias(name) for name in names))
        found = self.jobs.run("counting accounts on Spark", asked.toArrow)
        return {name: int(found[name][0].as_py()) for name in names}

    def of_actions(self, actions: Sequence[str | None] | None) -> SparkTable:
        """The rows of some actions, None for rows that have none; all where None."""
        from pyspark.sql import functions as f

        if actions is None:
            return self
        chosen = f.col("action").isin([each for each in actions if each is not None])
        if None in actions:
            chosen = f.col("action").isNull() | chosen
        return SparkTable(self.jobs, self.frame.where(chosen))

    def exact(self) -> SparkTable:
        """The rows with an exact time."""
        return SparkTable(self.jobs, self.frame.where("t_min_ms = t_max_ms"))

    def by_knowledge(self) -> tuple[int, int, int]:
        """Rows without a time, with an interval only, and with an exact time."""
        asked = self.frame.selectExpr(
            "count(*) as rows", "count(t_min_ms) as timed",
            "count(case when t_min_ms = t_max_ms then 1 end) as exact",
        )  # fmt: skip
        found = self.jobs.run("", asked.toArrow).to_pylist()[0]
        return (
            found["rows"] - found["timed"], found["timed"] - found["exact"], found["exact"]
        )  # fmt: skip

    def counts(self) -> dict[str, int]:
        """Actions, accounts and objects."""
        asked = self.frame.selectExpr(
            "count(*) as events", "count(distinct account_id) as accounts",
            "count(distinct object_id) as objects",
        )  # fmt: skip
        found: dict[str, int] = self.jobs.run("", asked.toArrow).to_pylist()[0]
        return found

    def by_time(self, step_ms: int) -> pl.DataFrame:
        """How many actions fall into each step of time: columns ``step`` and ``actions``."""
        # Rounded down also before 1970.
        step = f"(t_min_ms - pmod(t_min_ms, {step_ms})) div {step_ms} as step"
        asked = self.frame.where("t_min_ms is not null").selectExpr(step)
        steps = asked.groupBy("step").count().withColumnRenamed("count", "actions")
        found = pl.DataFrame(self.jobs.run("", steps.toArrow))
        return found.cast({"step": pl.Int64, "actions": pl.UInt32})

    def on_objects(self, ids: pl.Series) -> pl.DataFrame:
        """Columns ``object_id``, ``account_id`` and ``t_min_ms`` of all actions on some objects."""
        from pyspark.sql import functions as f

        with self.jobs.talking():
            chosen = self.frame.where(f.col("object_id").isin(ids.to_list()))
            asked = chosen.select("object_id", "account_id", "t_min_ms")
        return pl.DataFrame(self.jobs.run("", asked.toArrow))

    def of_accounts(self, ids: pl.Series) -> pl.DataFrame:
        """All rows of some accounts, in any order."""
        with self.jobs.talking():
            wanted = self.jobs.session.createDataFrame(plain(pl.DataFrame({"account_id": ids})))
            asked = self.frame.join(wanted, "account_id", "left_semi").select(*self.frame.columns)
        return pl.DataFrame(self.jobs.run("reading what paired accounts did", asked.toArrow))

    def pairs(self, window_ms: int, min_objects: int, **settings: Any) -> Counted:
        """Pairs of accounts (:func:`~claqueur.engines.spark.blocks.count_on_spark`)."""
        asked = self.frame.selectExpr(
            "account_id as account", "object_id as object_", "t_min_ms as t_ms"
        )
        return count_on_spark(
            asked, window_ms, min_objects, progress=self.jobs.progress, **settings
        )


def coded_pairs(
    jobs: Jobs, files: Sequence[str], window_ms: int, min_objects: int, **settings: Any
) -> Counted:
    """Pairs of a table of codes in files that all workers reach.

    Parameters
    ----------
    files
        Parquet with the columns ``account_id``, ``object_id`` and ``t_min_ms``.
    """
    with jobs.talking():
        frame = jobs.session.read.parquet(*files)
    return SparkTable(jobs, frame).pairs(window_ms, min_objects, **settings)


def spark_schema(schema: pa.Schema) -> str:
    """The same columns as Spark writes them."""
    return ", ".join(f"`{each.name}` {_KINDS.get(each.type, 'string')}" for each in schema)

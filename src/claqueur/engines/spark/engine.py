"""The engine: one job for a piece of work, one task for an item or some in a row."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from threading import Event
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Any

from claqueur.engines.engine import Done, Item
from claqueur.engines.spark.faults import explained
from claqueur.engines.spark.lines import Line, line_to
from claqueur.engines.spark.session import started
from claqueur.engines.spark.tasks import SCHEMA, Shipped, on_worker, results
from claqueur.engines.spark.waiting import awaited
from claqueur.progress import Progress

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import SparkSession

TASKS = 4
"""Tasks a core at most: one costs some hundredths of a second, whatever is in it."""

FEW, SHORT = 16, 0.5
"""Of more items than this, those that so many seconds suffice for stay here: a job costs about as
much, and most pieces of small tables are done sooner than sent."""


class SparkEngine:
    """Runs work on the executors of a Spark session, which it never stops unless it made it.

    The function and everything it catches go to each executor once a job, as a broadcast; Spark
    Connect has none, so there they travel inside the plan, within its limit (128 MiB unless the
    server says otherwise). A task runs its items in one thread. Spark repeats a task that failed
    as often as ``spark.task.maxFailures`` says.

    Parameters
    ----------
    session
        A session of PySpark 4, classic or Connect, whose workers have the same Claqueur.
    """

    name = "spark"

    def __init__(self, session: SparkSession, *, own: bool = False) -> None:
        self.session = session
        self._own = own
        self._line: Line = line_to(session)

    @property
    def where(self) -> str:
        """The master, without anything secret."""
        return self._line.where

    def each(
        self,
        work: Callable[[Item], Done],
        items: Iterable[Item],
        progress: Progress,
        stop: Event | None = None,
    ) -> Iterator[Done]:
        """As :meth:`claqueur.engines.engine.Engine.each`; results come when all tasks are done.

        Raises
        ------
        EngineError
            If a task failed for good, or Spark is gone.
        """
        waiting = deque(items)
        begin, short = monotonic(), SHORT if len(waiting) > FEW else 0
        while waiting and monotonic() - begin < short:
            yield work(waiting.popleft())
            progress.advance()
        if waiting:
            yield from results(self._sent(work, list(waiting), progress, stop))

    def _sent(
        self, work: Any, items: list[Any], progress: Progress, stop: Event | None
    ) -> pa.Table:
        steps = _Steps(progress, len(items))

        def job() -> pa.Table:
            steps.tasks = min(len(items), TASKS * self._line.cores)
            held = self._line.ship(Shipped((work, items)))
            try:
                rows = self.session.range(0, len(items), 1, steps.tasks)
                return rows.mapInArrow(on_worker(held), SCHEMA).toArrow()
            finally:
                self._line.forget(held)

        try:
            with explained(f"Spark at {self.where}"):
                table = awaited(self._line, job, steps)
        finally:
            if stop is not None:
                stop.set()
        steps.all_done()
        return table

    def close(self) -> None:
        """Stop the session if the engine made it."""
        if self._own:
            self.session.stop()

    def __enter__(self) -> SparkEngine:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class _Steps:
    """Tells of items where Spark counts tasks."""

    def __init__(self, progress: Progress, items: int) -> None:
        self.progress, self.items, self.tasks = progress, items, items
        self._shown = 0

    def __call__(self, finished: int) -> None:
        known = min(finished, self.tasks) * self.items // self.tasks
        if known > self._shown:
            self.progress.advance(known - self._shown)
            self._shown = known

    def all_done(self) -> None:
        self.progress.advance(self.items - self._shown)


def spark_engine(
    session: SparkSession | None = None, *, master: str = "", memory: int = 0
) -> SparkEngine:
    """An engine for :func:`claqueur.detect` and :func:`claqueur.run_case`; close it after use.

    >>> with claqueur.spark_engine(master="local[2]") as engine:  # doctest: +SKIP
    ...     claqueur.detect("likes.parquet", engine=engine)

    Parameters
    ----------
    session
        A session of yours, classic or Connect, which stays open.
    master
        Without a session: the URL of a master (``spark://…``, ``yarn``, ``k8s://…``), of a Spark
        Connect server (``sc://…``) or ``local[N]``; when empty the session there is, else
        ``local[*]``.
    memory
        Bytes for Java, which passes data on, where it is started here; some when 0.

    Raises
    ------
    EngineError
        If there is no pyspark, no Java, or nobody answers.
    """
    if session is not None:
        return SparkEngine(session)
    found, own = started(master, memory)
    return SparkEngine(found, own=own)

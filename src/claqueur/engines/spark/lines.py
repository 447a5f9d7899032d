"""How a session is talked to: a classic one through Java, one of Spark Connect by messages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, cast

from claqueur.engines.spark.tasks import Shipped
from claqueur.settings import public_master

if TYPE_CHECKING:
    from pyspark.sql import SparkSession
    from pyspark.sql.connect.shell.progress import ProgressHandler


class Line(Protocol):
    """What the engine needs of a session beyond data frames."""

    @property
    def where(self) -> str:
        """The master, without anything secret."""

    @property
    def cores(self) -> int:
        """Tasks that may run side by side."""

    def ship(self, what: Shipped) -> Callable[[], Any]:
        """Something that gives what was shipped, on a worker."""

    def forget(self, held: Callable[[], Any]) -> None:
        """It is needed no more."""

    @contextmanager
    def tagged(self, tag: str) -> Iterator[None]:
        """Jobs that this thread starts inside bear the tag."""

    def finished(self, tag: str) -> int:
        """Tasks of the tag's jobs that are done so far."""

    def cancel(self, tag: str) -> None:
        """Stop the tag's jobs, and what runs of them."""


def line_to(session: SparkSession) -> Line:
    """The line to a session."""
    remote = type(session).__module__.startswith("pyspark.sql.connect")
    return Remote(session) if remote else Classic(session)


class _Broadcast:
    """What a broadcast holds; a worker opens it once for all its tasks."""

    def __init__(self, broadcast: Any) -> None:
        self.broadcast = broadcast

    def __call__(self) -> Any:
        return self.broadcast.value


class Classic:
    """A session whose Java process is on this machine."""

    def __init__(self, session: SparkSession) -> None:
        self.context = session.sparkContext

    @property
    def where(self) -> str:
        """As Spark has it."""
        return public_master(str(self.context.master))

    @property
    def cores(self) -> int:
        """As Spark counts them now."""
        return int(self.context.defaultParallelism)

    def ship(self, what: Shipped) -> Callable[[], Any]:
        """As a broadcast, which every executor fetches once."""
        return _Broadcast(self.context.broadcast(what))

    def forget(self, held: Callable[[], Any]) -> None:
        """Remove it everywhere, from disks too."""
        if isinstance(held, _Broadcast):
            held.broadcast.destroy()

    @contextmanager
    def tagged(self, tag: str) -> Iterator[None]:
        """By a job group; Python workers of a cancelled one are ended."""
        self.context.setJobGroup(tag, "claqueur", interruptOnCancel=True)
        yield

    def finished(self, tag: str) -> int:
        """From the status Spark keeps of recent jobs."""
        tracker = self.context.statusTracker()
        jobs = [tracker.getJobInfo(job) for job in tracker.getJobIdsForGroup(tag)]
        stages = [tracker.getStageInfo(stage) for job in jobs if job for stage in job.stageIds]
        return sum(int(stage.numCompletedTasks) for stage in stages if stage)

    def cancel(self, tag: str) -> None:
        """By its group."""
        self.context.cancelJobGroup(tag)


class _Held:
    """What travels inside the plan; opened by each task."""

    def __init__(self, what: Shipped) -> None:
        self.what = what

    def __call__(self) -> Any:
        return self.what


class Remote:
    """A session of Spark Connect."""

    cores = 8
    """It does not say how many the cluster has: enough for the parts of an analysis."""

    def __init__(self, session: SparkSession) -> None:
        self.session = session
        self.where = f"sc://{session.client.host}"
        self._finished = 0

    def ship(self, what: Shipped) -> Callable[[], Any]:
        """Inside the plan."""
        return _Held(what)

    def forget(self, held: Callable[[], Any]) -> None:
        """Gone with the plan."""

    @contextmanager
    def tagged(self, tag: str) -> Iterator[None]:
        """By an operation tag; the server reports how far its stages are."""
        self._finished = 0
        self.session.addTag(tag)
        self.session.registerProgressHandler(cast("ProgressHandler", self._told))
        try:
            yield
        finally:
            self.session.removeProgressHandler(cast("ProgressHandler", self._told))
            self.session.removeTag(tag)

    def _told(self, stages: Any, inflight_tasks: int, operation_id: str | None, done: bool) -> None:
        self._finished = sum(stage.num_completed_tasks for stage in stages or ())

    def finished(self, tag: str) -> int:
        """As the server told last; jobs of an engine run one after another."""
        return self._finished

    def cancel(self, tag: str) -> None:
        """By its tag."""
        self.session.interruptTag(tag)

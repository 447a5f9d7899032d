"""Jobs on data frames: run in a thread, so that Ctrl-C is heard, and named in what fails."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from claqueur.engines.spark.faults import explained, quiet
from claqueur.engines.spark.lines import line_to
from claqueur.engines.spark.waiting import awaited
from claqueur.errors import SourceError
from claqueur.progress import Progress

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

Made = TypeVar("Made")

_DAMAGED = re.compile(
    r"(?:reading file|footer for file:?|of file|Not a Parquet file:?)\s+"
    r"(?:Optional\[)?'?\"?([\w+.-]+:/[^\s'\"\]]+)"
)
_MISSING = re.compile(r"PATH_NOT_FOUND\S*\s+Path does not exist: (\S+?)\.?(?:\s|$)")
_NANOS = re.compile(r"Illegal Parquet type: INT64 \(TIMESTAMP\(NANOS")


class Jobs:
    """Whoever runs jobs of a session.

    Parameters
    ----------
    session
        Classic or Connect; data frames alone are used, so either serves.
    """

    def __init__(self, session: SparkSession, progress: Progress) -> None:
        self.session = session
        self.progress = progress
        self._line = line_to(session)
        self._kept: list[DataFrame] = []

    @property
    def cores(self) -> int:
        """Tasks that may run side by side."""
        return self._line.cores

    @property
    def local(self) -> bool:
        """Whether tasks run on this machine, and so read its disk."""
        return self._line.where.startswith("local")

    @contextmanager
    def talking(self) -> Iterator[None]:
        """Say what fails inside in our words.

        Raises
        ------
        SourceError
            If a file that Spark reads is damaged or missing.
        EngineError
            If a task failed for good, or Spark is gone.
        """
        with explained(f"Spark at {self._line.where}"), quiet():
            try:
                yield
            except Exception as error:
                _name_file(str(error))
                raise

    def run(self, stage: str, action: Callable[[], Made]) -> Made:
        """What a job gives; it is cancelled on Ctrl-C. Raises as :meth:`talking`."""
        if stage:
            self.progress.stage(stage)
        with self.talking():
            return awaited(self._line, action)

    def kept(self, frame: DataFrame) -> DataFrame:
        """The frame, computed once; on disks of executors, where it does not fight for memory."""
        from pyspark import StorageLevel

        made = frame.persist(StorageLevel.DISK_ONLY)
        self._kept.append(made)
        return made

    def mark(self) -> int:
        """How much is kept so far."""
        return len(self._kept)

    def drop(self, mark: int = 0) -> None:
        """Forget what was kept since the mark."""
        while len(self._kept) > mark:
            self._kept.pop().unpersist()


def _name_file(text: str) -> None:
    """Say which file it was, where Spark says so."""
    if match := _MISSING.search(text):
        raise SourceError(f"{match[1]}: no such file for Spark; check the path") from None
    if _NANOS.search(text):
        raise SourceError(
            "Spark reads no Parquet timestamps in nanoseconds; write the table again in "
            "microseconds (pandas: coerce_timestamps='us'), or leave out --engine spark"
        ) from None
    if "UNABLE_TO_INFER_SCHEMA" in text:
        raise SourceError("there is no Parquet in what Spark was given; check the path") from None
    if "FAILED_READ_FILE" in text or "is not a Parquet file" in text:
        match = _DAMAGED.search(text)
        file = match[1].rstrip(".") if match else "a partition"
        raise SourceError(f"{file}: is damaged or no Parquet; write or fetch it again") from None

"""Which engine runs heavy work: this machine's cores, or one that was put in force.

Work is a function and items; whoever has some hands it to :func:`spread`, and knows no engine.
Work whose data would cost more to send than the work itself stays with
:func:`claqueur.engines.local.side_by_side`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from threading import Event
from typing import Any, Protocol, TypeVar

from claqueur.progress import Progress

Item = TypeVar("Item")
Done = TypeVar("Done")


class Engine(Protocol):
    """Something that runs work on many items."""

    @property
    def name(self) -> str:
        """What it is called in settings and in ``run.json``."""

    @property
    def where(self) -> str:
        """Where it is, without anything secret; empty for this machine."""

    def each(
        self,
        work: Callable[[Item], Done],
        items: Iterable[Item],
        progress: Progress,
        stop: Event | None = None,
    ) -> Iterator[Done]:
        """Results in the order of the items; on an interrupt what has not begun is dropped.

        Parameters
        ----------
        stop
            Set at the end, so that long work still under way can give up.
        """


class Stop(Event):
    """An event that may be sent elsewhere with the work; nobody can set it there."""

    def __reduce__(self) -> tuple[Any, ...]:
        return Stop, ()


@dataclass(frozen=True)
class Local:
    """The cores of this machine, in threads.

    Attributes
    ----------
    threads
        How many; one for every core when 0.
    """

    threads: int = 0
    name: str = "local"
    where: str = ""

    def each(
        self,
        work: Callable[[Item], Done],
        items: Iterable[Item],
        progress: Progress,
        stop: Event | None = None,
    ) -> Iterator[Done]:
        """As :meth:`Engine.each`."""
        pool = ThreadPoolExecutor(max_workers=self.threads or os.cpu_count() or 1)
        try:
            for result in pool.map(work, items):
                progress.advance()
                yield result
        finally:
            if stop is not None:
                stop.set()
            pool.shutdown(cancel_futures=True)


LOCAL = Local()
# New threads and the workers of Spark begin with the default: nothing nests.
_IN_FORCE: ContextVar[Engine] = ContextVar("engine", default=LOCAL)


def in_force() -> Engine:
    """The engine in force here."""
    return _IN_FORCE.get()


def here() -> Local:
    """The cores of this machine, as many as the engine in force allows."""
    engine = in_force()
    return engine if isinstance(engine, Local) else LOCAL


@contextmanager
def using(engine: Engine) -> Iterator[None]:
    """Put an engine in force inside."""
    token = _IN_FORCE.set(engine)
    try:
        yield
    finally:
        _IN_FORCE.reset(token)


def spread(
    work: Callable[[Item], Done],
    items: Iterable[Item],
    progress: Progress,
    stop: Stop | None = None,
) -> Iterator[Done]:
    """Results in the order of the items, from the engine in force (:meth:`Engine.each`).

    The work may run elsewhere: it and what it catches are pickled then, with nobody to report to.
    """
    return in_force().each(work, items, progress, stop)

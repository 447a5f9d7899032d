"""From settings to the engine that is in force."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from claqueur.engines.engine import LOCAL, Engine, using
from claqueur.memory import budgeted
from claqueur.progress import Progress
from claqueur.settings import Scale


@contextmanager
def running(scale: Scale, given: Engine | None, progress: Progress) -> Iterator[None]:
    """Put the engine in force inside: the one given, else that of the settings.

    Raises
    ------
    EngineError
        If it cannot be had; before anything that takes long.
    """
    with budgeted(scale.memory_bytes), _in_force(scale, given, progress) as engine, using(engine):
        yield


@contextmanager
def _in_force(scale: Scale, given: Engine | None, progress: Progress) -> Iterator[Engine]:
    if given is not None or scale.engine == LOCAL.name:
        yield given or LOCAL
        return
    # Loaded here: it is another's home, and everything else works without it.
    from claqueur.engines.spark import spark_engine

    progress.stage("starting Spark")
    with spark_engine(master=scale.master, memory=scale.memory_bytes) as engine:
        progress.note(f"Spark runs the heavy work, at {engine.where}: data are sent there")
        yield engine

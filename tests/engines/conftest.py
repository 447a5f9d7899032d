"""One Spark session for all tests of engines: starting Java takes seconds."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from claqueur.engines.spark import SparkEngine, spark_engine


@pytest.fixture(scope="session")
def java() -> None:
    """Java is no part of Python: without it what needs it is skipped, loudly."""
    pytest.importorskip("pyspark", reason="needs pyspark; SPARK NOT TESTED HERE")
    if not shutil.which("java"):
        pytest.skip("needs Java 17 or newer (openjdk-17-jre-headless); SPARK NOT TESTED HERE")


@pytest.fixture(scope="session")
def engine(java: None) -> Iterator[SparkEngine]:
    """The engine on a session of its own, two tasks side by side."""
    with spark_engine(master="local[2]", memory=2 * 10**9) as made:
        made.session.conf.set("spark.sql.shuffle.partitions", "4")
        yield made


@pytest.fixture(scope="session")
def spark(engine: SparkEngine):
    """That session."""
    return engine.session


@dataclass
class Heard:
    """Progress that remembers what it was told."""

    stages: list[str] = field(default_factory=list)
    steps: int = 0
    notes: list[str] = field(default_factory=list)

    def stage(self, name: str, total: int | None = None) -> None:
        self.stages.append(name)

    def advance(self, steps: int = 1) -> None:
        self.steps += steps

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.fixture
def heard() -> Heard:
    return Heard()

"""Sessions made here: quiet, and for a local master bound to this machine alone."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import current_thread, main_thread
from typing import TYPE_CHECKING

from claqueur.engines.spark.faults import NO_PYSPARK, explained, quiet
from claqueur.errors import EngineError
from claqueur.memory import machine_bytes
from claqueur.settings import public_master

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

JAVA = 17
"""The oldest Java that Spark 4 runs on."""

ATTEMPTS = 4
"""Times a local task is tried, as often as clusters do unless told otherwise."""

ONE_THREAD = (
    "POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS", "RAYON_NUM_THREADS",
)  # fmt: skip
"""Pools of libraries that would be as wide as the machine in every worker."""

_LOCAL = re.compile(r"local(?:\[(\d+|\*)\])?")


def started(master: str, memory: int = 0) -> tuple[SparkSession, bool]:
    """A session at a master, and whether it was made here.

    Parameters
    ----------
    master
        Where it is empty, the session that is active already, else ``local[*]``.
    memory
        Bytes for a Java process started here; some when 0.

    Raises
    ------
    EngineError
        If there is no pyspark or no Java, or nobody answers.
    """
    try:
        from pyspark.sql import SparkSession
    except ModuleNotFoundError:
        raise EngineError(NO_PYSPARK) from None
    active = _active()
    if active is not None and not master:
        return active, False
    master = master or "local[*]"
    if active is not None:
        raise EngineError(
            f"--master {master}: a Spark session is running in this program already, and there "
            "can be only one; hand it over (claqueur.spark_engine(session)) or stop it first"
        )
    with explained(f"Spark at {public_master(master)}", "--master"), quiet(), _own_interrupt():
        if master.startswith("sc://"):
            return SparkSession.builder.remote(master).getOrCreate(), True
        _check_java()
        return _classic(master, memory), True


def _active() -> SparkSession | None:
    """The session of this program, also where Java has lost sight of it after an interrupt."""
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    known = SparkContext._active_spark_context is not None
    return SparkSession.getActiveSession() or (
        SparkSession.builder.getOrCreate() if known else None
    )


def _classic(master: str, memory: int) -> SparkSession:
    from pyspark import SparkConf, SparkContext
    from pyspark.java_gateway import launch_gateway
    from pyspark.sql import SparkSession

    local = _LOCAL.fullmatch(master)
    settings = {
        "spark.app.name": "claqueur",
        "spark.master": f"local[{local[1] or 1},{ATTEMPTS}]" if local else master,
        "spark.driver.memory": f"{max((memory or machine_bytes() // 2) // 2**21, 1024)}m",
        # Results are as large as they are; a limit would only end the run.
        "spark.driver.maxResultSize": "0",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        **{f"spark.executorEnv.{name}": "1" for name in ONE_THREAD},
        **(_at_home() if local else {}),
    }
    conf = SparkConf(loadDefaults=False)
    conf.setAll(list(settings.items()))
    with _environment(local is not None):
        gateway = SparkContext._gateway
        if gateway is None:
            # Java keeps this for its warnings; the terminal is for progress.
            with tempfile.TemporaryFile() as log:
                gateway = launch_gateway(  # type: ignore[no-untyped-call]
                    conf, {"stdout": log, "stderr": log}
                )
        java = SparkConf(loadDefaults=True, _jvm=gateway.jvm)
        java.setAll(list(settings.items()))
        SparkContext(conf=java, gateway=gateway)
        return SparkSession.builder.getOrCreate()


def _at_home() -> dict[str, str]:
    """Of a master on this machine: nobody else can reach it, and its files go where ours do."""
    return {
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.local.dir": tempfile.gettempdir(),
    }


@contextmanager
def _environment(local: bool) -> Iterator[None]:
    """Workers on this machine run the same Python, and nobody asks for the machine's name."""
    own = {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"} if local else {}
    before = {name: os.environ.get(name) for name in own}
    os.environ.update(own)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _own_interrupt() -> Iterator[None]:
    """Keep what Ctrl-C does: Spark would put its own in place."""
    if current_thread() is not main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _check_java() -> None:
    home = os.environ.get("JAVA_HOME")
    program = str(Path(home) / "bin" / "java") if home else shutil.which("java") or ""
    try:
        # The very program that Spark is about to start.
        said = subprocess.run(  # noqa: S603
            [program, "-version"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        where = f"in JAVA_HOME ({home})" if home else "on this machine"
        raise EngineError(f"--engine spark: there is no Java {where}; {_NEEDED}") from None
    version = re.search(r'version "(?:1\.)?(\d+)', said.stderr + said.stdout)
    if version and int(version[1]) < JAVA:
        raise EngineError(f"--engine spark: Java here is of version {version[1]}; {_NEEDED}")


_NEEDED = (
    f"Spark needs Java {JAVA} or newer: install one (for example `apt-get install "
    "openjdk-17-jre-headless`), or leave out --engine spark; everything works without it, on this "
    "machine"
)

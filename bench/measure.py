"""Running a program and measuring it from outside: wall time, CPU time, peak memory."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Measure:
    """One run: seconds of wall and CPU time, peak resident memory in GB."""

    wall_s: float
    cpu_s: float
    peak_gb: float


def measure(command: Sequence[str], before: Callable[[], None] = lambda: None) -> Measure:
    """Run a program once, with what it prints thrown away."""
    before()
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begin
    if status:
        sys.exit(f"{' '.join(command)} failed:\n{errors.decode()[-2000:]}")
    return Measure(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1e6)


def median(runs: Sequence[Measure]) -> Measure:
    """The median of each number."""
    return Measure(
        *(
            statistics.median(getattr(run, name) for run in runs)
            for name in ("wall_s", "cpu_s", "peak_gb")
        )
    )

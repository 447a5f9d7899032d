"""Showing progress: a Rich bar on a terminal, plain lines elsewhere, a log when asked.

Nothing shown or logged here carries an account id or a token.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.progress import (
    Progress as RichProgress,
)

from claqueur.errors import InputError

log = logging.getLogger("claqueur")


class Reporter:
    """Progress on standard error, to be used as a context."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._bar = RichProgress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task: TaskID | None = None
        self._name = ""
        self._begin = 0.0

    def __enter__(self) -> Reporter:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end_stage()
        self._bar.stop()

    def stage(self, name: str, total: int | None = None) -> None:
        """Begin a stage."""
        self._end_stage()
        self._name, self._begin = name, time.perf_counter()
        self._task = self._bar.add_task(name, total=total)
        if not self._console.is_terminal:
            self._console.print(f"{name} …", soft_wrap=True, markup=False)
        log.info("stage: %s", name)

    def advance(self, steps: int = 1) -> None:
        """Move the bar."""
        if self._task is not None:
            self._bar.advance(self._task, steps)

    def note(self, text: str) -> None:
        """Show a line that stays."""
        self._console.print(f"  {text}", soft_wrap=True, markup=False)
        log.info("%s", text)

    def _end_stage(self) -> None:
        if self._task is not None:
            log.debug("%s took %.2f s", self._name, time.perf_counter() - self._begin)
            self._bar.remove_task(self._task)
            self._task = None


@contextmanager
def reporting(verbose: bool, log_file: Path | None) -> Iterator[Reporter]:
    """Progress and log of one command.

    Raises
    ------
    InputError
        If the log cannot be written.
    """
    try:
        start_log(verbose, log_file)
    except OSError as error:
        raise InputError(f"--log-file {log_file}: cannot be written ({error.strerror})") from None
    with Reporter() as reporter:
        yield reporter


def start_log(verbose: bool, path: Path | None) -> None:
    """Log to a file, and with ``verbose`` to standard error."""
    log.setLevel(logging.DEBUG)
    log.propagate = False
    form = logging.Formatter("%(asctime)s %(levelname)s %(message)s")
    handlers: list[logging.Handler] = []
    if path is not None:
        handlers.append(logging.FileHandler(path, encoding="utf-8"))
    if verbose:
        screen = logging.StreamHandler(sys.stderr)
        # Stages and notes are on the screen already.
        screen.addFilter(lambda record: record.levelno != logging.INFO)
        handlers.append(screen)
    for handler in handlers or [logging.NullHandler()]:
        handler.setFormatter(form)
        log.addHandler(handler)

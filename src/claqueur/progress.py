"""Telling how far long work has come, without knowing who is watching."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Somebody who is told how the work goes: a terminal, a log, a web page."""

    def stage(self, name: str, total: int | None = None) -> None:
        """A new stage begins; ``total`` steps where they can be counted."""

    def advance(self, steps: int = 1) -> None:
        """So many more steps of the stage are done."""

    def note(self, text: str) -> None:
        """Something worth reading, such as rows that were refused."""


class Silent:
    """Nobody is watching."""

    def stage(self, name: str, total: int | None = None) -> None:
        """Say nothing."""

    def advance(self, steps: int = 1) -> None:
        """Say nothing."""

    def note(self, text: str) -> None:
        """Say nothing."""


SILENT = Silent()

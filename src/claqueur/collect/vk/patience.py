"""How long to wait for what passes: a platform in trouble, a network that is gone."""

from __future__ import annotations

from dataclasses import dataclass

from claqueur.collect.vk.clock import Clock
from claqueur.collect.vk.faults import TOO_FAST, Fault
from claqueur.errors import RunError
from claqueur.progress import Progress


@dataclass(frozen=True)
class Patience:
    """When to ask again, and when to give up.

    Attributes
    ----------
    network_s
        How long there may be no usable answer at all.
    tries
        How often a call is asked again that VK answers with trouble.
    answer_s
        How long one answer may take.
    first_s, longest_s
        The first pause, doubled each time, and the longest.
    """

    network_s: float = 12 * 3600.0
    tries: int = 5
    answer_s: float = 60.0
    first_s: float = 1.0
    longest_s: float = 300.0


class Waits:
    """The pauses of one request."""

    def __init__(self, patience: Patience, clock: Clock, progress: Progress, where: str) -> None:
        self._patience, self._clock, self._progress = patience, clock, progress
        self._where, self._begin = where, clock.monotonic()
        self._next_s, self._tries, self._told = patience.first_s, 0, False

    def pause(self, why: str, fault: Fault | None, after_s: float) -> bool:
        """Wait before asking again; False where a call has met with trouble often enough.

        Raises
        ------
        RunError
            If there was no usable answer for too long.
        """
        self._tries += fault is not None
        if fault and self._tries > self._patience.tries:
            self._too_fast(fault)
            return False
        gone = self._clock.monotonic() - self._begin
        if not fault and gone > self._patience.network_s:
            raise RunError(
                f"{self._where}: no usable answer for {_long(gone)} ({why}). Everything received "
                "until now is kept; start the same command again when the network is back"
            )
        seconds = max(self._next_s, after_s)
        self._next_s = min(self._next_s * 2, self._patience.longest_s)
        self._tell(why, fault, seconds)
        self._clock.pause(seconds)
        return True

    def _too_fast(self, fault: Fault) -> None:
        if fault.code in TOO_FAST:
            raise RunError(
                f"{self._where}: says again and again that requests come too fast, though no more "
                "are sent than it allows; is the token used elsewhere at the same time? "
                "Everything received until now is kept; the same command goes on from there"
            )

    def _tell(self, why: str, fault: Fault | None, seconds: float) -> None:
        """Say once that it waits, and again whenever a pause is long."""
        if self._told and seconds < self._patience.longest_s:
            return
        until = "" if fault else f", for up to {_long(self._patience.network_s)} in all"
        self._progress.note(f"{self._where}: {why}; asking again in {seconds:.0f} s{until}")
        self._told = True


def _long(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} seconds"
    if seconds < 7200:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.0f} hours"

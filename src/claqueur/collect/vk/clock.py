"""Time for a collector: one that never runs backwards, and one that a test server sets.

Readings become intervals, so a moment written down must never lie before an earlier one. The
wall clock may be set; waiting goes by the monotonic one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from claqueur.errors import RunError

SIMULATED, SERVER_TIME = "x-claqueur-simulated", "x-claqueur-time"
"""Headers of our test server: that its world is simulated, and what time it is there."""

_CHUNK_S = 30.0
_LOOK_S = 0.25
_STEP_MS = 2_000


class Clock(Protocol):
    """Moments to write down, and waiting."""

    def now_ms(self) -> int:
        """The moment, milliseconds UTC; never before an earlier one."""

    def monotonic(self) -> float:
        """Seconds of a clock that nobody sets."""

    def pause(self, seconds: float) -> None:
        """Wait so many real seconds."""

    def wait_until(self, moment_ms: int) -> None:
        """Wait until :meth:`now_ms` has reached a moment."""

    def heard(self, headers: Mapping[str, str]) -> int:
        """The moment of an answer that has just come in with these headers."""


class WallClock:
    """The computer's clock, held against the monotonic one.

    Set forward (or woken from sleep), it is followed. Set back, the earlier course goes on, and
    ``on_step`` is told: intervals then keep their order and their lengths.

    Parameters
    ----------
    not_before_ms
        The last moment already written down.
    on_step
        Told by how many milliseconds the clock was found to have been set back (negative) or
        forward.
    """

    def __init__(
        self,
        not_before_ms: int = 0,
        on_step: Callable[[int], None] | None = None,
        *,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._wall, self._monotonic, self._pause = wall, monotonic, pause
        self._on_step = on_step or (lambda _: None)
        self._begin_s, self._begin_ms = monotonic(), round(wall() * 1000)
        self._off_ms = 0
        if self._begin_ms < not_before_ms:
            self._off_ms = self._begin_ms - not_before_ms
            self._begin_ms = not_before_ms
            self._on_step(self._off_ms)

    def now_ms(self) -> int:
        """The moment; a clock that was set is noticed here."""
        ours = self._begin_ms + round((self._monotonic() - self._begin_s) * 1000)
        wall = round(self._wall() * 1000)
        step = wall - ours - self._off_ms
        if abs(step) < _STEP_MS:
            return ours
        self._on_step(step)
        if wall > ours:
            self._begin_s, self._begin_ms, self._off_ms = self._monotonic(), wall, 0
            return wall
        self._off_ms = wall - ours
        return ours

    def monotonic(self) -> float:
        """Seconds of the monotonic clock."""
        return self._monotonic()

    def pause(self, seconds: float) -> None:
        """Sleep."""
        self._pause(max(seconds, 0))

    def wait_until(self, moment_ms: int) -> None:
        """Sleep in short naps, so that a clock set forward or a woken computer is noticed."""
        while (rest := (moment_ms - self.now_ms()) / 1000) > 0:
            self._pause(min(rest, _CHUNK_S))

    def heard(self, headers: Mapping[str, str]) -> int:
        """The moment; headers are not asked."""
        return self.now_ms()


class ServerClock:
    """The time of a simulated world, as the test server says it with every answer.

    Between answers it goes on at the pace seen so far.

    Attributes
    ----------
    look
        Asks the test server what time it is, and tells :meth:`heard`; set by the client.
    """

    def __init__(
        self,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._monotonic, self._pause = monotonic, pause
        self.look: Callable[[], None] = lambda: None
        self._first: tuple[float, int] | None = None
        self._last: tuple[float, int] | None = None

    @property
    def _speed(self) -> float:
        """Simulated seconds a real one; 1 until enough has been seen."""
        if not self._first or not self._last or self._last[0] - self._first[0] < 0.05:
            return 1.0
        return max((self._last[1] - self._first[1]) / 1000 / (self._last[0] - self._first[0]), 0.01)

    def now_ms(self) -> int:
        """The simulated moment: what the server said last, and the time since.

        Only what the server said is ever written down as the moment of an answer.
        """
        if self._last is None:
            return 0
        since = self._monotonic() - self._last[0]
        return self._last[1] + int(since * self._speed * 1000)

    def monotonic(self) -> float:
        """Real seconds of the monotonic clock."""
        return self._monotonic()

    def pause(self, seconds: float) -> None:
        """Sleep real seconds."""
        self._pause(max(seconds, 0))

    def wait_until(self, moment_ms: int) -> None:
        """Sleep until the simulated moment, looking at the server's clock now and then."""
        # It shows whole seconds, and a poll must not begin before its time.
        while (rest := (moment_ms + 1000 - self.now_ms()) / 1000 / self._speed) > 0:
            self._pause(min(max(rest, 0.002), _LOOK_S))
            self.look()

    def heard(self, headers: Mapping[str, str]) -> int:
        """Take the time from an answer of a simulated world, and from no other."""
        if SIMULATED not in headers or SERVER_TIME not in headers:
            if self._last is not None:
                return self.now_ms()
            raise RunError(
                "--clock server: the first answer did not say what time it is; this is for the "
                "test server (claqueur simulate … --serve) only, leave it out with VK itself"
            )
        said = self._monotonic(), server_ms(headers[SERVER_TIME])
        self._first = self._first or said
        self._last = said
        return said[1]


def server_ms(text: str) -> int:
    """A moment in a header: milliseconds, or ISO 8601."""
    if text.isdigit():
        return int(text)
    return round(datetime.fromisoformat(text).timestamp() * 1000)

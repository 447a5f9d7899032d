"""The world's present moment: over, running fast, or set by a test."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from datetime import time as time_of_day
from zoneinfo import ZoneInfo

from claqueur.errors import SettingError

LATEST = 253_402_300_799
"""The last second of the year 9999, at which a calendar ends."""

Clock = Callable[[], int]
"""Gives the world's present moment as UTC seconds since 1970."""


@dataclass(frozen=True)
class Standing:
    """Always the same moment."""

    moment: int

    def __call__(self) -> int:
        """The moment."""
        return self.moment


@dataclass
class SettableClock:
    """Stands still until it is set: for tests that do not wait.

    Examples
    --------
    >>> clock = SettableClock(1_549_000_000)
    >>> clock.advance(60)
    >>> clock()
    1549000060
    """

    moment: int

    def __call__(self) -> int:
        """The moment it was last set to."""
        return self.moment

    def advance(self, seconds: int) -> None:
        """Move on, or back where it is negative."""
        self.moment += seconds


@dataclass(frozen=True)
class Running:
    """Passes ``speed`` seconds of the world in every real one, from now on."""

    start: int
    speed: float
    ticks: Callable[[], float] = time.monotonic
    began: float = field(init=False)

    def __post_init__(self) -> None:
        if not 0 <= self.speed < float("inf"):
            raise SettingError(
                f"--speed {self.speed:g}: must be 0 or more: seconds of the world in a real second"
            )
        object.__setattr__(self, "began", self.ticks())

    def __call__(self) -> int:
        """The moment reached."""
        return min(self.start + int((self.ticks() - self.began) * self.speed), LATEST)


def moment_of(text: str | date, zone: ZoneInfo) -> int:
    """A date or a time in the world's zone, as UTC seconds since 1970.

    Examples
    --------
    >>> moment_of("2019-02-01", ZoneInfo("Asia/Krasnoyarsk"))
    1548954000
    """
    try:
        given = datetime.fromisoformat(text) if isinstance(text, str) else _at_midnight(text)
    except ValueError:
        raise SettingError(
            f"--start {text}: is no date; write 2019-02-01 or 2019-02-01T09:00"
        ) from None
    local = given if given.tzinfo else given.replace(tzinfo=zone)
    moment = int(local.timestamp())
    if not 0 <= moment <= LATEST:
        raise SettingError(f"--start {text}: must lie between 1970 and 9999")
    return moment


def _at_midnight(day: date) -> datetime:
    return day if isinstance(day, datetime) else datetime.combine(day, time_of_day())

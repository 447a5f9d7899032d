"""The clock of a world: whole seconds since local midnight of the first day.

The zone's offset on the first day is kept throughout, so that every day has 24 hours.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import numpy as np

from claqueur.errors import SettingError
from claqueur.simulation.chance import Floats, Ints
from claqueur.simulation.scenario import Span
from claqueur.simulation.scenario_orders import OrderSettings

MINUTE = 60
HOUR = 3_600
DAY = 86_400


@dataclass(frozen=True)
class Clock:
    """A span of local days.

    Attributes
    ----------
    first_day, days
        The local days simulated.
    epoch_seconds
        UTC seconds since 1970 at local midnight of the first day.
    """

    first_day: date
    days: int
    epoch_seconds: int

    @classmethod
    def of(cls, span: Span) -> Clock:
        """The clock of a scenario's span."""
        try:
            zone = ZoneInfo(span.timezone)
        except (KeyError, ValueError, OSError):
            raise SettingError(
                f"span.timezone {span.timezone!r}: no such zone; write it as Asia/Krasnoyarsk"
            ) from None
        midnight = datetime.combine(span.first_day, time(), zone).astimezone(UTC)
        return cls(span.first_day, span.days, int(midnight.timestamp()))

    @property
    def end(self) -> int:
        """The second after the last one simulated."""
        return self.days * DAY

    def start_of(self, day: date) -> int:
        """Local midnight of a day, in seconds of this clock."""
        return (day - self.first_day).days * DAY

    def weekday(self, day: Ints) -> Ints:
        """Day numbers of this clock to days of the week, Monday 0."""
        return (day + self.first_day.weekday()) % 7


def draw_days(
    rng: np.random.Generator, clock: Clock, weekdays: tuple[float, ...], n: int, *, before: int = 0
) -> Ints:
    """Draw n day numbers in proportion to the weekday's weight.

    They lie in the span, or up to some days before it, where they are negative.
    """
    days = np.arange(-before, clock.days)
    weight = np.asarray(weekdays)[clock.weekday(days)]
    return rng.choice(days, size=n, p=weight / weight.sum())


def draw_seconds_of_day(rng: np.random.Generator, hours: tuple[float, ...], n: int) -> Floats:
    """Draw n times of day in seconds, with a density linear between the hours' middles."""
    weight = np.asarray(hours)
    hour = rng.choice(24, size=n, p=weight / weight.sum())
    # A triangle two hours wide around each hour's middle adds up to a piecewise linear density.
    return (hour + 0.5 + rng.triangular(-1, 0, 1, n)) * HOUR % DAY


def next_working(moment: Floats, clock: Clock, order: OrderSettings) -> Floats:
    """The given seconds where they lie in working hours, else the next opening."""
    free = np.ones(clock.days + 14, dtype=bool)
    numbers = np.arange(len(free))
    free[np.isin(clock.weekday(numbers), order.workdays)] = False
    closed = [(day - clock.first_day).days for day in order.holidays]
    free[[number for number in closed if 0 <= number < len(free)]] = True
    # For every day the first working day from it on; days beyond the table stay its last.
    coming = np.minimum.accumulate(np.where(free, len(free) - 1, numbers)[::-1])[::-1]
    day = np.clip(moment // DAY, 0, clock.days + 7).astype(np.int64)
    day = np.where(moment - day * DAY >= order.closes_hour * HOUR, day + 1, day)
    opening: Floats = coming[day] * DAY + order.opens_hour * HOUR
    return np.maximum(moment, opening)


def after_the_night(moment: Floats, rng: np.random.Generator) -> Floats:
    """The given seconds; those between 0:30 and 7 o'clock wait until the phone is picked up."""
    second = moment % DAY
    asleep = (second > 0.5 * HOUR) & (second < 7 * HOUR)
    woken = moment - second + 7 * HOUR + rng.exponential(HOUR, len(moment))
    return np.where(asleep, woken, moment)

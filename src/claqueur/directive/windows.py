"""When to look: days before and after the order's date, and days that something else explains.

What is compared are posts published in some days before and in the first days after the date.
The window after is short on purpose: a directive is a claim about a date, and a rise that comes
weeks later is no answer to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from claqueur.directive.hypothesis import APPEAL, Cause, Directive, Item
from claqueur.kernels.co_action import I64, Bool

AFTER_DAYS = 10
BEFORE_DAYS = 28
FEWEST_BEFORE_DAYS = 4
"""Days before the date without which nothing is compared with before."""

PLACEBO_DAYS = (3, 4)
"""Days before and after an invented date; a week together, so that weekdays weigh alike."""

MOST_PLACEBOS = 6

SHORT_CAUSE_DAYS = 2
"""A cause of at most so many days is left out, with posts it may have reached; a longer one
that falls into the days after the date coincides with the order."""

REACHES_BACK_DAYS = 2
"""Posts of so many days before a short cause are left out too: that is what people come upon."""

FEWEST_AFTER_DAYS = 5
"""The window ends before a longer cause begins if at least so many days are left."""

DAY_MS = 86_400_000


@dataclass(frozen=True)
class Span:
    """From ``begin_ms`` up to, but not including, ``end_ms``."""

    begin_ms: int
    end_ms: int

    @property
    def days(self) -> float:
        """Length."""
        return (self.end_ms - self.begin_ms) / DAY_MS

    def holds(self, moments_ms: I64) -> Bool:
        """Which moments lie in it."""
        return (moments_ms >= self.begin_ms) & (moments_ms < self.end_ms)

    def meets(self, other: Span) -> bool:
        """Whether they have a moment in common."""
        return self.begin_ms < other.end_ms and other.begin_ms < self.end_ms


@dataclass(frozen=True)
class Comparison:
    """Two spans whose posts are compared."""

    before: Span
    after: Span


@dataclass(frozen=True)
class Windows:
    """What is compared for one item.

    Attributes
    ----------
    placebos
        The same around invented dates before the order; they do not overlap.
    left_out
        Spans whose posts count nowhere: short causes, with what they may have reached.
    interrupted
        The short causes' own days; actions in them count nowhere.
    coinciding
        Declared causes that fall into the days after the date and cannot be left out.
    """

    order: Comparison
    placebos: tuple[Comparison, ...]
    left_out: tuple[Span, ...]
    interrupted: tuple[Span, ...]
    coinciding: tuple[Cause, ...]
    zone: str

    @property
    def start_ms(self) -> int:
        """The date of the order."""
        return self.order.after.begin_ms

    @property
    def looks_back(self) -> bool:
        """Whether there are days before to compare with."""
        return self.order.before.days >= FEWEST_BEFORE_DAYS

    def usable(self, created_ms: I64) -> Bool:
        """Which posts are not left out."""
        kept = np.ones(len(created_ms), bool)
        for span in self.left_out:
            kept &= ~span.holds(created_ms)
        return kept


def midnight_ms(day: date, zone: str) -> int:
    """The moment a day begins in a zone."""
    moment = datetime.combine(day, time(), tzinfo=ZoneInfo(zone))
    return round(moment.astimezone(UTC).timestamp() * 1000)


def local_day(moment_ms: int, zone: str) -> date:
    """The day of a moment in a zone."""
    return datetime.fromtimestamp(moment_ms / 1000, ZoneInfo(zone)).date()


def days_span(first: date, last: date, zone: str) -> Span:
    """From the beginning of one day to the end of another."""
    return Span(midnight_ms(first, zone), midnight_ms(last + timedelta(days=1), zone))


def plan(
    directive: Directive,
    item: Item,
    pages: tuple[str, ...],
    first_ms: int,
    last_ms: int,
    *,
    named: bool = False,
) -> Windows:
    """Choose what is compared, by the record and the extent of the data alone.

    Parameters
    ----------
    pages
        Pages on which something is to rise; causes that concern others only are passed over.
    first_ms, last_ms
        The earliest post, and the last moment of the data.
    named
        Whether posts were named: they are targets until the item's end, and so may causes be.
    """
    zone = directive.zone
    start = midnight_ms(item.start, zone)
    last = days_span(item.start, item.end, zone).end_ms if item.end else last_ms + 1
    causes = [c for c in directive.causes if not c.pages or set(c.pages) & set(pages)]
    end = min(start + AFTER_DAYS * DAY_MS, last, last_ms + 1)
    end = _before_longer_causes(causes, start, end, zone)
    after = Span(start, max(end, start))
    short = [c for c in causes if _days(c) <= SHORT_CAUSE_DAYS]
    lost = {c.name: _reach(c, zone) for c in short}
    share = sum(_shared_days(after, span) for span in lost.values())
    # What would take most of the window cannot be left out of it.
    lost = lost if 2 * share <= after.days else {}
    whole = Span(start, max(min(last, last_ms + 1), start)) if named else after
    coinciding = tuple(
        c for c in causes if c.name not in lost and _span(c, zone).meets(whole)
    )  # fmt: skip
    # The day of the first post counts as a whole: nobody posts at midnight sharp.
    first = midnight_ms(local_day(first_ms, zone), zone)
    begin = max(start - BEFORE_DAYS * DAY_MS, min(first, start))
    return Windows(
        order=Comparison(Span(begin, start), after),
        placebos=_placebos(begin, start),
        left_out=tuple(lost.values()),
        interrupted=tuple(_span(c, zone) for c in short if c.name in lost),
        coinciding=coinciding,
        zone=zone,
    )


def explains_everything(cause: Cause) -> bool:
    """Whether people are asked to act: then waves and hours are no sign of an order either."""
    return cause.kind == APPEAL


def _days(cause: Cause) -> int:
    return (cause.last_day - cause.first_day).days + 1


def _span(cause: Cause, zone: str) -> Span:
    return days_span(cause.first_day, cause.last_day, zone)


def _reach(cause: Cause, zone: str) -> Span:
    own = _span(cause, zone)
    return Span(own.begin_ms - REACHES_BACK_DAYS * DAY_MS, own.end_ms)


def _shared_days(one: Span, other: Span) -> float:
    shared = min(one.end_ms, other.end_ms) - max(one.begin_ms, other.begin_ms)
    return max(shared, 0) / DAY_MS


def _before_longer_causes(causes: list[Cause], start: int, end: int, zone: str) -> int:
    """The end of the window, put before causes that begin late enough in it."""
    for cause in causes:
        begin = _span(cause, zone).begin_ms
        if _days(cause) > SHORT_CAUSE_DAYS and start + FEWEST_AFTER_DAYS * DAY_MS <= begin < end:
            end = begin
    return end


def _placebos(begin: int, start: int) -> tuple[Comparison, ...]:
    """Invented dates, counted back from the order's, as many as fit without overlap."""
    before, after = (days * DAY_MS for days in PLACEBO_DAYS)
    found: list[Comparison] = []
    end = start
    while end - before - after >= begin and len(found) < MOST_PLACEBOS:
        middle = end - after
        found.append(Comparison(Span(middle - before, middle), Span(middle, end)))
        end = middle - before
    return tuple(found)

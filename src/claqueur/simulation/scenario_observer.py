"""Settings of the collector: how much of what happened it gets to see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from claqueur.errors import SettingError


@dataclass(frozen=True)
class ObserverSettings:
    """Without ``poll_minutes`` lists are read once, at the end of the span or some days later.

    Attributes
    ----------
    poll_minutes
        Lists are read on this grid; an action is known to lie between two readings.
    gaps_per_week, gap_hours_median
        Interruptions in which no reading took place.
    snapshot_days_after
        Lists are read once, this many days after the span, and show no times.
    comments_dated
        Comments carry their time, as on VK; else they are treated as likes are.
    unliked_share, unliked_hours_median
        Likes that their account takes back.
    closed_share
        Accounts that lists of likes and reposts leave out.
    list_length_max, list_keeps
        A list shows only so many names, the newest or the first.
    counters_only
        Nothing but the pages' posts and the counters can be seen.
    """

    poll_minutes: float | None = None
    gaps_per_week: float = 0
    gap_hours_median: float = 6
    snapshot_days_after: float | None = None
    comments_dated: bool = True
    unliked_share: float = 0
    unliked_hours_median: float = 12
    closed_share: float = 0
    list_length_max: int | None = None
    list_keeps: Literal["newest", "first"] = "newest"
    counters_only: bool = False

    def __post_init__(self) -> None:
        if self.poll_minutes is not None and self.snapshot_days_after is not None:
            raise SettingError(
                "observer: poll_minutes and snapshot_days_after exclude each other; drop one"
            )
        if self.gaps_per_week and self.poll_minutes is None:
            raise SettingError("observer.gaps_per_week: gaps need poll_minutes")

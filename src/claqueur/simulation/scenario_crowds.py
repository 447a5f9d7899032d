"""Settings of people whom nobody ordered, one record a table of the scenario.

A detector meets all of them in real data. Each record has the number of accounts and what
sets these people apart; medians and sigmas belong to lognormal distributions.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from claqueur.errors import SettingError


@dataclass(frozen=True)
class FansSettings:
    """Devoted accounts that react to an official page's notifications."""

    accounts: int
    devotion_mean: float
    devotion_concentration: float
    latency_seconds_median: float
    latency_seconds_sigma: float
    comment_share: float


@dataclass(frozen=True)
class TopicalFansSettings:
    """People who like much of all that is published on some topics, in their own sittings."""

    accounts: int
    topics: tuple[str, ...]
    devotion_mean: float
    devotion_concentration: float
    sittings_per_day: float
    oldest_hours: float
    comment_share: float


@dataclass(frozen=True)
class NewFollowersSettings:
    """People who discover an official page, go back through its posts, and follow on."""

    accounts: int
    first_day: date
    last_day: date
    recent_posts: int
    liked_share: float
    devotion_mean: float
    devotion_concentration: float
    sittings_per_day: float
    oldest_hours: float


@dataclass(frozen=True)
class EmployeesSettings:
    """People who like their own institution's page, or the official one, in their breaks."""

    accounts: int
    official_share: float
    devotion_mean: float
    devotion_concentration: float
    breaks_from_hour: float
    breaks_to_hour: float
    break_share: float
    break_sd_minutes: float
    oldest_hours: float
    comment_share: float

    def __post_init__(self) -> None:
        if not 0 <= self.breaks_from_hour < self.breaks_to_hour <= 24:
            raise SettingError(
                f"employees: breaks_from_hour {self.breaks_from_hour} must come before "
                f"breaks_to_hour {self.breaks_to_hour}, both from 0 to 24"
            )


@dataclass(frozen=True)
class CommentersSettings:
    """Who writes comments of their own at all, and how many; everybody else writes none.

    Attributes
    ----------
    accounts_share
        Of all accounts, those with a role too.
    comments_mean
        Comments of such an account in the span, heavy-tailed, at least one.
    meme_share
        Comments that are one of a few lines going round.
    """

    accounts_share: float
    comments_mean: float
    meme_share: float = 0.01

    def __post_init__(self) -> None:
        if self.comments_mean < 1:
            raise SettingError(
                f"commenters.comments_mean {self.comments_mean}: who comments does so once at "
                "least; lower accounts_share for fewer"
            )


@dataclass(frozen=True)
class SharesSettings:
    """A big page passes a post on, and some of its audience like it within minutes."""

    per_week: float
    official_share: float
    recent_hours: float
    likers_mean: float
    delay_minutes_median: float
    delay_minutes_sigma: float
    comment_share: float


@dataclass(frozen=True)
class GiveawaysSettings:
    """Posts with a prize: a crowd of strangers, and people who join every giveaway."""

    accounts: int
    posts: int
    official_share: float
    joined_share: float
    latency_minutes_median: float
    latency_minutes_sigma: float
    strangers_mean: float
    strangers_hours_median: float
    comment_share: float
    repost_share: float


@dataclass(frozen=True)
class AppealSettings:
    """A public appeal on one evening, followed voluntarily."""

    accounts: int
    day: date
    hour: float
    recent_posts: int
    posts_liked_mean: float
    delay_minutes_median: float
    delay_minutes_sigma: float
    comment_share: float


@dataclass(frozen=True)
class StandingAppealSettings:
    """For weeks somebody asks, several times a day, to support all the materials."""

    accounts: int
    first_day: date
    last_day: date
    call_hours: tuple[float, ...]
    answered_share: float
    participation_mean: float
    participation_concentration: float
    delay_minutes_median: float
    delay_minutes_sigma: float
    stale_hours: float
    comment_share: float

    def __post_init__(self) -> None:
        if not self.call_hours or not all(0 <= hour < 24 for hour in self.call_hours):
            raise SettingError(
                f"standing_appeal.call_hours {self.call_hours}: needs hours from 0 to below 24"
            )

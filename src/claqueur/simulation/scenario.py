"""A scenario: every number of a simulated world, as frozen records.

The fields are the keys of the scenario's TOML file, with units in their names; one record
a table. An optional mechanism is a table that may be left out. Medians and sigmas belong
to lognormal distributions.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from claqueur.errors import SettingError


@dataclass(frozen=True)
class Span:
    """The days simulated; local days of one time zone."""

    first_day: date
    days: int
    timezone: str


@dataclass(frozen=True)
class PopulationSettings:
    """How accounts differ from each other."""

    accounts: int
    sittings_per_day_mean: float
    activity_sigma: float
    interest_concentration: float
    follows_median: float
    follows_sigma: float
    chronotype_sd_hours: float
    habit_share: float
    habit_sd_minutes: float
    earliness_sigma: float


@dataclass(frozen=True)
class Rhythm:
    """Relative activity by local hour of the day (24) and by day of the week (7)."""

    account_hours: tuple[float, ...]
    page_hours: tuple[float, ...]
    weekdays: tuple[float, ...]

    def __post_init__(self) -> None:
        for name, length in (("account_hours", 24), ("page_hours", 24), ("weekdays", 7)):
            values = getattr(self, name)
            if len(values) != length or min(values) < 0 or sum(values) <= 0:
                raise SettingError(
                    f"rhythm.{name}: needs {length} weights from 0 up, not all 0; "
                    f"has {len(values)}: {values}"
                )


@dataclass(frozen=True)
class FeedSettings:
    """What an account likes when it opens its feed."""

    depth_posts: int
    likes_per_sitting_mean: float
    likes_per_sitting_max: int
    gap_seconds_median: float
    gap_seconds_sigma: float
    age_scale_hours: float
    age_exponent: float
    stranger_share: float
    quality_sigma: float
    comment_share: float
    repost_share: float
    comment_delay_seconds_median: float

    def __post_init__(self) -> None:
        if self.likes_per_sitting_mean < 1:
            raise SettingError(
                f"feed.likes_per_sitting_mean {self.likes_per_sitting_mean}: a sitting without "
                "likes leaves no trace; must be at least 1"
            )


@dataclass(frozen=True)
class PageGroup:
    """Pages of one sort. Those of kind ``official`` are the order's targets."""

    name: str
    kind: Literal["official", "institution", "other"]
    topic: str
    count: int
    posts_per_day: float
    popularity: float


@dataclass(frozen=True)
class Posting:
    """How pages publish."""

    popularity_sigma: float
    round_time_share: float


@dataclass(frozen=True)
class Shock:
    """News that makes everybody like a topic's posts more, without any order."""

    topic: str
    first_day: date
    last_day: date
    factor: float


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
class OrderSettings:
    """Heads forward official posts in working hours; their staff like them soon after."""

    first_day: date
    staff_per_institution: int
    chosen_share: float
    head_compliance: float
    head_latency_minutes_median: float
    head_latency_minutes_sigma: float
    stale_hours: float
    opens_hour: float
    closes_hour: float
    workdays: tuple[int, ...]
    holidays: tuple[date, ...]
    participation_mean: float
    participation_concentration: float
    spread_minutes_median: float
    spread_minutes_sigma: float
    comment_share: float
    comment_delay_seconds_median: float

    def __post_init__(self) -> None:
        if not 0 <= self.opens_hour < self.closes_hour <= 24:
            raise SettingError(
                f"order: opens_hour {self.opens_hour} must come before closes_hour "
                f"{self.closes_hour}, both from 0 to 24"
            )
        if not self.workdays or not set(self.workdays) <= set(range(7)):
            raise SettingError(f"order.workdays: days are 0 (Monday) to 6, not {self.workdays}")


@dataclass(frozen=True)
class CampaignSettings:
    """Texts that the institutions' pages all publish at about the same time."""

    first_day: date
    releases_per_week: float
    published_share: float
    latency_minutes_median: float
    latency_minutes_sigma: float
    verbatim_share: float


@dataclass(frozen=True)
class CounterSettings:
    """When the target posts' likes are read, and how followers grow."""

    ages_hours: tuple[float, ...]
    silent_followers_factor: float
    daily_growth_share: float


@dataclass(frozen=True)
class Scenario:
    """All of a world's parameters."""

    description: str
    topics: tuple[str, ...]
    span: Span
    population: PopulationSettings
    rhythm: Rhythm
    feed: FeedSettings
    pages: tuple[PageGroup, ...]
    posting: Posting
    counters: CounterSettings
    shocks: tuple[Shock, ...] = ()
    fans: FansSettings | None = None
    appeal: AppealSettings | None = None
    order: OrderSettings | None = None
    campaign: CampaignSettings | None = None

    def __post_init__(self) -> None:
        used = {group.topic for group in self.pages} | {shock.topic for shock in self.shocks}
        if unknown := sorted(used - set(self.topics)):
            raise SettingError(
                f"topics: {', '.join(unknown)} is used but not among {', '.join(self.topics)}"
            )
        if self.roles_needed > self.population.accounts:
            raise SettingError(
                f"population.accounts {self.population.accounts}: fans, appeal, heads and staff "
                f"alone are {self.roles_needed}; raise it"
            )
        if not sum(group.count * group.posts_per_day for group in self.pages):
            raise SettingError("pages: nobody publishes anything; raise posts_per_day")
        if (self.fans or self.appeal or self.order) and not self.count("official"):
            raise SettingError("pages: fans, appeal and order need a page of kind official")

    def count(self, kind: str) -> int:
        """How many pages are of one kind."""
        return sum(group.count for group in self.pages if group.kind == kind)

    @property
    def roles_needed(self) -> int:
        """Accounts that have a role other than organic."""
        crowds = sum(crowd.accounts for crowd in (self.fans, self.appeal) if crowd)
        staff = 1 + self.order.staff_per_institution if self.order else 0
        return crowds + self.count("institution") * staff

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
from claqueur.simulation.scenario_crowds import (
    AppealSettings,
    CommentersSettings,
    EmployeesSettings,
    FansSettings,
    GiveawaysSettings,
    NewFollowersSettings,
    SharesSettings,
    StandingAppealSettings,
    TopicalFansSettings,
)
from claqueur.simulation.scenario_observer import ObserverSettings
from claqueur.simulation.scenario_orders import (
    ActivistsSettings,
    CampaignSettings,
    NamedSettings,
    OrderSettings,
    ThemeSettings,
)

CROWDS = (
    "fans",
    "appeal",
    "employees",
    "topical_fans",
    "new_followers",
    "giveaways",
    "standing_appeal",
    "activists",
)
"""Tables that give some accounts a role; each has ``accounts``."""


@dataclass(frozen=True)
class Span:
    """The days simulated; local days of one time zone."""

    first_day: date
    days: int
    timezone: str


@dataclass(frozen=True)
class Alarm:
    """A usual time of day that a share of the accounts have in common, as lunch at noon sharp."""

    hour: float
    accounts_share: float
    sd_minutes: float


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
    alarm: Alarm | None = None


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
class Subscriptions:
    """Accounts from outside the simulated ones that are told to follow a page.

    Attributes
    ----------
    pages
        Names of the groups of pages they follow; all official ones when empty.
    spread_days
        Mean of the days until somebody has done it.
    """

    first_day: date
    accounts: int
    spread_days: float
    pages: tuple[str, ...] = ()


@dataclass(frozen=True)
class CounterSettings:
    """When the target posts' likes are read, and how followers grow."""

    ages_hours: tuple[float, ...]
    silent_followers_factor: float
    daily_growth_share: float
    likes_of: Literal["official", "all"] = "official"
    subscriptions: Subscriptions | None = None


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
    topical_fans: TopicalFansSettings | None = None
    new_followers: NewFollowersSettings | None = None
    employees: EmployeesSettings | None = None
    shares: SharesSettings | None = None
    giveaways: GiveawaysSettings | None = None
    appeal: AppealSettings | None = None
    standing_appeal: StandingAppealSettings | None = None
    order: OrderSettings | None = None
    named: NamedSettings | None = None
    theme: ThemeSettings | None = None
    campaign: CampaignSettings | None = None
    activists: ActivistsSettings | None = None
    commenters: CommentersSettings | None = None
    observer: ObserverSettings | None = None

    def __post_init__(self) -> None:
        self._check_topics()
        if self.roles_needed > self.population.accounts:
            raise SettingError(
                f"population.accounts {self.population.accounts}: accounts with a role of their "
                f"own, heads and staff alone are {self.roles_needed}; raise it"
            )
        if not sum(group.count * group.posts_per_day for group in self.pages):
            raise SettingError("pages: nobody publishes anything; raise posts_per_day")
        if self.needs_official and not self.count("official"):
            raise SettingError(
                f"pages: {', '.join(self.needs_official)} need a page of kind official"
            )
        self._check_targets()

    def _check_topics(self) -> None:
        used = {group.topic for group in self.pages} | {shock.topic for shock in self.shocks}
        used |= set(self.topical_fans.topics) if self.topical_fans else set()
        if unknown := sorted(used - set(self.topics)):
            raise SettingError(
                f"topics: {', '.join(unknown)} is used but not among {', '.join(self.topics)}"
            )

    def _check_targets(self) -> None:
        names = {group.name for group in self.pages}
        told = self.counters.subscriptions
        targets = self.order.targets if self.order else ()
        if self.named and self.named.page not in names:
            raise SettingError(
                f"named.page: no page is called {self.named.page}; "
                f"known are {', '.join(sorted(names))}"
            )
        if self.named and self.named.themed_share is not None and not self.theme:
            raise SettingError("named.themed_share: needs a theme")
        for key, wanted in (
            ("order.targets", targets),
            ("counters.subscriptions.pages", told.pages if told else ()),
        ):
            if unknown := sorted(set(wanted) - names):
                raise SettingError(
                    f"{key}: no page is called {', '.join(unknown)}; "
                    f"known are {', '.join(sorted(names))}"
                )

    def count(self, kind: str) -> int:
        """How many pages are of one kind."""
        return sum(group.count for group in self.pages if group.kind == kind)

    @property
    def needs_official(self) -> list[str]:
        """Tables switched on that make no sense without an official page."""
        about = ("fans", "new_followers", "employees", "appeal", "standing_appeal", "order")
        return [name for name in about if getattr(self, name)]

    @property
    def roles_needed(self) -> int:
        """Accounts that have a role other than organic."""
        crowds = [getattr(self, name) for name in CROWDS]
        staff = 1 + self.order.staff_per_institution if self.order else 0
        own: int = sum(crowd.accounts for crowd in crowds if crowd)
        return own + self.count("institution") * staff

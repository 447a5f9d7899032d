"""Settings of what is ordered or rewarded: the order, its campaign of posts, an activist network.

An order's optional parts are tables below it, as ``[order.deadlines]``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from claqueur.errors import SettingError

_TEXTS_MAX = 1000


@dataclass(frozen=True)
class OwnTime:
    """Staff comply in sittings of their own within some days: there are no waves."""

    within_days: float
    sittings_per_day: float


@dataclass(frozen=True)
class Deadlines:
    """Staff catch up in one or two sittings before each report is due."""

    every_days: int
    hour: float
    lead_days_mean: float
    second_sitting_share: float

    def __post_init__(self) -> None:
        if not 0 < self.hour <= 24:
            raise SettingError(f"order.deadlines.hour {self.hour}: must be above 0, up to 24")


@dataclass(frozen=True)
class SubTeams:
    """An institution's staff get the head's message in teams, one after the other."""

    teams_count: int
    delay_minutes_median: float
    delay_minutes_sigma: float


@dataclass(frozen=True)
class Camouflage:
    """In a share of the sittings staff like other things too, just before or after."""

    sittings_share: float
    likes_mean: float

    def __post_init__(self) -> None:
        if self.likes_mean < 1:
            raise SettingError(f"order.camouflage.likes_mean {self.likes_mean}: must be at least 1")


@dataclass(frozen=True)
class Handout:
    """Staff copy their praise from a few texts handed out; a share put it in other words.

    Attributes
    ----------
    words_changed_share
        Chance of each word of such a copy to be replaced by another; with 0 the text is said
        again with other words in the places left open for them.
    institutions_share
        Institutions that hand out texts; staff of the others write no comments on order.
    one_text_a_day
        Whether each institution has one text a day, instead of everybody choosing among all.
    """

    texts_count: int
    paraphrased_share: float
    words_changed_share: float = 0.0
    institutions_share: float = 1.0
    one_text_a_day: bool = False

    def __post_init__(self) -> None:
        if self.texts_count > _TEXTS_MAX:
            raise SettingError(
                f"order.handout.texts_count {self.texts_count}: must be at most {_TEXTS_MAX}"
            )
        if self.words_changed_share and not self.paraphrased_share:
            raise SettingError(
                f"order.handout.words_changed_share {self.words_changed_share}: nobody changes "
                "words while paraphrased_share is 0; raise it, or set both to 0"
            )


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
    targets: tuple[str, ...] = ()
    last_day: date | None = None
    half_life_days: float | None = None
    own_time: OwnTime | None = None
    deadlines: Deadlines | None = None
    sub_teams: SubTeams | None = None
    camouflage: Camouflage | None = None
    handout: Handout | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.opens_hour < self.closes_hour <= 24:
            raise SettingError(
                f"order: opens_hour {self.opens_hour} must come before closes_hour "
                f"{self.closes_hour}, both from 0 to 24"
            )
        if not self.workdays or not set(self.workdays) <= set(range(7)):
            raise SettingError(f"order.workdays: days are 0 (Monday) to 6, not {self.workdays}")
        if self.last_day and self.last_day < self.first_day:
            raise SettingError(
                f"order.last_day {self.last_day}: is before first_day {self.first_day}"
            )
        if self.own_time and (self.deadlines or self.sub_teams):
            raise SettingError("order: own_time excludes deadlines and sub_teams; drop one")


@dataclass(frozen=True)
class NamedSettings:
    """The posts a directive names, one by one or all of a page since a day.

    They are drawn by a stream of their own, whether anybody follows the directive or not; where
    there is an order, they are its targets.

    Attributes
    ----------
    page
        Name of the group of pages they stand on.
    posts_share
        How many of the page's posts since the day.
    themed_share
        Share of them that carry the theme; by chance when None.
    """

    page: str
    first_day: date
    posts_share: float = 1
    themed_share: float | None = None


@dataclass(frozen=True)
class ThemeSettings:
    """A theme that posts of any page may have; topical fans then like these posts only."""

    word: str
    posts_share: float


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
class ActivistsSettings:
    """A stable group, rewarded rather than ordered, sent from campaign to campaign."""

    accounts: int
    campaigns_count: int
    campaign_days: int
    pages_max: int
    posts_max: int
    turnout_mean: float
    turnout_concentration: float
    effort_share: float
    comment_share: float
    like_share: float
    call_minutes_median: float
    delay_minutes_median: float
    delay_minutes_sigma: float

"""Which worlds are looked at: named studies, each a list of cells, as plain data.

A cell is a scenario with some changes; its datasets differ in the seed only. The same
dataset may belong to several studies and is made once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import product
from typing import Any

from claqueur.errors import SettingError

INSTITUTIONS = 8
"""Institutions with staff in the shipped scenarios."""

NOBODY: Mapping[str, Any] = {"order": None, "campaign": None}
"""Changes that leave out the order, and the posts that institutions publish on order."""


@dataclass(frozen=True)
class Cell:
    """Datasets that differ in their seed only.

    Attributes
    ----------
    participation, ordered
        Where they are what the study varies.
    record
        Changes of the directive's record, by dotted key, where a directive is judged.
    factor
        By how much likes on the directive's pages are multiplied since its date.
    """

    label: str
    scenario: str = "krasnoyarsk-2019"
    changes: Mapping[str, Any] = field(default_factory=dict)
    participation: float | None = None
    ordered: int | None = None
    record: Mapping[str, Any] = field(default_factory=dict)
    factor: float = 1


@dataclass(frozen=True)
class Study:
    """A question and the datasets that answer it; ``seeds`` are 1 to that number.

    Attributes
    ----------
    judged
        What is judged instead of detection: ``targets``, ``target page``, ``directive``,
        ``attack`` (a public release), or ``comments``, which is detection with comments alone.
    """

    name: str
    help: str
    seeds: int
    cells: tuple[Cell, ...]
    judged: str = ""


def ordered(participation: float, staff: int) -> Cell:
    """The order of Krasnoyarsk, obeyed to a degree, with so many staff an institution."""
    changes = {"order.participation_mean": participation, "order.staff_per_institution": staff}
    size = INSTITUTIONS * staff
    return Cell(f"{size} ordered at {participation}", "krasnoyarsk-2019", changes,
                participation, size)  # fmt: skip


_STAFF = (3, 8, 25, 63)
_PARTICIPATION = (0.2, 0.3, 0.45, 0.6, 0.9)

_SHIPPED = (
    "krasnoyarsk-2019",
    "reporting-deadline",
    "activist-network",
    "standing-appeal",
    "own-time",
    "public-appeal",
    "organic",
    "counters-only",
)

_MECHANISMS: dict[str, Mapping[str, Any]] = {
    "teams one after the other": {
        "order.sub_teams": {
            "teams_count": 3,
            "delay_minutes_median": 40,
            "delay_minutes_sigma": 0.5,
        }
    },
    "obedience halves in 14 days": {"order.half_life_days": 14},
    "camouflage": {"order.camouflage": {"sittings_share": 0.6, "likes_mean": 2.0}},
    "spread twice as wide": {"order.spread_minutes_median": 24},
    "one target page": {"order.targets": ["universiade"]},
    "a common lunch hour": {
        "population.alarm": {"hour": 13.0, "accounts_share": 0.3, "sd_minutes": 10}
    },
    "three times the activity": {"population.sittings_per_day_mean": 0.3},
    "a fifth of the accounts closed": {"observer": {"closed_share": 0.2}},
    "polled every 10 minutes": {"observer": {"poll_minutes": 10}},
    "polled every hour, with gaps": {
        "observer": {"poll_minutes": 60, "gaps_per_week": 2, "gap_hours_median": 8}
    },
    "one late snapshot": {"observer": {"snapshot_days_after": 30}},
}

_NULLS: dict[str, Mapping[str, Any]] = {
    "a common lunch hour": _MECHANISMS["a common lunch hour"],
    "three times the activity": _MECHANISMS["three times the activity"],
    "900 fans": {"fans.accounts": 900},
    "devoted fans": {"fans.devotion_mean": 0.5},
    "few pages publish": {"pages.8.count": 1, "pages.9.count": 1, "pages.6.count": 2},
    "polled every 10 minutes": _MECHANISMS["polled every 10 minutes"],
}


_HOURLY: Mapping[str, Any] = {"observer": {"poll_minutes": 60}}
_LATE: Mapping[str, Any] = {"observer": {"snapshot_days_after": 30}}

_LISTS: dict[str, Mapping[str, Any]] = {
    "exact times": {},
    "polled every 10 minutes": _MECHANISMS["polled every 10 minutes"],
    "polled every hour": _HOURLY,
    "polled every hour, half act within 40 minutes": {
        **_HOURLY,
        "order.spread_minutes_median": 40,
    },
    "polled every hour, nobody ordered": {**NOBODY, **_HOURLY},
    "one late list": _LATE,
    "one late list, nobody ordered": {**NOBODY, **_LATE},
}

TARGET_SINCE = "2019-02-16"
"""The day of the order where a whole page is the target; the posts named begin then."""

_TARGET_PAGE: Mapping[str, Any] = {
    "population.accounts": 12_000,
    "population.sittings_per_day_mean": 0.17,
    "named": {"page": "universiade", "first_day": TARGET_SINCE},
    "theme": None,
    "fans.accounts": 500,
    "topical_fans.accounts": 200,
    "new_followers.accounts": 300,
}
"""All of a page is named from a day on, among 12,000 accounts."""

_TARGET_STAFF = {"order.first_day": TARGET_SINCE, "order.staff_per_institution": 200}


def named(participation: float) -> Cell:
    """Half of a page's posts named to 40 of 1,500 accounts."""
    changes = {"order.participation_mean": participation}
    return Cell(f"40 ordered at {participation}", "named-posts", changes, participation, 40)


ORDER_DAY = date(2019, 2, 8)
"""The date of Krasnoyarsk's directive."""

_HYPE = (date(2019, 2, 8), date(2019, 2, 17))


def _cause(name: str, kind: str, first: date, last: date, *pages: str) -> Mapping[str, Any]:
    days = {"first_day": first, "last_day": last}
    return {"cause": [{"name": name, "kind": kind, **days, "pages": list(pages)}]}


_DIRECTIVE_NOBODY = (
    Cell("nobody ordered", changes=NOBODY),
    Cell(
        "event hype from the date on, declared",
        changes={
            **NOBODY,
            "shocks": [
                {"topic": topic, "first_day": _HYPE[0], "last_day": _HYPE[1], "factor": factor}
                for topic, factor in (("games", 1.8), ("sports", 1.3))
            ],
        },
        record=_cause("the games", "event", *_HYPE),
    ),
    Cell(
        "an appeal on the evening of the date, declared",
        changes={**NOBODY, "appeal.day": ORDER_DAY},
        record=_cause("the appeal", "appeal", ORDER_DAY, ORDER_DAY, "-1001", "-1002"),
    ),
    Cell("reports due, nobody ordered", "reporting-deadline", {"order": None}),
    Cell("posts named, nobody ordered", "named-posts", {"order": None}),
)

_ONE_PAGE: Mapping[str, Any] = {
    "number": "3",
    "text": "x",
    "issuer": "x",
    "action": ["like"],
    "target_pages": ["-1001"],
    "control": [{"pages": [str(-1019 - k) for k in range(12)], "reason": "like the target"}],
    "addressed": [{"kind": "institutions", "pages": [str(-1003 - k) for k in range(8)]}],
}
"""One item, one page, twelve controls."""

_BUSY_PAGE: Mapping[str, Any] = {
    "pages.0.posts_per_day": 2.0,
    "pages.0.popularity": 40.0,
    "population.sittings_per_day_mean": 0.3,
    "campaign": None,
    "appeal": None,
    "order.first_day": date(2019, 2, 15),
    "order.targets": ["universiade"],
    "order.chosen_share": 1.0,
    "order.participation_mean": 0.5,
}
"""About 400 usual likes a post and twenty posts in ten days, all of them ordered to 200 people."""

_BUSY_RECORD = {"item": [{**_ONE_PAGE, "start": date(2019, 2, 15)}], "cause": []}


def aggregate(factor: float) -> Cell:
    """Counters alone, likes on one page multiplied since the date; nobody is ordered."""
    record = {"item": [{**_ONE_PAGE, "start": ORDER_DAY}], "cause": []}
    label = f"likes ×{factor:g} since the date"
    return Cell(label, "counters-only", NOBODY, record=record, factor=factor)


_DIRECTIVE_SCENARIOS = (*_SHIPPED, "named-posts", "one-day-order", "subscribe-order")


_HANDOUT = "order.handout"

_VOLUNTEERS: Mapping[str, Any] = {
    "standing_appeal": {
        "accounts": 250,
        "first_day": ORDER_DAY,
        "last_day": date(2019, 3, 10),
        "call_hours": [9.5, 13.0, 18.5],
        "answered_share": 0.4,
        "participation_mean": 0.5,
        "participation_concentration": 4.0,
        "delay_minutes_median": 45,
        "delay_minutes_sigma": 0.7,
        "stale_hours": 36,
        "comment_share": 0.1,
    },
    "appeal.comment_share": 0.5,
}
"""Several comments by each who follows the standing appeal, and more on the other's evening."""

_COMMENTS: dict[str, Mapping[str, Any]] = {
    "copied word for word": {
        f"{_HANDOUT}.paraphrased_share": 0.0,
        f"{_HANDOUT}.words_changed_share": 0.0,
    },
    "10% of words changed": {f"{_HANDOUT}.words_changed_share": 0.1},
    "30% of words changed": {},
    "50% of words changed": {f"{_HANDOUT}.words_changed_share": 0.5},
    "30% changed, six institutions of eight, a text a day each": {
        f"{_HANDOUT}.institutions_share": 0.75,
        f"{_HANDOUT}.one_text_a_day": True,
    },
    "nobody ordered, twice as many lines that go round": {**NOBODY, "commenters.meme_share": 0.03},
    "nobody ordered, volunteers praise for weeks": {**NOBODY, **_VOLUNTEERS},
}


_CITY: Mapping[str, Any] = {
    "population.accounts": 2500,
    "span.days": 35,
    "fans.accounts": 80,
    "topical_fans.accounts": 60,
    "appeal.accounts": 60,
}
"""A smaller city, in which a case takes seconds."""

_ATTACKED: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
    ("200 ordered at 0.6", "krasnoyarsk-2019", _CITY),
    ("80 ordered at 0.6", "krasnoyarsk-2019", {**_CITY, "order.staff_per_institution": 10}),
    ("200 ordered at 0.45", "krasnoyarsk-2019", {**_CITY, "order.participation_mean": 0.45}),
    ("one late list", "krasnoyarsk-2019", {**_CITY, **_LATE}),
    (
        "standing-appeal",
        "standing-appeal",
        {
            **{name: value for name, value in _CITY.items() if not name.startswith("appeal")},
            "standing_appeal.accounts": 100,
            "order.staff_per_institution": 10,
        },
    ),
    (
        "activist-network",
        "activist-network",
        {"population.accounts": 1500, "fans.accounts": 60, "topical_fans.accounts": 40},
    ),
)


def _together(*studies: Study) -> dict[str, Study]:
    return {study.name: study for study in studies}


STUDIES = _together(
    Study(
        "bars",
        "200 worlds without orders; fans, topical fans, employees and an appeal are there",
        200,
        (Cell("nobody ordered", changes=NOBODY),),
    ),
    Study(
        "stretch",
        "Weak and small orders: participation .6, .45 and .3, and 64 people instead of 200",
        20,
        (ordered(0.6, 25), ordered(0.45, 25), ordered(0.6, 8), ordered(0.3, 25)),
    ),
    Study(
        "grid",
        "Participation by size of the order",
        5,
        tuple(ordered(share, staff) for staff, share in product(_STAFF, _PARTICIPATION)),
    ),
    Study(
        "scenarios",
        "Every shipped scenario, and the standing appeal without an order",
        5,
        (
            *(Cell(name, name) for name in _SHIPPED),
            Cell("standing-appeal, nobody ordered", "standing-appeal", NOBODY),
        ),
    ),
    Study(
        "mechanisms",
        "The order of Krasnoyarsk, carried out and observed in other ways",
        5,
        tuple(Cell(label, changes=changes) for label, changes in _MECHANISMS.items()),
    ),
    Study(
        "nulls",
        "Other worlds without orders",
        10,
        tuple(Cell(label, changes={**NOBODY, **changes}) for label, changes in _NULLS.items()),
    ),
    Study(
        "lists",
        "One order seen at exact times, in polled lists of likers, and in one late list",
        5,
        tuple(Cell(label, changes=changes) for label, changes in _LISTS.items()),
    ),
    Study(
        "targets",
        "The test of declared posts: participation .3, .6 and .8, no like with a time",
        20,
        (named(0.3), named(0.6), named(0.8)),
        "targets",
    ),
    Study(
        "targets-nobody",
        "The same posts declared in 200 worlds in which nobody was ordered",
        200,
        (Cell("nobody ordered", "named-posts", {"order": None}),),
        "targets",
    ),
    Study(
        "target-page",
        "A whole page declared since a date, to 200 of 12,000 accounts",
        20,
        (Cell("200 ordered at 0.6", "named-posts", {**_TARGET_PAGE, **_TARGET_STAFF}, 0.6, 200),),
        "target page",
    ),
    Study(
        "target-page-nobody",
        "The same page declared in 200 worlds in which nobody was ordered",
        200,
        (Cell("nobody ordered", "named-posts", {**_TARGET_PAGE, "order": None}),),
        "target page",
    ),
    Study(
        "directive-nobody",
        "The directive of Krasnoyarsk where nobody was ordered: errors of the first kind",
        400,
        _DIRECTIVE_NOBODY,
        "directive",
    ),
    Study(
        "directive-arrivals",
        "The same where new followers discover the official pages two days after its date",
        100,
        (Cell("new followers, giveaways, nobody ordered", "organic"),),
        "directive",
    ),
    Study(
        "directive-power",
        "200 ordered at participation .5 on a page with 400 usual likes a post, and nobody there",
        50,
        (
            Cell("200 ordered at 0.5", changes=_BUSY_PAGE, record=_BUSY_RECORD),
            Cell(
                "the same page, nobody ordered",
                changes={**{k: v for k, v in _BUSY_PAGE.items() if "order" not in k}, **NOBODY},
                record=_BUSY_RECORD,
            ),
        ),
        "directive",
    ),
    Study(
        "directive-aggregates",
        "Counters alone, likes on one page multiplied since the date, twelve control pages",
        200,
        (aggregate(1), aggregate(1.6), aggregate(2)),
        "directive",
    ),
    Study(
        "directive-wrong",
        "Wrong date, wrong page, and an order that nobody followed",
        50,
        tuple(Cell(name, name) for name in ("wrong-date", "wrong-page", "nobody-followed")),
        "directive",
    ),
    Study(
        "directive-scenarios",
        "The directive of every scenario",
        10,
        tuple(Cell(name, name) for name in _DIRECTIVE_SCENARIOS),
        "directive",
    ),
    Study(
        "comments",
        "Comments alone: praise handed out and copied or put in other words; honest praise, memes",
        20,
        tuple(Cell(label, "handed-out-praise", changes) for label, changes in _COMMENTS.items()),
        "comments",
    ),
    Study(
        "attack",
        "What a public release gives away about its groups' members, beside a naive one",
        10,
        tuple(Cell(label, name, changes) for label, name, changes in _ATTACKED),
        "attack",
    ),
)
"""All studies by name."""


def chosen(names: tuple[str, ...]) -> list[Study]:
    """The studies of these names.

    Raises
    ------
    SettingError
        If there is none of a name.
    """
    for name in names:
        if name not in STUDIES:
            raise SettingError(f"--study {name}: there is none; there are {', '.join(STUDIES)}")
    return [STUDIES[name] for name in names]

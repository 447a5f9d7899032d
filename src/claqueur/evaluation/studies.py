"""Which worlds are looked at: named studies, each a list of cells, as plain data.

A cell is a scenario with some changes; its datasets differ in the seed only. The same
dataset may belong to several studies and is made once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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
    """

    label: str
    scenario: str = "krasnoyarsk-2019"
    changes: Mapping[str, Any] = field(default_factory=dict)
    participation: float | None = None
    ordered: int | None = None


@dataclass(frozen=True)
class Study:
    """A question and the datasets that answer it; ``seeds`` are 1 to that number.

    Attributes
    ----------
    judged
        What is judged instead of detection: ``targets`` or ``target page``.
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

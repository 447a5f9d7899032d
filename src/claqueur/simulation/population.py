"""Accounts: roles, interests, follows, rhythm. Everything that is theirs before they act."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from claqueur.simulation.chance import Flags, Floats, Ints, lognormal
from claqueur.simulation.clock import (
    DAY,
    HOUR,
    MINUTE,
    Clock,
    draw_days,
    draw_seconds_of_day,
)
from claqueur.simulation.pages import Pages, pages_about
from claqueur.simulation.scenario import CROWDS, Alarm, Scenario

ROLES = (
    "organic",
    "ordered",
    "head",
    "fan",
    "appeal",
    "employee",
    "topical_fan",
    "new_follower",
    "giveaway",
    "supporter",
    "activist",
)
ORGANIC, ORDERED, HEAD, FAN, APPEAL, EMPLOYEE, TOPICAL_FAN, NEW_FOLLOWER, GIVEAWAY = range(9)
SUPPORTER, ACTIVIST = 9, 10
_ROLE_OF = dict(zip(CROWDS, range(FAN, len(ROLES)), strict=True))
"""Role of the accounts that a table of the scenario asks for."""


@dataclass(frozen=True)
class Population:
    """Columns of length A, one row an account.

    Attributes
    ----------
    ids
        Nine digits, in no order.
    role
        Index into ``ROLES``.
    institution
        Index of the institution's page, -1 for none.
    sittings_per_day
        Sittings that end in a like, heavy-tailed.
    chronotype
        Shift of the account's day, in seconds.
    habits
        Two usual times of day in seconds, shape (A, 2).
    habit_sd
        Seconds by which a sitting misses each of them, shape (A, 2).
    age_scale
        Seconds: how old the posts are that it still likes.
    follows
        Shape (A, P).
    pull
        Attraction of each page, 1 at a typical followed one, shape (A, P).
    """

    ids: list[str]
    role: Ints
    institution: Ints
    sittings_per_day: Floats
    chronotype: Floats
    habits: Floats
    habit_sd: Floats
    age_scale: Floats
    follows: Flags
    pull: Floats

    def with_role(self, role: int) -> Ints:
        """Indices of the accounts with a role, rising."""
        return np.flatnonzero(self.role == role)


def make_population(scenario: Scenario, pages: Pages, rng: np.random.Generator) -> Population:
    """Draw the accounts of a scenario."""
    settings = scenario.population
    n = settings.accounts
    sigma = settings.activity_sigma
    mean = settings.sittings_per_day_mean
    role, institution = _roles(scenario, pages, rng)
    alpha = np.full(len(scenario.topics), settings.interest_concentration)
    interest = rng.dirichlet(alpha, n) * len(alpha)
    attraction = interest[:, pages.topic] * pages.popularity + 1e-9
    follows = _follows(attraction, scenario, rng)
    _follow_own(follows, role, institution, pages, scenario)
    stranger = np.where(follows, 1.0, scenario.feed.stranger_share)
    habits = draw_seconds_of_day(rng, scenario.rhythm.account_hours, 2 * n).reshape(n, 2)
    habit_sd = np.full((n, 2), settings.habit_sd_minutes * MINUTE)
    people = Population(
        ids=_ids(n, rng),
        role=role,
        institution=institution,
        sittings_per_day=lognormal(rng, mean * np.exp(-(sigma**2) / 2), sigma, n),
        chronotype=rng.normal(0, settings.chronotype_sd_hours * HOUR, n),
        habits=habits,
        habit_sd=habit_sd,
        age_scale=lognormal(rng, scenario.feed.age_scale_hours * HOUR, settings.earliness_sigma, n),
        follows=follows,
        pull=stranger * np.sqrt(attraction),
    )
    if settings.alarm:
        _set_alarm(people, settings.alarm, rng)
    return people


def draw_sittings(
    scenario: Scenario, clock: Clock, people: Population, rng: np.random.Generator
) -> tuple[Ints, Floats]:
    """When accounts open their feeds: account index and second, one row a sitting."""
    counts = rng.poisson(people.sittings_per_day * clock.days)
    account = np.repeat(np.arange(len(counts)), counts)
    return account, sitting_times(scenario, clock, people, account, rng)


def sitting_times(
    scenario: Scenario, clock: Clock, people: Population, account: Ints, rng: np.random.Generator
) -> Floats:
    """A second for each sitting of the given accounts: by habit, or when the day allows."""
    n = len(account)
    free = draw_seconds_of_day(rng, scenario.rhythm.account_hours, n) + people.chronotype[account]
    habit = rng.integers(0, 2, n)
    usual = people.habits[account, habit] + people.chronotype[account]
    usual += rng.normal(0, people.habit_sd[account, habit])
    seconds = np.where(rng.random(n) < scenario.population.habit_share, usual, free) % DAY
    moment: Floats = draw_days(rng, clock, scenario.rhythm.weekdays, n) * DAY + seconds
    return moment


def awake(people: Population, account: Ints, moment: Ints, hours: tuple[float, ...]) -> Floats:
    """Chance from 0 to 1 that an account looks at its phone at a moment, one value a row."""
    own_hour = ((moment - people.chronotype[account]) % DAY // HOUR).astype(np.int64)
    chance: Floats = (np.asarray(hours) / max(hours))[own_hour]
    return chance


def _ids(n: int, rng: np.random.Generator) -> list[str]:
    drawn = rng.choice(900_000_000, size=n, replace=False, shuffle=True)
    return [str(100_000_000 + number) for number in drawn.tolist()]


def _roles(scenario: Scenario, pages: Pages, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Roles and institutions for random accounts, each at most one role; the rest are organic."""
    shuffled = rng.permutation(scenario.population.accounts)
    role = np.full(len(shuffled), ORGANIC)
    institution = np.full(len(shuffled), -1)
    # Heads and staff come last, so that an order leaves the others' roles as they were.
    start = 0
    for name in ("fans", "appeal"):
        start += _cast(role, shuffled[start:], scenario, name)
    _cast_staff(role, institution, shuffled[start:], scenario, pages)
    # Everybody else comes from the other end, for the same reason.
    shuffled, start = shuffled[::-1], 0
    for name in CROWDS[2:]:
        start += _cast(role, shuffled[start:], scenario, name)
    _employ(role, institution, scenario, pages, rng)
    return role, institution


def _cast(role: Ints, free: Ints, scenario: Scenario, crowd: str) -> int:
    """Give the first of the free accounts a crowd's role; returns how many."""
    settings = getattr(scenario, crowd)
    count: int = settings.accounts if settings else 0
    role[free[:count]] = _ROLE_OF[crowd]
    return count


def _cast_staff(
    role: Ints, institution: Ints, free: Ints, scenario: Scenario, pages: Pages
) -> None:
    """A head and staff for every institution, if there is an order."""
    if not scenario.order:
        return
    places = pages.of_kind("institution")
    staff = scenario.order.staff_per_institution
    heads, others = np.split(free[: len(places) * (1 + staff)], [len(places)])
    role[heads], institution[heads] = HEAD, places
    role[others], institution[others] = ORDERED, np.repeat(places, staff)


def _employ(
    role: Ints, institution: Ints, scenario: Scenario, pages: Pages, rng: np.random.Generator
) -> None:
    """An official page or an institution for every employee."""
    employed = np.flatnonzero(role == EMPLOYEE)
    if not len(employed) or not scenario.employees:
        return
    # A stream of its own: the draws of everybody's interests and habits stay as they were.
    own = rng.spawn(1)[0]
    official, places = pages.of_kind("official"), pages.of_kind("institution")
    at_official = own.random(len(employed)) < scenario.employees.official_share
    if not len(places):
        at_official[:] = True
    institution[employed[at_official]] = own.choice(official, at_official.sum())
    if len(places):
        institution[employed[~at_official]] = own.choice(places, (~at_official).sum())


def _set_alarm(people: Population, alarm: Alarm, rng: np.random.Generator) -> None:
    """Replace one of the two usual times by the common one, for some accounts."""
    own = rng.spawn(1)[0]
    woken = own.random(len(people.ids)) < alarm.accounts_share
    people.habits[woken, 0] = alarm.hour * HOUR - people.chronotype[woken]
    people.habit_sd[woken, 0] = alarm.sd_minutes * MINUTE


def _follows(attraction: Floats, scenario: Scenario, rng: np.random.Generator) -> Flags:
    """Each account follows the pages that win a race weighted by attraction, shape (A, P)."""
    n, page_count = attraction.shape
    settings = scenario.population
    wanted = 1 + lognormal(rng, settings.follows_median - 1, settings.follows_sigma, n)
    finish = rng.exponential(size=attraction.shape) / attraction
    rank = finish.argsort(axis=1).argsort(axis=1)
    return rank < np.minimum(wanted, page_count)[:, None]


def _follow_own(
    follows: Flags, role: Ints, institution: Ints, pages: Pages, scenario: Scenario
) -> None:
    """Staff follow their institution, fans the official pages, topical fans their topics' pages."""
    employed = np.flatnonzero(institution >= 0)
    follows[employed, institution[employed]] = True
    follows[np.ix_(role == FAN, pages.of_kind("official"))] = True
    if scenario.topical_fans:
        own = pages_about(scenario, pages, scenario.topical_fans.topics)
        follows[np.ix_(role == TOPICAL_FAN, own)] = True

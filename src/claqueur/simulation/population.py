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
from claqueur.simulation.pages import Pages
from claqueur.simulation.scenario import Scenario

ROLES = ("organic", "ordered", "head", "fan", "appeal")
ORGANIC, ORDERED, HEAD, FAN, APPEAL = range(5)


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
    _follow_own(follows, role, institution, pages)
    stranger = np.where(follows, 1.0, scenario.feed.stranger_share)
    habits = draw_seconds_of_day(rng, scenario.rhythm.account_hours, 2 * n)
    return Population(
        ids=_ids(n, rng),
        role=role,
        institution=institution,
        sittings_per_day=lognormal(rng, mean * np.exp(-(sigma**2) / 2), sigma, n),
        chronotype=rng.normal(0, settings.chronotype_sd_hours * HOUR, n),
        habits=habits.reshape(n, 2),
        age_scale=lognormal(rng, scenario.feed.age_scale_hours * HOUR, settings.earliness_sigma, n),
        follows=follows,
        pull=stranger * np.sqrt(attraction),
    )


def draw_sittings(
    scenario: Scenario, clock: Clock, people: Population, rng: np.random.Generator
) -> tuple[Ints, Floats]:
    """When accounts open their feeds: account index and second, one row a sitting."""
    settings = scenario.population
    counts = rng.poisson(people.sittings_per_day * clock.days)
    account = np.repeat(np.arange(len(counts)), counts)
    n = len(account)
    free = draw_seconds_of_day(rng, scenario.rhythm.account_hours, n) + people.chronotype[account]
    usual = people.habits[account, rng.integers(0, 2, n)] + people.chronotype[account]
    usual += rng.normal(0, settings.habit_sd_minutes * MINUTE, n)
    seconds = np.where(rng.random(n) < settings.habit_share, usual, free) % DAY
    return account, draw_days(rng, clock, scenario.rhythm.weekdays, n) * DAY + seconds


def awake(people: Population, account: Ints, moment: Ints, hours: tuple[float, ...]) -> Floats:
    """Chance from 0 to 1 that an account looks at its phone at a moment, one value a row."""
    own_hour = ((moment - people.chronotype[account]) % DAY // HOUR).astype(np.int64)
    chance: Floats = (np.asarray(hours) / max(hours))[own_hour]
    return chance


def _ids(n: int, rng: np.random.Generator) -> list[str]:
    drawn = rng.choice(900_000_000, size=n, replace=False, shuffle=True)
    return [str(100_000_000 + number) for number in drawn.tolist()]


def _roles(scenario: Scenario, pages: Pages, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Roles for random accounts, each account at most one; the rest are organic."""
    n = scenario.population.accounts
    places = pages.of_kind("institution") if scenario.order else np.empty(0, np.int64)
    staff = scenario.order.staff_per_institution if scenario.order else 0
    cast = np.concatenate(
        [
            np.full(scenario.fans.accounts if scenario.fans else 0, FAN),
            np.full(scenario.appeal.accounts if scenario.appeal else 0, APPEAL),
            np.full(len(places), HEAD),
            np.full(len(places) * staff, ORDERED),
        ]
    )
    chosen = rng.permutation(n)[: len(cast)]
    role = np.full(n, ORGANIC)
    role[chosen] = cast
    institution = np.full(n, -1)
    institution[chosen[cast == HEAD]] = places
    institution[chosen[cast == ORDERED]] = np.repeat(places, staff)
    return role, institution


def _follows(attraction: Floats, scenario: Scenario, rng: np.random.Generator) -> Flags:
    """Each account follows the pages that win a race weighted by attraction, shape (A, P)."""
    n, page_count = attraction.shape
    settings = scenario.population
    wanted = 1 + lognormal(rng, settings.follows_median - 1, settings.follows_sigma, n)
    finish = rng.exponential(size=attraction.shape) / attraction
    rank = finish.argsort(axis=1).argsort(axis=1)
    return rank < np.minimum(wanted, page_count)[:, None]


def _follow_own(follows: Flags, role: Ints, institution: Ints, pages: Pages) -> None:
    """Staff follow their institution, fans the official pages."""
    employed = np.flatnonzero(institution >= 0)
    follows[employed, institution[employed]] = True
    follows[np.ix_(role == FAN, pages.of_kind("official"))] = True

"""A standing appeal: for weeks somebody asks on another network to support all the materials.

Its supporters react within an hour or two of a call, as staff react to a head. Each has a
measure of its own, and nobody is obliged.
"""

from __future__ import annotations

import numpy as np

from claqueur.simulation.actions import COMMENT, Actions
from claqueur.simulation.chance import Ints, beta, lognormal
from claqueur.simulation.clock import DAY, HOUR, MINUTE, after_the_night
from claqueur.simulation.population import SUPPORTER
from claqueur.simulation.scenario_crowds import StandingAppealSettings
from claqueur.simulation.sittings import Visits, catch_up, wishes
from claqueur.simulation.stage import Stage


def supporter_actions(
    stage: Stage, settings: StandingAppealSettings, rng: np.random.Generator
) -> Actions:
    """After each call it answers, a supporter likes what has come since the last one."""
    clock, posts, crowd = stage.clock, stage.posts, stage.people.with_role(SUPPORTER)
    chance = beta(
        rng, settings.participation_mean, settings.participation_concentration, len(crowd)
    )
    first = clock.start_of(settings.first_day)
    end = clock.start_of(settings.last_day) + DAY
    published = (posts.created >= first) & (posts.created < end)
    account, post = wishes(crowd, chance, np.flatnonzero(stage.on_official_page & published), rng)
    visits = _answers(settings, crowd, first // DAY, end // DAY, rng)
    ready = posts.created[post]
    likes = catch_up(stage, visits, account, post, ready, settings.stale_hours, rng)
    comments = likes.echoes(rng, settings.comment_share, COMMENT, "praise", MINUTE)
    return Actions.joined([likes, comments])


def _answers(
    settings: StandingAppealSettings,
    crowd: Ints,
    first_day: int,
    end_day: int,
    rng: np.random.Generator,
) -> Visits:
    """When supporters answer the calls of the days from ``first_day`` to before ``end_day``."""
    hours = np.asarray(settings.call_hours) * HOUR
    calls = (np.arange(first_day, end_day)[:, None] * DAY + hours).ravel()
    member, call = np.nonzero(rng.random((len(crowd), len(calls))) < settings.answered_share)
    median = settings.delay_minutes_median * MINUTE
    delay = lognormal(rng, median, settings.delay_minutes_sigma, len(member))
    return Visits.of(crowd[member], after_the_night(calls[call] + delay, rng))

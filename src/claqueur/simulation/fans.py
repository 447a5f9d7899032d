"""Hard negatives: devoted fans with notifications on, and a public appeal on one evening."""

from __future__ import annotations

import numpy as np

from claqueur.simulation.actions import COMMENT, Actions
from claqueur.simulation.chance import beta, lognormal
from claqueur.simulation.clock import HOUR, MINUTE
from claqueur.simulation.population import APPEAL, FAN, awake
from claqueur.simulation.scenario_crowds import AppealSettings, FansSettings
from claqueur.simulation.stage import Stage


def fan_actions(stage: Stage, settings: FansSettings, rng: np.random.Generator) -> Actions:
    """Each fan likes many posts of one official page within a minute or two, when awake."""
    people, posts = stage.people, stage.posts
    fans = people.with_role(FAN)
    devotion = beta(rng, settings.devotion_mean, settings.devotion_concentration, len(fans))
    page = stage.draw_official(rng, len(fans))
    fan, post = np.nonzero(page[:, None] == posts.page)
    hours = stage.scenario.rhythm.account_hours
    chance = devotion[fan] * awake(people, fans[fan], posts.created[post], hours)
    reacts = rng.random(len(fan)) < chance
    fan, post = fan[reacts], post[reacts]
    latency = lognormal(
        rng, settings.latency_seconds_median, settings.latency_seconds_sigma, len(fan)
    )
    likes = Actions.likes(fans[fan], post, posts.created[post] + latency)
    comments = likes.echoes(rng, settings.comment_share, COMMENT, "fan", MINUTE)
    return Actions.joined([likes, comments])


def appeal_actions(stage: Stage, settings: AppealSettings, rng: np.random.Generator) -> Actions:
    """On one evening each supporter likes several of the official pages' latest posts."""
    crowd = stage.people.with_role(APPEAL)
    called = stage.clock.start_of(settings.day) + settings.hour * HOUR
    published = stage.on_official_page & (stage.posts.created < called)
    latest = np.flatnonzero(published)[::-1][: settings.recent_posts]
    delay = lognormal(
        rng, settings.delay_minutes_median * MINUTE, settings.delay_minutes_sigma, len(crowd)
    )
    chance = settings.posts_liked_mean / settings.recent_posts
    person, place = np.nonzero(rng.random((len(crowd), len(latest))) < chance)
    feed = stage.scenario.feed
    shape = (len(crowd), len(latest))
    steps = lognormal(rng, feed.gap_seconds_median, feed.gap_seconds_sigma, shape).cumsum(axis=1)
    time = called + delay[person] + steps[person, place]
    likes = Actions.likes(crowd[person], latest[place], time)
    comments = likes.echoes(rng, settings.comment_share, COMMENT, "praise", MINUTE)
    return Actions.joined([likes, comments])

"""An activist network: a stable group sent from campaign to campaign, rewarded, not ordered.

Only the people stay the same: each campaign has other pages and other posts. They comment
more than they like, and in the evening too.
"""

from __future__ import annotations

import numpy as np

from claqueur.simulation.actions import Actions
from claqueur.simulation.chance import Floats, Ints, beta, lognormal
from claqueur.simulation.clock import DAY, HOUR, MINUTE, after_the_night
from claqueur.simulation.population import ACTIVIST
from claqueur.simulation.scenario_orders import ActivistsSettings
from claqueur.simulation.sittings import wishes
from claqueur.simulation.stage import Stage


def activist_actions(
    stage: Stage, settings: ActivistsSettings, rng: np.random.Generator
) -> Actions:
    """Comments and likes of all campaigns, which begin spread over the span."""
    return Actions.joined([acts for acts, _ in _campaigns(stage, settings, rng)])


def campaign_targets(stage: Stage, settings: ActivistsSettings, rng: np.random.Generator) -> Ints:
    """The posts of all campaigns, rising, for the same stream of random numbers."""
    posts = [posts for _, posts in _campaigns(stage, settings, rng)]
    return np.unique(np.concatenate([np.empty(0, np.int64), *posts]))


def _campaigns(
    stage: Stage, settings: ActivistsSettings, rng: np.random.Generator
) -> list[tuple[Actions, Ints]]:
    """What is done in each campaign, and to which posts."""
    crowd = stage.people.with_role(ACTIVIST)
    turnout = beta(rng, settings.turnout_mean, settings.turnout_concentration, len(crowd))
    last = max(stage.clock.days - settings.campaign_days, 0)
    starts = np.linspace(0, last, settings.campaigns_count).astype(np.int64)
    return [
        _campaign(stage, settings, crowd[rng.random(len(crowd)) < turnout], day, rng)
        for day in starts.tolist()
    ]


def _campaign(
    stage: Stage, settings: ActivistsSettings, present: Ints, day: int, rng: np.random.Generator
) -> tuple[Actions, Ints]:
    """What those present do to the campaign's posts after being told of each."""
    posts = _posts(stage, settings, day, rng)
    account, post = wishes(present, np.full(len(present), settings.effort_share), posts, rng)
    called = _calls(stage, settings, posts, rng)[np.searchsorted(posts, post)]
    median = settings.delay_minutes_median * MINUTE
    delay = lognormal(rng, median, settings.delay_minutes_sigma, len(post))
    acts = Actions.likes(account, post, after_the_night(called + delay, rng))
    comments = acts.at(rng.random(len(acts)) < settings.comment_share).as_comments("activist")
    likes = acts.at(rng.random(len(acts)) < settings.like_share)
    return Actions.joined([comments, likes]), posts


def _posts(stage: Stage, settings: ActivistsSettings, day: int, rng: np.random.Generator) -> Ints:
    """Some posts of one or more pages in the days of a campaign, rising."""
    posts = stage.posts
    during = (posts.created >= day * DAY) & (posts.created < (day + settings.campaign_days) * DAY)
    pages = np.unique(posts.page[during])
    wanted = min(int(rng.integers(1, settings.pages_max + 1)), len(pages))
    weight = stage.pages.popularity[pages]
    chosen = rng.choice(pages, wanted, replace=False, p=weight / weight.sum()) if wanted else pages
    candidates = np.flatnonzero(during & np.isin(posts.page, chosen))
    most = min(settings.posts_max, len(candidates))
    return np.sort(rng.choice(candidates, most, replace=False))


def _calls(
    stage: Stage, settings: ActivistsSettings, posts: Ints, rng: np.random.Generator
) -> Floats:
    """When the coordinator sends each post round: some time later, between 9 and 22 o'clock."""
    sent = stage.posts.created[posts] + lognormal(
        rng, settings.call_minutes_median * MINUTE, 0.8, len(posts)
    )
    day, second = np.divmod(sent, DAY)
    early, late = second < 9 * HOUR, second > 22 * HOUR
    soon = rng.exponential(20 * MINUTE, len(posts))
    sent = np.where(early, day * DAY + 9 * HOUR + soon, sent)
    return np.where(late, (day + 1) * DAY + 9 * HOUR + soon, sent)

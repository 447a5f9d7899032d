"""The order, item 3: heads forward official posts, and their staff supply likes and praise."""

from __future__ import annotations

import numpy as np

from claqueur.simulation.actions import COMMENT, Actions
from claqueur.simulation.chance import Flags, Floats, Ints, beta, lognormal
from claqueur.simulation.clock import HOUR, MINUTE, Clock, next_working
from claqueur.simulation.population import HEAD, ORDERED
from claqueur.simulation.scenario import OrderSettings
from claqueur.simulation.stage import Stage


def ordered_actions(stage: Stage, order: OrderSettings, rng: np.random.Generator) -> Actions:
    """Likes and praise of heads and staff, a wave for every message a head sends."""
    people, posts = stage.people, stage.posts
    targets = stage.on_official_page & (posts.created >= stage.clock.start_of(order.first_day))
    target = np.flatnonzero(targets & (rng.random(len(posts)) < order.chosen_share))
    heads = people.with_role(HEAD)
    sent, forwarded = _messages(order, stage.clock, posts.created[target], len(heads), rng)
    parts = [_head_likes(heads, target, sent, forwarded, rng)]
    for head, times, chosen in zip(heads, sent, forwarded, strict=True):
        own = people.institution == people.institution[head]
        staff = np.flatnonzero(own & (people.role == ORDERED))
        parts.append(_wave(order, staff, target[chosen], times[chosen], rng))
    likes = Actions.joined(parts)
    delay = order.comment_delay_seconds_median
    comments = likes.echoes(rng, order.comment_share, COMMENT, "praise", delay)
    return Actions.joined([likes, comments])


def _messages(
    order: OrderSettings, clock: Clock, created: Ints, heads: int, rng: np.random.Generator
) -> tuple[Floats, Flags]:
    """When each head forwards each target, and whether at all; both of shape (heads, targets)."""
    shape = (heads, len(created))
    median = order.head_latency_minutes_median * MINUTE
    noticed = next_working(created.astype(np.float64), clock, order)
    sent = noticed + lognormal(rng, median, order.head_latency_minutes_sigma, shape)
    # What did not fit into the day is sent some minutes after the next opening.
    opening = next_working(sent, clock, order)
    sent = np.where(opening > sent, opening + rng.exponential(median / 2, shape), sent)
    fresh = sent - created < order.stale_hours * HOUR
    return sent, fresh & (rng.random(shape) < order.head_compliance)


def _head_likes(
    heads: Ints, target: Ints, sent: Floats, forwarded: Flags, rng: np.random.Generator
) -> Actions:
    """Heads like what they forward, within minutes."""
    head, post = np.nonzero(forwarded)
    time = sent[head, post] + lognormal(rng, 2 * MINUTE, 0.8, len(head))
    return Actions.likes(heads[head], target[post], time)


def _wave(
    order: OrderSettings, staff: Ints, target: Ints, sent: Floats, rng: np.random.Generator
) -> Actions:
    """Likes of one institution's staff after its head's messages, each sent at a second."""
    chance = beta(rng, order.participation_mean, order.participation_concentration, len(staff))
    member, message = np.nonzero(rng.random((len(staff), len(target))) < chance[:, None])
    median = order.spread_minutes_median * MINUTE
    delay = lognormal(rng, median, order.spread_minutes_sigma, len(member))
    return Actions.likes(staff[member], target[message], sent[message] + delay)

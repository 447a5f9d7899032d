"""The order, item 3: heads forward official posts, and their staff supply likes and praise."""

from __future__ import annotations

import numpy as np

from claqueur.simulation.actions import COMMENT, Actions
from claqueur.simulation.camouflage import camouflage
from claqueur.simulation.chance import Flags, Floats, Ints, beta, lognormal
from claqueur.simulation.clock import DAY, HOUR, MINUTE, Clock, next_working
from claqueur.simulation.compliance import before_deadlines, in_own_time
from claqueur.simulation.population import HEAD, ORDERED
from claqueur.simulation.scenario_orders import Handout, OrderSettings
from claqueur.simulation.stage import Stage


def ordered_actions(stage: Stage, order: OrderSettings, rng: np.random.Generator) -> Actions:
    """Likes and praise of heads and staff, a wave for every message a head sends."""
    people = stage.people
    target = order_targets(stage, order, rng)
    heads = people.with_role(HEAD)
    sent, forwarded = _messages(order, stage.clock, stage.posts.created[target], len(heads), rng)
    parts = [_head_likes(heads, target, sent, forwarded, rng)]
    for head, times, chosen in zip(heads, sent, forwarded, strict=True):
        own = people.institution == people.institution[head]
        staff = np.flatnonzero(own & (people.role == ORDERED))
        parts.append(_staff_likes(stage, order, staff, target[chosen], times[chosen], rng))
    likes = Actions.joined(parts)
    tone = "handout" if order.handout else "ordered"
    delay = order.comment_delay_seconds_median
    comments = likes.echoes(rng, order.comment_share, COMMENT, tone, delay)
    if order.handout:
        comments = comments.at(_given_texts(stage, order.handout)[comments.account])
    done = Actions.joined([likes, comments])
    if order.camouflage:
        done = Actions.joined([done, camouflage(stage, order.camouflage, likes, rng)])
    return done


def _given_texts(stage: Stage, handout: Handout) -> Flags:
    """Whether an account works at an institution that hands out texts, one value an account."""
    places = stage.pages.of_kind("institution")
    count = round(len(places) * handout.institutions_share)
    return np.isin(stage.people.institution, places[:count])


def order_targets(stage: Stage, order: OrderSettings, rng: np.random.Generator) -> Ints:
    """The posts that matter to the heads: those the directive names, or a share of the official.

    They are the first draw from the order's own stream, so that they can be told beforehand.
    """
    posts = stage.posts
    if stage.named is not None:
        return stage.named
    on_target = stage.on_official_page
    if order.targets:
        on_target = np.isin(posts.page, stage.pages.of_groups(order.targets))
    on_target &= posts.created >= stage.clock.start_of(order.first_day)
    on_target &= posts.created < _end(order, stage.clock)
    return np.flatnonzero(on_target & (rng.random(len(posts)) < order.chosen_share))


def _end(order: OrderSettings, clock: Clock) -> float:
    """The second from which on the order no longer stands."""
    return clock.start_of(order.last_day) + DAY if order.last_day else np.inf


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
    fresh = (sent - created < order.stale_hours * HOUR) & (sent < _end(order, clock))
    return sent, fresh & (rng.random(shape) < order.head_compliance)


def _head_likes(
    heads: Ints, target: Ints, sent: Floats, forwarded: Flags, rng: np.random.Generator
) -> Actions:
    """Heads like what they forward, within minutes."""
    head, post = np.nonzero(forwarded)
    time = sent[head, post] + lognormal(rng, 2 * MINUTE, 0.8, len(head))
    return Actions.likes(heads[head], target[post], time)


def _staff_likes(
    stage: Stage,
    order: OrderSettings,
    staff: Ints,
    target: Ints,
    sent: Floats,
    rng: np.random.Generator,
) -> Actions:
    """Likes of one institution's staff after its head's messages, each sent at a second."""
    chance = beta(rng, order.participation_mean, order.participation_concentration, len(staff))
    willing = chance[:, None] * _willingness(order, stage.clock, sent)
    member, message = np.nonzero(rng.random((len(staff), len(target))) < willing)
    account, post = staff[member], target[message]
    got = _received(order, member, message, sent, rng)
    if order.own_time:
        return in_own_time(stage, order.own_time, staff, account, post, got, rng)
    if order.deadlines:
        return before_deadlines(stage, order, order.deadlines, staff, account, post, got, rng)
    median = order.spread_minutes_median * MINUTE
    delay = lognormal(rng, median, order.spread_minutes_sigma, len(member))
    return Actions.likes(account, post, got + delay)


def _willingness(order: OrderSettings, clock: Clock, sent: Floats) -> Floats:
    """What is left of the first day's participation, one value a message."""
    if order.half_life_days is None:
        return np.ones(len(sent))
    age = sent - clock.start_of(order.first_day)
    left: Floats = 0.5 ** (age / (order.half_life_days * DAY))
    return left


def _received(
    order: OrderSettings, member: Ints, message: Ints, sent: Floats, rng: np.random.Generator
) -> Floats:
    """When a member gets a message: at once, or when it has come down to the member's team.

    The first team gets it from the head, each further one from the team before it.
    """
    teams = order.sub_teams
    if not teams:
        return sent[message]
    median = teams.delay_minutes_median * MINUTE
    shape = (teams.teams_count, len(sent))
    delay = lognormal(rng, median, teams.delay_minutes_sigma, shape)
    delay[0] = 0
    got: Floats = sent[message] + delay.cumsum(axis=0)[member % teams.teams_count, message]
    return got

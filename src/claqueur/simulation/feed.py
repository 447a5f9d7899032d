"""Ordinary life: accounts open their feeds and like some of what they see there.

A sitting is one opening of the feed. Its likes fall into a few minutes, so objects are not
independent of each other: two accounts with the same hours and interests meet on several
posts without knowing of each other.
"""

from __future__ import annotations

import numpy as np

from claqueur.simulation.actions import COMMENT, REPOST, Actions
from claqueur.simulation.chance import Flags, Floats, Ints, lognormal
from claqueur.simulation.population import draw_sittings
from claqueur.simulation.scenario import FeedSettings
from claqueur.simulation.stage import Stage

_BLOCK = 4_096
"""Sittings at a time: keeps the (sittings, depth) arrays at a few megabytes."""

_TINY = np.float32(1e-30)
"""Added to weights, so that what is not there finishes last instead of dividing by zero."""


def ordinary_actions(stage: Stage, feed: FeedSettings, rng: np.random.Generator) -> Actions:
    """Likes, comments and reposts from all sittings of all accounts."""
    account, opened = draw_sittings(stage.scenario, stage.clock, stage.people, rng)
    likes = likes_of_sittings(feed, stage, account, opened, rng)
    delay = feed.comment_delay_seconds_median
    comments = likes.echoes(rng, feed.comment_share, COMMENT, "organic", delay)
    reposts = likes.echoes(rng, feed.repost_share, REPOST, "", delay)
    return Actions.joined([likes, comments, reposts])


def likes_of_sittings(
    feed: FeedSettings, stage: Stage, account: Ints, opened: Floats, rng: np.random.Generator
) -> Actions:
    """What accounts like of their feeds: index and second of opening, one row a sitting."""
    return Actions.joined(
        [
            _block_likes(feed, stage, account[i : i + _BLOCK], opened[i : i + _BLOCK], rng)
            for i in range(0, len(account), _BLOCK)
        ]
    )


def _block_likes(
    feed: FeedSettings, stage: Stage, account: Ints, opened: Floats, rng: np.random.Generator
) -> Actions:
    """Likes of one block of sittings."""
    posts = stage.posts
    newest = np.searchsorted(posts.created, opened) - 1
    seen = newest[:, None] - np.arange(min(feed.depth_posts, len(posts)))
    weight = _weights(feed, stage, account, opened, seen)
    # An exponential race: the first to finish are drawn without replacement by weight.
    finish = rng.standard_exponential(seen.shape, dtype=np.float32) / (weight + _TINY)
    most = min(feed.likes_per_sitting_max, seen.shape[1])
    winners = np.argpartition(finish, most - 1, axis=1)[:, :most]
    finish = np.take_along_axis(finish, winners, axis=1)
    best = np.take_along_axis(winners, finish.argsort(axis=1), axis=1)
    wanted = rng.geometric(1 / feed.likes_per_sitting_mean, len(account))
    chosen = np.arange(most) < wanted[:, None]
    chosen &= np.take_along_axis(weight, best, axis=1) > 0
    liked = np.take_along_axis(seen, best, axis=1)
    return _down_the_feed(feed, account, opened, liked, chosen, rng)


def _weights(
    feed: FeedSettings, stage: Stage, account: Ints, opened: Floats, seen: Ints
) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """How much each post seen draws each sitting; 0 where the feed has no more posts."""
    people, posts = stage.people, stage.posts
    post = np.maximum(seen, 0)
    age = np.abs(opened[:, None] - posts.created[post]).astype(np.float32)
    scale = people.age_scale[account].astype(np.float32)[:, None]
    fresh = np.exp(np.float32(-feed.age_exponent) * np.log1p(age / scale))
    pull = people.pull.astype(np.float32)[account[:, None], posts.page[post]]
    quality = posts.quality.astype(np.float32)[post]
    weight: np.ndarray[tuple[int, int], np.dtype[np.float32]] = fresh * pull * quality
    weight[seen < 0] = 0
    return weight


def _down_the_feed(
    feed: FeedSettings,
    account: Ints,
    opened: Floats,
    liked: Ints,
    chosen: Flags,
    rng: np.random.Generator,
) -> Actions:
    """Times for the likes of a sitting, newest post first, a few seconds apart."""
    liked = np.sort(np.where(chosen, -liked, 1), axis=1)
    gaps = lognormal(rng, feed.gap_seconds_median, feed.gap_seconds_sigma, liked.shape)
    time = opened[:, None] + gaps.cumsum(axis=1)
    row, column = np.nonzero(liked <= 0)
    return Actions.likes(account[row], -liked[row, column], time[row, column])

"""What a watcher of the counters would have noted: followers by day, likes by age."""

from __future__ import annotations

import numpy as np
import polars as pl

from claqueur.model import COUNTERS
from claqueur.simulation.actions import LIKE, Actions
from claqueur.simulation.chance import Ints
from claqueur.simulation.clock import DAY, HOUR
from claqueur.simulation.observer import View
from claqueur.simulation.pages import Posts, shock_factor
from claqueur.simulation.scenario import Subscriptions
from claqueur.simulation.stage import Stage
from claqueur.simulation.tables import utc


def counters_table(
    stage: Stage,
    posts: Posts,
    post_ids: pl.Series,
    actions: Actions,
    view: View,
    rng: np.random.Generator,
) -> pl.DataFrame:
    """Followers of every page at noon, and likes of the official (or all) posts at a few ages.

    A row names a page or a post, never both: the other id is null.
    """
    tables = [_followers(stage, rng), _likes_by_age(stage, posts, post_ids, actions, view)]
    return pl.concat(tables).sort("time", "object_id", "owner_id")


def _followers(stage: Stage, rng: np.random.Generator) -> pl.DataFrame:
    scenario, clock, pages = stage.scenario, stage.clock, stage.pages
    settings = scenario.counters
    start = stage.people.follows.sum(axis=0) * settings.silent_followers_factor
    noon = np.arange(clock.days) * DAY + 12 * HOUR
    count = len(pages.ids)
    page, day = np.divmod(np.arange(count * clock.days), clock.days)
    pull = shock_factor(scenario, clock, pages.topic[page], noon[day])
    mean = start * settings.daily_growth_share
    joined = rng.poisson(2 * mean[page] * pull)
    left = rng.poisson(mean[page])
    growth = (joined - left).reshape(count, clock.days).cumsum(axis=1)
    value = np.maximum(start[:, None] + growth, 0)
    if settings.subscriptions:
        # A stream of its own: the other pages' followers stay as they were.
        value += _subscribed(stage, settings.subscriptions, rng.spawn(1)[0])
    return _frame(
        [None] * len(page),
        pl.Series(pages.ids)[page].to_list(),
        "followers",
        utc(noon[day], clock),
        value.ravel().astype(np.int64),
    )


def _subscribed(stage: Stage, told: Subscriptions, rng: np.random.Generator) -> Ints:
    """Who was told to follow and has done so by noon, shape (pages, days)."""
    clock, pages = stage.clock, stage.pages
    own = pages.of_groups(told.pages) if told.pages else pages.of_kind("official")
    shape = (len(own), told.accounts)
    opening = clock.start_of(told.first_day) + 9 * HOUR
    done = opening + rng.exponential(told.spread_days * DAY, shape)
    noon = np.arange(clock.days) * DAY + 12 * HOUR
    count = np.zeros((len(pages.ids), clock.days), np.int64)
    count[own] = [np.searchsorted(np.sort(moments), noon) for moments in done]
    return count


def _likes_by_age(
    stage: Stage, posts: Posts, post_ids: pl.Series, actions: Actions, view: View
) -> pl.DataFrame:
    clock, settings = stage.clock, stage.scenario.counters
    official = np.isin(posts.page, stage.pages.of_kind("official"))
    targets = np.flatnonzero(official | (settings.likes_of == "all"))
    ages = np.asarray(settings.ages_hours) * HOUR
    post, age = (part.ravel() for part in np.meshgrid(targets, ages, indexing="ij"))
    read = (posts.created[post] + age).astype(np.int64)
    post, read = post[read < clock.end], read[read < clock.end]
    liked = actions.kind == LIKE
    value = _count_until(actions.post[liked], actions.time[liked], post, read, clock.end)
    lost = liked & (view.gone < clock.end)
    value -= _count_until(actions.post[lost], view.gone[lost], post, read, clock.end)
    return _frame(post_ids[post].to_list(), [None] * len(post), "likes", utc(read, clock), value)


def _count_until(of: Ints, time: Ints, post: Ints, read: Ints, end: int) -> Ints:
    """How many of the moments, each of one post, lie at or before a reading of that post."""
    # Post and time in one sortable key: the moments up to a reading lie between two of them.
    span = end + 1
    moments = np.sort(of * span + time)
    until = np.searchsorted(moments, post * span + read, side="right")
    return until - np.searchsorted(moments, post * span)


def _frame(
    objects: list[str] | list[None],
    owners: list[str] | list[None],
    counter: str,
    time: pl.Series,
    value: Ints,
) -> pl.DataFrame:
    columns = {
        "object_id": objects,
        "owner_id": owners,
        "counter": [counter] * len(objects),
        "time": time,
        "value": value,
    }
    return pl.DataFrame(columns, schema=COUNTERS)

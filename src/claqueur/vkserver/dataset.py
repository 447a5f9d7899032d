"""Everything that happens in a simulated world, and when: what VK itself would hold.

A world's tables are what an observer collected, perhaps hours later and in part. The server
needs what there was to be seen at any moment: ``everything`` plays the scenario again and keeps
it all, under the same ids; ``from_tables`` makes do with the tables of a world.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from claqueur.simulation.actions import Actions
from claqueur.simulation.chance import stream
from claqueur.simulation.clock import Clock
from claqueur.simulation.counters import counters_table
from claqueur.simulation.observer import View, observed, view
from claqueur.simulation.reading import read_scenario, scenarios
from claqueur.simulation.scenario import Scenario
from claqueur.simulation.scenario_observer import ObserverSettings
from claqueur.simulation.stage import Stage
from claqueur.simulation.tables import events_table, follows_table, objects_table
from claqueur.simulation.world import World, _play, _texts, set_stage

NEVER = 1 << 40
"""A second that does not come."""

_PAGES = ("official", "institution", "page")


@dataclass(frozen=True)
class Dataset:
    """A world as the platform knows it. All times are whole UTC seconds since 1970.

    Attributes
    ----------
    acts
        One row a like, comment or repost: ``account_id``, ``action``, ``object_id``, ``time``,
        ``gone`` (when it was taken back, or ``NEVER``), ``content_id``, ``text``.
    posts
        One row a post: ``object_id``, ``owner_id``, ``created``, ``text``, ``view_count``.
    follows
        One row a listed member of a page: ``account_id``, ``owner_id``.
    followers
        Readings of the number of followers: ``owner_id``, ``time``, ``value``.
    accounts
        All accounts, rising.
    pages
        Name of every page by its owner id.
    closed
        Accounts that lists leave out.
    list_length_max, list_keeps
        Lists of likers show only so many names, the newest or the first.
    lists_hidden
        Nobody's name is shown anywhere.
    zone
        The world's time zone.
    start, end
        The first second of its span and the one in which all is over.
    seed
        Of everything the server adds at random.
    """

    acts: pl.DataFrame
    posts: pl.DataFrame
    follows: pl.DataFrame
    followers: pl.DataFrame
    accounts: list[int]
    pages: dict[int, str]
    closed: frozenset[int]
    list_length_max: int | None
    list_keeps: Literal["newest", "first"]
    lists_hidden: bool
    zone: ZoneInfo
    start: int
    end: int
    seed: int


def everything(
    scenario: str | Path = "krasnoyarsk-2019",
    *,
    seed: int = 1,
    changes: Mapping[str, Any] | None = None,
) -> Dataset:
    """All that happens in a scenario, under the ids of ``simulate`` with the same arguments.

    Of the scenario's observer those settings count that are the platform's: likes taken back,
    closed accounts, cut lists, hidden names. When it looks is the collector's own affair.

    Raises
    ------
    SettingError
        As ``simulate`` does.
    """
    _, settings = read_scenario(scenario, changes)
    stage = set_stage(settings, seed)
    posts, actions = observed(stage.clock, stage.posts, _play(stage, seed))
    seen = view(stage.clock, posts, actions, settings.observer, stream(seed, "observer"))
    whole = _whole(seen, actions, stage.clock)
    events, ids = events_table(
        stage, posts, actions, whole, _texts(settings, seed), stream(seed, "texts")
    )
    objects = objects_table(stage, posts, ids, actions, seen, stream(seed, "views"))
    counters = counters_table(stage, posts, ids, actions, seen, stream(seed, "counters"))
    observer = settings.observer or ObserverSettings()
    return Dataset(
        acts=_acts(events, _seconds("time_max")),
        posts=_posts(objects),
        follows=follows_table(stage, seen).select(_numbered("account_id"), _numbered("owner_id")),
        followers=_followers(counters),
        accounts=sorted(map(int, stage.people.ids)),
        pages=dict(zip(map(int, stage.pages.ids), stage.pages.name, strict=True)),
        closed=_closed(stage, seen),
        list_length_max=observer.list_length_max,
        list_keeps=observer.list_keeps,
        lists_hidden=observer.counters_only,
        zone=ZoneInfo(settings.span.timezone),
        start=stage.clock.epoch_seconds,
        end=stage.clock.epoch_seconds + max(seen.read, stage.clock.end),
        seed=seed,
    )


def from_tables(world: World) -> Dataset:
    """What the tables of a world hold; a time they leave open is drawn from where it may lie.

    Who took a like back, or was left out by a list, is not in them: for that, ``everything``.
    """
    collected = world.objects.select("object_id", "created", "collected")
    events = world.events.join(collected, on="object_id", how="left")
    low = pl.coalesce("time_min", "created")
    high = pl.coalesce("time_max", "collected")
    draws = stream(world.seed, "vkserver.times").random(events.height)
    within = pl.Series("drawn", draws)
    time = low.dt.epoch("s") + ((high - low).dt.total_seconds() * within).floor().cast(pl.Int64)
    acts = _acts(events.with_columns(time_min=pl.from_epoch(time, "s")), pl.lit(NEVER))
    people = world.truth.filter(~pl.col("role").is_in(_PAGES))
    pages = world.truth.filter(pl.col("role").is_in(_PAGES)).select("account_id", "institution_id")
    clock = _clock(world)
    return Dataset(
        acts=acts,
        posts=_posts(world.objects),
        follows=world.follows.select(_numbered("account_id"), _numbered("owner_id")),
        followers=_followers(world.counters),
        accounts=sorted(people["account_id"].cast(pl.Int64).to_list()),
        pages={int(owner): name or f"page-{owner[1:]}" for owner, name in pages.rows()},
        closed=frozenset(),
        list_length_max=None,
        list_keeps="newest",
        lists_hidden=False,
        zone=clock[0],
        start=clock[1],
        end=int(world.objects["collected"].dt.epoch("s").max()),  # type: ignore[arg-type]
        seed=world.seed,
    )


def _whole(seen: View, actions: Actions, clock: Clock) -> View:
    """All of it with its time, and the second it was taken back as the later one."""
    every = np.ones(len(actions), dtype=bool)
    gone = np.minimum(seen.gone, NEVER - clock.epoch_seconds)
    return replace(seen, listed=every, dated=every, earliest=actions.time, latest=gone)


def _closed(stage: Stage, seen: View) -> frozenset[int]:
    return frozenset(int(stage.people.ids[index]) for index in np.flatnonzero(seen.closed))


def _clock(world: World) -> tuple[ZoneInfo, int]:
    """Zone and first second of a world, which its tables do not hold; UTC where unknown."""
    if world.scenario in scenarios():
        scenario: Scenario = read_scenario(world.scenario)[1]
        zone = ZoneInfo(scenario.span.timezone)
    else:
        zone = ZoneInfo("UTC")
    first = int(world.objects["created"].dt.epoch("s").min())  # type: ignore[arg-type]
    midnight = datetime.fromtimestamp(first, zone).replace(hour=0, minute=0, second=0)
    return zone, int(midnight.timestamp())


def _acts(events: pl.DataFrame, gone: pl.Expr) -> pl.DataFrame:
    columns = [
        _numbered("account_id"),
        pl.col("action"),
        pl.col("object_id"),
        _seconds("time_min").alias("time"),
        gone.alias("gone"),
        pl.col("content_id"),
        pl.col("text"),
    ]
    others = events.filter(pl.col("action").is_in(["like", "comment", "repost"]))
    return others.select(columns).sort("time", "account_id", "object_id", maintain_order=True)


def _posts(objects: pl.DataFrame) -> pl.DataFrame:
    created = _seconds("created").alias("created")
    return objects.select(
        "object_id", _numbered("owner_id"), created, pl.col("text"), pl.col("view_count")
    ).sort("created", "object_id")


def _followers(counters: pl.DataFrame) -> pl.DataFrame:
    readings = counters.filter(pl.col("counter") == "followers")
    time = _seconds("time").alias("time")
    return readings.select(_numbered("owner_id"), time, pl.col("value")).sort("owner_id", "time")


def _numbered(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.Int64)


def _seconds(column: str) -> pl.Expr:
    return pl.col(column).dt.epoch("s")

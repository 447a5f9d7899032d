"""A simulated world: its tables, and how they are made and saved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from claqueur.atomic import new_folder
from claqueur.errors import SettingError
from claqueur.simulation.actions import Actions
from claqueur.simulation.activists import activist_actions, campaign_targets
from claqueur.simulation.bursts import giveaway_actions, share_actions
from claqueur.simulation.campaign import campaign_posts
from claqueur.simulation.chance import Ints, stream
from claqueur.simulation.clock import Clock
from claqueur.simulation.commenters import by_commenters, commenter_actions
from claqueur.simulation.counters import counters_table
from claqueur.simulation.directives import directive_text
from claqueur.simulation.fans import appeal_actions, fan_actions
from claqueur.simulation.feed import ordinary_actions
from claqueur.simulation.handout import HandedOut
from claqueur.simulation.naming import named_posts, with_theme
from claqueur.simulation.observer import observed, view
from claqueur.simulation.order import order_targets, ordered_actions
from claqueur.simulation.pages import in_order, make_pages, ordinary_posts
from claqueur.simulation.population import make_population
from claqueur.simulation.reading import read_scenario
from claqueur.simulation.regulars import (
    employee_actions,
    new_follower_actions,
    topical_fan_actions,
)
from claqueur.simulation.scenario import Scenario
from claqueur.simulation.stage import Stage
from claqueur.simulation.standing import supporter_actions
from claqueur.simulation.tables import (
    events_table,
    follows_table,
    objects_table,
    targets_table,
    truth_table,
)
from claqueur.simulation.texts import read_texts
from claqueur.simulation.wording import MEME_SHARE, Wording

Mechanism = Callable[[Stage, Any, np.random.Generator], Actions]

MECHANISMS: dict[str, Mechanism] = {
    "feed": ordinary_actions,
    "fans": fan_actions,
    "topical_fans": topical_fan_actions,
    "new_followers": new_follower_actions,
    "employees": employee_actions,
    "shares": share_actions,
    "giveaways": giveaway_actions,
    "appeal": appeal_actions,
    "standing_appeal": supporter_actions,
    "order": ordered_actions,
    "activists": activist_actions,
    "commenters": commenter_actions,
}
"""Who acts, by the name of the scenario's table that switches it on and sets it."""

_TABLES = ("events", "objects", "counters", "truth", "targets", "follows")


@dataclass(frozen=True)
class World:
    """The tables of a simulated world.

    Attributes
    ----------
    events
        One row an action, in order of time.
    objects
        One row a post, with its counts at the end of the span.
    counters
        Followers of pages by day, likes of official posts by age.
    truth
        Role and institution of every account and page, and how many comments it wrote on order
        or for a reward. ``ordered`` are the staff only.
    targets
        Posts a directive named, or a network's campaigns; those that nobody ordered too, where a
        scenario names some.
    follows
        One row an account in a list of members, in the columns of events; without times.
    directive
        The directive of the scenario as TOML, true or not; None where it has none.
    scenario, seed
        What it was made from.
    """

    events: pl.DataFrame
    objects: pl.DataFrame
    counters: pl.DataFrame
    truth: pl.DataFrame
    targets: pl.DataFrame
    follows: pl.DataFrame
    scenario: str
    seed: int
    directive: str | None = None

    def save(self, directory: Path) -> None:
        """Write every table as Parquet, ``events.parquet`` and so on, and ``directive.toml``.

        They are written beside the folder and moved, so it is there whole or not at all.

        Raises
        ------
        CaseError
            If the folder exists and is not empty, or cannot be made.
        RunError
            If the disk is full.
        """
        with new_folder(Path(directory)) as folder:
            for name in _TABLES:
                getattr(self, name).write_parquet(folder / f"{name}.parquet")
            if self.directive:
                (folder / "directive.toml").write_text(self.directive, encoding="utf-8")


def simulate(
    scenario: str | Path = "krasnoyarsk-2019",
    *,
    seed: int = 1,
    changes: Mapping[str, Any] | None = None,
) -> World:
    """Simulate a world in which it is known who was ordered.

    Parameters
    ----------
    scenario
        Name of a shipped scenario (see ``scenarios``), or path of a TOML file like theirs.
    seed
        Of everything random, from 0 up; the same seed gives the same tables.
    changes
        Values that replace the scenario's, by dotted key:
        ``{"order.participation_mean": 0.3, "appeal": None}``. None leaves a table out.

    Raises
    ------
    SettingError
        If no scenario has the name, or its file or a change has an unknown or unusable key.
    """
    if seed < 0:
        raise SettingError(f"seed {seed}: must be 0 or more")
    name, settings = read_scenario(scenario, changes)
    stage = set_stage(settings, seed)
    posts, actions = observed(stage.clock, stage.posts, _play(stage, seed))
    seen = view(stage.clock, posts, actions, settings.observer, stream(seed, "observer"))
    rng = stream(seed, "texts")
    events, ids = events_table(stage, posts, actions, seen, _texts(settings, seed), rng)
    objects = objects_table(stage, posts, ids, actions, seen, stream(seed, "views"))
    targets = targets_table(stage, posts, ids, _named(stage, seed))
    return World(
        events=events,
        objects=objects,
        counters=counters_table(stage, posts, ids, actions, seen, stream(seed, "counters")),
        truth=truth_table(stage.pages, stage.people, actions),
        targets=targets,
        follows=follows_table(stage, seen),
        scenario=name,
        seed=seed,
        directive=directive_text(scenario, targets, stage.pages),
    )


def set_stage(scenario: Scenario, seed: int) -> Stage:
    """Pages, accounts and posts of a scenario, before anybody acts."""
    clock, texts = Clock.of(scenario.span), read_texts()
    pages = make_pages(scenario, stream(seed, "pages"))
    people = make_population(scenario, pages, stream(seed, "population"))
    parts = [ordinary_posts(scenario, clock, pages, texts, stream(seed, "posts"))]
    if scenario.campaign:
        rng = stream(seed, "campaign")
        parts.append(campaign_posts(scenario.campaign, scenario, clock, pages, texts, rng))
    stage = Stage(scenario, clock, pages, people, in_order(parts, scenario, clock, pages))
    if scenario.theme:
        stage = with_theme(stage, scenario.theme, stream(seed, "theme"))
    if scenario.named:
        chosen = named_posts(stage, scenario.named, stream(seed, "named"))
        stage = replace(stage, named=chosen)
    return stage


def _named(stage: Stage, seed: int) -> Ints:
    """The posts a directive names, or campaigns do, whether anybody follows it or not."""
    if stage.named is not None:
        return stage.named
    order, activists = stage.scenario.order, stage.scenario.activists
    if order:
        return order_targets(stage, order, stream(seed, "order"))
    if activists:
        return campaign_targets(stage, activists, stream(seed, "activists"))
    return np.empty(0, np.int64)


def _play(stage: Stage, seed: int) -> Actions:
    """Everything done to posts by the mechanisms the scenario has a table for, in no order."""
    tables = {name: getattr(stage.scenario, name) for name in MECHANISMS}
    done = Actions.joined(
        [
            MECHANISMS[name](stage, settings, stream(seed, name))
            for name, settings in tables.items()
            if settings is not None
        ]
    )
    own = stage.scenario.commenters
    return by_commenters(done, stage, own, stream(seed, "commenters")) if own else done


def _texts(scenario: Scenario, seed: int) -> Wording:
    """What people write; on order, what they were handed out."""
    handout = scenario.order.handout if scenario.order else None
    drawn = HandedOut.drawn(handout, stream(seed, "handout")) if handout else None
    own = scenario.commenters
    return Wording(own.meme_share if own else MEME_SHARE, drawn)

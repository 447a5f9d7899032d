"""Camouflage: accounts that act on order also like other things in the same sitting."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from claqueur.simulation.actions import Actions
from claqueur.simulation.chance import Flags
from claqueur.simulation.clock import MINUTE
from claqueur.simulation.feed import likes_of_sittings
from claqueur.simulation.scenario_orders import Camouflage
from claqueur.simulation.stage import Stage

_PAUSE = 30 * MINUTE


def camouflage(
    stage: Stage, settings: Camouflage, likes: Actions, rng: np.random.Generator
) -> Actions:
    """What is liked from one's own feed around ordered likes, just before or just after."""
    started = likes.at(_starts(likes))
    hidden = started.at(rng.random(len(started)) < settings.sittings_share)
    feed = replace(stage.scenario.feed, likes_per_sitting_mean=settings.likes_mean)
    opened = hidden.time + rng.uniform(-3 * MINUTE, 2 * MINUTE, len(hidden))
    return likes_of_sittings(feed, stage, hidden.account, opened, rng)


def _starts(likes: Actions) -> Flags:
    """Whether a like is its account's first after a pause."""
    order = np.lexsort((likes.time, likes.account))
    account, time = likes.account[order], likes.time[order]
    new = np.ones(len(likes), dtype=bool)
    new[1:] = (account[1:] != account[:-1]) | (time[1:] - time[:-1] > _PAUSE)
    starts = np.empty(len(likes), dtype=bool)
    starts[order] = new
    return starts

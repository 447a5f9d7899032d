"""Which spread of compliance could be seen at which spacing of polls, in the data at hand.

Invented orders are laid over the real actions, everything is seen again as polls of some
spacing would show it, and one half of each invented group is tested against the other. So it
leaves out that a group must be found first, and that a whole group says more than half of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl

from claqueur.groups.confirm import LEVEL, Confirmed
from claqueur.groups.sensitivity import (
    LARGEST_SHARE,
    MOST_ACTIONS,
    TARGETS,
    as_polled,
    busiest_posts,
    free_accounts,
    wave,
    with_invented,
)
from claqueur.kernels.co_action import I64, Bool
from claqueur.kernels.lockstep import DAY_MS, HOUR_MS
from claqueur.nulls.habits import Crowd, Habits, bet, windows_ms
from claqueur.nulls.timeline import Timeline, timeline
from claqueur.progress import Progress
from claqueur.store import Events

SPREAD_MINUTES = (5, 20, 60, 240)
"""Median delays of members after the message."""
SPACINGS_MS = (HOUR_MS // 6, HOUR_MS, 6 * HOUR_MS, DAY_MS)
"""Spacings that are tried besides that of the data, where they are coarser."""
PEOPLE, SHARE = 50, 0.6
"""Members of each invented order, fewer where there are few accounts, and how often each obeys."""
FEWEST_PEOPLE = 10


@dataclass(frozen=True)
class Visible:
    """Share of an invented order's members that would have been seen."""

    spacing_ms: int
    spread_minutes: int
    people: int
    found: float


def visible_orders(
    frame: pl.DataFrame,
    events: Events,
    actions: Timeline,
    confirmed: Confirmed,
    seed: int,
    progress: Progress,
) -> list[dict[str, Any]]:
    """Lay orders of several spreads over polled actions and look at coarser and coarser polls.

    Returns
    -------
    list of dict
        ``spacing_ms``, ``spread_minutes``, ``people``, ``found``; empty where most times
        are exact, or the data are too small or too large.
    """
    observed = actions.resolution_ms
    people, posts = free_accounts(actions, confirmed), busiest_posts(actions)
    size = min(PEOPLE, int(LARGEST_SHARE * len(people)) // len(SPREAD_MINUTES))
    too_few = size < FEWEST_PEOPLE or len(posts) < 2 * TARGETS
    if not observed or too_few or len(actions) > MOST_ACTIONS:
        return []
    progress.stage("looking which spread of compliance these polls could see")
    rng = np.random.default_rng([seed, 6])
    chosen = rng.permutation(people)[: size * len(SPREAD_MINUTES)]
    groups = np.split(chosen, len(SPREAD_MINUTES))
    rows = pl.concat(
        wave(actions, group, rng.permutation(posts)[:TARGETS], SHARE, spread, rng)
        for group, spread in zip(groups, SPREAD_MINUTES, strict=True)
    )
    born = pl.Series("born_ms", actions.born_ms)
    real = frame.with_columns(born_ms=born.gather(frame["object_id"]))
    spacings = (observed, *(s for s in SPACINGS_MS if s >= 2 * observed))
    return [
        asdict(each)
        for spacing in spacings
        for each in _at_spacing(spacing, real, rows, groups, confirmed.family, events, observed)
    ]


def _at_spacing(
    spacing_ms: int,
    real: pl.DataFrame,
    rows: pl.DataFrame,
    groups: list[I64],
    family: int,
    events: Events,
    observed: int,
) -> Iterator[Visible]:
    # The real actions are as they were seen at the spacing of the data.
    seen = real if spacing_ms == observed else as_polled(real, spacing_ms)
    actions = timeline(with_invented(seen, as_polled(rows, spacing_ms)), events)
    for group, spread in zip(groups, SPREAD_MINUTES, strict=True):
        yield Visible(spacing_ms, spread, len(group), round(_found(actions, group, family), 3))


def _found(actions: Timeline, group: I64, family: int) -> float:
    """Share of the group that e-BH would accept if all of it stood alike, in the best window."""
    enough = np.log(max(family, len(group)) / (LEVEL * len(group)))
    inside = np.zeros(actions.n_accounts, bool)
    inside[group] = True
    crowd = Crowd.without(actions, inside)
    halves = [np.isin(np.arange(actions.n_accounts), group[k::2]) for k in (0, 1)]
    return max(
        sum(_accepted(actions, halves[k], halves[1 - k], crowd, window, enough) for k in (0, 1))
        / len(group)
        for window in windows_ms(actions)
    )


def _accepted(
    actions: Timeline, others: Bool, asked: Bool, crowd: Crowd, window_ms: int, enough: float
) -> int:
    everything = np.ones(len(actions), bool)
    habits = Habits.of(actions, others)
    fortunes = bet(actions, habits, crowd, everything, asked, window_ms, hours_too=True)
    return int((fortunes.log_e.min(axis=0) >= enough).sum())

"""What somebody who collects the pages' posts of the span gets to see of all that happened.

A list of likers is read at certain moments: on a grid of polls, once some days after the span,
or once at its end. Who took the like back before, whom the list leaves out, and what lies
beyond the end of a cut list, is not in it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from claqueur.simulation.actions import COMMENT, LIKE, Actions
from claqueur.simulation.chance import Flags, Ints, lognormal
from claqueur.simulation.clock import DAY, HOUR, MINUTE, Clock
from claqueur.simulation.pages import Posts
from claqueur.simulation.scenario_observer import ObserverSettings

_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class View:
    """How much of each action is seen; equally long columns, one row an action.

    Attributes
    ----------
    listed
        Whether the events show it.
    dated
        Whether they show a time.
    earliest, latest
        Seconds between which it must have happened.
    gone
        The second at which it was taken back.
    read
        The second at which the posts' own counts are read.
    closed
        Accounts that lists leave out, by index; those beyond its end are not among them.
    """

    listed: Flags
    dated: Flags
    earliest: Ints
    latest: Ints
    gone: Ints
    read: int
    closed: Flags


def observed(clock: Clock, posts: Posts, actions: Actions) -> tuple[Posts, Actions]:
    """Posts published in the span, and what was done to them in it, in order of time.

    Earlier posts were there only to fill the feeds of the first days. Of an account's likes
    (or reposts) of one post the first remains.
    """
    earlier = int(np.searchsorted(posts.created, 0))
    seen = actions.at((actions.post >= earlier) & (actions.time < clock.end))
    seen = replace(seen, post=seen.post - earlier)
    kept = Posts(
        posts.page[earlier:], posts.created[earlier:], posts.quality[earlier:], posts.text[earlier:]
    )
    return kept, _once(seen, len(kept))


def view(
    clock: Clock,
    posts: Posts,
    actions: Actions,
    settings: ObserverSettings | None,
    rng: np.random.Generator,
) -> View:
    """All of it as it happened, or as much as the scenario's observer sees."""
    if settings is None:
        everything = np.ones(len(actions), dtype=bool)
        never = np.full(len(actions), _NEVER)
        nobody = np.zeros(0, dtype=bool)
        return View(everything, everything, actions.time, actions.time, never, clock.end, nobody)
    readings = _readings(clock, settings, rng)
    gone = _taken_back(settings, actions, rng)
    closed = rng.random(int(actions.account.max(initial=-1)) + 1) < settings.closed_share
    listed = _listed(settings, actions, readings, gone, closed)
    seen = _times(settings, posts, actions, readings, listed)
    return replace(seen, gone=gone, closed=closed)


def _once(actions: Actions, posts: int) -> Actions:
    ordered = actions.at(np.lexsort((actions.kind, actions.post, actions.account, actions.time)))
    triple = (ordered.account * posts + ordered.post) * 3 + ordered.kind
    first = np.zeros(len(ordered), dtype=bool)
    first[np.unique(triple, return_index=True)[1]] = True
    return ordered.at(first | (ordered.kind == COMMENT))


def _readings(clock: Clock, settings: ObserverSettings, rng: np.random.Generator) -> Ints:
    """Seconds at which lists are read, rising; at least one."""
    late = clock.end + round((settings.snapshot_days_after or 0) * DAY)
    if settings.poll_minutes is None:
        return np.array([late])
    step = max(round(settings.poll_minutes * MINUTE), 1)
    grid = np.arange(step, clock.end + 1, step)
    grid = grid if len(grid) else np.array([clock.end])
    gaps = rng.poisson(settings.gaps_per_week * clock.days / 7)
    begin = np.sort(rng.uniform(0, clock.end, gaps))
    end = begin + lognormal(rng, settings.gap_hours_median * HOUR, 0.8, gaps)
    # Open gaps at a moment: those begun before it less those over by then.
    open_gaps = np.searchsorted(begin, grid) - np.searchsorted(np.sort(end), grid)
    kept = grid[open_gaps == 0]
    return kept if len(kept) else grid[-1:]


def _taken_back(settings: ObserverSettings, actions: Actions, rng: np.random.Generator) -> Ints:
    """The second at which each action is taken back; only likes ever are."""
    taken = (rng.random(len(actions)) < settings.unliked_share) & (actions.kind == LIKE)
    after = lognormal(rng, settings.unliked_hours_median * HOUR, 1.0, len(actions))
    return np.where(taken, actions.time + after.astype(np.int64) + 1, _NEVER)


def _listed(
    settings: ObserverSettings,
    actions: Actions,
    readings: Ints,
    gone: Ints,
    closed: Flags,
) -> Flags:
    """Whether each action is there, and shown, when the lists are next read."""
    if settings.counters_only:
        return np.zeros(len(actions), dtype=bool)
    reading = _next_reading(readings, actions.time)
    there = (reading < _NEVER) & (gone > reading)
    shown = ~closed[actions.account]
    if settings.list_length_max is not None:
        shown &= _place_in_list(settings, actions, reading) < settings.list_length_max
    comment = actions.kind == COMMENT
    # Comments with a date stay under their post and are found by whichever reading comes next.
    listed: Flags = (comment & settings.comments_dated) | (there & (shown | comment))
    return listed


def _next_reading(readings: Ints, time: Ints) -> Ints:
    """The first reading at or after each second."""
    return np.append(readings, _NEVER)[np.searchsorted(readings, time)]


def _place_in_list(settings: ObserverSettings, actions: Actions, reading: Ints) -> Ints:
    """Names shown before each one when its list is read: of the newer, or of the older ones."""
    span = int(actions.time.max(initial=0)) + 2
    own_list = (actions.post * 3 + actions.kind) * span
    ordered = np.sort(own_list + actions.time)
    older = np.searchsorted(ordered, own_list + actions.time) - np.searchsorted(ordered, own_list)
    if settings.list_keeps == "first":
        return older
    until = own_list + np.minimum(reading, span - 1)
    return np.searchsorted(ordered, until, side="right") - np.searchsorted(
        ordered, own_list + actions.time, side="right"
    )


def _times(
    settings: ObserverSettings, posts: Posts, actions: Actions, readings: Ints, listed: Flags
) -> View:
    """The time of each action as far as it is known."""
    polled = settings.poll_minutes is not None
    by_itself = not polled and settings.snapshot_days_after is None
    exact = ((actions.kind == COMMENT) & settings.comments_dated) | by_itself
    place = np.searchsorted(readings, actions.time)
    earliest = np.maximum(np.append(0, readings)[place], posts.created[actions.post])
    latest = np.append(readings, readings[-1])[place]
    return View(
        listed=listed,
        dated=exact | polled,
        earliest=np.where(exact, actions.time, earliest),
        latest=np.where(exact, actions.time, latest),
        gone=np.full(len(actions), _NEVER),
        read=int(readings[-1]),
        closed=np.zeros(0, dtype=bool),
    )

"""Timed co-action: two accounts acted on the same object within a window, often enough.

The weight of a pair is the number of distinct objects on which both acted within the
window; every account counts for another once an object. This is the common core of the
field's coordination networks (F. Giglietto et al., "It takes a village to manipulate the
media", Information, Communication & Society 23(6), 2020; T. Graham et al., "Coordination
network toolkit", QUT 2020), with a sliding window, which loses no pair at a bin's edge.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from claqueur.detectors import HotObject, Layer, chosen_actions, exactly_timed, require_times
from claqueur.engines.actions import Actions
from claqueur.engines.counting import counted
from claqueur.engines.hot import Hot
from claqueur.model import ANY_ACTION
from claqueur.progress import Progress
from claqueur.refusals import Refusals
from claqueur.settings import CoAction
from claqueur.store import Coded, Events


@dataclass(frozen=True)
class CoActionDetector:
    """The default timed detector."""

    name: str = "co_action"
    help: str = "same object within a window; weight = distinct objects"
    raw: bool = False

    def layers(
        self, events: Events, settings: CoAction, refusals: Refusals, progress: Progress
    ) -> Iterator[Layer]:
        """One layer for each action (or all together) and window."""
        for action, frame in by_action(events, settings, refusals):
            actions = to_actions(frame, events)
            for window_ms in settings.windows_ms:
                least = settings.min_objects or 1
                counts, apart = counted(actions, window_ms, least, progress=progress)
                yield Layer(
                    action, window_ms, frame, events.names["account_id"], counts.table(), {},
                    hot=hot_objects(apart, events.names["object_id"], window_ms, least),
                )  # fmt: skip


def hot_objects(
    hot: Hot | None, objects: pl.Series, window_ms: int, min_objects: int
) -> tuple[HotObject, ...]:
    """What was counted apart, by name.

    Parameters
    ----------
    objects
        Ids of all objects; the position is the code.
    """
    if hot is None:
        return ()
    exact = not hot.capped(window_ms, min_objects)
    named = objects.gather(hot.objects)
    return tuple(
        HotObject(name, int(most), exact) for name, most in zip(named, hot.most, strict=True)
    )


def by_action(
    events: Events, settings: CoAction, refusals: Refusals
) -> Iterator[tuple[str, pl.DataFrame]]:
    """Yield (action, its exactly timed events), or all actions as one.

    Raises
    ------
    SourceError
        If no event has an exact time.
    """
    chosen = chosen_actions(events.actions, settings.action)
    if settings.across_actions:
        frames = [(ANY_ACTION, events.of_actions(chosen))]
    else:
        frames = [(action, events.of_action(action)) for action in chosen]
    timed = [(action, exactly_timed(frame, refusals)) for action, frame in frames]
    require_times(frame.height for _, frame in timed)
    yield from timed


def to_actions(frame: pl.DataFrame, events: Coded, unit: str | None = None) -> Actions:
    """The columns kernels work on; no copy where the frame has one chunk."""
    return Actions(
        frame["account_id"].to_numpy(),
        frame["object_id"].to_numpy(),
        frame["t_min_ms"].to_numpy(),
        len(events.names["account_id"]),
        None if unit is None else frame[unit].to_numpy(),
    )


DETECTOR = CoActionDetector()

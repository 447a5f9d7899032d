"""The detector with thresholds on a table that is larger than memory.

What leaves the blocks is small: the pairs that reach the minimum. Then only what their accounts
did is read once more, and groups, evidence and pictures are made of that as in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
import polars as pl

from claqueur.detectors import (
    Layer,
    by_time,
    chosen_actions,
    count_aside,
    on_object,
    require_times,
)
from claqueur.detectors.co_action import hot_objects
from claqueur.engines.hot import HOT
from claqueur.engines.large import Parts, count_on_disk
from claqueur.engines.local import side_by_side
from claqueur.kernels.co_action import Bool
from claqueur.model import ANY_ACTION
from claqueur.progress import SILENT, Progress
from claqueur.refusals import Refusals
from claqueur.scratch import Scratch
from claqueur.settings import CoAction
from claqueur.spill import Spilled
from claqueur.store import actions_of

Done = TypeVar("Done")

_KERNEL = {"object_": "object_id", "t_ms": "t_min_ms", "account": "account_id"}


@dataclass(frozen=True)
class Selected:
    """Exactly timed events of some actions, in parts on disk (an ``Everybody``).

    Attributes
    ----------
    codes
        Of the actions, with None for rows that have none; None where all count.
    """

    events: Spilled
    codes: tuple[int | None, ...] | None

    def part(self, number: int, columns: list[str] | None = None) -> pl.DataFrame:
        """The rows of one part, in order."""
        asked = columns and list(dict.fromkeys([*columns, "t_min_ms", "t_max_ms", *self._action]))
        exact = pl.col("t_min_ms") == pl.col("t_max_ms")
        rows = self.events.read(number, asked).filter(exact, self._chosen)
        return rows if columns is None else rows.select(columns)

    def each(self, work: Callable[[pl.DataFrame], Done], columns: list[str]) -> Iterator[Done]:
        """What is found in the rows of every part."""

        def one(number: int) -> Done:
            return work(self.part(number, columns))

        return side_by_side(one, range(self.events.n_parts), SILENT)

    @property
    def _action(self) -> list[str]:
        return [] if self.codes is None else ["action"]

    @property
    def _chosen(self) -> pl.Expr:
        if self.codes is None:
            return pl.lit(True)
        return pl.col("action").is_in(self.codes, nulls_equal=True)

    @property
    def n_accounts(self) -> int:
        """Length of what has a place for every account code."""
        return len(self.events.names["account_id"])

    @cached_property
    def _counted(self) -> dict[str, int]:
        acted = np.zeros(self.n_accounts, bool)

        def look(part: pl.DataFrame) -> tuple[int, int]:
            acted[part["account_id"].to_numpy()] = True
            # Sorted by object: each begins where the one before ends.
            first = part["object_id"].to_numpy()
            changes = int(np.count_nonzero(first[1:] != first[:-1]))
            return part.height, changes + min(part.height, 1)

        looks = self.each(look, ["account_id", "object_id"])
        rows, objects = map(sum, zip(*looks, strict=True))
        return {"events": rows, "accounts": int(acted.sum()), "objects": objects}

    def counts(self) -> dict[str, int]:
        """Actions, accounts and objects."""
        return self._counted

    def by_time(self, step_ms: int) -> pl.DataFrame:
        """How many actions fall into each step of time."""
        parts = self.each(lambda part: by_time(part, step_ms), ["t_min_ms"])
        steps = pl.concat(list(parts))
        return steps.group_by("step").agg(pl.col("actions").sum())

    def on_objects(self, codes: Sequence[int]) -> Iterator[pl.DataFrame]:
        """All actions on each object."""
        return (on_object(self.part(self.events.part_of(code)), code) for code in codes)

    def of_accounts(self, wanted: Bool) -> pl.DataFrame:
        """All rows of some accounts, (n_accounts,) bool, in the order of the table."""

        def own(number: int) -> pl.DataFrame:
            rows = self.part(number).drop("t_max_ms")
            return rows.filter(pl.Series(wanted[rows["account_id"].to_numpy()]))

        numbers = range(self.events.n_parts)
        rows = pl.concat(list(side_by_side(own, numbers, SILENT)), how="diagonal")
        # Parts are in order, and have their objects to themselves.
        rows = rows.sort("object_id", maintain_order=True)
        return rows.with_columns(t_max_ms="t_min_ms")

    def by_knowledge(self) -> tuple[int, int, int]:
        """Rows without a time, with an interval only, and with an exact time."""

        def look(number: int) -> tuple[int, int, int]:
            times = self.events.read(number, ["t_min_ms", "t_max_ms", *self._action])
            times = times.filter(self._chosen)
            exact = times.filter(pl.col("t_min_ms") == pl.col("t_max_ms")).height
            return times.height, times["t_min_ms"].null_count(), exact

        looks = side_by_side(look, range(self.events.n_parts), SILENT)
        rows, unknown, exact = map(sum, zip(*looks, strict=True))
        return unknown, rows - unknown - exact, exact


def layers(
    events: Spilled,
    settings: CoAction,
    refusals: Refusals,
    *,
    memory_bytes: int,
    hot: int = HOT,
    progress: Progress,
) -> Iterator[Layer]:
    """One layer for each action (or all together) and window, as the detector gives in memory.

    Raises
    ------
    SourceError
        If no event has an exact time.
    """
    chosen = selections(events, settings, refusals)
    for number, (action, selected) in enumerate(chosen):
        for window_ms in settings.windows_ms:
            place = Scratch(events.scratch.folder / f"pairs-{number}-{window_ms}")
            place.folder.mkdir(exist_ok=True)
            least = settings.min_objects or 1
            counts, apart = count_on_disk(
                Parts(events.n_parts, selected.n_accounts, _reader(selected)),
                window_ms, least, place,
                memory_bytes=memory_bytes, hot=hot, progress=progress,
            )  # fmt: skip
            progress.stage("reading what paired accounts did")
            paired = np.zeros(selected.n_accounts, bool)
            paired[counts.a], paired[counts.b] = True, True
            yield Layer(
                action, window_ms, selected.of_accounts(paired), events.names["account_id"],
                counts.table(), {}, compared=selected,
                hot=hot_objects(apart, events.names["object_id"], window_ms, least),
            )  # fmt: skip


def _reader(selected: Selected) -> Callable[[int], pl.DataFrame]:
    renamed = [pl.col(theirs).alias(ours) for ours, theirs in _KERNEL.items()]
    return lambda number: selected.part(number, list(_KERNEL.values())).select(renamed)


def selections(
    events: Spilled, settings: CoAction, refusals: Refusals
) -> list[tuple[str, Selected]]:
    """Each action (or all together) with its exactly timed events; others are counted aside.

    Raises
    ------
    SourceError
        If no event has an exact time.
    """
    actions = chosen_actions(actions_of(events), settings.action)
    if settings.across_actions:
        chosen = [(ANY_ACTION, _of(events, actions))]
    else:
        chosen = [(action, _of(events, [action])) for action in actions]
    known = [selected.by_knowledge() for _, selected in chosen]
    for unknown, interval, _ in known:
        count_aside(refusals, unknown, interval)
    require_times(exact for *_, exact in known)
    return chosen


def _of(events: Spilled, actions: list[str]) -> Selected:
    known = actions_of(events)
    if set(actions) == set(known):
        return Selected(events, None)
    codes = [
        None if action == ANY_ACTION else int(events.names["action"].search_sorted(action))
        for action in actions
    ]
    return Selected(events, tuple(codes))

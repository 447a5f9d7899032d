"""What ties accounts together: one detector a file, each giving layers of pairs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import polars as pl

from claqueur.errors import SettingError, SourceError
from claqueur.model import CO_ACTION, FOLLOW, PAIRS
from claqueur.progress import Progress
from claqueur.refusals import Refusals
from claqueur.rooms import members
from claqueur.settings import CoAction
from claqueur.store import Events


@dataclass(frozen=True)
class Layer:
    """Pairs of one layer, action and window.

    Attributes
    ----------
    window_ms
        None for a layer without times.
    events
        The coded events that were compared, sorted by (object, time).
    accounts
        Ids of the accounts; the position is the code.
    pairs
        Columns ``a``, ``b`` (codes, a < b but for another tool's loops), ``weight``,
        ``mean_delta_ms``, ``a_first`` where there are times, then what else the detector gives;
        sorted by a, b.
    tables
        Further results of the detector, by the name of their file.
    """

    action: str
    window_ms: int | None
    events: pl.DataFrame
    accounts: pl.Series
    pairs: pl.DataFrame
    tables: dict[str, pl.DataFrame]
    name: str = CO_ACTION

    def table(self) -> pl.DataFrame:
        """The rows of ``pairs.parquet``."""
        known = {"layer": self.name, "action": self.action, "window_ms": self.window_ms}
        there = {"account_a", "account_b", *known, *self.pairs.columns}
        full = self.pairs.with_columns(
            *(pl.lit(value, PAIRS[name]).alias(name) for name, value in known.items()),
            *(pl.lit(None).alias(name) for name in PAIRS if name not in there),
            account_a=self.accounts.gather(self.pairs["a"]),
            account_b=self.accounts.gather(self.pairs["b"]),
        )
        extra = [name for name in self.pairs.columns if name not in ("a", "b", *PAIRS)]
        return full.select(*(pl.col(name).cast(kind) for name, kind in PAIRS.items()), *extra)


class Detector(Protocol):
    """A way of finding accounts that act together."""

    name: str
    help: str
    raw: bool
    """Whether it counts rows, duplicates included, in the order of the input."""

    def layers(
        self, events: Events, settings: CoAction, refusals: Refusals, progress: Progress
    ) -> Iterator[Layer]:
        """One layer for each action and window; events it cannot use go to ``refusals``."""


def detectors() -> dict[str, Detector]:
    """All detectors by name."""
    return members("claqueur.detectors", "DETECTOR")


def chosen_actions(events: Events, wanted: tuple[str, ...]) -> list[str]:
    """The actions to look at: those named, or all there are.

    Raises
    ------
    SettingError
        If one that was named does not occur.
    """
    if missing := [action for action in wanted if action not in events.actions]:
        raise SettingError(
            f"--action {missing[0]}: the events have no such action; "
            f"they have {', '.join(events.actions)}"
        )
    return list(wanted) or events.actions


def actions_on_posts(events: Events, wanted: tuple[str, ...]) -> list[str]:
    """The actions named; where none is, all but ``follow``, which is no act on a post."""
    chosen = chosen_actions(events, wanted)
    return chosen if wanted else [action for action in chosen if action != FOLLOW]


def exactly_timed(frame: pl.DataFrame, refusals: Refusals) -> pl.DataFrame:
    """The events whose time is known to the moment; the rest is counted."""
    exact = frame.select((pl.col("t_min_ms") == pl.col("t_max_ms")).fill_null(False)).to_series()
    timed = frame if exact.all() else frame.filter(exact)
    unknown = frame["t_min_ms"].null_count()
    refusals.add("no time (timed co-action needs one)", unknown)
    refusals.add(
        "time known only as an interval (timed co-action needs an exact one)",
        frame.height - timed.height - unknown,
    )
    return timed


def require_times(timed: Sequence[pl.DataFrame]) -> None:
    """Go on only where some event has an exact time.

    Raises
    ------
    SourceError
        If none has.
    """
    if not any(frame.height for frame in timed):
        raise SourceError(
            "no event has an exact time, which a network of thresholds needs; leave out --window "
            "and --min-objects (the default also takes intervals and likes without times), or name "
            "the column of times with --map timestamp=…"
        )

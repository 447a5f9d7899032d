"""What ties accounts together: one detector a file, each giving layers of pairs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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


class Everybody(Protocol):
    """All that was compared in a layer, also where only a part of it is in memory."""

    def counts(self) -> dict[str, int]:
        """Actions, accounts and objects: ``events``, ``accounts``, ``objects``."""

    def by_time(self, step_ms: int) -> pl.DataFrame:
        """Columns ``step`` (``t_min_ms // step_ms``) and ``actions``, of what has a time."""

    def on_objects(self, codes: Sequence[int]) -> Iterator[pl.DataFrame]:
        """For each object, ``account_id`` and ``t_min_ms`` of all actions on it, by time."""


@dataclass(frozen=True)
class Held:
    """All that was compared, in memory."""

    events: pl.DataFrame

    def counts(self) -> dict[str, int]:
        """Actions, accounts and objects."""
        return {
            "events": self.events.height,
            "accounts": self.events["account_id"].n_unique(),
            "objects": self.events["object_id"].n_unique(),
        }

    def by_time(self, step_ms: int) -> pl.DataFrame:
        """How many actions fall into each step of time."""
        return by_time(self.events, step_ms)

    def on_objects(self, codes: Sequence[int]) -> Iterator[pl.DataFrame]:
        """All actions on each object; events are sorted by object, so they are slices."""
        return (on_object(self.events, code) for code in codes)


def by_time(events: pl.DataFrame, step_ms: int) -> pl.DataFrame:
    """How many events fall into each step of time: columns ``step`` and ``actions``."""
    dated = events.filter(pl.col("t_min_ms").is_not_null())
    return dated.group_by(step=pl.col("t_min_ms") // step_ms).agg(actions=pl.len())


def on_object(events: pl.DataFrame, code: int) -> pl.DataFrame:
    """Those on one object of events that are sorted by object."""
    low, high = (
        int(events["object_id"].search_sorted(code, side=side)) for side in ("left", "right")
    )
    return events.slice(low, high - low).select("account_id", "t_min_ms")


@dataclass(frozen=True)
class HotObject:
    """An object on which so many acted within one window that it was counted apart.

    Attributes
    ----------
    most
        The most actions within one window.
    exact
        Whether pairs are counted in full; if not, those are missing that met on hot objects alone.
    """

    object_id: str
    most: int
    exact: bool


@dataclass(frozen=True)
class Layer:
    """Pairs of one layer, action and window.

    Attributes
    ----------
    window_ms
        None for a layer without times.
    events
        The coded events that were compared, sorted by (object, time); at least those of accounts
        in pairs.
    accounts
        Ids of the accounts; the position is the code.
    pairs
        Columns ``a``, ``b`` (codes, a < b but for another tool's loops), ``weight``,
        ``mean_delta_ms``, ``a_first`` where there are times, then what else the detector gives;
        sorted by a, b.
    tables
        Further results of the detector, by the name of their file.
    compared
        All that was compared, where ``events`` is not all.
    hot
        Objects that were counted apart, because very many acted on them within one window.
    """

    action: str
    window_ms: int | None
    events: pl.DataFrame
    accounts: pl.Series
    pairs: pl.DataFrame
    tables: dict[str, pl.DataFrame]
    name: str = CO_ACTION
    compared: Everybody | None = None
    hot: tuple[HotObject, ...] = ()

    @property
    def everybody(self) -> Everybody:
        """All that was compared."""
        return self.compared or Held(self.events)

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


def chosen_actions(known: list[str], wanted: tuple[str, ...]) -> list[str]:
    """The actions to look at: those named, or all that occur.

    Raises
    ------
    SettingError
        If one that was named does not occur.
    """
    if missing := [action for action in wanted if action not in known]:
        raise SettingError(
            f"--action {missing[0]}: the events have no such action; they have {', '.join(known)}"
        )
    return list(wanted) or known


def actions_on_posts(events: Events, wanted: tuple[str, ...]) -> list[str]:
    """The actions named; where none is, all but ``follow``, which is no act on a post."""
    chosen = chosen_actions(events.actions, wanted)
    return chosen if wanted else [action for action in chosen if action != FOLLOW]


def exactly_timed(frame: pl.DataFrame, refusals: Refusals) -> pl.DataFrame:
    """The events whose time is known to the moment; the rest is counted."""
    exact = frame.select((pl.col("t_min_ms") == pl.col("t_max_ms")).fill_null(False)).to_series()
    timed = frame if exact.all() else frame.filter(exact)
    unknown = frame["t_min_ms"].null_count()
    count_aside(refusals, unknown, frame.height - timed.height - unknown)
    return timed


def count_aside(refusals: Refusals, unknown: int, interval: int) -> None:
    """Count events that a network of thresholds cannot use."""
    refusals.add("no time (timed co-action needs one)", unknown)
    refusals.add("time known only as an interval (timed co-action needs an exact one)", interval)


def require_times(timed: Iterable[int]) -> None:
    """Go on only where some event has an exact time.

    Parameters
    ----------
    timed
        How many events of each layer have one.

    Raises
    ------
    SourceError
        If none has.
    """
    if not any(timed):
        raise SourceError(
            "no event has an exact time, which a network of thresholds needs; leave out --window "
            "and --min-objects (the default also takes intervals and likes without times), or name "
            "the column of times with --map timestamp=…"
        )

"""Objects on which more act within one window than a block can compare."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from claqueur.engines.actions import Actions, PairCounts
from claqueur.kernels.co_action import (
    I32,
    I64,
    U32,
    Bool,
    co_actions,
    distinct_objects,
    events_by_account,
)
from claqueur.kernels.hot import busiest_windows, met_on

HOT = 10_000
"""Actions within one window that make an object hot: some hundred million visits."""

MOST_VISITS = 20_000_000_000
"""Visits on hot objects that are still made one by one: some two minutes of one core."""


@dataclass(frozen=True)
class Hot:
    """The hot objects of a table.

    Attributes
    ----------
    objects : (m,) uint32; most : (m,) int64
        Codes, rising, and the most actions within one window.
    actions
        What was done on them, sorted by (object, time).
    credit : (n_accounts,) int32
        On how many of them each account acted.
    """

    objects: U32
    most: I64
    actions: Actions
    credit: I32

    @classmethod
    def of(cls, objects: U32, most: I64, actions: Actions) -> Hot:
        """The objects and all that was done on them."""
        start, position = events_by_account(actions.account, actions.n_accounts)
        return cls(objects, most, actions, distinct_objects(start, position, actions.object_))

    def devoted(self, min_objects: int) -> Actions:
        """Actions of those who could reach the minimum on hot objects alone."""
        return self.actions.kept(self.credit[self.actions.account] >= min_objects)

    def capped(self, window_ms: int, min_objects: int) -> bool:
        """Whether pairs that meet on hot objects alone are too many to be looked for.

        Pairs that also meet elsewhere are always found, and always counted in full.
        """
        devoted = self.devoted(min_objects)
        _, most = busiest_windows(devoted.object_, devoted.t_ms, window_ms)
        sizes = np.bincount(devoted.object_, minlength=1)
        # Everybody on an object visits at most twice its busiest window.
        return bool(2 * (most * sizes[sizes > 0]).sum() > MOST_VISITS)

    def added(self, counts: PairCounts, window_ms: int, min_objects: int) -> PairCounts:
        """Pairs found elsewhere with what they did on hot objects, and pairs that met there alone.

        Parameters
        ----------
        counts
            Pairs that met elsewhere and could reach the minimum, sorted by (a, b).
        """
        start, position = events_by_account(self.actions.account, self.actions.n_accounts)
        there = met_on(
            counts.a, counts.b, start, position, self.actions.object_, self.actions.t_ms, window_ms
        )
        totals = [own + more for own, more in zip(counts.columns()[2:], there, strict=True)]
        both = PairCounts(counts.a, counts.b, *totals)
        both = both.kept(both.weight >= min_objects)
        if self.capped(window_ms, min_objects):
            return both
        alone = self._alone(window_ms, min_objects)
        alone = alone.kept(~_among(alone, counts))
        return PairCounts.joined([both.columns(), alone.columns()])

    def _alone(self, window_ms: int, min_objects: int) -> PairCounts:
        acts = self.devoted(min_objects)
        start, position = acts.by_account()
        side, nothing = np.zeros(acts.n_accounts, np.uint8), np.zeros(acts.n_accounts, np.int32)
        return PairCounts(
            *co_actions(
                acts.account, acts.object_, acts.t_ms, start, position, acts.object_, side,
                False, False, 0, acts.n_accounts, window_ms, min_objects, nothing,
            )
        )  # fmt: skip


def split(actions: Actions, window_ms: int, limit: int = HOT) -> tuple[Actions, Hot | None]:
    """Actions on objects that are not hot, and those that are, if any."""
    objects, most = busiest_windows(actions.object_, actions.t_ms, window_ms)
    if actions.unit is not None or not (most > limit).any():
        return actions, None
    is_hot = np.isin(actions.object_, objects[most > limit])
    hot = Hot.of(objects[most > limit], most[most > limit], actions.kept(is_hot))
    return actions.kept(~is_hot), hot


def _among(pairs: PairCounts, known: PairCounts) -> Bool:
    """Pairs that are among known ones, (len(pairs),) bool."""

    def words(counts: PairCounts) -> np.ndarray:
        return (counts.a.astype(np.uint64) << np.uint64(32)) | counts.b

    found: Bool = np.isin(words(pairs), words(known))
    return found

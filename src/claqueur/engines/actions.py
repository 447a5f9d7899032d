"""What kernels are given and what they return."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from claqueur.kernels.co_action import (
    I32,
    I64,
    U32,
    distinct_objects,
    events_by_account,
    in_company,
)

ROUNDS = 2
"""Rounds of pruning; a third takes out next to nothing."""


@dataclass(frozen=True)
class Actions:
    """Exactly timed events for the kernels, sorted by (object, time).

    ``account``, ``object_``: (n,) uint32; ``t_ms``: (n,) int64; ``unit``: (n,) uint32, what
    counts once for a pair (the object unless said otherwise).
    """

    account: U32
    object_: U32
    t_ms: I64
    n_accounts: int
    unit: U32 | None = None

    def __len__(self) -> int:
        return len(self.account)

    def kept(self, keep: np.ndarray) -> Actions:
        """The events where ``keep`` is true."""
        unit = None if self.unit is None else self.unit[keep]
        return Actions(
            self.account[keep], self.object_[keep], self.t_ms[keep], self.n_accounts, unit
        )

    def by_account(self) -> tuple[I64, U32]:
        """Where each account's events are, grouped by unit (``events_by_account``)."""
        start, position = events_by_account(self.account, self.n_accounts)
        if self.unit is not None:
            order = np.lexsort((self.unit[position], self.account[position]))
            position = position[order]
        return start, position


@dataclass(frozen=True)
class PairCounts:
    """Pairs that reached the minimum, sorted by (a, b); the columns of the kernel's result."""

    a: U32
    b: U32
    weight: I32
    delta_ms: I64
    a_first: I32

    def __len__(self) -> int:
        return len(self.a)

    @classmethod
    def joined(cls, parts: list[tuple[np.ndarray, ...]]) -> PairCounts:
        """What blocks found, in the order of the pairs."""
        columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
        order = np.lexsort((columns[1], columns[0]))
        return cls(*(column[order] for column in columns))

    def kept(self, keep: np.ndarray) -> PairCounts:
        """The pairs where ``keep`` is true."""
        return PairCounts(*(column[keep] for column in self.columns()))

    def columns(self) -> tuple[np.ndarray, ...]:
        """The columns in their order."""
        return self.a, self.b, self.weight, self.delta_ms, self.a_first

    def table(self) -> pl.DataFrame:
        """Columns ``a``, ``b``, ``weight``, ``mean_delta_ms`` and ``a_first`` (a share)."""
        return pl.DataFrame(
            {
                "a": self.a,
                "b": self.b,
                "weight": self.weight,
                "mean_delta_ms": self.delta_ms / self.weight,
                "a_first": self.a_first / self.weight,
            }
        )


def pruned(actions: Actions, window_ms: int, min_objects: int) -> Actions:
    """Without events that cannot belong to a pair that reaches the minimum.

    Events with nobody else's near them go, then accounts with too few objects left, which
    leaves others alone; two rounds take out nearly all.
    """
    if actions.unit is not None:
        return actions
    for _ in range(ROUNDS):
        near = in_company(actions.account, actions.object_, actions.t_ms, window_ms)
        actions = actions.kept(near)
        start, position = events_by_account(actions.account, actions.n_accounts)
        enough = distinct_objects(start, position, actions.object_) >= min_objects
        actions = actions.kept(enough[actions.account])
    return actions

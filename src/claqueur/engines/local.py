"""Running the kernels on this machine: blocks one after another, cores side by side."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from threading import Event
from typing import TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from claqueur.engines.blocks import Task, plan
from claqueur.kernels.co_action import (
    I32,
    I64,
    U32,
    co_actions,
    distinct_objects,
    events_by_account,
    in_company,
    supporting,
)
from claqueur.progress import SILENT, Progress

Item = TypeVar("Item")
Done = TypeVar("Done")

CHUNKS = 32
"""Pieces a block is cut into: enough for progress and for Ctrl-C to be heard."""


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


@dataclass(frozen=True)
class PairCounts:
    """Pairs that reached the minimum, sorted by (a, b); the columns of the kernel's result."""

    a: U32
    b: U32
    weight: I32
    delta_ms: I64
    a_first: I32

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


def count_pairs(
    actions: Actions,
    window_ms: int,
    min_objects: int,
    *,
    directed: bool = False,
    n_groups: int = 1,
    progress: Progress = SILENT,
) -> PairCounts:
    """Count co-actions of every pair of accounts over all blocks.

    Parameters
    ----------
    n_groups
        P of the block plan; the result is the same for every P.
    """
    parts: list[tuple[np.ndarray, ...]] = []
    tasks = n_groups * (n_groups + 1) // 2
    progress.stage("counting pairs", total=tasks * CHUNKS)
    for task in plan(actions.account, actions.n_accounts, n_groups):
        parts.extend(_block(actions, task, window_ms, min_objects, directed, progress))
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    order = np.lexsort((columns[1], columns[0]))
    return PairCounts(*(column[order] for column in columns))


def _block(
    actions: Actions,
    task: Task,
    window_ms: int,
    min_objects: int,
    directed: bool,
    progress: Progress,
) -> list[tuple[np.ndarray, ...]]:
    if task.keep is not None:
        actions = actions.kept(task.keep)
    actions = pruned(actions, window_ms, min_objects)
    start, position = _grouped(actions)
    unit = actions.object_ if actions.unit is None else actions.unit

    def count(bounds: tuple[int, int]) -> tuple[np.ndarray, ...]:
        low, high = bounds
        return co_actions(
            actions.account, actions.object_, actions.t_ms, start, position, unit,
            task.side, task.cross, directed, low, high, window_ms, min_objects,
        )  # fmt: skip

    return list(side_by_side(count, _even_chunks(start), progress))


def pruned(actions: Actions, window_ms: int, min_objects: int) -> Actions:
    """Without events that cannot belong to a pair that reaches the minimum.

    Events with nobody else's near them go, then accounts with too few objects left, which
    leaves others alone; two rounds take out nearly all.
    """
    if actions.unit is not None:
        return actions
    for _ in range(2):
        near = in_company(actions.account, actions.object_, actions.t_ms, window_ms)
        actions = actions.kept(near)
        start, position = events_by_account(actions.account, actions.n_accounts)
        enough = distinct_objects(start, position, actions.object_) >= min_objects
        actions = actions.kept(enough[actions.account])
    return actions


def _grouped(actions: Actions) -> tuple[I64, U32]:
    start, position = events_by_account(actions.account, actions.n_accounts)
    if actions.unit is not None:
        order = np.lexsort((actions.unit[position], actions.account[position]))
        position = position[order]
    return start, position


def _even_chunks(start: I64) -> list[tuple[int, int]]:
    """Ranges of accounts with about equally many events."""
    targets = np.linspace(0, start[-1], CHUNKS + 1)
    cuts = np.searchsorted(start, targets, side="left")
    cuts[0], cuts[-1] = 0, len(start) - 1
    return [(int(low), int(high)) for low, high in pairwise(cuts)]


def side_by_side(
    work: Callable[[Item], Done],
    items: Iterable[Item],
    progress: Progress,
    stop: Event | None = None,
) -> Iterator[Done]:
    """Results in the order of the items; on an interrupt what has not begun is dropped.

    Parameters
    ----------
    stop
        Set at the end, so that long work still under way can give up.
    """
    pool = ThreadPoolExecutor(max_workers=os.cpu_count() or 1)
    try:
        for result in pool.map(work, items):
            progress.advance()
            yield result
    finally:
        if stop is not None:
            stop.set()
        pool.shutdown(cancel_futures=True)


def adjacency(
    a: NDArray[np.integer], b: NDArray[np.integer], n: int
) -> tuple[I64, NDArray[np.integer], NDArray[np.intp]]:
    """Neighbours of every node of an undirected network, in compressed sparse rows.

    Parameters
    ----------
    a, b : (m,) integer
        Ends of every edge, each edge once.
    n
        Number of nodes.

    Returns
    -------
    start : (n + 1,) int64
        ``neighbour[start[i]:start[i + 1]]`` are those of node i, rising.
    neighbour : (2m,) integer; edge : (2m,) integer
        The node at the other end, and which edge leads there.
    """
    ends, others = np.concatenate([a, b]), np.concatenate([b, a])
    order = np.lexsort((others, ends))
    start = np.zeros(n + 1, np.int64)
    np.cumsum(np.bincount(ends, minlength=n), out=start[1:])
    return start, others[order], order % max(len(a), 1)


def mark_support(actions: Actions, a: U32, b: U32, group: I64, window_ms: int) -> np.ndarray:
    """Mark, (n,) uint8, the events behind the edges (a, b): 2 inside a group, 1 outside."""
    mate_start, mate, _ = adjacency(a, b, actions.n_accounts)
    mates: U32 = mate.astype(np.uint32)
    start, position = events_by_account(actions.account, actions.n_accounts)
    return supporting(
        actions.account, actions.object_, actions.t_ms, start, position, mate_start, mates, group,
        window_ms,
    )  # fmt: skip

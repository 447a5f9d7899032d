"""Counting the pairs of a table that is in memory, block by block."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from claqueur.engines.actions import Actions, PairCounts, pruned
from claqueur.engines.blocks import Task, groups_for, plan
from claqueur.engines.hot import HOT, Hot, split
from claqueur.engines.local import side_by_side
from claqueur.kernels.co_action import I32, I64, co_actions
from claqueur.memory import budget
from claqueur.progress import SILENT, Progress

CHUNKS = 32
"""Pieces a block is cut into: enough for progress and for Ctrl-C to be heard."""


def count_pairs(
    actions: Actions,
    window_ms: int,
    min_objects: int,
    *,
    directed: bool = False,
    n_groups: int = 0,
    hot: int = HOT,
    progress: Progress = SILENT,
) -> PairCounts:
    """Count co-actions of every pair of accounts over all blocks.

    Parameters
    ----------
    n_groups
        P of the block plan; the result is the same for every P. As many as the budget of
        memory asks for when 0.
    hot
        Actions within one window from which an object is counted apart.
    """
    found, _ = counted(
        actions, window_ms, min_objects, directed=directed, n_groups=n_groups, hot=hot,
        progress=progress,
    )  # fmt: skip
    return found


def counted(
    actions: Actions,
    window_ms: int,
    min_objects: int,
    *,
    directed: bool = False,
    n_groups: int = 0,
    hot: int = HOT,
    progress: Progress = SILENT,
) -> tuple[PairCounts, Hot | None]:
    """As :func:`count_pairs`, and the objects that were counted apart."""
    actions = pruned(actions, window_ms, min_objects)
    cold, apart = split(actions, window_ms, hot)
    credit = np.zeros(actions.n_accounts, np.int32) if apart is None else apart.credit
    n_groups = n_groups or groups_for(len(cold), cold.n_accounts, budget())
    tasks = n_groups * (n_groups + 1) // 2
    progress.stage("counting pairs", total=tasks * CHUNKS)
    parts: list[tuple[np.ndarray, ...]] = []
    for task in plan(cold.account, cold.n_accounts, n_groups):
        own = cold
        if task.keep is not None:
            own = cold.kept(task.keep)
            if apart is None:
                own = pruned(own, window_ms, min_objects)
        parts.extend(
            count_block(own, task, window_ms, min_objects, credit, progress, directed=directed)
        )
    counts = PairCounts.joined(parts)
    return (counts if apart is None else apart.added(counts, window_ms, min_objects)), apart


def count_block(
    actions: Actions,
    task: Task,
    window_ms: int,
    min_objects: int,
    credit: I32,
    progress: Progress = SILENT,
    *,
    directed: bool = False,
) -> list[tuple[np.ndarray, ...]]:
    """Pairs of one task that reach the minimum, or could with what is counted elsewhere.

    Parameters
    ----------
    credit : (n_accounts,) int32
        Objects of each account that are counted elsewhere.
    """
    start, position = actions.by_account()
    unit = actions.object_ if actions.unit is None else actions.unit

    def count(bounds: tuple[int, int]) -> tuple[np.ndarray, ...]:
        low, high = bounds
        return co_actions(
            actions.account, actions.object_, actions.t_ms, start, position, unit,
            task.side, task.cross, directed, low, high, window_ms, min_objects, credit,
        )  # fmt: skip

    return list(side_by_side(count, _even_chunks(start), progress))


def _even_chunks(start: I64) -> list[tuple[int, int]]:
    """Ranges of accounts with about equally many events."""
    targets = np.linspace(0, start[-1], CHUNKS + 1)
    cuts = np.searchsorted(start, targets, side="left")
    cuts[0], cuts[-1] = 0, len(start) - 1
    return [(int(low), int(high)) for low, high in pairwise(cuts)]

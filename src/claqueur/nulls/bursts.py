"""Bursts: cells of an object's life in which far more happens than its age and the hour explain.

Pairs that never meet closely may still turn up in the same bursts, again and again: orders
carried out slowly, or in one go before a deadline, are seeded from here.
"""

from __future__ import annotations

import numpy as np

from claqueur.kernels.co_action import F64, I64, Bool
from claqueur.kernels.lockstep import HOUR_MS
from claqueur.nulls.timeline import Timeline

CELL_MS = 3 * HOUR_MS
LEAST_SURPRISE = 7.0
"""Log likelihood ratio of a burst: a Poisson tail of about one in a thousand."""
FEWEST_OTHERS = 4


def in_burst(actions: Timeline, use: Bool) -> Bool:
    """Mark, (n,) bool, the actions of a fold that fall into bursts of their object.

    The expectation of a cell is the object's total, spread by how old objects usually are
    when they are acted on and by the hours at which everybody acts.
    """
    e = np.flatnonzero(use)
    mark = np.zeros(len(actions), bool)
    if not len(e):
        return mark
    cell, at, count = _cells(actions, e)
    first = e[cell]
    object_ = actions.object_[first].astype(np.int64)
    total = np.bincount(actions.object_[e], minlength=len(actions.born_ms))[object_]
    begin = actions.t_ms[first] // CELL_MS * CELL_MS
    expected = total * _share_of_age(actions, e, begin - actions.born_ms[object_])
    expected *= _factor_of_hour(actions, e, begin)
    others = np.maximum(count - 1, 0)
    expected = np.maximum(expected, 1e-3)
    surprise = others * np.log(np.maximum(others, 1e-9) / expected) - (others - expected)
    burst = (others >= FEWEST_OTHERS) & (others > expected) & (surprise > LEAST_SURPRISE)
    mark[e] = burst[at]
    return mark


def _cells(actions: Timeline, e: I64) -> tuple[I64, I64, I64]:
    """First action, cell of every action, and actions of every cell of object and time."""
    time = actions.t_ms[e] // CELL_MS
    key = actions.object_[e].astype(np.int64) * (int(time.max()) + 1 - int(time.min()))
    _, first, at, count = np.unique(
        key + time - time.min(), return_index=True, return_inverse=True, return_counts=True
    )
    return first, at, count


def _share_of_age(actions: Timeline, e: I64, age_ms: I64) -> F64:
    """Share of all actions that fall on ages from the given ones on, one cell long."""
    ages = np.sort(actions.t_ms[e] - actions.born_ms[actions.object_[e]])
    low = np.searchsorted(ages, np.maximum(age_ms, 0))
    high = np.searchsorted(ages, age_ms + CELL_MS)
    share: F64 = np.maximum(high - low, 0.5) / len(ages)
    return share


def _factor_of_hour(actions: Timeline, e: I64, begin: I64) -> F64:
    per_cell = np.bincount(actions.t_ms[e] // CELL_MS % 8, minlength=8) + 1.0
    factor: F64 = (per_cell / per_cell.mean())[begin // CELL_MS % 8]
    return factor


def regulars(actions: Timeline, use: Bool, allowed: Bool) -> Bool:
    """Allowed accounts, (n_accounts,) bool, that are in bursts far more often than others."""
    burst = in_burst(actions, use)
    n = actions.n_accounts
    acted = np.bincount(actions.account[use], minlength=n)
    hits = np.bincount(actions.account[burst], minlength=n)
    usual = max(hits.sum() / max(acted.sum(), 1), 1e-3)
    share = np.clip(hits / np.maximum(acted, 1), 1e-9, 1 - 1e-9)
    surprise = hits * np.log(share / usual) + (acted - hits) * np.log((1 - share) / (1 - usual))
    found: Bool = allowed & (hits >= FEWEST_OTHERS) & (share > usual) & (surprise > LEAST_SURPRISE)
    return found

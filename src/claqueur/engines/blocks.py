"""The block plan: how the pairs of accounts are split into tasks that are complete alone.

Accounts are hashed into P groups. Task (p, q) gets the events of both groups and counts
every pair between them, so a minimum can be applied inside the task and no partial counts
travel. Each event goes to P tasks. P is 1 where all fits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from claqueur.kernels.co_action import U32, Bool

BYTES_AN_ACTION = 64
"""What an action takes in a block: its columns, their order by account, and copies on the way."""

BYTES_AN_ACCOUNT = 90
"""What an account takes in a block: tallies of two cores, and where its actions are."""

MOST_GROUPS = 64


@dataclass(frozen=True)
class Task:
    """One task of the plan.

    Attributes
    ----------
    keep : (n,) bool
        Events of the two groups.
    side : (n_accounts,) uint8
        0 for accounts of group p, 1 for the others.
    cross
        Whether only pairs between the two sides count.
    """

    keep: Bool | None
    side: np.ndarray
    cross: bool


def hashed(codes: U32, n: int) -> U32:
    """Which of ``n`` each code goes to, (len(codes),) uint32 (Fibonacci hashing)."""
    mixed = (codes.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(32)
    place: U32 = (mixed % np.uint64(n)).astype(np.uint32)
    return place


def account_groups(n_accounts: int, n_groups: int) -> U32:
    """Group of every account, (n_accounts,) uint32, by a hash of its code."""
    return hashed(np.arange(n_accounts, dtype=np.uint32), n_groups)


def groups_for(actions: int, accounts: int, memory_bytes: int) -> int:
    """P: the fewest groups with which a block of two of them fits."""
    whole = actions * BYTES_AN_ACTION + accounts * BYTES_AN_ACCOUNT
    if whole <= memory_bytes:
        return 1
    return int(min(np.ceil(2 * whole / memory_bytes), MOST_GROUPS))


def plan(account: U32, n_accounts: int, n_groups: int = 1) -> Iterator[Task]:
    """The tasks (p, q), p <= q, over all pairs of ``n_groups`` account groups."""
    if n_groups == 1:
        yield Task(None, np.zeros(n_accounts, np.uint8), cross=False)
        return
    group = account_groups(n_accounts, n_groups)
    of_event = group[account]
    for p in range(n_groups):
        side = (group != p).astype(np.uint8)
        for q in range(p, n_groups):
            yield Task((of_event == p) | (of_event == q), side, cross=p != q)

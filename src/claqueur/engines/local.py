"""Running the kernels on this machine: blocks one after another, cores side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from threading import Event

import numpy as np
from numpy.typing import NDArray

from claqueur.engines.actions import Actions
from claqueur.engines.engine import Done, Item, here
from claqueur.kernels.co_action import I64, U32, events_by_account, supporting
from claqueur.progress import Progress


def side_by_side(
    work: Callable[[Item], Done],
    items: Iterable[Item],
    progress: Progress,
    stop: Event | None = None,
) -> Iterator[Done]:
    """Results in the order of the items, in threads of this machine whatever engine is in force.

    For work whose data would cost more to send than the work; other goes to
    :func:`claqueur.engines.engine.spread`.

    Parameters
    ----------
    stop
        Set at the end, so that long work still under way can give up.
    """
    return here().each(work, items, progress, stop)


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

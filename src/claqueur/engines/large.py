"""Counting the pairs of a table that is on disk: pruned in parts, counted in blocks.

Parts hold whole objects, so who is near whom is known part by part; blocks hold all that is left
of two groups of accounts, so their pairs are known block by block. What is finished is written
down, and not done again by a run that goes on with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from claqueur.engines.actions import ROUNDS, Actions, PairCounts
from claqueur.engines.blocks import Task, account_groups, groups_for
from claqueur.engines.counting import count_block
from claqueur.engines.hot import HOT, Hot
from claqueur.engines.local import side_by_side
from claqueur.kernels.co_action import I32, Bool, in_company, tally_objects
from claqueur.kernels.hot import busiest_windows
from claqueur.packing import sort_rows
from claqueur.progress import Progress
from claqueur.scratch import Scratch

TOGETHER = 2_000_000
"""Actions that are laid out at once, some 40 MB."""

NOWHERE = np.uint32(0xFFFFFFFF)
"""No object's code."""

_ACTION = pl.Schema({"object_": pl.UInt32(), "t_ms": pl.Int64(), "account": pl.UInt32()})
_PAIRS = pl.Schema(
    {
        "a": pl.UInt32(),
        "b": pl.UInt32(),
        "weight": pl.Int32(),
        "delta_ms": pl.Int64(),
        "a_first": pl.Int32(),
    }
)


@dataclass(frozen=True)
class Parts:
    """Exactly timed actions in parts, each with all that was done on its objects.

    Attributes
    ----------
    read : callable
        From the number of a part to its columns ``object_``, ``t_ms`` and ``account``, sorted by
        them.
    """

    n_parts: int
    n_accounts: int
    read: Callable[[int], pl.DataFrame]


def count_on_disk(
    parts: Parts,
    window_ms: int,
    min_objects: int,
    scratch: Scratch,
    *,
    memory_bytes: int,
    hot: int = HOT,
    progress: Progress,
) -> tuple[PairCounts, Hot | None]:
    """Count co-actions of every pair of accounts, as ``count_pairs`` does in memory.

    Parameters
    ----------
    scratch
        Where what is left after pruning, blocks and their pairs are.
    memory_bytes
        What the data of a block may take.
    hot
        Actions within one window from which an object is counted apart.

    Returns
    -------
    counts : PairCounts
    hot : Hot or None
        The objects that were counted apart.
    """
    pruning = _Pruning(parts, window_ms, min_objects, scratch, hot)
    left = scratch.done("pruned") or pruning.run(progress)
    n_groups = groups_for(left["actions"], left["accounts"], memory_bytes)
    tasks = [(p, q) for p in range(n_groups) for q in range(p, n_groups)]
    progress.note(
        f"plan: {left['actions']:,} actions left after pruning, P = {n_groups} account groups, "
        f"{len(tasks)} blocks; {n_groups * left['actions']:,} actions go into blocks (P times)"
    )
    blocks = _Blocks(parts.n_accounts, window_ms, min_objects, scratch, n_groups)
    blocks.lay_out(parts.n_parts, progress)
    apart = _apart(scratch, parts.n_accounts)
    credit = np.zeros(parts.n_accounts, np.int32) if apart is None else apart.credit
    progress.stage("counting pairs", total=len(tasks))
    found = []
    for p, q in tasks:
        found.append(blocks.counted(p, q, credit))
        progress.advance()
    counts = PairCounts.joined(
        [tuple(frame[name].to_numpy() for name in _PAIRS) for frame in found]
    )
    return (counts if apart is None else apart.added(counts, window_ms, min_objects)), apart


def to_actions(rows: pl.DataFrame, n_accounts: int) -> Actions:
    """The columns as kernels take them."""
    return Actions(
        rows["account"].to_numpy(), rows["object_"].to_numpy(), rows["t_ms"].to_numpy(), n_accounts
    )


class _Pruning:
    """Takes out, part by part, what cannot belong to a pair that reaches the minimum."""

    def __init__(
        self, parts: Parts, window_ms: int, min_objects: int, scratch: Scratch, hot: int
    ) -> None:
        self.parts = parts
        self.window_ms = window_ms
        self.min_objects = min_objects
        self.scratch = scratch
        self.hot = hot

    def run(self, progress: Progress) -> dict[str, Any]:
        """Prune in rounds; what is left."""
        enough = np.ones(self.parts.n_accounts, bool)
        for number in range(ROUNDS + 1):
            progress.stage("pruning", total=self.parts.n_parts)
            last = number == ROUNDS
            enough, noted = self._round(number, enough, last, progress)
        actions = sum(note["actions"] for note in noted)
        hot = [each for note in noted for each in note["hot"]]
        return self.scratch.finish(
            "pruned", actions=actions, accounts=int(enough.sum()), hot=sorted(hot)
        )

    def _round(
        self, number: int, enough: Bool, last: bool, progress: Progress
    ) -> tuple[Bool, list[dict[str, Any]]]:
        """One look at every part, with those accounts alone that had enough objects before."""
        objects = np.zeros(self.parts.n_accounts, np.int32)
        seen_on = np.full(self.parts.n_accounts, NOWHERE)
        notes = []

        def look(part: int) -> tuple[Actions, dict[str, Any]]:
            return self._part(part, number, enough, last)

        for acts, note in side_by_side(look, range(self.parts.n_parts), progress):
            tally_objects(acts.account, acts.object_, seen_on, objects)
            notes.append(note)
        return objects >= self.min_objects, notes

    def _part(
        self, part: int, number: int, enough: Bool, last: bool
    ) -> tuple[Actions, dict[str, Any]]:
        name = f"near-{part:04}"
        rows = self.parts.read(part) if number == 0 else self.scratch.read(name)
        if number:
            rows = rows.filter(pl.Series(enough[rows["account"].to_numpy()]))
        acts = to_actions(rows, self.parts.n_accounts)
        if last:
            return acts, {"actions": len(acts), "hot": self._set_hot_apart(part, acts, rows)}
        rows = rows.filter(
            pl.Series(in_company(acts.account, acts.object_, acts.t_ms, self.window_ms))
        )
        self.scratch.write(name, rows)
        return to_actions(rows, self.parts.n_accounts), {}

    def _set_hot_apart(self, part: int, acts: Actions, rows: pl.DataFrame) -> list[list[int]]:
        objects, most = busiest_windows(acts.object_, acts.t_ms, self.window_ms)
        is_hot = most > self.hot
        apart = pl.col("object_").is_in(pl.Series(objects[is_hot]).implode())
        self.scratch.write(f"hot-{part:04}", rows.filter(apart))
        self.scratch.write(f"cold-{part:04}", rows.filter(~apart))
        return [[int(o), int(k)] for o, k in zip(objects[is_hot], most[is_hot], strict=True)]


def _apart(scratch: Scratch, n_accounts: int) -> Hot | None:
    noted = (scratch.done("pruned") or {}).get("hot")
    if not noted:
        return None
    files = sorted(scratch.folder.glob("hot-*.parquet"))
    rows = pl.concat([scratch.read(path.stem) for path in files])
    objects = np.array([each for each, _ in noted], np.uint32)
    most = np.array([each for _, each in noted], np.int64)
    return Hot.of(objects, most, to_actions(sort_rows(rows, _ACTION.names()), n_accounts))


@dataclass(frozen=True)
class _Blocks:
    """What is left of the actions, by groups of accounts."""

    n_accounts: int
    window_ms: int
    min_objects: int
    scratch: Scratch
    n_groups: int

    def lay_out(self, n_parts: int, progress: Progress) -> None:
        """Write the actions of every group; blocks that were laid out otherwise are dropped."""
        done = self.scratch.done("laid-out")
        if done and done["n_groups"] == self.n_groups:
            return
        for path in self.scratch.folder.glob("block-*"):
            path.unlink()
        for path in self.scratch.folder.glob("group-*"):
            self.scratch.drop(path.name)
        progress.stage("laying out blocks", total=n_parts)
        group = account_groups(self.n_accounts, self.n_groups)
        waiting: list[pl.DataFrame] = []
        for part in range(n_parts):
            rows = self.scratch.read(f"cold-{part:04}")
            waiting.append(rows.with_columns(group=group[rows["account"].to_numpy()]))
            # Parts together: many small files would cost more than what is in them.
            if sum(map(len, waiting)) >= TOGETHER or part == n_parts - 1:
                self._write(pl.concat(waiting), part)
                waiting = []
            progress.advance()
        self.scratch.finish("laid-out", n_groups=self.n_groups)

    def _write(self, rows: pl.DataFrame, number: int) -> None:
        """One file a group."""
        for (group,), piece in rows.partition_by("group", include_key=False, as_dict=True).items():
            self.scratch.write(f"group-{group:03}/{number:04}", piece)

    def counted(self, p: int, q: int, credit: I32) -> pl.DataFrame:
        """The pairs of one task, counted unless they are."""
        name = f"block-{p:03}-{q:03}"
        if self.scratch.done(name) is None:
            self.scratch.write(name, self._count(p, q, credit))
            self.scratch.finish(name)
        return self.scratch.read(name)

    def _count(self, p: int, q: int, credit: I32) -> pl.DataFrame:
        rows = pl.concat([self._group(g) for g in sorted({p, q})])
        if rows.is_empty():
            return pl.DataFrame(schema=_PAIRS)
        if p != q:
            rows = sort_rows(rows, _ACTION.names())
        # Codes of the block alone: tallies are as long as there are accounts.
        there = np.zeros(self.n_accounts, bool)
        there[rows["account"].to_numpy()] = True
        accounts = np.flatnonzero(there).astype(np.uint32)
        local = np.searchsorted(accounts, rows["account"].to_numpy()).astype(np.uint32)
        acts = Actions(local, rows["object_"].to_numpy(), rows["t_ms"].to_numpy(), len(accounts))
        del rows
        side = (account_groups(self.n_accounts, self.n_groups)[accounts] != p).astype(np.uint8)
        task = Task(None, side, cross=p != q)
        found = PairCounts.joined(
            count_block(acts, task, self.window_ms, self.min_objects, credit[accounts])
        )
        known = accounts[found.a], accounts[found.b], *found.columns()[2:]
        return pl.DataFrame(dict(zip(_PAIRS, known, strict=True)), schema=_PAIRS)

    def _group(self, number: int) -> pl.DataFrame:
        folder = self.scratch.folder / f"group-{number:03}"
        files = sorted(folder.glob("*.parquet"))
        pieces = [self.scratch.read(f"{folder.name}/{path.stem}") for path in files]
        return pl.concat([pl.DataFrame(schema=_ACTION), *pieces])

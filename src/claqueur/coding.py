"""Ids as codes, of tables that never are in memory as a whole; only the ids themselves are."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl

from claqueur.kernels.co_action import U32
from claqueur.kernels.coding import EMPTY, U64, coded, moved

_CHUNKS = 8
"""Pieces in which ids may lie before they are laid together."""


def _hash(ids: pl.Series) -> U64:
    return ids.hash(seed=1).to_numpy()


class Dictionary:
    """Ids in the order in which they came; the position is the code.

    Parameters
    ----------
    hashed
        From strings to (n,) uint64. Ids with equal hashes are told apart, so any will do.
    """

    def __init__(self, hashed: Callable[[pl.Series], U64] = _hash) -> None:
        self._hashed = hashed
        self._keys = np.zeros(1024, np.uint64)
        self._codes = np.full(1024, EMPTY, np.uint32)
        self._ids = pl.Series(dtype=pl.String)
        self._clashes: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._ids)

    def codes(self, ids: pl.Series) -> U32:
        """Codes, (n,) uint32, of different ids; new ones are entered."""
        self._make_room(len(ids))
        before = len(self)
        # Clashing ids take codes that no hash has; so hashes go on from all that were given.
        found, _ = coded(self._hashed(ids), self._keys, self._codes, before)
        fresh = np.flatnonzero(found >= before)
        _, first = np.unique(found[fresh], return_index=True)
        self._enter(ids.gather(fresh[first]))
        same = self._ids.gather(found) == ids
        if not same.all():
            self._tell_apart(ids, found, np.flatnonzero(~same.to_numpy()))
        return found

    def ranked(self) -> tuple[pl.Series, U32]:
        """The ids, rising, and the place of each code among them, (n,) uint32."""
        ranked = pl.DataFrame({"id": self._ids}).with_row_index("code").sort("id")
        rank = np.empty(len(self), np.uint32)
        rank[ranked["code"].to_numpy()] = np.arange(len(self), dtype=np.uint32)
        return ranked["id"], rank

    def _make_room(self, more: int) -> None:
        size = len(self._keys)
        while size < 2 * (len(self) + more):
            size *= 2
        if size > len(self._keys):
            self._keys, self._codes = moved(self._keys, self._codes, size)

    def _enter(self, new: pl.Series) -> None:
        self._ids.append(new)
        if self._ids.n_chunks() > _CHUNKS:
            self._ids = self._ids.rechunk()

    def _tell_apart(self, ids: pl.Series, found: U32, clashing: np.ndarray) -> None:
        for place in clashing.tolist():
            name = ids[place]
            if name not in self._clashes:
                self._clashes[name] = len(self)
                self._enter(pl.Series([name]))
            found[place] = self._clashes[name]

"""Who liked what, without times: a sparse matrix of accounts by objects."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from claqueur.kernels.co_action import I64, U32, Bool

Codes = NDArray[np.integer]


@dataclass(frozen=True)
class Incidence:
    """Likes, each account at most once an object, in both orientations.

    Attributes
    ----------
    start : (n_accounts + 1,) int64; object_ : (m,) uint32
        Objects of account a are ``object_[start[a]:start[a + 1]]``, rising.
    liker_start : (n_objects + 1,) int64; liker : (m,) uint32
        Accounts of object o, rising.
    page : (n_objects,) int64
        Page of each object, 0 where there is none. Objects of one page make one matrix.
    order : (n_objects,) int64
        What came first: publication time in ms, or place in the natural order of the ids.
        Only compared within a page; ties go by the object's number, and where all posts of a page
        are tied their order is unknown.
    """

    start: I64
    object_: U32
    liker_start: I64
    liker: U32
    page: I64
    order: I64

    @classmethod
    def of(
        cls, account: Codes, object_: Codes, page: I64, order: I64, n_accounts: int
    ) -> Incidence:
        """Lay out likes in any order; the same like twice counts once.

        Parameters
        ----------
        account, object_ : (m,) integer
            Codes below ``n_accounts`` and below the length of ``page``.
        page, order : (n_objects,) int64
        """
        packed = np.sort(account.astype(np.uint64) << np.uint64(32) | object_.astype(np.uint64))
        if len(packed):
            packed = packed[np.r_[True, packed[1:] != packed[:-1]]]
        start, objects = _rows(packed, n_accounts)
        packed = np.sort(packed << np.uint64(32) | packed >> np.uint64(32))
        liker_start, likers = _rows(packed, len(page))
        return cls(start, objects, liker_start, likers, page, order)

    def __len__(self) -> int:
        return len(self.object_)

    @property
    def n_accounts(self) -> int:
        """Accounts, those that like nothing included."""
        return len(self.start) - 1

    @property
    def n_objects(self) -> int:
        """Objects, those that nobody likes included."""
        return len(self.page)

    @property
    def degree(self) -> I64:
        """Likes of every account, (n_accounts,) int64."""
        return np.diff(self.start)

    @property
    def popularity(self) -> I64:
        """Likes of every object, (n_objects,) int64."""
        return np.diff(self.liker_start)

    @cached_property
    def account(self) -> U32:
        """Account of every like, (m,) uint32."""
        return np.repeat(np.arange(self.n_accounts, dtype=np.uint32), self.degree)

    def on(self, use: Bool) -> Incidence:
        """Likes on some objects, (n_objects,) bool; all numbers stay as they are."""
        if use.all():
            return self
        keep = use[self.object_]
        start = np.concatenate([[0], np.cumsum(keep)])[self.start]
        popularity = np.where(use, self.popularity, 0)
        kept = np.repeat(use, self.popularity)
        liker_start = np.concatenate([[0], np.cumsum(popularity)])
        return Incidence(
            start, self.object_[keep], liker_start, self.liker[kept], self.page, self.order
        )


def _rows(packed: NDArray[np.uint64], n_rows: int) -> tuple[I64, U32]:
    """Compressed rows of sorted words that hold the row above the column."""
    rows = (packed >> np.uint64(32)).astype(np.uint32)
    start = np.zeros(n_rows + 1, np.int64)
    np.cumsum(np.bincount(rows, minlength=n_rows), out=start[1:])
    return start, packed.astype(np.uint32)  # the lower half

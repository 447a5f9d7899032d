"""Actions laid out for null models: sittings, days, publication times, each account's hours.

An action known to lie between two polls keeps its interval: what is near it is counted by
probability under the baseline, the hours everybody keeps and how old objects usually are when
they are acted on. Where a single moment is needed (habits, days) one is drawn from the interval.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from claqueur.kernels.co_action import I64, U32, Bool
from claqueur.kernels.lockstep import DAY_MS, F32, HOUR_MS, label_sittings
from claqueur.kernels.moments import HIGH, LOW, Moments, all_known
from claqueur.nulls.baseline import moments_of
from claqueur.nulls.publication import publishes
from claqueur.store import Events

SITTING_GAP_MS = 45 * 60_000
"""A longer pause between two actions of an account begins a new sitting."""

BLOCK_DAYS = 4
"""Days that stay together when the data are split; fewer where the span is short."""

FEWEST_BLOCKS = 4
"""Blocks of days a split needs."""


@dataclass(frozen=True)
class Timeline:
    """Timed actions, an account once an object and sitting.

    Attributes
    ----------
    row : (n,) int64
        Rows of the frame the actions came from, sorted by (object, time, account).
    account, object_ : (n,) uint32
    t_ms : (n,) int64
        The moment, or one drawn from the interval.
    moments
        Where each action may lie.
    start : (n_objects + 1,) int64
        Actions on object o are ``start[o]:start[o + 1]``.
    born_ms, page : (n_objects,) int64
        First action of anybody, the publisher's included; the page, 0 where there is none.
    sitting : (n,) int64
        Rising by account and time.
    own_start : (n_accounts + 1,) int64; own : (n,) int64
        Actions of each account in the order of time.
    hours : (n_accounts, 24) float32
        Actions by hour (UTC), a quarter of each given to the hours beside it.
    block : (n,) int64
        Block of days.
    """

    row: I64
    account: U32
    object_: U32
    t_ms: I64
    moments: Moments
    start: I64
    born_ms: I64
    page: I64
    sitting: I64
    own_start: I64
    own: I64
    hours: F32
    block: I64
    n_accounts: int

    def __len__(self) -> int:
        return len(self.account)

    @cached_property
    def by_object(self) -> I64:
        """Actions of each account, as ``own``, but in the order of (object, time)."""
        order: I64 = np.lexsort((self.object_, self.account)).astype(np.int64)
        return order

    @cached_property
    def exact(self) -> Bool:
        """Whether the moment of each action is known, (n,) bool."""
        return all_known(self.moments)

    @cached_property
    def resolution_ms(self) -> int:
        """Median width of the intervals actions are known to lie in; 0 when most are exact."""
        low = self.moments.piece[self.moments.start[:-1], LOW]
        high = self.moments.piece[self.moments.start[1:] - 1, HIGH]
        return int(np.median(high - low)) if len(self) else 0

    @property
    def n_pages(self) -> int:
        """Pages, numbered from 0."""
        return int(self.page.max(initial=0)) + 1

    @property
    def n_blocks(self) -> int:
        """Blocks of days."""
        return int(self.block.max(initial=-1)) + 1

    def events_of(self, accounts: NDArray[np.integer]) -> I64:
        """Actions of some accounts, account by account."""
        parts = [self.own[self.own_start[a] : self.own_start[a + 1]] for a in accounts]
        return np.concatenate(parts) if parts else np.empty(0, np.int64)


def timeline(frame: pl.DataFrame, events: Events) -> Timeline:
    """Lay out the timed actions of a frame sorted by (object, earliest time, account).

    What a page does to its own objects is publishing, which dates them; it is no engagement.

    Parameters
    ----------
    frame
        ``t_min_ms`` and, where some times are intervals, ``t_max_ms``.
    """
    n_objects = len(events.names["object_id"])
    if "t_max_ms" not in frame.columns:
        frame = frame.with_columns(t_max_ms="t_min_ms")
    born = _born(frame, n_objects)
    keep = ~publishes(events, frame)
    row = np.flatnonzero(keep & _first_in_sitting(frame, keep))
    low, high, object_, account = (
        frame[name].to_numpy()[row] for name in ("t_min_ms", "t_max_ms", "object_id", "account_id")
    )
    t_ms, moments, order = moments_of(low, high, born, object_, account)
    row, account, object_ = row[order], account[order], object_[order]
    n_accounts = len(events.names["account_id"])
    own = np.lexsort((t_ms, account))
    return Timeline(
        row=row,
        account=account,
        object_=object_,
        t_ms=t_ms,
        moments=moments,
        start=np.searchsorted(object_, np.arange(n_objects + 1)),
        born_ms=born,
        page=_page(frame, n_objects),
        sitting=label_sittings(account, low[order], high[order], own, SITTING_GAP_MS),
        own_start=np.searchsorted(account[own], np.arange(n_accounts + 1)),
        own=own,
        hours=_hours(account, t_ms, n_accounts),
        block=_blocks(t_ms),
        n_accounts=n_accounts,
    )


def _born(frame: pl.DataFrame, n_objects: int) -> I64:
    first = frame.group_by("object_id").agg(pl.col("t_min_ms").min())
    born = np.zeros(n_objects, np.int64)
    born[first["object_id"].to_numpy()] = first["t_min_ms"].to_numpy()
    return born


def _page(frame: pl.DataFrame, n_objects: int) -> I64:
    page = np.zeros(n_objects, np.int64)
    if "owner_id" in frame.columns:
        known = frame.select("object_id", "owner_id").drop_nulls().unique("object_id")
        page[known["object_id"].to_numpy()] = known["owner_id"].to_numpy().astype(np.int64) + 1
    return page


def _first_in_sitting(frame: pl.DataFrame, keep: Bool) -> Bool:
    """Without an account's further actions on an object soon after one before."""
    gap = pl.col("t_min_ms") - pl.col("t_max_ms").shift(1)
    again = (
        frame.select("object_id", "account_id", "t_min_ms", "t_max_ms")
        .with_row_index("at")
        .filter(pl.Series(keep))
        .sort("account_id", "object_id", "t_min_ms", maintain_order=True)
        .filter(
            pl.col("account_id") == pl.col("account_id").shift(1),
            pl.col("object_id") == pl.col("object_id").shift(1),
            gap <= SITTING_GAP_MS,
        )
    )
    first = np.ones(frame.height, bool)
    first[again["at"].to_numpy()] = False
    return first


def _hours(account: U32, t_ms: I64, n_accounts: int) -> F32:
    key = account.astype(np.int64) * 24 + t_ms // HOUR_MS % 24
    count = np.bincount(key, minlength=n_accounts * 24).astype(np.float32).reshape(-1, 24)
    return smoothed(count).astype(np.float32)


def smoothed(hours: NDArray[np.floating]) -> NDArray[np.floating]:
    """Counts by hour, (…, 24), with a quarter of each given to the hours beside it."""
    beside = np.roll(hours, 1, axis=-1) + np.roll(hours, -1, axis=-1)
    smooth: NDArray[np.floating] = hours / 2 + beside / 4
    return smooth


def _blocks(t_ms: I64) -> I64:
    """Blocks of days that begin at the quietest hour, four days long or what gives four."""
    if not len(t_ms):
        return np.empty(0, np.int64)
    quiet = int(np.bincount(t_ms // HOUR_MS % 24, minlength=24).argmin()) * HOUR_MS
    day = (t_ms - quiet) // DAY_MS
    day = day - day.min()
    days = int(day.max()) + 1
    block: I64 = day // max(1, min(BLOCK_DAYS, days // FEWEST_BLOCKS))
    return block

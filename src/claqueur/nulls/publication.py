"""Posts and their pages: who publishes, and what came first."""

from __future__ import annotations

import re

import numpy as np
import polars as pl

from claqueur.kernels.co_action import Bool
from claqueur.store import Events

_NUMBER = re.compile(r"^(?:.*[^0-9A-Za-z]|[A-Za-z]*)(\d+)$")
"""A number of its own at the end of an id, which a hash does not have."""
_DIGITS = 18
"""Digits that an int64 holds."""


def publishes(events: Events, frame: pl.DataFrame) -> Bool:
    """Whether a row's account is the page its object belongs to, (n,) bool."""
    if "owner_id" not in frame.columns:
        return np.zeros(frame.height, bool)
    owners = pl.DataFrame({"id": events.names["owner_id"]}).with_row_index("owner")
    accounts = pl.DataFrame({"id": events.names["account_id"]}).with_row_index("account")
    same = owners.join(accounts, on="id")
    account_of = np.full(owners.height + 1, -1, np.int64)
    account_of[same["owner"].to_numpy()] = same["account"].to_numpy()
    owner = frame["owner_id"].fill_null(owners.height).to_numpy()
    own: Bool = account_of[owner] == frame["account_id"].to_numpy()
    return own


def ordered_posts(events: Events, frame: pl.DataFrame) -> pl.DataFrame:
    """Objects of a frame by page and publication.

    By time where every object of a page has one (its page's own action, else the first of
    anybody), else by the last number in the id, else by the id.

    Returns
    -------
    pl.DataFrame
        ``object_id`` (code), ``page`` (code of the owner, one above all codes where there is
        none) and ``known`` (whether the order within the page is more than that of ids); in the
        order of page and publication.
    """
    own = events.frame.filter(pl.Series(publishes(events, events.frame)))
    none = len(events.names["owner_id"]) if "owner_id" in events.names else 0
    rows = pl.concat([frame.select(own.columns), own])
    owner = pl.col("owner_id") if "owner_id" in rows.columns else pl.lit(None, pl.UInt32)
    posts = rows.group_by("object_id").agg(
        page=owner.drop_nulls().first().fill_null(none), first=pl.col("t_min_ms").min()
    )
    born = own.group_by("object_id").agg(born=pl.col("t_min_ms").min())
    posts = posts.join(born, on="object_id", how="left").with_columns(
        time=pl.coalesce("born", "first"),
        number=_numbers(events.names["object_id"].gather(posts["object_id"])),
    )
    dated = pl.col("time").is_not_null().all().over("page")
    numbered = pl.col("number").is_not_null().all().over("page")
    return (
        posts.with_columns(
            time=pl.when(dated).then("time"),
            number=pl.when(numbered).then("number"),
            known=dated | numbered,
        )
        .sort("page", "time", "number", "object_id")
        .select("object_id", "page", "known")
    )


def _numbers(ids: pl.Series) -> pl.Series:
    found = (_NUMBER.search(text) for text in ids)
    return pl.Series([int(m[1][-_DIGITS:]) if m else None for m in found], dtype=pl.Int64)

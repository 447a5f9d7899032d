"""What a directive is tested on: posts of pages, what was done to them, their counters.

Everything is laid out once a run; items and tests look at parts of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import polars as pl

from claqueur.directive.said import said
from claqueur.directive.targets import publishes
from claqueur.kernels.co_action import I64
from claqueur.model import FOLLOW, POST
from claqueur.store import Events

TOTALS = {
    "like": "like_count",
    "comment": "comment_count",
    "repost": "repost_count",
    "view": "view_count",
}
"""Actions and the column of a post's own total."""

COUNTERS = {"like": "likes", "comment": "comments", "repost": "reposts", "view": "views"}
"""Actions and the counter of posts that counts them."""

FOLLOWERS = "followers"

_COMMENTS = {
    "account": pl.Int64(),
    "post": pl.Int64(),
    "page": pl.Int64(),
    "t_min_ms": pl.Int64(),
    "t_max_ms": pl.Int64(),
    "text": pl.String(),
}


@dataclass(frozen=True)
class Collected:
    """Posts, actions, follows and counters of one case.

    Attributes
    ----------
    pages
        Ids of pages, rising; the position is ``page`` in the tables.
    posts
        One row a post, by page and time: ``object_id``, ``page``, ``created_ms``, ``text``, the
        totals of ``TOTALS`` and ``collected_ms`` where known. Row number is ``post``.
    acts
        One row an action of an account on a post: ``account`` (code), ``post``, ``page``,
        ``action``, ``t_min_ms``, ``t_max_ms`` (null where unknown).
    follows
        ``account`` and ``page_id`` of known followers.
    readings
        Counters of posts: ``post``, ``counter``, ``time_ms``, ``value``.
    followers
        Counters of pages: ``page``, ``time_ms``, ``value``.
    undated
        Posts that could not be used because nothing says when they were published.
    comments
        Actions that carry a text, as ``acts`` with ``text`` instead of the action.
    tone_model
        How tone is told: empty for the lexicon, or the folder of a classifier.
    """

    pages: list[str]
    posts: pl.DataFrame
    acts: pl.DataFrame
    follows: pl.DataFrame
    readings: pl.DataFrame
    followers: pl.DataFrame
    undated: int
    comments: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_COMMENTS))
    tone_model: str = ""

    @cached_property
    def said(self) -> pl.DataFrame:
        """What the comments are like (:data:`claqueur.directive.said.SAID`)."""
        return said(self.comments, self.posts["text"], self.tone_model)

    @property
    def first_ms(self) -> int:
        """Publication of the earliest post."""
        return _extreme(self.posts["created_ms"].min())

    @cached_property
    def last_ms(self) -> int:
        """The latest moment anything is known of."""
        known = (self.posts["created_ms"], self.acts["t_max_ms"], self.readings["time_ms"])
        return max(_extreme(column.max()) for column in known)

    def places(self, page_ids: Sequence[str]) -> I64:
        """Places of the pages that were collected, rising."""
        at = {page: place for place, page in enumerate(self.pages)}
        found = sorted({at[page] for page in page_ids if page in at})
        return np.array(found, np.int64)


def _extreme(value: object) -> int:
    return value if isinstance(value, int) else 0


def collected(
    events: Events | None,
    objects: pl.DataFrame | None,
    counters: pl.DataFrame | None,
    tone_model: str = "",
) -> Collected:
    """Lay out a case's events, objects and counters.

    A post's time of publication is its own event, else what the table of objects says, else the
    first action on it that has a time.
    """
    rows = _rows(events)
    posts, undated = _posts(rows, objects)
    pages = posts["page_id"].unique().sort().to_list()
    at = pl.DataFrame({"page_id": pages}, schema={"page_id": pl.String}).with_row_index("page")
    posts = (
        posts.join(at.with_columns(pl.col("page").cast(pl.Int64)), on="page_id", how="left")
        .drop("page_id")
        .sort("page", "created_ms", "object_id")
    )
    place = posts.select("object_id", "page").with_row_index("post")
    place = place.with_columns(pl.col("post").cast(pl.Int64))
    acts = rows.filter(~pl.col("own"), pl.col("action") != FOLLOW).join(place, on="object_id")
    follows = rows.filter(pl.col("action") == FOLLOW, pl.col("account").is_not_null())
    return Collected(
        pages=pages,
        posts=posts,
        acts=acts.select("account", "post", "page", "action", "t_min_ms", "t_max_ms"),
        follows=follows.select("account", page_id="object_id").unique(maintain_order=True),
        readings=_readings(counters, place),
        followers=_followers(counters, pages),
        undated=undated,
        comments=acts.drop_nulls("text").select(*_COMMENTS),
        tone_model=tone_model,
    )


_ROWS = {
    "account": pl.Int64(),
    "object_id": pl.String(),
    "page_id": pl.String(),
    "action": pl.String(),
    "t_min_ms": pl.Int64(),
    "t_max_ms": pl.Int64(),
    "text": pl.String(),
    "own": pl.Boolean(),
}


def _rows(events: Events | None) -> pl.DataFrame:
    """Events with the ids of objects, pages and actions, accounts as codes."""
    if events is None:
        return pl.DataFrame(schema=_ROWS)
    frame = events.frame
    own = publishes(events, frame) if "owner_id" in frame.columns else pl.Series([False])
    named = {
        "account": frame["account_id"].cast(pl.Int64),
        "object_id": _decoded(events, "object_id"),
        "page_id": _decoded(events, "owner_id").fill_null(""),
        "action": _decoded(events, "action").fill_null(""),
        "t_min_ms": frame["t_min_ms"],
        "t_max_ms": frame["t_max_ms"],
        "text": frame["text"] if "text" in frame.columns else _nothing(frame.height),
        "own": own if len(own) == frame.height else own.new_from_index(0, frame.height),
    }
    return pl.DataFrame(named).cast(dict(_ROWS))  # type: ignore[arg-type]


def _decoded(events: Events, name: str) -> pl.Series:
    if name not in events.names or name not in events.frame.columns:
        return _nothing(len(events))
    return events.names[name].gather(events.frame[name])


def _nothing(count: int) -> pl.Series:
    return pl.Series([None], dtype=pl.String).new_from_index(0, count)


def _posts(rows: pl.DataFrame, objects: pl.DataFrame | None) -> tuple[pl.DataFrame, int]:
    """One row a dated post; and how many have no date."""
    acted = rows.filter(pl.col("action") != FOLLOW)
    born = acted.filter("own", pl.col("action").is_in([POST, ""])).group_by("object_id")
    published = born.agg(born=pl.col("t_min_ms").min(), own_text=pl.col("text").first())
    seen = acted.group_by("object_id").agg(
        seen_page=pl.col("page_id").first(), first=pl.col("t_min_ms").min()
    )
    totals = _totals(objects)
    posts = (
        seen.join(totals, on="object_id", how="full", coalesce=True)
        .join(published, on="object_id", how="left")
        .with_columns(
            page_id=pl.coalesce("owner_id", "seen_page").fill_null(""),
            created_ms=pl.coalesce("born", "created_ms", "first"),
            text=pl.coalesce("own_text", "text"),
        )
    )
    undated = posts["created_ms"].null_count()
    kept = ["object_id", "page_id", "created_ms", "text", *TOTALS.values(), "collected_ms"]
    return posts.drop_nulls("created_ms").select(kept), undated


def _totals(objects: pl.DataFrame | None) -> pl.DataFrame:
    """The latest totals of every object."""
    whole = {
        "object_id": pl.String(),
        "owner_id": pl.String(),
        "created": pl.Datetime("ms", "UTC"),
        "text": pl.String(),
        **dict.fromkeys(TOTALS.values(), pl.Int64()),
        "collected": pl.Datetime("ms", "UTC"),
    }
    table = pl.DataFrame(schema=whole) if objects is None else objects
    missing = [pl.lit(None, kind).alias(n) for n, kind in whole.items() if n not in table.columns]
    return (
        table.with_columns(missing)
        .sort("collected", nulls_last=False, maintain_order=True)
        .unique("object_id", keep="last", maintain_order=True)
        .with_columns(
            created_ms=pl.col("created").dt.epoch("ms"),
            collected_ms=pl.col("collected").dt.epoch("ms"),
        )
        .select("object_id", "owner_id", "created_ms", "text", *TOTALS.values(), "collected_ms")
    )


def _readings(counters: pl.DataFrame | None, place: pl.DataFrame) -> pl.DataFrame:
    schema = {"post": pl.Int64(), "counter": pl.String(), "time_ms": pl.Int64(),
              "value": pl.Int64()}  # fmt: skip
    if counters is None or "object_id" not in counters.columns:
        return pl.DataFrame(schema=schema)
    known = counters.drop_nulls("object_id").join(place, on="object_id")
    return known.select(
        "post", "counter", pl.col("time").dt.epoch("ms").alias("time_ms"), "value"
    ).sort("post", "counter", "time_ms")


def _followers(counters: pl.DataFrame | None, pages: list[str]) -> pl.DataFrame:
    schema = {"page": pl.Int64(), "time_ms": pl.Int64(), "value": pl.Int64()}
    if counters is None or "owner_id" not in counters.columns:
        return pl.DataFrame(schema=schema)
    at = pl.DataFrame({"owner_id": pages, "page": np.arange(len(pages))})
    of_pages = counters.filter(pl.col("counter") == FOLLOWERS).drop_nulls("owner_id")
    return of_pages.join(at, on="owner_id").select(
        "page", pl.col("time").dt.epoch("ms").alias("time_ms"), "value"
    ).sort("page", "time_ms")  # fmt: skip

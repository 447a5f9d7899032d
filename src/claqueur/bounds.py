"""What else bounds the time of an action: the post itself, a second witness, a list's order.

Each function takes coded events (see :mod:`claqueur.store`) and only ever narrows an interval;
an exact time stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from claqueur.refusals import Refusals

ONCE = ("like", "repost", "follow")
"""Actions that an account can give an object once, until it takes them back."""

SEEN_TWICE = "the same like seen twice (counted once, in what both leave open)"
CONTRADICTED = "row of a list that contradicts the order named by rank_order (kept as it is)"

_EVER = -(2**62)
_KEYS = ["object_id", "account_id", "action"]


def dated(frame: pl.DataFrame, names: Mapping[str, pl.Series]) -> pl.DataFrame:
    """Let the page's own ``post`` event bound likes of which only the list's moment is known.

    An action without a time, in a list read at ``poll_ms``, happened between the publication
    of its object and that moment.
    """
    undated = pl.col("t_min_ms").is_null() & pl.col("poll_ms").is_not_null()
    if "poll_ms" not in frame.columns or not frame.select(undated.any()).item():
        return frame
    born = published(frame, names)
    bounded = undated & (pl.col("born_ms") <= pl.col("poll_ms"))
    return (
        frame.join(born, on="object_id", how="left", maintain_order="left")
        .with_columns(
            t_min_ms=pl.when(bounded).then("born_ms").otherwise("t_min_ms"),
            t_max_ms=pl.when(bounded).then("poll_ms").otherwise("t_max_ms"),
        )
        .drop("born_ms")
    )


def published(frame: pl.DataFrame, names: Mapping[str, pl.Series]) -> pl.DataFrame:
    """When each object was published, by an exact ``post`` event of the page it belongs to."""
    none = pl.DataFrame(schema={"object_id": pl.UInt32, "born_ms": pl.Int64})
    if not {"owner_id", "action"} <= names.keys():
        return none
    owners = names["owner_id"].to_frame("id").with_row_index("owner_id")
    accounts = names["account_id"].to_frame("id").with_row_index("account_id")
    own = owners.join(accounts, on="id").drop("id")
    post = names["action"].to_frame("action").with_row_index("code").filter(action="post")
    if post.is_empty():
        return none
    return (
        frame.lazy()
        .filter(pl.col("action") == post["code"][0], pl.col("t_min_ms") == pl.col("t_max_ms"))
        .join(own.lazy(), on=["owner_id", "account_id"], how="semi")
        .group_by("object_id")
        .agg(born_ms=pl.col("t_min_ms").min())
        .collect()
    )


def one_like(
    frame: pl.DataFrame, names: Mapping[str, pl.Series], refusals: Refusals, counted: int = 0
) -> pl.DataFrame:
    """Make one event of what two collectors saw of the same like.

    Rows of one account, object and action that overlap and name no content become one event, in
    the intersection of their intervals: as few events as explain all rows, found from the
    earliest end. A row without a time fits anywhere before the list it is from was read.
    Several exact times are several actions; one that names its content may be what a row that
    names none saw too.

    Parameters
    ----------
    counted
        How many such rows are already counted, because an earlier import brought them.
    """
    whose = _mergeable(frame, names)
    if whose.is_empty():
        return frame
    low, high = pl.col("t_min_ms").fill_null(_EVER), pl.col("t_max_ms")
    if "poll_ms" in whose.columns:
        high = high.fill_null(pl.col("poll_ms"))
    rest = whose.with_columns(low=low, high=high.fill_null(-_EVER))
    done = []
    while rest.height:
        rest = rest.with_columns(fits=_holds(pl.col("high").min().over(_KEYS)))
        done.append(_intersection(rest.filter("fits")))
        rest = rest.filter(~pl.col("fits"))
    merged = pl.concat(done)
    refusals.noted.add(SEEN_TWICE, max(whose.height - merged.height - counted, 0))
    others = frame.filter(~pl.int_range(pl.len(), dtype=pl.UInt32).is_in(whose["at"].implode()))
    return pl.concat([others, merged.select(frame.columns)])


def _mergeable(frame: pl.DataFrame, names: Mapping[str, pl.Series]) -> pl.DataFrame:
    """Rows of likes that have several, not all of them exact; ``at`` is their place."""
    if "action" not in frame.columns:
        frame = frame.with_columns(action=pl.lit(None, pl.UInt32))
    codes = [code for code, name in enumerate(names.get("action", ())) if name in ONCE]
    timed, listed = pl.col("t_min_ms").is_not_null(), pl.lit(False)
    if "poll_ms" in frame.columns:
        listed = pl.col("poll_ms").is_not_null()
    # Without an action one may act often, so a row that has no time at all proves nothing.
    may = pl.col("action").is_in(codes) | listed | (pl.col("action").is_null() & timed)
    if "content_id" in frame.columns:
        # A dated repost that is named is also who is seen in a list of those who shared.
        named = timed & (pl.col("t_min_ms") == pl.col("t_max_ms")) & pl.col("action").is_in(codes)
        may &= pl.col("content_id").is_null() | named
    found = frame.lazy().with_row_index("at").filter(may.fill_null(listed)).collect()
    found = found.filter(found.select(_KEYS).is_duplicated())
    inexact = pl.col("t_min_ms").ne_missing(pl.col("t_max_ms")) | pl.col("t_min_ms").is_null()
    return found.filter(inexact.any().over(_KEYS))


def _holds(point: pl.Expr) -> pl.Expr:
    """Whether a row's interval holds the earliest end; to touch is enough for exact times only."""
    exact = pl.col("low") == pl.col("high")
    touches = exact | (exact & (pl.col("high") == point)).any().over(_KEYS)
    return (pl.col("low") < point) | ((pl.col("low") == point) & touches)


def _intersection(rows: pl.DataFrame) -> pl.DataFrame:
    """One row a like; what is known about its list is from the earliest poll."""
    first = [name for name in ("poll_ms", "rank") if name in rows.columns]
    rest = [
        name
        for name in rows.columns
        if name not in (*_KEYS, "t_min_ms", "t_max_ms", "last_ms", "low", "high", "fits")
    ]
    facts = [name for name in rest if name in ("rank", "poll_ms", "list_count", "rank_order")]
    latest = ["last_ms"] if "last_ms" in rows.columns else []
    low = pl.col("low").max()
    known = low != _EVER
    return (
        rows.sort(*_KEYS, *first, "at", nulls_last=True)
        .group_by(_KEYS, maintain_order=True)
        .agg(
            *(pl.col(name).first() for name in facts),
            *(pl.col(n).drop_nulls().first() for n in rest if n not in facts),
            *(pl.col(name).max() for name in latest),
            t_min_ms=pl.when(known).then(low),
            t_max_ms=pl.when(known).then(pl.col("high").min()),
        )
    )


def in_rank_order(frame: pl.DataFrame, refusals: Refusals) -> pl.DataFrame:
    """Let the order within each list bound times, where the user said what it is.

    No row was earlier than any that the order puts before it, nor later than any it puts after
    it. A list in which that cannot be, or two rows share a place, keeps its intervals.
    """
    if "rank_order" not in frame.columns:
        return frame
    groups = ["object_id", "action", "poll_ms"]
    groups = [name for name in groups if name in frame.columns]
    ranked = frame.with_row_index("at").filter(
        pl.col("rank_order").is_not_null() & pl.col("rank").is_not_null()
    )
    high = pl.col("t_max_ms").fill_null(pl.col("poll_ms") if "poll_ms" in groups else -_EVER)
    ranked = (
        ranked.with_columns(
            low=pl.col("t_min_ms").fill_null(_EVER),
            high=high.fill_null(-_EVER),
            place=pl.col("rank") * pl.col("rank_order"),
        )
        .sort(*groups, "place", nulls_last=True)
        .with_columns(
            new_low=pl.col("low").cum_max().over(groups),
            new_high=pl.col("high").cum_min(reverse=True).over(groups),
            tied=(pl.col("place") == pl.col("place").shift(1)).over(groups).fill_null(False),
        )
        .with_columns(
            odd=((pl.col("new_low") > pl.col("new_high")) | pl.col("tied")).any().over(groups)
        )
    )
    refusals.noted.add(CONTRADICTED, int(ranked["odd"].sum()))
    both = (pl.col("new_low") != _EVER) & (pl.col("new_high") != -_EVER)
    bounded = ranked.filter(~pl.col("odd") & both)
    return frame.with_columns(
        pl.Series(name, _set(frame[name], bounded["at"], bounded[new]))
        for name, new in (("t_min_ms", "new_low"), ("t_max_ms", "new_high"))
    )


def _set(column: pl.Series, at: pl.Series, values: pl.Series) -> pl.Series:
    return column.clone().scatter(at, values) if len(at) else column

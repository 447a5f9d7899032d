"""What is known about the lists of likers that events come from, for ``run.json``.

Nothing here is used to find anybody. It says how sharply the data know their times and how
much of each list they hold, so that a reader can judge what could have been seen.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from claqueur.bounds import published
from claqueur.model import ANY_ACTION
from claqueur.store import Events

_LIST = ["object_id", "action"]
_DAY_MS = 86_400_000


def lists_of(events: Events) -> dict[str, Any] | None:
    """Counts of lists and times as plain values; None where every time is exact.

    Returns
    -------
    dict or None
        ``objects`` with lists and ``polls`` (moments), ``spacing_ms`` (median over objects read
        more than once of the median pause between two of its lists); events by how well their
        time is known (``exact``, ``interval``, ``unknown``) and the widths of intervals;
        ``incomplete`` (objects whose last list gave fewer than there were said to be);
        ``taken_back`` (likes missing from a later whole list; None where none was read twice);
        and ``late``: actions known from one list an object or without any time, and the days
        from the last publication to the list.
    """
    times = _times(events.frame)
    polls = _polls(events)
    if not times["interval"] and not times["unknown"] and polls is None:
        return None
    return {
        "objects": 0 if polls is None else polls["object_id"].n_unique(),
        "polls": 0 if polls is None else polls["poll_ms"].n_unique(),
        **_spacing(polls),
        **times,
        **_widths(events.frame),
        "incomplete": _incomplete(polls),
        "taken_back": _taken_back(events),
        "late": _late(events, polls),
    }


def _times(frame: pl.DataFrame) -> dict[str, int]:
    unknown = frame["t_min_ms"].null_count()
    exact = int((frame["t_min_ms"] == frame["t_max_ms"]).sum())
    return {"exact": exact, "interval": frame.height - exact - unknown, "unknown": unknown}


def _widths(frame: pl.DataFrame) -> dict[str, int | None]:
    width = (frame["t_max_ms"] - frame["t_min_ms"]).drop_nulls()
    width = width.filter(width > 0)
    return {
        f"width_{name}_ms": None if width.is_empty() else round(width.quantile(q, "linear") or 0)
        for name, q in (("median", 0.5), ("90", 0.9))
    }


def _polls(events: Events) -> pl.DataFrame | None:
    """One row a list: those polled, and those that rows with a ``poll_time`` tell of."""
    parts = []
    if events.polls is not None:
        parts.append(events.polls.select(*_LIST, "poll_ms", "list_count", "shown"))
    told = _told(events)
    if told is not None:
        parts.append(told)
    return pl.concat(parts) if parts else None


def _told(events: Events) -> pl.DataFrame | None:
    """Lists of which only their rows are known; each shows all that were seen by then."""
    frame = events.frame
    if "poll_ms" not in frame.columns:
        return None
    polled = pl.col("last_ms").is_not_null() if "last_ms" in frame.columns else pl.lit(False)
    rows = frame.filter(~polled & pl.col("poll_ms").is_not_null())
    if rows.is_empty():
        return None
    if "action" not in rows.columns:
        rows = rows.with_columns(action=pl.lit(None, pl.UInt32))
    said = pl.col("list_count").max() if "list_count" in rows.columns else pl.lit(None, pl.Int64)
    counted = (
        rows.group_by(*_LIST, "poll_ms")
        .agg(list_count=said, shown=pl.col("account_id").n_unique().cast(pl.Int64))
        .sort(*_LIST, "poll_ms")
        .with_columns(pl.col("shown").cum_sum().over(_LIST))
    )
    actions = events.names.get("action", pl.Series([], dtype=pl.String))
    return counted.with_columns(
        object_id=events.names["object_id"].gather(counted["object_id"]),
        action=actions.gather(counted["action"]),
    ).select(*_LIST, "poll_ms", "list_count", "shown")


def _spacing(polls: pl.DataFrame | None) -> dict[str, int | None]:
    if polls is None:
        return {"repeated": 0, "spacing_ms": None}
    pauses = (
        polls.select("object_id", "poll_ms")
        .unique()
        .sort("object_id", "poll_ms")
        .group_by("object_id")
        .agg(pl.col("poll_ms").diff().median())
        .drop_nulls()["poll_ms"]
    )
    middle = pauses.median()
    return {
        "repeated": len(pauses),
        "spacing_ms": round(middle) if isinstance(middle, int | float) else None,
    }


def _incomplete(polls: pl.DataFrame | None) -> dict[str, int]:
    """Objects whose last list gave fewer accounts than the platform said there are."""
    if polls is None:
        return {"objects": 0, "shown": 0, "said": 0}
    last = polls.filter(pl.col("poll_ms") == pl.col("poll_ms").max().over(_LIST))
    cut = last.filter(pl.col("list_count") > pl.col("shown"))
    return {
        "objects": cut["object_id"].n_unique(),
        "shown": int(cut["shown"].sum()),
        "said": int(cut["list_count"].sum()),
    }


def _taken_back(events: Events) -> int | None:
    """Likes missing from a whole list read after the last in which they were seen."""
    if events.polls is None or events.polls.group_by(_LIST).len()["len"].max() == 1:
        return None
    whole = events.polls.filter(
        pl.col("list_count").is_null() | (pl.col("shown") >= pl.col("list_count"))
    )
    final = whole.group_by(_LIST).agg(final_ms=pl.col("poll_ms").max())
    likes = events.frame.filter(pl.col("last_ms").is_not_null())
    likes = likes.with_columns(
        pl.Series(name, events.names[name].gather(likes[name])) for name in _LIST
    )
    return likes.join(final, on=_LIST).filter(pl.col("final_ms") > pl.col("last_ms")).height


def _late(events: Events, polls: pl.DataFrame | None) -> dict[str, Any] | None:
    """Actions known without any time or from one list an object only, and how late that was."""
    frame = events.frame
    if "action" not in frame.columns:
        frame = frame.with_columns(action=pl.lit(None, pl.UInt32))
    listed = pl.col("poll_ms").is_not_null() if "poll_ms" in frame.columns else pl.lit(False)
    again = _read_again(polls)
    late = [
        action
        for (code,), rows in frame.group_by("action", maintain_order=True)
        for action in [ANY_ACTION if code is None else events.names["action"][code]]
        if rows["t_min_ms"].null_count() == rows.height
        or (action not in again and rows.select(listed.all()).item())
    ]
    return {"actions": sorted(late), "days_after": _days_after(events, polls)} if late else None


def _read_again(polls: pl.DataFrame | None) -> set[str]:
    """Actions of which some list was read more than once."""
    if polls is None:
        return set()
    often = polls.group_by(_LIST).agg(n=pl.col("poll_ms").n_unique()).filter(pl.col("n") > 1)
    return {action or ANY_ACTION for action in often["action"].unique()}


def _days_after(events: Events, polls: pl.DataFrame | None) -> float | None:
    """Days from the last publication that is known to the last reading of a list."""
    if polls is None:
        return None
    born = [published(events.frame, events.names)["born_ms"].max()]
    if events.polls is not None:
        born.append(events.polls["created_ms"].max())
    known = [at for at in born if isinstance(at, int)]
    read = polls["poll_ms"].max()
    if not known or not isinstance(read, int):
        return None
    return round((read - max(known)) / _DAY_MS, 1)

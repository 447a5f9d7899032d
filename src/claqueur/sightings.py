"""From lists of likers read at polls to events that happened between two moments.

A like first seen at poll k, where the last whole list of its object before k did not hold it,
was given in (that poll, k]; in the first list, since the object was published. A list is whole
unless the platform said there are more than it gave: that somebody is missing from a list that
was cut proves nothing. A like missing from a whole list was taken back; seen later, it was given
again, which is a second event.

Objects and actions are independent. Polls may come in any order, from several files and in
several imports: events keep when they were last seen, which with the polls gives back all that
counts of the lists they are from.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from claqueur.refusals import Refusals

POLLS = pl.Schema(
    {
        "object_id": pl.String(),
        "action": pl.String(),
        "poll_ms": pl.Int64(),
        "list_count": pl.Int64(),
        "shown": pl.Int64(),
        "created_ms": pl.Int64(),
    }
)
"""One row: one list that was read: how many the platform said there are, how many it gave, and
when the object was published, as far as known."""

TWICE = "account twice in one list (counted once)"
AGAIN = "like seen again in another list (counted once)"
EMPTY = "list that was read and was empty (no action, but it bounds later ones)"

_LIST = ["object_id", "action"]
_LIKE = [*_LIST, "account_id"]
_SIGHTING = [*_LIKE, "poll_ms"]
_WHOLE = pl.col("list_count").is_null() | (pl.col("shown") >= pl.col("list_count"))


def events_of(
    seen: pl.DataFrame,
    held: pl.DataFrame,
    polls: pl.DataFrame,
    names: Mapping[str, pl.Series],
    refusals: Refusals,
) -> pl.DataFrame:
    """Events in the bounds that the polls give.

    Parameters
    ----------
    seen
        Coded sightings: object, action, account, ``poll_ms``, and what else the lists said.
    held
        Coded events made from lists before, with ``last_ms``, of the lists that are concerned.
    polls
        All polls, with ``before`` (:func:`all_polls`).
    names
        Ids by column; the position is the code.

    Returns
    -------
    DataFrame
        One row an event, with ``t_min_ms`` and ``t_max_ms`` (null where only an upper bound is
        known), and rank, ``poll_ms`` and ``list_count`` of the list it was first seen in.
    """
    known = _coded(polls, names)
    new = _once(seen, refusals)
    once = _with_before(new, _seen_before(held, known))
    once = once.join(_since(known), on=[*_LIST, "poll_ms"], how="left", maintain_order="left")
    first = _begins(once)
    last = once.filter(first.shift(-1, fill_value=True))["poll_ms"]
    begun = once.filter(first).with_columns(last_ms=last)
    refusals.noted.add(AGAIN, max(new.height - (begun.height - held.height), 0))
    low = pl.max_horizontal("since_ms", "born_ms")
    return begun.with_columns(
        t_min_ms=low, t_max_ms=pl.when(low.is_not_null()).then("poll_ms")
    ).drop("since_ms", "born_ms")


def all_polls(
    seen: pl.DataFrame, empty: pl.DataFrame, polls: pl.DataFrame, names: Mapping[str, pl.Series]
) -> pl.DataFrame:
    """The polls known so far and those of new sightings and empty lists, each once.

    Returns
    -------
    DataFrame
        ``POLLS``; ``before``, whether a whole list of the poll was known already; and
        ``fresh``, whether one came in now.
    """
    new = seen.group_by(*_LIST, "poll_ms").agg(
        shown=pl.col("account_id").n_unique().cast(pl.Int64),
        **{
            name: getattr(pl.col(name), how)() if name in seen.columns else pl.lit(None, pl.Int64)
            for name, how in (("list_count", "max"), ("created_ms", "min"))
        },
    )
    new = new.with_columns(pl.Series(name, names[name].gather(new[name])) for name in _LIST)
    parts = [whole_before(polls).with_columns(fresh=False)]
    for part in (new, empty):
        missing = [pl.lit(None, kind).alias(n) for n, kind in POLLS.items() if n not in part]
        parts.append(
            part.with_columns(missing)
            .select(POLLS.names())
            .cast(POLLS)
            .with_columns(before=False, fresh=True)
        )
    return (
        pl.concat(parts)
        .group_by(*_LIST, "poll_ms")
        .agg(
            pl.col("list_count", "shown").max(),
            pl.col("created_ms").min(),
            pl.col("before", "fresh").any(),
        )
        .sort(*_LIST, "poll_ms")
    )


def whole_before(polls: pl.DataFrame) -> pl.DataFrame:
    """Polls of earlier imports, with ``before``: whether their list was whole."""
    return polls.with_columns(before=_WHOLE)


def newly_read(polls: pl.DataFrame, names: Mapping[str, pl.Series]) -> pl.DataFrame:
    """Objects and actions, by code, of which lists came in that were not known before."""
    return _coded(polls.filter("fresh"), names).select(_LIST).unique()


def _coded(polls: pl.DataFrame, names: Mapping[str, pl.Series]) -> pl.DataFrame:
    """Polls of objects that have events, by codes, with whether their list was whole."""
    coded = polls.with_columns(whole=_WHOLE)
    for name in _LIST:
        codes = names[name].to_frame(name).with_row_index("code")
        coded = coded.join(codes, on=name).drop(name).rename({"code": name})
    return coded


def _since(known: pl.DataFrame) -> pl.DataFrame:
    """For each poll the last whole one before it, and the object's publication if before it."""
    whole = pl.when("whole").then("poll_ms")
    born = pl.col("created_ms").min().over("object_id")
    return (
        known.sort(*_LIST, "poll_ms")
        .with_columns(born_ms=born, since_ms=whole.shift(1).forward_fill().over(_LIST))
        .select(
            *_LIST, "poll_ms", "since_ms",
            # A list read before its object was published has one of its clocks wrong.
            born_ms=pl.when(pl.col("born_ms") <= pl.col("poll_ms")).then("born_ms"),
        )
    )  # fmt: skip


def _seen_before(held: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Sightings that earlier events stand for: first and last, and in whole lists between."""
    last = held.filter(pl.col("last_ms") > pl.col("poll_ms")).select(*_LIKE, poll_ms="last_ms")
    whole = known.filter("before").select(*_LIST, at="poll_ms")
    between = (
        held.select(*_LIKE, "poll_ms", "last_ms")
        .join(whole, on=_LIST)
        .filter(pl.col("at").is_between("poll_ms", "last_ms", closed="none"))
        .select(*_LIKE, poll_ms="at")
    )
    given = ("t_min_ms", "t_max_ms", "last_ms", "content_id", "text")
    first = held.drop(given, strict=False)
    return pl.concat([first, last, between], how="diagonal")


def _once(seen: pl.DataFrame, refusals: Refusals) -> pl.DataFrame:
    """Every account once a list, in the order of (object, action, account, poll)."""
    rank = ["rank"] if "rank" in seen.columns else []
    new = _first_of_each(seen.sort(*_SIGHTING, *rank, nulls_last=True))
    refusals.noted.add(TWICE, seen.height - new.height)
    return new.drop("created_ms", strict=False)


def _with_before(new: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """New sightings among those that earlier events stand for, which go first."""
    if before.height:
        both = pl.concat([before, new], how="diagonal")
        new = _first_of_each(both.sort(*_SIGHTING, maintain_order=True))
    if "owner_id" in new.columns and new["owner_id"].null_count():
        new = new.with_columns(pl.col("owner_id").fill_null(pl.col("owner_id").max().over(_LIST)))
    return new


def _first_of_each(ordered: pl.DataFrame) -> pl.DataFrame:
    same = [pl.col(name) == pl.col(name).shift(1) for name in _SIGHTING]
    return ordered.filter(~pl.all_horizontal(same).fill_null(False))


def _begins(once: pl.DataFrame) -> pl.Series:
    """Where a like was given: first seen, or missing from a whole list since it was seen last."""
    other = pl.any_horizontal(pl.col(name) != pl.col(name).shift(1) for name in _LIKE)
    gone = (pl.col("since_ms") > pl.col("poll_ms").shift(1)).fill_null(False)
    return once.select((other | gone).fill_null(True)).to_series()

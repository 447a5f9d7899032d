"""What a group did: its objects, occasions, span, and who comes first."""

from __future__ import annotations

import numpy as np
import polars as pl

from claqueur.model import TIME

OCCASION_MS = 86_400_000
"""One occasion lasts at most this long (24 h): the measure of "one-off"."""


def describe(support: pl.DataFrame) -> pl.DataFrame:
    """Objects, episodes, first and last time and pattern of every group.

    Parameters
    ----------
    support
        Coded events behind edges; only those inside a group count.
    """
    inside = support.filter(pl.col("in_group"))
    spans = (
        inside.group_by("group_id")
        .agg(
            objects=pl.col("object_id").n_unique(),
            first_time=pl.col("t_min_ms").min().cast(TIME),
            last_time=pl.col("t_min_ms").max().cast(TIME),
            times=pl.col("t_min_ms").drop_nulls().sort(),
        )
        .sort("group_id")
    )
    episodes = [count_occasions(times.to_numpy()) or None for times in spans["times"]]
    return spans.drop("times").with_columns(
        episodes=pl.Series(episodes, dtype=pl.Int64),
        pattern=pl.Series([_pattern(count) for count in episodes], dtype=pl.String),
    )


def _pattern(episodes: int | None) -> str:
    if episodes is None:
        return "undated"
    return "one-off" if episodes == 1 else "sustained"


def count_occasions(times_ms: np.ndarray) -> int:
    """Occasions of at most 24 h that cover all times, taken greedily from the first.

    Parameters
    ----------
    times_ms : (n,) int64
        Rising.
    """
    count = 0
    position = 0
    while position < len(times_ms):
        count += 1
        position = int(np.searchsorted(times_ms, times_ms[position] + OCCASION_MS, side="right"))
    return count


def shared_objects(evidence: pl.DataFrame, group_id: int) -> pl.DataFrame:
    """Objects of one group, most shared first: members, first and last time, spread."""
    return (
        evidence.filter((pl.col("group_id") == group_id) & pl.col("in_group"))
        .group_by("object_id")
        .agg(
            members=pl.col("account_id").n_unique(),
            first_time=pl.col("time").min(),
            last_time=pl.col("time").max(),
        )
        .sort(["members", "object_id"], descending=[True, False])
    )


def leaders(evidence: pl.DataFrame, group_id: int) -> pl.DataFrame:
    """Members of one group by how often they come first.

    ``shared`` counts the objects on which a member acted together with others, ``led``
    those on which nobody of the group was earlier (a tie counts for all of them), and
    ``median_rank`` is the middle of its places, 0 for first and 1 for last.
    """
    first = pl.col("time").min().over("object_id")
    acting = (
        evidence.filter((pl.col("group_id") == group_id) & pl.col("in_group"))
        .group_by("object_id", "account_id")
        .agg(pl.col("time").min())
    )
    last_rank = (pl.len() - 1).clip(lower_bound=1).over("object_id")
    placed = acting.with_columns(
        led=pl.col("time") == first,
        place=(pl.col("time").rank("min").over("object_id") - 1) / last_rank,
    )
    return (
        placed.group_by("account_id")
        .agg(shared=pl.len(), led=pl.col("led").sum(), median_rank=pl.col("place").median())
        .with_columns(led_share=pl.col("led") / pl.col("shared"))
        .sort(["led", "median_rank", "account_id"], descending=[True, False, False])
    )

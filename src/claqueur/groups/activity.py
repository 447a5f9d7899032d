"""What pictures of groups are drawn from: members on shared objects, rhythm, and curves."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from claqueur.detectors import Layer
from claqueur.groups.network import Grouped
from claqueur.model import (
    ACTIVITY,
    CURVES,
    GROUPS_PICTURED,
    RHYTHM,
    SMALLEST_SHOWN,
    TIME,
)
from claqueur.store import Events

Bool = NDArray[np.bool_]

OBJECTS_EACH = 200
CURVES_EACH = 3
CURVE_POINTS = 300
QUARTER_MS = 900_000


def pictured(groups: pl.DataFrame) -> list[int]:
    """The groups that get pictures: the largest, and none below the smallest size shown."""
    large = groups.filter(pl.col("size") >= SMALLEST_SHOWN)
    return large.sort("size", descending=True)["group_id"].head(GROUPS_PICTURED).to_list()


def member_actions(layer: Layer, grouped: Grouped) -> pl.DataFrame:
    """Coded actions of members of pictured groups on the objects their group shares.

    Columns ``group_id``, ``account_id``, ``object_id``, ``t_min_ms``, ``together`` (with
    others of the group) and ``sharers`` (members who shared the object).
    """
    inside = grouped.support.filter(pl.col("in_group"))
    together = np.zeros(layer.events.height, dtype=bool)
    together[inside["position"].to_numpy()] = True
    group_of_row = grouped.of_account[layer.events["account_id"].to_numpy()]
    parts = [
        _of_group(layer, group_id, group_of_row == group_id, inside, together)
        for group_id in pictured(grouped.groups)
    ]
    return pl.concat(parts) if parts else pl.DataFrame(schema=_MEMBER_ACTIONS)


_MEMBER_ACTIONS = {
    "account_id": pl.UInt32,
    "object_id": pl.UInt32,
    "t_min_ms": pl.Int64,
    "together": pl.Boolean,
    "sharers": pl.UInt32,
    "group_id": pl.Int64,
}


def _of_group(
    layer: Layer, group_id: int, rows: Bool, inside: pl.DataFrame, together: Bool
) -> pl.DataFrame:
    sharers = (
        inside.filter(pl.col("group_id") == group_id)
        .group_by("object_id")
        .agg(sharers=pl.col("account_id").n_unique())
    )
    acted = layer.events.select("account_id", "object_id", "t_min_ms").filter(pl.Series(rows))
    return (
        acted.with_columns(together=pl.Series(together[rows]))
        .join(sharers, on="object_id", maintain_order="left")
        .with_columns(group_id=pl.lit(group_id, pl.Int64))
    )


def activity(acts: pl.DataFrame, events: Events) -> pl.DataFrame:
    """Member actions on each group's most shared objects, with their ids (``ACTIVITY``)."""
    objects = acts.select("group_id", "object_id", "sharers").unique()
    most = objects.sort("sharers", "object_id", descending=[True, False]).group_by("group_id")
    rows = acts.join(
        most.head(OBJECTS_EACH), on=["group_id", "object_id"], how="semi", maintain_order="left"
    )
    return (
        events.decoded(rows)
        .select(
            group_id=rows["group_id"],
            account_id="account_id",
            object_id="object_id",
            time=rows["t_min_ms"].cast(TIME),
            together=rows["together"],
        )
        .cast(ACTIVITY)
    )


def rhythm(layer: Layer, acts: pl.DataFrame, zone: str) -> pl.DataFrame:
    """Actions by day and hour, of all events and of each pictured group (``RHYTHM``)."""
    # Quarters of an hour first: few, and no zone's offset cuts through one.
    quarter = pl.col("t_min_ms") // QUARTER_MS
    dated = layer.events.filter(pl.col("t_min_ms").is_not_null())
    everybody = dated.select(quarter=quarter).group_by("quarter").agg(actions=pl.len())
    acts = acts.filter(pl.col("t_min_ms").is_not_null())
    members = acts.group_by("group_id", quarter=quarter).agg(actions=pl.len())
    quarters = pl.concat([everybody, members], how="diagonal")
    local = (pl.col("quarter") * QUARTER_MS).cast(TIME).dt.convert_time_zone(zone)
    return (
        quarters.group_by(
            "group_id",
            day=local.dt.date(),
            weekday=local.dt.weekday(),
            hour=local.dt.hour(),
        )
        .agg(pl.col("actions").sum())
        .with_columns(action=pl.lit(layer.action), window_ms=pl.lit(layer.window_ms))
        .select(pl.col(name).cast(kind) for name, kind in RHYTHM.items())
        .sort("group_id", "day", "hour", nulls_last=True)
    )


def curves(layer: Layer, grouped: Grouped, acts: pl.DataFrame, events: Events) -> pl.DataFrame:
    """Cumulative actions on the objects each pictured group shares most (``CURVES``)."""
    if layer.window_ms is None:
        return pl.DataFrame(schema=CURVES)
    objects = acts.select("group_id", "object_id", "sharers").unique()
    most = objects.sort(
        "group_id", "sharers", "object_id", descending=[False, True, False]
    ).group_by("group_id", maintain_order=True)
    parts = [
        _curve(layer, grouped, events, group_id, code)
        for group_id, code in most.head(CURVES_EACH).select("group_id", "object_id").iter_rows()
    ]
    return pl.concat(parts) if parts else pl.DataFrame(schema=CURVES)


def _curve(
    layer: Layer, grouped: Grouped, events: Events, group_id: int, code: int
) -> pl.DataFrame:
    # Events are sorted by object, so those of one object are a slice.
    low, high = (
        int(layer.events["object_id"].search_sorted(code, side=side)) for side in ("left", "right")
    )
    rows = layer.events.slice(low, high - low)
    ours = grouped.of_account[rows["account_id"].to_numpy()] == group_id
    points = np.unique(np.linspace(0, rows.height - 1, CURVE_POINTS).astype(np.int64))
    return pl.DataFrame(
        {
            "group_id": pl.Series([group_id] * len(points), dtype=pl.Int64),
            "object_id": [events.names["object_id"][code]] * len(points),
            "time": rows["t_min_ms"].cast(TIME).gather(points),
            "all_actions": points + 1,
            "group_actions": np.cumsum(ours)[points],
        },
        schema=CURVES,
    )

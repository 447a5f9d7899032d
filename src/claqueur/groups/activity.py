"""What pictures of groups are drawn from: members on shared objects, rhythm, and curves."""

from __future__ import annotations

import numpy as np
import polars as pl

from claqueur.detect import Layer
from claqueur.groups.network import Grouped
from claqueur.groups.profile import shared_objects
from claqueur.model import (
    ACTIVITY,
    CURVES,
    GROUPS_PICTURED,
    RHYTHM,
    SMALLEST_SHOWN,
    TIME,
)
from claqueur.store import Events

CURVES_EACH = 3
CURVE_POINTS = 300


def pictured(groups: pl.DataFrame) -> list[int]:
    """The groups that get pictures: the largest, and none below the smallest size shown."""
    large = groups.filter(pl.col("size") >= SMALLEST_SHOWN)
    return large.sort("size", descending=True)["group_id"].head(GROUPS_PICTURED).to_list()


def activity(layer: Layer, grouped: Grouped, events: Events) -> pl.DataFrame:
    """Actions of members on the objects their group shares (``ACTIVITY``)."""
    shown = pictured(grouped.groups)
    group = pl.Series("group_id", grouped.of_account[layer.events["account_id"].to_numpy()])
    rows = layer.events.with_columns(group).filter(pl.col("group_id").is_in(shown))
    table = events.decoded(rows).select(
        group_id=rows["group_id"],
        account_id="account_id",
        object_id="object_id",
        time=rows["t_min_ms"].cast(TIME),
    )
    inside = grouped.evidence.filter(pl.col("in_group"))
    together = inside.select(
        "group_id", "account_id", "object_id", "time", together=pl.lit(True)
    ).unique()
    return (
        table.join(
            inside.select("group_id", "object_id").unique(),
            on=["group_id", "object_id"],
            how="semi",
        )
        .join(together, on=["group_id", "account_id", "object_id", "time"], how="left")
        .with_columns(pl.col("together").fill_null(False))
        .select(pl.col(name).cast(kind) for name, kind in ACTIVITY.items())
        .sort("group_id", "object_id", "time", "account_id")
    )


def rhythm(layer: Layer, acts: pl.DataFrame, zone: str) -> pl.DataFrame:
    """Actions by day and hour, of all events and of each pictured group (``RHYTHM``)."""
    everybody = layer.events.select(
        group_id=pl.lit(None, pl.Int64), time=pl.col("t_min_ms").cast(TIME)
    )
    local = pl.col("time").dt.convert_time_zone(zone)
    return (
        pl.concat([everybody, acts.select("group_id", "time")])
        .group_by(
            "group_id",
            day=local.dt.date(),
            weekday=local.dt.weekday(),
            hour=local.dt.hour(),
        )
        .agg(actions=pl.len())
        .with_columns(action=pl.lit(layer.action), window_ms=pl.lit(layer.window_ms))
        .select(pl.col(name).cast(kind) for name, kind in RHYTHM.items())
        .sort("group_id", "day", "hour", nulls_last=True)
    )


def curves(layer: Layer, grouped: Grouped, events: Events) -> pl.DataFrame:
    """Cumulative actions on the objects each pictured group shares most (``CURVES``)."""
    parts = [
        _curve(layer, grouped, events, group_id, object_id)
        for group_id in pictured(grouped.groups)
        for object_id in shared_objects(grouped.evidence, group_id)["object_id"].head(CURVES_EACH)
    ]
    return pl.concat(parts) if parts else pl.DataFrame(schema=CURVES)


def _curve(
    layer: Layer, grouped: Grouped, events: Events, group_id: int, object_id: str
) -> pl.DataFrame:
    code = events.names["object_id"].search_sorted(object_id)
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
            "object_id": [object_id] * len(points),
            "time": rows["t_min_ms"].cast(TIME).gather(points),
            "all_actions": points + 1,
            "group_actions": np.cumsum(ours)[points],
        },
        schema=CURVES,
    )

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
from claqueur.store import Coded

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
    group_of_row = grouped.of_account.astype(np.int32)[layer.events["account_id"].to_numpy()]
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
    """Rows, (n,) bool, of a group's members; those on objects it shares."""
    sharers = (
        inside.filter(pl.col("group_id") == group_id)
        .group_by("object_id")
        .agg(sharers=pl.col("account_id").n_unique())
    )
    object_ = layer.events["object_id"].to_numpy()
    by_object = np.zeros(int(object_.max(initial=0)) + 1, np.uint32)
    by_object[sharers["object_id"].to_numpy()] = sharers["sharers"].to_numpy()
    shared = np.flatnonzero(rows & (by_object[object_] > 0))
    acted = layer.events.select("account_id", "object_id", "t_min_ms")[shared]
    return acted.with_columns(
        together=pl.Series(together[shared]),
        sharers=pl.Series(by_object[object_[shared]]),
        group_id=pl.lit(group_id, pl.Int64),
    )


def activity(acts: pl.DataFrame, events: Coded) -> pl.DataFrame:
    """Member actions on each group's most shared objects, with their ids (``ACTIVITY``)."""
    most = _most_shared(acts, OBJECTS_EACH)
    # Group by group: of all that members did only this little is copied.
    parts = [acts.clear()]
    for group_id in acts["group_id"].unique(maintain_order=True):
        own = most.filter(pl.col("group_id") == group_id)["object_id"]
        parts.append(
            acts.filter(pl.col("group_id") == group_id, pl.col("object_id").is_in(own.implode()))
        )
    rows = pl.concat(parts)
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
    everybody = layer.everybody.by_time(QUARTER_MS).rename({"step": "quarter"})
    quarter = pl.col("t_min_ms") // QUARTER_MS
    members = (
        acts.lazy()
        .filter(pl.col("t_min_ms").is_not_null())
        .group_by("group_id", quarter=quarter)
        .agg(actions=pl.len())
        .collect(engine="streaming")
    )
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


def curves(layer: Layer, grouped: Grouped, acts: pl.DataFrame, events: Coded) -> pl.DataFrame:
    """Cumulative actions on the objects each pictured group shares most (``CURVES``)."""
    if layer.window_ms is None:
        return pl.DataFrame(schema=CURVES)
    most = _most_shared(acts, CURVES_EACH)
    # All objects at once: where rows are elsewhere, each question is a walk over all of them.
    rows = layer.everybody.on_objects(most["object_id"].to_list())
    parts = [
        _curve(each, grouped, events, group_id, code)
        for (group_id, code), each in zip(most.iter_rows(), rows, strict=True)
    ]
    return pl.concat(parts) if parts else pl.DataFrame(schema=CURVES)


def _most_shared(acts: pl.DataFrame, number: int) -> pl.DataFrame:
    """Columns ``group_id`` and ``object_id``: the objects most members of each group share."""
    objects = (
        acts.lazy()
        .select("group_id", "object_id", "sharers")
        .unique()
        .collect(engine="streaming")
        .sort("group_id", "sharers", "object_id", descending=[False, True, False])
    )
    return objects.group_by("group_id", maintain_order=True).head(number).drop("sharers")


def _curve(
    rows: pl.DataFrame, grouped: Grouped, events: Coded, group_id: int, code: int
) -> pl.DataFrame:
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

"""What the pictures of one group are drawn from, as plain values for JSON.

Pictures of groups of fewer than ten members are not drawn, as in reports.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from claqueur.browse.covered import MEMBERS, ORGANIC, OTHERS, TENTHS
from claqueur.browse.index import Index
from claqueur.model import SMALLEST_SHOWN

HOUR_MS, DAY_MS, WEEK_MS = 3_600_000, 86_400_000, 604_800_000
_FINE_SPAN_MS, _WIDE_SPAN_MS = 4 * DAY_MS, 400 * DAY_MS

Plain = dict[str, Any]


def why_none(index: Index, group: int) -> str:
    """Why a group has no pictures; empty where it has."""
    size = index.of_group("members", group).height
    if size < SMALLEST_SHOWN:
        return f"the group has fewer than {SMALLEST_SHOWN} members, so it is not pictured"
    return ""


def matrix(index: Index, group: int, objects: int, identities: bool) -> Plain:
    """Who acted when on which of the most shared objects.

    Parameters
    ----------
    objects
        At most so many.
    """
    why = why_none(index, group)
    if why:
        return {"available": False, "why": why, "complete": False, "accounts": [], "objects": [],
                "cells": {"member": [], "object": [], "time_ms": [], "together": []}}  # fmt: skip
    few = index.of_group("objects", group).head(objects)
    few = few.sort("first_time", "object", nulls_last=True).with_row_index("place")
    cells = _cells(index, group, few)
    shown = index.shown(few["shown_id"].to_list(), identities)
    return {
        "available": True, "why": "",
        "complete": _pictured(index, group),
        "accounts": index.accounts(group, identities),
        "objects": [
            {"object": number, "id": name, "members": members, "first_ms": first}
            for number, name, members, first in zip(
                few["object"], shown, few["members"], few["first_time"].dt.epoch("ms"), strict=True
            )
        ],
        "cells": {
            "member": cells["member"].to_list(),
            "object": cells["place"].to_list(),
            "time_ms": cells["time"].dt.epoch("ms").to_list(),
            "together": cells["together"].cast(pl.Int8).to_list(),
        },
    }  # fmt: skip


def _cells(index: Index, group: int, few: pl.DataFrame) -> pl.DataFrame:
    """Actions, those together and where they are known also those alone."""
    numbers = few.select("object", "object_id", "place")
    together = index.acts(group).join(numbers, on="object").with_columns(together=pl.lit(True))
    columns = ["member", "place", "time", "together"]
    alone = _table(index.run, "activity", group).filter(~pl.col("together"))
    alone = alone.join(numbers, on="object_id").join(
        index.of_group("members", group).select("account_id", "member"), on="account_id"
    )
    parts = [together.select(columns), alone.select(columns)]
    return pl.concat(parts, how="vertical_relaxed").unique().sort("member", "place", "time")


def _table(run: Path, name: str, group: int | None) -> pl.DataFrame:
    """Rows of a group in a table of the run; of all events where it is None."""
    which = pl.col("group_id").is_null() if group is None else pl.col("group_id") == group
    return pl.scan_parquet(run / f"{name}.parquet").filter(which).collect()


def _pictured(index: Index, group: int) -> bool:
    return not _table(index.run, "activity", group).is_empty()


def timeline(index: Index, group: int, identities: bool) -> Plain:
    """Actions, members and objects over time, and how likes of single posts grew."""
    acts = index.acts(group).select("member", "object", at=pl.col("time").dt.epoch("ms"))
    dated = acts.drop_nulls("at")
    empty: Plain = {
        "available": False, "why": why_none(index, group), "unit": "day", "zone": index.zone,
        "bins_ms": [], "actions": [], "members": [], "objects": [], "curves": [],
    }  # fmt: skip
    if empty["why"]:
        return empty
    if dated.is_empty():
        return {**empty, "why": "no time is known of what this group did"}
    unit, counted = _binned(dated, index.zone)
    return {
        **empty, "available": True, "unit": unit,
        "bins_ms": counted["bin"].dt.epoch("ms").to_list(),
        **{name: counted[name].to_list() for name in ("actions", "members", "objects")},
        "curves": _curves(index, group, identities),
    }  # fmt: skip


def _binned(dated: pl.DataFrame, zone: str) -> tuple[str, pl.DataFrame]:
    low, high = int(dated["at"].to_numpy().min()), int(dated["at"].to_numpy().max())
    span = high - low
    unit, every = ("day", "1d")
    if span <= _FINE_SPAN_MS:
        unit, every = ("hour", "1h")
    elif span > _WIDE_SPAN_MS:
        unit, every = ("week", "1w")
    local = pl.col("at").cast(pl.Datetime("ms", "UTC")).dt.convert_time_zone(zone)
    counted = (
        dated.with_columns(bin=local.dt.truncate(every))
        .group_by("bin")
        .agg(actions=pl.len(), members=pl.col("member").n_unique(),
             objects=pl.col("object").n_unique())
        .sort("bin")
    )  # fmt: skip
    return unit, counted.upsample("bin", every=every).with_columns(
        pl.col("actions", "members", "objects").fill_null(0)
    )


def _curves(index: Index, group: int, identities: bool) -> list[Plain]:
    rows = _table(index.run, "curves", group)
    names = dict(index.of_group("objects", group).select("object_id", "shown_id").iter_rows())
    found = []
    for key, part in rows.partition_by("object_id", as_dict=True, maintain_order=True).items():
        (shown,) = index.shown([names.get(str(key[0]))], identities)
        found.append({
            "object": shown or "a post",
            "time_ms": part["time"].dt.epoch("ms").to_list(),
            "all": part["all_actions"].to_list(),
            "group": part["group_actions"].to_list(),
        })  # fmt: skip
    return found


def rhythm(index: Index, group: int) -> Plain:
    """Actions by weekday and hour, of the group and of everybody in its network."""
    row = index.groups.row(index.ranks[group], named=True)
    empty: Plain = {"available": False, "why": why_none(index, group), "zone": index.zone,
                    "group": _week([]), "everybody": None}  # fmt: skip
    if empty["why"]:
        return empty
    own = _table(index.run, "rhythm", group).select("weekday", "hour", "actions")
    if own.is_empty():
        own = _hours(index, group)
    if own.is_empty():
        return {**empty, "why": "no time is known of what this group did"}
    everybody = _table(index.run, "rhythm", None).filter(
        pl.col("action") == row["action"], pl.col("window_ms").eq_missing(row["window_ms"])
    )
    return {
        **empty, "available": True, "group": _week(own.iter_rows()),
        "everybody": None if everybody.is_empty()
        else _week(everybody.select("weekday", "hour", "actions").iter_rows()),
    }  # fmt: skip


def _hours(index: Index, group: int) -> pl.DataFrame:
    local = pl.col("time").dt.convert_time_zone(index.zone)
    dated = index.of_group("evidence", group).drop_nulls("time")
    parts = [local.dt.weekday().alias("weekday"), local.dt.hour().alias("hour")]
    return dated.group_by(parts).agg(actions=pl.len())


def _week(rows: Any) -> list[list[int]]:
    week = [[0] * 24 for _ in range(7)]
    for weekday, hour, actions in rows:
        week[weekday - 1][hour] += actions
    return week


def coverage(index: Index, group: int) -> Plain:
    """How much of the group's objects members acted on, beside accounts in no group."""
    rows = index.coverage.filter(pl.col("group_id") == group)
    counts = dict(rows.select("part", "counts").iter_rows())
    why = why_none(index, group)
    if not why and not counts:
        why = (
            "the tables have changed since this run, or the group shares texts and not posts; run "
            "again to see it"
        )
    zeros = [0] * TENTHS
    return {
        "available": not why, "why": why,
        "objects": index.of_group("objects", group).height,
        "edges": [tenth / TENTHS for tenth in range(TENTHS + 1)],
        "members": zeros if why else counts.get(MEMBERS, zeros),
        "others": zeros if why else counts.get(OTHERS, zeros),
        "organic": None if why else counts.get(ORGANIC),
        "features": [] if why else _features(index, group),
    }  # fmt: skip


def _features(index: Index, group: int) -> list[Plain]:
    if not (index.run / "features.parquet").exists():
        return []
    return [
        {
            "feature": row["feature"], "unit": row["unit"], "accounts": row["others"],
            **{part: [row[f"{part}_{at}"] for at in ("low", "median", "high")]
               for part in ("members", "others")},
        }
        for row in _table(index.run, "features", group).iter_rows(named=True)
    ]  # fmt: skip

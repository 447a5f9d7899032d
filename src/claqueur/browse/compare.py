"""Several runs side by side: what was set otherwise, what came out, which groups are the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import polars as pl

from claqueur.browse.index import Index

_SECTIONS = ("read", "detect", "groups", "targets", "texts")


def compared(indexes: Sequence[Index]) -> dict[str, Any]:
    """Settings, results, and what became of the first run's groups in the others."""
    records = [index.record for index in indexes]
    return {
        "settings": list(_settings(records)),
        "results": _results(indexes),
        "overlap": _overlap(indexes),
    }


def _settings(records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    rows = []
    for section in _SECTIONS:
        tables = [record["settings"].get(section) or {} for record in records]
        for name in dict.fromkeys(name for table in tables for name in table):
            values = [table.get(name) for table in tables]
            same = all(one == other for one, other in pairwise(values))
            rows.append({"section": section, "name": name, "values": values, "same": same})
    zones = [record["settings"]["zone"] for record in records]
    same = len(set(zones)) == 1
    return [*rows, {"section": "read", "name": "zone", "values": zones, "same": same}]


def _results(indexes: Sequence[Index]) -> list[dict[str, Any]]:
    measures: dict[str, Callable[[Index], Any]] = {
        "events": lambda each: each.record["events"]["kept"],
        "accounts": lambda each: each.record["events"]["accounts"],
        "pairs": lambda each: sum(one["pairs"] for one in each.record["networks"]),
        "groups": lambda each: each.groups.height,
        "members": lambda each: each.members["account_id"].n_unique(),
        "largest group": lambda each: each.groups["size"].max(),
        "seconds": lambda each: round(sum(each.record["seconds"].values()), 1),
    }
    return [
        {"name": name, "values": [measure(each) for each in indexes]}
        for name, measure in measures.items()
    ]


def _overlap(indexes: Sequence[Index]) -> list[dict[str, Any]]:
    first, others = indexes[0], indexes[1:]
    sizes = dict(first.groups.select("group_id", "size").iter_rows())
    best = [_best(first.members, other.members) for other in others]
    return [
        {
            "group": group, "size": sizes[group],
            "others": [
                {"run": other.run.name, **found.get(group, _NONE)}
                for other, found in zip(others, best, strict=True)
            ],
        }
        for group in first.groups["group_id"]
    ]  # fmt: skip


_NONE: dict[str, Any] = {"group": None, "common": 0, "jaccard": 0.0}


def _best(one: pl.DataFrame, other: pl.DataFrame) -> dict[int, dict[str, Any]]:
    """For each group of one run the group of the other with which it has most in common."""
    sizes = [table.group_by("group_id").len() for table in (one, other)]
    common = (
        one.select("account_id", "group_id")
        .join(other.select("account_id", other="group_id"), on="account_id")
        .group_by("group_id", "other")
        .agg(common=pl.len())
        .join(sizes[0], on="group_id")
        .join(sizes[1].rename({"group_id": "other", "len": "len_other"}), on="other")
        .with_columns(
            jaccard=pl.col("common") / (pl.col("len") + pl.col("len_other") - pl.col("common"))
        )
        .sort("group_id", "jaccard", "other", descending=[False, True, False])
        .unique("group_id", keep="first", maintain_order=True)
    )
    return {
        row["group_id"]: {
            "group": row["other"], "common": row["common"], "jaccard": round(row["jaccard"], 4)
        }
        for row in common.iter_rows(named=True)
    }  # fmt: skip

"""Members against objects: a lockstep group shows as a block, devoted fans as a scatter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import polars as pl

from claqueur.publish.charts.labels import day_text, group_row, group_text, local, need
from claqueur.publish.charts.look import WIDTH, heading, values
from claqueur.publish.charts.masks import object_names, shortened
from claqueur.publish.charts.order import seriated
from claqueur.results import Result

MOST_OBJECTS = 120
MOST_MEMBERS = 300
DATES_SHOWN = 10
LABELLED = 9
"""Rows at least this many pixels high have room for a pseudonym."""
TOGETHER, ALONE = "together with others", "apart from them"


@dataclass(frozen=True)
class Matrix:
    """Who of a group acted on which of its objects."""

    name: str = "matrix"
    title: str = "Who acted on what"
    help: str = "Members against shared objects; a cell is one member's action on one object."
    per_group: bool = True
    overall: bool = False

    def draw(
        self, result: Result, group_id: int | None, names: Callable[[pl.Series], pl.Series]
    ) -> alt.Chart:
        """Rows of similar members side by side, objects in the order they were acted on."""
        acts = result.activity.filter(pl.col("group_id") == group_id)
        need(acts, f"group {group_id} is not among the largest, which are drawn")
        columns = _columns(acts, result)
        kept = acts.join(columns.select("object_id", "column"), on="object_id")
        accounts, grid = _grid(kept, columns.height)
        rows = pl.DataFrame(
            {
                "member": names(pl.Series(accounts, dtype=pl.String)),
                "cells": ["".join(map(str, row)) for row in grid],
            }
        )
        labelled = object_names(result, columns["object_id"], names)
        columns = columns.with_columns(object=shortened(labelled))
        title = heading(
            f"{self.title}: {group_text(group_row(result, group_id))}",
            *_limits(acts, kept, len(accounts)),
        )
        return _picture(rows, columns).properties(title=title)


def _columns(acts: pl.DataFrame, result: Result) -> pl.DataFrame:
    """The objects shared most, in the order of the group's first action on each."""
    shared = acts.group_by("object_id").agg(
        members=pl.col("account_id").filter(pl.col("together")).n_unique(),
        first=pl.col("time").min(),
    )
    return (
        shared.sort(["members", "object_id"], descending=[True, False])
        .head(MOST_OBJECTS)
        .sort("first", "object_id")
        .with_columns(first=local(result, "first"))
        .with_row_index("column")
    )


def _grid(acts: pl.DataFrame, width: int) -> tuple[list[str], np.ndarray]:
    """Members in order, and a cell for each object: 2 together, 1 apart, 0 not at all."""
    busiest = (
        acts.group_by("account_id")
        .agg(pl.col("together").sum())
        .sort(["together", "account_id"], descending=[True, False])
        .head(MOST_MEMBERS)
        .select("account_id")
        .with_row_index("row")
    )
    cells = (
        acts.join(busiest, on="account_id").group_by("row", "column").agg(pl.col("together").any())
    )
    grid = np.zeros((busiest.height, width), dtype=np.int8)
    grid[cells["row"].to_numpy(), cells["column"].to_numpy()] = 1 + cells["together"].to_numpy()
    order = seriated(grid > 0)
    return busiest["account_id"].gather(order).to_list(), grid[order]


def _limits(acts: pl.DataFrame, kept: pl.DataFrame, rows: int) -> list[str]:
    objects, shown = acts["object_id"].n_unique(), kept["object_id"].n_unique()
    members = acts["account_id"].n_unique()
    every = shown == objects
    first = (
        f"all {objects:,} shared objects"
        if every
        else f"the {shown} most shared of {objects:,} objects"
    )
    people = (
        f"all {members:,} members" if rows == members else f"{rows} busiest of {members:,} members"
    )
    return [f"Shown are {first} and {people}; similar members stand side by side."]


def _picture(rows: pl.DataFrame, columns: pl.DataFrame) -> alt.Chart:
    step = int(np.clip(720 // rows.height, 3, 14))
    labelled = step >= LABELLED
    objects = columns.select(
        "column", "object", day=columns["first"].map_elements(day_text, pl.String)
    )
    picture: alt.Chart = (
        alt.Chart(values(rows.to_dicts()), width=WIDTH, height=step * rows.height)
        .transform_calculate(cell="split(datum.cells, '')", column="sequence(length(datum.cells))")
        .transform_flatten(["cell", "column"])
        .transform_filter("datum.cell != '0'")
        .transform_lookup(
            "column", alt.LookupData(values(objects.to_dicts()), "column", ["object", "day"])
        )
        .transform_calculate(
            how=f"datum.cell == '2' ? '{TOGETHER}' : '{ALONE}'", end="datum.column + 1"
        )
        .mark_rect(style="cells")
        .encode(
            x=alt.X("column:Q")
            .scale(domain=[0, columns.height], nice=False)
            .axis(**_dates(columns))
            .title(_order(columns)),
            x2="end:Q",
            y=alt.Y("member:N", sort=None)
            .scale(padding=0.06 if labelled else 0)
            .axis(labels=labelled, ticks=False, domain=False, labelFontSize=min(step, 11))
            .title(f"{rows.height} members"),
            color=alt.Color("how:N").scale(domain=[TOGETHER, ALONE]).title("Acted"),
            tooltip=[
                alt.Tooltip("member:N", title="Member"),
                alt.Tooltip("object:N", title="Object"),
                alt.Tooltip("day:N", title="Group first acted"),
                alt.Tooltip("how:N", title="Acted"),
            ],
        )
        # Ten thousand cells are quick to draw as pixels and slow as shapes of a page.
        .properties(
            view=alt.ViewBackground(style="panel"),
            usermeta={"embedOptions": {"renderer": "canvas"}, "axes": 125 if labelled else 60},
        )
    )
    return picture


def _order(columns: pl.DataFrame) -> str:
    if columns["first"].is_null().all():
        return "Objects; no times are known"
    return "Objects, by the day the group first acted on them"


def _dates(columns: pl.DataFrame) -> dict[str, Any]:
    """Ticks at a few objects, written as days."""
    if columns["first"].is_null().all():
        return {"labels": False, "ticks": False, "grid": False}
    at = np.unique(np.linspace(0, columns.height - 1, DATES_SHOWN).astype(int)).tolist()
    days = {place: day_text(columns["first"][place]) for place in at}
    cases = "".join(f"datum.value == {place} ? '{day}' : " for place, day in days.items())
    return {"values": at, "labelExpr": f"{cases}''", "grid": False, "labelOverlap": True}


CHART = Matrix()

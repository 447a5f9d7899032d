"""How actions on the objects a group shares most piled up, and how many were the group's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import polars as pl

from claqueur.publish.charts.labels import day_text, group_row, group_text, local, need, zone
from claqueur.publish.charts.look import WIDTH, heading, values
from claqueur.publish.charts.masks import object_names, shortened
from claqueur.results import Result

POINTS = 120
TAIL = 0.95
"""Panels end when this share of the actions was reached: the rest trickles in for months."""
EVERYBODY, GROUP = "everybody", "members of the group"
HEIGHT = 150
HEADROOM = 1.07
MOST_TICKS = 4
LONGEST = 28


@dataclass(frozen=True)
class Cumulative:
    """Cumulative actions on the objects a group shares most."""

    name: str = "cumulative"
    title: str = "How actions piled up"
    help: str = "Cumulative actions on the objects a group shares most, the group's share below."
    per_group: bool = True
    overall: bool = False

    def draw(
        self, result: Result, group_id: int | None, names: Callable[[pl.Series], pl.Series]
    ) -> alt.HConcatChart:
        """Small multiples, one for each object, each on its own scales."""
        rows = result.curves.filter(pl.col("group_id") == group_id)
        need(rows, f"group {group_id} is not among the largest, which are drawn")
        objects = rows["object_id"].unique(maintain_order=True)
        shown = shortened(object_names(result, objects, names), LONGEST)
        width = (WIDTH - 40 * (len(objects) - 1)) // 3
        parts = [
            _panel(rows.filter(pl.col("object_id") == object_id), label, width, result)
            for object_id, label in zip(objects, shown, strict=True)
        ]
        notes = (
            f"The {len(objects)} most shared objects, until {TAIL:.0%} of all actions on each; "
            "every panel has its own scales.",
            f"Hours count from the first action on the object; its day is in {zone(result)}.",
        )
        who = group_text(group_row(result, group_id))
        return alt.hconcat(*parts, spacing=20).properties(
            title=heading(f"{self.title}: {who}", *notes)
        )


def _panel(rows: pl.DataFrame, label: str, width: int, result: Result) -> alt.Chart:
    first = rows.select(local(result).min()).item()
    title = alt.TitleParams(
        label,
        subtitle=[f"first acted on {day_text(first)}"],
        fontSize=12,
        fontWeight="normal",
        subtitleFontSize=11,
        offset=6,
    )
    data = _thinned(rows)
    picture: alt.Chart = (
        alt.Chart(values(data), width=width, height=HEIGHT, title=title)
        .transform_fold([EVERYBODY, GROUP], as_=["who", "actions"])
        .mark_area(interpolate="step-after", opacity=0.9)
        .encode(
            x=alt.X("hours:Q")
            .scale(nice=False)
            .title("Hours since its first action")
            .axis(grid=False, tickCount=4),
            y=alt.Y("actions:Q", stack=None)
            .scale(domain=[0, HEADROOM * data[-1][EVERYBODY]], nice=False)
            .title("Actions so far")
            .axis(values=_ticks(data[-1][EVERYBODY])),
            color=alt.Color("who:N").scale(domain=[GROUP, EVERYBODY]).title("Actions of"),
            tooltip=[
                alt.Tooltip("hours:Q", title="Hours", format=".2f"),
                alt.Tooltip("who:N", title="Actions of"),
                alt.Tooltip("actions:Q", title="Actions", format=","),
            ],
        )
    )
    return picture


def _ticks(top: int) -> list[int]:
    """Round numbers of actions, none so high that its label pushes the panel's title up."""
    step = next(
        digit * 10**power
        for power in range(12)
        for digit in (1, 2, 5)
        if digit * 10**power * MOST_TICKS >= top
    )
    return [tick for tick in range(0, top + 1, step) if tick <= 0.95 * top]


def _thinned(rows: pl.DataFrame) -> list[dict[str, Any]]:
    most = pl.max_horizontal(TAIL * pl.col("all_actions").max(), 2)
    upto = rows.filter(pl.col("all_actions") <= most)
    kept = np.unique(np.linspace(0, upto.height - 1, POINTS).astype(int))
    hours = (pl.col("time") - pl.col("time").min()).dt.total_milliseconds() / 3_600_000
    return (
        upto.with_columns(hours=hours.round(3))[kept]
        .select(
            "hours", pl.col("all_actions").alias(EVERYBODY), pl.col("group_actions").alias(GROUP)
        )
        .to_dicts()
    )


CHART = Cumulative()

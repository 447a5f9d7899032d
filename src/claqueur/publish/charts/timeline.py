"""Actions over time: a group, and everybody, one panel above the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import altair as alt
import polars as pl

from claqueur.publish.charts.labels import (
    action_text,
    group_row,
    group_text,
    in_network,
    need,
    network_text,
    networks,
    zone,
)
from claqueur.publish.charts.look import WIDTH, heading, values
from claqueur.results import Result

MOST_PANELS = 8
HEIGHT = 110
STEPS = ((4, "1h", "hour"), (500, "1d", "day"), (3000, "1w", "week"), (10**6, "1mo", "month"))
"""Days spanned up to which a bar is one hour, day, week, month."""


@dataclass(frozen=True)
class Timeline:
    """Actions over time."""

    name: str = "timeline"
    title: str = "Actions over time"
    help: str = "Actions a day (an hour, a week), of a group and of everybody, in aligned panels."
    per_group: bool = True
    overall: bool = True

    def draw(
        self, result: Result, group_id: int | None, names: Callable[[pl.Series], pl.Series]
    ) -> alt.VConcatChart:
        """One panel above the other on the same days; each has its own scale of counts."""
        need(result.rhythm, "there are no timed actions")
        panels = _all(result) if group_id is None else _one(result, group_id)
        every, unit = _step(pl.concat([rows for _, _, rows in panels]))
        parts = [_panel(rows, every, unit, title, style) for title, style, rows in panels]
        who = "all data" if group_id is None else group_text(group_row(result, group_id))
        chart: alt.VConcatChart = (
            alt.vconcat(*parts, spacing=18)
            .resolve_scale(x="shared")
            .properties(
                title=heading(
                    f"{self.title}: {who}",
                    f"Each panel has its own scale of counts. Time zone: {zone(result)}.",
                )
            )
        )
        return chart


Panel = tuple[str, str, pl.DataFrame]


def _one(result: Result, group_id: int) -> list[Panel]:
    network = group_row(result, group_id)
    rows = result.rhythm.filter(*in_network(network))
    ours = rows.filter(pl.col("group_id") == group_id)
    need(ours, f"group {group_id} is not among the largest, which are drawn")
    return [
        (f"Group {group_id}, on the objects it shares", "ours", ours),
        ("Everybody, on all objects", "others", rows.filter(pl.col("group_id").is_null())),
    ]


def _all(result: Result) -> list[Panel]:
    """Everybody for each action, then the pictured groups of each network together."""
    everybody = result.rhythm.filter(pl.col("group_id").is_null())
    panels = [
        (f"Everybody: {action_text(action)}", "others", _of_one_window(everybody, action))
        for action in everybody["action"].unique().sort()
    ]
    for network in networks(result.groups):
        rows = result.rhythm.filter(pl.col("group_id").is_not_null(), *in_network(network))
        if rows.height:
            count = rows["group_id"].n_unique()
            panels.append((f"The {count} largest groups: {network_text(network)}", "ours", rows))
    return panels[:MOST_PANELS]


def _of_one_window(everybody: pl.DataFrame, action: str) -> pl.DataFrame:
    rows = everybody.filter(pl.col("action") == action)
    return rows.filter(pl.col("window_ms").eq_missing(pl.lit(rows["window_ms"][0])))


def _moment() -> pl.Expr:
    """Local clock time, written as if it were UTC so that no browser shifts it."""
    return pl.col("day").cast(pl.Datetime("ms")) + pl.duration(hours=pl.col("hour"))


def _step(rows: pl.DataFrame) -> tuple[str, str]:
    days = rows.select((pl.col("day").max() - pl.col("day").min()).dt.total_days()).item() + 1
    return next((every, unit) for most, every, unit in STEPS if days <= most)


def _panel(rows: pl.DataFrame, every: str, unit: str, title: str, style: str) -> alt.Chart:
    bars = (
        rows.group_by(start=_moment().dt.truncate(every))
        .agg(pl.col("actions").sum())
        .sort("start")
        .with_columns(end=pl.col("start").dt.offset_by(every))
    )
    written = "%-d %b %Y, %H:00" if unit == "hour" else "%-d %b %Y"
    data: list[dict[str, Any]] = bars.select(
        pl.col("start").dt.strftime(written).alias("when"),
        pl.col("start", "end").dt.epoch("ms"),
        "actions",
    ).to_dicts()
    clock = alt.Scale(type="utc")
    picture: alt.Chart = (
        alt.Chart(values(data), width=WIDTH, height=HEIGHT, title=_panel_title(title))
        .mark_bar(style=style, orient="vertical")
        .encode(
            x=alt.X("start:T", scale=clock)
            .title(None)
            .axis(grid=False, tickCount=6, format="%-d %b %Y", labelOverlap=True),
            x2="end:T",
            y=alt.Y("actions:Q").title(f"Actions per {unit}").axis(tickCount=4),
            tooltip=[
                alt.Tooltip("when:N", title=unit.capitalize()),
                alt.Tooltip("actions:Q", title="Actions", format=","),
            ],
        )
    )
    return picture


def _panel_title(text: str) -> alt.TitleParams:
    return alt.TitleParams(text, fontSize=12, fontWeight="normal", offset=6)


CHART = Timeline()

"""Hour and weekday: when a group acts, beside when everybody does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import altair as alt
import polars as pl

from claqueur.publish.charts.labels import (
    action_text,
    group_row,
    group_text,
    in_network,
    need,
    zone,
)
from claqueur.publish.charts.look import WIDTH, heading, values
from claqueur.results import Result

DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
MOST_PANELS = 4
ROW = 20
GAP = 60
"""Room for the weekdays of the second panel."""


@dataclass(frozen=True)
class Rhythm:
    """Share of actions by hour of the day and day of the week."""

    name: str = "rhythm"
    title: str = "Hours and weekdays"
    help: str = "Share of actions by hour and weekday, of a group beside everybody's."
    per_group: bool = True
    overall: bool = True

    def draw(
        self, result: Result, group_id: int | None, names: Callable[[pl.Series], pl.Series]
    ) -> alt.ConcatChart:
        """Heat maps side by side on one scale of colour."""
        need(result.rhythm, "there are no timed actions")
        panels = _all(result) if group_id is None else _one(result, group_id)
        width = (WIDTH - GAP) // 2
        parts = [_panel(rows, title, width) for title, rows in panels]
        who = "all data" if group_id is None else group_text(group_row(result, group_id))
        note = f"Share of the actions in each hour of the week. Time zone: {zone(result)}."
        chart: alt.ConcatChart = (
            alt.concat(*parts, columns=2, spacing=24)
            .resolve_scale(color="shared")
            .properties(title=heading(f"{self.title}: {who}", note))
        )
        return chart


Panel = tuple[str, pl.DataFrame]


def _one(result: Result, group_id: int) -> list[Panel]:
    rows = result.rhythm.filter(*in_network(group_row(result, group_id)))
    ours = rows.filter(pl.col("group_id") == group_id)
    need(ours, f"group {group_id} is not among the largest, which are drawn")
    everybody = rows.filter(pl.col("group_id").is_null())
    return [(f"Group {group_id}, shared objects", ours), ("Everybody, all objects", everybody)]


def _all(result: Result) -> list[Panel]:
    """Everybody's rhythm for each action; windows of one action have the same events."""
    everybody = result.rhythm.filter(pl.col("group_id").is_null())
    return [
        (f"Everybody: {action_text(action)}", everybody.filter(pl.col("action") == action))
        for action in everybody["action"].unique().sort()[:MOST_PANELS]
    ]


def _panel(rows: pl.DataFrame, title: str, width: int) -> alt.Chart:
    cells = (
        rows.group_by("weekday", "hour")
        .agg(pl.col("actions").sum())
        .with_columns(share=(pl.col("actions") / pl.col("actions").sum()).round(5))
        .sort("weekday", "hour")
    )
    # Counts of several windows of one action would only be multiples: shares are the same.
    data = cells.select(
        day=pl.col("weekday").map_elements(lambda day: DAYS[day - 1], pl.String),
        hour="hour",
        end=pl.col("hour") + 1,
        share="share",
        span=pl.format("{}:00 to {}:00", pl.col("hour"), pl.col("hour") + 1),
    ).to_dicts()
    picture: alt.Chart = (
        alt.Chart(
            values(data),
            width=width,
            height=ROW * len(DAYS),
            title=alt.TitleParams(title, fontSize=12, fontWeight="normal", offset=6),
            view=alt.ViewBackground(style="panel"),
        )
        .mark_rect(style="cells")
        .encode(
            x=alt.X("hour:Q")
            .scale(domain=[0, 24], nice=False)
            .axis(values=[0, 6, 12, 18, 24], grid=False)
            .title("Hour of the day"),
            x2="end:Q",
            y=alt.Y("day:N")
            .scale(domain=DAYS, padding=0.05)
            .axis(domain=False, ticks=False)
            .title(None),
            color=alt.Color("share:Q")
            .scale(type="sqrt", zero=True)
            .legend(format=".1~%", gradientLength=220, gradientThickness=10, tickCount=4)
            .title("Share of actions"),
            tooltip=[
                alt.Tooltip("day:N", title="Weekday"),
                alt.Tooltip("span:N", title="Hour"),
                alt.Tooltip("share:Q", title="Share", format=".2%"),
            ],
        )
    )
    return picture


CHART = Rhythm()

"""How a group's members behave beside other accounts on the same pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import altair as alt
import polars as pl

from claqueur.errors import SettingError
from claqueur.publish.charts.labels import group_row, group_text
from claqueur.publish.charts.look import WIDTH, heading, values
from claqueur.results import Result

TITLES = {
    "participation": "Target posts acted on",
    "together": "Acts on targets with 3 or more members near",
    "delay": "Hours after publication",
    "working_hours": "Acts Monday to Friday, 9 to 18",
    "other_posts": "Acts on other posts of the pages",
    "busiest_day": "Acts on the busiest day",
}
OURS, OTHERS = "members", "other accounts"
HEIGHT = 54
COLUMNS = 2


@dataclass(frozen=True)
class Features:
    """Rhythm and participation of a group beside everybody else."""

    name: str = "features"
    title: str = "Beside other accounts"
    help: str = "Rhythm and participation of members beside other accounts on the same pages."
    per_group: bool = True
    overall: bool = False

    def draw(
        self, result: Result, group_id: int | None, names: Callable[[pl.Series], pl.Series]
    ) -> alt.ConcatChart:
        """A panel for each feature: the middle 80% of members and of others, and the medians."""
        table = result.others.get("features")
        rows = [] if table is None else table.filter(pl.col("group_id") == group_id).to_dicts()
        if not rows:
            raise SettingError(f"group {group_id} has no features: only the default gives them")
        width = (WIDTH - 170) // COLUMNS
        panels = [_panel(row, width) for row in rows]
        notes = (
            f"Bars: the middle 80%; ticks: the median. Others: {rows[0]['others']:,} accounts in "
            "no group with at least 4 actions on the same pages.",
            "A target is a post on which three or more members acted together.",
        )
        who = group_text(group_row(result, group_id))
        return alt.concat(*panels, columns=COLUMNS, spacing=28).properties(
            title=heading(f"{self.title}: {who}", *notes)
        )


def _panel(row: dict[str, Any], width: int) -> alt.LayerChart:
    data = [
        {"who": who, "low": row[f"{key}_low"], "mid": row[f"{key}_median"],
         "high": row[f"{key}_high"]}
        for who, key in ((OURS, "members"), (OTHERS, "others"))
    ]  # fmt: skip
    share = row["feature"] != "delay"
    axis = alt.X("low:Q").title(None).axis(format="%" if share else "~g", tickCount=5)
    axis = axis.scale(domain=[0, 1]) if share else axis.scale(zero=True)
    form = ".0%" if share else ".1f"
    color = alt.Color("who:N").scale(domain=[OURS, OTHERS]).legend(None)
    base = alt.Chart(values(data), width=width, height=HEIGHT)
    tooltip = [
        alt.Tooltip("who:N", title="Of"),
        *(alt.Tooltip(f"{k}:Q", title=t, format=form)
          for k, t in (("low", "10% below"), ("mid", "Median"), ("high", "10% above"))),
    ]  # fmt: skip
    y = alt.Y("who:N", sort=[OURS, OTHERS]).title(None).axis(domain=False, ticks=False)
    bars = base.mark_bar(height=12, opacity=0.75).encode(
        x=axis, x2="high:Q", y=y, color=color, tooltip=tooltip
    )
    middle = base.mark_tick(thickness=3, height=20).encode(x="mid:Q", y=y, color=color)
    title = alt.TitleParams(TITLES[row["feature"]], fontSize=12, fontWeight="normal", offset=6)
    return alt.LayerChart(layer=[bars, middle], title=title)


CHART = Features()

"""How many accounts liked how many of the declared targets, and how many were to be expected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import altair as alt
import polars as pl

from claqueur.errors import SettingError
from claqueur.model import SMALLEST_SHOWN
from claqueur.publish.charts.look import WIDTH, heading, values
from claqueur.results import Result

OBSERVED, EXPECTED = "observed", "expected"
OURS, CONTROLS = "targets", "posts of control pages"
MOST_POINTS = 200


@dataclass(frozen=True)
class Participation:
    """The participation curve of declared targets, and p-values beside control pages."""

    name: str = "participation"
    title: str = "Likes of the declared targets"
    help: str = "Accounts by the number of declared targets they liked, beside the null."
    per_group: bool = False
    overall: bool = True

    def draw(
        self, result: Result, group_id: int | None, names: Callable[[pl.Series], pl.Series]
    ) -> alt.VConcatChart:
        """The curve with its band above, p-values of accounts below."""
        table = result.others.get("participation")
        test = result.run.get("targets")
        if table is None or not test or not test["tested"]:
            raise SettingError("no picture: no declared targets were tested")
        notes = (
            "Accounts that could be tested and liked at least so many targets; band: 95% of draws "
            "from the null.",
            f"Numbers from 1 to {SMALLEST_SHOWN - 1} are not drawn. Logarithmic scale.",
        )
        both: alt.VConcatChart = alt.vconcat(_curve(table), _histogram(test), spacing=26)
        # Both panels have colours of their own, with a legend each.
        both = both.resolve_scale(color="independent")
        return both.properties(title=heading(self.title, *notes))


def _curve(table: pl.DataFrame) -> alt.LayerChart:
    rows = table.filter(pl.col("targets") > 0).gather_every(max(table.height // MOST_POINTS, 1))
    # A logarithm has no zero: what is expected below one in two is left out.
    band = rows.filter(pl.col("high") >= 1).with_columns(pl.col("low").clip(lower_bound=0.5))
    lines = pl.concat(
        [
            rows.filter(pl.col("observed") >= SMALLEST_SHOWN).select(
                "targets", accounts=pl.col("observed").cast(pl.Float64), who=pl.lit(OBSERVED)
            ),
            rows.filter(pl.col("expected") >= 0.5).select(
                "targets", accounts="expected", who=pl.lit(EXPECTED)
            ),
        ]
    )
    y = alt.Y("accounts:Q").scale(type="log", domainMin=0.5).title("Accounts")
    y = y.axis(format="~s", tickCount=5)
    x = alt.X("targets:Q").title("Targets liked, at least").axis(format="d", tickMinStep=1)
    color = alt.Color("who:N").scale(domain=[OBSERVED, EXPECTED]).title(None)
    area = (
        alt.Chart(values(band.select("targets", "low", "high").to_dicts()))
        .mark_area(style="others", opacity=0.3)
        .encode(x=x, y=alt.Y("low:Q").scale(type="log", domainMin=0.5).title("Accounts"), y2="high")
    )
    line = (
        alt.Chart(values(lines.to_dicts()))
        .mark_line(strokeWidth=2.5)
        .encode(
            x=x,
            y=y,
            color=color,
            tooltip=[
                alt.Tooltip("who:N", title="Accounts"),
                alt.Tooltip("targets:Q", title="Targets, at least"),
                alt.Tooltip("accounts:Q", title="Number", format=",.1f"),
            ],
        )
    )
    return alt.LayerChart(layer=[area, line], width=WIDTH, height=240)


def _histogram(test: dict[str, Any]) -> alt.Chart:
    width = 1 / len(test["p_values_by_twentieth"])
    named = ((OURS, "p_values_by_twentieth"), (CONTROLS, "pseudo_p_values_by_twentieth"))
    rows = [
        {"p": (place + 0.5) * width, "share": share, "who": who}
        for who, key in named
        for place, share in enumerate(test[key])
    ]
    title = "P-values of tested accounts: without an order both fall alike, and most are large"
    picture: alt.Chart = (
        alt.Chart(
            values(rows),
            width=WIDTH,
            height=120,
            title=alt.TitleParams(title, fontSize=12, fontWeight="normal", offset=6),
        )
        .mark_bar(size=11)
        .encode(
            x=alt.X("p:O").title("p-value").axis(format=".2f", labelAngle=0, labelOverlap=True),
            xOffset=alt.XOffset("who:N", sort=[OURS, CONTROLS]),
            y=alt.Y("share:Q").title("Share of tests").axis(format="%", tickCount=4),
            color=alt.Color("who:N").scale(domain=[OURS, CONTROLS]).title("On"),
            tooltip=[
                alt.Tooltip("who:N", title="On"),
                alt.Tooltip("p:Q", title="p-value around", format=".3f"),
                alt.Tooltip("share:Q", title="Share", format=".1%"),
            ],
        )
    )
    return picture


CHART = Participation()

"""On how many objects pairs acted together: chance fades quickly, lockstep has a long tail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import polars as pl

from claqueur.publish.charts.labels import in_network, need, network_text, networks
from claqueur.publish.charts.look import WIDTH, heading, values
from claqueur.results import Result

BARS = 40
MOST_PANELS = 6


@dataclass(frozen=True)
class Weights:
    """Pairs by the number of objects on which they acted together."""

    name: str = "weights"
    title: str = "How often pairs acted together"
    help: str = "Pairs by the number of objects on which the two accounts acted together."
    per_group: bool = False
    overall: bool = True

    def draw(
        self, result: Result, group_id: int | None, names: Callable[[pl.Series], pl.Series]
    ) -> alt.VConcatChart:
        """One panel for each action and window."""
        need(result.pairs, "there are no pairs")
        parts = [
            _panel(result.pairs.filter(*in_network(network)), network)
            for network in networks(result.pairs)[:MOST_PANELS]
        ]
        note = "Pairs are counted on a scale that rises tenfold a step, to show the few at the end."
        return alt.vconcat(*parts, spacing=18).properties(title=heading(self.title, note))


def _panel(pairs: pl.DataFrame, network: dict[str, Any]) -> alt.Chart:
    low, high = (
        int(pairs.select(end).item()) for end in (pl.col("weight").min(), pl.col("weight").max())
    )
    step = int(np.ceil((high - low + 1) / BARS))
    bars = (
        pairs.group_by(start=(pl.col("weight") - low) // step * step + low)
        .agg(pairs=pl.len())
        .sort("start")
        .select(
            "pairs",
            low="start",
            high=pl.col("start") + step - 1,
            # A bar stands around its numbers, not to the right of them.
            start=pl.col("start") - 0.5,
            end=pl.col("start") + step - 0.5,
            floor=pl.lit(0.5),
        )
    )
    title = f"{pairs.height:,} pairs, {network_text(network)}"
    picture: alt.Chart = (
        alt.Chart(
            values(bars.to_dicts()),
            width=WIDTH,
            height=120,
            title=alt.TitleParams(title, fontSize=12, fontWeight="normal", offset=6),
        )
        .mark_bar(style="second", binSpacing=1)
        .encode(
            x=alt.X("start:Q", bin="binned")
            .scale(domain=[low - 0.5, low - 0.5 + max(BARS // 4, high - low + step)], nice=False)
            .axis(grid=False, format="d", tickMinStep=1)
            .title("Objects on which the two accounts acted together"),
            x2="end:Q",
            y=alt.Y("pairs:Q")
            .scale(type="log", domainMin=0.5)
            .title("Pairs")
            .axis(values=[10**power for power in range(9)], format="~s"),
            y2="floor:Q",
            tooltip=[
                alt.Tooltip("low:Q", title="Objects from"),
                alt.Tooltip("high:Q", title="to"),
                alt.Tooltip("pairs:Q", title="Pairs", format=","),
            ],
        )
    )
    return picture


CHART = Weights()

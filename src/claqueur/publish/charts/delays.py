"""How far apart the two accounts of a pair act: piled up at zero, or spread over the window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import altair as alt
import polars as pl

from claqueur.publish.charts.labels import in_network, need, network_text, networks
from claqueur.publish.charts.look import WIDTH, heading, values
from claqueur.results import Result
from claqueur.settings import UNIT_MS

BINS = 40
MOST_PANELS = 6
UNITS = (("d", "days"), ("h", "hours"), ("m", "minutes"), ("s", "seconds"), ("ms", "milliseconds"))


@dataclass(frozen=True)
class Delays:
    """Pairs by the mean time between their actions."""

    name: str = "delays"
    title: str = "How quickly one account follows the other"
    help: str = "Pairs by the mean time between the two accounts' actions, within the window."
    per_group: bool = False
    overall: bool = True

    def draw(
        self, result: Result, group_id: int | None, names: Callable[[pl.Series], pl.Series]
    ) -> alt.VConcatChart:
        """One panel for each action and window."""
        pairs = result.pairs.filter(pl.col("window_ms").is_not_null())
        need(pairs, "there are no timed pairs")
        parts = [
            _panel(pairs.filter(*in_network(network)), network)
            for network in networks(pairs)[:MOST_PANELS]
        ]
        notes = (
            "Accounts that meet only by chance are on average about half the window apart;",
            "a pile further left acts faster than that.",
        )
        return alt.vconcat(*parts, spacing=18).properties(title=heading(self.title, *notes))


def _panel(pairs: pl.DataFrame, network: dict[str, Any]) -> alt.Chart:
    window = network["window_ms"]
    unit, word = next(
        (UNIT_MS[short], long)
        for short, long in UNITS
        if window >= 2 * UNIT_MS[short] or short == "ms"
    )
    bin_ms = window / BINS
    bins = (
        pairs.group_by(bin=(pl.col("mean_delta_ms") / bin_ms).floor().clip(0, BINS - 1))
        .agg(pairs=pl.len())
        .sort("bin")
    )
    data = bins.select(
        start=(pl.col("bin") * bin_ms / unit).round(4),
        end=((pl.col("bin") + 1) * bin_ms / unit).round(4),
        pairs="pairs",
    ).to_dicts()
    title = f"{pairs.height:,} pairs, {network_text(network)}"
    picture: alt.Chart = (
        alt.Chart(
            values(data),
            width=WIDTH,
            height=120,
            title=alt.TitleParams(title, fontSize=12, fontWeight="normal", offset=6),
        )
        .mark_bar(style="second", binSpacing=1)
        .encode(
            x=alt.X("start:Q", bin="binned")
            .scale(domain=[0, window / unit], nice=False)
            .axis(grid=False, tickCount=10, format=".3~f")
            .title(f"Mean time between the two accounts' actions ({word})"),
            x2="end:Q",
            y=alt.Y("pairs:Q").title("Pairs").axis(tickCount=4),
            tooltip=[
                alt.Tooltip("start:Q", title=f"From ({word})"),
                alt.Tooltip("end:Q", title=f"To ({word})"),
                alt.Tooltip("pairs:Q", title="Pairs", format=","),
            ],
        )
    )
    return picture


CHART = Delays()

"""How many groups of which size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import altair as alt
import numpy as np
import polars as pl

from claqueur.publish.charts.labels import in_network, need, network_text, networks
from claqueur.publish.charts.look import WIDTH, heading, values
from claqueur.results import Result

EDGES = (2, 3, 4, 5, 10, 20, 50, 100, 200, 500, 1000)
MOST_PANELS = 6
PATTERNS = ["sustained", "one-off", "undated"]


@dataclass(frozen=True)
class Sizes:
    """Groups by number of members."""

    name: str = "sizes"
    title: str = "How large the groups are"
    help: str = "Groups by number of members, sustained and one-off ones told apart."
    per_group: bool = False
    overall: bool = True

    def draw(
        self, result: Result, group_id: int | None, names: Callable[[pl.Series], pl.Series]
    ) -> alt.VConcatChart:
        """One panel for each action and window."""
        need(result.groups, "there are no groups")
        parts = [
            _panel(result.groups.filter(*in_network(network)), network)
            for network in networks(result.groups)[:MOST_PANELS]
        ]
        note = "One-off: everything that ties the group falls within 24 hours."
        return alt.vconcat(*parts, spacing=18).properties(title=heading(self.title, note))


def _labels() -> list[str]:
    spans = pairwise(EDGES)
    inner = [str(low) if high == low + 1 else f"{low}–{high - 1}" for low, high in spans]
    return [*inner, f"{EDGES[-1]} and more"]


def _panel(groups: pl.DataFrame, network: dict[str, Any]) -> alt.Chart:
    labels = _labels()
    bins = np.searchsorted(EDGES[1:], groups["size"].to_numpy(), side="right")
    counts = (
        groups.select("pattern", members=pl.Series([labels[place] for place in bins]))
        .group_by("members", "pattern")
        .agg(groups=pl.len())
        .sort("members", "pattern")
    )
    known = PATTERNS if "undated" in counts["pattern"] else PATTERNS[:2]
    last = max(labels.index(label) for label in counts["members"])
    title = f"{groups.height:,} groups, {network_text(network)}"
    picture: alt.Chart = (
        alt.Chart(
            values(counts.to_dicts()),
            width=WIDTH,
            height=130,
            title=alt.TitleParams(title, fontSize=12, fontWeight="normal", offset=6),
        )
        .mark_bar(style="cells")
        .encode(
            x=alt.X("members:O")
            .scale(domain=labels[: max(last, 4) + 1], paddingInner=0.15)
            .axis(labelAngle=0, ticks=False, labelOverlap=True)
            .title("Members"),
            y=alt.Y("groups:Q").title("Groups").axis(tickCount=4, format="d", tickMinStep=1),
            color=alt.Color("pattern:N").scale(domain=known).title("Pattern"),
            tooltip=[
                alt.Tooltip("members:N", title="Members"),
                alt.Tooltip("pattern:N", title="Pattern"),
                alt.Tooltip("groups:Q", title="Groups", format=","),
            ],
        )
    )
    return picture


CHART = Sizes()

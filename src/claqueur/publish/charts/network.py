"""The network of groups: how large they are, and how many pairs reach from one to another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import polars as pl
from numpy.typing import NDArray

from claqueur.model import SMALLEST_SHOWN
from claqueur.publish.charts.labels import in_network, need, network_text, networks, opening
from claqueur.publish.charts.look import WIDTH, heading, values
from claqueur.publish.charts.order import bubble_places
from claqueur.results import Result

MOST_GROUPS = 80
MOST_PANELS = 4
FULLNESS = 0.38
"""Share of a panel that bubbles cover."""
LARGEST_RADIUS = 60.0
MARGIN = 14
MOST_GROWTH = 1.2
TIES_EACH = 3
"""Lines drawn from a group: the strongest; all of them would hide the groups."""
NAMED_RADIUS = 9


@dataclass(frozen=True)
class Network:
    """Groups as bubbles, the pairs between them as lines."""

    name: str = "network"
    title: str = "How groups are tied to each other"
    help: str = "Groups as bubbles sized by members; lines are pairs that reach across groups."
    per_group: bool = False
    overall: bool = True

    def draw(
        self, result: Result, group_id: int | None, names: Callable[[pl.Series], pl.Series]
    ) -> alt.VConcatChart:
        """One panel for each action and window."""
        large = result.groups.filter(pl.col("size") >= SMALLEST_SHOWN)
        need(large, f"no group has {SMALLEST_SHOWN} members or more")
        parts = [
            _panel(result, large.filter(*in_network(network)), network)
            for network in networks(large)[:MOST_PANELS]
        ]
        note = (
            f"Groups of {SMALLEST_SHOWN} members and more, at most {MOST_GROUPS}; area shows the "
            "number of members."
        )
        return alt.vconcat(*parts, spacing=20).properties(
            title=heading(
                self.title,
                note,
                "A line joins groups with pairs of accounts across them, wider for more pairs; "
                f"of each group the {TIES_EACH} strongest.",
            )
        )


def _panel(result: Result, groups: pl.DataFrame, network: dict[str, Any]) -> alt.LayerChart:
    groups = groups.sort(["size", "group_id"], descending=[True, False]).head(MOST_GROUPS)
    size = groups["size"].to_numpy().astype(float)
    height = 150 if groups.height < 4 else 260 if groups.height < 12 else 400
    radii = _radii(size, height)
    ties = _ties(result, groups["group_id"], network)
    places = bubble_places(radii, [(a, b, float(count)) for a, b, count in ties], WIDTH / height)
    places, radii = _fitted(places, radii, height)
    title = alt.TitleParams(opening(network_text(network)), fontSize=12, fontWeight="normal")
    bubbles, numbers = _bubbles(groups, places, radii, height)
    lines = _lines(places, ties, groups["group_id"], height)
    shown = [lines, bubbles, numbers]
    return alt.LayerChart(layer=shown, width=WIDTH, height=height, title=title)


def _radii(size: NDArray[np.float64], height: int) -> NDArray[np.float64]:
    area = FULLNESS * WIDTH * height / size.sum()
    radii: NDArray[np.float64] = np.sqrt(size * area / np.pi)
    return radii * min(1.0, LARGEST_RADIUS / float(radii.max()))


def _ties(result: Result, shown: pl.Series, network: dict[str, Any]) -> list[tuple[int, int, int]]:
    """Pairs between each two groups, by the groups' places in the list."""
    of_account = result.accounts.join(
        pl.DataFrame({"group_id": shown, "node": np.arange(len(shown))}), on="group_id"
    )
    ends = [
        of_account.select(pl.col("account_id").alias(f"account_{end}"), pl.col("node").alias(end))
        for end in ("a", "b")
    ]
    rows = result.pairs.filter(*in_network(network)).select("account_a", "account_b")
    counted = (
        rows.join(ends[0], on="account_a")
        .join(ends[1], on="account_b")
        .filter(pl.col("a") != pl.col("b"))
        .select(low=pl.min_horizontal("a", "b"), high=pl.max_horizontal("a", "b"))
        .group_by("low", "high")
        .agg(pairs=pl.len())
    )
    return _strongest(counted).sort("low", "high").rows()


def _strongest(counted: pl.DataFrame) -> pl.DataFrame:
    """The ties that are among the few strongest of one of their groups."""
    sides = pl.concat([counted.with_columns(node=end) for end in ("low", "high")])
    ranked = sides.sort(["pairs", "low", "high"], descending=[True, False, False])
    return ranked.group_by("node", maintain_order=True).head(TIES_EACH).drop("node").unique()


def _fitted(
    places: NDArray[np.float64], radii: NDArray[np.float64], height: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Shifted and, if need be, shrunk to fill the panel."""
    low = (places - radii[:, None]).min(axis=0)
    high = (places + radii[:, None]).max(axis=0)
    room = np.array([WIDTH - 2 * MARGIN, height - 2 * MARGIN])
    scale = min(MOST_GROWTH, float((room / (high - low)).min()))
    return (places - (low + high) / 2) * scale + np.array([WIDTH, height]) / 2, radii * scale


def _axes(height: int) -> dict[str, Any]:
    """Data are pixels: circles keep their distances."""
    return {
        "x": alt.X("x:Q").scale(domain=[0, WIDTH], nice=False).axis(None),
        "y": alt.Y("y:Q").scale(domain=[0, height], nice=False).axis(None),
    }


def _lines(
    places: NDArray[np.float64], ties: list[tuple[int, int, int]], ids: pl.Series, height: int
) -> alt.Chart:
    most = max((count for _, _, count in ties), default=1)
    rows = [
        {
            **dict(
                zip(("x", "y", "x2", "y2"), [*places[a].round(1), *places[b].round(1)], strict=True)
            ),
            "pairs": count,
            "width": round(1 + 6 * (count / most) ** 0.5, 2),
            "between": f"groups {ids[a]} and {ids[b]}",
        }
        for a, b, count in ties
    ]
    picture: alt.Chart = (
        alt.Chart(values(rows))
        .mark_rule(style="tie", opacity=0.55)
        .encode(
            **_axes(height),
            x2="x2:Q",
            y2="y2:Q",
            strokeWidth=alt.StrokeWidth("width:Q", scale=None, legend=None),
            tooltip=[
                alt.Tooltip("between:N", title="Between"),
                alt.Tooltip("pairs:Q", title="Pairs", format=","),
            ],
        )
    )
    return picture


def _bubbles(
    groups: pl.DataFrame, places: NDArray[np.float64], radii: NDArray[np.float64], height: int
) -> tuple[alt.Chart, alt.Chart]:
    rows = groups.select("group_id", "size", "objects", "pattern").with_columns(
        x=places[:, 0].round(1), y=places[:, 1].round(1), area=(np.pi * radii**2).round(1)
    )
    circles = (
        alt.Chart(values(rows.to_dicts()))
        .mark_circle(style="bubble", opacity=1)
        .encode(
            **_axes(height),
            size=alt.Size("area:Q", scale=None, legend=None),
            tooltip=[
                alt.Tooltip("group_id:N", title="Group"),
                alt.Tooltip("size:Q", title="Members", format=","),
                alt.Tooltip("objects:Q", title="Shared objects", format=","),
                alt.Tooltip("pattern:N", title="Pattern"),
            ],
        )
    )
    named = rows.filter(pl.Series(radii >= NAMED_RADIUS))
    text = (
        alt.Chart(values(named.to_dicts()))
        .mark_text(style="label")
        .encode(**_axes(height), text="group_id:N")
    )
    return circles, text


CHART = Network()

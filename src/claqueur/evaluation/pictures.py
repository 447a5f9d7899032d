"""An evaluation as charts: what is found, who is wrongly flagged, how often findings are false."""

from __future__ import annotations

from itertools import cycle
from pathlib import Path

import altair as alt
import polars as pl
from altair.typing import ChartType

from claqueur.evaluation.methods import Ours
from claqueur.evaluation.scores import HARD
from claqueur.evaluation.tables import discovery_table, each_once, negatives_table
from claqueur.publish.charts import save_chart
from claqueur.publish.charts.look import LIGHT, WIDTH, config, heading, values

KINDS = {
    "fan": "notification fans",
    "topical_fan": "topical fans",
    "employee": "employees",
    "appeal": "followers of an appeal",
    "new_follower": "new followers",
    "giveaway": "prize hunters",
    "organic": "everybody else",
}
"""The negatives, as readers call them."""

_OURS = Ours().name
_COLOURS = (LIGHT.second, LIGHT.others, LIGHT.ink, LIGHT.ramp[1])
_SHAPES = ("square", "triangle-up", "diamond", "cross")
_LEFT = alt.Axis(labelLimit=340, labelPadding=10, domain=False, ticks=False)
_PER_CENT = alt.Axis(format="%", tickCount=5)


def save_pictures(
    datasets: pl.DataFrame,
    summary: pl.DataFrame,
    folder: Path,
    prefix: str = "",
    rates: pl.DataFrame | None = None,
) -> list[Path]:
    """Write the charts there are data for as SVG; returns their paths."""
    charts = {
        "directives": answers_picture(rates) if rates is not None else None,
        "f1": f1_picture(summary),
        "hard-negatives": negatives_picture(datasets),
        "false-discovery": discovery_picture(datasets),
    }
    written = []
    for name, chart in charts.items():
        if chart is not None:
            written.append(folder / f"{prefix}{name}.svg")
            save_chart(chart.configure(**config()), written[-1])
    return written


def answers_picture(rates: pl.DataFrame) -> ChartType | None:
    """How often any item of a directive is answered ``consistent``, orders and none apart."""
    rows = rates.filter(pl.col("item") == "any")
    if rows.is_empty():
        return None
    rows = rows.with_columns(world=pl.format("{} ({})", "cell", "datasets"))
    base = alt.Chart(values(rows.to_dicts())).encode(
        alt.Y("world:N", title=None, sort=rows["world"].to_list(), axis=_LEFT),
    )
    five = alt.Chart(values([{"at": 0.05}])).mark_rule(strokeDash=[4, 3], color=LIGHT.quiet)
    layers = [
        five.encode(_answered("at:Q")),
        base.mark_rule(strokeWidth=2, color=LIGHT.ours).encode(
            _answered("low:Q"), alt.X2("high:Q")
        ),
        base.mark_point(filled=True, size=60, opacity=1, color=LIGHT.ours).encode(
            _answered("share:Q")
        ),
    ]
    title = heading(
        "How often a directive is answered “consistent with an order”",
        "Share of simulated worlds (their number in brackets) with a 95% interval. Dashed: 5%.",
    )
    picture: ChartType = alt.LayerChart(
        layer=layers, width=WIDTH - 240, height=22 * rows.height
    ).properties(title=title)
    return picture


def _answered(field: str) -> alt.X:
    title = "Worlds with an item answered consistent"
    return alt.X(field, title=title, axis=_PER_CENT, scale=alt.Scale(domain=[0, 1]))


def f1_picture(summary: pl.DataFrame) -> ChartType | None:
    """F1 by participation, a panel for each size of the order; None without such cells."""
    rows = (
        summary.filter(pl.col("metric") == "f1", pl.col("participation").is_not_null())
        .sort("datasets", descending=True)
        .unique(["participation", "ordered", "method"], keep="first", maintain_order=True)
        .sort("ordered", "participation", maintain_order=True)
    )
    if rows.is_empty():
        return None
    title = heading(
        "How many take part, and how many they are, decide what can be found",
        f"F1 among 12,000 accounts; mean and 95% interval over {_counted(rows)} worlds a point.",
    )
    names = alt.Header(
        title=None, labelExpr="datum.value + ' ordered'", labelAnchor="start", labelFontSize=12,
        labelFontWeight=600, labelColor=LIGHT.ink,
    )  # fmt: skip
    panels: ChartType = (
        _f1_layers(rows, _in_order(summary))
        .properties(width=WIDTH // rows["ordered"].n_unique(), height=190)
        .facet(column=alt.Column("ordered:O", header=names), spacing=14)
        .properties(title=title)
    )
    return panels


def _f1_layers(rows: pl.DataFrame, methods: list[str]) -> alt.LayerChart:
    # Side by side, so that intervals do not hide each other.
    aside = {name: 0.009 * (n - len(methods) / 2) for n, name in enumerate(methods)}
    placed = rows.with_columns(x=pl.col("participation") + pl.col("method").replace_strict(aside))
    base = alt.Chart().encode(
        alt.X(
            "x:Q",
            title="participation",
            scale=alt.Scale(domain=[0.15, 0.95], nice=False),
            axis=alt.Axis(values=[0.2, 0.3, 0.45, 0.6, 0.9], grid=False, format=".2~f"),
        ),
        _colour(methods),
    )
    y = alt.Y("mean:Q", title="F1", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(tickCount=5))
    return alt.LayerChart(
        data=values(placed.to_dicts()),
        layer=[
            base.mark_line(strokeWidth=1.5).encode(y),
            base.mark_rule(strokeWidth=1.5).encode(alt.Y("low:Q"), alt.Y2("high:Q")),
            base.mark_point(filled=True, size=45, opacity=1).encode(y, _shape(methods)),
        ],
    )


def negatives_picture(datasets: pl.DataFrame) -> ChartType | None:
    """Share of each kind of innocent accounts flagged, with and without anybody ordered."""
    table = negatives_table(datasets).with_columns(
        kind=pl.col("role").replace_strict(KINDS, default=pl.col("role"))
    )
    if table.is_empty():
        return None
    sides = [told for told in (True, False) if told in table["told"]]
    order = [KINDS[role] for role in HARD if role in table["role"]]
    panels = [
        _negatives_panel(
            table.filter(pl.col("told") == told), told, order, _in_order(datasets), first=n == 0
        ).properties(width=(WIDTH - 140) // len(sides), height=44 * len(order))
        for n, told in enumerate(sides)
    ]
    title = heading(
        "Who is flagged without having been told anything",
        "Share of each kind, mean and 95% interval, on a scale that widens near zero. Dashed: 1%.",
    )
    return alt.hconcat(*panels, spacing=18).properties(title=title)


def _negatives_panel(
    table: pl.DataFrame, told: bool, order: list[str], methods: list[str], *, first: bool
) -> ChartType:
    base = alt.Chart(values(table.to_dicts())).encode(
        alt.Y(
            "kind:N", title=None, sort=order, scale=alt.Scale(domain=order, paddingInner=0.25),
            axis=alt.Axis(labels=first, ticks=False, domain=False, grid=False, labelLimit=200),
        ),
        alt.YOffset("method:N", sort=methods, scale=alt.Scale(domain=methods)),
        _colour(methods),
    )  # fmt: skip
    # One in a thousand and one in two must both be seen, and zero as well.
    scale = alt.Scale(type="symlog", constant=0.005, domain=[0, 1])
    ticks = alt.Axis(values=[0, 0.01, 0.05, 0.2, 0.5, 1], format="%")
    x = alt.X("mean:Q", title="share flagged", scale=scale, axis=ticks)
    bar = alt.Chart(values([{"bar": 0.01}])).mark_rule(strokeDash=[4, 3], color=LIGHT.quiet)
    side = "Somebody was ordered or rewarded" if told else "Nobody was ordered"
    layered: ChartType = alt.layer(
        bar.encode(alt.X("bar:Q")),
        base.mark_rule(strokeWidth=1.5).encode(x, alt.X2("zero:Q")).transform_calculate(zero="0"),
        base.mark_rule(strokeWidth=3, opacity=0.35).encode(alt.X("low:Q"), alt.X2("high:Q")),
        base.mark_point(filled=True, size=45, opacity=1).encode(x, _shape(methods)),
        title=_panel(side),
    )
    return layered


def discovery_picture(datasets: pl.DataFrame) -> ChartType | None:
    """Share of negatives among those flagged, each world; None where nobody was ordered."""
    table = discovery_table(datasets)
    if table.is_empty():
        return None
    step = 0.02
    once = each_once(datasets).filter("told")
    dots = once.group_by(
        "method", share=((pl.col("false_discovery") / step).floor() * step).round(2)
    ).agg(worlds=pl.len())
    y = alt.Y("method:N", title=None, sort=_in_order(datasets),
              axis=alt.Axis(ticks=False, domain=False, grid=False, labelLimit=220))  # fmt: skip
    at = alt.X("share:Q", title="negatives among those flagged", scale=alt.Scale(domain=[0, 1]),
               axis=_PER_CENT)  # fmt: skip
    bubbles = alt.Chart(values(dots.sort("method", "share").to_dicts())).mark_point(
        filled=True, opacity=0.45, color=LIGHT.others
    )
    mean = alt.Chart(values(table.to_dicts())).encode(y)
    rule = alt.Chart(values([{"bar": 0.07}])).mark_rule(strokeDash=[4, 3], color=LIGHT.quiet)
    title = heading(
        "How many of those flagged had not been told anything",
        f"Circles: worlds ({_counted(table)} a method). "
        "Tick and line: mean with 95% interval. Dashed: 7%.",
    )
    most = dots.select(pl.col("worlds").max()).item()
    legend = alt.Legend(values=sorted({1, most}), symbolType="circle")
    size = alt.Size("worlds:Q", scale=alt.Scale(range=[20, 500]), legend=legend)
    layered: ChartType = alt.layer(
        rule.encode(alt.X("bar:Q")),
        bubbles.encode(at, y, size),
        mean.mark_rule(strokeWidth=3, color=LIGHT.ours).encode(alt.X("low:Q"), alt.X2("high:Q")),
        mean.mark_tick(thickness=3, size=22, opacity=1, color=LIGHT.ours).encode(alt.X("mean:Q")),
    )
    return layered.properties(width=WIDTH - 140, height=40 * table.height, title=title)


def _panel(text: str) -> alt.TitleParams:
    return alt.TitleParams(text, fontSize=12, fontWeight=600, offset=6, color=LIGHT.ink)


def _in_order(table: pl.DataFrame) -> list[str]:
    """The methods in the order of the table, ours first."""
    names = table["method"].unique(maintain_order=True).to_list()
    return sorted(names, key=lambda name: name != _OURS)


def _counted(rows: pl.DataFrame) -> str:
    counts = rows["datasets"].to_list()
    least, most = min(counts), max(counts)
    return f"{least}" if least == most else f"{least} to {most}"


def _colour(methods: list[str]) -> alt.Color:
    scale = alt.Scale(domain=methods, range=_styles(methods, LIGHT.ours, _COLOURS))
    return alt.Color("method:N", title=None, scale=scale, legend=alt.Legend(symbolOpacity=1))


def _shape(methods: list[str]) -> alt.Shape:
    scale = alt.Scale(domain=methods, range=_styles(methods, "circle", _SHAPES))
    return alt.Shape("method:N", title=None, scale=scale)


def _styles(methods: list[str], ours: str, others: tuple[str, ...]) -> list[str]:
    """Our style for ours, the others in turn for the others."""
    turn = cycle(others)
    return [ours if name == _OURS else next(turn) for name in methods]

"""The lower panels of a directive's picture: each measure's effect in front of control pages'.

Ratios stand on one logarithmic scale, shares on one of percentage points. A row has its words
above its marks, so that the picture needs no margin and stays readable when it is narrow.
"""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np

from claqueur.publish.charts.look import WIDTH, values
from claqueur.publish.directive_words import (
    Entry,
    Test,
    counting,
    effect_text,
    explained,
    from_none,
    limits_text,
    measure_label,
    p_text,
    standing,
)

ROW = 44
"""Pixels a measure takes."""

DOWN = 9
"""Pixels from the middle of a row down to its marks."""

MOST_TICKS = 60
"""Control pages beyond so many are thinned to as many quantiles."""

WIDE = "wide"
"""Description of layers that a narrow page leaves out."""

LEAST_RATIO, MOST_RATIO = 1 / 64, 1024
ROUND_RATIOS = (
    (2.5, (0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.2, 1.4, 1.6, 1.8, 2)),
    (12, (0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8)),
    (300, tuple(2.0**power for power in range(-6, 11))),
    (float("inf"), tuple(4.0**power for power in range(-3, 6))),
)
"""Labels on the scale of ratios, by how many times its end is its beginning."""

KEY = (
    "● what was seen, with its interval (filled: stands after correction)",
    "│ each control page    ▲ would have been seen from here on",
)
NONE_BEFORE = "► none before, so that there is no ratio"
SHOWS_TOO = "* a declared cause would show in the same way"
TITLES = {
    "ratio": "Times what was to be expected (1: nothing changed beyond control pages)",
    "points": "Percentage points beyond control pages",
    "index": "Change beyond control pages",
    "actions": "Actions beyond control pages",
}
Row = dict[str, Any]


def strips(entry: Entry) -> list[alt.LayerChart]:
    """One panel for each unit in which something was measured."""
    tests = [test for test in entry["tests"] if test in (*counting(entry), *explained(entry))]
    level = entry["family"]["level"]
    found = [*standing(counting(entry), level), *standing(explained(entry), level)]
    drawn = [test for test in tests if test["effect"] is not None and test["unit"] in TITLES]
    units = dict.fromkeys(test["unit"] for test in drawn)
    return [
        _strip(unit, [test for test in drawn if test["unit"] == unit], found, first=place == 0)
        for place, unit in enumerate(units)
    ]


def _strip(unit: str, tests: list[Test], found: list[Test], *, first: bool) -> alt.LayerChart:
    rows = [_row(test, place, stands=test in found) for place, test in enumerate(tests)]
    ticks = [
        {"row": place, "value": value}
        for place, test in enumerate(tests)
        for value in _controls(test)
    ]
    x = _Scale(unit, [*_numbers(rows), *(tick["value"] for tick in ticks)])
    layers = [
        _ticks(ticks, x, len(rows)),
        _reference(x, len(rows)),
        _intervals([row for row in rows if row["low"] is not None], x, len(rows)),
        *_dots(rows, x, len(rows)),
        _visible([row for row in rows if row["visible"] is not None], x, len(rows)),
        _words(rows, len(rows)),
        _figures(rows, len(rows)),
    ]
    panel: alt.LayerChart = alt.LayerChart(layer=layers, width=WIDTH, height=ROW * len(rows))
    if not first:
        return panel
    # Explained once, above the first of them.
    key = alt.TitleParams(_key(rows), fontSize=11, fontWeight="normal", lineHeight=16, offset=8)
    explained_above: alt.LayerChart = panel.properties(title=key)
    return explained_above


def _key(rows: list[Row]) -> list[str]:
    """What the marks mean, as far as there are any."""
    also = [
        said
        for said, shown in (
            (NONE_BEFORE, any(row["shape"] == "beyond" for row in rows)),
            (SHOWS_TOO, any(row["figures"].endswith("*") for row in rows)),
        )
        if shown
    ]
    return [*KEY, *also]


def _row(test: Test, place: int, *, stands: bool) -> Row:
    factor = 100 if test["unit"] == "points" else 1
    low, high = test["low"], test["high"]
    none = from_none(test)
    whole = low is not None and high is not None and not none
    return {
        "row": place,
        "effect": None if none else _digits(factor * test["effect"]),
        "low": _digits(factor * low) if whole else None,
        "high": _digits(factor * high) if whole else None,
        "visible": None if test["visible"] is None else _digits(factor * test["visible"]),
        "shape": "beyond" if none else "filled" if stands else "hollow",
        "name": measure_label(test),
        "figures": _figures_text(test),
    }


def _figures_text(test: Test) -> str:
    said = effect_text(test).replace("percentage points", "points")
    limits = "" if from_none(test) else limits_text(test)
    marked = " *" if test["explained_by"] else ""
    within = f" ({limits})" if limits else ""
    return f"{said}{within}, p {printed_p(test['p_value'])}{marked}"


def printed_p(p: float) -> str:
    """A p-value without raised digits, which few fonts of picture converters have."""
    return "under 0.001" if p < 0.001 else p_text(p)


def _digits(value: float) -> float:
    return float(f"{value:.4g}")


def _controls(test: Test) -> list[float]:
    """The same effect on every control page; ratios of 0 have no place on a logarithmic scale."""
    factor = 100 if test["unit"] == "points" else 1
    known = [factor * value for value in test["controls"] if value is not None]
    if test["unit"] == "ratio":
        known = [value for value in known if value > 0]
    if len(known) > MOST_TICKS:
        known = np.quantile(known, np.linspace(0, 1, MOST_TICKS)).tolist()
    return [_digits(value) for value in known]


def _numbers(rows: list[Row]) -> list[float]:
    keys = ("effect", "low", "high", "visible")
    return [row[key] for row in rows for key in keys if row[key] is not None]


class _Scale:
    """The common scale of a strip: logarithmic for ratios."""

    def __init__(self, unit: str, numbers: list[float]) -> None:
        self.unit, self.log = unit, unit == "ratio"
        self.nothing = 1.0 if self.log else 0.0
        low, high = min([*numbers, self.nothing]), max([*numbers, self.nothing])
        if self.log:
            low, high = max(low, LEAST_RATIO), min(high, MOST_RATIO)
            self.domain = [min(low / 1.08, 0.8), max(high * 1.08, 1.25)]
        else:
            room = 0.04 * (high - low) or 1.0
            self.domain = [low - room, high + room]

    def axis(self) -> alt.Axis:
        """Round numbers with their sign or as multiples."""
        if not self.log:
            words = "datum.value == 0 ? '0' : format(datum.value, '+~f')"
            return alt.Axis(grid=False, tickCount=7, labelExpr=words)
        begin, end = self.domain
        round_ones = next(labels for most, labels in ROUND_RATIOS if end / begin < most)
        ticks = [tick for tick in round_ones if begin <= tick <= end]
        return alt.Axis(grid=False, values=ticks, labelExpr="format(datum.value, '~f') + '×'")

    def x(self, field: str) -> alt.X:
        """A field on this scale."""
        scale = alt.Scale(
            type="log" if self.log else "linear", domain=self.domain, nice=False, clamp=True
        )
        return alt.X(f"{field}:Q", scale=scale, axis=self.axis(), title=TITLES[self.unit])


def _y(rows: int) -> alt.Y:
    scale = alt.Scale(domain=list(range(rows)), paddingInner=0, paddingOuter=0)
    return alt.Y("row:O", axis=None, scale=scale)


def _ticks(ticks: list[Row], x: _Scale, rows: int) -> alt.Chart:
    marks = alt.Chart(values(ticks)).mark_tick(
        style="others", thickness=1.5, height=13, opacity=0.75, yOffset=DOWN
    )
    drawn: alt.Chart = marks.encode(x=x.x("value"), y=_y(rows))
    return drawn


def _reference(x: _Scale, rows: int) -> alt.Chart:
    """Where nothing changed, row by row: a line through all would cross their words."""
    data = [{"row": place, "value": x.nothing} for place in range(rows)]
    marks = alt.Chart(values(data)).mark_tick(
        style="word", thickness=1, height=21, yOffset=DOWN
    )  # fmt: skip
    drawn: alt.Chart = marks.encode(x=x.x("value"), y=_y(rows))
    return drawn


def _intervals(rows: list[Row], x: _Scale, count: int) -> alt.Chart:
    marks = alt.Chart(values(rows)).mark_rule(style="ours", strokeWidth=3, yOffset=DOWN)
    drawn: alt.Chart = marks.encode(x=x.x("low"), x2="high", y=_y(count))
    return drawn


def _dots(rows: list[Row], x: _Scale, count: int) -> list[alt.Chart]:
    """Effects; where there was nothing before, a triangle at the edge instead of a ratio."""
    hollow = [row for row in rows if row["shape"] == "hollow"]
    known = [row for row in rows if row["shape"] != "beyond"]
    beyond = [row for row in rows if row["shape"] == "beyond"]
    edge = alt.value("width")
    return [
        _marks(known, "ours", "circle", 95).encode(x=x.x("effect"), y=_y(count)),
        _marks(hollow, "hollow", "circle", 36).encode(x=x.x("effect"), y=_y(count)),
        _marks(beyond, "ours", "triangle-right", 95).encode(x=edge, y=_y(count)),
    ]


def _marks(rows: list[Row], style: str, shape: str, size: int) -> alt.Chart:
    words = [alt.Tooltip("name:N", title="Measure"), alt.Tooltip("figures:N", title="Effect")]
    drawn: alt.Chart = (
        alt.Chart(values(rows))
        .mark_point(style=style, filled=True, opacity=1, size=size, shape=shape, yOffset=DOWN)
        .encode(tooltip=words)
    )
    return drawn


def _visible(rows: list[Row], x: _Scale, count: int) -> alt.Chart:
    marks = alt.Chart(values(rows)).mark_point(
        style="second", filled=True, opacity=1, size=42, shape="triangle-up", yOffset=DOWN + 10
    )
    drawn: alt.Chart = marks.encode(x=x.x("visible"), y=_y(count))
    return drawn


def _words(rows: list[Row], count: int) -> alt.Chart:
    marks = alt.Chart(values(rows)).mark_text(
        style="word", align="left", baseline="bottom", dy=-3, fontSize=12, fontWeight=600
    )
    drawn: alt.Chart = marks.encode(x=alt.value(0), y=_y(count), text="name:N")
    return drawn


def _figures(rows: list[Row], count: int) -> alt.Chart:
    marks = alt.Chart(values(rows), description=WIDE).mark_text(
        style="note", align="right", baseline="bottom", dy=-3, fontSize=11
    )
    drawn: alt.Chart = marks.encode(x=alt.value("width"), y=_y(count), text="figures:N")
    return drawn

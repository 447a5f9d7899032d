"""The upper panel of a directive's picture: counts by day, and where they were to be expected.

Pages are shown relative to their own mean before the date, so that large and small ones fit on
one scale. Words have their place reserved above the data, so that none lies on another.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import altair as alt
import polars as pl

from claqueur.publish.charts.labels import opening
from claqueur.publish.charts.look import WIDTH, values
from claqueur.publish.directive_words import Entry, day_words, publishes

HEIGHT = 240
LINE = 15
"""Pixels a line of words takes."""

NAMED, CONTROLS, EXPECTED = "named pages", "control pages", "expected on the named pages"
INSTITUTIONS, EXPECTED_OF_THEM = "institutions together", "expected of the institutions"
BEFORE, AFTER = "days before", "days after"
MOST_CAUSES = 3
LONGEST_CAUSE = 44
HIGHEST_BAND = 1.6
"""The band is cut at so many times the highest value seen, so that it does not flatten the rest."""

HALF_DAY_MS = 43_200_000
_LATE = 0.6
"""Words that begin beyond this share of the width end there instead."""

Row = dict[str, Any]
Axis = Callable[[str], alt.Y]


def course_panel(entry: Entry, table: pl.DataFrame) -> alt.LayerChart:
    """What was seen, what control pages did, and what was to be expected, by day."""
    shown = _relative(entry, table)
    causes, groups = _causes(entry, table), _groups(entry)
    lines = 1 + min(len(causes), MOST_CAUSES)
    highest = _highest(shown)
    top = highest / (1 - (lines * LINE + 8) / HEIGHT)
    shown = shown.with_columns(pl.col("high").clip(upper_bound=highest))
    y = partial(_y, top=top, title=_title(entry, table))
    layers = [
        *_shades(causes, table),
        _band(shown, table, y, groups),
        _lines(shown, table, y, groups),
        *_date(entry, table),
        *_compared(entry, table),
        *_names(causes[:MOST_CAUSES], table, 1),
    ]
    panel: alt.LayerChart = alt.LayerChart(layer=layers, width=WIDTH, height=HEIGHT)
    return panel


def levels_text(entry: Entry, table: pl.DataFrame) -> str:
    """The numbers behind the curves: before and after, on named and on control pages."""
    if table.is_empty():
        return ""
    own, others = (_levels(entry, table, column) for column in ("observed", "controls"))
    said = f"{opening(table['measure'][0])}{_a_day(entry)}, in the days before and after: "
    said += f"{own[0]} and {own[1]} on the {_whose(entry)}"
    return said + (f", {others[0]} and {others[1]} on control pages." if any(others) else ".")


def _whose(entry: Entry) -> str:
    return "institutions’ pages" if publishes(entry) else "named pages"


def _a_day(entry: Entry) -> str:
    return " a day" if publishes(entry) else ""


def _levels(entry: Entry, table: pl.DataFrame, column: str) -> tuple[str, str]:
    before, after = _mean(_before(entry, table)[column]), _mean(_after(entry, table)[column])
    return _short(before), _short(after)


def _mean(column: pl.Series) -> float | None:
    """The mean of days, taken where they were averaged: over logarithms."""
    known = column.drop_nulls()
    return math.expm1(sum(math.log1p(each) for each in known) / len(known)) if len(known) else None


def _short(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def _before(entry: Entry, table: pl.DataFrame) -> pl.DataFrame:
    return table.filter(pl.col("day") < date.fromisoformat(entry["start"]))


def _after(entry: Entry, table: pl.DataFrame) -> pl.DataFrame:
    first, last = entry["data"].get("after") or [entry["start"], entry["start"]]
    inside = pl.col("day").is_between(date.fromisoformat(first), date.fromisoformat(last))
    return table.filter(inside)


def _scales(entry: Entry, table: pl.DataFrame) -> tuple[float, float] | None:
    """What makes the means before the date 100; None where there was nothing before."""
    own, others = (_mean(_before(entry, table)[name]) for name in ("observed", "controls"))
    if not own or (not others and table["controls"].drop_nulls().len()):
        return None
    return 100 / own, 100 / (others or 1.0)


def _relative(entry: Entry, table: pl.DataFrame) -> pl.DataFrame:
    """Every column in per cent of its mean before the date; as it is where there is none."""
    own, others = _scales(entry, table) or (1.0, 1.0)
    ours = [pl.col(name) * own for name in ("observed", "expected", "low", "high")]
    return table.select(
        _moment(), *[each.round(2) for each in ours], (pl.col("controls") * others).round(2)
    )


def _moment() -> pl.Expr:
    """Noon of a day, written as if it were UTC so that no browser shifts it."""
    return pl.col("day").cast(pl.Datetime("ms")).dt.epoch("ms").alias("at") + HALF_DAY_MS


def _ms(day: date) -> int:
    """The beginning of a day."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)


def _highest(shown: pl.DataFrame) -> float:
    """The highest value that has to fit in."""
    seen = max(_most(shown[name]) for name in ("observed", "controls", "expected")) or 1.0
    return min(max(_most(shown["high"]), seen), HIGHEST_BAND * seen)


def _most(column: pl.Series) -> float:
    return max(column.drop_nulls().to_list(), default=0.0)


def _ends(table: pl.DataFrame) -> tuple[int, int]:
    """The first and last moment of the picture."""
    first, last = table["day"][0], table["day"][-1]
    return _ms(first), _ms(last + timedelta(days=1))


def _x(field: str, table: pl.DataFrame) -> alt.X:
    scale = alt.Scale(type="utc", domain=list(_ends(table)), nice=False)
    axis = alt.Axis(grid=False, tickCount=6, format="%-d %b", labelOverlap=True)
    return alt.X(f"{field}:T", scale=scale, title=None, axis=axis)


def _y(field: str, top: float, title: str) -> alt.Y:
    axis = alt.Axis(tickCount=5, format="~f")
    return alt.Y(f"{field}:Q", axis=axis, title=title).scale(domain=[0, top], nice=False)


def _title(entry: Entry, table: pl.DataFrame) -> str:
    what = f"{opening(table['measure'][0])}{_a_day(entry)}"
    return f"{what}, 100 = mean before" if _scales(entry, table) else what


def _groups(entry: Entry) -> dict[str, str]:
    """Columns and what they are called; institutions are never spoken of one by one."""
    own = (INSTITUTIONS, EXPECTED_OF_THEM) if publishes(entry) else (NAMED, EXPECTED)
    return {"observed": own[0], "controls": CONTROLS, "expected": own[1]}


def _what(groups: dict[str, str]) -> alt.Color:
    order = list(groups.values())
    legend = alt.Legend(title=None, symbolOpacity=1)
    return alt.Color("what:N", legend=legend).scale(domain=order)


def _band(
    shown: pl.DataFrame, table: pl.DataFrame, y: Axis, groups: dict[str, str]
) -> alt.Chart:  # fmt: skip
    """Where 95% of days were to be expected."""
    rows = (
        shown.select("at", "low", "high").drop_nulls().with_columns(what=pl.lit(groups["expected"]))
    )
    area: alt.Chart = (
        alt.Chart(values(rows.to_dicts()))
        .mark_area(opacity=0.2)
        .encode(x=_x("at", table), y=y("low"), y2="high", color=_what(groups))
    )
    return area


def _lines(
    shown: pl.DataFrame, table: pl.DataFrame, y: Axis, groups: dict[str, str]
) -> alt.LayerChart:  # fmt: skip
    rows = [
        {"at": row["at"], "value": row[column], "what": what, "day": _said(row["at"])}
        for column, what in reversed(groups.items())
        for row in shown.to_dicts()
    ]
    base = alt.Chart(values(rows)).encode(
        x=_x("at", table),
        y=y("value"),
        color=_what(groups),
        tooltip=[
            alt.Tooltip("day:N", title="Published on"),
            alt.Tooltip("what:N", title="Where"),
            alt.Tooltip("value:Q", title="Value", format=",.1f"),
        ],
    )
    own = [row for row in rows if row["what"] == groups["observed"] and row["value"] is not None]
    points = base.properties(data=values(own)).mark_circle(size=34, opacity=1)
    return alt.LayerChart(layer=[base.mark_line(strokeWidth=2.2, strokeJoin="round"), points])


def _said(at: int) -> str:
    return day_words(datetime.fromtimestamp(at / 1000, UTC).date().isoformat())


def _causes(entry: Entry, table: pl.DataFrame) -> list[Row]:
    """Declared causes within the picture, those that coincide first."""
    begin, end = _ends(table)
    rows = [
        {
            "from": max(_ms(date.fromisoformat(cause["first_day"])), begin),
            "to": min(_ms(date.fromisoformat(cause["last_day"]) + timedelta(days=1)), end),
            "name": f"declared: {textwrap.shorten(cause['name'], LONGEST_CAUSE, placeholder='…')}",
            "coincides": cause["coincides"],
        }
        for cause in entry["causes"]
    ]
    inside = [row for row in rows if row["from"] < row["to"]]
    return sorted(inside, key=lambda row: not row["coincides"])


def _shades(causes: list[Row], table: pl.DataFrame) -> list[alt.Chart]:
    if not causes:
        return []
    shade = alt.Chart(values(causes)).mark_rect(style="others", opacity=0.16)
    return [shade.encode(x=_x("from", table), x2="to")]


def _date(entry: Entry, table: pl.DataFrame) -> list[alt.Chart]:
    """The date the directive names, as a rule with its name."""
    start = date.fromisoformat(entry["start"])
    row = {
        "from": _ms(start),
        "to": _ms(start),
        "name": f"{day_words(entry['start'], year=False)}: the directive’s date",
    }
    rule = alt.Chart(values([row])).mark_rule(style="word", strokeWidth=1.5)
    return [rule.encode(x=_x("from", table)), *_names([row], table, 0, "word")]


def _names(
    rows: list[Row], table: pl.DataFrame, line: int, style: str = "note"
) -> list[alt.Chart]:  # fmt: skip
    """Words at the top, one line each, beginning at their span or ending with it."""
    begin, end = _ends(table)
    return [
        _words(row, table, line + place, style, late=(row["from"] - begin) > _LATE * (end - begin))
        for place, row in enumerate(rows)
    ]


def _words(row: Row, table: pl.DataFrame, line: int, style: str, *, late: bool) -> alt.Chart:
    text = alt.Chart(values([row])).mark_text(
        style=style,
        align="right" if late else "left",
        baseline="top",
        dx=-5 if late else 5,
        fontWeight=600 if style == "word" else "normal",
    )
    words: alt.Chart = text.encode(
        x=_x("to" if late else "from", table), y=alt.value(line * LINE + 2), text="name:N"
    )
    return words


def _compared(entry: Entry, table: pl.DataFrame) -> list[alt.Chart]:
    """Bars below the axis: the days that are compared, without those left out."""
    data, (begin, end) = entry["data"], _ends(table)
    rows: list[Row] = []
    for key, name in (("before", BEFORE), ("after", AFTER)):
        pieces = _without(data.get(key), data.get("left_out", []))
        inside = ((max(first, begin), min(last, end)) for first, last in pieces)
        rows += [{"from": low, "to": high, "name": name} for low, high in inside if low < high]
    if not rows:
        return []
    bar = alt.Chart(values(rows)).mark_rule(style="note", strokeWidth=4)
    words = alt.Chart(values(_first_of_each(rows))).mark_text(
        style="note", align="left", baseline="top", fontSize=11
    )
    x = _x("from", table)
    return [
        bar.encode(x=x, x2="to", y=alt.value(HEIGHT + 26), opacity=_weight()),
        words.encode(x=x, y=alt.value(HEIGHT + 32), text="name:N"),
    ]


def _weight() -> alt.Opacity:
    """The days before stand back, so that one sees where the days after begin."""
    return alt.Opacity("name:N", legend=None).scale(domain=[BEFORE, AFTER], range=[0.4, 1])


def _first_of_each(rows: list[Row]) -> list[Row]:
    """One name for all pieces of a span."""
    return list({row["name"]: row for row in reversed(rows)}.values())


def _without(span: list[str] | None, left_out: list[list[str]]) -> list[tuple[int, int]]:
    """Pieces of a span of days outside others, each from a moment up to another."""
    if not span:
        return []
    pieces = [_moments(span)]
    for begin, end in (_moments(other) for other in left_out if other):
        pieces = [
            (first, last)
            for low, high in pieces
            for first, last in ((low, min(high, begin)), (max(low, end), high))
            if first < last
        ]
    return pieces


def _moments(days: list[str]) -> tuple[int, int]:
    first, last = (date.fromisoformat(day) for day in days)
    return _ms(first), _ms(last + timedelta(days=1))

"""Every measure of an item with its interval, and the same of each control page."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import altair as alt

from claqueur.publish.charts.look import LIGHT, values
from claqueur.publish.directive_words import counting, explained, standing
from claqueur.publish.document import effects
from claqueur.publish.document.pictures import Drawn
from claqueur.publish.document.pictures.parts import Row, broken, rows_axis

if TYPE_CHECKING:
    from claqueur.publish.document.story import Story

Entry = dict[str, Any]

WIDTH = 270
ROOM = 250
LINE = 34
LABEL = 33
"""Characters of a line of a label."""

_PADDING = {"left": 2, "top": 2, "right": 60, "bottom": 2}
"""Room for words on the right in a wider font."""

MANY = 12
"""Ratio of the ends of an axis from which ticks are further apart."""

SMALLEST, LARGEST = 1 / 64, 64
"""Ratios beyond are drawn at the edge."""


@dataclass(frozen=True)
class EffectsPicture:
    """Ratios and percentage points, a panel each."""

    name: str = "effects"

    def draw(self, story: Story, entry: Entry | None) -> Drawn | None:
        """The measures that count, those that stand filled."""
        if entry is None:
            return None
        panels = [
            panel
            for unit in ("ratio", "points")
            if (panel := _panel(story, entry, unit)) is not None
        ]
        if not panels:
            return None
        say = story.language.gettext
        return Drawn(
            chart=alt.vconcat(*panels, spacing=22).properties(padding=_PADDING),
            title=say("How far each measure moved, beyond what was to be expected"),
            notes=(
                say("Dot: the effect; line: its interval. Filled: stands after correction."),
                say("Grey strokes: the same measure on each control page."),
            )
            if any(test.get("controls") for test in _drawn(entry))
            else (say("Dot: the effect; line: its interval. Filled: stands after correction."),),
            shows=_shows(story, entry),
            source="directive.json",
        )


def _drawn(entry: Entry) -> list[Entry]:
    """Tests that count and have an effect that can be drawn."""
    tests = [*counting(entry), *explained(entry)]
    return [t for t in tests if t.get("effect") is not None and t["unit"] in ("ratio", "points")]


def _stands(entry: Entry, test: Entry) -> bool:
    level = entry["family"]["level"]
    return test in standing(counting(entry), level) or test in standing(explained(entry), level)


def _shows(story: Story, entry: Entry) -> str:
    """Each measure with its effect, as a sentence for those who do not see the picture."""
    say = story.language
    each = [
        f"{effects.measure(say, test)}: {effects.effect(say, test)}"
        + (f" ({said})" if (said := effects.interval(say, test)) else "")
        + (f", {say.gettext('stands after correction')}" if _stands(entry, test) else "")
        for test in _drawn(entry)
    ]
    return "; ".join(each) + "."


def _panel(story: Story, entry: Entry, unit: str) -> alt.LayerChart | None:
    tests = [test for test in _drawn(entry) if test["unit"] == unit]
    if not tests:
        return None
    labels = [broken(effects.measure(story.language, test), LABEL) for test in tests]
    rows = [_row(story, entry, test, label) for test, label in zip(tests, labels, strict=True)]
    controls = [
        {"label": label, "value": _inside(value, unit)}
        for test, label in zip(tests, labels, strict=True)
        for value in test.get("controls") or []
        if value is not None and math.isfinite(value) and (unit == "points" or value > 0)
    ]
    y = rows_axis("label", labels, room=ROOM)
    x = _axis(story, unit, [*rows, *controls])
    layers = [
        _rule(x, 1.0 if unit == "ratio" else 0.0),
        *_strokes(controls, x("value"), y),
        *_intervals(rows, x, y),
        _dots(rows, x("value"), y),
        _words(rows, y),
    ]
    height = LINE * len(labels)
    panel: alt.LayerChart = alt.LayerChart(layer=layers, width=WIDTH, height=height)
    return panel


def _row(story: Story, entry: Entry, test: Entry, label: str) -> Row:
    unit, say = test["unit"], story.language
    ends = effects.limits(say, test)
    low, high = test.get("low"), test.get("high")
    return {
        "label": label,
        "value": _inside(test["effect"], unit),
        "low": None if low is None else _inside(low, unit),
        "high": None if high is None else _inside(high, unit),
        "stands": _stands(entry, test),
        "said": effects.effect(say, test) + (f"  ({ends})" if ends else ""),
    }


def _inside(value: float, unit: str) -> float:
    return min(max(value, SMALLEST), LARGEST) if unit == "ratio" else 100 * value


def _axis(story: Story, unit: str, rows: list[Row]) -> Any:
    ends = [
        row[key] for row in rows for key in ("value", "low", "high") if row.get(key) is not None
    ]
    say = story.language.gettext
    if unit == "ratio":
        title = say("Times what was to be expected (logarithmic)")
        far = max(2.0, *(max(end, 1 / end) for end in ends))
        domain = [max(min(0.8, *ends) / 1.1, 1 / far / 1.1), max(1.25, *ends) * 1.1]
        scale = alt.Scale(type="log", domain=domain, nice=False)
        known = _WIDE_TICKS if domain[1] / domain[0] > MANY else _TICKS
        ticks = [tick for tick in known if domain[0] <= tick <= domain[1]]
        axis = alt.Axis(title=title, values=ticks, format="~g", grid=True)
    else:
        title = say("Percentage points")
        scale = alt.Scale(domain=[min(-2.0, *ends) * 1.08, max(2.0, *ends) * 1.08], nice=False)
        axis = alt.Axis(title=title, tickCount=6, format="+~f", grid=True)
    return lambda field: alt.X(f"{field}:Q", scale=scale, axis=axis)


_TICKS = [0.1, 0.2, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10]
_WIDE_TICKS = [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50]


def _rule(x: Any, at: float) -> alt.Chart:
    mark = alt.Chart(values([{"at": at}])).mark_rule(style="note", strokeWidth=1)
    rule: alt.Chart = mark.encode(x=x("at"))
    return rule


def _strokes(rows: list[Row], x: alt.X, y: alt.Y) -> list[alt.Chart]:
    if not rows:
        return []
    mark = alt.Chart(values(rows)).mark_tick(style="others", thickness=1.5, height=10, opacity=0.6)
    return [mark.encode(x=x, y=y)]


def _intervals(rows: list[Row], x: Any, y: alt.Y) -> list[alt.Chart]:
    known = [row for row in rows if row["low"] is not None and row["high"] is not None]
    if not known:
        return []
    line = alt.Chart(values(known)).mark_rule(style="ours", strokeWidth=2)
    return [line.encode(x=x("low"), x2="high", y=y)]


def _dots(rows: list[Row], x: alt.X, y: alt.Y) -> alt.Chart:
    dots: alt.Chart = (
        alt.Chart(values(rows))
        .mark_point(style="ours", size=85, strokeWidth=2, opacity=1)
        .encode(
            x=x,
            y=y,
            fill=alt.condition("datum.stands", alt.value(LIGHT.ours), alt.value(LIGHT.ground)),
        )
    )
    return dots


def _words(rows: list[Row], y: alt.Y) -> alt.Chart:
    words: alt.Chart = (
        alt.Chart(values(rows))
        .mark_text(style="word", align="left", fontSize=12)
        .encode(x=alt.value(WIDTH + 12), y=y, text="said:N")
    )
    return words


PICTURE = EffectsPicture()

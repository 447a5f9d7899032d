"""An item by week: what was seen, what control pages did, and what was to be expected."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import altair as alt

from claqueur.publish.charts.look import WIDTH, values
from claqueur.publish.directive_words import publishes
from claqueur.publish.document.aggregates import course
from claqueur.publish.document.pictures import Drawn
from claqueur.publish.document.pictures.parts import Row, hatched, moment, week_end, weeks_axis

if TYPE_CHECKING:
    from claqueur.publish.document.story import Story

Entry = dict[str, Any]

HEIGHT = 190
WORDS = 22
"""Pixels kept free at the top for the name of the date."""

HIGHEST_BAND = 1.4
"""The band is cut at so many times the highest value seen."""

_LATE = 0.6
"""Words that begin beyond this share of the width end there instead."""


@dataclass(frozen=True)
class Course:
    """Lines by week, with the date the document names."""

    name: str = "course"

    def draw(self, story: Story, entry: Entry | None) -> Drawn | None:
        """The course of an item; None where too little of it is released."""
        rows = course(story.release.tables, entry) if entry else []
        if entry is None or sum(row["observed"] is not None for row in rows) < 2:
            return None
        say = story.language
        notes = [say.gettext("Each point is a week, all pages of a kind pooled.")]
        if any(row["observed"] is None for row in rows):
            notes.append(say.gettext("Hatched: withheld."))
        if any(row["low"] is not None for row in rows):
            notes.append(say.gettext("Band: where 95% of such values were to be expected."))
        return Drawn(
            chart=_chart(story, entry, rows),
            title=_title(story, rows),
            notes=tuple(notes),
            shows=_shows(story, entry, rows),
            source="tables/effects.csv",
        )


def _title(story: Story, rows: list[Row]) -> str:
    measure = str(rows[0]["measure"])
    say = story.language
    what = (say.phrase(measure) or measure) if measure else say.gettext("what was asked for")
    return say.gettext("Week by week: {what}").format(what=what)


def _names(story: Story, entry: Entry) -> dict[str, str]:
    """Columns and what they are called; institutions are never spoken of one by one."""
    say = story.language.gettext
    own = say("institutions together") if publishes(entry) else say("named pages")
    return {"observed": own, "controls": say("control pages"), "expected": say("to be expected")}


def _shows(story: Story, entry: Entry, rows: list[Row]) -> str:
    """The level before and after the date, in words."""
    say, start = story.language, str(entry["start"])
    before = _mean(row["observed"] for row in rows if _last_day(row) < start)
    after = _mean(row["observed"] for row in rows if row["week"] >= start)
    expected = _mean(row["expected"] for row in rows if row["week"] >= start)
    said = say.gettext(
        "By week, around {day}: {before} on average before the date, {after} after it, where "
        "{expected} was to be expected."
    )
    return said.format(
        day=say.day(start),
        before=say.number(before, 1),
        after=say.number(after, 1),
        expected=say.number(expected, 1),
    )


def _last_day(row: Row) -> str:
    return (date.fromisoformat(row["week"][:10]) + timedelta(days=6)).isoformat()


def _mean(found: Any) -> float | None:
    known = [value for value in found if value is not None]
    return sum(known) / len(known) if known else None


def _chart(story: Story, entry: Entry, rows: list[Row]) -> alt.LayerChart:
    names = _names(story, entry)
    begin, end = moment(rows[0]["week"]), week_end(rows[-1]["week"])
    top = _top(rows)
    x = weeks_axis(begin, end, "at")
    y = alt.Y("value:Q", title=None).axis(tickCount=4, format="~s").scale(domain=[0, top])
    layers = [
        *_withheld(rows, x),
        *_band(rows, x, y),
        _lines(rows, names, x, y),
        *_date(story, entry, x, begin, end),
    ]
    chart: alt.LayerChart = alt.LayerChart(layer=layers, width=WIDTH, height=HEIGHT)
    return chart


def _top(rows: list[Row]) -> float:
    seen = max(row[key] or 0.0 for row in rows for key in ("observed", "controls", "expected"))
    band = max(row["high"] or 0.0 for row in rows)
    highest = max(seen, min(band, HIGHEST_BAND * seen)) or 1.0
    return highest / (1 - WORDS / HEIGHT)


def _withheld(rows: list[Row], x: alt.X) -> list[alt.Chart]:
    gone = [
        {"at": moment(row["week"]), "to": week_end(row["week"])}
        for row in rows
        if row["observed"] is None
    ]
    return [hatched(gone).encode(x=x, x2="to")] if gone else []


def _middle(row: Row) -> int:
    return (moment(row["week"]) + week_end(row["week"])) // 2


def _band(rows: list[Row], x: alt.X, y: alt.Y) -> list[alt.Chart]:
    known = [
        {"at": _middle(row), "value": row["low"], "high": min(row["high"], _top(rows))}
        for row in rows
        if row["low"] is not None and row["high"] is not None
    ]
    if not known:
        return []
    area = alt.Chart(values(known)).mark_area(style="second", opacity=0.16)
    return [area.encode(x=x, y=y, y2="high")]


def _lines(rows: list[Row], names: dict[str, str], x: alt.X, y: alt.Y) -> alt.LayerChart:
    points = [
        {"at": _middle(row), "value": row[column], "what": what}
        for column, what in reversed(names.items())
        for row in rows
    ]
    shown = [what for column, what in names.items() if any(row[column] is not None for row in rows)]
    # The order of the colours is that of the names, whether all of them are there or not.
    colours = alt.Color("what:N").scale(domain=list(names.values()))
    colours = colours.legend(title=None, values=shown, symbolType="stroke", symbolStrokeWidth=3)
    dash = alt.condition(
        f"datum.what === {names['expected']!r}", alt.value([5, 4]), alt.value([1, 0])
    )
    lines = (
        alt.Chart(values(point for point in points if point["what"] in shown))
        .mark_line(strokeWidth=2.4, strokeJoin="round")
        .encode(x=x, y=y, color=colours, strokeDash=dash)
    )
    own = [point for point in points if point["what"] == names["observed"]]
    dots = (
        alt.Chart(values(point for point in own if point["value"] is not None))
        .mark_circle(style="ours", size=44, opacity=1)
        .encode(x=x, y=y)
    )
    both: alt.LayerChart = alt.LayerChart(layer=[lines, dots])
    return both


def _date(story: Story, entry: Entry, x: alt.X, begin: int, end: int) -> list[alt.Chart]:
    """The date the document names, as a rule with its name."""
    at = moment(str(entry["start"]))
    if not begin <= at <= end:
        return []
    say = story.language
    name = say.gettext("{day}: the document’s date").format(day=say.day(entry["start"], year=False))
    late = at - begin > _LATE * (end - begin)
    row = alt.Chart(values([{"at": at, "name": name}]))
    words = row.mark_text(
        style="word",
        align="right" if late else "left",
        baseline="top",
        dx=-6 if late else 6,
        fontWeight=600,
    )
    return [
        row.mark_rule(style="word", strokeWidth=1.5).encode(x=x),
        words.encode(x=x, y=alt.value(2), text="name:N"),
    ]


PICTURE = Course()

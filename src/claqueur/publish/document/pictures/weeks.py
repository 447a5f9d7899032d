"""When groups were active: bars for a few groups; for many a row each, a cell a week."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import altair as alt

from claqueur.publish.charts.look import WIDTH, values
from claqueur.publish.document.aggregates import Group, groups, weeks
from claqueur.publish.document.pictures import Drawn
from claqueur.publish.document.pictures.parts import (
    ROOM,
    ROW,
    Row,
    hatched,
    moment,
    rows_axis,
    week_end,
    weeks_axis,
)

if TYPE_CHECKING:
    from claqueur.publish.document.story import Story

MOST_GROUPS = 24
FEW = 4
"""Up to so many groups have bars."""
BARS = 110
"""Pixels of a panel of bars."""
GAP_MS = 6 * 3_600_000
"""Between two weeks, so that they can be counted."""
FAINTEST = 0.12


@dataclass(frozen=True)
class Weeks:
    """Share of each group's members that were active, by week."""

    name: str = "weeks"

    def draw(self, story: Story, entry: Any = None) -> Drawn | None:
        """None where no week of any group is released."""
        found = groups(story.release.tables)[:MOST_GROUPS]
        rows = _cells(story, found)
        if not any(row["share"] is not None for row in rows):
            return None
        few = len(found) <= FEW
        return Drawn(
            chart=_bars(story, rows) if few else _lanes(story, rows),
            title=story.language.gettext("When the groups were active"),
            notes=tuple(_notes(story, rows, few=few)),
            shows=_shows(story, found, rows),
            source="tables/weeks.csv",
        )


def _notes(story: Story, rows: list[Row], *, few: bool) -> list[str]:
    say = story.language.gettext
    notes = [
        say("Members who acted in that week, to multiples of {k}.").format(k=story.k)
        if few
        else say(
            "Share of a group’s members who acted in that week: the fuller the colour, the more."
        )
    ]
    if any(row["share"] is None for row in rows):
        said = say("Hatched: withheld, because fewer than {k} were active, or nearly all there.")
        notes.append(said.format(k=story.k))
    return notes


def _cells(story: Story, found: list[Group]) -> list[Row]:
    sizes = {group.number: group.size for group in found}
    return [
        {
            "group": _label(story, row["group"]),
            "number": row["group"],
            "week": row["week"],
            "from": moment(row["week"]) + GAP_MS,
            "to": week_end(row["week"]) - GAP_MS,
            "active": row["active"],
            "share": _share(row["active"], sizes[row["group"]]),
        }
        for row in weeks(story.release.tables)
        if row["group"] in sizes
    ]


def _share(active: int | None, size: int | None) -> float | None:
    return None if active is None or not size else min(active / size, 1.0)


def _label(story: Story, number: int) -> str:
    return story.language.gettext("Group {number}").format(number=number)


def _shows(story: Story, found: list[Group], rows: list[Row]) -> str:
    """The busiest week of each group, in words."""
    say, said = story.language, []
    for group in found:
        known = [r for r in rows if r["number"] == group.number and r["share"] is not None]
        if not known:
            continue
        most = max(known, key=lambda row: row["share"])
        said.append(
            say.gettext("group {number} most in the week of {day}, {share} of its members").format(
                number=group.number, day=say.day(most["week"]), share=say.percent(most["share"])
            )
        )
    return say.gettext("Activity by week: {each}.").format(each="; ".join(said))


def _lanes(story: Story, rows: list[Row]) -> alt.LayerChart:
    order = list(dict.fromkeys(row["group"] for row in rows))
    begin = min(row["from"] for row in rows) - GAP_MS
    end = max(row["to"] for row in rows) + GAP_MS
    x, y = (
        weeks_axis(begin, end),
        rows_axis("group", order, room=ROOM).scale(domain=order, padding=0.08),
    )
    known = [row for row in rows if row["share"] is not None]
    gone = [row for row in rows if row["share"] is None]
    cells = (
        alt.Chart(values(known))
        .mark_rect(style="ours")
        .encode(x=x, x2="to", y=y, opacity=_weight(story))
    )
    layers = [
        cells,
        *([hatched(gone).encode(x=x, x2="to", y=y)] if gone else []),
        *_dates(story, x, begin, end),
    ]
    chart: alt.LayerChart = alt.LayerChart(layer=layers, width=WIDTH - 60, height=ROW * len(order))
    return chart


def _bars(story: Story, rows: list[Row]) -> alt.VConcatChart:
    """A panel a group, all on one scale of weeks."""
    begin = min(row["from"] for row in rows) - GAP_MS
    end = max(row["to"] for row in rows) + GAP_MS
    x = weeks_axis(begin, end)
    panels = []
    for name in dict.fromkeys(row["group"] for row in rows):
        own = [row for row in rows if row["group"] == name]
        known = [row for row in own if row["share"] is not None]
        gone = [row | {"top": _top(known), "active": 0} for row in own if row["share"] is None]
        y = alt.Y("active:Q", title=None).axis(tickCount=4, format=",d", tickMinStep=1)
        y = y.scale(domain=[0, _top(known)], nice=False)
        bars = alt.Chart(values(known)).mark_rect(style="ours").encode(
            x=x, x2="to", y=y, y2=alt.datum(0)
        )  # fmt: skip
        hidden = [hatched(gone).encode(x=x, x2="to", y=y, y2="top")] if gone else []
        layers = [bars, *hidden, *_dates(story, x, begin, end)]
        title = alt.TitleParams(name, fontSize=12, fontWeight="normal", offset=18)
        panels.append(alt.LayerChart(layer=layers, width=WIDTH, height=BARS, title=title))
    chart: alt.VConcatChart = alt.vconcat(*panels, spacing=16)
    return chart


def _top(known: list[Row]) -> float:
    return 1.08 * max((row["active"] for row in known), default=1) or 1.0


def _weight(story: Story) -> alt.Opacity:
    legend = alt.Legend(
        title=story.language.gettext("Members active"), format=".0%", symbolType="square",
        symbolSize=170, values=[0, 0.25, 0.5, 0.75, 1], symbolStrokeWidth=0, offset=24,
        titlePadding=14,
    )  # fmt: skip
    return alt.Opacity("share:Q", legend=legend).scale(domain=[0, 1], range=[FAINTEST, 1])


def _dates(story: Story, x: alt.X, begin: int, end: int) -> list[alt.Chart]:
    """The dates documents name."""
    days = sorted({str(entry["start"]) for entry in story.items})
    rows = [
        {"from": moment(day), "name": story.language.day(day, year=False)}
        for day in days
        if begin <= moment(day) <= end
    ]
    if not rows:
        return []
    base = alt.Chart(values(rows))
    words = base.mark_text(style="word", align="left", baseline="bottom", dx=4, fontWeight=600)
    return [
        base.mark_rule(style="word", strokeWidth=1.5).encode(x=x),
        words.encode(x=x, y=alt.value(-3), text="name:N"),
    ]


PICTURE = Weeks()

"""Which part of the week: working hours, other hours, weekends, for groups and everybody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import altair as alt

from claqueur.publish.charts.look import WIDTH, values
from claqueur.publish.document.aggregates import groups, rhythm
from claqueur.publish.document.language import N_, Language
from claqueur.publish.document.pictures import Drawn
from claqueur.publish.document.pictures.parts import ROOM, ROW, Row, hatched, rows_axis

if TYPE_CHECKING:
    from claqueur.publish.document.story import Story

PARTS = {
    "working hours": N_("working hours"),
    "other hours": N_("Monday to Friday, other hours"),
    "weekend": N_("weekend"),
}
"""Parts of the week, in the order they are drawn, and what they are called."""


@dataclass(frozen=True)
class Rhythm:
    """Shares of actions by part of the week, side by side to 100%."""

    name: str = "rhythm"

    def draw(self, story: Story, entry: Any = None) -> Drawn | None:
        """One bar a group and one for everybody."""
        rows = _rows(story)
        if not any(row["share"] is not None for row in rows):
            return None
        say = story.language.gettext
        zone = story.facts.get("zone")
        where = (say("Local time: {zone}.").format(zone=zone),) if zone else ()
        return Drawn(
            chart=_chart(story.language, rows),
            title=say("In which part of the week they act"),
            notes=(
                say("Share of actions. Working hours are Monday to Friday, 9:00 to 18:00."),
                *where,
            ),
            shows=_shows(story.language, rows),
            source="tables/rhythm.csv",
        )


def _rows(story: Story) -> list[Row]:
    say = story.language.gettext
    released = {group.number for group in groups(story.release.tables)}
    found = []
    for row in rhythm(story.release.tables):
        number = row["group"]
        if number is None or number in released:
            everybody = number is None
            name = say("All accounts") if everybody else say("Group {number}").format(number=number)
            place = (everybody, number or 0)
            found.append(row | {"name": name, "place": place})
    return sorted(found, key=lambda row: (row["place"], _order(row["part"])))


def _order(part: str) -> int:
    known = list(PARTS)
    return known.index(part) if part in known else len(known)


def _shows(language: Language, rows: list[Row]) -> str:
    each = [
        f"{row['name']}: {language.percent(row['share'])}"
        for row in rows
        if row["part"] == "working hours" and row["share"] is not None
    ]
    said = language.gettext("Share of actions in working hours. {each}.")
    return said.format(each="; ".join(each))


def _chart(language: Language, rows: list[Row]) -> alt.LayerChart:
    order = list(dict.fromkeys(row["name"] for row in rows))
    placed = list(_placed(rows))
    names = {part: language.gettext(name) for part, name in PARTS.items()}
    shown = [row | {"part": names.get(row["part"], row["part"])} for row in placed]
    domain = list(dict.fromkeys([*names.values(), *(row["part"] for row in shown)]))
    x = alt.X("from:Q").scale(domain=[0, 1]).axis(format=".0%", tickCount=5, title=None, grid=False)
    y = rows_axis("name", order, room=ROOM).scale(domain=order, padding=0.14)
    faint = alt.condition("datum.faint", alt.value(0.45), alt.value(1))
    bars = alt.Chart(values(row for row in shown if not row["gone"])).mark_bar().encode(
        x=x, x2="to", y=y, color=alt.Color("part:N", title=None).scale(domain=domain),
        opacity=faint,
    )  # fmt: skip
    gone = [row for row in shown if row["gone"]]
    large = [row for row in shown if not row["gone"] and row["to"] - row["from"] >= 0.07]
    words = [
        alt.Chart(values(row for row in large if row["faint"] == faint))
        .mark_text(style=style, fontSize=11, fontWeight=600)
        .encode(x=alt.X("middle:Q"), y=y, text="said:N")
        for faint, style in ((False, "label"), (True, "word"))
    ]
    layers = [bars, *([hatched(gone).encode(x=x, x2="to", y=y)] if gone else []), *words]
    chart: alt.LayerChart = alt.LayerChart(layer=layers, width=WIDTH - 60, height=ROW * len(order))
    return chart


def _placed(rows: list[Row]) -> Iterator[Row]:
    """Each share from where the one before ends; what is withheld fills the rest.

    Shares are released rounded, so where all are there they are drawn as parts of their sum.
    """
    for name in dict.fromkeys(row["name"] for row in rows):
        own = [row for row in rows if row["name"] == name]
        known = [row for row in own if row["share"]]
        gone = any(row["share"] is None for row in own)
        whole = 1.0 if gone else sum(row["share"] for row in known) or 1.0
        at = 0.0
        for row in known:
            end = min(at + row["share"] / whole, 1.0)
            yield row | {
                "from": at, "to": end, "middle": (at + end) / 2, "gone": False,
                "said": f"{100 * row['share']:.0f}", "faint": row["part"] == "other hours",
            }  # fmt: skip
            at = end
        if gone:
            yield {"name": name, "part": "", "from": at, "to": 1.0, "gone": True, "faint": False}


PICTURE = Rhythm()

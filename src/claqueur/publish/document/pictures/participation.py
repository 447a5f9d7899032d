"""How much of what could be acted on members acted on: accounts by group and share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import altair as alt

from claqueur.publish.charts.look import WIDTH, values
from claqueur.publish.document.aggregates import groups, participation
from claqueur.publish.document.pictures import Drawn
from claqueur.publish.document.pictures.parts import ROOM, ROW, Row, hatched, rows_axis

if TYPE_CHECKING:
    from claqueur.publish.document.story import Story

FAINTEST, DARKEST = 0.1, 0.55


@dataclass(frozen=True)
class Participation:
    """A table of cells: a row a group, a column a share, the number of accounts in it."""

    name: str = "participation"

    def draw(self, story: Story, entry: Any = None) -> Drawn | None:
        """None where no cell is released."""
        released = {group.number: group.size for group in groups(story.release.tables)}
        rows = [
            row
            | {
                "name": _name(story, row["group"]),
                "size": released[row["group"]],
                "share": _percent(story, row["share"]),
            }
            for row in participation(story.release.tables)
            if row["group"] in released
        ]
        if not any(row["accounts"] is not None for row in rows):
            return None
        say = story.language.gettext
        return Drawn(
            chart=_chart(story, rows),
            title=say("How many of the group’s posts its members acted on"),
            notes=(
                say("Number of members by the share of posts they acted on."),
                say("Hatched: withheld, because the number is too small or would give one away."),
            ),
            shows=_shows(story, rows),
            source="tables/participation.csv",
        )


def _name(story: Story, number: int) -> str:
    return story.language.gettext("Group {number}").format(number=number)


def _percent(story: Story, share: str) -> str:
    """A part such as ``25–50%`` with the language's per cent sign."""
    sign = story.language.pgettext("a share", "{n}%")
    return sign.format(n=share.removesuffix("%")) if share.endswith("%") else share


def _shows(story: Story, rows: list[Row]) -> str:
    say, each = story.language, []
    for name in dict.fromkeys(row["name"] for row in rows):
        known = [r for r in rows if r["name"] == name and r["accounts"] is not None]
        if known:
            most = max(known, key=lambda row: row["accounts"])
            count = say.counted("{n} member", "{n} members", most["accounts"])
            each.append(f"{name}: {count}, {most['share']}")
    said = say.gettext("Where most members of each group are. {each}.")
    return said.format(each="; ".join(each))


def _chart(story: Story, rows: list[Row]) -> alt.LayerChart:
    order = list(dict.fromkeys(row["name"] for row in rows))
    columns = list(dict.fromkeys(row["share"] for row in rows))
    axis = alt.Axis(labelAngle=0, orient="top", domain=False, ticks=False, labelFontSize=12)
    title = story.language.gettext("Share of posts acted on")
    x = alt.X("share:N", sort=columns, title=title, axis=axis).scale(domain=columns, padding=0.04)
    y = rows_axis("name", order, room=ROOM).scale(domain=order, padding=0.08)
    known = [row | {"part": _part(row)} for row in rows if row["accounts"] is not None]
    gone = [row for row in rows if row["accounts"] is None]
    weight = alt.Opacity("part:Q", legend=None).scale(domain=[0, 1], range=[FAINTEST, DARKEST])
    cells = alt.Chart(values(known)).mark_rect(style="ours").encode(x=x, y=y, opacity=weight)
    words = alt.Chart(values(known)).mark_text(style="word", fontSize=12).encode(
        x=x, y=y, text=alt.Text("accounts:Q", format=",d")
    )  # fmt: skip
    layers = [cells, *([hatched(gone).encode(x=x, y=y)] if gone else []), words]
    width = min(WIDTH - 60, 120 * len(columns))
    chart: alt.LayerChart = alt.LayerChart(layer=layers, width=width, height=ROW * len(order))
    return chart


def _part(row: Row) -> float:
    return min(float(row["accounts"]) / (row["size"] or row["accounts"] or 1), 1.0)


PICTURE = Participation()

"""What pictures share: labels that break, cells that are withheld, days as moments."""

from __future__ import annotations

import textwrap
from datetime import UTC, date, datetime, timedelta
from typing import Any

import altair as alt

from claqueur.publish.charts.look import values
from claqueur.publish.document.drawing import WITHHELD

ROW = 26
"""Pixels of a row with a label."""
ROOM = 92
"""Pixels for a short label, such as a group's."""

Row = dict[str, Any]


def broken(text: str, width: int) -> str:
    """A label in lines; :func:`rows_axis` breaks it there."""
    return "\n".join(textwrap.wrap(text, width) or [""])


def rows_axis(field: str, order: list[str], *, room: int) -> alt.Y:
    """The axis of rows with labels, in their order; ``room`` pixels are kept for them."""
    axis = alt.Axis(
        title=None, domain=False, ticks=False, labelLimit=0, labelPadding=10, labelFontSize=12,
        labelExpr="split(datum.label, '\\n')", labelLineHeight=14, minExtent=room, maxExtent=room,
    )  # fmt: skip
    return alt.Y(f"{field}:N", sort=order, axis=axis).scale(domain=order)


def moment(day: str | date) -> int:
    """The beginning of a day, as if in UTC, so that no reader's zone shifts it."""
    at = day if isinstance(day, date) else date.fromisoformat(day[:10])
    return int(datetime(at.year, at.month, at.day, tzinfo=UTC).timestamp() * 1000)


def week_end(day: str | date) -> int:
    """The end of a week that begins on a day."""
    at = day if isinstance(day, date) else date.fromisoformat(day[:10])
    return moment(at + timedelta(days=7))


def hatched(rows: list[Row]) -> alt.Chart:
    """Cells that are withheld."""
    cells: alt.Chart = alt.Chart(values(rows)).mark_rect(fill=WITHHELD, stroke=None)
    return cells


def weeks_axis(begin: int, end: int, field: str = "from") -> alt.X:
    """The axis of weeks: ticks on Mondays."""
    first = datetime.fromtimestamp(begin / 1000, UTC)
    count = max(round((end - begin) / 604_800_000), 1)
    step = -(-count // 8)
    ticks = [
        int((first + timedelta(weeks=n)).timestamp() * 1000) for n in range(0, count + 1, step)
    ]
    axis = alt.Axis(title=None, grid=False, values=ticks, format="%-d %b", labelOverlap=True)
    scale = alt.Scale(type="utc", domain=[begin, end], nice=False)
    return alt.X(f"{field}:T", scale=scale, axis=axis)

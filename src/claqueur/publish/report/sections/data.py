"""The data: which files, how much of them, how sharp their times, and every row not used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from claqueur.publish.charts.labels import duration_words
from claqueur.publish.report.context import Context
from claqueur.settings import UNIT_MS


@dataclass(frozen=True)
class Data:
    """What was read."""

    name: str = "data"
    order: int = 20
    title: str = "The data"

    def render(self, context: Context) -> Markup:
        """Files with their hashes, counts, span, lists of likers, and rows left out by reason."""
        return context.page(
            "data.html",
            inputs=context.run["inputs"],
            events=context.run["events"],
            objects=context.run.get("objects"),
            counters=context.run.get("counters"),
            refused=context.run["events"]["refused"],
            set_aside=context.run["set_aside"],
            noted=context.run["events"].get("noted", []),
            lists=_lists(context.run.get("lists")),
        )


def _lists(known: dict[str, Any] | None) -> dict[str, Any] | None:
    """What is known about lists and times, durations in words."""
    if not known:
        return None
    words = {
        name: None if known[f"{name}_ms"] is None else about(known[f"{name}_ms"])
        for name in ("spacing", "width_median", "width_90")
    }
    likes = known["interval"] + known["unknown"]
    return known | words | {"many_gone": 2 * (known["taken_back"] or 0) > likes > 0}


def about(value_ms: int) -> str:
    """A duration in words, to the whole unit of which there are at least two."""
    unit = next((ms for ms in sorted(UNIT_MS.values())[:0:-1] if value_ms >= 2 * ms), 1000)
    return duration_words(max(round(value_ms / unit), 1) * unit)


SECTION = Data()

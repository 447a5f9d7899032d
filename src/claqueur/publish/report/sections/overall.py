"""Pictures of the whole run."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from claqueur.publish.charts import charts
from claqueur.publish.report.context import Context

ELSEWHERE = ("participation",)
"""Charts that have their place in another section."""
FIRST = ("timeline", "sizes", "network", "delays", "weights", "rhythm")


@dataclass(frozen=True)
class Overall:
    """Every chart that shows the whole run."""

    name: str = "overall"
    order: int = 40
    title: str = "The whole picture"

    def render(self, context: Context) -> Markup:
        """The known charts in the order of the story, then whatever else was added."""
        known = [name for name, chart in charts().items() if chart.overall]
        known = [name for name in known if name not in ELSEWHERE]
        ordered = sorted(known, key=lambda name: (name not in FIRST, _place(name), name))
        return context.page("overall.html", names=ordered)


def _place(name: str) -> int:
    return FIRST.index(name) if name in FIRST else 0


SECTION = Overall()

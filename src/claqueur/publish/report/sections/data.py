"""The data: which files, how much of them, and every row that was not used."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from claqueur.publish.report.context import Context


@dataclass(frozen=True)
class Data:
    """What was read."""

    name: str = "data"
    order: int = 20
    title: str = "The data"

    def render(self, context: Context) -> Markup:
        """Files with their hashes, counts, span, and rows left out by reason."""
        return context.page(
            "data.html",
            inputs=context.run["inputs"],
            events=context.run["events"],
            refused=context.run["events"]["refused"],
            set_aside=context.run["set_aside"],
        )


SECTION = Data()

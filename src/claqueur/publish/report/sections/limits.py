"""Limits: what this report cannot show."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from claqueur.publish.report.context import Context


@dataclass(frozen=True)
class Limits:
    """What the result is not."""

    name: str = "limits"
    order: int = 60
    title: str = "Limits"

    def render(self, context: Context) -> Markup:
        """The same for every run of this version."""
        return context.page("limits.html")


SECTION = Limits()

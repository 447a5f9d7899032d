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
        """Those of the calibrated default, or those of thresholds chosen by hand."""
        if context.result.compared and not context.result.calibrated:
            return context.page("limits.html")
        names = {"timed": "calibration", "untimed": "untimed", "texts": "texts"}
        layers = {name: context.run.get(key) for name, key in names.items()}
        return context.page("limits_calibrated.html", **layers)


SECTION = Limits()

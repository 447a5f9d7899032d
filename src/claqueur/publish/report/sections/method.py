"""Method: what was counted, with which settings and versions."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from claqueur.publish.report.context import Context

COMPAT = {"coortweet": "CooRTweet", "qut": "the QUT coordination network toolkit"}


@dataclass(frozen=True)
class Method:
    """How pairs and groups were found."""

    name: str = "method"
    order: int = 30
    title: str = "Method and settings"

    def render(self, context: Context) -> Markup:
        """Definitions and settings, so that another newsroom can repeat the run."""
        settings, result = context.run["settings"], context.result
        thresholds = result.compared and not result.calibrated
        return context.page(
            "method.html" if thresholds else "method_calibrated.html",
            test=context.run.get("calibration"),
            untimed=context.run.get("untimed"),
            texts=context.run.get("texts"),
            layers=context.run.get("layers"),
            detect=settings["detect"],
            grouping=settings["groups"],
            networks=context.run["networks"],
            windows=sorted({row["window_ms"] or 0 for row in context.run["networks"]}),
            tool=COMPAT.get(context.run["compat"] or "", ""),
            versions={"claqueur": context.run["claqueur"], **context.run["versions"]},
        )


SECTION = Method()

"""Declared targets: how many liked more of them than their interests explain."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from claqueur.publish.report.context import Context
from claqueur.publish.target_sentence import target_sentences


@dataclass(frozen=True)
class TargetsSection:
    """The test of declared targets; nothing where none were declared."""

    name: str = "targets"
    order: int = 15
    title: str = "Declared targets"

    def render(self, context: Context) -> Markup:
        """The sentences, the numbers, the curve, and who could not be tested."""
        test = context.run.get("targets")
        if not test:
            return Markup()
        sizes: dict[int, dict[float, float]] = {}
        for row in test["sensitivity"]:
            sizes.setdefault(row["size"], {})[row["participation"]] = row["found"]
        return context.page(
            "targets.html",
            test=test,
            lines=target_sentences(test),
            sizes=sizes,
            shares=sorted({row["participation"] for row in test["sensitivity"]}),
        )


SECTION = TargetsSection()

"""How to check the package this document lies in: with Claqueur, and without it."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from claqueur.publish.document.language import N_
from claqueur.publish.document.story import Story


@dataclass(frozen=True)
class Check:
    """Commands that anybody can run offline."""

    name: str = "check"
    order: int = 80
    title: str = N_("How to check this package")

    def render(self, story: Story) -> Markup:
        """What each of them shows."""
        return story.page("check.html", version=story.release.run.get("claqueur", ""))


SECTION = Check()

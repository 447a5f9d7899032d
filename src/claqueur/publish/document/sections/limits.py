"""Limits: what could not be excluded, what cannot be seen, and what is withheld."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from claqueur.publish.document.aggregates import groups
from claqueur.publish.document.answers import innocents
from claqueur.publish.document.language import N_
from claqueur.publish.document.story import Story


@dataclass(frozen=True)
class Limits:
    """What this document does not show, and does not say."""

    name: str = "limits"
    order: int = 50
    title: str = N_("Limits: what could not be excluded")

    def render(self, story: Story) -> Markup:
        """Innocent explanations, blind spots, and what was left out to protect people."""
        found = groups(story.release.tables)
        return story.page(
            "limits.html",
            innocents=innocents(story),
            timed=any(group.timed for group in found) or not found,
            undated=any(group.untimed for group in found),
            worded=any(group.worded for group in found),
            tested=bool(story.items),
            withheld=story.facts.get("withheld") or [],
        )


SECTION = Limits()

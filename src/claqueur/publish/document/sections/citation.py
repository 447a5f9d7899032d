"""Citation: BibTeX that can be pasted."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from claqueur.publish.document.citing import bibtex
from claqueur.publish.document.language import N_
from claqueur.publish.document.story import Story


@dataclass(frozen=True)
class Citation:
    """How to cite the release and the software."""

    name: str = "citation"
    order: int = 90
    title: str = N_("How to cite this")

    def render(self, story: Story) -> Markup:
        """The entries, as they are in ``CITATION.bib``."""
        return story.page("citation.html", bibtex=bibtex(story))


SECTION = Citation()

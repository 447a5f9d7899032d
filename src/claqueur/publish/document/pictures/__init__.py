"""Pictures of the document: drawn from released aggregates only, one a file.

Each module with a ``PICTURE`` is a member of this room. Cells that are withheld are drawn as
such, never as a zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from altair.typing import ChartType

from claqueur.rooms import members

if TYPE_CHECKING:
    from claqueur.publish.document.story import Story

Entry = dict[str, Any]


@dataclass(frozen=True)
class Drawn:
    """A picture and its words.

    Attributes
    ----------
    notes
        Sentences below the title.
    shows
        What is to be seen, for those who do not see it.
    source
        The file of the release it is drawn from.
    """

    chart: ChartType
    title: str
    notes: tuple[str, ...]
    shows: str
    source: str


class Picture(Protocol):
    """A way of drawing a release, or one item of it."""

    name: str

    def draw(self, story: Story, entry: Entry | None) -> Drawn | None:
        """The picture; None where there is nothing to see."""


def picture(name: str) -> Picture:
    """One of the pictures there are."""
    found: Picture = members("claqueur.publish.document.pictures", "PICTURE")[name]
    return found

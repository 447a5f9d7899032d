"""Method: a paragraph to paste, what every null model keeps, and the public record of the run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from claqueur.publish.document.citing import literature, method_sentences
from claqueur.publish.document.language import N_
from claqueur.publish.document.story import Story

MOST_SETTINGS = 60
LEFT_OUT = ("nulls", "format")
"""Said elsewhere, or of no use to a reader."""


@dataclass(frozen=True)
class Method:
    """How the answers came about."""

    name: str = "method"
    order: int = 40
    title: str = N_("Method")

    def render(self, story: Story) -> Markup:
        """The paragraph, the null models, literature, and settings as they were released."""
        nulls = story.release.run.get("nulls") or {}
        rest = {name: value for name, value in story.release.run.items() if name not in LEFT_OUT}
        return story.page(
            "method.html",
            sentences=method_sentences(story),
            literature=literature(story),
            nulls=nulls if isinstance(nulls, dict) else {},
            settings=list(_flat(rest))[:MOST_SETTINGS],
        )


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Settings as names and values; names of what is within others have dots."""
    if isinstance(value, dict):
        for key, own in value.items():
            yield from _flat(own, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list):
        if value and not any(isinstance(each, dict | list) for each in value):
            yield name, ", ".join(map(str, value))
    elif value not in (None, "", False):
        yield name, str(value)


SECTION = Method()

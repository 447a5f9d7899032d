"""Comments: tone, genericness and templates before and after. Not available yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from claqueur.directive.finding import Finding, unavailable
from claqueur.directive.question import Question


@dataclass(frozen=True)
class Comments:
    """Says that the words of comments are not looked at yet."""

    name: str = "comments"
    order: int = 50
    help: str = "tone, genericness and templates of comments: not available yet"

    def findings(self, question: Question) -> Sequence[Finding]:
        """One entry, where comments were ordered."""
        if "comment" not in question.item.action:
            return []
        why = "this version does not look at the words of comments; it counts them"
        return [unavailable(self.name, "tone, genericness and templates", why, counts=False)]


TEST = Comments()

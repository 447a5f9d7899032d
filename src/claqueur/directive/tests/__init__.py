"""What an item of a directive is tested by: one file a test, each with one ``TEST``.

A test looks at a :class:`~claqueur.directive.question.Question` and gives findings; where the
data do not allow a measure it says so. Whether a measure counts is settled by the record and by
what was collected, before any of its numbers is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from claqueur.directive.finding import Finding
from claqueur.directive.question import Question
from claqueur.rooms import members


class Test(Protocol):
    """A way of testing an item."""

    name: str
    order: int
    help: str

    def findings(self, question: Question) -> Sequence[Finding]:
        """Its measures, those that are not available among them; empty where it does not apply."""


def tests() -> list[Test]:
    """All tests in the order of a report."""
    found: list[Test] = list(members("claqueur.directive.tests", "TEST").values())
    return sorted(found, key=lambda test: (test.order, test.name))

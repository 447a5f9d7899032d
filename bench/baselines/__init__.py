"""Other ways of finding coordinated accounts, written from their papers: one a file.

Each module with a ``BASELINE`` is a member. It turns a table of events into accounts with a
score (higher is more suspicious), whether they are flagged, and a group. None was written by
the authors of the papers, and none is tuned to a dataset except where its name says so.

Events count for all of them alike: every action but the pages' own posts; the timed ones use
those whose time is known to the moment.
"""

from __future__ import annotations

from claqueur.evaluation import Method
from claqueur.rooms import members


def baselines() -> dict[str, Method]:
    """All baselines by name."""
    return members("bench.baselines", "BASELINE")

"""The groups: how many, how large, when they were active, and what they wrote."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from claqueur.publish.document.aggregates import Group, groups, members, templates
from claqueur.publish.document.answers import level
from claqueur.publish.document.certainty import step
from claqueur.publish.document.language import DASH, N_
from claqueur.publish.document.story import Story

PATTERNS = {
    "sustained": N_("sustained"),
    "one-off": N_("one occasion"),
    "undated": N_("without times"),
}
PICTURES = ("weeks", "rhythm", "participation")
MOST_FRAMES = 30


@dataclass(frozen=True)
class Groups:
    """Aggregates of groups, never a member."""

    name: str = "groups"
    order: int = 30
    title: str = N_("The groups")

    def render(self, story: Story) -> Markup:
        """A table, pictures, and frames of what was written."""
        found = groups(story.release.tables)
        frames = templates(story.release.tables)
        return story.page(
            "groups.html",
            rows=[_row(story, group) for group in found],
            members=members(found),
            level=level(story),
            undated=any(group.untimed for group in found),
            worded=any(group.worded for group in found),
            pictures=[story.figure(name) for name in PICTURES] if found else [],
            frames=[_frame(story, row) for row in frames[:MOST_FRAMES]],
            more=max(len(frames) - MOST_FRAMES, 0),
        )


def _row(story: Story, group: Group) -> dict[str, Any]:
    say = story.language
    known = group.first_week and group.last_week
    return {
        "number": group.number,
        "size": say.number(group.size),
        "pattern": say.gettext(PATTERNS.get(group.pattern, group.pattern)),
        "weeks": say.short_span(group.first_week, group.last_week) if known else DASH,
        "active": say.number(group.weeks),
        "pages": say.number(group.pages),
        "actions": say.number(group.actions),
        "pooled": group.pooled,
        "step": step(group.q_value) if group.q_value is not None else None,
        "q": say.p(group.q_value),
    }


def _frame(story: Story, row: dict[str, Any]) -> dict[str, Any]:
    say = story.language
    return {
        "group": row["group"],
        "frame": row["frame"],
        "accounts": say.number(row.get("accounts")),
        "weeks": say.number(row.get("weeks")),
    }


SECTION = Groups()

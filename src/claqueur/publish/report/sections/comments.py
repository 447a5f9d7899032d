"""Comments: what each group's texts were made from, and members' comments side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl
from markupsafe import Markup

from claqueur.model import SMALLEST_SHOWN, VOICES
from claqueur.publish.report.context import Context
from claqueur.texts.wording import marked, unnamed

GROUPS, TEMPLATES, SIDE_BY_SIDE, COMMENTS = 12, 12, 3, 6
"""Groups, templates of each, templates whose comments are shown, comments of each."""


@dataclass(frozen=True)
class Comments:
    """Templates with their slots, and how their copies differ."""

    name: str = "comments"
    order: int = 55
    title: str = "What they wrote"

    def render(self, context: Context) -> Markup:
        """One part for each group that shares texts; empty where none does."""
        known = context.result.templates.filter(pl.col("group_id").is_not_null())
        groups = known["group_id"].unique().sort().head(GROUPS).to_list()
        if not groups:
            return Markup("")
        parts = [_part(context, group_id) for group_id in groups]
        return context.page("comments.html", parts=parts, voices=_voices(context))


def _voices(context: Context) -> list[dict[str, Any]]:
    """What comments of groups are like, and those of everybody else."""
    table = context.result.others.get("voices", pl.DataFrame(schema=VOICES))
    large = pl.col("group_id").is_null() | (pl.col("accounts") >= SMALLEST_SHOWN)
    return table.filter(large).to_dicts()


def _part(context: Context, group_id: int) -> dict[str, Any]:
    own = context.result.templates.filter(pl.col("group_id") == group_id)
    anchor = f"comments-{group_id}"
    context.entries.append(("comments", anchor, f"Group {group_id}"))
    shown = own.head(TEMPLATES)
    return {
        "group_id": group_id,
        "anchor": anchor,
        "templates": shown.to_dicts(),
        "left_out": own.height - shown.height,
        "side_by_side": [_side(context, row) for row in own.head(SIDE_BY_SIDE).to_dicts()],
    }


def _side(context: Context, row: dict[str, Any]) -> dict[str, Any]:
    """Some members' comments made from a template, the first of each."""
    own = context.result.copies.filter(
        pl.col("group_id") == row["group_id"], pl.col("template") == row["template"]
    )
    first = own.unique("account_id", keep="first", maintain_order=True)
    few = first.head(COMMENTS)
    few = few.with_columns(
        member=context.members(few["account_id"]), post=context.objects(few["object_id"])
    )
    lines = [
        {**line, "pieces": marked(unnamed(line["text"]), row["frame"])}
        for line in few.select("time", "member", "post", "text").to_dicts()
    ]
    return {"frame": row["frame"], "lines": lines, "all": own.height}


SECTION = Comments()

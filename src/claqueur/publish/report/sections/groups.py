"""The groups: all of them as tables, the largest with pictures and samples of evidence."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import polars as pl
from markupsafe import Markup

from claqueur.groups.activity import pictured
from claqueur.groups.profile import leaders, shared_objects
from claqueur.model import GROUPS_PICTURED
from claqueur.publish.charts import charts
from claqueur.publish.charts.labels import in_network, network_text, networks, opening
from claqueur.publish.report.context import Context

ROWS = 100
OBJECTS = 10
ENDS = 5
SAMPLE = 15
PATTERNS = {
    "sustained": (
        "Sustained groups",
        "What ties these groups is spread over more than 24 hours.",
    ),
    "one-off": (
        "One-off groups",
        "Everything that ties these groups falls within 24 hours: one occasion, which a single "
        "appeal, contest or news event explains as well. They are kept apart for that reason.",
    ),
    "undated": (
        "Undated groups",
        "They act on the same objects. No times are known, so nothing can be said about when, and "
        "a shared interest explains it as well as an order.",
    ),
}
TIMED = ("timeline", "rhythm", "cumulative", "order", "features")
"""Pictures that groups without times have none of."""
DATED = ("timeline", "rhythm")
"""Those of them for which times are enough, and no window is needed."""
FIRST = ("matrix", "timeline", "rhythm", "cumulative")


@dataclass(frozen=True)
class Groups:
    """Groups by network, sustained and one-off ones apart."""

    name: str = "groups"
    order: int = 50
    title: str = "The groups"

    def render(self, context: Context) -> Markup:
        """One part for each network that has groups."""
        found = context.result.groups
        parts = [_part(context, place, row) for place, row in enumerate(networks(found), start=1)]
        empty = [row for row in context.run["networks"] if not row["groups"]]
        return context.page(
            "groups.html",
            parts=parts,
            empty=empty,
            most=GROUPS_PICTURED,
            calibrated=context.result.calibrated,
            compared=context.result.compared,
        )


@dataclass(frozen=True)
class Kind:
    """The groups of one network that have one pattern."""

    pattern: str
    title: str
    meaning: str
    rows: list[dict[str, Any]]
    left_out: int
    pictures: list[Markup] = field(default_factory=list)


def _part(context: Context, place: int, network: dict[str, Any]) -> dict[str, Any]:
    anchor = f"network-{place}"
    title = opening(network_text(network))
    context.entries.append(("groups", anchor, title))
    groups = context.result.groups.filter(*in_network(network))
    shown = pictured(groups)
    kinds = [_kind(context, groups, pattern, shown) for pattern in PATTERNS]
    return {
        "anchor": anchor,
        "title": title,
        "count": groups.height,
        "kinds": [kind for kind in kinds if kind.rows],
        "shown": shown,
    }


def _kind(context: Context, groups: pl.DataFrame, pattern: str, shown: list[int]) -> Kind:
    own = groups.filter(pl.col("pattern") == pattern)
    own = own.sort(["size", "group_id"], descending=[True, False])
    title, meaning = PATTERNS[pattern]
    rows = own.head(ROWS).to_dicts()
    large = own.filter(pl.col("group_id").is_in(shown)).to_dicts()
    pictures = [_group(context, row) for row in large]
    return Kind(pattern, title, meaning, rows, max(own.height - ROWS, 0), pictures)


def _group(context: Context, row: dict[str, Any]) -> Markup:
    group_id = row["group_id"]
    evidence = context.result.evidence
    order = leaders(evidence, group_id)
    order = order.with_columns(member=context.members(order["account_id"]))
    own = shared_objects(evidence, group_id)
    objects = own.head(OBJECTS).with_columns(object=context.objects(own["object_id"].head(OBJECTS)))
    known = [name for name, chart in charts().items() if chart.per_group]
    if row["window_ms"] is None:
        dated = DATED if row["first_time"] else ()
        known = [name for name in known if name not in TIMED or name in dated]
    elif "features" not in context.result.others:
        known.remove("features")
    return context.page(
        "group.html",
        row=row,
        figures=[name for name in FIRST if name in known] + sorted(set(known) - set(FIRST)),
        objects=objects.to_dicts(),
        first=order.head(ENDS).to_dicts(),
        last=order.tail(ENDS).to_dicts(),
        sample=_sample(context, group_id, own),
    )


def _sample(context: Context, group_id: int, objects: pl.DataFrame) -> dict[str, Any]:
    """The first actions on the most shared objects, a few of all."""
    rows = context.result.group_evidence(group_id)
    ranked = objects.select("object_id").with_row_index("rank")
    few = rows.join(ranked, on="object_id").sort("rank", "time", "account_id").head(SAMPLE)
    few = few.with_columns(
        member=context.members(few["account_id"]), object=context.objects(few["object_id"])
    )
    return {"rows": few.select("time", "member", "action", "object").to_dicts(), "all": rows.height}


SECTION = Groups()

"""Groups, and one group from all sides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import polars as pl
from pydantic import Field

from claqueur.browse import pictures
from claqueur.browse.index import Index
from claqueur.model import CO_ACTION, CO_ENGAGEMENT, CO_TEXT
from claqueur.review import Decision, decisions, history
from claqueur.texts.wording import marked, unnamed
from claqueur.web.calls import Call, Endpoint, OfRun, Paged
from claqueur.web.problems import NotFound
from claqueur.web.told import (
    Act,
    Comment,
    GroupPage,
    GroupTold,
    Member,
    Page,
    Picture,
    Shared,
    Template,
)
from claqueur.web.views.runs import sentences

_ORDERS: dict[str, tuple[list[str], list[bool]]] = {
    "rank": (["rank"], [False]),
    "size": (["size", "rank"], [True, False]),
    "objects": (["objects", "rank"], [True, False]),
    "first_time": (["first_time", "rank"], [False, False]),
    "certainty": (["q_value", "rank"], [False, False]),
}
_LEVEL = 0.05


class Listing(OfRun, Paged):
    """Which groups, in which order; never by page or institution."""

    sort: Literal["rank", "size", "objects", "first_time", "certainty"] = "rank"
    layer: str = Field("", max_length=40)
    pattern: str = Field("", max_length=40)
    verdict: Literal["", "accepted", "rejected", "doubtful", "open"] = ""


class PagedRun(OfRun, Paged):
    """Which part of what belongs to a run."""


class Matrix(OfRun):
    """How many objects are pictured."""

    objects: int = Field(200, ge=1, le=1000)


class OfTemplate(PagedRun):
    """Comments of one template only."""

    template: str = Field("", max_length=2000)


class Acts(PagedRun):
    """Which of a group's actions; members and objects by their number in it."""

    member: int | None = Field(None, ge=0, le=1 << 31)
    object: int | None = Field(None, ge=0, le=1 << 31)
    from_ms: int | None = Field(None, ge=-(1 << 53), le=1 << 53)
    to_ms: int | None = Field(None, ge=-(1 << 53), le=1 << 53)
    weekday: int | None = Field(None, ge=1, le=7)
    hour: int | None = Field(None, ge=0, le=23)


def _decided(call: Call) -> dict[str, Decision]:
    """What was decided about groups, by their number."""
    made = decisions(call.case, call.run)
    return {each.finding.key: each for each in made if each.finding.kind == "group"}


def _told(row: dict[str, Any], decided: dict[str, Decision]) -> dict[str, Any]:
    found = decided.get(str(row["group_id"]))
    same = ("rank", "size", "objects", "pages", "episodes", "pattern", "first_time", "last_time",
            "layers", "action", "window_ms", "density", "p_value", "q_value", "certainty", "text",
            "spark")  # fmt: skip
    return {
        "group": row["group_id"], **{name: row[name] for name in same},
        "verdict": found.verdict if found else "", "note": found.note if found else "",
    }  # fmt: skip


def listed(call: Call) -> dict[str, Any]:
    """List groups, ranked, with how certain each is."""
    groups, decided, query = call.index.groups, _decided(call), call.query
    chosen = groups
    if query.layer:
        chosen = chosen.filter(pl.col("layers").list.contains(query.layer))
    if query.pattern:
        chosen = chosen.filter(pl.col("pattern") == query.pattern)
    if query.verdict:
        wanted = "" if query.verdict == "open" else query.verdict
        keys = [int(key) for key, each in decided.items() if each.verdict == wanted]
        chosen = chosen.filter(pl.col("group_id").is_in(keys))
    by, descending = _ORDERS[query.sort]
    part = chosen.sort(by, descending=descending, nulls_last=True).slice(query.offset, query.limit)
    rows = [_told(row, decided) for row in part.iter_rows(named=True)]
    return {
        **call.page(rows, chosen.height),
        "layers": groups["layers"].explode().drop_nulls().unique().sort().to_list(),
        "patterns": groups["pattern"].unique().sort().to_list(),
    }


def _place(call: Call) -> tuple[Index, int]:
    """The index and the number of the group.

    Raises
    ------
    NotFound
        If there is none.
    """
    index, group = call.index, int(call.path["group"])
    if group not in index.ranks:
        raise NotFound(f"group {group}: there is none in run {call.run.name}")
    return index, group


def whole(call: Call) -> dict[str, Any]:
    """Say everything about a group that stands beside its pictures."""
    index, group = _place(call)
    place = index.ranks[group]
    row = index.groups.row(place, named=True)
    order = index.groups["group_id"]
    made = [each for each in history(call.case, call.run) if each.finding.key == str(group)]
    why = pictures.why_none(index, group)
    return {
        **_told(row, _decided(call)),
        "previous": order[place - 1] if place else None,
        "next": order[place + 1] if place + 1 < len(order) else None,
        "stability_median": row["stability_median"],
        "layer_p": _layer_p(str(call.run), group), "voices": _voices(str(call.run), group),
        "pictures": not why, "why": why, "sentences": sentences(str(call.run)),
        "alternatives": _alternatives(row["layers"]),
        "history": [decision(each) for each in made],
    }  # fmt: skip


def _alternatives(layers: list[str]) -> list[str]:
    """Innocent explanations that cannot be excluded, each once."""
    # Loaded here: it brings the charts along.
    from claqueur.publish.sentence import COPYING, INNOCENT, INTEREST

    known = {CO_ACTION: INNOCENT, CO_ENGAGEMENT: INTEREST, CO_TEXT: COPYING}
    return list(dict.fromkeys(text for name in layers for text in known.get(name, ())))


def decision(each: Decision) -> dict[str, Any]:
    """A decision as the API tells of it."""
    rest = {name: value for name, value in asdict(each).items() if name != "finding"}
    return {"key": each.finding.key, "kind": each.finding.kind, "text": each.finding.text, **rest}


@lru_cache(maxsize=4096)
def _layer_p(run: str, group: int) -> dict[str, int] | None:
    """Members of a group whom each layer alone takes for significant."""
    path = Path(run) / "layers.parquet"
    if not path.exists():
        return None
    rows = pl.scan_parquet(path).filter(pl.col("group_id") == group).collect()
    return {
        name: int((rows[f"{name}_p_value"] <= _LEVEL).sum())
        for name in ("timed", "untimed", "text")
    }


@lru_cache(maxsize=4096)
def _voices(run: str, group: int) -> dict[str, Any] | None:
    path = Path(run) / "voices.parquet"
    if not path.exists():
        return None
    rows = {row.pop("group_id"): row for row in pl.read_parquet(path).iter_rows(named=True)}
    if group not in rows or None not in rows:
        return None
    return {"group": rows[group], "others": rows[None]}


def members(call: Call) -> dict[str, Any]:
    """List the members of a group, in the order of their pseudonyms."""
    index, group = _place(call)
    name = "account_id" if call.identities else "shown"
    rows = index.of_group("members", group)
    part = rows.slice(call.query.offset, call.query.limit).select(
        "member", pl.col(name).alias("account"), "p_value", "q_value", "stability", "weight"
    )
    return call.page(part.to_dicts(), rows.height)


def objects(call: Call) -> dict[str, Any]:
    """List the objects that a group shares, the most shared first."""
    index, group = _place(call)
    rows = index.of_group("objects", group)
    part = rows.slice(call.query.offset, call.query.limit)
    ids = index.shown(part["shown_id"].to_list(), call.identities)
    pages = index.shown(part["shown_page"].to_list(), call.identities)
    facts = part.select("object", "members", "first_time", "last_time").to_dicts()
    return call.page(
        [{**fact, "id": name, "page": page, "url": _url(name)}
         for fact, name, page in zip(facts, ids, pages, strict=True)],
        rows.height,
    )  # fmt: skip


def _url(name: str | None) -> str | None:
    """Where a post of a public page can be seen; nowhere for posts on people's own walls."""
    if name and name.startswith("wall-") and name[5:].replace("_", "", 1).isdigit():
        return f"https://vk.com/{name}"
    return None


def matrix(call: Call) -> dict[str, Any]:
    """Give what the matrix of members by objects is drawn from."""
    return pictures.matrix(*_place(call), call.query.objects, call.identities)


def timeline(call: Call) -> dict[str, Any]:
    """Give what the timeline is drawn from."""
    return pictures.timeline(*_place(call), call.identities)


def rhythm(call: Call) -> dict[str, Any]:
    """Give actions by weekday and hour."""
    return pictures.rhythm(*_place(call))


def coverage(call: Call) -> dict[str, Any]:
    """Give how much of the group's objects members acted on, beside organic accounts."""
    return pictures.coverage(*_place(call))


def _of_texts(call: Call, table: str) -> pl.DataFrame:
    _, group = _place(call)
    path = call.run / f"{table}.parquet"
    if not path.exists():
        return pl.DataFrame({"template": pl.Series([], dtype=pl.String)})
    return pl.scan_parquet(path).filter(pl.col("group_id") == group).collect()


def templates(call: Call) -> dict[str, Any]:
    """List the templates that a group's comments were made from."""
    rows = _of_texts(call, "templates")
    part = rows.slice(call.query.offset, call.query.limit)
    names = ("template", "frame", "words", "comments", "accounts", "posts", "first_time",
             "last_time", "rarity_bits", "rare")  # fmt: skip
    told = [{name: row[name] for name in names} for row in part.iter_rows(named=True)]
    return call.page(told, rows.height)


def comments(call: Call) -> dict[str, Any]:
    """List a group's comments beside what they were made from."""
    index, group = _place(call)
    rows = _of_texts(call, "copies")
    frames: dict[str, str] = {}
    if not rows.is_empty():
        frames = dict(_of_texts(call, "templates").select("template", "frame").iter_rows())
    if call.query.template:
        rows = rows.filter(pl.col("template") == call.query.template)
    part = rows.slice(call.query.offset, call.query.limit)
    numbers = dict(index.of_group("members", group).select("account_id", "member").iter_rows())
    accounts = index.accounts(group, call.identities)
    shown = dict(index.objects.select("object_id", "shown_id").iter_rows())
    told = []
    for row in part.iter_rows(named=True):
        member = numbers.get(row["account_id"])
        text = row["text"] if call.identities else unnamed(row["text"])
        (post,) = index.shown([shown.get(row["object_id"])], call.identities)
        told.append({
            "member": member, "account": "" if member is None else accounts[member],
            "object": post, "time": row["time"],
            "pieces": [{"text": piece, "same": same}
                       for piece, same in marked(text, frames.get(row["template"], ""))],
        })  # fmt: skip
    return call.page(told, rows.height)


def evidence(call: Call) -> dict[str, Any]:
    """List the actions behind a group's numbers."""
    index, group = _place(call)
    rows = index.acts(group)
    for condition in _conditions(call.query, index.zone):
        rows = rows.filter(condition)
    part = rows.slice(call.query.offset, call.query.limit)
    accounts = index.accounts(group, call.identities)
    own = index.of_group("objects", group)
    ids = index.shown(own["shown_id"].to_list(), call.identities)
    pages = index.shown(own["shown_page"].to_list(), call.identities)
    words = index.words
    return call.page(
        [
            {
                "member": row["member"], "account": accounts[row["member"]],
                "action": words["action"][row["action"]], "object": row["object"],
                "id": ids[row["object"]], "page": pages[row["object"]],
                **{name: row[name] for name in
                   ("time", "time_min", "time_max", "rank", "poll_time", "list_count")},
                "exact": row["time"] is not None and row["time_min"] == row["time_max"],
                "layer": words["layer"][row["layer"]],
            }
            for row in part.iter_rows(named=True)
        ],
        rows.height,
    )  # fmt: skip


def _conditions(query: Acts, zone: str) -> Iterator[pl.Expr]:
    local = pl.col("time").dt.convert_time_zone(zone)
    same = {
        "member": pl.col("member"), "object": pl.col("object"),
        "weekday": local.dt.weekday(), "hour": local.dt.hour(),
    }  # fmt: skip
    for name, column in same.items():
        if (wanted := getattr(query, name)) is not None:
            yield column == wanted
    at = pl.col("time").dt.epoch("ms")
    if query.from_ms is not None:
        yield at >= query.from_ms
    if query.to_ms is not None:
        yield at < query.to_ms


ENDPOINTS = (
    Endpoint("GET", "/api/groups", listed, GroupPage, query=Listing),
    Endpoint("GET", "/api/groups/{group}", whole, GroupTold, query=OfRun),
    Endpoint("GET", "/api/groups/{group}/members", members, Page[Member], query=PagedRun),
    Endpoint("GET", "/api/groups/{group}/objects", objects, Page[Shared], query=PagedRun),
    Endpoint("GET", "/api/groups/{group}/matrix", matrix, Picture, query=Matrix),
    Endpoint("GET", "/api/groups/{group}/timeline", timeline, Picture, query=OfRun),
    Endpoint("GET", "/api/groups/{group}/rhythm", rhythm, Picture, query=OfRun),
    Endpoint("GET", "/api/groups/{group}/coverage", coverage, Picture, query=OfRun),
    Endpoint("GET", "/api/groups/{group}/templates", templates, Page[Template], query=PagedRun),
    Endpoint("GET", "/api/groups/{group}/comments", comments, Page[Comment], query=OfTemplate),
    Endpoint("GET", "/api/groups/{group}/evidence", evidence, Page[Act], query=Acts),
)

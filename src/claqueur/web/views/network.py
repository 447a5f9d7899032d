"""The network: groups first, their members on demand, the file for Gephi."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path
from typing import Any

from pydantic import Field
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response

from claqueur.browse.network import EDGES_AT_MOST, graph, meta_graph
from claqueur.publish.privacy import case_pseudonyms
from claqueur.results import Result
from claqueur.review import VERDICTS, decisions
from claqueur.web.calls import Call, Endpoint, OfRun
from claqueur.web.places import room
from claqueur.web.problems import NotFound
from claqueur.web.told import Graph, MetaGraph


class OfNetwork(OfRun):
    """Which network of the run; all of them for 0."""

    network: int = Field(0, ge=0, le=10_000)


class Whole(OfNetwork):
    """How many edges are given at most."""

    max_edges: int = Field(100_000, ge=0, le=EDGES_AT_MOST)


def meta(call: Call) -> dict[str, Any]:
    """Give groups as nodes, and what they have in common as edges."""
    found = meta_graph(call.index, call.query.network)
    verdicts = ["", *VERDICTS]
    decided = {each.finding.key: each.verdict for each in decisions(call.case, call.run)}
    numbers = found["groups"]["group"]
    said = [verdicts.index(decided.get(str(number), "")) for number in numbers]
    return {**found, "groups": {**found["groups"], "verdict": said}, "verdicts": verdicts}


def one_group(call: Call) -> dict[str, Any]:
    """Give the members of a group and their edges."""
    group = int(call.path["group"])
    if group not in call.index.ranks:
        raise NotFound(f"group {group}: there is none in run {call.run.name}")
    return graph(call.index, 0, group=group, identities=call.identities)


def everything(call: Call) -> dict[str, Any]:
    """Give all accounts of a network and their strongest edges."""
    query = call.query
    return graph(
        call.index, query.network, edges=query.max_edges, identities=call.identities
    )  # fmt: skip


def gexf(call: Call) -> Response:
    """Download a network for Gephi, Gephi Lite and others."""
    # Loaded here: the graph library takes a while, and few ask for the file.
    from claqueur.publish.export import export_network

    folder = room(call.case, "scratch") / secrets.token_hex(8)
    path = folder / "network.gexf"
    names = None if call.identities else case_pseudonyms(call.case.id)
    try:
        export_network(
            Result.load(call.run), path, network=call.query.network, pseudonyms=names
        )  # fmt: skip
    except BaseException:
        _gone(folder)
        raise
    return FileResponse(
        path, media_type="application/xml", filename=f"network-{call.run.name}.gexf",
        headers={"cache-control": "no-store"}, background=BackgroundTask(_gone, folder),
    )  # fmt: skip


def _gone(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


ENDPOINTS = (
    Endpoint("GET", "/api/network", meta, MetaGraph, query=OfNetwork),
    Endpoint("GET", "/api/network/graph", everything, Graph, query=Whole),
    Endpoint("GET", "/api/network/groups/{group}", one_group, Graph, query=OfRun),
    Endpoint("GET", "/api/network.gexf", gexf, "application/xml", query=OfNetwork),
)

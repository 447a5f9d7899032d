"""Networks for other programs: GEXF, GraphML, CSV and Parquet, weights and attributes kept."""

from __future__ import annotations

import re
from contextlib import ExitStack
from pathlib import Path

import networkx as nx
import polars as pl

from claqueur.atomic import whole_file
from claqueur.errors import CaseError, SettingError
from claqueur.publish.privacy import Pseudonyms
from claqueur.results import Result
from claqueur.settings import duration_text

_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
FORMATS = (".gexf", ".graphml", ".csv", ".parquet")


def export_network(
    result: Result, path: str | Path, *, network: int = 0, pseudonyms: Pseudonyms | None = None
) -> list[Path]:
    """Write one network of a run; the ending of the path names the format.

    Parameters
    ----------
    network
        Which network, from 1 as listed in ``run.json``; 0 for the only one.
    pseudonyms
        Write these instead of account ids.

    Returns
    -------
    list of Path
        The files written; CSV and Parquet have one for edges and one for accounts.
    """
    path = Path(path)
    if path.suffix not in FORMATS:
        raise SettingError(f"{path}: the ending names the format; use {', '.join(FORMATS)}")
    targets = [path]
    if path.suffix in (".csv", ".parquet"):
        targets.append(path.with_stem(f"{path.stem}-accounts"))
    for target in targets:
        if target.exists():
            raise CaseError(f"{target}: exists; choose another name")
    nodes, edges = network_tables(result, network, pseudonyms)
    writers = {".gexf": nx.write_gexf, ".graphml": nx.write_graphml}
    with ExitStack() as files:
        # All are written before the first is renamed: both or neither.
        works = [files.enter_context(whole_file(target)) for target in targets]
        for work, table in zip(works, (edges, nodes), strict=False):
            if path.suffix in writers:
                writers[path.suffix](_graph(nodes, edges), work)
            elif path.suffix == ".csv":
                _flat(table).write_csv(work)
            else:
                table.write_parquet(work)
    return targets


def network_tables(
    result: Result, network: int, pseudonyms: Pseudonyms | None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Accounts (id, group, weight) and edges (all columns of pairs) of one network."""
    chosen = _chosen(result, network)
    window = pl.lit(chosen["window_ms"], pl.Int64)
    here = (pl.col("action") == chosen["action"]) & pl.col("window_ms").eq_missing(window)
    edges = result.pairs.filter(here)
    groups = result.groups.filter(here)["group_id"].implode()
    members = result.accounts.filter(pl.col("group_id").is_in(groups))
    ends = pl.concat([edges["account_a"], edges["account_b"].rename("account_a")])
    nodes = (
        ends.unique()
        .sort()
        .to_frame("account_id")
        .join(members, on="account_id", how="left", maintain_order="left")
    )
    if pseudonyms:
        nodes = nodes.with_columns(account_id=pseudonyms.of_all(nodes["account_id"]))
        edges = edges.with_columns(
            account_a=pseudonyms.of_all(edges["account_a"]),
            account_b=pseudonyms.of_all(edges["account_b"]),
        )
    return nodes, edges


def _chosen(result: Result, network: int) -> dict[str, object]:
    networks = result.run["networks"]
    listed = "; ".join(
        f"{i} = {entry['action']} {_window(entry['window_ms'])}"
        for i, entry in enumerate(networks, 1)
    )
    if network == 0 and len(networks) == 1:
        network = 1
    if not 1 <= network <= len(networks):
        raise SettingError(f"name one of the run's networks with --network: {listed}")
    found: dict[str, object] = networks[network - 1]
    return found


def _window(window_ms: int | None) -> str:
    return "without times" if window_ms is None else f"within {duration_text(window_ms)}"


def _graph(nodes: pl.DataFrame, edges: pl.DataFrame) -> nx.Graph:
    graph = nx.Graph()
    for node in _rows(nodes):
        graph.add_node(node["account_id"], label=node.pop("account_id"), **node)
    for edge in _rows(edges):
        graph.add_edge(edge.pop("account_a"), edge.pop("account_b"), **edge)
    return graph


def _rows(table: pl.DataFrame) -> list[dict[str, object]]:
    """Rows without nulls and control characters, which graph formats cannot write."""
    return [
        {name: _writable(value) for name, value in row.items() if value is not None}
        for row in _flat(table).to_dicts()
    ]


def _writable(value: object) -> object:
    return _NOT_XML.sub("\ufffd", value) if isinstance(value, str) else value


def _flat(table: pl.DataFrame) -> pl.DataFrame:
    """Lists as one cell, for formats that have none."""
    return table.with_columns(pl.selectors.by_dtype(pl.List(pl.String)).list.join("|"))

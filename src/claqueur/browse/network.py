"""The network of a run: groups and what they have in common, and accounts with their edges.

Places are worked out once a run and kept in its index. Groups are circles that do not overlap,
their members lie inside them; whoever is in no group lies around all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import coo_array

from claqueur.atomic import whole_file
from claqueur.browse.index import Index
from claqueur.browse.layout import SEED, apart, layout, spiral
from claqueur.errors import SettingError
from claqueur.model import FUSED
from claqueur.settings import duration_text

LINKS_AT_MOST = 4000
EDGES_AT_MOST = 200_000
MET_AT_MOST = 500
"""Members of a group between whom everything in common is shown as an edge."""
_KEY = ("layer", "action", "window_ms")
_GAP = 1.15
I64 = NDArray[np.int64]


@dataclass(frozen=True)
class Network:
    """The laid-out network of a run.

    Attributes
    ----------
    nodes
        ``group_id`` (0 for none), ``member`` (-1 there), ``account_id``, the network's ``layer``,
        ``action``, ``window_ms``, ``weight``, ``x``, ``y``.
    edges
        ``a``, ``b`` (rows of nodes), ``weight``, ``layer``; the strongest first.
    groups
        ``group_id``, ``x``, ``y``, ``radius``, ``edges``, and its network.
    links
        ``a``, ``b`` (numbers of groups), ``objects``, ``accounts``, ``pairs``, ``weight``.
    """

    nodes: pl.DataFrame
    edges: pl.DataFrame
    groups: pl.DataFrame
    links: pl.DataFrame

    @cached_property
    def bounds(self) -> list[float]:
        """Left, bottom, right and top of everything."""
        parts = (self.nodes, self.groups.with_columns(radius=pl.col("radius")))
        x, y = (np.concatenate([part[axis].to_numpy() for part in parts]) for axis in ("x", "y"))
        if not len(x):
            return [0.0, 0.0, 1.0, 1.0]
        wide = float(self.groups["radius"].to_numpy().max(initial=0.0))
        return [round(float(edge), 3) for edge in
                (x.min() - wide, y.min() - wide, x.max() + wide, y.max() + wide)]  # fmt: skip


def network_of(index: Index) -> Network:
    """The network of a run, laid out when it is first asked for."""
    names = ("nodes", "edges", "groups", "links")
    paths = {name: index.folder / f"network-{name}.parquet" for name in names}
    if not all(path.exists() for path in paths.values()):
        made = _made(index)
        for name, path in paths.items():
            with whole_file(path) as work:
                getattr(made, name).write_parquet(work)
        return made
    return Network(**{name: pl.read_parquet(path) for name, path in paths.items()})


def networks(index: Index) -> list[dict[str, Any]]:
    """The networks that a run has, numbered from 1."""
    return [
        {
            "network": number, "layer": each.get("layer", "co_action"), "action": each["action"],
            "window_ms": each["window_ms"], "pairs": each["pairs"], "groups": each["groups"],
            "accounts": each["accounts_in_groups"], "name": _name(each),
        }
        for number, each in enumerate(index.record["networks"], 1)
    ]  # fmt: skip


def _name(network: dict[str, Any]) -> str:
    window = network["window_ms"]
    when = "whenever" if window is None else f"within {duration_text(window)}"
    return f"{network['action']} {when}"


def chosen(index: Index, number: int) -> pl.Expr:
    """Which rows belong to a network; all of them for 0.

    Raises
    ------
    SettingError
        If there is no such network.
    """
    known = networks(index)
    if number == 0:
        return pl.lit(True)
    if not 1 <= number <= len(known):
        raise SettingError(f"network {number}: there are {len(known)}, numbered from 1")
    one = known[number - 1]
    return pl.all_horizontal(
        pl.col("layer") == one["layer"],
        pl.col("action") == one["action"],
        pl.col("window_ms").eq_missing(pl.lit(one["window_ms"], pl.Int64)),
    )


def _made(index: Index) -> Network:
    nodes = _nodes(index)
    pairs = pl.scan_parquet(index.run / "pairs.parquet").filter(pl.col("layer") != FUSED)
    pairs = pairs.filter(pl.col("account_a") != pl.col("account_b"))
    ends = pairs.select(*_KEY, "account_a", "account_b", "weight").collect()
    key = ("layer",) if _by_default(index) else _KEY
    nodes = _with_loners(nodes, ends, key)
    edges = _edges(nodes, ends, key)
    if _by_default(index):
        edges = _with_met(index, nodes, edges)
    group_of = nodes["group_id"].to_numpy()
    groups = _keyed_groups(index)
    links = _links(index, groups, edges, group_of)
    groups = _placed_groups(groups, links, edges, group_of)
    return Network(_placed(nodes, edges, groups), edges, groups, links)


def _by_default(index: Index) -> bool:
    """Whether accounts are in one group a layer, whatever the windows of their pairs."""
    return any(index.record.get(name) for name in ("calibration", "untimed", "texts"))


def _keyed_groups(index: Index) -> pl.DataFrame:
    return index.groups.select(
        "group_id", "size", "action", "window_ms", layer=pl.col("layers").list.first()
    ).sort("group_id")


def _nodes(index: Index) -> pl.DataFrame:
    return (
        index.members.select("group_id", pl.col("member").cast(pl.Int64), "account_id", "weight")
        .join(_keyed_groups(index).drop("size"), on="group_id")
        .sort("group_id", "member")
    )


def _with_loners(nodes: pl.DataFrame, ends: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """Accounts in pairs and in no group of that network, after all others."""
    both = [ends.select(*_KEY, account_id=f"account_{end}") for end in ("a", "b")]
    alone = (
        pl.concat(both)
        .unique([*key, "account_id"], maintain_order=True)
        .join(nodes, on=[*key, "account_id"], how="anti", nulls_equal=True)
    )
    rows = alone.sort(*_KEY, "account_id").with_columns(
        group_id=pl.lit(0, pl.Int64), member=pl.lit(-1, pl.Int64), weight=pl.lit(1, pl.Int64)
    )
    return pl.concat([nodes, rows.select(nodes.columns)]).with_row_index("node")


def _edges(nodes: pl.DataFrame, ends: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    known = nodes.select(*key, "account_id", "node")
    for end in ("a", "b"):
        theirs = known.rename({"account_id": f"account_{end}", "node": end})
        ends = ends.join(theirs, on=[*key, f"account_{end}"], nulls_equal=True)
    both = pl.min_horizontal("a", "b"), pl.max_horizontal("a", "b")
    ends = ends.with_columns(a=both[0], b=both[1])
    edges = ends.group_by("a", "b", "layer").agg(pl.col("weight").max().cast(pl.Float64))
    return edges.sort("weight", "a", "b", descending=[True, False, False])


def _with_met(index: Index, nodes: pl.DataFrame, edges: pl.DataFrame) -> pl.DataFrame:
    """Edges between all members that met; the default writes down only the surest pairs."""
    small = index.groups.filter(pl.col("size") <= MET_AT_MOST)["group_id"].implode()
    columns = index.objects.with_row_index("column").select("group_id", "object", "column")
    numbers = index.members.select("group_id", "local", member=pl.col("member").cast(pl.Int64))
    acts = (
        index.evidence.filter(pl.col("group_id").is_in(small))
        .select("group_id", "local", "object")
        .unique()
        .join(numbers, on=["group_id", "local"])
        .join(nodes.select("group_id", "member", "node"), on=["group_id", "member"])
        .join(columns, on=["group_id", "object"])
    )
    a, b, met = _common(acts["node"], acts["column"], nodes.height, index.objects.height)
    names = nodes["layer"].gather(a)
    found = pl.DataFrame({"a": a, "b": b, "layer": names, "weight": met.astype(np.float64)})
    both = pl.concat([edges, found.select(edges.columns).cast(edges.schema)])
    strongest = both.group_by("a", "b", "layer").agg(pl.col("weight").max())
    return strongest.select(edges.columns).sort("weight", "a", "b", descending=[True, False, False])


def _common(row: pl.Series, column: pl.Series, rows: int, columns: int) -> tuple[I64, I64, I64]:
    """How many columns two rows have in common, for every two that have any."""
    ends = (row.to_numpy().astype(np.int64), column.to_numpy().astype(np.int64))
    matrix = coo_array((np.ones(len(row), np.int64), ends), shape=(rows, columns)).tocsr()
    product = (matrix @ matrix.T).tocoo()
    upper = product.row < product.col
    a, b, count = (
        part[upper].astype(np.int64) for part in (product.row, product.col, product.data)
    )
    return a, b, count


def _links(index: Index, groups: pl.DataFrame, edges: pl.DataFrame, group_of: I64) -> pl.DataFrame:
    """What two groups have in common: objects, members, and pairs across."""
    numbers = groups["group_id"].to_list()
    place = {group: at for at, group in enumerate(numbers)}
    common = _shared(index.objects, "object_id", place), _shared(index.members, "account_id", place)
    crossing = _crossing(edges, group_of, place)
    table = pl.DataFrame(schema={"a": pl.Int64, "b": pl.Int64})
    for name, found in zip(("objects", "accounts", "pairs"), (*common, crossing), strict=True):
        table = table.join(found.rename({"count": name}), on=["a", "b"], how="full", coalesce=True)
    each = index.objects.group_by("group_id").len()
    many = np.array([dict(each.iter_rows()).get(group, 1) for group in numbers], np.float64)
    sizes = groups["size"].to_numpy()
    a, b = table["a"].to_numpy(), table["b"].to_numpy()
    filled = table.with_columns(pl.col("objects", "accounts", "pairs").fill_null(0))
    weight = np.maximum.reduce([
        filled["objects"].to_numpy() / np.minimum(many[a], many[b]),
        filled["accounts"].to_numpy() / np.minimum(sizes[a], sizes[b]),
        np.minimum(filled["pairs"].to_numpy() / np.minimum(sizes[a], sizes[b]), 1.0),
    ]) if len(a) else np.zeros(0)  # fmt: skip
    return filled.with_columns(weight=pl.Series(weight, dtype=pl.Float64)).sort(
        "weight", "a", "b", descending=[True, False, False]
    ).head(LINKS_AT_MOST)  # fmt: skip


def _shared(table: pl.DataFrame, column: str, place: dict[int, int]) -> pl.DataFrame:
    """How many ids two groups have in common."""
    ids = table[column].rank("dense").cast(pl.Int64) - 1
    rows = pl.Series([place[group] for group in table["group_id"]], dtype=pl.Int64)
    a, b, count = _common(rows, ids, len(place), ids.n_unique())
    return pl.DataFrame({"a": a, "b": b, "count": count})


def _crossing(edges: pl.DataFrame, group_of: I64, place: dict[int, int]) -> pl.DataFrame:
    """Pairs whose accounts are in two groups."""
    ends = [group_of[edges[end].to_numpy()] for end in ("a", "b")]
    apart_ = (ends[0] != ends[1]) & (ends[0] > 0) & (ends[1] > 0)
    low, high = np.minimum(*ends)[apart_], np.maximum(*ends)[apart_]
    rows = pl.DataFrame({
        "a": pl.Series([place[group] for group in low.tolist()], dtype=pl.Int64),
        "b": pl.Series([place[group] for group in high.tolist()], dtype=pl.Int64),
    })  # fmt: skip
    return rows.group_by("a", "b").agg(count=pl.len().cast(pl.Int64))


def _placed_groups(
    groups: pl.DataFrame, links: pl.DataFrame, edges: pl.DataFrame, group_of: I64
) -> pl.DataFrame:
    radius = np.sqrt(groups["size"].to_numpy().astype(np.float64))
    a, b = (links[end].to_numpy() for end in ("a", "b"))
    centre = layout(np.array([0, groups.height]), a, b, links["weight"].to_numpy() + 1e-3)
    reach = 1.6 * np.sqrt((radius**2).sum()) if len(radius) else 1.0
    centre = apart(centre * reach, radius * _GAP)
    own = group_of[edges["a"].to_numpy()]
    inside = own[own == group_of[edges["b"].to_numpy()]]
    counts = dict(pl.Series(inside).value_counts().iter_rows())
    return groups.with_columns(
        x=pl.Series(centre[:, 0]).round(3), y=pl.Series(centre[:, 1]).round(3),
        radius=pl.Series(radius).round(3),
        edges=pl.Series([counts.get(group, 0) for group in groups["group_id"]], dtype=pl.Int64),
    )  # fmt: skip


def _placed(nodes: pl.DataFrame, edges: pl.DataFrame, groups: pl.DataFrame) -> pl.DataFrame:
    group_of = nodes["group_id"].to_numpy()
    inside = int((group_of > 0).sum())
    counts = nodes.head(inside).group_by("group_id", maintain_order=True).len()
    starts = np.r_[0, np.cumsum(counts["len"].to_numpy())].astype(np.int64)
    a, b = (edges[end].to_numpy().astype(np.int64) for end in ("a", "b"))
    own = (group_of[a] == group_of[b]) & (group_of[a] > 0)
    place = layout(starts, a[own], b[own], edges["weight"].to_numpy()[own])
    of = counts.select("group_id").join(groups, on="group_id", how="left", maintain_order="left")
    spread = np.diff(starts)
    centre = np.repeat(of.select("x", "y").to_numpy(), spread, axis=0)
    place = centre + place * np.repeat(of["radius"].to_numpy(), spread)[:, None] * 0.92
    around = _around(nodes.height - inside, groups)
    every = np.concatenate([place, around])
    return nodes.with_columns(
        x=pl.Series(every[:, 0]).round(3), y=pl.Series(every[:, 1]).round(3)
    )  # fmt: skip


def _around(many: int, groups: pl.DataFrame) -> NDArray[np.float64]:
    """Places outside of all groups, as a ring that is as dense as the groups are."""
    if not many:
        return np.zeros((0, 2))
    x, y, radius = (groups[name].to_numpy() for name in ("x", "y", "radius"))
    inner = float((np.hypot(x, y) + radius).max(initial=1.0)) * _GAP
    ring = spiral(many)
    distance = np.sqrt(inner**2 + (ring**2).sum(axis=1) * many * 2)
    angle = np.arctan2(ring[:, 1], ring[:, 0])
    return np.column_stack([distance * np.cos(angle), distance * np.sin(angle)])


def meta_graph(index: Index, number: int) -> dict[str, Any]:
    """Groups as nodes, and what they have in common as edges, as arrays."""
    made = network_of(index)
    here = made.groups.with_row_index("place").filter(chosen(index, number))
    row_of = {place: row for row, place in enumerate(here["place"])}
    kept = made.links.filter(pl.col("a").is_in(list(row_of)) & pl.col("b").is_in(list(row_of)))
    facts = index.groups.select("group_id", "pattern", "certainty")
    full = here.join(facts, on="group_id", how="left", maintain_order="left")
    layers, patterns, certainties = (
        sorted(set(full[name])) for name in ("layer", "pattern", "certainty")
    )
    return {
        "networks": networks(index), "network": number, "seed": SEED,
        "nodes": made.nodes.filter(chosen(index, number)).height,
        "edges": _of_nodes(made, chosen(index, number)).height,
        "groups": {
            "group": full["group_id"].to_list(),
            **{name: full[name].to_list() for name in ("size", "x", "y", "radius", "edges")},
            "layer": [layers.index(each) for each in full["layer"]],
            "pattern": [patterns.index(each) for each in full["pattern"]],
            "certainty": [certainties.index(each) for each in full["certainty"]],
        },
        "links": {
            "a": [row_of[each] for each in kept["a"]], "b": [row_of[each] for each in kept["b"]],
            **{name: kept[name].to_list() for name in ("objects", "accounts", "pairs")},
            "weight": kept["weight"].round(4).to_list(),
        },
        "layers": layers, "patterns": patterns, "certainties": certainties,
        "bounds": made.bounds,
    }  # fmt: skip


def _of_nodes(made: Network, which: pl.Expr) -> pl.DataFrame:
    """Edges between nodes that are chosen."""
    inside = made.nodes.select(which.alias("in")).to_series().to_numpy()
    if inside.all():
        return made.edges
    a, b = (made.edges[end].to_numpy() for end in ("a", "b"))
    return made.edges.filter(pl.Series(inside[a] & inside[b]))


def graph(
    index: Index, number: int, *, group: int = 0, edges: int = EDGES_AT_MOST, identities: bool
) -> dict[str, Any]:
    """Accounts and their edges, as arrays: those of one group, or all of a network.

    Parameters
    ----------
    group
        Only its members; all where 0.
    edges
        At most so many, the strongest.
    """
    made = network_of(index)
    which = pl.col("group_id") == group if group else chosen(index, number)
    nodes = made.nodes.filter(which)
    between = _of_nodes(made, which)
    few = between.head(edges)
    row = np.full(made.nodes.height, -1, np.int64)
    row[nodes["node"].to_numpy()] = np.arange(nodes.height)
    layers = sorted(set(few["layer"]))
    names = nodes["account_id"] if identities else index.pseudonyms.of_all(nodes["account_id"])
    return {
        "nodes": nodes.height, "edges": between.height, "shown_edges": few.height,
        "node": {
            "label": names.to_list(), "group": nodes["group_id"].to_list(),
            "member": nodes["member"].to_list(), "x": nodes["x"].to_list(),
            "y": nodes["y"].to_list(), "weight": nodes["weight"].cast(pl.Float64).to_list(),
        },
        "edge": {
            "a": row[few["a"].to_numpy()].tolist(), "b": row[few["b"].to_numpy()].tolist(),
            "weight": few["weight"].to_list(),
            "layer": few["layer"].replace_strict(
                {name: at for at, name in enumerate(layers)}, return_dtype=pl.Int64
            ).to_list() if layers else [],
        },
        "layers": layers,
    }  # fmt: skip

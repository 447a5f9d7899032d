"""From a layer of pairs to groups, their members and the events behind every edge.

Everything stays in codes until the tables are made: strings of millions of rows cost more
than all the counting.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from claqueur.detectors import Layer
from claqueur.detectors.co_action import to_actions
from claqueur.engines.local import mark_support
from claqueur.groups.communities import communities
from claqueur.groups.profile import describe
from claqueur.kernels.co_action import I64
from claqueur.kernels.lockstep import FOREVER_MS
from claqueur.model import ACCOUNTS, EVIDENCE, GROUPS, TIME
from claqueur.settings import Grouping
from claqueur.store import Coded


@dataclass(frozen=True)
class Grouped:
    """The groups of one layer.

    Attributes
    ----------
    groups, accounts
        Rows of the tables of those names (see :mod:`claqueur.model`).
    support
        The coded events behind every edge, with ``group_id`` (null for none) and
        ``in_group`` (the edge lies inside the group) and ``position`` (row of the layer's
        events), in the order of (group, object, time).
    of_account
        (n_accounts,) int64: group of every account code, 0 for none.
    loners
        Accounts that have an edge but no group.
    """

    groups: pl.DataFrame
    accounts: pl.DataFrame
    support: pl.DataFrame
    of_account: I64
    loners: int


def group_layer(layer: Layer, events: Coded, grouping: Grouping, first_id: int) -> Grouped:
    """Find the groups of a layer, numbered from ``first_id``."""
    a, b = (layer.pairs[end].to_numpy() for end in ("a", "b"))
    accounts, label = communities(a, b, layer.pairs["weight"].to_numpy().astype(float), grouping)
    of_account = np.zeros(len(layer.accounts), np.int64)
    of_account[accounts] = np.where(label > 0, label + first_id - 1, 0)
    return describe_groups(layer, events, of_account, int((label == 0).sum()))


def describe_groups(layer: Layer, events: Coded, of_account: I64, loners: int = 0) -> Grouped:
    """Tables of groups that are already known.

    Parameters
    ----------
    of_account : (n_accounts,) int64
        Group of every account, 0 for none.
    """
    a, b = (layer.pairs[end].to_numpy() for end in ("a", "b"))
    support = _support(layer, events, of_account)
    edges = layer.pairs.filter(
        pl.Series((of_account[a] == of_account[b]) & (of_account[a] > 0) & (a != b))
    )
    members = _members(edges, of_account, layer.accounts)
    groups = _groups(layer, edges, members, support, of_account)
    return Grouped(groups, members, support, of_account, loners)


def evidence(layer: Layer, grouped: Grouped, events: Coded) -> pl.DataFrame:
    """Who acted when on which object, for every action that supports an edge (``EVIDENCE``)."""
    table = events.decoded(grouped.support).with_columns(
        layer=pl.lit(layer.name),
        window_ms=pl.lit(layer.window_ms, pl.Int64),
        group_id=grouped.support["group_id"],
        in_group=grouped.support["in_group"],
        time=grouped.support["t_min_ms"].cast(TIME),
        time_min=_end(grouped.support, "from_ms"),
        time_max=_end(grouped.support, "until_ms"),
    )
    if "action" not in table.columns:
        table = table.with_columns(action=pl.lit(layer.action))
    missing = [
        pl.lit(None, kind).alias(name)
        for name, kind in EVIDENCE.items()
        if name not in table.columns
    ]
    return table.with_columns(missing, action=pl.col("action").fill_null(layer.action)).select(
        EVIDENCE.names()
    )


def _end(support: pl.DataFrame, name: str) -> pl.Series:
    """One end of the interval in which each action is known to lie."""
    return support[name if name in support.columns else "t_min_ms"].cast(TIME)


def _support(layer: Layer, events: Coded, of_account: I64) -> pl.DataFrame:
    paired = np.zeros(len(layer.accounts), dtype=bool)
    for end in ("a", "b"):
        paired[layer.pairs[end].to_numpy()] = True
    of_paired = paired[layer.events["account_id"].to_numpy()]
    rows = layer.events if of_paired.all() else layer.events.filter(pl.Series(of_paired))
    proper = layer.pairs.filter(pl.col("a") != pl.col("b"))
    # Without times sharing an object is enough.
    mark = mark_support(
        to_actions(rows.with_columns(pl.col("t_min_ms").fill_null(0)), events),
        proper["a"].to_numpy(),
        proper["b"].to_numpy(),
        of_account,
        FOREVER_MS if layer.window_ms is None else layer.window_ms,
    )
    kept = rows.filter(pl.Series(mark > 0))
    of_paired[of_paired] = mark > 0
    group = pl.Series(of_account[kept["account_id"].to_numpy()])
    # Rows come sorted by object and time; a stable sort by group keeps that.
    return kept.with_columns(
        position=pl.Series(np.flatnonzero(of_paired)),
        group_id=group.set(group == 0, None),
        in_group=pl.Series(mark[mark > 0] == 2),
    ).sort("group_id", nulls_last=True, maintain_order=True)


def _members(edges: pl.DataFrame, of_account: I64, names: pl.Series) -> pl.DataFrame:
    ends = pl.concat(
        [edges.select(code=end, weight=pl.col("weight").cast(pl.Int64)) for end in ("a", "b")]
    )
    strength = ends.group_by("code").agg(pl.col("weight").sum()).sort("code")
    codes = strength["code"].to_numpy()
    table = pl.DataFrame(
        {
            "account_id": names.gather(codes),
            "group_id": of_account[codes],
            "weight": strength["weight"],
        }
    )
    missing = [
        pl.lit(None, kind).alias(name)
        for name, kind in ACCOUNTS.items()
        if name not in table.columns
    ]
    return table.with_columns(missing).select(ACCOUNTS.names()).sort("group_id", "account_id")


def _groups(
    layer: Layer,
    edges: pl.DataFrame,
    members: pl.DataFrame,
    support: pl.DataFrame,
    of_account: I64,
) -> pl.DataFrame:
    size = members.group_by("group_id").agg(size=pl.len().cast(pl.Int64))
    inside = edges.select(group_id=pl.Series(of_account[edges["a"].to_numpy()]))
    density = inside.group_by("group_id").agg(edges=pl.len())
    possible = pl.col("size") * (pl.col("size") - 1) / 2
    table = (
        size.join(density, on="group_id", how="left")
        .join(describe(support), on="group_id", how="left")
        .with_columns(
            density=pl.col("edges") / possible,
            layers=pl.lit(pl.Series([[layer.name]])).first(),
            action=pl.lit(layer.action),
            window_ms=pl.lit(layer.window_ms, pl.Int64),
            p_value=pl.lit(None, pl.Float64),
            q_value=pl.lit(None, pl.Float64),
        )
    )
    return table.select(pl.col(name).cast(kind) for name, kind in GROUPS.items()).sort("group_id")

"""From a layer of pairs to groups, their members and the events behind every edge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from claqueur.detect import Layer
from claqueur.engines.local import Actions, mark_support
from claqueur.groups.communities import communities
from claqueur.groups.profile import describe
from claqueur.model import ACCOUNTS, EVIDENCE, GROUPS, TIME
from claqueur.settings import Grouping
from claqueur.store import Events


@dataclass(frozen=True)
class Grouped:
    """The groups of one layer.

    Attributes
    ----------
    groups, accounts, evidence
        Rows of the tables of those names (see :mod:`claqueur.model`).
    of_account
        (n_accounts,) int64: group of every account code, 0 for none.
    loners
        Accounts that have an edge but no group.
    """

    groups: pl.DataFrame
    accounts: pl.DataFrame
    evidence: pl.DataFrame
    of_account: np.ndarray
    loners: int


def group_layer(layer: Layer, events: Events, grouping: Grouping, first_id: int) -> Grouped:
    """Find the groups of a layer, numbered from ``first_id``."""
    a, b = (layer.pairs[end].to_numpy() for end in ("a", "b"))
    accounts, label = communities(a, b, layer.pairs["weight"].to_numpy().astype(float), grouping)
    of_account = np.zeros(len(layer.accounts), np.int64)
    of_account[accounts] = np.where(label > 0, label + first_id - 1, 0)
    evidence = _evidence(layer, events, of_account)
    edges = layer.pairs.filter(
        pl.Series((of_account[a] == of_account[b]) & (of_account[a] > 0) & (a != b))
    )
    members = _members(edges, of_account, layer.accounts)
    return Grouped(
        _groups(layer, edges, members, evidence, of_account),
        members,
        evidence,
        of_account,
        int((label == 0).sum()),
    )


def _members(edges: pl.DataFrame, of_account: np.ndarray, names: pl.Series) -> pl.DataFrame:
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
        pl.lit(None, kind).alias(n) for n, kind in ACCOUNTS.items() if n not in table.columns
    ]
    return table.with_columns(missing).select(ACCOUNTS.names()).sort("group_id", "account_id")


def _groups(
    layer: Layer,
    edges: pl.DataFrame,
    members: pl.DataFrame,
    evidence: pl.DataFrame,
    of_account: np.ndarray,
) -> pl.DataFrame:
    size = members.group_by("group_id").agg(size=pl.len().cast(pl.Int64))
    inside = edges.select(group_id=pl.Series(of_account[edges["a"].to_numpy()]))
    density = inside.group_by("group_id").agg(edges=pl.len())
    possible = pl.col("size") * (pl.col("size") - 1) / 2
    table = (
        size.join(density, on="group_id", how="left")
        .join(describe(evidence), on="group_id", how="left")
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


def _evidence(layer: Layer, events: Events, of_account: np.ndarray) -> pl.DataFrame:
    """Who acted when on which object, for every action that supports an edge."""
    rows = layer.events
    paired = np.zeros(len(layer.accounts), dtype=bool)
    for end in ("a", "b"):
        paired[layer.pairs[end].to_numpy()] = True
    rows = rows.filter(pl.Series(paired[rows["account_id"].to_numpy()]))
    proper = layer.pairs.filter(pl.col("a") != pl.col("b"))
    actions = Actions(
        rows["account_id"].to_numpy(),
        rows["object_id"].to_numpy(),
        rows["t_min_ms"].to_numpy(),
        len(layer.accounts),
    )
    mark = mark_support(
        actions, proper["a"].to_numpy(), proper["b"].to_numpy(), of_account, layer.window_ms
    )
    kept = rows.filter(pl.Series(mark > 0))
    group = pl.Series(of_account[kept["account_id"].to_numpy()])
    table = events.decoded(kept).with_columns(
        layer=pl.lit(layer.name),
        window_ms=pl.lit(layer.window_ms, pl.Int64),
        group_id=group.set(group == 0, None),
        time=kept["t_min_ms"].cast(TIME),
        in_group=pl.Series(mark[mark > 0] == 2),
    )
    if "action" not in table.columns:
        table = table.with_columns(action=pl.lit(layer.action))
    missing = [
        pl.lit(None, kind).alias(n) for n, kind in EVIDENCE.items() if n not in table.columns
    ]
    table = table.with_columns(missing, action=pl.col("action").fill_null(layer.action))
    return table.select(EVIDENCE.names()).sort(
        "group_id", "object_id", "time", "account_id", nulls_last=True
    )

"""Layers side by side: which actions go into which, and what they come to together.

Evidence of layers is tied: the same people act in both. E-values may be averaged and p-values
taken as the smallest times their number, whatever the ties (V. Vovk, R. Wang, "E-values:
calibration, combination and applications", Ann. Statist. 49, 2021).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from claqueur.detectors import Layer
from claqueur.errors import SourceError
from claqueur.groups.confirm import LEVEL
from claqueur.groups.lockstep import Found, has_time
from claqueur.groups.untimed import Engaged
from claqueur.kernels.co_action import F64
from claqueur.model import CO_ACTION, CO_ENGAGEMENT, FUSED, PAIRS
from claqueur.nulls.fdr import benjamini_hochberg, e_bh
from claqueur.nulls.publication import publishes
from claqueur.refusals import Refusals
from claqueur.settings import CoAction
from claqueur.store import Events

LAYERS = pl.Schema(
    {
        "account_id": pl.String(),
        "group_id": pl.Int64(),
        "timed_p_value": pl.Float64(),
        "untimed_p_value": pl.Float64(),
        "p_value": pl.Float64(),
        "q_value": pl.Float64(),
    }
)
"""One row: one member of a group of either layer, with the p-value of each layer (null where
it could not be tested) and of both together."""


def channels(
    frame: pl.DataFrame, events: Events, settings: CoAction, set_aside: Refusals
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows for the timed and for the untimed layer; either may be empty.

    By default actions with a time, or with an interval that is not too wide, go into the first
    and all others into the second. Pages' own posts date their objects and are in no layer.

    Raises
    ------
    SourceError
        If a layer was asked for that no action can go into.
    """
    engages, known = pl.Series(~publishes(events, frame)), has_time(frame)
    dated = frame if known.all() else frame.filter(known)
    rest = frame.filter(engages & ~known)
    if not (engages & known).any():
        dated = dated.clear()
    if not settings.layer:
        return dated, rest
    if CO_ACTION in settings.layer and dated.is_empty():
        raise SourceError(
            "no action has a time, or an interval of two days at most, which co_action needs; "
            "name the column of times with --map timestamp=…, or leave --layer out"
        )
    if CO_ENGAGEMENT not in settings.layer:
        set_aside.add("no time, or an interval that is too wide (co_action needs one)", rest.height)
    return (
        dated if CO_ACTION in settings.layer else dated.clear(),
        frame.filter(engages) if CO_ENGAGEMENT in settings.layer else rest.clear(),
    )


def combined(
    found: Found, engaged: Engaged, events: Events
) -> tuple[dict[str, Any], pl.DataFrame, pl.DataFrame]:
    """What both layers came to together.

    Returns
    -------
    record
        Counts for ``run.json``.
    accounts
        Members of groups of either layer (``LAYERS``).
    pairs
        Rows of ``pairs.parquet`` of the layer ``fused``: pairs of either layer.
    """
    one, other = found.confirmed.all_log_e, engaged.confirmed.all_log_e
    testable = ~(np.isnan(one) & np.isnan(other))
    # Who could not be tested in a layer has staked nothing there: an e-value of 1.
    log_e = np.logaddexp(np.nan_to_num(one, nan=0.0), np.nan_to_num(other, nan=0.0)) - np.log(2)
    q = np.ones(len(log_e))
    q[testable] = e_bh(log_e[testable], int(testable.sum()))
    groups = [*(g.accounts for g in found.grouped), engaged.grouped.accounts]
    members = pl.concat(groups).select("account_id", "group_id")
    code = events.names["account_id"].search_sorted(members["account_id"]).to_numpy()
    accounts = members.with_columns(
        timed_p_value=_p(one[code]), untimed_p_value=_p(other[code]),
        p_value=_p(log_e[code]), q_value=pl.Series(q[code]),
    ).select(pl.col(name).cast(kind) for name, kind in LAYERS.items())  # fmt: skip
    confirmed = np.flatnonzero(q <= LEVEL)
    record = {
        "family": int(testable.sum()),
        "timed": len(found.confirmed.accounts),
        "untimed": len(engaged.confirmed.accounts),
        "both": len(np.intersect1d(found.confirmed.accounts, engaged.confirmed.accounts)),
        "together": len(confirmed),
        "together_in_no_group": len(np.setdiff1d(confirmed, code)),
        "by_group": _by_group(accounts),
    }
    acted = (np.diff(found.actions.own_start) > 0) | (engaged.likes.degree > 0)
    return record, accounts, _pairs(found.layers, engaged.layer, int(acted.sum()))


def _p(log_e: F64) -> pl.Series:
    return pl.Series(np.exp(np.minimum(-log_e, 0))).fill_nan(None)


def _by_group(accounts: pl.DataFrame) -> list[dict[str, Any]]:
    """Members of each group that every layer alone, and both together, would accept."""
    return (
        accounts.group_by("group_id")
        .agg(
            members=pl.len(),
            timed=(pl.col("timed_p_value") <= LEVEL).sum(),
            untimed=(pl.col("untimed_p_value") <= LEVEL).sum(),
            together=(pl.col("q_value") <= LEVEL).sum(),
        )
        .sort("group_id")
        .to_dicts()
    )


def _pairs(timed_layers: list[Layer], untimed: Layer, accounts: int) -> pl.DataFrame:
    """Pairs of either layer, the smaller p-value doubled."""
    tables = [layer.table() for layer in (*timed_layers, untimed)]
    both = pl.concat(tables).group_by("account_a", "account_b").agg(
        pl.col("action").first(),
        pl.col("weight").sum(),
        pl.col("expected").sum(),
        p_value=(2 * pl.col("p_value").min()).clip(upper_bound=1.0),
    ).sort("account_a", "account_b")  # fmt: skip
    q = benjamini_hochberg(both["p_value"].to_numpy(), accounts * (accounts - 1) // 2)
    missing = [pl.lit(None).alias(name) for name in PAIRS if name not in both.columns]
    full = both.with_columns(missing).with_columns(layer=pl.lit(FUSED), q_value=pl.Series(q))
    return full.select(pl.col(name).cast(kind) for name, kind in PAIRS.items())

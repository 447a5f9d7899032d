"""Layers side by side: which actions go into which, and what they come to together.

Evidence of layers is tied: the same people act in both. E-values may be averaged and p-values
taken as the smallest times their number, whatever the ties (V. Vovk, R. Wang, "E-values:
calibration, combination and applications", Ann. Statist. 49, 2021).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from claqueur.detectors import Layer
from claqueur.errors import SourceError
from claqueur.groups.co_text import Worded, with_text
from claqueur.groups.confirm import LEVEL, Confirmed
from claqueur.groups.lockstep import Found, has_time
from claqueur.groups.network import Grouped
from claqueur.groups.untimed import Engaged
from claqueur.kernels.co_action import Bool
from claqueur.model import CO_ACTION, CO_ENGAGEMENT, CO_TEXT, FUSED, PAIRS
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
        "text_p_value": pl.Float64(),
        "p_value": pl.Float64(),
        "q_value": pl.Float64(),
    }
)
"""One row: one member of a group of any layer, with the p-value of each layer (null where it
could not be tested) and of all together."""


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
    if CO_ACTION in settings.layer and CO_ENGAGEMENT not in settings.layer:
        set_aside.add("no time, or an interval that is too wide (co_action needs one)", rest.height)
    return (
        dated if CO_ACTION in settings.layer else dated.clear(),
        frame.filter(engages) if CO_ENGAGEMENT in settings.layer else rest.clear(),
    )


def texts_of(frame: pl.DataFrame, events: Events, settings: CoAction) -> pl.DataFrame:
    """Rows for the layer of comments; empty where there are no texts.

    Raises
    ------
    SourceError
        If that layer was asked for and there are none.
    """
    if settings.layer and CO_TEXT not in settings.layer:
        return frame.clear()
    said = with_text(frame, events)
    if settings.layer and said.is_empty():
        raise SourceError(
            "no action has a text, which co_text needs; name the column of texts with "
            "--map text=…, or leave --layer out"
        )
    return said


@dataclass(frozen=True)
class Part:
    """One layer's part in what is said of accounts.

    Attributes
    ----------
    name
        ``timed``, ``untimed`` or ``text``.
    layers, grouped
        Its networks and their groups.
    acted : (n_accounts,) bool
        Accounts it looked at.
    """

    name: str
    confirmed: Confirmed
    layers: list[Layer]
    grouped: list[Grouped]
    acted: Bool

    @classmethod
    def timed(cls, found: Found) -> Part:
        """Who acts when on which object."""
        acted = np.diff(found.actions.own_start) > 0
        return cls("timed", found.confirmed, found.layers, found.grouped, acted)

    @classmethod
    def untimed(cls, engaged: Engaged) -> Part:
        """Who acts on what."""
        acted = engaged.likes.degree > 0
        return cls("untimed", engaged.confirmed, [engaged.layer], [engaged.grouped], acted)

    @classmethod
    def text(cls, worded: Worded) -> Part:
        """Who writes the same texts."""
        acted = worded.comments.number > 0
        return cls("text", worded.confirmed, [worded.layer], [worded.grouped], acted)


def combined(
    parts: list[Part], events: Events
) -> tuple[dict[str, Any], pl.DataFrame, pl.DataFrame]:
    """What several layers came to together.

    Returns
    -------
    record
        Counts for ``run.json``.
    accounts
        Members of groups of any layer (``LAYERS``).
    pairs
        Rows of ``pairs.parquet`` of the layer ``fused``: pairs of any layer.
    """
    each = np.array([part.confirmed.all_log_e for part in parts])
    testable = ~np.isnan(each).all(axis=0)
    # Who could not be tested in a layer has staked nothing there: an e-value of 1.
    log_e = np.logaddexp.reduce(np.nan_to_num(each, nan=0.0), axis=0) - np.log(len(parts))
    q = np.ones(len(log_e))
    q[testable] = e_bh(log_e[testable], int(testable.sum()))
    groups = [grouped.accounts for part in parts for grouped in part.grouped]
    members = pl.concat(groups).select("account_id", "group_id")
    code = events.names["account_id"].search_sorted(members["account_id"]).to_numpy()
    alone = {f"{part.name}_p_value": part.confirmed.p_of(code) for part in parts}
    accounts = members.with_columns(
        **alone, p_value=np.exp(np.minimum(-log_e[code], 0)), q_value=pl.Series(q[code])
    )
    missing = [pl.lit(None).alias(name) for name in LAYERS if name not in accounts.columns]
    accounts = accounts.with_columns(missing).select(
        pl.col(name).cast(kind) for name, kind in LAYERS.items()
    )
    confirmed = np.flatnonzero(q <= LEVEL)
    every = np.concatenate([part.confirmed.accounts for part in parts])
    record = {
        "family": int(testable.sum()),
        **{part.name: len(part.confirmed.accounts) for part in parts},
        "several": int((np.bincount(every, minlength=1) > 1).sum()),
        "together": len(confirmed),
        "together_in_no_group": len(np.setdiff1d(confirmed, code)),
        "by_group": _by_group(accounts, [part.name for part in parts]),
    }
    acted = np.any([part.acted for part in parts], axis=0)
    return (
        record,
        accounts,
        _pairs([own for part in parts for own in part.layers], int(acted.sum())),
    )


def _by_group(accounts: pl.DataFrame, names: list[str]) -> list[dict[str, Any]]:
    """Members of each group that every layer alone, and all together, would accept."""
    return (
        accounts.group_by("group_id")
        .agg(
            members=pl.len(),
            **{name: (pl.col(f"{name}_p_value") <= LEVEL).sum() for name in names},
            together=(pl.col("q_value") <= LEVEL).sum(),
        )
        .sort("group_id")
        .to_dicts()
    )


def _pairs(layers: list[Layer], accounts: int) -> pl.DataFrame:
    """Pairs of any layer, the smallest p-value times the number of kinds of layers."""
    kinds = len({layer.name for layer in layers})
    both = pl.concat([layer.table() for layer in layers]).group_by("account_a", "account_b").agg(
        pl.col("action").first(),
        pl.col("weight").sum(),
        pl.col("expected").sum(),
        p_value=(kinds * pl.col("p_value").min()).clip(upper_bound=1.0),
    ).sort("account_a", "account_b")  # fmt: skip
    q = benjamini_hochberg(both["p_value"].to_numpy(), accounts * (accounts - 1) // 2)
    missing = [pl.lit(None).alias(name) for name in PAIRS if name not in both.columns]
    full = both.with_columns(missing).with_columns(layer=pl.lit(FUSED), q_value=pl.Series(q))
    return full.select(pl.col(name).cast(kind) for name, kind in PAIRS.items())

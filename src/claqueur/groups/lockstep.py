"""The calibrated default: groups whose members keep step, with their error, as tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from claqueur.detectors import Layer, actions_on_posts
from claqueur.engines.actions import Actions
from claqueur.engines.counting import count_pairs
from claqueur.groups.confirm import (
    FEWEST_DAYS,
    FEWEST_SITTINGS,
    LEVEL,
    PARTS,
    SPLITS,
    Confirmed,
    confirm,
)
from claqueur.groups.errors import histogram, with_errors
from claqueur.groups.features import FEATURES, features
from claqueur.groups.network import Grouped
from claqueur.groups.polls import SHARE, visible_orders
from claqueur.groups.sensitivity import TARGETS, sensitivity, smallest_seen
from claqueur.kernels.co_action import I64
from claqueur.model import ANY_ACTION
from claqueur.nulls.baseline import WIDEST_MS
from claqueur.nulls.exchange import KEEPS, NEIGHBOURHOODS, pair_p_values
from claqueur.nulls.fdr import benjamini_hochberg
from claqueur.nulls.habits import NULLS, TOLERANCE, windows_ms
from claqueur.nulls.timeline import Timeline, timeline
from claqueur.progress import Progress
from claqueur.refusals import Refusals
from claqueur.settings import CoAction
from claqueur.store import Events

MEMBERS = "follow: who is a member of a page is no act on a post (name it with --action follow)"


@dataclass(frozen=True)
class Found:
    """What the default found in the actions of one kind, or of all kinds together.

    Attributes
    ----------
    layers
        One for each window that groups have, with all pairs inside groups that met.
    grouped
        The groups of each layer.
    sensitivity
        Invented orders and the share of each that was found.
    polls
        The same by how far polls lie apart and how far compliance is spread.
    """

    action: str
    actions: Timeline
    confirmed: Confirmed
    layers: list[Layer]
    grouped: list[Grouped]
    sensitivity: list[dict[str, Any]]
    polls: list[dict[str, Any]]


def find(frame: pl.DataFrame, events: Events, seed: int, progress: Progress) -> Found:
    """Find groups in lockstep without a threshold.

    An account's first action on an object in a sitting counts, whatever its kind.

    Parameters
    ----------
    frame
        Coded rows of which each :func:`has_time`.
    """
    actions = timeline(frame, events)
    confirmed = confirm(actions, seed, progress)
    kinds = _kinds(frame, actions, events)
    action = kinds[0] if len(kinds) == 1 else ANY_ACTION
    rows = _rows(frame, actions)
    progress.stage("describing groups")
    layers = list(_layers(action, rows, actions, confirmed, events))
    grouped = [with_errors(layer, own, confirmed, events) for layer, own in layers]
    planted = sensitivity(frame, events, actions, confirmed, seed, progress)
    own = [layer for layer, _ in layers]
    polled = visible_orders(frame, events, actions, confirmed, seed, progress)
    return Found(action, actions, confirmed, own, grouped, planted, polled)


def engagement(events: Events, settings: CoAction, set_aside: Refusals) -> pl.DataFrame:
    """Coded rows of the chosen actions; where none is named, of all that act on posts."""
    kept = events.of_actions(actions_on_posts(events, settings.action))
    if not settings.action:
        set_aside.add(MEMBERS, len(events) - kept.height)
    return kept


def has_time(frame: pl.DataFrame) -> pl.Series:
    """Whether a row's time is known, or known to lie within an interval that is not too wide."""
    width = pl.col("t_max_ms") - pl.col("t_min_ms")
    return frame.select((width <= WIDEST_MS).fill_null(False)).to_series()


def _rows(frame: pl.DataFrame, actions: Timeline) -> pl.DataFrame:
    """Rows of the actions; where only an interval is known, at the moment drawn from it."""
    rows = frame[actions.row]
    if actions.exact.all():
        return rows
    return rows.with_columns(
        from_ms="t_min_ms", until_ms="t_max_ms", t_min_ms=pl.Series(actions.t_ms)
    )


def _kinds(frame: pl.DataFrame, actions: Timeline, events: Events) -> list[str]:
    if "action" not in frame.columns:
        return [ANY_ACTION]
    codes = frame["action"].gather(actions.row).unique().drop_nulls()
    return events.names["action"].gather(codes).to_list() or [ANY_ACTION]


def _layers(
    action: str, rows: pl.DataFrame, actions: Timeline, confirmed: Confirmed, events: Events
) -> Iterator[tuple[Layer, I64]]:
    """A layer of the pairs inside groups, and their members' groups, for each window."""
    windows = np.array([0, *confirmed.windows_ms], np.int64)
    for window_ms in sorted(set(confirmed.windows_ms)):
        of_account = np.zeros(actions.n_accounts, np.int64)
        own = windows[confirmed.group] == window_ms
        of_account[confirmed.accounts[own]] = confirmed.group[own]
        pairs = _pairs(actions, of_account, window_ms)
        yield Layer(action, window_ms, rows, events.names["account_id"], pairs, {}), of_account


def _pairs(actions: Timeline, of_account: I64, window_ms: int) -> pl.DataFrame:
    """Pairs inside groups that met, with the p-value of each against exchange."""
    e = np.flatnonzero(of_account[actions.account] > 0)
    members = Actions(actions.account[e], actions.object_[e], actions.t_ms[e], actions.n_accounts)
    counts = count_pairs(members, window_ms, 1)
    same = of_account[counts.a] == of_account[counts.b]
    table = counts.table().filter(pl.Series(same))
    a, b = table["a"].to_numpy(), table["b"].to_numpy()
    p, expected, _ = pair_p_values(actions, a, b)
    accounts = len(np.unique(actions.account))
    q = benjamini_hochberg(p, accounts * (accounts - 1) // 2)
    return table.with_columns(
        expected=pl.Series(expected), p_value=pl.Series(p), q_value=pl.Series(q)
    )


def features_of(found: Found, zone: str) -> pl.DataFrame:
    """Features of all groups beside accounts in none."""
    outside = np.ones(found.actions.n_accounts, bool)
    outside[found.confirmed.accounts] = False
    parts = [features(grouped, found.actions, outside, zone) for grouped in found.grouped]
    return pl.concat(parts) if parts else pl.DataFrame(schema=FEATURES)


def account_of(found: Found) -> dict[str, Any]:
    """What the record of a run says about the test: family, nulls, rules, what carried it."""
    confirmed, actions = found.confirmed, found.actions
    accounts = len(np.unique(actions.account))
    return {
        "action": found.action,
        "level": LEVEL,
        "family": confirmed.family,
        "accounts": accounts,
        "pairs_family": accounts * (accounts - 1) // 2,
        "fewest_occasions": FEWEST_SITTINGS,
        "fewest_days": FEWEST_DAYS,
        "blocks_of_days": actions.n_blocks,
        "splits": SPLITS,
        "parts": PARTS,
        "candidates_tested": confirmed.candidates,
        "tolerance": TOLERANCE,
        "windows_ms": list(windows_ms(actions)),
        "resolution_ms": actions.resolution_ms,
        "intervals": int((~actions.exact).sum()),
        "windows_that_carried_ms": sorted(set(confirmed.windows_ms)),
        "neighbourhoods": list(NEIGHBOURHOODS),
        "nulls": {**NULLS, "exchange (pairs)": KEEPS},
        "confirmed": len(confirmed.accounts),
        "confirmed_in_no_group": int((confirmed.group == 0).sum()),
        "p_values_by_twentieth": histogram(confirmed),
        "sensitivity": found.sensitivity,
        "smallest_seen": smallest_seen(found.sensitivity),
        "sensitivity_targets": TARGETS,
        "polls": found.polls,
        "polls_participation": SHARE,
    }

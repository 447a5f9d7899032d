"""The calibrated default: groups whose members keep step, with their error, as tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from claqueur.detectors import Layer, chosen_actions, exactly_timed, require_times
from claqueur.engines.local import Actions, count_pairs
from claqueur.groups.confirm import (
    FEWEST_DAYS,
    FEWEST_SITTINGS,
    LEVEL,
    PARTS,
    SPLITS,
    Confirmed,
    confirm,
)
from claqueur.groups.features import FEATURES, features
from claqueur.groups.network import Grouped, describe_groups
from claqueur.groups.sensitivity import TARGETS, sensitivity, smallest_seen
from claqueur.kernels.co_action import I64
from claqueur.model import ANY_ACTION
from claqueur.nulls.exchange import KEEPS, NEIGHBOURHOODS, pair_p_values
from claqueur.nulls.fdr import benjamini_hochberg, e_bh
from claqueur.nulls.habits import NULLS, TOLERANCE, WINDOWS_MS
from claqueur.nulls.timeline import Timeline, timeline
from claqueur.progress import Progress
from claqueur.refusals import Refusals
from claqueur.settings import CoAction
from claqueur.store import Events


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
    """

    action: str
    actions: Timeline
    confirmed: Confirmed
    layers: list[Layer]
    grouped: list[Grouped]
    sensitivity: list[dict[str, Any]]


def find(
    events: Events, settings: CoAction, refusals: Refusals, seed: int, progress: Progress
) -> Found:
    """Find groups in lockstep without a threshold.

    An account's first action on an object in a sitting counts, whatever its kind.
    """
    frame = _engagement(events, settings, refusals)
    actions = timeline(frame, events)
    confirmed = confirm(actions, seed, progress)
    kinds = _kinds(frame, actions, events)
    action = kinds[0] if len(kinds) == 1 else ANY_ACTION
    rows = frame[actions.row]
    progress.stage("describing groups")
    layers = list(_layers(action, rows, actions, confirmed, events))
    grouped = [_with_errors(layer, own, confirmed, events) for layer, own in layers]
    planted = sensitivity(frame, events, actions, confirmed, seed, progress)
    own = [layer for layer, _ in layers]
    return Found(action, actions, confirmed, own, grouped, planted)


def _engagement(events: Events, settings: CoAction, refusals: Refusals) -> pl.DataFrame:
    chosen = chosen_actions(events, settings.action)
    timed = exactly_timed(events.of_actions(chosen), refusals)
    require_times([timed])
    return timed


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


def _with_errors(layer: Layer, of_account: I64, confirmed: Confirmed, events: Events) -> Grouped:
    grouped = describe_groups(layer, events, of_account)
    errors = pl.DataFrame(
        {
            "account_id": events.names["account_id"].gather(confirmed.accounts),
            "p_value": np.exp(np.minimum(-confirmed.log_e, 0)),
            "q_value": confirmed.q,
            "stability": confirmed.stability,
        }
    )
    members = (
        grouped.accounts.drop("p_value", "q_value", "stability")
        .join(errors, on="account_id", how="left", maintain_order="left")
        .select(grouped.accounts.columns)
    )
    return replace(grouped, accounts=members, groups=_group_errors(grouped.groups, confirmed))


def _group_errors(groups: pl.DataFrame, confirmed: Confirmed) -> pl.DataFrame:
    """P and q of groups: the mean e-value over the family, with 0 for everybody outside.

    However a group was put together, that is at most the mean over the whole family, so its
    inverse is a p-value of "nobody keeps step" that no choice of members can spoil.
    """
    numbers = np.arange(1, len(confirmed.windows_ms) + 1)
    log_e = np.array(
        [np.logaddexp.reduce(confirmed.log_e[confirmed.group == n]) for n in numbers]
    ) - np.log(max(confirmed.family, 1))
    table = pl.DataFrame(
        {
            "group_id": numbers,
            "p_value": np.exp(np.minimum(-log_e, 0)),
            "q_value": e_bh(log_e, max(len(numbers), 1)),
        }
    )
    return (
        groups.drop("p_value", "q_value")
        .join(table, on="group_id", how="left", maintain_order="left")
        .select(groups.columns)
    )


def features_of(found: Found, zone: str) -> pl.DataFrame:
    """Features of all groups beside accounts in none."""
    outside = np.ones(found.actions.n_accounts, bool)
    outside[found.confirmed.accounts] = False
    parts = [features(grouped, found.actions, outside, zone) for grouped in found.grouped]
    return pl.concat(parts) if parts else pl.DataFrame(schema=FEATURES)


def _histogram(confirmed: Confirmed) -> list[int]:
    """How many tested accounts have a p-value in each twentieth of 0 to 1.

    Inverses of e-values are conservative: without lockstep most are 1.
    """
    p = np.exp(np.minimum(-confirmed.tested_log_e, 0))
    counts, _ = np.histogram(p, bins=20, range=(0, 1))
    return [int(count) for count in counts]


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
        "windows_ms": list(WINDOWS_MS),
        "windows_that_carried_ms": sorted(set(confirmed.windows_ms)),
        "neighbourhoods": list(NEIGHBOURHOODS),
        "nulls": {**NULLS, "exchange (pairs)": KEEPS},
        "confirmed": len(confirmed.accounts),
        "confirmed_in_no_group": int((confirmed.group == 0).sum()),
        "p_values_by_twentieth": _histogram(confirmed),
        "sensitivity": found.sensitivity,
        "smallest_seen": smallest_seen(found.sensitivity),
        "sensitivity_targets": TARGETS,
    }

"""How members of a group behave beside other accounts: rhythm and participation.

Features describe; none of them is used to find a group. Of groups too small to be shown
nothing is said, and of single accounts never anything: only quantiles leave this module.
Where staff work or whom they know is no feature.
"""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
from numpy.typing import NDArray

from claqueur.groups.network import Grouped
from claqueur.kernels.co_action import F64, I64, Bool
from claqueur.kernels.lockstep import DAY_MS
from claqueur.model import SMALLEST_SHOWN, TIME
from claqueur.nulls.timeline import Timeline

FEATURES = pl.Schema(
    {
        "group_id": pl.Int64(),
        "feature": pl.String(),
        "unit": pl.String(),
        "members_low": pl.Float64(),
        "members_median": pl.Float64(),
        "members_high": pl.Float64(),
        "others_low": pl.Float64(),
        "others_median": pl.Float64(),
        "others_high": pl.Float64(),
        "others": pl.Int64(),
    }
)
"""One row: one feature of one group; low and high are the 10th and 90th percentiles, and
``others`` the accounts outside all groups that are compared."""

UNITS = {
    "participation": "share of the target posts acted on",
    "together": "share of own actions on targets with three or more members near",
    "delay": "median hours after publication",
    "working_hours": "share of actions Monday to Friday, 9 to 18",
    "other_posts": "share of actions on the same pages that are on other posts",
    "busiest_day": "share of actions on the busiest day",
}
"""Every feature and its unit."""

FEWEST_ACTIONS = 4
"""Actions on the group's pages an account needs to be compared."""
FEWEST_MEMBERS = 3
"""Members near each other on a post that make it a target."""


def features(grouped: Grouped, actions: Timeline, outside: Bool, zone: str) -> pl.DataFrame:
    """Features of every group of the smallest size shown or more (``FEATURES``).

    Parameters
    ----------
    outside : (n_accounts,) bool
        Accounts in no group, to compare with.
    """
    shown = grouped.groups.filter(pl.col("size") >= SMALLEST_SHOWN)
    rows = [
        row
        for group_id, window_ms in shown.select("group_id", "window_ms").iter_rows()
        for row in _of_group(group_id, window_ms, grouped, actions, outside, zone)
    ]
    return pl.DataFrame(rows, schema=FEATURES)


def _of_group(
    group_id: int, window_ms: int, grouped: Grouped, actions: Timeline, outside: Bool, zone: str
) -> Iterator[dict[str, object]]:
    inside = grouped.of_account == group_id
    target = _targets(grouped, group_id, len(actions.born_ms))
    on_pages = np.isin(actions.page, np.unique(actions.page[target]))
    e = np.flatnonzero(on_pages[actions.object_])
    acted = np.bincount(actions.account[e], minlength=actions.n_accounts)
    compared = (acted >= FEWEST_ACTIONS) & (inside | outside)
    e = e[compared[actions.account[e]]]
    columns = _columns(actions, e, target, inside, window_ms, zone)
    for name, column in columns.items():
        known = compared & np.isfinite(column)
        ours, others = column[known & inside], column[known & outside]
        if len(ours) and len(others) >= SMALLEST_SHOWN:
            low, mid, high = np.quantile(ours, (0.1, 0.5, 0.9))
            their_low, their_mid, their_high = np.quantile(others, (0.1, 0.5, 0.9))
            yield {
                "group_id": group_id,
                "feature": name,
                "unit": UNITS[name],
                "members_low": low,
                "members_median": mid,
                "members_high": high,
                "others_low": their_low,
                "others_median": their_mid,
                "others_high": their_high,
                "others": len(others),
            }


def _targets(grouped: Grouped, group_id: int, n_objects: int) -> Bool:
    """Posts on which at least three members acted together."""
    together = grouped.support.filter(pl.col("in_group") & (pl.col("group_id") == group_id))
    members = together.group_by("object_id").agg(pl.col("account_id").n_unique().alias("members"))
    target = np.zeros(n_objects, bool)
    chosen = members.filter(pl.col("members") >= FEWEST_MEMBERS)["object_id"]
    target[chosen.to_numpy()] = True
    return target


def _columns(
    actions: Timeline, e: I64, target: Bool, inside: Bool, window_ms: int, zone: str
) -> dict[str, F64]:
    """Every feature of every account, NaN where there is nothing to go by."""
    n = actions.n_accounts
    account = actions.account[e]
    on_target = target[actions.object_[e]]
    near = _members_near(actions, e, inside, window_ms) >= FEWEST_MEMBERS
    local = pl.Series(actions.t_ms[e]).cast(TIME).dt.convert_time_zone(ZoneInfo(zone).key)
    hour, weekday = local.dt.hour().to_numpy(), local.dt.weekday().to_numpy()
    working = (hour >= 9) & (hour < 18) & (weekday <= 5)
    hours_late = (actions.t_ms[e] - actions.born_ms[actions.object_[e]]) / 3_600_000
    per_day = pl.DataFrame({"a": account, "day": actions.t_ms[e] // DAY_MS})
    busiest = per_day.group_by("a", "day").len().group_by("a").agg(pl.col("len").max())
    most = _column(busiest["a"].to_numpy(), busiest["len"].to_numpy().astype(float), n)
    late = (
        pl.DataFrame({"a": account, "late": hours_late}).group_by("a").agg(pl.col("late").median())
    )
    posts = pl.DataFrame({"a": account[on_target], "o": actions.object_[e][on_target]}).unique()
    return {
        "participation": np.bincount(posts["a"].to_numpy(), minlength=n) / max(target.sum(), 1),
        "together": _share(account, near & on_target, on_target, n),
        "delay": _column(late["a"].to_numpy(), late["late"].to_numpy(), n),
        "working_hours": _share(account, working, np.ones(len(e), bool), n),
        "other_posts": _share(account, ~on_target, np.ones(len(e), bool), n),
        "busiest_day": most / np.maximum(np.bincount(account, minlength=n), 1),
    }


def _members_near(actions: Timeline, e: I64, inside: Bool, window_ms: int) -> I64:
    """Members within the window of each action, the account itself apart."""
    member = np.flatnonzero(inside[actions.account])
    # Object and time in one rising key; objects lie further apart than any window.
    low = int(actions.t_ms.min(initial=0))
    span = int(actions.t_ms.max(initial=0)) - low + 2 * window_ms + 2
    key = actions.object_.astype(np.int64) * span + actions.t_ms - low
    theirs = np.sort(key[member])
    first = np.searchsorted(theirs, key[e] - window_ms)
    count = np.searchsorted(theirs, key[e] + window_ms, side="right") - first
    near: I64 = count - inside[actions.account[e]]
    return near


def _share(account: NDArray[np.integer], hit: Bool, of: Bool, n: int) -> F64:
    total = np.bincount(account[of], minlength=n).astype(float)
    total[total == 0] = np.nan
    share: F64 = np.bincount(account[hit & of], minlength=n) / total
    return share


def _column(account: NDArray[np.integer], values: F64, n: int) -> F64:
    column = np.full(n, np.nan)
    column[account] = values
    return column

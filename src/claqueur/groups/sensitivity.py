"""The smallest order that could have been seen in the data at hand.

Invented orders of several sizes and degrees of obedience are laid over the real actions, on
posts of the busiest pages, and the whole detection is run again: the share of each that is
found says what an empty result is worth. Accounts already confirmed are left out of it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import product
from typing import Any

import numpy as np
import polars as pl

from claqueur.groups.confirm import Confirmed, confirm
from claqueur.kernels.co_action import I64
from claqueur.nulls.timeline import Timeline, timeline
from claqueur.progress import Progress
from claqueur.store import Events

SIZES = (10, 25, 50)
PARTICIPATION = (0.3, 0.6, 0.9)
TARGETS = 30
"""Posts each invented order names."""
MESSAGE_MINUTES, MESSAGE_SIGMA = 35.0, 0.7
"""Lognormal delay of the order's message after a post."""
SPREAD_MINUTES, SPREAD_SIGMA = 12.0, 0.95
"""Lognormal delay of members after the message."""
SEEN_FROM = 0.5
"""Share of its members from which an order counts as seen."""
MOST_ACTIONS = 3_000_000
"""Above it a second run would take too long, and nothing is estimated."""
LARGEST_SHARE = 0.05
"""Invented members are at most this share of the accounts."""


@dataclass(frozen=True)
class Planted:
    """One invented order, and the share of its members that was found."""

    size: int
    participation: float
    found: float


def sensitivity(
    frame: pl.DataFrame,
    events: Events,
    actions: Timeline,
    confirmed: Confirmed,
    seed: int,
    progress: Progress,
) -> list[dict[str, Any]]:
    """Plant orders in the actions of a frame and see how much of each is found.

    Returns
    -------
    list of dict
        ``size``, ``participation``, ``found``; empty where the data are too small or too large.
    """  # fmt: skip
    plan = list(product(SIZES, PARTICIPATION))
    people = free_accounts(actions, confirmed)
    posts = busiest_posts(actions)
    wanted = sum(size for size, _ in plan)
    too_few = wanted > LARGEST_SHARE * len(people) or len(posts) < 2 * TARGETS
    if too_few or len(actions) > MOST_ACTIONS:
        return []
    progress.stage("planting orders to see how small a one would be found")
    rng = np.random.default_rng([seed, 5])
    people = rng.permutation(people)[:wanted]
    cuts = np.cumsum([size for size, _ in plan])[:-1]
    groups = np.split(people, cuts)
    rows = [
        wave(actions, group, rng.permutation(posts)[:TARGETS], share, SPREAD_MINUTES, rng)
        for group, (_, share) in zip(groups, plan, strict=True)
    ]
    invented = as_polled(pl.concat(rows), actions.resolution_ms)
    planted = timeline(with_invented(frame, invented), events)
    found = confirm(planted, seed, splits=1)
    inside = np.zeros(actions.n_accounts, bool)
    inside[found.accounts[found.group > 0]] = True
    return [
        asdict(Planted(size, share, round(float(inside[group].mean()), 3)))
        for group, (size, share) in zip(groups, plan, strict=True)
    ]


def free_accounts(actions: Timeline, confirmed: Confirmed) -> I64:
    """Accounts that act and are not confirmed."""
    acted = np.diff(actions.own_start)
    free = acted >= 3
    free[confirmed.accounts] = False
    return np.flatnonzero(free)


def busiest_posts(actions: Timeline) -> I64:
    """Posts with at least half the actions of a typical one, on the two busiest pages."""
    per_object = np.diff(actions.start)
    per_page = np.bincount(actions.page, weights=per_object)
    busiest = np.argsort(per_page)[::-1][:2]
    own = np.isin(actions.page, busiest) & (per_object > 0)
    if not own.any():
        return np.empty(0, np.int64)
    return np.flatnonzero(own & (per_object >= np.median(per_object[own]) / 2))


def wave(
    actions: Timeline,
    group: I64,
    posts: I64,
    share: float,
    spread_minutes: float,
    rng: np.random.Generator,
) -> pl.DataFrame:
    """Actions of one invented order, at exact times."""
    sent = actions.born_ms[posts] + 60_000 * MESSAGE_MINUTES * np.exp(
        MESSAGE_SIGMA * rng.standard_normal(len(posts))
    )
    member, post = np.nonzero(rng.random((len(group), len(posts))) < share)
    delay = 60_000 * spread_minutes * np.exp(SPREAD_SIGMA * rng.standard_normal(len(member)))
    return pl.DataFrame(
        {
            "account_id": group[member].astype(np.uint32),
            "object_id": posts[post].astype(np.uint32),
            "t_min_ms": (sent[post] + delay).astype(np.int64),
        }
    ).with_columns(t_max_ms="t_min_ms", born_ms=pl.Series(actions.born_ms[posts[post]]))


def as_polled(rows: pl.DataFrame, spacing_ms: int) -> pl.DataFrame:
    """What is left of times when lists are read on a grid, publication being known.

    Parameters
    ----------
    rows
        ``t_min_ms``, ``t_max_ms`` and ``born_ms`` of each one's object.
    """
    if not spacing_ms:
        return rows
    low = pl.col("t_min_ms") // spacing_ms * spacing_ms
    # What happens at the very moment of a poll is seen by it.
    high = (pl.col("t_max_ms") + spacing_ms - 1) // spacing_ms * spacing_ms
    return rows.with_columns(
        t_min_ms=pl.max_horizontal(low, pl.min_horizontal("born_ms", "t_min_ms")),
        t_max_ms=pl.max_horizontal(high, "t_max_ms"),
    )


def with_invented(frame: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Real and invented actions together, in the order of the store."""
    names = ["account_id", "object_id", "t_min_ms", "t_max_ms"]
    owner = [name for name in ("owner_id",) if name in frame.columns]
    if owner:
        owners = frame.select("object_id", "owner_id").unique("object_id")
        rows = rows.join(owners, on="object_id", how="left", maintain_order="left")
    both = pl.concat([frame.select(names + owner), rows.select(names + owner)])
    return both.sort("object_id", "t_min_ms", "account_id")


def smallest_seen(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """For each degree of obedience the smallest size of which most members were found."""
    seen = [row for row in rows if row["found"] >= SEEN_FROM]
    shares = sorted({row["participation"] for row in seen}, reverse=True)
    return [
        min((row for row in seen if row["participation"] == share), key=lambda row: row["size"])
        for share in shares
    ]

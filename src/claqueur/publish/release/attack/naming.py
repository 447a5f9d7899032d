"""Accounts that can be named from bounds and sizes alone, without weighing anything."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from scipy.optimize import linprog

from claqueur.kernels.co_action import F64, I64, Bool
from claqueur.publish.release.attack.knowledge import Bound
from claqueur.publish.release.attack.measure import CERTAIN, NOT_CERTAIN, chance

MOST_ASKED = 25
"""Accounts for which it is asked whether every solution has them."""

NEGLECTED = 0.05
"""Chance that one of the accounts that are left out as implausible is a member."""


def forced(log_odds: F64, bounds: Sequence[Bound]) -> Bool:
    """Accounts that are members in every set that fits the bounds, (n,) bool.

    Parts of accounts are allowed, so an account that is forced here is forced; a few that are
    forced only as wholes may be missed. Solutions are looked for among plausible accounts: those
    left out are members with a chance of at most 5% together.
    """
    found = np.zeros(len(log_odds), bool)
    chances = chance(log_odds)
    order = np.argsort(chances, kind="stable")
    plausible = np.sort(order[np.cumsum(chances[order]) > NEGLECTED])
    doubtful = np.flatnonzero(chances[plausible] < NOT_CERTAIN)
    if not len(doubtful) or not bounds:
        return found
    asked = doubtful[np.argsort(-log_odds[plausible][doubtful])][:MOST_ASKED]
    sums = np.array([bound.what[plausible] for bound in bounds])
    limits = np.array([[bound.low, bound.high] for bound in bounds])
    upper, most = np.vstack([sums, -sums]), np.concatenate([limits[:, 1], -limits[:, 0]])
    # One solution that has them all as little as can be clears most of them at once.
    together = _least(asked, upper, most)
    if together is None:
        return found  # the plausible accounts do not add up: nothing follows
    for place in asked[together[asked] > NOT_CERTAIN]:
        alone = _least(place, upper, most)
        found[plausible[place]] = alone is not None and alone[place] > NOT_CERTAIN
    return found


def _least(places: I64 | np.int64, upper: F64, most: F64) -> F64 | None:
    """A solution within bounds that has some accounts as little as can be; None if there is none.

    Parameters
    ----------
    upper : (bounds, n) float64; most : (bounds,) float64
        What is summed of each account, and the largest sum.
    """
    aim = np.zeros(upper.shape[1])
    aim[places] = 1.0
    solved = linprog(aim, A_ub=upper, b_ub=most, bounds=(0, 1), method="highs")
    return solved.x if solved.success else None


def matched(
    log_odds: F64, member: Bool, populations: Iterable[tuple[I64, tuple[float, float]]]
) -> int:
    """Members who are named because a population is as large as is published of them, and is them.

    Parameters
    ----------
    populations
        Places of candidates, and between which numbers the members among them are said to lie.
    """
    doubtful = member & (chance(log_odds) < NOT_CERTAIN)
    named = np.zeros(len(member), bool)
    for places, (low, high) in populations:
        if len(places) and low <= len(places) <= high and member[places].mean() >= CERTAIN:
            named[places] = True
    return int((named & doubtful).sum())

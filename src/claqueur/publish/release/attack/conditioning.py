"""Chances of every account once a release is known.

Accounts are members independently, with the chances the adversary gave them; a release says what
sums over the members come to. Given such sums, the law of who is a member is, to first order, the
same law tilted: log-odds move by a weighted sum of what is public about each account, with one
weight a released cell (the Gibbs conditioning principle; I. Csiszár, "Sanov property, generalized
I-projection and a conditional limit theorem", *Ann. Probab.* 12, 1984). The weights solve a convex
problem. It is as good a use of the tables as can be made without going through all sets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from claqueur.kernels.co_action import F64, Bool
from claqueur.publish.release.attack.adversary import calibrated
from claqueur.publish.release.attack.knowledge import Bound
from claqueur.publish.release.attack.newton import least

_FAR = 30.0
_ROUND = 1e-2
"""Weights below which bounds are rounded off, so that the problem is smooth."""
_STIFF = 0.1
"""Variance of a sum that bounds say exactly."""


def conditioned(log_odds: F64, groups: Sequence[Sequence[Bound]]) -> F64:
    """Log-odds of being in any group, given what is said of each, (n,) float64.

    Parameters
    ----------
    log_odds : (n,) float64
        Without the release.
    groups
        The bounds on each group; an account is in one at most.
    """
    told = [bounds for bounds in groups if bounds]
    if not told:
        return log_odds
    sizes = np.array([_size(bounds) for bounds in told])
    start = np.clip(log_odds, -_FAR, _FAR)[:, None] + np.log(sizes / sizes.sum())[None, :]
    laid = [_scaled(bounds) for bounds in told]
    cut = np.cumsum([0, *(len(bounds) for bounds in told)])

    def tilted(weights: F64) -> F64:
        moves = [what @ weights[cut[g] : cut[g + 1]] for g, (what, _, _) in enumerate(laid)]
        moved: F64 = start + np.column_stack(moves)
        return moved

    def dual(weights: F64) -> tuple[float, F64, F64]:
        moved = tilted(weights)
        whole = np.logaddexp(0, _log_sum(moved))
        chance = np.exp(moved - whole[:, None])
        value, slope = float(whole.sum()), np.zeros(len(weights))
        curve = np.zeros((len(weights), len(weights)))
        for g, (what, middle, half) in enumerate(laid):
            part = slice(cut[g], cut[g + 1])
            own = weights[part]
            size = np.sqrt(own * own + _ROUND**2)
            value += float(-own @ middle + half @ size + 0.5 * _STIFF * own @ own)
            slope[part] = what.T @ chance[:, g] - middle + half * own / size + _STIFF * own
            for h, (other, _, _) in enumerate(laid[: g + 1]):
                both = chance[:, g] * ((g == h) - chance[:, h])
                block = (what * both[:, None]).T @ other
                curve[part, cut[h] : cut[h + 1]] = block
                curve[cut[h] : cut[h + 1], part] = block.T
            curve[part, part] += np.diag(half * _ROUND**2 / size**3 + _STIFF)
        return value, slope, curve

    return _log_sum(tilted(least(dual, cut[-1])))


def _size(bounds: Sequence[Bound]) -> float:
    return next((bound.middle for bound in bounds if bound.name == "size"), 1.0)


def _scaled(bounds: Sequence[Bound]) -> tuple[F64, F64, F64]:
    """What each cell sums, its middle and half width, in units in which accounts differ by one."""
    what = np.column_stack([bound.what for bound in bounds])
    unit = np.maximum(what.std(axis=0), 1.0)
    middle = np.array([bound.middle for bound in bounds]) / unit
    half = np.array([(bound.high - bound.low) / 2 for bound in bounds]) / unit
    return what / unit, middle, half


def _log_sum(values: F64) -> F64:
    most = values.max(axis=1)
    found: F64 = most + np.log(np.exp(values - most[:, None]).sum(axis=1))
    return found


def likened(log_odds: F64, groups: Sequence[Sequence[Bound]], member: Bool) -> F64:
    """Log-odds together with how much likelier each account's profile is among members.

    Cell by cell, as if they were independent: which share of members, and of everybody, has what
    the cell counts. What that weighs beside what was known before is fitted with the truth at
    hand, as no adversary could.

    Parameters
    ----------
    member : (n,) bool
    """
    best = np.full(len(log_odds), -np.inf)
    for bounds in groups:
        size = _size(bounds)
        near = [b for b in bounds if b.accounts and b.high - b.low <= size / 2]
        cells = [bound for bound in near if bound.name != "size"]
        if cells:
            best = np.maximum(best, _profile(cells, size))
    if not np.isfinite(best).all():
        return log_odds
    return calibrated(np.column_stack([log_odds, best]), member)


def _profile(cells: Sequence[Bound], size: float) -> F64:
    moved = np.zeros(len(cells[0].what))
    for cell in cells:
        ours = np.clip(cell.middle / size, 0.02, 0.98)
        usual = np.clip(cell.what.mean(), 0.02, 0.98)
        yes, no = np.log(ours / usual), np.log((1 - ours) / (1 - usual))
        moved += np.where(cell.what > 0, yes, no)
    return moved


def merged(own: Sequence[Bound], earlier: Mapping[str, Bound]) -> list[Bound]:
    """Bounds together with those of an earlier release; where both speak of a cell, both hold.

    Bounds that exclude each other tell of a change between the releases, not of a sum.
    """
    found = []
    for bound in own:
        other = earlier.get(bound.name)
        low = max(bound.low, other.low) if other else bound.low
        high = min(bound.high, other.high) if other else bound.high
        narrow = Bound(bound.name, bound.what, low, high, bound.accounts)
        found.append(narrow if low <= high else bound)
    names = {bound.name for bound in own}
    return [*found, *(bound for name, bound in earlier.items() if name not in names)]

"""How much better members are named with a release than without: AUC, and certain hits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from claqueur.kernels.co_action import F64, I64, Bool

CERTAIN, NOT_CERTAIN = 0.95, 0.9
"""Chances from which an account is named with near certainty, and below which it was not before."""

_Z = 1.959963984540054


@dataclass(frozen=True)
class Gain:
    """What a release adds to one adversary's ranking of one set of candidates.

    Attributes
    ----------
    before, after
        Area under the ROC curve without the release and with it.
    low, high
        95% interval of the difference.
    added
        Members named with near certainty only with the release.
    """

    members: int
    candidates: int
    before: float
    after: float
    low: float
    high: float
    added: int

    @property
    def gain(self) -> float:
        """The difference."""
        return self.after - self.before


def gain(
    before: F64, after: F64, member: Bool, parts: Sequence[I64] = (), certain: float = CERTAIN
) -> Gain:
    """Compare two rankings of the same accounts by their log-odds of being a member.

    The interval is that of E. R. DeLong, D. M. DeLong and D. L. Clarke-Pearson, "Comparing the
    areas under two or more correlated receiver operating characteristic curves", *Biometrics* 44,
    1988.

    Parameters
    ----------
    before, after : (n,) float64
        Log-odds without the release and with it.
    member : (n,) bool
    parts
        Places of the accounts that are compared with each other, a set each; all when empty.
    certain
        Chance from which somebody counts as named.
    """
    sets = [np.asarray(part) for part in parts] or [np.arange(len(member))]
    sets = [part for part in sets if 0 < member[part].sum() < len(part)]
    pairs = np.array([float(member[p].sum() * (~member[p]).sum()) for p in sets])
    each = [_compared(before[p], after[p], member[p]) for p in sets]
    weight = pairs / pairs.sum()
    first, second, variance = (np.array(column) for column in zip(*each, strict=True))
    error = math.sqrt(float((weight**2 * variance).sum()))
    difference = float(weight @ (second - first))
    asked = np.unique(np.concatenate(sets))
    sure = (chance(after) >= certain) & (chance(before) < NOT_CERTAIN) & member
    return Gain(
        members=int(member[asked].sum()),
        candidates=len(asked),
        before=float(weight @ first),
        after=float(weight @ second),
        low=difference - _Z * error,
        high=difference + _Z * error,
        added=int(sure[asked].sum()),
    )


def _compared(before: F64, after: F64, member: Bool) -> tuple[float, float, float]:
    """Both areas, and the variance of their difference."""
    one, two = (_placements(score, member) for score in (before, after))
    ours, others = (second - first for first, second in zip(one, two, strict=True))
    variance = _variance_of_mean(ours) + _variance_of_mean(others)
    return float(one[0].mean()), float(two[0].mean()), variance


def _placements(score: F64, member: Bool) -> tuple[F64, F64]:
    """Share of non-members below each member, and of members above each non-member."""
    ours, others = score[member], score[~member]
    ranks = rankdata(np.concatenate([ours, others]))
    first, second = ranks[: len(ours)], ranks[len(ours) :]
    below: F64 = (first - rankdata(ours)) / max(len(others), 1)
    above: F64 = 1 - (second - rankdata(others)) / max(len(ours), 1)
    return below, above


def _variance_of_mean(values: F64) -> float:
    return float(values.var(ddof=1) / len(values)) if len(values) > 1 else 0.0


def chance(log_odds: F64) -> F64:
    """From log-odds to chances."""
    found: F64 = 1 / (1 + np.exp(-np.clip(log_odds, -500, 500)))
    return found

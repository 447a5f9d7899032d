"""Numbers as they are published: so coarse that no difference of two singles out a few accounts.

Counts of accounts are rounded to multiples of k, so whatever is left of a size when the counts
beside it are taken away is known no better than to k accounts. Counts of actions go up in steps
of about a third.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

SMALLEST = 10
"""The least k there is."""

SHARE_STEP = 0.05
"""Shares are rounded to twentieths."""

LEAST_P = 1e-12
"""Smaller p-values are written as this: how small exactly depends on single accounts."""

_STEPS = (1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0)
_FINE, _MIDDLE = 20, 100


def step_of(count: float, k: int = SMALLEST) -> int:
    """To multiples of what a count of accounts is rounded.

    Examples
    --------
    >>> step_of(37), step_of(450), step_of(12_345)
    (10, 50, 1000)
    """
    if count < _FINE * k:
        return k
    if count < _MIDDLE * k:
        return 5 * k
    return 10 * k * int(10.0 ** int(math.log10(count / (_MIDDLE * k))))


def accounts(count: int, k: int = SMALLEST) -> int | None:
    """A count of accounts as it is published; None below k.

    Examples
    --------
    >>> accounts(9), accounts(12), accounts(26), accounts(205), accounts(12_345)
    (None, 10, 30, 200, 12000)
    """
    if count < k:
        return None
    step = step_of(count, k)
    return step * math.floor(count / step + 0.5)


def at_least(count: int, k: int = SMALLEST) -> int:
    """A lower bound on accounts, rounded down so that it still is one; 0 below k.

    Examples
    --------
    >>> at_least(9), at_least(29), at_least(205)
    (0, 20, 200)
    """
    step = step_of(count, k)
    return step * (count // step)


def bounds(shown: int, k: int = SMALLEST) -> tuple[float, float]:
    """Between which counts of accounts one lies that is published as ``shown``.

    Examples
    --------
    >>> bounds(10), bounds(30), bounds(200)
    ((10, 15.0), (25.0, 35.0), (195.0, 225.0))
    """
    low, high = step_of(shown - 1, k), step_of(shown, k)
    return max(shown - low / 2, k), shown + high / 2


def actions(count: int) -> int:
    """A count of actions as it is published: about so many.

    Examples
    --------
    >>> actions(0), actions(11), actions(526), actions(1678)
    (0, 10, 500, 1500)
    """
    if count <= 0:
        return 0
    power = 10.0 ** math.floor(math.log10(count))
    near = min(_STEPS, key=lambda step: abs(math.log(count / (step * power))))
    return round(near * power)


def action_bounds(shown: int) -> tuple[float, float]:
    """Between which counts of actions one lies that is published as ``shown``.

    Examples
    --------
    >>> [round(end) for end in action_bounds(500)]
    [387, 592]
    """
    if shown <= 0:
        return 0.0, 0.0
    known = sorted(step * 10.0**power for power in range(10) for step in _STEPS[:-1])
    place = min(range(len(known)), key=lambda at: abs(known[at] - shown))
    below = known[place - 1] if place else known[0] / 2
    return math.sqrt(below * known[place]), math.sqrt(known[place] * known[place + 1])


def share(part: float) -> float:
    """A share in twentieths.

    Examples
    --------
    >>> share(0.514), share(0.99)
    (0.5, 1.0)
    """
    return round(round(part / SHARE_STEP) * SHARE_STEP, 2)


def magnitude(p: float | None) -> float | None:
    """A p-value's order of magnitude, rounded up so that it claims no more.

    Examples
    --------
    >>> magnitude(0.0012), magnitude(3e-40), magnitude(None)
    (0.01, 1e-12, None)
    """
    if p is None:
        return None
    power = math.ceil(math.log10(max(p, LEAST_P)) - 1e-9)
    return float(f"1e{min(power, 0)}")


def digits(value: float | None, kept: int = 2) -> float | None:
    """A number with so many significant digits.

    Examples
    --------
    >>> digits(123.456), digits(0.012345, 3), digits(None)
    (120.0, 0.0123, None)
    """
    return None if value is None else float(f"{value:.{kept}g}")


def withheld(counts: Sequence[int], primary: Sequence[bool], k: int = SMALLEST) -> list[bool]:
    """Which cells of a line that adds up are withheld, so that none follows from the others.

    At least two cells are, or none; and together they hold k accounts or more.

    Parameters
    ----------
    counts, primary
        Every cell's count, and whether it must be withheld for itself.

    Examples
    --------
    >>> withheld([3, 40, 60, 15], [True, False, False, False])
    [True, False, False, True]
    """
    hidden = list(primary)
    while any(hidden):
        inside = sum(count for count, gone in zip(counts, hidden, strict=True) if gone)
        left = [place for place, gone in enumerate(hidden) if not gone]
        if not left or (sum(hidden) > 1 and inside >= k):
            break
        hidden[min(left, key=lambda place: counts[place])] = True
    return hidden

"""What ``run.json`` says about the test of declared targets: counts of a population, no account."""

from __future__ import annotations

from typing import Any

import numpy as np

from claqueur.directive.participation import NULLS, SMALL_P, Outcome
from claqueur.directive.population import LEVEL
from claqueur.kernels.co_action import F64
from claqueur.model import SMALLEST_SHOWN

FEW = f"fewer than {SMALLEST_SHOWN}"
"""What is written for a count of accounts from 1 to 9."""


def shown(count: int) -> int | str:
    """A count of accounts as it may be written.

    Examples
    --------
    >>> shown(0), shown(7), shown(12)
    (0, 'fewer than 10', 12)
    """
    return count if count == 0 or count >= SMALLEST_SHOWN else FEW


def target_record(tested: Outcome) -> dict[str, Any]:
    """The ``targets`` entry of ``run.json``."""
    own = tested.p[tested.testable]
    return {
        **tested.declared.record,
        "variant": tested.variant,
        "null": NULLS[tested.variant],
        "level": LEVEL,
        "tested": shown(len(own)),
        "not_testable": {reason: shown(count) for reason, count in tested.reasons.items()},
        "at_least": shown(tested.bound),
        "at_least_against_exact_null": shown(tested.exact_bound),
        "listed": shown(int((tested.q <= LEVEL).sum())),
        "nobody_p_value": tested.nobody_p,
        "control_pages": _controls(tested),
        "p_values_by_twentieth": _histogram(own, np.ones(len(own))),
        "pseudo_p_values_by_twentieth": _histogram(tested.pseudo, tested.weight),
        "sensitivity": tested.sensitivity,
    }


def _controls(tested: Outcome) -> dict[str, Any]:
    """What pseudo-targets on control pages gave."""
    if tested.variant != "whole page":
        return {"exponent": tested.gamma, "tests": round(float(tested.weight.sum()))}
    return {
        "pages": len(tested.control_hits),
        "small_p": SMALL_P,
        "share_small": (tested.control_hits / np.maximum(tested.control_tested, 1)).tolist(),
        "share_small_of_target": float((tested.p[tested.testable] <= SMALL_P).mean())
        if tested.testable.any()
        else 0.0,
    }


def _histogram(p: F64, weight: F64) -> list[float]:
    """Share of p-values in each twentieth of 0 to 1."""
    counts, _ = np.histogram(p, bins=20, range=(0, 1), weights=weight)
    return [round(float(count), 6) for count in counts / max(counts.sum(), 1e-9)]

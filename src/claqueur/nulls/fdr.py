"""False discovery rates.

Benjamini-Hochberg for p-values (Y. Benjamini, Y. Hochberg, "Controlling the false discovery
rate", J. R. Stat. Soc. B 57, 1995), Benjamini-Yekutieli as the bound under any dependence
(Ann. Statist. 29, 2001), and e-BH for e-values, which needs no assumption on dependence
(R. Wang, A. Ramdas, "False discovery rate control with e-values", J. R. Stat. Soc. B 84, 2022).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def e_bh(log_e: Floats, family: int) -> Floats:
    """q-values of tests from the logarithms of their e-values.

    Parameters
    ----------
    log_e : (k,) float64
        Tests that are not given have an e-value of 0.
    family
        Number of tests, given or not; at least k.

    Returns
    -------
    q : (k,) float64
        Least false discovery rate at which each test is rejected, at most 1.
    """
    order = np.argsort(-log_e, kind="stable")
    rank = np.arange(1, len(log_e) + 1)
    log_q = np.log(family) - np.log(rank) - log_e[order]
    return _monotone(np.exp(np.minimum(log_q, 0.0)), order)


def benjamini_hochberg(p: Floats, family: int) -> Floats:
    """q-values from p-values; tests that are not given have p = 1.

    Parameters
    ----------
    p : (k,) float64
    family
        Number of tests, given or not; at least k.
    """
    order = np.argsort(p, kind="stable")
    rank = np.arange(1, len(p) + 1)
    return _monotone(np.minimum(p[order] * family / rank, 1.0), order)


def benjamini_yekutieli(p: Floats, family: int) -> Floats:
    """q-values from p-values that hold whatever ties the tests to each other."""
    harmonic = np.log(family) + 0.5772156649 + 0.5 / family if family > 0 else 1.0
    return np.minimum(benjamini_hochberg(p, family) * harmonic, 1.0)


def _monotone(sorted_q: Floats, order: NDArray[np.intp]) -> Floats:
    """The smallest q at or below each rank, back in the order given."""
    q = np.empty(len(sorted_q))
    q[order] = np.minimum.accumulate(sorted_q[::-1])[::-1]
    return q

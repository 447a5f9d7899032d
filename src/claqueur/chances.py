"""Shares with their exact interval.

C. J. Clopper, E. S. Pearson, "The use of confidence or fiducial limits illustrated in the case of
the binomial", Biometrika 26, 1934.
"""

from __future__ import annotations

from scipy.special import betainccinv, betaincinv

TAIL = 0.025
"""Left out on either side."""


def chance_interval(hits: int, of: int) -> tuple[float, float, float]:
    """Share in which something happened, with its Clopper-Pearson interval.

    Examples
    --------
    >>> share, low, high = chance_interval(0, 200)
    >>> f"{share:.3f} {low:.3f} {high:.3f}"
    '0.000 0.000 0.018'
    """
    low = 0.0 if hits == 0 else float(betaincinv(hits, of - hits + 1, TAIL))
    high = 1.0 if hits == of else float(betainccinv(hits + 1, of - hits, TAIL))
    return hits / of, low, high

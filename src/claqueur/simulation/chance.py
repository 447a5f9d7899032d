"""Random numbers: one independent stream a mechanism, and the distributions used often."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias
from zlib import crc32

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.bool_]


def stream(seed: int, mechanism: str) -> np.random.Generator:
    """A generator of its own for a mechanism.

    Switching one mechanism off, or adding one, leaves the draws of the others as they were.
    """
    return np.random.default_rng([seed, crc32(mechanism.encode())])


def one_by_one(rng: np.random.Generator) -> Callable[[], float]:
    """What gives the next number from 0 to below 1; ten times faster than asking each time."""

    def numbers() -> Iterator[float]:
        while True:
            yield from rng.random(4_096).tolist()

    return numbers().__next__


def lognormal(
    rng: np.random.Generator, median: float, sigma: float, size: int | tuple[int, ...]
) -> Floats:
    """Lognormal draws by their median, in its unit; sigma is of the logarithm."""
    return median * np.exp(sigma * rng.standard_normal(size))


def beta(rng: np.random.Generator, mean: float, concentration: float, size: int) -> Floats:
    """Beta draws by mean and concentration (a + b); a mean of 0 or 1 is a constant."""
    if mean in (0, 1):
        return np.full(size, float(mean))
    return rng.beta(mean * concentration, (1 - mean) * concentration, size)

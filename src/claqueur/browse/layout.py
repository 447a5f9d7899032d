"""Places for the nodes of a network: attraction along edges, repulsion between all, gravity.

The forces are those of M. Jacomy, T. Venturini, S. Heymann, M. Bastian ("ForceAtlas2", PLoS ONE
9(6), 2014): attraction grows with the distance, repulsion falls with it and grows with degrees.
Among many nodes repulsion is read from a grid: degrees are laid on it, and one convolution by
Fourier transform gives the force in every cell. Same input and seed, same places.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft2, next_fast_len, rfft2

from claqueur.kernels.layout import push_apart, repulsion

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

SEED = 7
ROUNDS = 80
EXACT_AT_MOST = 600
"""So many nodes repel each other one by one; more of them through the grid."""
CELLS = 96
_GRAVITY = 0.05
_GOLDEN = np.pi * (3 - np.sqrt(5))


def layout(
    starts: I64, a: I64, b: I64, weight: F64, *, seed: int = SEED, rounds: int = ROUNDS
) -> F64:
    """Places of the nodes of one or several parts, each part within a unit circle of its own.

    Parameters
    ----------
    starts : (parts + 1,)
        Where the nodes of each part begin; the last is their end.
    a, b
        Ends of the edges, both in one part.
    weight
        Of the edges; only their ratios matter.

    Returns
    -------
    ndarray
        (n, 2)
    """
    nodes = int(starts[-1])
    sizes = np.diff(starts)
    own = np.repeat(sizes, sizes).astype(np.float64)
    place = _begin(starts, np.random.default_rng(seed)) * np.sqrt(own)[:, None]
    degree = np.bincount(a, minlength=nodes) + np.bincount(b, minlength=nodes)
    mass = degree.astype(np.float64) + 1
    scale = 1 / float(mass.mean()) if nodes else 1.0
    pull = weight / weight.mean() if len(weight) else weight
    for number in range(rounds):
        force = _repulsion(place, mass, starts) * scale - _GRAVITY * mass[:, None] * place
        force += _attraction(place, a, b, pull)
        place = place + _step(force, mass, number / rounds, own)
    return _into_circles(place, starts)


def spiral(nodes: int) -> F64:
    """Places that fill the unit circle evenly, as seeds in a sunflower."""
    number = np.arange(nodes) + 0.5
    radius, angle = np.sqrt(number / max(nodes, 1)), number * _GOLDEN
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])


def _begin(starts: I64, rng: np.random.Generator) -> F64:
    parts = [spiral(int(size))[rng.permutation(int(size))] for size in np.diff(starts)]
    return np.concatenate([np.zeros((0, 2)), *parts])


def _step(force: F64, mass: F64, done: float, own: F64) -> F64:
    """A move along the force, shorter and shorter as the layout cools."""
    move = force / mass[:, None]
    length = np.hypot(move[:, 0], move[:, 1])
    most = 0.15 * np.sqrt(own) * (1 - done) ** 2 + 0.002
    cut: F64 = move * np.minimum(1.0, most / np.maximum(length, 1e-12))[:, None]
    return cut


def _repulsion(place: F64, mass: F64, starts: I64) -> F64:
    """One by one within small parts, through the grid within large ones."""
    force = np.zeros_like(place)
    large = np.diff(starts) > EXACT_AT_MOST
    if not large.any():
        repulsion(place, mass, starts, force)
        return force
    for begin, end, is_large in zip(starts[:-1], starts[1:], large, strict=True):
        own = slice(begin, end)
        if is_large:
            force[own] = _on_grid(place[own], mass[own])
        else:
            repulsion(place, mass, np.array([begin, end]), force)
    return force


def _attraction(place: F64, a: I64, b: I64, pull: F64) -> F64:
    along = (place[b] - place[a]) * pull[:, None]
    nodes = len(place)
    sums = [
        np.bincount(a, along[:, axis], nodes) - np.bincount(b, along[:, axis], nodes)
        for axis in (0, 1)
    ]
    return np.column_stack(sums)


def _on_grid(place: F64, mass: F64) -> F64:
    low = place.min(axis=0)
    size = max(float((place.max(axis=0) - low).max()), 1e-9) / (CELLS - 2)
    at = (place - low) / size
    cell = at.astype(np.int64)
    share = at - cell
    corners = _corners(cell, share)
    grid = np.zeros(CELLS * CELLS)
    for flat, part in corners:
        grid += np.bincount(flat, mass * part, CELLS * CELLS)
    fields = _convolved(grid.reshape(CELLS, CELLS), size)
    parts = [sum(field.ravel()[flat] * part for flat, part in corners) for field in fields]
    force: F64 = np.column_stack(parts) * mass[:, None]
    return force


def _corners(cell: I64, share: F64) -> list[tuple[I64, F64]]:
    """The four corners around each node, and how much of it belongs to each."""
    return [
        (
            (cell[:, 0] + right) * CELLS + cell[:, 1] + up,
            np.abs(1 - right - share[:, 0]) * np.abs(1 - up - share[:, 1]),
        )
        for right in (0, 1)
        for up in (0, 1)
    ]


def _convolved(grid: F64, size: float) -> tuple[F64, F64]:
    """Force of everything on the grid in every cell, along each axis."""
    full = next_fast_len(2 * CELLS - 1)
    away = np.arange(-(CELLS - 1), CELLS) * size
    squared = away[:, None] ** 2 + away[None, :] ** 2 + size**2
    source = rfft2(grid, (full, full))
    return (
        _field(source, away[:, None] / squared, full),
        _field(source, away[None, :] / squared, full),
    )


def _field(source: NDArray[np.complex128], kernel: F64, full: int) -> F64:
    spread = irfft2(source * rfft2(kernel, (full, full)), (full, full))
    field: F64 = np.asarray(spread)[CELLS - 1 : 2 * CELLS - 1, CELLS - 1 : 2 * CELLS - 1]
    return field


def _into_circles(place: F64, starts: I64) -> F64:
    """Every part around nothing, and no farther out than one."""
    fitted = place.copy()
    for begin, end in pairwise(starts.tolist()):
        own = fitted[begin:end]
        if end > begin:
            own -= own.mean(axis=0)
            own /= max(float(np.hypot(own[:, 0], own[:, 1]).max()), 1e-9)
    return fitted


def apart(centre: F64, radius: F64, *, rounds: int = 100) -> F64:
    """Circles moved until none lies on another, as far as so many rounds bring it."""
    moved = np.ascontiguousarray(centre, np.float64).copy()
    push_apart(moved, np.ascontiguousarray(radius, np.float64), rounds)
    return moved

"""The bipartite configuration model, page by page, and pairs tested against it.

The model of maximum entropy in which every account likes as many objects of a page, and every
object has as many likes, as observed on average: a like has the chance x y / (1 + x y),
independently of all others (F. Saracco, R. Di Clemente, A. Gabrielli, T. Squartini,
"Randomizing bipartite networks: the case of the World Trade Web", Scientific Reports 5, 2015).
Equal degrees have equal x or y, so it is solved for classes of degrees (N. Vallarano and
others, "Fast and scalable likelihood maximization for exponential random graph models with
local constraints", Scientific Reports 11, 2021). A pair of accounts is tested by how many
objects it has in common (F. Saracco and others, "Inferring monopartite projections of bipartite
networks: an entropy-based approach", New Journal of Physics 19, 2017): a sum of independent
coins, Poisson-binomial.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from claqueur.kernels.co_action import F64, I64
from claqueur.nulls.incidence import Incidence

TOLERANCE = 1e-12
"""Relative error of a degree at which the solution is left."""

SWEEPS = 20
"""Fixed-point steps that bring the start near enough for Newton's method."""

MOST_STEPS = 200
"""Newton steps; some ten are usual."""


def solve(k: F64, accounts: I64, d: F64, objects: I64) -> F64:
    """Chances of a like by class of accounts and class of objects.

    Where degrees force a like or forbid it in every matrix that has them, the chance is 1 or 0
    (full and empty rows are the simplest case), and what is left falls into blocks that are
    solved apart. The forced entries are those at which the condition of Gale and Ryser holds
    with equality.

    Parameters
    ----------
    k : (c,) float64; accounts : (c,) int64
        Different degrees of accounts, rising, and how many accounts have each.
    d : (o,) float64; objects : (o,) int64
        The same for objects; both sides add up to the same number of likes.

    Returns
    -------
    chance : (c, o) float64
        Expected degrees equal those given, to about ``TOLERANCE``.
    """
    falling = slice(None, None, -1)
    k, accounts = k[falling], accounts[falling]
    rows = np.concatenate([[0], np.cumsum(accounts)])
    likes = np.concatenate([[0.0], np.cumsum(k * accounts)])
    most = np.minimum(d, rows[:, None]) @ objects
    tight = np.flatnonzero(np.isclose(likes, most, rtol=1e-12, atol=1e-6))
    chance = np.zeros((len(k), len(d)))
    for low, high in pairwise(sorted({0, *tight.tolist(), len(k)})):
        forced = d >= rows[high]
        free = (d > rows[low]) & ~forced
        chance[low:high, forced] = 1.0
        if free.any():
            chance[low:high, free] = 1 / (
                1 + np.exp(-np.add.outer(*fitness(
                    k[low:high] - objects[forced].sum(), accounts[low:high],
                    d[free] - rows[low], objects[free],
                )))
            )  # fmt: skip
    return chance[falling]


def fitness(k: F64, accounts: I64, d: F64, objects: I64) -> tuple[F64, F64]:
    """Logarithms of x and y where no like is forced: Newton's method on a concave function.

    Parameters
    ----------
    k, accounts, d, objects
        As for :func:`solve`, in any order; degrees may be fractions.

    Returns
    -------
    log_x : (c,) float64; log_y : (o,) float64
    """
    total = float(k @ accounts)
    theta, eta = np.log(k) - np.log(total) / 2, np.log(d) - np.log(total) / 2
    for _ in range(SWEEPS):
        theta = theta + np.log(k / (_chances(theta, eta) @ objects))
        eta = eta + np.log(d / (accounts @ _chances(theta, eta)))
    chance = _chances(theta, eta)
    error = _error(chance, k, accounts, d, objects)
    for _ in range(MOST_STEPS):
        if error <= TOLERANCE:
            break
        step = _newton(chance, k, accounts, d, objects)
        size, before = 1.0, error
        while size > 1e-6:
            near = theta + size * step[0], eta + size * step[1]
            chance_there = _chances(*near)
            error_there = _error(chance_there, k, accounts, d, objects)
            if error_there < before:
                theta, eta = near
                chance, error = chance_there, error_there
                break
            size /= 2
        if error == before:
            break
    return theta, eta


def _chances(theta: F64, eta: F64) -> F64:
    chance: F64 = 1 / (1 + np.exp(-np.add.outer(theta, eta)))
    return chance


def _error(chance: F64, k: F64, accounts: I64, d: F64, objects: I64) -> float:
    """Largest relative error of a degree."""
    rows = np.abs(chance @ objects / k - 1).max()
    return float(max(rows, np.abs(accounts @ chance / d - 1).max()))


def _newton(chance: F64, k: F64, accounts: I64, d: F64, objects: I64) -> tuple[F64, F64]:
    """Newton step, by elimination of the longer side."""
    if len(k) > len(d):
        eta, theta = _newton(chance.T, d, objects, k, accounts)
        return theta, eta
    weight = chance * (1 - chance) * accounts[:, None] * objects
    row, column = weight.sum(axis=1), weight.sum(axis=0)
    short = accounts * (k - chance @ objects)
    long = objects * (d - accounts @ chance)
    share = weight / np.maximum(column, 1e-300)
    schur = np.diag(row) - share @ weight.T
    # Only x y is determined, not x and y: fix the mean of the step.
    schur += row.mean() / len(row)
    theta = np.linalg.solve(schur, short - share @ long)
    eta = (long - theta @ weight) / np.maximum(column, 1e-300)
    return theta, eta


@dataclass(frozen=True)
class Margins:
    """The model of every page, laid out for the kernels.

    Attributes
    ----------
    entry_start : (n_accounts + 1,) int64; entry_page, entry_class, degree : (entries,) int64
        Pages on which each account likes something, rising, numbered from 0; its degree class
        and degree there.
    object_start : (n_pages + 1,) int64; times : int64
        Number of objects in each class of each page.
    chance_start : (n_pages,) int64; chance : float64
        Chance of a like by account class and object class, flattened.
    table_start, table_width : (n_pages,) int64; table : float64
        Expected common objects of two account classes, flattened.
    """

    entry_start: I64
    entry_page: I64
    entry_class: I64
    degree: I64
    object_start: I64
    times: I64
    chance_start: I64
    chance: F64
    table_start: I64
    table_width: I64
    table: F64

    @property
    def n_pages(self) -> int:
        """Pages on which anything is liked."""
        return len(self.table_start)


def margins(likes: Incidence) -> Margins:
    """Solve the model on every page that has likes."""
    page, number = np.unique(likes.page[likes.popularity > 0], return_inverse=True)
    page_of = np.zeros(likes.n_objects, np.int64)
    page_of[likes.popularity > 0] = number
    account, entry_page, degree = _entries(likes, page_of, max(len(page), 1))
    entry_class = np.empty(len(degree), np.int64)
    by_page = np.argsort(entry_page, kind="stable")
    bounds = np.searchsorted(entry_page[by_page], np.arange(len(page) + 1))
    on_page = _popularity_by_page(likes, number, len(page))
    chances, tables, times = [], [], []
    for g in range(len(page)):
        own = by_page[bounds[g] : bounds[g + 1]]
        k, entry_class[own], accounts = np.unique(
            degree[own], return_inverse=True, return_counts=True
        )
        d, objects = np.unique(on_page[g], return_counts=True)
        chance = solve(k.astype(float), accounts, d.astype(float), objects)
        chances.append(chance)
        tables.append((chance * objects) @ chance.T)
        times.append(objects)
    widths = np.array([len(table) for table in tables], np.int64)
    return Margins(
        entry_start=np.searchsorted(account, np.arange(likes.n_accounts + 1)),
        entry_page=entry_page,
        entry_class=entry_class,
        degree=degree,
        object_start=np.concatenate([[0], np.cumsum([len(t) for t in times])]).astype(np.int64),
        times=_flat(times, np.int64),
        chance_start=_starts(chances),
        chance=_flat(chances, np.float64),
        table_start=_starts(tables),
        table_width=widths,
        table=_flat(tables, np.float64),
    )


def _entries(likes: Incidence, page_of: I64, n_pages: int) -> tuple[I64, I64, I64]:
    """Account, page and number of likes, by account and page."""
    if n_pages == 1:
        account = np.flatnonzero(likes.degree)
        return account, np.zeros(len(account), np.int64), likes.degree[account]
    key = likes.account * np.int64(n_pages) + page_of[likes.object_]
    key, degree = np.unique(key, return_counts=True)
    return key // n_pages, key % n_pages, degree


def _popularity_by_page(likes: Incidence, page_of_liked: I64, n_pages: int) -> list[I64]:
    """Numbers of likes of the objects of each page that have any."""
    popularity = likes.popularity[likes.popularity > 0]
    order = np.argsort(page_of_liked, kind="stable")
    bounds = np.searchsorted(page_of_liked[order], np.arange(n_pages + 1))
    return [popularity[order[low:high]] for low, high in pairwise(bounds)]


def _starts(parts: list[F64]) -> I64:
    return np.concatenate([[0], np.cumsum([p.size for p in parts])])[:-1].astype(np.int64)


def _flat(parts: list[NDArray[np.generic]] | list[F64] | list[I64], kind: type) -> NDArray:  # type: ignore[type-arg]
    return np.concatenate([np.zeros(0, kind), *(p.ravel() for p in parts)])

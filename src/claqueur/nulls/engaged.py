"""Pairs of accounts that like more in common than their margins explain."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from claqueur.engines.engine import spread
from claqueur.kernels.bipartite import exact_tails, most_expected, needed, surprising_pairs
from claqueur.kernels.co_action import F64, I32, I64, U32, Bool
from claqueur.nulls.bipartite import Margins, margins
from claqueur.nulls.incidence import Incidence
from claqueur.progress import SILENT, Progress

KEEPS = "how much each account likes on each page, and how popular each post is; nothing else"
"""What the null of pairs keeps."""

SCREEN = 1e-4
"""Pairs with larger p-values are not written and count with p = 1."""

FALSE_PAIRS = 0.5
"""False pairs for each account that the screen lets through at most: with very many accounts
it is stricter than ``SCREEN``, or the pairs would not fit into memory."""

ROUGH = 10.0
"""Times the screen that the Poisson tail of a pair may be before it is computed exactly: the
exact tail is smaller where chances are large."""

FEWEST_SHARED = 2
"""Objects in common from which a pair is looked at: one is no habit."""

CHUNKS = 128
"""Pieces of work: enough for progress and for two cores to end together."""


@dataclass(frozen=True)
class EngagedPairs:
    """Pairs below the screen, a < b, sorted.

    Attributes
    ----------
    a, b : (k,) uint32
    weight : (k,) int32
        Objects in common.
    expected, p_value : (k,) float64
        Expected number, and the chance of as many or more.
    """

    a: U32
    b: U32
    weight: I32
    expected: F64
    p_value: F64

    def __len__(self) -> int:
        return len(self.a)

    def among(self, allowed: Bool) -> EngagedPairs:
        """Pairs of which both are among some accounts, (n_accounts,) bool."""
        return self.kept(allowed[self.a] & allowed[self.b])

    def kept(self, keep: Bool | I64) -> EngagedPairs:
        """Some of the pairs."""
        return EngagedPairs(
            self.a[keep], self.b[keep], self.weight[keep], self.expected[keep], self.p_value[keep]
        )


def screen_for(n_accounts: int) -> float:
    """The usual screen for so many accounts."""
    return min(SCREEN, 2 * FALSE_PAIRS / max(n_accounts, 1))


def engaged_pairs(
    incidence: Incidence,
    use: Bool | None = None,
    *,
    screen: float | None = None,
    fewest: int = FEWEST_SHARED,
    among: Bool | None = None,
    progress: Progress = SILENT,
) -> EngagedPairs:
    """Pairs whose number of common objects has p <= screen under the margins of their pages.

    The p-value is exact (Poisson-binomial). A pair whose Poisson bound is above ten times the
    screen, or whose count is not at least its expectation and one more, is not looked at; that
    only loses pairs. The family for a false discovery rate is n(n - 1)/2 over all n accounts
    that like anything, with p = 1 for pairs that are not returned.

    Parameters
    ----------
    use : (n_objects,) bool
        Objects to count; all of them where it is left out. Margins are those of these objects.
    screen
        Largest p-value; :func:`screen_for` all accounts when not given. From 1 on every pair
        with ``fewest`` common objects is returned.
    fewest
        Common objects below which a pair is never looked at.
    among : (n_accounts,) bool
        Only pairs of these accounts; everybody still makes the margins.
    """
    likes = incidence if use is None else incidence.on(use)
    if screen is None:
        screen = screen_for(int((likes.degree > 0).sum()))
    model = margins(likes)
    pairs = _screened(likes, model, screen, fewest, among, progress)
    p = _exact(pairs, model, progress)
    passed = np.flatnonzero(p <= screen)
    order = np.lexsort((pairs.b[passed], pairs.a[passed]))
    pairs.p_value[:] = p
    return pairs.kept(passed[order])


def _screened(
    likes: Incidence,
    model: Margins,
    screen: float,
    fewest: int,
    among: Bool | None,
    progress: Progress,
) -> EngagedPairs:
    """Pairs that the Poisson tail does not rule out, p-values still missing."""
    most = most_expected(int(likes.degree.max(initial=0)), screen * ROUGH, fewest)
    need = needed(
        model.entry_start, model.entry_page, model.entry_class, model.degree, model.table_start,
        model.table_width, model.table, most, model.n_pages == 1,
    )  # fmt: skip
    able = need <= likes.degree
    if among is not None:
        able &= among
    rows = _laid_out(likes, able)
    entry_start, entry = _entries_of(model, rows.accounts)
    page, kind = model.entry_page[entry], model.entry_class[entry]

    def piece(bounds: tuple[int, int]) -> tuple[U32, U32, I32, F64]:
        return surprising_pairs(
            *bounds, rows.start, rows.object_, rows.liker_start, rows.liker, entry_start, page,
            kind, model.table_start, model.table_width, model.table, need[rows.accounts], most,
        )  # fmt: skip

    pieces = _even(rows.start, CHUNKS)
    progress.stage("counting likes in common", total=len(pieces))
    parts = list(spread(piece, pieces, progress))
    i, j, weight, mean = (np.concatenate(column) for column in zip(*parts, strict=True))
    first, second = rows.accounts[i], rows.accounts[j]
    a, b = np.minimum(first, second), np.maximum(first, second)
    return EngagedPairs(a.astype(np.uint32), b.astype(np.uint32), weight, mean, np.ones(len(mean)))


@dataclass(frozen=True)
class _Rows:
    """Likes relabelled: accounts by rising degree, objects by rising popularity."""

    accounts: I64
    start: I64
    object_: U32
    liker_start: I64
    liker: U32


def _laid_out(likes: Incidence, able: Bool) -> _Rows:
    accounts = np.flatnonzero(able)
    accounts = accounts[np.argsort(likes.degree[accounts], kind="stable")]
    place = np.full(likes.n_accounts, -1, np.int64)
    place[accounts] = np.arange(len(accounts))
    by_popularity = np.argsort(likes.popularity, kind="stable")
    rank = np.empty(likes.n_objects, np.int64)
    rank[by_popularity] = np.arange(likes.n_objects)
    keep = able[likes.account]
    laid = Incidence.of(
        place[likes.account[keep]], rank[likes.object_[keep]], likes.page, likes.order,
        len(accounts),
    )  # fmt: skip
    return _Rows(accounts, laid.start, laid.object_, laid.liker_start, laid.liker)


def _entries_of(model: Margins, accounts: I64) -> tuple[I64, I64]:
    """The entries of some accounts in their order: where each account's begin, and which."""
    first = model.entry_start[accounts]
    count = model.entry_start[accounts + 1] - first
    start = np.concatenate([[0], np.cumsum(count)])
    within = np.arange(start[-1]) - np.repeat(start[:-1], count)
    return start, np.repeat(first, count) + within


def _even(start: I64, pieces: int) -> list[tuple[int, int]]:
    """Ranges of rows with about equally many entries."""
    cuts = np.searchsorted(start, np.linspace(0, start[-1], pieces + 1))
    cuts[0], cuts[-1] = 0, len(start) - 1
    return [(int(low), int(high)) for low, high in pairwise(cuts) if low < high] or [(0, 0)]


def _exact(pairs: EngagedPairs, model: Margins, progress: Progress) -> F64:
    """Exact p-values; pairs of equal degree classes share their coins where there is one page."""
    if model.n_pages == 1 and len(pairs):
        kind = np.zeros(len(model.entry_start) - 1, np.int64)
        kind[np.diff(model.entry_start) > 0] = model.entry_class
        low = np.minimum(kind[pairs.a], kind[pairs.b])
        high = np.maximum(kind[pairs.a], kind[pairs.b])
    else:
        low, high = pairs.a.astype(np.int64), pairs.b.astype(np.int64)
    order = np.lexsort((high, low))
    new = np.ones(len(order), bool)
    new[1:] = (np.diff(low[order]) != 0) | (np.diff(high[order]) != 0)
    group_start = np.append(np.flatnonzero(new), len(order)).astype(np.int64)
    grouped = pairs.kept(order)

    def piece(bounds: tuple[int, int]) -> F64:
        return exact_tails(
            *bounds, group_start, grouped.a, grouped.b, grouped.weight, model.entry_start,
            model.entry_page, model.entry_class, model.chance_start, model.object_start,
            model.chance, model.times,
        )  # fmt: skip

    groups = len(group_start) - 1
    pieces = _even(np.arange(groups + 1), min(CHUNKS, max(groups, 1)))
    progress.stage("exact p-values", total=len(pieces))
    p = np.empty(len(pairs))
    p[order] = np.concatenate(list(spread(piece, pieces, progress)))
    return p

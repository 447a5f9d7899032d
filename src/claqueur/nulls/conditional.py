"""Which posts an account liked, given how many: the null of the test of declared targets.

Given how many posts of a page an account liked inside its active span there (between its first
and its last, which are conditioned on and left out), and inside every block of publication,
which ones they are is a conditional Bernoulli draw with the posts' odds. A further margin may be
kept over all pages: the likes of posts on a topic, or of posts after a date. Then page interest
and that interest are both fixed, each page's likes and the margin, and what is left to test is
their interaction, exactly (P. McCullagh, J. A. Nelder, "Generalized Linear Models", 2nd ed.,
1989, 7.3, for the 2 × 2 table).

Odds are fitted without the account, and without accounts far out on *either* side: people who
follow an order would else make its targets look popular with everybody.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from claqueur.kernels.co_action import F64, I64, Bool
from claqueur.kernels.conditional import MARKED, TARGET, count_chances, count_tails

BLOCK_POSTS = 15
"""Posts of a page that are compared with each other: neighbours in the order of publication."""

REACH = 0.05
"""An account whose smallest possible p-value is larger cannot be judged."""

FAR_OUT = 0.05
"""Mid-p-value, of either side, from which an account's likes make no popularity."""

ROUNDS = 3
"""Times the odds are fitted anew without those far out."""

PRIOR = 1.0
"""Likes of an average post added to every post, so that no odds are 0."""

DRAWS = 400
"""Draws from the null for the band of a curve."""

_FITS = 12
_CHUNK = 8_192


@dataclass(frozen=True)
class Likes:
    """Likes by account and page; posts are numbered in the order of page and publication.

    Attributes
    ----------
    accounts : (n,) int64
        Rising codes of the accounts.
    row_start : (n + 1,) int64
        Rows of each account; a row is one account on one page.
    page, begin, end : (rows,) int64
        Its page; only posts strictly between begin and end count.
    like_start : (rows + 1,) int64; like : (likes,) int64
        Posts liked between them, rising within a row.
    edges : (rows, 2) int64
        The first and last post liked, where they are conditioned on; else -1.
    page_start : (pages + 1,) int64
        Posts of each page.
    """

    accounts: I64
    row_start: I64
    page: I64
    begin: I64
    end: I64
    like_start: I64
    like: I64
    edges: I64
    page_start: I64

    def __len__(self) -> int:
        return len(self.accounts)

    @classmethod
    def of(cls, account: I64, post: I64, page_start: I64, *, spans: bool) -> Likes:
        """Lay out likes.

        Parameters
        ----------
        account, post : (likes,) int64
            Each pair once.
        page_start : (pages + 1,) int64
        spans
            Whether only the account's active span on a page counts.
        """
        order = np.lexsort((post, account))
        account, post = account[order], post[order]
        page = np.searchsorted(page_start, post, side="right") - 1
        new = np.ones(len(post), bool)
        new[1:] = (account[1:] != account[:-1]) | (page[1:] != page[:-1])
        first = np.flatnonzero(new)
        last = np.append(first[1:], len(post))[: len(first)] - 1
        edges = np.full((len(first), 2), -1)
        inner = np.ones(len(post), bool)
        if spans:
            edges = np.stack([post[first], post[last]], axis=1)
            inner[first] = inner[last] = False
            begin, end = edges[:, 0], edges[:, 1]
        else:
            begin, end = page_start[page[first]] - 1, page_start[page[first] + 1]
        row = np.cumsum(new) - 1
        accounts, row_start = np.unique(account[first], return_index=True)
        return cls(
            accounts=accounts,
            row_start=np.append(row_start, len(first)),
            page=page[first],
            begin=np.ascontiguousarray(begin),
            end=np.ascontiguousarray(end),
            like_start=np.searchsorted(row[inner], np.arange(len(first) + 1)),
            like=post[inner],
            edges=edges,
            page_start=page_start,
        )

    @property
    def n_posts(self) -> int:
        """Posts of all pages."""
        return int(self.page_start[-1])

    @cached_property
    def of_row(self) -> I64:
        """The account's place of every row, (rows,) int64."""
        return np.repeat(np.arange(len(self)), np.diff(self.row_start))

    def fixed(self, target: Bool) -> I64:
        """Targets among each account's first and last posts, (n,) int64."""
        both = self.edges.copy()
        both[both[:, 0] == both[:, 1], 1] = -1
        hit = np.where(both >= 0, target[both], False).sum(axis=1)
        return np.bincount(self.of_row, weights=hit, minlength=len(self)).astype(np.int64)


def blocks(page_start: I64, size: int = BLOCK_POSTS) -> I64:
    """Blocks of about so many neighbouring posts of a page, (posts,) int64."""
    posts = np.diff(page_start)
    number = np.maximum(np.round(posts / size), 1).astype(np.int64)
    place = np.arange(page_start[-1]) - np.repeat(page_start[:-1], posts)
    inside = place * np.repeat(number, posts) // np.repeat(np.maximum(posts, 1), posts)
    block: I64 = inside + np.repeat(np.cumsum(number) - number, posts)
    return block


@dataclass(frozen=True)
class Odds:
    """Posts' popularity: likes of the accounts kept, and how many were to be expected.

    Attributes
    ----------
    rate : (rows,) float64
        Likes of a row for an average post; 0 for rows not kept.
    likes, exposure : (posts,) float64
    """

    rate: F64
    likes: F64
    exposure: F64


def fit_odds(likes: Likes, kept: Bool) -> Odds:
    """Fit how popular posts are among the accounts that could have liked them.

    A like of post o by account i on page g is Poisson with mean x_ig · y_o; both are fitted by
    maximum likelihood over active spans, which for likes that are rare is the odds' own fit.

    Parameters
    ----------
    kept : (n,) bool
        Accounts that make popularity.
    """
    row = kept[likes.of_row]
    own = np.diff(likes.like_start)
    count = np.bincount(likes.like[np.repeat(row, own)], minlength=likes.n_posts).astype(float)
    y = np.ones(likes.n_posts)
    begin, end = likes.begin + 1, np.maximum(likes.end, likes.begin + 1)
    for _ in range(_FITS):
        total = np.append(0.0, np.cumsum(y))
        rate = np.where(row, own / np.maximum(total[end] - total[begin], 1e-9), 0.0)
        steps = np.bincount(begin, weights=rate, minlength=likes.n_posts + 1)
        steps -= np.bincount(end, weights=rate, minlength=likes.n_posts + 1)
        exposure = np.maximum(np.cumsum(steps)[:-1], 0.0)
        y = (count + PRIOR) / (exposure + PRIOR)
    return Odds(rate, count, exposure)


@dataclass(frozen=True)
class Chances:
    """What each account liked of the targets beside what its interests explain.

    Attributes
    ----------
    accounts : (n,) int64
        Codes of the accounts.
    observed : (n,) int64; expected : (n,) float64
        Targets liked, and expected given all that is conditioned on.
    p : (n,) float64
        P(X ≥ x), 1 for accounts that cannot be judged.
    testable : (n,) bool
        Whether a p-value up to ``REACH`` was possible at all, whatever the account liked.
    tails : (width,) float64; drawn : (draws, width) int64
        Testable accounts expected at so many targets and more, and the same in draws.
    """

    accounts: I64
    observed: I64
    expected: F64
    p: F64
    testable: Bool
    tails: F64
    drawn: I64


def conditional(
    likes: Likes,
    target: Bool,
    *,
    block: I64,
    marked: Bool | None = None,
    seed: int = 1,
    draws: int = 0,
) -> Chances:
    """Test every account against the null of this module.

    Parameters
    ----------
    target : (posts,) bool
        What is tested: likes of these.
    block : (posts,) int64
        Likes are fixed in each; rising, and blocks never span pages.
    marked : (posts,) bool, optional
        Likes of these are fixed over all pages, too.
    draws
        From the null, for the band of a curve.
    """
    kind = target.astype(np.int64) * TARGET
    if marked is not None:
        kind = kind + marked * MARKED
    kept = np.ones(len(likes), bool)
    for _ in range(ROUNDS):
        inside = _mid_p(likes, fit_odds(likes, kept), kind, block)
        if np.array_equal(inside > FAR_OUT, kept):
            break
        kept = inside > FAR_OUT
    odds = fit_odds(likes, kept)
    rng = np.random.default_rng([seed, 17])
    fixed = likes.fixed(target)
    width = int(target.sum()) + 1
    parts = [
        _chunk(part, fixed[at], rng, draws)
        for at, part in _chances(likes, odds, kind, block, width)
    ]
    return _joined(likes, parts, width, draws)


def _chances(
    likes: Likes, odds: Odds, kind: I64, block: I64, width: int
) -> Iterator[tuple[slice, tuple[F64, I64]]]:
    """Chances of target counts and the counts seen, some accounts at a time."""
    for first in range(0, len(likes), _CHUNK):
        at = slice(first, min(first + _CHUNK, len(likes)))
        chance = np.zeros((at.stop - at.start, width))
        observed = np.zeros(at.stop - at.start, np.int64)
        count_chances(
            likes.row_start[at.start : at.stop + 1], likes.begin, likes.end, likes.like_start,
            likes.like, odds.rate, block, kind, odds.likes, odds.exposure, PRIOR, chance, observed,
        )  # fmt: skip
        yield at, (chance, observed)


def _mid_p(likes: Likes, odds: Odds, kind: I64, block: I64) -> F64:
    """The smaller mid-p-value of both sides, (n,) float64; 1 where nothing can be told."""
    width = int((kind & TARGET).sum()) + 1
    both = []
    for _, (chance, observed) in _chances(likes, odds, kind, block, width):
        at = np.take_along_axis(chance, observed[:, None], axis=1)[:, 0]
        above = _at_least(chance, observed) - at / 2
        none = chance.sum(axis=1) == 0
        both.append(np.where(none, 1.0, np.minimum(above, 1 - above)))
    return np.concatenate(both) if both else np.empty(0)


def _at_least(chance: F64, count: I64) -> F64:
    # Summed from the far end, so that small p-values keep their digits.
    tail = np.cumsum(chance[:, ::-1], axis=1)[:, ::-1]
    found: F64 = np.take_along_axis(tail, count[:, None], axis=1)[:, 0]
    return np.minimum(found, 1.0)


def _chunk(
    part: tuple[F64, I64], fixed: I64, rng: np.random.Generator, draws: int
) -> dict[str, F64 | I64 | Bool]:
    chance, observed = part
    told = chance.sum(axis=1) > 0
    most = chance.shape[1] - 1 - (chance[:, ::-1] > 0).argmax(axis=1)
    smallest = np.where(told, np.take_along_axis(chance, most[:, None], axis=1)[:, 0], 1.0)
    testable = told & (smallest <= REACH)
    uniform = rng.random((int(testable.sum()), draws))
    drawn = np.zeros((draws, chance.shape[1]), np.int64)
    return {
        "observed": observed + fixed,
        "expected": chance @ np.arange(chance.shape[1]) + fixed,
        "p": np.where(testable, _at_least(chance, observed), 1.0),
        "testable": testable,
        "tails": count_tails(chance[testable], fixed[testable], uniform, drawn),
        "drawn": drawn,
    }


def _joined(
    likes: Likes, parts: list[dict[str, F64 | I64 | Bool]], width: int, draws: int
) -> Chances:
    nothing = Chances(
        likes.accounts, np.empty(0, np.int64), np.empty(0), np.empty(0), np.empty(0, bool),
        np.zeros(width), np.zeros((draws, width), np.int64),
    )  # fmt: skip
    if not parts:
        return nothing
    each = {
        name: np.concatenate([part[name] for part in parts])
        for name in ("observed", "expected", "p", "testable")
    }
    sums = {name: np.sum([part[name] for part in parts], axis=0) for name in ("tails", "drawn")}
    return replace(nothing, **each, **sums)

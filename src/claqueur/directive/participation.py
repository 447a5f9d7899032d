"""The test of declared targets: every account against its own interests, and control pages.

The exact null is in :mod:`claqueur.nulls.conditional`. It takes an account's interest in a page
(and in a topic) for constant; real interests are not. So the same test is run on *pseudo-targets*:
posts of control pages, which nobody ordered, chosen like the targets. Where their p-values are
smaller than uniform, those of the targets are made larger by the same law.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

import numpy as np
import polars as pl

from claqueur.directive.population import (
    LEVEL,
    control_bound,
    control_p,
    exponent,
    simes,
    true_discoveries,
)
from claqueur.directive.targets import Declared, Matrix
from claqueur.kernels.co_action import F64, I64, Bool
from claqueur.nulls.conditional import DRAWS, Chances, Likes, blocks, conditional
from claqueur.nulls.fdr import benjamini_hochberg
from claqueur.progress import SILENT, Progress

CONTROLS = 12
"""Control pages at most: those with the most similar numbers of likes."""

FEWEST_CONTROL_POSTS = 10

PSEUDO_TESTS = 20_000
"""About how many tests on pseudo-targets are wanted; between 3 and 6 draws a page."""

SMALL_P = 0.01
"""P-value up to which accounts are counted on the target page and on control pages."""

SIZES = (10, 40)
WHOLE_SIZES = (100, 200)
PARTICIPATION = (0.3, 0.6, 0.9)
"""Invented participants: how many, and the share of the targets each likes."""

FEWEST_ACCOUNTS = 200
"""Accounts with likes on the targets' pages, below which no participants are invented."""

NULLS = {
    "posts": "how many posts an account liked in each block of about 15 neighbouring posts of the "
    "page, between its first and last like there; the posts' popularity",
    "posts and topic": "how many posts an account liked in each block of about 15 neighbouring "
    "posts of each page, between its first and last like there; how many posts on the topic it "
    "liked on all pages together; the posts' popularity",
    "whole page": "how many posts an account liked on each page, and how many of all pages' "
    "posts since the date; the posts' popularity",
}
"""What each null keeps."""


@dataclass(frozen=True)
class Outcome:
    """What the test of declared targets found. P-values of accounts are never written.

    Attributes
    ----------
    chances
        The exact test; ``accounts`` are codes of the events.
    p : (n,) float64
        P-values of all accounts with likes on the targets' pages, calibrated; 1 where not testable.
    gamma
        Exponent of the calibration; None where no control page could be used.
    pseudo : (k,) float64; weight : (k,) float64
        P-values of pseudo-targets and their weights.
    control_hits, control_tested : (pages,) int64
        Whole page: accounts with a small p-value on each control page, and those tested.
    bound
        At least so many accounts are beyond expectation, at one-sided 95% confidence.
    exact_bound
        The same without looking at control pages (whole page).
    nobody_p
        P-value of "nobody beyond expectation".
    reasons
        Accounts with likes on the targets' pages that could not be tested, by reason.
    """

    declared: Declared
    variant: str
    chances: Chances
    p: F64
    gamma: float | None
    pseudo: F64
    weight: F64
    control_hits: I64
    control_tested: I64
    bound: int
    exact_bound: int
    nobody_p: float
    reasons: dict[str, int]
    sensitivity: list[dict[str, Any]] = field(default_factory=list)

    @property
    def testable(self) -> Bool:
        """Accounts that could be judged, (n,) bool."""
        return self.chances.testable

    @property
    def q(self) -> F64:
        """q-values (Benjamini-Hochberg) over the accounts that could be judged, (n,) float64."""
        q = np.ones(len(self.p))
        q[self.testable] = benjamini_hochberg(
            self.p[self.testable], max(int(self.testable.sum()), 1)
        )
        return q

    @property
    def found(self) -> I64:
        """Codes of the accounts in the 5% list; for evaluation only, never written."""
        listed: I64 = self.chances.accounts[self.q <= LEVEL]
        return listed if self.bound else listed[:0]


def target_test(
    declared: Declared,
    seed: int = 1,
    progress: Progress = SILENT,
    *,
    planted: bool = True,
) -> Outcome:
    """Test who liked more of the declared targets than its interests explain.

    Parameters
    ----------
    seed
        Of pseudo-targets, draws and invented participants.
    planted
        Whether to say, by invented participants, what could have been seen.
    """
    progress.stage("testing declared targets")
    tested = _whole_page(declared, seed) if declared.whole else _posts(declared, seed)
    if planted and len(tested.p) >= FEWEST_ACCOUNTS:
        progress.stage("inventing participants")
        return replace(tested, sensitivity=_sensitivity(tested, seed))
    return tested


def _posts(declared: Declared, seed: int) -> Outcome:
    """The test of posts, calibrated on pseudo-targets."""
    chances = _test_posts(declared, declared.own, declared.target, seed, DRAWS)
    pseudo, weight = _pseudo_targets(declared, seed)
    gamma = exponent(pseudo, weight) if len(pseudo) else None
    p = chances.p ** (1.0 if gamma is None else gamma)
    own = p[chances.testable]
    bound = true_discoveries(own)
    return Outcome(
        declared=declared,
        variant="posts" if declared.topical is None else "posts and topic",
        chances=chances,
        p=p,
        gamma=gamma,
        pseudo=pseudo,
        weight=weight,
        control_hits=np.empty(0, np.int64),
        control_tested=np.empty(0, np.int64),
        bound=bound,
        exact_bound=bound,
        nobody_p=simes(own),
        reasons=_reasons(declared, chances),
    )


def _test_posts(
    declared: Declared, own: list[int], target: Bool, seed: int, draws: int = 0
) -> Chances:
    """The exact test of posts on some pages; with a topic, beside the reference pages."""
    topical = declared.topical
    beside = [page for page in declared.reference if page not in own] if _used(topical) else []
    account, post, page_start, old = declared.matrix.of_pages([*own, *beside])
    if beside:
        there = np.unique(account[post < page_start[len(own)]])
        kept = np.isin(account, there)
        account, post = account[kept], post[kept]
    likes = Likes.of(account, post, page_start, spans=True)
    marked = None if topical is None else topical[old]
    return conditional(
        likes, target[old], block=blocks(page_start), marked=marked, seed=seed, draws=draws
    )


def _used(topical: Bool | None) -> bool:
    return topical is not None


def _reasons(declared: Declared, chances: Chances) -> dict[str, int]:
    """Why accounts with likes on the targets' pages could not be judged."""
    account, _, _, _ = declared.matrix.of_pages(declared.own)
    likes = np.bincount(account, minlength=int(chances.accounts.max(initial=0)) + 1)
    own = likes[chances.accounts]
    elsewhere, _, _, _ = declared.matrix.of_pages(declared.reference)
    alone = ~np.isin(chances.accounts, elsewhere)
    out = ~chances.testable
    few = out & (own < 3) & (not declared.whole)
    needs_reference = declared.whole or declared.topical is not None
    only = out & ~few & alone & needs_reference
    return {
        "fewer than three likes on the targets' pages": int(few.sum()),
        "no likes on the reference pages, so interest and order cannot be told apart": int(
            only.sum()
        ),
        "what they liked leaves too little open: no result could have been unusual": int(
            (out & ~few & ~only).sum()
        ),
    }


def controls(declared: Declared) -> list[int]:
    """Reference pages like the targets' own, by their number of likes."""
    matrix = declared.matrix
    posts = np.diff(matrix.page_start)
    of_post = np.bincount(matrix.post, minlength=int(matrix.page_start[-1]))
    likes = np.add.reduceat(np.append(of_post, 0), matrix.page_start[:-1])
    own = np.log(max(likes[declared.own].mean(), 1.0))
    fit = [
        page
        for page in declared.reference
        if posts[page] >= FEWEST_CONTROL_POSTS and likes[page] > 0
    ]
    nearest: list[int] = sorted(fit, key=lambda page: abs(np.log(likes[page]) - own))[:CONTROLS]
    return nearest


def _pseudo_targets(declared: Declared, seed: int) -> tuple[F64, F64]:
    """P-values of the same test on posts of control pages chosen like the targets."""
    rng = np.random.default_rng([seed, 29])
    strata = _strata(declared.matrix, declared.topical)
    shares = _shares(declared, strata)
    pages = controls(declared)
    found: list[F64] = []
    weights: list[F64] = []
    for page in pages:
        draws = 3
        number = 0
        while number < draws:
            target = _like_the_targets(declared.matrix, page, strata, shares, rng)
            chances = _test_posts(declared, [page], target, seed)
            p = chances.p[chances.testable]
            # Small pages are drawn from more often.
            wanted = PSEUDO_TESTS / max(len(p), 1) / len(pages)
            draws = int(np.clip(wanted, 3, 6)) if number == 0 else draws
            found.append(p)
            weights.append(np.full(len(p), 1.0 / draws))
            number += 1
    nothing = np.empty(0)
    return np.concatenate([nothing, *found]), np.concatenate([nothing, *weights])


def _strata(matrix: Matrix, topical: Bool | None) -> I64:
    """Quarter of the page's posts in order, third in popularity, and topic of every post."""
    likes = np.bincount(matrix.post, minlength=int(matrix.page_start[-1]))
    strata = np.zeros(len(likes), np.int64)
    for first, last in zip(matrix.page_start[:-1], matrix.page_start[1:], strict=True):
        n = max(int(last - first), 1)
        place = np.arange(last - first) * 4 // n
        rank = likes[first:last].argsort(kind="stable").argsort(kind="stable")
        strata[first:last] = place * 6 + rank * 3 // n
    return strata if topical is None else strata + 3 * topical


def _shares(declared: Declared, strata: I64) -> F64:
    """Share of targets among the posts of each stratum on the targets' own pages."""
    on_own = np.zeros(len(strata), bool)
    for page in declared.own:
        on_own[declared.matrix.page_start[page] : declared.matrix.page_start[page + 1]] = True
    all_posts = np.bincount(strata[on_own], minlength=24)
    targets = np.bincount(strata[on_own & declared.target], minlength=24)
    share: F64 = targets / np.maximum(all_posts, 1)
    empty = all_posts == 0
    share[empty] = declared.target.sum() / max(on_own.sum(), 1)
    return share


def _like_the_targets(
    matrix: Matrix, page: int, strata: I64, shares: F64, rng: np.random.Generator
) -> Bool:
    """Posts of a control page, as many of each stratum as of the targets' own pages."""
    target = np.zeros(len(strata), bool)
    posts = np.arange(*matrix.page_start[page : page + 2])
    for stratum in np.unique(strata[posts]):
        own = posts[strata[posts] == stratum]
        wanted = int(shares[stratum] * len(own) + rng.random())
        target[rng.permutation(own)[:wanted]] = True
    if not target[posts].any():
        target[rng.choice(posts)] = True
    return target


def _whole_page(declared: Declared, seed: int) -> Outcome:
    """A page since a date against the same accounts' likes elsewhere, before and after."""
    chances = _test_page(declared, declared.own[0], seed, DRAWS)
    pages = controls(declared)
    others = [_test_page(declared, page, seed) for page in pages]
    hits = np.array([(c.p[c.testable] <= SMALL_P).sum() for c in others], np.int64)
    tested = np.array([c.testable.sum() for c in others], np.int64)
    own = chances.p[chances.testable]
    exact = true_discoveries(own)
    hit = int((own <= SMALL_P).sum())
    excess = int(np.floor(hit - control_bound(hits, tested) * len(own)))
    pseudo = np.concatenate([np.empty(0), *(c.p[c.testable] for c in others)])
    return Outcome(
        declared=declared,
        variant="whole page",
        chances=chances,
        p=chances.p,
        gamma=None,
        pseudo=pseudo,
        weight=np.ones(len(pseudo)),
        control_hits=hits,
        control_tested=tested,
        bound=max(min(exact, excess), 0),
        exact_bound=exact,
        nobody_p=max(simes(own), control_p(hit, len(own), hits, tested)),
        reasons=_reasons(declared, chances),
    )


def _test_page(declared: Declared, page: int, seed: int, draws: int = 0) -> Chances:
    """The exact test of one page since the date, beside the reference pages."""
    after = declared.after
    if after is None:
        raise ValueError("a whole page needs a date")
    # The page under test is never part of what another one is compared with.
    beside = [other for other in declared.reference if other != page]
    account, post, page_start, old = declared.matrix.of_pages([page, *beside])
    kept = np.isin(account, np.unique(account[post < page_start[1]]))
    likes = Likes.of(account[kept], post[kept], page_start, spans=False)
    target = after[old] & (np.arange(len(old)) < page_start[1])
    block = np.repeat(np.arange(len(page_start) - 1), np.diff(page_start))
    return conditional(likes, target, block=block, marked=after[old], seed=seed, draws=draws)


def _sensitivity(tested: Outcome, seed: int) -> list[dict[str, Any]]:
    """Invented participants laid over real accounts, and the share of them that is seen."""
    declared = tested.declared
    rng = np.random.default_rng([seed, 31])
    sizes = WHOLE_SIZES if declared.whole else SIZES
    everybody = np.unique(declared.matrix.account)
    rows = []
    for size, share in product(sizes, PARTICIPATION):
        chosen = rng.permutation(everybody)[:size]
        matrix = _with_participants(declared, chosen, share, rng)
        again = replace(declared, matrix=matrix)
        found = _seen_whole(again, tested, seed) if declared.whole else _seen(
            again, tested, chosen, seed
        )  # fmt: skip
        rows.append({"size": size, "participation": share, "found": found / size})
    return rows


def _with_participants(
    declared: Declared, chosen: I64, share: float, rng: np.random.Generator
) -> Matrix:
    matrix = declared.matrix
    targets = np.flatnonzero(declared.target)
    member, target = np.nonzero(rng.random((len(chosen), len(targets))) < share)
    account = np.concatenate([matrix.account, chosen[member]])
    post = np.concatenate([matrix.post, targets[target]])
    key = np.unique(account * np.int64(matrix.page_start[-1]) + post)
    return replace(matrix, account=key // matrix.page_start[-1], post=key % matrix.page_start[-1])


def _seen(declared: Declared, tested: Outcome, chosen: I64, seed: int) -> int:
    """How many invented participants are in the 5% list."""
    chances = _test_posts(declared, declared.own, declared.target, seed)
    p = chances.p[chances.testable] ** (1.0 if tested.gamma is None else tested.gamma)
    q = benjamini_hochberg(p, max(len(p), 1))
    return int(np.isin(chances.accounts[chances.testable][q <= LEVEL], chosen).sum())


def _seen_whole(declared: Declared, tested: Outcome, seed: int) -> int:
    """The lower bound with invented participants, above the one without them."""
    chances = _test_page(declared, declared.own[0], seed)
    own = chances.p[chances.testable]
    bound = control_bound(tested.control_hits, tested.control_tested)
    excess = int(np.floor((own <= SMALL_P).sum() - bound * len(own)))
    return max(min(true_discoveries(own), excess) - tested.bound, 0)


def participants(tested: Outcome, members: pl.DataFrame, account_ids: pl.Series) -> pl.DataFrame:
    """Participation of the members of confirmed groups, and of nobody else.

    Parameters
    ----------
    members
        ``accounts`` of the result: ``account_id`` and ``group_id`` of confirmed members.
    account_ids
        Ids of all accounts by code.
    """
    table = pl.DataFrame(
        {
            "account_id": account_ids.gather(tested.chances.accounts),
            "targets_liked": tested.chances.observed,
            "expected": tested.chances.expected,
            "p_value": np.where(tested.testable, tested.p, np.nan),
        }
    )
    return (
        members.select("account_id", "group_id")
        .join(table, on="account_id", how="left", maintain_order="left")
        .with_columns(
            pl.col("targets_liked").fill_null(0),
            pl.col("expected").fill_null(0.0),
            pl.col("p_value").fill_nan(None),
        )
    )

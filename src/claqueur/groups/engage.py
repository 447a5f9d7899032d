"""Select, freeze, test without times: which accounts act on the posts a group acts on.

As with times (see :mod:`claqueur.groups.confirm`), but objects take the place of days: those of
every page are cut into blocks of consecutive posts, which are split into two folds. Groups are
selected on each fold from surprising pairs among the *other* accounts and frozen; then every
account is tested on the other fold by a likelihood ratio (see
:mod:`claqueur.kernels.engagement`). One family holds all accounts that could be tested.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product

import numpy as np

from claqueur.engines.engine import spread
from claqueur.groups.communities import communities
from claqueur.groups.confirm import LEVEL, PARTS, SPLITS, Confirmed, most_common, weights
from claqueur.groups.select import SMALLEST
from claqueur.kernels.co_action import F64, I64, Bool
from claqueur.kernels.engagement import engagement_ratios
from claqueur.nulls.engaged import EngagedPairs, engaged_pairs
from claqueur.nulls.fdr import e_bh
from claqueur.nulls.habits import TOLERANCE
from claqueur.nulls.incidence import Incidence
from claqueur.progress import SILENT, Progress
from claqueur.settings import Grouping

KEEPS = (
    "how many of every ten consecutive posts of a page an account acts on, and how popular each "
    "post is among everybody else; no interest in a topic within a page"
)
"""What the null of accounts keeps."""

STRATUM = 10
"""Most posts of a stratum. Who visits a page likes some of the last few posts: how many of a few
neighbours an account likes is therefore given, and only which ones is compared."""

STRATUM_UNORDERED = 60
"""The same where nothing is known of the posts' order. Neighbours are then any posts, so that
visits cannot be kept; larger strata at least keep enough to compare."""

BLOCKS = 8
"""Blocks of consecutive strata a page is cut into, fewer where it has fewer: visits cross few
borders of folds, and alternating blocks let a topic fall into both."""

SHARES = np.array([0.3, 0.7])
"""Parts of an account's likes that may follow the group; the evidence is averaged over them."""

LARGEST_P, FALSE_EDGES = 0.05, 5.0
"""Largest p-value of a pair that ties accounts while groups are looked for, and the false ties
an account may have on average: a group shows in many weak ties, and its test comes later."""

RESOLUTIONS = (1.0, 4.0)
"""Of Leiden; groups of both compete for accounts."""
WHOLE = 0.5
"""The same where confirmed accounts are grouped: those of one order share all their posts, and
fall apart by chance alone at a finer one."""
MOST_GROUPS = 10
"""Largest communities of either resolution that compete."""
ROUNDS = 3
"""Times accounts choose among groups."""
LEAST_GAIN = 0.5
"""Evidence an account needs to join a group while groups are looked for."""

FEWEST_LIKES = 4
"""Likes that could go either way, below which an account cannot be judged."""


@dataclass
class _Half:
    """Groups of one fold, the accounts asked about, and what each gains with each group."""

    groups: list[Bool]
    asked: Bool
    log_e: F64


@dataclass
class _Evidence:
    log_e: F64
    likes: I64
    halves: list[_Half] = field(default_factory=list)


def confirm_untimed(
    likes: Incidence, seed: int = 1, progress: Progress = SILENT, *, splits: int = SPLITS
) -> Confirmed:
    """Find accounts that act on the same posts as a group does, and their groups.

    Parameters
    ----------
    seed
        Of the folds and of Leiden.
    splits
        Times the posts are split anew.

    Returns
    -------
    Confirmed
        Its windows are empty.
    """
    posts = Posts.of(likes)
    likes = posts.likes
    rng = np.random.default_rng([seed, 4])
    found = []
    for number in range(splits):
        fold = _half_of_blocks(posts, rng)
        part = rng.integers(0, PARTS, likes.n_accounts)
        progress.stage(f"groups by common posts, split {number + 1} of {splits}")
        found.append(_split(posts, fold, part, seed, progress))
    log_e = np.logaddexp.reduce([each.log_e for each in found], axis=0) - np.log(splits)
    testable = np.max([each.likes for each in found], axis=0) >= FEWEST_LIKES
    tested = np.flatnonzero(testable)
    q = e_bh(log_e[tested], max(len(tested), 1))
    accounts, q = tested[q <= LEVEL], q[q <= LEVEL]
    progress.stage("grouping what was confirmed")
    group = _grouped(posts, accounts, seed, progress)
    halves = [half for each in found for half in each.halves]
    return Confirmed(
        accounts=accounts,
        q=q,
        group=group,
        stability=_stability(accounts, group, halves, likes.n_accounts),
        windows_ms=[],
        candidates=sum(len(half.groups) for half in halves),
        all_log_e=np.where(testable, log_e, np.nan),
    )


@dataclass(frozen=True)
class Posts:
    """Likes laid out for the test: objects numbered by page and publication, in strata.

    Attributes
    ----------
    likes
        Only objects that somebody likes.
    stratum : (n_objects,) int64; start : (n_strata + 1,) int64
        Consecutive posts of a page.
    block : (n_objects,) int64
        Consecutive strata of a page, which a fold takes whole.
    """

    likes: Incidence
    stratum: I64
    start: I64
    block: I64

    @classmethod
    def of(cls, likes: Incidence) -> Posts:
        """Lay out likes."""
        by = np.lexsort((np.arange(likes.n_objects), likes.order, likes.page))
        by = by[likes.popularity[by] > 0]
        rank = np.zeros(likes.n_objects, np.int64)
        rank[by] = np.arange(len(by))
        likes = Incidence.of(
            likes.account, rank[likes.object_], likes.page[by], likes.order[by], likes.n_accounts
        )
        stratum, block = _cut(likes)
        return cls(likes, stratum, np.searchsorted(stratum, np.arange(_next(stratum) + 1)), block)


def _cut(likes: Incidence) -> tuple[I64, I64]:
    """Strata and blocks of objects whose pages rise, numbered through."""
    strata, blocks = [], []
    stratum, block = 0, 0
    _, first, sizes = np.unique(likes.page, return_index=True, return_counts=True)
    for begin, size in zip(first, sizes, strict=True):
        known = likes.order[begin] < likes.order[begin + size - 1]
        own = _parts(size, -(-size // (STRATUM if known else STRATUM_UNORDERED)))
        count = _next(own)
        strata.append(own + stratum)
        blocks.append(_parts(count, min(BLOCKS, count))[own] + block)
        stratum, block = _next(strata[-1]), _next(blocks[-1])
    nothing = np.zeros(0, np.int64)
    return np.concatenate([nothing, *strata]), np.concatenate([nothing, *blocks])


def _parts(size: int, parts: int) -> I64:
    """Part of each of ``size`` things in a row, the parts as equal as can be."""
    part: I64 = np.arange(size, dtype=np.int64) * parts // max(size, 1)
    return part


def _next(numbers: I64) -> int:
    return int(numbers[-1]) + 1 if len(numbers) else 0


def _half_of_blocks(posts: Posts, rng: np.random.Generator) -> Bool:
    """Objects, (n_objects,) bool, of the first fold: half of each page's blocks at random."""
    chosen = np.zeros(_next(posts.block), bool)
    first = np.unique(posts.likes.page, return_index=True)[1]
    for own in np.split(np.arange(len(chosen)), posts.block[first[1:]]):
        # Half of them, and where their number is odd one more by chance.
        half = (len(own) + rng.integers(0, 2)) // 2
        chosen[rng.permutation(own)[:half]] = True
    fold: Bool = chosen[posts.block]
    return fold


def _split(posts: Posts, fold: Bool, part: I64, seed: int, progress: Progress) -> _Evidence:
    likes = posts.likes
    n = likes.n_accounts
    evidence = _Evidence(np.zeros(n), np.zeros(n, np.int64))
    folds = (fold, ~fold)
    pairs = [_ties(likes, use, progress) for use in folds]

    def one_part(number: int) -> tuple[list[_Half], I64]:
        asked = part == number
        halves, count = [], np.zeros(n, np.int64)
        for k in (0, 1):
            groups = _selected(posts, pairs[k].among(~asked), folds[k], ~asked, seed)
            log_e, own = _held_out(posts, groups, folds[1 - k], asked)
            halves.append(_Half(groups, asked, log_e))
            count += own
        return halves, count

    progress.stage("testing accounts on the other posts", total=PARTS)
    for halves, count in spread(one_part, range(PARTS), progress):
        asked = halves[0].asked
        evidence.log_e[asked] = _combined(halves)[asked]
        evidence.likes += count
        evidence.halves += halves
    return evidence


def _ties(likes: Incidence, use: Bool, progress: Progress) -> EngagedPairs:
    """Pairs with many posts of a fold in common, be it weakly."""
    active = int((likes.on(use).degree >= FEWEST_LIKES // 2).sum())
    screen = min(LARGEST_P, 2 * FALSE_EDGES / max(active, 1))
    return engaged_pairs(likes, use, screen=screen, progress=progress)


def _selected(posts: Posts, pairs: EngagedPairs, use: Bool, allowed: Bool, seed: int) -> list[Bool]:
    """Groups of allowed accounts on a fold: communities that compete for accounts."""
    n = posts.likes.n_accounts
    groups = [
        group for fine in RESOLUTIONS for group in _communities(pairs, n, seed, fine)[:MOST_GROUPS]
    ]
    for _ in range(ROUNDS):
        if not groups:
            break
        log_e = np.array([_evidence_on(posts, group, use, allowed)[0] for group in groups])
        best = log_e.argmax(axis=0)
        fits = allowed & (log_e.max(axis=0) > LEAST_GAIN)
        groups = [fits & (best == number) for number in range(len(groups))]
        groups = [group for group in groups if group.sum() >= SMALLEST]
    return groups


def _communities(pairs: EngagedPairs, n: int, seed: int, resolution: float = 1.0) -> list[Bool]:
    """Groups of accounts tied by surprising pairs, (n_accounts,) bool each."""
    surprise = -np.log(np.maximum(pairs.p_value, 1e-300))
    accounts, label = communities(pairs.a, pairs.b, surprise, Grouping(resolution, seed))
    groups = []
    for number in range(1, int(label.max(initial=0)) + 1):
        inside = np.zeros(n, bool)
        inside[accounts[label == number]] = True
        if inside.sum() < SMALLEST:
            break  # Communities come by falling size.
        groups.append(inside)
    return groups


def _held_out(posts: Posts, groups: list[Bool], use: Bool, asked: Bool) -> tuple[F64, I64]:
    """Evidence of the accounts asked about with each group, and their likes on the fold."""
    n = posts.likes.n_accounts
    log_e = np.zeros((len(groups), n))
    _, count = _evidence_on(posts, np.zeros(n, bool), use, asked)
    for number, inside in enumerate(groups):
        log_e[number], _ = _evidence_on(posts, inside, use, asked)
    return log_e, count


def _evidence_on(posts: Posts, inside: Bool, use: Bool, asked: Bool) -> tuple[F64, I64]:
    """Evidence of accounts with one group, and their likes on the fold, (n_accounts,) each."""
    likes = posts.likes
    who = np.flatnonzero(asked & (likes.degree > 0))
    of_group = np.bincount(likes.object_[inside[likes.account]], minlength=likes.n_objects)
    log_e, count = np.zeros(likes.n_accounts), np.zeros(likes.n_accounts, np.int64)
    log_e[who], count[who] = engagement_ratios(
        who, likes.start, likes.object_, posts.stratum, posts.start, likes.popularity, of_group,
        inside, use, SHARES, TOLERANCE,
    )  # fmt: skip
    return log_e, count


def _combined(halves: list[_Half]) -> F64:
    """Products of both folds' evidence, averaged over pairs of groups by how alike they are."""
    first, second = halves
    n = len(first.asked)
    prior = weights(first.groups, second.groups)
    if not prior.any():
        return np.zeros(n)
    ahead, back = ([*half.log_e, np.zeros(n)] for half in halves)
    terms = [
        np.log(prior[i, j]) + ahead[i] + back[j]
        for i, j in product(range(len(ahead)), range(len(back)))
        if prior[i, j] > 0
    ]
    combined: F64 = np.logaddexp.reduce(terms, axis=0)
    return combined


def _grouped(posts: Posts, accounts: I64, seed: int, progress: Progress) -> I64:
    """Groups of the confirmed accounts over all posts; this only describes them."""
    likes = posts.likes
    allowed = np.zeros(likes.n_accounts, bool)
    allowed[accounts] = True
    of_account = np.zeros(likes.n_accounts, np.int64)
    if not len(accounts):
        return of_account[accounts]
    pairs = engaged_pairs(likes, screen=LARGEST_P, among=allowed, progress=progress)
    groups = _communities(pairs, likes.n_accounts, seed, WHOLE)
    for number, inside in enumerate(groups, start=1):
        of_account[inside] = number
    # Who is tied to nobody closely may still act on what a group acts on.
    stray = allowed & (of_account == 0)
    everything = np.ones(likes.n_objects, bool)
    gain = np.array(
        [np.zeros(likes.n_accounts)]
        + [_evidence_on(posts, inside, everything, stray)[0] for inside in groups]
    )
    return np.where(stray, gain.argmax(axis=0), of_account)[accounts]


def _stability(accounts: I64, group: I64, halves: list[_Half], n: int) -> F64:
    """Share of the held-out halves in which an account gains with the group most like its own."""
    of_account = np.zeros(n, np.int64)
    of_account[accounts] = group
    stays, asked_for = np.zeros(n), np.zeros(n)
    for half in halves:
        asked_for += half.asked
        if half.groups:
            best = half.log_e.argmax(axis=0)
            like = np.array([most_common(of_account[inside]) for inside in half.groups])
            gains = half.log_e.max(axis=0) > 0
            stays += half.asked & gains & (like[best] == of_account) & (of_account > 0)
    share: F64 = stays[accounts] / np.maximum(asked_for[accounts], 1)
    return share

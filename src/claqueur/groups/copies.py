"""Select, freeze, test in words: which accounts use the texts that a group uses.

Copying once proves nothing: people repeat slogans, quotations and jokes. So a set of templates is
looked for that the same accounts use, several of them each, and an account is asked how many
*different* ones of the set it used. Accounts are split into parts; for every part, sets are found
among the *other* accounts and frozen, and then each account of the part is tested. One family
holds all accounts that could be tested.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.sparse import csr_array, triu
from scipy.stats import poisson

from claqueur.engines.engine import spread
from claqueur.groups.communities import communities
from claqueur.groups.confirm import LEVEL, Confirmed
from claqueur.groups.select import SMALLEST
from claqueur.kernels.co_action import F64, I64, U32, Bool
from claqueur.kernels.copies import copying_tails
from claqueur.nulls.fdr import benjamini_hochberg
from claqueur.progress import SILENT, Progress
from claqueur.settings import Grouping
from claqueur.texts.corpus import starts_of

KEEPS = (
    "how much an account comments, and how often people outside the group write something made "
    "from the group's texts, on the whole and where they copy each other under a post; copying a "
    "single text"
)
"""What the null of accounts keeps."""

PARTS = 8
"""Parts of the accounts; each is tested against sets of texts found among the other parts."""

FEWEST = 2
"""Different texts of a set an account must have used; also the comments it must have."""

LARGEST_P = 1e-3
"""Largest p-value of two templates' common users from which they are tied."""

WHOLE = 0.2
"""Leiden resolution: where one set has most of the ties, a usual one would cut it at random."""

MOST_SETS = 20
"""Largest sets that are tested; every further one would make each test weaker."""

NEIGHBOURS = 30.0
"""Comments under a post that weigh as much as all comments in how often texts occur there."""


@dataclass(frozen=True)
class Comments:
    """Comments laid out for the test: each account once for a template, once for a post.

    Attributes
    ----------
    account, template, post : (m,) int64
        Sorted by account; ``template`` is -1 for what was made from none, and then a post counts
        once.
    n_accounts, n_templates, n_posts
        Above all codes.
    """

    account: I64
    template: I64
    post: I64
    n_accounts: int
    n_templates: int
    n_posts: int

    @classmethod
    def of(cls, account: I64, template: I64, post: I64, n_accounts: int) -> Comments:
        """Lay out comments in any order."""
        table = pl.DataFrame({"account": account, "template": template, "post": post})
        made = table.filter(pl.col("template") >= 0).unique(["account", "template", "post"])
        own = table.filter(pl.col("template") < 0).unique(["account", "post"])
        # A post on which an account used a template says nothing more about its own words.
        own = own.join(made, on=["account", "post"], how="anti")
        every = pl.concat([made, own]).sort("account", "template", "post")
        a, t, p = (every[name].to_numpy() for name in ("account", "template", "post"))
        return cls(a, t, p, n_accounts, _above(template), _above(post))

    @property
    def counted(self) -> Bool:
        """Which rows count: a template once an account, whatever the number of posts."""
        again = np.zeros(len(self.account), bool)
        again[1:] = (np.diff(self.account) == 0) & (np.diff(self.template) == 0)
        return ~(again & (self.template >= 0))

    @property
    def number(self) -> I64:
        """Comments of every account that count, (n_accounts,) int64."""
        return np.bincount(self.account[self.counted], minlength=self.n_accounts)


def _above(codes: I64) -> int:
    return int(codes.max(initial=-1)) + 1


@dataclass(frozen=True)
class TextSet:
    """Templates that the same accounts use, (n_templates,) bool, and those accounts."""

    templates: Bool
    members: Bool


@dataclass(frozen=True)
class Copying:
    """What the test of every part gave.

    Attributes
    ----------
    p : (n_accounts,) float64
        For using the texts of a group that others make up; nan for who could not be tested.
    selections
        The sets that each part was tested against.
    """

    p: F64
    selections: list[list[TextSet]]

    @property
    def candidates(self) -> int:
        """Sets that were frozen and tested."""
        return sum(map(len, self.selections))


def copying(comments: Comments, seed: int = 1, progress: Progress = SILENT) -> Copying:
    """Test every account against sets of texts that other accounts use.

    Parameters
    ----------
    seed
        Of the parts and of Leiden.
    """
    rng = np.random.default_rng([seed, 7])
    part = rng.integers(0, PARTS, comments.n_accounts)
    testable = comments.number >= FEWEST
    progress.stage("testing who uses the same texts", total=PARTS)

    def one_part(number: int) -> tuple[list[TextSet], F64]:
        others = part != number
        sets = find_sets(comments, others, seed)
        return sets, _tested(comments, sets, testable & ~others, testable & others)

    found = list(spread(one_part, range(PARTS), progress))
    p = np.min([own for _, own in found], axis=0)
    return Copying(np.where(testable, p, np.nan), [sets for sets, _ in found])


def confirm_copies(
    comments: Comments, tested: Copying, seed: int = 1
) -> tuple[Confirmed, list[TextSet]]:
    """Accounts whose p-values hold in their family, and the sets of texts that group them.

    Returns
    -------
    confirmed
        Its q-values are of Benjamini and Hochberg; its evidence is what p-values are worth as
        e-values.
    sets
        The texts of each group in the order of the groups' numbers.
    """
    family = np.flatnonzero(~np.isnan(tested.p))
    q = benjamini_hochberg(tested.p[family], max(len(family), 1))
    accounts, q = family[q <= LEVEL], q[q <= LEVEL]
    confirmed = np.zeros(comments.n_accounts, bool)
    confirmed[accounts] = True
    sets = find_sets(comments, np.ones(comments.n_accounts, bool), seed)
    group, sets = _numbered(np.where(confirmed, _of_set(comments, sets), 0), sets)
    found = Confirmed(
        accounts=accounts,
        q=q,
        group=group[accounts],
        stability=_stability(comments, tested, group, sets)[accounts],
        windows_ms=[],
        candidates=tested.candidates,
        all_log_e=log_e_of(tested.p),
        all_p=tested.p,
    )
    return found, sets


def _numbered(group: I64, sets: list[TextSet]) -> tuple[I64, list[TextSet]]:
    """Groups by falling size; a set that hardly anybody confirmed uses makes none."""
    size = np.bincount(group[group > 0] - 1, minlength=len(sets))
    order = [k for k in np.argsort(-size, kind="stable").tolist() if size[k] >= FEWEST]
    place = np.zeros(len(sets) + 1, np.int64)
    place[np.array(order, np.int64) + 1] = np.arange(1, len(order) + 1)
    return place[group], [sets[k] for k in order]


def _stability(comments: Comments, tested: Copying, group: I64, sets: list[TextSet]) -> F64:
    """Share of the selections whose set most like an account's own also has it as a member."""
    stays = np.zeros(comments.n_accounts)
    for selection in tested.selections:
        for number, own in enumerate(sets, 1):
            like = max(selection, key=lambda each: _alike(each, own), default=None)
            if like is not None:
                stays += (group == number) & (_of_set(comments, [like]) > 0)
    return stays / max(len(tested.selections), 1)


def _alike(one: TextSet, other: TextSet) -> float:
    either = (one.templates | other.templates).sum()
    return float((one.templates & other.templates).sum() / max(either, 1))


def find_sets(comments: Comments, allowed: Bool, seed: int) -> list[TextSet]:
    """Sets of templates that the same of some accounts use."""
    keep = allowed[comments.account] & (comments.template >= 0) & comments.counted
    account, template = comments.account[keep], comments.template[keep]
    number = np.where(allowed, comments.number, 0)
    a, b, surprise = _tied(account, template, number, comments.n_templates)
    own, label = communities(a, b, surprise, Grouping(WHOLE, seed))
    sets = []
    for number_ in range(1, int(label.max(initial=0)) + 1):
        inside = np.zeros(comments.n_templates, bool)
        inside[own[label == number_]] = True
        found = _kept_by_members(comments.n_accounts, account, template, inside)
        if found is not None:
            sets.append(found)
    sets.sort(key=lambda each: -int(each.members.sum()))
    return sets[:MOST_SETS]


def _tied(account: I64, template: I64, number: I64, n_templates: int) -> tuple[U32, U32, F64]:
    """Templates with more users in common than comments that fall anywhere would give them.

    A comment is made from a template as often as all comments are, whoever writes it: two
    templates then meet in an account as often as its comments make pairs.
    """
    used = csr_array(
        (np.ones(len(account), np.int64), (template, account)), (n_templates, len(number))
    )
    common = triu(used @ used.T, 1).tocoo()
    users = np.bincount(template, minlength=n_templates).astype(np.float64)
    total = max(float(number.sum()), 1.0)
    pairs = float((number * (number - 1.0)).sum()) / total**2
    expected = users[common.row] * users[common.col] * pairs
    p = poisson.sf(common.data - 1, expected)
    tied = (p <= LARGEST_P) & (common.data >= FEWEST)
    a, b = common.row[tied].astype(np.uint32), common.col[tied].astype(np.uint32)
    return a, b, -np.log(np.maximum(p[tied], 1e-300))


def _kept_by_members(n: int, account: I64, template: I64, inside: Bool) -> TextSet | None:
    """A set without the templates that mostly others use; None where few accounts are left."""
    while inside.sum() >= FEWEST:
        of_set = inside[template]
        used = np.bincount(account[of_set], minlength=n)
        members = used >= FEWEST
        if members.sum() < SMALLEST:
            return None
        by_members = np.bincount(template[of_set & members[account]], minlength=len(inside))
        by_all = np.bincount(template[of_set], minlength=len(inside))
        kept = inside & (2 * by_members >= by_all) & (by_members >= FEWEST)
        if (kept == inside).all():
            return TextSet(inside, members)
        inside = kept
    return None


def _tested(comments: Comments, sets: list[TextSet], asked: Bool, others: Bool) -> F64:
    """P-values of the accounts asked about, 1 for everybody else; the smallest times the sets."""
    p = np.ones(comments.n_accounts)
    for own in sets:
        p = np.minimum(p, _tails(comments, own, asked, others & ~own.members))
    return np.where(asked, np.minimum(p * max(len(sets), 1), 1.0), 1.0)


def _tails(comments: Comments, own: TextSet, asked: Bool, crowd: Bool) -> F64:
    """Chance of using so many different texts of a set as each account did."""
    of_set = (comments.template >= 0) & own.templates[comments.template]
    chance = _chances(comments, of_set, crowd)
    # An account used a template under several posts: the post where others did so most counts.
    first = comments.counted
    row = np.cumsum(first) - 1
    most = np.zeros(int(first.sum()))
    np.maximum.at(most, row, chance)
    account, hit = comments.account[first], of_set[first]
    seen = np.bincount(account[hit], minlength=comments.n_accounts)
    # Several templates under one post are one occasion.
    posts = pl.DataFrame({"a": comments.account[of_set], "p": comments.post[of_set]}).unique()
    seen = np.minimum(seen, np.bincount(posts["a"].to_numpy(), minlength=comments.n_accounts))
    who = np.flatnonzero(asked & (seen >= FEWEST))
    begin, end = np.searchsorted(account, who), np.searchsorted(account, who, "right")
    at = np.concatenate([np.arange(b, e) for b, e in zip(begin, end, strict=True)] or [begin])
    start = starts_of(end - begin)
    p = np.ones(comments.n_accounts)
    p[who] = copying_tails(start, most[at.astype(np.int64)], seen[who].astype(np.int64))
    return p


def _chances(comments: Comments, of_set: Bool, crowd: Bool) -> F64:
    """How often the crowd writes something of a set: on the whole, or where it copies itself.

    The latter is under a post where several people of the crowd used the same template.
    """
    theirs = crowd[comments.account]
    share = (int((theirs & of_set).sum()) + 1) / (int(theirs.sum()) + 1)
    total = np.bincount(comments.post[theirs], minlength=comments.n_posts)
    made = np.bincount(
        comments.post[theirs & of_set & _copied_below(comments, theirs & of_set)],
        minlength=comments.n_posts,
    )
    near = (made + NEIGHBOURS * share) / (total + NEIGHBOURS)
    found: F64 = np.maximum(share, near)[comments.post]
    return np.minimum(found, 1.0)


def _copied_below(comments: Comments, rows: Bool) -> Bool:
    """Rows of which another one has the same template under the same post, (m,) bool."""
    key = comments.post * max(comments.n_templates, 1) + np.maximum(comments.template, 0)
    _, place, times = np.unique(key[rows], return_inverse=True, return_counts=True)
    several = np.zeros(len(rows), bool)
    several[np.flatnonzero(rows)[times[place] > 1]] = True
    return several


def _of_set(comments: Comments, sets: list[TextSet]) -> I64:
    """The set, from 1, of which each account used most texts; 0 for fewer than two."""
    if not sets:
        return np.zeros(comments.n_accounts, np.int64)
    first = comments.counted & (comments.template >= 0)
    account, template = comments.account[first], comments.template[first]
    used = np.array(
        [
            np.bincount(account[own.templates[template]], minlength=comments.n_accounts)
            for own in sets
        ]
    )
    best: I64 = np.where(used.max(axis=0) >= FEWEST, used.argmax(axis=0) + 1, 0)
    return best


def log_e_of(p: F64) -> F64:
    """What p-values are worth as e-values, as logarithms; nan stays nan.

    (1 - p + p ln p) / (p ln² p), V. Vovk and R. Wang, "E-values: calibration, combination and
    applications", Ann. Statist. 49, 2021; 1/2 at p = 1.
    """
    p = np.maximum(p, 1e-300)
    log = np.log(np.minimum(p, 0.999))
    e = np.where(p >= 0.999, 0.5, (1 - p + p * log) / (p * log**2))
    found: F64 = np.log(e)
    return found

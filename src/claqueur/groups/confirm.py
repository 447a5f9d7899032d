"""Select, freeze, test: which accounts keep step with a group that others make up.

Blocks of days are split into two folds and accounts into parts. For every part, groups are
selected on each fold among the *other* accounts and frozen; then each account of the part is
tested on the other fold. What the two folds bring is multiplied: the groups an account is
tested against were found without it and on other days, so under the null both bets are fair
given everybody else. One family holds all accounts that could be tested.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from claqueur.engines.engine import Stop, spread
from claqueur.groups.select import Candidate, candidates, edges, in_any
from claqueur.kernels.co_action import F64, I64, Bool
from claqueur.nulls.fdr import e_bh
from claqueur.nulls.habits import Crowd, Fortunes, Habits, bet
from claqueur.nulls.timeline import FEWEST_BLOCKS, Timeline
from claqueur.progress import SILENT, Progress

PARTS = 4
"""Parts of the accounts; each is tested against groups of the other parts."""

SPLITS = 3
"""Times the days are split anew; e-values of splits are averaged."""

LEVEL = 0.05
"""False discovery rate."""

FEWEST_SITTINGS = 4
"""Occasions on which an account could have met a group, below which it cannot be judged."""

FEWEST_DAYS = 3
"""Days that must speak for an account."""

MOST_OF_ONE_DAY = 0.5
"""Share of the evidence that may come from one day."""

ALONE, LEAST_ALONE = 0.3, 0.02
"""Prior weight of a group that was found in one fold only, and of one found in both."""

LEAST_SUSPECT = 0.5
"""Logarithm of the fortune from which an account makes no crowd any more."""


@dataclass(frozen=True)
class Confirmed:
    """What the test found.

    Attributes
    ----------
    accounts : (k,) int64
        Confirmed accounts.
    q : (k,) float64
        q-value of each.
    group : (k,) int64
        Number of its group from 1; 0 for one that is tied to none.
    stability : (k,) float64
        Share of the tests of halves in which it gained with a group most like its own.
    windows_ms
        Window of each group.
    candidates
        Groups that were frozen and tested.
    all_log_e : (n_accounts,) float64
        Evidence of everybody who could be tested, NaN for the others. Never written anywhere.
    all_p : (n_accounts,) float64
        P-values of the same, where the test gives such; otherwise the inverses of e-values.
    """

    accounts: I64
    q: F64
    group: I64
    stability: F64
    windows_ms: list[int]
    candidates: int
    all_log_e: F64
    all_p: F64 | None = None

    @property
    def p(self) -> F64:
        """P-value of each confirmed account, (k,) float64."""
        return self.p_of(self.accounts)

    def p_of(self, accounts: NDArray[np.integer]) -> F64:
        """P-values of some accounts, nan for those that could not be tested."""
        every = np.exp(np.minimum(-self.all_log_e, 0)) if self.all_p is None else self.all_p
        p: F64 = every[accounts]
        return p

    @property
    def tested_p(self) -> F64:
        """P-value of every account that could be tested, (family,) float64."""
        return self.p_of(np.flatnonzero(~np.isnan(self.all_log_e)))

    @property
    def log_e(self) -> F64:
        """Evidence of each confirmed account, (k,) float64."""
        evidence: F64 = self.all_log_e[self.accounts]
        return evidence

    @property
    def tested_log_e(self) -> F64:
        """Evidence of every account that could be tested, (family,) float64."""
        evidence: F64 = self.all_log_e[~np.isnan(self.all_log_e)]
        return evidence

    @property
    def family(self) -> int:
        """Accounts that could be tested."""
        return len(self.tested_log_e)


_Part: TypeAlias = tuple[Bool, list[list[Candidate]], list[list[Fortunes]]]
"""Accounts asked about, the groups of both folds, and the bets on them."""


@dataclass
class _Evidence:
    """What is known of every account so far."""

    log_e: F64
    sittings: I64
    days: I64
    gains: F64
    best_day: F64
    halves: list[tuple[list[Candidate], Bool, list[Fortunes]]] = field(default_factory=list)
    candidates: int = 0


def confirm(
    actions: Timeline, seed: int = 1, progress: Progress = SILENT, *, splits: int = SPLITS
) -> Confirmed:
    """Find the accounts in lockstep, and their groups.

    Parameters
    ----------
    actions
        Exactly timed actions; spans of fewer than four days cannot be split and give nothing.
    seed
        Of the folds and of Leiden.
    splits
        Times the days are split anew.
    """
    evidence = _nothing(actions.n_accounts)
    if actions.n_blocks >= FEWEST_BLOCKS:
        evidence = _tested(actions, seed, splits, progress)
    testable = evidence.sittings >= FEWEST_SITTINGS
    # Evidence that rests on few days counts for nothing; that only makes the bet less fair
    # to the claim, so the false discovery rate holds.
    lasting = (evidence.days >= FEWEST_DAYS) & (
        evidence.best_day <= MOST_OF_ONE_DAY * evidence.gains
    )
    log_e = np.where(testable & lasting, evidence.log_e, -np.inf)
    tested = np.flatnonzero(testable)
    q = e_bh(log_e[tested], max(len(tested), 1))
    accounts, q = tested[q <= LEVEL], q[q <= LEVEL]
    progress.stage("grouping what was confirmed")
    group, windows = _grouped(actions, accounts, seed)
    return Confirmed(
        accounts=accounts,
        q=q,
        group=group,
        stability=_stability(accounts, group, evidence),
        windows_ms=windows,
        candidates=evidence.candidates,
        all_log_e=np.where(testable, log_e, np.nan),
    )


def _nothing(n: int) -> _Evidence:
    return _Evidence(
        np.full(n, -np.inf), np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n), np.zeros(n)
    )


def _tested(actions: Timeline, seed: int, times: int, progress: Progress) -> _Evidence:
    rng = np.random.default_rng([seed, 3])
    progress.stage("selecting and testing groups", total=times * (PARTS + 1))
    splits = []
    for _ in range(times):
        fold = _half_of_blocks(actions, rng)
        part = rng.integers(0, PARTS, actions.n_accounts)
        splits.append(_split(actions, fold, part, seed, progress))
    return _averaged(splits)


def _averaged(splits: list[_Evidence]) -> _Evidence:
    """Mean e-values; how they spread over days is told by each account's best split."""
    log_e = np.array([split.log_e for split in splits])
    best = log_e.argmax(axis=0)[None]

    def of_best(name: str) -> NDArray[np.generic]:
        columns = np.array([getattr(split, name) for split in splits])
        picked: NDArray[np.generic] = np.take_along_axis(columns, best, axis=0)[0]
        return picked

    return _Evidence(
        np.logaddexp.reduce(log_e, axis=0) - np.log(len(splits)),
        np.max([split.sittings for split in splits], axis=0),
        of_best("days").astype(np.int64),
        of_best("gains").astype(np.float64),
        of_best("best_day").astype(np.float64),
        [half for split in splits for half in split.halves],
        sum(split.candidates for split in splits),
    )


def _half_of_blocks(actions: Timeline, rng: np.random.Generator) -> Bool:
    half = np.zeros(actions.n_blocks, bool)
    half[rng.permutation(actions.n_blocks)[: actions.n_blocks // 2]] = True
    fold: Bool = half[actions.block]
    return fold


def _split(actions: Timeline, fold: Bool, part: I64, seed: int, progress: Progress) -> _Evidence:
    evidence = _nothing(actions.n_accounts)
    folds = (fold, ~fold)
    pairs = [edges(actions, use) for use in folds]
    progress.advance()

    stop = Stop()

    def one_part(number: int) -> _Part:
        asked = part == number
        found = [
            candidates(actions, use, own, ~asked, seed, stop)
            for use, own in zip(folds, pairs, strict=True)
        ]
        bets = [_held_out(actions, found[k], folds[k], folds[1 - k], asked) for k in (0, 1)]
        return asked, found, bets

    for asked, found, bets in spread(one_part, range(PARTS), progress, stop):
        _combine(evidence, actions.n_accounts, found, bets)
        evidence.candidates += sum(map(len, found))
        evidence.halves += [(found[k], asked, bets[k]) for k in (0, 1)]
    return evidence


def _held_out(
    actions: Timeline, found: list[Candidate], selected_on: Bool, tested_on: Bool, asked: Bool
) -> list[Fortunes]:
    """Bets of the accounts asked about on frozen groups, on days they were not chosen from."""
    if not found:
        return []
    suspect = in_any(found, actions.n_accounts)
    crowd = Crowd.without(actions, suspect)
    everybody = np.ones(actions.n_accounts, bool)
    habits = [Habits.of(actions, group.inside) for group in found]
    for own, group in zip(habits, found, strict=True):
        seen = bet(actions, own, crowd, selected_on, everybody, group.window_ms)
        suspect = suspect | (seen.spread(seen.log_e[0], actions.n_accounts) > LEAST_SUSPECT)
    crowd = Crowd.without(actions, suspect)
    return [
        bet(actions, own, crowd, tested_on, asked, group.window_ms, hours_too=True)
        for own, group in zip(habits, found, strict=True)
    ]


def _combine(
    evidence: _Evidence, n: int, found: list[list[Candidate]], bets: list[list[Fortunes]]
) -> None:
    """Average the products of both folds' fortunes over pairs of groups, by how alike they are."""
    prior = weights(*([group.inside for group in side] for side in found))
    asked = _asked(bets, n)
    if not asked.any():
        return
    ahead, back = ([_columns(b, n) for b in side] + [np.zeros((2, n))] for side in bets)
    terms = [
        np.log(prior[i, j]) + ahead[i] + back[j]
        for i, j in product(range(len(ahead)), range(len(back)))
        if prior[i, j] > 0
    ]
    log_e = np.logaddexp.reduce(terms, axis=0).min(axis=0)
    evidence.log_e[asked] = log_e[asked]
    _spread_over_days(evidence, n, bets)


def _asked(bets: list[list[Fortunes]], n: int) -> Bool:
    asked = np.zeros(n, bool)
    for b in (*bets[0], *bets[1]):
        asked[b.who] = True
    return asked


def _gains(bets: list[Fortunes], n: int) -> F64:
    """What each bet brought every account under the more sceptical null, (bets, n_accounts)."""
    return np.array([b.spread(b.log_e.min(axis=0), n, fill=-np.inf) for b in bets])


def _columns(b: Fortunes, n: int) -> F64:
    return np.array([b.spread(row, n) for row in b.log_e])


def weights(first: list[Bool], second: list[Bool]) -> F64:
    """Weights of pairs of groups of both folds, by how alike they are.

    Parameters
    ----------
    first, second
        Groups, (n_accounts,) bool each.

    Returns
    -------
    (len(first) + 1, len(second) + 1) float64
        They add up to 1; the last row and column stand for no group at all.
    """
    prior = np.zeros((len(first) + 1, len(second) + 1))
    for i, a in enumerate(first):
        for j, b in enumerate(second):
            prior[i, j] = (a & b).sum() / (a | b).sum()
    prior[:-1, -1] = ALONE * np.maximum(0, 1 - prior[:-1, :-1].sum(axis=1)) + LEAST_ALONE
    prior[-1, :-1] = ALONE * np.maximum(0, 1 - prior[:-1, :-1].sum(axis=0)) + LEAST_ALONE
    total = prior.sum()
    return prior / total if total else prior


def _spread_over_days(evidence: _Evidence, n: int, bets: list[list[Fortunes]]) -> None:
    """Sittings and days of each account's best group, added up over both folds."""
    for side in bets:
        if not side:
            continue
        gain = _gains(side, n)
        best = gain.argmax(axis=0)
        known = np.isfinite(gain.max(axis=0))

        def of_best(name: str, side: list[Fortunes] = side, best: I64 = best) -> F64:
            columns = np.array([b.spread(getattr(b, name), n) for b in side])
            picked: F64 = np.take_along_axis(columns, best[None], axis=0)[0]
            return picked

        most = np.max([b.spread(b.sittings, n) for b in side], axis=0)
        evidence.sittings += np.where(known, most, 0).astype(np.int64)
        evidence.days += np.where(known, of_best("days"), 0).astype(np.int64)
        evidence.gains += np.where(known, of_best("gains"), 0)
        np.maximum(
            evidence.best_day, np.where(known, of_best("best_day"), 0), out=evidence.best_day
        )


def _grouped(actions: Timeline, accounts: I64, seed: int) -> tuple[I64, list[int]]:
    """Groups of the confirmed accounts over all days; this only describes them."""
    everything = np.ones(len(actions), bool)
    allowed = np.zeros(actions.n_accounts, bool)
    allowed[accounts] = True
    if not len(accounts):
        return np.zeros(0, np.int64), []
    pairs = edges(actions, everything, allowed)
    found = candidates(actions, everything, pairs, allowed, seed)
    of_account = np.zeros(actions.n_accounts, np.int64)
    found.sort(key=lambda group: (-int(group.inside.sum()), int(group.inside.argmax())))
    for number, group in enumerate(found, start=1):
        of_account[group.inside] = number
    of_account = _strays(actions, found, of_account, allowed)
    return of_account[accounts], [group.window_ms for group in found]


def _strays(actions: Timeline, found: list[Candidate], of_account: I64, allowed: Bool) -> I64:
    """Give accounts without a group the one they keep step with best, if any."""
    stray = allowed & (of_account == 0)
    if not found or not stray.any():
        return of_account
    crowd = Crowd.without(actions, allowed)
    everything = np.ones(len(actions), bool)
    gain = np.zeros((len(found) + 1, actions.n_accounts))
    for number, group in enumerate(found, start=1):
        b = bet(
            actions, Habits.of(actions, group.inside), crowd, everything, stray, group.window_ms
        )
        gain[number] = b.spread(b.log_e[0], actions.n_accounts)
    return np.where(stray, gain.argmax(axis=0), of_account)


def _stability(accounts: I64, group: I64, evidence: _Evidence) -> F64:
    """Share of the held-out halves in which an account gains with the group most like its own."""
    n = len(evidence.log_e)
    of_account = np.zeros(n, np.int64)
    of_account[accounts] = group
    stays, asked_for = np.zeros(n), np.zeros(n)
    for found, asked, bets in evidence.halves:
        asked_for += asked
        if not found:
            continue
        gain = _gains(bets, n)
        best = gain.argmax(axis=0)
        like = np.array([most_common(of_account[c.inside]) for c in found])
        stays += asked & (gain.max(axis=0) > 0) & (like[best] == of_account) & (of_account > 0)
    share: F64 = stays[accounts] / np.maximum(asked_for[accounts], 1)
    return share


def most_common(numbers: I64) -> int:
    """The most frequent number above 0; -1 where there is none."""
    known = numbers[numbers > 0]
    return int(np.bincount(known).argmax()) if len(known) else -1

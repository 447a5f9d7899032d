"""Candidate groups from one fold of the data, to be frozen and tested on another.

Pairs that met on at least two days, and more often than exchanging the actors of an object
would let them, are grouped by Leiden. The groups then compete for accounts: each account
goes to the group it keeps step with best, groups that follow each other are joined, and what
was left over is grouped once more. Nothing here is a test; everything may overfit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from threading import Event

import numpy as np
import polars as pl

from claqueur.engines.actions import Actions, PairCounts
from claqueur.engines.counting import count_pairs
from claqueur.groups.communities import communities
from claqueur.kernels.co_action import F64, Bool
from claqueur.kernels.lockstep import DAY_MS, FOREVER_MS, counts_within, expected_meetings
from claqueur.nulls.bursts import regulars
from claqueur.nulls.habits import Crowd, Fortunes, Habits, bet, windows_ms
from claqueur.nulls.timeline import Timeline
from claqueur.settings import Grouping

PAIR_WINDOWS_MS = (60_000, 600_000, 3_600_000)
PAIR_DAYS = 2
LEAST_SURPRISE = 3.0
"""Log likelihood ratio from which a pair counts as an edge."""

FINE, COARSE = 3.0, 1.0
"""Resolutions of Leiden: first rather too many groups, since they can be joined; then, among
what that left alone, whole ones, since a single group falls apart at a fine resolution."""

MANY_ACTIONS, DAYS_OF_MANY = 2_000_000, 3
"""In larger folds a pair needs more days, to keep the table of pairs in memory."""

LEAST_GAIN = 2.0
"""Logarithm of its fortune from which an account belongs to a group."""

SMALLEST = 4
"""Members of a candidate."""

JOIN_FROM = 0.6
"""Share of its own gains that a group must have with another before they are joined."""

ROUNDS = 3


@dataclass(frozen=True)
class Candidate:
    """A group found on one fold.

    Attributes
    ----------
    inside : (n_accounts,) bool
    window_ms
        The window in which its members keep step best.
    """

    inside: Bool
    window_ms: int


def edges(actions: Timeline, use: Bool, among: Bool | None = None) -> pl.DataFrame:
    """Pairs of accounts that met surprisingly often: ``a``, ``b``, ``surprise``.

    Parameters
    ----------
    among : (n_accounts,) bool
        Only pairs of these accounts; everybody else still makes the crowd they met in.
    """
    objects = np.unique(actions.object_[use]).astype(np.int64)
    around = counts_within(objects, actions.start, actions.t_ms, use, FOREVER_MS)
    own = use if among is None else use & among[actions.account]
    fewest_days = PAIR_DAYS if use.sum() < MANY_ACTIONS else DAYS_OF_MANY
    parts = []
    for window_ms in PAIR_WINDOWS_MS:
        met = _met(actions, own, window_ms, fewest_days)
        near = counts_within(objects, actions.start, actions.t_ms, use, window_ms)
        expected = expected_meetings(
            met.a, met.b, actions.own_start, actions.by_object, actions.object_, near, around, use
        )
        parts.append(_surprising(met, expected))
    return pl.concat(parts).group_by("a", "b").agg(pl.col("surprise").max()).sort("a", "b")


def _met(actions: Timeline, use: Bool, window_ms: int, fewest_days: int) -> PairCounts:
    """Pairs that met within the window, weighed by their days."""
    e = np.flatnonzero(use)
    day = actions.t_ms // DAY_MS
    days = (day - day.min(initial=0)).astype(np.uint32)
    acts = Actions(
        actions.account[e], actions.object_[e], actions.t_ms[e], actions.n_accounts, days[e]
    )
    return count_pairs(acts, window_ms, fewest_days)


def _surprising(met: PairCounts, expected: F64) -> pl.DataFrame:
    """The pairs that met far more often than expected."""
    surprise = met.weight * np.log(met.weight / np.maximum(expected, 1e-9)) - (
        met.weight - expected
    )
    surprise[met.weight <= expected] = 0
    table = pl.DataFrame({"a": met.a, "b": met.b, "surprise": surprise})
    return table.filter(pl.col("surprise") > LEAST_SURPRISE)


def in_any(groups: Iterable[Candidate], n_accounts: int) -> Bool:
    """Accounts, (n_accounts,) bool, that are in one of the groups."""
    inside = np.zeros(n_accounts, bool)
    for group in groups:
        inside |= group.inside
    return inside


class HaltedError(Exception):
    """The search was told to stop."""


def candidates(
    actions: Timeline,
    use: Bool,
    pairs: pl.DataFrame,
    allowed: Bool,
    seed: int,
    stop: Event | None = None,
) -> list[Candidate]:
    """Groups of allowed accounts on the actions of a fold.

    Parameters
    ----------
    pairs
        From :func:`edges` on the same fold.
    allowed : (n_accounts,) bool
    stop
        Once set, the search ends with a :class:`HaltedError`.
    """
    own = pairs.filter(pl.Series(allowed[pairs["a"].to_numpy()] & allowed[pairs["b"].to_numpy()]))
    contest = Contest(actions, use, allowed, stop or Event())
    contest.enter(_grouped(own, actions.n_accounts, FINE, seed))
    contest.settle(ROUNDS)
    contest.enter(_in_bursts(actions, use, allowed & ~contest.taken))
    taken = contest.taken
    free = ~taken[own["a"].to_numpy()] & ~taken[own["b"].to_numpy()]
    left = own.filter(pl.Series(free))
    contest.enter(_grouped(left, actions.n_accounts, COARSE, seed))
    contest.settle(ROUNDS)
    return contest.groups


def _grouped(pairs: pl.DataFrame, n_accounts: int, resolution: float, seed: int) -> list[Bool]:
    accounts, label = communities(
        pairs["a"].to_numpy(),
        pairs["b"].to_numpy(),
        pairs["surprise"].to_numpy(),
        Grouping(resolution, seed),
    )
    found = []
    for number in range(1, int(label.max(initial=0)) + 1):
        inside = np.zeros(n_accounts, bool)
        inside[accounts[label == number]] = True
        if inside.sum() >= SMALLEST:
            found.append(inside)
    return found


def _beside(window_ms: int, windows: Sequence[int]) -> Sequence[int]:
    """A window and the next narrower and wider ones."""
    place = windows.index(window_ms)
    return windows[max(place - 1, 0) : place + 2]


def _in_bursts(actions: Timeline, use: Bool, free: Bool) -> list[Bool]:
    """One more candidate: accounts without a group that are in bursts again and again."""
    found = regulars(actions, use, free)
    return [found] if found.sum() >= SMALLEST else []


class Contest:
    """Groups that compete for accounts, each with its own window."""

    def __init__(self, actions: Timeline, use: Bool, allowed: Bool, stop: Event) -> None:
        self.actions, self.use, self.allowed, self.stop = actions, use, allowed, stop
        self.rough = Crowd.ignored(actions)
        self.windows = windows_ms(actions)
        self.groups: list[Candidate] = []

    @property
    def taken(self) -> Bool:
        """Accounts that are in a group."""
        return in_any(self.groups, self.actions.n_accounts)

    def enter(self, found: list[Bool]) -> None:
        """Let groups in, each with the window that suits it best."""
        self.groups += [self._with_window(inside)[0] for inside in found]

    def settle(self, rounds: int) -> None:
        """Assign accounts to groups, some times over."""
        for turn in range(rounds):
            if not self.groups:
                return
            bets = [self._bet(group) for group in self.groups]
            if turn + 1 < rounds:
                bets = self._joined(bets)
            self._assign(bets)
            if turn == 0:
                self.groups = [
                    self._with_window(group.inside, _beside(group.window_ms, self.windows))[0]
                    for group in self.groups
                ]

    def _bet(self, group: Candidate) -> Fortunes:
        self._heed()
        habits = Habits.of(self.actions, group.inside)
        return bet(self.actions, habits, self.rough, self.use, self.allowed, group.window_ms)

    def _with_window(
        self, inside: Bool, windows: Sequence[int] | None = None
    ) -> tuple[Candidate, float]:
        """The window in which the members gain most, and how much."""
        self._heed()
        habits = Habits.of(self.actions, inside)
        windows = windows or self.windows
        best = (-1.0, windows[0])
        for window_ms in windows:
            own = bet(self.actions, habits, self.rough, self.use, inside, window_ms)
            best = max(best, (float(np.maximum(own.log_e[0], 0).sum()), window_ms))
        return Candidate(inside, best[1]), best[0]

    def _heed(self) -> None:
        if self.stop.is_set():
            raise HaltedError

    def _joined(self, bets: list[Fortunes]) -> list[Fortunes]:
        """Join pairs of groups whose members keep step with the other group as well."""
        gains = [b.spread(np.maximum(b.log_e[0], 0), self.actions.n_accounts) for b in bets]
        own = [float(g[c.inside].sum()) for g, c in zip(gains, self.groups, strict=True)]
        shares = sorted(
            (
                (float(gains[j][self.groups[k].inside].sum()) / own[k], k, j)
                for k in range(len(bets))
                for j in range(len(bets))
                if k != j and own[k] > 0
            ),
            reverse=True,
        )
        gone: set[int] = set()
        for share, k, j in shares:
            if share < JOIN_FROM:
                break
            if {k, j} & gone:
                continue
            both, gain = self._with_window(
                self.groups[k].inside | self.groups[j].inside,
                sorted({self.groups[k].window_ms, self.groups[j].window_ms}),
            )
            if gain > own[k] + own[j]:
                self.groups[k], bets[k] = both, self._bet(both)
                gone |= {k, j}
                # The joined group stands in for both; the other leaves.
                self.groups[j] = Candidate(np.zeros_like(both.inside), both.window_ms)
        kept = [k for k in range(len(bets)) if self.groups[k].inside.any()]
        self.groups = [self.groups[k] for k in kept]
        return [bets[k] for k in kept]

    def _assign(self, bets: list[Fortunes]) -> None:
        """Every account to the group it gains most with, its best day apart."""
        n = self.actions.n_accounts
        lasting = np.array([b.spread(b.log_e[0] - b.best_day, n, fill=-np.inf) for b in bets])
        gain = np.array([b.spread(b.log_e[0], n, fill=-np.inf) for b in bets])
        best = lasting.argmax(axis=0)
        fit = (lasting.max(axis=0) > 0) & (
            np.take_along_axis(gain, best[None], axis=0)[0] > LEAST_GAIN
        )
        groups = [
            Candidate(fit & (best == k), group.window_ms) for k, group in enumerate(self.groups)
        ]
        self.groups = [group for group in groups if group.inside.sum() >= SMALLEST]

"""Does an account keep step with a group beyond what its own habits explain?

The test is a bet (G. Shafer, "Testing by betting", J. R. Stat. Soc. A 184, 2021): a fortune
of 1 is staked again at every sitting on "member", at odds that are fair under the null. The
final fortune is an e-value: under the null it exceeds x with probability at most 1/x. Two
nulls are tested and the smaller fortune counts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from claqueur.kernels.co_action import F64, I64, U32, Bool
from claqueur.kernels.lockstep import DAY_MS, HOUR_MS, bets, count_scored, ratios
from claqueur.nulls.timeline import Timeline, smoothed

WINDOWS_MS = (10_000, 30_000, 120_000, 600_000, 3_600_000, 21_600_000, 86_400_000)
"""Windows a group may have; each group's own is chosen where it is selected."""

FINEST = 6
"""Windows narrower than the polls resolve by more than this are not offered: they would only
tell the same poll from another."""

STAKES = (0.3, 0.7)
"""Shares of the fortune staked at every sitting; the fortunes are averaged."""

TOLERANCE = 1.05
"""The nulls allow this many times the meetings that habits explain."""

CROWD_SAMPLE = 64

NULLS = {
    "own delays": "the post's hour of publication and its crowd from outside; how soon the "
    "account, and the group as a whole, usually act after publication; the hours they keep",
    "own hours": "the day of each action and the post's crowd from outside; the times of day "
    "at which the account, and the group as a whole, usually act",
}
"""What each null keeps."""


def windows_ms(actions: Timeline) -> tuple[int, ...]:
    """The windows that these actions can resolve; all where most moments are known."""
    return tuple(w for w in WINDOWS_MS if FINEST * w >= actions.resolution_ms)


@dataclass(frozen=True)
class Crowd:
    """Who makes no crowd, and how soon the others act.

    Attributes
    ----------
    suspect : (n_accounts,) bool
    delays : (64,) int64
        Even quantiles of the others' delays after publication, in ms.
    """

    suspect: Bool
    delays: I64

    @classmethod
    def ignored(cls, actions: Timeline) -> Crowd:
        """No crowd at all, for looking for groups roughly and fast."""
        return cls(np.zeros(actions.n_accounts, bool), np.empty(0, np.int64))

    @classmethod
    def without(cls, actions: Timeline, suspect: Bool) -> Crowd:
        """Everybody but the suspects."""
        step = max(1, len(actions) // 200_000)
        e = np.arange(0, len(actions), step)
        e = e[~suspect[actions.account[e]]]
        delay = actions.t_ms[e] - actions.born_ms[actions.object_[e]]
        if not len(delay):
            return cls(suspect, np.zeros(1, np.int64))
        place = (np.arange(CROWD_SAMPLE) + 0.5) / CROWD_SAMPLE
        return cls(suspect, np.quantile(delay, place).astype(np.int64))


@dataclass(frozen=True)
class Habits:
    """A group as the kernel needs it: who, and when its members usually act."""

    inside: Bool
    event: I64
    start: I64
    by_page: I64
    hours: F64
    clock: I64

    @classmethod
    def of(cls, actions: Timeline, inside: Bool) -> Habits:
        """Habits of a group, (n_accounts,) bool, over all its actions."""
        event = actions.events_of(np.flatnonzero(inside))
        object_ = actions.object_[event]
        delay = actions.t_ms[event] - actions.born_ms[object_]
        page = actions.page[object_]
        by_page = event[np.lexsort((delay, page))]
        by_delay = event[np.argsort(delay, kind="stable")]
        start = np.searchsorted(np.sort(page), np.arange(actions.n_pages + 1))
        count = np.bincount(actions.t_ms[event] // HOUR_MS % 24, minlength=24) + 0.2
        hours = smoothed(count)
        return cls(
            inside,
            event,
            np.append(start, 2 * len(event)).astype(np.int64),
            np.concatenate([by_page, by_delay]),
            hours / hours.sum(),
            np.sort(actions.t_ms[event] % DAY_MS),
        )


@dataclass(frozen=True)
class Fortunes:
    """What bets on accounts came to; one row an account that could be tested.

    Attributes
    ----------
    who : (k,) uint32
    log_e : (2, k) or (1, k) float64
        Under own delays and own hours.
    sittings, days : (k,) int64
        Bets made; days won.
    gains, best_day : (k,) float64
        What all winning days and the best of them brought, as logarithms.
    """

    who: U32
    log_e: F64
    sittings: I64
    gains: F64
    best_day: F64
    days: I64

    def spread(self, values: NDArray[np.generic], n_accounts: int, fill: float = 0.0) -> F64:
        """Values of the rows as a column over all accounts."""
        column = np.full(n_accounts, fill)
        column[self.who] = values
        return column


def bet(
    actions: Timeline,
    group: Habits,
    crowd: Crowd,
    use: Bool,
    who: Bool,
    window_ms: int,
    *,
    hours_too: bool = False,
) -> Fortunes:
    """Bet on every account asked about that it keeps step with a group.

    Parameters
    ----------
    use : (n,) bool
        Actions of the fold.
    who : (n_accounts,) bool
        Accounts asked about; a member is left out of its own group.
    hours_too
        Under both nulls; otherwise under own delays alone.
    """
    objects = np.unique(actions.object_[group.event[use[group.event]]]).astype(np.int64)
    room = count_scored(objects, actions.start, actions.account, use, who)
    event, delays, hours = ratios(
        objects, actions.start, actions.account, actions.t_ms, *actions.moments, actions.born_ms,
        actions.page, actions.sitting, actions.own_start, actions.own, actions.object_,
        actions.hours, use, who, group.inside, crowd.suspect, crowd.delays, group.start,
        group.by_page, group.hours, group.clock, window_ms, hours_too, room,
    )  # fmt: skip
    order = np.lexsort((actions.t_ms[event], actions.sitting[event]))
    stakes = np.array(STAKES)
    results = [
        bets(
            event[order], ratio[order], actions.account, actions.sitting, actions.t_ms, TOLERANCE,
            stakes,
        )
        for ratio in ((delays, hours) if hours_too else (delays,))
    ]  # fmt: skip
    people, _, sittings, gains, best, days = results[0]
    if hours_too:
        # The more sceptical null says how the evidence is spread over days.
        weaker = results[1][1] < results[0][1]
        gains, best, days = (np.where(weaker, results[1][k], results[0][k]) for k in (3, 4, 5))
    return Fortunes(people, np.array([r[1] for r in results]), sittings, gains, best, days)

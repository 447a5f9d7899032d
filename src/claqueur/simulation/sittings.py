"""Going through posts in a sitting: who comes by when, and what is then done in one go.

People who do not react to each post at once (topical fans, employees, staff who comply in their
own time or before a deadline) work off what has gathered since they last came by. All of it
falls into a few minutes, so their actions are as dependent on each other as real ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from claqueur.simulation.actions import Actions
from claqueur.simulation.chance import Floats, Ints, lognormal
from claqueur.simulation.clock import HOUR
from claqueur.simulation.population import sitting_times
from claqueur.simulation.stage import Stage

_SPAN = 10**9
"""More seconds than any world has: makes account and second one sortable number."""


@dataclass(frozen=True)
class Visits:
    """When accounts come by: one row a visit, in order of account and second."""

    account: Ints
    moment: Floats

    @classmethod
    def of(cls, account: Ints, moment: Floats) -> Self:
        """Visits in any order."""
        order = np.lexsort((moment, account))
        return cls(account[order], moment[order])

    def next_after(self, account: Ints, moment: Floats | Ints) -> Floats:
        """The account's first visit at or after a second, one value a row; infinite if none."""
        key = self.account * _SPAN + self.moment
        place = np.searchsorted(key, account * _SPAN + moment)
        # One visit of nobody at the end, for those who come after everybody's last.
        owner, visit = np.append(self.account, -1), np.append(self.moment, np.inf)
        return np.where(owner[place] == account, visit[place], np.inf)


def own_visits(stage: Stage, crowd: Ints, per_day: float, rng: np.random.Generator) -> Visits:
    """Visits at the accounts' own usual or free times, Poisson in number."""
    account = np.repeat(crowd, rng.poisson(per_day * stage.clock.days, len(crowd)))
    moment = sitting_times(stage.scenario, stage.clock, stage.people, account, rng)
    return Visits.of(account, moment)


def wishes(crowd: Ints, chance: Floats, post: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Who means to like what: account and post, one row a wish; chance is one value an account."""
    member, place = np.nonzero(rng.random((len(crowd), len(post))) < chance[:, None])
    return crowd[member], post[place]


def catch_up(
    stage: Stage,
    visits: Visits,
    account: Ints,
    post: Ints,
    ready: Floats | Ints,
    oldest_hours: float,
    rng: np.random.Generator,
) -> Actions:
    """Likes of wished posts at the next visit.

    Parameters
    ----------
    account, post, ready
        One row a wish; it can be fulfilled from the second ``ready`` on, and is dropped when
        the next visit is more than ``oldest_hours`` later.
    """
    start = visits.next_after(account, ready)
    kept = start - ready < oldest_hours * HOUR
    return in_one_go(stage, account[kept], post[kept], start[kept], rng)


def in_one_go(
    stage: Stage, account: Ints, post: Ints, start: Floats, rng: np.random.Generator
) -> Actions:
    """Likes of each account from a second on, the newest post first, a few seconds apart."""
    feed = stage.scenario.feed
    order = np.lexsort((-post, start, account))
    account, post, start = account[order], post[order], start[order]
    gaps = lognormal(rng, feed.gap_seconds_median, feed.gap_seconds_sigma, len(start))
    done = gaps.cumsum()
    new = np.ones(len(start), dtype=bool)
    new[1:] = (account[1:] != account[:-1]) | (start[1:] != start[:-1])
    first = np.maximum.accumulate(np.where(new, np.arange(len(start)), 0))
    return Actions.likes(account, post, start + done - (done - gaps)[first])

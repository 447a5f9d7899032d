"""Bets on membership against a plain second version, and that they are fair under their nulls."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.laid_out import DAY, HOUR, MINUTE, START, laid_out

from claqueur.kernels import lockstep
from claqueur.kernels.lockstep import bets, count_scored, ratios
from claqueur.nulls.habits import STAKES, TOLERANCE, Crowd, Habits, bet
from claqueur.nulls.timeline import Timeline

ACCOUNTS, OBJECTS = 9, 6
ROWS = st.lists(
    st.tuples(
        st.integers(0, ACCOUNTS - 1),
        st.integers(0, OBJECTS - 1),
        # Few moments, so that scores, sittings and edges of windows occur often.
        st.integers(0, 90).map(lambda k: START + k * 40 * MINUTE),
    ),
    min_size=4,
    max_size=120,
)
FLAGS = st.lists(st.booleans(), min_size=ACCOUNTS, max_size=ACCOUNTS)
WINDOWS = st.sampled_from([10_000, 40 * MINUTE, 2 * HOUR, DAY])


class Plain:
    """Ratios of one action after the other, as the docstrings say; slow and without buffers."""

    def __init__(self, actions: Timeline, inside, suspect, use, delays, window_ms):
        self.x, self.inside, self.suspect, self.use = actions, inside, suspect, use
        self.delays, self.window = [int(d) for d in delays], window_ms
        self.n = len(actions)
        # Account by account: this decides among equal delays.
        self.members = [int(e) for e in actions.own if inside[actions.account[e]]]
        count = [0.2] * 24
        for e in self.members:
            count[self.hour(int(actions.t_ms[e]))] += 1
        smooth = [count[h] / 2 + (count[h - 1] + count[(h + 1) % 24]) / 4 for h in range(24)]
        self.group_hours = [value / sum(smooth) for value in smooth]

    @staticmethod
    def hour(t: int) -> int:
        return t // HOUR % 24

    def delay(self, e: int) -> int:
        return int(self.x.t_ms[e] - self.x.born_ms[self.x.object_[e]])

    def page(self, e: int) -> int:
        return int(self.x.page[self.x.object_[e]])

    def on(self, ob: int) -> list[int]:
        return [e for e in range(self.n) if self.x.object_[e] == ob and self.use[e]]

    def near(self, ob: int, moment: int, a: int, now: int) -> int:
        """Used actions of members near a moment, without the one that is tested."""
        close = sum(
            bool(self.inside[self.x.account[e]])
            and abs(int(self.x.t_ms[e]) - moment) <= self.window
            for e in self.on(ob)
        )
        return max(close - (bool(self.inside[a]) and abs(moment - now) <= self.window), 0)

    def crowd(self, ob: int, moment: int, a: int | None, now: int) -> float:
        if not self.delays:
            return 1.0
        outside = [int(self.x.t_ms[e]) for e in self.on(ob) if not self.suspect[self.x.account[e]]]
        seen = sum(abs(t - moment) <= self.window for t in outside)
        total = len(outside)
        if a is not None and not self.suspect[a]:
            total -= 1
            seen -= abs(moment - now) <= self.window
        age = moment - int(self.x.born_ms[ob])
        usual = max(sum(abs(d - age) <= self.window for d in self.delays), 0.5) / len(self.delays)
        prior = lockstep.CROWD_PRIOR
        return (seen + prior) / (total * usual + prior)

    def hours(self, a: int, hour: int, left_out: int) -> float:
        own = float(self.x.hours[a, hour])
        own -= {0: 0.5, 1: 0.25, 23: 0.25}.get(abs(hour - left_out), 0.0)
        return max(own, 0.0) + lockstep.HOURS_PRIOR * self.group_hours[hour]

    def shift(self, a: int, to: int, came_from: int, now: int) -> float:
        weight = self.hours(a, self.hour(to), self.hour(now))
        weight /= self.hours(a, self.hour(came_from), self.hour(now))
        return min(weight, lockstep.LARGEST_SHIFT)

    def own(self, e: int) -> list[int]:
        """Other actions of the account, evenly thinned, not of this sitting."""
        a = int(self.x.account[e])
        mine = [int(k) for k in self.x.own if self.x.account[k] == a]
        most = lockstep.OWN_SLOTS if self.delays else lockstep.ROUGH_OWN_SLOTS
        mine = mine[:: max(1, len(mine) // most)]
        return [k for k in mine if self.x.sitting[k] != self.x.sitting[e]]

    def group_delays(self, page: int) -> list[int]:
        """Actions of members whose delays are laid onto objects of a page."""
        here = sorted((e for e in self.members if self.page(e) == page), key=self.delay)
        pool = here
        if len(here) < lockstep.FEWEST_DELAYS:
            pool = sorted(self.members, key=self.delay)
        most = lockstep.GROUP_SLOTS if self.delays else lockstep.ROUGH_GROUP_SLOTS
        wanted = min(most, len(pool))
        return [pool[int((k + 0.5) * len(pool) / wanted)] for k in range(wanted)]

    def slots(self, e: int, group: list[tuple[float, int]], own: list[tuple[float, int]]) -> float:
        """Expectation from (weight, score) of own slots, the real one first, and the group's."""
        weight = sum(w for w, _ in own)
        mean = sum(w * s for w, s in own) / weight
        if not group:
            return mean
        variance = max(sum(w * s * s for w, s in own) / weight - mean**2, 0.0)
        each = lockstep.GROUP_WEIGHT / len(group)
        both = [*own, *((w * each, s) for w, s in group)]
        joint = sum(w * s for w, s in both) / sum(w for w, _ in both)
        return max(joint, mean - lockstep.CLEARLY * math.sqrt(variance / weight))

    def under_delays(self, e: int) -> float:
        a, ob, now = int(self.x.account[e]), int(self.x.object_[e]), int(self.x.t_ms[e])
        born = int(self.x.born_ms[ob])
        score = self.near(ob, now, a, now)
        own = [(self.crowd(ob, now, a, now), score)]
        for k in self.own(e):
            moment = born + self.delay(k)
            w = self.shift(a, moment, int(self.x.t_ms[k]), now)
            w *= 1.0 if self.page(k) == self.page(e) else lockstep.OTHER_PAGE
            own.append((w * self.crowd(ob, moment, a, now), self.near(ob, moment, a, now)))
        group = []
        for k in self.group_delays(self.page(e)):
            if int(self.x.object_[k]) == ob:
                continue
            moment = born + self.delay(k)
            w = self.shift(a, moment, int(self.x.t_ms[k]), now)
            group.append((w * self.crowd(ob, moment, None, now), self.near(ob, moment, a, now)))
        return score / self.slots(e, group, own)

    def under_hours(self, e: int) -> float:
        a, ob, now = int(self.x.account[e]), int(self.x.object_[e]), int(self.x.t_ms[e])
        born = int(self.x.born_ms[ob])
        score = self.near(ob, now, a, now)
        own = [(self.crowd(ob, now, a, now), score)]
        for k in self.own(e):
            moment = self.same_day(int(self.x.t_ms[k]), now)
            if moment >= born:
                w = 1.0 if self.page(k) == self.page(e) else lockstep.OTHER_PAGE
                own.append((w * self.crowd(ob, moment, a, now), self.near(ob, moment, a, now)))
        clock = sorted(int(self.x.t_ms[k]) % DAY for k in self.members)
        wanted = min(lockstep.GROUP_SLOTS, len(clock))
        group = []
        for k in range(wanted):
            moment = self.same_day(clock[int((k + 0.5) * len(clock) / wanted)], now)
            if moment >= born:
                w = self.crowd(ob, moment, a, now)
                group.append((w, self.near(ob, moment, a, now)))
        return score / self.slots(e, group, own)

    @staticmethod
    def same_day(t: int, now: int) -> int:
        """The moment nearest to now with the time of day of t."""
        shift = (t - now) % DAY
        return now + (shift - DAY if shift > DAY // 2 else shift)

    def all(self, who) -> dict[int, tuple[float, float]]:
        found = {}
        for e in range(self.n):
            a, ob = int(self.x.account[e]), int(self.x.object_[e])
            others = [k for k in self.on(ob) if self.inside[self.x.account[k]] and k != e]
            if not (self.use[e] and who[a] and others):
                continue
            now = int(self.x.t_ms[e])
            if self.near(ob, now, a, now):
                found[e] = (self.under_delays(e), self.under_hours(e))
            else:
                found[e] = (0.0, 0.0)
        return found


def scored(actions: Timeline, group: Habits, crowd: Crowd, use, who, window_ms):
    objects = np.unique(actions.object_[group.event[use[group.event]]]).astype(np.int64)
    room = count_scored(objects, actions.start, actions.account, use, who)
    event, delays, hours = ratios(
        objects, actions.start, actions.account, actions.t_ms, *actions.moments, actions.born_ms,
        actions.page, actions.sitting, actions.own_start, actions.own, actions.object_,
        actions.hours, use, who, group.inside, crowd.suspect, crowd.delays, group.start,
        group.by_page, group.hours, group.clock, window_ms, True, room,
    )  # fmt: skip
    return {int(e): (d, h) for e, d, h in zip(event, delays, hours, strict=True)}


def check(actions: Timeline, inside, suspect, who, use, window_ms: int, rough: bool) -> None:
    group = Habits.of(actions, inside)
    crowd = Crowd.ignored(actions) if rough else Crowd.without(actions, suspect)
    found = scored(actions, group, crowd, use, who, window_ms)
    plain = Plain(actions, inside, crowd.suspect, use, crowd.delays, window_ms).all(who)
    assert found.keys() == plain.keys()
    for e, expected in plain.items():
        assert found[e] == pytest.approx(expected, rel=1e-6), e


@settings(max_examples=120, deadline=None)
@given(
    ROWS, st.lists(st.sampled_from(["p", "q", None]), min_size=OBJECTS, max_size=OBJECTS),
    FLAGS, FLAGS, FLAGS, WINDOWS, st.booleans(), st.data(),
)  # fmt: skip
def test_ratios_are_those_of_a_plain_version(
    rows, owners, inside, suspect, who, window_ms, rough, data
):
    actions = laid_out(rows, ACCOUNTS, OBJECTS, owners)
    n = len(actions)
    use = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    flags = (np.array(each) for each in (inside, suspect, who))
    check(actions, *flags, use, window_ms, rough)


def busy(rng: np.random.Generator, accounts: int = 40, objects: int = 60, size: int = 1500):
    """Enough actions that slots are thinned and pages have delays of their own."""
    born = START + np.sort(rng.integers(0, 20 * DAY, objects))
    ob = rng.integers(0, objects, size)
    t = born[ob] + rng.exponential(5 * HOUR, size).astype(np.int64)
    rows = [*zip(rng.integers(0, accounts, size), ob, t, strict=True)]
    return [(int(a), int(o), int(at)) for a, o, at in rows]


@pytest.mark.parametrize(("seed", "rough"), [(1, False), (2, True), (3, False)])
def test_ratios_where_slots_are_thinned(seed, rough):
    rng = np.random.default_rng(seed)
    owners = [f"p{o % 3}" for o in range(60)]
    actions = laid_out(busy(rng), 40, 60, owners)
    inside, suspect, who = (rng.random(40) < share for share in (0.3, 0.3, 0.15))
    assert max(np.diff(actions.own_start)) > lockstep.ROUGH_OWN_SLOTS
    check(actions, inside, suspect, who, rng.random(len(actions)) < 0.5, 2 * HOUR, rough)


def test_who_alone_is_near_scores_nothing():
    actions = laid_out([(0, 0, START), (1, 0, START + 2 * HOUR), (0, 1, START)], 2, 2)
    inside, both = np.array([True, False]), np.ones(2, bool)
    group = Habits.of(actions, inside)
    found = scored(actions, group, Crowd.ignored(actions), np.ones(3, bool), both, HOUR)
    # The member itself has nobody else to meet; the other acted too far away.
    assert found == {1: (0.0, 0.0)}


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 3), st.integers(0, 30), st.sampled_from([0.0, 0.5, 1.0, 3.0, 20.0])
        ),
        max_size=40,
    ),
    st.sampled_from([1.0, 1.1, 2.0]),
    st.sampled_from([(0.3, 0.7), (0.5,)]),
)
def test_bets(drawn, tolerance, shares):
    drawn.sort(key=lambda each: each[:2])
    n = len(drawn)
    account = np.array([a for a, _, _ in drawn], np.uint32)
    # A sitting an eight-hour slot of an account: several a day, several actions in one.
    slot = np.array([k // 2 for _, k, _ in drawn], np.int64)
    t_ms = START + slot * 8 * HOUR + np.array([k % 2 for _, k, _ in drawn], np.int64)
    sitting = account.astype(np.int64) * 1000 + slot
    ratio = np.array([r for _, _, r in drawn], np.float64)
    found = bets(
        np.arange(n), ratio, account, sitting, t_ms.astype(np.int64), tolerance, np.array(shares)
    )
    who, log_e, sittings, gains, best_day, days = found
    assert who.tolist() == sorted(set(account.tolist()))
    for k, a in enumerate(who):
        factors: dict[int, list[float]] = {}
        for e in np.flatnonzero(account == a):
            factors.setdefault(int(slot[e]), []).append(ratio[e] / tolerance)
        means = {s: sum(f) / len(f) for s, f in factors.items()}
        fortunes = [math.prod(1 - s + s * f for f in means.values()) for s in shares]
        assert log_e[k] == pytest.approx(math.log(sum(fortunes) / len(fortunes)))
        assert sittings[k] == len(means)
        by_day: dict[int, float] = {}
        for s, f in means.items():
            day = (START + s * 8 * HOUR) // DAY
            by_day[day] = by_day.get(day, 0) + math.log(1 - shares[-1] + shares[-1] * f)
        won = [value for value in by_day.values() if value > 1e-12]
        assert gains[k] == pytest.approx(sum(won), abs=1e-9)
        assert days[k] == len(won)
        # The best day is taken as it stood at its best.
        assert best_day[k] >= max(won, default=0) - 1e-9


def fair(log_e: np.ndarray) -> None:
    """No better than a fair bet, in the mean (cut off, since it is heavy-tailed) and the tail."""
    e = np.minimum(np.exp(log_e), 100)
    assert e.mean() < 1 + 3 * e.std() / np.sqrt(len(e))
    for least in (5, 20):
        assert (e >= least).mean() < 1 / least + 3 / np.sqrt(least * len(e))


@pytest.mark.parametrize("pace_sigma", [0.0, 0.8])
@pytest.mark.parametrize("each", [18, 40])
def test_fair_where_nobody_follows_anybody(pace_sigma, each):
    """Every account draws delays around a pace of its own; a group of some is no group.

    Own hours alone may be beaten here, since actions crowd after publication: that is why the
    smaller fortune counts.
    """
    rng = np.random.default_rng(7)
    accounts, objects = 600, 120
    born = START + np.sort(rng.integers(0, 30 * DAY, objects))
    pace = rng.lognormal(np.log(2 * HOUR), pace_sigma, accounts)
    rows = []
    for a in range(accounts):
        chosen = rng.permutation(objects)[:each]
        delay = rng.lognormal(0, 0.7, len(chosen)) * pace[a]
        rows += [(a, int(o), int(born[o] + d)) for o, d in zip(chosen, delay, strict=True)]
    actions = laid_out(rows, accounts, objects)
    inside = np.arange(accounts) < 25
    fortunes = bet(
        actions, Habits.of(actions, inside), Crowd.without(actions, inside),
        np.ones(len(actions), bool), ~inside, HOUR, hours_too=True,
    )  # fmt: skip
    assert len(fortunes.who) == 575
    fair(fortunes.log_e[0])
    fair(fortunes.log_e.min(axis=0))


def test_fair_where_only_hours_are_kept():
    """Accounts act on the days they like at their own time of day, long after publication."""
    rng = np.random.default_rng(3)
    accounts, objects = 600, 12
    usual = rng.normal(15 * HOUR, 3 * HOUR, accounts)
    rows = []
    for a in range(accounts):
        for day in rng.permutation(30)[:20]:
            at = START + DAY * int(day) + int(usual[a] + rng.normal(0, HOUR))
            rows.append((a, int(rng.integers(objects)), at))
    rows += [(accounts, o, START - DAY) for o in range(objects)]
    actions = laid_out(rows, accounts + 1, objects)
    inside = np.arange(accounts + 1) < 25
    fortunes = bet(
        actions, Habits.of(actions, inside), Crowd.without(actions, inside),
        np.ones(len(actions), bool), ~inside, HOUR, hours_too=True,
    )  # fmt: skip
    fair(fortunes.log_e[1])
    fair(fortunes.log_e.min(axis=0))


def test_fair_where_delays_are_exchanged_among_an_accounts_actions():
    rng = np.random.default_rng(8)
    objects, draws, members = 40, 400, 15
    born = START + np.arange(objects) * DAY + 10 * HOUR
    rows = [
        (m, o, int(born[o] + (o % 7) * 20 * MINUTE + rng.exponential(10 * MINUTE)))
        for m in range(members)
        for o in range(objects)
        if rng.random() < 0.6
    ]
    # All follow the group's delays, though not on its days.
    delays = (np.arange(objects) % 7) * 20 * MINUTE + rng.integers(0, 10 * MINUTE, objects)
    for k in range(draws):
        shuffled = rng.permutation(delays)
        rows += [(members + k, o, int(born[o] + shuffled[o])) for o in range(objects)]
    actions = laid_out(rows, members + draws, objects)
    inside = np.arange(members + draws) < members
    fortunes = bet(
        actions, Habits.of(actions, inside), Crowd.without(actions, inside),
        np.ones(len(actions), bool), ~inside, 10 * MINUTE,
    )  # fmt: skip
    fair(fortunes.log_e[0])


def test_who_keeps_step_grows_rich():
    rng = np.random.default_rng(9)
    objects, members = 30, 12
    born = START + np.arange(objects) * DAY + 9 * HOUR
    sent = rng.exponential(2 * HOUR, objects)
    rows = [
        (m, o, int(born[o] + sent[o] + rng.exponential(5 * MINUTE)))
        for m in range(members + 1)
        for o in range(objects)
        if rng.random() < 0.6
    ]
    rows += [
        (members + 1 + k, o, int(born[o] + rng.exponential(3 * HOUR)))
        for k in range(60)
        for o in rng.permutation(objects)[:12]
    ]
    actions = laid_out(rows, members + 61, objects)
    inside = np.arange(members + 61) < members
    fortunes = bet(
        actions, Habits.of(actions, inside), Crowd.without(actions, inside),
        np.ones(len(actions), bool), ~inside, 10 * MINUTE, hours_too=True,
    )  # fmt: skip
    least = fortunes.spread(fortunes.log_e.min(axis=0), members + 61)
    assert least[members] > 5
    assert least[members + 1 :].max() < least[members]
    assert fortunes.days[fortunes.who == members][0] >= 5


def test_shapes_of_habits_and_crowds():
    rng = np.random.default_rng(4)
    actions = laid_out(busy(rng), 40, 60, [f"p{o % 3}" for o in range(60)])
    inside = rng.random(40) < 0.3
    group = Habits.of(actions, inside)
    g = int(inside[actions.account].sum())
    assert len(group.event) == len(group.clock) == g
    assert len(group.by_page) == 2 * g
    assert len(group.start) == actions.n_pages + 2
    assert group.start[-1] == 2 * g
    assert group.start[-2] == g
    assert group.hours.sum() == pytest.approx(1)
    assert (np.diff(group.clock) >= 0).all()
    for page in range(actions.n_pages):
        own = group.by_page[group.start[page] : group.start[page + 1]]
        assert (actions.page[actions.object_[own]] == page).all()
        assert (np.diff(actions.t_ms[own] - actions.born_ms[actions.object_[own]]) >= 0).all()
    crowd = Crowd.without(actions, inside)
    assert crowd.delays.shape == (64,)
    assert (np.diff(crowd.delays) >= 0).all()
    assert Crowd.without(actions, np.ones(40, bool)).delays.tolist() == [0]
    assert len(Crowd.ignored(actions).delays) == 0
    assert not Crowd.ignored(actions).suspect.any()
    none = Habits.of(actions, np.zeros(40, bool))
    assert len(none.event) == 0
    assert none.hours == pytest.approx(np.full(24, 1 / 24))
    everything = np.ones(len(actions), bool)
    assert len(bet(actions, none, crowd, everything, inside, HOUR).who) == 0


def test_constants_are_what_the_record_says():
    assert TOLERANCE >= 1
    assert all(0 < share < 1 for share in STAKES)

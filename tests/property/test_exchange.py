"""Exchange of actors within objects, and sittings, against brute force."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.laid_out import DAY, HOUR, MINUTE, SECOND, START, laid_out

from claqueur.kernels.lockstep import (
    _upper_tail,
    counts_within,
    exchange_pairs,
    expected_meetings,
    label_sittings,
)
from claqueur.nulls.exchange import NEIGHBOURHOODS, pair_p_values
from claqueur.nulls.habits import WINDOWS_MS
from claqueur.nulls.timeline import Timeline

ACCOUNTS, OBJECTS = 5, 4
UNIT = 20 * MINUTE
ROWS = st.lists(
    st.tuples(
        st.integers(0, ACCOUNTS - 1),
        st.integers(0, OBJECTS - 1),
        # Steps of twenty minutes often hit the edges of windows and the 45 minutes of a sitting.
        st.integers(0, 40).map(lambda k: START + k * UNIT),
    ),
    min_size=1,
    max_size=40,
)


def everything(actions: Timeline) -> np.ndarray:
    return np.arange(len(actions.start) - 1, dtype=np.int64)


def within(actions: Timeline, use: np.ndarray, e: int, window_ms: int) -> int:
    """Other used actions on the object of e near it."""
    return sum(
        bool(use[f])
        and f != e
        and actions.object_[f] == actions.object_[e]
        and abs(int(actions.t_ms[f] - actions.t_ms[e])) <= window_ms
        for f in range(len(actions))
    )


@settings(deadline=None)
@given(ROWS, st.sampled_from([1, UNIT, 45 * MINUTE, DAY]))
def test_sittings(rows, gap_ms):
    account = np.array([a for a, _, _ in rows], np.uint32)
    t_ms = np.array([t for _, _, t in rows], np.int64)
    order = np.lexsort((t_ms, account))
    found = label_sittings(account, t_ms, t_ms, order, gap_ms)
    expected, last, number = {}, None, -1
    for e in order:
        now = (account[e], t_ms[e])
        if last is None or last[0] != now[0] or now[1] - last[1] > gap_ms:
            number += 1
        expected[e], last = number, now
    assert found.tolist() == [expected[e] for e in range(len(rows))]


@settings(deadline=None)
@given(ROWS, st.sampled_from([0, 1, UNIT, 2 * UNIT, DAY, 1 << 60]), st.data())
def test_counts_within(rows, window_ms, data):
    actions = laid_out(rows, ACCOUNTS, OBJECTS)
    n = len(actions)
    use = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    found = counts_within(everything(actions), actions.start, actions.t_ms, use, window_ms)
    expected = [within(actions, use, e, window_ms) if use[e] else 0 for e in range(n)]
    assert found.tolist() == expected


def test_objects_that_are_not_asked_about_count_nothing():
    actions = laid_out([(0, 0, START), (1, 0, START), (0, 1, START), (1, 1, START)], 2, 2)
    use = np.ones(4, bool)
    found = counts_within(np.array([1]), actions.start, actions.t_ms, use, 1)
    assert found.tolist() == [0, 0, 1, 1]


def once_an_object(rows):
    """Only the first action of an account on an object, so that pairs match them one to one."""
    return list({(a, o): (a, o, t) for a, o, t in sorted(rows, reverse=True)}.values())


PAIRS = np.array([(a, b) for a in range(ACCOUNTS) for b in range(ACCOUNTS) if a < b], np.uint32)


@settings(deadline=None)
@given(ROWS, st.sampled_from([SECOND, UNIT, 3 * UNIT]), st.data())
def test_expected_meetings(rows, window_ms, data):
    actions = laid_out(once_an_object(rows), ACCOUNTS, OBJECTS)
    n = len(actions)
    use = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    objects = everything(actions)
    near = counts_within(objects, actions.start, actions.t_ms, use, window_ms)
    around = counts_within(objects, actions.start, actions.t_ms, use, 1 << 60)
    found = expected_meetings(
        PAIRS[:, 0], PAIRS[:, 1], actions.own_start,
        np.lexsort((actions.object_, actions.account)), actions.object_, near, around, use,
    )  # fmt: skip
    for (a, b), value in zip(PAIRS, found, strict=True):
        expected = 0.0
        for e, f in product(range(n), repeat=2):
            both = actions.account[e] == a and actions.account[f] == b and use[e] and use[f]
            if both and actions.object_[e] == actions.object_[f]:
                for x in (e, f):
                    chance = within(actions, use, x, window_ms)
                    expected += chance / max(within(actions, use, x, 1 << 60), 1) / 2
        assert value == pytest.approx(expected)


def tail_by_enumeration(chances: list[float], at_least: int) -> float:
    total = 0.0
    for outcome in product((0, 1), repeat=len(chances)):
        if sum(outcome) >= at_least:
            total += np.prod([c if x else 1 - c for x, c in zip(outcome, chances, strict=True)])
    return float(total)


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([0.0, 0.01, 0.2, 0.5, 0.9, 1.0]) | st.floats(0, 1), max_size=9),
    st.integers(0, 10),
)
def test_the_tail_is_exact(chances, at_least):
    if at_least > len(chances):
        at_least = len(chances)
    found = _upper_tail(np.array(chances, np.float64), at_least)
    assert found == pytest.approx(tail_by_enumeration(chances, at_least), abs=1e-12)


def exchanged(actions: Timeline, a: int, b: int, window_ms: int, around_ms: int):
    """Meetings, their expectation and p of one pair, from the definition."""
    use = np.ones(len(actions), bool)
    chance: dict[int, float] = {}
    hit: set[int] = set()
    for e, f in product(range(len(actions)), repeat=2):
        if (actions.account[e], actions.account[f]) != (a, b):
            continue
        apart = abs(int(actions.t_ms[e] - actions.t_ms[f]))
        if actions.object_[e] != actions.object_[f] or apart > around_ms:
            continue
        sitting = int(actions.sitting[e])
        share = within(actions, use, e, window_ms) / max(within(actions, use, e, around_ms), 1)
        chance[sitting] = min(1.0, chance.get(sitting, 0.0) + share)
        hit |= {sitting} if apart <= window_ms else set()
    coins = list(chance.values())
    return len(hit), sum(coins), tail_by_enumeration(coins, len(hit))


@settings(max_examples=60, deadline=None)
@given(ROWS, st.sampled_from([SECOND, UNIT, HOUR]), st.sampled_from([6, 1 << 40]))
def test_exchange_of_pairs(rows, window_ms, times):
    actions = laid_out(once_an_object(rows), ACCOUNTS, OBJECTS)
    around_ms = min(window_ms * times, 1 << 60)
    use, objects = np.ones(len(actions), bool), everything(actions)
    near = counts_within(objects, actions.start, actions.t_ms, use, window_ms)
    around = counts_within(objects, actions.start, actions.t_ms, use, around_ms)
    order = np.lexsort((actions.t_ms, actions.object_, actions.account))
    met, expected, p = exchange_pairs(
        PAIRS[:, 0], PAIRS[:, 1], actions.own_start, order, actions.object_, actions.t_ms,
        actions.sitting, near, around, window_ms, around_ms,
    )  # fmt: skip
    for k, (a, b) in enumerate(PAIRS):
        wanted = exchanged(actions, a, b, window_ms, around_ms)
        assert (met[k], expected[k], p[k]) == (wanted[0], *map(pytest.approx, wanted[1:]))


@settings(max_examples=15, deadline=None)
@given(ROWS)
def test_the_smallest_p_value_pays_for_all_that_were_tried(rows):
    actions = laid_out(once_an_object(rows), ACCOUNTS, OBJECTS)
    p, expected, window = pair_p_values(actions, PAIRS[:, 0], PAIRS[:, 1])
    for k, (a, b) in enumerate(PAIRS):
        tried = [
            (exchanged(actions, a, b, w, j * w or 1 << 60), w)
            for w in WINDOWS_MS
            for j in NEIGHBOURHOODS
        ]
        smallest = min(result[2] for result, _ in tried)
        assert p[k] == pytest.approx(min(1.0, smallest * len(tried)))
        assert any(
            w == window[k]
            and result[2] == pytest.approx(smallest)
            and result[1] == pytest.approx(expected[k])
            for result, w in tried
        )


def test_p_values_of_pairs_hold_when_actors_are_exchanged():
    """Who acted when is drawn anew on every object; each pair of two strangers is one test."""
    rng = np.random.default_rng(2)
    crowd, objects = 60, 40
    rows = []
    for o in range(objects):
        times = START + 3 * DAY * o + np.sort(rng.exponential(2 * HOUR, 30)).astype(np.int64)
        rows += [
            (int(a), o, int(t))
            for a, t in zip(rng.permutation(crowd)[:30], rng.permutation(times), strict=True)
        ]
    actions = laid_out(rows, crowd, objects)
    a, b = (np.arange(0, crowd, 2).astype(np.uint32) + k for k in (0, 1))
    use, all_objects = np.ones(len(actions), bool), everything(actions)
    order = np.lexsort((actions.t_ms, actions.object_, actions.account))
    window_ms = 30 * MINUTE
    near = counts_within(all_objects, actions.start, actions.t_ms, use, window_ms)
    around = counts_within(all_objects, actions.start, actions.t_ms, use, 1 << 60)
    met, expected, p = exchange_pairs(
        a, b, actions.own_start, order, actions.object_, actions.t_ms, actions.sitting, near,
        around, window_ms, 1 << 60,
    )  # fmt: skip
    assert met.sum() == pytest.approx(expected.sum(), rel=0.2)
    assert (p <= 0.05).mean() < 0.12
    assert (pair_p_values(actions, a, b)[0] <= 0.05).mean() <= 0.05

"""Moments known only to lie between polls, against sums and integrals written out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.laid_out import DAY, HOUR, MINUTE, START, coded, laid_out

from claqueur.kernels.moments import (
    HIGH,
    LOW,
    WEIGHT,
    Moments,
    curve_of,
    cut,
    known,
    near,
    near_action,
    own_near,
    together,
)
from claqueur.nulls.baseline import AGE_EDGES_MS, moments_of
from claqueur.nulls.timeline import timeline

ACTIONS = st.lists(
    st.tuples(
        st.integers(0, 40),
        st.lists(st.tuples(st.sampled_from([3, 10, 25]), st.integers(1, 3)), max_size=3),
    ),
    min_size=1,
    max_size=6,
)
STEP = 60_000


def built(drawn) -> Moments:
    """Moments of actions that begin at a minute and have pieces of (length, weight), or none."""
    start, rows = [0], []
    for begin, pieces in drawn:
        total = sum(weight for _, weight in pieces)
        for length, weight in pieces:
            rows.append((begin * STEP, (begin + length) * STEP, weight / total))
            begin += length
        if not pieces:
            rows.append((begin * STEP, begin * STEP, 1.0))
        start.append(len(rows))
    return Moments(np.array(start), np.array(rows, float))


def chance(moments: Moments, e: int, low: float, high: float) -> float:
    """P(action e lies in [low, high]), piece by piece."""
    total = 0.0
    for begin, end, weight in moments.piece[moments.start[e] : moments.start[e + 1]]:
        if begin == end:
            total += weight * (low <= begin <= high)
        else:
            total += weight * max(min(end, high) - max(begin, low), 0) / (end - begin)
    return total


@settings(deadline=None)
@given(ACTIONS, st.integers(-10, 80), st.sampled_from([1, 5, 30]))
def test_expected_number_near_a_moment(drawn, minute, window):
    moments = built(drawn)
    at, within = minute * STEP, window * STEP
    everybody = np.arange(len(drawn))
    expected = sum(chance(moments, e, at - within, at + within) for e in everybody)
    # Ends of the window are taken to the millisecond.
    assert near(curve_of(everybody, *moments), at, within) == pytest.approx(expected, abs=1e-3)
    alone = sum(own_near(e, *moments, at, within) for e in everybody)
    assert alone == pytest.approx(expected, abs=1e-9)


@settings(deadline=None, max_examples=25)
@given(ACTIONS, st.sampled_from([1, 5, 30]))
def test_expected_number_near_an_action(drawn, window):
    moments = built(drawn)
    within = window * STEP
    n = len(drawn)
    curve = curve_of(np.arange(n), *moments)
    for e in range(n):
        by_pairs = sum(together(e, f, *moments, within) for f in range(n))
        assert near_action(curve, e, *moments, within) == pytest.approx(by_pairs, abs=1e-3)
        assert near_action(curve, e, *moments, within, 7 * STEP) == pytest.approx(
            sum(shifted(moments, e, f, within) for f in range(n)), abs=0.02 * n
        )
        for f in range(n):
            assert together(e, f, *moments, within) == pytest.approx(
                integral(moments, e, f, within), abs=0.02
            )


def integral(moments: Moments, e: int, f: int, within: int, less: int = 0) -> float:
    """P(|E - less - F| <= window) by cutting E's pieces into many points."""
    total = 0.0
    for begin, end, weight in moments.piece[moments.start[e] : moments.start[e + 1]]:
        points = [begin] if begin == end else begin + (end - begin) * (np.arange(100) + 0.5) / 100
        total += weight * np.mean(
            [chance(moments, f, t - less - within, t - less + within) for t in points]
        )
    return total


def shifted(moments: Moments, e: int, f: int, within: int) -> float:
    return integral(moments, e, f, within, 7 * STEP)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 2 * DAY), st.sampled_from([0, 1, MINUTE, HOUR, 30 * HOUR])),
        min_size=1,
        max_size=20,
    )
)
def test_pieces_fill_intervals_and_cross_no_edge(drawn):
    low = np.array([START + at for at, _ in drawn])
    high = np.array([START + at + width for at, width in drawn])
    born = np.full(len(drawn), START)
    start, piece_low, piece_high = cut(low, high, born, AGE_EDGES_MS, HOUR)
    for e in range(len(drawn)):
        own = slice(start[e], start[e + 1])
        assert piece_low[own][0] == low[e]
        assert piece_high[own][-1] == high[e]
        assert (piece_low[own][1:] == piece_high[own][:-1]).all()
        for begin, end in zip(piece_low[own], piece_high[own], strict=True):
            assert not ((begin - START < AGE_EDGES_MS) & (end - START > AGE_EDGES_MS)).any()
            if high[e] - low[e] > HOUR:
                assert end - begin <= HOUR


def test_known_moments_stay_as_they_are():
    t = np.array([START, START + 5, START + 5])
    object_, account = np.array([0, 0, 1], np.uint32), np.array([2, 1, 0], np.uint32)
    t_ms, moments, order = moments_of(t, t, np.array([START, START]), object_, account)
    assert t_ms.tolist() == t.tolist()
    assert order.tolist() == [0, 1, 2]
    assert moments.piece[:, LOW].tolist() == moments.piece[:, HIGH].tolist() == t.tolist()
    assert known(t).start.tolist() == [0, 1, 2, 3]


def test_draws_lie_in_their_intervals_and_weights_add_up():
    rng = np.random.default_rng(1)
    n = 400
    object_ = np.sort(rng.integers(0, 20, n)).astype(np.uint32)
    account = rng.integers(0, 30, n).astype(np.uint32)
    born = START + rng.integers(0, 9 * DAY, 20)
    low = born[object_] + rng.integers(0, 10 * HOUR, n)
    high = low + rng.choice([0, 10 * MINUTE, HOUR, 9 * HOUR], n)
    t_ms, moments, order = moments_of(low, high, born, object_, account)
    assert (t_ms >= low[order]).all()
    assert (t_ms <= high[order]).all()
    assert (np.lexsort((account[order], t_ms, object_[order])) == np.arange(n)).all()
    whole = np.add.reduceat(moments.piece[:, WEIGHT], moments.start[:-1])
    assert whole == pytest.approx(np.ones(n))
    again, _, _ = moments_of(low, high, born, object_, account)
    assert again.tolist() == t_ms.tolist()


def test_who_always_acts_at_once_is_dated_soon_after_publication():
    """Polls come every hour; a fan acts two minutes after posts, a reader hours later."""
    rng = np.random.default_rng(2)
    born = START + np.sort(rng.integers(0, 40 * DAY, 200))
    object_ = np.repeat(np.arange(200), 2).astype(np.uint32)
    account = np.tile([0, 1], 200).astype(np.uint32)
    true = born[object_] + np.where(account == 0, 2 * MINUTE, rng.integers(0, 9 * HOUR, 400))
    low = np.maximum(true // HOUR * HOUR, born[object_])
    high = (true // HOUR + 1) * HOUR
    t_ms, _, order = moments_of(low, high, born, object_, account)
    delay = t_ms - born[object_[order]]
    fan = account[order] == 0
    assert np.median(delay[fan]) < 6 * MINUTE
    assert np.median(delay[~fan]) > HOUR


def test_what_may_be_one_sitting_is_one():
    # Known to the hour: the two may lie ten minutes apart, the third at least an hour later.
    frame, events = coded([(0, o, START + o * HOUR) for o in (0, 1, 3)], 1, 4)
    polled = frame.with_columns(t_max_ms=frame["t_min_ms"] + HOUR)
    actions = timeline(polled, events)
    assert actions.sitting.tolist() == [0, 0, 1]
    assert actions.resolution_ms == HOUR
    assert not actions.exact.any()
    exact = laid_out([(0, o, START + o * HOUR) for o in (0, 1, 3)], 1, 4)
    assert exact.sitting.tolist() == [0, 1, 2]
    assert exact.resolution_ms == 0

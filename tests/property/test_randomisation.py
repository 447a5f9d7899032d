"""Randomisation over pages and dates against plain Python, and its law where nothing happens."""

from itertools import combinations
from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claqueur.nulls.randomisation import Changes, beyond, choices, page_changes

VALUES = st.floats(-3, 3).map(lambda x: round(x, 3))


@st.composite
def changes(draw, pages):
    change = [draw(VALUES) for _ in range(pages)]
    variance = [draw(st.floats(0.05, 2)) for _ in range(pages)]
    return Changes(np.array(change), np.array(variance))


def plain_between(date, controls):
    weight = [1 / date.variance[c] for c in controls]
    mean = sum(w * date.change[c] for w, c in zip(weight, controls, strict=True)) / sum(weight)
    q = sum(w * (date.change[c] - mean) ** 2 for w, c in zip(weight, controls, strict=True))
    spread = sum(weight) - sum(w * w for w in weight) / sum(weight)
    return max((q - (len(controls) - 1)) / spread, 0)


def plain_statistic(date, ours, others, between):
    sums = []
    for pages in (ours, others):
        weight = [1 / (date.variance[p] + between) for p in pages]
        total = sum(w * date.change[p] for w, p in zip(weight, pages, strict=True))
        sums.append((total / sum(weight), sum(weight)))
    (a, wa), (b, wb) = sums
    return (a - b) / sqrt(1 / wa + 1 / wb)


@given(data=st.data(), treated=st.integers(1, 2), controls=st.integers(2, 5),
       earlier=st.integers(0, 2))  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_p_values_are_shares_of_all_choices_of_pages_and_dates(data, treated, controls, earlier):
    n = treated + controls
    dates = [data.draw(changes(n)) for _ in range(1 + earlier)]
    own, rest = list(range(treated)), list(range(treated, n))
    found = beyond(dates[0], dates[1:], np.array(own), np.array(rest))
    between = float(np.mean([plain_between(date, rest) for date in dates]))
    statistics = [
        [
            plain_statistic(date, chosen, [p for p in range(n) if p not in chosen], between)
            for chosen in combinations(range(n), treated)
        ]
        for date in dates
    ]
    observed = statistics[0][0]
    assert found is not None
    assert found.statistic == pytest.approx(observed)
    every = [s for date in statistics for s in date]
    assert found.p_value == pytest.approx(np.mean([s >= observed - 1e-7 for s in every]))
    assert found.page_p == pytest.approx(np.mean([s >= observed - 1e-7 for s in statistics[0]]))
    assert found.smallest_p == pytest.approx(1 / len(every))
    assert found.low <= found.high


@given(data=st.data(), shift=VALUES, scale=st.floats(0.2, 5))
@settings(max_examples=40, deadline=None)
def test_what_all_pages_share_and_the_unit_do_not_matter(data, shift, scale):
    date, before = data.draw(changes(6)), data.draw(changes(6))
    own, rest = np.array([0]), np.arange(1, 6)
    found = beyond(date, [before], own, rest)
    moved = beyond(
        Changes(date.change * scale + shift, date.variance * scale**2),
        [Changes(before.change * scale, before.variance * scale**2)],
        own,
        rest,
    )
    assert found is not None
    assert moved is not None
    assert moved.p_value == pytest.approx(found.p_value)
    assert moved.student_p == pytest.approx(found.student_p, abs=1e-9)
    assert moved.effect == pytest.approx(found.effect * scale, abs=1e-9)


@given(st.lists(st.tuples(st.integers(0, 3), VALUES, st.sampled_from("bax")), max_size=30))
def test_changes_are_differences_of_means(rows):
    page = np.array([row[0] for row in rows], np.int64)
    value = np.array([row[1] for row in rows], np.float64)
    side = np.array([row[2] for row in rows])
    found = page_changes(page, value, side == "b", side == "a", 4)
    for place in range(4):
        before, after = (
            [v for p, v, s in rows if p == place and s == which] for which in ("b", "a")
        )
        if len(before) < 2 or len(after) < 2:
            assert np.isnan(found.change[place])
        else:
            assert found.change[place] == pytest.approx(np.mean(after) - np.mean(before))
            assert found.variance[place] >= 0


def test_pages_without_observations_are_left_out():
    date = Changes(np.array([1.0, np.nan, 0.1, 0.2, -0.1]), np.array([0.1, np.nan, 0.1, 0.1, 0.1]))
    found = beyond(date, [], np.array([0]), np.arange(1, 5))
    assert found is not None
    assert len(found.controls) == 3
    assert found.page_p == 1 / 4
    assert beyond(date, [], np.array([1]), np.arange(2, 5)) is None
    assert beyond(date, [], np.array([0]), np.array([1, 2])) is None


def test_choices_are_all_or_a_draw_with_the_observed_one_first():
    rng = np.random.default_rng(1)
    few = choices(6, 2, rng)
    assert few.shape == (15, 6)
    assert few[0].tolist() == [True, True, False, False, False, False]
    assert len(np.unique(few, axis=0)) == 15
    many = choices(30, 6, rng)
    assert many.shape == (4_999, 30)
    assert many[0, :6].all()
    assert (many.sum(axis=1) == 6).all()


@pytest.mark.parametrize(("treated", "earlier"), [(1, 0), (1, 3), (2, 2)])
def test_where_nothing_happens_p_values_are_uniform_or_larger(treated, earlier):
    """Pages differ in how much they vary, and share what happens on a date."""
    rng = np.random.default_rng(7)
    p_values, student = [], []
    for _ in range(400):
        pages = treated + 12
        variance = rng.uniform(0.02, 0.2, pages)
        dates = [
            Changes(rng.normal(0, np.sqrt(variance + 0.03)) + rng.normal(0, 1), variance)
            for _ in range(1 + earlier)
        ]
        found = beyond(dates[0], dates[1:], np.arange(treated), np.arange(treated, pages))
        assert found is not None
        p_values.append(found.p_value)
        student.append(found.student_p)
    # Twice the standard error of 400 draws is .022.
    assert np.mean(np.array(p_values) <= 0.05) <= 0.08
    assert np.mean(np.array(student) <= 0.05) <= 0.08
    assert 0.4 < np.mean(p_values) < 0.62


def test_a_planted_rise_is_seen_and_lies_in_its_interval():
    rng = np.random.default_rng(3)
    covered, seen = 0, 0
    for _ in range(100):
        variance = np.full(13, 0.02)
        dates = [Changes(rng.normal(0, np.sqrt(0.03), 13), variance) for _ in range(4)]
        dates[0].change[0] += 0.7
        found = beyond(dates[0], dates[1:], np.array([0]), np.arange(1, 13))
        assert found is not None
        covered += found.low <= 0.7 <= found.high
        seen += found.p_value <= 0.05
    assert covered >= 88
    assert seen >= 90

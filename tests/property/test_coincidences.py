"""Coincidences of posts, and how alike texts are, against plain Python."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claqueur.nulls.shifts import DAY_MS, DRAWS, shifted_pairs
from claqueur.text import shingles, similar_pairs

DAYS = 4
MOMENTS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, DAYS * DAY_MS - 1)), min_size=1, max_size=14
)


def plain_pairs(page, moment, paired, reach):
    n = len(page)
    return sum(
        paired[i][j] and page[i] != page[j] and abs(moment[i] - moment[j]) <= reach
        for i in range(n)
        for j in range(i + 1, n)
    )


@given(MOMENTS, st.integers(60_000, DAY_MS), st.integers(0, 5))
@settings(max_examples=40, deadline=None)
def test_pairs_are_counted_and_moving_days_keeps_what_a_page_does_alone(rows, reach, seed):
    page, moment = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    every = np.ones((len(rows), len(rows)), bool)
    observed, drawn = shifted_pairs(page, moment, every, reach, DAYS, seed)
    assert observed == plain_pairs(page, moment, every, reach)
    assert len(drawn) == DRAWS
    most = plain_pairs(page, moment % DAY_MS, every, DAY_MS)
    assert drawn.max() <= most
    if len(set(page)) == 1:
        assert observed == 0
        assert not drawn.any()
    again = shifted_pairs(page, moment, every, reach, DAYS, seed)[1]
    assert (again == drawn).all()


def test_two_pages_meet_as_often_as_all_shifts_together_say():
    hour = DAY_MS // 24
    page = np.array([0, 0, 1, 1])
    moment = np.array([9 * hour, DAY_MS + 15 * hour, 9 * hour, DAY_MS + 15 * hour])
    every = np.ones((4, 4), bool)
    observed, drawn = shifted_pairs(page, moment, every, hour, DAYS, 1)
    assert observed == 2
    # Only one relative shift of four brings the two together.
    assert (drawn == 2).mean() == pytest.approx(1 / DAYS, abs=0.04)
    assert set(drawn.tolist()) == {0, 2}


def test_independent_pages_give_uniform_p_values():
    rng = np.random.default_rng(5)
    p_values = []
    for seed in range(150):
        page = rng.integers(0, 6, 40)
        moment = rng.integers(0, 10, 40) * DAY_MS + rng.integers(9, 18, 40) * 3_600_000
        every = np.ones((40, 40), bool)
        observed, drawn = shifted_pairs(page, moment, every, 3_600_000, 10, seed)
        p_values.append((1 + (drawn >= observed).sum()) / (1 + len(drawn)))
    assert np.mean(np.array(p_values) <= 0.05) <= 0.1
    assert 0.4 < np.mean(p_values) < 0.6


@given(st.lists(st.text(alphabet="аб ёЁе!1", max_size=20), max_size=8), st.floats(0.1, 1))
def test_similar_texts_are_those_of_plain_jaccard(texts, least):
    sets = [shingles(text) for text in texts]
    found = similar_pairs(sets, least)
    assert found.shape == (len(texts), len(texts))
    for i, one in enumerate(sets):
        for j, other in enumerate(sets):
            both, either = len(one & other), len(one | other)
            assert found[i, j] == (i != j and both > 0 and both >= least * either)


def test_texts_are_written_alike_before_they_are_compared():
    assert shingles("Ещё раз,  ПОЗДРАВЛЯЕМ!") == shingles("еще раз поздравляем")
    assert shingles("ура") == frozenset()

"""The conditional null against counting every set of posts an account could have liked."""

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claqueur.kernels.conditional import MARKED, TARGET, count_chances, count_tails
from claqueur.nulls.conditional import Likes, blocks, conditional, fit_odds

SETTINGS = settings(deadline=None, max_examples=60)
PRIOR = 1.0


@st.composite
def small_worlds(draw):
    """One account on one to three pages, with odds, kinds and blocks."""
    sizes = draw(st.lists(st.integers(2, 6), min_size=1, max_size=3))
    n = sum(sizes)
    page_start = np.append(0, np.cumsum(sizes))
    block = blocks(page_start, size=draw(st.sampled_from([2, 3, 15])))
    kind = np.array(draw(st.lists(st.integers(0, 3), min_size=n, max_size=n)))
    liked = np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    likes = np.array(draw(st.lists(st.integers(0, 20), min_size=n, max_size=n)), float) + liked
    exposure = np.array(draw(st.lists(st.floats(2, 30), min_size=n, max_size=n)))
    spans = draw(st.booleans())
    return page_start, block, kind, liked, likes, exposure, spans


def by_counting(block, kind, liked, odds, inside) -> np.ndarray:
    """Every set of posts with the same likes in each block and of marked posts, by its odds."""
    places = np.flatnonzero(inside)
    sets = []
    for number in np.unique(block[places]):
        own = places[block[places] == number]
        sets.append(list(combinations(own, int(liked[own].sum()))))
    marked = sum(kind[o] & MARKED > 0 for o in places if liked[o])
    chance = np.zeros(int((kind & TARGET).sum()) + 1)
    for chosen in product(*sets):
        posts = [o for part in chosen for o in part]
        if sum(kind[o] & MARKED > 0 for o in posts) == marked:
            chance[sum(kind[o] & TARGET for o in posts)] += np.prod(odds[posts])
    return chance / chance.sum()


def told(likes: Likes, odds, block, kind, rate=0.0) -> tuple[np.ndarray, np.ndarray]:
    chance = np.zeros((len(likes), int((kind & TARGET).sum()) + 1))
    observed = np.zeros(len(likes), np.int64)
    count_chances(
        likes.row_start, likes.begin, likes.end, likes.like_start, likes.like,
        np.full(len(likes.page), rate), block, kind, *odds, PRIOR, chance, observed,
    )  # fmt: skip
    return chance, observed


@SETTINGS
@given(small_worlds())
def test_chances_are_those_of_counting_all_sets(world):
    page_start, block, kind, liked, likes_of, exposure, spans = world
    post = np.flatnonzero(liked)
    likes = Likes.of(np.zeros(len(post), np.int64), post, page_start, spans=spans)
    if not len(likes):
        return
    rate = 1.5
    chance, observed = told(likes, (likes_of, exposure), block, kind, rate)
    inside = np.zeros(len(liked), bool)
    for begin, end in zip(likes.begin, likes.end, strict=True):
        inside[begin + 1 : end] = True
    odds = (likes_of - liked + PRIOR) / (exposure + PRIOR - rate)
    expected = by_counting(block, kind, liked, odds, inside)
    assert chance[0] == pytest.approx(expected, abs=1e-9)
    assert observed[0] == (kind[inside & liked] & TARGET).sum()


def test_extreme_numbers_stay_numbers():
    """Everything after the date, nothing before, on a page of a thousand posts."""
    page_start = np.array([0, 1000, 1100])
    kind = np.where(np.arange(1100) % 2 == 0, MARKED, 0)
    kind[:1000] = np.where(np.arange(1000) < 500, 0, MARKED | TARGET)
    post = np.concatenate([np.arange(500, 900), np.arange(1000, 1020)])
    likes = Likes.of(np.zeros(len(post), np.int64), post, page_start, spans=False)
    block = np.repeat([0, 1], [1000, 100])
    many = np.full(1100, 50.0)
    chance, observed = told(likes, (many, many), block, kind)
    assert observed[0] == 400
    assert chance[0].sum() == pytest.approx(1)
    assert chance[0, 400] == chance[0][chance[0] > 0][-1] < 0.01


def test_a_fan_of_everything_cannot_be_told():
    page_start = np.array([0, 30])
    likes = Likes.of(np.zeros(30, np.int64), np.arange(30), page_start, spans=True)
    target = np.arange(30) % 2 == 0
    found = conditional(likes, target, block=blocks(page_start))
    assert found.p.tolist() == [1.0]
    assert found.testable.tolist() == [False]
    assert found.observed.tolist() == [15]


def test_a_page_is_no_margin_of_its_own():
    """All of the target page marked: the test on it alone is always 1."""
    page_start = np.array([0, 40])
    likes = Likes.of(np.zeros(9, np.int64), np.arange(20, 38, 2), page_start, spans=False)
    target = np.arange(40) >= 20
    alone = conditional(likes, target, block=np.zeros(40, np.int64), marked=target)
    assert alone.p.tolist() == [1.0]
    assert not alone.testable.any()


def test_nothing_liked():
    nothing = np.empty(0, np.int64)
    likes = Likes.of(nothing, nothing, np.array([0, 5]), spans=True)
    found = conditional(likes, np.ones(5, bool), block=blocks(np.array([0, 5])), draws=3)
    assert len(found.p) == 0
    assert found.tails.shape == (6,)
    assert found.drawn.shape == (3, 6)


@pytest.mark.parametrize(("posts", "most"), [([60, 7, 0, 31], 20), ([1], 1)])
def test_blocks_are_neighbours_on_one_page(posts, most):
    page_start = np.append(0, np.cumsum(posts))
    block = blocks(page_start)
    page = np.repeat(np.arange(len(posts)), posts)
    assert (np.diff(block) >= 0).all()
    sizes = np.bincount(block)
    assert sizes.max() <= most
    for number in np.unique(block):
        assert len(set(page[block == number])) == 1


def test_odds_are_those_of_active_spans():
    """Followers who came late had no chance to like early posts: those are as popular."""
    rng = np.random.default_rng(3)
    page_start = np.array([0, 40])
    account, post = [], []
    for i in range(4000):
        begin = 20 if i % 2 else 0
        liked = np.flatnonzero(rng.random(40 - begin) < 0.2) + begin
        account += [i] * len(liked)
        post += liked.tolist()
    likes = Likes.of(np.array(account), np.array(post), page_start, spans=True)
    odds = fit_odds(likes, np.ones(len(likes), bool))
    y = (odds.likes + PRIOR) / (odds.exposure + PRIOR)
    assert y[2:18].mean() == pytest.approx(y[22:38].mean(), rel=0.05)
    raw = np.bincount(post, minlength=40)
    assert raw[22:38].mean() > 1.8 * raw[2:18].mean()


def test_p_values_are_fair_and_orders_do_not_hide_behind_popularity():
    """Everybody keeps to popularity but forty, who make the targets twice as popular."""
    rng = np.random.default_rng(1)
    n, posts = 1500, 60
    quality = np.exp(0.9 * rng.standard_normal(posts))
    activity = np.exp(1.2 * rng.standard_normal((n, 1)))
    liked = rng.random((n, posts)) < 1 - np.exp(-0.06 * activity * quality)
    target = np.zeros(posts, bool)
    target[rng.choice(posts, 30, replace=False)] = True
    liked[:40] |= (rng.random((40, posts)) < 0.7) & target
    account, post = np.nonzero(liked)
    page_start = np.array([0, posts])
    likes = Likes.of(account, post, page_start, spans=True)
    found = conditional(likes, target, block=blocks(page_start), draws=50)
    ordered = found.accounts < 40
    assert (found.p[ordered] < 1e-3).mean() > 0.9
    others = found.p[~ordered & found.testable]
    for level in (0.01, 0.05, 0.2):
        assert (others <= level).mean() <= level + 2.5 * np.sqrt(level / len(others))
    assert found.tails[0] == found.testable.sum() == found.drawn[0, 0]
    assert found.drawn.mean(axis=0) == pytest.approx(found.tails, abs=3)
    assert (np.diff(found.tails) <= 1e-9).all()


def test_tails_count_what_is_fixed():
    chance = np.array([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])
    drawn = np.zeros((2, 3), np.int64)
    uniform = np.array([[0.4, 0.6], [0.0, 0.9]])
    tails = count_tails(chance, np.array([1, 0]), uniform, drawn)
    assert tails == pytest.approx([2.0, 1.0, 0.5])
    assert drawn.tolist() == [[2, 1, 0], [2, 1, 1]]

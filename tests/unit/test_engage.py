"""Groups without times: found where they were planted, nowhere else, and on odd tables."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claqueur.groups.engage import BLOCKS, STRATUM, Posts, confirm_untimed
from claqueur.kernels.engagement import PRIOR, engagement_ratios, sum_of_products
from claqueur.nulls.incidence import Incidence

SHARES = np.array([0.3, 0.7])


def polynomial(odds: list[float], k: int) -> float:
    """The k-th elementary symmetric polynomial, subset by subset."""
    return sum(float(np.prod(each)) for each in combinations(odds, k))


@settings(deadline=None)
@given(st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=8), st.data())
def test_sums_of_products(odds, data):
    k = data.draw(st.integers(1, len(odds)))
    assert sum_of_products(np.array(odds), k) == pytest.approx(polynomial(odds, k))


def evidence(posts: Posts, inside, use, who, tolerance=1.0):
    likes = posts.likes
    own = np.bincount(likes.object_[inside[likes.account]], minlength=likes.n_objects)
    return engagement_ratios(
        who, likes.start, likes.object_, posts.stratum, posts.start, likes.popularity, own, inside,
        use, SHARES, tolerance,
    )  # fmt: skip


def plain(posts: Posts, a: int, inside, use, tolerance: float) -> float:
    """Evidence of one account as the docstring says it."""
    likes = posts.likes
    mine = set(likes.object_[likes.start[a] : likes.start[a + 1]].tolist())
    own = np.bincount(likes.object_[inside[likes.account]], minlength=likes.n_objects)
    total = np.zeros((2, len(SHARES)))
    for low, high in zip(posts.start[:-1], posts.start[1:], strict=True):
        here = range(low, high)
        k = len(mine & set(here))
        group = [own[o] - inside[a] * (o in mine) for o in here]
        if not use[low] or k in (0, high - low) or not any(group):
            continue
        for fit in range(2):
            null = [likes.popularity[o] - (o in mine) - fit * g + PRIOR
                    for o, g in zip(here, group, strict=True)]  # fmt: skip
            null = [w / sum(null) for w in null]
            for s, share in enumerate(SHARES):
                mixed = [(1 - share) * w + share * g / sum(group)
                         for w, g in zip(null, group, strict=True)]  # fmt: skip
                ratio = polynomial(null, k) / polynomial(mixed, k) / tolerance
                for w, v, o in zip(null, mixed, here, strict=True):
                    ratio *= v / w if o in mine else 1
                total[fit, s] += np.log(ratio)
    return float(np.log(np.exp(total).mean(axis=1)).min())


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000), st.sampled_from([1.0, 1.05]))
def test_evidence_is_that_of_a_plain_version(seed, tolerance):
    rng = np.random.default_rng(seed)
    page = np.sort(rng.integers(0, 3, 24))
    a, o = np.nonzero(rng.random((12, 24)) < 0.4)
    posts = Posts.of(Incidence.of(a, o, page, np.arange(24), 12))
    inside = rng.random(12) < 0.4
    use = (rng.random(len(posts.start)) < 0.7)[posts.stratum]
    found, _ = evidence(posts, inside, use, np.arange(12), tolerance)
    for each in range(12):
        assert found[each] == pytest.approx(plain(posts, each, inside, use, tolerance), abs=1e-6)


def test_a_fair_bet_where_likes_follow_popularity():
    """Likes are drawn by odds that are known; the mean e-value is 1."""
    rng = np.random.default_rng(2)
    objects, accounts = 40, 3000
    pull = rng.lognormal(0, 0.7, objects)
    a, o = np.nonzero(rng.random((accounts, objects)) < 0.3 * pull / (1 + 0.3 * pull))
    posts = Posts.of(Incidence.of(a, o, np.zeros(objects, np.int64), np.arange(objects), accounts))
    inside = np.arange(accounts) < 25
    log_e, _ = evidence(posts, inside, np.ones(objects, bool), np.arange(25, accounts))
    e = np.exp(log_e)
    assert e.mean() < 1 + 3 * e.std() / np.sqrt(len(e))
    for least in (5, 20):
        assert (e >= least).mean() < 1 / least


def test_visits_are_no_group():
    """Whoever visits a page likes some of its last posts, so neighbours are liked together."""
    rng = np.random.default_rng(3)
    accounts, pages, objects = 500, 3, 300
    rows = []
    for a in range(accounts):
        for page in range(pages):
            for end in rng.integers(8, objects, rng.poisson(2)):
                seen = np.arange(end - 8, end)
                rows += [(a, page * objects + o) for o in seen[rng.random(8) < 0.5]]
    a, o = np.array(rows).T
    page = np.repeat(np.arange(pages), objects)
    likes = Incidence.of(a, o, page, np.arange(pages * objects), accounts)
    assert len(confirm_untimed(likes, 1).accounts) <= 1


def city(seed: int, planted: int, pages: int = 4, posts: int = 80) -> tuple[Incidence, np.ndarray]:
    """Heavy-tailed activity and popularity, interests in pages, late followers, and an order."""
    rng = np.random.default_rng(seed)
    accounts = 800
    popularity = rng.lognormal(0, 0.8, pages * posts)
    page = np.repeat(np.arange(pages), posts)
    interest = rng.gamma(0.5, 1, (accounts, pages))
    arrival = rng.random((accounts, pages)) * (rng.random((accounts, pages)) < 0.3)
    there = np.tile(np.arange(posts) / posts, pages)[None] >= arrival[:, page]
    rate = 0.04 * rng.lognormal(0, 1, accounts)[:, None] * interest[:, page] * popularity * there
    x = rng.random(rate.shape) < 1 - np.exp(-rate)
    ordered = rng.permutation(accounts)[:planted]
    named = rng.permutation(2 * posts)[: posts // 2]
    for a in ordered:
        x[a, named] |= rng.random(len(named)) < 0.6
    a, o = np.nonzero(x)
    return Incidence.of(a, o, page.astype(np.int64), np.arange(pages * posts), accounts), ordered


def test_a_planted_group_is_found():
    likes, ordered = city(1, 40)
    found = confirm_untimed(likes, 1)
    right = np.isin(found.accounts, ordered)
    assert right.sum() >= 12
    assert (~right).sum() <= 1
    assert np.bincount(found.group)[1:].max() >= 10
    assert found.windows_ms == []
    again = confirm_untimed(likes, 1)
    assert again.accounts.tolist() == found.accounts.tolist()


def test_nobody_is_found_where_nobody_was_ordered():
    flagged = [
        len(confirm_untimed(city(seed, 0)[0], seed, splits=1).accounts) for seed in range(12)
    ]
    assert sum(count > 0 for count in flagged) <= 1


@pytest.mark.parametrize(
    "x",
    [
        np.ones((30, 12), bool),  # everybody likes everything
        np.eye(12, dtype=bool),  # nobody shares anything
        np.ones((1, 12), bool),  # one account
        np.zeros((5, 5), bool),  # nothing at all
        np.pad(np.ones((40, 1), bool), ((0, 0), (0, 6))),  # one giant object
    ],
)
def test_odd_tables(x):
    a, o = np.nonzero(x)
    likes = Incidence.of(a, o, np.zeros(x.shape[1], np.int64), np.arange(x.shape[1]), len(x))
    found = confirm_untimed(likes, 1)
    assert len(found.accounts) == 0
    assert found.stability.shape == (0,)


def test_objects_are_numbered_by_page_and_publication():
    # The fourth object nobody likes.
    likes = Incidence.of(
        np.array([0, 0, 1]), np.array([0, 1, 2]), np.array([1, 0, 1, 1]), np.array([9, 5, 2, 3]), 2
    )
    posts = Posts.of(likes)
    assert posts.likes.page.tolist() == [0, 1, 1]
    assert posts.likes.order.tolist() == [5, 2, 9]
    assert posts.likes.object_.tolist() == [0, 2, 1]
    assert posts.stratum.tolist() == [0, 1, 1]
    assert posts.start.tolist() == [0, 1, 3]


@settings(deadline=None)
@given(st.lists(st.integers(1, 200), min_size=1, max_size=4))
def test_strata_are_small_and_lie_in_one_block_of_one_page(sizes):
    page = np.repeat(np.arange(len(sizes)), sizes)
    likes = Incidence.of(
        np.zeros(len(page), int), np.arange(len(page)), page, np.arange(len(page)), 1
    )
    posts = Posts.of(likes)
    for low, high in zip(posts.start[:-1], posts.start[1:], strict=True):
        assert 1 <= high - low <= STRATUM
        assert len(set(page[low:high])) == len(set(posts.block[low:high])) == 1
    for each in range(len(sizes)):
        assert len(set(posts.block[page == each])) <= BLOCKS

"""Groups without times: found where they were planted, nowhere else, and on odd tables."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claqueur.groups.engage import confirm_untimed, in_order
from claqueur.kernels.engagement import (
    EXACT_UP_TO,
    PRIOR,
    engagement_ratios,
    log_sum_of_products,
)
from claqueur.nulls.incidence import Incidence


def polynomial(odds: list[float], k: int) -> float:
    """The k-th elementary symmetric polynomial, term by term."""
    sums = [1.0] + [0.0] * k
    for w in odds:
        for j in range(k, 0, -1):
            sums[j] += sums[j - 1] * w
    return sums[k]


@settings(deadline=None)
@given(st.lists(st.floats(1e-3, 1e3), min_size=2, max_size=30), st.data())
def test_sums_of_products(odds, data):
    k = data.draw(st.integers(1, len(odds) - 1))
    found = log_sum_of_products(np.array(odds), np.ones(len(odds), np.int64), k)
    assert found == pytest.approx(np.log(polynomial(odds, k)), abs=1e-8)


def test_the_approximation_is_close_and_its_error_cancels():
    rng = np.random.default_rng(1)
    one, other = rng.lognormal(0, 1, (2, 200))
    once = np.ones(200, np.int64)
    exact = [log_sum_of_products(each, once, 40, EXACT_UP_TO) for each in (one, other)]
    near = [log_sum_of_products(each, once, 40, 0) for each in (one, other)]
    assert near == pytest.approx(exact, abs=0.01)
    assert near[0] - near[1] == pytest.approx(exact[0] - exact[1], abs=0.005)


def plain(mine, page, popularity, own, me, use, shares):
    """Evidence of one account as the docstring says it."""
    evidence = np.zeros((2, len(shares)))
    for here in sorted(set(page)):
        liked = [o for o in mine if page[o] == here and use[o]]
        inner = [o for o in range(len(page)) if page[o] == here and use[o] and liked
                 and liked[0] < o < liked[-1]]  # fmt: skip
        k, n = len(liked) - 2, len(inner)
        group = [own[o] - me * (o in mine) for o in inner]
        if k < 1 or k == n or sum(group) == 0:
            continue
        if not any(g for o, g in zip(inner, group, strict=True) if o in mine):
            # Followed in vain, every time.
            evidence += k * np.log(1 - shares)
            continue
        for fit in range(2):
            null = [popularity[o] - (o in mine) - fit * g + PRIOR
                    for o, g in zip(inner, group, strict=True)]  # fmt: skip
            null = [w / sum(null) for w in null]
            for s, share in enumerate(shares):
                mixed = [(1 - share) * w + share * g / sum(group)
                         for w, g in zip(null, group, strict=True)]  # fmt: skip
                evidence[fit, s] -= np.log(polynomial(mixed, k)) - np.log(polynomial(null, k))
                for w, v, o in zip(null, mixed, inner, strict=True):
                    if o in mine:
                        evidence[fit, s] += np.log(v / w)
    return np.log(np.exp(evidence).mean(axis=1)).min()


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000))
def test_evidence_is_that_of_a_plain_version(seed):
    rng = np.random.default_rng(seed)
    page = np.sort(rng.integers(0, 3, 24))
    a, o = np.nonzero(rng.random((12, 24)) < 0.4)
    likes = Incidence.of(a, o, page, np.arange(24), 12)
    inside, use = rng.random(12) < 0.4, rng.random(24) < 0.7
    own = np.bincount(likes.object_[inside[likes.account]], minlength=24)
    shares = np.array([0.3, 0.7])
    found, _ = engagement_ratios(
        np.arange(12), likes.start, likes.object_, page, likes.popularity, own, inside, use,
        shares, False,
    )  # fmt: skip
    for each in range(12):
        mine = [int(x) for x in likes.object_[likes.start[each] : likes.start[each + 1]]]
        expected = plain(mine, page, likes.popularity, own, int(inside[each]), use, shares)
        assert found[each] == pytest.approx(expected, abs=1e-6)


def test_a_fair_bet_where_likes_follow_popularity():
    """Given their number likes are drawn by odds that are known; the mean e-value is 1."""
    rng = np.random.default_rng(2)
    posts, accounts = 40, 3000
    pull = rng.lognormal(0, 0.7, posts)
    x = rng.random((accounts, posts)) < 0.3 * pull / (1 + 0.3 * pull)
    a, o = np.nonzero(x)
    likes = Incidence.of(a, o, np.zeros(posts, np.int64), np.arange(posts), accounts)
    inside = np.arange(accounts) < 25
    own = np.bincount(likes.object_[inside[likes.account]], minlength=posts)
    log_e, _ = engagement_ratios(
        np.arange(25, accounts), likes.start, likes.object_, likes.page, likes.popularity, own,
        inside, np.ones(posts, bool), np.array([0.3, 0.7]), False,
    )  # fmt: skip
    e = np.exp(log_e)
    assert e.mean() < 1 + 3 * e.std() / np.sqrt(len(e))
    for least in (5, 20):
        assert (e >= least).mean() < 1 / least


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
    assert right.sum() >= 20
    assert (~right).sum() <= 1
    assert np.bincount(found.group)[1:].max() >= 15
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
    likes = Incidence.of(
        np.array([0, 0, 1]), np.array([0, 1, 2]), np.array([1, 0, 1]), np.array([9, 5, 2]), 2
    )
    ordered = in_order(likes)
    assert ordered.page.tolist() == [0, 1, 1]
    assert ordered.order.tolist() == [5, 2, 9]
    assert ordered.object_.tolist() == [0, 2, 1]

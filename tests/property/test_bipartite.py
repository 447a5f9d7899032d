"""The bipartite configuration model and its pairs, against plain versions and PyPI's `bicm`."""

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from claqueur.kernels.coins import large_tail, poisson_tail, tail_of_coins
from claqueur.nulls.bipartite import solve
from claqueur.nulls.engaged import ROUGH, engaged_pairs, screen_for
from claqueur.nulls.incidence import Incidence


@st.composite
def matrices(draw, most=14):
    """Matrices of 0 and 1: sparse, dense, nested, with full and empty rows and columns."""
    n, m = draw(st.integers(1, most)), draw(st.integers(1, most))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    strength = rng.random((n, 1)) ** draw(st.integers(0, 3)) * rng.random((1, m))
    return (rng.random((n, m)) < strength * draw(st.sampled_from([0.5, 1, 3, 10]))).astype(int)


def chances(matrix):
    """Chance of every like of one page, unfolded from degree classes."""
    k, row, rows = np.unique(matrix.sum(axis=1), return_inverse=True, return_counts=True)
    d, column, columns = np.unique(matrix.sum(axis=0), return_inverse=True, return_counts=True)
    full = np.zeros((len(k), len(d)))
    if matrix.any():
        liked = np.ix_(k > 0, d > 0)
        full[liked] = solve(
            k[k > 0].astype(float), rows[k > 0], d[d > 0].astype(float), columns[d > 0]
        )
    return full[row][:, column]


def laid_out(matrix, page=None) -> Incidence:
    account, object_ = np.nonzero(matrix)
    page = np.zeros(matrix.shape[1], np.int64) if page is None else page
    return Incidence.of(account, object_, page, np.arange(matrix.shape[1]), matrix.shape[0])


def plain_tail(coins):
    """P(sum >= v) for every v."""
    mass = np.ones(1)
    for q in coins:
        mass = np.convolve(mass, [1 - q, q])
    return mass[::-1].cumsum()[::-1]


@given(matrices(30))
@example(np.tri(6, 5, dtype=int))  # nested: every like is forced
@example(np.ones((4, 3), int))
@example(np.zeros((3, 2), int))
@settings(deadline=None)
def test_expected_degrees_are_those_observed(matrix):
    p = chances(matrix)
    assert ((p >= 0) & (p <= 1)).all()
    assert np.abs(p.sum(axis=1) - matrix.sum(axis=1)).max() <= 1e-10 * matrix.shape[1]
    assert np.abs(p.sum(axis=0) - matrix.sum(axis=0)).max() <= 1e-10 * matrix.shape[0]


def test_a_giant_object_and_forced_likes_have_chance_one():
    matrix = np.zeros((6, 5), int)
    matrix[:, 0] = 1  # everybody likes it
    matrix[0] = 1  # likes everything
    matrix[2, 3] = matrix[3, 4] = 1
    p = chances(matrix)
    assert (p[:, 0] == 1).all()
    assert (p[0] == 1).all()
    assert 0 < p[2, 3] < 1


@given(
    st.lists(st.tuples(st.floats(0, 1), st.integers(1, 6)), min_size=1, max_size=12),
    st.integers(0, 80),
)
@settings(deadline=None)
def test_tails_of_coins(classes, largest):
    chance = np.array([q for q, _ in classes])
    times = np.array([t for _, t in classes])
    tail = tail_of_coins(chance, times, 0, largest)
    plain = plain_tail(np.repeat(chance, times))
    plain = np.pad(plain, (0, largest + 1))[: largest + 1]
    assert np.allclose(tail, plain, rtol=1e-11, atol=1e-300)


@pytest.mark.parametrize("seed", range(6))
def test_tails_far_above_the_mean_of_many_coins(seed):
    rng = np.random.default_rng(seed)
    chance = rng.random(2500) ** rng.integers(1, 4)
    chance[0] = 1.0
    times = rng.integers(1, 5, 2500)
    spread = math.sqrt((times * chance * (1 - chance)).sum())
    at_least = int((times * chance).sum() + rng.uniform(4, 12) * spread)
    integral = large_tail(chance, times, at_least)
    added = tail_of_coins(chance, times, at_least, at_least)[at_least]
    assert integral == pytest.approx(added, rel=1e-10)
    # Not far above the mean the integral does not answer.
    assert large_tail(chance, times, int((times * chance).sum()) + 3) == -1


def test_poisson_tails():
    for v, mean in ((1, 0.3), (4, 1.5), (30, 3.0), (3000, 2500.0)):
        terms = [
            math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(v, 2 * v + 99)
        ]
        assert poisson_tail(v, mean) == pytest.approx(math.fsum(terms), rel=1e-10)


TIE = 1e-9


def plain_pairs(matrix, page, screen, fewest):
    """Every pair one by one, as the docstring of `engaged_pairs` says."""
    p = np.zeros(matrix.shape)
    for g in np.unique(page):
        p[:, page == g] = chances(matrix[:, page == g])
    found = {}
    for a in range(len(matrix)):
        for b in range(a + 1, len(matrix)):
            v = int((matrix[a] * matrix[b]).sum())
            coins = p[a] * p[b]
            mean = coins.sum()
            surprising = screen * ROUGH >= 1 or (
                v >= mean + 1 and poisson_tail(v, mean) <= screen * ROUGH
            )
            tail = plain_tail(coins)[v]
            if v >= fewest and surprising and tail <= screen:
                found[a, b] = (v, mean, tail)
    return found


@given(
    matrices(24), st.integers(1, 4), st.sampled_from([(1.0, 1), (0.05, 2), (1e-3, 1)]), st.data()
)
@settings(deadline=None, max_examples=60)
def test_pairs_against_every_pair_one_by_one(matrix, pages, rule, data):
    page = np.array(
        data.draw(
            st.lists(st.integers(0, pages - 1), min_size=matrix.shape[1], max_size=matrix.shape[1])
        )
    )
    screen, fewest = rule
    pairs = engaged_pairs(laid_out(matrix, page * 7), screen=screen, fewest=fewest)
    plain = plain_pairs(matrix, page, screen * (1 + TIE), fewest)
    found = list(zip(pairs.a.tolist(), pairs.b.tolist(), strict=True))
    # Sums of chances that are 1 to the last digit lie on either side of a screen of 1.
    ties = {pair for pair, (_, _, tail) in plain.items() if tail > screen * (1 - TIE)}
    assert [pair for pair in found if pair not in ties] == sorted(set(plain) - ties)
    assert set(found) <= set(plain)
    plain = {pair: plain[pair] for pair in found}
    for k, (v, mean, tail) in enumerate(plain[pair] for pair in sorted(plain)):
        assert pairs.weight[k] == v
        assert pairs.expected[k] == pytest.approx(mean, rel=1e-8)
        assert pairs.p_value[k] == pytest.approx(tail, rel=1e-7, abs=1e-12)


@pytest.mark.parametrize("pages", [1, 5])
def test_the_prefix_filter_loses_nobody(pages):
    """Heavy tails, so that popular objects introduce nobody and are looked up."""
    rng = np.random.default_rng(pages)
    n, m = 400, 300
    strength = np.outer(rng.pareto(1.1, n) + 0.1, 1 / np.arange(1, m + 1) ** 0.8)
    matrix = (rng.random((n, m)) < 1 - np.exp(-0.3 * strength)).astype(int)
    matrix[:8, 150:170] |= rng.random((8, 20)) < 0.7
    page = np.arange(m) % pages
    pairs = engaged_pairs(laid_out(matrix, page), screen=1e-3)
    everything = engaged_pairs(laid_out(matrix, page), screen=1.0, fewest=2)
    bound = np.array(
        [
            poisson_tail(int(v), mean)
            for v, mean in zip(everything.weight, everything.expected, strict=True)
        ]
    )
    passes = (everything.p_value <= 1e-3) & (bound <= 1e-2)
    passes &= everything.weight >= everything.expected + 1
    assert len(pairs) > 9
    assert pairs.a.tolist() == everything.a[passes].tolist()
    assert pairs.b.tolist() == everything.b[passes].tolist()
    assert np.allclose(pairs.p_value, everything.p_value[passes], rtol=1e-9)


def test_only_some_objects_and_only_some_accounts():
    rng = np.random.default_rng(3)
    matrix = (rng.random((40, 30)) < 0.3).astype(int)
    use = np.arange(30) < 18
    some = np.arange(40) % 2 == 0
    pairs = engaged_pairs(laid_out(matrix), use, screen=1.0, fewest=1, among=some)
    apart = engaged_pairs(laid_out(matrix[:, :18]), screen=1.0, fewest=1).among(some)
    assert pairs.a.tolist() == apart.a.tolist()
    assert np.allclose(pairs.p_value, apart.p_value)


@pytest.mark.parametrize(
    "matrix", [np.zeros((3, 2)), np.ones((1, 4)), np.ones((5, 1)), np.ones((6, 6))]
)
def test_nothing_to_see(matrix):
    assert len(engaged_pairs(laid_out(matrix))) == 0
    pairs = engaged_pairs(laid_out(matrix), screen=1.0, fewest=1)
    assert (pairs.p_value == 1).all()  # what is forced surprises nobody


def test_a_like_given_twice_counts_once():
    likes = Incidence.of(
        np.array([2, 0, 2, 2]), np.array([1, 0, 1, 0]), np.zeros(2, np.int64), np.arange(2), 4
    )
    assert likes.degree.tolist() == [1, 0, 2, 0]
    assert likes.object_.tolist() == [0, 0, 1]
    assert likes.liker.tolist() == [0, 2, 2]
    assert likes.on(np.array([False, True])).account.tolist() == [2]


def test_the_screen_is_stricter_with_many_accounts():
    assert screen_for(100) == 1e-4
    assert screen_for(1_000_000) == 1e-6


@pytest.mark.filterwarnings("ignore")
def test_the_same_p_values_as_bicm(capsys):
    from bicm import BipartiteGraph

    rng = np.random.default_rng(5)
    strength = np.outer(rng.pareto(1.5, 60) + 0.3, rng.pareto(1.5, 40) + 0.3)
    matrix = (rng.random((60, 40)) < 1 - np.exp(-0.3 * strength)).astype(int)
    matrix = matrix[matrix.any(axis=1)][:, matrix.any(axis=0)]
    graph = BipartiteGraph(biadjacency=matrix)
    graph.solve_tool(method="newton", tol=1e-13, eps=1e-15, exp=True, max_steps=500)
    graph.compute_projection(approx_method="poibin", threads_num=2, progress_bar=False)
    pairs = engaged_pairs(laid_out(matrix), screen=1.0, fewest=1)
    theirs = [
        graph.rows_pvals[a][b] for a, b in zip(pairs.a.tolist(), pairs.b.tolist(), strict=True)
    ]
    assert len(pairs) == sum(map(len, graph.rows_pvals.values()))
    assert np.abs(pairs.p_value - theirs).max() <= 1e-9

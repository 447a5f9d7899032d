"""False discovery rates against their definitions, and the rates they promise."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from claqueur.nulls.fdr import benjamini_hochberg, benjamini_yekutieli, e_bh

P = st.lists(st.sampled_from([0.0, 1e-9, 1e-4, 0.003, 0.01, 0.02, 0.05, 0.3, 1.0]), max_size=12)
LOG_E = st.lists(st.sampled_from([-np.inf, -3.0, 0.0, 0.5, 2.0, 3.0, 5.0, 40.0]), max_size=12)


def rejected_bh(p: list[float], family: int, level: float) -> set[int]:
    """The k smallest, for the largest k with p_(k) <= k / family * level."""
    order = sorted(range(len(p)), key=p.__getitem__)
    ranks = [k for k in range(1, len(p) + 1) if p[order[k - 1]] * family <= k * level]
    return set(order[: max(ranks, default=0)])


def rejected_e(log_e: list[float], family: int, level: float) -> set[int]:
    """The k largest, for the largest k with e_(k) >= family / (k * level)."""
    order = sorted(range(len(log_e)), key=lambda i: -log_e[i])
    ranks = [
        k for k in range(1, len(log_e) + 1) if np.exp(log_e[order[k - 1]]) * k * level >= family
    ]
    return set(order[: max(ranks, default=0)])


def unclear(q: np.ndarray, level: float) -> bool:
    """Whether rounding decides."""
    return bool(np.isclose(q, level, rtol=1e-9).any())


@given(P, st.integers(0, 20), st.sampled_from([0.01, 0.0501, 0.2003]))
def test_benjamini_hochberg_rejects_what_its_definition_rejects(p, more, level):
    family = len(p) + more
    q = benjamini_hochberg(np.array(p), family)
    assert ((q >= 0) & (q <= 1)).all()
    if not unclear(q, level):
        assert set(np.flatnonzero(q <= level)) == rejected_bh(p, family, level)


@given(LOG_E, st.integers(0, 20), st.sampled_from([0.01, 0.0501, 0.2003]))
def test_e_bh_rejects_what_its_definition_rejects(log_e, more, level):
    family = max(len(log_e) + more, 1)
    q = e_bh(np.array(log_e), family)
    assert ((q >= 0) & (q <= 1)).all()
    if not unclear(q, level):
        assert set(np.flatnonzero(q <= level)) == rejected_e(log_e, family, level)


@given(P, st.integers(0, 20))
def test_q_rises_with_p_and_with_the_family(p, more):
    values = np.array(p)
    q = benjamini_hochberg(values, len(p) + more)
    order = np.argsort(values)
    assert (np.diff(q[order]) >= 0).all()
    assert (q >= values).all()
    assert (benjamini_hochberg(values, len(p) + more + 1) >= q).all()


@given(LOG_E, st.integers(0, 20))
def test_more_evidence_never_has_a_larger_q(log_e, more):
    family = max(len(log_e) + more, 1)
    values = np.array(log_e)
    q = e_bh(values, family)
    assert (np.diff(q[np.argsort(-values, kind="stable")]) >= 0).all()
    assert (e_bh(values + 1, family) <= q).all()


def test_e_bh_is_benjamini_hochberg_on_inverse_e_values():
    log_e = np.array([9.0, 0.1, 5.0, 5.0, 2.0])
    assert e_bh(log_e, 50) == pytest.approx(benjamini_hochberg(np.exp(-log_e), 50))


@given(P, st.integers(0, 30))
def test_benjamini_yekutieli_is_the_harmonic_number_times_larger(p, more):
    family = len(p) + more
    harmonic = sum(1 / k for k in range(1, family + 1)) or 1.0
    expected = np.minimum(benjamini_hochberg(np.array(p), family) * harmonic, 1)
    # The asymptotic harmonic number is a twelfth of 1/n^2 off.
    found = benjamini_yekutieli(np.array(p), family)
    assert found == pytest.approx(expected, rel=0.09)
    if family >= 10:
        assert found == pytest.approx(expected, rel=5e-4)


def test_benjamini_yekutieli_in_a_large_family():
    harmonic = sum(1 / k for k in range(1, 100_001))
    assert benjamini_yekutieli(np.array([1e-9]), 100_000)[0] == pytest.approx(1e-4 * harmonic)


def test_nothing_to_test():
    for test in (benjamini_hochberg, benjamini_yekutieli, e_bh):
        assert len(test(np.empty(0), 1)) == 0


def test_infinite_and_no_evidence():
    assert e_bh(np.array([800.0, -np.inf]), 10**6).tolist() == [np.exp(np.log(1e6) - 800), 1.0]


def test_the_rate_is_kept_under_the_null():
    rng = np.random.default_rng(1)
    any_false = {"bh": 0, "e": 0}
    for _ in range(2000):
        p = rng.random(50)
        any_false["bh"] += bool((benjamini_hochberg(p, 50) <= 0.05).any())
        # p -> 1 / (2 sqrt p) turns p-values into e-values of mean 1.
        any_false["e"] += bool((e_bh(-np.log(2 * np.sqrt(p)), 50) <= 0.05).any())
    assert 0.03 < any_false["bh"] / 2000 < 0.065
    assert any_false["e"] / 2000 <= 0.05

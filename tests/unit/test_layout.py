"""Places of nodes: the same each time, in circles of their own, near what they are tied to."""

import numpy as np
import pytest

from claqueur.browse.layout import EXACT_AT_MOST, apart, layout, spiral


def two_blocks(size: int, seed: int = 1):
    """One part that falls into two halves without an edge between them."""
    rng = np.random.default_rng(seed)
    half = size // 2
    own = rng.integers(0, half, (2, 4 * size))
    far = rng.integers(half, size, (2, 4 * size))
    ends = np.concatenate([own, far], axis=1)
    return np.array([0, size]), ends[0], ends[1], np.ones(ends.shape[1])


@pytest.mark.parametrize("size", [40, EXACT_AT_MOST + 200])
def test_what_is_tied_lies_together_and_the_same_each_time(size):
    given = two_blocks(size)
    place = layout(*given)
    np.testing.assert_array_equal(place, layout(*given))
    assert np.hypot(*place.T).max() == pytest.approx(1)
    half = size // 2
    middles = [place[:half].mean(axis=0), place[half:].mean(axis=0)]
    between = np.hypot(*(middles[0] - middles[1]))
    spread = np.hypot(*(place[:half] - middles[0]).T).mean()
    assert between > 1.2 * spread


def test_parts_are_each_on_their_own():
    starts, a, b, weight = two_blocks(30)
    both = np.array([0, 30, 60])
    place = layout(both, np.r_[a, a + 30], np.r_[b, b + 30], np.r_[weight, weight])
    for begin, end in ((0, 30), (30, 60)):
        assert np.hypot(*place[begin:end].T).max() == pytest.approx(1)
    assert starts[-1] == 30


@pytest.mark.parametrize("starts", [[0], [0, 1], [0, 0, 2]])
def test_few_nodes_or_none(starts):
    none = np.zeros(0, np.int64)
    place = layout(np.array(starts), none, none, np.zeros(0))
    assert place.shape == (starts[-1], 2)
    assert np.isfinite(place).all()


def test_circles_are_pushed_off_each_other():
    radius = np.linspace(0.5, 2, 40)
    centre = apart(spiral(40), radius)
    gap = np.hypot(*(centre[:, None] - centre[None]).transpose(2, 0, 1))
    lie = gap - radius[:, None] - radius[None]
    np.fill_diagonal(lie, 0)
    assert lie.min() > -0.05

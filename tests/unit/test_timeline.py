"""How actions are laid out for null models, and where bursts are seen."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.laid_out import DAY, HOUR, MINUTE, START, coded, laid_out

from claqueur.nulls.bursts import in_burst, regulars
from claqueur.nulls.timeline import BLOCK_DAYS, FEWEST_BLOCKS, SITTING_GAP_MS, timeline


def test_sorted_and_linked():
    rows = [(2, 1, START + HOUR), (0, 1, START), (1, 0, START + 5), (0, 0, START + 2 * HOUR)]
    actions = laid_out(rows, 4, 3)
    assert actions.object_.tolist() == [0, 0, 1, 1]
    assert actions.account.tolist() == [1, 0, 0, 2]
    assert actions.start.tolist() == [0, 2, 4, 4]
    assert actions.born_ms.tolist() == [START + 5, START, 0]
    assert actions.own_start.tolist() == [0, 2, 3, 4, 4]
    assert actions.events_of(np.array([0])).tolist() == [2, 1]
    assert actions.events_of(np.array([2, 1])).tolist() == [3, 0]
    assert actions.events_of(np.array([], int)).tolist() == []
    assert len(actions) == 4


def test_a_publisher_dates_its_object_and_does_not_engage():
    rows = [(0, 0, START), (1, 0, START + HOUR), (0, 1, START + HOUR), (1, 1, START + 3 * HOUR)]
    actions = laid_out(rows, 2, 2, owners=["0000", "-7"])
    # Account 0000 published the first object; on the second it is a reader like others.
    assert [*zip(actions.account, actions.object_, strict=True)] == [(1, 0), (0, 1), (1, 1)]
    assert actions.born_ms.tolist() == [START, START + HOUR]
    assert actions.row.tolist() == [1, 2, 3]


def test_a_publisher_who_comments_later_is_no_engagement_either():
    actions = laid_out([(0, 0, START), (0, 0, START + DAY), (1, 0, START + 1)], 2, 1, ["0000"])
    assert actions.account.tolist() == [1]


def test_objects_without_a_page():
    rows = [(a, o, START + a * HOUR) for a in range(2) for o in range(3)]
    actions = laid_out(rows, 2, 3, owners=["-2", None, "-1"])
    assert actions.page.tolist() == [2, 0, 1]
    assert actions.n_pages == 3
    assert len(actions) == 6
    without = laid_out(rows, 2, 3)
    assert without.page.tolist() == [0, 0, 0]
    assert without.n_pages == 1
    assert without.t_ms.tolist() == actions.t_ms.tolist()


def test_an_account_counts_once_an_object_and_sitting():
    gap = SITTING_GAP_MS
    rows = [
        (0, 0, START), (0, 0, START + gap), (0, 0, START + 2 * gap),
        (0, 0, START + 3 * gap + 1), (1, 0, START + 1), (0, 1, START + 2),
    ]  # fmt: skip
    actions = laid_out(rows, 2, 2)
    own = actions.events_of(np.array([0]))
    # Each of the first three follows the one before within a sitting.
    assert [(actions.object_[e], actions.t_ms[e] - START) for e in own] == [
        (0, 0), (1, 2), (0, 3 * gap + 1),
    ]  # fmt: skip
    assert (actions.account == 1).sum() == 1


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 60)), min_size=1, max_size=50
    )
)
def test_kept_actions(drawn):
    rows = [(a, o, START + k * 20 * MINUTE) for a, o, k in drawn]
    frame, events = coded(rows, 4, 4)
    actions = timeline(frame, events)
    for name, column in (("account_id", actions.account), ("object_id", actions.object_)):
        assert frame[name].gather(actions.row).to_list() == column.tolist()
    assert frame["t_min_ms"].gather(actions.row).to_list() == actions.t_ms.tolist()
    columns = (actions.account, actions.object_, actions.t_ms)
    kept = set(zip(*(column.tolist() for column in columns), strict=True))
    expected, last = set(), {}
    for a, o, t in sorted(rows):
        if (a, o) not in last or t - last[a, o] > SITTING_GAP_MS:
            expected.add((a, o, t))
        last[a, o] = t
    assert kept == expected
    assert actions.hours.sum() == pytest.approx(len(actions))
    for a in range(4):
        hour = actions.t_ms[actions.account == a] // HOUR % 24
        plain = np.bincount(hour, minlength=24)
        smooth = [plain[h] / 2 + (plain[h - 1] + plain[(h + 1) % 24]) / 4 for h in range(24)]
        assert actions.hours[a] == pytest.approx(smooth)


@pytest.mark.parametrize(
    ("days", "blocks"),
    [(1, 1), (2, 2), (3, 3), (4, 4), (7, 7), (8, 4), (9, 5), (15, 5), (16, 4), (45, 12)],
)  # fmt: skip
def test_blocks_of_days(days, blocks):
    # Always active but from 3 to 4 at night, where days begin.
    hours = [h for h in range(24) if h != 3]
    rows = [
        (0, 0, START + 3 * HOUR + d * DAY + (h - 3) % 24 * HOUR) for d in range(days) for h in hours
    ]
    actions = laid_out(rows, 1, 1)
    assert actions.n_blocks == blocks
    length = max(1, min(BLOCK_DAYS, days // FEWEST_BLOCKS))
    expected = (actions.t_ms - START - 3 * HOUR) // DAY // length
    assert actions.block.tolist() == expected.tolist()


def test_nothing_at_all():
    actions = laid_out([], 0, 0)
    assert (len(actions), actions.n_blocks, actions.n_pages) == (0, 0, 1)
    assert not len(in_burst(actions, np.ones(0, bool)))


def flat(rng: np.random.Generator, objects: int = 40, accounts: int = 300, each: int = 30):
    """Objects on which actions fall evenly over two days."""
    return [
        (int(rng.integers(accounts)), o, START + o * 12 * HOUR + int(rng.integers(2 * DAY)))
        for o in range(objects)
        for _ in range(each)
    ]


def test_flat_objects_have_no_bursts():
    actions = laid_out(flat(np.random.default_rng(1)), 300, 40)
    assert in_burst(actions, np.ones(len(actions), bool)).mean() < 0.005


def test_a_planted_burst_is_marked_where_it_is_and_nowhere_else():
    rng = np.random.default_rng(1)
    begin = (START + 7 * 12 * HOUR + 30 * HOUR) // (3 * HOUR) * 3 * HOUR
    planted = [(300 + k, 7, begin + int(rng.integers(3 * HOUR))) for k in range(30)]
    actions = laid_out(flat(rng) + planted, 330, 40)
    use = np.ones(len(actions), bool)
    mark = in_burst(actions, use)
    assert mark[actions.account >= 300].all()
    assert (
        mark[actions.account < 300] & (actions.object_[actions.account < 300] != 7)
    ).mean() < 0.005
    use[actions.account >= 300] = False
    assert not in_burst(actions, use)[actions.account >= 300].any()


def test_regulars_are_in_bursts_again_and_again():
    rng = np.random.default_rng(2)
    rows = flat(rng)
    for o in range(0, 40, 3):
        # At ever another age: a peak that all objects have at one age is no burst.
        begin = (START + o * 12 * HOUR + (3 + o) * HOUR) // (3 * HOUR) * 3 * HOUR
        rows += [(300 + k, o, begin + int(rng.integers(3 * HOUR))) for k in range(25)]
    actions = laid_out(rows, 325, 40)
    use, allowed = np.ones(len(actions), bool), np.ones(325, bool)
    found = regulars(actions, use, allowed)
    assert found[300:].mean() > 0.9
    assert found[:300].mean() < 0.02
    allowed[300:310] = False
    assert not regulars(actions, use, allowed)[300:310].any()


def test_times_before_1970():
    rows = [(a, 0, -5 * DAY + a * HOUR) for a in range(30)]
    actions = laid_out(rows, 30, 1)
    assert actions.block.min() == 0
    assert actions.hours.sum() == pytest.approx(30)
    assert isinstance(coded(rows, 30, 1)[0], pl.DataFrame)

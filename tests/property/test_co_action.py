"""The kernels against a brute-force oracle, over blocks, ties, edges of the window."""

from collections import defaultdict
from itertools import combinations

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from claqueur.engines.actions import Actions
from claqueur.engines.counting import count_pairs
from claqueur.engines.hot import HOT
from claqueur.engines.local import mark_support
from claqueur.kernels.co_action import row_pairs

EVENTS = st.lists(
    st.tuples(
        st.integers(0, 6),  # account
        st.integers(0, 4),  # object
        st.integers(-30, 30),  # time in units that often differ by exactly the window
    ),
    max_size=60,
)


def to_actions(events: list[tuple[int, int, int]], units: list[int] | None = None) -> Actions:
    rows = pl.DataFrame(
        {
            "account": pl.Series([a for a, _, _ in events], dtype=pl.UInt32),
            "object": pl.Series([o for _, o, _ in events], dtype=pl.UInt32),
            "t": pl.Series([t for _, _, t in events], dtype=pl.Int64),
            "unit": pl.Series(units or [0] * len(events), dtype=pl.UInt32),
        }
    ).sort("object", "t", "account")
    return Actions(
        rows["account"].to_numpy(),
        rows["object"].to_numpy(),
        rows["t"].to_numpy(),
        n_accounts=7,
        unit=rows["unit"].to_numpy() if units else None,
    )


def oracle(events, window, least):
    """(a, b) -> weight, sum of closest delays, objects on which a came first."""
    times = defaultdict(list)
    for account, obj, t in sorted(events, key=lambda e: (e[1], e[2], e[0])):
        times[account, obj].append(t)
    found = {}
    for a, b in combinations(range(7), 2):
        weight = delay = first = 0
        for obj in range(5):
            # The closest two actions; of equally close ones a's earliest, then b's earlier.
            near = [
                (abs(s - t), t, s)
                for t in times[a, obj]
                for s in times[b, obj]
                if abs(s - t) <= window
            ]
            if near:
                gap, t, s = min(near)
                weight, delay, first = weight + 1, delay + gap, first + (t < s)
        if weight >= least:
            found[a, b] = (weight, delay, first)
    return found


@settings(max_examples=150, deadline=None)
@given(
    EVENTS,
    st.integers(1, 12),
    st.integers(1, 3),
    st.sampled_from([1, 2, 7]),
    st.sampled_from([1, 3, 6, HOT]),
)
@example([(0, 0, 0), (1, 0, 5)], 5, 1, 1, HOT)
@example([(0, 0, -5), (1, 0, 0), (0, 0, 5)], 5, 1, 2, HOT)
@example([(0, 0, -5), (1, 0, 0), (0, 0, 5)], 5, 1, 2, 1)
def test_pairs_are_the_oracles(events, window, least, groups, hot):
    counts = count_pairs(to_actions(events), window, least, n_groups=groups, hot=hot)
    got = {
        (int(a), int(b)): (int(w), int(d), int(f))
        for a, b, w, d, f in zip(
            counts.a, counts.b, counts.weight, counts.delta_ms, counts.a_first, strict=True
        )
    }
    assert got == oracle(events, window, least)
    assert list(got) == sorted(got)


@settings(max_examples=100, deadline=None)
@given(EVENTS, st.integers(1, 12))
def test_directed_weights_count_messages(events, window):
    messages = list(range(len(events)))
    events = list(dict.fromkeys(events))
    counts = count_pairs(to_actions(events, messages[: len(events)]), window, 1, directed=True)
    expected: dict[tuple[int, int], set[int]] = defaultdict(set)
    for i, (u, obj, t) in enumerate(events):
        for v, other, s in events:
            if u != v and obj == other and abs(s - t) <= window:
                expected[u, v].add(i)
    got = {
        (int(a), int(b)): int(w) for a, b, w in zip(counts.a, counts.b, counts.weight, strict=True)
    }
    assert got == {pair: len(messages) for pair, messages in expected.items()}


@settings(max_examples=100, deadline=None)
@given(EVENTS, st.integers(1, 12), st.lists(st.integers(0, 2), min_size=7, max_size=7))
def test_support_marks_every_action_behind_an_edge(events, window, groups):
    actions = to_actions(events)
    counts = count_pairs(actions, window, 1)
    edges = {frozenset((int(a), int(b))) for a, b in zip(counts.a, counts.b, strict=True)}
    group = np.array(groups, np.int64)
    marks = mark_support(actions, counts.a, counts.b, group, window)
    rows = list(zip(actions.account, actions.object_, actions.t_ms, strict=True))
    for mark, (a, obj, t) in zip(marks, rows, strict=True):
        partners = {
            int(b)
            for b, other, s in rows
            if obj == other and abs(s - t) <= window and frozenset((int(a), int(b))) in edges
        }
        inside = any(group[a] > 0 and group[a] == group[b] for b in partners)
        assert mark == (2 if inside else 1 if partners else 0)


@settings(max_examples=100, deadline=None)
@given(EVENTS, st.integers(1, 12))
def test_row_pairs_are_all_pairs_within_the_window(events, window):
    actions = to_actions(events)
    older, newer = row_pairs(actions.object_, actions.t_ms, window)
    expected = [
        (p, q)
        for p, q in combinations(range(len(actions)), 2)
        if actions.object_[p] == actions.object_[q] and actions.t_ms[q] - actions.t_ms[p] <= window
    ]
    assert list(zip(older.tolist(), newer.tolist(), strict=True)) == expected


@pytest.mark.parametrize("groups", [1, 2, 7])
def test_one_hot_object_is_counted_whole(groups):
    rng = np.random.default_rng(5)
    events = [
        (int(a), 0, int(t))
        for a, t in zip(rng.integers(0, 7, 4000), rng.integers(0, 10**6, 4000), strict=True)
    ]
    counts = count_pairs(to_actions(events), 500, 1, n_groups=groups)
    assert len(counts.a) == 21
    assert set(counts.weight) == {1}

"""Counting on disk gives what counting in memory gives, whatever the parts, blocks, hot objects."""

import tempfile
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from claqueur.coding import Dictionary
from claqueur.detectors.co_action import DETECTOR
from claqueur.engines import large
from claqueur.engines.hot import HOT
from claqueur.out_of_core import layers
from claqueur.progress import SILENT
from claqueur.refusals import Refusals
from claqueur.scratch import Scratch
from claqueur.settings import CoAction
from claqueur.spill import of_store, read_parts, sort_parts
from claqueur.store import collect

ROWS = st.lists(
    st.tuples(
        st.sampled_from(["9", "10", "anna", "боря", "c", "d", "e"]),
        st.sampled_from(["wall-1_1", "wall-1_2", "wall-1_10", "x"]),
        st.one_of(st.none(), st.integers(-30, 30)),  # often exactly the window apart; or no time
        st.integers(0, 9),  # width of the interval, mostly ignored: 0 is exact
        st.sampled_from(["like", "repost", None]),
    ),
    min_size=1,
    max_size=60,
)


def batches(rows, size=7):
    """The rows as a source gives them, in batches with dictionaries of their own."""
    for start in range(0, len(rows), size):
        account, obj, t, width, action = zip(*rows[start : start + size], strict=True)
        high = [
            None if low is None else low + max(0, w - 7) for low, w in zip(t, width, strict=True)
        ]
        yield pa.RecordBatch.from_pydict(
            {
                "account_id": pa.array(account).dictionary_encode(),
                "object_id": pa.array(obj).dictionary_encode(),
                "action": pa.array(action, pa.string()).dictionary_encode(),
                "t_min_ms": pa.array(t, pa.int64()),
                "t_max_ms": pa.array(high, pa.int64()),
            }
        )


def exactly_timed(rows):
    return any(t is not None and width <= 7 for _, _, t, width, _ in rows)


def tables(found, events):
    """What a detector says, in ids."""
    return [
        (
            layer.action,
            layer.window_ms,
            layer.table().to_dicts(),
            sorted(events.decoded(layer.events).rows(), key=str),
            layer.everybody.counts(),
            sorted(layer.everybody.by_time(10).rows()),
        )
        for layer in found
    ]


def in_pairs(layer_tables):
    """The same with events of paired accounts alone, which is all that is kept on disk."""
    for action, window, pairs, rows, *rest in layer_tables:
        paired = {row[end] for row in pairs for end in ("account_a", "account_b")}
        yield action, window, pairs, [row for row in rows if row[0] in paired], *rest


@settings(max_examples=25, deadline=None)
@given(
    ROWS.filter(exactly_timed),
    st.integers(1, 12),
    st.integers(1, 3),
    st.sampled_from([1, 2, 7]),
    st.sampled_from([1, 3, HOT]),
    st.booleans(),
)
def test_pairs_on_disk_are_those_in_memory(rows, window, least, groups, hot, stored):
    asked = CoAction(window=(f"{window}ms",), min_objects=least)
    here, there = Refusals(), Refusals()
    events = collect(batches(rows), here)
    expected = list(in_pairs(tables(DETECTOR.layers(events, asked, here, SILENT), events)))
    with tempfile.TemporaryDirectory() as folder:
        scratch = Scratch(Path(folder))
        if stored:
            events.save(Path(folder) / "store")
            spilled = of_store(Path(folder) / "store", scratch, memory_bytes=10**6)
            there.counts.update({k: n for k, n in here.counts.items() if "duplicate" in k})
        else:
            # Room for two rows: every batch is a wave of its own.
            read_parts(batches(rows), scratch, n_parts=3, memory_bytes=400)
            spilled = sort_parts(scratch, there, SILENT)
        assert spilled.totals == events.totals
        assert spilled.actions == events.actions
        large.groups_for, before = (lambda *_: groups), large.groups_for
        try:
            found = layers(spilled, asked, there, memory_bytes=1, hot=hot, progress=SILENT)
            assert tables(found, spilled) == expected
        finally:
            large.groups_for = before
    assert there.counts == here.counts


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(st.text(max_size=3), unique=True), max_size=6), st.integers(1, 50))
def test_ids_with_equal_hashes_are_told_apart(chunks, hashes):
    ids = Dictionary(lambda values: np.array([len(v) * 7 % hashes for v in values], np.uint64))
    codes = [ids.codes(pl.Series(chunk, dtype=pl.String)) for chunk in chunks]
    known = {}
    for chunk, found in zip(chunks, codes, strict=True):
        for name, code in zip(chunk, found.tolist(), strict=True):
            assert known.setdefault(name, code) == code
    assert sorted(known.values()) == list(range(len(known)))
    assert len(ids) == len(known)
    names, rank = ids.ranked()
    assert names.to_list() == sorted(known)
    assert all(names[int(rank[code])] == name for name, code in known.items())

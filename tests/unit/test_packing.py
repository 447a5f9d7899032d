"""Packed sorting is sorting: the same rows in the same order as a sort by columns."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from claqueur.packing import sort_rows

SIGNED = {pl.Int8: 8, pl.Int16: 16, pl.Int32: 32, pl.Int64: 64}
UNSIGNED = {pl.UInt8: 8, pl.UInt16: 16, pl.UInt32: 32}
KINDS = st.sampled_from([*SIGNED, *UNSIGNED])


@st.composite
def columns(draw: st.DrawFn, rows: int) -> pl.Series:
    """A column whose values lie anywhere, within a narrow or a wide span, with nulls."""
    kind = draw(KINDS)
    if kind in SIGNED:
        least, most = -(2 ** (SIGNED[kind] - 1)), 2 ** (SIGNED[kind] - 1) - 1
    else:
        least, most = 0, 2 ** UNSIGNED[kind] - 1
    widest = 2 ** draw(st.integers(1, most.bit_length() - 1))
    low = draw(st.integers(least, most - widest))
    step = draw(st.sampled_from([1, 1000]))
    values = st.integers(0, widest // step).map(lambda place: low + place * step)
    cells = draw(st.lists(st.none() | values, min_size=rows, max_size=rows))
    return pl.Series(cells, dtype=kind)


@st.composite
def frames(draw: st.DrawFn) -> pl.DataFrame:
    rows = draw(st.integers(0, 30))
    return pl.DataFrame([draw(columns(rows)).alias(name) for name in draw(st.sampled_from(NAMES))])


NAMES = ["a", "ab", "abc", "dcba"]


@given(frames(), st.randoms(use_true_random=False))
def test_the_same_as_sorting_by_columns(frame, random):
    keys = random.sample(frame.columns, len(frame.columns))
    assert_frame_equal(sort_rows(frame, keys), frame.sort(*keys))


@given(st.lists(st.tuples(st.integers(-(2**40), 2**40), st.integers(-(2**40), 2**40))))
def test_rows_too_wide_for_one_word(rows):
    wide = [(-(2**40), 2**40), (2**40, -(2**40)), *rows]
    frame = pl.DataFrame(wide, schema={"a": pl.Int64, "b": pl.Int64}, orient="row")
    assert_frame_equal(sort_rows(frame, ["b", "a"]), frame.sort("b", "a"))


@pytest.mark.parametrize("exponents", [(31, 31), (32, 31), (32, 32), (62,), (63,)])
def test_widths_around_64_bits(exponents):
    values = {str(i): [2**n - 1, None, 0, 2**n - 2, 1] for i, n in enumerate(exponents)}
    frame = pl.DataFrame(values, schema=dict.fromkeys(values, pl.Int64))
    assert_frame_equal(sort_rows(frame, list(values)), frame.sort(*values))


def test_times_to_the_second_with_one_that_is_not():
    times = [1_600_000_000_000 + 1000 * i for i in (5, 3, 9, 3)] + [1_600_000_000_001]
    frame = pl.DataFrame({"t": times})
    assert sort_rows(frame, ["t"])["t"].to_list() == sorted(times)


@pytest.mark.parametrize("kind", [pl.UInt64, pl.String, pl.Float64])
def test_kinds_that_cannot_be_packed(kind):
    frame = pl.DataFrame({"a": [3, 1, 2], "b": pl.Series([1, 2, 3]).cast(kind)})
    assert_frame_equal(sort_rows(frame, ["b", "a"]), frame.sort("b", "a"))


def test_nothing_and_only_nulls():
    empty = pl.DataFrame(schema={"a": pl.Int64, "b": pl.UInt32})
    assert_frame_equal(sort_rows(empty, ["a", "b"]), empty)
    nulls = pl.DataFrame({"a": [None, None]}, schema={"a": pl.Int64})
    assert_frame_equal(sort_rows(nulls, ["a"]), nulls)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (pl.Int16, [-(2**15), 31768]),
        (pl.Int32, [2**31 - 1000, -(2**31)]),
        (pl.Int64, [-(2**63), 2**63 - 1000]),
    ],
    ids=str,
)
def test_spans_wider_than_the_type_reaches(kind, values):
    frame = pl.DataFrame({"a": values}, schema={"a": kind})
    assert_frame_equal(sort_rows(frame, ["a"]), frame.sort("a"))

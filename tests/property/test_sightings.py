"""Lists of likers at polls, against a reading of them in plain Python, row by row."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from pathlib import Path

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from claqueur.bounds import ONCE, one_like
from claqueur.intake import read_files
from claqueur.lists import lists_of
from claqueur.record import Record
from claqueur.refusals import Refusals
from claqueur.settings import Reading
from claqueur.store import Events

START = 1_600_000_000_000
MINUTE = 60_000

LISTS = st.dictionaries(
    st.tuples(st.sampled_from("ab"), st.integers(1, 7)),
    st.tuples(
        st.lists(st.sampled_from("uvwx"), max_size=5),
        st.one_of(st.none(), st.integers(0, 5)),
    ),
    min_size=1,
    max_size=9,
)
"""Lists by object and poll: who is in them, some twice, and how many there are said to be."""

BORN = st.dictionaries(st.sampled_from("ab"), st.integers(0, 8))


def table(lists, born) -> pl.DataFrame:
    rows = [
        (START + poll * MINUTE, object_, account, count, born.get(object_))
        for (object_, poll), (accounts, count) in lists.items()
        for account in accounts or [None]
    ]
    names = ["poll_time", "object_id", "account_id", "list_count", "created"]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.Int64) | {
        "object_id": pl.String, "account_id": pl.String}, orient="row")  # fmt: skip
    return frame.with_columns(
        pl.col("poll_time").cast(pl.Datetime("ms", "UTC")),
        (pl.col("created") * MINUTE + START).cast(pl.Datetime("ms", "UTC")),
    )


def read(imports: list[list[pl.DataFrame]]) -> tuple[Events | None, Refusals]:
    """Several imports of several files each, and everything that was noted."""
    events = None
    noted = Refusals()
    for frames in imports:
        record = Record()
        with tempfile.TemporaryDirectory() as folder:
            paths = [Path(folder) / f"{i}.parquet" for i in range(len(frames))]
            for frame, path in zip(frames, paths, strict=True):
                frame.write_parquet(path)
            reading = Reading(format="polls")
            events = read_files(paths, reading, Path(folder), record, old=events)
        for reason, count in record.refused.noted.counts.items():
            noted.add(reason, count)
    return events, noted


def oracle(lists, born) -> list[tuple]:
    """What the lists say, a like at a time: object, account, from, until, last seen."""
    polls = defaultdict(dict)
    for (object_, poll), (accounts, count) in lists.items():
        whole = count is None or count <= len(set(accounts))
        polls[object_][poll] = (set(accounts), whole)
    found = []
    for object_, of_object in polls.items():
        for account in "uvwx":
            missing = None  # the last whole list without the account
            since = last = first = None
            for poll in sorted(of_object):
                accounts, whole = of_object[poll]
                if account in accounts:
                    if first is None:
                        first, since = poll, missing
                    last = poll
                elif whole:
                    if first is not None:
                        found.append((object_, account, since, first, last))
                    missing, first = poll, None
            if first is not None:
                found.append((object_, account, since, first, last))
    return [(o, a, _low(born.get(o), s, f), f, last) for o, a, s, f, last in found]


def _low(born: int | None, since: int | None, first: int) -> int | None:
    known = [t for t in (since, born if born is not None and born <= first else None)
             if t is not None]  # fmt: skip
    return max(known) if known else None


def rows(events: Events) -> list[tuple]:
    frame = events.frame.with_columns(
        (pl.col("t_min_ms", "t_max_ms", "poll_ms", "last_ms") - START) // MINUTE
    )
    named = events.decoded(events.frame)
    return sorted(
        zip(
            named["object_id"], named["account_id"], frame["t_min_ms"].to_list(),
            frame["t_max_ms"].to_list(), frame["poll_ms"].to_list(), frame["last_ms"].to_list(),
            strict=True,
        ),
        key=str,
    )  # fmt: skip


def expected(lists, born) -> list[tuple]:
    return sorted(
        ((o, a, low, None if low is None else f, f, last) for o, a, low, f, last in
         oracle(lists, born)),
        key=str,
    )  # fmt: skip


def somebody(lists) -> bool:
    return any(accounts for accounts, _ in lists.values())


@settings(deadline=None, max_examples=100)
@given(LISTS, BORN, st.randoms(use_true_random=False))
def test_intervals_are_what_the_lists_say(lists, born, random):
    if not somebody(lists):
        return
    frame = table(lists, born)
    order = random.sample(range(frame.height), frame.height)
    cut = random.randrange(frame.height + 1)
    files = [part for part in (frame[order[:cut]], frame[order[cut:]]) if part.height]
    events, noted = read([files])
    assert rows(events) == expected(lists, born)
    # Every row delivered is an event, or is in a count of what was folded.
    assert frame.height == len(events) + noted.total


@settings(deadline=None, max_examples=100)
@given(LISTS, BORN, st.randoms(use_true_random=False))
def test_imports_one_after_the_other_give_what_one_import_gives(lists, born, random):
    keys = random.sample(sorted(lists), len(lists))
    cut = random.randrange(1, len(keys) + 1)
    halves = [{k: lists[k] for k in part} for part in (keys[:cut], keys[cut:]) if part]
    if not all(map(somebody, halves)):
        return
    # Publication is a fact of each import's own rows, so it is the same in all of them.
    events, noted = read([[table(half, born)] for half in halves])
    seen = {object_ for object_, _ in lists}
    known = {o: b for o, b in born.items() if o in seen}
    assert rows(events) == expected(lists, known)
    # A later list may show that what was counted as seen again was a second like.
    delivered = sum(max(len(accounts), 1) for accounts, _ in lists.values())
    assert delivered <= len(events) + noted.total


@settings(deadline=None, max_examples=100)
@given(LISTS, BORN)
def test_what_is_known_about_the_lists(lists, born):
    if not somebody(lists):
        return
    known = lists_of(read([[table(lists, born)]])[0])
    likes = oracle(lists, born)
    last_whole = {}
    newest = {}
    for (object_, poll), (accounts, count) in sorted(lists.items()):
        newest[object_] = (len(set(accounts)), count)
        if count is None or count <= len(set(accounts)):
            last_whole[object_] = poll
    assert known["objects"] == len(newest)
    assert known["polls"] == len({poll for _, poll in lists})
    gone = [f for o, _, _, f, last in likes if last_whole.get(o, -1) > last]
    again = len(newest) < len(lists)
    assert known["taken_back"] == (len(gone) if again else None)
    cut = [(shown, said) for shown, said in newest.values() if said is not None and said > shown]
    assert known["incomplete"] == {
        "objects": len(cut),
        "shown": sum(shown for shown, _ in cut),
        "said": sum(said for _, said in cut),
    }
    assert known["unknown"] == sum(low is None for _, _, low, _, _ in likes)


INTERVALS = st.lists(
    st.tuples(st.sampled_from("uv"), st.integers(0, 8), st.integers(0, 4)), min_size=1, max_size=9
)


def greedy(intervals) -> list[tuple[int, int]]:
    """As few events as explain all intervals, from the earliest end."""
    rest, found = sorted(intervals, key=lambda span: (span[1], span[0])), []
    while rest:
        point = min(high for _, high in rest)
        sharp = any(low == high == point for low, high in rest)
        fits = [
            (low, high)
            for low, high in rest
            if low < point or (low == point and (low == high or sharp))
        ]
        found.append((max(low for low, _ in fits), point))
        rest = [span for span in rest if span not in fits]
    return found


@settings(deadline=None, max_examples=150)
@given(INTERVALS)
def test_one_like_seen_by_two_is_one_event(spans):
    spans = sorted({(account, low, low + width) for account, low, width in spans})
    frame = pl.DataFrame(
        {
            "object_id": [0] * len(spans),
            "t_min_ms": [low for _, low, _ in spans],
            "account_id": ["uv".index(account) for account, *_ in spans],
            "action": [0] * len(spans),
            "t_max_ms": [high for _, _, high in spans],
        },
        schema_overrides=dict.fromkeys(("object_id", "account_id", "action"), pl.UInt32),
    )
    merged = one_like(frame, {"action": pl.Series([ONCE[0]])}, noted := Refusals())
    wanted = []
    for code, account in enumerate("uv"):
        own = [(low, high) for name, low, high in spans if name == account]
        exact = all(low == high for low, high in own)
        wanted += [(code, *span) for span in (own if exact else greedy(own))]
    got = merged.select("account_id", "t_min_ms", "t_max_ms").rows()
    assert sorted(got) == sorted(wanted)
    assert len(spans) - len(wanted) == noted.noted.total

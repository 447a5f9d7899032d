"""What was found in VK's answers, held small until tables are made of it.

Numbers are in arrays, every text and id is there once. What was read several times (a post, a
comment) is one row; pages of one list are put together when all have been seen.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from claqueur.sources.vk_calls import NO_TIME

CHUNK_ROWS = 1 << 18
ONE_READING_MS = 3_600_000
"""Pages of a list that were read further apart than this are not one reading of it."""

BEGUN_AGAIN_MS = 60_000
"""A list of several pages that is begun again this soon, because it changed between its pages, is
still the same reading."""

NONE = -1
"""A count that was not shown."""

COUNTERS = ("likes", "comments", "reposts", "views")
_COUNTS = ("like_count", "comment_count", "repost_count", "view_count")

Ints = NDArray[np.int64]


def post_id(owner: int, number: int) -> str:
    """A post as VK's addresses write it."""
    return f"wall{owner}_{number}"


@dataclass
class Codes:
    """Texts, each once, by number."""

    numbers: dict[str, int] = field(default_factory=dict)

    def of(self, text: str) -> int:
        """The number of a text."""
        return self.numbers.setdefault(text, len(self.numbers))

    def column(self, codes: Ints) -> pa.DictionaryArray:
        """The texts of rows, by their numbers."""
        values = pa.array(list(self.numbers), pa.string())
        return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), values)


# Posts, comments, reposts


class Act(NamedTuple):
    """One action at an exact time."""

    action: str
    account: int
    owner: int
    post: int
    content: str | None
    time_ms: int
    text: str | None
    source: str


@dataclass
class Acts:
    """Actions, each once however often it was read; the longest text is kept.

    A text that was cut for a preview is shorter, and which of two versions is kept must not
    depend on the order in which they came.
    """

    found: dict[tuple[str, int, int, int, str | None], Act] = field(default_factory=dict)

    def add(self, act: Act) -> None:
        """Enter an action."""
        key = (act.action, act.account, act.owner, act.post, act.content)
        known = self.found.get(key)
        if known is None or _fuller(act.text) > _fuller(known.text):
            self.found[key] = act

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield events."""
        rows = iter(self.found.values())
        while chunk := list(islice(rows, CHUNK_ROWS)):
            times = pa.array([act.time_ms for act in chunk], pa.int64())
            yield pa.RecordBatch.from_pydict(
                {
                    "account_id": _words([str(act.account) for act in chunk]),
                    "action": _words([act.action for act in chunk]),
                    "object_id": _words([post_id(act.owner, act.post) for act in chunk]),
                    "owner_id": _words([str(act.owner) for act in chunk]),
                    "content_id": _words([act.content for act in chunk]),
                    "source": _words([act.source for act in chunk]),
                    "t_min_ms": times,
                    "t_max_ms": times,
                    "text": pa.array([act.text for act in chunk], pa.large_string()),
                }
            )


def _fuller(text: str | None) -> tuple[int, str]:
    return (-1, "") if text is None else (len(text), text)


def _words(words: Sequence[str | None]) -> pa.DictionaryArray:
    return pa.array(words, pa.string()).dictionary_encode()


# Readings of posts and their counters


@dataclass
class Posts:
    """Posts, and every reading of their counters."""

    at: dict[tuple[int, int], int] = field(default_factory=dict)
    created: array[int] = field(default_factory=lambda: array("q"))
    texts: Codes = field(default_factory=Codes)
    columns: dict[str, array[int]] = field(
        default_factory=lambda: {n: array("q") for n in ("post", "time", "text", *_COUNTS)}
    )

    def add(
        self, owner: int, number: int, created: int, text: str, counts: Sequence[int], time: int
    ) -> None:
        """Enter a reading: ``counts`` in the order of ``COUNTERS``, ``NONE`` where not shown."""
        post = self.at.setdefault((owner, number), len(self.at))
        if post == len(self.created):
            self.created.append(created)
        values = (post, time, self.texts.of(text), *counts)
        for column, value in zip(self.columns.values(), values, strict=True):
            column.append(value)

    def born(self, owner: int, number: int) -> int | None:
        """When a post was published, if it was read."""
        post = self.at.get((owner, number))
        return None if post is None else self.created[post]

    def readings(self) -> pl.DataFrame:
        """One row a post and moment, in that order; of several the last that was entered."""
        frame = pl.DataFrame({n: _ints(column) for n, column in self.columns.items()})
        return frame.unique(["post", "time"], keep="last", maintain_order=True).sort("post", "time")

    def objects(self) -> Iterator[pa.RecordBatch]:
        """Yield posts with their counts; a text where it is new."""
        frame = self.readings()
        new = pl.col("text").ne_missing(pl.col("text").shift(1).over("post"))
        texts = pl.Series("text", list(self.texts.numbers), pl.String)
        frame = frame.with_columns(
            pl.when(new).then("text"), collected_ms=pl.when(pl.col("time") != NO_TIME).then("time")
        )
        for part in frame.iter_slices(CHUNK_ROWS):
            shown = [part[n].set(part[n] == NONE, None).to_arrow() for n in _COUNTS]
            yield pa.RecordBatch.from_pydict(
                {
                    **self._ids(part["post"].to_numpy()),
                    "created_ms": pa.array(_ints(self.created)[part["post"].to_numpy()]),
                    "text": texts.gather(part["text"]).to_arrow().cast(pa.large_string()),
                    **dict(zip(_COUNTS, shown, strict=True)),
                    "collected_ms": part["collected_ms"].to_arrow(),
                }
            )

    def counters(self) -> Iterator[pa.RecordBatch]:
        """Yield what each counter showed, where it is known when."""
        frame = self.readings().filter(pl.col("time") != NO_TIME)
        for name, ours in zip(_COUNTS, COUNTERS, strict=True):
            for part in frame.filter(pl.col(name) != NONE).iter_slices(CHUNK_ROWS):
                yield pa.RecordBatch.from_pydict(
                    {
                        **self._ids(part["post"].to_numpy()),
                        "counter": pa.array([ours]).take(pa.array(np.zeros(part.height, np.int8))),
                        "time_ms": part["time"].to_arrow(),
                        "value": part[name].to_arrow(),
                    }
                )

    def _ids(self, posts: Ints) -> dict[str, pa.Array]:
        objects = pa.array([post_id(*key) for key in self.at], pa.string())
        owners = pa.array([str(owner) for owner, _ in self.at], pa.string())
        codes = pa.array(posts.astype(np.int32))
        return {
            "object_id": pa.DictionaryArray.from_arrays(codes, objects),
            "owner_id": pa.DictionaryArray.from_arrays(codes, owners).dictionary_decode(),
        }


# Lists


class Page(NamedTuple):
    """A part of a list, as one answer gave it."""

    time: int
    offset: int
    listed: int
    accounts: array[int]
    source: int


class Whole(NamedTuple):
    """One reading of a list, from all its pages."""

    action: str
    owner: int
    post: int
    pages: list[Page]

    @property
    def time(self) -> int:
        """When the last page was read: nobody in the list acted later."""
        return NO_TIME if any(p.time == NO_TIME for p in self.pages) else self.pages[-1].time

    @property
    def listed(self) -> int:
        """How many the platform said there are, at most.

        If somebody joins, leaves or moves between two pages, fewer accounts than this are
        in the pages together, and the list counts as cut.
        """
        return max(page.listed for page in self.pages)

    @property
    def rows(self) -> int:
        """How many accounts are in the pages, one that is in two of them twice."""
        return sum(len(page.accounts) for page in self.pages)


@dataclass
class Lists:
    """Lists of likers, page by page."""

    pages: dict[tuple[str, int, int], list[Page]] = field(default_factory=dict)
    sources: Codes = field(default_factory=Codes)

    def add(self, action: str, owner: int, post: int, page: Page) -> None:
        """Enter one page."""
        self.pages.setdefault((action, owner, post), []).append(page)

    def readings(self) -> tuple[list[Whole], int]:
        """Pages put together, and how many were there twice.

        A list begins at its offset 0, and is read without long breaks. One that changed while
        it was read may be begun again at once.
        """
        found, twice = [], 0
        for key, pages in self.pages.items():
            part: list[Page] = []
            for page in sorted(pages, key=lambda page: page[:2]):
                if part and page[:4] == part[-1][:4]:
                    twice += 1
                    continue
                if part and _is_new(page, part):
                    found.append(Whole(*key, part))
                    part = []
                part.append(page)
            found.append(Whole(*key, part))
        return found, twice

    def batches(self, lists: Iterable[Whole], posts: Posts) -> Iterator[pa.RecordBatch]:
        """Yield one row an account in a list: sightings where it is known when it was read."""
        for timed in (True, False):
            part: list[Whole] = []
            rows = 0
            for whole in lists:
                if whole.rows and (whole.time != NO_TIME) == timed:
                    part.append(whole)
                    rows += whole.rows
                if rows >= CHUNK_ROWS:
                    yield self._batch(part, posts, timed)
                    part, rows = [], 0
            if part:
                yield self._batch(part, posts, timed)

    def _batch(self, lists: Sequence[Whole], posts: Posts, timed: bool) -> pa.RecordBatch:
        pages = [page for whole in lists for page in whole.pages]
        of_page = np.array([len(page.accounts) for page in pages])
        of_list = np.array([whole.rows for whole in lists])
        which = np.repeat(np.arange(len(lists), dtype=np.int32), of_list)
        names = {
            "object_id": [post_id(whole.owner, whole.post) for whole in lists],
            "owner_id": [str(whole.owner) for whole in lists],
            "action": [whole.action for whole in lists],
        }
        sources = np.repeat([page.source for page in pages], of_page)
        places = [np.arange(len(page.accounts)) + page.offset + 1 for page in pages]
        columns = {
            "account_id": accounts_column(np.concatenate([_ints(p.accounts) for p in pages])),
            **{name: _repeated(values, which) for name, values in names.items()},
            "source": self.sources.column(sources),
            "rank": pa.array(np.concatenate(places)),
            "list_count": pa.array(np.repeat([whole.listed for whole in lists], of_list)),
        }
        if timed:
            born = pa.array([posts.born(w.owner, w.post) for w in lists], pa.int64())
            columns["poll_ms"] = pa.array(np.repeat([whole.time for whole in lists], of_list))
            columns["created_ms"] = born.take(pa.array(which))
            columns["sighted"] = pa.array(np.ones(len(which), dtype=bool))
        return pa.RecordBatch.from_pydict(columns)


def _is_new(page: Page, part: Sequence[Page]) -> bool:
    """Whether a page begins another reading than that of the pages before it."""
    gap = page.time - part[-1].time
    if page.offset:
        return gap > ONE_READING_MS
    if len(part) == 1 or gap > BEGUN_AGAIN_MS:
        return True
    shown = {account for earlier in part for account in earlier.accounts}
    return len(shown) >= max(earlier.listed for earlier in part)


def empty_lists(lists: Iterable[Whole], posts: Posts) -> list[pa.RecordBatch]:
    """Lists that were read and held nobody, as the store keeps the polls it knows."""
    found = [w for w in lists if not w.rows and not w.listed and w.time != NO_TIME]
    if not found:
        return []
    nothing = pa.array(np.zeros(len(found), np.int64))
    return [
        pa.RecordBatch.from_pydict(
            {
                "object_id": pa.array([post_id(w.owner, w.post) for w in found]),
                "action": pa.array([whole.action for whole in found]),
                "poll_ms": pa.array([whole.time for whole in found], pa.int64()),
                "list_count": nothing,
                "created_ms": pa.array([posts.born(w.owner, w.post) for w in found], pa.int64()),
                "shown": nothing,
            }
        )
    ]


@dataclass
class Members:
    """Lists of a page's members."""

    pages: dict[int, list[tuple[array[int], int]]] = field(default_factory=dict)
    sources: Codes = field(default_factory=Codes)

    def add(self, owner: int, accounts: array[int], source: str) -> None:
        """Enter a part of a list."""
        self.pages.setdefault(owner, []).append((accounts, self.sources.of(source)))

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield one row a member of a page, however often the list was read."""
        for owner, pages in self.pages.items():
            listed = np.concatenate([_ints(accounts) for accounts, _ in pages])
            if not len(listed):
                continue
            accounts, first = np.unique(listed, return_index=True)
            of_row = np.repeat([s for _, s in pages], [len(accounts) for accounts, _ in pages])
            same = np.zeros(len(accounts), np.int32)
            yield pa.RecordBatch.from_pydict(
                {
                    "account_id": accounts_column(accounts),
                    "action": _repeated(["follow"], same),
                    "object_id": _repeated([str(owner)], same),
                    "owner_id": _repeated([str(owner)], same),
                    "source": self.sources.column(of_row[first]),
                }
            )


def accounts_column(accounts: Ints) -> pa.DictionaryArray:
    """Accounts as ids, each of them once in the dictionary."""
    known, codes = np.unique(accounts, return_inverse=True)
    ids = pl.Series(known).cast(pl.String).to_arrow().cast(pa.string())
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), ids)


def _repeated(values: Sequence[str], codes: NDArray[np.int32]) -> pa.DictionaryArray:
    # Values may stand there twice (a page and its posts); the store wants each once.
    once = Codes()
    numbers = np.array([once.of(value) for value in values], np.int64)
    return once.column(numbers[codes])


def _ints(numbers: array[int]) -> Ints:
    return np.frombuffer(numbers, np.int64) if len(numbers) else np.zeros(0, np.int64)

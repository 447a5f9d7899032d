"""Near-duplicates: texts that have most of their five-letter runs in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from rensa import RMinHash

from claqueur.engines.local import side_by_side
from claqueur.kernels.co_action import I32, I64, U32
from claqueur.kernels.shingles import shingle_hashes, similar_in_buckets, stars
from claqueur.progress import SILENT, Progress
from claqueur.texts.corpus import starts_of

SIMILAR = 0.7
"""Jaccard similarity of shingles from which two texts are near-duplicates."""

BANDS, ROWS = 32, 4
"""Bands of a MinHash signature and its rows. Texts of similarity .7 share a band in all but one of
6,000 cases, of .5 in 7 of 8."""

SEED = 20190208
"""Of the hash functions; always the same, so that the same texts give the same clusters."""

CHUNK = 50_000
"""Texts hashed at a time."""


@dataclass(frozen=True)
class Shingles:
    """Shingles of texts: ``hashes`` (k,) uint32, rising within a text; ``start`` (n + 1,) int64."""

    hashes: U32
    start: I64

    def __len__(self) -> int:
        return len(self.start) - 1

    @property
    def size(self) -> I64:
        """Distinct shingles of every text, (n,) int64."""
        return np.diff(self.start)


@dataclass(frozen=True)
class Buckets:
    """Texts that share a band of their signatures, as :func:`~claqueur.kernels.shingles.stars`
    takes them.
    """

    member: I32
    first: I32
    live: I32


def shingles_of(texts: Sequence[str]) -> Shingles:
    """Shingles of normal forms (:func:`claqueur.texts.normal.normal`)."""
    parts = [_shingles(texts[low:high]) for low, high in _chunks(len(texts))]
    if not parts:
        return Shingles(np.zeros(0, np.uint32), np.zeros(1, np.int64))
    size = np.concatenate([part.size for part in parts])
    return Shingles(np.concatenate([part.hashes for part in parts]), starts_of(size))


def _chunks(n: int) -> list[tuple[int, int]]:
    return list(pairwise([*range(0, n, CHUNK), n])) if n else []


def _shingles(texts: Sequence[str]) -> Shingles:
    points = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)
    return Shingles(*shingle_hashes(points, starts_of([len(text) for text in texts])))


def buckets_of(shingles: Shingles, progress: Progress = SILENT) -> Buckets:
    """Put texts that may be similar side by side; every text must have a shingle."""
    bands = np.concatenate(
        [_bands(shingles, low, high, progress) for low, high in _chunks(len(shingles))]
    )

    def band(number: int) -> tuple[I32, I32, I32]:
        return _sorted(bands[:, number])

    # Sorting a column takes less time than sending it would.
    found = list(side_by_side(band, range(BANDS), SILENT))
    member, first, live = (np.array(part) for part in zip(*found, strict=True))
    return Buckets(member, first, live)


def _bands(shingles: Shingles, low: int, high: int, progress: Progress) -> U32:
    """One number for every band of some texts' MinHash signatures, (texts, bands) uint32."""
    begin, end = shingles.start[low], shingles.start[high]
    rows = RMinHash.digest_matrix_from_flat_token_hashes(
        shingles.hashes[begin:end].astype(np.uint64),
        (shingles.start[low : high + 1] - begin).astype(np.uint64),
        BANDS * ROWS,
        SEED,
    )
    signature = np.array(rows.to_rows(), np.uint64).reshape(-1, BANDS, ROWS)
    mixed = np.zeros(signature.shape[:2], np.uint64)
    for row in range(ROWS):
        mixed = (mixed ^ signature[:, :, row]) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
    progress.advance()
    return (mixed >> np.uint64(32)).astype(np.uint32)


def _sorted(key: U32) -> tuple[I32, I32, I32]:
    """One band: its members by bucket, where each text's bucket begins, and sizes there."""
    member = np.argsort(key, kind="stable").astype(np.int32)
    ordered = key[member]
    begins = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    size = np.diff(np.append(begins, len(key)))
    first, live = np.empty(len(key), np.int32), np.zeros(len(key), np.int32)
    first[member] = np.repeat(begins, size)
    live[begins] = size
    return member, first, live


def near_duplicates(
    texts: Sequence[str], uses: I64, progress: Progress = SILENT
) -> tuple[I32, NDArray[np.float32]]:
    """Stars of texts around the most used ones; nothing is joined through others.

    Parameters
    ----------
    texts
        Different normal forms.
    uses : (n,) int64
        How often each occurs.

    Returns
    -------
    star : (n,) int32
        The text in the centre of each text's star; itself for one that is like no other, or too
        short to be compared.
    similarity : (n,) float32
        Exact Jaccard similarity to it, at least ``SIMILAR``.
    """
    star, similarity = np.arange(len(texts), dtype=np.int32), np.ones(len(texts), np.float32)
    progress.stage("finding near-duplicate texts", total=len(_chunks(len(texts))))
    shingles, kept = _with_shingles(texts)
    if not len(kept):
        return star, similarity
    buckets = buckets_of(shingles, progress)
    order = np.lexsort((np.arange(len(kept)), -shingles.size, -uses[kept]))
    own, found = stars(
        order, shingles.hashes, shingles.start, buckets.member, buckets.first, buckets.live, SIMILAR
    )
    star[kept], similarity[kept] = kept[own], found
    return star, similarity


def similar_pairs(texts: Sequence[str], least: float = SIMILAR) -> tuple[I64, I64]:
    """Pairs of normal forms that are so similar, a < b, sorted.

    All of them are verified; which are looked at is a matter of chance (see ``BANDS``), so this
    is for similarities from about .5 on. Costs the square of the number of copies of a text.
    """
    shingles, kept = _with_shingles(texts)
    if not len(kept):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    buckets = buckets_of(shingles)
    a, b = similar_in_buckets(
        shingles.hashes, shingles.start, buckets.member, buckets.first, buckets.live, least
    )
    order = np.lexsort((b, a))
    return kept[a[order]], kept[b[order]]


def _with_shingles(texts: Sequence[str]) -> tuple[Shingles, I64]:
    """Shingles of the texts that have any, and which those are."""
    shingles = shingles_of(texts)
    kept = np.flatnonzero(shingles.size > 0)
    return Shingles(shingles.hashes, starts_of(shingles.size[kept])), kept

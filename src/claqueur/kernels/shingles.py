"""Near-duplicates among many texts: shingles, exact similarity, stars that do not chain.

Texts that share a band of their MinHash signatures lie in one bucket (A. Broder, "On the
resemblance and containment of documents", SEQUENCES 1997; P. Indyk, R. Motwani, "Approximate
nearest neighbors", STOC 1998) and are compared exactly. A text that belongs to nothing yet begins
a star and takes in what is similar to *it*; members leave the buckets, so that a corpus of copies
costs one pass and not the square of its size, and a chain of weak links joins nothing. Where
buckets are full of texts that are not similar enough, a text gives up in the end.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from claqueur.kernels.co_action import I32, I64, U32

I8 = NDArray[np.int8]

LENGTH = 5
"""Letters of a shingle."""

MOST_VAIN = 300
"""Comparisons in a row without a similar text after which a text gives up: thousands of texts that
are only somewhat alike fill whole buckets."""

MIX = np.uint64(0x9E3779B97F4A7C15)


@njit(nogil=True, cache=True)
def shingle_hashes(points: U32, start: I64) -> tuple[U32, I64]:
    """Distinct runs of five letters of every text, as rising hashes.

    Parameters
    ----------
    points : (m,) uint32
        Unicode code points of all texts, one after another.
    start : (n + 1,) int64
        Where each text begins.

    Returns
    -------
    hashes : (k,) uint32; hash_start : (n + 1,) int64
    """
    n = len(start) - 1
    most = 0
    for i in range(n):
        most += max(start[i + 1] - start[i] - LENGTH + 1, 0)
    hashes, hash_start = np.empty(most, np.uint32), np.zeros(n + 1, np.int64)
    filled = 0
    for i in range(n):
        begin = filled
        for at in range(start[i], start[i + 1] - LENGTH + 1):
            value = np.uint64(0)
            for k in range(LENGTH):
                value = (value ^ np.uint64(points[at + k])) * MIX
                value ^= value >> np.uint64(29)
            hashes[filled] = np.uint32(value >> np.uint64(32))
            filled += 1
        own = hashes[begin:filled]
        own.sort()
        filled = begin + _once(own)
        hash_start[i + 1] = filled
    return hashes[:filled].copy(), hash_start


@njit(nogil=True, cache=True)
def _once(rising: U32) -> int:
    """Move every value to the front once; how many there are."""
    kept = 0
    for k in range(len(rising)):
        if k == 0 or rising[k] != rising[kept - 1]:
            rising[kept] = rising[k]
            kept += 1
    return kept


@njit(nogil=True, cache=True)
def jaccard(hashes: U32, start: I64, a: int, b: int) -> float:
    """Shared share of the shingles of two texts; 0 where either has none."""
    i, j, common = start[a], start[b], 0
    while i < start[a + 1] and j < start[b + 1]:
        if hashes[i] == hashes[j]:
            common += 1
            i += 1
            j += 1
        elif hashes[i] < hashes[j]:
            i += 1
        else:
            j += 1
    either = start[a + 1] - start[a] + start[b + 1] - start[b] - common
    return common / either if either else 0.0


@njit(nogil=True, cache=True)
def could_reach(start: I64, a: int, b: int, least: float) -> bool:
    """Whether the numbers of shingles allow such a similarity."""
    one, other = start[a + 1] - start[a], start[b + 1] - start[b]
    return bool(min(one, other) >= least * max(one, other))


@njit(nogil=True, cache=True)
def stars(
    order: I64, hashes: U32, start: I64, member: I32, first: I32, live: I32, least: float
) -> tuple[I32, NDArray[np.float32]]:
    """The star of every text and how similar it is to the star's centre.

    Parameters
    ----------
    order : (n,) int64
        Texts in the order in which they may become centres.
    hashes, start
        From :func:`shingle_hashes`.
    member : (bands, n) int32
        Texts of every band in the order of their buckets.
    first : (bands, n) int32
        Where the bucket of each text begins in ``member``.
    live : (bands, n) int32
        At the beginning of a bucket, how many texts it has; used up.
    least
        Similarity to the centre from which a text belongs.
    """
    n, bands = len(order), len(member)
    star = np.full(n, -1, np.int32)
    similarity = np.ones(n, np.float32)
    seen = np.full(n, -1, np.int32)
    for at in range(n):
        i = order[at]
        if star[i] >= 0:
            continue
        star[i] = i
        vain = 0
        for band in range(bands):
            k = first[band, i]
            end = k + live[band, k]
            while k < end and vain < MOST_VAIN:
                j = member[band, k]
                if star[j] < 0 and seen[j] != i and could_reach(start, i, j, least):
                    seen[j] = i
                    vain += 1
                    found = jaccard(hashes, start, i, j)
                    if found >= least:
                        star[j], similarity[j], vain = i, found, 0
                if star[j] >= 0:
                    end -= 1
                    member[band, k] = member[band, end]
                else:
                    k += 1
            live[band, first[band, i]] = end - first[band, i]
    return star, similarity


@njit(nogil=True, cache=True)
def similar_in_buckets(
    hashes: U32, start: I64, member: I32, first: I32, live: I32, least: float
) -> tuple[I32, I32]:
    """All pairs that share a bucket and are so similar, a < b, in no particular order."""
    bands, n = member.shape
    a, b = np.empty(1024, np.int32), np.empty(1024, np.int32)
    count = 0
    for band in range(bands):
        for k in range(n):
            i = member[band, k]
            begin = first[band, i]
            for m in range(k + 1, begin + live[band, begin]):
                j = member[band, m]
                if _met_before(first, band, i, j) or not could_reach(start, i, j, least):
                    continue
                if jaccard(hashes, start, i, j) >= least:
                    if count == len(a):
                        a, b = _grown(a), _grown(b)
                    a[count], b[count] = min(i, j), max(i, j)
                    count += 1
    return a[:count].copy(), b[:count].copy()


@njit(nogil=True, cache=True)
def _met_before(first: I32, band: int, i: int, j: int) -> bool:
    met = False
    for earlier in range(band):
        met |= first[earlier, i] == first[earlier, j]
    return met


@njit(nogil=True, cache=True)
def _grown(old: I32) -> I32:
    new = np.empty(2 * len(old), np.int32)
    new[: len(old)] = old
    return new

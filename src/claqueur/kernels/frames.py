"""Texts made from one template although many of their words were changed.

Two texts are held against each other word by word: the heaviest common subsequence, each word
weighing its surprise (with weights of one the longest common subsequence of R. Wagner, M. Fischer,
"The string-to-string correction problem", J. ACM 21(1), 1974). Only texts with rare pairs of nearby
words in common are compared. As with near-duplicates, a text takes in what is similar to it and
nothing by way of others.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from claqueur.kernels.co_action import I32, I64

F32 = NDArray[np.float32]
U16 = NDArray[np.uint16]

REACH = 3
"""Words are near each other when at most one or two words are between them."""

MOST_COUNTED = 65_535

FEWEST_PAIRS, PAIRS_A_WORD = 2, 0.25
"""Pairs of nearby words two texts must share before they are compared, and how many for each word
of the shorter one: of texts with three words in ten changed a quarter of all pairs stay, which is
more than half a pair for a word."""


@njit(nogil=True, cache=True)
def in_common(one: I32, other: I32, bits: F32, best: F32, words: I32) -> tuple[int, float]:
    """Words two texts have in common in the same order, and their surprise in bits.

    Parameters
    ----------
    one, other : (a,), (b,) int32
        Words, as numbers.
    bits : (n_words,) float32
        Surprise of every word.
    best, words : (2, longest + 1)
        Room to work in.
    """
    width = len(other)
    best[0, : width + 1] = 0
    words[0, : width + 1] = 0
    best[1, 0] = 0
    words[1, 0] = 0
    now = 0
    for i in range(len(one)):
        old, now = now, 1 - now
        best[now, 0] = 0
        words[now, 0] = 0
        for j in range(width):
            best[now, j + 1], words[now, j + 1] = best[old, j + 1], words[old, j + 1]
            if best[now, j] > best[now, j + 1]:
                best[now, j + 1], words[now, j + 1] = best[now, j], words[now, j]
            if one[i] == other[j] and best[old, j] + bits[one[i]] > best[now, j + 1]:
                best[now, j + 1] = best[old, j] + bits[one[i]]
                words[now, j + 1] = words[old, j] + 1
    return int(words[now, width]), float(best[now, width])


@njit(nogil=True, cache=True)
def pair_counts(start: I64, word: I32, asked: I64, slots: int) -> U16:
    """In how many places pairs of nearby words occur, by the slot a pair falls into.

    Pairs that fall into one slot are taken for the same; that only makes texts be compared in vain.

    Parameters
    ----------
    asked : (k,) int64
        Texts that are counted.
    slots
        A power of two.

    Returns
    -------
    (slots,) uint16
        Not above 65,535.
    """
    count = np.zeros(slots, np.uint16)
    for i in asked:
        for at in range(start[i], start[i + 1]):
            for near in range(at + 1, min(at + 1 + REACH, start[i + 1])):
                slot = _slot(word[at], word[near], slots)
                if count[slot] < MOST_COUNTED:
                    count[slot] += np.uint16(1)
    return count


@njit(nogil=True, cache=True)
def pairs_in(start: I64, word: I32, number: I32) -> tuple[I64, I32]:
    """Pairs of nearby words of every text, only those that have a number.

    Parameters
    ----------
    number : (slots,) int32
        Number of the pairs in each slot, -1 for those nobody asks about.

    Returns
    -------
    pair_start : (n + 1,) int64; pair : (p,) int32
    """
    n = len(start) - 1
    pair_start = np.zeros(n + 1, np.int64)
    for i in range(n):
        pair_start[i + 1] = pair_start[i] + _numbered(start, word, number, i, np.zeros(0, np.int32))
    pair = np.empty(pair_start[n], np.int32)
    for i in range(n):
        _numbered(start, word, number, i, pair[pair_start[i] : pair_start[i + 1]])
    return pair_start, pair


@njit(nogil=True, cache=True)
def _numbered(start: I64, word: I32, number: I32, i: int, into: I32) -> int:
    """How many pairs of a text have a number; written down where there is room."""
    count = 0
    for at in range(start[i], start[i + 1]):
        for near in range(at + 1, min(at + 1 + REACH, start[i + 1])):
            found = number[_slot(word[at], word[near], len(number))]
            if found >= 0:
                if count < len(into):
                    into[count] = found
                count += 1
    return count


@njit(nogil=True, cache=True)
def _slot(one: int, other: int, slots: int) -> int:
    value = (np.uint64(one) << np.uint64(32) | np.uint64(other)) * np.uint64(0x9E3779B97F4A7C15)
    value ^= value >> np.uint64(32)
    value *= np.uint64(0xD6E8FEB86659FD93)
    return int((value >> np.uint64(20)) & np.uint64(slots - 1))


@njit(nogil=True, cache=True)
def led(
    order: I64,
    start: I64,
    word: I32,
    bits: F32,
    pair_start: I64,
    pair: I32,
    posting_start: I64,
    posting: I32,
    live: I32,
    longest: int,
    least: float,
    least_bits: float,
) -> I32:
    """For every text the text it is made like, itself where there is none.

    Parameters
    ----------
    order : (k,) int64
        Texts in the order in which they may lead.
    start : (n + 1,) int64; word : (m,) int32
        Words of every text.
    pair_start : (n + 1,) int64; pair : (p,) int32
        Pairs of nearby words of every text, as numbers.
    posting_start : (n_pairs + 1,) int64; posting : (q,) int32
        Texts that have a pair.
    live : (n_pairs,) int32
        How many those are; used up.
    least
        Share of the words of both texts that must be common.
    least_bits
        Surprise of what is common.
    """
    n = len(start) - 1
    leader = np.full(n, -1, np.int32)
    count, touched = np.zeros(n, np.int32), np.empty(n, np.int32)
    best, words = np.zeros((2, longest + 1), np.float32), np.zeros((2, longest + 1), np.int32)
    for at in range(len(order)):
        i = order[at]
        if leader[i] >= 0:
            continue
        leader[i] = i
        met = _partners(i, pair_start, pair, posting_start, posting, live, leader, count, touched)
        one = word[start[i] : start[i + 1]]
        for k in range(met):
            j = touched[k]
            shared, count[j] = count[j], 0
            other = word[start[j] : start[j + 1]]
            few = shared < FEWEST_PAIRS or shared < PAIRS_A_WORD * min(len(one), len(other))
            if few or _apart(len(one), len(other), least):
                continue
            common, surprise = in_common(one, other, bits, best, words)
            if 2 * common >= least * (len(one) + len(other)) and surprise >= least_bits:
                leader[j] = i
    return leader


@njit(nogil=True, cache=True)
def _apart(one: int, other: int, least: float) -> bool:
    return 2 * min(one, other) < least * (one + other)


@njit(nogil=True, cache=True)
def _partners(
    i: int,
    pair_start: I64,
    pair: I32,
    posting_start: I64,
    posting: I32,
    live: I32,
    leader: I32,
    count: I32,
    touched: I32,
) -> int:
    """Texts that belong to nothing yet and share pairs with a text; those that do leave."""
    met = 0
    for p in range(pair_start[i], pair_start[i + 1]):
        begin, kept = posting_start[pair[p]], 0
        for k in range(begin, begin + live[pair[p]]):
            j = posting[k]
            if leader[j] >= 0:
                continue
            posting[begin + kept] = j
            kept += 1
            if count[j] == 0:
                touched[met] = j
                met += 1
            count[j] += 1
        live[pair[p]] = kept
    return met


@njit(nogil=True, cache=True)
def fitted(
    asked: I64,
    start: I64,
    word: I32,
    bits: F32,
    frame_start: I64,
    frame_word: I32,
    pair_start: I64,
    pair: I32,
    posting_start: I64,
    posting: I32,
    longest: int,
    least: float,
    least_bits: float,
) -> tuple[I32, F32]:
    """The frame each text fits best, -1 for none, and the share of the frame it keeps.

    Parameters
    ----------
    asked : (k,) int64
        Texts.
    frame_start : (n_frames + 1,) int64; frame_word : (f,) int32
        Words of every frame.
    pair_start, pair, posting_start, posting
        As for :func:`led`, the postings naming frames.
    least
        Share of the frame's words that must be there in its order.
    """
    n_frames = len(frame_start) - 1
    fits, share = np.full(len(asked), -1, np.int32), np.zeros(len(asked), np.float32)
    count, touched = np.zeros(n_frames, np.int32), np.empty(n_frames, np.int32)
    best, words = np.zeros((2, longest + 1), np.float32), np.zeros((2, longest + 1), np.int32)
    for at in range(len(asked)):
        i = asked[at]
        met = 0
        for p in range(pair_start[i], pair_start[i + 1]):
            for k in range(posting_start[pair[p]], posting_start[pair[p] + 1]):
                frame = posting[k]
                if count[frame] == 0:
                    touched[met] = frame
                    met += 1
                count[frame] += 1
        one = word[start[i] : start[i + 1]]
        most = np.float32(0)
        for k in range(met):
            frame = touched[k]
            shared, count[frame] = count[frame], 0
            other = frame_word[frame_start[frame] : frame_start[frame + 1]]
            if shared < PAIRS_A_WORD * len(other):
                continue
            if len(one) < least * len(other) or len(other) < least / 2 * len(one):
                continue
            common, surprise = in_common(one, other, bits, best, words)
            kept = common / len(other)
            better = surprise > most or (surprise == most and frame < fits[at])
            if kept >= least and surprise >= least_bits and better:
                fits[at], share[at], most = frame, kept, np.float32(surprise)
    return fits, share


@njit(nogil=True, cache=True)
def kept_words(one: I32, other: I32) -> NDArray[np.bool_]:
    """Which words of one text a longest common subsequence with another keeps, (a,) bool."""
    longest = np.zeros((len(one) + 1, len(other) + 1), np.int32)
    for i in range(len(one) - 1, -1, -1):
        for j in range(len(other) - 1, -1, -1):
            if one[i] == other[j]:
                longest[i, j] = longest[i + 1, j + 1] + 1
            else:
                longest[i, j] = max(longest[i + 1, j], longest[i, j + 1])
    kept = np.zeros(len(one), np.bool_)
    i, j = 0, 0
    while i < len(one) and j < len(other):
        if one[i] == other[j]:
            kept[i] = True
            i += 1
            j += 1
        elif longest[i + 1, j] >= longest[i, j + 1]:
            i += 1
        else:
            j += 1
    return kept

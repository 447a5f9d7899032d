"""Dense codes for ids by a hash table that lives in two arrays."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from claqueur.kernels.co_action import U32

U64 = NDArray[np.uint64]

EMPTY = np.uint32(0xFFFFFFFF)
"""A place of the table that holds no code."""


@njit(nogil=True, cache=True)
def coded(key: U64, slot_key: U64, slot_code: U32, known: int) -> tuple[U32, int]:
    """Codes of keys; those that are new get the next ones, in their order.

    Open addressing with linear probing (D. E. Knuth, "The Art of Computer Programming" 3, 6.4).

    Parameters
    ----------
    key : (n,) uint64
        Hashes, spread evenly over all bits.
    slot_key : (size,) uint64; slot_code : (size,) uint32
        The table, ``EMPTY`` where nothing is; size is a power of two, more than all keys. New keys
        are entered.
    known
        Number of codes given so far.

    Returns
    -------
    code : (n,) uint32
    known : int
        Number of codes given now.
    """
    mask = np.uint64(len(slot_key) - 1)
    code = np.empty(len(key), np.uint32)
    for i in range(len(key)):
        place = (key[i] * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(20)) & mask
        while slot_code[place] != EMPTY and slot_key[place] != key[i]:
            place = (place + np.uint64(1)) & mask
        if slot_code[place] == EMPTY:
            slot_key[place] = key[i]
            slot_code[place] = known
            known += 1
        code[i] = slot_code[place]
    return code, known


@njit(nogil=True, cache=True)
def moved(slot_key: U64, slot_code: U32, size: int) -> tuple[U64, U32]:
    """The same table with more places."""
    keys = np.zeros(size, np.uint64)
    codes = np.full(size, EMPTY, np.uint32)
    mask = np.uint64(size - 1)
    for i in range(len(slot_key)):
        if slot_code[i] != EMPTY:
            place = (slot_key[i] * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(20)) & mask
            while codes[place] != EMPTY:
                place = (place + np.uint64(1)) & mask
            keys[place] = slot_key[i]
            codes[place] = slot_code[i]
    return keys, codes

"""How alike two texts are: shingles of letters, and their Jaccard similarity."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

LENGTH = 5

_APART = re.compile(r"[\W_]+")


def shingles(text: str) -> frozenset[str]:
    """Runs of five letters of a text, written alike: small letters, ё as е, one space between.

    Examples
    --------
    >>> sorted(shingles("Ещё  РАЗ!"))
    ['е раз', 'еще р', 'ще ра']
    """
    plain = unicodedata.normalize("NFKC", text).casefold().replace("ё", "е")
    plain = _APART.sub(" ", plain).strip()
    return frozenset(plain[k : k + LENGTH] for k in range(len(plain) - LENGTH + 1))


def similar_pairs(texts: Sequence[frozenset[str]], least: float) -> NDArray[np.bool_]:
    """Which texts have at least so much of their shingles in common, (n, n) symmetric.

    Texts without shingles are like no other.
    """
    n = len(texts)
    places: dict[str, list[int]] = defaultdict(list)
    for place, own in enumerate(texts):
        for shingle in own:
            places[shingle].append(place)
    common = np.zeros((n, n), np.int32)
    for where in places.values():
        if len(where) > 1:
            common[np.ix_(where, where)] += 1
    size = np.array([len(own) for own in texts])
    either = size[:, None] + size[None, :] - common
    with np.errstate(invalid="ignore"):
        alike: NDArray[np.bool_] = (common > 0) & (common >= least * either)
    np.fill_diagonal(alike, False)
    return alike

"""One hash over many pieces of evidence, of which each can be shown by itself later.

A Merkle tree as in RFC 6962, section 2.1: SHA-256, leaves hashed after a zero byte, nodes after a
one. What a leaf hashes begins with a salt of 32 bytes, so that nobody can find out by guessing what
is in it; small JSON answers could be guessed otherwise. A leaf's salt is HMAC-SHA256 of its
name and content under one random key: whoever is given one salt can check one leaf, and no other.

::

    content = name in UTF-8, a zero byte, SHA-256 of the piece (32 bytes)
    salt    = HMAC-SHA256(key, content)
    leaf    = SHA-256(00, salt, content)
    node    = SHA-256(01, left, right)      split at the largest power of two below the number
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

KEY_BYTES = 32
NOTHING = hashlib.sha256().digest()
"""The root over no leaves."""


@dataclass(frozen=True)
class Piece:
    """A piece of evidence: what it is called, and the SHA-256 of its bytes."""

    name: str
    sha256: bytes

    @property
    def content(self) -> bytes:
        """What a leaf hashes after its salt."""
        return self.name.encode() + b"\0" + self.sha256


def salt(key: bytes, piece: Piece) -> bytes:
    """The salt of one leaf, (32,) bytes."""
    return hmac.digest(key, piece.content, "sha256")


def leaf(piece: Piece, salt: bytes) -> bytes:
    """The hash of one leaf, (32,) bytes."""
    return hashlib.sha256(b"\0" + salt + piece.content).digest()


def leaves(pieces: Sequence[Piece], key: bytes) -> list[bytes]:
    """The leaves of pieces, in their order."""
    return [leaf(piece, salt(key, piece)) for piece in pieces]


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def _level(hashes: Sequence[bytes]) -> list[bytes]:
    """The level above: pairs become nodes, and one that is left over goes up as it is."""
    pairs = [_node(*hashes[i : i + 2]) for i in range(0, len(hashes) - 1, 2)]
    return [*pairs, hashes[-1]] if len(hashes) % 2 else pairs


def root(hashes: Sequence[bytes]) -> bytes:
    """The root over leaves, (32,) bytes."""
    if not hashes:
        return NOTHING
    while len(hashes) > 1:
        hashes = _level(hashes)
    return hashes[0]


def audit_path(hashes: Sequence[bytes], index: int) -> list[bytes]:
    """What somebody needs beside one leaf to come to the root (RFC 6962, 2.1.1), lowest first.

    Raises
    ------
    IndexError
        If there is no such leaf.
    """
    if not 0 <= index < len(hashes):
        raise IndexError(f"leaf {index}: there are {len(hashes)}")
    path = []
    while len(hashes) > 1:
        if (beside := index ^ 1) < len(hashes):
            path.append(hashes[beside])
        hashes, index = _level(hashes), index // 2
    return path


def root_of_path(own: bytes, index: int, count: int, path: Sequence[bytes]) -> bytes | None:
    """The root to which one leaf and its path lead; None where the path is too short or long.

    Parameters
    ----------
    own
        The hash of the leaf.
    index, count
        Its place, and how many leaves there are.
    """
    rest = list(path)
    while count > 1:
        if index ^ 1 < count:
            if not rest:
                return None
            beside = rest.pop(0)
            own = _node(beside, own) if index % 2 else _node(own, beside)
        index, count = index // 2, (count + 1) // 2
    return None if rest else own

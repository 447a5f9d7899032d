"""The salted root over a case's evidence: public the root alone, the rest in the supplement."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from claqueur.package.layout import LayoutError
from claqueur.package.merkle import KEY_BYTES, Piece, leaves, root

ROOT = "data/evidence-root.json"
KEY = "salt.key"
"""In the supplement: the key of the salts, in hex. It is no piece itself."""

RECORDS = "case/evidence/index.ndjson"
"""In the supplement: the list of what was collected, each line of which is a piece of its own."""

_FORMAT = 1


@dataclass(frozen=True)
class Root:
    """The root over pieces of evidence, and how many there are, which is not public."""

    digest: bytes
    count: int


def root_of(pieces: Iterable[Piece], key: bytes) -> Root:
    """The root over pieces, which are sorted by name before.

    Raises
    ------
    ValueError
        If the key has not 32 bytes.
    """
    if len(key) != KEY_BYTES:
        raise ValueError(f"the key of the salts has {len(key)} bytes, and not {KEY_BYTES}")
    each = sorted(pieces, key=lambda piece: piece.name)
    return Root(root(leaves(each, key)), len(each))


def pieces_of(hashes: Mapping[str, bytes], records: Iterable[bytes]) -> Iterator[Piece]:
    """A piece for each file of a supplement but the key, and one for each record of evidence.

    Parameters
    ----------
    hashes
        SHA-256 by name.
    records
        Lines of the list of what was collected.
    """
    yield from (Piece(name, digest) for name, digest in hashes.items() if name != KEY)
    for number, line in enumerate(records):
        digest = hashlib.sha256(line.rstrip(b"\n")).digest()
        yield Piece(f"{RECORDS}#{number}", digest)


def lines_of(path: Path) -> Iterator[bytes]:
    """The lines of the list of what was collected."""
    with path.open("rb") as file:
        yield from file


def root_file(digest: bytes) -> bytes:
    """``evidence-root.json``: nothing but the root, and how it is made."""
    whole = {
        "format": _FORMAT,
        "root": digest.hex(),
        "tree": "RFC 6962 with SHA-256; every leaf is salted (docs/package.md)",
    }
    return (json.dumps(whole, indent=2) + "\n").encode()


def parse_root(content: bytes) -> bytes:
    """The root in ``evidence-root.json``.

    Raises
    ------
    LayoutError
        If there is none.
    """
    try:
        found = bytes.fromhex(json.loads(content)["root"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise LayoutError(f"{ROOT}: has no root") from None
    if content != root_file(found):
        raise LayoutError(f"{ROOT}: is not as it is written here, or of a newer Claqueur")
    return found


def parse_key(content: bytes) -> bytes:
    """The key of the salts.

    Raises
    ------
    LayoutError
        If it is none.
    """
    try:
        key = bytes.fromhex(content.decode("ascii").strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise LayoutError(f"{KEY}: is no key of {KEY_BYTES} bytes")
    return key

"""The tree of RFC 6962 by its recursive definition, and what a path shows."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claqueur.package.evidence import pieces_of, root_of
from claqueur.package.merkle import (
    NOTHING,
    Piece,
    audit_path,
    leaf,
    leaves,
    root,
    root_of_path,
    salt,
)

HASHES = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=40)


def split(count: int) -> int:
    """The largest power of two below a number."""
    return 1 << (count - 1).bit_length() - 1


def by_definition(hashes: list[bytes]) -> bytes:
    if len(hashes) == 1:
        return hashes[0]
    cut = split(len(hashes))
    left, right = by_definition(hashes[:cut]), by_definition(hashes[cut:])
    return hashlib.sha256(b"\1" + left + right).digest()


def path_by_definition(hashes: list[bytes], index: int) -> list[bytes]:
    if len(hashes) == 1:
        return []
    cut = split(len(hashes))
    if index < cut:
        return [*path_by_definition(hashes[:cut], index), by_definition(hashes[cut:])]
    return [*path_by_definition(hashes[cut:], index - cut), by_definition(hashes[:cut])]


@given(HASHES)
def test_the_root_is_that_of_the_definition(hashes):
    assert root(hashes) == by_definition(hashes)


@given(HASHES, st.data())
def test_a_path_leads_to_the_root_from_its_own_leaf_alone(hashes, data):
    index = data.draw(st.integers(0, len(hashes) - 1))
    path = audit_path(hashes, index)
    assert path == path_by_definition(hashes, index)
    assert root_of_path(hashes[index], index, len(hashes), path) == root(hashes)
    assert root_of_path(bytes(32), index, len(hashes), path) != root(hashes) or (
        hashes[index] == bytes(32)
    )
    assert root_of_path(hashes[index], index, len(hashes), [*path, bytes(32)]) is None
    if path:
        assert root_of_path(hashes[index], index, len(hashes), path[:-1]) is None


def test_no_leaves_and_no_such_leaf():
    assert root([]) == NOTHING == hashlib.sha256(b"").digest()
    with pytest.raises(IndexError, match="leaf 2: there are 2"):
        audit_path([bytes(32), bytes(32)], 2)


PIECES = st.dictionaries(st.text(min_size=1, max_size=8), st.binary(min_size=32, max_size=32))
KEY = bytes(range(32))


@given(PIECES, st.data())
def test_any_change_of_a_piece_changes_the_root_and_their_order_does_not(named, data):
    pieces = [Piece(name, digest) for name, digest in named.items()]
    found = root_of(pieces, KEY)
    assert found == root_of(pieces[::-1], KEY)
    assert found.count == len(pieces)
    if pieces:
        changed = data.draw(st.integers(0, len(pieces) - 1))
        other = bytes([pieces[changed].sha256[0] ^ 1]) + pieces[changed].sha256[1:]
        altered = [*pieces]
        altered[changed] = Piece(pieces[changed].name, other)
        assert root_of(altered, KEY).digest != found.digest
        assert root_of([*pieces[:changed], *pieces[changed + 1 :]], KEY).digest != found.digest
        assert root_of(pieces, bytes(32)).digest != found.digest


def test_a_leaf_as_documented():
    import hmac

    piece = Piece("case/case.toml", hashlib.sha256(b"x").digest())
    content = b"case/case.toml\0" + hashlib.sha256(b"x").digest()
    own = hmac.new(KEY, content, "sha256").digest()
    assert salt(KEY, piece) == own
    assert len(own) == 32
    assert leaves([piece], KEY) == [hashlib.sha256(b"\0" + own + content).digest()]
    assert leaf(piece, own) == leaves([piece], KEY)[0]


def test_records_are_pieces_of_their_own_and_the_key_is_none():
    found = list(pieces_of({"a": bytes(32), "salt.key": bytes(32)}, [b"one\n", b"two"]))
    assert [piece.name for piece in found] == [
        "a", "case/evidence/index.ndjson#0", "case/evidence/index.ndjson#1",
    ]  # fmt: skip
    assert found[2].sha256 == hashlib.sha256(b"two").digest()


def test_a_key_that_is_too_short():
    with pytest.raises(ValueError, match="has 31 bytes, and not 32"):
        root_of([], bytes(31))

"""The layout of a package: a BagIt bag (RFC 8493), in the one form in which it is written here.

::

    DIR/
      bagit.txt, bag-info.txt
      manifest-sha256.txt, manifest-sha512.txt          every file below data/
      tagmanifest-sha256.txt, tagmanifest-sha512.txt    the files beside it, manifests among them
      tagmanifest-sha256.txt.tsr, and .sha256 of it     time stamp, if there is one
      tsa-root.pem                                      the certificate it leads to, if given
      data/                                             an RO-Crate: what is published

Files are sorted, hashes are in small letters, lines end in LF. What says the same in other bytes is
refused: then no byte of a package can be changed unseen. Every BagIt tool can read it.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from pathlib import PurePosixPath

ALGORITHMS = ("sha256", "sha512")
DATA = "data/"
BAGIT = "bagit.txt"
INFO = "bag-info.txt"
STAMPED = "tagmanifest-sha256.txt"
"""What is time-stamped: through it every byte of the package is fixed."""
TOKEN = f"{STAMPED}.tsr"
TOKEN_HASH = f"{TOKEN}.sha256"
ROOT_CERTIFICATE = "tsa-root.pem"
CRATE = "data/ro-crate-metadata.json"

DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"

TAG_MANIFESTS = tuple(f"tagmanifest-{name}.txt" for name in ALGORITHMS)
MANIFESTS = tuple(f"manifest-{name}.txt" for name in ALGORITHMS)
REQUIRED = (BAGIT, INFO, *MANIFESTS, *TAG_MANIFESTS)
UNLISTED = (*TAG_MANIFESTS, TOKEN, TOKEN_HASH)
"""Beside the tag manifests, what came after them."""
BESIDE = (*REQUIRED, TOKEN, TOKEN_HASH, ROOT_CERTIFICATE)
"""All that may stand beside ``data/``."""

PATH_AT_MOST = 200
DEEPEST = 8
STAMP_ENTRY = "Claqueur-Time-Stamp"
"""In ``bag-info.txt``: names the time stamp, so that it cannot be taken away unseen."""

_LINE = re.compile(r"([0-9a-f]+)  (.+)")
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$)(\..*)?", re.IGNORECASE)
_FORBIDDEN = frozenset('\\:*?"<>|%')


class LayoutError(ValueError):
    """Something in a package is not as it is written here; says what."""


def check_path(path: str) -> str:
    """The path of a file in a package, if it is one on every system.

    Raises
    ------
    LayoutError
        If it leads out of the folder, is absolute, names a device, or has letters that some
        system or BagIt itself reads differently.
    """
    parts = path.split("/")
    if not path or len(path) > PATH_AT_MOST or len(parts) > DEEPEST:
        raise LayoutError(f"{path[:PATH_AT_MOST]!r}: is too long, too deep or empty for a path")
    if any(part in ("", ".", "..") for part in parts):
        raise LayoutError(f"{path!r}: leads out of the package")
    if not path.isprintable() or _FORBIDDEN & set(path) or path.startswith("~"):
        raise LayoutError(f"{path!r}: has letters that no path in a package may have")
    if any(_DEVICES.fullmatch(part) or part[-1] in ". " or part[0] == " " for part in parts):
        raise LayoutError(f"{path!r}: is the name of a device, or begins or ends in blanks")
    if unicodedata.normalize("NFC", path) != path:
        raise LayoutError(f"{path!r}: is not in Unicode's composed form")
    return path


def check_distinct(paths: Collection[str]) -> None:
    """Refuse paths that are one file on systems that take small and capital letters for one.

    Raises
    ------
    LayoutError
        If two are, or one is a folder of another.
    """
    seen: dict[str, str] = {}
    for path in sorted(paths):
        for each in (path, *map(str, PurePosixPath(path).parents)):
            other = seen.setdefault(each.casefold(), each)
            if other != each:
                raise LayoutError(f"{each!r} and {other!r}: are one on some systems")
    files = {path.casefold() for path in paths}
    for path in paths:
        for parent in PurePosixPath(path).parents:
            if str(parent).casefold() in files:
                raise LayoutError(f"{str(parent)!r}: is a file and a folder")


def manifest(hashes: Mapping[str, str]) -> bytes:
    """Lines of hash, two blanks and path, sorted, as ``sha256sum`` writes and reads them."""
    return "".join(f"{hashes[path]}  {path}\n" for path in sorted(hashes)).encode()


def parse_manifest(content: bytes, algorithm: str) -> dict[str, str]:
    """Hash by path.

    Raises
    ------
    LayoutError
        If a line is none, a path is none that may be, or one is named twice.
    """
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise LayoutError("is no text in UTF-8") from None
    found: dict[str, str] = {}
    length = hashlib.new(algorithm).digest_size * 2
    for number, line in enumerate(text.removesuffix("\n").split("\n"), 1):
        match = _LINE.fullmatch(line)
        if match is None or len(match[1]) != length:
            raise LayoutError(f"line {number} is no {algorithm} hash and path")
        if match[2] in found:
            raise LayoutError(f"line {number} names {match[2]!r} a second time")
        found[check_path(match[2])] = match[1]
    if manifest(found) != content:
        raise LayoutError("is not written as it was: order, letters or ends of lines differ")
    return found


def info(entries: Mapping[str, str]) -> bytes:
    """The text of ``bag-info.txt``; values have no line ends."""
    lines = (f"{name}: {' '.join(value.split())}\n" for name, value in entries.items())
    return "".join(lines).encode()


def parse_info(content: bytes) -> dict[str, str]:
    """Its entries.

    Raises
    ------
    LayoutError
        If a line is no entry, or one comes twice.
    """
    found: dict[str, str] = {}
    try:
        lines = content.decode().removesuffix("\n").split("\n")
    except UnicodeDecodeError:
        raise LayoutError("is no text in UTF-8") from None
    for number, line in enumerate(lines, 1):
        name, colon, value = line.partition(": ")
        if not colon or name in found:
            raise LayoutError(f"line {number} is no entry, or one that is there already")
        found[name] = value
    return found


def oxum(sizes: Iterable[int]) -> str:
    """Bytes and number of the files below ``data/``, as BagIt writes them."""
    each = list(sizes)
    return f"{sum(each)}.{len(each)}"

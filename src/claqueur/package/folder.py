"""Looking into a folder that a stranger made: nothing is followed, opened or read unasked.

A package holds plain files only, few and not big. Links, pipes and devices are named and left
alone.
"""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from claqueur.package.layout import ALGORITHMS, DEEPEST, LayoutError, check_path

FILES_AT_MOST = 5_000
BYTES_AT_MOST = 2 << 30
READ_AT_MOST = 16 << 20
"""Of a file that is read whole, such as a manifest."""
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Inside:
    """What is in a folder: bytes by path, empty folders, and what may not be in a package."""

    sizes: dict[str, int]
    empty: list[str]
    faults: list[str]


def look(folder: Path) -> Inside:
    """List a folder without following or opening anything in it."""
    inside = Inside({}, [], [])
    _look(folder, "", 0, inside)
    if sum(inside.sizes.values()) > BYTES_AT_MOST:
        inside.faults.append(f"is larger than any package ({BYTES_AT_MOST >> 30} GB at most)")
    return inside


def _look(folder: Path, before: str, depth: int, inside: Inside) -> None:
    if depth > DEEPEST:
        inside.faults.append(f"{before!r}: lies deeper than anything in a package")
        return
    any_there = False
    with os.scandir(folder) as entries:
        for entry in entries:
            any_there = True
            if len(inside.sizes) >= FILES_AT_MOST or len(inside.faults) >= FILES_AT_MOST:
                inside.faults.append(f"has more files than any package ({FILES_AT_MOST:,} at most)")
                return
            _take(entry, f"{before}{entry.name}", depth, inside)
    if before and not any_there:
        inside.empty.append(before.rstrip("/"))


def _take(entry: os.DirEntry[str], path: str, depth: int, inside: Inside) -> None:
    try:
        check_path(path)
        kind = entry.stat(follow_symlinks=False)
    except LayoutError as error:
        inside.faults.append(str(error))
    except OSError as error:
        inside.faults.append(f"{path}: cannot be looked at ({error.strerror})")
    else:
        if stat.S_ISDIR(kind.st_mode):
            _look(Path(entry.path), f"{path}/", depth + 1, inside)
        elif stat.S_ISREG(kind.st_mode):
            inside.sizes[path] = kind.st_size
        else:
            inside.faults.append(f"{path}: is {_kind(kind.st_mode)}, and a package has none")


def _kind(mode: int) -> str:
    kinds = {stat.S_IFLNK: "a link", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
    return kinds.get(stat.S_IFMT(mode), "a device")


def hashes(folder: Path, path: str) -> dict[str, str]:
    """Every hash of a plain file, in one reading.

    Raises
    ------
    LayoutError
        If it cannot be read.
    """
    digests = {name: hashlib.new(name) for name in ALGORITHMS}
    try:
        with os.fdopen(_opened(folder, path), "rb") as file:
            while part := file.read(_CHUNK):
                for digest in digests.values():
                    digest.update(part)
    except OSError as error:
        raise LayoutError(f"{path}: cannot be read ({error.strerror})") from None
    return {name: digest.hexdigest() for name, digest in digests.items()}


def read(folder: Path, path: str) -> bytes:
    """A plain file that is not long.

    Raises
    ------
    LayoutError
        If it cannot be read, or is too long.
    """
    try:
        with os.fdopen(_opened(folder, path), "rb") as file:
            content = file.read(READ_AT_MOST + 1)
    except OSError as error:
        raise LayoutError(f"{path}: cannot be read ({error.strerror})") from None
    if len(content) > READ_AT_MOST:
        raise LayoutError(f"{path}: is too long ({READ_AT_MOST >> 20} MB at most)")
    return content


def _opened(folder: Path, path: str) -> int:
    # Should a link or a pipe have come in its place since: not followed, not waited for.
    number = os.open(folder / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise LayoutError(f"{path}: is no plain file any more")
    return number

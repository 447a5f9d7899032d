"""Sizes of memory as people write them, and how much of it this machine has."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from claqueur.errors import SettingError

UNITS = {
    "": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12,
    "KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40,
}  # fmt: skip
"""Bytes of each unit; the decimal ones are what disks and memory are sold by."""

LEAST = 10**6
"""Less cannot hold a single block worth the name."""

_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]i?B)\s*", re.IGNORECASE)
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
"""Where a container's limit is, in either version of control groups."""


def bytes_of(text: str, flag: str = "memory") -> int:
    """Bytes of ``8GB``, ``512MB``, ``4GiB``.

    Raises
    ------
    SettingError
        If there is no unit, or the size is below one megabyte.
    """
    match = _SIZE.fullmatch(text)
    if match is None or len(match[1]) > 15:
        raise SettingError(
            f"--{flag} {text}: a size needs a number and a unit, for example 8GB, 512MB or 4GiB"
        )
    size = int(float(match[1]) * UNITS[match[2].upper()])
    if size < LEAST:
        raise SettingError(f"--{flag} {text}: must be at least 1MB; try 512MB")
    return size


def machine_bytes() -> int:
    """Memory of this machine, or of the container Claqueur runs in."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min([whole, *_limits()])


def _limits() -> list[int]:
    found = []
    for path in map(Path, _LIMITS):
        try:
            text = path.read_text(encoding="ascii").strip()
        except OSError:
            continue
        # "max" where there is no limit.
        found += [int(text)] if text.isdecimal() else []
    return found


_BUDGET: ContextVar[int] = ContextVar("budget", default=0)


def budget() -> int:
    """Bytes that the data of blocks may take here: half of the machine's where nobody said."""
    return _BUDGET.get() or machine_bytes() // 2


@contextmanager
def budgeted(size: int) -> Iterator[None]:
    """Let the data of blocks take ``size`` bytes inside."""
    token = _BUDGET.set(size)
    try:
        yield
    finally:
        _BUDGET.reset(token)

"""Whether a package is what was published: every file, every hash, nothing more, nothing less.

Nothing is asked of anybody, and nothing in the package is trusted before it was looked at.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from claqueur.directive.stamp import can_verify, claimed, verify
from claqueur.errors import SettingError
from claqueur.package import layout
from claqueur.package.crate import crate_faults
from claqueur.package.evidence import (
    KEY,
    RECORDS,
    ROOT,
    lines_of,
    parse_key,
    parse_root,
    pieces_of,
    root_of,
)
from claqueur.package.folder import hashes, look, read
from claqueur.package.layout import DATA, LayoutError
from claqueur.package.seal import Sealed
from claqueur.progress import SILENT, Progress


@dataclass
class Checked:
    """What was found.

    Attributes
    ----------
    files, size
        How many, and their bytes.
    faults
        What was altered, is missing or too much, one sentence each.
    remarks
        What is worth knowing and no fault.
    digest
        SHA-256 of ``tagmanifest-sha256.txt``: it names this package and no other.
    root
        The salted root over the evidence.
    """

    files: int = 0
    size: int = 0
    faults: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    digest: str = ""
    root: bytes = b""

    @property
    def sound(self) -> bool:
        """Whether the package is what was published."""
        return not self.faults

    def wrong(self, error: LayoutError, where: str = "") -> None:
        """Write a fault down, once."""
        text = f"{where}: {error}" if where else str(error)
        if text not in self.faults:
            self.faults.append(text)


def is_package(folder: Path) -> bool:
    """Whether the folder may be a package."""
    places = [folder / name for name in layout.REQUIRED]
    return any(place.is_symlink() or place.exists() for place in places)


def check_package(
    folder: Path, *, roots: bytes | None = None, progress: Progress = SILENT
) -> Checked:
    """Recompute all of a package, offline.

    Parameters
    ----------
    roots
        Certificates (PEM) the time stamp has to lead to; the enclosed one when not given.
    """
    checked = Checked()
    inside = look(folder)
    checked.files, checked.size = len(inside.sizes), sum(inside.sizes.values())
    # Where something is there that no package has, nothing of it is opened.
    checked.faults += inside.faults
    if checked.faults:
        return checked
    checked.faults += [f"{path}: is an empty folder" for path in inside.empty]
    _listed(inside.sizes, checked)
    found = _hashes(folder, inside.sizes, checked, progress)
    for algorithm in layout.ALGORITHMS:
        _manifests(folder, algorithm, found, checked)
    _tags(folder, inside.sizes, checked)
    _contents(folder, inside.sizes, found, checked)
    _stamp(folder, inside.sizes, roots, checked)
    return checked


def _listed(sizes: Mapping[str, int], checked: Checked) -> None:
    """What has to stand beside ``data/``, and what may."""
    try:
        layout.check_distinct(sizes)
    except LayoutError as error:
        checked.wrong(error)
    needed = (*layout.REQUIRED, layout.CRATE, ROOT)
    checked.faults += [f"{path}: is missing" for path in needed if path not in sizes]
    beside = [path for path in sizes if not path.startswith(DATA)]
    checked.faults += [f"{path}: is extra" for path in beside if path not in layout.BESIDE]


Found = dict[str, dict[str, str]]
"""Hashes by algorithm by path."""


def _hashes(folder: Path, sizes: Mapping[str, int], checked: Checked, progress: Progress) -> Found:
    progress.stage("verifying the package", len(sizes))
    found: Found = {}
    for path in sorted(sizes):
        try:
            found[path] = hashes(folder, path)
        except LayoutError as error:
            checked.wrong(error)
        progress.advance()
    checked.digest = found.get(layout.STAMPED, {}).get("sha256", "")
    return found


def _manifests(folder: Path, algorithm: str, found: Found, checked: Checked) -> None:
    """Each file is listed once, as it is; the manifests themselves are listed beside ``data/``."""
    data = {path: each[algorithm] for path, each in found.items() if path.startswith(DATA)}
    beside = {
        path: each[algorithm]
        for path, each in found.items()
        if path in layout.BESIDE and path not in layout.UNLISTED
    }
    for name, there in (
        (f"manifest-{algorithm}.txt", data),
        (f"tagmanifest-{algorithm}.txt", beside),
    ):
        if name in found:
            _held(folder, name, algorithm, there, checked)


def _held(
    folder: Path, name: str, algorithm: str, there: Mapping[str, str], checked: Checked
) -> None:
    try:
        listed = layout.parse_manifest(read(folder, name), algorithm)
    except LayoutError as error:
        checked.wrong(error, name)
        return
    for path in sorted({*listed, *there}):
        if path not in there:
            checked.wrong(LayoutError(f"{path}: is missing"))
        elif path not in listed:
            checked.wrong(LayoutError(f"{path}: is extra: no manifest names it"))
        elif listed[path] != there[path]:
            checked.wrong(LayoutError(f"{path}: is not what was packed"))


def _tags(folder: Path, sizes: Mapping[str, int], checked: Checked) -> None:
    """The declaration and ``bag-info.txt``."""
    if layout.BAGIT in sizes and read(folder, layout.BAGIT) != layout.DECLARATION:
        checked.faults.append(f"{layout.BAGIT}: is not that of a package of Claqueur (BagIt 1.0)")
    if layout.INFO not in sizes:
        return
    try:
        entries = layout.parse_info(read(folder, layout.INFO))
    except LayoutError as error:
        checked.wrong(error, layout.INFO)
        return
    there = layout.oxum(size for path, size in sizes.items() if path.startswith(DATA))
    if entries.get("Payload-Oxum") != there:
        checked.faults.append(
            f"{layout.INFO}: says another number of files or bytes than there are"
        )
    if layout.STAMP_ENTRY in entries and layout.TOKEN not in sizes:
        checked.faults.append(f"{layout.TOKEN}: is missing: the time stamp was taken away")


def _contents(folder: Path, sizes: Mapping[str, int], found: Found, checked: Checked) -> None:
    """The crate names every file, and the root is one."""
    files = {
        path.removeprefix(DATA): (size, found[path]["sha256"])
        for path, size in sizes.items()
        if path.startswith(DATA) and path != layout.CRATE and path in found
    }
    try:
        if layout.CRATE in sizes:
            checked.faults += crate_faults(read(folder, layout.CRATE), files)
        if ROOT in sizes:
            checked.root = parse_root(read(folder, ROOT))
    except LayoutError as error:
        checked.wrong(error)


def _stamp(folder: Path, sizes: Mapping[str, int], roots: bytes | None, checked: Checked) -> None:
    if layout.TOKEN not in sizes or layout.STAMPED not in sizes:
        if layout.TOKEN_HASH in sizes:
            checked.faults.append(f"{layout.TOKEN}: is missing: the time stamp was taken away")
        checked.remarks.append(
            "there is no time stamp: that it was made on the day it says rests on the word of "
            "whoever published it"
        )
        return
    try:
        token, message = read(folder, layout.TOKEN), read(folder, layout.STAMPED)
        own = token_hash(token)
        if layout.TOKEN_HASH not in sizes or read(folder, layout.TOKEN_HASH) != own:
            checked.faults.append(f"{layout.TOKEN}: is not what was kept in {layout.TOKEN_HASH}")
        enclosed = layout.ROOT_CERTIFICATE in sizes
        own_root = read(folder, layout.ROOT_CERTIFICATE) if enclosed else None
        checked.remarks.append(_told(token, message, roots, own_root))
    except (LayoutError, SettingError) as error:
        checked.wrong(LayoutError(str(error)), layout.TOKEN)


def _told(token: bytes, message: bytes, roots: bytes | None, enclosed: bytes | None) -> str:
    """What the time stamp says, and how far it was verified."""
    if not can_verify():
        return (
            "the time stamp was not verified: install claqueur[timestamp], or use openssl "
            "(docs/package.md)"
        )
    if roots is None and enclosed is None:
        stamp = claimed(token, message)
        return (
            f"time stamp of this package by {stamp.by}, {stamp.time}; its signature was NOT "
            "verified: give the authority's root certificate with --tsa-root"
        )
    stamp = verify(token, message, roots or enclosed or b"")
    how = (
        "verified down to the certificate you gave"
        if roots
        else "verified down to the certificate in the package; to rely on it, give the "
        "authority's own with --tsa-root"
    )
    return f"time stamp by {stamp.by}: it existed on {stamp.time} at the latest; {how}"


def token_hash(token: bytes) -> bytes:
    """The line beside a time stamp, for ``sha256sum -c``."""
    return layout.manifest({layout.TOKEN: hashlib.sha256(token).hexdigest()})


def check_sealed(sealed: Sealed, root: bytes) -> list[str]:
    """Whether a supplement is the one a package's root is over; what is wrong, a sentence each."""
    try:
        key = parse_key(sealed.read(KEY))
    except LayoutError as error:
        return [f"supplement: {error}"]
    records = lines_of(sealed.folder / RECORDS) if RECORDS in sealed.hashes else ()
    if root_of(pieces_of(sealed.hashes, records), key).digest == root:
        return []
    return ["supplement: is another one: the root over its evidence is not that of the package"]

"""Working copies of directives' records in a case: ``directives/<name>.toml``, to be edited.

A working copy is the only file of a case that holds what is restricted; its owner alone may
read it, and nothing made from it may leave the folder but by way of
:func:`claqueur.directive.writing.shared_part`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from claqueur.atomic import whole_file
from claqueur.directive.hypothesis import Directive
from claqueur.directive.reading import parse_directive, read_directive
from claqueur.errors import CaseError, SettingError

_NAME = re.compile(r"[\w-]+")


class HasDirectives(Protocol):
    """What is needed of a case."""

    @property
    def folder(self) -> Path:
        """The case, for its log of custody."""

    @property
    def directives_folder(self) -> Path:
        """Where records are."""

    @property
    def zone(self) -> str:
        """Time zone of records that name none."""

    def imports(self) -> list[dict[str, Any]]:
        """What was imported, each with its ``time``."""


def check_name(name: str) -> str:
    """The name of a record, if files can be called so.

    Raises
    ------
    SettingError
        If it has anything but letters, digits, ``-`` and ``_``.
    """
    if not _NAME.fullmatch(name):
        raise SettingError(f"{name!r}: a directive's name has letters, digits, - and _ only")
    return name


def working_names(case: HasDirectives) -> list[str]:
    """Names of the working copies, sorted."""
    found = case.directives_folder.glob("*.toml")
    return sorted(path.stem for path in found if _NAME.fullmatch(path.stem))


def working_copy(case: HasDirectives, name: str) -> Path:
    """The working copy of that name.

    Raises
    ------
    CaseError
        If there is none.
    """
    path = case.directives_folder / f"{check_name(name)}.toml"
    if not path.is_file():
        known = (
            ", ".join(working_names(case)) or "none yet; write one with `claqueur directive new`"
        )
        raise CaseError(f"{path}: no such directive; there are: {known}")
    return path


def read_working(case: HasDirectives, name: str) -> Directive:
    """The record as it is in the working copy, in the case's zone if it names none."""
    return read_directive(working_copy(case, name), case.zone)


def add_working(case: HasDirectives, name: str, text: str) -> Path:
    """Put a new record into the case; one that is there already is left alone.

    Raises
    ------
    CaseError
        If the name is taken.
    """
    path = free_place(case, name)
    save_working(path, text)
    return path


def free_place(case: HasDirectives, name: str) -> Path:
    """Where a new record goes.

    Raises
    ------
    CaseError
        If the name is taken, be it by a registration alone.
    """
    path = case.directives_folder / f"{check_name(name)}.toml"
    for taken in (path, path.with_suffix(".registered.json")):
        if taken.exists():
            raise CaseError(f"{taken}: exists; edit {path.name}, or choose another --name")
    return path


def save_working(path: Path, text: str) -> None:
    """Write a working copy that only its owner may read."""
    with whole_file(path) as work:
        work.touch(mode=0o600)
        work.write_text(text, encoding="utf-8", newline="\n")


def copy_in(case: HasDirectives, source: Path, name: str) -> tuple[Path, Directive]:
    """Copy a record into the case, comments and all, with the hash of the file it names.

    Raises
    ------
    SettingError
        If the record cannot be used; then nothing is copied.
    """
    directive = read_directive(source, case.zone)
    text = source.read_text(encoding="utf-8-sig")
    named = directive.restricted.file
    scan = source.parent / named
    if named and not directive.restricted.sha256 and scan.is_file():
        text = with_restricted(text, {"sha256": sha256_of(scan)})
        directive = parse_directive(text, str(source), case.zone)
    return add_working(case, name, text), directive


def with_restricted(text: str, values: Mapping[str, str]) -> str:
    """The TOML with entries of ``[restricted]`` set, and everything else as it was."""
    # Loaded here: only who writes a record needs a TOML writer.
    import tomlkit

    document = tomlkit.parse(text)
    table: Any = document.setdefault("restricted", tomlkit.table())
    table.update(values)
    return tomlkit.dumps(document)


def sha256_of(path: Path) -> str:
    """The hash of a document as received.

    Raises
    ------
    SettingError
        If it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SettingError(f"{path}: cannot be read: {error.strerror}; check the path") from None

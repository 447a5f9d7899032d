"""Folders and files that appear whole or not at all.

Work happens under a temporary name beside the target and is renamed when it is done, so a
crash, a full disk or Ctrl-C leaves what was there before.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from claqueur.errors import CaseError, RunError


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """A folder to fill, which becomes ``target`` when the block ends well.

    Raises
    ------
    CaseError
        If ``target`` exists and is not an empty folder, or cannot be made.
    RunError
        If the disk is full; nothing is left behind.
    """
    check_free(target)
    # Through links: a link cannot be removed as an empty folder can.
    target = target.resolve()
    if target == Path.cwd():
        raise CaseError(f"{target}: is the folder you are in; name a new one, such as out")
    work = _work_folder(target)
    try:
        with disk_full_explained(target):
            yield work
            if target.exists():
                target.rmdir()
            work.rename(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)


@contextmanager
def replaced_folders(targets: Sequence[Path], note: Path) -> Iterator[list[Path]]:
    """Folders to fill, which take the places of ``targets`` when the block ends well: all or none.

    Parameters
    ----------
    note
        File that exists while folders are being exchanged, and says which.
    """
    recover(targets, note)
    works: list[Path] = []
    try:
        with disk_full_explained(note.parent):
            works.extend(map(_work_folder, targets))
            yield works
            _exchange(works, targets, note)
    except BaseException:
        recover(targets, note)
        raise
    finally:
        for work in works:
            shutil.rmtree(work, ignore_errors=True)
    for target in targets:
        shutil.rmtree(_former(target), ignore_errors=True)


def _exchange(works: Sequence[Path], targets: Sequence[Path], note: Path) -> None:
    with whole_file(note) as work:
        work.write_text(json.dumps({target.name: target.exists() for target in targets}))
    for target in targets:
        if target.exists():
            target.rename(_former(target))
    for filled, target in zip(works, targets, strict=True):
        filled.rename(target)
    # From here on the new ones count.
    note.unlink()


def recover(targets: Sequence[Path], note: Path) -> None:
    """Undo an exchange that was cut off before all folders were in their places."""
    there = json.loads(note.read_text()) if note.exists() else {}
    named = {target.name: target for target in targets}
    for target in ({name: note.with_name(name) for name in there} | named).values():
        former, new = _former(target), target.name in there
        if new and target.exists() and (former.exists() or not there[target.name]):
            shutil.rmtree(target)
        if former.exists() and target.exists():
            shutil.rmtree(former)
        elif former.exists():
            former.rename(target)
    note.unlink(missing_ok=True)


@contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """A path to write to, which becomes ``target`` when the block ends well."""
    work = target.with_name(f".{os.getpid()}.{target.name}")
    try:
        with disk_full_explained(target), _place_explained(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            yield work
            work.replace(target)
    finally:
        with suppress(OSError):
            work.unlink(missing_ok=True)


@contextmanager
def _place_explained(target: Path) -> Iterator[None]:
    """Turn a place where nothing can be written into an error that explains itself."""
    try:
        yield
    except (NotADirectoryError, IsADirectoryError, FileExistsError, PermissionError) as error:
        raise CaseError(
            f"{target}: cannot be written ({error.strerror}); choose another place"
        ) from None


def check_free(target: Path) -> None:
    """Refuse a target that holds something already.

    Raises
    ------
    CaseError
        If there is a file, or a folder that is not empty.
    """
    if target.is_mount():
        raise CaseError(f"{target}: is the root of a disk; name a new folder in it")
    try:
        if target.is_dir() and not any(target.iterdir()):
            return
    except OSError as error:
        raise CaseError(f"{target}: cannot be read ({error.strerror}); choose another") from None
    if target.exists() or target.is_symlink():
        what = "exists and is not empty" if target.is_dir() else "is a file"
        raise CaseError(
            f"{target}: {what}; choose another folder, or move this one away "
            "(earlier results are never overwritten)"
        )


@contextmanager
def disk_full_explained(target: Path) -> Iterator[None]:
    """Turn the ways in which libraries say "disk full" into one error that explains itself."""
    try:
        yield
    except Exception as error:
        if _means_full(error):
            raise RunError(
                f"{target}: the disk is full; nothing was written and earlier results are intact. "
                "Free some space or choose a folder on another disk"
            ) from error
        raise


def _means_full(error: BaseException) -> bool:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    return "No space left on device" in str(error)


def _work_folder(target: Path) -> Path:
    prefix, suffix = f".{target.name}.", ".tmp"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        for stale in target.parent.glob(f"{prefix}*{suffix}"):
            if not _alive(stale.name.removeprefix(prefix).removesuffix(suffix)):
                shutil.rmtree(stale, ignore_errors=True)
        work = target.parent / f"{prefix}{os.getpid()}{suffix}"
        work.mkdir()
    except OSError as error:
        if _means_full(error):
            raise RunError(f"{target}: the disk is full; choose a folder on another disk") from None
        raise CaseError(
            f"{target}: cannot be made ({error.strerror}); choose a folder you may write to"
        ) from None
    return work


def _alive(process: str) -> bool:
    if not process.isdigit() or int(process) == os.getpid():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _former(target: Path) -> Path:
    return target.with_name(f".{target.name}.former")

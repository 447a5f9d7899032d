"""The scratch folder of a long run: what is done stays done, also when the run is killed.

Every file appears whole under its name, with checksums in its pages; a marker says that a stage,
or one piece of it, is finished. Whoever starts again with the same inputs and settings goes on
from there; with others, from the beginning.
"""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from claqueur.atomic import disk_full_explained, whole_file
from claqueur.errors import CaseError, RunError

_PLAN = "plan.json"


class Scratch:
    """Tables and markers in a folder.

    Parameters
    ----------
    folder
        It must exist.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, name: str) -> Path:
        """Where a table is, or would be."""
        return self.folder / f"{name}.parquet"

    def write(self, name: str, frame: pl.DataFrame) -> None:
        """Write a table, whole or not at all."""
        with whole_file(self.path(name)) as work:
            pq.write_table(
                frame.to_arrow(), work, compression="lz4", use_dictionary=False,
                write_statistics=False, write_page_checksum=True,
            )  # fmt: skip

    def read(self, name: str, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """Read a table, or some of its columns.

        Raises
        ------
        RunError
            If it is damaged.
        """
        path = self.path(name)
        try:
            table = pq.read_table(
                path, columns=None if columns is None else list(columns),
                page_checksum_verification=True, partitioning=None,
            )  # fmt: skip
        except (pa.ArrowException, OSError) as error:
            raise RunError(
                f"{path}: is damaged ({str(error).splitlines()[0]}); remove the folder "
                f"{self.folder} and run again (nothing else is lost by that)"
            ) from None
        return pl.DataFrame(table)

    def columns(self, name: str) -> list[str]:
        """The columns of a table."""
        return list(pq.read_schema(self.path(name)).names)

    def done(self, stage: str) -> dict[str, Any] | None:
        """What was noted when a stage was finished; None if it is not."""
        path = self.folder / f"{stage}.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None

    def finish(self, stage: str, **facts: Any) -> dict[str, Any]:
        """Mark a stage as finished."""
        with whole_file(self.folder / f"{stage}.json") as work:
            work.write_text(json.dumps(facts, ensure_ascii=False), encoding="utf-8")
        return facts

    def once(self, stage: str, work: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
        """Do a stage unless it is done already; either way, what it noted."""
        known = self.done(stage)
        return self.finish(stage, **work()) if known is None else known

    def drop(self, name: str) -> None:
        """Remove a table, or a folder of tables."""
        shutil.rmtree(self.folder / name, ignore_errors=True)
        self.path(name).unlink(missing_ok=True)


@contextmanager
def scratch(folder: Path, plan: Mapping[str, Any]) -> Iterator[Scratch]:
    """The scratch of a run, to go on with where it is of the same plan; removed at the end.

    It stays where the run does not end well.

    Parameters
    ----------
    plan
        What the outcome depends on: inputs and settings.

    Raises
    ------
    CaseError
        If another run is using it.
    RunError
        If the disk is full.
    """
    text = json.dumps(plan, sort_keys=True, ensure_ascii=False)
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder), disk_full_explained(folder):
        noted = folder / _PLAN
        if not noted.exists() or noted.read_text(encoding="utf-8") != text:
            _clear(folder)
            with whole_file(noted) as work:
                work.write_text(text, encoding="utf-8")
        yield Scratch(folder)
    shutil.rmtree(folder, ignore_errors=True)


def _clear(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != _LOCK:
            path.unlink()


_LOCK = "lock"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (folder / _LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CaseError(
                f"{folder}: another run is at work on it; wait for it, or choose another --out"
            ) from None
        yield

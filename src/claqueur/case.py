"""The case folder: its settings, its events, its runs.

::

    case/
      case.toml    format, identity, settings; edited by hand if you like
      evidence/    answers of a platform as they were received (evidence_store.py)
      events/      the store, and imports.json: what came in and what was refused
      objects/     posts with their counts; no account is in them
      counters/    what counters of posts and pages showed
      directives/  records of directives, and what of them was registered
      runs/<run>/  one folder a run
      report/      what was rendered
      scratch/     blocks of a run on more events than memory holds, until it is finished
      room/        what the case room keeps (web/places.py)
      case.sqlite  who did what when, what was decided in review (custody.py)
"""

from __future__ import annotations

import json
import os
import shutil
import tomllib
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from claqueur import custody
from claqueur.atomic import check_free, new_folder, recover, replaced_folders
from claqueur.errors import CaseError, SettingError
from claqueur.model import FORMAT
from claqueur.settings import (
    Grouping,
    Reading,
    Scale,
    Targets,
    Wording,
    from_mapping,
    public_master,
)
from claqueur.store import Events

TABLES = ("events", "objects", "counters")
"""Folders of tables; they are exchanged together."""

_KNOWN = ("format", "id", "name", "read", "detect", "groups", "targets", "texts", "scale")


@dataclass(frozen=True)
class Case:
    """An open case.

    Attributes
    ----------
    settings
        The whole of ``case.toml``; tables ``read``, ``detect``, ``groups``, ``targets``,
        ``texts`` and ``scale`` hold settings.
    """

    folder: Path
    settings: dict[str, Any]

    @property
    def id(self) -> str:
        """Identity of the case, which names the key of its pseudonyms."""
        return str(self.settings["id"])

    @property
    def reading(self) -> Reading:
        """How files added to the case are read."""
        return from_mapping(Reading, self.settings.get("read", {}), "case.toml [read]")

    @property
    def grouping(self) -> Grouping:
        """How communities are found."""
        return from_mapping(Grouping, self.settings.get("groups", {}), "case.toml [groups]")

    @property
    def wording(self) -> Wording:
        """How what comments say is told."""
        return from_mapping(Wording, self.settings.get("texts", {}), "case.toml [texts]")

    @property
    def scale(self) -> Scale:
        """How much of the machine is used, and what runs the heavy work."""
        found = from_mapping(Scale, self.settings.get("scale", {}), "case.toml [scale]")
        if public_master(found.master) != found.master:
            raise SettingError(
                "case.toml [scale]: master has a user or a token in it, and a case is handed on; "
                "give it with --master instead"
            )
        return found

    @property
    def targets(self) -> Targets:
        """Declared targets of a directive, if any."""
        return from_mapping(Targets, self.settings.get("targets", {}), "case.toml [targets]")

    @property
    def zone(self) -> str:
        """Time zone named in ``case.toml``, else of the last import that had one, else empty."""
        zones = [self.reading.timezone, *(one.get("timezone") for one in self.imports()[::-1])]
        return next(filter(None, zones), "")

    @property
    def directives_folder(self) -> Path:
        """Where records of directives are."""
        return self.folder / "directives"

    @property
    def events_folder(self) -> Path:
        """Where the store is."""
        return self.folder / "events"

    def events(self) -> Events | None:
        """The events imported so far, or None."""
        self._recover()
        if not (self.events_folder / "events.parquet").exists():
            return None
        return Events.load(self.events_folder)

    def event_rows(self) -> int:
        """How many events were imported so far, without reading them."""
        self._recover()
        path = self.events_folder / "events.parquet"
        return pl.scan_parquet(path).select(pl.len()).collect().item() if path.exists() else 0

    def objects(self) -> pl.DataFrame | None:
        """Posts with their counts (``model.OBJECTS``), one row an object and reading, or None."""
        return self._table("objects")

    def counters(self) -> pl.DataFrame | None:
        """What counters showed (``model.COUNTERS``), or None."""
        return self._table("counters")

    def _table(self, name: str) -> pl.DataFrame | None:
        self._recover()
        path = self.folder / name / f"{name}.parquet"
        return pl.read_parquet(path) if path.exists() else None

    def table_hashes(self) -> dict[str, dict[str, str]]:
        """SHA-256 of the files of each table there is."""
        self._recover()
        found = {name: custody.hashes(self.folder / name) for name in TABLES}
        return {name: files for name, files in found.items() if files}

    def imports(self) -> list[dict[str, Any]]:
        """What was imported: files, hashes, rows kept, refused."""
        self._recover()
        path = self.events_folder / "imports.json"
        if not path.exists():
            return []
        found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        return found

    def replace_tables(
        self,
        imported: dict[str, Any],
        *,
        events: Events | None = None,
        objects: pl.DataFrame | None = None,
        counters: pl.DataFrame | None = None,
        history: list[dict[str, Any]] | None = None,
    ) -> None:
        """Store new tables and the record of the import together, or nothing.

        A table that is None stays as it is.

        Parameters
        ----------
        history
            Records of earlier imports that stay; all of them when not given.
        """
        imports = [*(self.imports() if history is None else history), imported]
        given = {"objects": objects, "counters": counters}
        tables = {name: table for name, table in given.items() if table is not None}
        folders = [self.events_folder, *(self.folder / name for name in tables)]
        with replaced_folders(folders, self._note) as works:
            if events is None:
                _link(self.events_folder, works[0])
            else:
                events.save(works[0])
            text = json.dumps(imports, indent=2, ensure_ascii=False)
            (works[0] / "imports.json").write_text(text + "\n", encoding="utf-8")
            for work, (name, table) in zip(works[1:], tables.items(), strict=True):
                table.write_parquet(work / f"{name}.parquet")
            self._write_down(imported, dict(zip(("events", *tables), works, strict=True)))

    def _write_down(self, imported: dict[str, Any], works: dict[str, Path]) -> None:
        """What is about to take its place: who brought what, and the hashes of the tables."""
        kind = custody.COLLECTED if "evidence" in imported else custody.IMPORTED
        custody.append(
            self.folder, kind, inputs=imported["inputs"], added_to=imported["added_to"],
            tables={name: custody.hashes(work) for name, work in works.items()},
        )  # fmt: skip

    @property
    def _note(self) -> Path:
        return self.folder / ".exchange.json"

    def _recover(self) -> None:
        recover([self.folder / name for name in TABLES], self._note)

    def runs(self) -> list[Path]:
        """Finished runs, oldest first."""
        folder = self.folder / "runs"
        return sorted(path for path in folder.glob("[!.]*") if (path / "run.json").exists())

    def latest_run(self) -> Path:
        """The newest run.

        Raises
        ------
        CaseError
            If there is none yet.
        """
        if not self.runs():
            raise CaseError(f"{self.folder}: has no run yet; make one with `claqueur run`")
        return self.runs()[-1]

    def next_run(self) -> Path:
        """A name for a new run: its time, so that names sort by age."""
        name = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        folder = self.folder / "runs"
        names = (name if i == 1 else f"{name}-{i:03}" for i in range(1, 1000))
        return next(folder / name for name in names if not (folder / name).exists())


def _link(old: Path, new: Path) -> None:
    """The files of a folder in another one too; they are replaced, never altered."""
    for path in old.glob("*.parquet"):
        try:
            os.link(path, new / path.name)
        except OSError:
            shutil.copyfile(path, new / path.name)


def create_case(folder: str | Path, name: str = "", **tables: dict[str, Any]) -> Case:
    """Make a new case folder.

    Parameters
    ----------
    tables
        Settings for the tables ``read``, ``detect``, ``groups``, ``targets``, ``texts``; only
        what differs from the defaults need be there.
    """
    # Loaded here: detection on plain files needs no TOML writer.
    import tomlkit

    folder = Path(folder)
    check_free(folder)
    document = tomlkit.document()
    document.add("format", tomlkit.item(FORMAT))
    document.add("id", tomlkit.item(uuid.uuid4().hex))
    document.add("name", tomlkit.item(name or folder.name))
    for table, values in tables.items():
        document.add(table, tomlkit.item(values))
    with new_folder(folder) as work:
        (work / "case.toml").write_text(tomlkit.dumps(document), encoding="utf-8")
        custody.append(work, custody.CREATED, case=str(document["id"]))
    return open_case(folder)


def case_of_run(folder: str | Path) -> tuple[Case, Path]:
    """A case and one of its runs.

    Parameters
    ----------
    folder
        The case, for its latest run, or ``CASE/runs/RUN``.

    Raises
    ------
    CaseError
        If it is neither, or there is no run.
    """
    folder = Path(folder)
    if is_case(folder):
        case = open_case(folder)
        return case, case.latest_run()
    place = folder.resolve()
    if place.parent.name == "runs" and is_case(place.parents[1]) and (place / "run.json").exists():
        return open_case(place.parents[1]), place
    raise CaseError(
        f"{folder}: is neither a case nor a run of one (CASE/runs/RUN); results outside a case "
        "have no log of custody, so bring the data into one with `claqueur new` and `claqueur add`"
    )


def is_case(folder: Path) -> bool:
    """Whether the folder is a case."""
    return (folder / "case.toml").is_file()


def open_case(folder: str | Path) -> Case:
    """Open a case folder.

    Raises
    ------
    CaseError
        If it is none, or one of a newer format.
    SettingError
        If ``case.toml`` has an unknown or wrong setting.
    """
    folder = Path(folder)
    path = folder / "case.toml"
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CaseError(
            f"{folder}: is no case (it has no case.toml); make one with `claqueur new {folder}`"
        ) from None
    except (OSError, UnicodeError) as error:
        raise CaseError(f"{path}: cannot be read ({error})") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingError(f"{path}: is not valid TOML: {error}") from None
    _check(path, settings)
    return Case(folder, settings)


def _check(path: Path, settings: dict[str, Any]) -> None:
    number = settings.get("format")
    if not isinstance(number, int) or number < 1:
        raise CaseError(f"{path}: has no `format = {FORMAT}`; is it a Claqueur case?")
    if number > FORMAT:
        raise CaseError(
            f"{path}: format {number} is of a newer Claqueur (this one reads up to {FORMAT}); "
            "upgrade Claqueur"
        )
    if unknown := sorted(set(settings) - set(_KNOWN)):
        raise SettingError(
            f"{path}: unknown setting {', '.join(unknown)}; known are {', '.join(_KNOWN)}"
        )
    for table in ("read", "detect", "groups", "targets", "texts", "scale"):
        if not isinstance(settings.get(table, {}), dict):
            raise SettingError(
                f"{path}: {table} must be a table: write [{table}] and settings below"
            )
    if not str(settings.get("id", "")).isalnum():
        raise CaseError(f"{path}: `id` is missing or was altered; restore it from a backup")

"""The cases of the folder that is served, and what the room keeps in each.

::

    case/room/
      uploads/<id>/   files that were dropped, not yet brought in
      jobs/<id>/      long work: what was asked, how far it is, how it ended (jobs.py)
      cache/<run>/    what is prepared of a run (browse/index.py)
      packages/       what was published from the room

Nothing in it is part of the case's custody, and all but the packages can be deleted.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path

from claqueur.browse.index import Index, index_of
from claqueur.case import Case, create_case, is_case, open_case
from claqueur.errors import CaseError, SettingError
from claqueur.sources.times import check_zone
from claqueur.web.problems import Conflict, NotFound

NAME = re.compile(r"[\w][\w.-]{0,63}")
_KEPT = 8


@dataclass
class Places:
    """The served folder: a case, or a folder of cases.

    Attributes
    ----------
    folder
        As it was named.
    """

    folder: Path
    _indexes: OrderedDict[tuple[str, str], Index] = field(default_factory=OrderedDict)
    _locks: dict[tuple[str, str], threading.Lock] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def single(self) -> bool:
        """Whether the folder is itself a case."""
        return is_case(self.folder)

    def names(self) -> list[str]:
        """Names of the cases, sorted."""
        if self.single:
            return [self.folder.resolve().name]
        if not self.folder.is_dir():
            return []
        return sorted(
            path.name
            for path in self.folder.iterdir()
            if NAME.fullmatch(path.name) and not path.is_symlink() and is_case(path)
        )

    def place(self, name: str) -> Path:
        """The folder of a case that is there.

        Raises
        ------
        NotFound
            If there is none of that name.
        """
        if name not in self.names():
            raise NotFound(f"case {name!r}: there is none; see the list of cases")
        return self.folder if self.single else self.folder / name

    def case(self, name: str | None) -> tuple[str, Case]:
        """A case by its name, or the only one.

        Raises
        ------
        NotFound
            If there is none, or there are several and none was named.
        """
        if name is None:
            names = self.names()
            if len(names) != 1:
                several = "there are several cases; name one" if names else "there is no case yet"
                raise NotFound(f"{several} (parameter `case`)")
            name = names[0]
        return name, open_case(self.place(name))

    def create(self, name: str, title: str, zone: str) -> Case:
        """Make a case.

        Raises
        ------
        Conflict
            If the served folder is a case itself, or the name is taken.
        SettingError
            If it cannot be called so.
        """
        if self.single:
            raise Conflict(f"{self.folder.name}: is itself a case; serve the folder above it")
        if not NAME.fullmatch(name):
            raise SettingError(f"case {name!r}: use up to 64 letters, digits, - _ or .")
        if (self.folder / name).exists():
            raise Conflict(f"case {name}: exists; choose another name")
        read = {"timezone": check_zone(zone)} if zone else {}
        return create_case(self.folder / name, title, **({"read": read} if read else {}))

    def run(self, case: Case, name: str | None) -> Path:
        """A finished run by its name, or the newest.

        Raises
        ------
        NotFound
            If there is none.
        """
        runs = {path.name: path for path in case.runs()}
        if not runs:
            raise NotFound(f"{case.folder.name}: has no run yet; start one")
        if name is None:
            return list(runs.values())[-1]
        if name not in runs:
            raise NotFound(f"run {name!r}: there is none; see the list of runs")
        return runs[name]

    def index(self, case: Case, run: Path) -> Index:
        """The index of a run, kept open while it is among the last that were asked for."""
        key = (case.id, str(run))
        with self._lock:
            own = self._locks.setdefault(key, threading.Lock())
        # Whoever asks for another run does not wait for this one.
        with own:
            found = self._indexes.get(key)
            if found is None:
                try:
                    found = index_of(case, run)
                except OSError as error:
                    raise CaseError(f"{run.name}: cannot be prepared ({error})") from None
        with self._lock:
            self._indexes[key] = found
            self._indexes.move_to_end(key)
            while len(self._indexes) > _KEPT:
                self._indexes.popitem(last=False)
        return found


def room(case: Case, *parts: str) -> Path:
    """A folder of the room in a case, made if need be; its owner's only."""
    folder = case.folder / "room"
    folder.mkdir(mode=0o700, exist_ok=True)
    place = folder.joinpath(*parts)
    place.mkdir(parents=True, exist_ok=True)
    return place

"""Running a publication again from its supplement, and holding the outcome against the package."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from claqueur.case import Case, open_case
from claqueur.errors import CaseError
from claqueur.package import Sealed, check_package, check_sealed, is_package, unsealed
from claqueur.package.evidence import ROOT
from claqueur.package.layout import CRATE, LayoutError
from claqueur.pipeline import run_case
from claqueur.progress import SILENT, Progress
from claqueur.releasing import public_files, release_of
from claqueur.results import DIRECTIVE, TABLES, Result
from claqueur.review import Finding
from claqueur.settings import CoAction, Grouping, Scale, Targets, Wording, from_mapping
from claqueur.supplement import CASE, PUBLICATION, RUN

_DATA = "data"
_NOT_MADE_OF_IT = (CRATE, ROOT)
"""What in a package is made of the package itself; and PDFs have the time of printing in them."""

_FORMAT = 1


@dataclass
class Reproduction:
    """How a second run compares with what was published.

    Attributes
    ----------
    public, restricted
        Whether each public file but PDFs, and each table of the run, came out the same.
    remarks
        What may explain a difference, such as other versions of libraries.
    """

    public: dict[str, bool] = field(default_factory=dict)
    restricted: dict[str, bool] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    @property
    def identical(self) -> bool:
        """Whether all came out the same."""
        return all(self.public.values()) and all(self.restricted.values())

    def lines(self) -> list[str]:
        """What to show."""
        lines = [f"{name}: DIFFERS" for name, same in self._all.items() if not same]
        lines += [f"note: {remark}" for remark in self.remarks]
        counted = (
            f"{sum(self.public.values())} of {len(self.public)} public files are identical byte by "
            f"byte, {sum(self.restricted.values())} of {len(self.restricted)} tables of the run "
            "row by row"
        )
        return [*lines, counted, "Reproduced" if self.identical else "NOT REPRODUCED"]

    @property
    def _all(self) -> dict[str, bool]:
        return {**self.public, **self.restricted}


def reproduce(
    package: str | Path,
    sealed: str | Path,
    key_file: str | Path,
    *,
    tone_model: str | Path = "",
    progress: Progress = SILENT,
) -> Reproduction:
    """Run a publication again from its supplement, and compare every public table byte by byte.

    Parameters
    ----------
    package
        The folder that was published.
    sealed, key_file
        Its supplement, and a secret key of somebody it was encrypted to. It is unpacked where
        temporary files go (``TMPDIR``), and removed again.
    tone_model
        Folder of the classifier of tone, where the run used one: it is in no supplement.

    Raises
    ------
    CaseError
        If the package is not what was published, or the supplement is that of another one.
    SettingError
        If the key does not fit.
    """
    package = Path(package)
    if not is_package(package):
        raise CaseError(f"{package}: is no package (it has no manifests); check the path")
    checked = check_package(package, progress=progress)
    if not checked.sound:
        raise CaseError(
            f"{package}: is not what was published ({checked.faults[0]}); `claqueur verify "
            f"{package}` says all of it"
        )
    progress.stage("opening the supplement")
    with unsealed(Path(sealed), Path(key_file)) as inside:
        if faults := check_sealed(inside, checked.root):
            raise CaseError(f"{sealed}: {faults[0]}")
        try:
            return _again(package, inside, str(tone_model), progress)
        except (LayoutError, pl.exceptions.PolarsError, KeyError, TypeError) as error:
            raise CaseError(f"{sealed}: cannot be run again ({error!r})") from None


def _again(package: Path, inside: Sealed, tone_model: str, progress: Progress) -> Reproduction:
    how = json.loads(inside.read(PUBLICATION))
    if how["format"] != _FORMAT:
        raise CaseError(f"{PUBLICATION}: is of another Claqueur (format {how['format']})")
    before = Result.load(inside.folder / RUN)
    settings, wording = how["settings"], Wording(tone_model)
    after = Result.load(_run(open_case(inside.folder / CASE), settings, wording, progress))
    found = Reproduction(remarks=_versions(before.run["versions"], after.run["versions"]))
    if settings.get("texts", {}).get("tone_model") and not tone_model:
        found.remarks.append(
            "a classifier of its own told the tone of comments, and it is not in the supplement; "
            "give it with --tone-model"
        )
    found.restricted = _tables(before, after)
    findings = [Finding(**each) for each in how["accepted"]]
    case = open_case(inside.folder / CASE)
    release, _, _ = release_of(case, after, findings, **how["release"], progress=progress)
    found.public = _files(package, public_files(release, how["languages"], progress))
    return found


def _run(case: Case, settings: Mapping[str, Any], wording: Wording, progress: Progress) -> Path:
    """A run as it was, whatever case.toml says now."""
    as_then = replace(case, settings={**case.settings, "read": settings["read"]})
    return run_case(
        as_then,
        from_mapping(CoAction, settings["detect"], PUBLICATION),
        from_mapping(Grouping, settings["groups"], PUBLICATION),
        progress,
        targets=from_mapping(Targets, settings["targets"], PUBLICATION),
        # Never the folder that the supplement names: it is on somebody else's computer.
        wording=wording,
        # Nor where it ran, or how much memory there was.
        scale=Scale(),
    )


def _tables(before: Result, after: Result) -> dict[str, bool]:
    names = [*TABLES, *sorted({*before.others, *after.others})]
    pairs = {name: (_table(before, name), _table(after, name)) for name in names}
    same = {
        name: one is not None and other is not None and one.equals(other)
        for name, (one, other) in pairs.items()
    }
    return {**same, DIRECTIVE: before.directive == after.directive}


def _table(result: Result, name: str) -> pl.DataFrame | None:
    return getattr(result, name) if name in TABLES else result.others.get(name)


def _files(package: Path, made: Mapping[str, bytes]) -> dict[str, bool]:
    folder = package / _DATA
    there = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file()
        and path.suffix != ".pdf"
        and path.relative_to(package).as_posix() not in _NOT_MADE_OF_IT
    }
    return {
        name: name in there and name in made and (folder / name).read_bytes() == made[name]
        for name in sorted({*there, *made})
    }


def _versions(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    return [
        f"{name} was {before.get(name, 'not there')}, and is {after.get(name, 'not there')}"
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    ]

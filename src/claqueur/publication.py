"""The path of a publication: reviewed, released, checked for leaks, written up, packed."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from claqueur import custody
from claqueur._version import __version__
from claqueur.case import Case, case_of_run
from claqueur.custody_check import newest_release
from claqueur.directive.stamp import check_certificates
from claqueur.errors import CaseError, SettingError
from claqueur.evidence_store import writing_stopped
from claqueur.package import About, Built, build, check_ready
from claqueur.package.evidence import parse_key
from claqueur.package.merkle import KEY_BYTES
from claqueur.progress import SILENT, Progress
from claqueur.publish.document import languages as known_languages
from claqueur.publish.document import pdf
from claqueur.publish.release import Leak, Populations, Release, ledger
from claqueur.releasing import public_files, release_of
from claqueur.results import Result
from claqueur.review import Finding, accepted
from claqueur.supplement import SALTS, supplement
from claqueur.verify import verify_case

SMALLEST_K = 10
"""Nothing is told of fewer accounts."""

_DESCRIPTION = (
    "Aggregates of groups of accounts that act in lockstep, reviewed before publication. No "
    "account, post or comment is in it. How to check it: docs/package.md of Claqueur."
)
_DESCRIBED = {
    "evidence-root.json": "Salted Merkle root over the evidence, which is restricted",
    "report.en.html": "The report, in English",
    "report.ru.html": "The report, in Russian",
    "methods.md": "How it was done, to be quoted",
    "CITATION.bib": "How to cite it",
    "release/release.json": "What is told, and what was withheld and why",
    "release/run.json": "How it was found, as far as that is public",
    "release/directive.json": "Answers on the items of registered directives",
    ".csv": "A table of the release",
    ".pdf": "The report, for printing",
}  # fmt: skip


@dataclass(frozen=True)
class Publication:
    """What was published: the package, the release in it, and how many findings it rests on."""

    built: Built
    release: Release
    accepted: int

    def lines(self) -> list[str]:
        """What to show: where it is, and how to check it."""
        built = self.built
        lines = [
            f"Package: {built.folder} ({built.files:,} files, {built.size / 1e6:.1f} MB, from "
            f"{self.accepted:,} accepted findings)",
            f"Its hash: {built.digest} (SHA-256 of tagmanifest-sha256.txt)",
        ]
        if built.stamp:
            lines.append(f"Time stamp: {built.stamp.by}, {built.stamp.time}")
        if built.sealed:
            lines.append(f"Restricted supplement, for those named only: {built.sealed}")
        return [*lines, f"next: claqueur verify {built.folder}"]


def publish_run(
    run: str | Path,
    to: str | Path,
    *,
    to_key: Sequence[str] = (),
    title: str = "",
    languages: Sequence[str] = (),
    k: int = SMALLEST_K,
    stamp_server: str = "",
    tsa_root: str | Path | None = None,
    user: str = "",
    progress: Progress = SILENT,
) -> Publication:
    """Write what may be published of a reviewed run as a package that others can check.

    Parameters
    ----------
    run
        A case, for its newest run, or ``CASE/runs/RUN``.
    to
        A new folder. The supplement goes beside it, as ``TO.sealed.age``.
    to_key
        Public keys (age) of those who get the restricted supplement.
    title
        Of the publication; the name of the case when not given.
    languages
        Of the report; all there are when not given.
    k
        Smallest number of accounts of which anything is told.
    stamp_server, tsa_root
        A time-stamping authority, and its root certificate (PEM).

    Raises
    ------
    CaseError
        If findings are not reviewed, the case was altered, or data came in after the run.
    ReleaseError
        If nothing may be published, or it would help to name somebody.
    SettingError
        If a setting cannot be used.
    RunError
        If the disk is full, or the server gives no time stamp.
    """
    to = Path(to)
    by = custody.acting_user(user)
    check_ready(to, to_key, stamp_server)
    certificate = _certificate(stamp_server, tsa_root)
    chosen = _languages(languages)
    case, place = case_of_run(run)
    with writing_stopped(case.folder / "evidence"):
        findings = accepted(case, place)
        _is_current(case, place)
        _is_sound(case, progress)
        result = Result.load(place)
        title = title or str(case.settings.get("name") or "") or "A case"
        release, leak, people = release_of(
            case, result, findings, title=title, k=k, progress=progress
        )
        how = _how(place, result, findings, chosen, title=title, k=k)
        book = _Book(case, place, by, list(to_key), result, people)
        with book.kept():
            built = build(
                to, _payload(release, chosen, progress), about=_about(title, result),
                recipients=to_key, stamp_server=stamp_server, tsa_root=certificate,
                sealed=supplement(case, place, how), key=salts(case),
                before=lambda built: book.enter(built, release, leak), progress=progress,
            )  # fmt: skip
    return Publication(built, release, len(findings))


@dataclass
class _Book:
    """What is written down of a publication before it is out, and taken back if it never is.

    A release that is out and in no ledger could be told apart from the next one.
    """

    case: Case
    run: Path
    user: str
    recipients: list[str]
    result: Result
    people: Populations
    entered: str = ""

    def enter(self, built: Built, release: Release, leak: Leak) -> None:
        """Remember the release and whom it is about, and who published it."""
        ledger.enter(self.case.folder, release, self.result, self.people, run=self.run.name)
        self.entered = built.digest
        custody.append(
            self.case.folder, custody.PUBLISHED, user=self.user, run=self.run.name,
            to=built.folder.name, package=built.digest, root=built.root.digest.hex(),
            pieces=built.root.count, recipients=self.recipients, leak=leak.record(),
            release=newest_release(self.case), stamp=asdict(built.stamp) if built.stamp else None,
        )  # fmt: skip

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Take back what was written down if the block fails."""
        try:
            yield
        except BaseException:
            if self.entered:
                ledger.forget_last(self.case.folder)
                custody.append(
                    self.case.folder, custody.WITHDRAWN, user=self.user, package=self.entered
                )
            raise


def _certificate(server: str, path: str | Path | None) -> bytes:
    if path is None:
        return b""
    if not server:
        raise SettingError("--tsa-root: goes with --stamp-server; add it, or leave this out")
    return check_certificates(Path(path))


def _languages(wanted: Sequence[str]) -> list[str]:
    known = known_languages()
    if unknown := sorted(set(wanted) - set(known)):
        raise SettingError(f"--language {', '.join(unknown)}: there are {', '.join(known)}")
    return list(dict.fromkeys(wanted)) or known


def _is_current(case: Case, run: Path) -> None:
    """Refuse a run that is not of what the case holds now: nobody could come to it again."""
    entries = custody.entries(case.folder)
    made = [each for each in entries if each.kind == custody.RAN and each.facts["run"] == run.name]
    if not made:
        raise CaseError(f"{run}: is not in the log of custody; run it again with `claqueur run`")
    registered = (custody.REGISTERED, custody.STAMPED)
    later = any(each.kind in registered and each.number > made[-1].number for each in entries)
    if later or made[-1].facts.get("tables") != case.table_hashes():
        what = "a directive was registered" if later else "the tables have changed"
        raise CaseError(
            f"{run}: {what} since; use `claqueur run` again and review that run, so that others "
            "can come to it from what the case holds"
        )


def _is_sound(case: Case, progress: Progress) -> None:
    found = verify_case(case, progress)
    if not found.sound:
        raise CaseError(
            f"{case.folder}: was altered ({found.faults[0]}); `claqueur verify {case.folder}` says "
            "all of it. Restore it from a backup"
        )


def _payload(release: Release, languages: Sequence[str], progress: Progress) -> dict[str, bytes]:
    """Everything public, with the reports as PDF too where there is a browser to print them."""
    files = public_files(release, languages, progress)
    for language in languages:
        progress.stage(f"printing the report ({language})")
        with tempfile.TemporaryDirectory(prefix="claqueur-") as scratch:
            target = Path(scratch) / "report.pdf"
            if pdf(files[f"report.{language}.html"].decode(), target, progress):
                files[f"report.{language}.pdf"] = target.read_bytes()
    return files


def _how(
    run: Path,
    result: Result,
    findings: Sequence[Finding],
    languages: Sequence[str],
    **chosen: Any,
) -> dict[str, Any]:
    """All that somebody needs to know to come to the same release again."""
    return {
        "format": 1,
        "claqueur": __version__,
        "run": run.name,
        "versions": result.run["versions"],
        "settings": result.run["settings"],
        "accepted": [asdict(finding) for finding in findings],
        "languages": list(languages),
        "release": chosen,
    }


def _about(title: str, result: Result) -> About:
    return About(
        title=title,
        description=_DESCRIPTION,
        date=datetime.now(UTC).date().isoformat(),
        software={**result.run["versions"], "claqueur": __version__},
        described=_DESCRIBED,
    )


def salts(case: Case) -> bytes:
    """The key of a case's salts, which is made when it is first needed.

    Raises
    ------
    CaseError
        If it cannot be read or written, or is none.
    """
    path = case.folder / SALTS
    try:
        if not path.exists():
            number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(number, "w", encoding="ascii") as file:
                file.write(f"{secrets.token_hex(KEY_BYTES)}\n")
        return parse_key(path.read_bytes())
    except (OSError, ValueError) as error:
        raise CaseError(
            f"{path}: the key of the salts cannot be used ({error}); restore it from a backup"
        ) from None

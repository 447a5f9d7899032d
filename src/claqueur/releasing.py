"""From a case to its release and what is written of it: the same when it is run again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from claqueur.case import Case
from claqueur.counts import posts_of
from claqueur.directive.register import registered
from claqueur.errors import ReleaseError
from claqueur.progress import SILENT, Progress
from claqueur.publish.document import citation, methods, render_document
from claqueur.publish.release import Leak, Populations, Release, checked_release, populations_of
from claqueur.publish.release.ledger import earlier
from claqueur.refusals import Refusals
from claqueur.results import Result
from claqueur.review import ACCEPTED, Finding, decisions

RELEASE = "release/"


def release_of(
    case: Case,
    result: Result,
    accepted: Sequence[Finding],
    *,
    title: str,
    k: int,
    progress: Progress = SILENT,
) -> tuple[Release, Leak, Populations]:
    """The release of what was accepted, checked against all earlier ones of the case.

    Raises
    ------
    ReleaseError
        If nothing may be published.
    """
    progress.stage("making the release")
    events = case.events()
    documents = [each.directive for each in registered(case)]
    people = populations_of(events, str(result.run["settings"]["zone"]), documents)
    if events is None:
        # Nobody is in such a case, so there is nobody whom a release could name.
        events = posts_of(case.objects(), Refusals())
    release, leak = checked_release(
        result, accepted, events, title=title, populations=people, k=k,
        earlier=earlier(case.folder), progress=progress,
    )  # fmt: skip
    return release, leak, people


def checked_for(
    case: Case, run: Path, *, title: str = "", k: int, progress: Progress = SILENT
) -> dict[str, Any]:
    """What publishing what was accepted so far would tell and give away, without publishing it.

    Returns
    -------
    dict
        ``allowed`` and ``reasons``, figures of the attack, what would be withheld, tables' rows.
    """
    found = [each.finding for each in decisions(case, run) if each.verdict == ACCEPTED]
    title = title or str(case.settings.get("name") or "") or "A case"
    try:
        release, leak, _ = release_of(
            case, Result.load(run), found, title=title, k=k, progress=progress
        )
    except ReleaseError as error:
        nothing = {"gain": 0.0, "upper": 0.0, "added": 0, "attacks": [], "withheld": []}
        return {"allowed": False, "reasons": [str(error)], **nothing, "tables": {}}
    return {
        **leak.record(),
        "withheld": release.facts["withheld"],
        "tables": {name: table.height for name, table in release.tables.items()},
    }


def public_files(
    release: Release, chosen: Sequence[str], progress: Progress = SILENT
) -> dict[str, bytes]:
    """Everything public, by path below ``data/``: made of the release, and of nothing else.

    Parameters
    ----------
    chosen
        Languages of the report.
    """
    files = {f"{RELEASE}{path}": content for path, content in release.files().items()}
    files["methods.md"] = methods(release).encode()
    files["CITATION.bib"] = citation(release).encode()
    for language in chosen:
        progress.stage(f"writing the report ({language})")
        files[f"report.{language}.html"] = render_document(release, language=language).encode()
    return files

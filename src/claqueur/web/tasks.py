"""What a job does, by its kind: a case, what was asked, somebody who is told how it goes."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from claqueur.browse.index import index_of
from claqueur.browse.network import network_of
from claqueur.case import open_case
from claqueur.errors import CaseError
from claqueur.pipeline import add, report_run, run_case
from claqueur.progress import Progress
from claqueur.publish.summary import summary_lines
from claqueur.results import Result
from claqueur.verify import verify_case
from claqueur.web.chosen import chosen, reading
from claqueur.web.places import room

Plain = dict[str, Any]


def _import(folder: Path, given: Plain, progress: Progress) -> Plain:
    case = open_case(folder)
    places = [room(case, "uploads") / each for each in given["uploads"]]
    if gone := [place.name for place in places if not (place / "upload.json").is_file()]:
        raise CaseError(f"upload {', '.join(gone)}: was thrown away meanwhile; drop the file again")
    files = [file for place in places for file in sorted((place / "file").iterdir())]
    record = add(case, files, reading(case, given["reading"]), progress)
    last = case.imports()[-1]
    for place in places:
        shutil.rmtree(place, ignore_errors=True)
    return {
        "delivered": record.delivered, "added": last["added"], "added_to": last["added_to"],
        "refused": last["refused"], "noted": last["noted"],
    }  # fmt: skip


def _run(folder: Path, given: Plain, progress: Progress) -> Plain:
    case = open_case(folder)
    detect, groups, targets, texts = chosen(case, given["settings"])
    run = run_case(case, detect, groups, progress, targets=targets, wording=texts)
    progress.stage("preparing what is looked at")
    network_of(index_of(case, run))
    return {"run": run.name, "lines": summary_lines(Result.load(run))}


def _report(folder: Path, given: Plain, progress: Progress) -> Plain:
    progress.stage("writing the report")
    name = given["run"]
    report_run(folder / "runs" / name, folder / "report" / f"{name}.html")
    return {"file": f"/api/reports/{name}.html"}


def _verify(folder: Path, given: Plain, progress: Progress) -> Plain:
    found = verify_case(open_case(folder), progress)
    return {
        "sound": found.sound, "faults": found.lines(), "remarks": found.remarks,
        "records": found.records, "custody": found.custody, "custody_head": found.custody_head,
    }  # fmt: skip


def _check(folder: Path, given: Plain, progress: Progress) -> Plain:
    # Loaded here, as below: most jobs need nothing of what publishing does.
    from claqueur.releasing import checked_for

    run = folder / "runs" / given["run"]
    return checked_for(open_case(folder), run, title=given["title"], k=given["k"],
                       progress=progress)  # fmt: skip


def _publish(folder: Path, given: Plain, progress: Progress) -> Plain:
    from claqueur.publication import publish_run

    case = open_case(folder)
    name = datetime.now(UTC).strftime("package-%Y%m%d-%H%M%S")
    target = room(case, "packages") / name
    publish_run(
        folder / "runs" / given["run"], target, to_key=given["to_keys"], title=given["title"],
        languages=given["languages"], k=given["k"], progress=progress,
    )  # fmt: skip
    return {"package": name}


TASKS: dict[str, Callable[[Path, Plain, Progress], Plain]] = {
    "import": _import, "run": _run, "report": _report, "verify": _verify, "check": _check,
    "publish": _publish,
}  # fmt: skip
"""Tasks by the kind of their job."""

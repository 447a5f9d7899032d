"""What of a case goes into the restricted supplement: what it takes to check it and run it again.

::

    case/            case.toml, tables, evidence as received, registered directives, and
                     earlier releases with those they are about
    run/             the tables of the published run, accounts among them
    publication.json what was published of it, and with which settings
    custody.ndjson   the log of custody up to then
    salt.key         key of the salts of the root (package/evidence.py)

Left out are: the key of the pseudonyms, which nobody needs to run it again; what ``[restricted]``
in a directive's record says of the leaked document, and records that are not registered; other
runs, and reports.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from claqueur import custody
from claqueur.case import TABLES, Case
from claqueur.directive.register import registered
from claqueur.directive.working import working_names
from claqueur.directive.writing import dump_directive
from claqueur.package.seal import Source
from claqueur.publish.release.ledger import FOLDER

CASE, RUN = "case/", "run/"
PUBLICATION = "publication.json"
CUSTODY = "custody.ndjson"
SALTS = "evidence.salt"
"""In a case: the key of the salts, the same for all its packages."""

_NOT_TESTED = b"# This record is not the one that was registered, and is not handed on.\n"


def supplement(case: Case, run: Path, publication: Mapping[str, Any]) -> dict[str, Source]:
    """Files of the supplement by name.

    Parameters
    ----------
    publication
        What was published and how, as plain values.
    """
    text = json.dumps(publication, indent=2, ensure_ascii=False) + "\n"
    return {
        f"{CASE}case.toml": case.folder / "case.toml",
        **dict(_tables(case)),
        **dict(_evidence(case)),
        **dict(_directives(case)),
        **dict(_releases(case)),
        **{f"{RUN}{path.name}": path for path in sorted(run.iterdir()) if path.is_file()},
        CUSTODY: custody.export(custody.entries(case.folder)),
        PUBLICATION: text.encode(),
    }


def _tables(case: Case) -> Iterator[tuple[str, Source]]:
    for name in TABLES:
        for path in sorted((case.folder / name).glob("*")):
            yield f"{CASE}{name}/{path.name}", path


def _evidence(case: Case) -> Iterator[tuple[str, Source]]:
    folder = case.folder / "evidence"
    index = folder / "index.ndjson"
    if index.exists():
        yield f"{CASE}evidence/index.ndjson", index
        for path in sorted((folder / "packs").glob("*.zst")):
            yield f"{CASE}evidence/packs/{path.name}", path


def _releases(case: Case) -> Iterator[tuple[str, Source]]:
    for path in sorted((case.folder / FOLDER).glob("[0-9]*/**/*")):
        if path.is_file():
            yield f"{CASE}{path.relative_to(case.folder).as_posix()}", path


def _directives(case: Case) -> Iterator[tuple[str, Source]]:
    """What was registered, and in place of working copies what is not restricted of them."""
    folder, known = f"{CASE}directives/", registered(case)
    for each in known:
        for path in sorted(case.directives_folder.glob(f"{each.name}.*")):
            if path.suffix != ".toml":
                yield f"{folder}{path.name}", path
        if each.registration.working != "gone":
            same = each.registration.working == "same"
            text = dump_directive(each.directive).encode() if same else _NOT_TESTED
            yield f"{folder}{each.name}.toml", text
    for name in sorted(set(working_names(case)) - {each.name for each in known}):
        yield f"{folder}{name}.toml", _NOT_TESTED

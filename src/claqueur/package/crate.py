"""What a package holds and how it came about, in words machines read: RO-Crate 1.2 (JSON-LD).

Written as plain JSON: the library for it (rocrate) brings an HTTP client and template engine along
for what are two pages of text, and files are named here that it need not copy. Tests read
the result with that library.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from claqueur.package.layout import CRATE, DATA

VERSION = "https://w3id.org/ro/crate/1.2"
_NAME = CRATE.removeprefix(DATA)

_MEDIA = {
    "bib": "application/x-bibtex", "csv": "text/csv", "html": "text/html",
    "json": "application/json", "md": "text/markdown", "pdf": "application/pdf",
    "svg": "image/svg+xml", "txt": "text/plain",
}  # fmt: skip


@dataclass(frozen=True)
class About:
    """What is said of a package as a whole.

    Attributes
    ----------
    date
        Day of publication, ``2019-03-20``.
    licence
        Under which others may use it: an address, or a sentence.
    software
        Version by name of the program.
    described
        A sentence by path (below ``data/``) of a file, or the ending of paths such as ``.csv``.
    """

    title: str
    description: str
    date: str
    licence: str = "No licence is stated; ask the publisher."
    software: Mapping[str, str] = field(default_factory=dict)
    described: Mapping[str, str] = field(default_factory=dict)


def crate(about: About, files: Mapping[str, tuple[int, str]]) -> bytes:
    """``ro-crate-metadata.json``.

    Parameters
    ----------
    files
        Size and SHA-256 by path below ``data/``.
    """
    programs = [_program(name, version) for name, version in sorted(about.software.items())]
    graph = [
        {
            "@id": _NAME,
            "@type": "CreativeWork",
            "conformsTo": {"@id": VERSION},
            "about": {"@id": "./"},
        },
        {
            "@id": "./",
            "@type": "Dataset",
            "name": about.title,
            "description": about.description,
            "datePublished": about.date,
            "license": about.licence,
            "hasPart": [{"@id": path} for path in sorted(files)],
            "mentions": {"@id": "#publication"},
        },
        {
            "@id": "#publication",
            "@type": "CreateAction",
            "name": "Publication of aggregates of a reviewed run, after a check for leaks",
            "endTime": about.date,
            "instrument": [{"@id": program["@id"]} for program in programs],
            "result": [{"@id": path} for path in sorted(files)],
        },
        *(_file(path, *files[path], about) for path in sorted(files)),
        *programs,
    ]
    whole = {"@context": f"{VERSION}/context", "@graph": graph}
    return (json.dumps(whole, indent=2, ensure_ascii=False) + "\n").encode()


def _program(name: str, version: str) -> dict[str, Any]:
    return {
        "@id": f"#software-{name}",
        "@type": "SoftwareApplication",
        "name": name,
        "softwareVersion": version,
    }


def _file(path: str, size: int, sha256: str, about: About) -> dict[str, Any]:
    ending = path.rpartition(".")[2]
    said = about.described.get(path) or about.described.get(f".{ending}") or path
    return {
        "@id": path,
        "@type": "File",
        "name": path,
        "description": said,
        "encodingFormat": _MEDIA.get(ending, "application/octet-stream"),
        "contentSize": str(size),
        "sha256": sha256,
    }


def crate_faults(content: bytes, files: Mapping[str, tuple[int, str]]) -> list[str]:
    """What in the crate does not fit the files that are there, a sentence each.

    Parameters
    ----------
    files
        Size and SHA-256 by path below ``data/``, without the crate itself.
    """
    try:
        graph = {entity["@id"]: entity for entity in json.loads(content)["@graph"]}
        parts = {str(part["@id"]) for part in graph["./"]["hasPart"]}
    except (ValueError, KeyError, TypeError, RecursionError):
        return [f"{CRATE}: is no RO-Crate"]
    wrong = [f"{CRATE}: {path} is not in it" for path in sorted(set(files) - parts)]
    wrong += [f"{CRATE}: {path} is not there" for path in sorted(parts - set(files))]
    for path in sorted(set(files) & parts):
        entity = graph.get(path)
        said = entity if isinstance(entity, dict) else {}
        if (said.get("contentSize"), said.get("sha256")) != (str(files[path][0]), files[path][1]):
            wrong.append(f"{CRATE}: size or hash of {path} is another")
    return wrong

"""JSON documents in a file: one a line, several in an array, or one laid out for reading."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from claqueur.errors import SourceError
from claqueur.refusals import Refusals
from claqueur.tables import TableFile

MOST_BYTES = 256 << 20
"""A document is held whole, and takes up to ten times its size; lines are read one by one."""

_BROKEN = "line that is no JSON object"


def documents(table: TableFile, refusals: Refusals) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (number from 1, object), whatever way the file holds them.

    Broken lines, and what is no object, are counted in ``refusals``.

    Raises
    ------
    SourceError
        If a file that is one document is broken, or too large to be held.
    """
    found = _of_lines(table) if table.kind == "ndjson" else _of_whole(table)
    for number, document in found:
        if isinstance(document, dict):
            yield number, document
        else:
            refusals.add(_BROKEN, 1, [f"{table.path.name} row {number}"])


def _of_lines(table: TableFile) -> Iterator[tuple[int, Any]]:
    with table.data.open("rb") as file:
        lines = (line.removeprefix(b"\xef\xbb\xbf") for line in file)
        for number, line in enumerate((line for line in lines if line.strip()), 1):
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError):
                yield number, None


def _of_whole(table: TableFile) -> Iterator[tuple[int, Any]]:
    size = table.data.stat().st_size
    if size > MOST_BYTES:
        raise SourceError(
            f"{table.path}: is one JSON document of {size >> 20:,} MiB, more than "
            f"{MOST_BYTES >> 20} MiB; give one object a line (NDJSON), for example with: "
            f"jq -c '.[]' {table.path.name}"
        )
    try:
        text = table.data.read_text(encoding="utf-8-sig")
        found = [each for one in _concatenated(text) for each in _elements(one)]
    except UnicodeDecodeError:
        raise SourceError(
            f"{table.path}: is not UTF-8 throughout; name its --encoding, or save it again"
        ) from None
    except json.JSONDecodeError as error:
        raise SourceError(
            f"{table.path}: is no whole JSON (line {error.lineno}: {error.msg}); it may have been "
            "cut short: save or fetch it again"
        ) from None
    except (ValueError, RecursionError):
        raise SourceError(f"{table.path}: is no JSON that can be read; save it again") from None
    yield from enumerate(found, 1)


def _concatenated(text: str) -> Iterator[Any]:
    """Documents one after another, as jq writes them."""
    decoder = json.JSONDecoder()
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        document, at = decoder.raw_decode(text, at)
        yield document


def _elements(document: Any) -> list[Any]:
    return document if isinstance(document, list) else [document]

"""What a file seems to be, before anything of it is brought in.

Cells are shown so that columns can be told apart, and nobody in them: accounts as pseudonyms, and
figures of columns that nobody has named yet masked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pyarrow as pa

from claqueur.compliance import first_rows, refuse_roster
from claqueur.errors import InputError
from claqueur.model import COUNTERS, EVENTS, LIST_FACTS, OBJECTS
from claqueur.publish.privacy import Pseudonyms
from claqueur.settings import Reading
from claqueur.sources import Gathering, recognise, sources
from claqueur.sources.columns import OBVIOUS
from claqueur.sources.times import check_zone
from claqueur.tables import TableFile, open_table
from claqueur.texts.wording import unnamed

ROWS = 20
BEGINNING_BYTES = 4 << 20
_PACKED = {".gz": "gzip", ".zst": "zstd"}
NEEDED = {
    "events": ("account_id", "object_id"),
    "objects": ("object_id",),
    "counters": ("counter", "time", "value"),
}
"""Columns without which a table of a kind cannot be read."""

HELP = {
    "account_id": "who acted", "object_id": "the post acted on",
    "action": "like, comment, repost, follow …", "timestamp": "when, exactly",
    "time_min": "when at the earliest", "time_max": "when at the latest",
    "owner_id": "the page of the post", "content_id": "id of the comment itself",
    "text": "what was written", "source": "where the row is from",
    "rank": "place in a list of likers",
    "poll_time": "when the list was read", "list_count": "how many the platform said there are",
    "created": "when it was published", "like_count": "likes", "comment_count": "comments",
    "repost_count": "reposts", "view_count": "views", "collected": "when the counts were read",
    "counter": "which counter", "time": "when it was read", "value": "what it showed",
}  # fmt: skip
_DIGITS = re.compile(r"\d")
_AS_IT_IS = {*EVENTS.names(), *LIST_FACTS.names(), *OBJECTS.names(), *COUNTERS.names(), "timestamp"}
_AS_IT_IS -= {"account_id", "content_id", "source", "object_id", "owner_id"}
_PERSONAL = re.compile(r"(?<![-\d])\d{5,}")
"""Numbers that may be an account's; pages have a minus before theirs."""


@dataclass
class Preview:
    """What is known of a file.

    Attributes
    ----------
    certainty
        How surely it is of its format: 0, 1, 2.
    mapping
        Our column names to the file's.
    rows
        The first rows, as they may be shown; ``masked`` names columns that are not shown as is.
    trouble
        Why it would be refused; empty where it would not be.
    """

    kind: str = ""
    format: str = ""
    holds: str = "events"
    certainty: int = 0
    formats: list[tuple[str, str, int]] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    mapping: dict[str, str] = field(default_factory=dict)
    rows: list[list[str | None]] = field(default_factory=list)
    masked: list[str] = field(default_factory=list)
    trouble: str = ""


def preview(path: Path, reading: Reading, scratch: Path, names: Pseudonyms) -> Preview:
    """Look at a file as it would be read.

    Parameters
    ----------
    scratch
        Folder for a plain copy of a packed file.
    names
        What accounts are called.
    """
    path = _beginning(path, scratch)
    found = Preview(formats=[(each.name, each.help, 0) for each in sources().values()])
    try:
        table = open_table(path, scratch, reading.encoding)
        found.kind, found.columns = table.kind, list(table.columns)
        found.formats = [
            (each.name, each.help, each.certainty(table)) for each in sources().values()
        ]
        _mapped(found, table, reading)
    except InputError as error:
        found.trouble = str(error).replace(str(path), path.name)
    if found.columns:
        _shown(found, table, names)
    if not found.rows and not found.trouble:
        found.trouble = f"{path.name}: no row of it can be read; it needs at least one"
    return found


def _beginning(path: Path, scratch: Path) -> Path:
    """The file, or the first lines of a packed one, however much it would unpack to."""
    packing = _PACKED.get(path.suffix.lower())
    if packing is None:
        return path
    target = scratch / "beginning" / path.stem
    target.parent.mkdir()
    try:
        with pa.CompressedInputStream(pa.OSFile(str(path)), packing) as source:
            piece: bytes = source.read(BEGINNING_BYTES)
    except OSError:
        return path  # what is wrong with it is said where it is opened
    whole = piece if len(piece) < BEGINNING_BYTES else piece[: piece.rfind(b"\n") + 1]
    target.write_bytes(whole or piece)
    return target


def _mapped(found: Preview, table: TableFile, reading: Reading) -> None:
    if reading.timezone:
        check_zone(reading.timezone)
    source = recognise(table, reading)
    found.format, found.certainty = source.name, source.certainty(table)
    found.holds = "several" if isinstance(source, Gathering) else source.holds
    try:
        found.mapping = dict(source.columns(table, reading))
    except InputError:
        found.mapping = _as_far(table, reading)
        refuse_roster(table, found.mapping)
        raise
    refuse_roster(table, {} if isinstance(source, Gathering) else found.mapping)


def _as_far(table: TableFile, reading: Reading) -> dict[str, str]:
    """What is obvious, where that is not enough."""
    theirs = {column.lower().strip(): column for column in reversed(table.columns)}
    obvious = {
        ours: theirs[name]
        for ours, known in OBVIOUS.items()
        for name in reversed(known)
        if name in theirs
    }
    named = {o: t for o, t in reading.column_map.items() if t in table.columns}
    return {**obvious, **named}


def ours(holds: str) -> list[tuple[str, bool, str]]:
    """Columns that a kind of table may have: name, whether it is needed, what it is."""
    known = {
        "objects": OBJECTS.names(),
        "counters": COUNTERS.names(),
    }.get(holds, [*(n for n in EVENTS.names()), "timestamp", *LIST_FACTS.names()])
    needed = NEEDED.get(holds, ())
    return [(name, name in needed, HELP.get(name, "")) for name in known]


def _shown(found: Preview, table: TableFile, names: Pseudonyms) -> None:
    head = first_rows(table).head(ROWS)
    of = {theirs: ours_ for ours_, theirs in found.mapping.items()}
    cells: list[list[str | None]] = []
    for column in found.columns:
        values = head[column] if column in head.columns else pl.Series([None] * head.height)
        own, masked = _cells(values, column, of, names)
        cells.append(own)
        if masked:
            found.masked.append(column)
    found.rows = [list(row) for row in zip(*cells, strict=True)]


def _cells(
    values: pl.Series, column: str, of: Mapping[str, str], names: Pseudonyms
) -> tuple[list[str | None], bool]:
    meant = of.get(column, "")
    looks_like_account = not meant and column.lower().strip() in OBVIOUS["account_id"]
    texts = [None if each is None else str(each) for each in values]
    if meant == "account_id" or looks_like_account:
        return [each and names.of(each) for each in texts], True
    if meant == "text":
        return [each and unnamed(each)[:300] for each in texts], False
    if meant in _AS_IT_IS:
        return [each and each[:300] for each in texts], False
    mask = _PERSONAL if meant in ("object_id", "owner_id") else _DIGITS
    hidden = [each and mask.sub(lambda found: "•" * len(found[0]), each)[:300] for each in texts]
    return hidden, hidden != texts

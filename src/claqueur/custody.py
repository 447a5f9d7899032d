"""Custody: who did what with a case, and when, in a log that is only ever appended to.

::

    case.sqlite
      custody (n, line)     one record a row; each line is JSON and holds the hash of the one
                            before and its own, as those of evidence/index.ndjson do

What is in it is restricted, like the case: it names users, files and what was decided. A record is
on the disk when :func:`append` returns. Whoever holds the whole case could forge a whole new
chain; only a hash that was given away before, such as the one in a sealed supplement, shows that.
"""

from __future__ import annotations

import getpass
import hashlib
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from claqueur.errors import CaseError, RunError, SettingError
from claqueur.evidence_store import FIRST, Entry, chained_line, read_line

FILE = "case.sqlite"
"""The database of a case; it holds this log and nothing else."""

CREATED, IMPORTED, COLLECTED, RAN = "created", "imported", "collected", "ran"
REGISTERED, STAMPED = "registered", "stamped"
REVIEWED, UNDONE, PUBLISHED, WITHDRAWN = "reviewed", "undone", "published", "withdrawn"
SAMPLED, JUDGED, CHECKED, SHOWN = "sampled", "judged", "checked", "shown"
"""Kinds of records."""

NAME_AT_MOST = 200
_WAIT_S = 60
_HASH_LENGTH = 64

_REFUSED = "BEGIN SELECT RAISE(ABORT, 'the log of custody is only ever appended to'); END"
_TABLE = (
    "CREATE TABLE IF NOT EXISTS custody (n INTEGER PRIMARY KEY, line TEXT NOT NULL)",
    f"CREATE TRIGGER IF NOT EXISTS custody_stays BEFORE UPDATE ON custody {_REFUSED}",
    f"CREATE TRIGGER IF NOT EXISTS custody_is_kept BEFORE DELETE ON custody {_REFUSED}",
)


def acting_user(given: str = "") -> str:
    """Who acts: as given, else ``CLAQUEUR_USER``, else the name this computer knows.

    Raises
    ------
    SettingError
        If the name is empty, too long or has control characters.
    """
    name = (given or os.environ.get("CLAQUEUR_USER") or _login()).strip()
    if not name or len(name) > NAME_AT_MOST or not name.isprintable():
        raise SettingError(
            f"--user {name!r}: give a name of at most {NAME_AT_MOST} letters, or set CLAQUEUR_USER"
        )
    return name


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def append(folder: Path, kind: str, *, user: str = "", **facts: Any) -> Entry:
    """Write down that something was done; it is on the disk when this returns.

    Parameters
    ----------
    folder
        The case.
    user
        Who did it; :func:`acting_user` when not given.
    facts
        What JSON can hold.

    Raises
    ------
    CaseError
        If the log is damaged, or cannot be written.
    RunError
        If the disk is full.
    """
    by = acting_user(user)
    with _written(folder) as database:
        number, previous = _last(database, folder)
        time_ms = time.time_ns() // 1_000_000
        whole = {
            "n": number, "kind": kind, "time_ms": time_ms, "user": by, **facts,
            "previous": previous,
        }  # fmt: skip
        line, digest = chained_line(whole)
        database.execute("INSERT INTO custody VALUES (?, ?)", (number, line.rstrip("\n")))
    return Entry(number, kind, time_ms, whole, digest)


def moment(entry: Entry) -> str:
    """When something was written down, UTC, to the second."""
    return datetime.fromtimestamp(entry.time_ms // 1000, UTC).isoformat()


def entries(folder: Path, kind: str = "") -> list[Entry]:
    """Records, oldest first; none where nothing was written down.

    Raises
    ------
    CaseError
        If one was altered, or is missing.
    """
    found, wrong = read(folder)
    if wrong:
        raise CaseError(f"{folder / FILE}: {wrong[0]}; restore it from a backup")
    return [entry for entry in found if kind in ("", entry.kind)]


def read(folder: Path) -> tuple[list[Entry], list[str]]:
    """Records that are what was written, and what is wrong with the others, a sentence each."""
    found: list[Entry] = []
    wrong: list[str] = []
    previous, expected = FIRST, 0
    for number, line in _rows(folder):
        text = line if isinstance(line, str) else ""
        try:
            found.append(read_line(text, number, previous))
        except (ValueError, KeyError, TypeError) as error:
            gap = f" ({number - expected} before it are missing)" if number != expected else ""
            wrong.append(f"record {number} of the log of custody {_said(error)}{gap}")
        previous, expected = _hash_in(text), number + 1
    return found, wrong


def _said(error: Exception) -> str:
    return str(error) if isinstance(error, ValueError) else "is no record any more"


def export(found: Sequence[Entry]) -> bytes:
    """Records as NDJSON: the lines that were hashed, with their hashes."""
    return "".join(chained_line(entry.facts)[0] for entry in found).encode()


def hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of all files below a folder by their path in it, for a record of what is there."""
    found = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        found[path.relative_to(folder).as_posix()] = digest
    return found


@contextmanager
def _written(folder: Path) -> Iterator[sqlite3.Connection]:
    """The database in a transaction that is on the disk when the block has ended well."""
    path = folder / FILE
    with _explained(path):
        # It says who decided what: for the owner's eyes only.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        with closing(sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None)) as database:
            # Whatever a power cut leaves, what was committed before it stays.
            database.execute("PRAGMA synchronous = EXTRA")
            database.execute("BEGIN IMMEDIATE")
            try:
                for statement in _TABLE:
                    database.execute(statement)
                yield database
                database.execute("COMMIT")
            except BaseException:
                if database.in_transaction:
                    database.execute("ROLLBACK")
                raise


def _rows(folder: Path) -> list[tuple[Any, Any]]:
    path = folder / FILE
    if not path.exists():
        return []
    with _explained(path):
        address = f"{path.resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, timeout=_WAIT_S, uri=True)) as database:
            return database.execute("SELECT n, line FROM custody ORDER BY n").fetchall()


def _last(database: sqlite3.Connection, folder: Path) -> tuple[int, str]:
    """Number of the next record, and the hash of the one before it."""
    row = database.execute("SELECT n, line FROM custody ORDER BY n DESC LIMIT 1").fetchone()
    if row is None:
        return 0, FIRST
    digest = _hash_in(row[1] if isinstance(row[1], str) else "")
    if len(digest) != _HASH_LENGTH:
        raise CaseError(f"{folder / FILE}: record {row[0]} is damaged; restore it from a backup")
    return int(row[0]) + 1, digest


def _hash_in(line: str) -> str:
    """What a line says its hash is: the chain is followed from there after a fault."""
    return line.rstrip().removesuffix('"}')[-_HASH_LENGTH:]


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", None)
        if code == sqlite3.SQLITE_FULL:
            raise RunError(f"{path}: the disk is full; free some space and try again") from None
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise RunError(f"{path}: another program holds it; try again when it is done") from None
        raise CaseError(
            f"{path}: cannot be used ({error}); restore it from a backup, for it holds decisions "
            "and the log of custody"
        ) from None
    except OSError as error:
        raise CaseError(f"{path}: cannot be written ({error.strerror}); check the folder") from None

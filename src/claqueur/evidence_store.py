"""Evidence: every raw answer as it was received, and a chained list of what was asked when.

::

    evidence/
      index.ndjson     one line a record: what was asked, when, the answer's SHA-256; each line
                       holds the hash of the one before and its own
      packs/*.zst      the answers, one Zstandard frame each; equal answers are kept once
      .lock            held by the collector that writes

Only ever appended to. `zstd -dc packs/000001.zst` gives all answers of a pack one after another,
and the index names offset and length of each. A process killed while it writes leaves at most
one record that is cut; :class:`EvidenceWriter` drops such a tail and says so in the index.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import io
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa

from claqueur.errors import CaseError, RunError

FIRST = "0" * 64
"""What the first record names as the hash of the one before."""

ANSWER = "answer"
"""The kind of a record that holds an answer; all others are notes of the collector."""

PACK_BYTES = 256 << 20
_SYNC_S = 2.0
_LOST_AT_MOST = 2000
_HASH = ',"hash":"'
_CODEC = pa.Codec("zstd", 3)


@dataclass(frozen=True)
class Received:
    """An answer as it came in.

    Attributes
    ----------
    method, params
        What was asked, without the token.
    time_ms
        When the answer had come in, milliseconds UTC.
    problem
        The platform's error code, or what was wrong with the answer as such; None when it is fine.
    readings
        For each call in it the reading it belongs to: one whole list, page by page.
    """

    method: str
    params: Mapping[str, str]
    time_ms: int
    status: int
    headers: Mapping[str, str]
    body: bytes
    problem: int | str | None = None
    readings: Sequence[str] = ()


@dataclass(frozen=True)
class Entry:
    """A line of the index.

    Attributes
    ----------
    number
        Counted from 0.
    kind
        ``answer``, or what a note is about.
    facts
        The whole line.
    hash
        Of the line, and through ``previous`` of all lines before.
    """

    number: int
    kind: str
    time_ms: int
    facts: dict[str, Any]
    hash: str

    @property
    def sha256(self) -> str:
        """Of the answer's body: what ``source`` of an event names."""
        return str(self.facts["sha256"])

    @property
    def place(self) -> tuple[str, int, int, int]:
        """Pack, offset and length of the frame, and size of the body."""
        found = self.facts
        return found["pack"], found["offset"], found["length"], found["bytes"]


class AlteredError(ValueError):
    """A line or an answer is not what was written."""


def read_line(line: str, number: int, previous: str) -> Entry:
    """A line of the index, held against its own hash and the one before.

    Raises
    ------
    AlteredError
        If it is not what was written, or not in its place.
    """
    text, _, rest = line.rstrip("\n").rpartition(_HASH)
    text, said = f"{text}}}", rest.removesuffix('"}')
    if hashlib.sha256(text.encode()).hexdigest() != said:
        raise AlteredError("was altered or is damaged")
    facts = json.loads(text)
    if facts["n"] != number:
        raise AlteredError(f"says it is record {facts['n']}: records before it are missing")
    if facts["previous"] != previous:
        raise AlteredError("does not follow from the one before: it was altered or exchanged")
    return Entry(number, facts["kind"], facts["time_ms"], facts, said)


def chained_line(facts: Mapping[str, Any]) -> tuple[str, str]:
    """A line of a chain, its end included, and its hash; ``facts`` name the one before."""
    text = json.dumps(facts, ensure_ascii=False, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f'{text[:-1]}{_HASH}{digest}"}}\n', digest


class Evidence:
    """Evidence that is read.

    Parameters
    ----------
    folder
        ``evidence/`` of a case; need not exist.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def index(self) -> Path:
        """The list of records."""
        return self.folder / "index.ndjson"

    def entries(self, first: int = 0) -> Iterator[Entry]:
        """Yield records from number ``first`` on; a cut last line ends them.

        Raises
        ------
        CaseError
            If a record was altered.
        """
        for entry, _ in _walk(self.index):
            if entry.number >= first:
                yield entry

    def body(self, entry: Entry) -> bytes:
        """The answer of a record.

        Raises
        ------
        AlteredError
            If it is missing or was altered.
        """
        name, offset, length, size = entry.place
        try:
            with (self.folder / "packs" / f"{name}.zst").open("rb") as file:
                file.seek(offset)
                frame = file.read(length)
            body = _CODEC.decompress(frame, size, asbytes=True)
        except (OSError, ValueError, pa.ArrowException) as error:
            raise AlteredError(f"answer cannot be read from packs/{name}.zst ({error})") from None
        if hashlib.sha256(body).hexdigest() != entry.sha256:
            raise AlteredError(f"answer in packs/{name}.zst at {offset} is not what was received")
        return bytes(body)


def _walk(index: Path) -> Iterator[tuple[Entry, int]]:
    """Sound records, and where in the file each ends.

    A last line that is cut short is left out: it was being written when the collector was killed.
    """
    if not index.exists():
        return
    previous, end = FIRST, 0
    with index.open("rb") as file:
        for number, line in enumerate(file):
            if not line.endswith(b"\n"):
                return
            try:
                entry = read_line(line.decode(), number, previous)
            except (ValueError, KeyError, TypeError) as error:
                raise CaseError(
                    f"{index}: record {number} {error}; `claqueur verify` says what else was "
                    "altered. Restore evidence/ from a backup"
                ) from None
            previous, end = entry.hash, end + len(line)
            yield entry, end


@dataclass
class _Tail:
    """Where the sound part of the evidence ends."""

    count: int = 0
    head: str = FIRST
    end: int = 0
    time_ms: int = 0
    pack: str = "000001"
    pack_end: int = 0
    lost: int = 0
    known: dict[bytes, tuple[str, int, int]] = field(default_factory=dict)


class EvidenceWriter:
    """Evidence that is appended to, by one process at a time; a context.

    Raises
    ------
    CaseError
        If another process writes, or the evidence was altered.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # It names everybody who acted: for the owner's eyes only.
        with _place_explained(folder), _full_explained(folder):
            folder.mkdir(mode=0o700, exist_ok=True)
            (folder / "packs").mkdir(exist_ok=True)
        with ExitStack() as opened:
            opened.enter_context(_locked(folder / ".lock"))
            self._files = opened
            self._begin()
            self._files = opened.pop_all()

    def _begin(self) -> None:
        tail = _tail_of(self.folder)
        self.count, self.head, self.last_ms = tail.count, tail.head, tail.time_ms
        self._known = tail.known
        self._synced = time.monotonic()
        self._index = self._files.enter_context(_append_to(self.folder / "index.ndjson"))
        self._number = int(tail.pack)
        self._pack = self._files.enter_context(_append_to(self._pack_path))
        cut = _cut(self._index, tail.end), _cut(self._pack, tail.pack_end)
        if any(cut) or tail.lost:
            self.note(
                "cut", tail.time_ms, records=tail.lost, index_bytes=cut[0], pack_bytes=cut[1]
            )  # fmt: skip

    @property
    def _pack_path(self) -> Path:
        return self.folder / "packs" / f"{self._number:06}.zst"

    def __enter__(self) -> EvidenceWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def append(self, received: Received) -> Entry:
        """Keep an answer, then say in the index that it is there.

        Raises
        ------
        RunError
            If the disk is full; what was kept before stays whole.
        """
        digest = hashlib.sha256(received.body).digest()
        with _full_explained(self.folder):
            if digest not in self._known:
                self._known[digest] = self._keep(received.body)
            pack, offset, length = self._known[digest]
            return self._enter(
                ANSWER, received.time_ms, method=received.method, params=dict(received.params),
                readings=list(received.readings), status=received.status,
                headers=dict(received.headers), problem=received.problem, sha256=digest.hex(),
                bytes=len(received.body), pack=pack, offset=offset, length=length,
            )  # fmt: skip

    def note(self, kind: str, time_ms: int, **facts: Any) -> Entry:
        """Write down something about the collection itself, such as a gap."""
        with _full_explained(self.folder):
            return self._enter(kind, time_ms, **facts)

    def _keep(self, body: bytes) -> tuple[str, int, int]:
        if self._pack.tell() >= PACK_BYTES:
            self.sync()
            self._pack.close()
            self._number += 1
            self._pack = self._files.enter_context(_append_to(self._pack_path))
        frame = _CODEC.compress(body, asbytes=True)
        offset = self._pack.tell()
        _write(self._pack, frame)
        return f"{self._number:06}", offset, len(frame)

    def _enter(self, kind: str, time_ms: int, **facts: Any) -> Entry:
        whole = {"n": self.count, "kind": kind, "time_ms": time_ms, **facts, "previous": self.head}
        line, digest = chained_line(whole)
        _write(self._index, line.encode())
        entry = Entry(self.count, kind, time_ms, whole, digest)
        self.count, self.head, self.last_ms = self.count + 1, digest, max(self.last_ms, time_ms)
        if time.monotonic() - self._synced > _SYNC_S:
            self.sync()
        return entry

    def sync(self) -> None:
        """Have everything on the disk, answers before the lines that name them."""
        with _full_explained(self.folder):
            os.fsync(self._pack.fileno())
            os.fsync(self._index.fileno())
        self._synced = time.monotonic()

    def close(self) -> None:
        """Sync, and let others write."""
        try:
            self.sync()
        finally:
            self._files.close()


def _append_to(path: Path) -> io.FileIO:
    file = io.FileIO(path, "ab")
    file.seek(0, os.SEEK_END)
    return file


def _write(file: io.FileIO, data: bytes) -> None:
    """All of it or, where the disk is full, nothing."""
    begin = file.seek(0, os.SEEK_END)
    rest = memoryview(data)
    try:
        while rest:
            rest = rest[file.write(rest) :]
    except OSError:
        file.truncate(begin)
        file.seek(begin)
        raise


def _cut(file: io.FileIO, end: int) -> int:
    """Drop what lies beyond the end of the last whole record; how many bytes that was."""
    over = file.seek(0, os.SEEK_END) - end
    if over > 0:
        file.truncate(end)
        file.seek(0, os.SEEK_END)
    return max(over, 0)


def _tail_of(folder: Path) -> _Tail:
    """The sound part: whole lines whose answers are in the packs."""
    sizes = {path.stem: path.stat().st_size for path in (folder / "packs").glob("*.zst")}
    tail = _Tail()
    for entry, end in _walk(folder / "index.ndjson"):
        if tail.lost or (entry.kind == ANSWER and not _there(entry, sizes)):
            # After a power cut the index may have reached the disk before an answer did.
            tail.lost += 1
            continue
        tail.count, tail.head, tail.end = entry.number + 1, entry.hash, end
        tail.time_ms = max(tail.time_ms, entry.time_ms)
        if entry.kind == ANSWER:
            pack, offset, length, _ = entry.place
            tail.known.setdefault(bytes.fromhex(entry.sha256), (pack, offset, length))
            tail.pack, tail.pack_end = max((tail.pack, tail.pack_end), (pack, offset + length))
    if tail.lost > _LOST_AT_MOST:
        raise CaseError(
            f"{folder}: answers are missing from record {tail.count} on ({tail.lost:,} records); "
            "`claqueur verify` says which. Restore evidence/ from a backup"
        )
    return tail


def _there(entry: Entry, sizes: Mapping[str, int]) -> bool:
    pack, offset, length, _ = entry.place
    return sizes.get(pack, 0) >= offset + length


def _locked(path: Path) -> io.TextIOWrapper:
    """The lock, held as long as the file is open; the system lets go of it when a process ends."""
    file = path.open("a+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        process = file.read().strip() or "unknown"
        file.close()
        raise CaseError(
            f"{path.parent}: another collector (process {process}) is writing; let it end, or stop "
            "it with Ctrl-C, before you start one on the same case"
        ) from None
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


@contextmanager
def writing_stopped(folder: Path) -> Iterator[None]:
    """Have nobody write evidence as long as the block runs.

    Raises
    ------
    CaseError
        If somebody does now.
    """
    if not folder.is_dir():
        yield
        return
    with _locked(folder / ".lock"):
        yield


@contextmanager
def _place_explained(folder: Path) -> Iterator[None]:
    try:
        yield
    except (NotADirectoryError, FileNotFoundError, FileExistsError, PermissionError) as error:
        raise CaseError(
            f"{folder}: cannot be made ({error.strerror}); is the case in a place you may write to?"
        ) from None


@contextmanager
def _full_explained(folder: Path) -> Iterator[None]:
    """Say what a full disk means for evidence: everything until then is kept."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise RunError(
            f"{folder}: the disk is full; everything received until now is kept whole. Free some "
            "space and start the same command again to go on"
        ) from None

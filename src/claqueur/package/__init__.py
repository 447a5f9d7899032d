"""Packages: what is published, so that a stranger can check it offline, with Claqueur or without.

A package is a folder: a BagIt bag (``layout.py``) around an RO-Crate (``crate.py``), with a salted
root over the evidence (``merkle.py``, ``evidence.py``), a time stamp where a server was named
(``authority.py``), and beside it, encrypted, the supplement (``seal.py``). ``checking.py`` checks
one. Nothing here knows what is in a case: what is restricted comes in as ``sealed``, and not one
byte of it goes anywhere but into the root and the encrypted file.
"""

from __future__ import annotations

import hashlib
import io
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from claqueur._version import __version__
from claqueur.atomic import check_free, new_folder, whole_file
from claqueur.directive.stamp import Stamp, claimed, verify
from claqueur.errors import CaseError, SettingError
from claqueur.package import layout
from claqueur.package.authority import ask, check_server
from claqueur.package.checking import (
    Checked,
    check_package,
    check_sealed,
    is_package,
    token_hash,
)
from claqueur.package.crate import About, crate
from claqueur.package.evidence import (
    KEY,
    RECORDS,
    ROOT,
    Root,
    lines_of,
    pieces_of,
    root_file,
    root_of,
)
from claqueur.package.layout import ALGORITHMS, DATA
from claqueur.package.merkle import KEY_BYTES
from claqueur.package.seal import SUFFIX, Sealed, Source, check_recipients, seal, unsealed
from claqueur.progress import SILENT, Progress

__all__ = [
    "SUFFIX",
    "About",
    "Built",
    "Checked",
    "Sealed",
    "build",
    "check_package",
    "check_ready",
    "check_sealed",
    "is_package",
    "unsealed",
]

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Built:
    """A package that was written.

    Attributes
    ----------
    sealed
        The encrypted supplement beside it, if anybody was named to get it.
    digest
        SHA-256 of ``tagmanifest-sha256.txt``: it names this package and no other.
    root
        The salted root over the evidence, and how many pieces are in it.
    """

    folder: Path
    sealed: Path | None
    digest: str
    root: Root
    files: int
    size: int
    stamp: Stamp | None


def sealed_path(folder: Path) -> Path:
    """Where the supplement of a package is: beside it."""
    return folder.with_name(f"{folder.name}{SUFFIX}")


def check_ready(to: Path, recipients: Sequence[str] = (), stamp_server: str = "") -> None:
    """Refuse at once what would fail at the end: places that are taken, keys that are none.

    Raises
    ------
    CaseError, SettingError
        Saying which.
    """
    check_free(to)
    check_recipients(recipients)
    beside = sealed_path(to.absolute())
    if recipients and (beside.exists() or beside.is_symlink()):
        raise CaseError(f"{beside}: exists; move it away, or choose another folder")
    if stamp_server:
        check_server(stamp_server)


def build(
    to: Path,
    payload: Mapping[str, bytes],
    *,
    about: About,
    sealed: Mapping[str, Source] | None = None,
    recipients: Sequence[str] = (),
    stamp_server: str = "",
    tsa_root: bytes = b"",
    key: bytes = b"",
    before: Callable[[Built], None] = lambda built: None,
    progress: Progress = SILENT,
) -> Built:
    """Write a package: all of it, or nothing.

    Parameters
    ----------
    payload
        What is public, by path below ``data/``.
    sealed
        What is restricted, by its name in the supplement. The root is over it also where nobody is
        named to get it.
    recipients
        Public keys (``age1…``) of those who get the supplement.
    tsa_root
        The authority's root certificate (PEM), to verify its answer and to enclose.
    key
        Of the salts, 32 bytes; random when not given.
    before
        Called when everything is there but not yet in its place: what it raises stops it.

    Raises
    ------
    CaseError, SettingError, RunError
        If the place is taken, a key or a path is none, a file changed meanwhile, the server gives
        no time stamp, or the disk is full.
    """
    check_ready(to, recipients, stamp_server)
    key = key or secrets.token_bytes(KEY_BYTES)
    restricted: dict[str, Source] = {**(sealed or {}), KEY: f"{key.hex()}\n".encode()}
    progress.stage("looking at what is sealed", len(restricted))
    known = {name: _sha256(source, progress) for name, source in restricted.items()}
    root = root_of(pieces_of(known, _records(restricted)), key)
    files = _files(payload, about, root, stamped=bool(stamp_server), tsa_root=tsa_root)
    beside = sealed_path(to.absolute()) if recipients else None
    with ExitStack() as opened:
        # The last that was opened is put in its place first: the supplement, then the package.
        if beside:
            opened.push(_without(beside))
        work = opened.enter_context(new_folder(to))
        if beside:
            progress.stage("sealing")
            seal(opened.enter_context(whole_file(beside)), restricted, known, recipients)
        progress.stage("packing")
        for path, content in files.items():
            _write(work / path, content)
        stamp = _stamped(work, files[layout.STAMPED], stamp_server, tsa_root, progress)
        sizes = [path.stat().st_size for path in work.rglob("*") if path.is_file()]
        digest = hashlib.sha256(files[layout.STAMPED]).hexdigest()
        built = Built(to, beside, digest, root, len(sizes), sum(sizes), stamp)
        before(built)
    return built


def _without(path: Path) -> Callable[..., None]:
    """What removes a file when a context ends badly: a supplement stands by its package."""

    def end(kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            path.unlink(missing_ok=True)

    return end


def _sha256(source: Source, progress: Progress) -> bytes:
    digest = hashlib.sha256()
    if isinstance(source, bytes):
        digest.update(source)
    else:
        with source.open("rb") as file:
            while part := file.read(_CHUNK):
                digest.update(part)
    progress.advance()
    return digest.digest()


def _records(restricted: Mapping[str, Source]) -> Iterable[bytes]:
    source = restricted.get(RECORDS, b"")
    return io.BytesIO(source) if isinstance(source, bytes) else lines_of(source)


def _files(
    payload: Mapping[str, bytes], about: About, root: Root, *, stamped: bool, tsa_root: bytes
) -> dict[str, bytes]:
    """Every file of a package but the time stamp, by path."""
    data = {path: bytes(content) for path, content in payload.items()}
    data[ROOT.removeprefix(DATA)] = root_file(root.digest)
    described = {
        path: (len(content), hashlib.sha256(content).hexdigest()) for path, content in data.items()
    }
    data[layout.CRATE.removeprefix(DATA)] = crate(about, described)
    files = {f"{DATA}{path}": content for path, content in data.items()}
    try:
        layout.check_distinct([layout.check_path(path) for path in files])
    except layout.LayoutError as error:
        raise SettingError(f"this cannot be packed: {error}") from None
    beside = {
        layout.BAGIT: layout.DECLARATION,
        layout.INFO: _info(about, files, stamped=stamped),
        **({layout.ROOT_CERTIFICATE: tsa_root} if stamped and tsa_root else {}),
        **{f"manifest-{name}.txt": _manifest(files, name) for name in ALGORITHMS},
    }
    tags = {f"tagmanifest-{name}.txt": _manifest(beside, name) for name in ALGORITHMS}
    return {**files, **beside, **tags}


def _info(about: About, files: Mapping[str, bytes], *, stamped: bool) -> bytes:
    return layout.info(
        {
            "Bag-Software-Agent": f"claqueur {__version__}",
            "Bagging-Date": about.date,
            "External-Description": about.title,
            "Payload-Oxum": layout.oxum(map(len, files.values())),
            **({layout.STAMP_ENTRY: layout.TOKEN} if stamped else {}),
        }
    )


def _manifest(files: Mapping[str, bytes], algorithm: str) -> bytes:
    each = {path: hashlib.new(algorithm, content) for path, content in files.items()}
    return layout.manifest({path: digest.hexdigest() for path, digest in each.items()})


def _stamped(
    work: Path, message: bytes, server: str, tsa_root: bytes, progress: Progress
) -> Stamp | None:
    if not server:
        return None
    progress.stage("asking for a time stamp")
    token = ask(server, message)
    stamp = verify(token, message, tsa_root) if tsa_root else claimed(token, message)
    _write(work / layout.TOKEN, token)
    _write(work / layout.TOKEN_HASH, token_hash(token))
    return stamp


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)

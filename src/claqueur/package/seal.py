"""The restricted supplement: a tar file, encrypted with age to those who are named.

Without Claqueur: ``age -d -i key.txt DIR.sealed.age | tar x``. It is written in one stream, so that
nothing of it lies on the disk unencrypted, and its size does not matter. It is not compressed: what
is big in it is compressed already, and so it cannot unfold to more than it is.
"""

from __future__ import annotations

import hashlib
import stat
import tarfile
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from claqueur.atomic import disk_full_explained
from claqueur.errors import CaseError, RunError, SettingError
from claqueur.package.layout import LayoutError, check_distinct, check_path

SUFFIX = ".sealed.age"
FILES_AT_MOST = 100_000
_KEY_AT_MOST = 64 << 10
_CHUNK = 1 << 20
_MAGIC = b"age-encryption.org/v1\n"

Source = Path | bytes
"""A file to be read when its turn comes, or its content."""


def check_recipients(keys: Sequence[str]) -> list[Any]:
    """Recipients from their public keys.

    Raises
    ------
    SettingError
        If one is none.
    """
    from pyrage import RecipientError, x25519

    found = []
    for key in keys:
        if key.strip().upper().startswith("AGE-SECRET-KEY-"):
            raise SettingError(
                "--to-key: that is a secret key, which belongs to its owner alone; give the public "
                "one (age1…). As it was typed here, make a new pair"
            )
        try:
            found.append(x25519.Recipient.from_str(key.strip()))
        except RecipientError as error:
            raise SettingError(
                f"--to-key {key}: is no recipient ({error}); it is the public key, age1…, that "
                "`age-keygen` shows"
            ) from None
    return found


def identities(key_file: Path) -> list[Any]:
    """Secret keys from a file as ``age-keygen`` writes it.

    Raises
    ------
    SettingError
        If there is none in it, or others may read it.
    """
    from pyrage import IdentityError, x25519

    try:
        mode = key_file.stat().st_mode
        if not stat.S_ISREG(mode) or key_file.stat().st_size > _KEY_AT_MOST:
            raise SettingError(f"--key-file {key_file}: is no file of keys")
        if mode & 0o077:
            raise SettingError(
                f"--key-file {key_file}: others may read it; use `chmod 600 {key_file}`"
            )
        lines = key_file.read_text(encoding="utf-8").splitlines()
        keys = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
        found = [x25519.Identity.from_str(key) for key in keys]
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"--key-file {key_file}: cannot be read ({error})") from None
    except IdentityError:
        # What is in it is not repeated: it may be a secret key that is damaged.
        raise SettingError(
            f"--key-file {key_file}: a line is no secret key (AGE-SECRET-KEY-1…)"
        ) from None
    if not found:
        raise SettingError(f"--key-file {key_file}: has no secret key (AGE-SECRET-KEY-1…)")
    return found


def seal(
    target: Path,
    files: Mapping[str, Source],
    hashes: Mapping[str, bytes],
    recipients: Sequence[str],
) -> None:
    """Encrypt files to recipients, into a file that its owner alone may read.

    Parameters
    ----------
    hashes
        SHA-256 by name, as they were looked at before; other bytes are refused.

    Raises
    ------
    CaseError
        If a file changed meanwhile.
    RunError
        If the disk is full.
    """
    import pyrage

    keys = check_recipients(recipients)
    target.touch(mode=0o600)
    stream = _Stream(_tar(files, hashes))
    with disk_full_explained(target), target.open("wb") as out:
        try:
            pyrage.encrypt_io(stream, out, keys)
        except Exception:
            # What went wrong inside is told better than what the library makes of it.
            if stream.failed is not None:
                raise stream.failed from None
            raise


class _Stream:
    """Pieces of bytes as a file that is read."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        # An empty part would be taken for the end.
        self._parts, self._rest, self._at = filter(None, parts), b"", 0
        self.failed: Exception | None = None

    def read(self, size: int = -1) -> bytes:
        """Some bytes, none at the end."""
        if self._at >= len(self._rest):
            try:
                self._rest, self._at = next(self._parts, b""), 0
            except Exception as error:
                self.failed = error
                raise
        begin, self._at = self._at, len(self._rest) if size < 0 else self._at + size
        return self._rest[begin : self._at]


def _tar(files: Mapping[str, Source], hashes: Mapping[str, bytes]) -> Iterator[bytes]:
    """A tar file in pieces: sorted, without times and owners, so that its bytes say nothing."""
    for name in sorted(files):
        source = files[name]
        entry = tarfile.TarInfo(name)
        entry.size = len(source) if isinstance(source, bytes) else source.stat().st_size
        entry.mode = 0o600
        yield entry.tobuf(tarfile.PAX_FORMAT)
        digest, size = hashlib.sha256(), 0
        for part in _parts(source):
            digest.update(part)
            size += len(part)
            yield part
        if size != entry.size or digest.digest() != hashes[name]:
            raise CaseError(
                f"{name}: changed while it was packed; let whatever writes into the case end "
                "(`claqueur collect`), and publish again"
            )
        yield b"\0" * (-size % tarfile.BLOCKSIZE)
    yield b"\0" * (2 * tarfile.BLOCKSIZE)


def _parts(source: Source) -> Iterator[bytes]:
    if isinstance(source, bytes):
        if source:
            yield source
        return
    with source.open("rb") as file:
        while part := file.read(_CHUNK):
            yield part


@dataclass(frozen=True)
class Sealed:
    """What was in a supplement, unpacked; the folder is gone when its context ends."""

    folder: Path
    hashes: dict[str, bytes]

    def read(self, name: str) -> bytes:
        """The content of a file.

        Raises
        ------
        LayoutError
            If there is none of that name.
        """
        if name not in self.hashes:
            raise LayoutError(f"has no {name}")
        return (self.folder / name).read_bytes()


@contextmanager
def unsealed(sealed: Path, key_file: Path) -> Iterator[Sealed]:
    """Decrypt a supplement into a folder that only its owner may read, and remove it in the end.

    The folder is made where temporary files go; ``TMPDIR`` names another place.

    Raises
    ------
    SettingError
        If the key is none, or not one it was encrypted to.
    CaseError
        If the file was altered, or holds what no supplement holds.
    RunError
        If the disk is full.
    """
    keys = identities(key_file)
    with tempfile.TemporaryDirectory(prefix="claqueur-sealed-") as scratch:
        plain, folder = Path(scratch) / "plain.tar", Path(scratch) / "files"
        folder.mkdir()
        with disk_full_explained(folder):
            _decrypt(sealed, plain, keys)
            try:
                hashes = _unpack(plain, folder)
            except (LayoutError, tarfile.TarError, EOFError, ValueError) as error:
                raise CaseError(f"{sealed}: is no supplement of a package: {error}") from None
            plain.unlink()
        yield Sealed(folder, hashes)


def _decrypt(sealed: Path, plain: Path, keys: list[Any]) -> None:
    import pyrage

    try:
        with sealed.open("rb") as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                raise CaseError(f"{sealed}: is not encrypted with age, or was altered")
            file.seek(0)
            with plain.open("wb") as out:
                pyrage.decrypt_io(file, out, keys)
    except pyrage.DecryptError as error:
        if "No matching keys" in str(error):
            raise SettingError(
                f"{sealed}: is not encrypted to this key, or was altered; ask whoever sent it"
            ) from None
        raise CaseError(f"{sealed}: was altered or is damaged ({error})") from None
    except OSError as error:
        # The library tells of a broken seal in this way too, without a number.
        if error.errno is None:
            raise CaseError(f"{sealed}: was altered or is cut ({error})") from None
        if sealed.is_file():
            raise RunError(f"{plain}: cannot be written ({error.strerror}); set TMPDIR") from None
        raise SettingError(f"--sealed {sealed}: cannot be read ({error.strerror})") from None


def _unpack(plain: Path, folder: Path) -> dict[str, bytes]:
    """Write plain files below a folder, and nothing else anywhere."""
    hashes: dict[str, bytes] = {}
    with tarfile.open(plain, "r:") as tar:
        for entry in tar:
            # Of type "regular", and not sparse: a sparse file of a few bytes could fill a disk.
            if entry.type != tarfile.REGTYPE or entry.issparse():
                raise LayoutError(f"{entry.name!r} is no plain file")
            if check_path(entry.name) in hashes or len(hashes) >= FILES_AT_MOST:
                raise LayoutError(f"{entry.name!r} is there twice, or there are too many files")
            source = tar.extractfile(entry)
            if source is None:
                raise LayoutError(f"{entry.name!r} cannot be read")
            hashes[entry.name] = _copy(source, folder / entry.name, entry.size)
    check_distinct(hashes)
    return hashes


def _copy(source: IO[bytes], target: Path, size: int) -> bytes:
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, read = hashlib.sha256(), 0
    with target.open("xb") as out:
        while part := source.read(_CHUNK):
            digest.update(part)
            out.write(part)
            read += len(part)
    if read != size:
        raise LayoutError(f"{target.name!r} is cut")
    return digest.digest()

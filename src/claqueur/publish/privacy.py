"""Pseudonyms of accounts, keyed for each case.

An unkeyed hash of an account id is no pseudonym: all ids of a platform can be hashed in
minutes. So each case has a random key of 32 bytes, kept in the user's data folder, outside
every case and output folder; without it a report cannot be turned back into accounts.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from platformdirs import user_data_path

from claqueur.errors import CaseError

KEY_BYTES = 32
DIGITS = 10
"""Base-32 digits of a pseudonym: 50 bits, so that two of a million rarely coincide."""


@dataclass(frozen=True)
class Pseudonyms:
    """Stable pseudonyms of one case: keyed BLAKE2b (RFC 7693) of the account id."""

    key: bytes

    def of(self, account_id: str) -> str:
        """The pseudonym of one account, such as ``k3f9x-2mq7a``."""
        digest = hashlib.blake2b(account_id.encode(), key=self.key, digest_size=8).digest()
        digits = base64.b32encode(digest).decode().lower()[:DIGITS]
        return f"{digits[:5]}-{digits[5:]}"

    def of_all(self, account_ids: pl.Series) -> pl.Series:
        """The pseudonyms of a column of accounts, (n,) string."""
        distinct = account_ids.unique().drop_nulls()
        table = {account: self.of(account) for account in distinct}
        return account_ids.replace_strict(table, default=None, return_dtype=pl.String)


def key_folder() -> Path:
    """Where keys are kept: ``CLAQUEUR_KEYS``, or ``keys`` in the user's data folder."""
    named = os.environ.get("CLAQUEUR_KEYS")
    return Path(named) if named else user_data_path("claqueur") / "keys"


def case_pseudonyms(case: str) -> Pseudonyms:
    """The pseudonyms of a case, with a new key when it has none yet.

    Parameters
    ----------
    case
        Identity of the case, from ``case.toml`` or ``run.json``.

    Raises
    ------
    CaseError
        If the key cannot be read or written.
    """
    if not case.isalnum():
        raise CaseError(f"case identity {case!r}: must be letters and digits; run.json was altered")
    path = key_folder() / f"{case}.key"
    try:
        if not path.exists():
            _write_key(path)
        key = path.read_bytes()
    except OSError as error:
        raise CaseError(
            f"{path}: the key of this case's pseudonyms cannot be read or written "
            f"({error.strerror}); set CLAQUEUR_KEYS to a folder of your own"
        ) from None
    if len(key) != KEY_BYTES:
        raise CaseError(f"{path}: is no key of {KEY_BYTES} bytes; restore it from your backup")
    return Pseudonyms(key)


def _write_key(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_suffix(f".{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(KEY_BYTES))
    try:
        # A link, not a rename: whoever comes second keeps the first one's key.
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()

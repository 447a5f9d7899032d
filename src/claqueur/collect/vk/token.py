"""The token: where it comes from, and that it shows nowhere.

It is never an argument of a command (those are seen by everybody on a machine), and a
:class:`Token` gives itself away to nothing but the one request that needs it.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path

from claqueur.errors import SettingError

VARIABLE = "CLAQUEUR_VK_TOKEN"
"""The environment variable that may hold the token."""

HIDDEN = b"[token]"
"""What stands in evidence where an answer repeated the token."""

_ALPHABET = re.compile(r"[A-Za-z0-9._-]{1,1000}")


class Token:
    """A token of VK's API; what is shown of it is that there is one.

    Parameters
    ----------
    text
        The token itself.
    origin
        Where it is from, for error messages.

    Raises
    ------
    SettingError
        If it cannot be one.
    """

    __slots__ = ("_text", "origin")

    def __init__(self, text: str, origin: str = "token") -> None:
        if not _ALPHABET.fullmatch(text):
            raise SettingError(
                f"{origin}: holds no token (one line of letters, digits, dots, dashes and "
                "underscores is expected); docs/vk.md says how to get one"
            )
        self._text = text
        self.origin = origin

    def __repr__(self) -> str:
        return "Token(hidden)"

    def __reduce__(self) -> str:
        raise TypeError("a token is not to be written anywhere")

    def reveal(self) -> str:
        """The token, for the body of a request."""
        return self._text

    def hidden_in(self, data: bytes) -> bytes:
        """The same bytes, without the token should they repeat it."""
        return data.replace(self._text.encode(), HIDDEN)


def find_token(file: Path | None, environment: Mapping[str, str] = os.environ) -> Token:
    """The token from a file that only its owner may read, or from the environment.

    Raises
    ------
    SettingError
        If there is none, or others may read the file.
    """
    if file is not None:
        return _from_file(file)
    text = environment.get(VARIABLE, "").strip()
    if not text:
        raise SettingError(
            f"no token: set {VARIABLE}, or give --token-file FILE; a service token is enough "
            "(docs/vk.md says how to get one)"
        )
    return Token(text, VARIABLE)


def _from_file(file: Path) -> Token:
    try:
        mode = file.stat().st_mode
        text = file.read_text(encoding="ascii").strip()
    except UnicodeDecodeError:
        text = ""
    except OSError as error:
        raise SettingError(f"--token-file {file}: cannot be read ({error.strerror})") from None
    if stat.S_IMODE(mode) & 0o077:
        raise SettingError(
            f"--token-file {file}: others on this machine may read it; run: chmod 600 {file}"
        )
    return Token(text, f"--token-file {file}")

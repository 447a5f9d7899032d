"""Users of a newsroom: a file of names, roles and Argon2 hashes of passwords."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from claqueur.atomic import whole_file
from claqueur.custody import acting_user
from claqueur.errors import SettingError

FORMAT = 1
ANALYST, REVIEWER, READER = "analyst", "reviewer", "reader"
ROLES = (ANALYST, REVIEWER, READER)
SHORTEST = 10
"""Letters of a password, at least."""
LONGEST = 1000

FREE_TRIES = 5
"""Wrong passwords before one has to wait."""
LONGEST_WAIT_S = 300

_hasher = PasswordHasher()


def read_users(path: Path) -> dict[str, dict[str, str]]:
    """Users by name, each with ``role`` and ``password`` (its hash).

    Raises
    ------
    SettingError
        If the file cannot be read, or is none of users.
    """
    try:
        whole: Any = json.loads(path.read_text(encoding="utf-8"))
        users: dict[str, dict[str, str]] = whole["users"]
        sound = whole["format"] == FORMAT and all(
            each["role"] in ROLES and isinstance(each["password"], str) for each in users.values()
        )
    except OSError as error:
        raise SettingError(f"--users {path}: cannot be read ({error.strerror})") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        sound = False
    if not sound or not users:
        raise SettingError(
            f"--users {path}: is no file of users; make one with `claqueur users add {path} NAME "
            "--role analyst`"
        )
    return users


def add_user(path: Path, name: str, role: str, password: str) -> None:
    """Add a user, or give one another role and password; the file is its owner's to read.

    Raises
    ------
    SettingError
        If the name, role or password cannot be used.
    """
    if not name.strip():
        raise SettingError("NAME: give a name, as decisions are to be entered under it")
    name = acting_user(name)
    if role not in ROLES:
        raise SettingError(f"--role {role}: use {', '.join(ROLES)}")
    if not SHORTEST <= len(password) <= LONGEST:
        raise SettingError(f"password: needs at least {SHORTEST} letters")
    users = read_users(path) if path.exists() else {}
    users[name] = {"role": role, "password": _hasher.hash(password)}
    with whole_file(path) as work:
        work.touch(mode=0o600)
        text = json.dumps({"format": FORMAT, "users": users}, indent=2, ensure_ascii=False)
        work.write_text(text + "\n", encoding="utf-8")


@dataclass
class Doorkeeper:
    """Lets in who knows a password, and slows down who guesses."""

    path: Path
    clock: Callable[[], float] = time.monotonic
    _wrong: dict[str, tuple[int, float]] = field(default_factory=dict)
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    def role_of(self, name: str) -> str:
        """The role that a user has now; empty for one who is not in the file any more."""
        return read_users(self.path).get(name, {}).get("role", "")

    def wait_s(self, name: str) -> float:
        """How long a name has to wait before the next try."""
        tries, last = self._wrong.get(name, (0, 0.0))
        if tries < FREE_TRIES:
            return 0.0
        return max(0.0, last + min(2.0 ** (tries - FREE_TRIES), LONGEST_WAIT_S) - self.clock())

    def role(self, name: str, password: str) -> str:
        """The user's role; empty where name or password is wrong.

        Hashing takes memory, so it is done for one at a time.
        """
        user = read_users(self.path).get(name)
        with self._one_at_a_time:
            right = _verified(user["password"] if user else _nobody(), password)
        if user is None or not right:
            tries, _ = self._wrong.get(name, (0, 0.0))
            if len(self._wrong) > 10_000:
                self._wrong.clear()
            self._wrong[name] = (tries + 1, self.clock())
            return ""
        self._wrong.pop(name, None)
        return user["role"]


@cache
def _nobody() -> str:
    """Of no password: a name that is unknown takes as long as one that is known."""
    return _hasher.hash("nobody")


def _verified(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False

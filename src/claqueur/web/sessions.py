"""Who is signed in: a token that opens once, sessions in memory, what each role may do."""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from claqueur.web.users import ANALYST, REVIEWER, Doorkeeper

READ, REVIEW, RUN = "read", "review", "run"
"""What may be needed for a call."""
OPEN = ""
"""Nothing: not even to be signed in."""

_MAY = {ANALYST: {READ, REVIEW, RUN}, REVIEWER: {READ, REVIEW}}
IDLE_S = 12 * 3600
_MOST = 1000


@dataclass
class Session:
    """One browser.

    Attributes
    ----------
    csrf
        What every call that changes something has to send along.
    identities
        Cases of which it shows identities.
    """

    user: str
    role: str
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    identities: set[str] = field(default_factory=set)
    seen: float = 0.0

    def may(self, what: str) -> bool:
        """Whether the role allows it."""
        return what in _MAY.get(self.role, {READ})

    @property
    def may_identify(self) -> bool:
        """Whether it may be shown identities at all."""
        return self.may(REVIEW)


@dataclass
class Sessions:
    """All sessions, by the secret in their cookie.

    Attributes
    ----------
    doorkeeper
        Knows users and passwords; None where the token of the start is what opens.
    on_used
        Told of the next token, once one was used.
    """

    user: str
    doorkeeper: Doorkeeper | None = None
    on_used: Callable[[str], None] = lambda _: None
    clock: Callable[[], float] = time.monotonic
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    _open: dict[str, Session] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def mode(self) -> str:
        """How one signs in: ``token`` or ``users``."""
        return "users" if self.doorkeeper else "token"

    def redeem(self, token: str) -> str:
        """The secret of a new session for the token, which opens no second one; else empty."""
        with self._lock:
            right = hmac.compare_digest(token.encode(), self.token.encode())
            if self.doorkeeper or not right:
                return ""
            self.token = secrets.token_urlsafe(32)
        self.on_used(self.token)
        return self.begin(self.user, ANALYST)

    def begin(self, user: str, role: str) -> str:
        """The secret of a new session."""
        secret = secrets.token_urlsafe(32)
        with self._lock:
            if len(self._open) >= _MOST:
                oldest = min(self._open, key=lambda each: self._open[each].seen)
                del self._open[oldest]
            self._open[secret] = Session(user, role, seen=self.clock())
        return secret

    def of(self, secret: str) -> Session | None:
        """The session of a secret, while it is not idle for too long and its user has a role."""
        with self._lock:
            found = self._open.get(secret)
            if found is None or self.clock() - found.seen > IDLE_S:
                self._open.pop(secret, None)
                return None
            found.seen = self.clock()
        if self.doorkeeper:
            found.role = self.doorkeeper.role_of(found.user)
            if not found.role:
                self.end(secret)
                return None
            if not found.may_identify:
                found.identities.clear()
        return found

    def end(self, secret: str) -> None:
        """Sign out."""
        with self._lock:
            self._open.pop(secret, None)

"""What VK's error codes ask of a collector that wants to be polite and to invent nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from claqueur.errors import RunError, SettingError

TOO_FAST = frozenset({6})
"""Too many requests a second: wait, then the same again."""

TROUBLE = frozenset({1, 10})
"""Something went wrong over there: again a few times, longer and longer apart."""

STOP = frozenset({9, 14})
"""Flood control, and a picture to be read by a person: stop."""

HIDDEN = frozenset({15, 18, 19, 30, 203, 212})
"""Nobody, or not we, may see it. That is no count of zero."""

CAP = 29
"""The day's share of a method is used up."""

TOO_LARGE = 13
"""The calls of one ``execute`` together were too much."""

TOKEN = frozenset({5, 27, 28})
"""The token is not valid, or of a kind that may not do this."""

NOT_FOR_SERVICE = 28
"""A service token may not call this."""

NO_SUCH_PAGE = frozenset({100, 125})
"""What VK says to the name of a page that it does not know."""

OURS = frozenset({100, 113, 125})
"""We asked wrongly."""


@dataclass(frozen=True)
class Fault:
    """An error that VK answered to one call."""

    code: int
    text: str

    @classmethod
    def of(cls, error: Mapping[str, Any]) -> Fault:
        """From what stands under ``error``, or in ``execute_errors``."""
        return cls(int(error.get("error_code", -1)), str(error.get("error_msg", "no message")))

    @property
    def hidden(self) -> bool:
        """Whether it says that this is not for us to see."""
        return self.code in HIDDEN

    @property
    def capped(self) -> bool:
        """Whether it says to come back another day."""
        return self.code == CAP

    @property
    def passing(self) -> bool:
        """Whether the same call may be answered later."""
        return self.code in TROUBLE | TOO_FAST

    @property
    def bearable(self) -> bool:
        """Whether collecting can go on with the other calls."""
        return self.hidden or self.capped or self.passing


def stop_at(fault: Fault, method: str, kind: str) -> NoReturn:
    """End the collection at an error with which it cannot go on.

    Parameters
    ----------
    kind
        What is known about the kind of the token, or an empty string.
    """
    said = f"VK answered {method} with error {fault.code} ({fault.text})"
    kept = "Everything received until now is kept; the same command goes on from there"
    if fault.code in TOKEN:
        raise SettingError(f"{said}: {_token_wanted(fault, kind)}. {kept}")
    if fault.code == 9:
        raise RunError(f"{said}: too much of the same in a short time. Wait some hours. {kept}")
    if fault.code == 14:
        raise RunError(
            f"{said}: it wants a person to read a picture. Log in on vk.com in a browser with the "
            f"account of the token, or take a service token. {kept}"
        )
    if fault.code in OURS:
        raise RunError(f"{said}: Claqueur asked wrongly; please report this. {kept}")
    raise RunError(f"{said}: nothing is known about what to do then. {kept}")


def _token_wanted(fault: Fault, kind: str) -> str:
    if fault.code == 27:
        return "a group's token may not read walls and likes; take a service or a user token"
    if fault.code == NOT_FOR_SERVICE:
        return "a service token may not call this; take a user token"
    mine = f" {kind}" if kind else ""
    return (
        f"the{mine} token is wrong, expired or was revoked; get a new service or user token "
        "(docs/vk.md)"
    )

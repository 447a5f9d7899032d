"""The settings of ``claqueur simulate --serve``, checked before any work is done."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from claqueur.errors import SettingError
from claqueur.listening import bind
from claqueur.settings import Serving
from claqueur.vkserver.clocks import Running, moment_of
from claqueur.vkserver.dataset import Dataset
from claqueur.vkserver.faults import Faults
from claqueur.vkserver.hide import Hide
from claqueur.vkserver.limits import RateLimit
from claqueur.vkserver.running import base_url, serve_forever
from claqueur.vkserver.server import VkServer, checked_caps

_SHARES = ("closed", "deactivated", "deleted", "comments")
_PAGES = ("page", "blocked", "members")


@dataclass(frozen=True)
class Ready:
    """A port taken and settings found right; what is still missing is the world."""

    listener: socket.socket
    options: dict[str, Any]

    @classmethod
    def of(cls, flags: Serving) -> Ready:
        """Read the settings and take the port.

        Raises
        ------
        SettingError
            If a flag makes no sense, or the port is in use.
        """
        if flags.start:
            moment_of(flags.start, ZoneInfo("UTC"))
        if flags.speed is not None:
            Running(0, flags.speed)
        options = {
            "start": flags.start or None,
            "speed": flags.speed,
            "rate_limit": rate_limit(flags.rate_limit),
            "daily_caps": daily_caps(flags.daily_cap),
            "faults": Faults(shares(flags.fault, "--fault"), flags.fault_seed),
            "hide": hidden(flags.hide),
        }
        return cls(bind(flags.port), options)

    @property
    def base_url(self) -> str:
        """Where clients find the server."""
        return base_url(self.listener)

    def check(self, data: Dataset) -> None:
        """Refuse what does not fit a world."""
        self.options["hide"].check(data.pages)

    def server(self, data: Dataset) -> VkServer:
        """The server of a world; its clock starts now."""
        return VkServer(data, **self.options)

    def run(self, server: VkServer) -> None:
        """Answer until Ctrl-C."""
        serve_forever(server, self.listener)

    def course(self, server: VkServer) -> str:
        """What time it is in the world, and how it passes."""
        zone = server.walls.data.zone
        now = f"{datetime.fromtimestamp(server.clock(), zone):%Y-%m-%d %H:%M} {zone.key}"
        if isinstance(server.clock, Running):
            return f"{now}, {server.clock.speed:g} seconds in a second"
        return f"{now}, all is over"


def rate_limit(text: str) -> RateLimit:
    """``vk``, ``off`` or calls a second."""
    if text == "vk":
        return "vk"
    if text == "off":
        return "off"
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise SettingError(f"--rate-limit {text}: must be 1 or more calls a second, vk, or off")


def daily_caps(texts: Sequence[str]) -> dict[str, int | None]:
    """Calls a day by method; None where the cap is lifted."""
    caps: dict[str, int | None] = {}
    for text in texts:
        method, _, value = text.partition("=")
        if value != "off" and not value.isdecimal():
            raise SettingError(
                f"--daily-cap {text}: write METHOD=N, as wall.get=100 or wall.get=off"
            )
        caps[method] = None if value == "off" else int(value)
    checked_caps(caps)
    return caps


def shares(texts: Sequence[str], flag: str) -> dict[str, float]:
    """Shares by kind."""
    found: dict[str, float] = {}
    for text in texts:
        kind, _, value = text.partition("=")
        try:
            found[kind] = float(value)
        except ValueError:
            raise SettingError(
                f"{flag} {text}: write KIND=SHARE, as {kind or 'slow'}=0.1"
            ) from None
    return found


def hidden(texts: Sequence[str]) -> Hide:
    """What is to be hidden: shares of accounts and posts, pages by their ids."""
    split = [text.partition("=") for text in texts]
    for kind, _, _ in split:
        if kind not in _SHARES + _PAGES:
            raise SettingError(
                f"--hide {kind}: nothing is called so; known are {', '.join(_SHARES + _PAGES)}"
            )
    pages = {
        kind: frozenset(_page(kind, value) for own, _, value in split if own == kind)
        for kind in _PAGES
    }
    of_shares = ["=".join((kind, value)) for kind, _, value in split if kind in _SHARES]
    return Hide(**shares(of_shares, "--hide"), **pages)  # type: ignore[arg-type]


def _page(kind: str, text: str) -> int:
    if text.removeprefix("-").isdecimal() and text.startswith("-"):
        return int(text)
    raise SettingError(f"--hide {kind}={text}: write the page's id, as {kind}=-1003")

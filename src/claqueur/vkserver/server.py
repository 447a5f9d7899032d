"""A world behind VK's API."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from starlette.types import Receive, Scope, Send

from claqueur.errors import SettingError
from claqueur.simulation.world import World
from claqueur.vkserver.answer import VERSION, Api
from claqueur.vkserver.app import make_app
from claqueur.vkserver.clocks import Clock, Running, Standing, moment_of
from claqueur.vkserver.dataset import Dataset, from_tables
from claqueur.vkserver.faults import Faults
from claqueur.vkserver.hide import Hide
from claqueur.vkserver.limits import VK_DAILY_CAPS, Limits, RateLimit
from claqueur.vkserver.methods import METHODS
from claqueur.vkserver.walls import Walls


class VkServer:
    """Answers VK's API from a world. It is an ASGI app itself.

    Parameters
    ----------
    world
        Tables of a world, all of one (see ``everything``), or the index of another server
        (``walls``), which takes no time.
    start, speed
        Play the world from a day or moment on, in its own zone, so many of its seconds in a real
        one; ``start`` alone plays in real time, ``speed`` alone from the first day. With neither
        all is over, and to be seen.
    clock
        Instead of both: gives the world's moment as UTC seconds (see ``SettableClock``).
    rate_limit
        Calls a real second of each token; ``vk`` for VK's own limits, or ``off``.
    daily_caps
        Calls of a method by each token in a day of the world, besides VK's own; None lifts one.
    faults
        What goes wrong on the way.
    hide
        What the platform does not show; an index brings its own.
    ticks
        The real clock in seconds, for the rate.

    Examples
    --------
    >>> server = VkServer(everything("organic", seed=1), rate_limit="off")  # doctest: +SKIP
    >>> server.answer("wall.get", {"owner_id": "-1001"})["response"]["count"]  # doctest: +SKIP
    """

    def __init__(
        self,
        world: World | Dataset | Walls,
        *,
        start: str | date | None = None,
        speed: float | None = None,
        clock: Clock | None = None,
        rate_limit: RateLimit = "vk",
        daily_caps: Mapping[str, int | None] | None = None,
        faults: Faults | None = None,
        hide: Hide | None = None,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self.walls = _indexed(world, hide)
        data = self.walls.data
        self.clock = _clock(data, start, speed, clock)
        caps = checked_caps(daily_caps or {})
        self.api = Api(self.walls, self.clock, Limits(rate_limit, caps, data.start, ticks))
        self.app = make_app(self.api, self.clock, faults or Faults())

    def answer(self, method: str, params: Mapping[str, object], token: str = "") -> Any:
        """What a client would get, without HTTP and in the current version."""
        given = {key: str(value) for key, value in params.items()}
        return self.api.answer(method, {"v": VERSION, "access_token": token or "any"} | given)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as an ASGI app."""
        await self.app(scope, receive, send)


def _indexed(world: World | Dataset | Walls, hide: Hide | None) -> Walls:
    if not isinstance(world, Walls):
        return Walls.of(world if isinstance(world, Dataset) else from_tables(world), hide)
    if hide is not None:
        raise SettingError("hide: an index has its own; give the world instead")
    return world


def _clock(
    data: Dataset, start: str | date | None, speed: float | None, clock: Clock | None
) -> Clock:
    if clock:
        if start is not None or speed is not None:
            raise SettingError("clock: excludes start and speed; give one or the other")
        return clock
    if start is None and speed is None:
        return Standing(data.end)
    first = data.start if start is None else moment_of(start, data.zone)
    return Running(first, 1 if speed is None else speed)


def checked_caps(given: Mapping[str, int | None]) -> dict[str, int]:
    """The caps that are in force: VK's own and those given, less those lifted."""
    for method, cap in given.items():
        if method not in METHODS:
            raise SettingError(
                f"--daily-cap {method}: no such method; known are {', '.join(METHODS)}"
            )
        if cap is not None and cap < 0:
            raise SettingError(f"--daily-cap {method}={cap}: must be 0 or more calls a day, or off")
    caps = {**VK_DAILY_CAPS, **given}
    return {method: cap for method, cap in caps.items() if cap is not None}

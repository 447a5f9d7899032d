"""How often a token may ask: calls a second, and calls a day for some methods."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from claqueur.errors import SettingError
from claqueur.simulation.clock import DAY
from claqueur.vkserver.refusals import VkError

RateLimit = int | Literal["vk", "off"]
"""Calls a second of any token; ``vk`` for 3, and 20 of a group's token."""

VK_RATES = {"user": 3, "service": 3, "group": 20}
VK_DAILY_CAPS = {"wall.get": 5_000}
_TOKENS_KEPT = 10_000


@dataclass
class Limits:
    """Counts calls by token; the rate in real seconds, the caps by days of the world.

    Attributes
    ----------
    rate
        Calls a second.
    daily_caps
        Calls a day by method.
    midnight
        UTC second of some local midnight of the world.
    ticks
        The real clock, in seconds.
    """

    rate: RateLimit
    daily_caps: Mapping[str, int]
    midnight: int
    ticks: Callable[[], float]
    _recent: dict[str, deque[float]] = field(default_factory=dict)
    _today: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if isinstance(self.rate, int) and self.rate < 1:
            raise SettingError(
                f"--rate-limit {self.rate}: must be 1 or more calls a second, vk, or off"
            )

    def admit(self, token: str, kind: str) -> None:
        """Count a request; the one too many in a second is refused and not counted."""
        allowed = VK_RATES[kind] if self.rate == "vk" else self.rate
        if allowed == "off":
            return
        now = self.ticks()
        recent = self._recent.get(token)
        if recent is None:
            if len(self._recent) >= _TOKENS_KEPT:
                self._recent.clear()
            recent = self._recent[token] = deque(maxlen=allowed)
        if len(recent) == allowed and now - recent[0] < 1:
            raise VkError(6)
        recent.append(now)

    def spend(self, token: str, method: str, moment: int) -> None:
        """Count a call of a method; the one too many in a day of the world is refused."""
        cap = self.daily_caps.get(method)
        if cap is None:
            return
        today = (moment - self.midnight) // DAY
        day, spent = self._today.get((token, method), (today, 0))
        if day != today:
            spent = 0
        if spent >= cap:
            raise VkError(29, f"{method} may be called {cap} times a day")
        self._today[token, method] = today, spent + 1

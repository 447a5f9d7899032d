"""What goes wrong on the way: chosen by a seed and the number of the request, nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from claqueur.errors import SettingError
from claqueur.simulation.chance import stream

KINDS = ("timeout", "500", "broken", "slow", "truncated")


@dataclass(frozen=True)
class Faults:
    """Shares of the requests that fail, by kind; none by default.

    Attributes
    ----------
    shares
        ``timeout``: no answer for some seconds, then HTTP 504. ``500``: HTTP 500 with a page of
        HTML. ``broken``: the JSON ends in the middle. ``slow``: the body comes in drops.
        ``truncated``: the second half of every list is missing, and nothing says so but its
        ``count``.
    seed
        The same seed lets the same requests fail.
    seconds
        How long a timeout and a slow body take.
    """

    shares: Mapping[str, float] = field(default_factory=dict)
    seed: int = 1
    seconds: float = 30

    def __post_init__(self) -> None:
        for kind, share in self.shares.items():
            if kind not in KINDS:
                raise SettingError(f"--fault {kind}: no such fault; known are {', '.join(KINDS)}")
            if not 0 <= share <= 1:
                raise SettingError(f"--fault {kind}={share:g}: a share lies between 0 and 1")
        if (total := sum(self.shares.values())) > 1 + 1e-9:
            raise SettingError(f"--fault: the shares add up to {total:g}, more than all requests")
        if self.seed < 0:
            raise SettingError(f"--fault-seed {self.seed}: must be 0 or more")

    def of(self, request: int) -> str | None:
        """What happens to a request, counted from 0."""
        if not self.shares:
            return None
        draw = stream(self.seed, f"vkserver.fault.{request}").random()
        edges = np.cumsum(list(self.shares.values()))
        place = int(np.searchsorted(edges, draw, side="right"))
        return list(self.shares)[place] if place < len(edges) else None


def truncated(value: Any) -> Any:
    """An answer with the second half of every list gone."""
    if isinstance(value, dict):
        return {key: truncated(part) for key, part in value.items()}
    if isinstance(value, list):
        return [truncated(part) for part in value[: len(value) // 2]]
    return value

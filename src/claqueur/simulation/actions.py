"""What mechanisms hand over: who did what to which post, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from claqueur.simulation.chance import Flags, Floats, Ints, lognormal

LIKE, COMMENT, REPOST = 0, 1, 2
KINDS = ("like", "comment", "repost")
TONES = ("", "organic", "fan", "praise", "activist", "handout", "ordered")
"""How comments sound; a row's tone is an index into it, 0 for actions without text."""

TOLD_TONES = ("activist", "handout", "ordered")
"""Tones of comments written on order or for a reward."""


@dataclass(frozen=True)
class Actions:
    """Equally long columns, one row an action.

    Attributes
    ----------
    account, post
        Indices into the population and the posts.
    time
        Whole seconds of the world's clock.
    kind, tone
        Indices into ``KINDS`` and ``TONES``.
    """

    account: Ints
    post: Ints
    time: Ints
    kind: Ints
    tone: Ints

    def __len__(self) -> int:
        return len(self.time)

    @classmethod
    def likes(cls, account: Ints, post: Ints, time: Floats | Ints) -> Self:
        """Likes at the given seconds; parts of a second are cut off."""
        nothing = np.zeros(len(account), np.int64)
        return cls(account, post, time.astype(np.int64), nothing, nothing)

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """All rows of the parts, in order; no rows without parts."""
        names = [field.name for field in fields(cls)]
        if not parts:
            return cls(*(np.empty(0, np.int64) for _ in names))
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    def at(self, rows: Flags | Ints) -> Self:
        """Some of the rows."""
        return type(self)(*(getattr(self, field.name)[rows] for field in fields(self)))

    def as_comments(self, tone: str) -> Self:
        """The same acts as comments in a tone instead of likes."""
        kinds = np.full(len(self), COMMENT)
        tones = np.full(len(self), TONES.index(tone))
        return type(self)(self.account, self.post, self.time, kinds, tones)

    def echoes(
        self, rng: np.random.Generator, share: float, kind: int, tone: str, delay_seconds: float
    ) -> Self:
        """For a share of these actions, another by the same account on the same post.

        The delay is lognormal with the given median in seconds and sigma 0.8.
        """
        echo = self.at(rng.random(len(self)) < share)
        delay = lognormal(rng, delay_seconds, 0.8, len(echo)).astype(np.int64) + 1
        kinds = np.full(len(echo), kind)
        tones = np.full(len(echo), TONES.index(tone))
        return type(self)(echo.account, echo.post, echo.time + delay, kinds, tones)

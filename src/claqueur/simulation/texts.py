"""Texts of posts from templates with slots; the templates are data, in ``texts.toml``."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

_SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Texts:
    """Templates by topic, and what fills their slots."""

    slots: dict[str, list[str]]
    posts: dict[str, list[str]]

    def post(self, topic: str, rng: np.random.Generator) -> str:
        """A post on a topic; topics without templates of their own read like news."""
        first = self._filled(self.posts.get(topic, self.posts["news"]), rng)
        return (
            f"{first}{'' if first[-1] in '!?.' else '.'} {self._filled(self.posts['detail'], rng)}"
        )

    def circular(self, rng: np.random.Generator) -> str:
        """A text that goes round among institutions."""
        return self._filled(self.posts["campaign"], rng)

    def opening(self, rng: np.random.Generator) -> str:
        """A sentence of one's own before it."""
        return self._filled(self.posts["opening"], rng)

    def _filled(self, templates: list[str], rng: np.random.Generator) -> str:
        def fill(match: re.Match[str]) -> str:
            return _pick(self.slots[match[1]], rng)

        text = _SLOT.sub(fill, _pick(templates, rng))
        return text[:1].upper() + text[1:]


@cache
def read_texts() -> Texts:
    """The texts that come with the package."""
    tables = tomllib.loads((Path(__file__).parent / "texts.toml").read_text(encoding="utf-8"))
    return Texts(**tables)


def _pick(values: list[str], rng: np.random.Generator) -> str:
    # Scaling one uniform draw is several times faster than rng.choice or rng.integers.
    return values[int(rng.random() * len(values))]

"""Texts from templates with slots; the templates are data, in ``texts.toml``."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Self

import numpy as np

from claqueur.simulation.scenario_orders import Handout

_SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Texts:
    """Templates by topic and by tone, and what fills their slots."""

    slots: dict[str, list[str]]
    posts: dict[str, list[str]]
    comments: dict[str, list[str]]
    handed_out: tuple[tuple[str, str], ...] = ()
    paraphrased_share: float = 0

    def with_handout(self, handout: Handout, rng: np.random.Generator) -> Self:
        """The same with a few texts of praise, each kept with the template it was made from."""
        praise = self.comments["praise"]
        pairs = [rng.choice(praise, 2, replace=False).tolist() for _ in range(handout.texts_count)]
        templates = [" ".join(pair) for pair in pairs]
        handed_out = tuple((template, self._filled([template], rng)) for template in templates)
        share = handout.paraphrased_share
        return replace(self, handed_out=handed_out, paraphrased_share=share)

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

    def comment(self, tone: str, rng: np.random.Generator) -> str:
        """A comment in a tone: ``organic``, ``fan``, ``praise``, ``activist`` or ``handout``."""
        if tone == "handout":
            return self._from_handout(rng)
        return self._filled(self.comments[tone], rng)

    def _from_handout(self, rng: np.random.Generator) -> str:
        """One of the texts handed out, as it stands or with other words in its slots."""
        template, text = self.handed_out[int(rng.random() * len(self.handed_out))]
        paraphrased = rng.random() < self.paraphrased_share
        return self._filled([template], rng) if paraphrased else text

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

"""Texts handed out to be written under posts, and how people copy them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Self

import numpy as np

from claqueur.simulation.chance import one_by_one
from claqueur.simulation.declension import WORD
from claqueur.simulation.grammar import Chance, Grammar, Rule
from claqueur.simulation.language import read_language, read_words
from claqueur.simulation.scenario_orders import Handout
from claqueur.simulation.scribble import edited, picked


@dataclass(frozen=True)
class Praise:
    """What texts are handed out from, and which words stand in for which.

    Attributes
    ----------
    templates
        One rule a text.
    alike
        Words of the same kind, by the word in small letters.
    vocabulary
        All words, for those that have none of their kind.
    """

    templates: tuple[Rule, ...]
    alike: Mapping[str, tuple[str, ...]]
    vocabulary: tuple[str, ...]


@cache
def read_praise() -> Praise:
    """The texts that come with the package."""
    table = read_words("handout")
    grammar = Grammar()
    grammar.fill(table["slots"])
    templates = tuple(grammar.template(text) for text in table["templates"])
    grammar.check()
    alike: dict[str, list[str]] = {}
    for row in table["alike"]:
        for word in row:
            alike.setdefault(word.lower(), []).extend(row)
    nouns = {each.singular[0] for field in read_language().fields.values() for each in field}
    vocabulary = tuple(sorted(nouns | {word for row in table["alike"] for word in row}))
    return Praise(templates, {word: tuple(row) for word, row in alike.items()}, vocabulary)


@dataclass(frozen=True)
class Filler:
    """The least a template needs."""

    random: Chance


@dataclass(frozen=True)
class HandedOut:
    """The texts of one world, each with the rule it was made by."""

    settings: Handout
    texts: tuple[tuple[Rule, str], ...]

    @classmethod
    def drawn(cls, settings: Handout, rng: np.random.Generator) -> Self:
        """As many texts as are wanted, of different templates as far as there are any."""
        templates = read_praise().templates
        chosen = [
            templates[place]
            for _ in range(-(-settings.texts_count // len(templates)))
            for place in rng.permutation(len(templates)).tolist()
        ][: settings.texts_count]
        filler = Filler(one_by_one(rng))
        return cls(settings, tuple((rule, _raised(rule(filler))) for rule in chosen))

    def copy(self, institution: int, day: int, random: Chance, emoji: Sequence[str]) -> str:
        """A copy by somebody of an institution: as it stands, or in other words."""
        count = len(self.texts)
        # Neighbours have different texts on the same day.
        place = (7 * institution + day) % count if self.settings.one_text_a_day else None
        rule, text = self.texts[int(random() * count) if place is None else place]
        if random() >= self.settings.paraphrased_share:
            return text
        if not self.settings.words_changed_share:
            return _raised(rule(Filler(random)))
        return edited(reworded(text, self.settings.words_changed_share, random), random, emoji)


def reworded(text: str, share: float, random: Chance) -> str:
    """A text with each word replaced by another, independently and with the same chance."""
    words = read_praise()

    def other(word: str) -> str:
        if random() >= share:
            return word
        own = word.lower()
        options = [each for each in words.alike.get(own, ()) if each.lower() != own]
        new = picked(options or [each for each in words.vocabulary if each != own], random)
        return _raised(new) if word[0].isupper() and own != word else new

    return WORD.sub(lambda match: other(match[0]), text)


def _raised(text: str) -> str:
    return text[:1].upper() + text[1:]

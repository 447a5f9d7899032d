"""Words, phrases and emoji of tone; they are data in ``ru.toml``, ``en.toml``, ``emoji.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
LANGUAGES = ("en", "ru")

STRONGER, WEAKER, PASSED = 1.5, 0.6, 1.0
"""What a word of degree makes of the weight of the word after it."""

REMEMBERED = 300_000
"""Different words that are looked up once only."""

Phrase = tuple[tuple[str, ...], float]


class Entry(NamedTuple):
    """What is known of a word that may carry tone.

    Attributes
    ----------
    weight
        Above 0 for praise, below for blame.
    first
        The same at the beginning of a comment.
    phrases
        Those that begin with the word, and their weights; the longest first.
    """

    weight: float
    first: float
    phrases: tuple[Phrase, ...]


@dataclass(frozen=True)
class Vocabulary:
    """Words of all languages, written as :func:`claqueur.texts.normal.normal` writes them.

    Attributes
    ----------
    words, beginnings
        Weights of whole words, and of all words that begin so.
    first
        Weights at the beginning of a comment.
    phrases
        By their first word.
    degrees
        Words that make what follows stronger or weaker, or may stand between it and "not".
    """

    words: Mapping[str, float]
    beginnings: Mapping[str, float]
    first: Mapping[str, float]
    phrases: Mapping[str, tuple[Phrase, ...]]
    negators: frozenset[str]
    degrees: Mapping[str, float]
    contrast: frozenset[str]
    emoji: Mapping[str, float]

    def weight(self, word: str) -> float:
        """The weight of a word: its own, or that of the longest beginning it has; 0 for most."""
        if word in self.words:
            return self.words[word]
        starts = (word[:end] for end in range(len(word), 1, -1))
        return next((self.beginnings[start] for start in starts if start in self.beginnings), 0.0)

    def entry(self, word: str) -> Entry | None:
        """What is known of a word; None for one without tone."""
        weight = self.weight(word)
        entry = Entry(weight, self.first.get(word, weight), self.phrases.get(word, ()))
        return entry if any(entry) else None


class Entries(dict[str, Entry | None]):
    """Entries of words by word, each looked up when it is first met."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        super().__init__()
        self.vocabulary = vocabulary

    def __missing__(self, word: str) -> Entry | None:
        """Look a word up and remember it."""
        if len(self) >= REMEMBERED:
            self.clear()
        entry = self[word] = self.vocabulary.entry(word)
        return entry


@cache
def read_vocabulary() -> Vocabulary:
    """The words that come with the package."""
    tables = [_table(language) for language in LANGUAGES]
    plain = dict(_weights(tables, "words", first=False))
    return Vocabulary(
        words={word: weight for word, weight in plain.items() if not word.endswith("*")},
        beginnings={word[:-1]: weight for word, weight in plain.items() if word.endswith("*")},
        first=dict(_weights(tables, "words", first=True)),
        phrases=_phrases(dict(_weights(tables, "phrases", first=False))),
        negators=frozenset(chain.from_iterable(table["negators"] for table in tables)),
        degrees=_degrees(tables),
        contrast=frozenset(chain.from_iterable(table["contrast"] for table in tables)),
        emoji=_emoji(),
    )


def _table(name: str) -> dict[str, Any]:
    return tomllib.loads((HERE / f"{name}.toml").read_text(encoding="utf-8"))


def _weights(
    tables: list[dict[str, Any]], part: str, *, first: bool
) -> Iterator[tuple[str, float]]:
    for group in chain.from_iterable(table[part] for table in tables):
        if group.get("first", False) == first:
            yield from ((word, float(group["weight"])) for word in group["of"])


def _emoji() -> dict[str, float]:
    groups = _table("emoji")["emoji"]
    return {sign: float(group["weight"]) for group in groups for sign in group["of"].split()}


def _phrases(weights: dict[str, float]) -> dict[str, tuple[Phrase, ...]]:
    found: dict[str, tuple[Phrase, ...]] = {}
    for phrase in sorted(weights, key=lambda phrase: -phrase.count(" ")):
        words = tuple(phrase.split())
        found[words[0]] = (*found.get(words[0], ()), (words, weights[phrase]))
    return found


def _degrees(tables: list[dict[str, Any]]) -> dict[str, float]:
    kinds = {"stronger": STRONGER, "weaker": WEAKER, "passed": PASSED}
    return {
        word: factor for table in tables for kind, factor in kinds.items() for word in table[kind]
    }

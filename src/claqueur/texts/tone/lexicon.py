"""Tone from a small lexicon of words, phrases and emoji, Russian and English.

Weights of words are added up after M. Taboada, J. Brooke, M. Tofiloski, K. Voll and M. Stede,
"Lexicon-Based Methods for Sentiment Analysis" (Computational Linguistics 37, 2011): a word of
degree makes the word after it stronger or weaker, a negator turns it around in part. What comes
before a "but" counts half. The words and the rules for length, questions and laughter are our own;
how good they are is measured in ``docs/tone.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import polars as pl

from claqueur.texts.normal import emoji, normal
from claqueur.texts.tone.vocabulary import Entries, Entry, Vocabulary, read_vocabulary

POSITIVE, NEGATIVE = 1.5, 1.0
"""By how much praise must outweigh blame for a positive tone, and blame praise for a negative one.
More is asked of praise: a polite word does not make a comment positive."""

SHORT = 12
"""Words of a short comment; a longer one needs more praise, by the root of its length."""

TURNED = -0.75
"""What a negator makes of praise. Of blame it makes nothing."""

MOST_DEGREE = 2.0
"""Most that words of degree together make of a weight."""

REACH = 3
"""Words of degree that may stand between a negator and its word."""

BEFORE_BUT = 0.5
"""What is left of the weight of words before a "but"."""

ASKED = 0.6
"""What is left of praise where there is a question mark."""


@dataclass(frozen=True)
class Lexicon:
    """The built-in lexicon."""

    name: ClassVar[str] = "lexicon"
    help: ClassVar[str] = "Words, phrases and emoji of praise and blame, Russian and English."

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The words; read when first needed."""
        return read_vocabulary()

    @cached_property
    def _entries(self) -> Entries:
        return Entries(self.vocabulary)

    def of(self, texts: pl.Series) -> pl.Series:
        """Tone of every text (see :class:`claqueur.texts.tone.Tone`)."""
        found = [None if text is None else self._tone(text) for text in texts.cast(pl.String)]
        return pl.Series("tone", found, pl.Int8)

    def _tone(self, text: str) -> int | None:
        words, signs = normal(text).split(), emoji(text)
        if not words and not signs:
            return None
        known = list(map(self._entries.__getitem__, words))
        if not signs and not any(known):
            return 0
        praise, blame = self._praise_and_blame(words, known, signs)
        balance = (praise * ASKED if "?" in text else praise) - blame
        if balance >= POSITIVE * max(1.0, len(words) / SHORT) ** 0.5:
            return 1
        return -1 if balance <= -NEGATIVE else 0

    def _praise_and_blame(
        self, words: list[str], known: list[Entry | None], signs: list[str]
    ) -> tuple[float, float]:
        """Sums of weights above and below 0; a word or emoji that comes again adds nothing."""
        weights = {sign: self.vocabulary.emoji.get(sign, 0.0) for sign in signs}
        turn = self._last_contrast(words)
        said, at = list(words), 0
        while at < len(words):
            entry, length = known[at], 1
            if entry is not None:
                weight, length = _matched(entry, words, at)
                if weight:
                    factor = self._factor(said, at, weight) * (BEFORE_BUT if at < turn else 1.0)
                    weights.setdefault(" ".join(words[at : at + length]), weight * factor)
                elif length > 1:  # "not only" is no "not"
                    said[at : at + length] = [""] * length
            at += length
        return (
            sum(weight for weight in weights.values() if weight > 0),
            -sum(weight for weight in weights.values() if weight < 0),
        )

    def _last_contrast(self, words: list[str]) -> int:
        """Place of the last "but" that has something on either side, or -1."""
        inside = range(len(words) - 2, 0, -1)
        return next((at for at in inside if words[at] in self.vocabulary.contrast), -1)

    def _factor(self, said: list[str], at: int, weight: float) -> float:
        """What the words before a word make of its weight."""
        factor, before = 1.0, at - 1
        while before >= max(at - REACH, 0) and said[before] in self.vocabulary.degrees:
            factor *= self.vocabulary.degrees[said[before]]
            before -= 1
        factor = min(factor, MOST_DEGREE)
        if before >= 0 and said[before] in self.vocabulary.negators:
            return factor * TURNED if weight > 0 else 0.0
        return factor


def _matched(entry: Entry, words: list[str], at: int) -> tuple[float, int]:
    """Weight of the longest phrase that begins here and its words, or of the word alone."""
    for phrase, weight in entry.phrases:
        if tuple(words[at : at + len(phrase)]) == phrase:
            return weight, len(phrase)
    return (entry.weight if at else entry.first), 1


TONE = Lexicon()

"""How rare a template is: how often people would write it by themselves.

A word follows another as often as it does in all other comments, mixed with how often it occurs
at all (F. Jelinek, R. Mercer, "Interpolated estimation of Markov source parameters", 1980). The
comments made from the template itself are left aside, so that a text cannot make itself common.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from claqueur.kernels.co_action import F64, I64
from claqueur.texts.corpus import Corpus
from claqueur.texts.templates import Templates

FOLLOWS = 0.7
"""Weight of what a word follows; the rest is how often it occurs at all."""

FORMULA_BITS = 10.0
"""A template is rare when fewer than one comment in a thousand corpora like this one would be
expected to have it by itself: its surprise exceeds the logarithm of their number by so much."""


@dataclass(frozen=True)
class Rarity:
    """How rare templates are.

    Attributes
    ----------
    bits : (n_templates,) float64
        Surprise of each frame.
    least : float
        Bits from which a template is rare.
    """

    bits: F64
    least: float

    @property
    def rare(self) -> np.ndarray:
        """Which templates are rare, (n_templates,) bool."""
        return self.bits >= self.least


def rarity(corpus: Corpus, templates: Templates) -> Rarity:
    """How rare each template is among the comments of a corpus."""
    counts = _Counts(corpus, templates)
    owner = np.repeat(np.arange(len(templates)), np.diff(templates.frame_start))
    word = templates.frame.astype(np.int64)
    first = np.ones(len(word), bool)
    first[1:] = owner[1:] != owner[:-1]
    before = np.where(first, -1, np.roll(word, 1))
    alone = (counts.words(owner, word) + 1) / (
        counts.tokens - counts.own_tokens[owner] + counts.kinds
    )
    pairs, starts = counts.pairs(owner, before, word), counts.words(owner, before)
    follows = np.divide(pairs, starts, out=np.zeros(len(word)), where=starts > 0)
    chance = np.where(first, alone, FOLLOWS * follows + (1 - FOLLOWS) * alone)
    bits: F64 = np.bincount(owner, -np.log2(chance), len(templates)).astype(np.float64)
    comments = max(int(corpus.uses.sum()), 1)
    return Rarity(bits, float(np.log2(comments)) + FORMULA_BITS)


@dataclass(frozen=True)
class _Counts:
    """Occurrences of words and of neighbours, a template's own comments left aside."""

    corpus: Corpus
    templates: Templates

    @property
    def kinds(self) -> int:
        """Different words."""
        return len(self.corpus.words.stems)

    @cached_property
    def _times(self) -> F64:
        """Comments behind every word of every form."""
        return self.corpus.uses[self.corpus.words.text].astype(np.float64)

    @cached_property
    def _owner(self) -> I64:
        """Template of every word of every form."""
        return self.templates.of_form[self.corpus.words.text]

    @cached_property
    def tokens(self) -> float:
        """Words of all comments."""
        return float(self._times.sum())

    @cached_property
    def own_tokens(self) -> F64:
        """Words of each template's comments."""
        own = self._owner >= 0
        found = np.bincount(self._owner[own], self._times[own], len(self.templates))
        return found.astype(np.float64)

    def words(self, owner: I64, word: I64) -> F64:
        """How often each word occurs outside its template's comments; 0 for -1."""
        every = np.bincount(self.corpus.words.word, self._times, self.kinds)
        total = np.where(word >= 0, every[np.maximum(word, 0)], 0)
        keys = self.corpus.words.word.astype(np.int64)
        return np.maximum(total - self._own(owner, word, keys, self._owner, self._times), 0)

    def pairs(self, owner: I64, before: I64, word: I64) -> F64:
        """How often each word follows the one before it, outside its template's comments."""
        text, codes = self.corpus.words.text, self.corpus.words.word.astype(np.int64)
        joined = text[1:] == text[:-1]
        keys = (codes[:-1] * self.kinds + codes[1:])[joined]
        times, owners = self._times[1:][joined], self._owner[1:][joined]
        asked = np.where(before >= 0, before * self.kinds + word, -1)
        needed = np.isin(keys, np.unique(asked))
        keys, times, owners = keys[needed], times[needed], owners[needed]
        every = _looked_up(
            pl.DataFrame({"key": keys, "times": times}), pl.DataFrame({"key": asked}), ["key"]
        )
        return np.maximum(every - self._own(owner, asked, keys, owners, times), 0)

    @staticmethod
    def _own(owner: I64, asked: I64, keys: I64, owners: I64, times: F64) -> F64:
        """What of it is in the template's own comments."""
        inside = owners >= 0
        table = pl.DataFrame({"owner": owners[inside], "key": keys[inside], "times": times[inside]})
        return _looked_up(table, pl.DataFrame({"owner": owner, "key": asked}), ["owner", "key"])


def _looked_up(table: pl.DataFrame, asked: pl.DataFrame, by: list[str]) -> F64:
    """Sums of ``times`` for what is asked, 0 where there is nothing."""
    sums = table.group_by(by).agg(pl.col("times").sum())
    found = asked.join(sums, on=by, how="left", maintain_order="left")["times"]
    return found.fill_null(0.0).to_numpy()

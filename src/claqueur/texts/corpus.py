"""Texts laid out for kernels: each normal form once, its words as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from claqueur.kernels.co_action import F64, I32, I64, Bool
from claqueur.kernels.frames import F32
from claqueur.progress import SILENT, Progress
from claqueur.texts.normal import normal

STEM = 6
"""First letters of a word that tell it from others: endings of inflected words do not."""

MOST_WORDS = 64
"""Words of a text that are looked at where words are compared."""

CHUNK = 20_000


def starts_of(size: Sequence[int] | NDArray[np.integer]) -> I64:
    """Where each of some things begins when they lie one after another, (n + 1,) int64."""
    return np.concatenate([[0], np.cumsum(size)]).astype(np.int64)


@dataclass(frozen=True)
class Corpus:
    """Texts of comments.

    Attributes
    ----------
    forms : (n,)
        Different normal forms that have words, rising.
    form : (comments,) int64
        The form of each comment, -1 where it has no words.
    uses : (n,) int64
        Comments of each form.
    """

    forms: list[str]
    form: I64
    uses: I64

    @classmethod
    def of(cls, texts: pl.Series, progress: Progress = SILENT) -> Corpus:
        """Lay out the texts of comments, (comments,) string with nulls."""
        different = texts.unique().drop_nulls().sort().to_list()
        progress.stage("reading comments", total=-(-len(different) // CHUNK))
        plain: list[str] = []
        for low in range(0, len(different), CHUNK):
            plain += map(normal, different[low : low + CHUNK])
            progress.advance()
        table = pl.DataFrame({"text": different, "form": plain}, schema_overrides=_STRINGS)
        forms = table["form"].unique().sort()
        forms = forms.filter(forms != "")
        form = (
            texts.rename("text")
            .to_frame()
            .join(table, on="text", how="left", maintain_order="left")["form"]
            .replace("", None)
        )
        code = forms.search_sorted(form.fill_null("")).cast(pl.Int64).to_numpy().copy()
        code[form.is_null().to_numpy()] = -1
        uses = np.bincount(code[code >= 0], minlength=len(forms)).astype(np.int64)
        return cls(forms.to_list(), code, uses)

    def __len__(self) -> int:
        return len(self.forms)

    def spoken(self) -> tuple[Corpus, Bool]:
        """The same with only the comments that have words, and which those are."""
        kept = self.form >= 0
        return replace(self, form=self.form[kept]), kept

    @cached_property
    def _first(self) -> I64:
        forms, first = np.unique(self.form, return_index=True)
        row = np.full(len(self), -1, np.int64)
        row[forms[forms >= 0]] = first[forms >= 0]
        return row

    def row_of(self, form: int) -> int:
        """The first comment of a form."""
        return int(self._first[form])

    @cached_property
    def words(self) -> Words:
        """Words of every form."""
        return Words.of(self.forms)


_STRINGS = {"text": pl.String, "form": pl.String}


@dataclass(frozen=True)
class Words:
    """Words of texts as numbers.

    Attributes
    ----------
    start : (n + 1,) int64; word : (m,) int32
        Stems of the words of text i are ``word[start[i]:start[i + 1]]``.
    stems : (n_words,) string
    """

    start: I64
    word: I32
    stems: pl.Series

    @classmethod
    def of(cls, texts: Sequence[str]) -> Words:
        """Number the words of normal forms."""
        lists = pl.Series("word", texts, pl.String).str.split(" ").list.head(MOST_WORDS)
        start = starts_of(lists.list.len().to_numpy())
        stem = lists.explode().str.slice(0, STEM)
        stems = stem.unique().sort()
        word = stems.search_sorted(stem).cast(pl.Int32).to_numpy()
        return cls(start, word, stems)

    def __len__(self) -> int:
        return len(self.start) - 1

    @property
    def size(self) -> I64:
        """Words of every text, (n,) int64."""
        return np.diff(self.start)

    @cached_property
    def text(self) -> I32:
        """Text of every word, (m,) int32."""
        return np.repeat(np.arange(len(self), dtype=np.int32), self.size)

    def of_text(self, number: int) -> I32:
        """Words of one text."""
        return self.word[self.start[number] : self.start[number + 1]]

    def only(self, texts: I64) -> Words:
        """Some of the texts, words numbered as before."""
        size = self.size[texts]
        start = starts_of(size)
        at = np.repeat(self.start[texts] - start[:-1], size) + np.arange(start[-1])
        return Words(start, self.word[at], self.stems)

    @cached_property
    def bits(self) -> F32:
        """Surprise of every word: how few texts have it, (n_words,) float32."""
        # Sorting beats the hashing of np.unique by far here.
        once = np.sort(self.text.astype(np.int64) * len(self.stems) + self.word)
        once = once[np.diff(once, prepend=-1) > 0]
        found = np.bincount(once % max(len(self.stems), 1), minlength=len(self.stems))
        rare: F64 = np.log2((len(self) + 1) / np.maximum(found, 1))
        return rare.astype(np.float32)

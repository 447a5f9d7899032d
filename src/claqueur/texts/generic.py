"""Comments that would suit any post, and comments that fit their own.

A word speaks for its own post in two ways. It may be rare under all others: then it says
something. Or it may be frequent here beside elsewhere, in the post's text and in what others wrote
below: then it is about this post. A comment of which no word does either is generic. Rates are
smoothed towards those elsewhere, after C. Zhai and J. Lafferty, "A Study of Smoothing Methods for
Language Models Applied to Information Retrieval" (ACM Transactions on Information Systems 22,
2004).

What is measured is the wording. A generic comment is not an ordered one: most of the shortest are
generic, whoever wrote them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from claqueur.kernels.co_action import F64, I64
from claqueur.texts.corpus import STEM, Corpus, starts_of
from claqueur.texts.normal import normal

COMMON, COMMON_COUNT = 0.05, 3
"""A word in more than this share of the comments under other posts, and this many more, is not
looked at: it is one that all posts have."""

EVERYDAY_BITS = 5.0
"""Surprise up to which a word says nothing: one comment in 32 under other posts has it."""

POST = 10.0
"""Comments that the text of the post counts for."""

PRIOR = 10.0
"""Comments under other posts that are added to those under a post before rates are compared."""

HALF_BITS = 8.0
"""Bits that halve how generic a comment is."""

GENERIC_FROM = 0.5
"""How generic a comment is from which it is said to suit any post."""

CHUNK = 100_000
"""Different comments looked at a time."""

GENERIC = pl.Schema({"generic": pl.Float64(), "fit": pl.Float64()})


def genericness(
    comments: pl.Series, posts: pl.Series | None = None, thread: NDArray[np.integer] | None = None
) -> pl.DataFrame:
    """How generic every comment is, and how well it fits its post.

    Parameters
    ----------
    comments : (n,) string with nulls
    posts : (n,) string with nulls
        Text of the post that each comment is under, where it is known.
    thread : (n,) integers
        The post that each comment is under, as any number. Without it, comments under equal texts
        are under one post. Without texts as well, each is under its own, and only how rare its
        words are is left.

    Returns
    -------
    table : (n,)
        ``generic``, from 0 to 1: 1 where no word tells the post from others, halved by every 8 bits
        of what does. A bit is a word twice as rare under other posts (beyond one comment in 32),
        or twice as frequent here as there; of the two, the larger counts. Null where there are no
        words. ``fit``, from 0 to 1: the share of what the comment says that is also in the text of
        its post, each word by its surprise; 0 where none is. Null without words, or without a
        text of the post.

    Raises
    ------
    ValueError
        If the three are not of one length.

    Examples
    --------
    >>> comments = pl.Series(["Отлично, молодцы!", "А когда откроют бассейн?"])
    >>> posts = pl.Series(["Наша команда вернулась", "Бассейн закрыт на ремонт"])
    >>> genericness(comments, posts)["fit"].to_list()
    [0.0, 0.25]
    """
    return genericness_of(Corpus.of(comments), posts, thread)


def genericness_of(
    corpus: Corpus, posts: pl.Series | None = None, thread: NDArray[np.integer] | None = None
) -> pl.DataFrame:
    """The same for comments that are laid out already (see :func:`genericness`)."""
    spoken = corpus.form >= 0
    for name, given in (("posts", posts), ("thread", thread)):
        if given is not None and len(given) != len(spoken):
            raise ValueError(f"{name} has {len(given)} rows, comments {len(spoken)}")
    threads = _threads(len(spoken), posts, thread)
    laid = _Laid.of(corpus, threads, _texts_of(posts, threads))
    generic, fit = laid.scores()
    values = np.full((2, len(spoken)), np.nan)
    values[:, spoken] = generic[laid.place], fit[laid.place]
    return pl.DataFrame(dict(zip(GENERIC, values, strict=True)), schema=GENERIC, nan_to_null=True)


def _threads(n: int, posts: pl.Series | None, thread: NDArray[np.integer] | None) -> I64:
    """The post of every comment, numbered from 0, (n,) int64."""
    if thread is not None:
        return _numbered(thread)
    if posts is None:
        return np.arange(n)
    text = posts.cast(pl.String).to_frame("text").with_row_index("row")
    first = text.select(
        pl.when(pl.col("text").is_null()).then("row").otherwise(pl.col("row").min().over("text"))
    )
    return _numbered(first.to_series().to_numpy())


def _numbered(values: NDArray[Any]) -> I64:
    """Different values numbered from 0."""
    number: I64 = np.unique(values, return_inverse=True)[1].astype(np.int64)
    return number


def _texts_of(posts: pl.Series | None, threads: I64) -> list[str | None]:
    """The first text that each post has, if any."""
    texts: list[str | None] = [None] * (int(threads.max(initial=-1)) + 1)
    if posts is not None:
        known = pl.DataFrame({"thread": threads, "text": posts.cast(pl.String)}).drop_nulls()
        for thread, text in known.unique("thread", keep="first").iter_rows():
            texts[thread] = text
    return texts


@dataclass(frozen=True)
class _Laid:
    """Different comments under posts, their words, and how often each occurs where.

    Attributes
    ----------
    place : (comments with words,) int64
        Which of the different comments each is.
    form, thread, uses : (m,) int64
        The different ones: what is written, under which post, how often.
    start, word : (forms + 1,), (k,) int64
        Words of every form, each once.
    total : (words,) int64
        Comments with each word.
    here_key, here : (h,) int64
        Comments with a word under a post; the key is thread * words + word, rising.
    size : (threads,) int64
        Comments with words under each post.
    said : (s,) int64
        Keys of words in the texts of posts, rising.
    told : (threads,) bool
        Posts with a text.
    """

    place: I64
    form: I64
    thread: I64
    uses: I64
    start: I64
    word: I64
    total: I64
    here_key: I64
    here: I64
    size: I64
    said: I64
    told: NDArray[np.bool_]

    @classmethod
    def of(cls, corpus: Corpus, threads: I64, texts: list[str | None]) -> Self:
        """Lay comments out."""
        spoken = corpus.form >= 0
        key = threads[spoken] * max(len(corpus), 1) + corpus.form[spoken]
        pairs, place, uses = np.unique(key, return_inverse=True, return_counts=True)
        thread, form = np.divmod(pairs, max(len(corpus), 1))
        start, word, total = _once(corpus)
        kinds = len(total)
        at, owner = _expanded(start, form)
        keys = thread[owner] * kinds + word[at]
        # Sorting what is repeated takes a third of the time of summing with an inverse.
        here_key, here = np.unique(np.repeat(keys, uses[owner]), return_counts=True)
        size = np.bincount(thread, uses, len(texts)).astype(np.int64)
        told = np.array([text is not None for text in texts], bool)
        said = _said(texts, corpus.words.stems)
        return cls(
            place, form, thread, uses.astype(np.int64), start, word, total, here_key, here, size,
            said, told,
        )  # fmt: skip

    def scores(self) -> tuple[F64, F64]:
        """How generic each of the different comments is, and its fit, (m,) and (m,) float64."""
        lows = range(0, len(self.form), CHUNK)
        parts = [self._scores(slice(low, low + CHUNK)) for low in lows]
        if not parts:
            return np.zeros(0), np.zeros(0)
        bits, heard, said = (np.concatenate(part) for part in zip(*parts, strict=True))
        fit = np.divide(heard, said, out=np.zeros(len(said)), where=said > 0)
        return 2.0 ** (-bits / HALF_BITS), np.where(self.told[self.thread], fit, np.nan)

    def _scores(self, part: slice) -> tuple[F64, F64, F64]:
        """Bits for the own post, surprise of words in its text, and of all."""
        form, thread, uses = self.form[part], self.thread[part], self.uses[part]
        at, owner = _expanded(self.start, form)
        word, under = self.word[at], thread[owner]
        key = under * len(self.total) + word
        here = self.here[np.searchsorted(self.here_key, key)]
        away, comments_away = self.total[word] - here, self.size.sum() - self.size[under]
        rare = away <= COMMON * comments_away + COMMON_COUNT
        word, under, key, here, away = (x[rare] for x in (word, under, key, here, away))
        in_text = _found(self.said, key)
        elsewhere = (away + 1) / (comments_away[rare] + 2)
        owner = owner[rare]
        others = here - uses[owner] + POST * in_text
        of = self.size[under] - uses[owner] + POST * self.told[under]
        rate = (others + PRIOR * elsewhere) / (of + PRIOR)
        surprise = -np.log2(elsewhere)
        bits = np.maximum(np.maximum(surprise - EVERYDAY_BITS, np.log2(rate) + surprise), 0)

        def summed(values: F64) -> F64:
            return np.bincount(owner, values, len(form)).astype(np.float64)

        return summed(bits), summed(surprise * in_text), summed(surprise)


def _once(corpus: Corpus) -> tuple[I64, I64, I64]:
    """Words of every form, each once, and in how many comments each word is."""
    words = corpus.words
    kinds = max(len(words.stems), 1)
    every = np.sort(words.text.astype(np.int64) * kinds + words.word)
    once = every[np.diff(every, prepend=-1) > 0]  # np.unique hashes, which takes ten times as long
    text, word = np.divmod(once, kinds)
    total = np.bincount(word, corpus.uses[text], kinds).astype(np.int64)
    size = np.bincount(text, minlength=len(corpus))
    return starts_of(size), word, total


def _expanded(start: I64, form: I64) -> tuple[I64, I64]:
    """Places of the words of some forms, and which of these each belongs to."""
    size = np.diff(start)[form]
    owner = np.repeat(np.arange(len(form)), size)
    begins = np.cumsum(size) - size
    return start[form][owner] + np.arange(len(owner)) - begins[owner], owner


def _said(texts: list[str | None], stems: pl.Series) -> I64:
    """Keys of the words in texts of posts, rising; words that no comment has are left out."""
    forms = pl.Series("form", [None if text is None else normal(text) for text in texts], pl.String)
    table = pl.DataFrame({"thread": np.arange(len(texts)), "form": forms}).drop_nulls()
    words = table.with_columns(pl.col("form").str.split(" ")).explode("form")
    stem = words["form"].str.slice(0, STEM)
    code = stems.search_sorted(stem).to_numpy().astype(np.int64)
    known = code < len(stems)
    known[known] = (stems.gather(code[known]) == stem.filter(known)).to_numpy()
    return np.unique(words["thread"].to_numpy()[known] * max(len(stems), 1) + code[known])


def _found(keys: I64, asked: I64) -> NDArray[np.bool_]:
    """Which of those asked about are among rising keys."""
    if not len(keys):
        return np.zeros(len(asked), bool)
    near = keys[np.minimum(np.searchsorted(keys, asked), len(keys) - 1)]
    found: NDArray[np.bool_] = near == asked
    return found

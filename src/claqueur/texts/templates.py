"""Templates: what many comments were made from, although words in them were changed.

Near-duplicates are taken together first. What is left is compared word by word: texts that keep
a good part of each other's words in their order follow one of them, their common words make a
frame, frames that are alike become one, and at the end every text is held against all frames.
Nothing is joined through others: a text belongs to a frame because it keeps most of *that*.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from claqueur.kernels.co_action import I32, I64
from claqueur.kernels.frames import F32, fitted, led, pair_counts, pairs_in
from claqueur.progress import SILENT, Progress
from claqueur.texts.corpus import MOST_WORDS, Corpus, Words, starts_of
from claqueur.texts.near import near_duplicates

ALIKE = 0.4
"""Share of the words of two texts that both keep: two copies of one text, each with three words
in ten changed, keep about half."""

KEPT = 0.45
"""Share of a frame's words that a text made from it keeps, in order."""

MERGED = 0.6
"""Share of common words from which two frames are one."""

LEAST_BITS = 24.0
"""Surprise of what is common: four words that one text in 64 has, or two that one in 4,000 has."""

FEWEST_WORDS = 3
"""Words of a frame: shorter comments are formulas that people find by themselves."""

MOST_TEXTS = 200
"""Texts a pair of nearby words may occur in for it to bring texts together."""

MOST_FRAMES = 60_000
"""The same of frames, of which there are fewer."""

SAMPLES = (1, 16, 256)
"""One text in so many is looked at in further rounds: what is too frequent among all is not in a
sample."""

LARGE = 20_000
"""Texts below which a sample is not worth a round."""


@dataclass(frozen=True)
class Templates:
    """What comments were made from.

    Attributes
    ----------
    of_form : (n_forms,) int64
        Template of every form, -1 for none.
    centre : (n_templates,) int64
        The form that keeps most of each template.
    frame_start : (n_templates + 1,) int64; frame : (m,) int32
        Words of every template that most of its texts keep, in order.
    """

    of_form: I64
    centre: I64
    frame_start: I64
    frame: I32

    def __len__(self) -> int:
        return len(self.frame_start) - 1

    def frame_of(self, number: int) -> I32:
        """Words of one template."""
        return self.frame[self.frame_start[number] : self.frame_start[number + 1]]


def users_of(template: I64, account: pl.Series) -> pl.DataFrame:
    """How many accounts used each template: ``template``, ``accounts``, the most used first.

    Parameters
    ----------
    template : (comments,) int64
        -1 for what was made from none.
    account : (comments,)
    """
    made = pl.DataFrame({"template": template, "account": account}).filter(pl.col("template") >= 0)
    users = made.group_by("template").agg(accounts=pl.col("account").n_unique())
    return users.sort("accounts", "template", descending=[True, False])


def find_templates(corpus: Corpus, progress: Progress = SILENT) -> Templates:
    """Find what comments were made from.

    A template has at least two uses; whether it is worth anything is told by its rarity
    (:mod:`claqueur.texts.rarity`) and by who used it.
    """
    star, _ = near_duplicates(corpus.forms, corpus.uses, progress)
    progress.stage("finding templates")
    words = corpus.words
    centres = np.flatnonzero(star == np.arange(len(star)))
    leader = _followed(words, centres, corpus.uses)
    frames = _merged(words, _frames(words, centres, leader))
    fits, kept = _fitted(words, centres, frames)
    return _together(corpus, star, frames, fits[star], kept)


@dataclass(frozen=True)
class _Nearby:
    """Pairs of nearby words: which have a number, and in which texts each is."""

    number: I32
    posting_start: I64
    posting: I32

    @classmethod
    def of(cls, words: Words, fewest: int, most: int) -> _Nearby:
        """Pairs that so many texts have."""
        slots = 1 << min(max(4 * len(words.word), 1 << 12).bit_length(), 26)
        every = np.arange(len(words), dtype=np.int64)
        count = pair_counts(words.start, words.word, every, slots)
        wanted = (count >= fewest) & (count <= most)
        number = np.where(wanted, np.cumsum(wanted) - 1, -1).astype(np.int32)
        pair_start, pair = pairs_in(words.start, words.word, number)
        text = np.repeat(every.astype(np.int32), np.diff(pair_start))
        size = np.bincount(pair, minlength=int(wanted.sum()))
        return cls(number, starts_of(size), text[np.argsort(pair, kind="stable")])

    def pairs(self, words: Words) -> tuple[I64, I32]:
        """Numbered pairs of every text: where each text's begin, and which."""
        pair_start, pair = pairs_in(words.start, words.word, self.number)
        return pair_start, pair

    @property
    def texts(self) -> I32:
        """In how many places each pair is, (pairs,) int32."""
        return np.diff(self.posting_start).astype(np.int32)


def _led(words: Words, bits: F32, order: I64, most: int, least: float, least_bits: float) -> I64:
    """The text each text follows, itself for most."""
    nearby = _Nearby.of(words, 2, most)
    leader = led(
        order, words.start, words.word, bits, *nearby.pairs(words), nearby.posting_start,
        nearby.posting, nearby.texts, MOST_WORDS, least, least_bits,
    )  # fmt: skip
    return leader.astype(np.int64)


def _followed(words: Words, asked: I64, uses: I64) -> I64:
    """The text each text follows among those asked about, itself for most, (n,) int64."""
    leader = np.arange(len(words), dtype=np.int64)
    left = asked[words.size[asked] >= FEWEST_WORDS]
    for one_in in SAMPLES:
        if one_in > 1 and len(left) < LARGE * one_in:
            break
        part = left[left % one_in == 0]
        inside = words.only(part)
        order = np.lexsort((np.arange(len(part)), -inside.size, -uses[part]))
        leader[part] = part[_led(inside, words.bits, order, MOST_TEXTS, ALIKE, LEAST_BITS)]
        followers = np.bincount(leader[left], minlength=len(words))
        left = left[followers[leader[left]] < 2]
    return leader


def _frames(words: Words, asked: I64, leader: I64) -> Words:
    """Words that more than half of the texts behind each leader have.

    They are in the leader's order; those it lacks where they are in the others on average.
    """
    followers = np.bincount(leader[asked], minlength=len(words))
    inside = asked[followers[leader[asked]] > 1]
    own = words.only(inside)
    place = (np.arange(len(own.word)) - own.start[own.text]) / own.size[own.text]
    lead = leader[inside][own.text]
    table = pl.DataFrame(
        {"leader": lead, "text": own.text, "word": own.word, "place": place,
         "leads": inside[own.text] == lead}
    )  # fmt: skip
    first = table.group_by("leader", "text", "word").agg(pl.col("place").min(), pl.first("leads"))
    core = first.group_by("leader", "word").agg(
        count=pl.len(),
        place=pl.coalesce(pl.col("place").filter("leads").first(), pl.col("place").mean()),
    )
    core = core.with_columns(texts=pl.Series(followers[core["leader"].to_numpy()]))
    core = core.filter(2 * pl.col("count") > pl.col("texts")).sort("leader", "place", "word")
    size = core.group_by("leader", maintain_order=True).len()["len"].to_numpy()
    frames = Words(starts_of(size), core["word"].to_numpy(), words.stems)
    return frames.only(np.flatnonzero(frames.size >= FEWEST_WORDS))


def _merged(words: Words, frames: Words) -> Words:
    """The longest of frames that are alike."""
    every = np.arange(len(frames), dtype=np.int64)
    order = np.lexsort((every, -frames.size))
    leader = _led(frames, words.bits, order, MOST_FRAMES, MERGED, 0.0)
    return frames.only(np.flatnonzero(leader == every))


def _fitted(words: Words, asked: I64, frames: Words) -> tuple[I64, F32]:
    """The frame of every text that keeps enough of one, -1 for the others; and how much."""
    fits, kept = np.full(len(words), -1, np.int64), np.zeros(len(words), np.float32)
    nearby = _Nearby.of(frames, 1, MOST_FRAMES)
    fits[asked], kept[asked] = fitted(
        asked, words.start, words.word, words.bits, frames.start, frames.word,
        *nearby.pairs(words), nearby.posting_start, nearby.posting, MOST_WORDS, KEPT, LEAST_BITS,
    )  # fmt: skip
    return fits, kept


def _together(corpus: Corpus, star: I32, frames: Words, fits: I64, kept: F32) -> Templates:
    """Templates of both kinds with at least two uses: frames, and stars that fit none."""
    kind = np.where(fits >= 0, fits, len(frames) + star)
    uses = np.bincount(kind, corpus.uses, len(frames) + len(star))
    numbers = np.flatnonzero(uses > 1)
    of_kind = np.full(len(uses), -1, np.int64)
    of_kind[numbers] = np.arange(len(numbers))
    own = [
        frames.of_text(n) if n < len(frames) else corpus.words.of_text(n - len(frames))
        for n in numbers.tolist()
    ]
    start = starts_of([len(each) for each in own])
    frame = np.concatenate([np.zeros(0, np.int32), *own])
    of_form = of_kind[kind]
    return Templates(of_form, _centres(corpus, of_form, kept), start, frame)


def _centres(corpus: Corpus, of_form: I64, kept: F32) -> I64:
    """The form of every template that keeps most of it; of those the most used one."""
    order = np.lexsort((np.arange(len(kept)), -corpus.uses, -kept, of_form))
    order = order[of_form[order] >= 0]
    _, first = np.unique(of_form[order], return_index=True)
    return order[first]

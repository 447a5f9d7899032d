"""What comments say: in one's own words, in formulas that many use, or as it was handed out."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self
from zlib import crc32

import numpy as np

from claqueur.simulation.actions import TONES, Actions
from claqueur.simulation.chance import one_by_one
from claqueur.simulation.clock import DAY
from claqueur.simulation.declension import Noun
from claqueur.simulation.grammar import Chance
from claqueur.simulation.handout import HandedOut
from claqueur.simulation.language import Language, read_language
from claqueur.simulation.pages import Posts
from claqueur.simulation.scribble import picked, smiles, typed
from claqueur.simulation.stage import Stage

MEME_SHARE = 0.01
"""Of comments of one's own accord, where a scenario says nothing else."""

_TELLERS = 25
"""One account in so many tells the same two memes again and again."""

_FOCUS = 6
"""Nouns that the comments under a post have in common."""

_ANSWER_SHARE = 0.15
_WORDS_MAX = 40
_RUN = re.compile(r"[^\W\d_]{4,}(?: [^\W\d_]+)? [^\W\d_]{4,}")


def _mix(**shares: float) -> tuple[list[str], list[float]]:
    """Parts, and the sums of their shares up to each but the last."""
    sums = np.cumsum([*shares.values()])
    return [name.replace("_", " ") for name in shares], sums[:-1].tolist()


_MIX = {
    "organic": _mix(formula=0.12, smiles=0.02, short=0.23, sentence=0.38, several=0.2, praise=0.05),
    "fan": _mix(kind=0.18, fan=0.42, praise=0.15, sentence=0.2, smiles=0.05),
    "praise": _mix(kind=0.18, praise=0.46, praise_twice=0.26, praise_and_more=0.1),
    "activist": _mix(kind=0.04, activist=0.5, activist_twice=0.3, praise_twice=0.16),
}
"""What comments of a tone are made of, with their shares."""

_KIND = ("fan", "praise", "activist")
_ANSWERS = ("short", "sentence", "several")


@dataclass(frozen=True)
class Subject:
    """What a post is about, for those who comment on it."""

    nouns: tuple[Noun, ...]
    focus: tuple[Noun, ...]
    echoes: tuple[str, ...]

    @classmethod
    def of(cls, language: Language, topic: str, text: str) -> Self:
        """The topic's nouns, a few that this post brings up, and runs of the post's own words."""
        nouns = language.about(topic)
        # What a post brings up is the post's own, whoever comments first.
        own = np.random.default_rng(crc32(text.encode()))
        focus = tuple(nouns[place] for place in own.integers(len(nouns), size=_FOCUS).tolist())
        runs = tuple(run.lower() for run in _RUN.findall(text))
        return cls(nouns, focus, runs or tuple(noun.singular[0] for noun in focus))


class Scribe:
    """Writes one comment after another, each under a post."""

    def __init__(self, language: Language, random: Chance) -> None:
        self.language, self.random = language, random
        self.subject = Subject.of(language, "", "")
        self._praising = False
        self._every = tuple(noun for own in language.fields.values() for noun in own)

    def noun(self) -> Noun:
        """A noun of the post, of its topic, or any; nothing sad in praise."""
        chance, own = self.random(), self.subject
        nouns = own.focus if chance < 0.3 else own.nouns if chance < 0.6 else self._every
        noun = nouns[int(self.random() * len(nouns))]
        return self.noun() if self._praising and noun.singular[0] in self.language.sad else noun

    def echo(self) -> str:
        """Some words of the post."""
        return picked(self.subject.echoes, self.random)

    def write(self, tone: str) -> str:
        """A comment in a tone, as it is typed."""
        parts, until = _MIX[tone]
        part = parts[bisect(until, self.random())]
        self._praising = part.startswith(_KIND)
        text = self._typed(self._part(part))
        return self._answering(text) if part in _ANSWERS else text

    def meme(self, account: int) -> str:
        """One of the two lines that an account likes to tell."""
        memes = self.language.memes
        line = memes[(account // _TELLERS + 3 * int(2 * self.random())) % len(memes)]
        return line if self.random() < 0.7 else self._typed(line)

    def _typed(self, text: str) -> str:
        return typed(text, self.random, self.language.emoji)

    def _part(self, part: str) -> str:
        """What is written before it is typed."""
        if part in ("formula", "kind"):
            return self._formula("organic" if part == "formula" else "praise")
        if part == "smiles":
            return smiles(self.random, self.language.emoji).strip()
        if part == "several":
            count = 2 + int(3 * self.random())
            return _cut(_joined([self._sentence() for _ in range(count)], self.random))
        if part == "sentence":
            return self._sentence()
        return self._said(part) if part == "short" else self._praise(part)

    def _praise(self, part: str) -> str:
        """A sentence of a kind of praise, two of them, or one and something else."""
        name, _, more = part.partition(" ")
        text = self._said(name)
        if not more:
            return text
        second = self._said(name) if more == "twice" else self._sentence()
        return _joined([text, second], self.random)

    def _formula(self, kind: str) -> str:
        """A formula, the first ones far more often than the last."""
        formulas = self.language.formulas[kind]
        return formulas[int(len(formulas) * self.random() ** 3)]

    def _sentence(self) -> str:
        text = self._said("sentences")
        chance = self.random()
        if chance < 0.2:
            return f"{self._said('lead')} {text}"
        # Nothing is added behind a question.
        return f"{text}, {self._said('tail')}" if chance > 0.85 and text[-1] != "?" else text

    def _answering(self, text: str) -> str:
        """For some comments, to whom they reply: to invented people."""
        if self.random() >= _ANSWER_SHARE:
            return text
        number = 100_000_000 + int(900_000_000 * self.random())
        return f"[id{number}|{self._said('name')}], {text}"

    def _said(self, name: str) -> str:
        return self.language.rules[name](self)


@dataclass(frozen=True)
class Wording:
    """What people write in a world.

    Attributes
    ----------
    meme_share
        Of the comments people write of their own accord.
    handed_out
        What staff were given to copy, if anything.
    """

    meme_share: float = MEME_SHARE
    handed_out: HandedOut | None = None

    def comments(
        self, stage: Stage, posts: Posts, actions: Actions, rng: np.random.Generator
    ) -> list[str | None]:
        """The text of every comment among actions to some posts, None for other actions."""
        scribe = Scribe(read_language(), one_by_one(rng))
        subjects = _subjects(stage, posts, scribe.language)
        day = actions.time // DAY
        institution = stage.people.institution[actions.account]
        lines: list[str | None] = []
        rows = zip(
            *(column.tolist() for column in (actions.tone, actions.account, actions.post)),
            *(column.tolist() for column in (institution, day)),
            strict=True,
        )
        for tone, account, post, place, today in rows:
            if not tone:
                lines.append(None)
                continue
            scribe.subject = subjects(post)
            lines.append(self._comment(scribe, TONES[tone], account, place, today))
        return lines

    def _comment(self, scribe: Scribe, tone: str, account: int, place: int, day: int) -> str:
        if tone == "handout" and self.handed_out:
            return self.handed_out.copy(place, day, scribe.random, scribe.language.emoji)
        if tone == "organic" and scribe.random() < _meme_chance(self.meme_share, account):
            return scribe.meme(account)
        return scribe.write("praise" if tone in ("ordered", "handout") else tone)


def _meme_chance(share: float, account: int) -> float:
    """Most memes come from those who tell them all the time."""
    return min(1.0, 0.7 * share * _TELLERS) if account % _TELLERS == 0 else 0.3 * share


def _subjects(stage: Stage, posts: Posts, language: Language) -> Callable[[int], Subject]:
    """What each post is about, by its index; looked at when it is first asked for."""
    topics = stage.scenario.topics
    known: dict[int, Subject] = {}

    def subject(post: int) -> Subject:
        if post not in known:
            topic = topics[stage.pages.topic[posts.page[post]]]
            known[post] = Subject.of(language, topic, posts.text[post])
        return known[post]

    return subject


def _joined(sentences: list[str], random: Chance) -> str:
    """Sentences one after another, as people put them."""
    text = sentences[0]
    for more in sentences[1:]:
        if random() < 0.25 and text[-1] != "?":
            text = f"{text}, {picked(('а', 'и', 'но', 'да и', 'зато', 'ну и'), random)} {more}"
        else:
            end = "" if text[-1] in "?!" else picked((".", ".", "!", "...", ")))", ","), random)
            text = f"{text}{end} {more if random() < 0.5 else more[:1].upper() + more[1:]}"
    return text


def _cut(text: str) -> str:
    words = text.split(" ")
    return " ".join(words[:_WORDS_MAX])

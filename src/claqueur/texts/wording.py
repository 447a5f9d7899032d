"""Templates as people read them: words that stay, slots where they change."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from claqueur.kernels.co_action import I32, I64, Bool
from claqueur.kernels.frames import kept_words
from claqueur.texts.corpus import STEM, Words, starts_of
from claqueur.texts.normal import words as words_of

SLOT = "{…}"

_NAMED = re.compile(
    r"\[[\w.:-]{0,64}\|[^\]]{0,200}\]|(?<!\w)@[\w.]+(?:\s\([^)]{0,200}\))?"
    r"|\*?\b(?:id|club|public)\d+(?:\s\([^)]{0,200}\))?"
)
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

NOBODY_FOUND = 10
"""k: words are shown in public only if together they lead to at least so many people outside."""


def unnamed(text: str) -> str:
    r"""A text as it may be rendered: mentions name nobody, and nothing steers a terminal.

    Examples
    --------
    >>> unnamed("[id1|Ольга], спасибо и @ivan\x1b[2J")
    '@…, спасибо и @…[2J'
    """
    return _CONTROL.sub("", _NAMED.sub("@…", text))


def with_slots(text: str, frame: Sequence[str]) -> str:
    """A text with slots for what is not in a frame of stems.

    Examples
    --------
    >>> with_slots("Поздравляю, Ольга! Лучший город!", ["поздра", "лучший", "город"])
    'Поздравляю, {…} Лучший город!'
    """
    tokens = unnamed(text).split()
    stems = _stems(tokens)
    return _joined(tokens, stems, _whole(stems, _kept(_flat(stems), frame)))


def marked(text: str, frame: str) -> list[tuple[str, bool]]:
    """A text in pieces, each with whether it is part of a template as people read it.

    Examples
    --------
    >>> marked("Поздравляю, Ольга! Лучший город!", "Поздравляю, {…} Лучший город!")
    [('Поздравляю,', True), ('Ольга!', False), ('Лучший город!', True)]
    """
    tokens = text.split()
    stems = _stems(tokens)
    kept = _whole(stems, _kept(_flat(stems), _flat(_stems([frame]))))
    pieces: list[tuple[str, bool]] = []
    for token, same in zip(tokens, kept, strict=True):
        if pieces and pieces[-1][1] == same:
            pieces[-1] = (f"{pieces[-1][0]} {token}", same)
        else:
            pieces.append((token, same))
    return pieces


def only_words(text: str, shown: Sequence[str]) -> str:
    """A text with slots for all but some stems, wherever they stand, in plain small letters."""
    tokens = text.split()
    stems = _stems(tokens)
    plain = [" ".join(words_of(token)) for token in tokens]
    return _joined(plain, stems, _whole(stems, [stem in shown for stem in _flat(stems)]))


def _stems(tokens: Sequence[str]) -> list[list[str]]:
    """Stems of the words of every token; most have one, punctuation has none."""
    return [[word[:STEM] for word in words_of(token)] for token in tokens]


def _flat(stems: Sequence[Sequence[str]]) -> list[str]:
    return [stem for each in stems for stem in each]


def _kept(stems: Sequence[str], frame: Sequence[str]) -> list[bool]:
    number = {stem: place for place, stem in enumerate(dict.fromkeys([*stems, *frame]))}
    one, other = (np.array([number[s] for s in each], np.int32) for each in (stems, frame))
    found: list[bool] = kept_words(one, other).tolist()
    return found


def _whole(stems: Sequence[Sequence[str]], kept: Sequence[bool]) -> list[bool]:
    """Whether every word of a token is kept; so it is where it has none."""
    start = starts_of([len(own) for own in stems])
    return [all(kept[begin:end]) for begin, end in pairwise(start)]


def _joined(tokens: Sequence[str], stems: Sequence[Sequence[str]], kept: Sequence[bool]) -> str:
    """Tokens that are kept; one slot for each run of others, tokens without words left out."""
    parts: list[str] = []
    for token, own, stays in zip(tokens, stems, kept, strict=True):
        if own and stays:
            parts.append(token)
        elif own and parts[-1:] != [SLOT]:
            parts.append(SLOT)
    return " ".join(parts)


class Crowd:
    """What people outside groups wrote: which of them have some words in a comment.

    Parameters
    ----------
    words
        Words of all forms.
    form, account : (m,) int64
        Form and account of the comments of people outside.
    """

    def __init__(self, words: Words, form: I64, account: I64) -> None:
        order = np.argsort(words.word, kind="stable")
        self._text = words.text[order]
        self._start = np.searchsorted(words.word[order], np.arange(len(words.stems) + 1))
        by_form = np.argsort(form, kind="stable")
        self._account = account[by_form]
        self._of_form = np.searchsorted(form[by_form], np.arange(len(words) + 1))
        self._forms = len(words)

    def shown(self, frame: I32, bits: np.ndarray, k: int = NOBODY_FOUND) -> I32:
        """Words of a frame that may be shown together: k people outside wrote all of them.

        The most telling words come first. Whoever searches for what is shown then finds at
        least k people besides those the template is about.
        """
        inside, chosen = np.ones(self._forms, bool), []
        for word in sorted(set(frame.tolist()), key=lambda each: (-bits[each], each)):
            fewer = inside & self._with(word)
            if self._people(fewer) >= k:
                inside = fewer
                chosen.append(word)
        return np.array(chosen, np.int32)

    def _with(self, word: int) -> Bool:
        found = np.zeros(self._forms, bool)
        found[self._text[self._start[word] : self._start[word + 1]]] = True
        return found

    def _people(self, forms: Bool) -> int:
        each = [
            self._account[self._of_form[form] : self._of_form[form + 1]]
            for form in np.flatnonzero(forms)
        ]
        return len(np.unique(np.concatenate(each))) if each else 0

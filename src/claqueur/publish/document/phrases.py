"""Phrases that a release brings along, such as null models and remarks, in another language.

They are written where the tests are, with numbers in them, so they are looked up as patterns: in
the catalogue the context ``release`` has them with placeholders. ``{n}`` stands for a number,
``{day}`` for a day, ``{phrase}`` for another such phrase, any other name for text that stays.
What no pattern fits stays as it is and is marked as English in the page.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from claqueur.publish.document.catalogue import SOURCE_LANGUAGE, Message, messages

CONTEXT = "release"

_PLACE = re.compile(r"\{(\w+)\}")
_KINDS = {"n": r"-?[\d,]+(?:\.\d+)?", "day": r"\d{4}-\d\d-\d\d(?:T[\d:.+Z-]+)?"}


@dataclass(frozen=True)
class Pattern:
    """A phrase with placeholders and what it becomes."""

    fits: re.Pattern[str]
    translation: str


@dataclass(frozen=True)
class Phrases:
    """The phrases of one language."""

    exact: dict[str, str]
    patterns: tuple[Pattern, ...]

    def of(self, text: str, said: Callable[[str, str], str]) -> str | None:
        """A phrase in this language; None where it has none.

        Parameters
        ----------
        said
            How a number (kind ``n``) or a day (``day``) is written in the language.
        """
        if text in self.exact:
            return self.exact[text]
        for pattern in self.patterns:
            if found := pattern.fits.fullmatch(text):
                parts = {
                    name: self._part(name, own, said) for name, own in found.groupdict().items()
                }
                return pattern.translation.format(**parts)
        return None

    def _part(self, name: str, text: str, said: Callable[[str, str], str]) -> str:
        kind = name.rstrip("0123456789")
        if kind == "phrase":
            return self.of(text, said) or text
        return said(kind, text) if kind in _KINDS else text


@cache
def phrases(language: str) -> Phrases:
    """The phrases of a language; none in the language they are written in."""
    if language == SOURCE_LANGUAGE:
        return Phrases({}, ())
    own = [each for each in messages(language) if each.context == CONTEXT and each.translations]
    plain = {each.text: each.translations[0] for each in own if "{" not in each.text}
    # The longest first: a shorter one may fit as well.
    rest = sorted((each for each in own if "{" in each.text), key=lambda each: -len(each.text))
    return Phrases(plain, tuple(map(_pattern, rest)))


def _pattern(message: Message) -> Pattern:
    """A message's text as an expression, its placeholders as named groups."""
    parts = _PLACE.split(message.text)
    said = "".join(
        re.escape(part) if place % 2 == 0 else f"(?P<{part}>{_kind(part)})"
        for place, part in enumerate(parts)
    )
    return Pattern(re.compile(said, re.DOTALL), message.translations[0])


def _kind(name: str) -> str:
    return _KINDS.get(name.rstrip("0123456789"), r".+?")

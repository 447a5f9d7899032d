"""Regular Russian declension, enough to say invented comments without blunders.

Words are given in the nominative singular. Nouns with a fleeting vowel name the stem of their
other forms after a slash (``подарок/подарк``), those with an irregular genitive plural name it
after a colon (``остановка:остановок``). What is irregular in more than that has no place here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

CASES = ("nom", "gen", "dat", "acc", "ins", "pre")

_HARD_M = (("", "а", "у", "", "ом", "е"), ("ы", "ов", "ам", "ы", "ами", "ах"))
_SOFT_M = (("ь", "я", "ю", "ь", "ем", "е"), ("и", "ей", "ям", "и", "ями", "ях"))
_SHORT_I = (("й", "я", "ю", "й", "ем", "е"), ("и", "ев", "ям", "и", "ями", "ях"))
_HARD_F = (("а", "ы", "е", "у", "ой", "е"), ("ы", "", "ам", "ы", "ами", "ах"))
_IA = (("ия", "ии", "ии", "ию", "ией", "ии"), ("ии", "ий", "иям", "ии", "иями", "иях"))
_SOFT_F = (("ь", "и", "и", "ь", "ью", "и"), ("и", "ей", "ям", "и", "ями", "ях"))
_HARD_N = (("о", "а", "у", "о", "ом", "е"), ("а", "", "ам", "а", "ами", "ах"))
_IE = (("ие", "ия", "ию", "ие", "ием", "ии"), ("ия", "ий", "иям", "ия", "иями", "иях"))
_NOUNS = {
    "m": {"ь": _SOFT_M, "й": _SHORT_I, "": _HARD_M},
    "f": {"ия": _IA, "а": _HARD_F, "ь": _SOFT_F},
    "n": {"ие": _IE, "о": _HARD_N},
}
"""Endings by gender and by the end of the nominative, singular and plural."""

_ADJECTIVES = {
    "m": ("ый", "ого", "ому", "ый", "ым", "ом"),
    "f": ("ая", "ой", "ой", "ую", "ой", "ой"),
    "n": ("ое", "ого", "ому", "ое", "ым", "ом"),
    "p": ("ые", "ых", "ым", "ые", "ыми", "ых"),
}
_SOFT = str.maketrans("ыоау", "иеяю")
_AFTER_HUSHING = str.maketrans("ыо", "ие")


@dataclass(frozen=True)
class Noun:
    """A noun's forms in the order of ``CASES``, singular and plural; plural may be missing."""

    gender: str
    animate: bool
    singular: tuple[str, ...]
    plural: tuple[str, ...]

    @property
    def nominative(self) -> str:
        """Its dictionary form."""
        return self.singular[0]


def noun(word: str, gender: str, *, animate: bool = False, plural: bool = True) -> Noun:
    """A noun from its dictionary form (see the module); gender is ``m``, ``f`` or ``n``."""
    rest, _, genitive = word.partition(":")
    nominative, _, oblique = rest.partition("/")
    end = next(end for end in _NOUNS[gender] if nominative.endswith(end))
    stem = oblique or nominative.removesuffix(end)
    one, many = ([_unstressed(stem, ending) for ending in row] for row in _NOUNS[gender][end])
    one[0] = nominative
    if gender == "m":
        one[3] = one[1] if animate else nominative
        if stem[-1] in "жшчщ" and end == "":
            many[1] = f"{stem}ей"
    if genitive:
        many[1] = genitive
    if animate:
        many[3] = many[1]
    return Noun(gender, animate, tuple(one), tuple(many) if plural else ())


def adjective(word: str) -> dict[str, tuple[str, ...]]:
    """An adjective's forms by gender (``p`` is plural), in the order of ``CASES``.

    The accusative is that of things; of people it is the genitive, but for ``f``.
    """
    stem, own = word[:-2], word[-2:]
    table = str.maketrans("", "")
    if own == "ий" and stem[-1] == "н":
        table = _SOFT
    elif own == "ий" and stem[-1] in "жшчщ":
        table = _AFTER_HUSHING
    forms = {
        gender: tuple(_spelt(stem, ending[0].translate(table) + ending[1:]) for ending in row)
        for gender, row in _ADJECTIVES.items()
    }
    forms["m"] = (word, *forms["m"][1:3], word, *forms["m"][4:])
    return forms


def agreed(predicate: str, gender: str) -> str:
    """A predicate with its marks filled: ``~`` a past tense's ending, ``^`` a short adjective's.

    Examples
    --------
    >>> agreed("сломал~ся", "f"), agreed("закрыт^", "p")
    ('сломалась', 'закрыты')
    """
    own = {"m": "", "f": "а", "n": "о"}.get(gender)
    past = "и" if own is None else own
    text = predicate.replace("~ся", f"{past}{'сь' if past else 'ся'}").replace("~", past)
    if "^" not in text:
        return text
    if own != "":
        text = text.replace("ён^", "ен^")
    return text.replace("^", "ы" if own is None else own)


def _spelt(stem: str, ending: str) -> str:
    """Stem and ending together; no ы after velars and hushing sounds."""
    hard = ending[:1] == "ы" and stem[-1] in "гкхжшчщ"
    return f"{stem}и{ending[1:]}" if hard else stem + ending


def _unstressed(stem: str, ending: str) -> str:
    """The same for nouns, whose endings have no о after hushing sounds and ц."""
    hushed = ending in ("ой", "ом") and stem[-1] in "жшчщц"
    return f"{stem}е{ending[1:]}" if hushed else _spelt(stem, ending)


WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
"""A word, with its hyphens."""

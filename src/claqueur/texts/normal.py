"""Texts written alike, so that tricks of spelling do not hide a copy.

Links and mentions say who and where, not what, and are left out. Marks that nobody sees, letters
that only look like those of another alphabet, stretched letters, accents, case, and ё for е are
levelled. Emoji are kept apart from words.
"""

from __future__ import annotations

import re
import unicodedata

LONGEST = 20_000
"""Characters of a text that are looked at: VK's longest comment has 16,384."""

# Lengths are bounded, so that no text takes the square of its length.
_LINK = re.compile(
    r"(?:https?://|www\.)\S+"
    r"|\b[\w-]{1,63}(?:\.[\w-]{1,63}){0,6}\.(?:ru|com|me|org|net|рф)\b(?:/\S*)?"
)
_MENTION = re.compile(r"\[[\w.:-]{0,64}\|[^\]]{0,200}\]|(?<!\w)[@*][\w.]+(?:\s\([^)]{0,200}\))?")
_STRETCHED = re.compile(r"([^\W\d_])\1{2,}")
_WORD = re.compile(r"\w+")
_CYRILLIC = re.compile("[а-яёіїєґў]")
_SURELY_CYRILLIC = re.compile("[бгджзийлпфцчшщъыьэюяёїєґў]")
_LATIN_OR_DIGIT = re.compile("[a-z036]")
_SURELY_LATIN = re.compile("[dfgjlnqrsvwz]")

_LOOKS_CYRILLIC = str.maketrans("aceopxykmthbiu036", "асеорхукмтнвіиозб")
_LOOKS_LATIN = str.maketrans("асеорхукмтнві", "aceopxykmthbi")

_EMOJI = re.compile(
    "["
    "\U0001f1e6-\U0001f1ff\U0001f300-\U0001f64f\U0001f680-\U0001f6ff\U0001f7e0-\U0001f7eb"
    "\U0001f900-\U0001f9ff\U0001fa70-\U0001faff\u2600-\u27bf\u2b00-\u2bff\u2190-\u21ff\u2300-\u23ff"
    "]"
)


def normal(text: str) -> str:
    """The words of a text, written alike, one space between.

    Empty where there are none, as in a text of emoji alone.

    Examples
    --------
    >>> normal("[id1|Иван], УРААА!!! Ещё\u200b рaз 🎉 https://vk.com/x")
    'ура еще раз'
    """
    plain = _plain(text)
    if not plain.isascii():
        plain = _seen(plain)
    found = _WORD.findall(plain.replace("_", " "))
    plain = " ".join(found)
    if "ё" in plain:
        plain = plain.replace("ё", "е")
    if _CYRILLIC.search(plain) and _LATIN_OR_DIGIT.search(plain):
        plain = " ".join(_one_alphabet(word) for word in found).replace("ё", "е")
    return _STRETCHED.sub(r"\1", plain)


def words(text: str) -> list[str]:
    """The words of a text, written alike.

    Examples
    --------
    >>> words("Молодцы, так держать!")
    ['молодцы', 'так', 'держать']
    """
    return normal(text).split()


def emoji(text: str) -> list[str]:
    """Emoji of a text, without skin tones and joiners.

    Examples
    --------
    >>> emoji("Ура 🎉👍🏽")
    ['🎉', '👍']
    """
    return [sign for sign in _EMOJI.findall(text[:LONGEST]) if not "🏻" <= sign <= "🏿"]


def _plain(text: str) -> str:
    """Compatible forms, small letters, without links and mentions."""
    plain = text[:LONGEST]
    if "[" in plain or "@" in plain or "*" in plain:
        plain = _MENTION.sub(" ", plain)
    if "." in plain or "/" in plain:
        plain = _LINK.sub(" ", plain)
    return unicodedata.normalize("NFKC", plain).casefold()


def _seen(plain: str) -> str:
    """Without what nobody sees, and without accents that stayed apart from their letter."""
    if _WORDS_AND_SPACES.fullmatch(plain):
        return plain
    kept = [sign for sign in plain if unicodedata.category(sign) not in _UNSEEN]
    return "".join(kept)


_WORDS_AND_SPACES = re.compile(r"[\sa-z0-9а-яёіїєґў.,:;!?()\"'«»/+=%№…—–-]*")
_UNSEEN = frozenset({"Cf", "Mn", "Me", "Cs", "Co"})


def _one_alphabet(word: str) -> str:
    """A word whose letters mix alphabets, all in one.

    Letters that look like none of the other alphabet tell which; where they do not, most letters.
    """
    cyrillic = len(_CYRILLIC.findall(word))
    if not cyrillic or not _LATIN_OR_DIGIT.search(word):
        return word
    surely = len(_SURELY_CYRILLIC.findall(word)) - len(_SURELY_LATIN.findall(word))
    if surely > 0 or (surely == 0 and 2 * cyrillic >= sum(map(str.isalpha, word))):
        return word.translate(_LOOKS_CYRILLIC)
    return word.translate(_LOOKS_LATIN)

"""How people type: ends left off, small letters, slips, stretched letters, emoji."""

from __future__ import annotations

from collections.abc import Sequence

from claqueur.simulation.grammar import Chance

_LOWER_SHARE = 0.4
_END_SHARE = 0.5
_SLIP_SHARE = 0.06
_STRETCH_SHARE = 0.03
_CAPITALS_SHARE = 0.01
_COMMAS_SHARE = 0.2
_EMOJI_SHARE = 0.14
_ENDS = (".", ".", ".", ".", "!", "!", "!!", "...", ")", "))", ")))", "!!!")


def typed(text: str, random: Chance, emoji: Sequence[str]) -> str:
    """A text as somebody types it."""
    if random() < _COMMAS_SHARE:
        text = text.replace(",", "")
    if random() < _SLIP_SHARE:
        text = slipped(text, random)
    if random() < _STRETCH_SHARE:
        text = _stretched(text, random)
    if random() >= _LOWER_SHARE:
        text = _raised(text)
    if random() < _CAPITALS_SHARE:
        text = text.upper()
    if text[-1:] not in "?!." and random() < _END_SHARE:
        text += picked(_ENDS, random)
    if random() < _EMOJI_SHARE:
        text += smiles(random, emoji)
    return text


def edited(text: str, random: Chance, emoji: Sequence[str]) -> str:
    """A copied text with light edits: another end, no commas, small letters, emoji."""
    if random() < 0.5:
        text = text.rstrip(".!)") + picked(("", *_ENDS), random)
    if random() < _COMMAS_SHARE:
        text = text.replace(",", "")
    if random() < 0.3:
        text = text[:1].lower() + text[1:]
    if random() < 0.3:
        text += smiles(random, emoji)
    return text


def smiles(random: Chance, emoji: Sequence[str]) -> str:
    """One to four of the same emoji, or a second one, after a space or none."""
    one = picked(emoji, random)
    more = one * int(3 * random() * random()) if random() < 0.7 else picked(emoji, random)
    return (" " if random() < 0.7 else "") + one + more


def slipped(text: str, random: Chance) -> str:
    """Two letters exchanged, one left out, or one typed twice."""
    place = 1 + int(random() * max(len(text) - 2, 1))
    before, here, after = text[:place], text[place : place + 1], text[place + 1 :]
    kind = random()
    if kind < 0.4:
        return before[:-1] + here + before[-1:] + after
    return before + after if kind < 0.7 else before + here + here + after


def picked(values: Sequence[str], random: Chance) -> str:
    """One of them, each as likely."""
    return values[int(random() * len(values))]


def _stretched(text: str, random: Chance) -> str:
    """The last vowel goes on and on."""
    place = max(text.rfind(vowel) for vowel in "аеиоуыэюя")
    if place < 0:
        return text
    return text[:place] + text[place] * (2 + int(4 * random())) + text[place + 1 :]


def _raised(text: str) -> str:
    return text[:1].upper() + text[1:]

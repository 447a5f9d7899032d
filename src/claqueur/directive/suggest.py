"""Minutes, pasted as text, to suggestions for a directive's record.

Nothing suggested is used before somebody has confirmed it. Names with initials or a patronymic,
phone numbers and e-mail addresses are left out before anything is looked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol, TypeVar

from claqueur.directive.dates import days_in
from claqueur.directive.persons import without_persons

_BEFORE, _AFTER = 32, 24
"""Characters around a suggestion that are shown with it."""


@dataclass(frozen=True)
class Day:
    """A day in the text.

    Attributes
    ----------
    deadline
        Whether the words before it make it one.
    guess
        What of the day is a guess, and from what; empty when it is all there.
    source
        The piece of text it comes from.
    at
        Where in the text, in characters.
    """

    value: date
    deadline: bool
    guess: str
    source: str
    at: int


@dataclass(frozen=True)
class Link:
    """A page, a post or another link in the text.

    Attributes
    ----------
    value
        The id as data have it, ``-123`` or ``wall-123_45``; else the link.
    """

    kind: Literal["page", "post", "link"]
    value: str
    source: str
    at: int


@dataclass(frozen=True)
class Action:
    """A word that asks for an action."""

    value: str
    source: str
    at: int


@dataclass(frozen=True)
class Numbered:
    """An item of the minutes: its number and the text after it, up to the character ``end``."""

    number: str
    text: str
    source: str
    at: int
    end: int


class _Placed(Protocol):
    @property
    def at(self) -> int: ...


_Some = TypeVar("_Some", bound=_Placed)


@dataclass(frozen=True)
class Suggestions:
    """What a text seems to say, in its order; to be confirmed one by one."""

    days: tuple[Day, ...] = ()
    links: tuple[Link, ...] = ()
    actions: tuple[Action, ...] = ()
    items: tuple[Numbered, ...] = ()

    def of(self, item: Numbered) -> Suggestions:
        """What stands in one item."""
        return Suggestions(
            _within(self.days, item),
            _within(self.links, item),
            _within(self.actions, item),
            (item,),
        )

    def outside(self) -> Suggestions:
        """What stands in no item, as the date of the minutes."""
        inside = [self.of(item) for item in self.items]
        return Suggestions(
            tuple(day for day in self.days if not any(day in part.days for part in inside)),
            tuple(link for link in self.links if not any(link in part.links for part in inside)),
            tuple(each for each in self.actions if not any(each in p.actions for p in inside)),
        )


def suggest_directive(text: str) -> Suggestions:
    """Days, links, items and actions that minutes in Russian or English seem to name.

    Persons are never suggested, and neither are personal pages.

    >>> found = suggest_directive("3. Обеспечить лайки на vk.com/club1001 до 15.03.2019")
    >>> found.items[0].number, found.links[0].value, str(found.days[0].value)
    ('3', '-1001', '2019-03-15')
    """
    plain = without_persons(text)
    days = (
        Day(each.day, each.deadline, each.guess, _around(plain, each.start, each.end), each.start)
        for each in days_in(plain)
    )
    return Suggestions(tuple(days), tuple(_links(plain)), _actions(plain), tuple(_items(plain)))


def _within(found: tuple[_Some, ...], item: Numbered) -> tuple[_Some, ...]:
    return tuple(each for each in found if item.at <= each.at < item.end)


def _around(text: str, start: int, end: int) -> str:
    """The piece of text a suggestion comes from, in whole words and on one line."""
    first, last = max(0, start - _BEFORE), min(len(text), end + _AFTER)
    while 0 < first < start and not text[first - 1].isspace():
        first += 1
    while end < last < len(text) and not text[last].isspace():
        last -= 1
    return " ".join(text[first:last].split())


_URL = re.compile(
    r"(?<![\w@./])(?:https?://[^\s<>«»\"“”]+"
    r"|(?:(?:www|m)\.)?(?:vk\.com|vk\.ru|vkontakte\.ru|t\.me|telegram\.me|ok\.ru)/[^\s<>«»\"“”]+)",
    re.IGNORECASE,
)
_VK = re.compile(r"^(?:https?://)?(?:(?:www|m)\.)?(?:vk\.com|vk\.ru|vkontakte\.ru)/", re.IGNORECASE)
_WALL = re.compile(r"\bwall(-?\d+_\d+)")
_COMMUNITY = re.compile(r"^(?:club|public|event)(\d+)\b")
_PERSONAL = re.compile(r"^id\d+\b")


def _links(text: str) -> Iterator[Link]:
    seen = set()
    for match in _URL.finditer(text):
        found = _link(match[0].rstrip(".,;:!?)]}'…"))
        if found and found not in seen:
            seen.add(found)
            yield Link(*found, _around(text, match.start(), match.end()), match.start())


def _link(url: str) -> tuple[Literal["page", "post", "link"], str] | None:
    """What a link leads to; nothing for somebody's own page."""
    if not _VK.match(url):
        return "link", url
    place = _VK.sub("", url)
    if post := _WALL.search(place):
        return "post", f"wall{post[1]}"
    if page := _COMMUNITY.match(place):
        return "page", f"-{page[1]}"
    return None if _PERSONAL.match(place) or not place else ("link", url)


_WORDS = {
    "like": r"лайк\w*|нравится|likes?|liked|liking",
    "comment": r"комментар\w*|комментир\w*|прокомментир\w*|comment(?:s|ed|ing|aries)?",
    "repost": r"репост\w*|перепост\w*|поделит\w*|repost\w*|shar(?:e|es|ed|ing)",
    # Not "подписать", to sign, nor "as follows" and "the following".
    "follow": r"подписаться|подпишит\w*сь|подписыва\w*ся|подписк\w*|подписчик\w*|подписок"
    r"|follow|followers?|subscrib\w*|subscriptions?",
    "post": r"размест\w*|размеща\w*|о?публик\w*|publish\w*|publications?",
}
_ACTIONS = {
    action: re.compile(rf"\b(?:{words})\b", re.IGNORECASE) for action, words in _WORDS.items()
}


def _actions(text: str) -> tuple[Action, ...]:
    found = (
        Action(action, _around(text, match.start(), match.end()), match.start())
        for action, pattern in _ACTIONS.items()
        for match in pattern.finditer(text)
        if not _in_link(text, match.start())
    )
    return tuple(sorted(found, key=lambda each: each.at))


def _in_link(text: str, at: int) -> bool:
    return any(match.start() <= at < match.end() for match in _URL.finditer(text))


_NUMBER = r"[1-9]\d?(?:\.\d{1,2}){0,3}"
_ITEM = re.compile(
    rf"""^[ \t]*(?:
        (?:п\.|п\.п\.|пункт|item|no\.|№)[ \t]*(?P<named>{_NUMBER})[.):]?    # пункт 3: …
      | (?P<dotted>[1-9]\d?(?:\.\d{{1,2}}){{1,3}})[.):]?(?![\d.])           # 2.1 …
      | (?P<plain>[1-9]\d?)[.)]                                            # 3. …, 3) …
    )[ \t]+(?=\S)""",
    re.IGNORECASE | re.MULTILINE | re.VERBOSE,
)
_END = re.compile(r"\n[ \t]*\n")


def _items(text: str) -> Iterator[Numbered]:
    """Items from one number to the next, or to an empty line: signatures come after it."""
    heads = list(_ITEM.finditer(text))
    starts = [*(head.start() for head in heads), len(text)]
    for head, limit in zip(heads, starts[1:], strict=True):
        gap = _END.search(text, head.end(), limit)
        end = gap.start() if gap else limit
        number = head["named"] or head["dotted"] or head["plain"]
        if wording := " ".join(text[head.end() : end].split()):
            source = _around(text, head.start(), head.end())
            yield Numbered(number, wording, source, head.start(), end)

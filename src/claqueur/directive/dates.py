"""Days as minutes write them, in Russian and English; whatever is guessed is said to be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("января", "январь", "january", "jan"),
            ("февраля", "февраль", "february", "feb"),
            ("марта", "март", "march", "mar"),
            ("апреля", "апрель", "april", "apr"),
            ("мая", "май", "may"),
            ("июня", "июнь", "june", "jun"),
            ("июля", "июль", "july", "jul"),
            ("августа", "август", "august", "aug"),
            ("сентября", "сентябрь", "september", "sept", "sep"),
            ("октября", "октябрь", "october", "oct"),
            ("ноября", "ноябрь", "november", "nov"),
            ("декабря", "декабрь", "december", "dec"),
        ),
        1,
    )
    for name in names
}
_NAMES = sorted(_MONTHS, key=len, reverse=True)
_MONTH = rf"(?P<month>{'|'.join(_NAMES)})\b"
_ENGLISH = rf"(?P<month>{'|'.join(name for name in _NAMES if name.isascii())})\b\.?"
"""In Russian the day comes first: "15 февраля. 3. …" begins the third item."""
_DAY = r"(?<![\d.])(?P<day>\d{1,2})(?:st|nd|rd|th|-?го)?"
_YEAR = r"(?:,?\s+(?P<year>\d{4})\b)?"
_SINCE = r"(?:(?<![\d.])(?P<since>\d{1,2})\s*(?:-|–|—|по|до|to|through)\s*)?"
_NUMBERS = r"(?P<day>\d{1,2})\.(?P<number>\d{1,2})"
_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?<![\d.]){_NUMBERS}\.(?P<year>\d{{4}}|\d{{2}})(?!\.?\d)",  # 08.02.2019
        r"(?<![\d-])(?P<year>\d{4})-(?P<number>\d{2})-(?P<day>\d{2})(?!-?\d)",  # 2019-02-08
        rf"{_SINCE}{_DAY}\s+(?:of\s+)?{_MONTH}{_YEAR}",  # 8 февраля 2019, 2–12 March
        rf"\b{_ENGLISH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?!\.?\d){_YEAR}",  # February 8, 2019
        rf"(?:\bдо|\bпозднее|\bк)\s+(?P<start>){_NUMBERS}(?!\.?\d)",  # до 15.03
    )
)
_DEADLINE = re.compile(
    r"\b(?:до|не\s+позднее|не\s+позже|к|срок\w*|by|until|till|before|deadline|due|no\s+later\s+than)"
    r"(?:\s*:\s*|\s*[-–—]\s*|\s+)(?:до\s+|on\s+|the\s+)?$",
    re.IGNORECASE,
)
_BEFORE = 30
"""Characters in which the words stand that make a day a deadline."""

_CENTURY = 2000


@dataclass(frozen=True)
class Written:
    """A day in a text, in characters from ``start`` to ``end``.

    Attributes
    ----------
    deadline
        Whether the words before it make it one.
    guess
        What of it is a guess, and from what; empty when it is all there.
    """

    day: date
    deadline: bool
    guess: str
    start: int
    end: int


@dataclass(frozen=True)
class _Parts:
    """A day as it is written; the year may have four digits, two or none."""

    day: int
    month: int
    year: str
    start: int
    end: int
    deadline: bool


def days_in(text: str) -> list[Written]:
    """The days a text names, in its order; one without a year is guessed from the first with.

    >>> [str(found.day) for found in days_in("Протокол от 08.02.2019: лайки до 15 марта")]
    ['2019-02-08', '2019-03-15']
    """
    parts = sorted(_parts(text), key=lambda found: (found.start, found.end))
    full = (_real(int(found.year), found) for found in parts if len(found.year) > 2)
    first = next(filter(None, full), None)
    found = (_written(each, first) for each in parts)
    return [each for each in found if each is not None]


def _written(parts: _Parts, first: date | None) -> Written | None:
    """The day, with what had to be guessed, if there is such a day at all."""
    guess = ""
    if parts.year:
        short = len(parts.year) == 2
        day = _real(int(parts.year) + _CENTURY * short, parts)
        guess = "the century is a guess" if short else ""
    else:
        day = _nearest(parts, first) if first else None
        guess = f"the year is a guess from {first}"
    return Written(day, parts.deadline, guess, parts.start, parts.end) if day else None


def _nearest(parts: _Parts, first: date) -> date | None:
    """The day in the year that fits best: of a deadline the next, else the closest."""
    years = (first.year - 1, first.year, first.year + 1)
    days = [day for year in years if (day := _real(year, parts))]
    if parts.deadline:
        days = [day for day in days if day >= first]
    return min(days, key=lambda day: abs(day - first), default=None)


def _real(year: int, parts: _Parts) -> date | None:
    try:
        return date(year, parts.month, parts.day)
    except ValueError:
        return None


def _parts(text: str) -> Iterator[_Parts]:
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            named = match.groupdict()
            month = int(named.get("number") or 0) or _MONTHS[named["month"].casefold()]
            start = match.start("start") if "start" in named else match.start()
            deadline = bool(_DEADLINE.search(text[max(0, start - _BEFORE) : start]))
            for day in (named.get("since"), named["day"]):
                if day:
                    year = named.get("year") or ""
                    yield _Parts(int(day), month, year, start, match.end(), deadline)

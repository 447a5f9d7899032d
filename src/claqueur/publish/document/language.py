"""One language of the document: its texts, and how numbers, days and lists are written in it.

All that is particular to a language is in its catalogue, separators and names of months too.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from gettext import NullTranslations

from claqueur.errors import SettingError
from claqueur.publish.document.catalogue import languages, translations
from claqueur.publish.document.phrases import phrases

MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"
NO_BREAK = "\N{NO-BREAK SPACE}"

SMALLEST_P = 1e-6
"""Smaller p-values are written as below it."""

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_FIRST_GROUPED = 10_000
"""Numbers from which thousands are set apart where that is done by a space."""


def N_(text: str) -> str:  # noqa: N802 - what gettext calls it
    """Mark a text for translation where it stands; it is translated where it is used."""
    return text


@dataclass(frozen=True)
class Language:
    """Texts, numbers, days and lists in one language.

    Attributes
    ----------
    code
        As in an HTML ``lang``.
    """

    code: str
    translations: NullTranslations

    def gettext(self, text: str) -> str:
        """A text in this language."""
        return self.translations.gettext(text)

    def ngettext(self, one: str, many: str, number: int) -> str:
        """A text with a number in this language, by the number's plural form."""
        return self.translations.ngettext(one, many, number)

    def pgettext(self, context: str, text: str) -> str:
        """A text in this language, where the same words mean different things."""
        return self.translations.pgettext(context, text)

    def counted(self, one: str, many: str, number: int) -> str:
        """A text with ``{n}`` in it, for a number."""
        return self.ngettext(one, many, number).format(n=self.number(number))

    def number(self, value: float | None, places: int = 0) -> str:
        """A number with its separators; a dash where there is none."""
        if value is None or not math.isfinite(value):
            return DASH
        whole, _, rest = f"{abs(value):,.{places}f}".partition(".")
        apart = self.pgettext("between thousands", ",")
        if apart != "," and abs(value) < _FIRST_GROUPED:
            apart = ""
        said = whole.replace(",", apart)
        said += self.pgettext("between a number and its decimals", ".") + rest if rest else ""
        return MINUS + said if value < 0 else said

    def percent(self, share: float | None, places: int = 0) -> str:
        """A share in per cent."""
        if share is None:
            return DASH
        return self.pgettext("a share", "{n}%").format(n=self.number(100 * share, places))

    def p(self, value: float | None) -> str:
        """A p-value: two digits, or a power of ten below a thousandth."""
        if value is None:
            return DASH
        if value < SMALLEST_P:
            power = f"{math.log10(SMALLEST_P):.0f}".translate(_RAISED)
            return self.gettext("under {bound}").format(bound=f"10{power}")
        if value >= 0.001:
            places = len(f"{value:.2g}".partition(".")[2])
            return self.number(value, places)
        digits, power = f"{value:.0e}".split("e")
        tenth = f"10{str(int(power)).translate(_RAISED)}"
        return tenth if digits == "1" else f"{digits}·{tenth}"

    def p_text(self, value: float | None) -> str:
        """A p-value with its letter, in one piece."""
        return f"p{NO_BREAK}{self.p(value)}"

    def day(self, day: str, *, year: bool = True) -> str:
        """A day in a sentence: ``8 February 2019``."""
        at, month = self._parts(day, "month after a day", _MONTHS)
        if not year:
            return f"{at.day} {month}"
        return self.gettext("{day} {month} {year}").format(day=at.day, month=month, year=at.year)

    def short_day(self, day: str) -> str:
        """A day in a table: ``8 Feb 2019``."""
        at, month = self._parts(day, "short month", _SHORT_MONTHS)
        return f"{at.day} {month} {at.year}"

    def span(self, first: str, last: str) -> str:
        """A span of days in a sentence: ``from 25 January to 7 February 2019``."""
        if first[:10] == last[:10]:
            return self.gettext("on {day}").format(day=self.day(first))
        begin = self.day(first, year=first[:4] != last[:4])
        return self.gettext("from {first} to {last}").format(first=begin, last=self.day(last))

    def short_span(self, first: str, last: str) -> str:
        """A span of days in a table: ``4 Feb 2019 – 10 Mar 2019``."""
        same = first[:10] == last[:10]
        begin, end = self.short_day(first), self.short_day(last)
        return begin if same else f"{begin} {DASH} {end}"

    def listed(self, words: Iterable[str]) -> str:
        """Words in a sentence: a, b and c."""
        *rest, last = list(words)
        if not rest:
            return last
        return self.gettext("{most} and {last}").format(most=", ".join(rest), last=last)

    def phrase(self, text: str) -> str | None:
        """A phrase of the release in this language; None where it has no translation."""
        return phrases(self.code).of(text, self._said)

    def _said(self, kind: str, text: str) -> str:
        if kind == "day":
            return self.day(text)
        return self.number(float(text.replace(",", "")), len(text.partition(".")[2]))

    def _parts(self, day: str, context: str, months: tuple[str, ...]) -> tuple[date, str]:
        at = date.fromisoformat(day[:10])
        return at, self.pgettext(context, months[at.month - 1])


_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_SHORT_MONTHS = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip


@cache
def language(code: str) -> Language:
    """The language of a code.

    Raises
    ------
    SettingError
        If there is no catalogue for it.
    """
    if code not in languages():
        raise SettingError(f"language {code!r}: there is none; there are {', '.join(languages())}")
    return Language(code, translations(code))

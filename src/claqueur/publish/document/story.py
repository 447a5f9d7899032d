"""What sections of the document have to work with: release, language, figures, templates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Protocol

import polars as pl
from altair.utils.schemapi import debug_mode
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from claqueur.publish.charts.labels import opening
from claqueur.publish.document import certainty, effects
from claqueur.publish.document.drawing import svg
from claqueur.publish.document.language import Language
from claqueur.publish.document.pictures import picture

_CYRILLIC = re.compile(r"[\u0400-\u04ff]")

Entry = dict[str, Any]


class Published(Protocol):
    """What a document is made of, and nothing else: a release."""

    @property
    def tables(self) -> Mapping[str, pl.DataFrame]:
        """Aggregates by name; suppressed cells are null."""

    @property
    def run(self) -> Mapping[str, Any]:
        """The public record of the run."""

    @property
    def facts(self) -> Mapping[str, Any]:
        """What is said of the release as a whole."""

    @property
    def directive(self) -> list[Entry]:
        """One entry an item."""


@dataclass
class Story:
    """One document while it is written.

    Attributes
    ----------
    day
        Of publication, if it is known.
    entries
        Headings for the table of contents below a section's own: section, anchor, text.
    """

    release: Published
    language: Language
    day: str = ""
    entries: list[tuple[str, str, str]] = field(default_factory=list)
    figures: int = 0

    @property
    def facts(self) -> Mapping[str, Any]:
        """What is said of the release as a whole."""
        return self.release.facts

    @property
    def items(self) -> list[Entry]:
        """Answers on the items of directives."""
        return self.release.directive

    @property
    def k(self) -> int:
        """The smallest number of accounts that is published."""
        return int(self.facts.get("k") or 10)

    @property
    def title(self) -> str:
        """What the case is called."""
        return str(self.facts.get("title") or self.language.gettext("Untitled case"))

    @property
    def span(self) -> tuple[str, str] | None:
        """The first and the last day of the weeks that are released."""
        first, last = self.facts.get("first_week"), self.facts.get("last_week")
        if not first or not last:
            return None
        end = date.fromisoformat(str(last)[:10]) + timedelta(days=6)
        return str(first)[:10], end.isoformat()

    def table(self, name: str) -> pl.DataFrame:
        """An aggregate of the release; empty where it has none."""
        return self.release.tables.get(name, pl.DataFrame())

    def page(self, template: str, **values: Any) -> Markup:
        """A template filled in; everything from data is escaped."""
        filled = self._templates.get_template(template).render(story=self, **values)
        return Markup(filled)  # noqa: S704 - every value was escaped while filling in

    def figure(self, name: str, entry: Entry | None = None) -> Markup:
        """A picture with its caption; nothing where there is nothing to see."""
        # Validating every part of every chart takes longer than drawing it; tests do that.
        with debug_mode(False):
            drawn = picture(name).draw(self, entry)
            if drawn is None:
                return Markup()
            self.figures += 1
            drawing = svg(drawn.chart, self.language, f"f{self.figures}", drawn.shows)
        return self.page(
            "figure.html",
            number=self.figures,
            drawn=drawn,
            drawing=Markup(drawing),  # noqa: S704 - an XML library escaped what is in it
        )

    def phrase(self, text: str) -> Markup:
        """A phrase of the release in this language, marked as English where it has none."""
        if (said := self.language.phrase(text)) is not None:
            return escape(said)
        return self._tagged(text, "en")

    def own(self, text: str) -> Markup:
        """A text somebody wrote for the case, with its language where it is another."""
        return self._tagged(text, "ru" if _CYRILLIC.search(text) else "en")

    def _tagged(self, text: str, language: str) -> Markup:
        if language == self.language.code:
            return escape(text)
        return Markup('<span lang="{}">{}</span>').format(language, text)

    @cached_property
    def _templates(self) -> Environment:
        environment = Environment(
            loader=PackageLoader(__package__, "templates"),
            extensions=["jinja2.ext.i18n"],
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=StrictUndefined,
        )
        environment.policies["ext.i18n.trimmed"] = True
        environment.install_gettext_translations(  # type: ignore[attr-defined]
            self.language.translations, newstyle=True
        )
        say = self.language
        environment.filters |= {
            "n": say.number, "percent": say.percent, "p": say.p, "day": say.day,
            "short_day": say.short_day, "opening": opening, "phrase": self.phrase, "own": self.own,
            "listed": say.listed,
        }  # fmt: skip
        environment.globals |= {"certainty": certainty, "effects": effects, "say": say}
        return environment

"""The public report: one HTML file made of a release alone, in English or Russian.

It has no script, loads nothing, and prints on A4. Texts are written in English in the code and
templates and translated by gettext (``locale/``). Its parts are the modules of ``sections`` that
have a ``SECTION``, its pictures those of ``pictures`` that have a ``PICTURE``.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from importlib.resources import files
from typing import Protocol

from markupsafe import Markup

from claqueur._version import __version__
from claqueur.publish.document.catalogue import languages
from claqueur.publish.document.citing import bibtex, methods_text
from claqueur.publish.document.drawing import HATCHING, properties
from claqueur.publish.document.language import language as known_language
from claqueur.publish.document.printing import browser, pdf
from claqueur.publish.document.story import Published, Story
from claqueur.rooms import members

__all__ = [
    "Published",
    "Section",
    "browser",
    "citation",
    "known_sections",
    "languages",
    "methods",
    "pdf",
    "render_document",
]


class Section(Protocol):
    """A part of the document."""

    name: str
    """Also its anchor in the page."""
    order: int
    title: str
    """In English; it is translated where it is shown."""

    def render(self, story: Story) -> Markup:
        """The section below its heading; empty where it has nothing to say."""


def known_sections() -> list[Section]:
    """All sections in the order of the document."""
    found = members("claqueur.publish.document.sections", "SECTION").values()
    return sorted(found, key=lambda section: (section.order, section.name))


def render_document(release: Published, *, language: str = "en", day: str = "") -> str:
    """Write the public report.

    Parameters
    ----------
    release
        All there is to say; nothing else is looked at.
    language
        One of :func:`languages`.
    day
        Of publication, ``2019-03-20``; nothing is said of it when not given.

    Returns
    -------
    str
        One HTML file that needs nothing else, not even a network.

    Raises
    ------
    SettingError
        If there is no such language.
    """
    story = _story(release, language, day)
    rendered = [(section, section.render(story)) for section in known_sections()]
    style = _style(story)
    page = story.page(
        "page.html",
        parts=[(section, body) for section, body in rendered if body],
        policy=_policy(style),
        style=Markup(style),  # noqa: S704 - ours, but for the title, which is escaped for CSS
        hatching=HATCHING,
        version=release.run.get("claqueur") or __version__,
    )
    return str(page)


def methods(release: Published, *, language: str = "en") -> str:
    """The paragraph on methods with its literature, as Markdown."""
    return methods_text(_story(release, language))


def citation(release: Published, *, day: str = "") -> str:
    """How to cite the release and the software, as BibTeX."""
    return bibtex(_story(release, "en", day))


def _story(release: Published, code: str, day: str = "") -> Story:
    return Story(release, known_language(code), day)


def _style(story: Story) -> str:
    """The style sheet with the colours of pictures, and the title for the head of a page."""
    named = {
        "/*light*/": properties(dark=False),
        "/*dark*/": properties(dark=True),
        "/*title*/": _css_text(story.title),
    }
    return re.sub(r"/\*\w+\*/", lambda found: named.get(found[0], ""), _text("style.css"))


def _css_text(text: str) -> str:
    """A text as a CSS string in which nothing has a meaning."""
    safe = "".join(sign if sign.isalnum() or sign == " " else f"\\{ord(sign):x} " for sign in text)
    return f'"{safe}"'


def _policy(style: str) -> str:
    """What the page may do: look as this style sheet says, and load nothing."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    )


@cache
def _text(name: str) -> str:
    return (files(__package__) / "templates" / name).read_text(encoding="utf-8")

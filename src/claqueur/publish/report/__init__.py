"""The working report: one HTML file that opens offline, for the people who work on a case.

It is internal: it shows pseudonyms and samples of evidence. What leaves a case for the
public is something else. Its parts are the modules of ``sections`` that have a ``SECTION``.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Protocol

from markupsafe import Markup

from claqueur.publish.charts.look import DARK, INTERNAL, LIGHT, config
from claqueur.publish.charts.page import policy, vega_script
from claqueur.publish.directive_sentence import briefs
from claqueur.publish.privacy import Pseudonyms
from claqueur.publish.report.context import Context, json_block
from claqueur.results import Result
from claqueur.rooms import members


class Section(Protocol):
    """A part of the report."""

    name: str
    """Also its anchor in the page."""
    order: int
    title: str

    def render(self, context: Context) -> Markup:
        """The section below its heading."""


def known_sections() -> list[Section]:
    """All sections in the order of the report."""
    found = members("claqueur.publish.report.sections", "SECTION").values()
    return sorted(found, key=lambda section: (section.order, section.name))


def render(result: Result, pseudonyms: Pseudonyms) -> str:
    """Write the report of a run.

    Parameters
    ----------
    pseudonyms
        Under which accounts are shown; no account id gets into the report.

    Returns
    -------
    str
        One HTML file that needs nothing else, not even a network.
    """
    context = Context(result, pseudonyms)
    rendered = [(section, section.render(context)) for section in known_sections()]
    # A section without anything to say, as one on targets nobody declared, is left out.
    parts = [(section, body) for section, body in rendered if body]
    scripts = [vega_script(), _text("report.js")]
    return str(
        context.page(
            "page.html",
            internal=INTERNAL,
            parts=parts,
            answers=briefs(result.directive),
            policy=policy(scripts),
            style=_own(_text("style.css")),
            looks=json_block({"light": config(LIGHT), "dark": config(DARK)}),
            scripts=[_own(script) for script in scripts],
        )
    )


def _own(text: str) -> Markup:
    """Text of this package, with nothing from data in it, to stand in the page as it is."""
    return Markup(text)  # noqa: S704


@cache
def _text(name: str) -> str:
    return (files(__package__) / "templates" / name).read_text(encoding="utf-8")

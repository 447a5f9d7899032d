"""From a chart to a picture inside the page: SVG without a script, in the page's own colours.

Colours become the page's properties, so that one picture serves light, dark and print. What only
a program that draws would need is taken out, and numbers are rounded to a hundredth of a pixel.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from typing import Any
from xml.etree import ElementTree as ET

import vl_convert
from altair.typing import ChartType

from claqueur.publish.charts.look import DARK, LIGHT, Palette, config
from claqueur.publish.charts.page import VEGA_LITE
from claqueur.publish.document.language import Language

WITHHELD = "#ff00fe"
"""Stands in charts for the hatching of cells that are withheld; nothing is ever shown in it."""
HATCHING = "withheld"
"""Id of the hatching in the page."""

_SVG = "{http://www.w3.org/2000/svg}"
_DROPPED = (
    "class", "role", "aria-hidden", "aria-label", "aria-roledescription", "pointer-events",
    "font-family", "version", "stroke-miterlimit",
)  # fmt: skip
_NUMBER = re.compile(r"-?\d+\.\d{3,}(?:e-?\d+)?")
_LINK = re.compile(r"url\(#([\w-]+)\)")


def svg(chart: ChartType, language: Language, prefix: str, label: str) -> str:
    """A chart as an SVG element.

    Parameters
    ----------
    prefix
        Before every id, so that those of several pictures differ.
    label
        What the picture shows, for those who do not see it.
    """
    locale: Any = language.pgettext("locale of pictures", "en-US")
    text = vl_convert.vegalite_to_svg(
        json.dumps(_spec(chart), ensure_ascii=False),
        vl_version=VEGA_LITE,
        allowed_base_urls=[],
        format_locale=locale,
        time_format_locale=locale,
    )
    # The converter's own output, of a spec without outside references.
    root = ET.fromstring(text)  # noqa: S314
    _clean(root, prefix)
    root.set("role", "img")
    root.set("aria-label", label)
    for element in root.iter():
        # Inside HTML an SVG element needs no name space, and no address to say so.
        element.tag = element.tag.removeprefix(_SVG)
    return ET.tostring(root, encoding="unicode")


def _spec(chart: ChartType) -> dict[str, Any]:
    spec: dict[str, Any] = chart.to_dict(validate=False)
    # A picture for everybody: its words are in the page, and its background is the page's.
    look = config(LIGHT) | {"aria": False, "background": "transparent", "padding": 2}
    # Fonts differ from reader to reader: room for the widest.
    look["legend"] |= {"columnPadding": 28}
    spec["config"] = look
    return spec


def _clean(element: ET.Element, prefix: str) -> None:
    for child in list(element):
        if _empty(child):
            element.remove(child)
        else:
            _clean(child, prefix)
    for name in _DROPPED:
        element.attrib.pop(name, None)
    for name, value in element.attrib.items():
        element.set(name, _attribute(name, value, prefix))
    if element.get("opacity") == "1":
        del element.attrib["opacity"]


def _empty(element: ET.Element) -> bool:
    """Whether nothing of an element can be seen."""
    if element.get("display") == "none" or "background" in element.get("class", "").split():
        return element.get("fill") in (None, "none", "transparent") and not element.get("stroke")
    name = element.tag.rpartition("}")[2]
    return name == "rect" and element.get("fill") == "transparent"


def _attribute(name: str, value: str, prefix: str) -> str:
    if name == "id":
        return f"{prefix}-{value}"
    if value.lower() == WITHHELD:
        return f"url(#{HATCHING})"
    if name in ("fill", "stroke"):
        value = _COLOURS.get(value.lower(), value)
    value = _LINK.sub(rf"url(#{prefix}-\1)", value)
    return _NUMBER.sub(lambda found: f"{float(found[0]):.2f}".rstrip("0").rstrip("."), value)


def _named(palette: Palette) -> dict[str, str]:
    """Colours of a look by the names of their properties."""
    return {name: value for name, value in asdict(palette).items() if isinstance(value, str)}


_COLOURS = {value: f"var(--{name}, {value})" for name, value in _named(LIGHT).items()}


def properties(*, dark: bool) -> str:
    """The colours of pictures as properties of a style sheet."""
    return " ".join(
        f"--{name}: {value};" for name, value in _named(DARK if dark else LIGHT).items()
    )

"""How charts look, in one place: colours, type, sizes, light and dark.

Charts name their colours by style (``ours``, ``others`` …) and never write one themselves,
so a page can swap the whole look by giving another config. Colours keep apart for readers
with any of the common colour-vision deficiencies: vermilion against blue-grey, and one-hue
ramps that differ in lightness.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import altair as alt

INTERNAL = "Internal, not for publication"
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', Arial, sans-serif"
WIDTH = 640
"""Pixels across the plotting area, all panels of a row together."""


@dataclass(frozen=True)
class Palette:
    """The colours of one look."""

    ground: str
    panel: str
    ink: str
    quiet: str
    grid: str
    ours: str
    others: str
    second: str
    ramp: tuple[str, ...]


LIGHT = Palette(
    ground="#ffffff",
    panel="#f6f5f1",
    ink="#1d1d1b",
    quiet="#595750",
    grid="#e2e0d8",
    ours="#b8401a",
    others="#8a99a8",
    second="#1f6f8b",
    ramp=("#f3e3d3", "#e9b68e", "#d9804f", "#b8401a", "#6d1d07"),
)
DARK = Palette(
    ground="#1b1c1f",
    panel="#232529",
    ink="#ecebe6",
    quiet="#b4b2aa",
    grid="#383a40",
    ours="#ff8a5c",
    others="#76889b",
    second="#62b6d2",
    ramp=("#3a2a24", "#6e3a25", "#b0522c", "#ff8a5c", "#ffd9c2"),
)


def config(palette: Palette = LIGHT) -> dict[str, Any]:
    """Vega-Lite config of every chart."""
    return {
        "background": palette.ground,
        "font": FONT,
        "padding": 6,
        "view": {"stroke": None, "fill": None},
        "title": _title(palette),
        "axis": _axis(palette),
        "header": _text(palette, 12, "label") | _text(palette, 12, "title"),
        "legend": _legend(palette),
        "range": {
            "category": [palette.ours, palette.others, palette.second],
            "ordinal": {"scheme": "greys"},
            "ramp": list(palette.ramp),
            "heatmap": list(palette.ramp),
        },
        "style": _styles(palette),
    }


def _title(palette: Palette) -> dict[str, Any]:
    return {
        "anchor": "start",
        "frame": "group",
        "fontSize": 16,
        "fontWeight": 600,
        "color": palette.ink,
        "subtitleColor": palette.quiet,
        "subtitleFontSize": 12,
        "subtitleLineHeight": 16,
        "subtitlePadding": 5,
        "offset": 14,
    }


def _text(palette: Palette, size: int, part: str) -> dict[str, Any]:
    color = palette.ink if part == "label" else palette.quiet
    return {f"{part}FontSize": size, f"{part}Color": color, f"{part}FontWeight": "normal"}


def _axis(palette: Palette) -> dict[str, Any]:
    return {
        **_text(palette, 11, "title"),
        "labelFontSize": 11,
        "labelColor": palette.quiet,
        "titlePadding": 8,
        "gridColor": palette.grid,
        "domainColor": palette.quiet,
        "tickColor": palette.quiet,
        "tickSize": 4,
    }


def _legend(palette: Palette) -> dict[str, Any]:
    return {
        "labelFontSize": 11,
        "labelColor": palette.ink,
        "labelLimit": 400,
        "titleFontSize": 11,
        "titleFontWeight": "normal",
        "titleColor": palette.quiet,
        "symbolType": "square",
        "orient": "top",
        "direction": "horizontal",
        "titleOrient": "left",
        "offset": 6,
    }


def _styles(palette: Palette) -> dict[str, Any]:
    return {
        "cell": {"stroke": None},
        "panel": {"fill": palette.panel, "stroke": None},
        "ours": {"color": palette.ours},
        "others": {"color": palette.others},
        "second": {"color": palette.second},
        "bubble": {"color": palette.ours},
        "tie": {"color": palette.others},
        "label": {"color": palette.ground, "fontWeight": 600},
        "hollow": {"color": palette.ground},
        "word": {"color": palette.ink},
        "note": {"color": palette.quiet},
    }


def heading(text: str, *more: str) -> alt.TitleParams:
    """Title of a chart with its lines of explanation."""
    return alt.TitleParams(text=text, subtitle=list(more))


def values(rows: Iterable[dict[str, Any]]) -> alt.InlineData:
    """Data written into the spec as they are: aggregated before, so that specs stay small."""
    return alt.InlineData(values=list(rows))

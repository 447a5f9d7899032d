"""Pictures of a run as Altair charts: one chart a file.

Each module with a ``CHART`` is a member of this room. Charts show accounts only as
pseudonyms, and no group of fewer than ``SMALLEST_SHOWN`` members gets a picture of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import polars as pl
import vl_convert
from altair.typing import ChartType

from claqueur.errors import SettingError
from claqueur.model import SMALLEST_SHOWN
from claqueur.publish.charts.look import INTERNAL, config
from claqueur.publish.charts.page import VEGA_LITE, chart_page
from claqueur.publish.privacy import Pseudonyms, case_pseudonyms
from claqueur.results import Result
from claqueur.rooms import members

Names = Callable[[pl.Series], pl.Series]
"""Account ids to the names they are shown under."""

SUFFIXES = (".png", ".svg", ".html", ".json")
PNG_SCALE = 2


class Chart(Protocol):
    """A way of drawing a run, or one group or directive's item of it.

    A chart with a further attribute ``per_item`` that is true shows an item; its ``draw`` is
    given the item's place instead of a group.
    """

    name: str
    title: str
    help: str
    per_group: bool
    """Whether it can show one group."""
    overall: bool
    """Whether it can show the whole run."""

    def draw(self, result: Result, group_id: int | None, names: Names) -> ChartType:
        """The picture of the run, or of one group; a SettingError when there is nothing to see."""


def charts() -> dict[str, Chart]:
    """All charts by name."""
    return members("claqueur.publish.charts", "CHART")


def draw(
    result: Result,
    name: str,
    group_id: int | None = None,
    pseudonyms: Pseudonyms | None = None,
    *,
    item: int | None = None,
) -> ChartType:
    """Draw one chart of a run.

    Parameters
    ----------
    name
        One of :func:`charts`.
    group_id
        The group to show; the whole run when not given.
    pseudonyms
        Those of the result's case when not given.
    item
        The directive's item to show, by its place in ``result.directive``, from 1.

    Raises
    ------
    SettingError
        If there is no such chart, group or item, or the group is too small to be shown.
    """
    chart = _find(name)
    if shows_items(chart):
        _check_item(chart, result, group_id, item)
    else:
        _check_group(chart, result, group_id, item)
    known = pseudonyms or case_pseudonyms(result.run["case"])
    picture: ChartType = _marked(
        chart.draw(result, item if shows_items(chart) else group_id, known.of_all)
    )
    looking: ChartType = picture.configure(**config())
    return looking


def shows_items(chart: Chart) -> bool:
    """Whether a chart shows one item of a directive."""
    return bool(getattr(chart, "per_item", False))


def save_chart(chart: ChartType, path: str | Path) -> None:
    """Write a chart as a picture (PNG, SVG), an offline page (HTML) or its spec (JSON).

    Raises
    ------
    SettingError
        If the ending of the path names no format.
    """
    path = Path(path)
    if path.suffix not in SUFFIXES:
        raise SettingError(f"{path}: the ending names the format; it can be {', '.join(SUFFIXES)}")
    path.write_bytes(_rendered(spec_of(chart), path.suffix))


def spec_of(chart: ChartType) -> dict[str, Any]:
    """The Vega-Lite spec of a chart, data included."""
    return chart.to_dict()


def _rendered(spec: dict[str, Any], suffix: str) -> bytes:
    text = json.dumps(spec, ensure_ascii=False)
    # No base address is allowed: a spec must not make the converter fetch anything.
    if suffix == ".png":
        return vl_convert.vegalite_to_png(
            text, vl_version=VEGA_LITE, scale=PNG_SCALE, allowed_base_urls=[]
        )
    if suffix == ".svg":
        return vl_convert.vegalite_to_svg(text, vl_version=VEGA_LITE, allowed_base_urls=[]).encode()
    if suffix == ".html":
        # vl-convert's own page would let a "</script>" in the data end the script.
        return chart_page(spec, spec["title"]["text"]).encode()
    return (text + "\n").encode()


def _find(name: str) -> Chart:
    known = charts()
    if name not in known:
        raise SettingError(f"chart {name!r}: there is none; there are {', '.join(known)}")
    return known[name]


def _check_item(chart: Chart, result: Result, group_id: int | None, item: int | None) -> None:
    if not result.directive:
        raise SettingError("no picture: no directive was tested")
    known = ", ".join(
        f"{place} (item {entry['item']} of {entry['directive']})"
        for place, entry in enumerate(result.directive, 1)
    )
    if item is None or group_id is not None:
        raise SettingError(f"chart {chart.name} shows one item: give item=; there are {known}")
    if not 1 <= item <= len(result.directive):
        raise SettingError(f"item={item}: there is none; there are {known}")


def _check_group(chart: Chart, result: Result, group_id: int | None, item: int | None) -> None:
    if item is not None:
        raise SettingError(f"chart {chart.name} shows no item of a directive")
    if group_id is None:
        if not chart.overall:
            raise SettingError(f"chart {chart.name} shows one group: say which, for example 1")
        return
    if not chart.per_group:
        raise SettingError(f"chart {chart.name} shows the whole run, not one group")
    size = result.groups.filter(pl.col("group_id") == group_id)["size"]
    if size.is_empty():
        raise SettingError(
            f"group {group_id}: there is none; groups are numbered 1 to {result.groups.height}"
        )
    if size.item() < SMALLEST_SHOWN:
        raise SettingError(
            f"group {group_id} has {size.item()} members; groups of fewer than {SMALLEST_SHOWN} "
            "get no picture, because it would show single people"
        )


def _marked(chart: ChartType) -> ChartType:
    """The same chart saying that it is not for publication."""
    title = chart.title
    title.subtitle = [*title.subtitle, INTERNAL]
    return chart

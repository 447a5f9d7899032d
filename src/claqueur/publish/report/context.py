"""What sections of the report have to work with: the run, names to show, figures, templates."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from claqueur.errors import SettingError
from claqueur.model import SMALLEST_SHOWN
from claqueur.publish.charts import charts, draw, spec_of
from claqueur.publish.charts.labels import (
    action_text,
    counted,
    duration_words,
    listed,
    network_text,
    window_text,
)
from claqueur.publish.charts.look import INTERNAL
from claqueur.publish.charts.masks import object_names, shortened
from claqueur.publish.charts.page import json_text
from claqueur.publish.privacy import Pseudonyms
from claqueur.results import Result

NEVER_SEEN = "unknown"


_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass
class Context:
    """One report while it is written.

    Attributes
    ----------
    entries
        Headings for the table of contents below a section's own: section, anchor, text.
    """

    result: Result
    pseudonyms: Pseudonyms
    entries: list[tuple[str, str, str]] = field(default_factory=list)
    figures: int = 0

    @property
    def run(self) -> dict[str, Any]:
        """The record of the run."""
        return self.result.run

    @property
    def zone(self) -> str:
        """Time zone of every time in the report."""
        return str(self.run["settings"]["zone"])

    def members(self, account_ids: pl.Series) -> pl.Series:
        """Accounts as they are shown: pseudonyms."""
        return self.pseudonyms.of_all(account_ids)

    def objects(self, object_ids: pl.Series) -> pl.Series:
        """Objects as they are shown: short, and with pseudonyms where they name an account."""
        return shortened(object_names(self.result, object_ids, self.members))

    def page(self, template: str, **values: Any) -> Markup:
        """A template filled in; everything from data is escaped."""
        filled = self._templates.get_template(template).render(context=self, **values)
        return Markup(filled)  # noqa: S704 - every value was escaped while filling in

    def figure(
        self, name: str, group_id: int | None = None, *, item: int | None = None
    ) -> Markup:  # fmt: skip
        """A chart with its caption, or the reason why there is none."""
        try:
            spec = spec_of(draw(self.result, name, group_id, self.pseudonyms, item=item))
        except SettingError as reason:
            return self.page("no_figure.html", title=charts()[name].title, reason=str(reason))
        self.figures += 1
        title = spec.pop("title")
        # The page says these once for all charts, and changes the look with the reader's.
        for said_already in ("config", "$schema"):
            spec.pop(said_already, None)
        return self.page(
            "figure.html",
            number=self.figures,
            title=title["text"],
            notes=[line for line in title["subtitle"] if line != INTERNAL],
            spec=json_block(spec),
            height=_height(spec) + 60,
        )

    @cached_property
    def _templates(self) -> Environment:
        environment = Environment(
            loader=PackageLoader(__package__, "templates"),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=StrictUndefined,
        )
        environment.filters |= {
            "n": _number,
            "tiny": _tiny,
            "action": action_text,
            "window": window_text,
            "duration": duration_words,
            "network": network_text,
            "when": self._when,
            "day": self._day,
            "listed": listed,
            "count": counted,
            "people": _people,
        }
        environment.globals |= {"smallest_shown": SMALLEST_SHOWN}
        return environment

    def _when(self, moment: datetime | str | None) -> str:
        return f"{self._day(moment)}, {self._local(moment):%H:%M:%S}" if moment else NEVER_SEEN

    def _day(self, moment: datetime | str | None) -> str:
        return f"{(at := self._local(moment)).day} {at:%b %Y}" if moment else NEVER_SEEN

    def _local(self, moment: datetime | str | None) -> datetime:
        at = moment if isinstance(moment, datetime) else datetime.fromisoformat(str(moment))
        return at.astimezone(ZoneInfo(self.zone))


def json_block(value: Any) -> Markup:
    """JSON that may stand inside a script element of a template."""
    return Markup(json_text(value))  # noqa: S704 - no sign of markup is left in it


def _number(value: float | None, digits: int = 0) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"


def _people(count: int | str) -> str:
    """A count of accounts, or the words that stand for a small one."""
    return count if isinstance(count, str) else f"{count:,}"


def _tiny(value: float | None) -> str:
    """A p-value: three places, or its power of ten below a thousandth."""
    if value is None:
        return "–"
    if value >= 0.001:
        return f"{value:.3f}"
    return f"under 10⁻{str(min(int(-math.log10(max(value, 1e-300))), 300)).translate(_RAISED)}"


def _height(spec: dict[str, Any]) -> int:
    """About how high a chart will be, so that the page does not jump when it is drawn."""
    if "vconcat" in spec:
        return sum(_height(part) + 70 for part in spec["vconcat"])
    if "concat" in spec:
        rows = -(-len(spec["concat"]) // int(spec.get("columns", 1)))
        return rows * (_height(spec["concat"][0]) + 70)
    if "hconcat" in spec:
        return max(_height(part) + 70 for part in spec["hconcat"])
    height = spec.get("height", 0)
    return int(height) if isinstance(height, int | float) else 300

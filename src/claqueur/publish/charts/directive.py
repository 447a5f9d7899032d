"""One item of a directive: what happened by day, and every measure in front of control pages."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import dataclass

import altair as alt
import polars as pl

from claqueur.errors import SettingError
from claqueur.publish.charts.course import course_panel, levels_text
from claqueur.publish.charts.labels import counted, listed, opening
from claqueur.publish.charts.look import heading
from claqueur.publish.charts.masks import shortened
from claqueur.publish.charts.strips import printed_p, strips
from claqueur.publish.directive_sentence import answer_text, headline
from claqueur.publish.directive_words import (
    Entry,
    action_words,
    causes_of,
    change_text,
    counting,
    day_words,
    explained,
    publishes,
)
from claqueur.results import Result

LONGEST_TITLE = 64
LONGEST_LINE = 116
"""Characters of a note across the picture."""


@dataclass(frozen=True)
class DirectivePicture:
    """An item's course by day, and its measures beside those of control pages."""

    name: str = "directive"
    title: str = "A directive’s item"
    help: str = "One item of a directive: counts by day beside what was to be expected, measures."
    per_group: bool = False
    overall: bool = False
    per_item: bool = True

    def draw(
        self, result: Result, place: int | None, names: Callable[[pl.Series], pl.Series]
    ) -> alt.VConcatChart:
        """The course above, the measures below; whichever there is.

        Parameters
        ----------
        place
            Of the item in ``result.directive``, from 1.
        """
        entry = result.directive[(place or 1) - 1]
        table = _course(result, entry)
        panels = [*([course_panel(entry, table)] if table.height else []), *strips(entry)]
        if not panels:
            raise SettingError(f"no picture: nothing could be measured for item {entry['item']}")
        drawn: alt.VConcatChart = alt.vconcat(*panels, spacing=34).resolve_scale(
            color="independent"
        )
        return drawn.properties(title=heading(headline(entry), *_notes(entry, table)))


def _course(result: Result, entry: Entry) -> pl.DataFrame:
    """The item's rows of ``effects``, up to the last day that was observed."""
    effects = result.others.get("effects", pl.DataFrame())
    if effects.is_empty():
        return effects
    own = effects.filter(
        pl.col("directive") == entry["directive"], pl.col("item") == entry["item"]
    ).sort("day")
    # What is to be expected can be carried on for ever; what was seen ends somewhere.
    return own.filter(pl.col("day") <= own.drop_nulls("observed")["day"].max())


def _notes(entry: Entry, table: pl.DataFrame) -> list[str]:
    """Lines of explanation below the head, none too long."""
    title = shortened(pl.Series([entry["title"]]), LONGEST_TITLE).item()
    lines = [
        f"Item {entry['item']} of “{title}”: {action_words(entry)} from "
        f"{day_words(entry['start'])}. Answer: {answer_text(entry)}{_error(entry)}.",
        levels_text(entry, table),
        *_accounts(entry),
        _source(entry),
    ]
    return [part for line in lines if line for part in textwrap.wrap(line, LONGEST_LINE)]


def _error(entry: Entry) -> str:
    if entry["p_adjusted"] is None:
        return ""
    return f" (p {printed_p(entry['p_adjusted'])}, which is not the probability of an order)"


def _accounts(entry: Entry) -> list[str]:
    """Bounds on accounts, which no control page has."""
    tests = [*counting(entry), *explained(entry)]
    return [f"{opening(change_text(test))}." for test in tests if test["unit"] == "accounts"]


def _source(entry: Entry) -> str:
    """Where the numbers are from, how many pages, and which causes could not be left aside."""
    data, tests = entry["data"], [test for test in entry["tests"] if test["available"]]
    sources = dict.fromkeys(test["numbers"].get("source") for test in tests if test["counts"])
    known = [source.split(";")[0] for source in sources if source]
    named = "institution" if publishes(entry) else "named page"
    pages = [
        counted(data[key], word)
        for key, word in (("target_pages", named), ("control_pages", "control page"))
        if data.get(key)
    ]
    said = "; ".join([*known, *([listed(pages)] if pages else [])])
    causes = causes_of(test for test in tests if test["counts"])
    also = f" Would show in the same way: {listed(causes)}." if causes else ""
    return (f"Source: {said}; days in {data['zone']}." if said else "") + also


CHART = DirectivePicture()

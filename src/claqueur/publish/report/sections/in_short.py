"""In short: what was asked, what was found, and how little that proves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl
from markupsafe import Markup

from claqueur.model import SMALLEST_SHOWN
from claqueur.publish.charts.labels import counted, in_network
from claqueur.publish.report.context import Context
from claqueur.publish.sentence import sentences


@dataclass(frozen=True)
class InShort:
    """The first screen."""

    name: str = "in-short"
    order: int = 10
    title: str = "In short"

    def render(self, context: Context) -> Markup:
        """A few sentences in plain words, the numbers of every network, and the caveats."""
        if context.result.calibrated:
            return _calibrated(context)
        if not context.result.compared:
            return _nobody(context)
        detect = context.run["settings"]["detect"]
        return context.page(
            "in_short.html",
            events=context.run["events"],
            least=detect["min_objects"],
            windows=sorted({row["window_ms"] for row in context.run["networks"]}),
            networks=[_found(context, row) for row in context.run["networks"]],
            largest=_largest(context),
        )


def _nobody(context: Context) -> Markup:
    """What there is instead of accounts."""
    objects, counters = context.run.get("objects"), context.run.get("counters")
    posts = max(context.run["events"]["objects"], objects["objects"] if objects else 0)
    held = [counted(posts, "post")]
    if counters:
        held.append(counted(counters["rows"], "reading of counters", "readings of counters"))
    return context.page("in_short_nobody.html", held=held, set_aside=bool(context.run["set_aside"]))


def _calibrated(context: Context) -> Markup:
    """The sentences that may be printed, and how small an order would have been seen."""
    test, untimed, texts = (context.run.get(name) for name in ("calibration", "untimed", "texts"))
    planted = test["sensitivity"] if test else []
    polls = test.get("polls", []) if test else []
    return context.page(
        "in_short_calibrated.html",
        events=context.run["events"],
        test=test,
        untimed=untimed,
        texts=texts,
        family=max(each["family"] for each in (test, untimed, texts) if each),
        layers=context.run.get("layers"),
        lines=sentences(context.result),
        groups=context.result.groups.height,
        members=context.result.accounts["account_id"].n_unique(),
        largest=_largest(context),
        sizes=_crossed(planted, "size", "participation"),
        shares=sorted({row["participation"] for row in planted}),
        polls=_crossed(polls, "spacing_ms", "spread_minutes"),
        polls_people=polls[0]["people"] if polls else 0,
        spreads=sorted({row["spread_minutes"] for row in polls}),
    )


def _crossed(rows: list[dict[str, Any]], down: str, across: str) -> dict[Any, dict[Any, float]]:
    """Shares found, by two settings of what was invented."""
    table: dict[Any, dict[Any, float]] = {}
    for row in rows:
        table.setdefault(row[down], {})[row[across]] = row["found"]
    return table


def _found(context: Context, network: dict[str, Any]) -> dict[str, Any]:
    groups = context.result.groups.filter(*in_network(network))
    return network | {
        "large": groups.filter(pl.col("size") >= SMALLEST_SHOWN).height,
        "sustained": groups.filter(pl.col("pattern") == "sustained").height,
        "largest": groups["size"].max(),
    }


def _largest(context: Context) -> dict[str, Any] | None:
    groups = context.result.groups
    return groups.sort("size", descending=True).row(0, named=True) if groups.height else None


SECTION = InShort()

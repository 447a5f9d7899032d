"""Answers on directives in simulated worlds: how often each is given, where the truth is known.

A dataset is a world, the record of its directive (changed where a study says so), and the answers
on its items. Where nobody was ordered, ``consistent`` is an error of the first kind.
"""

from __future__ import annotations

import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import polars as pl

from claqueur.directive.answer import CONSISTENT, answers, examine_all
from claqueur.directive.collected import collected
from claqueur.directive.hypothesis import Directive
from claqueur.directive.reading import parse_directive
from claqueur.directive.windows import midnight_ms
from claqueur.errors import SettingError
from claqueur.evaluation.intervals import chance_interval
from claqueur.evaluation.studies import Cell
from claqueur.intake import read_files
from claqueur.record import Record
from claqueur.settings import Reading
from claqueur.simulation import World
from claqueur.simulation.changes import changed

ANSWERS = pl.Schema(
    {
        "study": pl.String(),
        "cell": pl.String(),
        "seed": pl.Int64(),
        "item": pl.String(),
        "answer": pl.String(),
        "reason": pl.String(),
        "p_value": pl.Float64(),
        "p_adjusted": pl.Float64(),
    }
)
"""One row: one item of one dataset."""

MEASURES = pl.Schema(
    {
        "study": pl.String(),
        "cell": pl.String(),
        "seed": pl.Int64(),
        "item": pl.String(),
        "test": pl.String(),
        "measure": pl.String(),
        "counts": pl.Boolean(),
        "separable": pl.Boolean(),
        "p_value": pl.Float64(),
    }
)
"""One row: one measure of one item of one dataset."""

RATES = pl.Schema(
    {
        "study": pl.String(),
        "cell": pl.String(),
        "item": pl.String(),
        "answer": pl.String(),
        "hits": pl.Int64(),
        "datasets": pl.Int64(),
        "share": pl.Float64(),
        "low": pl.Float64(),
        "high": pl.Float64(),
    }
)
"""One row: how often an item gets an answer, with a 95% Clopper-Pearson interval; item ``any`` is
whether any item of the dataset does."""

ANY = "any"


@dataclass(frozen=True)
class DirectiveTest:
    """The tests of a directive as something that can be judged."""

    name: str = "directive"
    help: str = "the answers on a directive's items"
    stands_on: ClassVar[tuple[str, ...]] = (
        "claqueur.directive.answer",
        "claqueur.directive.collected",
        "claqueur.directive.participation",
        "claqueur.directive.population",
        "claqueur.directive.question",
        "claqueur.directive.shares",
        "claqueur.directive.targets",
        "claqueur.directive.tests",
        "claqueur.directive.windows",
        "claqueur.text",
        "claqueur.nulls.randomisation",
        "claqueur.nulls.shifts",
        "claqueur.nulls.conditional",
        "claqueur.kernels.conditional",
        "claqueur.evaluation.directives",
    )

    def judge(self, world: World, cell: Cell, seed: int) -> dict[str, Any]:
        """Answers on the items of the world's directive, as plain values."""
        directive = record_of(world, cell)
        events, objects, counters = world.events, world.objects, world.counters
        if cell.factor != 1:
            objects, counters = inflated(world, directive, cell.factor, seed)
        with tempfile.TemporaryDirectory(prefix="claqueur-directive-") as folder:
            path = Path(folder) / "events.parquet"
            pl.concat([events, world.follows], how="diagonal_relaxed").write_parquet(path)
            read = read_files([path], Reading(), Path(folder), Record())
        data = collected(read, objects, counters)
        tested = examine_all([("directive", directive)], data, read, planted=False)
        entries = answers(tested, alternatives=False)
        return {"items": [_short(entry) for entry in entries]}


def record_of(world: World, cell: Cell) -> Directive:
    """The record of a world's directive, with the cell's changes."""
    if world.directive is None:
        raise SettingError(f"{cell.scenario}: has no directive; name a scenario that has one")
    table = tomllib.loads(world.directive)
    return parse_directive(changed(table, cell.record, cell.label), cell.label)


def inflated(
    world: World, directive: Directive, factor: float, seed: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Objects and counters with more likes on the first item's pages since its date.

    Every count grows by a Poisson number with the mean of ``factor - 1`` times itself.
    """
    item = directive.items[0]
    since = midnight_ms(item.start, directive.zone)
    new = world.objects.filter(
        pl.col("owner_id").is_in(list(item.target_pages)),
        pl.col("created").dt.epoch("ms") >= since,
    )["object_id"]
    rng = np.random.default_rng([seed, 47])

    def grown(table: pl.DataFrame, column: str, rows: pl.Expr) -> pl.DataFrame:
        more = rng.poisson(table[column].fill_null(0).to_numpy() * (factor - 1))
        raised = pl.when(rows).then(pl.col(column) + pl.Series(more)).otherwise(pl.col(column))
        return table.with_columns(raised.alias(column))

    ours = pl.col("object_id").is_in(new.implode())
    likes = ours & (pl.col("counter") == "likes")
    return grown(world.objects, "like_count", ours), grown(world.counters, "value", likes)


def _short(entry: dict[str, Any]) -> dict[str, Any]:
    kept = {name: entry[name] for name in ("item", "answer", "reason", "p_value", "p_adjusted")}
    tests = [
        {
            "test": each["test"],
            "measure": each["measure"],
            "counts": each["counts"],
            "separable": not each["explained_by"],
            "p_value": each["p_value"],
        }
        for each in entry["tests"]
        if each["available"] and each["p_value"] is not None
    ]
    return {**kept, "tests": tests}


def answers_table(rows: Sequence[tuple[str, str, Mapping[str, Any]]]) -> pl.DataFrame:
    """Lines of datasets (study, cell, line) as a table of answers (``ANSWERS``)."""
    flat = [
        {"study": study, "cell": cell, "seed": line["seed"], **item}
        for study, cell, line in rows
        for item in line["items"]
    ]
    return pl.DataFrame(
        [{name: row[name] for name in ANSWERS} for row in flat], schema=ANSWERS
    )  # fmt: skip


def measures_table(rows: Sequence[tuple[str, str, Mapping[str, Any]]]) -> pl.DataFrame:
    """The same as a table of measures with their p-values (``MEASURES``)."""
    flat = [
        {"study": study, "cell": cell, "seed": line["seed"], "item": item["item"], **test}
        for study, cell, line in rows
        for item in line["items"]
        for test in item["tests"]
    ]
    return pl.DataFrame(flat, schema=MEASURES)


def rates_table(table: pl.DataFrame) -> pl.DataFrame:
    """How often each item gets each answer, and any item ``consistent`` (``RATES``)."""
    rows = []
    place = ["study", "cell"]
    for (study, cell), part in table.group_by(place, maintain_order=True):
        datasets = part["seed"].n_unique()
        for (item,), own in part.group_by("item", maintain_order=True):
            for (answer,), given in own.group_by("answer", maintain_order=True):
                rows.append(_rate(study, cell, item, answer, given.height, own.height))
        any_found = part.filter(pl.col("answer") == CONSISTENT)["seed"].n_unique()
        rows.append(_rate(study, cell, ANY, CONSISTENT, any_found, datasets))
    return pl.DataFrame(rows, schema=RATES)


def _rate(
    study: Any, cell: Any, item: Any, answer: Any, hits: int, datasets: int
) -> dict[str, Any]:
    share, low, high = chance_interval(hits, datasets)
    return {
        "study": study,
        "cell": cell,
        "item": item,
        "answer": answer,
        "hits": hits,
        "datasets": datasets,
        "share": share,
        "low": low,
        "high": high,
    }

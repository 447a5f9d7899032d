"""From lines of JSON to tables: one row a dataset, then means and chances over datasets."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import polars as pl

from claqueur.evaluation.intervals import chance_interval, mean_interval
from claqueur.evaluation.scores import HARD, NEITHER, POSITIVE
from claqueur.evaluation.studies import Cell, Study

MEANS = (
    "precision",
    "recall",
    "f1",
    "average_precision",
    "false_discovery",
    "agreement",
    "recall_once",
    "recall_thrice",
    *(f"share_{role}" for role in (*POSITIVE, *NEITHER, *HARD)),
    "seconds",
)
"""Metrics with a mean and a t interval over datasets."""

COUNTS = ("groups", "false_members")
"""Metrics counted in a dataset, with a mean and a t interval from 0 up."""

CHANCES = ("any_group", "any_false_group", "refused", *(f"any_{role}" for role in HARD))
"""Metrics that happen in a dataset or not: their share, with a Clopper-Pearson interval."""

_POSSIBLE = {
    "agreement": (-1.0, 1.0),
    **dict.fromkeys(("seconds", *COUNTS), (0.0, math.inf)),
}
"""Least and most, where they are not 0 and 1."""

_LOW_IS_WORST = (
    *("precision", "recall", "recall_once", "recall_thrice"),
    *("f1", "average_precision", "agreement"),
)

DATASETS = pl.Schema(
    {
        "study": pl.String(),
        "cell": pl.String(),
        "participation": pl.Float64(),
        "ordered": pl.Int64(),
        "seed": pl.Int64(),
        "method": pl.String(),
        "events": pl.Int64(),
        "acts": pl.Int64(),
        **dict.fromkeys(COUNTS, pl.Int64()),
        "false_groups": pl.Int64(),
        "other_groups": pl.Int64(),
        "flagged": pl.Int64(),
        **dict.fromkeys(MEANS, pl.Float64()),
        **dict.fromkeys(CHANCES, pl.Boolean()),
    }
)
"""One row: one study, dataset and method; shares are null for roles that do not occur."""

_CELL = ("study", "cell", "participation", "ordered", "method")

SUMMARY = pl.Schema(
    {
        **{name: DATASETS[name] for name in _CELL},
        "metric": pl.String(),
        "datasets": pl.Int64(),
        "mean": pl.Float64(),
        "low": pl.Float64(),
        "high": pl.Float64(),
        "worst": pl.Float64(),
        "worst_seed": pl.Int64(),
    }
)
"""One row: one metric of a method over the datasets of a cell, with its 95% interval."""


def datasets_table(rows: Sequence[tuple[Study, Cell, dict[str, Any]]]) -> pl.DataFrame:
    """One row a study, dataset and method (``DATASETS``)."""
    return pl.DataFrame([_flat(*row) for row in rows], schema=DATASETS)


def _flat(study: Study, cell: Cell, line: dict[str, Any]) -> dict[str, Any]:
    roles, flagged = line["roles"], line["flagged"]
    known = {name: line[name] for name in DATASETS if name in line}
    return {
        **known,
        "study": study.name,
        "cell": cell.label,
        "participation": cell.participation,
        "ordered": cell.ordered,
        "flagged": sum(flagged.values()),
        **{f"share_{role}": flagged.get(role, 0) / count for role, count in roles.items()},
        **{f"any_{role}": flagged.get(role, 0) > 0 for role in HARD if role in roles},
        "any_group": line["groups"] > 0,
        "any_false_group": line["false_groups"] > 0,
        "refused": bool(line["refused"]),
    }


def summary_table(datasets: pl.DataFrame) -> pl.DataFrame:
    """One row a study, cell, method and metric (``SUMMARY``)."""
    rows = []
    for values, part in datasets.group_by(*_CELL, maintain_order=True):
        cell = dict(zip(_CELL, values, strict=True))
        for metric in (*MEANS, *COUNTS, *CHANCES):
            known = part.select("seed", value=metric).drop_nulls()
            if known.height:
                rows.append({**cell, "metric": metric, **_over_datasets(metric, known)})
    return pl.DataFrame(rows, schema=SUMMARY)


def _over_datasets(metric: str, known: pl.DataFrame) -> dict[str, Any]:
    values = known["value"].cast(pl.Float64)
    if metric in CHANCES:
        mean, low, high = chance_interval(int(values.sum()), len(values))
    else:
        mean, low, high = mean_interval(values.to_list(), *_POSSIBLE.get(metric, (0.0, 1.0)))
    worst = known.sort("value", "seed", descending=[metric not in _LOW_IS_WORST, False]).row(0)
    return {
        "datasets": len(values),
        "mean": mean,
        # A single dataset has no interval.
        "low": None if math.isnan(low) else low,
        "high": None if math.isnan(high) else high,
        "worst": float(worst[1]),
        "worst_seed": worst[0],
    }


def negatives_table(datasets: pl.DataFrame) -> pl.DataFrame:
    """Share of each kind of negatives flagged, where somebody was ordered and where nobody was.

    Every dataset counts once, whatever studies it belongs to. Datasets of one seed have the same
    people, so the interval is one over the means of seeds.

    Returns
    -------
    One row a method, ``told`` (whether anybody was) and role: ``datasets``, ``mean`` with its t
    interval ``low`` to ``high``, ``worst``, and ``hits``, the datasets with any at all.
    """
    rows = []
    once = each_once(datasets)
    for (method, told), part in once.group_by("method", "told", maintain_order=True):
        for role in HARD:
            known = part.select("seed", value=f"share_{role}").drop_nulls()
            if known.height:
                rows.append({"method": method, "told": told, "role": role, **_over_seeds(known)})
    return pl.DataFrame(rows, schema={**_PLACE, "role": pl.String(), **_OVER_SEEDS})


def discovery_table(datasets: pl.DataFrame) -> pl.DataFrame:
    """Realised false discovery of each method where somebody was ordered, every dataset once.

    Returns
    -------
    One row a method: ``datasets``, ``mean`` with its t interval over seeds ``low`` to ``high``,
    ``worst`` with ``worst_cell`` and ``worst_seed``, and ``hits``, the datasets with a false group.
    """
    rows = []
    told = each_once(datasets).filter("told")
    for (method,), part in told.group_by("method", maintain_order=True):
        worst = part.sort("false_discovery", descending=True).row(0, named=True)
        rows.append(
            {
                "method": method,
                **_over_seeds(part.select("seed", value="false_discovery")),
                "worst_cell": worst["cell"],
                "worst_seed": worst["seed"],
                "hits": int(part["any_false_group"].sum()),
            }
        )
    of_worst = {"worst_cell": pl.String(), "worst_seed": pl.Int64()}
    return pl.DataFrame(rows, schema={"method": pl.String(), **_OVER_SEEDS, **of_worst})


_PLACE = {"method": pl.String(), "told": pl.Boolean()}
_OVER_SEEDS = {
    "datasets": pl.Int64(),
    **dict.fromkeys(("mean", "low", "high", "worst"), pl.Float64()),
    "hits": pl.Int64(),
}


def _over_seeds(known: pl.DataFrame) -> dict[str, Any]:
    means = known.group_by("seed").agg(pl.col("value").mean()).sort("seed")["value"]
    mean, low, high = mean_interval(means.to_list())
    return {
        "datasets": known.height,
        "mean": mean,
        "low": None if math.isnan(low) else low,
        "high": None if math.isnan(high) else high,
        "worst": known["value"].max(),
        "hits": int((known["value"] > 0).sum()),
    }


def each_once(datasets: pl.DataFrame) -> pl.DataFrame:
    """Every dataset in which people are seen, once, and ``told``: whether anybody was ordered."""
    seen = datasets.filter(pl.col("acts") > 0)
    # Recall makes sense exactly where there are positives.
    return seen.unique(["cell", "seed", "method"], maintain_order=True).with_columns(
        told=pl.col("recall").is_not_null()
    )

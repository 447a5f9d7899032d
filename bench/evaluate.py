"""`make evaluate`: ours and the baselines on the same simulated worlds.

    python -m bench.evaluate [--study stretch --study bars …] [--seeds 5] [--method claqueur]

Every dataset done is kept in the output folder; a rerun does only what is missing or what the
code has changed. Then the tables between the markers of docs/evaluation.md and docs/privacy.md
are filled, and the pictures drawn into docs/img; ``--no-docs`` leaves both alone.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from bench.baselines import baselines
from bench.baselines.hindsight import BASELINE as HINDSIGHT
from claqueur.console import Reporter
from claqueur.evaluation import STUDIES, Evaluation, Method, Ours, evaluate
from claqueur.evaluation.attack import ALL
from claqueur.evaluation.intervals import chance_interval
from claqueur.evaluation.pictures import KINDS, save_pictures
from claqueur.evaluation.tables import discovery_table, negatives_table, summary_table
from claqueur.simulation import parse_change

HERE = Path(__file__).parent
DOCS = HERE.parent / "docs"
OURS = Ours().name
ORDER = (OURS, HINDSIGHT.name, "60 s and 2", "SynchroTrap-style", "FRAUDAR-style")
END = "<!-- end -->"

METRICS = {
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "average_precision": "average precision",
    "false_discovery": "false discovery",
    "any_false_group": "chance of a false group",
    "agreement": "agreement with institutions",
}
TOLD = {
    "ordered": "ordered",
    "activist": "activists",
    "head": "heads",
    "supporter": "supporters",
}


def contenders(chosen: Sequence[str], options: dict[str, Any]) -> list[Method]:
    """Ours and the baselines, or those named, in the order of the tables."""
    known: dict[str, Method] = {OURS: Ours(options), **baselines()}
    if unknown := [name for name in chosen if name not in known]:
        raise SystemExit(f"--method {unknown[0]}: there is none; there are {', '.join(known)}")
    return [known[name] for name in ORDER if name in (chosen or known)]


def comparable(evaluation: Evaluation) -> Evaluation:
    """Without hindsight where nobody was ordered: knowing that, it would flag nobody at all."""
    rows = evaluation.datasets.filter(
        pl.col("recall").is_not_null() | (pl.col("method") != HINDSIGHT.name)
    )
    return replace(evaluation, datasets=rows, summary=summary_table(rows))


def number(value: float | None, digits: int = 2) -> str:
    # Adding 0 takes the sign off a rounded zero.
    return "–" if value is None else f"{round(value, digits) + 0:.{digits}f}"


def per_cent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}" if value >= 0.1 else f"{value:.2%}"


def spread(row: dict[str, Any], digits: int = 2) -> str:
    """Mean (or chance) with its interval, as ``0.95 (0.93 to 0.97)``."""
    low, high = row["low"], row["high"]
    between = "" if low is None else f" ({number(low, digits)} to {number(high, digits)})"
    return number(row["mean"], digits) + between


def markdown(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    columns = list(columns)
    lines = [columns, ["---"] * len(columns), *map(list, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def by(table: pl.DataFrame, across: str) -> dict[str, dict[str, dict[str, Any]]]:
    """Rows of a summary by cell, then by what goes across."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for row in table.iter_rows(named=True):
        found.setdefault(row["cell"], {})[row[across]] = row
    return found


def ours_table(summary: pl.DataFrame, study: str) -> str:
    """Ours: one row a cell, one column a metric."""
    part = summary.filter(pl.col("study") == study, pl.col("method") == OURS)
    rows = [
        [cell, str(found["false_discovery"]["datasets"])]
        + [spread(found[metric]) if metric in found else "–" for metric in METRICS]
        for cell, found in by(part, "metric").items()
    ]
    return markdown(["worlds of", "number", *METRICS.values()], rows)


def beside_table(summary: pl.DataFrame, study: str, metric: str) -> str:
    """One metric of all methods: one row a cell, one column a method."""
    part = summary.filter(pl.col("study") == study, pl.col("metric") == metric)
    methods = part["method"].unique(maintain_order=True).to_list()
    rows = [
        [cell, *(spread(found[name]) if name in found else "–" for name in methods)]
        for cell, found in by(part, "method").items()
    ]
    return markdown(["worlds of", *methods], rows)


def alarms_table(summary: pl.DataFrame, study: str) -> str:
    """Worlds in which nobody was ordered: the chance of any group at all."""
    part = summary.filter(pl.col("study") == study, pl.col("metric") == "any_group")
    rows = [
        [row["cell"], row["method"], str(row["datasets"]), hits(row), spread(row, 3)]
        for row in part.iter_rows(named=True)
    ]
    return markdown(["worlds of", "method", "number", "with a group", "chance"], rows)


def hits(row: dict[str, Any]) -> str:
    return str(round(row["mean"] * row["datasets"]))


def targets_table(summary: pl.DataFrame, study: str) -> str:
    """The test of declared targets: one row a cell."""
    metrics = {
        "any_group": "chance of a finding",
        "recall": "recall of its 5% list",
        "false_discovery": "false discovery",
    }
    rows = [
        [cell, str(found["recall"]["datasets"]), *(spread(found[name]) for name in metrics)]
        for cell, found in by(summary.filter(pl.col("study") == study), "metric").items()
    ]
    return markdown(["worlds of", "number", *metrics.values()], rows)


def comments_table(summary: pl.DataFrame, study: str) -> str:
    """Comments alone: one row a cell, means with intervals, and the worst world."""
    shares = {
        "recall": "found, two or more",
        "recall_thrice": "three or more",
        "recall_once": "exactly one",
        "false_discovery": "false discovery",
    }
    rows = []
    for cell, found in by(summary.filter(pl.col("study") == study), "metric").items():
        means = [spread(found[name]) if name in found else "–" for name in shares]
        worst = [
            number(found[name]["worst"]) if name in found else "–"
            for name in ("recall", "false_discovery")
        ]
        false = (
            f"{number(found['false_members']['mean'], 1)} ({found['false_members']['worst']:.0f})"
        )
        datasets = str(found["false_discovery"]["datasets"])
        groups = f"{number(found['groups']['mean'], 1)}, {chance_of(found['any_false_group'])}"
        rows.append([cell, datasets, *means, " / ".join(worst), false, groups])
    columns = ["worlds of", "number", *shares.values(), "worst found / worst false discovery"]
    return markdown([*columns, "false members (most)", "groups, chance of a false one"], rows)


def chance_of(row: dict[str, Any]) -> str:
    return f"{row['mean']:.0%} ({row['low']:.0%} to {row['high']:.0%})"


def answers_table(rates: pl.DataFrame, study: str) -> str:
    """Answers on directives: one row a cell and item, `any` for the family of all items."""
    part = rates.filter(pl.col("study") == study)
    rows = []
    for (cell, item), own in part.group_by("cell", "item", maintain_order=True):
        given = {row["answer"]: row for row in own.iter_rows(named=True)}
        datasets = own["datasets"][0]
        found = given.get("consistent")
        rows.append(
            [
                str(cell),
                "any item" if item == "any" else str(item),
                str(datasets),
                chance(found["hits"] if found else 0, datasets),
                *(
                    "" if item == "any" else str(given[a]["hits"] if a in given else 0)
                    for a in ("no-evidence", "inconclusive")
                ),
            ]
        )
    columns = ["worlds of", "item", "number", "consistent", "no evidence", "inconclusive"]
    return markdown(columns, rows)


def leaks_text(leaks: pl.DataFrame, study: str) -> str:
    """What public releases give away: one row a sort of worlds and release."""
    rows = [
        [
            "all" if row["cell"] == ALL else row["cell"],
            row["release"],
            f"{row['released']} of {row['datasets']}",
            number(row["members"], 0),
            number(row["before"], 3),
            spread({**row, "mean": row["gain"]}, 4),
            number(row["worst"], 4),
            f"{row['added']} in {row['datasets_added']}",
            per_cent(row["named_share"]),
        ]
        for row in leaks.filter(pl.col("study") == study).iter_rows(named=True)
    ]
    columns = ["worlds of", "release", "cases", "members", "AUC without", "gain in AUC", "worst",
               "added certain hits", "named by their rows"]  # fmt: skip
    return markdown(columns, rows)


def chance(hits: int, datasets: int) -> str:
    """A share with its exact 95% interval, as ``3.0% (1.6% to 5.2%), 12``."""
    share, low, high = chance_interval(hits, datasets)
    return f"{share:.1%} ({low:.1%} to {high:.1%}), {hits}"


def found_table(summary: pl.DataFrame, study: str) -> str:
    """Whom ours flags, by role: one row a cell."""
    roles = {**TOLD, **KINDS}
    part = summary.filter(pl.col("study") == study, pl.col("method") == OURS)
    rows = [
        [cell, *(per_cent(found.get(f"share_{role}", {}).get("mean")) for role in roles)]
        for cell, found in by(part, "metric").items()
    ]
    return markdown(["worlds of", *roles.values()], rows)


def negatives_text(datasets: pl.DataFrame) -> str:
    """Ours: each kind with its interval, the worst world, and the chance of any."""
    rows = [
        [
            "somebody" if row["told"] else "nobody",
            KINDS[row["role"]],
            f"{per_cent(row['mean'])} ({per_cent(row['low'])} to {per_cent(row['high'])})",
            per_cent(row["worst"]),
            f"{row['hits']} of {row['datasets']}",
        ]
        for row in negatives_table(datasets).iter_rows(named=True)
        if row["method"] == OURS
    ]
    columns = ["ordered", "who", "share flagged", "worst world", "worlds with any"]
    return markdown(columns, rows)


def negatives_beside(datasets: pl.DataFrame) -> str:
    """All methods: mean share of each kind flagged."""
    shares: dict[tuple[str, str], dict[str, float]] = {}
    for row in negatives_table(datasets).iter_rows(named=True):
        place = ("somebody" if row["told"] else "nobody", row["method"])
        shares.setdefault(place, {})[row["role"]] = row["mean"]
    rows = [
        [*place, *(per_cent(found.get(role)) for role in KINDS)] for place, found in shares.items()
    ]
    return markdown(["ordered", "method", *KINDS.values()], rows)


def discovery_text(datasets: pl.DataFrame) -> str:
    rows = [
        [
            row["method"],
            spread(row, 3),
            f"{number(row['worst'])} ({row['worst_cell']}, seed {row['worst_seed']})",
            f"{row['hits']} of {row['datasets']}",
        ]
        for row in discovery_table(datasets).iter_rows(named=True)
    ]
    columns = ["method", "mean", "worst world", "worlds with a false group"]
    return markdown(columns, rows)


def tables(evaluation: Evaluation) -> dict[str, str]:
    """Every table of the page there are data for, by the name of its markers."""
    summary, datasets = evaluation.summary, evaluation.datasets
    # What looks for something else, or at comments alone, has tables of its own.
    datasets = datasets.filter(~pl.col("study").str.contains("^(target|comments)"))
    made = {}
    for study in summary["study"].unique(maintain_order=True):
        if study in ("bars", "nulls") or study.endswith("-nobody"):
            made[study] = alarms_table(summary, study)
            continue
        if study.startswith("target"):
            made[study] = targets_table(summary, study)
            continue
        if study == "comments":
            made[study] = comments_table(summary, study)
            continue
        made[study] = ours_table(summary, study)
        made[f"{study}-f1"] = beside_table(summary, study, "f1")
        made[f"{study}-ranking"] = beside_table(summary, study, "average_precision")
        made[f"{study}-found"] = found_table(summary, study)
    rates = evaluation.rates
    for study in rates["study"].unique(maintain_order=True):
        made[study] = answers_table(rates, study)
    leaks = evaluation.leaks
    made |= {study: leaks_text(leaks, str(study)) for study in leaks["study"].unique()}
    if datasets.is_empty():
        return made
    made["negatives"] = negatives_text(datasets)
    made["negatives-beside"] = negatives_beside(datasets)
    if datasets["recall"].count():
        made["discovery"] = discovery_text(datasets)
    return made


def fill(page: str, made: dict[str, str]) -> str:
    """The page with each table between ``<!-- table:NAME -->`` and ``<!-- end -->``."""
    for name, table in made.items():
        before, marker, rest = page.partition(f"<!-- table:{name} -->\n")
        if marker:
            page = f"{before}{marker}\n{table}\n\n{END}{rest.partition(END)[2]}"
    return page


def publish(evaluation: Evaluation) -> None:
    """Tables and pictures into the documentation."""
    for page in (DOCS / "evaluation.md", DOCS / "privacy.md"):
        text = fill(page.read_text(encoding="utf-8"), tables(evaluation))
        page.write_text(text, encoding="utf-8")
    for path in save_pictures(
        evaluation.datasets.filter(pl.col("study") != "comments"),
        evaluation.summary,
        DOCS / "img",
        prefix="evaluation-",
        rates=evaluation.rates,
    ):
        print(path.relative_to(HERE.parent))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--study", action="append", choices=list(STUDIES), help="default: all")
    parser.add_argument("--method", action="append", default=[], help="default: all")
    parser.add_argument("--seeds", type=int, default=0, help="worlds a cell; the study's own")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, default=HERE / "data" / "evaluation")
    parser.add_argument(
        "--detect",
        action="append",
        default=[],
        type=parse_change,
        metavar="KEY=VALUE",
        help="ours with these settings instead of the default: --detect min_objects=8",
    )
    parser.add_argument("--no-docs", action="store_true", help="leave docs/ alone")
    given = parser.parse_args()
    with Reporter() as progress:
        evaluation = evaluate(
            given.out,
            given.study or list(STUDIES),
            seeds=given.seeds,
            first_seed=given.first_seed,
            workers=given.workers,
            methods=contenders(given.method, dict(given.detect)),
            progress=progress,
        )
    shown = comparable(evaluation)
    for name, table in tables(shown).items():
        print(f"\n{name}\n\n{table}")
    if not given.no_docs:
        publish(shown)


if __name__ == "__main__":
    main()

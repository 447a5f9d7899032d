"""Datasets in worker processes, one line of JSON each; a rerun goes on where the last stopped."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import polars as pl

from claqueur.atomic import disk_full_explained
from claqueur.errors import ClaqueurError, SettingError
from claqueur.evaluation.attack import ATTACKS, LEAKS, AttackTest, attacks_table, leaks_table
from claqueur.evaluation.comments import CommentTest
from claqueur.evaluation.directives import (
    ANSWERS,
    MEASURES,
    RATES,
    DirectiveTest,
    answers_table,
    measures_table,
    rates_table,
)
from claqueur.evaluation.methods import FOUND, Method, Ours, fingerprint
from claqueur.evaluation.pictures import save_pictures
from claqueur.evaluation.scores import Score, score
from claqueur.evaluation.studies import Cell, Study, chosen
from claqueur.evaluation.tables import datasets_table, summary_table
from claqueur.evaluation.targets import TARGET_TESTS
from claqueur.progress import SILENT, Progress
from claqueur.simulation import simulate

LINES = "datasets.ndjson"

Judge = DirectiveTest | AttackTest
"""What makes lines of its own, from a world."""

TESTS: Mapping[str, Method | Judge] = {
    **TARGET_TESTS,
    "directive": DirectiveTest(),
    "comments": CommentTest(),
    "attack": AttackTest(),
}
"""What studies judge instead of detection, by ``Study.judged``."""


@dataclass(frozen=True)
class Evaluation:
    """What came out.

    Attributes
    ----------
    datasets
        One row a study, dataset and method.
    summary
        One row a study, cell, method and metric: mean or chance over datasets, its interval,
        the worst dataset.
    answers, measures, rates
        Of directives: answers on items, p-values of measures, and how often each answer is given.
    attacks, leaks
        Of public releases: every attack on each, and what each gives away over datasets.
    """

    datasets: pl.DataFrame
    summary: pl.DataFrame
    answers: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=ANSWERS))
    measures: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=MEASURES))
    rates: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=RATES))
    attacks: pl.DataFrame = field(default_factory=ATTACKS.to_frame)
    leaks: pl.DataFrame = field(default_factory=LEAKS.to_frame)


@dataclass(frozen=True)
class Task:
    """One dataset and the methods that have not seen it yet, with their fingerprints."""

    cell: Cell
    seed: int
    methods: tuple[tuple[Method | Judge, str], ...]


def evaluate(
    out: str | Path,
    studies: Sequence[str] = ("stretch",),
    *,
    seeds: int = 0,
    first_seed: int = 1,
    workers: int = 2,
    methods: Sequence[Method] = (Ours(),),
    progress: Progress = SILENT,
) -> Evaluation:
    """Score methods on simulated worlds, and write lines, tables and pictures.

    Parameters
    ----------
    out
        Folder of the results. ``datasets.ndjson`` there keeps every dataset done, which is not
        done again while the code and the settings of the method stay the same.
    studies
        Names in ``STUDIES``.
    seeds
        Datasets a cell; 0 for each study's own number.
    first_seed
        Of every cell: worlds nobody has looked at have seeds nobody has used.
    workers
        Processes side by side; detection itself already uses all cores in some stages.

    Raises
    ------
    SettingError
        If there is no study of a name, or a number is out of range.
    """
    if seeds < 0 or first_seed < 0 or workers < 1:
        raise SettingError("--seeds and --first-seed must be 0 or more, --workers 1 or more")
    out = Path(out)
    plan = list(planned(chosen(tuple(studies)), seeds, first_seed))
    judged = {study.judged for study, _, _ in plan}
    every: list[Method | Judge] = [*methods]
    every += [test for name, test in TESTS.items() if name in judged]
    marks = {method.name: fingerprint(method) for method in every}
    with disk_full_explained(out):
        out.mkdir(parents=True, exist_ok=True)
        done = _current(out / LINES, marks)
        _work(tasks(plan, methods, marks, done), out / LINES, workers, progress)
        evaluation = _results(plan, _current(out / LINES, marks))
        _write(evaluation, out)
    return evaluation


def planned(
    studies: Sequence[Study], seeds: int = 0, first_seed: int = 1
) -> Iterator[tuple[Study, Cell, int]]:
    """Every dataset of some studies: study, cell and seed."""
    for study in studies:
        for cell in study.cells:
            for seed in range(first_seed, first_seed + (seeds or study.seeds)):
                yield study, cell, seed


def tasks(
    plan: Sequence[tuple[Study, Cell, int]],
    methods: Sequence[Method],
    marks: dict[str, str],
    done: dict[str, dict[str, Any]],
) -> list[Task]:
    """What is left to do; a dataset of several studies once."""
    left: dict[str, Task] = {}
    for study, cell, seed in plan:
        own = (TESTS[study.judged],) if study.judged else methods
        missing = tuple(
            (method, marks[method.name])
            for method in own
            if key(dataset_of(cell, seed), method.name) not in done
        )
        if missing:
            left[key(dataset_of(cell, seed), "")] = Task(cell, seed, missing)
    return list(left.values())


def dataset_of(cell: Cell, seed: int) -> dict[str, Any]:
    """What identifies a dataset."""
    dataset = {"scenario": cell.scenario, "changes": dict(cell.changes), "seed": seed}
    if cell.record or cell.factor != 1:
        dataset |= {"record": dict(cell.record), "factor": cell.factor}
    return dataset


def key(dataset: Mapping[str, Any], method: str) -> str:
    """What identifies a line: the dataset and the method."""
    names = ("scenario", "changes", "seed", "record", "factor")
    own = {name: dataset[name] for name in names if name in dataset}
    return json.dumps([own, method], sort_keys=True, default=str)


def run_task(task: Task) -> list[dict[str, Any]]:
    """Make one dataset, let each method look at its events, score what it found."""
    cell = task.cell
    world = simulate(cell.scenario, seed=task.seed, changes=cell.changes)
    dataset = dataset_of(cell, task.seed)
    lines = []
    for method, mark in task.methods:
        begin = time.perf_counter()
        if isinstance(method, Judge):
            given, refused = method.judge(world, cell, task.seed), ""
        else:
            told_of = _declaring(_knowing(method, world.truth), world.targets)
            found, refused = _found(told_of, world.events)
            given = _scored(method, world.truth, found).record()
        told = {
            "method": method.name,
            "code": mark,
            "events": world.events.height,
            "acts": world.events.filter(pl.col("action") != "post").height,
            "seconds": round(time.perf_counter() - begin, 2),
            "refused": refused,
        }
        lines.append({**dataset, **told, **given})
    return lines


def _found(method: Method, events: pl.DataFrame) -> tuple[pl.DataFrame, str]:
    """What a method finds; nothing, and its words, where it cannot use the events."""
    try:
        return method.find(events), ""
    except ClaqueurError as error:
        return pl.DataFrame(schema=FOUND), str(error)


def _scored(method: Method, truth: pl.DataFrame, found: pl.DataFrame) -> Score:
    """By a measure of the method's own where it has one."""
    own = getattr(method, "score", score)
    scored: Score = own(truth, found)
    return scored


def _knowing(method: Method, truth: pl.DataFrame) -> Method:
    """A method chosen in hindsight is given the truth; no other has ``knowing``."""
    knowing = getattr(method, "knowing", None)
    return knowing(truth) if knowing else method


def _declaring(method: Method, targets: pl.DataFrame) -> Method:
    """A test of declared targets is given those of the world; no other has ``declaring``."""
    declaring = getattr(method, "declaring", None)
    return declaring(targets) if declaring else method


def _work(left: list[Task], path: Path, workers: int, progress: Progress) -> None:
    if not left:
        return
    progress.stage("evaluating", total=len(left))
    _end_last_line(path)
    with path.open("a", encoding="utf-8") as file:
        for lines in _side_by_side(left, workers):
            for line in lines:
                file.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")
                if line["refused"]:
                    progress.note(f"{line['method']}, seed {line['seed']}: {line['refused']}")
            file.flush()
            progress.advance()


def _side_by_side(left: list[Task], workers: int) -> Iterator[list[dict[str, Any]]]:
    if workers == 1:
        yield from map(run_task, left)
        return
    # A fresh interpreter each: compiled kernels and thread pools do not survive a fork.
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"))
    try:
        for future in as_completed([pool.submit(run_task, task) for task in left]):
            yield future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _end_last_line(path: Path) -> None:
    """End a line that a crash cut off, so that the next one can be read."""
    if path.exists() and not path.read_bytes().endswith(b"\n"):
        with path.open("a", encoding="utf-8") as file:
            file.write("\n")


def _current(path: Path, marks: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Lines of the methods as they are now, by key; those of former code are passed over."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    found = {}
    for text in lines:
        line = _parsed(text)
        if line and marks.get(line["method"]) == line["code"]:
            found[key(line, line["method"])] = line
    return found


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        line: dict[str, Any] = json.loads(text)
    except ValueError:
        return None
    return line


def _results(
    plan: Sequence[tuple[Study, Cell, int]], lines: dict[str, dict[str, Any]]
) -> Evaluation:
    methods = list(dict.fromkeys(line["method"] for line in lines.values()))
    rows = [
        (study, cell, lines[place])
        for study, cell, seed in plan
        for method in methods
        if (place := key(dataset_of(cell, seed), method)) in lines
    ]
    own = [row for row in rows if "items" not in row[2] and "attacks" not in row[2]]
    datasets = datasets_table(own)
    told = [(study.name, cell.label, line) for study, cell, line in rows if "items" in line]
    given = answers_table(told)
    tried = [(study.name, cell.label, line) for study, cell, line in rows if "attacks" in line]
    attacks = attacks_table(tried)
    return Evaluation(
        datasets, summary_table(datasets), given, measures_table(told), rates_table(given),
        attacks, leaks_table(attacks, Counter(cell for _, cell, _ in tried)),
    )  # fmt: skip


def _write(evaluation: Evaluation, out: Path) -> None:
    evaluation.datasets.write_parquet(out / "datasets.parquet")
    evaluation.summary.write_parquet(out / "evaluation.parquet")
    evaluation.summary.write_csv(out / "evaluation.csv")
    if not evaluation.answers.is_empty():
        for name in ("answers", "measures", "rates"):
            getattr(evaluation, name).write_parquet(out / f"{name}.parquet")
        evaluation.rates.write_csv(out / "rates.csv")
    if not evaluation.attacks.is_empty():
        evaluation.attacks.write_parquet(out / "attacks.parquet")
        evaluation.leaks.write_csv(out / "leaks.csv")
    save_pictures(evaluation.datasets, evaluation.summary, out, rates=evaluation.rates)

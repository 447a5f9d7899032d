"""The demonstration: the Krasnoyarsk case of 2019, simulated, detected and reported."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from claqueur.atomic import new_folder
from claqueur.case import Case, create_case, open_case
from claqueur.pipeline import add, report_run, run_case
from claqueur.progress import SILENT, Progress
from claqueur.results import Result
from claqueur.simulation import World, simulate

SCENARIO = "krasnoyarsk-2019"


def make_demo(out: Path, seed: int = 1, progress: Progress = SILENT) -> str:
    """Make a case in ``out`` from a simulated world and say what its report shows.

    Returns
    -------
    str
        A few lines for the terminal: where the report is, and how the groups compare with
        the truth, which only a simulation knows.
    """
    with new_folder(out) as work:
        progress.stage("simulating")
        world = simulate(SCENARIO, seed=seed)
        case = create_case(
            work / "case", "Krasnoyarsk 2019 (simulated)",
            read={"timezone": "Asia/Krasnoyarsk"},
        )  # fmt: skip
        run = _run(case, world, work, progress)
        shown = _compared(Result.load(case.folder / "runs" / run), world)
        for entry in list(case.folder.iterdir()):
            entry.rename(work / entry.name)
        case.folder.rmdir()
    return "\n".join([*shown, f"Report: {out / 'report' / f'{run}.html'}"])


def _run(case: Case, world: World, work: Path, progress: Progress) -> str:
    world.save(work / "world")
    add(case, [work / "world" / "events.parquet"], progress=progress)
    run = run_case(open_case(case.folder), progress=progress)
    progress.stage("writing the report")
    report_run(run, case.folder / "report" / f"{run.name}.html")
    return run.name


def _compared(result: Result, world: World) -> list[str]:
    members = result.accounts.join(world.truth, on="account_id", how="left")
    total = dict(world.truth.group_by("role").len().iter_rows())
    lines = [
        f"Simulated: {world.events.height:,} actions; {total['ordered']} staff of 8 institutions "
        f"were ordered to like the official pages' posts, {total['fan']} devoted fans were not.",
        f"Found, without any threshold: {result.groups.height} lockstep groups with "
        f"{result.accounts.height} members.",
    ]
    large = result.groups.filter(pl.col("size") >= 10)
    for group_id, size in large.select("group_id", "size").iter_rows():
        roles = members.filter(pl.col("group_id") == group_id).group_by("role").len()
        told = ", ".join(
            f"{count} {role}" for role, count in roles.sort("len", descending=True).iter_rows()
        )
        lines.append(f"  group {group_id}: {size} members, in truth {told}")
    return [*lines, _lesson(members, total)]


def _lesson(members: pl.DataFrame, total: dict[str, int]) -> str:
    found = dict(members.group_by("role").len().iter_rows())
    innocent = members.height - found.get("ordered", 0) - found.get("head", 0)
    return (
        f"So {found.get('ordered', 0)} of {total['ordered']} ordered accounts are found, "
        f"{found.get('head', 0)} of {total['head']} heads who passed the order on, and {innocent} "
        f"others; of the {total['fan']} fans, who react to notifications, {found.get('fan', 0)}."
    )

"""The demonstration: Krasnoyarsk 2019, simulated, its directive tested, reported, published."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from claqueur.atomic import new_folder
from claqueur.case import Case, create_case, open_case
from claqueur.directive.register import register_directive
from claqueur.directive.working import copy_in
from claqueur.errors import ReleaseError, SettingError
from claqueur.pipeline import add, report_run, run_case
from claqueur.progress import SILENT, Progress
from claqueur.publication import publish_run
from claqueur.publish.summary import directive_lines
from claqueur.results import Result
from claqueur.review import ACCEPTED, decide, findings
from claqueur.simulation import World, simulate

SCENARIO = "krasnoyarsk-2019"
DIRECTIVE = "minutes"
REVIEWER = "demo"
PACKAGE = "package"
COLLECTED = ("events", "follows", "objects", "counters")
"""What of the world a collector brings; the truth it does not know."""

OBSERVERS: dict[str, dict[str, Any] | None] = {
    "exact": None,
    "polled": {"poll_minutes": 60},
    "late": {"snapshot_days_after": 30},
}
"""How the likes of the world are seen; comments and the pages' posts have their time always."""

_SEEN = {
    "polled": "Seen in lists of likers read every hour: {n} likes and reposts are known to lie "
    "between two readings.",
    "late": "Seen in one list of likers a post, 30 days after the last day: {n} likes and reposts "
    "have no time.",
}


def make_demo(out: Path, seed: int = 1, progress: Progress = SILENT, lists: str = "exact") -> str:
    """Make a case in ``out`` from a simulated world and say what its report shows.

    Parameters
    ----------
    lists
        How likes are seen: ``exact``, ``polled`` or ``late`` (``OBSERVERS``).

    Returns
    -------
    str
        A few lines for the terminal: where the report is, and how the groups compare with
        the truth, which only a simulation knows.

    Raises
    ------
    SettingError
        If ``lists`` is none of the three.
    """
    changes = observer(lists)
    with new_folder(out) as work:
        progress.stage("simulating")
        world = simulate(SCENARIO, seed=seed, changes=changes)
        case = create_case(
            work / "case", "Krasnoyarsk 2019 (simulated)",
            read={"timezone": "Asia/Krasnoyarsk"},
        )  # fmt: skip
        run = _run(case, world, work, progress)
        result = Result.load(case.folder / "runs" / run)
        shown = [
            *_compared(result, world, lists), *_left_out(result), *directive_lines(result),
            *_published(case, run, work / PACKAGE, progress),
        ]  # fmt: skip
        for entry in list(case.folder.iterdir()):
            entry.rename(work / entry.name)
        case.folder.rmdir()
    return "\n".join([*shown, f"Report: {out / 'report' / f'{run}.html'}"])


def observer(lists: str) -> dict[str, Any] | None:
    """What to change in the scenario so that likes are seen in that way."""
    if lists not in OBSERVERS:
        raise SettingError(f"--lists {lists}: use {', '.join(OBSERVERS)}")
    return {"observer": OBSERVERS[lists]} if OBSERVERS[lists] else None


def _run(case: Case, world: World, work: Path, progress: Progress) -> str:
    world.save(work / "world")
    copy_in(case, work / "world" / "directive.toml", DIRECTIVE)
    # Before any data: that is the point of registering.
    register_directive(case, DIRECTIVE)
    add(case, [work / "world" / f"{name}.parquet" for name in COLLECTED], progress=progress)
    run = run_case(open_case(case.folder), progress=progress)
    progress.stage("writing the report")
    report_run(run, case.folder / "report" / f"{run.name}.html")
    return run.name


def _published(case: Case, run: str, to: Path, progress: Progress) -> list[str]:
    """Accept everything, as nobody should, and publish it."""
    place = case.folder / "runs" / run
    keys = [finding.key for finding in findings(Result.load(place))]
    if not keys:
        return ["Nothing was found, so nothing is published."]
    decide(case, place, keys, ACCEPTED, "accepted by the demonstration, unread", REVIEWER)
    try:
        publish_run(place, to, user=REVIEWER, progress=progress)
    except ReleaseError as error:
        return [f"All accepted as user {REVIEWER}; {error}."]
    return [f"All accepted as user {REVIEWER} and published: {PACKAGE}/, for claqueur verify."]


def _compared(result: Result, world: World, lists: str) -> list[str]:
    members = result.accounts.join(world.truth, on="account_id", how="left")
    total = dict(world.truth.group_by("role").len().iter_rows())
    lines = [
        f"Simulated: {world.events.height:,} actions; {total['ordered']} staff of 8 institutions "
        f"were ordered to like the official pages' posts, {total['fan']} devoted fans were not.",
        *([_SEEN[lists].format(n=f"{_inexact(world):,}")] if lists in _SEEN else []),
        f"Found, without any threshold: {result.groups.height} groups with "
        f"{result.accounts['account_id'].n_unique()} members.",
    ]
    large = result.groups.filter(pl.col("size") >= 10)
    for group_id, size in large.select("group_id", "size").iter_rows():
        roles = members.filter(pl.col("group_id") == group_id).group_by("role").len()
        told = ", ".join(
            f"{count} {role}" for role, count in roles.sort("len", descending=True).iter_rows()
        )
        lines.append(f"  group {group_id}: {size} members, in truth {told}")
    return [*lines, _lesson(members, total)]


def _inexact(world: World) -> int:
    return world.events.filter(pl.col("time_min").ne_missing(pl.col("time_max")) | (
        pl.col("time_min").is_null())).height  # fmt: skip


def _left_out(result: Result) -> list[str]:
    """What the detection set aside, so that nobody takes it for seen."""
    return [
        f"Set aside: {entry['rows']:,} × {entry['reason']}." for entry in result.run["set_aside"]
    ]


def _lesson(members: pl.DataFrame, total: dict[str, int]) -> str:
    # One may be in groups of several layers.
    members = members.unique("account_id")
    found = dict(members.group_by("role").len().iter_rows())
    innocent = members.height - found.get("ordered", 0) - found.get("head", 0)
    return (
        f"So {found.get('ordered', 0)} of {total['ordered']} ordered accounts are found, "
        f"{found.get('head', 0)} of {total['head']} heads who passed the order on, and {innocent} "
        f"others; of the {total['fan']} fans, who react to notifications, {found.get('fan', 0)}."
    )

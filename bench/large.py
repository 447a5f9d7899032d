"""Tables larger than memory: time and memory against events, ids, the budget, and P.

    python -m bench.large [--rows 1000000 10000000 100000000] [--repeats 1]

The job is `claqueur detect … --window 60s --min-objects 5 --no-report` on Parquet partitions
(:mod:`bench.large_tables`: one account and one object to ten and fifty events, the largest object
with one in two hundred). Every run is a process of its own. Results of small budgets are checked
against those of the large one, table by table.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import shutil
import sys
from pathlib import Path

import altair as alt
import polars as pl

from bench.data import FOLDER
from bench.large_tables import partitions
from bench.measure import Measure, measure, median

FIGURES = Path(__file__).parents[1] / "docs" / "img"
OUT = FOLDER / "large-out"
BLOCKS = 10_000_000
BUDGETS = ("2GB", "200MB", "100MB", "50MB", "25MB", "12MB")


def command(table: Path, memory: str, out: Path) -> list[str]:
    return [sys.executable, "-m", "bench.large", "--one", str(table), memory, str(out)]


def one(table: Path, memory: str, out: Path) -> None:
    """The job itself, with the plan it announces written beside its results."""
    import claqueur.cli  # noqa: F401 - what the command says of memory, before anything is loaded
    from claqueur.pipeline import detect_to, detection
    from claqueur.progress import Silent
    from claqueur.settings import Grouping, Reading, Scale

    class Plan(Silent):
        said = ""

        def note(self, text: str) -> None:
            self.said = text if text.startswith("plan:") else self.said

    plan = Plan()
    detect_to(
        sorted(table.glob("*.parquet")), out, detection({"window": ("60s",), "min_objects": 5}),
        reading=Reading(), grouping=Grouping(), scale=Scale(memory), report=False, progress=plan,
    )  # fmt: skip
    out.with_suffix(".plan").write_text(plan.said)


def run(table: Path, memory: str, repeats: int, out: Path = OUT) -> Measure:
    def clean() -> None:
        shutil.rmtree(out, ignore_errors=True)

    return median([measure(command(table, memory, out), clean) for _ in range(repeats)])


def planned(out: Path) -> tuple[int, int]:
    """P and the actions that went into blocks; 1 and 0 where all was in memory."""
    text = out.with_suffix(".plan").read_text()
    groups = re.search(r"P = (\d+)", text)
    traffic = re.search(r"([\d,]+) actions go into blocks", text)
    if not groups or not traffic:
        return 1, 0
    return int(groups[1]), int(traffic[1].replace(",", ""))


def same(one: Path, other: Path) -> bool:
    return all(
        pl.read_parquet(path).equals(pl.read_parquet(other / path.name), null_equal=True)
        for path in one.glob("*.parquet")
    )


def say(what: str, m: Measure, more: str = "") -> None:
    print(f"  {what:44} {m.wall_s:7.1f} s  {m.cpu_s:7.1f} s CPU  {m.peak_gb:5.2f} GB  {more}")


def growth(sizes: list[int], repeats: int) -> list[dict[str, object]]:
    found = []
    for strings in (False, True):
        ids = "strings" if strings else "integers"
        last: tuple[int, float] | None = None
        for rows in sizes:
            m = run(partitions(rows, strings=strings), "12GB", repeats)
            more = ""
            if last:
                times = m.wall_s / last[1]
                exponent = math.log(times) / math.log(rows / last[0])
                more = f"{times:.1f} times the one before, exponent {exponent:.2f}"
            say(f"{rows:,} events, ids are {ids}", m, more)
            found.append({"rows": rows, "ids": ids, **vars(m)})
            last = rows, m.wall_s
    return found


def budget(rows: int, repeats: int) -> None:
    table = partitions(rows, strings=False)
    small, large = FOLDER / "large-small", FOLDER / "large-large"
    wide = run(table, "12GB", repeats, large)
    narrow = run(table, "2GB", repeats, small)
    again = "the same tables" if same(large, small) else "OTHER TABLES"
    say(f"{rows:,} events, --memory 12GB", wide)
    say(f"{rows:,} events, --memory 2GB", narrow, f"{narrow.wall_s / wide.wall_s:.2f} ×, {again}")


def blocks(rows: int, repeats: int) -> list[dict[str, object]]:
    table, found = partitions(rows, strings=False), []
    first = FOLDER / "large-first"
    run(table, "12GB", 1, first)
    for memory in BUDGETS:
        m = run(table, memory, repeats)
        groups, traffic = planned(OUT)
        again = "the same tables" if same(first, OUT) else "OTHER TABLES"
        say(f"--memory {memory}: P = {groups}, {traffic:,} actions moved", m, again)
        found.append({"memory": memory, "groups": groups, "traffic": traffic, **vars(m)})
    return found


def draw(rows: list[dict[str, object]], plans: list[dict[str, object]]) -> None:
    scale = alt.Scale(type="log")
    sizes = alt.Chart(pl.DataFrame(rows)).encode(
        x=alt.X("rows:Q", title="events", scale=scale, axis=alt.Axis(format="~s")),
        color=alt.Color("ids:N", title="ids"),
    )
    panels = [
        sizes.mark_line(point=True)
        .encode(y=alt.Y(f"{column}:Q", title=name, scale=scale))
        .properties(width=300, height=220)
        for column, name in (("wall_s", "wall time, s"), ("peak_gb", "peak memory, GB"))
    ]
    alt.hconcat(*panels, title="Whole process on Parquet partitions").save(
        FIGURES / "scale-partitions.svg"
    )
    by_plan = alt.Chart(pl.DataFrame(plans)).encode(x=alt.X("groups:Q", title="P, account groups"))
    panels = [
        by_plan.mark_line(point=True)
        .encode(y=alt.Y(f"{column}:Q", title=name, axis=alt.Axis(format="~s")))
        .properties(width=300, height=220)
        for column, name in (("traffic", "actions that go into blocks"), ("wall_s", "wall time, s"))
    ]
    alt.hconcat(*panels, title=f"A smaller budget means more blocks ({BLOCKS:,} events)").save(
        FIGURES / "scale-blocks.svg"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, nargs="+", default=[10**6, 10**7, 10**8])
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        one(Path(given.one[0]), given.one[1], Path(given.one[2]))
        return
    sizes = sorted(given.rows)
    run(partitions(sizes[0], strings=False), "20MB", 1)  # compiles the kernels
    print(f"Growth (medians of {given.repeats})")
    rows = growth(sizes, given.repeats)
    print("Budget")
    budget(sizes[-1], given.repeats)
    print("Blocks")
    plans = blocks(min(BLOCKS, sizes[-1]), given.repeats)
    draw(rows, plans)
    (FOLDER / "large.json").write_text(json.dumps({"growth": rows, "blocks": plans}, indent=2))


if __name__ == "__main__":
    main()

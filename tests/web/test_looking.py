"""What can be looked at: cases, runs, groups, pictures, the network, answers."""

import re

import polars as pl
import pytest

from claqueur.results import Result

CASE = {"case": "planted"}


def runs(room) -> list[str]:
    return [run["run"] for run in room.get("/api/runs", **CASE)["runs"]]


def test_cases_are_listed(reading):
    found = reading.get("/api/cases")
    assert [case["case"] for case in found["cases"]] == ["empty", "planted"]
    planted = found["cases"][1]
    assert (planted["runs"], planted["imports"], planted["events"]) == (2, 1, True)
    assert reading.get("/api/cases/planted")["next"] == "review"
    assert reading.get("/api/cases/empty")["next"] == "data"


def test_runs_are_listed_and_compared(reading):
    newest, oldest = runs(reading)
    listed = reading.get("/api/runs", **CASE)["runs"]
    assert [run["calibrated"] for run in listed] == [False, True]
    print(listed)
    assert all(run["current"] and not run["problem"] for run in listed)
    whole = reading.get(f"/api/runs/{newest}", **CASE)
    assert whole["lines"]
    assert whole["networks"]
    side = reading.get("/api/runs/compare", runs=f"{oldest},{newest}", **CASE)
    window = next(row for row in side["settings"] if row["name"] == "window")
    assert (window["values"], window["same"]) == ([[], ["120s"]], False)
    print(side["overlap"], side["results"])


def test_everything_of_a_group(reading):
    for run in runs(reading):
        of = {"run": run, **CASE}
        page = reading.get("/api/groups", **of)
        print(page)
        for group in page["rows"]:
            at = f"/api/groups/{group['group']}"
            for part in ("", "/members", "/objects", "/matrix", "/timeline", "/rhythm",
                         "/coverage", "/templates", "/comments", "/evidence"):  # fmt: skip
                print(part, str(reading.get(at + part, **of))[:1500])
        print(reading.get("/api/network", **of))
        print(str(reading.get("/api/network/graph", **of))[:500])
        print(str(reading.get("/api/review", **of))[:1500])
        print(str(reading.get("/api/publish", **of))[:1500])
        print(str(reading.get("/api/directives/results", **of))[:500])
    print(str(reading.get("/api/directives", **CASE)))
    print(str(reading.get("/api/directives/minutes", **CASE)))
    print(str(reading.get("/api/data", **CASE)))
    print(str(reading.get("/api/settings", **CASE))[:1000])

"""The default gives the same tables whatever engine runs it and however much memory there is."""

import json
from dataclasses import fields
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import claqueur
from claqueur import reproduction
from claqueur.case import open_case
from claqueur.engines.engine import using
from claqueur.nulls.engaged import engaged_pairs
from claqueur.nulls.incidence import Incidence
from claqueur.progress import SILENT
from claqueur.results import Result
from claqueur.settings import Wording
from claqueur.simulation import simulate
from tests.conftest import SCHEMAS, lockstep_table

SMALL = {
    "population.accounts": 1500, "span.days": 30, "fans.accounts": 40, "topical_fans.accounts": 25,
    "employees.accounts": 8, "appeal.accounts": 40, "shares.likers_mean": 8,
    "order.staff_per_institution": 10, "order.participation_mean": 0.9, "order.comment_share": 0.5,
}  # fmt: skip
TIMES = ["time_min", "time_max"]
TESTS = ("calibration", "untimed", "texts", "layers")


@pytest.fixture(scope="module")
def world() -> pl.DataFrame:
    """Likes and comments with times, and an order that shows in them."""
    return simulate("handed-out-praise", seed=3, changes=SMALL).events


@pytest.fixture(scope="module")
def timed(world, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("timed") / "events.parquet"
    world.write_parquet(path)
    return path


@pytest.fixture(scope="module")
def untimed(world, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("untimed") / "events.parquet"
    world.drop(TIMES).write_parquet(path)
    return path


@pytest.fixture(scope="module")
def by_time(timed) -> Result:
    return claqueur.detect(timed)


@pytest.fixture(scope="module")
def by_objects(untimed) -> Result:
    return claqueur.detect(untimed)


def layers(result: Result) -> set[str]:
    return {network["layer"] for network in result.run["networks"] if network["groups"]}


def assert_same(one: Result, other: Result) -> None:
    """Every table row by row, and what was tested and found on the way."""
    for name in SCHEMAS:
        assert getattr(one, name).equals(getattr(other, name)), name
    assert sorted(one.others) == sorted(other.others)
    for name, table in one.others.items():
        assert table.equals(other.others[name]), name
    for name in TESTS:
        assert one.run[name] == other.run[name], name


def test_the_world_has_something_to_find(by_time, by_objects):
    assert layers(by_time) == {"co_action", "co_text"}
    assert layers(by_objects) == {"co_text"}
    # Nobody is confirmed among so few; how p-values are spread is compared all the same.
    assert by_objects.run["untimed"]["candidates_tested"] > 100


def test_with_times_on_spark_from_the_command_line(engine, claqueur, timed, by_time, tmp_path):
    """One option moves it there; the session that runs already is taken."""
    ended = claqueur.works("detect", timed, "--engine", "spark", "--out", tmp_path / "out")
    assert "starting Spark" in ended.err
    assert "Spark runs the heavy work, at local[2,4]: data are sent there" in ended.err
    assert "WARN" not in ended.err
    assert_same(Result.load(tmp_path / "out"), by_time)


def test_without_times_on_spark(engine, untimed, by_objects):
    result = claqueur.detect(untimed, engine=engine, memory="1MB")
    assert result.run["settings"]["scale"] == {
        "memory": "1MB", "engine": "spark", "master": "local[2,4]",
    }  # fmt: skip
    assert_same(result, by_objects)


def test_pieces_of_pairs_on_spark(engine, world, monkeypatch):
    """They are short here, and sent all the same."""
    monkeypatch.setattr("claqueur.engines.spark.engine.FEW", 10**9)
    some = (pl.col("action") == "like") & (pl.col("account_id").hash() % 4 == 0)
    likes = world.filter(some).select("account_id", "object_id").unique()
    codes = [likes[name].rank("dense").to_numpy().astype(np.int64) - 1 for name in likes.columns]
    nothing = np.zeros(codes[1].max() + 1, np.int64)
    incidence = Incidence.of(*codes, nothing, nothing, int(codes[0].max()) + 1)
    here = engaged_pairs(incidence, screen=1.0)
    with using(engine):
        there = engaged_pairs(incidence, screen=1.0)
    assert len(here) > 100
    for entry in fields(here):
        one, other = getattr(here, entry.name), getattr(there, entry.name)
        assert np.array_equal(one, other), entry.name


@pytest.mark.parametrize("memory", ["1MB", "64GiB"])
def test_with_little_memory_and_much(memory, timed, by_time):
    assert_same(claqueur.detect(timed, memory=memory), by_time)


def test_a_case_says_where_it_runs_and_a_flag_goes_before_it(engine, claqueur, tmp_path):
    lockstep_table().write_csv(tmp_path / "likes.csv")
    case = tmp_path / "case"
    claqueur.works("new", case)
    claqueur.works("add", case, tmp_path / "likes.csv")
    with (case / "case.toml").open("a") as settings:
        settings.write('\n[scale]\nengine = "spark"\nmemory = "4GB"\n')

    def used(*flags: str) -> dict[str, str]:
        claqueur.works("run", case, *flags)
        run = open_case(case).latest_run()
        return json.loads((run / "run.json").read_text())["settings"]["scale"]

    assert used() == {"memory": "4GB", "engine": "spark", "master": "local[2,4]"}
    assert used("--engine", "local") == {"memory": "4GB", "engine": "local", "master": ""}
    # A publication is run again on this machine, wherever it ran first.
    published = json.loads((open_case(case).runs()[0] / "run.json").read_text())["settings"]
    again = reproduction._run(open_case(case), published, Wording(), SILENT)
    assert json.loads((again / "run.json").read_text())["settings"]["scale"]["engine"] == "local"

"""One order seen in polled lists of likers, in one late list, and in a mixture; truth known.

Worlds are a third of the shipped ones, everything in proportion; seeds are fixed.
"""

from pathlib import Path

import polars as pl
import pytest
from tests.conftest import SCHEMAS
from tests.golden.test_calibrated import NOBODY, ORDERED

import claqueur
from claqueur.pipeline import write
from claqueur.results import Result
from claqueur.simulation import World, simulate

HOURLY = {"observer": {"poll_minutes": 60}}
LATE = {"observer": {"snapshot_days_after": 30}}
STAFF = {"order.staff_per_institution": 25}


def seen(changes, folder: Path, seed: int = 1) -> tuple[World, Result]:
    world = simulate("krasnoyarsk-2019", seed=seed, changes=changes)
    world.events.write_parquet(folder / "events.parquet")
    return world, claqueur.detect(folder / "events.parquet")


@pytest.fixture(scope="module")
def polled(tmp_path_factory):
    return seen({**ORDERED, **HOURLY}, tmp_path_factory.mktemp("polled"))


@pytest.fixture(scope="module")
def late(tmp_path_factory):
    return seen({**ORDERED, **STAFF, **LATE}, tmp_path_factory.mktemp("late"))


def roles(world: World, result: Result) -> dict[str, int]:
    members = result.accounts.join(world.truth, on="account_id", how="left")
    return dict(members.group_by("role").len().iter_rows())


def others(found: dict[str, int]) -> int:
    return sum(count for role, count in found.items() if role not in ("ordered", "head"))


class TestPolled:
    def test_most_of_the_staff_are_found_and_few_others(self, polled):
        world, result = polled
        total = world.truth.filter(pl.col("role") == "ordered").height
        found = roles(world, result)
        assert found["ordered"] > 0.7 * total
        assert others(found) <= 0.05 * result.accounts.height

    def test_the_record_says_how_sharp_times_are(self, polled):
        _, result = polled
        test = result.run["calibration"]
        assert test["resolution_ms"] == 3_600_000
        assert test["intervals"] > 10_000
        assert min(test["windows_ms"]) == 600_000
        assert {row["spacing_ms"] for row in test["polls"]} >= {3_600_000, 21_600_000, 86_400_000}
        assert all(0 <= row["found"] <= 1 for row in test["polls"])
        assert result.run["untimed"] is None

    def test_evidence_keeps_the_interval(self, polled):
        rows = polled[1].evidence
        assert (rows["time"] >= rows["time_min"]).all()
        assert (rows["time"] <= rows["time_max"]).all()
        likes = rows.filter(pl.col("action") == "like")
        assert (likes["time_min"] < likes["time_max"]).any()
        assert (rows["time_max"] - rows["time_min"]).dt.total_hours().max() <= 48

    def test_the_report_says_which_polls_could_see_which_order(self, polled, tmp_path):
        write(polled[1], tmp_path / "out")
        html = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
        assert "Which polls could see which order" in html
        assert "known to lie between two polls" in html


class TestLate:
    def test_some_of_the_staff_are_found_and_few_others(self, late):
        world, result = late
        total = world.truth.filter(pl.col("role") == "ordered").height
        found = roles(world, result)
        assert found["ordered"] > 0.4 * total
        assert others(found) <= 0.08 * result.accounts.height

    def test_tables_and_layers(self, late):
        _, result = late
        for name, schema in SCHEMAS.items():
            assert getattr(result, name).schema == schema, name
        assert set(result.groups["pattern"]) == {"undated"}
        assert result.groups["window_ms"].null_count() == result.groups.height
        assert set(result.pairs["layer"]) == {"co_engagement", "fused"}
        assert (result.accounts["q_value"] <= 0.05).all()
        # Comments have times: both layers ran, and the record says what each came to.
        assert result.run["calibration"] is not None
        layers = result.run["layers"]
        assert layers["untimed"] == result.run["untimed"]["confirmed"]
        assert layers["together"] <= layers["family"]
        table = result.others["layers"]
        assert sorted(table["account_id"]) == sorted(result.accounts["account_id"])
        assert (table["untimed_p_value"] <= 1).all()

    def test_the_report_promises_no_more(self, late, tmp_path):
        write(late[1], tmp_path / "out")
        html = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
        assert "co-engagement group" in html
        assert "commonly interested" in html
        assert "lower bound" in html
        assert "Who leads and who follows" not in html


@pytest.mark.parametrize("how", [HOURLY, LATE])
def test_nobody_is_found_where_nobody_was_ordered(how, tmp_path):
    _, result = seen({**NOBODY, **how}, tmp_path, seed=2)
    assert result.groups.height == 0


def test_exact_interval_and_unknown_times_in_one_table(tmp_path):
    exact = simulate("krasnoyarsk-2019", seed=1, changes={**ORDERED, **STAFF}).events
    place = pl.int_range(pl.len()) % 5
    mixed = exact.with_columns(
        time_min=pl.when(place == 0).then(None).otherwise("time_min"),
        time_max=pl.when(place == 0)
        .then(None)
        .when(place < 3)
        .then(pl.col("time_max").dt.offset_by("10m"))
        .otherwise("time_max"),
    )
    mixed.write_parquet(tmp_path / "events.parquet")
    result = claqueur.detect(tmp_path / "events.parquet")
    assert result.run["calibration"]["intervals"] > 1000
    assert result.run["untimed"]["likes"] > 1000
    assert set(result.pairs["layer"]) <= {"co_action", "co_engagement", "fused"}
    assert result.groups["window_ms"].is_not_null().any()
    dated = result.others["layers"].filter(pl.col("timed_p_value") < 0.01)
    layers = result.run["layers"]
    kinds = len({"timed", "untimed", "text"} & layers.keys())
    assert kinds == 2 + (result.run["texts"]["family"] > 0)
    assert (dated["p_value"] <= kinds * dated["timed_p_value"] + 1e-12).all()
    assert layers["timed"] > 20


def test_real_tables_without_times_or_pages(shared, tmp_path):
    """Any table of accounts and objects gives pairs, groups and no error."""
    table = pl.read_csv(sorted((shared / "coortweet").glob("*.csv"))[0], infer_schema=False).head(
        15_000
    )
    table.drop([c for c in table.columns if "time" in c]).write_csv(tmp_path / "events.csv")
    result = claqueur.detect(tmp_path / "events.csv")
    assert result.run["calibration"] is None
    assert result.run["untimed"]["family"] > 0
    assert result.pairs.filter(pl.col("layer") == "co_engagement").height > 0
    assert result.groups.height > 0

"""A slice of the study of attacks, with fixed seeds: the release gives nothing away, rows do."""

from __future__ import annotations

import math

import polars as pl
import pytest
from bench.evaluate import fill, tables

from claqueur.evaluation import STUDIES, Cell, Study, evaluate
from claqueur.evaluation.attack import (
    ALL,
    ATTACKS,
    COUNTS,
    EVERYTHING,
    LEAKS,
    NAIVE,
    POLLS,
    PUBLISHED,
    attacks_table,
    leaks_table,
)

CITY = {"population.accounts": 900, "span.days": 28, "appeal.accounts": 30, "fans.accounts": 40}
CELL = Cell("a small city", changes={**CITY, "order.staff_per_institution": 12})


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory):
    patch = pytest.MonkeyPatch()
    patch.setitem(STUDIES, "attack", Study("attack", "a slice", 1, (CELL,), "attack"))
    folder = tmp_path_factory.mktemp("attack")
    yield evaluate(folder, ["attack"], first_seed=1002, workers=1), folder
    patch.undo()


def test_the_release_gains_nothing_and_pseudonyms_lose_members(evaluation):
    leaks = {row["release"]: row for row in evaluation[0].leaks.to_dicts() if row["cell"] != ALL}
    published, naive = leaks[PUBLISHED], leaks[NAIVE]
    assert published["released"] == 1
    assert published["gain"] <= 0.02
    assert published["added"] == 0
    assert naive["added"] > 0
    assert naive["named_share"] > 0.2
    assert EVERYTHING in leaks


def test_every_attack_is_a_line(evaluation):
    attacks = evaluation[0].attacks
    assert attacks.schema == ATTACKS
    own = attacks.filter(pl.col("release") == PUBLISHED)
    assert {POLLS, COUNTS} <= set(own["adversary"])
    assert set(own["attack"]) == {"conditioning", "profiles"}
    assert own.filter(pl.col("adversary") != COUNTS)["high"].max() < 0.1
    for row in attacks.to_dicts():
        assert row["low"] <= row["gain"] <= row["high"]
        assert row["gain"] == pytest.approx(row["after"] - row["before"], abs=3e-5)


def test_files_and_the_table_of_the_page(evaluation):
    made, folder = evaluation
    assert (folder / "attacks.parquet").exists()
    assert pl.read_csv(folder / "leaks.csv").height == made.leaks.height
    page = fill("<!-- table:attack -->\nold\n<!-- end -->\n", tables(made))
    assert "| a small city | as published | 1 of 1 |" in page
    assert "old" not in page


def line(seed, *attacks):
    common = {"release": PUBLISHED, "detail": "full", "groups": 1, "adversary": "x", "pool": "y",
              "attack": "z", "candidates": 99, "low": 0.0, "high": 0.1, "forced": 0}  # fmt: skip
    return {"seed": seed, "attacks": [{**common, **each} for each in attacks]}


def test_a_dataset_counts_by_its_worst_attack():
    mild = {"gain": 0.01, "before": 0.9, "after": 0.91, "members": 20, "added": 0}
    bad = {"gain": 0.03, "before": 0.8, "after": 0.83, "members": 18, "added": 2, "forced": 1}
    rows = [("attack", "a", line(1, mild, bad)), ("attack", "a", line(2, mild)),
            ("attack", "a", {"seed": 3, "attacks": []})]  # fmt: skip
    leaks = leaks_table(attacks_table(rows), {"a": 3})
    assert leaks.schema == LEAKS
    row = leaks.filter(pl.col("cell") == "a").row(0, named=True)
    assert (row["datasets"], row["released"]) == (3, 2)
    assert row["gain"] == pytest.approx(0.02)
    assert (row["worst"], row["added"], row["datasets_added"]) == (0.03, 3, 1)
    assert row["high"] - row["gain"] == pytest.approx(12.706 * 0.01414 / math.sqrt(2), rel=0.01)
    assert row["named_share"] is None

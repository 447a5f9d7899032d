"""Scores and intervals against values known from elsewhere; runs go on where they stopped."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl
import pytest

from claqueur.errors import SettingError, SourceError
from claqueur.evaluation import STUDIES, Cell, Ours, Study, evaluate, studies
from claqueur.evaluation.comments import comment_score
from claqueur.evaluation.intervals import chance_interval, mean_interval
from claqueur.evaluation.methods import FOUND, fingerprint, members_found
from claqueur.evaluation.run import LINES, dataset_of, key, planned
from claqueur.evaluation.scores import adjusted_rand, average_precision, score
from claqueur.evaluation.tables import discovery_table, negatives_table
from claqueur.model import ACCOUNTS, GROUPS
from claqueur.simulation import simulate
from claqueur.simulation.reading import read_scenario

# Intervals


def test_mean_interval():
    mean, low, high = mean_interval([0.8, 0.9, 1.0])
    assert mean == pytest.approx(0.9)
    assert low == pytest.approx(0.9 - 4.3027 * 0.1 / math.sqrt(3), abs=1e-4)
    assert high == 1.0, "a share is at most 1"
    assert math.isnan(mean_interval([0.5])[1])


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    # As given by R's binom.test.
    [
        (0, 200, 0, 0.01828),
        (10, 200, 0.02423, 0.09003),
        (5, 10, 0.18709, 0.81291),
        (3, 3, 0.29240, 1),
    ],
)
def test_chance_interval_is_clopper_and_pearsons(hits, of, low, high):
    assert chance_interval(hits, of) == pytest.approx((hits / of, low, high), abs=1e-5)


# Scores


def test_average_precision_of_a_small_ranking():
    positive = np.array([True, False, True, False])
    ranking = np.array([4.0, 3.0, 2.0, 1.0])
    assert average_precision(positive, ranking, 2) == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision(positive, ranking, 4) == pytest.approx((1 + 2 / 3) / 4)
    assert average_precision(positive, np.ones(4), 2) == pytest.approx(0.5), "equal scores together"
    assert average_precision(positive[:0], ranking[:0], 2) == 0


@pytest.mark.parametrize(
    ("one", "other", "index"),
    [
        ([1, 1, 2, 2], ["x", "x", "y", "y"], 1.0),
        ([1, 1, 2, 2], ["x", "y", "x", "y"], -0.5),
        ([0, 0, 1, 2], [0, 0, 1, 1], 0.571428),  # the example in scikit-learn's manual
        ([1, 2, 3], ["x", "y", "z"], 1.0),
        ([1, 1, 1, 1], ["x", "x", "y", "y"], 0.0),
    ],
)
def test_adjusted_rand_index(one, other, index):
    assert adjusted_rand(pl.Series(one), pl.Series(other)) == pytest.approx(index, abs=1e-6)


TRUTH = pl.DataFrame(
    {
        "account_id": ["o1", "o2", "o3", "o4", "h", "f1", "f2", "x1", "x2"],
        "role": ["ordered"] * 4 + ["head"] + ["fan"] * 2 + ["organic"] * 2,
        "institution_id": ["i", "i", "j", "j", "i", None, None, None, None],
    }
)


def found(*rows: tuple[str, float, bool, int]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=FOUND, orient="row")


def test_heads_count_neither_way_and_one_off_groups_are_told_apart():
    scored = score(
        TRUTH,
        found(
            ("o1", 9, True, 1), ("o2", 8, True, 1), ("h", 7, True, 1), ("f1", 1, True, 1),
            ("o3", 6, True, 2), ("x1", 5, True, 3), ("f2", 4, True, 3), ("o4", 3, False, 4),
        ),
    )  # fmt: skip
    assert scored.flagged == {"fan": 2, "head": 1, "ordered": 3, "organic": 1}
    assert scored.precision == 3 / 6
    assert scored.recall == 3 / 4
    assert scored.f1 == 2 * 3 / (6 + 4)
    assert scored.false_discovery == 3 / 6
    assert (scored.groups, scored.false_groups, scored.other_groups) == (3, 1, 1)
    assert scored.agreement == 1.0
    assert scored.average_precision == pytest.approx((1 + 1 + 1 + 4 / 6) / 4)


def test_an_account_in_two_groups_counts_once():
    scored = score(TRUTH, found(("o1", 1, False, 1), ("o1", 2, True, 2)))
    assert scored.flagged == {"ordered": 1}
    assert scored.precision == 1


def test_nothing_found_and_nobody_ordered():
    nothing = found()
    assert score(TRUTH, nothing).f1 == 0
    assert score(TRUTH, nothing).precision is None
    assert score(TRUTH, nothing).false_discovery == 0
    innocent = TRUTH.filter(pl.col("role") != "ordered")
    alarm = score(innocent, found(("f1", 1, True, 1)))
    assert (alarm.f1, alarm.recall, alarm.average_precision) == (None, None, None)
    assert alarm.false_discovery == 1


# Ours


def test_members_of_one_off_groups_are_not_flagged():
    groups = pl.DataFrame({"group_id": [1, 2], "pattern": ["sustained", "one-off"]})
    accounts = pl.DataFrame({"account_id": ["a", "b"], "group_id": [1, 2], "p_value": [1e-9, 0.01]})

    class Result:
        def __init__(self):
            self.groups = pl.concat([GROUPS.to_frame(), groups], how="diagonal_relaxed")
            self.accounts = pl.concat([ACCOUNTS.to_frame(), accounts], how="diagonal_relaxed")

    table = members_found(Result())
    assert table["flagged"].to_list() == [True, False]
    assert table["score"].to_list() == [-1e-9, -0.01]


def test_ours_sees_events_only_and_answers_in_columns():
    world = simulate(seed=1, changes=SMALL)
    table = Ours({"window": "10m", "min_objects": 4, "action": ["like"]}).find(world.events)
    assert table.schema == FOUND
    assert score(world.truth, table).recall > 0.5


def test_a_fingerprint_changes_with_the_settings():
    assert fingerprint(Ours()) == fingerprint(Ours())
    assert fingerprint(Ours()) != fingerprint(Ours({"window": "10m"}))


# Studies and runs

SMALL = {"population.accounts": 1500, "span.days": 21, "order.staff_per_institution": 8}


@dataclass(frozen=True)
class Everybody:
    """Flags a few accounts, or refuses."""

    refuse: bool = False
    name: str = "everybody"
    help: str = "the first accounts in the table"
    stands_on: ClassVar[tuple[str, ...]] = ()

    def find(self, events):
        if self.refuse:
            raise SourceError("no event has a time")
        ids = events.filter(pl.col("action") != "post")["account_id"].unique().sort()[:50]
        return pl.DataFrame(
            {"account_id": ids, "score": range(len(ids)), "flagged": True, "group_id": 1}
        ).cast(FOUND)


@pytest.fixture
def small(monkeypatch):
    """One small study in the place of all."""
    nobody = {**SMALL, **studies.NOBODY}
    del nobody["order.staff_per_institution"]
    cells = (
        Cell("small", changes=SMALL, participation=0.6, ordered=64),
        Cell("nobody", changes=nobody),
    )
    monkeypatch.setitem(STUDIES, "small", Study("small", "small worlds", 2, cells))


def test_every_cell_of_every_study_can_be_simulated():
    for study in STUDIES.values():
        for cell in study.cells:
            _, scenario = read_scenario(cell.scenario, cell.changes)
            if cell.ordered:
                assert scenario.order
                staff = scenario.order.staff_per_institution
                assert scenario.count("institution") * staff == cell.ordered


def test_a_dataset_of_two_studies_is_the_same():
    keys = {
        study: {key(dataset_of(cell, seed), "") for _, cell, seed in planned([STUDIES[study]], 1)}
        for study in ("stretch", "grid")
    }
    assert keys["stretch"] < keys["grid"]


def test_a_run_writes_lines_tables_and_pictures(small, tmp_path):
    evaluation = evaluate(tmp_path, ["small"], workers=1, methods=[Everybody()])
    assert evaluation.datasets.height == 4
    assert {path.name for path in tmp_path.iterdir()} == {
        LINES, "datasets.parquet", "evaluation.parquet", "evaluation.csv",
        "f1.svg", "hard-negatives.svg", "false-discovery.svg",
    }  # fmt: skip
    summary = evaluation.summary.filter(pl.col("cell") == "nobody")
    alarm = summary.row(by_predicate=pl.col("metric") == "any_group", named=True)
    assert (alarm["datasets"], alarm["mean"]) == (2, 1.0)
    assert "f1" not in summary["metric"].to_list()
    assert set(negatives_table(evaluation.datasets)["told"]) == {True, False}
    assert discovery_table(evaluation.datasets)["datasets"].to_list() == [2]


def test_a_rerun_goes_on_where_the_last_stopped(small, tmp_path):
    evaluate(tmp_path, ["small"], workers=1, methods=[Everybody()])
    lines = (tmp_path / LINES).read_text(encoding="utf-8").splitlines()
    # Cut off in the middle of the last line, as by a power failure.
    (tmp_path / LINES).write_text("\n".join(lines)[:-40], encoding="utf-8")
    again = evaluate(tmp_path, ["small"], workers=1, methods=[Everybody()])
    after = (tmp_path / LINES).read_text(encoding="utf-8").splitlines()
    assert len(after) == 5, "three whole lines, the damaged one, and its dataset done again"
    assert again.datasets.height == 4

    evaluate(tmp_path, ["small"], workers=1, methods=[Everybody()])
    assert (tmp_path / LINES).read_text(encoding="utf-8").splitlines() == after


def test_what_former_code_or_settings_found_is_passed_over(small, tmp_path):
    evaluate(tmp_path, ["small"], seeds=1, workers=1, methods=[Everybody()])
    changed = evaluate(tmp_path, ["small"], seeds=1, workers=1, methods=[Everybody(refuse=True)])
    lines = [json.loads(line) for line in (tmp_path / LINES).read_text().splitlines()]
    assert len(lines) == 4
    assert changed.datasets["refused"].to_list() == [True, True]
    assert changed.datasets["flagged"].to_list() == [0, 0]


def test_worker_processes_give_the_same_as_one(small, tmp_path):
    one = evaluate(tmp_path / "1", ["small"], seeds=1, workers=1, methods=[Everybody()])
    two = evaluate(tmp_path / "2", ["small"], seeds=1, workers=2, methods=[Everybody()])
    assert two.datasets.drop("seconds").equals(one.datasets.drop("seconds"))


def test_an_unknown_study_is_refused(tmp_path):
    with pytest.raises(SettingError, match="there are bars, stretch"):
        evaluate(tmp_path, ["all"])
    with pytest.raises(SettingError, match="workers"):
        evaluate(tmp_path, ["bars"], workers=0)


# Comments

WROTE = TRUTH.with_columns(ordered_comments=pl.Series([3, 2, 1, 0, 1, 0, 0, 0, 0]))


def test_comments_count_by_those_written_on_order():
    """Members who wrote none are false, but for staff and heads."""
    scored = comment_score(
        WROTE,
        found(
            ("o1", 9, True, 1), ("o3", 8, True, 1), ("o4", 7, True, 1), ("h", 6, True, 1),
            ("f1", 5, True, 2), ("x1", 4, True, 2), ("o1", 3, True, 2),
        ),
    )  # fmt: skip
    assert scored.recall == 1 / 2
    assert (scored.recall_once, scored.recall_thrice) == (2 / 2, 1)
    assert scored.false_members == 2
    assert scored.false_discovery == 2 / 6
    assert scored.precision == pytest.approx(4 / 6)
    assert (scored.groups, scored.false_groups) == (2, 1)
    assert scored.flagged == {"fan": 1, "head": 1, "ordered": 3, "organic": 1}


def test_supporters_who_praise_are_false_members():
    volunteers = WROTE.with_columns(
        pl.col("role").replace({"fan": "supporter"}), ordered_comments=pl.lit(0)
    ).filter(pl.col("role") != "ordered")
    scored = comment_score(volunteers, found(("f1", 1, True, 1), ("f2", 1, True, 1)))
    assert (scored.recall, scored.false_members, scored.false_groups) == (None, 2, 1)
    assert scored.false_discovery == 1
    assert comment_score(volunteers, found()).false_discovery == 0


def test_a_run_of_the_study_of_comments(monkeypatch, tmp_path):
    """From world to table, by the ordinary detection; every member of a group is flagged."""
    tiny = {**SMALL, "fans.accounts": 50, "appeal.accounts": 50, "topical_fans.accounts": 30}
    tiny |= {"order.handout.paraphrased_share": 0.0, "order.handout.words_changed_share": 0.0}
    tiny |= {"order.comment_share": 0.4}
    nobody = {k: v for k, v in tiny.items() if not k.startswith("order")} | studies.NOBODY
    cells = (
        Cell("copied", "handed-out-praise", tiny),
        Cell("nobody", "handed-out-praise", nobody),
    )
    monkeypatch.setitem(STUDIES, "tiny", Study("tiny", "small worlds", 1, cells, "comments"))
    evaluation = evaluate(tmp_path, ["tiny"], workers=1)
    assert evaluation.datasets["method"].to_list() == ["comments"] * 2
    copied, nobody = evaluation.datasets.iter_rows(named=True)
    assert copied["recall"] > 0.9
    assert nobody["recall"] is None
    assert nobody["false_members"] == nobody["flagged"]
    metrics = evaluation.summary.filter(pl.col("cell") == "copied")["metric"].to_list()
    assert {"recall", "recall_once", "recall_thrice", "false_members", "groups"} <= {*metrics}
    assert not {"f1", "average_precision"} & {*metrics}

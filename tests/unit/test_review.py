"""Review: each finding decided by a named person, and every decision kept."""

import shutil
from pathlib import Path

import polars as pl
import pytest
from tests.conftest import lockstep_table

from claqueur import custody
from claqueur.case import Case, case_of_run, create_case, open_case
from claqueur.errors import CaseError, SettingError
from claqueur.pipeline import add, run_case
from claqueur.results import Result
from claqueur.review import Finding, accepted, decide, decisions, findings, history
from claqueur.settings import CoAction


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> Path:
    """A case with a run of one group; not to be changed."""
    folder = tmp_path_factory.mktemp("kept")
    case = create_case(folder / "case", read={"timezone": "Europe/Moscow"})
    lockstep_table().write_csv(folder / "events.csv")
    add(case, [folder / "events.csv"])
    run_case(open_case(case.folder), CoAction(window=("120s",), min_objects=5))
    return case.folder


@pytest.fixture
def case(kept, tmp_path) -> Case:
    return open_case(shutil.copytree(kept, tmp_path / "case"))


@pytest.fixture
def run(case) -> Path:
    return case.latest_run()


ENTRY = {
    "directive": "minutes", "item": "3", "title": "Minutes", "answer": "consistent",
    "reason": "who and when", "p_adjusted": 4.2e-6, "family": {"items": 2},
}  # fmt: skip


class TestFindings:
    def test_groups(self, run):
        (found,) = findings(Result.load(run))
        assert (found.kind, found.key) == ("group", "1")
        assert found.text.startswith("Group 1: 12 accounts on 8 objects from 2020-09-13 to 2020-09")
        assert found.text.endswith(", sustained")

    def test_one_off_ones_come_last_and_answers_after_them(self, run):
        result = Result.load(run)
        one = result.groups.with_columns(pattern=pl.lit("one-off"))
        two = result.groups.with_columns(
            group_id=pl.lit(2, pl.Int64), q_value=pl.lit(0.0123), first_time=None,
            last_time=None, pattern=pl.lit("undated"),
        )  # fmt: skip
        groups = pl.concat([one, two.cast(one.schema)])
        untested = {**ENTRY, "item": "1", "answer": "inconclusive", "p_adjusted": None}
        both = Result(
            **{name: getattr(result, name) for name in ("pairs", "accounts", "evidence",
               "activity", "rhythm", "curves", "run")},
            groups=groups, directive=[ENTRY, untested],
        )  # fmt: skip
        found = findings(both)
        assert [each.key for each in found] == ["2", "1", "minutes/3", "minutes/1"]
        assert found[0].text == "Group 2: 12 accounts on 8 objects, undated, q 0.012"
        assert found[2] == Finding(
            "directive", "minutes/3",
            "Item 3 of Minutes: consistent (who and when), p 4.2e-06 in a family of 2",
        )  # fmt: skip
        assert found[3].text == "Item 1 of Minutes: inconclusive (who and when)"


class TestDecisions:
    def test_none_yet(self, case, run):
        (decision,) = decisions(case, run)
        assert (decision.verdict, decision.note, decision.user) == ("", "", "")
        with pytest.raises(CaseError, match=r"1 of 1 findings are not reviewed \(1\); read them"):
            accepted(case, run)

    def test_accepted(self, case, run):
        (made,) = decide(case, run, "1", "accepted", "read  it\nall", "Anna")
        assert (made.verdict, made.note, made.user) == ("accepted", "read it all", "Anna")
        assert decisions(open_case(case.folder), run) == [made]
        assert accepted(case, run) == findings(Result.load(run))

    @pytest.mark.parametrize("verdict", ["rejected", "doubtful"])
    def test_what_is_not_accepted_is_reviewed_and_not_published(self, case, run, verdict):
        decide(case, run, "1", verdict, "a choir")
        assert accepted(case, run) == []

    def test_the_last_counts_and_all_are_kept(self, case, run):
        for verdict, user in (("accepted", "Anna"), ("doubtful", "Boris"), ("rejected", "Anna")):
            decide(case, run, ["1"], verdict, "because", user)
        assert decisions(case, run)[0].verdict == "rejected"
        assert [(each.verdict, each.user) for each in history(case, run)] == [
            ("accepted", "Anna"), ("doubtful", "Boris"), ("rejected", "Anna"),
        ]  # fmt: skip
        kinds = [entry.kind for entry in custody.entries(case.folder)]
        assert kinds == ["created", "imported", "ran", *["reviewed"] * 3]

    def test_of_another_run_does_not_count(self, case, run):
        decide(case, run, "1", "accepted", "because")
        again = run_case(case, CoAction(window=("120s",), min_objects=5))
        assert decisions(case, again)[0].verdict == ""

    def test_of_a_finding_that_was_worded_otherwise_does_not_count(self, case, run):
        decide(case, run, "1", "accepted", "because")
        path = run / "groups.parquet"
        pl.read_parquet(path).with_columns(size=pl.lit(11, pl.Int64)).write_parquet(path)
        assert decisions(case, run)[0].verdict == ""

    @pytest.mark.parametrize(
        ("key", "verdict", "note", "said"),
        [
            ("2", "accepted", "because", "finding 2: there is none in .*; there are 1"),
            (["1", "x"], "accepted", "because", "finding x: there is none"),
            ("1", "perhaps", "because", "use accepted, rejected, doubtful"),
            ("1", "accepted", " \n ", "--note: say why"),
            ("1", "accepted", "x" * 2001, "--note: say why, in at most 2,000 letters"),
        ],
    )
    def test_that_are_none(self, case, run, key, verdict, note, said):
        with pytest.raises(SettingError, match=said):
            decide(case, run, key, verdict, note)
        assert history(case, run) == []

    def test_a_log_that_was_altered_is_not_relied_on(self, case, run):
        decide(case, run, "1", "doubtful", "because")
        path = case.folder / custody.FILE
        path.write_bytes(path.read_bytes().replace(b'"doubtful"', b'"accepted"'))
        with pytest.raises(CaseError, match="was altered or is damaged; restore it"):
            accepted(case, run)


class TestWhichRun:
    def test_of_a_case_and_by_name(self, case, run):
        assert case_of_run(case.folder) == (case, run)
        found, place = case_of_run(run)
        assert (found.id, place) == (case.id, run)

    def test_neither(self, tmp_path, run):
        shutil.copytree(run, tmp_path / "alone")
        for folder in (tmp_path, tmp_path / "alone", tmp_path / "none"):
            with pytest.raises(CaseError, match="is neither a case nor a run of one"):
                case_of_run(folder)

"""From findings to answers: the family, what each answer needs, what it must not say."""

from dataclasses import replace
from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests
from tests.directive_records import RECORD
from tests.unit.test_directive_tests import INSTITUTIONS, START, asked, item, objects

from claqueur.case import create_case
from claqueur.directive.answer import Examined, answers, courses, decide, examine_all, holm
from claqueur.directive.collected import collected
from claqueur.directive.curve import EFFECT
from claqueur.directive.finding import Finding
from claqueur.directive.hypothesis import Addressed, Cause, Control, Directive
from claqueur.pipeline import add, run_case
from claqueur.publish.privacy import case_pseudonyms
from claqueur.publish.report import render
from claqueur.publish.summary import summary_lines
from claqueur.results import Result

COUNT = Finding("aggregates", "likes", p_value=0.5, alone=True, adequate=True)
PEOPLE = Finding("composition", "seen nowhere before", p_value=0.5)


def looked_at(*findings: Finding, why: str = "", **changes) -> Examined:
    own = item(**changes)
    return Examined("m", Directive("x", "ru", "UTC", (own,)), own, None, findings, why)


def answer_of(one: Examined) -> tuple[str, str]:
    return decide(one, one.p_value)


@given(st.lists(st.floats(0.0001, 1), min_size=1, max_size=8))
@settings(max_examples=20, deadline=None)
def test_holm_is_statsmodels_holm(p_values):
    expected = multipletests(p_values, method="holm")[1]
    assert holm(p_values) == pytest.approx(expected.tolist())
    with_gap = holm([None, *p_values])
    assert with_gap[0] is None
    assert with_gap[1:] == pytest.approx(expected.tolist())


def test_what_counts_is_the_family():
    aside = replace(COUNT, counts=False, p_value=1e-9)
    explained = replace(PEOPLE, explained_by=("games",), p_value=1e-9)
    missing = replace(PEOPLE, available=False, p_value=None)
    one = looked_at(replace(COUNT, p_value=0.02), replace(PEOPLE, p_value=0.2), aside, explained,
                 missing)  # fmt: skip
    assert one.p_value == pytest.approx(0.04)
    assert len(one.family) == 2
    assert looked_at(explained, missing).p_value is None


@pytest.mark.parametrize(
    ("findings", "answer", "reason"),
    [
        ([replace(COUNT, p_value=0.01)], "consistent", "rise the controls do not share"),
        (
            [replace(COUNT, p_value=0.9), replace(PEOPLE, p_value=0.001)],
            "consistent",
            "who and when",
        ),
        ([replace(COUNT, p_value=0.01), PEOPLE], "inconclusive", "rise alone"),
        (
            [replace(COUNT, p_value=0.01, numbers={"before_p": 0.03})],
            "inconclusive",
            "rising before",
        ),
        (
            [COUNT, replace(PEOPLE, p_value=0.001, explained_by=("appeal",))],
            "inconclusive",
            "not separable",
        ),
        (
            [replace(COUNT, numbers={"outlying_controls": 1})],
            "inconclusive",
            "contaminated controls",
        ),
        ([COUNT], "no-evidence", "would have been seen"),
        ([PEOPLE], "inconclusive", "too little to see"),
        ([replace(COUNT, available=False, p_value=None)], "inconclusive", "nothing to test"),
        ([], "inconclusive", "nothing to test"),
    ],
)
def test_answers(findings, answer, reason):
    assert answer_of(looked_at(*findings)) == (answer, reason)


def test_an_explained_finding_never_makes_an_answer_consistent():
    explained = replace(PEOPLE, p_value=1e-12, explained_by=("games",))
    assert answer_of(looked_at(COUNT, explained))[0] != "consistent"


def test_an_item_that_cannot_be_tested_says_why():
    one = looked_at(why="the date lies outside the data")
    assert answer_of(one) == ("inconclusive", "not testable")
    (entry,) = answers([one])
    assert entry["why"] == "the date lies outside the data"
    assert entry["tests"] == []
    assert entry["p_value"] is None


def test_several_items_share_one_family():
    strong, weak = (looked_at(replace(COUNT, p_value=p)) for p in (0.001, 0.03))
    first, second, third = answers([strong, weak, looked_at()])
    assert first["p_adjusted"] == pytest.approx(0.002)
    assert second["p_adjusted"] == pytest.approx(0.03)
    assert third["p_adjusted"] is None
    assert first["family"]["items"] == 2
    two = [looked_at(replace(COUNT, p_value=0.03)), looked_at(replace(COUNT, p_value=0.03))]
    assert [entry["answer"] for entry in answers(two)] == ["no-evidence"] * 2


def rising(page, day):
    return 2.5 if page == "-1" and day >= 0 else 1


def examined(scale=None, *causes, **changes):
    own = item(**changes)
    directive = Directive("minutes", "ru", "Asia/Krasnoyarsk", (own,), tuple(causes))
    return examine_all([("m", directive)], collected(None, objects(scale), None), None)


def test_counts_alone_are_answered_without_an_account():
    found = examined(rising)
    (entry,) = answers(found, {"m": {"sha256": "ab"}})
    assert entry["answer"] == "consistent"
    assert entry["reason"] == "rise the controls do not share"
    assert entry["registration"] == {"sha256": "ab"}
    names = [each["name"] for each in entry["alternatives"]]
    assert "one half of the control pages" in names
    assert all(each["measure"] == "likes" for each in entry["alternatives"])
    earlier = entry["alternatives"][-1]
    assert earlier["name"] == "an invented date earlier on" or len(names) == 3
    table = courses(found)
    assert table.schema == EFFECT
    after = table.filter(pl.col("day") >= START).drop_nulls("high")
    assert (after["observed"] > after["high"]).mean() > 0.8
    before = table.filter(pl.col("day") < START).drop_nulls("high")
    assert (before["observed"] < before["high"]).mean() > 0.8


def test_with_a_declared_cause_counts_cannot_be_separated():
    games = Cause("the games", "event", date(2019, 2, 5), date(2019, 2, 20))
    (entry,) = answers(examined(rising, games))
    assert (entry["answer"], entry["reason"]) == ("inconclusive", "not separable")
    assert entry["causes"][0]["coincides"]
    assert entry["p_value"] is None


def test_nothing_restricted_and_no_account_is_in_an_entry():
    (entry,) = answers(examined(rising))
    assert "restricted" not in repr(entry)
    assert set(entry["data"]) >= {"before", "after", "target_pages", "control_pages"}


def test_a_quiet_page_gives_no_evidence():
    (entry,) = answers(examined())
    assert entry["answer"] == "no-evidence"
    assert entry["tests"][0]["visible"] < 1.6


def test_controls_that_were_ordered_too_are_noticed():
    def contaminated(page, day):
        return 3 if page == "-11" and day >= 0 else 1

    (entry,) = answers(examined(contaminated))
    assert entry["reason"] == "contaminated controls"


def test_without_controls_nothing_is_said():
    (entry,) = answers(examined(rising, controls=()))
    assert (entry["answer"], entry["reason"]) == ("inconclusive", "nothing to test")
    assert "control pages" in entry["tests"][0]["why"]


def test_controls_that_were_not_collected_are_counted():
    more = (Control((*[f"-{k}" for k in range(11, 19)], "-998", "-999"), "x"),)
    (entry,) = answers(examined(controls=more))
    assert entry["data"]["controls_not_in_data"] == 2


@pytest.mark.parametrize("pages", [INSTITUTIONS[:1], INSTITUTIONS[:2]])
def test_one_or_two_institutions_have_no_course(pages):
    found = examined(action=("post",), target_pages=(), addressed=(Addressed("schools", pages),))
    assert courses(found).is_empty()
    (entry,) = answers(found)
    assert entry["reason"] == "nothing to test"
    assert all(not test["numbers"] for test in entry["tests"])


def test_named_pages_that_were_not_collected_are_counted():
    (entry,) = answers(examined(target_pages=("-1", "-999")))
    assert entry["data"]["targets_not_in_data"] == 1


def test_questions_do_not_depend_on_the_order_of_the_rows():
    posts = objects(rising)
    one, other = (
        asked(collected(None, table, None))
        for table in (posts, posts.sample(fraction=1, shuffle=True, seed=3))
    )
    assert one.data.posts.equals(other.data.posts)


def test_a_record_that_is_not_registered_is_said_to_be_untested(tmp_path):
    case = create_case(tmp_path / "case", read={"timezone": "Asia/Krasnoyarsk"})
    case.directives_folder.mkdir()
    (case.directives_folder / "minutes.toml").write_text(RECORD, encoding="utf-8")
    objects().write_parquet(tmp_path / "objects.parquet")
    add(case, [tmp_path / "objects.parquet"])
    result = Result.load(run_case(case))
    assert result.run["directives_not_registered"] == ["minutes"]
    assert any("not registered" in line for line in summary_lines(result))
    assert "not registered" in render(result, case_pseudonyms(case.id))

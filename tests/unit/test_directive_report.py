"""What is printed about directives: every kind of answer, and what no sentence may claim."""

import json
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import lockstep_table
from tests.directive_answers import (
    ABOUT,
    APPEAL,
    LIKES,
    NEW,
    PEOPLE,
    VIEWS,
    answered,
    entry,
    every_kind,
    finding,
)
from tests.unit.test_report import HOSTILE, KEY, Elements, without_vega

from claqueur.directive import answer
from claqueur.directive.question import HIDDEN
from claqueur.directive.tests import composition, content, participation, repetition, timing
from claqueur.errors import SettingError
from claqueur.pipeline import detect
from claqueur.publish.charts import charts, draw, save_chart, spec_of
from claqueur.publish.charts.course import _without as pieces
from claqueur.publish.charts.look import INTERNAL
from claqueur.publish.directive_sentence import (
    INNOCENT,
    INNOCENT_INSTITUTIONS,
    RISE,
    SHORT,
    answer_text,
    briefs,
    directive_sentences,
    headline,
)
from claqueur.publish.directive_words import MEASURES, change_text, p_text, span_words, visible_text
from claqueur.publish.report import render
from claqueur.publish.summary import summary_lines
from claqueur.results import Result

KINDS = every_kind()
FOUND = [name for name, each in KINDS.items() if each["answer"] == "consistent"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Result:
    path = tmp_path_factory.mktemp("planted") / "events.csv"
    lockstep_table().write_csv(path)
    return detect(path, window="60s", min_objects=3)


@pytest.fixture(scope="module")
def page(run: Result) -> str:
    return render(answered(run, *KINDS.values()), KEY)


def said(reason: str) -> str:
    return " ".join(directive_sentences(KINDS[reason]))


def test_every_reason_has_its_words() -> None:
    source = Path(answer.__file__).read_text(encoding="utf-8")
    for reason in [*SHORT, "not separable"]:
        assert f'"{reason}"' in source
    assert set(KINDS) == {*SHORT, "not separable"}


def test_every_measure_has_its_words() -> None:
    for module in (composition, content, participation, repetition, timing):
        own = {name: value for name, value in vars(module).items() if name.isupper()}
        words = [v for name, v in own.items() if isinstance(v, str) and " " in v and len(v) < 60]
        assert set(words) <= set(MEASURES) | {module.NAME, HIDDEN}


@pytest.mark.parametrize("reason", KINDS)
def test_no_sentence_claims_too_much(reason: str) -> None:
    for text in (said(reason), headline(KINDS[reason]), answer_text(KINDS[reason])):
        assert not re.search(r"\bbots?\b|\bproof\b|\bproves?\b|inauthentic|fake", text, re.I)
        claims = text.replace("nobody was ordered", "")
        assert not re.search(r"\b(was|were) ordered\b(?! or commonly prompted)", claims)
        assert "None" not in text
        assert "  " not in text
    assert len(headline(KINDS[reason])) <= 86


@pytest.mark.parametrize("reason", FOUND)
def test_what_is_found_has_its_error_and_its_limits(reason: str) -> None:
    text = said(reason)
    assert "A p-value is not the probability of an order" in text
    assert "p 0.002, corrected for" in text
    assert "and 0.006 in a family of 3 items" in text
    assert "chance means: " in text
    assert "Not excluded are" in text


def test_consistent_is_all_there_is_to_say() -> None:
    text = said("who and when")
    assert "what was seen is consistent with an order." in text
    assert "likes rose to 1.80 times (95% interval 1.30 to 2.40)" in text
    assert "rose by 20.0 percentage points (95% interval +10.0 to +30.0)" in text
    assert "p under 10⁻⁶" in text
    assert all(reason in text for reason in INNOCENT)
    # One measure does not stand, and says what it would have shown.
    assert "30% of 200 invented participants" in text
    assert "self-declared" in text


def test_counts_alone_say_only_that_the_controls_do_not_share_it() -> None:
    text = said("rise the controls do not share")
    assert RISE in text
    assert "neither who acted nor why" in text
    assert "consistent" not in text
    assert "a rise the controls do not share" in answer_text(
        KINDS["rise the controls do not share"]
    )


def test_a_declared_cause_cannot_be_separated() -> None:
    text = said("not separable")
    assert "could not be separated from a standing appeal" in text
    assert "ordered or commonly prompted" in text
    assert "consistent" not in text
    assert headline(KINDS["not separable"]).startswith("Ordered or commonly prompted: likes")


def test_silence_says_what_would_have_been_seen() -> None:
    text = said("would have been seen")
    assert "with probability .8, would have shown: likes from 1.20 times on" in text
    assert "does not show that nobody was ordered" in text
    little = said("too little to see")
    assert "would have shown only: likes from 4.00 times on" in little
    assert "That nothing was found means nothing" in little


def test_what_could_not_be_tested_says_why() -> None:
    assert "the date lies outside the data" in said("not testable")
    assert "known within ten minutes" in said("nothing to test")
    assert "control pages rise (-1005)" in said("contaminated controls")
    assert "before the date" in said("rising before")
    for reason in ("not testable", "nothing to test"):
        assert "This says nothing either way." in said(reason)


def test_institutions_are_spoken_of_together() -> None:
    text = said("institutions published")
    assert "8 institutions together" in text
    assert all(reason in text for reason in INNOCENT_INSTITUTIONS)
    assert "went from none to 0.46, too few before to give a ratio" in text
    assert "60" not in text


def test_what_a_cause_explains_is_not_counted() -> None:
    mixed = entry(
        "who and when", "consistent", finding(NEW), finding(LIKES, explained_by=["a fair"])
    )
    text = " ".join(directive_sentences(mixed))
    assert "corrected for 1 measure," in text
    assert "Not counted, because it could not be separated from a fair: likes rose" in text


def test_small_counts_of_accounts_stay_words() -> None:
    assert change_text(finding(PEOPLE)).endswith("at least one (the bound is fewer than 10)")
    many = finding(PEOPLE, effect=30.0, numbers={"at_least": 30})
    assert change_text(many).endswith("at least 30 (lower bound at 95% confidence)")
    assert visible_text(finding(VIEWS)) == ""


def test_numbers_and_days_in_words() -> None:
    assert [p_text(p) for p in (None, 1.0, 0.01234, 3.2e-9, 0.0)] == [
        "–", "1", "0.012", "3·10⁻⁹", "under 10⁻⁶",
    ]  # fmt: skip
    assert span_words(["2019-01-25", "2019-02-07"]) == "25 January to 7 February 2019"
    assert span_words(["2018-12-25", "2019-01-07"]) == "25 December 2018 to 7 January 2019"
    assert (span_words([]), span_words(["2019-01-25"] * 2)) == ("none", "25 January 2019")


def test_many_answers_are_counted_in_the_head() -> None:
    some = [KINDS["who and when"], KINDS["rising before"]]
    assert briefs(some)[0] == "Minutes of a meeting"
    assert briefs(some)[1].startswith("Item 3: consistent with an order (p 0.006 in a family")
    many = [KINDS["who and when"]] * 3 + [KINDS["not testable"]] * 4
    assert briefs(many) == ["4 items: not testable", "3 items: consistent with an order"]


def test_the_terminal_has_a_line_for_each_item(run: Result) -> None:
    lines = summary_lines(answered(run, KINDS["who and when"]))
    wanted = (
        "Item 3 of Minutes of a meeting: consistent with an order (p 0.006 in a family of 3 items)."
    )
    assert wanted in lines
    assert any("not the probability of an order" in line for line in lines)
    assert not any("Item 3" in line for line in summary_lines(run))


def test_without_directives_there_is_no_section(run: Result) -> None:
    assert 'id="directives"' not in render(run, KEY)


def test_the_section_comes_right_after_in_short(page: str) -> None:
    places = [page.index(f'<section id="{name}"') for name in ("in-short", "directives", "data")]
    assert places == sorted(places)
    assert '<li><a href="#directive-1">Minutes of a meeting</a>' in page


def test_every_kind_of_answer_is_in_the_report(page: str) -> None:
    text = Elements(page).text
    for each in KINDS.values():
        assert answer_text(each) in text
        for line in directive_sentences(each):
            assert " ".join(line.split()) in text


def test_the_registration_is_prominent(page: str) -> None:
    head = page.split('<section id="directives"')[1].split("<table")[0]
    assert "<strong>Self-declared: it rests on somebody" in head
    assert "When it was registered is not known." in head


def test_all_of_a_registration_is_shown(run: Result) -> None:
    known = {"time": "2019-02-12T10:00:00+00:00", "version": 2, "sha256": "ab" * 32,
             "first_time": "2019-02-07T10:00:00+00:00"}  # fmt: skip
    text = Elements(
        render(answered(run, KINDS["who and when"] | {"registration": known}), KEY)
    ).text  # fmt: skip
    assert "Registered 12 Feb 2019, 10:00:00 (UTC), version 2; first on 7 Feb 2019" in text
    assert "ab" * 32 in text


def test_the_item_is_quoted_in_its_language(page: str) -> None:
    assert '<p lang="ru">Обеспечить лайки.</p>' in page
    text = Elements(page).text
    assert "Supply likes." in text
    assert "head of the department" in text
    assert "museums and libraries" in text
    assert "14 February to 15 February 2019" in text
    assert "A standing appeal, 8 February to 10 March 2019; falls into the days after" in text


def test_tables_say_what_does_not_count_and_what_is_missing(page: str) -> None:
    text = Elements(page).text
    assert "not available: fewer than nine in ten actions are known within ten minutes" in text
    assert "describes, and is no part of the answer" in text
    assert "could not be separated from a standing appeal" in text
    assert "One half" in text
    assert "not available: too few days" in text
    assert "4,000 actions; 2,000 are to be seen. the claim cannot be true." in text
    assert "<strong>0.001</strong> <sup>a</sup>" in page
    assert "(3 posts without)" in text


def test_tables_can_be_read_and_reached_without_a_mouse(page: str) -> None:
    section = page.split('<section id="directives"')[1].split('<section id="data"')[0]
    assert section.count("<table") == section.count("<caption>") > 0
    assert (
        section.count('role="region"')
        == section.count("<table")
        == section.count('tabindex="0">\n<table')
    )
    assert all("scope=" in head for head in re.findall(r"<th\b[^>]*>", section))
    levels = [int(tag[1]) for tag, _ in Elements(page).tags if re.fullmatch(r"h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = re.findall(r'\bid="([^"]+)"', without_vega(page))
    assert len(ids) == len(set(ids))


def test_everything_from_the_record_is_escaped(run: Result) -> None:
    hostile = entry(
        "who and when", "consistent",
        finding(NEW, null=HOSTILE, remarks=[HOSTILE], measure=HOSTILE),
        finding(LIKES, explained_by=[HOSTILE]),
        title=HOSTILE, directive=HOSTILE, item=HOSTILE, text=HOSTILE, translation=HOSTILE,
        language='ru" onload="x', issuer=HOSTILE, addressed=[HOSTILE],
        causes=[APPEAL | {"name": HOSTILE}], registration={"remarks": [HOSTILE], "sha256": HOSTILE},
    )  # fmt: skip
    page = render(answered(run, hostile), KEY)
    assert HOSTILE not in page
    attributes = str([each for _, each in Elements(page).tags])
    assert "onerror" not in attributes.replace(HOSTILE, "")
    assert not any("onload" in each for _, each in Elements(page).tags)
    assert len(re.findall(r"<script>", page)) == 2


def test_a_run_without_groups_leads_with_its_directives(run: Result) -> None:
    nobody = replace(run, groups=run.groups.clear(), accounts=run.accounts.clear())
    page = render(answered(nobody, KINDS["who and when"]), KEY)
    assert "<h1>1 item of a directive tested</h1>" in page
    assert "<li>Item 3: consistent with an order" in page


def drawable() -> list[str]:
    return [name for name, each in KINDS.items() if any(t["effect"] for t in each["tests"])]


@pytest.mark.parametrize("reason", drawable())
def test_pictures_hold_no_account(run: Result, tmp_path: Path, reason: str) -> None:
    chart = draw(answered(run, KINDS[reason]), "directive", pseudonyms=KEY, item=1)
    text = json.dumps(spec_of(chart), ensure_ascii=False)
    assert not [account for account in run.accounts["account_id"] if account in text]
    assert INTERNAL in text
    assert headline(KINDS[reason]) in text
    assert len(text) < 60_000
    save_chart(chart, tmp_path / "a.svg")
    assert "<svg" in (tmp_path / "a.svg").read_text(encoding="utf-8")


def rows_of(spec: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """All rows of data in a spec that have a key."""
    return [row for rows in spec["datasets"].values() for row in rows if key in row]


def test_the_course_is_relative_and_ends_where_nothing_was_seen(run: Result) -> None:
    spec = spec_of(draw(answered(run, KINDS["who and when"]), "directive", pseudonyms=KEY, item=1))
    course = [row for row in rows_of(spec, "what") if row.get("what") == "named pages"]
    assert course[0]["value"] == pytest.approx(100)
    assert max(row["value"] for row in course) > 250
    assert {row["day"] for row in course} >= {"25 January 2019", "17 February 2019"}
    assert "18 February 2019" not in {row["day"] for row in course}
    assert "20 and 58 on the named pages, 10 and 10 on control pages" in " ".join(
        spec["title"]["subtitle"]
    )


def test_measures_stand_before_those_of_control_pages(run: Result) -> None:
    spec = spec_of(draw(answered(run, KINDS["who and when"]), "directive", pseudonyms=KEY, item=1))
    names = {row["name"] for row in rows_of(spec, "figures")}
    # What only describes, and bounds on accounts, have no place on these scales.
    assert names == {"Likes", "Share of actions by accounts seen nowhere before"}
    values = [row["value"] for row in rows_of(spec, "value") if "row" in row]
    assert 0.9 in values
    assert -2.0 in values


def test_nothing_before_is_no_ratio(run: Result) -> None:
    published = KINDS["institutions published"]
    spec = spec_of(draw(answered(run, published), "directive", pseudonyms=KEY, item=1))
    rows = rows_of(spec, "figures")
    assert {row["effect"] for row in rows} == {None}
    assert "from none to 0.46" in rows[0]["figures"]
    assert ABOUT["effect"] not in [row.get("value") for row in rows_of(spec, "value")]
    assert "institutions together" in json.dumps(spec)


@pytest.mark.parametrize("reason", sorted(set(KINDS) - set(drawable())))
def test_a_course_alone_is_a_picture_and_nothing_is_none(run: Result, reason: str) -> None:
    result = answered(run, KINDS[reason])
    draw(result, "directive", pseudonyms=KEY, item=1)
    with pytest.raises(SettingError, match="nothing could be measured for item 3"):
        draw(replace(result, others={}), "directive", pseudonyms=KEY, item=1)


def test_an_item_has_to_be_named(run: Result) -> None:
    result = answered(run, *KINDS.values())
    with pytest.raises(SettingError, match=r"give item=; there are 1 \(item 3 of minutes\)"):
        draw(result, "directive", pseudonyms=KEY)
    with pytest.raises(SettingError, match="give item="):
        draw(result, "directive", 1, KEY, item=1)
    with pytest.raises(SettingError, match="item=99: there is none"):
        draw(result, "directive", pseudonyms=KEY, item=99)
    with pytest.raises(SettingError, match="no directive was tested"):
        draw(run, "directive", pseudonyms=KEY, item=1)
    with pytest.raises(SettingError, match="shows no item"):
        draw(result, "sizes", pseudonyms=KEY, item=1)


def test_the_picture_is_in_no_other_section() -> None:
    chart = charts()["directive"]
    assert not chart.overall
    assert not chart.per_group


def test_days_left_out_are_cut_from_those_compared() -> None:
    days = pieces(["2019-02-08", "2019-02-17"], [["2019-02-14", "2019-02-15"], []])
    day = 86_400_000
    assert [(last - first) / day for first, last in days] == [6, 2]
    assert pieces(None, []) == []

"""What becomes public of a run: aggregates of k and more, and nothing of any person."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.directive_answers import every_kind
from tests.released import Accepted, Planted

from claqueur.directive.curve import EFFECT
from claqueur.errors import InputError, ReleaseError, SettingError
from claqueur.publish.release import Release, coarse, make_release
from claqueur.publish.release.frames import Comments, fits, general, parsed
from claqueur.publish.release.pools import (
    COVERED,
    ONE_INSTITUTION,
    TOO_SMALL,
    isolates,
    unit_of,
)
from claqueur.publish.release.schema import COLUMNS, DETAILS, SCHEMAS
from claqueur.publish.release.tables import Subject, participation, weekly

K = 10


@pytest.fixture(scope="module")
def case() -> Planted:
    return Planted()


@pytest.fixture(scope="module")
def release(case: Planted) -> Release:
    return case.release()


# Rounding and cells


@given(st.integers(10, 10**6), st.integers(10, 40))
def test_a_count_lies_within_the_bounds_of_what_is_shown(count, k):
    shown = coarse.accounts(count, k)
    if count < k:
        assert shown is None
        return
    low, high = coarse.bounds(shown, k)
    assert low <= count <= high
    assert coarse.at_least(count, k) <= count


@given(st.integers(1, 10**7))
def test_actions_lie_within_the_bounds_of_what_is_shown(count):
    low, high = coarse.action_bounds(coarse.actions(count))
    assert low * 0.999 <= count <= high * 1.001


@given(st.lists(st.integers(0, 400), min_size=2, max_size=6))
def test_no_withheld_cell_follows_from_its_neighbours_and_the_total(counts):
    """The oracle tries every number in the place of each cell that is withheld."""
    if sum(counts) < K:
        return
    hidden = coarse.withheld(counts, [count < K for count in counts])
    if not any(hidden):
        assert all(count >= K for count in counts)
        return
    assert sum(hidden) >= 2 or len(counts) == 1
    total = coarse.bounds(coarse.accounts(sum(counts)))
    known = [
        coarse.bounds(coarse.accounts(c)) for c, h in zip(counts, hidden, strict=True) if not h
    ]
    most = total[1] - sum(low for low, _ in known)
    # The others that are withheld may hold nobody, so each may hold all that is left.
    possible = [number for number in range(sum(counts) + 1000) if number <= most]
    for count, gone in zip(counts, hidden, strict=True):
        if gone:
            assert count in possible
            assert len(possible) >= K


# What is published


def test_institutions_are_pooled_and_nothing_names_anybody(case, release):
    groups = release.tables["groups"].to_dicts()
    assert [(row["group"], row["size"], row["pooled"]) for row in groups] == [(1, 60, True)]
    assert release.origin == {1: (1, 2, 3, 4)}
    public = b"".join(release.files().values()).decode()
    for ids in case.events.names.values():
        for name in ids:
            if len(name) > 4 and name not in ("follow",):
                assert name not in public, name
    for secret in ("-vera", "secretcase", "4711", "617", "12:34", "2019-04-01"):
        assert secret not in public


def test_dates_of_accounts_are_mondays(release):
    for row in release.tables["weeks"].to_dicts():
        assert row["week"].weekday() == 0
    first = release.tables["groups"]["first_week"][0]
    assert first == date(2019, 2, 4)
    assert date.fromisoformat(release.facts["first_week"]).weekday() == 0


def test_the_crowd_is_left_out_where_members_are_few_of_it(case, release):
    """64 of some 460 accounts a week are under a fifth; among 100 others they are above."""
    assert release.tables["weeks"]["all_actions"].null_count() == 4
    among_fewer = Planted(crowd=100).release().tables["weeks"]
    assert among_fewer["all_actions"].null_count() == 0


def test_groups_of_people_without_an_institution_stay_apart():
    """Eighty who follow what everybody follows are no institution's."""
    case = Planted(sizes=(40, 25), follows=False)
    groups = case.release().tables["groups"]
    assert groups["size"].to_list() == [40, 30]
    assert groups["pooled"].to_list() == [False, False]


def test_where_nobody_knows_who_follows_what_a_document_to_institutions_pools_all():
    case = Planted(follows=False)
    result = replace(case.result, directive=list(every_kind().values()))
    groups = released(case, result).tables["groups"]
    assert groups["pooled"].to_list() == [True]


def released(case: Planted, result: Any, **options: Any) -> Release:
    accepted = options.pop("accepted", case.accepted)
    return make_release(result, accepted, title="A case", populations=case.people, **options)


def test_only_what_was_accepted_is_published():
    case = Planted(sizes=(40, 25, 30), follows=False)
    release = case.release(accepted=[Accepted("1"), Accepted("3")])
    assert release.origin == {1: (1,), 2: (3,)}
    assert release.tables["groups"]["size"].to_list() == [40, 30]


@pytest.mark.parametrize(
    ("sizes", "follows", "why"),
    [
        ((9,), False, TOO_SMALL),
        ((1,), False, TOO_SMALL),
        ((16,), True, ONE_INSTITUTION),
        ((16, 16), True, ONE_INSTITUTION),
        ((40, 8, 8), True, ONE_INSTITUTION),
        ((2, 2, 2), True, TOO_SMALL),
    ],
)
def test_what_is_too_small_or_one_institutions_is_refused(sizes, follows, why):
    with pytest.raises(ReleaseError, match=re.escape(why)) as caught:
        Planted(sizes=sizes, follows=follows).release()
    assert caught.value.exit_code == 2
    assert isinstance(caught.value, InputError)


def test_a_group_that_is_nearly_all_of_its_pages_is_refused():
    with pytest.raises(ReleaseError, match=re.escape(COVERED)):
        Planted(sizes=(90,), crowd=12, follows=False).release()


def test_staff_who_are_nearly_all_followers_of_their_institution_are_left_out(case):
    """Who follows that page is public: a pool with them in it would be about those people."""
    own = case.people.codes(pl.Series(case.staff[0]))
    page = case.people.follows.filter(pl.col("account") == int(own[0]))["page"][0]
    alone = case.people.follows.filter(
        (pl.col("page") != page) | pl.col("account").is_in(own.tolist())
    )
    release = case.release(populations=replace(case.people, follows=alone))
    assert release.origin == {1: (2, 3, 4)}
    assert {"what": "group", "why": COVERED, "number": 1} in release.facts["withheld"]


def test_nothing_accepted_is_refused(case):
    with pytest.raises(ReleaseError, match="nothing was accepted"):
        case.release(accepted=[])


def test_k_may_be_larger_and_never_smaller(case):
    with pytest.raises(SettingError, match="fewer than 10"):
        case.release(k=1)
    assert case.release(k=25).tables["groups"]["size"].to_list() == [75]
    with pytest.raises(ReleaseError, match=re.escape(TOO_SMALL)):
        case.release(k=80)


def test_two_groups_that_differ_by_a_few_are_published_as_one():
    """The same people, found by their times and again without two of them by what they liked."""
    case = Planted(sizes=(40,), follows=False)
    again = case.result.accounts.filter(pl.col("account_id") != case.staff[0][0])
    result = replace(
        case.result,
        accounts=pl.concat(
            [case.result.accounts, again.with_columns(group_id=pl.lit(2, pl.Int64))]
        ),
        groups=pl.concat(
            [case.result.groups, case.result.groups.with_columns(group_id=pl.lit(2, pl.Int64))]
        ),
        evidence=pl.concat(
            [case.result.evidence, case.result.evidence.with_columns(group_id=pl.lit(2, pl.Int64))]
        ),
    )
    release = released(case, result, accepted=[Accepted("1"), Accepted("2")])
    assert release.origin == {1: (1, 2)}
    assert release.tables["groups"]["size"].to_list() == [40]


def test_three_groups_of_which_two_pairs_differ_by_a_few_are_one():
    case = Planted(sizes=(40,), follows=False)
    parts = [case.result.accounts, case.result.accounts.head(38), case.result.accounts.tail(37)]
    result = replace(
        case.result,
        accounts=pl.concat(
            [own.with_columns(group_id=pl.lit(n, pl.Int64)) for n, own in enumerate(parts, 1)]
        ),
        groups=pl.concat(
            [case.result.groups.with_columns(group_id=pl.lit(n, pl.Int64)) for n in (1, 2, 3)]
        ),
    )
    accepted = [Accepted("1"), Accepted("2"), Accepted("3")]
    assert released(case, result, accepted=accepted).origin == {1: (1, 2, 3)}


@given(st.sets(st.integers(0, 30)), st.sets(st.integers(0, 30)))
def test_sets_single_out_what_they_share_or_do_not(one, other):
    few = isolates(np.array(sorted(one), int), np.array(sorted(other), int), K)
    parts = [len(one & other), len(one - other), len(other - one)]
    expected = [part for part in parts if 0 < part < K] if one & other else []
    assert few == min(expected, default=0)


# Weeks and parts


def subject(case: Planted, numbers: list[int] | None = None) -> Subject:
    unit = unit_of(case.result, numbers or [1, 2, 3, 4], case.people, K)
    return Subject.of(1, unit, case.result, case.people, K)


def test_weeks_of_few_of_nearly_all_or_of_one_are_withheld(case):
    own = subject(case)
    week = own.acts["week"].min()
    in_week = pl.col("week") == week
    few = own.acts.filter(~in_week | pl.col("account").is_in(own.unit.members[:9].tolist()))
    rows, _ = weekly(replace(own, acts=few))
    assert [row["active"] is None for row in rows] == [True, False, False, False]
    assert rows[0]["actions"] is None, "what nine did is theirs"

    members = pl.col("account").is_in(own.unit.members.tolist())
    nearly = own.everybody.filter(~in_week | members)
    rows, _ = weekly(replace(own, everybody=nearly))
    assert rows[0] == {"group": 1, "week": week, "active": None, "actions": None,
                       "all_actions": None}  # fmt: skip

    one = own.acts.filter(in_week).head(1)
    many = pl.concat([own.acts, *[one] * 2000])
    rows, _ = weekly(replace(own, acts=many, everybody=pl.concat([own.everybody, *[one] * 2000])))
    assert rows[0]["actions"] is None, "one account did most of it"


def test_parts_that_would_name_their_accounts_are_withheld(case):
    """Nobody in the crowd acts on half of the group's posts; whoever does is a member."""
    rows, gone = participation(subject(case))
    assert rows == []
    assert gone == 4


def test_less_detail_says_less(case):
    whole, bare = case.release(), case.release(details=())
    assert whole.facts["detail"] == "full"
    assert (bare.facts["detail"], list(bare.tables)) == ("bare", ["groups"])
    assert bare.tables["groups"]["actions"].to_list() == [None]
    weeks = case.release(details=["weeks"])
    assert weeks.tables["weeks"]["actions"].null_count() == 4
    assert weeks.tables["weeks"]["active"].null_count() == 0
    with pytest.raises(SettingError, match="detail accounts"):
        case.release(details=["accounts"])


# Templates


def comments(*texts: tuple[int, str]) -> Comments:
    return Comments.of(pl.DataFrame(texts, schema=["account", "text"], orient="row"))


def test_a_frame_becomes_more_general_until_others_used_its_words_too():
    ours = [(n, "thank you for the wonderful bright new park") for n in range(12)]
    others = [(100 + n, f"thank you for the park number {n}") for n in range(8)]
    found = general(
        "thank you for the wonderful {…} new park", np.arange(12), comments(*ours, *others), K
    )
    assert found is not None
    frame, users = found
    assert frame == "thank you for the {…} park"
    assert len(users) == 12


def test_a_frame_only_members_used_is_not_published():
    ours = [(n, f"glory to the mayor {n}") for n in range(30)]
    assert general("glory to the mayor {…}", np.arange(30), comments(*ours), K) is None


def test_a_frame_of_few_members_or_of_everybody_is_not_published():
    few = [(n, "thank you for this") for n in range(9)]
    crowd = [(100 + n, "thank you for this") for n in range(9)]
    assert general("thank you for this", np.arange(9), comments(*few, *crowd), K) is None
    many = [(100 + n, "thank you for this") for n in range(200)]
    ours = [(n, "thank you for this") for n in range(12)]
    assert general("thank you for this", np.arange(12), comments(*ours, *many), K) is None


def test_a_frame_fits_words_side_by_side():
    assert parsed("{city}: thank you, {…}!") == [None, "thank", "you", None]
    assert fits(["thank", None, "city"], ["we", "thank", "our", "city"])
    assert not fits(["thank", "city"], ["we", "thank", "our", "city"])
    assert fits([None], ["anything"])


# The document


def test_an_item_says_what_was_tested_and_no_number_of_few(case):
    entries = list(every_kind().values())
    entries[0]["tests"][0]["numbers"] |= {"at_least": 37, "somebodys": 3, "seen": 1234}
    entries[0]["tests"][0]["secret"] = "x"
    for number, entry in enumerate(entries, 1):
        entry["item"] = str(number)
    result = replace(case.result, directive=entries)
    keys = [Accepted("minutes/1", "directive"), Accepted("minutes/2", "directive")]
    release = released(case, result, accepted=[*case.accepted, *keys])
    assert [entry["item"] for entry in release.directive] == ["1", "2"]
    test = release.directive[0]["tests"][0]
    assert "secret" not in test
    assert test["numbers"]["at_least"] == 30
    assert test["numbers"]["seen"] == 1500
    assert "somebodys" not in test["numbers"]
    assert release.directive[0]["directive"] == "1", "the file's name may tell of the source"


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("text", "Отв. Петров П. П. до пятницы"),
        ("translation", "Questions to vera@example.org"),
        ("issuer", "Иванова Мария Петровна"),
        ("title", "Call +7 (391) 226-10-60"),
    ],
)
def test_a_person_in_a_document_is_refused(case, key, text):
    entries = list(every_kind().values())[:1]
    entries[0][key] = text
    accepted = [Accepted(f"{entries[0]['directive']}/{entries[0]['item']}", "directive")]
    with pytest.raises(ReleaseError, match="retype"):
        released(case, replace(case.result, directive=entries), accepted=accepted)


def test_a_person_in_the_title_is_refused(case):
    with pytest.raises(ReleaseError, match="another with --title"):
        make_release(
            case.result, case.accepted, title="Дело Петрова П. П.", populations=case.people
        )


def test_the_course_is_by_week_and_no_posts_own_count(case):
    entries = list(every_kind().values())[:1]
    days = [date(2019, 2, 4) + timedelta(days=n) for n in range(10)]
    rows = [
        {"directive": entries[0]["directive"], "item": entries[0]["item"], "measure": "likes",
         "day": day, "observed": 123.456, "controls": 10.0, "expected": None, "low": None,
         "high": None}
        for day in days[:7] + days[7:9]
    ]  # fmt: skip
    others = {"effects": pl.DataFrame(rows, schema=EFFECT)}
    result = replace(case.result, directive=entries, others=others)
    accepted = [Accepted(f"{entries[0]['directive']}/{entries[0]['item']}", "directive")]
    table = released(case, result, accepted=accepted).tables["effects"]
    assert table["week"].to_list() == [date(2019, 2, 4), date(2019, 2, 11)]
    assert table["observed"].to_list() == [120.0, None]


# Files


def test_files_say_the_same_again(release):
    files = release.files()
    again = Release.read(files)
    assert again.files() == files
    assert again.facts == json.loads(files["release.json"])
    assert again.origin == {}, "the run's numbers are in no file"
    assert set(json.loads(files["tables/columns.json"])["weeks"]) == set(COLUMNS["weeks"])


def account_rows() -> pl.DataFrame:
    return pl.DataFrame({"pseudonym": ["k3f9x"], "object_id": ["wall-1_1000"]})


@pytest.mark.parametrize(
    "change",
    [
        lambda r: replace(r, tables={**r.tables, "members": account_rows()}),
        lambda r: replace(
            r, tables={"groups": r.tables["groups"].with_columns(account_id=pl.lit("5"))}
        ),
        lambda r: replace(r, run={**r.run, "seed": 1}),
        lambda r: replace(r, facts={**r.facts, "accounts": ["5"]}),
        lambda r: replace(r, directive=[{"members": ["5"]}]),
        lambda r: replace(r, facts={**r.facts, "format": 99}),
    ],
)
def test_what_is_on_no_list_is_never_written(release, change):
    with pytest.raises(ReleaseError):
        change(release).files()


@pytest.mark.parametrize("damage", ["missing", "unknown", "columns", "json"])
def test_files_of_no_release_are_refused(release, damage):
    files = release.files()
    if damage == "missing":
        del files["run.json"]
    elif damage == "unknown":
        files["tables/accounts.csv"] = b"account_id\n5\n"
    elif damage == "columns":
        files["tables/groups.csv"] = files["tables/groups.csv"].replace(b"size", b"account", 1)
    else:
        files["release.json"] = b"{"
    with pytest.raises(ReleaseError):
        Release.read(files)


def test_every_column_has_a_meaning_and_none_holds_an_account():
    for name, columns in COLUMNS.items():
        for column, (_, note) in columns.items():
            assert note, (name, column)
            assert not re.search("account_|object_|page_id|user|name", column)
    assert set(DETAILS) <= {*SCHEMAS, "actions"}

"""Attacks against brute force; releases that give somebody away, or differ by few, are refused."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.released import WEEKS, Accepted, Planted

from claqueur.errors import CaseError, ReleaseError
from claqueur.publish.release import checked_release, leak_check, ledger, make_release
from claqueur.publish.release.attack.adversary import (
    KNOWN,
    LISTS,
    adversaries,
    calibrated,
    candidates,
    logistic,
)
from claqueur.publish.release.attack.conditioning import conditioned, likened, merged
from claqueur.publish.release.attack.knowledge import Bound
from claqueur.publish.release.attack.linkage import linked
from claqueur.publish.release.attack.measure import chance, gain
from claqueur.publish.release.attack.naming import NEGLECTED, forced, matched
from claqueur.publish.release.differencing import Published, behind, differences, settled
from claqueur.publish.release.leak import Prepared, prepare

# Measures


@given(st.integers(0, 10_000))
@settings(max_examples=40)
def test_areas_are_those_of_all_pairs(seed):
    """The oracle compares every member with every other account."""
    rng = np.random.default_rng(seed)
    member = rng.random(30) < 0.4
    member[:2] = True, False
    before, after = rng.normal(size=(2, 30)).round(1)
    measured = gain(before, after, member)
    for score, area in ((before, measured.before), (after, measured.after)):
        pairs = score[member][:, None] - score[~member][None, :]
        assert area == pytest.approx(((pairs > 0) + 0.5 * (pairs == 0)).mean())
    assert measured.low <= measured.gain <= measured.high


def test_the_same_ranking_gains_nothing_for_certain():
    score = np.array([3.0, 2.0, 1.0, 0.0])
    measured = gain(score, score + 1, np.array([True, False, True, False]))
    assert (measured.gain, measured.low, measured.high) == (0, 0, 0)


def test_rosters_are_compared_each_by_itself():
    """Between rosters the ranking is useless, within each it is perfect."""
    score = np.array([0.0, 1.0, 100.0, 101.0])
    member = np.array([False, True, False, True])
    assert gain(score, score, member).before == 0.75
    assert gain(score, score, member, [np.array([0, 1]), np.array([2, 3])]).before == 1


def test_a_certain_hit_counts_where_it_is_new_and_right():
    before = np.array([0.0, 0.0, 4.0, 0.0])
    after = np.array([4.0, 4.0, 4.0, 0.0])
    member = np.array([True, False, True, False])
    assert gain(before, after, member).added == 1


def test_logistic_regression_is_least():
    rng = np.random.default_rng(1)
    looks = rng.normal(size=(200, 3))
    label = rng.random(200) < chance(looks @ np.array([1.0, -2.0, 0.0]))
    fitted = logistic(looks, label, penalty=0.0)
    assert chance(fitted).sum() == pytest.approx(label.sum(), abs=1e-4), "its first equation"
    sure = calibrated(looks, label)
    assert np.corrcoef(fitted, sure)[0, 1] > 0.99


# What a release tells


def bound(what: list[float], low: float, high: float, name: str = "cell") -> Bound:
    return Bound(name, np.array(what, float), low, high, accounts=True)


def test_conditioning_comes_near_going_through_all_sets():
    """The oracle weighs each of 2^12 sets by its chance and keeps those that fit."""
    sets = np.array(list(product([False, True], repeat=12)))
    off, before = [], []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        odds = rng.normal(-0.3, 1, 12)
        cells = [np.ones(12), (rng.random(12) < 0.5).astype(float)]
        member = rng.random(12) < chance(odds)
        sums = [float(what[member].sum()) for what in cells]
        fits = np.all([sets @ w == total for w, total in zip(cells, sums, strict=True)], 0)
        weight = np.exp(sets[fits] @ odds)
        exact = weight @ sets[fits] / weight.sum()
        told = [bound(w.tolist(), total, total) for w, total in zip(cells, sums, strict=True)]
        off.append(np.abs(chance(conditioned(odds, [told])) - exact).mean())
        before.append(np.abs(chance(odds) - exact).mean())
    assert np.mean(off) < 0.05
    assert np.mean(off) < np.mean(before) / 2


def test_what_one_expects_anyway_tells_nothing():
    odds = np.array([2.0, 1.0, -1.0, -2.0])
    expected = chance(odds).sum()
    told = [bound([1, 1, 1, 1], expected - 1, expected + 1, "size")]
    assert conditioned(odds, [told]) == pytest.approx(odds, abs=0.02)
    assert conditioned(odds, []) is odds
    assert likened(odds, [told], odds > 0) is odds


def test_a_cell_that_only_members_have_raises_them():
    rng = np.random.default_rng(2)
    member = np.arange(400) < 40
    odds = np.where(member, 0.5, -2.5) + rng.normal(0, 1, 400)
    active = np.where(member, 1.0, rng.random(400) < 0.2)
    told = [bound([1] * 400, 40, 40, "size"), Bound("week", active, 38, 42, accounts=True)]
    for after in (conditioned(odds, [told]), likened(odds, [told], member)):
        assert gain(odds, after, member).gain > 0.01


def test_two_releases_narrow_each_other():
    one, two = bound([1, 1], 10, 20), bound([1, 1], 15, 30)
    other, apart = bound([1, 0], 1, 2, "other"), bound([1, 1], 40, 50)
    found = merged([one], {"cell": two, "other": other})
    assert [(each.low, each.high) for each in found] == [(15, 20), (1, 2)]
    assert merged([one], {"cell": apart}) == [one], "something changed between them"


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_forced_accounts_are_in_every_plausible_set_that_fits(seed):
    rng = np.random.default_rng(seed)
    n = 9
    odds = rng.normal(0, 1.5, n)
    what = (rng.random((2, n)) < 0.4).astype(float)
    member = rng.random(n) < 0.5
    told = [
        Bound(str(k), each, each[member].sum(), each[member].sum() + 1, True)
        for k, each in enumerate(what)
    ]
    found = forced(odds, told)
    sets = np.array(list(product([False, True], repeat=n)))
    fits = np.all([(sets @ b.what >= b.low) & (sets @ b.what <= b.high) for b in told], 0)
    # Members are drawn without regard to the odds here, so sets that fit may need an account that
    # is left out as implausible: what is claimed is claimed of sets without those.
    rarest_first = np.argsort(odds)
    left_out = rarest_first[np.cumsum(chance(odds)[rarest_first]) <= NEGLECTED]
    plausible = sets[fits & ~sets[:, left_out].any(axis=1)]
    assert not found.any() or len(plausible)
    assert not (found & ~plausible.all(axis=0)).any()


def test_all_of_a_population_are_forced_where_the_count_is_the_population():
    told = [bound([1, 1, 1, 0, 0], 3, 3)]
    assert forced(np.zeros(5), told).tolist() == [True, True, True, False, False]
    member = np.array([True, True, True, False, False])
    places = [np.array([0, 1, 2]), np.array([3, 4])]
    said = [(each, (3, 3)) for each in places]
    assert matched(np.zeros(5), member, said) == 3
    assert matched(np.zeros(5), member, [(each, (4, 9)) for each in places]) == 0
    assert matched(np.full(5, 9.0), member, said) == 0, "they were sure before"


def test_rows_lead_to_an_account_only_where_no_other_fits():
    rows = pl.DataFrame({"pseudonym": ["x", "x", "y"], "object": [1, 2, 2]})
    lists = pl.DataFrame({"account": ["a", "a", "b"], "object": [1, 2, 2]})
    assert linked(rows, lists).rows() == [("x", "a")]


# The check


@pytest.fixture(scope="module")
def case() -> Planted:
    return Planted()


@pytest.fixture(scope="module")
def ready(case: Planted) -> Prepared:
    """What adversaries know of the case."""
    return prepare(case.release(), case.result, case.events, people=case.people)


def hidden(extra: int = 0) -> Planted:
    """Members who like no more than the crowd does, and what they like is of no use to anybody."""
    return Planted(sizes=(14, 14, 14), crowd=150 + extra)


def test_adversaries_without_the_release_know_what_claqueur_finds(case):
    members = {1: case.people.codes(case.result.accounts["account_id"])}
    pages = case.people.pages.is_in(["-1", "-2"]).arg_true().to_list()
    who = candidates(case.people, members, pages)
    found = adversaries(case.events, case.people, who, pages)
    assert {each.name for each in found} >= {LISTS, KNOWN}
    assert gain(found[0].log_odds, found[0].log_odds, who.member).before > 0.99
    knowing = [each for each in found if each.name == KNOWN]
    assert len({each.known.tobytes() for each in knowing}) > 1
    for each in knowing:
        assert each.known.sum() == 13
        assert not (each.known & ~who.member).any()


def test_a_release_of_the_planted_case_is_allowed(case):
    release, leak = checked_release(
        case.result, case.accepted, case.events, title="A case", populations=case.people
    )
    assert leak.allowed
    assert (leak.added, release.facts["detail"]) == (0, "full")
    assert leak.upper <= 0.02
    record = leak.record()
    assert record["allowed"]
    assert {attack["pool"] for attack in record["attacks"]} >= {"everybody"}
    assert "account" not in str(record)


def test_pseudonyms_by_posts_are_refused(case):
    """The naive release, under the same check."""
    acts = case.people.acts.filter(
        pl.col("account").is_in(case.people.codes(case.result.accounts["account_id"]).tolist())
    )
    rows = pl.DataFrame(
        {
            "pseudonym": acts["account"].hash().cast(pl.String),
            "object_id": case.people.objects.gather(acts["object"]),
        }
    )
    naive = replace(case.release(), tables={"rows": rows})
    ready = prepare(naive, case.result, case.events, people=case.people)
    # Whoever could not judge its own evidence so well would not be sure of anybody before.
    unsure = [replace(each, log_odds=each.log_odds * 0) for each in ready.known]
    leak = leak_check(
        naive, case.result, case.events, prepared=replace(ready, known=unsure)
    )  # fmt: skip
    assert not leak.allowed
    assert leak.added > 30
    with pytest.raises(ReleaseError, match="near certainty"):
        leak.check()


def test_a_week_in_which_only_members_acted_is_refused():
    """Suppression would have withheld it; the check does not rely on that."""
    case = hidden()
    release = case.release(details=["weeks"])
    members = case.result.accounts["account_id"].to_list()
    # Everybody but the members vanishes from one week of the public lists.
    week = release.tables["weeks"]["week"][1]
    rows = case.events.decoded(case.events.frame)["account_id"]
    at = (case.events.frame["t_min_ms"].cast(pl.Datetime("ms"))).dt.truncate("1w").dt.date()
    kept = case.events.frame.filter(~((at == week).fill_null(False) & ~rows.is_in(members)))
    lists = replace(case.events, frame=kept)
    ready = prepare(release, case.result, lists)
    unsure = [replace(each, log_odds=each.log_odds * 0 - 1.5) for each in ready.known]
    leak = leak_check(release, case.result, lists, prepared=replace(ready, known=unsure))
    assert not leak.allowed
    assert leak.gain > 0.02


def test_ids_in_texts_are_refused(case, ready):
    release = case.release()
    account, post = case.staff[0][0], "wall-1_1000"
    for text in (f"see {account}.", f"https://vk.com/id{account}", f"«{post}»"):
        leaky = replace(release, facts={**release.facts, "title": text})
        leak = leak_check(leaky, case.result, case.events, prepared=ready)
        assert any("stands in it" in reason for reason in leak.reasons), text


def test_a_release_that_was_read_cannot_be_checked(case):
    read = type(case.release()).read(case.release().files())
    with pytest.raises(ReleaseError, match="of its run anew"):
        leak_check(read, case.result, case.events)


# Two releases


def former(case: Planted) -> Published:
    return behind(case.release(), case.result, case.people)


def shared() -> Planted:
    """The same events, before two of the first group had been found."""
    return Planted(sizes=(18, 18, 19), joined=(0, 1))


def test_a_group_that_two_joined_keeps_its_former_figures():
    """55 accounts now, 53 before, which are shown as 60 and 50: the difference is those two."""
    before, now = shared(), Planted(sizes=(18, 18, 19))
    first = former(before)
    second = behind(now.release(), now.result, now.people)
    found = differences(second, [first])
    assert (found[0].few, found[0].week) == (2, "")
    kept = settled(second, [first])
    assert not differences(kept, [first])
    groups = (kept.tables["groups"].drop("group"), first.tables["groups"].drop("group"))
    assert groups[0].equals(groups[1])


def test_what_is_rounded_to_the_same_gives_no_difference():
    before, now = shared(), Planted(sizes=(18, 18, 19))
    same = former(before)
    alike = replace(behind(now.release(), now.result, now.people), tables=same.tables)
    assert not differences(alike, [same])


def test_a_difference_that_cannot_be_settled_is_refused(case, ready):
    """A pool of all, when one of its groups had been published by itself before."""
    whole = behind(case.release(), case.result, case.people)
    part = replace(whole, members=whole.members.head(60))
    changed = whole.tables["groups"].with_columns(size=pl.lit(50, pl.Int64))
    part = replace(part, tables={**whole.tables, "groups": changed})
    leak = leak_check(case.release(), case.result, case.events, [part], prepared=ready)
    assert any("differ by 4 of its accounts, fewer than 10" in each for each in leak.reasons)
    with pytest.raises(ReleaseError, match="differ by 4"):
        leak.check()


def test_groups_that_were_published_apart_are_not_published_together_with_two_more():
    case = Planted(sizes=(20, 20, 22), follows=False)
    apart = behind(case.release(), case.result, case.people)
    members = apart.members.filter(~pl.col("account_id").is_in(case.staff[2][:2]))
    pooled = case.result.accounts.with_columns(group_id=pl.lit(1, pl.Int64))
    one = replace(
        case.result, accounts=pooled, groups=case.result.groups.head(1),
        evidence=case.result.evidence.with_columns(group_id=pl.lit(1, pl.Int64)),
    )  # fmt: skip
    release = make_release(one, [Accepted("1")], title="x", populations=case.people)
    now = behind(release, one, case.people)
    found = differences(now, [replace(apart, members=members)])
    assert [each.few for each in found if not each.former] == [2]


def test_a_week_with_a_few_others_keeps_its_former_figures(case):
    now = behind(case.release(), case.result, case.people)
    week = now.tables["weeks"]["week"][0]
    in_week = pl.col("week") == week
    fewer = pl.concat([now.active.filter(~in_week), now.active.filter(in_week).head(59)])
    weeks = now.tables["weeks"].with_columns(
        active=pl.when(in_week).then(50).otherwise("active").cast(pl.Int64)
    )
    old = replace(now, active=fewer, tables={**now.tables, "weeks": weeks})
    few = now.active.filter(in_week).height - 59
    assert [(each.few, each.week) for each in differences(now, [old])] == [(few, week.isoformat())]
    kept = settled(now, [old])
    assert kept.tables["weeks"].filter(in_week)["active"].to_list() == [50]
    assert kept.tables["weeks"].filter(~in_week).equals(now.tables["weeks"].filter(~in_week))


def test_a_week_that_is_added_with_a_few_active_leaves_all_figures_as_they_were(case):
    """Three members act in a fifth week: the totals of two releases must not tell of them."""
    late = [case.like(account, WEEKS, 0) for account in case.staff[1][:3]]
    after = Planted(extra=late)
    first, second = former(case), behind(after.release(), after.result, after.people)
    assert not differences(second, [first])
    assert second.tables["weeks"]["active"].to_list()[-1] is None
    assert second.tables["weeks"].head(WEEKS).equals(first.tables["weeks"])
    assert second.tables["groups"].equals(first.tables["groups"])


def test_earlier_releases_are_part_of_the_attack(case, ready):
    leak = leak_check(case.release(), case.result, case.events, [former(case)], prepared=ready)
    assert leak.allowed


# The ledger


@pytest.fixture
def kept(case, tmp_path) -> tuple:
    made = ledger.enter(tmp_path, case.release(), case.result, case.people, run="20190401")
    return tmp_path, made


def test_the_ledger_gives_back_what_was_published(kept, case):
    folder, made = kept
    [again] = ledger.earlier(folder)
    assert again.files() == made.files()
    assert again.members.equals(made.members)
    assert again.active.equals(made.active)
    assert sorted(again.of(1)) == sorted(case.result.accounts["account_id"])
    assert (folder / "releases").stat().st_mode & 0o077 == 0, "for its owner alone"


def test_a_second_entry_follows_from_the_first(kept, case):
    folder, _ = kept
    ledger.enter(folder, case.release(), case.result, case.people, run="20190402")
    assert len(ledger.earlier(folder)) == 2
    ledger.forget_last(folder)
    assert len(ledger.earlier(folder)) == 1


@pytest.mark.parametrize("damage", ["altered", "missing", "entry", "gone"])
def test_a_ledger_that_was_touched_is_refused(kept, case, damage):
    folder, _ = kept
    ledger.enter(folder, case.release(), case.result, case.people, run="20190402")
    first = folder / "releases" / "0001"
    if damage == "altered":
        path = first / "release" / "tables" / "groups.csv"
        path.write_bytes(path.read_bytes().replace(b"60", b"70"))
    elif damage == "missing":
        (first / "members.parquet").unlink()
    elif damage == "entry":
        (first / "entry.json").write_text("{", encoding="utf-8")
    else:
        first.rename(folder / "gone")
    with pytest.raises(CaseError, match="restore it from a backup"):
        ledger.earlier(folder)
    with pytest.raises(CaseError, match="restore it from a backup"):
        ledger.enter(folder, case.release(), case.result, case.people, run="3")


def test_a_case_without_releases_has_none(tmp_path):
    assert ledger.earlier(tmp_path) == []


def test_groups_that_overlap_are_attacked_one_after_the_other(case):
    """Conditioning takes groups to be apart; those that are not do not go in together."""
    numbers = case.result.accounts["group_id"]
    both = case.result.accounts.filter(numbers <= 3).with_columns(group_id=pl.lit(9, pl.Int64))
    whole = case.result.groups.head(1).with_columns(group_id=pl.lit(9, pl.Int64))
    evidence = case.result.evidence.filter(pl.col("group_id") <= 3)
    result = replace(
        case.result,
        accounts=pl.concat([case.result.accounts, both]),
        groups=pl.concat([case.result.groups, whole]),
        evidence=pl.concat(
            [case.result.evidence, evidence.with_columns(group_id=pl.lit(9, pl.Int64))]
        ),
    )  # fmt: skip
    accepted = [*case.accepted, Accepted("9")]
    release = make_release(result, accepted, title="x", populations=case.people)
    assert release.origin == {1: (1, 2, 3, 4), 2: (9,)}
    leak = leak_check(release, result, case.events)
    once = leak_check(case.release(), case.result, case.events)
    assert len(leak.measured) == 2 * len(once.measured)
    assert leak.gain <= 0.02

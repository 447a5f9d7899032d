"""Directives in simulated worlds with fixed seeds: a slice of the long studies.

The full tables, with intervals, come from ``make evaluate`` (docs/evaluation.md).
"""

import pytest

from claqueur.evaluation.directives import DirectiveTest
from claqueur.evaluation.studies import STUDIES, Cell
from claqueur.simulation import simulate

SEED = 51


def judged(cell: Cell, seed: int = SEED) -> dict[str, tuple[str, str]]:
    """Answer and reason of every item."""
    world = simulate(cell.scenario, seed=seed, changes=cell.changes)
    items = DirectiveTest().judge(world, cell, seed)["items"]
    return {each["item"]: (each["answer"], each["reason"]) for each in items}


def cells(study: str) -> dict[str, Cell]:
    return {cell.label: cell for cell in STUDIES[study].cells}


SCENARIOS = {
    "krasnoyarsk-2019": {"1": "consistent", "2": "consistent", "3": "consistent"},
    "reporting-deadline": {"1": "consistent"},
    "activist-network": {"1": "consistent"},
    "organic": {"1": "no-evidence"},
    "public-appeal": {"1": "no-evidence"},
    "named-posts": {"1": "consistent"},
    "one-day-order": {"1": "consistent"},
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_is_answered(name):
    found = judged(cells("directive-scenarios")[name])
    assert {item: answer for item, (answer, _) in found.items()} == SCENARIOS[name]


def test_compliance_in_ones_own_time_is_seen_in_most_worlds():
    found = [judged(cells("directive-scenarios")["own-time"], seed) for seed in (SEED, SEED + 1)]
    assert all(each[item][0] == "consistent" for each in found for item in ("1", "2"))
    # Without waves only who acts can show it: about two worlds of three, docs/evaluation.md.
    assert ("consistent", "who and when") in [each["3"] for each in found]


def test_a_standing_appeal_cannot_be_separated():
    found = judged(cells("directive-scenarios")["standing-appeal"])
    assert found["3"] == ("inconclusive", "not separable")
    assert found["1"][0] == "consistent", "the appeal does not concern what institutions publish"


@pytest.mark.parametrize("name", ["counters-only", "subscribe-order"])
def test_counts_alone_say_only_that_the_controls_do_not_share_a_rise(name):
    found = judged(cells("directive-scenarios")[name])
    assert list(found.values())[-1] == ("consistent", "rise the controls do not share")


@pytest.mark.parametrize("name", ["wrong-date", "wrong-page", "nobody-followed"])
def test_wrong_directives_find_nothing(name):
    assert "consistent" not in {
        answer for answer, _ in judged(cells("directive-wrong")[name]).values()
    }


@pytest.mark.parametrize("label", list(cells("directive-nobody")))
def test_where_nobody_was_ordered_hardly_anything_is_found(label):
    cell = cells("directive-nobody")[label]
    found = [judged(cell, seed) for seed in (SEED, SEED + 1)]
    assert not any(answer == "consistent" for each in found for answer, _ in each.values())


def test_two_hundred_of_a_busy_pages_readers_are_seen():
    found = judged(cells("directive-power")["200 ordered at 0.5"])
    assert found["3"] == ("consistent", "who and when")


def test_a_doubling_of_counts_is_seen_beside_twelve_controls():
    counts = cells("directive-aggregates")
    doubled = [
        judged(counts["likes ×2 since the date"], seed)["3"][0] for seed in range(SEED, SEED + 5)
    ]
    same = [
        judged(counts["likes ×1 since the date"], seed)["3"][0] for seed in range(SEED, SEED + 5)
    ]
    assert doubled.count("consistent") >= 4
    assert same.count("consistent") <= 1

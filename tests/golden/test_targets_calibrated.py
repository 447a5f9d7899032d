"""Declared targets in simulated worlds with fixed seeds: found where ordered, else nobody."""

from functools import cache

import polars as pl
import pytest

from claqueur.directive.participation import Outcome
from claqueur.evaluation.scores import score
from claqueur.evaluation.studies import STUDIES
from claqueur.evaluation.targets import TARGET_TESTS, TargetTest
from claqueur.simulation import World, simulate

NOBODY = {"order": None}
PAGE = {
    **STUDIES["target-page"].cells[0].changes,
    "population.accounts": 6_000,
    "order.participation_mean": 0.8,
}
PAGE_NOBODY = {key: value for key, value in PAGE.items() if not key.startswith("order")} | NOBODY


@cache
def named(seed: int, told: bool) -> World:
    return simulate("named-posts", seed=seed, changes={} if told else NOBODY)


def outcome(world: World, method: TargetTest) -> Outcome:
    return method.declaring(world.targets).test(world.events)[0]


def test_likes_have_no_times() -> None:
    likes = named(1, True).events.filter(pl.col("action") == "like")
    assert likes["time_min"].null_count() == likes.height


def test_most_of_the_ordered_are_listed_and_few_others() -> None:
    world = named(4, True)
    method = TARGET_TESTS["targets"].declaring(world.targets)
    found = score(world.truth, method.find(world.events))
    assert found.groups == 1
    assert found.recall is not None
    assert found.recall >= 0.85
    assert found.false_discovery <= 0.1


def test_how_many() -> None:
    found = outcome(named(1, True), TARGET_TESTS["targets"])
    assert 25 <= found.bound <= 41
    assert found.gamma is not None
    assert found.gamma > 0.7


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_posts_and_nobody_ordered(seed: int) -> None:
    found = outcome(named(seed, False), TARGET_TESTS["targets"])
    assert found.bound == 0
    assert found.nobody_p > 0.05


def test_the_same_posts_are_declared() -> None:
    assert named(1, True).targets.equals(named(1, False).targets)


@pytest.mark.parametrize(("changes", "told"), [(PAGE, True), (PAGE_NOBODY, False)])
def test_a_whole_page(changes: dict, told: bool) -> None:
    world = simulate("named-posts", seed=2, changes=changes)
    found = outcome(world, TARGET_TESTS["target page"])
    assert found.variant == "whole page"
    assert (found.bound > 0) == told
    assert found.bound <= found.exact_bound

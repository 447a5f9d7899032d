"""The observer: what a collector sees of a world is less than what happened in it."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from claqueur.simulation import World, simulate

SMALL = {"population.accounts": 1_500, "fans.accounts": 60, "appeal.accounts": 60}
SMALL |= {"topical_fans": None, "employees": None, "shares": None, "span.days": 20}
KEYS = ["account_id", "object_id", "action"]


def world_with(**observer: Any) -> World:
    return simulate(changes=SMALL | ({"observer": observer} if observer else {}))


@pytest.fixture(scope="module")
def plain() -> World:
    return world_with()


def reactions(world: World) -> pl.DataFrame:
    return world.events.filter(pl.col("action").is_in(["like", "repost"]))


def test_an_observer_that_misses_nothing_changes_nothing(plain: World) -> None:
    same = world_with(unliked_share=0)
    for name in ("events", "objects", "counters", "truth"):
        assert_frame_equal(getattr(plain, name), getattr(same, name))


def test_intervals_contain_the_true_time(plain: World) -> None:
    polled = world_with(poll_minutes=60)
    seen = reactions(polled).join(reactions(plain).select(*KEYS, time="time_min"), on=KEYS)
    assert seen.height == reactions(polled).height == reactions(plain).height
    assert (seen["time_min"] <= seen["time"]).all()
    assert (seen["time"] <= seen["time_max"]).all()
    width = (seen["time_max"] - seen["time_min"]).dt.total_minutes()
    assert width.max() == 60
    assert width.median() > 30


def test_the_first_interval_begins_with_the_post() -> None:
    polled = reactions(world_with(poll_minutes=720))
    posts = world_with().objects.select("object_id", "created")
    seen = polled.join(posts, on="object_id")
    assert (seen["time_min"] >= seen["created"]).all()
    first = seen.filter(pl.col("time_min") == pl.col("created"))
    assert 0.2 < first.height / seen.height < 1


def test_gaps_make_intervals_longer(plain: World) -> None:
    polled = world_with(poll_minutes=60, gaps_per_week=5, gap_hours_median=10)
    width = (polled.events["time_max"] - polled.events["time_min"]).dt.total_hours()
    assert width.max() >= 5
    assert 0.03 < (width > 2).mean() < 0.7


def test_comments_keep_their_time_unless_told_otherwise() -> None:
    for dated in (True, False):
        polled = world_with(poll_minutes=60, comments_dated=dated).events
        comments = polled.filter(pl.col("action") == "comment")
        exact = (comments["time_min"] == comments["time_max"]).mean()
        assert exact == pytest.approx(1.0 if dated else 0.0, abs=0.05)


def test_a_late_snapshot_has_no_times(plain: World) -> None:
    late = world_with(snapshot_days_after=30, comments_dated=False)
    assert late.events.filter(pl.col("action") != "post")["time_min"].null_count() > 0
    acted = late.events.filter(pl.col("action") != "post")
    assert acted["time_min"].null_count() == acted["time_max"].null_count() == acted.height
    assert acted.height == plain.events.filter(pl.col("action") != "post").height
    assert late.events.filter(pl.col("action") == "post")["time_min"].null_count() == 0


def test_untimed_rows_are_not_in_the_order_of_their_time() -> None:
    late = reactions(world_with(snapshot_days_after=30))
    assert late["account_id"].is_sorted()


def test_unlikes_are_missed_by_a_later_reading(plain: World) -> None:
    settings = {"unliked_share": 0.3, "unliked_hours_median": 2}
    polled = reactions(world_with(poll_minutes=30, **settings)).height
    late = world_with(snapshot_days_after=10, **settings)
    all_ = reactions(plain).height
    assert reactions(late).height == pytest.approx(0.7 * all_, rel=0.03)
    assert reactions(late).height < polled < all_
    # The counters of the posts know of it too.
    assert late.objects["like_count"].sum() == (reactions(late)["action"] == "like").sum()


def test_closed_accounts_are_absent_from_lists_but_counted(plain: World) -> None:
    closed = world_with(closed_share=0.4)
    there = reactions(plain)["account_id"].unique()
    shown = reactions(closed)["account_id"].unique()
    assert len(shown) / len(there) == pytest.approx(0.6, abs=0.05)
    # An account is in all lists or in none.
    whole = reactions(plain).filter(pl.col("account_id").is_in(shown.implode()))
    assert reactions(closed).height == whole.height
    assert closed.objects["like_count"].equals(plain.objects["like_count"])
    assert closed.truth.equals(plain.truth)


@pytest.mark.parametrize("keeps", ["newest", "first"])
def test_lists_are_cut(plain: World, keeps: str) -> None:
    cut = world_with(list_length_max=10, list_keeps=keeps)

    def likes(world: World) -> pl.DataFrame:
        return world.events.filter(pl.col("action") == "like")

    counts = likes(cut).group_by("object_id").len()
    whole = plain.objects.select("object_id", pl.col("like_count").clip(upper_bound=10))
    together = whole.filter(pl.col("like_count") > 0).join(counts, on="object_id", how="left")
    # Likes of one second share their place, so a list may come out one or two shorter or longer.
    assert ((together["len"].cast(int) - together["like_count"]).abs() <= 2).all()
    biggest = plain.objects.sort("like_count")["object_id"][-1]
    shown = likes(cut).filter(pl.col("object_id") == biggest)["time_min"]
    true = likes(plain).filter(pl.col("object_id") == biggest)["time_min"].sort()
    expected = true.tail(10) if keeps == "newest" else true.head(10)
    assert shown.is_between(expected[0], expected[-1]).all()


def test_frequent_polls_see_more_of_a_cut_list() -> None:
    often = world_with(poll_minutes=30, list_length_max=10)
    seldom = world_with(snapshot_days_after=1, list_length_max=10)
    assert reactions(often).height > 1.1 * reactions(seldom).height


def test_counters_only() -> None:
    changes = SMALL | {"observer.counters_only": True}
    world = simulate("counters-only", changes=changes)
    assert set(world.events["action"]) == {"post"}
    assert world.objects["like_count"].sum() > 5_000
    likes = world.counters.filter(pl.col("counter") == "likes").join(world.objects, on="object_id")
    assert likes["owner_id_right"].n_unique() == 40
    assert {"ordered", "head", "fan"} <= set(world.truth["role"])


def test_the_same_seed_sees_the_same() -> None:
    settings = {"poll_minutes": 45, "gaps_per_week": 2, "unliked_share": 0.1, "closed_share": 0.1}
    assert_frame_equal(world_with(**settings).events, world_with(**settings).events)

"""People whom nobody ordered: each crowd does what makes it hard to tell from an order."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from claqueur.simulation import World, simulate

ZONE = "Asia/Krasnoyarsk"
SMALL = {"population.accounts": 2_500, "fans.accounts": 60, "topical_fans.accounts": 60}


def likes_of(world: World, role: str) -> pl.DataFrame:
    """A role's likes with local time, and the age, topic and owner of the post."""
    return (
        world.events.filter(pl.col("action") == "like")
        .join(world.truth.filter(pl.col("role") == role), on="account_id")
        .join(world.objects.select("object_id", "created"), on="object_id")
        .with_columns(
            local=pl.col("time_min").dt.convert_time_zone(ZONE),
            age=pl.col("time_min") - pl.col("created"),
        )
    )


def of_role(world: World, role: str) -> list[str]:
    return world.truth.filter(pl.col("role") == role)["account_id"].to_list()


@pytest.fixture(scope="module")
def world() -> World:
    return simulate("organic", changes=SMALL)


def test_nobody_is_ordered(world: World) -> None:
    roles = dict(world.truth["role"].value_counts().iter_rows())
    assert not {"ordered", "head", "appeal", "supporter", "activist"} & set(roles)
    expected = {"fan": 60, "topical_fan": 60, "employee": 60, "new_follower": 80, "giveaway": 60}
    assert expected.items() <= roles.items()


@pytest.mark.parametrize(
    "table", ["topical_fans", "new_followers", "employees", "shares", "giveaways"]
)
def test_a_mechanism_leaves_what_others_do_as_it_was(world: World, table: str) -> None:
    """Switching it off takes its own actions away; roles of others may only become organic."""
    without = simulate("organic", changes=SMALL | {table: None})
    fans = of_role(world, "fan")
    assert fans == of_role(without, "fan")
    # Post numbers count comments: whose comments are gone shows in the ids, not in the times.
    keys = ["account_id", "action", "time_min"]

    def fast(world: World) -> set[Any]:
        own = likes_of(world, "fan").filter(pl.col("age") < pl.duration(minutes=3))
        return set(own.select(keys).iter_rows())

    assert len(fast(world) ^ fast(without)) < 0.02 * len(fast(world))


def test_topical_fans_like_much_on_several_pages_at_their_own_time(world: World) -> None:
    likes = likes_of(world, "topical_fan")
    sports = likes.filter(pl.col("owner_id").is_in([str(number) for number in range(-1024, -1018)]))
    assert sports["owner_id"].n_unique() == 6
    by_account = sports.group_by("account_id").len()["len"]
    posts = world.objects.filter(pl.col("owner_id").is_in(sports["owner_id"].unique().implode()))
    assert 0.08 < by_account.mean() / posts.height < 0.4
    # They come by when it suits them, not when the post does.
    assert (sports["age"].dt.total_minutes() < 10).mean() < 0.1
    assert sports["local"].dt.hour().is_between(2, 5).mean() < 0.05


def test_employees_like_their_own_workplace_in_breaks(world: World) -> None:
    likes = likes_of(world, "employee")
    pages = world.truth.filter(pl.col("role").is_in(["official", "institution"]))
    own = likes.join(
        pages.select("institution_id", owner_id="account_id"), on=["institution_id", "owner_id"]
    )
    at_work = own.filter(pl.col("local").dt.hour().is_between(9, 17))
    assert at_work.height > 0.9 * own.height
    assert own["local"].dt.weekday().is_in([6, 7]).mean() < 0.05
    published = world.objects.join(pages, left_on="owner_id", right_on="account_id")
    posts = published["institution_id"].value_counts(name="posts")
    liked = own.group_by("account_id", "institution_id").len().join(posts, on="institution_id")
    assert 0.35 < (liked["len"] / liked["posts"]).mean() < 0.75
    # Breaks are the account's own: most of its likes lie within an hour of two times of day.
    minute = at_work["local"].dt.hour() * 60 + at_work["local"].dt.minute()
    slots = at_work.with_columns(slot=minute // 60).group_by("account_id", "slot").len()
    top = slots.group_by("account_id").agg(
        (pl.col("len").top_k(3).sum() / pl.col("len").sum()).alias("share")
    )
    assert top["share"].mean() > 0.7


def test_new_followers_go_back_once_and_follow_on(world: World) -> None:
    likes = likes_of(world, "new_follower").filter(
        pl.col("owner_id").is_in(of_role(world, "official"))
    )
    sittings = likes.group_by("account_id", pl.col("local").dt.truncate("1h")).agg(
        pl.len().alias("likes"), pages=pl.col("owner_id").n_unique(), oldest=pl.col("age").max()
    )
    first = sittings.filter(pl.col("likes") >= 7)
    assert first["account_id"].n_unique() > 60
    assert (first["oldest"].dt.total_days() >= 3).mean() > 0.9
    begun = first.group_by("account_id").agg(begun=pl.col("local").min())
    assert begun["begun"].dt.date().is_between(pl.date(2019, 2, 10), pl.date(2019, 3, 7)).all()
    after = likes.join(begun, on="account_id").filter(
        pl.col("local") > pl.col("begun") + pl.duration(hours=2)
    )
    assert after.height > 2 * begun.height


def test_a_shared_post_is_liked_within_minutes_by_people_without_a_role() -> None:
    quiet = {"population.accounts": 4_000, "fans": None, "giveaways": None}
    shared = simulate("organic", changes=quiet)
    plain = simulate("organic", changes=quiet | {"shares": None})
    extra = likes_of(shared, "organic").height - likes_of(plain, "organic").height
    assert 15 * 40 < extra < 50 * 75

    def quickest(world: World) -> float:
        """Most likes that one post got in 20 minutes."""
        times = likes_of(world, "organic").sort("time_min")
        crowd = times.rolling("time_min", period="20m", group_by="object_id").agg(pl.len())
        return float(crowd["len"].max())

    assert quickest(shared) > 2 * quickest(plain)


def test_prize_hunters_join_the_same_few_posts_quickly(world: World) -> None:
    likes = likes_of(world, "giveaway")
    hunters = of_role(world, "giveaway")
    by_post = likes.group_by("object_id").agg(pl.len(), age=pl.col("age").median())
    prizes = by_post.filter(pl.col("len") > 0.5 * len(hunters))
    assert 5 <= prizes.height <= 8
    assert prizes["age"].dt.total_minutes().median() < 120
    counts = world.objects.join(prizes, on="object_id")
    assert counts["like_count"].min() > 100
    assert counts["repost_count"].min() > 30


def test_an_alarm_brings_people_to_their_phones_together() -> None:
    changes = {"population.accounts": 3_000, "population.habit_share": 0.8}
    noon = {"population.alarm": {"hour": 12.0, "accounts_share": 0.5, "sd_minutes": 3}}

    def at_noon(world: World) -> float:
        local = likes_of(world, "organic")["local"]
        minute = local.dt.hour().cast(pl.Int32) * 60 + local.dt.minute()
        return float(minute.is_between(715, 727).mean())

    assert at_noon(simulate("organic", changes=changes | noon)) > 5 * at_noon(
        simulate("organic", changes=changes)
    )


@pytest.fixture(scope="module")
def appealed() -> World:
    changes = {"population.accounts": 2_500, "topical_fans": None, "fans": None, "shares": None}
    return simulate("standing-appeal", changes=changes)


def test_a_standing_appeal_stands_beside_an_order(appealed: World) -> None:
    roles = dict(appealed.truth["role"].value_counts().iter_rows())
    assert {"supporter": 250, "ordered": 200, "head": 8}.items() <= roles.items()


def test_supporters_follow_the_calls_for_weeks(appealed: World) -> None:
    likes = likes_of(appealed, "supporter")
    likes = likes.filter(pl.col("owner_id").is_in(of_role(appealed, "official")))
    assert likes["local"].dt.date().n_unique() >= 30
    assert likes.filter(pl.col("local") < pl.datetime(2019, 2, 8, time_zone=ZONE)).height < 150
    minute = likes["local"].dt.hour().cast(pl.Int32) * 60 + likes["local"].dt.minute()
    near = sum(minute.is_between(call * 60, call * 60 + 120).mean() for call in (9.5, 13, 18.5))
    assert near > 0.75


def test_supporters_take_part_in_their_own_measure(appealed: World) -> None:
    likes = likes_of(appealed, "supporter")
    likes = likes.filter(pl.col("owner_id").is_in(of_role(appealed, "official")))
    posts = appealed.objects.filter(
        pl.col("owner_id").is_in(of_role(appealed, "official")),
        pl.col("created") >= pl.datetime(2019, 2, 8, time_zone="UTC"),
    ).height
    share = likes.group_by("account_id").len()["len"] / posts
    assert 0.35 < share.mean() < 0.55
    assert share.std() > 0.15


def test_a_public_appeal_orders_nobody() -> None:
    world = simulate("public-appeal", changes={"population.accounts": 2_500})
    assert "ordered" not in world.truth["role"]
    evening = likes_of(world, "appeal").filter(
        pl.col("local").dt.date() == pl.date(2019, 2, 20), pl.col("local").dt.hour() >= 19
    )
    assert evening["account_id"].n_unique() > 500

"""Orders in all their shapes, and a network that is rewarded."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from claqueur.simulation import World, simulate

QUIET = {"population.accounts": 1_500, "fans": None, "topical_fans": None, "employees": None}
QUIET |= {"shares": None, "appeal": None}
DAY_ONE = pl.datetime(2019, 2, 8, time_zone="Asia/Krasnoyarsk")


def acts(world: World, role: str = "ordered", action: str = "like") -> pl.DataFrame:
    """What a role did on official pages, with local time and the post's age."""
    official = world.truth.filter(pl.col("role") == "official")["account_id"].implode()
    return (
        world.events.filter(pl.col("action") == action, pl.col("owner_id").is_in(official))
        .join(world.truth.filter(pl.col("role") == role), on="account_id")
        .join(world.objects.select("object_id", "created"), on="object_id")
        .with_columns(
            local=pl.col("time_min").dt.convert_time_zone("Asia/Krasnoyarsk"),
            age=pl.col("time_min") - pl.col("created"),
        )
    )


def after_head(world: World) -> pl.Series:
    """Minutes from the head's like to the staff's, where both liked a post."""
    keys = ["institution_id", "object_id"]
    heads = acts(world, "head").filter(pl.col("local") >= DAY_ONE)
    both = acts(world).join(heads.select(*keys, sent="time_min"), on=keys)
    return (both["time_min"] - both["sent"]).dt.total_minutes()


def krasnoyarsk(changes: dict[str, Any] | None = None) -> World:
    return simulate("krasnoyarsk-2019", changes=QUIET | (changes or {}))


@pytest.fixture(scope="module")
def plain() -> World:
    return krasnoyarsk()


def test_staff_act_after_their_head(plain: World) -> None:
    lag = after_head(plain)
    # A head likes some minutes after sending the message; the quickest of the staff are before it.
    assert (lag > -10).mean() > 0.97
    assert 5 < lag.median() < 20


@pytest.mark.parametrize("mean", [0.2, 0.5, 1.0])
def test_participation(mean: float) -> None:
    world = krasnoyarsk({"order.participation_mean": mean})
    forwarded = acts(world, "head").filter(pl.col("local") >= DAY_ONE).height
    staff = acts(world).filter(pl.col("local") >= DAY_ONE).height
    assert staff / forwarded / 25 == pytest.approx(mean, abs=0.08)


def test_targets_may_be_some_pages(plain: World) -> None:
    world = krasnoyarsk({"order.targets": ["universiade"]})
    share = (acts(world).filter(pl.col("local") >= DAY_ONE)["owner_id"] == "-1001").mean()
    before = (acts(plain).filter(pl.col("local") >= DAY_ONE)["owner_id"] == "-1001").mean()
    assert share > 0.97
    assert before < 0.75


def test_obedience_decays() -> None:
    world = krasnoyarsk({"order.half_life_days": 7})
    by_week = acts(world).filter(pl.col("local") >= DAY_ONE)
    week = (by_week["local"] - by_week["local"].min()).dt.total_days() // 7
    counts = week.value_counts().sort("local")["count"].to_list()
    assert counts[3] < 0.35 * counts[0]


def test_teams_get_the_message_one_after_the_other(plain: World) -> None:
    teams = {"teams_count": 3, "delay_minutes_median": 60, "delay_minutes_sigma": 0.2}
    world = krasnoyarsk({"order.sub_teams": teams})
    lag = after_head(world)
    assert lag.median() > after_head(plain).median() + 40
    in_steps = [lag.is_between(low, low + 30).mean() for low in (0, 60, 120)]
    assert min(in_steps) > 0.1
    between = lag.is_between(40, 55).mean() / 15
    assert between < min(in_steps) / 30


def test_camouflage_is_in_the_same_sitting(plain: World) -> None:
    world = krasnoyarsk({"order.camouflage": {"sittings_share": 1, "likes_mean": 3}})
    staff = world.truth.filter(pl.col("role") == "ordered")["account_id"].implode()

    def near_an_ordered_like(world: World) -> float:
        own = world.events.filter(pl.col("action") == "like", pl.col("account_id").is_in(staff))
        keys = acts(world).filter(pl.col("local") >= DAY_ONE).select("account_id", "time_min")
        others = own.join(acts(world), on=["account_id", "object_id"], how="anti")
        near = others.sort("time_min").join_asof(
            keys.sort("time_min").with_columns(act="time_min"),
            on="time_min",
            by="account_id",
            strategy="nearest",
            tolerance="5m",
        )
        return near["act"].is_not_null().sum() / keys.height

    assert near_an_ordered_like(plain) < 0.1
    assert near_an_ordered_like(world) > 0.8


def test_handed_out_comments_repeat_or_are_put_in_other_words() -> None:
    handout = {"texts_count": 4, "paraphrased_share": 0.4}
    changes = {"order.handout": handout, "order.comment_share": 0.5, "feed.comment_share": 0}
    texts = acts(krasnoyarsk(changes), action="comment")["text"]
    counts = texts.value_counts(sort=True)["count"]
    assert 0.5 < counts.head(4).sum() / len(texts) < 0.7
    assert counts.len() > 50


def test_own_time_has_no_waves(plain: World) -> None:
    changes = QUIET | {"order.camouflage": None, "order.participation_mean": 0.9}
    world = simulate("own-time", changes=changes)
    staff = acts(world).filter(pl.col("local") >= DAY_ONE)
    assert staff.height > 0.75 * 0.9 / 0.6 * acts(plain).filter(pl.col("local") >= DAY_ONE).height
    assert after_head(world).median() > 24 * 60
    assert staff["local"].dt.weekday().is_in([6, 7]).mean() > 0.15
    assert (staff["local"].dt.hour() >= 18).mean() > 0.2

    def waves(world: World) -> float:
        """Share of likes with five others of the institution on the same post in 30 minutes."""
        sorted_ = acts(world).filter(pl.col("local") >= DAY_ONE).sort("time_min")
        crowd = sorted_.rolling(
            "time_min", period="30m", group_by=["institution_id", "object_id"]
        ).agg(pl.len())
        return float((crowd["len"] > 5).mean())

    assert waves(plain) > 0.5
    assert waves(world) < 0.02


def test_staff_catch_up_before_each_deadline() -> None:
    world = simulate("reporting-deadline", changes=QUIET | {"campaign": None})
    staff = acts(world).with_columns(day=pl.col("time_min").dt.convert_time_zone("Europe/Moscow"))
    by_day = dict(staff.group_by(pl.col("day").dt.date()).len().iter_rows())
    due = [day for day in by_day if day.isoformat() in ("2019-02-08", "2019-02-22", "2019-03-08")]
    # Since the deadline is at 18 o'clock, its day and the three before are the time to catch up.
    near = sum(n for day, n in by_day.items() if any(0 <= (d - day).days <= 3 for d in due))
    assert near > 0.9 * staff.height
    last_days = [by_day[day] for day in due]
    assert min(last_days) > 400
    assert staff["age"].dt.total_days().median() >= 4
    # Old posts go in one sitting: several within minutes by one account.
    gaps = staff.sort("account_id", "time_min").select(
        pl.col("time_min").diff().over("account_id").dt.total_seconds()
    )
    assert (gaps["time_min"].drop_nulls() < 120).mean() > 0.8


@pytest.fixture(scope="module")
def network() -> World:
    return simulate("activist-network", changes={"population.accounts": 2_500, "fans": None})


def test_activists_comment_more_than_they_like(network: World) -> None:
    own = network.events.join(network.truth.filter(pl.col("role") == "activist"), on="account_id")
    praise = own.filter(pl.col("action") == "comment")
    assert praise["account_id"].n_unique() > 70
    likes = own.filter(pl.col("action") == "like").height
    ordinary = network.events.filter(pl.col("action") == "like").join(
        network.truth.filter(pl.col("role") == "organic"), on="account_id"
    )
    usual = ordinary.height / ordinary["account_id"].n_unique()
    assert praise.height > 1.3 * (likes - 80 * usual)
    evening = praise["time_min"].dt.convert_time_zone("Europe/Moscow").dt.hour() >= 18
    assert evening.mean() > 0.2


def test_activists_stay_and_pages_change(network: World) -> None:
    own = network.events.filter(pl.col("action") == "comment").join(
        network.truth.filter(pl.col("role") == "activist"), on="account_id"
    )
    crowds = own.group_by("object_id", "owner_id").agg(
        pl.len(), day=pl.col("time_min").min().dt.date()
    )
    crowds = crowds.filter(pl.col("len") >= 15)
    assert crowds["owner_id"].n_unique() >= 6
    assert crowds["day"].n_unique() >= 10
    days = own.group_by("account_id").agg(pl.col("time_min").dt.date().n_unique().alias("days"))
    assert (days["days"] >= 8).mean() > 0.7

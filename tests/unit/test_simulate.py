"""The simulator: what a world must keep to, whatever its seed."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from claqueur.errors import CaseError, RunError, SettingError
from claqueur.model import EVENTS, TIME
from claqueur.simulation import World, scenarios, simulate

ZONE = "Asia/Krasnoyarsk"
ORDER_DATE = date(2019, 2, 8)
ORDER_DAY = pl.datetime(2019, 2, 8, time_zone=ZONE)


@pytest.fixture(scope="module")
def world() -> World:
    return simulate("krasnoyarsk-2019", seed=1)


@pytest.fixture(scope="module")
def likes(world: World) -> pl.DataFrame:
    """Likes with the account's role, the post's creation and local time."""
    local = pl.col("time_min").dt.convert_time_zone(ZONE).alias("local")
    return (
        world.events.filter(pl.col("action") == "like")
        .join(world.truth, on="account_id")
        .join(world.objects.select("object_id", "created"), on="object_id")
        .with_columns(local)
    )


SMALL = {
    "population.accounts": 1_500,
    "fans.accounts": 50,
    "appeal.accounts": 50,
    "topical_fans.accounts": 20,
}


def small(changes: dict[str, Any] | None = None, seed: int = 1) -> World:
    """The shipped scenario with 1,500 accounts and other changes."""
    return simulate(seed=seed, changes=SMALL | (changes or {}))


def official(world: World) -> list[str]:
    return world.truth.filter(pl.col("role") == "official")["account_id"].to_list()


def test_the_shipped_scenarios_have_a_description() -> None:
    assert scenarios()["krasnoyarsk-2019"]
    assert all("\n" not in line and line for line in scenarios().values())


def test_same_seed_same_tables(world: World) -> None:
    again = simulate("krasnoyarsk-2019", seed=1)
    for name in ("events", "objects", "counters", "truth"):
        assert_frame_equal(getattr(world, name), getattr(again, name))


def test_other_seed_other_tables(world: World) -> None:
    other = simulate(seed=2)
    assert not world.events.equals(other.events)
    assert set(world.truth["account_id"]) != set(other.truth["account_id"])


@pytest.mark.parametrize("change", [{"order.chosen_share": 0}, {"order.participation_mean": 0.2}])
def test_switching_the_order_off_leaves_the_rest_as_it_was(change: dict[str, Any]) -> None:
    """Each mechanism has its own stream of random numbers."""
    with_all = small()
    without = small(change)
    bystanders = with_all.truth.filter(~pl.col("role").is_in(["ordered", "head"]))["account_id"]
    columns = ["account_id", "action", "object_id", "time_min"]

    def life(world: World) -> pl.DataFrame:
        own = world.events.filter(pl.col("account_id").is_in(bystanders.implode()))
        # Post numbers count comments too, staff's among them; the post's moment names it as well.
        posts = world.objects.select("object_id", "created", "owner_id")
        named = own.select(columns).join(posts, on="object_id").drop("object_id")
        return named.sort(named.columns)

    assert_frame_equal(life(with_all), life(without))


def test_size(world: World) -> None:
    assert 130_000 <= world.events.height <= 200_000
    assert world.truth.filter(~pl.col("account_id").str.starts_with("-")).height == 12_000
    assert world.truth.filter(pl.col("account_id").str.starts_with("-")).height == 40


def test_columns(world: World) -> None:
    assert dict(world.events.schema) == {k: v for k, v in EVENTS.items() if k != "source"}
    assert world.objects.schema["created"] == TIME
    assert world.counters.schema["time"] == TIME
    assert world.truth.columns == ["account_id", "role", "institution_id", "ordered_comments"]


def test_ids(world: World) -> None:
    people = world.truth.filter(~pl.col("account_id").str.starts_with("-"))["account_id"]
    assert people.str.contains(r"^[1-9]\d{8}$").all()
    assert people.n_unique() == len(people)
    assert world.objects["owner_id"].str.contains(r"^-10\d\d$").all()
    assert world.objects["object_id"].str.contains(r"^wall-10\d\d_\d+$").all()
    assert world.objects["object_id"].n_unique() == world.objects.height
    assert set(world.events["account_id"]) <= set(world.truth["account_id"])
    assert set(world.events["object_id"]) == set(world.objects["object_id"])


def test_what_each_action_carries(world: World) -> None:
    carried = {
        action: (part["content_id"].null_count() == 0, part["text"].null_count() == 0)
        for (action,), part in world.events.group_by("action")
    }
    assert carried == {
        "like": (False, False),
        "post": (False, True),
        "comment": (True, True),
        "repost": (True, False),
    }
    content = world.events["content_id"].drop_nulls()
    assert content.n_unique() == len(content)
    assert not world.events["text"].drop_nulls().str.contains(r"[{}]").any()


def test_events_are_in_the_span_and_in_order(world: World) -> None:
    local = world.events["time_min"].dt.convert_time_zone(ZONE).dt.date()
    assert str(local.min()) == "2019-01-25"
    assert str(local.max()) == "2019-03-10"
    assert local.n_unique() == 45
    assert world.events["time_min"].equals(world.events["time_max"])
    assert (world.events["time_min"].dt.millisecond() == 0).all()
    keys = ["time_min", "account_id", "object_id"]
    assert_frame_equal(world.events.select(keys), world.events.select(keys).sort(keys))


def test_nothing_happens_to_a_post_before_it_is_there(likes: pl.DataFrame) -> None:
    assert (likes["time_min"] >= likes["created"]).all()


def test_an_account_likes_a_post_once(likes: pl.DataFrame) -> None:
    assert not likes.select("account_id", "object_id").is_duplicated().any()


def test_counts_of_objects_are_those_of_events(world: World) -> None:
    for action in ("like", "comment", "repost"):
        counted = world.events.filter(pl.col("action") == action)["object_id"].value_counts()
        joined = world.objects.join(counted, on="object_id", how="left").fill_null(0)
        assert joined[f"{action}_count"].cast(pl.UInt32).equals(joined["count"], check_dtypes=False)


def test_counters(world: World) -> None:
    objects = world.counters.filter(pl.col("object_id").is_not_null())
    pages = world.counters.filter(pl.col("owner_id").is_not_null())
    assert objects.height + pages.height == world.counters.height
    assert set(objects["counter"]) == {"likes"}
    assert set(pages["counter"]) == {"followers"}
    assert pages.group_by("owner_id").len()["len"].to_list() == [45] * 40
    final = objects.join(world.objects, on="object_id")
    assert set(final["owner_id_right"]) == set(official(world))
    assert (final["value"] <= final["like_count"]).all()
    rising = objects.sort("object_id", "time").select(pl.col("value").diff().over("object_id"))
    assert rising["value"].drop_nulls().min() >= 0


def test_roles(world: World) -> None:
    roles = dict(world.truth["role"].value_counts().iter_rows())
    expected = {"ordered": 200, "head": 8, "institution": 8, "fan": 300, "appeal": 300}
    assert expected.items() <= roles.items()
    assert roles["official"] == 2
    bound = world.truth.drop_nulls("institution_id").filter(pl.col("role") != "employee")
    staffed = bound.group_by("institution_id").agg("role")
    assert staffed.height == 10
    institutions = [sorted(roles) for roles in staffed["role"] if roles.to_list() != ["official"]]
    assert institutions == [["head", "institution"] + ["ordered"] * 25] * 8


def test_staff_live_as_others_before_the_order(world: World, likes: pl.DataFrame) -> None:
    before = likes.filter(pl.col("local") < ORDER_DAY)
    rate = {
        role: before.filter(pl.col("role") == role).height / size
        for role, size in world.truth["role"].value_counts().iter_rows()
    }
    assert rate["ordered"] == pytest.approx(rate["organic"], rel=0.5)
    on_targets = before.filter(pl.col("owner_id").is_in(official(world)))
    ordered = on_targets.filter(pl.col("role") == "ordered").height / 200
    assert ordered < 1


def test_staff_take_part_as_configured(world: World, likes: pl.DataFrame) -> None:
    """A head's like shows that a post was forwarded; about .6 of the staff follow."""
    targets = likes.filter(pl.col("owner_id").is_in(official(world)), pl.col("local") > ORDER_DAY)
    keys = ["institution_id", "object_id"]
    forwarded = targets.filter(pl.col("role") == "head").select(*keys, sent="time_min")
    staff = targets.filter(pl.col("role") == "ordered").join(forwarded, on=keys)
    assert 20 * 8 < forwarded.height < 100 * 8
    assert staff.height / forwarded.height / 25 == pytest.approx(0.6, abs=0.06)
    lag = (staff["time_min"] - staff["sent"]).dt.total_minutes()
    assert (lag < 30).mean() > 0.75


def test_heads_forward_in_working_hours(world: World, likes: pl.DataFrame) -> None:
    targets = likes.filter(pl.col("owner_id").is_in(official(world)), pl.col("local") > ORDER_DAY)
    heads = targets.filter(pl.col("role") == "head")
    working = heads["local"].dt.hour().is_between(9, 18) & (heads["local"].dt.weekday() <= 5)
    assert working.mean() > 0.95
    assert heads.filter(pl.col("local").dt.date() == pl.date(2019, 3, 8)).height < 10


def test_staff_praise(world: World) -> None:
    staff = world.truth.filter(pl.col("role") == "ordered")
    comments = world.events.filter(pl.col("action") == "comment").join(staff, on="account_id")
    on_targets = comments.filter(pl.col("owner_id").is_in(official(world)))
    after = on_targets["time_min"].dt.convert_time_zone(ZONE).dt.date() >= ORDER_DATE
    assert after.sum() > 200
    assert (~after).sum() < 20


def test_institutions_publish_the_same_text_within_hours(world: World) -> None:
    pages = world.truth.filter(pl.col("role") == "institution")
    posts = world.events.filter(pl.col("action") == "post").join(pages, on="account_id")
    shared = posts.group_by("text").agg(
        pl.col("account_id").n_unique(), span=pl.col("time_min").max() - pl.col("time_min").min()
    )
    campaign = shared.filter(pl.col("account_id") >= 4, pl.col("span") < pl.duration(hours=6))
    assert campaign.height >= 5


def test_fans_are_fast_and_on_official_pages(world: World, likes: pl.DataFrame) -> None:
    fast = likes.filter((pl.col("time_min") - pl.col("created")) < pl.duration(minutes=3))
    of_fans = fast.filter(pl.col("role") == "fan")
    assert of_fans["owner_id"].is_in(official(world)).mean() > 0.9
    assert of_fans["object_id"].n_unique() > 200
    before = of_fans.filter(pl.col("local") < ORDER_DAY).height / 14
    after = of_fans.filter(pl.col("local") >= ORDER_DAY).height / 31
    assert after == pytest.approx(before, rel=0.25)


def test_the_appeal_is_one_evening(world: World, likes: pl.DataFrame) -> None:
    crowd = likes.filter(pl.col("role") == "appeal", pl.col("owner_id").is_in(official(world)))
    by_day = crowd.group_by(pl.col("local").dt.date()).len().sort("len", descending=True)
    assert str(by_day["local"][0]) == "2019-02-20"
    assert by_day["len"][0] > 20 * by_day["len"][1]


def test_night_is_quiet(likes: pl.DataFrame) -> None:
    hour = likes["local"].dt.hour()
    assert hour.is_between(2, 4).mean() < 0.2 * hour.is_between(18, 20).mean()


def test_activity_and_popularity_have_heavy_tails(world: World, likes: pl.DataFrame) -> None:
    by_account = likes.filter(pl.col("role") == "organic").group_by("account_id").len()["len"]
    assert by_account.quantile(0.99) > 10 * by_account.median()
    assert world.objects["like_count"].quantile(0.99) > 8 * world.objects["like_count"].median()


def test_most_likes_come_in_the_first_hours(likes: pl.DataFrame) -> None:
    organic = likes.filter(pl.col("role") == "organic")
    age = (organic["time_min"] - organic["created"]).dt.total_hours()
    assert (age < 6).mean() > 0.55
    assert (age >= 24).mean() < 0.2


def test_likes_come_in_sittings(likes: pl.DataFrame) -> None:
    """Far more pairs of consecutive likes within five minutes than if times were exchanged."""
    organic = likes.filter(pl.col("role") == "organic").select("account_id", "time_min")
    shuffled = organic.with_columns(pl.col("time_min").shuffle(seed=1))

    def close_share(table: pl.DataFrame) -> float:
        gaps = table.sort("account_id", "time_min").select(
            gap=pl.col("time_min").diff().over("account_id").dt.total_seconds()
        )
        return float((gaps["gap"].drop_nulls() < 300).mean())

    assert close_share(organic) > 0.4
    assert close_share(organic) > 10 * close_share(shuffled)


def test_save(world: World, tmp_path: Path) -> None:
    target = tmp_path / "deep" / "world"
    world.save(target)
    assert sorted(path.name for path in target.parent.iterdir()) == ["world"]
    names = ("counters", "events", "follows", "objects", "targets", "truth")
    files = sorted(["directive.toml", *(f"{name}.parquet" for name in names)])
    assert sorted(path.name for path in target.iterdir()) == files
    for name in names:
        assert_frame_equal(pl.read_parquet(target / f"{name}.parquet"), getattr(world, name))


def test_save_into_an_empty_folder(world: World, tmp_path: Path) -> None:
    world.save(tmp_path)
    assert len(list(tmp_path.iterdir())) == 7


def test_save_refuses_a_folder_in_use(world: World, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("keep")
    with pytest.raises(CaseError, match="not empty"):
        world.save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_crash_leaves_nothing(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pl.DataFrame, "write_parquet", full)
    with pytest.raises(RunError, match="disk is full"):
        world.save(tmp_path / "world")
    assert list(tmp_path.iterdir()) == []


def test_unknown_scenario() -> None:
    with pytest.raises(SettingError, match="krasnoyarsk-2019"):
        simulate("atlantis")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"fans.devotion": 0.1}, "fans: unknown key devotion; known here are accounts"),
        ({"pages.0.posts_daily": 4.5}, r"pages\[0\]: unknown key posts_daily"),
        ({"apeal": None}, "unknown key apeal"),
        ({"span.days": "many"}, "span.days"),
        ({"span.days": None}, "span.days"),
        ({"span.days": 0}, "days = 0: must be above 0"),
        ({"order.chosen_share": 3}, "chosen_share = 3: must be from 0 to 1"),
        ({"span.timezone": "Asia/Nowhere"}, "no such zone"),
        ({"order.opens_hour": 19}, "opens_hour"),
        ({"pages.7.topic": "chess"}, "chess"),
        ({"rhythm.weekdays": [1, 1, 1, 1, 1, 1]}, "needs 7 weights"),
        ({"order.staff_per_institution": 250}, "raise it"),
        ({"order.targets": ["univerisade"]}, "no page is called univerisade"),
        ({"topical_fans.topics": ["chess"]}, "chess"),
        ({"order.deadlines.hour": 9}, "there is no table deadlines; here are"),
        ({"giveaways.posts": 3}, "there is no table giveaways"),
        ({"span.days.long": 3}, "days is a value, not a table"),
        ({"pages.99.topic": "city"}, "none of the list's numbers 0 to 9"),
        ({"topics.9": "city"}, "none of the list's numbers 0 to 5"),
        ({"observer": {"poll_minutes": 5, "snapshot_days_after": 1}}, "exclude each other"),
    ],
)
def test_unusable_changes(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        simulate(changes={"population.accounts": 1_500} | changes)


def test_mechanisms_may_be_left_out() -> None:
    off = ("fans", "topical_fans", "employees", "shares", "appeal", "order", "campaign", "shocks")
    world = simulate(changes={"population.accounts": 800} | dict.fromkeys(off))
    assert set(world.truth["role"]) == {"organic", "official", "institution", "page"}


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="cannot be read"):
        simulate(tmp_path / "none.toml")


def test_a_negative_seed() -> None:
    with pytest.raises(SettingError, match="seed -1"):
        simulate(seed=-1)

"""Directives of scenarios, true or not, and what goes with them: follows, ends, subscriptions."""

from datetime import date
from functools import cache
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from typer.testing import CliRunner

from claqueur.cli import app
from claqueur.directive.hypothesis import Directive
from claqueur.directive.reading import parse_directive, read_directive
from claqueur.errors import SettingError
from claqueur.model import EVENTS, OBJECTS
from claqueur.simulation import World, scenarios, simulate
from claqueur.simulation.reading import read_scenario

SMALL = {"population.accounts": 1_500, "fans.accounts": 50, "topical_fans.accounts": 20}
ZONE = "Asia/Krasnoyarsk"


def small(name: str, changes: dict[str, Any] | None = None) -> World:
    return simulate(name, changes=SMALL | (changes or {}))


@cache
def world(name: str) -> World:
    fewer = {"appeal.accounts": 50} if read_scenario(name)[1].appeal else {}
    return small(name, fewer)


def directive(name: str) -> Directive:
    text = world(name).directive
    assert text is not None
    return parse_directive(text, name)


@pytest.mark.parametrize("name", scenarios())
class TestEveryScenario:
    def test_its_directive_can_be_read(self, name):
        """Read strictly: every key known, no control ordered too, no item overlapping."""
        found = directive(name)
        assert found.language == "ru"
        assert found.zone == read_scenario(name)[1].span.timezone
        assert all(item.translation and item.control_pages for item in found.items)

    def test_pages_are_in_the_world_and_controls_are_none_of_them(self, name):
        roles = dict(world(name).truth.select("account_id", "role").iter_rows())
        for item in directive(name).items:
            named = {*item.target_pages, *item.institution_pages}
            for page in {*named, *item.control_pages, *item.reference}:
                assert roles[page] in ("official", "institution", "page")
            assert not named & {*item.control_pages}
            assert all(roles[page] == "institution" for page in item.institution_pages)

    def test_posts_are_in_the_world(self, name):
        posts = set(world(name).objects["object_id"])
        for item in directive(name).items:
            assert posts.issuperset(item.target_posts)

    def test_days_lie_in_the_span(self, name):
        span = read_scenario(name)[1].span
        for item in directive(name).items:
            ends = [item.start, *item.deadlines, *([item.end] if item.end else [])]
            assert all(0 <= (day - span.first_day).days < span.days for day in ends)


def test_targets_that_depend_on_the_seed_are_filled_in():
    for name in ("named-posts", "activist-network"):
        (item,) = directive(name).items
        assert sorted(item.target_posts) == world(name).targets["object_id"].to_list()
    owners = set(world("activist-network").targets["owner_id"])
    assert not owners & {*item.control_pages}
    assert len(owners) + len(item.control_pages) == 40


def test_what_names_posts_needs_some():
    assert small("activist-network", {"activists": None, "fans": None}).directive is None


def test_targets_of_a_network_are_what_it_acted_on():
    made = world("activist-network")
    own = made.truth.filter(pl.col("role") == "activist")
    praise = pl.col("text").is_not_null() & (pl.col("action") == "comment")
    acted = made.events.filter(praise).join(own, on="account_id")
    share = acted["object_id"].is_in(made.targets["object_id"].implode()).mean()
    assert share > 0.9


def test_a_scenario_of_ones_own_has_the_directive_beside_it(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('base = "organic"\ndescription = "x"\n')
    assert small(str(path)).directive is None
    (tmp_path / "directives").mkdir()
    (tmp_path / "directives" / "mine.toml").write_text('title = "x"\n')
    assert small(str(path)).directive == 'title = "x"\n'


def test_it_is_saved_beside_the_tables_and_said(tmp_path):
    arguments = ["simulate", "organic", "--out", str(tmp_path / "w")]
    done = CliRunner().invoke(app, [*arguments, "--set", "population.accounts=1500"])
    assert "directive.toml" in done.output.replace("\n", "")
    assert read_directive(tmp_path / "w" / "directive.toml").items[0].start == date(2019, 2, 8)


def test_the_wrong_ones_are_wrong():
    def order(name: str) -> Any:
        return read_scenario(name)[1].order

    start = directive("wrong-date").items[0].start
    assert (order("wrong-date").first_day - start).days == 14
    targets = {page for item in directive("wrong-page").items for page in item.target_pages}
    official = world("wrong-page").truth.filter(pl.col("role") == "official")["account_id"]
    assert order("wrong-page")
    assert not targets & set(official)
    assert not {*official} & {*directive("wrong-page").items[0].control_pages}
    assert order("nobody-followed") is None
    assert directive("nobody-followed") is not None
    assert not {"ordered", "head"} & set(world("nobody-followed").truth["role"])


class TestLastDay:
    def test_nobody_forwards_after_it(self):
        made = world("one-day-order")
        heads = made.truth.filter(pl.col("role") == "head").select("account_id")
        likes = made.events.filter(pl.col("action") == "like").join(heads, on="account_id")
        on_targets = likes.filter(pl.col("object_id").is_in(made.targets["object_id"].implode()))
        days = on_targets["time_min"].dt.convert_time_zone(ZONE).dt.date()
        assert on_targets.height > 20
        assert (days == date(2019, 2, 14)).mean() > 0.9
        born = made.objects.join(made.targets, on="object_id")["created"]
        assert set(born.dt.convert_time_zone(ZONE).dt.date()) == {date(2019, 2, 14)}

    def test_a_late_one_changes_nothing(self):
        changes = {"appeal.accounts": 50}
        plain = small("krasnoyarsk-2019", changes)
        late = small("krasnoyarsk-2019", {**changes, "order.last_day": date(2019, 3, 31)})
        assert_frame_equal(plain.events, late.events)

    def test_before_the_first(self):
        with pytest.raises(SettingError, match="last_day 2019-02-01: is before first_day"):
            simulate(changes={"order.last_day": date(2019, 2, 1)})


NOBODY_TOLD = {"appeal.accounts": 50, "counters.subscriptions": None}


class TestSubscriptions:
    def test_the_followers_of_the_page_jump_and_no_others(self):
        told, plain = world("subscribe-order"), small("subscribe-order", NOBODY_TOLD)
        key = ["owner_id", "time"]
        both = told.counters.join(
            plain.counters, on=[*key, "object_id", "counter"], nulls_equal=True
        )
        both = both.with_columns(more=pl.col("value") - pl.col("value_right"))
        day = pl.col("time").dt.convert_time_zone(ZONE).dt.date()
        own = both.filter(pl.col("owner_id") == "-1002")
        assert both.height == told.counters.height
        assert both.filter(pl.col("owner_id").ne_missing("-1002"))["more"].abs().max() == 0
        assert own.filter(day < date(2019, 2, 14))["more"].max() == 0
        assert own.filter(day >= date(2019, 2, 14))["more"].is_sorted()
        assert own["more"].max() == pytest.approx(5_500, rel=0.01)

    def test_every_official_page_where_none_is_named(self):
        changes = {**NOBODY_TOLD, "counters.subscriptions": {
            "first_day": date(2019, 2, 14), "accounts": 9_000, "spread_days": 0.5}}  # fmt: skip
        made = small("subscribe-order", changes)
        last = made.counters.filter(pl.col("counter") == "followers").group_by("owner_id").agg(
            more=pl.col("value").last() - pl.col("value").first()
        )  # fmt: skip
        grown = set(last.filter(pl.col("more") > 8_000)["owner_id"])
        assert grown == {"-1001", "-1002"}

    def test_a_page_that_is_not_there(self):
        with pytest.raises(SettingError, match="counters.subscriptions.pages: no page is called x"):
            simulate("subscribe-order", changes={"counters.subscriptions.pages": ["x"]})


class TestFollows:
    def test_rows_are_events_without_a_time(self):
        follows = world("krasnoyarsk-2019").follows
        assert follows.schema == {k: v for k, v in EVENTS.items() if k != "source"}
        assert set(follows["action"]) == {"follow"}
        assert follows["object_id"].equals(follows["owner_id"])
        assert follows["time_min"].null_count() == follows.height > 5_000
        assert follows.select("account_id", "object_id").is_unique().all()

    def test_closed_accounts_are_left_out(self):
        closed = {"appeal.accounts": 50, "observer": {"closed_share": 0.4}}
        seen, everybody = small("krasnoyarsk-2019", closed), world("krasnoyarsk-2019")
        share = seen.follows["account_id"].n_unique() / everybody.follows["account_id"].n_unique()
        assert share == pytest.approx(0.6, abs=0.05)
        likers = set(seen.events.filter(pl.col("action") == "like")["account_id"])
        assert likers <= set(seen.follows["account_id"])

    def test_where_only_counters_are_seen_there_are_none(self):
        assert world("counters-only").follows.is_empty()

    def test_objects_say_when_their_counts_were_read(self):
        objects = world("named-posts").objects
        assert objects.schema == OBJECTS
        assert objects["collected"].n_unique() == 1
        assert (objects["collected"] > objects["created"].max()).all()

"""The simulated VK API: what it shows when, whom it refuses, and how it fails on purpose."""

import asyncio
import json
import re
import signal
import socket
import subprocess
import sys
from dataclasses import fields
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import httpx
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import ROOT

from claqueur import simulate
from claqueur.errors import SettingError
from claqueur.settings import Serving
from claqueur.vkserver import Faults, Hide, SettableClock, VkServer, everything, serve
from claqueur.vkserver.clocks import Running, moment_of
from claqueur.vkserver.dataset import NEVER, from_tables
from claqueur.vkserver.methods import METHODS
from claqueur.vkserver.options import Ready
from claqueur.vkserver.script import MAX_STEPS

SMALL = {"population.accounts": 1500, "span.days": 14}
LOSSY = {
    **SMALL,
    "observer": {"unliked_share": 0.2, "unliked_hours_median": 6, "closed_share": 0.1},
}
DAY = 86_400
LIST = {"type": "post", "owner_id": -1001, "item_id": 1}


@pytest.fixture(scope="module")
def data():
    return everything("krasnoyarsk-2019", seed=3, changes=SMALL)


@pytest.fixture(scope="module")
def lossy():
    return everything("krasnoyarsk-2019", seed=3, changes=LOSSY)


@pytest.fixture(scope="module")
def lossy_walls(lossy):
    return VkServer(lossy).walls


@pytest.fixture(scope="module")
def server(data):
    return VkServer(data, rate_limit="off")


@pytest.fixture(scope="module")
def walls(server):
    """The index of a world: another server of the same world starts at once."""
    return server.walls


def most(server, timed):
    """The post that has most of something."""
    return max(server.walls.posts.values(), key=lambda post: getattr(post, timed).count(NEVER))


def ok(answer):
    assert "error" not in answer, answer
    return answer["response"]


def code(answer):
    assert set(answer) == {"error"}, answer
    return answer["error"]["error_code"]


def about(post, name="post_id", **more):
    return {"owner_id": post.owner, name: post.id, **more}


def likes(server, post, **more):
    return ok(server.answer("likes.getList", about(post, "item_id", type="post", **more)))


def by_id(server, post):
    return ok(server.answer("wall.getById", {"posts": f"{post.owner}_{post.id}"}))["items"]


class TestWhatIsShown:
    def test_all_of_the_files_when_all_is_over(self, server):
        world = simulate("krasnoyarsk-2019", seed=3, changes=SMALL)
        events = world.events.filter(pl.col("action") == "like")
        expected = dict(events.group_by("object_id").agg(pl.col("account_id")).iter_rows())
        for key, likers in list(expected.items())[:150]:
            owner, _, number = key.removeprefix("wall").partition("_")
            found = server.answer(
                "likes.getList",
                {"type": "post", "owner_id": owner, "item_id": number, "count": 1000},
            )
            assert sorted(map(str, ok(found)["items"])) == sorted(likers)
        walls = [
            ok(server.answer("wall.get", {"owner_id": owner, "count": 0}))["count"]
            for owner in server.walls.pages
        ]
        assert sum(walls) == world.objects.height

    def test_tables_of_a_world_serve_as_well(self, data, server):
        other = VkServer(simulate("krasnoyarsk-2019", seed=3, changes=SMALL), rate_limit="off")
        post = most(server, "likers")
        assert likes(other, post, count=1000) == likes(server, post, count=1000)
        args = {"owner_id": -1001, "count": 100}
        assert other.answer("wall.get", args) == server.answer("wall.get", args)
        assert other.walls.data.zone == data.zone
        assert other.walls.data.start == data.start
        assert other.walls.data.end == data.end

    def test_times_a_world_leaves_open_are_drawn_from_where_they_may_lie(self):
        world = simulate(seed=3, changes={**SMALL, "observer": {"poll_minutes": 60}})
        drawn = from_tables(world).acts.sort("object_id", "account_id", "action", "content_id")
        seen = world.events.filter(pl.col("action") != "post").sort(
            "object_id", "account_id", "action", "content_id"
        )
        assert drawn.height == seen.height
        assert (drawn["time"] >= seen["time_min"].dt.epoch("s")).all()
        assert (drawn["time"] <= seen["time_max"].dt.epoch("s")).all()

    def test_the_observers_likes_are_among_the_servers(self, lossy):
        world = simulate("krasnoyarsk-2019", seed=3, changes=LOSSY)
        keys = ["account_id", "action", "object_id", "content_id"]
        seen = world.events.filter(pl.col("action") != "post").select(keys)
        acts = lossy.acts.with_columns(pl.col("account_id").cast(pl.String)).select(keys)
        assert seen.join(acts, on=keys, how="anti", nulls_equal=True).is_empty()
        assert acts.height > seen.height
        server = VkServer(lossy)
        for row in world.objects.sample(100, seed=1).iter_rows(named=True):
            owner, _, number = row["object_id"].removeprefix("wall").partition("_")
            post = server.walls.posts[int(owner), int(number)]
            now = server.clock()
            assert post.likers.count(now) == row["like_count"]
            assert post.comments.count(now) == row["comment_count"]
            assert post.reposters.count(now) == row["repost_count"]

    @settings(deadline=None, max_examples=25)
    @given(part=st.floats(0, 1), owner=st.integers(-1010, -1001))
    def test_nothing_of_the_future(self, lossy, lossy_walls, part, owner):
        now = lossy.start + int(part * (lossy.end - lossy.start))
        server = VkServer(lossy_walls, rate_limit="off", clock=SettableClock(now))
        wall = ok(server.answer("wall.get", {"owner_id": owner, "count": 100, "extended": 1}))
        assert wall["count"] == sum(
            1 for (of, _), post in server.walls.posts.items() if of == owner and post.created <= now
        )
        acts = lossy.acts
        for item in wall["items"][:5]:
            assert item["date"] <= now
            own = acts.filter(pl.col("object_id") == f"wall{owner}_{item['id']}")
            there = own.filter((pl.col("time") <= now) & (pl.col("gone") > now))
            counted = dict(there.group_by("action").len().iter_rows())
            assert item["likes"]["count"] == counted.get("like", 0)
            assert item["comments"]["count"] == counted.get("comment", 0)
            assert item["reposts"]["count"] == counted.get("repost", 0)
            post = server.walls.posts[owner, item["id"]]
            listed = set(likes(server, post, count=1000)["items"])
            likers = set(there.filter(pl.col("action") == "like")["account_id"]) - lossy.closed
            assert listed == likers
            comments = ok(server.answer("wall.getComments", about(post, count=100)))
            assert all(comment["date"] <= now for comment in comments["items"])
            reposts = ok(server.answer("wall.getReposts", about(post)))
            assert all(repost["date"] <= now for repost in reposts["items"])

    def test_a_like_taken_back_is_seen_until_then(self, lossy):
        clock = SettableClock(0)
        server = VkServer(lossy, rate_limit="off", clock=clock)
        row = lossy.acts.filter(
            (pl.col("gone") < NEVER) & ~pl.col("account_id").is_in(list(lossy.closed))
        ).row(0, named=True)
        owner, _, number = row["object_id"].removeprefix("wall").partition("_")
        post = server.walls.posts[int(owner), int(number)]
        for moment, there in ((row["time"] - 1, False), (row["time"], True)):
            clock.moment = moment
            if clock.moment >= post.created:
                assert (row["account_id"] in likes(server, post, count=1000)["items"]) == there
        clock.moment = row["gone"] - 1
        assert row["account_id"] in likes(server, post, count=1000)["items"]
        before = post.likers.count(clock())
        clock.advance(1)
        assert row["account_id"] not in likes(server, post, count=1000)["items"]
        assert post.likers.count(clock()) <= before

    def test_before_it_is_published_there_is_no_post(self, data, walls):
        clock = SettableClock(data.start)
        server = VkServer(walls, rate_limit="off", clock=clock)
        post = server.walls.posts[max(server.walls.posts, key=lambda key: key[1])]
        clock.moment = post.created - 1
        assert code(server.answer("wall.getComments", about(post))) == 15
        assert ok(server.answer("wall.getById", {"posts": f"{post.owner}_{post.id}"})) == {
            "items": []
        }
        clock.advance(1)
        assert ok(server.answer("wall.getComments", about(post)))["count"] == 0

    def test_the_number_of_members_follows_the_counter(self, data, walls):
        clock = SettableClock(data.start)
        server = VkServer(walls, rate_limit="off", clock=clock)
        rows = data.followers.filter(pl.col("owner_id") == -1001).rows()
        ask = {"group_ids": "1001", "fields": "members_count"}
        for _, time, value in rows[:5]:
            clock.moment = time
            assert ok(server.answer("groups.getById", ask))["groups"][0]["members_count"] == value


class TestPages:
    def test_pages_put_together_are_the_list_newest_first(self, server, data):
        post = most(server, "likers")
        whole = likes(server, post, count=1000)
        parts = [
            likes(server, post, count=7, offset=offset)["items"]
            for offset in range(0, whole["count"] + 7, 7)
        ]
        assert [account for part in parts for account in part] == whole["items"]
        acts = data.acts.filter(
            (pl.col("object_id") == post.key) & (pl.col("action") == "like")
        ).sort("time")
        assert whole["items"] == acts["account_id"].to_list()[::-1]
        assert whole["count"] == len(whole["items"])

    def test_of_posts_and_members(self, server):
        wall = ok(server.answer("wall.get", {"owner_id": -1001, "count": 100}))
        dates = [item["date"] for item in wall["items"]]
        assert dates == sorted(dates, reverse=True)
        second = ok(server.answer("wall.get", {"owner_id": -1001, "count": 5, "offset": 5}))
        assert second["items"] == wall["items"][5:10]
        members, start = [], None
        while start is None or start:
            page = ok(
                server.answer(
                    "groups.getMembers",
                    {"group_id": 1001, "count": 300} | ({"start_from": start} if start else {}),
                )
            )
            members += page["items"]
            start = page.get("next_from", "")
        assert members == server.walls.members[-1001]
        assert page["count"] == len(members)

    def test_beyond_the_end_there_is_nothing(self, server):
        assert ok(server.answer("wall.get", {"owner_id": -1001, "offset": 9999}))["items"] == []
        last = ok(server.answer("groups.getMembers", {"group_id": 1001, "offset": 99_999}))
        assert last["items"] == []
        assert "next_from" not in last

    def test_lists_may_be_cut(self):
        cut = {**SMALL, "observer": {"list_length_max": 4, "list_keeps": "newest"}}
        server = VkServer(everything(seed=3, changes=cut), rate_limit="off")
        post = most(server, "likers")
        found = likes(server, post, count=1000)
        assert found["count"] == post.likers.count(NEVER) > 4
        assert found["items"] == list(post.likers.at(NEVER))[:-5:-1]


class TestComments:
    def test_threads_add_up(self, server):
        post = most(server, "comments")
        found = ok(server.answer("wall.getComments", about(post, count=100, thread_items_count=10)))
        assert found["count"] == post.comments.count(NEVER)
        threads = [item["thread"]["count"] for item in found["items"]]
        assert found["current_level_count"] == len(found["items"])
        assert found["current_level_count"] + sum(threads) == found["count"]

    def test_every_comment_is_found_once_with_the_id_of_the_files(self, server, data):
        rows = data.acts.filter(pl.col("action") == "comment")
        found = []
        for post in server.walls.posts.values():
            top = ok(server.answer("wall.getComments", about(post, count=100, preview_length=0)))
            for comment in top["items"]:
                found.append((post, comment))
                ask = about(post, count=100, preview_length=0, comment_id=comment["id"])
                below = ok(server.answer("wall.getComments", ask))
                assert below["count"] == comment["thread"]["count"] == len(below["items"])
                for reply in below["items"]:
                    assert reply["parents_stack"] == [comment["id"]]
                    assert reply["reply_to_comment"] == comment["id"]
                    assert reply["reply_to_user"] == comment["from_id"]
                    assert reply["date"] >= comment["date"]
                    found.append((post, reply))
        told = {(f"{post.key}_r{c['id']}", c["from_id"], c["date"], c["text"]) for post, c in found}
        assert len(told) == len(found) == rows.height
        assert told == set(rows.select("content_id", "account_id", "time", "text").iter_rows())
        assert sum("reply_to_comment" in comment for _, comment in found) > 10

    def test_texts_are_cut_unless_asked_otherwise(self, server):
        post, long = next(
            (post, comment)
            for post in server.walls.posts.values()
            for comment in post.comments.at(NEVER)
            if len(comment.text) > 20 and comment.parent is None
        )

        def text(**more):
            found = ok(server.answer("wall.getComments", about(post, count=100, **more)))
            return next(item["text"] for item in found["items"] if item["id"] == long.id)

        assert text(preview_length=10) == long.text[:10] + "…"
        assert text(preview_length=0) == long.text
        assert text() == (long.text if len(long.text) <= 90 else long.text[:90] + "…")

    def test_order(self, server):
        post = most(server, "comments")
        up = ok(server.answer("wall.getComments", about(post, count=100, sort="asc")))["items"]
        down = ok(server.answer("wall.getComments", about(post, count=100, sort="desc")))["items"]
        assert down == up[::-1]
        assert [item["date"] for item in up] == sorted(item["date"] for item in up)

    def test_their_likes_are_none(self, server):
        post = most(server, "comments")
        first = post.comments.at(NEVER)[0]
        ask = {"type": "comment", "owner_id": post.owner, "item_id": first.id}
        assert ok(server.answer("likes.getList", ask)) == {"count": 0, "items": []}
        found = ok(server.answer("wall.getComments", about(post, need_likes=1)))
        assert found["items"][0]["likes"]["count"] == 0


class TestReposts:
    def test_are_posts_on_walls_of_their_own(self, server, data):
        post = most(server, "reposters")
        found = ok(server.answer("wall.getReposts", about(post, count=1000)))
        assert set(found) == {"items", "profiles", "groups"}
        copies = ok(
            server.answer("likes.getList", about(post, "item_id", type="post", filter="copies"))
        )
        assert [item["owner_id"] for item in found["items"]] == copies["items"]
        assert {user["id"] for user in found["profiles"]} == set(copies["items"])
        assert [group["id"] for group in found["groups"]] == [-post.owner]
        item = found["items"][0]
        assert item["copy_history"][0]["id"] == post.id
        contents = data.acts.filter(pl.col("object_id") == post.key)["content_id"].to_list()
        assert f"wall{item['owner_id']}_{item['id']}" in contents
        wall = ok(server.answer("wall.get", {"owner_id": item["owner_id"], "extended": 1}))
        assert item in wall["items"]
        single = ok(server.answer("wall.getById", {"posts": f"{item['owner_id']}_{item['id']}"}))
        assert single["items"] == [item]


class TestPeopleAndPages:
    def test_names_say_that_they_are_simulated(self, server):
        user = server.walls.data.accounts[0]
        ask = {"user_ids": f"{user},id{user},1", "fields": "domain"}
        (found,) = ok(server.answer("users.get", ask))
        assert (found["first_name"], found["last_name"]) == ("Simulated", str(user))
        assert found["domain"] == f"id{user}"
        group = ok(server.answer("groups.getById", {"group_ids": "universiade_1,club1001,999"}))
        assert group["profiles"] == []
        assert [one["name"] for one in group["groups"]] == ["Simulated page universiade-1"]

    def test_walls_have_addresses(self, server):
        by_number = server.answer("wall.get", {"owner_id": -1001})
        for domain in ("universiade_1", "club1001", "public1001"):
            assert server.answer("wall.get", {"domain": domain}) == by_number
        assert code(server.answer("wall.get", {"domain": "nobody"})) == 100

    def test_profiles_go_with_extended_lists(self, server):
        post = most(server, "likers")
        items = likes(server, post, extended=1)["items"]
        assert {item["type"] for item in items} == {"profile"}
        assert [item["id"] for item in items] == likes(server, post)["items"]


class TestHidden:
    def test_closed_accounts(self, data):
        server = VkServer(data, rate_limit="off", hide=Hide(closed=0.5))
        closed = server.walls.hidden.closed
        assert 500 < len(closed) < 1000
        post = most(server, "likers")
        found = likes(server, post, count=1000)
        assert not closed & set(found["items"])
        assert found["count"] == len(found["items"]) < post.likers.count(NEVER)
        assert not closed & set(server.walls.members[-1001])
        who = min(closed)
        (user,) = ok(server.answer("users.get", {"user_ids": who}))
        assert (user["is_closed"], user["can_access_closed"]) == (True, False)
        assert code(server.answer("wall.get", {"owner_id": who})) == 30

    def test_deleted_accounts(self, data):
        server = VkServer(data, rate_limit="off", hide=Hide(deactivated=0.2))
        who = min(server.walls.hidden.deactivated)
        (user,) = ok(server.answer("users.get", {"user_ids": who}))
        assert user["deactivated"] == "deleted"
        assert code(server.answer("wall.get", {"owner_id": who})) == 18

    def test_deleted_posts(self, data):
        clock = SettableClock(0)
        server = VkServer(data, rate_limit="off", clock=clock, hide=Hide(deleted=0.3))
        key, second = next(iter(server.walls.hidden.deleted.items()))
        post = next(post for post in server.walls.posts.values() if post.key == key)
        clock.moment = second - 1
        assert ok(server.answer("wall.getComments", about(post)))
        wall = ok(server.answer("wall.get", {"owner_id": post.owner}))["count"]
        clock.advance(1)
        for method, name in (
            ("wall.getComments", "post_id"),
            ("wall.getReposts", "post_id"),
            ("likes.getList", "item_id"),
        ):
            assert code(server.answer(method, about(post, name, type="post"))) == 15
        assert ok(server.answer("wall.get", {"owner_id": post.owner}))["count"] == wall - 1
        assert (
            ok(server.answer("wall.getById", {"posts": f"{post.owner}_{post.id}"}))["items"] == []
        )

    @pytest.mark.parametrize(
        ("hide", "method", "params", "expected"),
        [
            (Hide(page=frozenset({-1001})), "wall.get", {"owner_id": -1001}, 15),
            (Hide(page=frozenset({-1001})), "groups.getMembers", {"group_id": 1001}, 203),
            (Hide(blocked=frozenset({-1001})), "wall.get", {"owner_id": -1001}, 19),
            (Hide(blocked=frozenset({-1001})), "groups.getMembers", {"group_id": 1001}, 203),
            (Hide(members=frozenset({-1001})), "groups.getMembers", {"group_id": 1001}, 15),
        ],
    )
    def test_pages(self, data, hide, method, params, expected):
        server = VkServer(data, rate_limit="off", hide=hide)
        assert code(server.answer(method, params)) == expected
        (group,) = ok(server.answer("groups.getById", {"group_ids": "1001"}))["groups"]
        assert group.get("deactivated") == ("banned" if hide.blocked else None)
        assert group["is_closed"] == bool(hide.page)

    def test_closed_comments(self, data):
        server = VkServer(data, rate_limit="off", hide=Hide(comments=1))
        assert code(server.answer("wall.getComments", about(most(server, "comments")))) == 212

    def test_a_network_that_hides_who_reacted(self):
        data = everything("counters-only", seed=3, changes=SMALL)
        server = VkServer(data, rate_limit="off")
        post = most(server, "likers")
        ask = about(post, "item_id", type="post")
        assert code(server.answer("likes.getList", ask)) == 15
        assert code(server.answer("wall.getReposts", about(post))) == 15
        assert code(server.answer("wall.getComments", about(post))) == 212
        assert code(server.answer("groups.getMembers", {"group_id": 1001})) == 15
        (item,) = by_id(server, post)
        assert item["likes"]["count"] > 0

    def test_pages_must_be_there(self, data):
        with pytest.raises(SettingError, match="no such page; its pages are -10"):
            VkServer(data, hide=Hide(page=frozenset({-7})))


class TestRefusals:
    @pytest.mark.parametrize(
        ("method", "params", "expected"),
        [
            ("wall.post", {"owner_id": -1001, "message": "x"}, 3),
            ("likes.add", {}, 3),
            ("Wall.get", {"owner_id": -1001}, 3),
            ("wall.getbyid", {"posts": "-1001_1"}, 3),
            ("execute.mine", {}, 3),
            ("wall.get", {}, 100),
            ("wall.get", {"owner_id": "x"}, 100),
            ("wall.get", {"owner_id": -5}, 100),
            ("wall.get", {"owner_id": -1001, "count": 101}, 100),
            ("wall.get", {"owner_id": -1001, "count": -1}, 100),
            ("wall.get", {"owner_id": -1001, "offset": -1}, 100),
            ("wall.get", {"owner_id": -1001, "filter": "mine"}, 100),
            ("wall.get", {"owner_id": -1001, "extended": "2"}, 100),
            ("wall.getById", {}, 100),
            ("wall.getById", {"posts": "57"}, 100),
            ("wall.getComments", {"owner_id": -1001}, 100),
            ("wall.getComments", {"owner_id": -1001, "post_id": 1}, 15),
            ("wall.getComments", {"owner_id": -1001, "post_id": 1, "thread_items_count": 11}, 100),
            ("likes.getList", {"owner_id": -1001, "item_id": 1}, 100),
            ("likes.getList", LIST, 15),
            ("likes.getList", {**LIST, "filter": "all"}, 100),
            ("likes.getList", {"type": "photo", "owner_id": -1001, "item_id": 1}, 15),
            ("likes.getList", {"type": "posts", "owner_id": -1001, "item_id": 1}, 100),
            (
                "likes.getList",
                {"type": "post", "owner_id": -1001, "item_id": 1, "count": 1001},
                100,
            ),
            ("wall.getReposts", {"owner_id": -1001, "post_id": 1, "count": 1001}, 100),
            ("users.get", {}, 100),
            ("users.get", {"user_ids": "durov"}, 113),
            ("users.get", {"user_ids": ",".join(map(str, range(1001)))}, 100),
            ("groups.getMembers", {"group_id": 5}, 125),
            ("groups.getMembers", {"group_id": 1001, "sort": "time_asc"}, 15),
            ("execute", {}, 100),
        ],
    )
    def test_by_number(self, server, method, params, expected):
        assert code(server.answer(method, params)) == expected

    @pytest.mark.parametrize("method", [*METHODS, "execute"])
    def test_tokens(self, server, method):
        """Errors 27 and 28 say which kind a method is not for; all others come later."""
        codes = {
            kind: server.answer(method, {}, token).get("error", {}).get("error_code")
            for kind, token in (("u", "abc"), ("s", "service-abc"), ("g", "group-abc"))
        }
        facts = {"users.get": "usg", "groups.getById": "usg", "groups.getMembers": "usg"}
        allowed = "ug" if method == "execute" else facts.get(method, "us")
        for kind, refusal in (("u", None), ("s", 28), ("g", 27)):
            assert (codes[kind] == refusal) == (kind not in allowed), kind

    def test_without_token_or_version(self, server):
        ask = server.api.answer
        assert code(ask("wall.get", {"v": "5.199", "owner_id": "-1001"})) == 5
        assert code(ask("wall.get", {"access_token": "x", "owner_id": "-1001"})) == 8
        assert code(ask("wall.get", {"access_token": "x", "v": "5.92", "owner_id": "-1001"})) == 8

    def test_the_token_is_never_told(self, server):
        for method, params in (
            ("wall.get", {"owner_id": "x"}),
            ("wall.nothing", {}),
            ("execute", {"code": "return Args.access_token + API.wall.get(Args);"}),
        ):
            answer = server.answer(method, {**params, "mark": "told"}, token="secret-token")
            assert "secret" not in json.dumps(answer)
        told = server.answer("wall.get", {"owner_id": "x"})["error"]["request_params"]
        assert {"key": "owner_id", "value": "x"} in told
        assert {"key": "method", "value": "wall.get"} in told


class TestLimits:
    def test_calls_a_second(self, walls):
        now = [0.0]
        server = VkServer(walls, ticks=lambda: now[0])
        ask = {"user_ids": "1"}
        for token, allowed in (("a", 3), ("service-a", 3), ("group-a", 20), ("b", 3)):
            answers = [server.answer("users.get", ask, token) for _ in range(allowed + 1)]
            assert [answer.get("error", {}).get("error_code") for answer in answers] == [
                *[None] * allowed,
                6,
            ]
        now[0] = 0.99
        assert code(server.answer("users.get", ask, "a")) == 6
        now[0] = 1
        assert ok(server.answer("users.get", ask, "a")) == []

    def test_one_for_all_tokens_or_none(self, walls):
        server = VkServer(walls, rate_limit=1, ticks=lambda: 0)
        for token in ("a", "group-a"):
            assert ok(server.answer("users.get", {"user_ids": "1"}, token)) == []
            assert code(server.answer("users.get", {"user_ids": "1"}, token)) == 6
        free = VkServer(walls, rate_limit="off", ticks=lambda: 0)
        for _ in range(50):
            ok(free.answer("users.get", {"user_ids": "1"}))

    def test_caps_by_days_of_the_world(self, data, walls):
        clock = SettableClock(moment_of("2019-01-30", data.zone))
        caps = {"wall.get": 2}
        server = VkServer(walls, rate_limit="off", clock=clock, daily_caps=caps)
        ask = {"owner_id": -1001, "count": 0}
        ok(server.answer("wall.get", ask))
        found = server.answer("execute", {"code": "return [API.wall.get({owner_id: -1001})];"})
        assert found["response"][0]["count"] > 0
        clock.advance(DAY - 1)
        assert code(server.answer("wall.get", ask)) == 29
        ok(server.answer("wall.get", ask, "another"))
        ok(server.answer("users.get", {"user_ids": "1"}))
        clock.advance(1)
        ok(server.answer("wall.get", ask))

    def test_of_vk_unless_lifted(self, walls):
        assert VkServer(walls).api.limits.daily_caps == {"wall.get": 5000}
        assert VkServer(walls, daily_caps={"wall.get": None}).api.limits.daily_caps == {}


def run(server, text, token="", **more):
    return server.answer("execute", {"code": text, **more}, token)


class TestExecute:
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("return 1;", 1),
            ("return", None),
            ("return 1 + 2 * 3 - 4 / 2;", 5),
            ("return (1 + 2) * -3 % 5;", -9 % 5),
            ("return 7 / 2;", 3.5),
            ('return "a" + 1 + null;', "a1null"),
            ("return [1] + [2, 3];", [1, 2, 3]),
            ("return {a: 1, 'b c': [true, false, null,], \"d\": \"\\u0451\"};",
             {"a": 1, "b c": [True, False, None], "d": "ё"}),
            ("var a = 1, b; a = a + 1; return [a, b];", [2, None]),
            ("var a = {b: {c: 1}}; a.b.c = 2; a.d = 3; return a;", {"b": {"c": 2}, "d": 3}),
            ("var a = [1, 2]; a[1] = 5; a.push(6, 7); return [a, a.length, a[9]];",
             [[1, 5, 6, 7], 4, None]),
            ("var i = 0, s = []; while (i < 3) { s.push(i); i = i + 1; } return s;", [0, 1, 2]),
            ("var i = 5; i += 2; i -= 1; i *= 4; i /= 3; return i;", 8),
            ("if (1 == 2) return 'x'; else { return 'y'; }", "y"),
            ("if (!null && 'a' != 'b' || false) return 1;", 1),
            ("return 1 < 2 ? 'yes' : 'no';", "yes"),
            ("return [1 <= 1, 2 >= 3, 'b' > 'a', null == null, 1 == '1'];",
             [True, False, True, True, True]),
            ("return [{id: 1}, {id: 2}]@.id;", [1, 2]),
            ("return 'abcdef'.slice(2, 4) + 'a,b'.split(',')[1] + [3, 4].indexOf(4);", "cdb1"),
            ("return parseInt('12') + parseInt('x') + parseDouble('1.5');", 13.5),
            ("return Args.n * 2; // a remark\n /* and\n another */", 14),
            ("var a = [1, 2, 3]; return [a.pop(), a.shift(), a];", [3, 1, [2]]),
            ("return null.a.b;", None),
        ],
    )  # fmt: skip
    def test_the_language(self, server, text, value):
        assert ok(run(server, text, n=7)) == value

    @pytest.mark.parametrize(
        "text",
        ["return [1;", "var 1;", "return API;", "x(", "return 'a", "1 = 2;", "return a.b(1);",
         "if (1 { }", "{", "return API.wall.get(1, 2);", "return `a`;", "var if = 1;", "a b",
         "return {1: 2, : 3};", "while (1) { return 1;", "(" * 5000],
    )  # fmt: skip
    def test_what_cannot_be_compiled(self, server, text):
        assert code(run(server, text)) == 12

    @pytest.mark.parametrize(
        "text",
        ["return a;", "while (true) { }", "return 1 / 0;", "return API.wall.get(5);",
         "var a = []; a.push(a); return a;", "null.a = 1;", "return 'a'.split(1);",
         "var a = 'aaaaaaaaaa'; while (true) { a = a + a; }",
         "var i = 0; while (i < 26) { API.users.get({user_ids: 1}); i = i + 1; }"],
    )  # fmt: skip
    def test_what_cannot_go_on(self, server, text):
        assert code(run(server, text)) == 13

    def test_numbers_do_not_grow_without_end(self, server):
        grown = run(server, "var a = 9, i = 0; while (i < 500) { a = a * a; i = i + 1; } return a;")
        assert ok(grown) is not None
        assert MAX_STEPS < 100_000

    def test_failed_calls_are_false_and_told_beside(self, server):
        post = most(server, "likers")
        answer = run(
            server,
            f"""return [API.wall.get({{"owner_id": {post.owner}, "count": 1}}),
            API.likes.getList({{"type": "post"}}), API.wall.nothing(),
            API.likes.getList({{type: "post", owner_id: {post.owner}, item_id: {post.id}}}),
            API.users.get({{user_ids: [1, {server.walls.data.accounts[0]}]}})];""",
        )
        wall, failed, unknown, liked, users = answer["response"]
        assert wall["items"][0]["owner_id"] == post.owner
        assert (failed, unknown) == (False, False)
        assert liked == likes(server, post)
        assert len(users) == 1
        told = [(e["method"], e["error_code"]) for e in answer["execute_errors"]]
        assert told == [("likes.getList", 100), ("wall.nothing", 3)]

    def test_with_a_groups_token_only_what_groups_may(self, server):
        text = 'return [API.users.get({user_ids: "1"}), API.wall.get({owner_id: -1001})];'
        answer = run(server, text, "group-1")
        assert answer["response"] == [[], False]
        assert answer["execute_errors"][0]["error_code"] == 27
        assert code(run(server, text, "service-1")) == 28

    def test_counts_as_one_request(self, walls):
        server = VkServer(walls, rate_limit=1, ticks=lambda: 0)
        call = 'API.users.get({"user_ids": "1"})'
        assert ok(run(server, f"return [{','.join([call] * 25)}];")) == [[]] * 25
        assert code(run(server, "return 1;")) == 6

    def test_too_large_an_answer(self, server):
        text = """var a = API.wall.get({owner_id: -1001, count: 100}).items, i = 0;
        while (i < 8) { a = a + a; i = i + 1; } return a;"""
        assert code(run(server, text)) == 13

    @settings(deadline=None, max_examples=60)
    @given(st.text(alphabet="API.wallget({}) [];,=<>!&|?:+-*/%'\"0a@\\ \n", max_size=60))
    def test_any_text_is_answered(self, server, text):
        answer = run(server, text)
        assert code(answer) in (12, 13, 100) if "error" in answer else "response" in answer


class TestFaults:
    def test_go_by_seed_and_number(self):
        faults = Faults({"500": 0.2, "slow": 0.3}, seed=4)
        drawn = [faults.of(number) for number in range(2000)]
        assert drawn == [Faults({"500": 0.2, "slow": 0.3}, seed=4).of(n) for n in range(2000)]
        assert drawn != [Faults({"500": 0.2, "slow": 0.3}, seed=5).of(n) for n in range(2000)]
        assert 340 < drawn.count("500") < 460
        assert 540 < drawn.count("slow") < 660
        assert {Faults().of(number) for number in range(10)} == {None}
        assert {Faults({"broken": 1}).of(number) for number in range(10)} == {"broken"}

    @pytest.mark.parametrize(
        ("shares", "words"),
        [({"bug": 0.1}, "no such fault"), ({"500": 1.5}, "between 0 and 1"),
         ({"500": 0.6, "slow": 0.6}, "add up to 1.2")],
    )  # fmt: skip
    def test_must_make_sense(self, shares, words):
        with pytest.raises(SettingError, match=words):
            Faults(shares)

    def test_what_each_looks_like(self, walls):
        def asked(kind):
            server = VkServer(walls, rate_limit="off", faults=Faults({kind: 1}, seconds=0.02))
            return get(server, "wall.get", owner_id=-1001, count=10)

        plain = get(VkServer(walls, rate_limit="off"), "wall.get", owner_id=-1001, count=10)
        assert asked("500").status_code == 500
        assert asked("timeout").status_code == 504
        broken = asked("broken")
        assert broken.status_code == 200
        with pytest.raises(json.JSONDecodeError):
            broken.json()
        assert plain.content.startswith(broken.content)
        assert asked("slow").json() == plain.json()
        cut, whole = asked("truncated").json()["response"], plain.json()["response"]
        assert cut["count"] == whole["count"]
        assert len(cut["items"]) == len(whole["items"]) // 2
        for kind in ("500", "timeout", "broken", "slow", "truncated"):
            assert "simulated" in asked(kind).headers["x-claqueur-simulated"]


def get(app, method, *, verb="GET", path="", client=("127.0.0.1", 5), **params):
    """Ask the app without a network."""
    given = {"access_token": "x", "v": "5.199", **params}

    async def ask():
        transport = httpx.ASGITransport(app=app, client=client)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as session:
            return await session.request(verb, path or f"/method/{method}", params=given)

    return asyncio.run(ask())


def post(app, method, **request):
    async def ask():
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as session:
            return await session.post(f"/method/{method}", **request)

    return asyncio.run(ask())


class TestHttp:
    def test_every_way_to_ask(self, server):
        expected = get(server, "wall.get", owner_id=-1001).json()
        form = {"owner_id": "-1001", "v": "5.199"}
        parts = {name: (None, value) for name, value in (form | {"access_token": "y"}).items()}
        for answer in (
            post(server, "wall.get", data=form | {"access_token": "y"}),
            post(server, "wall.get", files=parts),
            post(server, "wall.get", data=form, headers={"Authorization": "Bearer y"}),
            post(server, "wall.get", data=form, params={"access_token": "y"}),
            post(server, "wall.get", params=form, headers={"authorization": "bearer y"}),
        ):
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith("application/json")
            assert answer.json() == expected

    def test_json_is_not_read(self, server):
        body = {"owner_id": "-1001", "v": "5.199", "access_token": "y"}
        assert code(post(server, "wall.get", json=body).json()) == 5

    def test_errors_come_with_200(self, server):
        answer = get(server, "wall.get")
        assert (answer.status_code, code(answer.json())) == (200, 100)

    def test_every_answer_says_that_all_is_simulated(self, walls):
        clock = SettableClock(1_549_000_000)
        server = VkServer(walls, clock=clock)
        for answer in (
            get(server, "wall.get", owner_id=-1001),
            get(server, "wall.get"),
            get(server, "", path="/"),
            get(server, "", path="/nothing"),
            get(server, "wall.get", verb="PUT"),
            get(server, "wall.get", client=("10.0.0.7", 5)),
            post(server, "wall.get", content=b"x" * (1 << 21)),
        ):
            assert "simulated" in answer.headers["x-claqueur-simulated"]
            assert answer.headers["x-claqueur-time"] == "2019-02-01T05:46:40Z"

    def test_status_codes(self, server):
        assert get(server, "", path="/nothing").status_code == 404
        assert get(server, "wall.get", verb="PUT").status_code == 405
        assert get(server, "wall.get", client=("10.0.0.7", 5)).status_code == 403
        assert post(server, "wall.get", content=b"x" * (1 << 21)).status_code == 413
        bad = post(
            server, "wall.get", content=b"??", headers={"content-type": "multipart/form-data"}
        )
        assert code(bad.json()) == 5

    def test_the_page_says_what_it_is(self, server):
        page = get(server, "", path="/")
        assert page.headers["content-type"].startswith("text/html")
        assert "none is real" in page.text
        assert "execute" in page.text

    def test_over_a_socket(self, walls):
        with serve(walls, rate_limit="off") as base_url:
            assert base_url.startswith("http://127.0.0.1:")
            with httpx.Client(base_url=base_url) as client:
                for _ in range(3):
                    answer = client.get(
                        "/method/users.get", params={"user_ids": "1", "v": "5.199"},
                        headers={"Authorization": "Bearer x"},
                    )  # fmt: skip
                    assert answer.json() == {"response": []}
                assert "date" in answer.headers
        with pytest.raises(httpx.ConnectError):
            httpx.get(base_url)

    def test_ends_while_somebody_waits(self, walls):
        """A request that hangs on purpose does not keep the server from ending."""
        faults = Faults({"timeout": 1}, seconds=600)
        with serve(walls, faults=faults) as base_url, pytest.raises(httpx.ReadTimeout):
            httpx.get(f"{base_url}/method/users.get", timeout=0.3)


class TestClocks:
    def test_moments_are_read_in_the_worlds_zone(self):
        zone = ZoneInfo("Asia/Krasnoyarsk")
        noon = int(datetime(2019, 2, 1, 5, tzinfo=UTC).timestamp())
        assert moment_of("2019-02-01T12:00", zone) == noon
        assert moment_of("2019-02-01T05:00Z", zone) == noon
        assert moment_of(date(2019, 2, 1), zone) == noon - 12 * 3600

    def test_run_faster(self):
        now = [100.0]
        clock = Running(1000, 600, lambda: now[0])
        assert clock() == 1000
        now[0] += 2.5
        assert clock() == 2500

    def test_of_a_server(self, data, walls):
        assert VkServer(walls).clock() == data.end
        assert VkServer(walls, start="2019-02-01", speed=0).clock() == moment_of(
            "2019-02-01", data.zone
        )
        assert VkServer(walls, speed=0).clock() == data.start
        assert VkServer(walls, start=date(2019, 2, 1)).clock.speed == 1
        with pytest.raises(SettingError, match="excludes start and speed"):
            VkServer(walls, clock=SettableClock(0), speed=1)


class TestCommand:
    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ({"start": "soon"}, "--start soon: is no date; write 2019-02-01"),
            ({"start": "1800-01-01"}, "between 1970 and 9999"),
            ({"speed": -1.0}, "--speed -1: must be 0 or more"),
            ({"speed": float("nan")}, "--speed nan"),
            ({"rate_limit": "0"}, "--rate-limit 0: must be 1 or more"),
            ({"rate_limit": "many"}, "--rate-limit many"),
            ({"daily_cap": ("wall.get",)}, "write METHOD=N, as wall.get=100"),
            ({"daily_cap": ("wall.post=1",)}, "--daily-cap wall.post: no such method; known are"),
            ({"fault": ("slow",)}, "--fault slow: write KIND=SHARE, as slow=0.1"),
            ({"fault": ("fire=0.1",)}, "--fault fire: no such fault; known are timeout"),
            ({"fault": ("500=1", "slow=1")}, "add up to 2"),
            ({"fault_seed": -1}, "--fault-seed -1"),
            ({"hide": ("dogs=0.1",)}, "--hide dogs: nothing is called so; known are closed"),
            ({"hide": ("closed=x",)}, "--hide closed=x: write KIND=SHARE"),
            ({"hide": ("closed=2",)}, "--hide closed=2: a share lies between 0 and 1"),
            ({"hide": ("page=1001",)}, "--hide page=1001: write the page's id, as page=-1003"),
            ({"port": 70_000}, "--port 70000: must lie between 0"),
        ],
    )
    def test_flags_are_checked_first(self, given, words):
        with pytest.raises(SettingError, match=re.escape(words)):
            Ready.of(Serving(**{"port": 0, **given}))

    def test_flags_arrive(self, data):
        ready = Ready.of(
            Serving(
                port=0, start="2019-02-01", speed=0.0, rate_limit="off", fault_seed=3,
                daily_cap=("wall.get=off", "users.get=7"), fault=("slow=0.25", "500=0.5"),
                hide=("closed=0.5", "page=-1001", "page=-1002", "members=-1003"),
            )
        )  # fmt: skip
        with ready.listener:
            server = ready.server(data)
            assert ready.course(server) == (
                "2019-02-01 00:00 Asia/Krasnoyarsk, 0 seconds in a second"
            )
            assert server.api.limits.rate == "off"
            assert server.api.limits.daily_caps == {"users.get": 7}
            assert server.walls.hide.page == {-1001, -1002}
            assert ready.options["faults"] == Faults({"slow": 0.25, "500": 0.5}, 3)

    def test_a_port_in_use(self):
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            with pytest.raises(SettingError, match=f"--port {port}: is in use; choose another"):
                Ready.of(Serving(port=port))

    def test_from_start_to_ctrl_c(self, tmp_path):
        words = ["simulate", "krasnoyarsk-2019", "--out", tmp_path / "world", "--serve"]
        words += ["--set", "population.accounts=1500", "--set", "span.days=10"]
        words += ["--port", "0", "--start", "2019-01-28", "--speed", "0"]
        command = [sys.executable, "-m", "claqueur", *map(str, words)]
        with _started(command) as process:
            lines = []
            while not lines or "http://" not in lines[-1]:
                lines.append(process.stdout.readline())
                assert lines[-1], process.stderr.read()
            assert (tmp_path / "world" / "events.parquet").exists()
            base_url = re.search(r"http://[\d.:]+", lines[-1])[0]
            answer = httpx.get(
                f"{base_url}/method/wall.get",
                params={"owner_id": -1001, "v": "5.199", "access_token": "x"},
            )
            assert answer.json()["response"]["count"] > 0
            assert answer.headers["x-claqueur-time"] == "2019-01-27T17:00:00Z"
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=20)
        assert process.returncode == 0, err
        assert out == "Ended.\n"
        assert err == ""

    def test_flags_without_the_server(self, tmp_path):
        command = [sys.executable, "-m", "claqueur", "simulate", "organic", "--speed", "3"]
        ended = subprocess.run(
            [*command, "--out", tmp_path / "world"], capture_output=True, text=True, check=False
        )
        assert ended.returncode == 2
        assert "--speed: goes with --serve; add it" in ended.stderr
        assert not (tmp_path / "world").exists()

    def test_every_setting_is_documented(self):
        text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
        for entry in fields(Serving):
            assert f"`--{entry.name.replace('_', '-')}`" in text, entry.name


def _started(command) -> subprocess.Popen[str]:
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

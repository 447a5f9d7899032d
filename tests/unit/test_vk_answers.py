"""What VK answered, as rows: posts, comments, reposts, lists of likers, members, counters."""

from __future__ import annotations

import tempfile
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.vk_fixtures import (
    COMMENTS,
    FIRST,
    READ,
    REPOSTS,
    SECOND,
    WALL,
    answer,
    comment,
    failed,
    likes,
    post,
)
from vkbottle_types.responses.likes import LikesGetListResponseModel
from vkbottle_types.responses.wall import (
    WallGetCommentsExtendedResponseModel,
    WallGetExtendedResponseModel,
    WallGetRepostsResponseModel,
)

from claqueur.errors import SourceError
from claqueur.intake import read_files
from claqueur.record import Record
from claqueur.refusals import Refusals
from claqueur.settings import Reading
from claqueur.sources.vk_answers import (
    DELETED,
    FRIENDS,
    NO_TIME,
    NOBODY_SHOWN,
    OTHER_LISTS,
    PREVIEWED,
    TWICE,
    Translated,
    answer_of,
    split_execute,
    translate,
)
from claqueur.sources.vk_calls import calls_of
from claqueur.sources.vk_rows import BEGUN_AGAIN_MS
from claqueur.store import Events, collect

POST = "wall-1001_57"
MINUTE = 60_000


def rows(batches: list[pa.RecordBatch], *columns: str) -> list[tuple]:
    tables = [pl.DataFrame(batch).select(columns).cast(pl.String) for batch in batches]
    return sorted(pl.concat(tables).rows()) if tables else []


def told(*answers, **_) -> tuple[Translated, Refusals]:
    refusals = Refusals()
    return translate(answers, refusals), refusals


def events_of(*answers) -> Events:
    found, refusals = told(*answers)
    return collect([batch for name, batch in found.tables() if name == "events"], refusals)


def spans(events: Events, action: str = "like") -> dict[str, tuple]:
    frame = events.decoded(events.of_action(action)).sort("account_id", "time_min")
    ends = pl.col("time_min", "time_max").dt.epoch("ms")
    return {who: (low, high) for who, low, high in frame.select("account_id", ends).iter_rows()}


class TestFixtures:
    """They are what VK may send, so says a library that models its schema."""

    def test_accepted_by_an_outside_judge(self):
        WallGetExtendedResponseModel.model_validate(WALL)
        WallGetRepostsResponseModel.model_validate(REPOSTS)
        LikesGetListResponseModel.model_validate(likes([1, 2]).response)
        WallGetCommentsExtendedResponseModel.model_validate(
            {**COMMENTS, "profiles": [], "groups": []}
        )


class TestPosts:
    def test_objects_with_what_their_counters_showed(self):
        found, _ = told(answer("wall.get", WALL, owner_id=-1001))
        columns = ["object_id", "owner_id", "created_ms", "text", "like_count", "view_count",
                   "collected_ms"]  # fmt: skip
        assert rows(found.objects, *columns)[1] == (
            POST, "-1001", str(FIRST * 1000), "Праздник!", "3", "480", str(READ),
        )  # fmt: skip
        assert rows(found.counters, "object_id", "counter", "time_ms", "value")[4:8] == [
            (POST, "comments", str(READ), "2"), (POST, "likes", str(READ), "3"),
            (POST, "reposts", str(READ), "1"), (POST, "views", str(READ), "480"),
        ]  # fmt: skip

    def test_events_of_who_wrote_them(self):
        found, refusals = told(answer("wall.get", WALL, owner_id=-1001))
        assert rows(found.events, "object_id", "account_id", "action", "t_min_ms") == [
            ("wall-1001_12", "-1001", "post", str((FIRST - 86_400) * 1000)),
            (POST, "-1001", "post", str(FIRST * 1000)),
            ("wall-1001_58", "700000001", "post", str(SECOND * 1000)),
        ]
        assert refusals.counts == {}

    def test_the_schema_leaves_the_owner_out(self):
        item = {name: value for name, value in post().items() if name != "owner_id"}
        found, _ = told(answer("wall.get", {"count": 1, "items": [item]}, owner_id=-1001))
        assert rows(found.events, "object_id", "owner_id") == [(POST, "-1001")]
        _, refusals = told(answer("wall.get", {"count": 1, "items": [item]}, domain="museum"))
        assert list(refusals.counts) == ["post without an id or a wall"]

    def test_read_twice_is_one_event_and_two_readings(self):
        again = post(likes=9, text="Праздник! (добавлено)")
        found, _ = told(
            answer("wall.get", WALL), answer("wall.getById", {"items": [again]}, READ + 5)
        )
        assert rows(found.events, "object_id", "text")[1] == (POST, "Праздник! (добавлено)")
        readings = [row for row in rows(found.objects, "object_id", "like_count") if row[0] == POST]
        assert readings == [(POST, "3"), (POST, "9")]

    def test_a_text_stands_where_it_is_new(self):
        polls = [answer("wall.get", {"items": [post()]}, READ + k) for k in (2, 0, 1)]
        polls.append(answer("wall.get", {"items": [post(text="!")]}, READ + 3))
        found, _ = told(*polls)
        assert rows(found.objects, "collected_ms", "text") == [
            (str(READ), "Праздник!"), (str(READ + 1), None), (str(READ + 2), None),
            (str(READ + 3), "!"),
        ]  # fmt: skip

    def test_counters_that_are_not_shown_are_no_zeros(self):
        hidden = {**post(), "views": None, "likes": {"can_like": 0}}
        found, _ = told(answer("wall.get", {"items": [hidden]}))
        assert rows(found.objects, "like_count", "view_count", "comment_count") == [
            (None, None, "2")
        ]
        assert {row[0] for row in rows(found.counters, "counter")} == {"comments", "reposts"}

    def test_gone_or_not_among_those_asked_for(self):
        found, refusals = told(
            answer(
                "wall.getById",
                {"items": [post(), {"id": 58, "owner_id": -1001, "is_deleted": True}]},
                posts="-1001_57,-1001_58,-1001_59",
            )
        )
        assert found.not_visible.select("object_id", "code", "why").rows() == [
            ("wall-1001_58", None, "deleted"),
            ("wall-1001_59", None, "not among the posts asked for"),
        ]
        assert len(rows(found.events, "object_id")) == 1
        assert sum(refusals.noted.counts.values()) == 2

    def test_not_published(self):
        items = [post(post_type="postpone"), post(58, post_type="suggest")]
        found, refusals = told(answer("wall.get", {"items": items}))
        assert not found.events
        assert not found.objects
        assert refusals.total == 2

    def test_a_page_that_copies_a_post_reposts_it(self):
        copy = REPOSTS["items"][1]
        found, _ = told(answer("wall.get", {"items": [copy]}))
        assert rows(found.events, "action", "account_id", "object_id", "content_id") == [
            ("post", "-1002", "wall-1002_31", None),
            ("repost", "-1002", POST, "wall-1002_31"),
        ]


class TestComments:
    def test_with_their_threads(self):
        found, refusals = told(
            answer("wall.getComments", COMMENTS, owner_id=-1001, post_id=57, preview_length=0)
        )
        assert rows(found.events, "content_id", "account_id", "object_id", "text") == [
            (f"{POST}_r58", "700000002", POST, "Молодцы!"),
            (f"{POST}_r60", "-1001", POST, "Спасибо"),
            (f"{POST}_r61", "700000003", POST, "И я так думаю"),
            (f"{POST}_r62", "700000004", POST, "Почему удалили?"),
            (f"{POST}_r63", "700000002", POST, ""),
        ]
        assert refusals.counts == {DELETED: 1}
        assert refusals.noted.counts == {}

    def test_places_may_stand_in_the_parameters_only(self):
        bare = {"id": 58, "from_id": 7, "date": FIRST, "text": "!"}
        found, _ = told(
            answer("wall.getComments", {"items": [bare]}, owner_id=-1001, post_id=57,
                   preview_length=0)
        )  # fmt: skip
        assert rows(found.events, "content_id", "owner_id") == [(f"{POST}_r58", "-1001")]
        _, refusals = told(answer("wall.getComments", {"items": [bare]}))
        assert list(refusals.counts) == ["comment that does not say on which post it is"]

    def test_read_again_counts_once_with_the_longest_text(self):
        texts = ["Молод…", "Молодцы!", "Молод!"]
        polls = [
            answer("wall.getComments", {"items": [comment(58, 7, text)]}, READ + k)
            for k, text in enumerate(texts)
        ]
        found, _ = told(*polls)
        assert rows(found.events, "text") == [("Молодцы!",)]

    def test_a_preview_is_noted(self):
        _, refusals = told(answer("wall.getComments", COMMENTS, owner_id=-1001, post_id=57))
        assert refusals.noted.counts == {PREVIEWED: 1}

    def test_no_author_and_no_date(self):
        items = [comment(1, 0, "a"), {**comment(2, 7, "b"), "date": "gestern"},
                 {**comment(3, 7, "c"), "date": 9_999_999_999}, "text"]  # fmt: skip
        found, refusals = told(answer("wall.getComments", {"items": items}))
        assert not found.events
        assert refusals.total == 4


class TestReposts:
    def test_dated(self):
        found, _ = told(answer("wall.getReposts", REPOSTS, owner_id=-1001, post_id=57))
        columns = ["account_id", "object_id", "owner_id", "content_id", "t_min_ms", "text"]
        assert rows(found.events, *columns) == [
            ("-1002", POST, "-1001", "wall-1002_31", str((FIRST + 7_200) * 1000), ""),
            ("700000005", POST, "-1001", "wall700000005_900", str((FIRST + 3_600) * 1000),
             "Смотрите"),
        ]  # fmt: skip

    def test_also_without_parameters(self):
        found, _ = told(answer("wall.getReposts", REPOSTS))
        assert {row[0] for row in rows(found.events, "object_id")} == {POST}

    def test_seen_in_a_list_too_is_one_repost(self):
        events = events_of(
            answer("wall.getReposts", REPOSTS, owner_id=-1001, post_id=57),
            answer("wall.get", WALL),
            likes([700000005, 700000009], filter="copies"),
        )
        assert spans(events, "repost") == {
            "-1002": ((FIRST + 7_200) * 1000,) * 2,
            "700000005": ((FIRST + 3_600) * 1000,) * 2,
            "700000009": (FIRST * 1000, READ),
        }
        named = events.decoded(events.of_action("repost")).sort("account_id")["content_id"]
        assert named.to_list() == ["wall-1002_31", "wall700000005_900", None]

    def test_two_reposts_by_one_account_stay_two(self):
        again = {**REPOSTS["items"][0], "id": 901, "date": FIRST + 9_000}
        items = [REPOSTS["items"][0], again]
        events = events_of(
            answer("wall.getReposts", {"items": items}, owner_id=-1001, post_id=57),
            answer("wall.get", WALL),
            likes([700000005], filter="copies"),
        )
        named = events.decoded(events.of_action("repost"))
        assert named["content_id"].to_list() == ["wall700000005_900", "wall700000005_901"]
        assert (named["time_min"] == named["time_max"]).all()


class TestLists:
    def test_polls_become_intervals(self):
        wall = answer("wall.get", WALL)
        later = [likes([2, 1], time_ms=READ + MINUTE), likes([3, 2, 1], time_ms=READ + 2 * MINUTE)]
        found = spans(events_of(likes([1]), *later, wall))
        assert found == {
            "1": (FIRST * 1000, READ),
            "2": (READ, READ + MINUTE),
            "3": (READ + MINUTE, READ + 2 * MINUTE),
        }

    def test_pages_of_one_reading_are_one_list(self):
        everybody = list(range(1, 2501))
        pages = [likes(everybody[at : at + 1000], 2500, at, READ + at) for at in (0, 2000, 1000)]
        found, refusals = told(*pages)
        frame = pl.concat([pl.DataFrame(batch) for batch in found.sightings])
        assert frame["poll_ms"].unique().to_list() == [READ + 2000]
        assert frame["list_count"].unique().to_list() == [2500]
        ranked = frame.with_columns(pl.col("account_id").cast(pl.String).cast(pl.Int64))
        assert (ranked["account_id"] == ranked["rank"]).all()
        # Whole: who is missing was not there.
        late = likes([*everybody[:999], 9999], 2501, 0, READ + MINUTE)
        assert spans(events_of(*pages, late))["9999"] == (READ + 2000, READ + MINUTE)
        assert refusals.total == 0

    def test_a_page_that_is_missing_cuts_the_list(self):
        pages = [likes(list(range(1, 1001)), 2500), likes(list(range(2001, 2501)), 2500, 2000)]
        found = spans(events_of(*pages, likes([9999], 9000, time_ms=READ + MINUTE)))
        assert found["9999"] == (None, None)

    def test_two_readings_are_two_lists(self):
        both = [
            likes(list(range(1 + poll, 1001 + poll)), 1002 + poll, 0, READ + poll * MINUTE)
            for poll in (0, 1)
        ] + [likes([5000 + poll, 6000], 1002 + poll, 1000, READ + poll * MINUTE + 1)
             for poll in (0, 1)]  # fmt: skip
        found, _ = told(*both)
        polls = {row[0] for row in rows(found.sightings, "poll_ms")}
        assert polls == {str(READ + 1), str(READ + MINUTE + 1)}

    def test_begun_again_because_it_changed_is_one_list(self):
        first, second = list(range(1, 1001)), list(range(1001, 1201))
        pages = [
            likes(first, 1200, 0, READ),
            likes(second, 1201, 1000, READ + 300),
            likes([9999, *first[:-1]], 1201, 0, READ + 600),
        ]
        found, _ = told(*pages)
        assert {row[0] for row in rows(found.sightings, "poll_ms")} == {str(READ + 600)}
        assert len(set(rows(found.sightings, "account_id"))) == 1201

    def test_a_change_between_two_pages_makes_it_cut(self):
        # Newest first: one more pushes the last of the first page onto the second.
        first, second = list(range(1, 1001)), list(range(1000, 1201))
        pages = [likes(first, 1200), likes(second, 1201, 1000, READ + 500)]
        later = likes([7777], 1202, 0, READ + MINUTE)
        assert spans(events_of(*pages, later))["7777"] == (None, None)

    def test_the_same_answer_twice(self):
        _, refusals = told(likes([1, 2]), likes([1, 2]))
        assert refusals.noted.counts == {TWICE: 1}

    def test_an_empty_list_bounds_later_ones(self):
        polls = [likes([]), likes([4], time_ms=READ + MINUTE)]
        assert spans(events_of(*polls, answer("wall.get", WALL))) == {"4": (READ, READ + MINUTE)}

    def test_a_number_without_anybody_is_no_empty_list(self):
        found, refusals = told(likes([], 40))
        assert not found.sightings
        assert refusals.noted.counts == {NOBODY_SHOWN: 1}

    def test_profiles_instead_of_ids(self):
        items = [{"id": 5, "type": "profile", "first_name": "А"}, {"id": 44, "type": "page"},
                 {"id": -45, "type": "group"}, "6"]  # fmt: skip
        found, _ = told(answer("likes.getList", {"count": 4, "items": items}, type="post",
                               owner_id=-1001, item_id=57))  # fmt: skip
        assert [row[0] for row in rows(found.sightings, "account_id")] == ["-44", "-45", "5", "6"]

    def test_read_nobody_knows_when(self):
        events = events_of(likes([1, 2], time_ms=NO_TIME), likes([2], time_ms=NO_TIME))
        assert spans(events) == {"1": (None, None), "2": (None, None)}

    def test_lists_that_are_of_no_use(self):
        _, refusals = told(
            likes([1], type="photo"), likes([1], friends_only=1), likes([1], item_id="x"),
            answer("likes.getList", {"items": [1]}, type="post", owner_id=-1001, item_id=57),
            answer("likes.getList", {"count": 3}, type="post", owner_id=-1001, item_id=57),
        )  # fmt: skip
        assert refusals.counts[OTHER_LISTS] == refusals.counts[FRIENDS] == 1
        assert refusals.total == 5

    def test_entries_that_are_no_accounts(self):
        found, refusals = told(likes([1, None, "x", True, {}, 0, 2]))
        assert len(rows(found.sightings, "account_id")) == 2
        assert refusals.counts == {"entry of a list that is no account": 5}


class TestNotVisible:
    @pytest.mark.parametrize("code", [15, 18, 19, 30, 203, 212])
    def test_an_error_is_not_nothing(self, code):
        found, refusals = told(failed(code))
        assert found.not_visible.rows() == [
            ("likes.getList", POST, "-1001", code, found.not_visible["why"][0], READ, "ab12")
        ]
        assert not list(found.tables())
        assert refusals.total == 0
        assert "not for nothing" in next(iter(refusals.noted.counts))

    def test_a_hidden_list_bounds_nobody(self):
        polls = [failed(15), likes([4], time_ms=READ + MINUTE)]
        found = spans(events_of(*polls, answer("wall.get", WALL)))
        assert found == {"4": (FIRST * 1000, READ + MINUTE)}

    def test_other_errors_only_say_that_the_call_failed(self):
        found, refusals = told(failed(29), failed(6), failed(5, "users.get", user_ids="1"))
        assert found.not_visible.is_empty()
        assert refusals.total == 3

    def test_whose_members(self):
        found, _ = told(failed(203, "groups.getMembers", group_id=1001), failed(15, "wall.get",
                        domain="museum"))  # fmt: skip
        assert found.not_visible["owner_id"].to_list() == ["-1001", "museum"]


class TestPages:
    def test_members_follow_without_a_time(self):
        pages = [
            answer("groups.getMembers", {"count": 3, "items": [7, 8], "next_from": ""},
                   group_id=1001),
            answer("groups.getMembers", {"count": 3, "items": [{"id": 9, "sex": 1}, {"id": 8}]},
                   group_id=1001, offset=2),
        ]  # fmt: skip
        found, _ = told(*pages)
        assert rows(found.follows, "account_id", "object_id", "owner_id", "action") == [
            (who, "-1001", "-1001", "follow") for who in "789"
        ]
        assert "t_min_ms" not in found.follows[0].schema.names

    def test_followers_are_a_counter_of_the_page(self):
        found, _ = told(
            answer("groups.getById", {"groups": [{"id": 1001, "members_count": 5120}],
                                      "profiles": []}),
            answer("users.get", [{"id": 700000001, "followers_count": 12}, {"id": 2}]),
            answer("groups.getMembers", {"count": 40, "items": []}, group_id=1002, count=0),
        )  # fmt: skip
        assert rows(found.counters, "owner_id", "counter", "time_ms", "value") == [
            ("-1001", "followers", str(READ), "5120"), ("-1002", "followers", str(READ), "40"),
            ("700000001", "followers", str(READ), "12"),
        ]  # fmt: skip


class TestExecute:
    CODE = (
        'return [API.likes.getList({"type":"post","owner_id":-1001,"item_id":57,"count":1000}),'
        'API.likes.getList({"type":"post","owner_id":-1001,"item_id":58}),\n'
        " API.wall.get({owner_id: -1001, count: 100})];"
    )

    def body(self):
        return {
            "response": [{"count": 2, "items": [1, 2]}, False, WALL],
            "execute_errors": [
                {"method": "likes.getList", "error_code": 15, "error_msg": "Access denied"}
            ],
        }

    def test_each_call_by_itself(self):
        whole = answer_of(
            self.body(), "execute", {"code": self.CODE, "access_token": "t"}, READ, "e"
        )
        assert set(whole.params) == {"code"}
        parts = split_execute(whole)
        assert [part.method for part in parts] == ["likes.getList", "likes.getList", "wall.get"]
        assert parts[1].error["error_code"] == 15
        found, refusals = told(whole)
        assert found.not_visible["object_id"].to_list() == ["wall-1001_58"]
        assert len(rows(found.sightings, "account_id")) == 2
        assert len(rows(found.events, "object_id")) == 3
        assert refusals.total == 0

    def test_calls_given_outright(self):
        whole = answer_of(self.body(), "execute", {}, READ, "e")
        asked = [
            ("likes.getList", {"owner_id": "-1001", "item_id": "57", "access_token": "t"}),
            ("likes.getList", {"owner_id": "-1001", "item_id": "58"}),
            ("wall.get", {}),
        ]
        parts = split_execute(whole, asked)
        assert parts[0].params == {"owner_id": "-1001", "item_id": "57"}
        with pytest.raises(SourceError, match="another length"):
            split_execute(whole, asked[:2])

    @pytest.mark.parametrize(
        "code",
        [
            "", "var a = 1; return a;", "return [API.wall.get({owner_id: a.b})];",
            'return [API.wall.get({"owner_id": -1})', "return [];",
            'return [API.wall.get({"owner_id":-1}).items];', "return [API.wall.get([1])];",
        ],
    )  # fmt: skip
    def test_what_computes_is_not_guessed_at(self, code):
        assert calls_of(code) is None
        _, refusals = told(answer("execute", [1], code=code))
        assert refusals.total == 1

    def test_one_call_alone(self):
        code = "return API.wall.get({owner_id: -1001});"
        found, _ = told(answer("execute", WALL, code=code))
        assert len(rows(found.events, "object_id")) == 3

    def test_a_call_that_failed_without_a_reason(self):
        code = "return [API.users.get({}), API.users.get()];"
        found, refusals = told(answer("execute", [False, False], code=code, error={
            "execute_errors": [{"method": "users.get", "error_code": 18}, "?"]}))  # fmt: skip
        assert found.not_visible.height == 1
        assert refusals.counts == {"call inside execute that failed without saying why": 1}


class TestOddAnswers:
    def test_ids_that_lost_digits_stop_everything(self):
        for item in ({**post(), "id": 57.0}, {**post(), "from_id": 1.0e9}):
            with pytest.raises(SourceError, match=r"ab12: wall.get holds ids.*floats"):
                told(answer("wall.get", {"items": [item]}))
        with pytest.raises(SourceError, match="floats"):
            told(likes([1.0, 2.0]))

    @pytest.mark.parametrize(
        "response", [None, 1, "text", [], {}, [1], {"items": 3}, {"items": [[], 1, None]}, True]
    )
    @pytest.mark.parametrize(
        "method", ["wall.get", "wall.getComments", "wall.getReposts", "likes.getList",
                   "groups.getMembers", "groups.getById", "users.get", "execute", "friends.get"],
    )  # fmt: skip
    def test_shapes_that_are_none(self, method, response):
        found, _ = told(answer(method, response, owner_id=-1, item_id=1, post_id=1, group_id=1))
        assert not found.events
        assert not found.sightings

    def test_half_a_character_where_a_preview_cut_an_emoji(self):
        found, _ = told(answer("wall.get", {"items": [post(text="Ура \ud83d")]}))
        assert rows(found.events, "text") == [("Ура ?",)]

    def test_numbers_too_large_to_be_accounts(self):
        found, refusals = told(likes([2**70, 5]))
        assert rows(found.sightings, "account_id") == [("5",)]
        assert refusals.total == 1

    def test_unknown_methods_are_counted(self):
        _, refusals = told(answer("friends.get", {"items": []}), answer("<b>x</b>", {"items": []}))
        assert list(refusals.counts) == [
            "answer of friends.get, of which nothing is used",
            "answer of an unknown method, of which nothing is used",
        ]

    def test_read_in_the_future(self):
        _, refusals = told(likes([1], time_ms=READ * 10))
        assert refusals.counts == {"answer with a time in the future": 1}


# Likes given and taken back at steps of time, polls at others, through both ways in

STEP = BEGUN_AGAIN_MS + 1000
"""Within less, a list that was cut counts as one that was begun again."""

HISTORY = st.lists(
    st.tuples(st.integers(1, 2), st.integers(1, 6), st.integers(0, 30), st.integers(1, 30)),
    max_size=14,
)
POLLS = st.lists(st.tuples(st.integers(1, 2), st.integers(1, 30)), min_size=1, max_size=9,
                 unique=True)  # fmt: skip


def liked(history, number: int, minute: int) -> list[int]:
    held = {
        who for p, who, begin, span in history if p == number and begin < minute <= begin + span
    }
    return sorted(held)


def as_answers(history, polls, page: int, seen: int, born: bool):
    for number, minute in polls:
        who = liked(history, number, minute)
        for at in range(0, max(len(who[:seen]), 1), page):
            items = who[at : min(at + page, seen)]
            yield answer("likes.getList", {"count": len(who), "items": items},
                         READ + minute * STEP, type="post", owner_id=-1001, item_id=number,
                         offset=at)  # fmt: skip
    if born:
        yield answer("wall.get", {"items": [post(1, READ // 1000), post(2, READ // 1000 - 60)]})


def as_table(history, polls, seen: int, born: bool) -> pl.DataFrame:
    made = [
        (READ + minute * STEP, f"wall-1001_{number}", None if who is None else str(who),
         len(liked(history, number, minute)), "-1001",
         (READ - (number - 1) * MINUTE) if born else None)
        for number, minute in polls
        for who in liked(history, number, minute)[:seen] or [None]
    ]  # fmt: skip
    names = ["poll_time", "object_id", "account_id", "list_count", "owner_id", "created"]
    kinds = dict.fromkeys(names, pl.String) | dict.fromkeys(
        ("poll_time", "list_count", "created"), pl.Int64
    )
    frame = pl.DataFrame(made, schema=kinds, orient="row")
    moment = pl.Datetime("ms", "UTC")
    return frame.with_columns(pl.col("poll_time", "created").cast(moment))


def facts(events: Events) -> list[tuple]:
    names = ["object_id", "account_id", "owner_id", "time_min", "time_max", "list_count"]
    frame = events.of_action("like")
    decoded = events.decoded(frame).select(names).with_columns(frame["poll_ms"], frame["last_ms"])
    return sorted(decoded.rows(), key=str)


class TestAgainstTables:
    @settings(max_examples=60, deadline=None)
    @given(HISTORY, POLLS, st.integers(1, 4), st.integers(1, 6), st.booleans())
    def test_answers_and_tables_of_polls_give_the_same_events(
        self, history, polls, page, seen, born
    ):
        if not any(liked(history, *poll) for poll in polls):
            return
        found, refusals = told(*as_answers(history, polls, page, seen, born))
        through_answers = collect([b for name, b in found.tables() if name == "events"], refusals)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "polls.parquet"
            as_table(history, polls, seen, born).write_parquet(path)
            through_table = read_files([path], Reading(format="polls"), Path(folder), Record())
        assert facts(through_answers) == facts(through_table)
        assert through_answers.polls.drop("created_ms").equals(
            through_table.polls.drop("created_ms")
        )

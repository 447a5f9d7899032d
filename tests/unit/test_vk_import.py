"""Saved answers of VK's API and 4CAT's exports, through `claqueur add` and `detect`."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.vk_fixtures import COMMENTS, FIRST, READ, REPOSTS, WALL, comment, post

from claqueur.case import Case, create_case, open_case
from claqueur.errors import SettingError, SourceError
from claqueur.intake import read_files
from claqueur.pipeline import add, detect
from claqueur.progress import Progress
from claqueur.record import Record
from claqueur.settings import Reading
from claqueur.store import OTHER_TEXT, Events

POST = "wall-1001_57"
LIKES = {"count": 2, "items": [700000002, 700000003]}
ASKED = {"type": "post", "owner_id": -1001, "item_id": 57, "count": 1000}
TOKEN = "vk1.a.SECRET"


def wrapped(method: str = "likes.getList", response: Any = LIKES, time: Any = READ // 1000,
            **more: Any) -> dict[str, Any]:  # fmt: skip
    return {"method": method, "params": ASKED, "time": time, "response": response, **more}


@pytest.fixture
def saved(tmp_path: Path):
    """A file of documents: NDJSON of several, one JSON of one."""

    def write(*documents: Any, name: str = "answers.ndjson", indent: int | None = None) -> Path:
        path = tmp_path / name
        lines = (d if isinstance(d, str) else json.dumps(d, indent=indent) for d in documents)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return create_case(tmp_path / "case")


def likers(case: Case) -> dict[str, tuple]:
    events = open_case(case.folder).events()
    assert events is not None
    frame = events.decoded(events.of_action("like"))
    ends = pl.col("time_min", "time_max").dt.epoch("ms")
    return {who: (low, high) for who, low, high in frame.select("account_id", ends).iter_rows()}


def read(*paths: Path, **reading: Any) -> tuple[Events, Record]:
    record = Record()
    return read_files(list(paths), Reading(**reading), paths[0].parent, record), record


class TestSaved:
    def test_all_tables_of_a_case(self, case, saved):
        asked = {"owner_id": -1001, "post_id": 57, "preview_length": 0}
        path = saved(
            wrapped("wall.get", WALL, params={"owner_id": -1001}),
            wrapped("wall.getComments", COMMENTS, params=asked),
            wrapped("wall.getReposts", REPOSTS, params=asked),
            wrapped(),
            wrapped("groups.getById", {"groups": [{"id": 1001, "members_count": 5}]}),
            wrapped(
                "likes.getList", error={"error_code": 15}, response=None,
                params={**ASKED, "item_id": 58},
            ),
        )  # fmt: skip
        record = add(case, [path])
        assert record.inputs[0]["format"] == "vk"
        events = case.events()
        assert events.actions == ["comment", "like", "post", "repost"]
        assert case.objects().height == 3
        assert set(case.counters()["counter"]) == {
            "likes", "comments", "reposts", "views", "followers",
        }  # fmt: skip
        assert likers(case) == dict.fromkeys(["700000002", "700000003"], (FIRST * 1000, READ))
        noted = case.imports()[0]["noted"]
        assert [n["first"] for n in noted if "error 15" in n["reason"]] == [["answers.ndjson:6"]]

    def test_files_are_read_together(self, case, saved):
        pages = [
            saved(
                wrapped(
                    response={"count": 1002, "items": items}, time=READ // 1000 + at,
                    params={**ASKED, "offset": at},
                ),
                name=f"page{at}.json", indent=2,
            )
            for at, items in ((0, list(range(1, 1001))), (1000, [5001, 5002]))
        ]  # fmt: skip
        later = {"count": 1003, "items": [6000]}
        pages.append(saved(wrapped(response=later, time=READ // 1000 + 3_600), name="later.json"))
        add(case, pages[::-1])
        assert likers(case)["6000"] == (READ + 1_000_000, READ + 3_600_000)

    def test_several_imports(self, case, saved):
        add(case, [saved(wrapped("wall.get", WALL), wrapped())])
        more = {"count": 3, "items": [9, 700000002, 700000003]}
        add(case, [saved(wrapped(response=more, time=READ // 1000 + 60))])
        assert likers(case)["9"] == (READ, READ + 60_000)
        assert len(likers(case)) == 3

    def test_an_edited_comment_is_one_event(self, case, saved):
        for text in ("Молод…", "Молодцы!", "Молодцы"):
            one = {"items": [comment(58, 7, text)]}
            record = add(case, [saved(wrapped("wall.getComments", one))])
        events = case.events()
        assert events.frame["text"].to_list() == ["Молодцы!"]
        assert record.refused.noted.counts[OTHER_TEXT] == 1

    @pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
    def test_which_text_is_kept_does_not_depend_on_the_order(self, case, saved, order):
        texts = ["Ура", "Ура!", "Yра!"]
        for place in order:
            one = {"items": [comment(58, 7, texts[place]), comment(59, 7, "")]}
            add(case, [saved(wrapped("wall.getComments", one))])
        assert sorted(case.events().frame["text"]) == ["", "Ура!"]

    @pytest.mark.parametrize("indent", [None, 1])
    @pytest.mark.parametrize("several", [False, True])
    def test_json_that_is_no_table(self, case, saved, indent, several):
        documents = [wrapped("wall.get", WALL), wrapped()]
        if several:
            add(case, [saved(documents, name="a.json", indent=indent)])
        else:
            files = [
                saved(document, name=f"{i}.json", indent=indent)
                for i, document in enumerate(documents)
            ]
            add(case, files)
        assert len(likers(case)) == 2

    def test_documents_one_after_another_as_jq_writes_them(self, case, saved):
        add(case, [saved(wrapped("wall.get", WALL), wrapped(), name="a.json", indent=2)])
        assert len(likers(case)) == 2

    def test_packed_and_with_a_byte_order_mark(self, case, tmp_path):
        path = tmp_path / "a.ndjson.gz"
        path.write_bytes(gzip.compress(b"\xef\xbb\xbf" + json.dumps(wrapped()).encode()))
        add(case, [path])
        assert likers(case) == {"700000002": (None, None), "700000003": (None, None)}

    def test_a_line_longer_than_what_is_looked_at(self, case, saved):
        wide = {"count": 200_000, "items": list(range(700_000_000, 700_200_000))}
        add(case, [saved(wrapped(response=wide), name="a.json")])
        assert len(likers(case)) == 200_000

    def test_detect(self, saved):
        events, record = read(saved(wrapped("wall.get", WALL), wrapped()))
        assert len(events) == 5
        assert record.inputs[0]["format"] == "vk"
        result = detect(saved(wrapped("wall.get", WALL), wrapped()))
        assert result.run["inputs"][0]["format"] == "vk"

    def test_beside_a_table(self, case, saved, csv):
        table = csv("account_id,object_id,timestamp,action\n9,wall-1001_57,1549600000,like\n")
        add(case, [table, saved(wrapped())])
        assert len(likers(case)) == 3

    def test_the_order_of_lists_if_it_is_known(self, case, saved):
        wall = wrapped("wall.get", WALL)
        lists = [[1], [3, 2, 1]]
        polls = [
            wrapped(response={"count": len(who), "items": who}, time=READ // 1000 + i)
            for i, who in enumerate(lists)
        ]
        add(case, [saved(wall, *polls)], Reading(rank_order="newest-first"))
        assert case.events().frame["rank_order"].drop_nulls().to_list() == [-1] * 3


class TestWrappers:
    URL = (
        "https://api.vk.com/method/likes.getList?type=post&owner_id=-1001&item_id=57&v=5.199"
        f"&access_token={TOKEN}"
    )

    @pytest.mark.parametrize(
        "document",
        [
            wrapped(),
            {"method": "likes.getList", "args": ASKED, "read_at": READ, "response": LIKES},
            {"url": URL, "time": "2019-02-08T10:00:00Z", "response": LIKES},
            {"request": {"url": URL, "method": "GET"}, "time": READ, "response": LIKES},
            {"request": URL, "timestamp": str(READ), "body": {"response": LIKES}},
            {"request": {"method": "likes.getList", "params": ASKED}, "time_ms": READ,
             "response": {"response": LIKES}},
            {"method": "likes.getList", "params": "type=post&owner_id=-1001&item_id=57",
             "time": READ / 1000 + 0.0, "body": json.dumps({"response": LIKES}),
             "response": {"response": LIKES}},
        ],
    )  # fmt: skip
    def test_as_savers_write_them(self, case, saved, document):
        add(case, [saved(wrapped("wall.get", WALL), document)])
        assert likers(case) == dict.fromkeys(["700000002", "700000003"], (FIRST * 1000, READ))

    def test_tokens_are_never_kept(self, case, saved):
        secret = {"access_token": TOKEN, "client_secret": TOKEN}
        heard = Heard()
        path = saved(
            {"url": self.URL, "time": READ, "response": LIKES, "headers": secret},
            wrapped(params={**ASKED, **secret}),
            wrapped(time="never", params=secret),
            f'{{"access_token": "{TOKEN}", broken',
            {
                "error": {
                    "error_code": 15,
                    "error_msg": TOKEN,
                    "request_params": [{"key": "access_token", "value": TOKEN}],
                }
            },
        )
        add(case, [path], progress=heard)
        held = b"".join(p.read_bytes() for p in case.folder.rglob("*") if p.is_file())
        assert TOKEN.encode() not in held
        assert TOKEN not in "".join(heard.lines)
        assert len(heard.lines) > 5

    def test_bare_answers_that_say_what_they_are(self, case, saved):
        groups = {"groups": [{"id": 1001, "members_count": 5}], "profiles": []}
        add(case, [saved(*({"response": r} for r in (WALL, COMMENTS, groups)))])
        assert case.events().actions == ["comment", "post"]
        assert case.objects()["collected"].null_count() == 3
        assert case.counters() is None

    def test_an_error_says_what_was_asked(self, case, saved):
        asked = [{"key": "method", "value": "likes.getList"}, {"key": "owner_id", "value": "-1001"},
                 {"key": "item_id", "value": "58"}, {"key": "v", "value": "5.199"}]  # fmt: skip
        error = {"error": {"error_code": 15, "error_msg": "Access denied", "request_params": asked}}
        add(case, [saved(wrapped("wall.get", WALL), error)])
        assert "likes.getList (error 15" in case.imports()[0]["noted"][-1]["reason"]

    def test_a_bare_list_does_not_say_whose_it_is(self, case, saved):
        with pytest.raises(SourceError, match="does not say what was asked"):
            add(case, [saved({"response": LIKES})])

    @pytest.mark.parametrize(
        ("name", "time"),
        [("likes.getList_-1001_57_1549620000.json", READ), ("likes.getList_-1001_57.json", None),
         ("likes.getList_-1001_57_1549620000000.json", READ)],
    )  # fmt: skip
    def test_what_the_files_name_says(self, case, saved, name, time):
        wall = saved({"response": WALL}, name="wall.get_-1001_1549620000.json")
        record = add(case, [saved({"response": LIKES}, name=name), wall])
        low = None if time is None else FIRST * 1000
        assert likers(case) == dict.fromkeys(["700000002", "700000003"], (low, time))
        assert any("taken from the file's name" in line for line in record.refused.noted.lines())

    @pytest.mark.parametrize(
        "name", ["likes.getList_-1001_1549612800.json", "likes.getList_57.json",
                 "friends.get_-1001_57.json", "likes_-1001_57.json"]
    )  # fmt: skip
    def test_a_name_that_may_mean_two_things_says_nothing(self, case, saved, name):
        with pytest.raises(SourceError, match="does not say what was asked"):
            add(case, [saved({"response": LIKES}, name=name)])

    def test_a_name_is_about_one_answer_only(self, case, saved):
        with pytest.raises(SourceError, match="does not say what was asked"):
            add(case, [saved(*[{"response": LIKES}] * 2, name="likes.getList_-1001_57.json")])

    def test_execute_with_its_calls(self, case, saved):
        calls = [{"method": "wall.get", "params": {}}, {"method": "likes.getList", "params": ASKED}]
        both = wrapped("execute", [WALL, LIKES], params={}, calls=calls)
        add(case, [saved(both)])
        assert len(likers(case)) == 2

    def test_execute_with_other_calls(self, case, saved):
        both = wrapped("execute", [WALL, LIKES], calls=[{"method": "wall.get"}])
        record = add(case, [saved(both, wrapped())])
        assert list(record.refused.counts) == ["execute answer of another length than its calls"]

    def test_execute_with_its_code(self, case, saved):
        code = f"return [API.wall.get({{}}), API.likes.getList({json.dumps(ASKED)})];"
        failed = {"response": [WALL, False], "execute_errors": [{"error_code": 15}]}
        both = {"method": "execute", "params": {"code": code}, "time": READ, **failed}
        record = add(case, [saved(both)])
        assert any("error 15" in line for line in record.refused.noted.lines())


class Heard(Progress):
    """What would be on the screen."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def stage(self, name: str, total: int | None = None) -> None:
        self.lines.append(name)

    def note(self, text: str) -> None:
        self.lines.append(text)


class TestBadInput:
    def test_a_broken_line_is_counted(self, case, saved):
        record = add(case, [saved(wrapped(), '{"response": {"count": 2, "it', "[1]", "")])
        assert record.refused.counts == {"line that is no JSON object": 2}
        assert len(likers(case)) == 2

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "is empty"),
            ("<!DOCTYPE html><html><body>502</body></html>", "web page"),
            ('{"response": {"count": 1,\n "items": [1', "no whole JSON"),
            ('[{"response": {"count": 1, "items": [1]}},', "no whole JSON"),
            ('{"error": {"error_code": 5, "error_msg": "x"}}', "error 5|what was asked"),
            ('{"method": "friends.get", "time": 1549620000, "response": {"items": []}}',
             "friends.get, of which nothing is used"),
            ('{"method": "wall.get", "time": "morgen", "response": {"items": []}}',
             "time cannot be read"),
            ('{"method": "wall.get", "time": true, "response": {"items": []}}',
             "time cannot be read"),
            ('{"method": "wall.get", "time": 99999999999, "response": {"items": []}}',
             "time cannot be read"),
            ('{"method": 3, "params": [], "response": {"items": "x"}}', "what was asked"),
            ('{"response": {"items": [{"id": 5.0, "owner_id": -1.0, "date": 1, "post_type": ""}]}}',
             "floats"),
            ("[" * 100_000, "JSON"),
            ('{"method": "wall.get", "time": "2019-02-08 10:00", "response": {"items": []}}',
             "--timezone"),
        ],
    )  # fmt: skip
    def test_what_stops_an_import(self, case, saved, text, said):
        with pytest.raises(SourceError, match=said):
            add(case, [saved(text, name="a.json")], Reading(format="vk"))
        assert case.events() is None

    def test_only_not_visible(self, case, saved):
        hidden = wrapped(response=None, error={"error_code": 15})
        with pytest.raises(SourceError, match="no event, object or counter is left"):
            add(case, [saved(hidden)])

    def test_other_json_is_still_no_table(self, case, saved):
        for indent in (None, 2):
            path = saved([{"account_id": "1", "object_id": "a"}], name="t.json", indent=indent)
            with pytest.raises(SourceError, match=re.escape("jq -c '.[]' t.json")):
                add(case, [path])

    def test_a_table_named_vk(self, case, csv):
        with pytest.raises(SourceError, match="--format vk reads JSON, and this is csv"):
            add(case, [csv("account_id,object_id\n1,a\n")], Reading(format="vk"))

    def test_map_is_for_columns(self, case, saved):
        with pytest.raises(SettingError, match="a call of its own"):
            add(case, [saved(wrapped())], Reading(map=("account_id=id",)))

    def test_a_document_too_large_to_hold(self, case, saved, monkeypatch):
        monkeypatch.setattr("claqueur.documents.MOST_BYTES", 10)
        with pytest.raises(SourceError, match="one object a line"):
            add(case, [saved([wrapped()], name="a.json")])


CSV = """\
id,thread_id,timestamp,unix_timestamp,link,item_type,body,author_id,views,likes,post_comments
57,57,2019-02-07 11:00:00,1549526400,https://vk.com/wall-1001_57,post,Праздник!,-1001,480,3,2
58,57,2019-02-07 11:01:00,1549526460,https://vk.com/wall-1001_58,comment,"Да, да",700000002,,,
59,57,2019-02-07 11:01:00,soon,https://vk.com/wall-1001_59,comment,x,700000002,,,
60,60,2019-02-07 11:01:00,1549526460,https://vk.com/wall-1001_60,story,x,700000002,,,
61,57,2019-02-07 11:01:00,1549526460,,comment,x,700000002,,,
"""


class TestFourCat:
    def test_csv(self, case, csv):
        record = add(case, [csv(CSV, "4cat.csv")])
        assert record.inputs[0]["format"] == "4cat-vk"
        events = case.events()
        shown = events.decoded(events.frame).sort("action")
        names = ["account_id", "action", "object_id", "owner_id", "content_id"]
        assert shown.select(names).rows() == [
            ("700000002", "comment", POST, "-1001", f"{POST}_r58"),
            ("-1001", "post", POST, "-1001", None),
        ]  # fmt: skip
        assert shown["time_min"].dt.epoch("s").to_list() == [FIRST + 60, FIRST]
        objects = case.objects()
        names = ["object_id", "like_count", "comment_count", "repost_count", "view_count"]
        assert objects.select(names).row(0) == (POST, 3, 2, None, 480)
        assert objects["created"].dt.epoch("s").to_list() == [FIRST]
        assert record.refused.total == 3

    def test_ndjson(self, case, saved):
        items = [
            {**post(), "4cat_item_type": "post", "author_profile": {}},
            *({**item, "4cat_item_type": "comment"} for item in COMMENTS["items"]),
            # A reply is there twice: below its comment, and by itself.
            {**COMMENTS["items"][0]["thread"]["items"][1], "4cat_item_type": "comment"},
            {**post(90), "4cat_item_type": "story"},
        ]
        record = add(case, [saved(*items, name="4cat.ndjson")])
        assert record.inputs[0]["format"] == "4cat-vk"
        events = case.events()
        assert len(events.of_action("comment")) == 5
        assert case.objects()["like_count"].to_list() == [3]
        assert record.refused.total == 2

    def test_detect(self, csv):
        events, record = read(csv(CSV, "4cat.csv"))
        assert len(events) == 2
        assert record.inputs[0]["format"] == "4cat-vk"

    def test_another_table_of_that_name(self, case, csv):
        table = csv("account_id,object_id\n1,a\n")
        with pytest.raises(SourceError, match="lacks id, thread_id"):
            add(case, [table], Reading(format="4cat-vk"))

    def test_ids_that_lost_digits(self, case, csv):
        with pytest.raises(SourceError, match="'author_id' holds ids that were turned into floats"):
            add(case, [csv(CSV.replace("700000002", "7.00000002e+08"), "4cat.csv")])

    def test_nothing_but_what_is_neither(self, case, csv):
        with pytest.raises(SourceError, match="neither post nor comment"):
            add(case, [csv(CSV.replace(",post,", ",x,").replace(",comment,", ",y,"), "4cat.csv")])

"""Lists of likers: polled, cut, out of order, seen by two, read late; never times by themselves."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest

from claqueur.bounds import CONTRADICTED, SEEN_TWICE
from claqueur.case import create_case, open_case
from claqueur.demo import OBSERVERS, observer
from claqueur.errors import SettingError, SourceError
from claqueur.intake import read_files
from claqueur.lists import lists_of
from claqueur.pipeline import add, detect
from claqueur.publish.privacy import Pseudonyms
from claqueur.publish.report import render
from claqueur.publish.report.sections.data import about
from claqueur.record import Record
from claqueur.settings import Reading
from claqueur.sightings import AGAIN, EMPTY, TWICE
from claqueur.simulation import simulate
from claqueur.store import DUPLICATE, Events

HEADER = "poll_time,object_id,account_id,list_count,created\n"
LATE = "poll_time,object_id,account_id\n"


def at(hour: float) -> str:
    return f"2020-03-01T{int(hour):02}:{round(hour % 1 * 60):02}:00Z"


def polled(*lists: tuple[float, str, str, object], created: object = "") -> str:
    """A table of lists: hour, object, accounts in order, count."""
    rows = [
        f"{at(hour)},{name},{account},{'' if count is None else count},{created}\n"
        for hour, name, accounts, count in lists
        for account in (accounts or [""])
    ]
    return HEADER + "".join(rows)


def read(*paths: Path, **reading: object) -> tuple[Events, Record]:
    record = Record()
    return read_files(list(paths), Reading(**reading), paths[0].parent, record), record  # type: ignore[arg-type]


def spans(events: Events) -> dict[str, list[tuple[float | None, float | None]]]:
    """Hours between which each account acted."""
    table = events.decoded(events.frame).sort("account_id", "time_min")
    found: dict[str, list[tuple[float | None, float | None]]] = {}
    for who, low, high in table.select("account_id", "time_min", "time_max").iter_rows():
        hours = [None if end is None else end.hour + end.minute / 60 for end in (low, high)]
        found.setdefault(who, []).append((hours[0], hours[1]))
    return found


class TestPolls:
    def test_first_seen_after_a_whole_list_without_it(self, csv):
        events, record = read(csv(polled((2, "o", "ab", 2), (1, "o", "a", 1), created=at(0))))
        assert spans(events) == {"a": [(0, 1)], "b": [(1, 2)]}
        assert record.inputs[0]["format"] == "polls"
        assert record.refused.noted.counts == {AGAIN: 1}
        assert events.actions == ["like"]

    def test_without_a_publication_the_first_list_gives_no_time(self, csv):
        events, _ = read(csv(polled((1, "o", "a", 1), (2, "o", "ab", 2))))
        assert spans(events) == {"a": [(None, None)], "b": [(1, 2)]}

    def test_a_list_that_was_cut_proves_nothing(self, csv):
        lists = [(1, "o", "a", 1), (2, "o", "ab", 5), (3, "o", "bc", 3), (4, "o", "abcd", 4)]
        events, _ = read(csv(polled(*lists, created=at(0))))
        assert spans(events) == {"a": [(0, 1)], "b": [(1, 2)], "c": [(1, 3)], "d": [(1, 4)]}
        assert lists_of(events)["taken_back"] == 0

    def test_taken_back_and_given_again(self, csv):
        lists = [(1, "o", "ab", None), (2, "o", "b", None), (3, "o", "", 0), (5, "o", "a", 1)]
        events, record = read(csv(polled(*lists, created=at(0))))
        assert spans(events) == {"a": [(0, 1), (3, 5)], "b": [(0, 1)]}
        assert lists_of(events)["taken_back"] == 2
        assert record.refused.noted.counts == {EMPTY: 1, AGAIN: 1}

    def test_an_account_twice_in_one_list(self, csv):
        events, record = read(csv(polled((1, "o", "aab", 3), (2, "o", "c", 1))))
        assert len(events) == 3
        assert record.refused.noted.counts == {TWICE: 1}
        # Two different accounts of three there are: the first list was cut.
        assert spans(events)["c"] == [(None, None)]

    def test_objects_and_actions_are_independent(self, csv):
        rows = [(1, "o", "a", "like"), (2, "p", "b", "like"), (3, "o", "b", "repost")]
        text = "polled_at,post_id,user_id,action\n" + "".join(
            f"{at(h)},{o},{a},{kind}\n" for h, o, a, kind in rows
        )
        events, _ = read(csv(text))
        assert events.frame["t_min_ms"].null_count() == 3

    def test_a_list_read_before_its_object_was_published(self, csv):
        events, _ = read(csv(polled((1, "o", "a", 1), created=at(5))))
        assert spans(events) == {"a": [(None, None)]}

    def test_rank_and_count_are_those_of_the_first_list(self, csv):
        text = "poll_time,object_id,account_id,rank,list_count\n"
        text += f"{at(2)},o,a,9,10\n{at(1)},o,a,3,5\n{at(1)},o,b,x,5\n"
        events, record = read(csv(text))
        rows = events.decoded(events.frame).select("account_id", "rank", "list_count").rows()
        assert sorted(rows) == [("a", 3, 5), ("b", None, 5)]
        (odd,) = [reason for reason in record.refused.noted.counts if "rank that is no" in reason]
        assert record.refused.noted.first_rows[odd] == ["events.csv row 3"]

    def test_rows_without_a_moment_or_an_object(self, csv):
        text = LATE + f",o,a\n{at(1)},,a\n{at(1)},o,b\n"
        events, record = read(csv(text))
        assert len(events) == 1
        assert record.refused.counts == {"no object_id": 1, "no poll_time": 1}

    def test_only_empty_lists(self, csv):
        with pytest.raises(SourceError, match="no event is left"):
            read(csv(polled((1, "o", "", 0))))

    def test_moments_of_rows_are_not_taken_for_polls(self, csv):
        text = f"fetched_at,object_id,account_id\n{at(1)},o,a\n{at(2)},o,b\n"
        events, record = read(csv(text))
        assert record.inputs[0]["format"] == "columns"
        assert spans(events) == {"a": [(None, None)], "b": [(None, None)]}
        named, _ = read(csv(text, "named.csv"), format="polls")
        assert spans(named) == {"a": [(None, None)], "b": [(1, 2)]}

    def test_columns_by_name(self, csv):
        path = csv(f"when,object_id,who\n{at(1)},o,a\n")
        events, _ = read(path, format="polls", map=("poll_time=when", "account_id=who"))
        assert len(events) == 1
        with pytest.raises(SourceError, match="no column for `poll_time`"):
            read(path, format="polls")
        with pytest.raises(SettingError, match="lists of likers have no such column"):
            read(path, format="polls", map=("timestamp=when",))

    def test_a_page_where_everyone_likes_everything(self, csv):
        everyone = [f"{n:03}" for n in range(60)]
        rows = [(h, f"o{o}", everyone, 60) for h in (1, 2, 3) for o in range(20)]
        events, record = read(csv(polled(*rows, created=at(0))))
        assert len(events) == 1200
        assert record.refused.noted.counts == {AGAIN: 2400}


class TestCase:
    def test_imports_in_any_order_give_the_same(self, csv, tmp_path):
        parts = [
            polled((1, "o", "a", 1), (2, "o", "ab", 2), created=at(0)),
            polled((4, "o", "bc", 2), (5, "o", "abc", 3), created=at(0)),
            polled((3, "o", "", 0), created=at(0)),
        ]
        wanted = {"a": [(0, 1), (4, 5)], "b": [(1, 2), (3, 4)], "c": [(3, 4)]}
        files = [csv(text, f"{i}.csv") for i, text in enumerate(parts)]
        assert spans(read(*files)[0]) == wanted
        for name, order in (("forth", (0, 1, 2)), ("back", (1, 0, 2))):
            case = create_case(tmp_path / name)
            for number in order[:2]:
                add(case, [files[number]])
            add(case, [files[2], files[0]])
            events = open_case(case.folder).events()
            assert events is not None
            assert spans(events) == wanted
            assert lists_of(events)["polls"] == 5
            delivered = sum(entry["delivered"] for entry in case.imports())
            folded = sum(row["rows"] for entry in case.imports() for row in entry["noted"])
            assert delivered == len(events) + folded

    def test_what_was_noted_reaches_the_run(self, csv, tmp_path):
        case = create_case(tmp_path / "case")
        add(case, [csv(polled((1, "o", "aab", 4), (2, "o", "ab", 4)))])
        record = Record()
        for imported in case.imports():
            record.take_over(imported)
        events = case.events()
        assert events is not None
        run = record.run_json(events, {}, "", "")
        assert {row["reason"]: row["rows"] for row in run["events"]["noted"]} == {
            TWICE: 1,
            AGAIN: 2,
        }
        assert run["lists"]["incomplete"] == {"objects": 1, "shown": 2, "said": 4}

    def test_an_import_of_before(self):
        record = Record()
        record.take_over({"inputs": [], "delivered": 3, "refused": []})
        assert record.refused.noted.total == 0


POSTS = "account_id,object_id,owner_id,action,timestamp\n"


class TestWhatElseBoundsATime:
    def test_the_pages_own_post_dates_a_late_list(self, csv):
        late = csv(f"poll_time,object_id,owner_id,account_id\n{at(9)},o,-1,a\n", "late.csv")
        post = csv(POSTS + f"-1,o,-1,post,{at(3)}\n-1,o,-1,comment,{at(2)}\n", "posts.csv")
        events, _ = read(late, post)
        assert spans(events)["a"] == [(3, 9)]
        assert spans(read(post, late)[0])["a"] == [(3, 9)]

    def test_a_stranger_or_a_later_post_does_not(self, csv):
        late = csv(f"poll_time,object_id,owner_id,account_id\n{at(9)},o,-1,a\n", "late.csv")
        post = csv(POSTS + f"-1,o,-1,post,{at(10)}\nb,o,-1,post,{at(1)}\n", "posts.csv")
        assert spans(read(late, post)[0])["a"] == [(None, None)]

    def test_two_collectors_saw_the_same_like(self, csv):
        one = csv(polled((1, "o", "a", 1), (3, "o", "ab", 2)), "one.csv")
        other = csv(polled((2, "o", "a", 1), (2.5, "o", "ab", 2)), "other.csv")
        events, _ = read(one, other)
        assert spans(events)["b"] == [(2, 2.5)]
        header = "account_id,object_id,action,time_min,time_max\n"
        table = csv(header + f"b,o,like,{at(2.25)},{at(2.75)}\n", "table.csv")
        events, record = read(one, table)
        assert spans(events)["b"] == [(2.25, 2.75)]
        assert record.refused.noted.counts[SEEN_TWICE] == 1

    def test_exact_times_inside_an_interval_and_without(self, csv):
        text = "account_id,object_id,action,time_min,time_max\n"
        text += f"a,o,like,{at(1)},{at(3)}\na,o,like,{at(2)},{at(2)}\na,o,like,,\n"
        text += f"a,p,comment,{at(1)},{at(3)}\na,p,comment,{at(2)},{at(2)}\n"
        events, record = read(csv(text))
        assert spans(events)["a"] == [(1, 3), (2, 2), (2, 2)]
        assert record.refused.noted.counts == {SEEN_TWICE: 2}

    def test_intervals_that_only_touch_are_two_likes(self, csv):
        text = "account_id,object_id,action,time_min,time_max\n"
        text += f"a,o,like,{at(1)},{at(3)}\na,o,like,{at(3)},{at(4)}\n"
        assert spans(read(csv(text))[0])["a"] == [(1, 3), (3, 4)]

    def test_a_narrowed_like_stays_so_when_more_lists_come(self, csv, tmp_path):
        case = create_case(tmp_path / "case")
        add(case, [csv(polled((1, "o", "x", 1), (3, "o", "xb", 2), created=at(0)), "one.csv")])
        add(case, [csv(f"account_id,object_id,action,timestamp\nb,o,like,{at(2)}\n", "two.csv")])
        record = add(case, [csv(polled((4, "o", "xb", 2), created=at(0)), "three.csv")])
        events = case.events()
        assert events is not None
        assert spans(events) == {"x": [(0, 1)], "b": [(2, 2)]}
        assert record.refused.noted.counts == {AGAIN: 2}
        assert record.refused.total == 0

    def test_a_polled_world_is_read_as_it_is(self, tmp_path):
        small = {"population.accounts": 400, "span.days": 8, "observer": {"poll_minutes": 60}}
        off = dict.fromkeys(("fans", "topical_fans", "employees", "shares", "appeal", "order"))
        world = simulate(changes=small | off)
        path = tmp_path / "events.parquet"
        world.events.write_parquet(path)
        events, record = read(path)
        assert len(events) == world.events.height
        assert record.refused.total == record.refused.noted.total == 0


class TestRank:
    ORDERED = "account_id,object_id,poll_time,rank,time_min,time_max\n"

    def table(self, csv, *rows: tuple[str, int, float | None, float | None]) -> Path:
        lines = [
            f"{who},o,{at(9)},{rank},{'' if low is None else at(low)},"
            f"{'' if high is None else at(high)}\n"
            for who, rank, low, high in rows
        ]
        return csv(self.ORDERED + "".join(lines))

    ROWS = (("a", 1, 5, 6), ("b", 2, None, None), ("c", 3, 1, 9), ("d", 4, 2, 7))

    def test_it_is_no_time_unless_the_user_says_so(self, csv):
        events, _ = read(self.table(csv, *self.ROWS))
        assert spans(events) == {
            "a": [(5, 6)], "b": [(None, None)], "c": [(1, 9)], "d": [(2, 7)],
        }  # fmt: skip
        assert events.decoded(events.frame)["rank"].to_list().count(2) == 1

    def test_oldest_first(self, csv):
        events, _ = read(self.table(csv, *self.ROWS), rank_order="oldest-first")
        assert spans(events) == {"a": [(5, 6)], "b": [(5, 7)], "c": [(5, 7)], "d": [(5, 7)]}

    def test_newest_first(self, csv):
        events, _ = read(self.table(csv, *self.ROWS), rank_order="newest-first")
        assert spans(events) == {"a": [(5, 6)], "b": [(2, 6)], "c": [(2, 6)], "d": [(2, 6)]}

    def test_a_list_that_contradicts_itself_keeps_its_intervals(self, csv):
        rows = (("a", 1, 5, 5), ("b", 2, 4, 4), ("c", 3, 1, 9))
        events, record = read(self.table(csv, *rows), rank_order="oldest-first")
        assert spans(events) == {"a": [(5, 5)], "b": [(4, 4)], "c": [(1, 9)]}
        assert record.refused.noted.counts == {CONTRADICTED: 3}

    def test_two_rows_in_one_place(self, csv):
        rows = (("a", 1, 5, 6), ("b", 1, 4, 9))
        events, _ = read(self.table(csv, *rows), rank_order="oldest-first")
        assert spans(events)["b"] == [(4, 9)]

    def test_a_wrong_order(self):
        with pytest.raises(SettingError, match="--rank-order random: use newest-first"):
            Reading(rank_order="random")


class TestColumns:
    def test_facts_of_lists_are_kept_and_do_not_make_two_rows(self, csv, tmp_path):
        text = "account_id,object_id,timestamp,rank,poll_time,list_count\n"
        text += f"a,o,{at(1)},2,{at(5)},9\na,o,{at(1)},1,{at(4)},8\n"
        events, record = read(csv(text))
        (row,) = events.decoded(events.frame).to_dicts()
        assert (row["rank"], row["poll_time"].hour, row["list_count"]) == (1, 4, 8)
        assert record.refused.counts == {DUPLICATE: 1}
        events.save(tmp_path / "store")
        assert Events.load(tmp_path / "store").frame.equals(events.frame)

    def test_absent_columns_stay_absent(self, csv):
        events, _ = read(csv(f"account_id,object_id,timestamp\na,o,{at(1)}\n"))
        assert events.frame.columns == ["account_id", "object_id", "t_min_ms", "t_max_ms"]
        assert events.polls is None
        assert lists_of(events) is None

    def test_mapped(self, csv):
        text = f"account_id,object_id,when,place\na,o,{at(5)},7\n"
        events, _ = read(csv(text), map=("poll_time=when", "rank=place"))
        assert events.decoded(events.frame)["rank"].to_list() == [7]
        assert spans(events) == {"a": [(None, None)]}


class TestKnown:
    def test_one_late_list(self, csv):
        post = csv(POSTS + f"-1,o,-1,post,{at(3)}\n", "posts.csv")
        late = csv(
            "poll_time,object_id,owner_id,account_id,action,list_count\n"
            "2020-03-31T03:00:00Z,o,-1,a,like,400\n2020-03-31T03:00:00Z,o,-1,b,like,400\n",
            "late.csv",
        )
        known = lists_of(read(late, post)[0])
        assert known["late"] == {"actions": ["like"], "days_after": 30.0}
        assert known["incomplete"] == {"objects": 1, "shown": 2, "said": 400}
        assert (known["exact"], known["interval"], known["unknown"]) == (1, 2, 0)
        assert known["taken_back"] is None
        assert known["spacing_ms"] is None

    def test_no_time_at_all(self, csv):
        known = lists_of(read(csv("account_id,object_id\na,o\nb,o\n"))[0])
        assert known["late"] == {"actions": ["any"], "days_after": None}
        assert known["unknown"] == 2
        assert known["objects"] == 0

    def test_lists_told_by_their_rows_only(self, csv):
        text = "account_id,object_id,time_min,time_max,poll_time,list_count\n"
        text += f"a,o,{at(0)},{at(1)},{at(1)},1\nb,o,{at(1)},{at(3)},{at(3)},4\n"
        known = lists_of(read(csv(text))[0])
        assert known["incomplete"] == {"objects": 1, "shown": 2, "said": 4}
        assert (known["polls"], known["spacing_ms"]) == (2, 7_200_000)
        assert known["late"] is None

    def test_pauses_and_widths(self, csv):
        lists = [(h, o, "ab"[: h + 1], h + 1) for h in (0, 1) for o in ("o", "p")]
        known = lists_of(read(csv(polled(*lists)))[0])
        assert known["repeated"] == 2
        assert known["spacing_ms"] == known["width_median_ms"] == 3_600_000
        assert known["late"] is None

    @pytest.mark.parametrize(
        ("ms", "words"),
        [(500, "1 second"), (90_000, "90 seconds"),
         (3_599_000, "1 hour"), (7_500_000, "2 hours"), (7 * 86_400_000, "7 days")],
    )  # fmt: skip
    def test_durations_in_words(self, ms, words):
        assert about(ms) == words


class TestReport:
    def shown(self, *paths: Path) -> str:
        result = detect(list(paths), window="1h", min_objects=1)
        return re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", render(result, Pseudonyms(b"k" * 32))))

    def posts(self, csv) -> Path:
        return csv(POSTS + f"-1,o,-1,post,{at(0)}\n-2,o,-1,comment,{at(3)}\n", "posts.csv")

    def test_polled_lists(self, csv):
        text = self.shown(
            self.posts(csv), csv(polled((1, "o", "abc", 3), (2, "o", "ab", 2), (3, "o", "ab", 400)))
        )
        assert "the same object usually every 1 hour" in text
        assert "2 of 400 actions are shown on 1 object, so every count of them means" in text
        assert "1 action was seen and later missing from a whole list" in text
        assert f"{AGAIN} 4" in text

    def test_one_late_list(self, csv):
        late = f"poll_time,object_id,account_id\n{at(23)},o,a\n"
        text = self.shown(self.posts(csv), csv(late))
        assert "there is one list an object only, read 1.0 days after" in text
        assert "every count is a lower bound" in text

    def test_moments_of_rows_given_as_polls_are_called_out(self, csv):
        rows = [(h, "o", who, None) for h, who in enumerate("abcde", 1)]
        assert "not the moment of a single row" in self.shown(self.posts(csv), csv(polled(*rows)))

    def test_exact_times_need_no_word_about_lists(self, csv):
        assert "How well the times are known" not in self.shown(self.posts(csv))


class TestDemo:
    def test_ways_of_seeing(self):
        assert observer("exact") is None
        assert observer("polled") == {"observer": OBSERVERS["polled"]}
        with pytest.raises(SettingError, match="--lists often: use exact, polled, late"):
            observer("often")

    @pytest.mark.parametrize("lists", ["polled", "late"])
    def test_the_worlds_are_what_they_say(self, lists):
        small = {"population.accounts": 400, "span.days": 8}
        off = dict.fromkeys(("fans", "topical_fans", "employees", "shares", "appeal", "order"))
        events = simulate(changes=small | off | (observer(lists) or {})).events
        likes = events.filter(pl.col("action") == "like")
        unknown = likes["time_min"].null_count()
        assert unknown == (likes.height if lists == "late" else 0)
        if lists == "polled":
            assert (likes["time_min"] < likes["time_max"]).mean() > 0.9

"""Objects and counters in a case: read strictly, merged by reading, run without any account."""

import gzip
import json
from datetime import UTC, datetime

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from tests.conftest import lockstep_table
from typer.testing import CliRunner

from claqueur.case import Case, create_case
from claqueur.cli import app
from claqueur.counts import latest_objects
from claqueur.directive.targets import declare
from claqueur.errors import CaseError, SettingError, SourceError
from claqueur.intake import read_files
from claqueur.model import COUNTERS, OBJECTS
from claqueur.pipeline import add, detect, report_run, run_case
from claqueur.publish.summary import summary_lines
from claqueur.record import Record
from claqueur.results import TABLES, Result
from claqueur.settings import CoAction, Reading, Targets
from claqueur.simulation import simulate
from claqueur.store import DUPLICATE

OBJECT = "object_id,owner_id,created,text,like_count\n"
COUNTER = "object_id,owner_id,counter,time,value\n"
POSTS = OBJECT + (
    "wall-1_1,-1,2019-02-08T10:00:00Z,Первый,3\nwall-1_2,-1,2019-02-09T10:00:00Z,Второй,0\n"
)
READINGS = COUNTER + (
    "wall-1_1,,likes,2019-02-08T11:00:00Z,3\n,-1,followers,2019-02-08T12:00:00Z,500\n"
)


@pytest.fixture
def case(tmp_path) -> Case:
    return create_case(tmp_path / "case")


def refused(case: Case) -> dict[str, int]:
    return {entry["reason"]: entry["rows"] for entry in case.imports()[-1]["refused"]}


def noted(case: Case) -> dict[str, int]:
    return {entry["reason"]: entry["rows"] for entry in case.imports()[-1]["noted"]}


class TestReading:
    def test_objects(self, case, csv):
        add(case, [csv(POSTS)])
        objects = case.objects()
        assert objects is not None
        assert objects.schema == OBJECTS
        assert objects["object_id"].to_list() == ["wall-1_1", "wall-1_2"]
        assert objects["created"][0] == datetime(2019, 2, 8, 10, tzinfo=UTC)
        assert objects["like_count"].to_list() == [3, 0]
        assert objects["view_count"].to_list() == [None, None]
        assert case.events() is None
        assert case.counters() is None
        (imported,) = case.imports()
        assert imported["added"] == imported["delivered"] == 2
        assert imported["added_to"] == {"objects": 2}
        assert imported["inputs"][0]["format"] == "objects"

    def test_counters(self, case, csv):
        add(case, [csv(READINGS)])
        counters = case.counters()
        assert counters is not None
        assert counters.schema == COUNTERS
        assert counters.rows()[1] == (
            None, "-1", "followers", datetime(2019, 2, 8, 12, tzinfo=UTC), 500
        )  # fmt: skip

    @pytest.mark.parametrize("ending", ["csv", "csv.gz", "tsv", "ndjson", "parquet"])
    def test_every_format(self, case, tmp_path, csv, ending):
        plain = pl.read_csv(csv(POSTS), infer_schema=False)
        path = tmp_path / f"posts.{ending}"
        if ending == "csv.gz":
            path.write_bytes(gzip.compress(POSTS.encode()))
        elif ending == "ndjson":
            plain.write_ndjson(path)
        elif ending == "parquet":
            plain.with_columns(
                pl.col("like_count").cast(pl.Int32),
                pl.col("created").str.to_datetime(time_zone="UTC"),
            ).write_parquet(path)
        else:
            plain.write_csv(path, separator="\t" if ending == "tsv" else ",")
        add(case, [path])
        other = create_case(tmp_path / "other")
        add(other, [csv(POSTS)])
        assert_frame_equal(case.objects(), other.objects())

    def test_all_kinds_in_one_import(self, case, csv):
        events = csv("account_id,object_id,timestamp\n7,wall-1_1,1549620000\n", "events.csv")
        add(case, [csv(READINGS, "c.csv"), events, csv(POSTS, "o.csv")])
        assert case.imports()[0]["added_to"] == {"events": 1, "objects": 2, "counters": 2}
        assert len(case.events()) == 1

    def test_names_of_other_tools(self, case, csv):
        table = "post,page_id,created_at,likes_count,Views\np,-1,2019-02-08T10:00:00Z,3,9\n"
        reading = Reading(map=("object_id=post", "view_count=Views"))
        add(case, [csv(table)], reading)
        assert case.objects().select(
            "object_id", "owner_id", "like_count", "view_count"
        ).rows() == [("p", "-1", 3, 9)]

    def test_times_of_a_zone_and_unit(self, case, csv):
        table = "object_id,created,collected\np,2019-02-08 10:00,1549620000000\n"
        with pytest.raises(SourceError, match="times without a zone; name it"):
            add(case, [csv(table)])
        add(case, [csv(table)], Reading(timezone="Asia/Krasnoyarsk"))
        row = case.objects().row(0, named=True)
        assert row["created"] == datetime(2019, 2, 8, 3, tzinfo=UTC)
        assert row["collected"] == datetime(2019, 2, 8, 10, tzinfo=UTC)
        assert case.imports()[0]["timezone"] == "Asia/Krasnoyarsk"

    def test_counters_have_words_of_their_own(self, case, csv):
        add(case, [csv(COUNTER + "p,,claps,2019-02-08T11:00:00Z,3\n")])
        assert case.counters()["counter"].to_list() == ["claps"]

    def test_a_table_with_accounts_stays_one_of_events(self, case, csv):
        add(case, [csv("account_id,object_id,created,like_count\n7,p,1549620000,3\n")])
        assert case.objects() is None
        assert len(case.events()) == 1

    def test_a_mapped_account_makes_it_one_of_events(self, case, csv):
        table = csv("who,object_id,created\n7,p,1549620000\n")
        add(case, [table], Reading(map=("account_id=who", "timestamp=created")))
        assert len(case.events()) == 1

    def test_a_time_of_unknown_meaning_makes_no_object(self, case, csv):
        with pytest.raises(SourceError, match="no column for `account_id`"):
            add(case, [csv("liker,object_id,created_at\n7,p,1549620000\n")])

    def test_unless_the_format_is_named(self, case, csv):
        add(case, [csv("object_id,created_at\np,1549620000\n")], Reading(format="objects"))
        assert case.objects().height == 1


class TestBadInput:
    @pytest.mark.parametrize("value", ["-1", "2.5", "many", "1e30"])
    def test_a_count_that_is_none(self, case, csv, value):
        add(case, [csv(POSTS + f"wall-1_3,-1,2019-02-08T10:00:00Z,,{value}\n")])
        assert refused(case) == {"like_count that is no whole number from 0 up": 1}
        assert case.imports()[0]["refused"][0]["first"] == ["events.csv row 3"]
        assert case.objects().height == 2

    def test_an_object_without_an_id(self, case, csv):
        add(case, [csv(POSTS + ",-1,2019-02-08T10:00:00Z,,5\n")])
        assert refused(case) == {"no object_id": 1}

    @pytest.mark.parametrize(
        ("row", "reason"),
        [
            (",,likes,2019-02-08T11:00:00Z,3", "no object_id and no owner_id"),
            ("p,,likes,2019-02-08T11:00:00Z,", "no value"),
            ("p,,likes,2019-02-08T11:00:00Z,-3", "value that is no whole number from 0 up"),
            ("p,,,2019-02-08T11:00:00Z,3", "no counter"),
            ("p,,likes,,3", "no time"),
            ("p,,likes,soon,3", "time that cannot be read"),
        ],
    )
    def test_a_reading_that_says_nothing(self, case, csv, row, reason):
        add(case, [csv(READINGS + row + "\n")])
        assert refused(case) == {reason: 1}
        assert case.counters().height == 2

    @pytest.mark.parametrize("column", ["object_id", "owner_id"])
    def test_ids_that_are_floats(self, case, tmp_path, column):
        table = pl.DataFrame({"object_id": ["p"], "owner_id": ["1"], "like_count": [1]})
        table.with_columns(pl.lit(1.5e18).alias(column)).write_parquet(tmp_path / "o.parquet")
        with pytest.raises(SourceError, match="an id that passed through a float"):
            add(case, [tmp_path / "o.parquet"])
        assert case.imports() == []

    def test_ids_that_were_floats(self, case, csv):
        with pytest.raises(SourceError, match="lost digits"):
            add(case, [csv(COUNTER + ",1.23e+18,followers,2019-02-08T11:00:00Z,3\n")])

    def test_nothing_left(self, case, csv):
        with pytest.raises(SourceError, match="no object or counter is left; refused: 1 × no time"):
            add(case, [csv(COUNTER + "p,,likes,,3\n")])
        assert sorted(each.name for each in case.folder.iterdir()) == ["case.sqlite", "case.toml"]

    @pytest.mark.parametrize(
        ("table", "format", "message"),
        [
            ("object_id,counter,value\np,likes,3\n", "", "no column for `time`"),
            ("owner_id,created\n-1,1549620000\n", "objects", "no column for `object_id`"),
            ("object_id\np\n", "objects", "no column for `created` or `like_count`"),
            ("counter,value\nlikes,3\n", "counters", "no column for `object_id` or `owner_id`"),
        ],
    )
    def test_columns_that_are_missing(self, case, csv, table, format, message):
        with pytest.raises(SourceError, match=message):
            add(case, [csv(table)], Reading(format=format))

    def test_a_map_that_names_what_is_not_there(self, case, csv):
        with pytest.raises(SettingError, match="has no column 'hearts'"):
            add(case, [csv(POSTS)], Reading(map=("like_count=hearts",)))
        with pytest.raises(SettingError, match="tables of objects have no such column"):
            add(case, [csv(POSTS)], Reading(map=("rank=text",)))

    def test_all_files_or_none(self, case, csv):
        add(case, [csv(POSTS)])
        before = case.objects()
        good = csv(POSTS.replace("wall-1_", "wall-2_"), "good.csv")
        bad = csv(COUNTER + ",1.23e+18,followers,2019-02-08T11:00:00Z,3\n", "bad.csv")
        with pytest.raises(SourceError):
            add(case, [good, bad])
        assert_frame_equal(case.objects(), before)
        assert case.counters() is None
        assert len(case.imports()) == 1

    def test_detection_on_files_needs_events(self, csv):
        with pytest.raises(SourceError, match="is a table of objects, and no column says who"):
            detect(csv(POSTS))


class TestMerging:
    def test_twice_is_once(self, case, csv):
        files = [csv(POSTS, "o.csv"), csv(READINGS, "c.csv")]
        add(case, files)
        objects, counters = case.objects(), case.counters()
        add(case, files)
        assert_frame_equal(case.objects(), objects)
        assert_frame_equal(case.counters(), counters)
        assert refused(case) == {DUPLICATE: 4}
        assert case.imports()[-1]["added"] == 0

    def test_a_later_import_goes_first_and_keeps_what_it_lacks(self, case, csv):
        add(case, [csv(POSTS)])
        add(case, [csv("object_id,like_count\nwall-1_1,9\n", "later.csv")])
        assert case.objects().row(0)[:5] == (
            "wall-1_1", "-1", datetime(2019, 2, 8, 10, tzinfo=UTC), "Первый", 9,
        )  # fmt: skip
        (reason,) = noted(case)
        assert "the later row goes first" in reason

    def test_readings_of_different_moments_stay(self, case, csv):
        table = "object_id,created,like_count,collected\n"
        row = "p,2019-02-08T10:00:00Z,{},2019-02-{}T10:00:00Z\n"
        add(case, [csv(table + row.format(7, 20) + row.format(3, 10))])
        add(case, [csv("object_id,like_count\np,1\n", "undated.csv")])
        assert case.objects()["like_count"].to_list() == [1, 3, 7]
        latest = latest_objects(case.objects())
        assert latest["like_count"].to_list() == [7]
        assert latest["created"].to_list() == [datetime(2019, 2, 8, 10, tzinfo=UTC)]

    def test_two_values_of_one_moment(self, case, csv):
        add(case, [csv(READINGS)])
        add(case, [csv(COUNTER + "wall-1_1,-1,likes,2019-02-08T11:00:00Z,4\n", "later.csv")])
        known = case.counters().filter(pl.col("counter") == "likes")
        assert known.select("owner_id", "value").rows() == [("-1", 4)]
        assert sum(noted(case).values()) == 1

    def test_events_stay_when_only_counters_come(self, case, csv):
        events = csv("account_id,object_id,timestamp\n7,wall-1_1,1549620000\n", "events.csv")
        add(case, [events])
        add(case, [csv(READINGS)])
        assert len(case.events()) == 1
        assert [entry["added_to"] for entry in case.imports()] == [{"events": 1}, {"counters": 2}]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Tables of a world whose lists of likers are hidden."""
    folder = tmp_path_factory.mktemp("world") / "w"
    simulate("counters-only", seed=1, changes={"population.accounts": 2_000}).save(folder)
    return folder


class TestRunning:
    @pytest.mark.parametrize(
        "files", [("objects",), ("counters",), ("objects", "counters"), ("events", "counters")]
    )
    def test_without_a_single_account(self, case, world, files):
        add(case, [world / f"{name}.parquet" for name in files])
        run = run_case(case)
        result = Result.load(run)
        assert all(getattr(result, name).is_empty() for name in TABLES)
        assert not result.compared
        assert "No account was compared" in " ".join(summary_lines(result))
        html = report_run(run, case.folder / "report.html").read_text(encoding="utf-8")
        assert "No account was compared" in html
        for name in ("objects", "counters"):
            rows = pl.read_parquet(world / f"{name}.parquet").height
            counted = result.run[name]
            assert (counted["rows"] == rows) if name in files else counted is None
        posts = 0 if files == ("counters",) else pl.read_parquet(world / "objects.parquet").height
        assert result.run["events"]["kept"] == posts
        assert [entry["file"] for entry in result.run["inputs"]] == [f"{n}.parquet" for n in files]

    def test_posts_are_events_of_their_page(self, case, world):
        add(case, [world / "objects.parquet"])
        run = Result.load(run_case(case)).run
        assert run["events"]["actions"] == ["post"]
        assert run["events"]["accounts"] == run["events"]["pages"] == run["objects"]["pages"] == 40

    def test_thresholds_have_nothing_to_compare_either(self, case, world):
        add(case, [world / "counters.parquet"])
        run_case(case, CoAction(("60s",), 5, ("like",)))

    def test_objects_of_no_page(self, case, csv):
        add(case, [csv("object_id,like_count\np,3\n")])
        (entry,) = Result.load(run_case(case)).run["set_aside"]
        assert entry["rows"] == 1
        assert "without an owner_id" in entry["reason"]

    def test_declared_targets_need_accounts(self, case, world):
        add(case, [world / "objects.parquet"])
        with pytest.raises(SettingError, match="bring a table of events"):
            run_case(case, targets=Targets(target=("wall-1001_5",)))
        assert case.runs() == []

    def test_a_case_of_nothing(self, case):
        with pytest.raises(CaseError, match="holds no events"):
            run_case(case)

    def test_beside_events_they_are_counted(self, case, csv):
        events = csv("account_id,object_id,timestamp\n7,wall-1_1,1549620000\n", "events.csv")
        add(case, [events, csv(POSTS, "o.csv")])
        run = json.loads((run_case(case) / "run.json").read_text())
        assert run["events"]["kept"] == 1
        assert run["objects"]["objects"] == 2
        assert run["objects"]["first_created"] == "2019-02-08T10:00:00+00:00"
        assert run["counters"] is None

    def test_from_the_command_line(self, case, csv):
        folder = str(case.folder)
        done = CliRunner().invoke(app, ["add", folder, str(csv(READINGS))])
        assert "2 rows read, 2 of them new" in done.output
        done = CliRunner().invoke(app, ["run", folder])
        assert "No account was compared" in done.output
        assert done.exit_code == 0


class TestFollows:
    ROWS = "".join(f"7000000{i:02},follow,-1,-1,\n" for i in range(12))

    @pytest.fixture
    def likes(self, csv):
        rows = lockstep_table().with_columns(
            action=pl.lit("like"), owner_id=pl.lit("-1"), timestamp=pl.col("timestamp")
        )
        body = rows.select("account_id", "action", "object_id", "owner_id", "timestamp")
        return csv(body.write_csv() + self.ROWS)

    def test_a_list_of_members_is_no_act_on_posts(self, likes):
        result = detect(likes)
        (entry,) = result.run["set_aside"]
        assert entry["rows"] == 12
        assert "--action follow" in entry["reason"]
        assert result.run["untimed"] is None
        assert "-1" not in result.evidence["object_id"]

    def test_unless_it_is_named(self, likes):
        result = detect(likes, action=("follow",))
        assert result.run["set_aside"] == []
        assert result.run["untimed"]["likes"] == 12

    def test_rows_without_an_action_are_no_members(self, csv):
        events = "account_id,action,object_id\na,,p\nb,,p\nc,follow,q\nd,like,p\n"
        result = detect(csv(events))
        assert result.run["untimed"]["accounts"] == 3
        assert result.run["set_aside"][0]["rows"] == 1

    def test_only_members_leave_nothing_to_compare(self, csv):
        result = detect(csv("account_id,action,object_id\na,follow,p\nb,follow,p\n"))
        assert not result.compared
        assert "No account was compared" in " ".join(summary_lines(result))

    def test_they_are_none_of_the_likes_of_targets(self, likes, csv, tmp_path):
        events = read_files([likes], Reading(), tmp_path, Record())
        declared = declare(events, Targets(target=("wall-1_1",)), "UTC", ())
        assert len(declared.matrix.object_) == 8

"""What comes in: recognised, mapped, refused; each bad input says what, where, what next."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from claqueur.errors import InputError, SettingError, SourceError
from claqueur.intake import read_files
from claqueur.pipeline import Record
from claqueur.settings import Reading
from claqueur.store import Events

GOOD = "account_id,object_id,timestamp\n101,a,1600000000\n102,a,1600000005\n101,b,1600000100\n"


def read(*paths: Path, **reading) -> tuple[Events, Record]:
    record = Record()
    scratch = paths[0].parent / "scratch"
    scratch.mkdir(exist_ok=True)
    return read_files(list(paths), Reading(**reading), scratch, record), record


def rows(events: Events) -> list[tuple]:
    return events.decoded(events.frame).select("account_id", "object_id", "time_min").rows()


T = [datetime.fromtimestamp(t, UTC) for t in (1600000000, 1600000005, 1600000100)]
EXPECTED = [("101", "a", T[0]), ("102", "a", T[1]), ("101", "b", T[2])]


class TestFormats:
    def test_csv(self, csv):
        assert rows(read(csv(GOOD))[0]) == EXPECTED

    @pytest.mark.parametrize("delimiter", ["\t", ";", "|"])
    def test_other_delimiters(self, csv, delimiter):
        assert rows(read(csv(GOOD.replace(",", delimiter), "events.txt"))[0]) == EXPECTED

    def test_byte_order_mark_and_windows_lines(self, tmp_path):
        path = tmp_path / "events.csv"
        path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
        assert rows(read(path)[0]) == EXPECTED

    def test_utf16(self, tmp_path):
        path = tmp_path / "events.csv"
        path.write_text(GOOD, encoding="utf-16")
        assert rows(read(path)[0]) == EXPECTED

    @pytest.mark.parametrize(("suffix", "codec"), [(".gz", "gzip"), (".zst", "zstd")])
    @pytest.mark.parametrize("inner", ["csv", "ndjson", "parquet"])
    def test_packed(self, tmp_path, suffix, codec, inner):
        plain = tmp_path / f"plain.{inner}"
        table = pl.read_csv(GOOD.encode(), schema_overrides={"account_id": pl.String})
        {"csv": table.write_csv, "ndjson": table.write_ndjson, "parquet": table.write_parquet}[
            inner
        ](plain)
        path = tmp_path / f"events.{inner}{suffix}"
        with pa.CompressedOutputStream(str(path), codec) as stream:
            stream.write(plain.read_bytes())
        assert rows(read(path)[0]) == EXPECTED

    def test_ndjson_with_nested_keys_and_large_integers(self, tmp_path):
        path = tmp_path / "events.ndjson"
        lines = [
            {
                "author": {"id": 1234567890123456789},
                "url": "a",
                "created_at": "2020-09-13T12:26:40Z",
            },
            {
                "author": {"id": 12345678901234567891},
                "url": "a",
                "created_at": "2020-09-13T12:26:41Z",
            },
        ]
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        events, _ = read(path, map=("account_id=author.id",))
        assert events.names["account_id"].to_list() == [
            "1234567890123456789",
            "12345678901234567891",
        ]

    def test_parquet_with_integer_ids_and_zoned_times(self, tmp_path):
        path = tmp_path / "events.parquet"
        pl.DataFrame(
            {"account_id": [101, 102, 101], "object_id": ["a", "a", "b"], "timestamp": T}
        ).write_parquet(path)
        assert rows(read(path)[0]) == EXPECTED

    def test_our_own_events_table(self, tmp_path):
        path = tmp_path / "events.parquet"
        pl.DataFrame(
            {
                "account_id": ["101", "102", "103"],
                "object_id": ["a"] * 3,
                "action": ["like"] * 3,
                "time_min": [T[0], T[1], None],
                "time_max": [T[0], T[2], None],
                "owner_id": ["-1"] * 3,
            }
        ).write_parquet(path)
        frame = read(path)[0].frame.sort("account_id")
        assert frame["t_min_ms"].to_list() == [1600000000000, 1600000005000, None]
        assert frame["t_max_ms"].to_list() == [1600000000000, 1600000100000, None]

    def test_lists_of_likers_are_recognised(self, csv):
        _, record = read(csv("poll_time,object_id,account_id\n2020-09-13T12:26:40Z,a,1\n"))
        assert record.inputs[0]["format"] == "polls"
        text = "poll_time,object_id,account_id,timestamp\n"
        events, record = read(csv(text + "2020-09-13T12:26:40Z,a,1,1600000000\n", "timed.csv"))
        assert record.inputs[0]["format"] == "columns"
        assert events.decoded(events.frame)["poll_time"].to_list() == [T[0]]

    def test_coortweet_and_qut_are_recognised(self, csv):
        _, record = read(csv("object_id,account_id,content_id,timestamp_share\na,1,x,1600000000\n"))
        assert record.inputs[0]["format"] == "coortweet"
        _, record = read(
            csv(
                "message_id,user_id,username,repost_id,reply_id,message,timestamp,urls\n"
                "m1,1,ann,r1,,hello,1600000000,\n"
                "m2,2,bob,,m0,Hello  @ann,1600000001,https://x.org/a https://x.org/b\n"
                "m1,3,eve,r1,,twice,1600000002,\n",
                "qut.csv",
            )
        )
        assert record.inputs[0]["format"] == "qut"
        assert record.refused.counts == {"message_id seen before (the first row wins)": 1}

    def test_qut_by_position_with_other_names(self, csv):
        header = "a,b,c,d,e,f,g,h\n"
        path = csv(header + "m1,1,ann,r1,,hi,1600000000,\nm2,2,bob,,m0,Hi,1600000001,u v\n")
        events, _ = read(path, format="qut")
        found = (
            events.decoded(events.frame).select("action", "object_id", "account_id").sort(pl.all())
        )
        assert found.rows() == [
            ("link", "u", "2"), ("link", "v", "2"), ("reply", "m0", "2"), ("repost", "r1", "1"),
            ("text", "hi", "2"),
        ]  # fmt: skip

    def test_columns_by_obvious_names_and_by_map(self, csv):
        _, record = read(csv(GOOD.replace("account_id", "Author").replace("object_id", "url")))
        assert record.inputs[0]["columns"]["account_id"] == "Author"
        events, _ = read(
            csv("who,what,when\n1,a,1600000000\n"),
            map=("account_id=who,object_id=what", "timestamp=when"),
        )
        assert len(events) == 1

    def test_without_any_time_the_times_are_unknown(self, csv):
        events, _ = read(csv("account_id,object_id\n1,a\n2,a\n"))
        assert events.frame["t_min_ms"].null_count() == 2


class TestTimes:
    @pytest.mark.parametrize(
        "written",
        ["1600000000", "1600000000000", "1600000000.0", "2020-09-13T12:26:40Z",
         "2020-09-13 15:26:40+03:00", "2020-09-13T12:26:40.000+0000", "2020-09-13 12:26:40 UTC",
         "13.09.2020 12:26:40 UTC"],
    )  # fmt: skip
    def test_ways_to_write_one_moment(self, csv, written):
        events, _ = read(csv(f"account_id,object_id,timestamp\n1,a,{written}\n"))
        assert events.frame["t_min_ms"].to_list() == [1600000000000]

    def test_naive_times_need_a_zone(self, csv):
        path = csv("account_id,object_id,timestamp\n1,a,2019-02-14 19:00:00\n")
        with pytest.raises(
            SourceError, match=r"'timestamp' has times without a zone.*--timezone Europe/Moscow"
        ):
            read(path)
        events, _ = read(path, timezone="Asia/Krasnoyarsk")
        assert rows(events)[0][2] == datetime(2019, 2, 14, 12, tzinfo=UTC)

    def test_naive_parquet_times_need_a_zone(self, tmp_path):
        path = tmp_path / "events.parquet"
        naive = datetime(2019, 2, 14, 19)  # noqa: DTZ001
        pl.DataFrame({"account_id": ["1"], "object_id": ["a"], "timestamp": [naive]}).write_parquet(
            path
        )
        with pytest.raises(SourceError, match="without a zone"):
            read(path)
        assert rows(read(path, timezone="+07:00")[0])[0][2] == datetime(2019, 2, 14, 12, tzinfo=UTC)

    def test_the_hour_a_clock_change_repeats_names_no_moment(self, csv):
        path = csv(
            "account_id,object_id,timestamp\n1,a,2010-10-31 02:30:00\n2,a,2010-11-01 02:30:00\n"
            "3,a,2010-11-01 02:31:00\n"
        )
        _, record = read(path, timezone="Europe/Berlin")
        assert record.refused.counts == {"time that cannot be read": 1}

    def test_wrong_unit(self, csv):
        micro = csv("account_id,object_id,timestamp\n1,a,1600000000000000\n")
        with pytest.raises(SourceError, match=r"look like microseconds.*--time-unit us"):
            read(micro)
        assert rows(read(micro, time_unit="us")[0])[0][2] == T[0]
        with pytest.raises(SourceError, match=r"neither seconds nor milliseconds.*--time-unit"):
            read(csv("account_id,object_id,timestamp\n1,a,42\n"))

    def test_future(self, csv):
        soon = int((datetime.now(UTC) + timedelta(days=400)).timestamp())
        with pytest.raises(SourceError, match=r"time in the future.*row 1"):
            read(csv(f"account_id,object_id,timestamp\n1,a,{soon}\n"), time_unit="s")
        _, record = read(csv(GOOD + f"103,a,{soon}\n"))
        assert record.refused.counts == {"time in the future": 1}
        assert record.refused.first_rows["time in the future"] == ["events.csv row 4"]

    def test_dates_without_a_time_of_day(self, csv):
        with pytest.raises(SourceError, match="time that cannot be read"):
            read(csv("account_id,object_id,timestamp\n1,a,2019-02-14\n"))

    def test_unknown_zone(self, csv):
        with pytest.raises(SettingError, match=r"--timezone Mars/Base: no such zone"):
            read(csv(GOOD), timezone="Mars/Base")

    def test_intervals_upside_down_are_refused(self, csv):
        _, record = read(
            csv("account_id,object_id,time_min,time_max\n1,a,1600000100,1600000000\n2,a,1600000000,1600000100\n"
                "3,a,1600000000,\n4,b,1600000000,1600000100\n5,b,1600000000,1600000100\n")
        )  # fmt: skip
        assert record.refused.counts == {"time_min after time_max, or only one of them": 2}


class TestBadFiles:
    def refused(self, path: Path, **reading) -> str:
        with pytest.raises(InputError) as caught:
            read(path, **reading)
        return str(caught.value)

    def test_missing_file(self, tmp_path):
        assert "no such file" in self.refused(tmp_path / "none.csv")

    def test_folder(self, tmp_path):
        (tmp_path / "folder").mkdir()
        assert "cannot be opened" in self.refused(tmp_path / "folder")

    @pytest.mark.parametrize("text", ["", "\n\n"])
    def test_empty(self, csv, text):
        assert "is empty; it needs a header" in self.refused(csv(text))

    def test_header_only(self, csv):
        assert "no event is left" in self.refused(csv("account_id,object_id,timestamp\n"))

    def test_missing_column_names_what_is_there(self, csv):
        message = self.refused(csv("id,author,when\n1,2,3\n"))
        assert message.endswith(
            "has no column for `object_id`; its columns are id, author, when; "
            "name one with --map object_id=…"
        )

    def test_wrong_map(self, csv):
        assert "has no column 'nobody'" in self.refused(csv(GOOD), map=("account_id=nobody",))
        assert "no such column of events" in self.refused(csv(GOOD), map=("person=account_id",))
        with pytest.raises(SettingError, match="write it as account_id=author"):
            Reading(map=("account_id",))

    def test_one_end_of_an_interval(self, csv):
        message = self.refused(csv("account_id,object_id,time_min\n1,a,1600000000\n"))
        assert "the other end of the interval" in message

    def test_truncated_gzip(self, tmp_path):
        path = tmp_path / "events.csv.gz"
        path.write_bytes(gzip.compress((GOOD * 500).encode())[:-20])
        assert "damaged or cut short" in self.refused(path)

    def test_truncated_zstd(self, tmp_path):
        path = tmp_path / "events.csv.zst"
        with pa.CompressedOutputStream(str(path), "zstd") as stream:
            stream.write((GOOD * 5000).encode())
        path.write_bytes(path.read_bytes()[:-20])
        assert "damaged or cut short" in self.refused(path)

    def test_no_gzip_at_all(self, tmp_path):
        path = tmp_path / "events.csv.gz"
        path.write_text(GOOD)
        assert "named .gz but is not gzip" in self.refused(path)

    def test_truncated_parquet(self, tmp_path):
        path = tmp_path / "events.parquet"
        pl.read_csv(GOOD.encode()).write_parquet(path)
        path.write_bytes(path.read_bytes()[:-10])
        assert "not a whole Parquet file" in self.refused(path)

    def test_workbook_and_binary(self, tmp_path):
        path = tmp_path / "events.csv"
        path.write_bytes(b"PK\x03\x04rest")
        assert "Excel workbook" in self.refused(path)
        path.write_bytes(b"a,b\x00c")
        assert "binary file" in self.refused(path)

    def test_json_array(self, csv):
        assert "one object a line" in self.refused(csv('[{"account_id": 1}]', "events.json"))

    def test_mixed_encodings(self, tmp_path):
        path = tmp_path / "events.csv"
        text = "account_id,object_id,timestamp,text\n1,a,1600000000,да\n2,a,1600000001,нет\n"
        first, last = text.rsplit("2,", 1)
        path.write_bytes(first.encode() + f"2,{last}".encode("windows-1251"))
        message = self.refused(path)
        assert "1 rows are not UTF-8 (line 3)" in message
        assert "--encoding windows-1251" in message

    def test_named_encoding(self, tmp_path):
        path = tmp_path / "events.csv"
        text = "account_id,object_id,timestamp,text\n1,a,1600000000,привет\n"
        path.write_text(text, encoding="windows-1251")
        events, _ = read(path, encoding="windows-1251")
        assert events.frame["text"].to_list() == ["привет"]
        assert "--encoding klingon: unknown" in self.refused(path, encoding="klingon")
        path.write_bytes(text.encode())
        assert "is not ascii throughout" in self.refused(path, encoding="ascii")

    def test_header_in_another_encoding(self, tmp_path):
        path = tmp_path / "events.csv"
        path.write_bytes("автор,пост\n1,a\n".encode("windows-1251"))
        assert "--encoding windows-1251" in self.refused(path)

    def test_column_twice(self, csv):
        assert "stands in the header more than once" in self.refused(csv("a,a,b\n1,2,3\n"))


class TestIds:
    @pytest.mark.parametrize(
        "mangled", ["1.23e+18", "1.23E+18", "1.23e18", '"1,23E+18"', "123456.0"]
    )
    def test_ids_that_lost_digits_stop_the_import_with_rows_named(self, csv, mangled):
        path = csv(GOOD + f"{mangled},a,1600000100\n")
        with pytest.raises(SourceError, match=r"lost digits.*\(row 4\).*account_id as text"):
            read(path)

    def test_ndjson_floats(self, tmp_path):
        path = tmp_path / "events.ndjson"
        path.write_text('{"account_id": 1.23e+18, "object_id": "a", "timestamp": 1600000000}\n')
        with pytest.raises(SourceError, match="lost digits"):
            read(path)

    def test_float_columns(self, tmp_path):
        path = tmp_path / "events.parquet"
        pl.DataFrame({"account_id": [1.0, 2.0], "object_id": ["a", "a"]}).write_parquet(path)
        with pytest.raises(SourceError, match="column of double numbers"):
            read(path)

    def test_the_message_does_not_show_the_id(self, csv):
        with pytest.raises(SourceError) as caught:
            read(csv("account_id,object_id\n7.65e+18,a\n"))
        assert "7.65" not in str(caught.value)

    @pytest.mark.parametrize(
        "fine", ["1e5", "00123", "12e34567890123456789012345678901", "@ann", "1.5"]
    )
    def test_what_only_looks_like_a_float_is_kept(self, csv, fine):
        events, _ = read(csv(f"account_id,object_id,timestamp\n{fine},a,1600000000\n"))
        assert events.names["account_id"].to_list() == [fine]

    def test_rows_without_ids_are_counted(self, csv):
        _, record = read(csv(GOOD + ",a,1600000000\n  ,a,1600000000\n103,NA,1600000000\n"))
        assert record.refused.counts == {"no account_id": 2, "no object_id": 1}

    def test_rows_that_are_no_rows_are_counted(self, csv, tmp_path):
        _, record = read(csv(GOOD + '104,a\n105,a,1600000000,9,9\n106,a,"1600000000\n'))
        assert record.refused.counts == {
            "row with a quote that is not closed": 1,
            "row with too few cells": 1,
            "row with too many cells": 1,
        }
        path = tmp_path / "events.ndjson"
        path.write_text('{"account_id": 1, "object_id": "a"}\n{"account_id": \n\n[1]\n')
        events, record = read(path)
        assert len(events) == 1
        assert record.refused.total == 2

    def test_exact_duplicates_count_once(self, csv):
        events, record = read(csv(GOOD), csv(GOOD + "101,c,1600000000\n", "again.csv"))
        assert len(events) == 4
        assert record.refused.counts == {"exact duplicate of another row (counted once)": 3}


class TestStore:
    def test_the_order_of_the_input_does_not_matter(self, csv):
        header, *lines = GOOD.splitlines(keepends=True)
        one = read(csv(GOOD))[0]
        other = read(csv(header + "".join(reversed(lines)), "other.csv"))[0]
        assert one.frame.equals(other.frame)
        assert one.names["account_id"].to_list() == other.names["account_id"].to_list()

    def test_codes_are_dense_and_follow_the_ids(self, csv):
        events, _ = read(csv(GOOD + ",x,1600000000\n"))
        assert events.names["object_id"].to_list() == ["a", "b"]
        assert events.frame["object_id"].dtype == pl.UInt32
        assert events.frame["object_id"].to_list() == [0, 0, 1]

    def test_saved_and_loaded(self, csv, tmp_path):
        events, _ = read(csv(GOOD))
        events.save(tmp_path / "store")
        again = Events.load(tmp_path / "store")
        assert again.frame.equals(events.frame)
        assert rows(again) == EXPECTED

    def test_files_with_different_columns(self, csv):
        events, _ = read(
            csv(GOOD), csv("account_id,object_id,action,timestamp\n9,z,like,1600000000\n", "b.csv")
        )
        assert events.actions == ["like", "any"]
        assert events.of_action("like").height == 1
        assert events.of_action("any").height == 3

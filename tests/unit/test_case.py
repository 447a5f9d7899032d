"""A case keeps what it has: adding is whole or not at all, runs follow their age and settings."""

import json
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from tests.conftest import lockstep_table

import claqueur.case
from claqueur.case import Case, create_case, is_case, open_case
from claqueur.errors import CaseError, SettingError, SourceError
from claqueur.pipeline import add, detect, run_case
from claqueur.results import TABLES, Result
from claqueur.settings import CoAction, Reading

DETECT = {"window": ["120s"], "min_objects": 5}


@pytest.fixture
def case(tmp_path) -> Case:
    return create_case(tmp_path / "case", detect=DETECT)


@pytest.fixture
def events(tmp_path) -> Path:
    lockstep_table().write_csv(tmp_path / "events.csv")
    return tmp_path / "events.csv"


@pytest.fixture
def filled(case, events) -> Case:
    add(case, [events])
    return case


def edited(case: Case, old: str, new: str) -> Path:
    path = case.folder / "case.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    return case.folder


def content(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def decoded(case: Case) -> pl.DataFrame:
    events = case.events()
    assert events is not None
    return events.decoded(events.frame).sort(pl.all())


class TestFolder:
    def test_made_and_opened_again(self, tmp_path):
        made = create_case(
            tmp_path / "deep" / "case", "Дело", read={"timezone": "UTC"}, groups={"seed": 3}
        )
        again = open_case(made.folder)
        assert again == made
        assert again.settings["name"] == "Дело"
        assert again.settings["format"] == 1
        assert again.reading.timezone == "UTC"
        assert again.grouping.seed == 3
        assert again.id.isalnum()
        assert is_case(made.folder)
        assert sorted(each.name for each in made.folder.iterdir()) == ["case.sqlite", "case.toml"]

    def test_the_folder_gives_the_name(self, case):
        assert case.settings["name"] == "case"

    def test_no_two_have_one_identity(self, tmp_path):
        assert create_case(tmp_path / "a").id != create_case(tmp_path / "b").id

    def test_what_is_there_is_not_overwritten(self, case):
        before = content(case.folder)
        with pytest.raises(CaseError, match="exists and is not empty"):
            create_case(case.folder)
        assert content(case.folder) == before

    def test_no_case(self, tmp_path):
        assert not is_case(tmp_path)
        with pytest.raises(CaseError, match=r"is no case \(it has no case.toml\).*claqueur new"):
            open_case(tmp_path)

    def test_bad_toml(self, case):
        with pytest.raises(SettingError, match=r"case\.toml: is not valid TOML"):
            open_case(edited(case, "format = 1", "format = = 1"))

    def test_not_text(self, case):
        (case.folder / "case.toml").write_bytes(b"\xff\xfe\x00")
        with pytest.raises(CaseError, match="cannot be read"):
            open_case(case.folder)

    def test_a_newer_format(self, case):
        with pytest.raises(CaseError, match=r"format 2 is of a newer Claqueur.*upgrade"):
            open_case(edited(case, "format = 1", "format = 2"))

    @pytest.mark.parametrize("line", ["", "format = 0", 'format = "1"', "format = 1.0"])
    def test_no_format(self, case, line):
        with pytest.raises(CaseError, match="has no `format = 1`"):
            open_case(edited(case, "format = 1", line))

    def test_unknown_settings(self, case):
        with pytest.raises(SettingError, match="unknown setting colour; known are format"):
            open_case(edited(case, "format = 1", "format = 1\ncolour = 1"))

    @pytest.mark.parametrize("identity", ["", "../else", "a b"])
    def test_an_altered_identity(self, case, identity):
        with pytest.raises(CaseError, match="`id` is missing or was altered"):
            open_case(edited(case, case.id, identity))

    def test_a_master_with_a_token_is_not_kept_in_a_case(self, case):
        with (case.folder / "case.toml").open("a") as file:
            file.write('[scale]\nengine = "spark"\nmaster = "sc://head:15002/;token=secret"\n')
        with pytest.raises(SettingError, match="give it with --master instead") as caught:
            _ = open_case(case.folder).scale
        assert "secret" not in str(caught.value)

    def test_unknown_settings_of_a_table(self, filled):
        case = open_case(edited(filled, "min_objects", "windows = 1\nmin_objects"))
        with pytest.raises(SettingError, match=r"case.toml \[detect\]: unknown setting windows"):
            run_case(case)
        assert case.runs() == []

    @pytest.mark.parametrize("table", ["read", "detect", "groups"])
    def test_a_table_that_is_none(self, tmp_path, table):
        folder = create_case(tmp_path / "plain").folder
        path = folder / "case.toml"
        path.write_text(path.read_text() + f"\n{table} = 5\n")
        with pytest.raises(SettingError):
            self.use(folder)

    @staticmethod
    def use(folder: Path) -> None:
        case = open_case(folder)
        _ = case.reading, case.grouping
        run_case(case)


class TestAdding:
    def test_events_and_the_record_of_the_import(self, filled, events):
        assert len(decoded(filled)) == lockstep_table().height
        (imported,) = filled.imports()
        assert imported["added"] == imported["delivered"] == lockstep_table().height
        assert [entry["file"] for entry in imported["inputs"]] == ["events.csv"]
        assert imported["refused"] == []

    def test_twice_is_once(self, filled, events):
        before = decoded(filled)
        add(filled, [events])
        assert_frame_equal(decoded(filled), before)
        first, second = filled.imports()
        assert (first["added"], second["added"]) == (before.height, 0)
        assert second["delivered"] == before.height
        assert [entry["rows"] for entry in second["refused"]] == [before.height]

    def test_what_is_new_is_merged(self, case, csv):
        add(case, [csv("account_id,object_id,timestamp\n1,a,1600000000\n3,a,1600000000\n")])
        more = "account_id,object_id,timestamp,action\n3,a,1600000000,\n2,b,1600000005,like\n"
        add(case, [csv(more, "more.csv")])
        rows = decoded(case).select("account_id", "object_id", "action").rows()
        assert sorted(rows) == [("1", "a", None), ("2", "b", "like"), ("3", "a", None)]
        assert [entry["added"] for entry in case.imports()] == [2, 1]

    def test_in_parts_is_the_same_as_at_once(self, tmp_path, events, csv):
        header, *lines = events.read_text().splitlines(keepends=True)
        parts = [csv(header + "".join(lines[i::3]), f"part-{i}.csv") for i in range(3)]
        once, bit_by_bit = create_case(tmp_path / "once"), create_case(tmp_path / "parts")
        add(once, [events])
        for part in parts:
            add(bit_by_bit, [part])
        one, other = once.events(), bit_by_bit.events()
        assert one is not None
        assert other is not None
        assert_frame_equal(one.frame, other.frame)
        assert {k: v.to_list() for k, v in one.names.items()} == {
            k: v.to_list() for k, v in other.names.items()
        }

    def test_all_files_or_none(self, filled, csv):
        before = content(filled.folder)
        good = csv("account_id,object_id,timestamp\n1,z,1600000000\n", "good.csv")
        bad = csv("account_id,object_id,timestamp\n1.2e+18,z,1600000000\n", "bad.csv")
        with pytest.raises(SourceError, match="lost digits"):
            add(filled, [good, bad])
        assert content(filled.folder) == before
        assert sorted(path.name for path in filled.folder.iterdir()) == [
            "case.sqlite", "case.toml", "events",
        ]  # fmt: skip

    def test_a_first_one_that_fails(self, case, tmp_path):
        with pytest.raises(SourceError, match="no such file"):
            add(case, [tmp_path / "none.csv"])
        assert case.events() is None
        assert case.imports() == []
        assert sorted(each.name for each in case.folder.iterdir()) == ["case.sqlite", "case.toml"]

    def test_a_replacement_that_was_cut_off_is_undone(self, filled):
        before = content(filled.folder)
        rows = decoded(filled)
        filled.events_folder.rename(filled.folder / ".events.former")
        assert_frame_equal(decoded(open_case(filled.folder)), rows)
        assert content(filled.folder) == before

    def test_adding_after_one_that_was_cut_off(self, filled, csv):
        rows = decoded(filled).height
        filled.events_folder.rename(filled.folder / ".events.former")
        add(open_case(filled.folder), [csv("account_id,object_id,timestamp\n1,z,1600000000\n")])
        assert decoded(filled).height == rows + 1
        assert [entry["added"] for entry in filled.imports()] == [rows, 1]


class TestRuns:
    def test_a_run_without_events(self, case):
        with pytest.raises(CaseError, match="holds no events; bring some with `claqueur add`"):
            run_case(case)
        assert case.runs() == []
        with pytest.raises(CaseError, match="has no run yet"):
            case.latest_run()

    def test_the_same_as_detection_on_the_file(self, filled, events):
        ours = Result.load(run_case(filled))
        plain = detect(events, window="120s", min_objects=5)
        assert plain.pairs.height == 66
        for name in TABLES:
            assert_frame_equal(getattr(ours, name), getattr(plain, name))
        for key in ("networks", "inputs", "events", "set_aside"):
            assert ours.run[key] == plain.run[key]
        assert ours.run["case"] == filled.id

    def test_settings_of_the_case_are_used(self, filled):
        folder = edited(filled, "min_objects = 5", "min_objects = 8\naction = ['any']")
        settings = Result.load(run_case(open_case(folder))).run["settings"]
        assert settings["detect"]["min_objects"] == 8
        assert settings["detect"]["action"] == ["any"]

    def test_other_settings_go_first(self, filled):
        run = Result.load(run_case(filled, CoAction(("60s",), 5))).run
        assert run["settings"]["detect"]["window"] == ["60s"]
        assert run["networks"][0]["pairs"] == 51

    def test_a_failing_run_leaves_none(self, filled):
        with pytest.raises(SettingError, match="no such action"):
            run_case(filled, CoAction(("60s",), 5, ("poke",)))
        assert filled.runs() == []
        assert list((filled.folder / "runs").glob("*")) == []

    @pytest.fixture
    def stopped_clock(self, monkeypatch):
        class Clock(datetime):
            @classmethod
            def now(cls, tz=None):
                return datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

        monkeypatch.setattr(claqueur.case, "datetime", Clock)

    @staticmethod
    def finished(case: Case) -> str:
        folder = case.next_run()
        folder.mkdir(parents=True)
        (folder / "run.json").write_text(json.dumps({}))
        return folder.name

    def test_they_sort_by_age(self, case, stopped_clock):
        (case.folder / "runs" / "20251231-235959").mkdir(parents=True)
        (case.folder / "runs" / "20251231-235959" / "run.json").touch()
        names = [self.finished(case) for _ in range(3)]
        assert names[0] == "20260102-030405"
        assert [path.name for path in case.runs()] == ["20251231-235959", *names]
        assert case.latest_run().name == names[-1]

    def test_many_of_one_second_sort_by_age(self, case, stopped_clock):
        names = [self.finished(case) for _ in range(12)]
        assert [path.name for path in case.runs()] == names

    def test_half_a_run_is_none(self, case):
        (case.folder / "runs" / "20260102-030405").mkdir(parents=True)
        assert case.runs() == []

    def test_the_working_folder_of_a_run_is_none(self, case):
        work = case.folder / "runs" / ".20260102-030405.1.tmp"
        work.mkdir(parents=True)
        (work / "run.json").touch()
        assert case.runs() == []


def test_a_run_has_the_zone_of_the_last_import(tmp_path):
    table = tmp_path / "likes.csv"
    lockstep_table().write_csv(table)
    case = create_case(tmp_path / "case", detect={"window": ["2m"], "min_objects": 5})
    add(case, [table], Reading(timezone="Europe/Moscow"))
    assert Result.load(run_case(case)).run["settings"]["zone"] == "Europe/Moscow"

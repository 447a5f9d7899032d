"""The log of custody: appended to, chained, on the disk when it says so, held against a case."""

import json
import multiprocessing
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.conftest import lockstep_table
from tests.directive_records import RECORD

from claqueur import custody
from claqueur.case import Case, create_case, open_case
from claqueur.directive.register import register_directive
from claqueur.directive.working import add_working
from claqueur.errors import CaseError, RunError, SettingError
from claqueur.pipeline import add, run_case
from claqueur.verify import verify_case


@pytest.fixture
def user(monkeypatch) -> None:
    monkeypatch.setenv("CLAQUEUR_USER", "anna")


def fill(folder: Path, count: int = 5) -> None:
    for number in range(count):
        custody.append(folder, "ran", user="anna", run=str(number))


def database(folder: Path) -> sqlite3.Connection:
    return sqlite3.connect(folder / custody.FILE)


def rewrite(folder: Path, statement: str, *values: object) -> None:
    """As somebody would who knows SQLite."""
    changed = database(folder)
    for name in ("custody_stays", "custody_is_kept"):
        changed.execute(f"DROP TRIGGER {name}")
    changed.execute(statement, values)
    changed.commit()
    changed.close()


class TestLog:
    def test_comes_back(self, tmp_path):
        fill(tmp_path)
        found = custody.entries(tmp_path)
        assert [entry.facts["run"] for entry in found] == list("01234")
        assert {entry.facts["user"] for entry in found} == {"anna"}
        assert custody.entries(tmp_path, "reviewed") == []
        assert custody.moment(found[0]).endswith("+00:00")

    def test_nothing_written_down(self, tmp_path):
        assert custody.entries(tmp_path) == []
        assert list(tmp_path.iterdir()) == []

    def test_exported_as_it_was_hashed(self, tmp_path):
        custody.append(tmp_path, "ran", user="Ирина", share=0.1, list=[1, {"a": None}])
        fill(tmp_path)
        lines = custody.export(custody.entries(tmp_path)).decode().splitlines()
        with database(tmp_path) as opened:
            assert [(line,) for line in lines] == opened.execute(
                "SELECT line FROM custody ORDER BY n"
            ).fetchall()
        opened.close()

    def test_only_its_owner_may_read_it(self, tmp_path):
        fill(tmp_path)
        assert (tmp_path / custody.FILE).stat().st_mode & 0o077 == 0

    @pytest.mark.parametrize("statement", ["DELETE FROM custody", "UPDATE custody SET line = ''"])
    def test_only_appended_to(self, tmp_path, statement):
        fill(tmp_path)
        opened = database(tmp_path)
        with pytest.raises(sqlite3.IntegrityError, match="is only ever appended to"):
            opened.execute(statement)
        opened.close()

    @pytest.mark.parametrize(
        ("statement", "said"),
        [
            ("UPDATE custody SET line = replace(line, 'anna', 'boris') WHERE n = 2", "was altered"),
            ("DELETE FROM custody WHERE n = 2", "1 before it are missing"),
            ("UPDATE custody SET line = 'x' WHERE n = 0", "record 0 .* was altered"),
            ("UPDATE custody SET line = x'00' WHERE n = 3", "record 3 .* was altered"),
            ("DELETE FROM custody WHERE n = 0", "does not follow .*1 before it are missing"),
        ],
    )
    def test_alterations_are_found(self, tmp_path, statement, said):
        fill(tmp_path)
        rewrite(tmp_path, statement)
        _, wrong = custody.read(tmp_path)
        assert wrong
        with pytest.raises(CaseError, match=said):
            custody.entries(tmp_path)

    def test_two_records_exchanged(self, tmp_path):
        fill(tmp_path)
        rewrite(tmp_path, "UPDATE custody SET n = 99 WHERE n = 1")
        with pytest.raises(CaseError, match="does not follow|are missing"):
            custody.entries(tmp_path)

    def test_what_was_altered_is_told_though_others_follow(self, tmp_path):
        fill(tmp_path)
        rewrite(tmp_path, "UPDATE custody SET line = replace(line, 'anna', 'boris') WHERE n = 2")
        fill(tmp_path, 1)
        found, wrong = custody.read(tmp_path)
        assert len(found) == 5
        assert wrong == ["record 2 of the log of custody was altered or is damaged"]

    def test_a_file_that_is_no_database(self, tmp_path):
        (tmp_path / custody.FILE).write_bytes(b"not a database" * 100)
        for use in (custody.entries, lambda folder: fill(folder, 1)):
            with pytest.raises(CaseError, match=r"case\.sqlite: cannot be used .*backup"):
                use(tmp_path)

    def test_a_folder_that_is_not_there(self, tmp_path):
        with pytest.raises(CaseError, match="cannot be written"):
            fill(tmp_path / "none")

    def test_somebody_else_holds_it(self, tmp_path, monkeypatch):
        fill(tmp_path)
        monkeypatch.setattr(custody, "_WAIT_S", 0.05)
        holding = database(tmp_path)
        holding.execute("BEGIN EXCLUSIVE")
        with pytest.raises(RunError, match="another program holds it"):
            fill(tmp_path, 1)
        holding.close()
        fill(tmp_path, 1)
        assert len(custody.entries(tmp_path)) == 6


class TestUser:
    def test_as_given_else_as_set_else_as_known(self, monkeypatch):
        assert custody.acting_user(" Anna K. ") == "Anna K."
        monkeypatch.setenv("CLAQUEUR_USER", "boris")
        assert custody.acting_user() == "boris"
        monkeypatch.delenv("CLAQUEUR_USER")
        monkeypatch.setenv("LOGNAME", "vera")
        assert custody.acting_user() == "vera"

    @pytest.mark.parametrize("name", ["   ", "a" * 201, "a\nb", "a\x1b[2J"])
    def test_names_that_are_none(self, name):
        with pytest.raises(SettingError, match="--user"):
            custody.acting_user(name)


def append_many(folder: Path, name: str) -> None:
    for number in range(20):
        custody.append(folder, "ran", user=name, run=str(number))


def test_many_at_once(tmp_path):
    context = multiprocessing.get_context("spawn")
    workers = [
        context.Process(target=append_many, args=(tmp_path, name)) for name in ("anna", "boris")
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    found = custody.entries(tmp_path)
    assert len(found) == 40
    assert {entry.facts["user"] for entry in found} == {"anna", "boris"}


WRITER = """
import sys
from pathlib import Path
from claqueur import custody
for number in range(100_000):
    entry = custody.append(Path(sys.argv[1]), "reviewed", user="anna", count=number)
    print(entry.hash, flush=True)
"""


def test_a_kill_loses_nothing_that_was_acknowledged(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    acknowledged = [process.stdout.readline().strip() for _ in range(30)]
    os.kill(process.pid, signal.SIGKILL)
    acknowledged += process.stdout.read().split()
    process.wait()
    process.stdout.close()
    hashes = [entry.hash for entry in custody.entries(tmp_path)]
    # The last may have been kept and not told any more, or told by half.
    whole = [each for each in acknowledged if len(each) == 64]
    assert len(whole) >= 30
    assert hashes[: len(whole)] == whole
    fill(tmp_path, 1)
    assert len(custody.entries(tmp_path)) == len(hashes) + 1


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> Path:
    """A case with an import, a registration and a run; not to be changed."""
    folder = tmp_path_factory.mktemp("kept")
    os.environ["CLAQUEUR_USER"] = "anna"
    case = create_case(folder / "case", read={"timezone": "Europe/Moscow"})
    add_working(case, "minutes", RECORD)
    register_directive(case, "minutes")
    lockstep_table().write_csv(folder / "events.csv")
    add(case, [folder / "events.csv"])
    run_case(open_case(case.folder))
    del os.environ["CLAQUEUR_USER"]
    return case.folder


@pytest.fixture
def case(kept, tmp_path) -> Case:
    return open_case(shutil.copytree(kept, tmp_path / "case"))


class TestCase:
    def test_what_is_written_down(self, kept):
        found = custody.entries(kept)
        assert [entry.kind for entry in found] == ["created", "registered", "imported", "ran"]
        assert {entry.facts["user"] for entry in found} == {"anna"}
        imported = found[2].facts
        assert imported["inputs"][0]["file"] == "events.csv"
        assert "imports.json" in imported["tables"]["events"]
        assert "run.json" in found[3].facts["files"]

    def test_sound(self, case):
        found = verify_case(case)
        assert found.sound, found.faults
        assert found.custody == 4
        assert found.custody_head == custody.entries(case.folder)[-1].hash

    @pytest.mark.parametrize(
        ("path", "said"),
        [
            ("events/events.parquet", "events/events.parquet: is not what it was"),
            ("events/imports.json", "events/imports.json: is not what it was"),
            ("runs/*/groups.parquet", "groups.parquet: is not what it was when it was written"),
            ("runs/*/run.json", "run.json: is not what it was when it was written"),
        ],
    )
    def test_altered(self, case, path, said):
        (place,) = case.folder.glob(path)
        place.write_bytes(place.read_bytes() + b"\n")
        assert any(said in fault for fault in verify_case(case).faults)

    def test_missing_and_extra(self, case):
        (run,) = case.runs()
        (run / "pairs.parquet").unlink()
        (run / "more.parquet").write_bytes(b"x")
        faults = verify_case(case).faults
        assert faults == [
            f"runs/{run.name}/more.parquet: is not in the log of custody",
            f"runs/{run.name}/pairs.parquet: is missing",
        ]

    def test_tables_put_back(self, case, tmp_path, csv):
        before = shutil.copytree(case.folder / "events", tmp_path / "before")
        for number in (1, 2):
            add(case, [csv(f"account_id,object_id,timestamp\n{number},z,1600000000\n")])
        shutil.rmtree(case.folder / "events")
        before.rename(case.folder / "events")
        assert "events/events.parquet: is not what it was" in "\n".join(verify_case(case).faults)

    def test_an_import_that_was_stopped_before_its_tables_came(self, case, tmp_path, csv):
        before = shutil.copytree(case.folder / "events", tmp_path / "before")
        add(case, [csv("account_id,object_id,timestamp\n1,z,1600000000\n")])
        shutil.rmtree(case.folder / "events")
        before.rename(case.folder / "events")
        found = verify_case(case)
        assert found.sound
        assert any("those before the last import" in remark for remark in found.remarks)

    def test_a_run_that_is_gone(self, case):
        (run,) = case.runs()
        shutil.rmtree(run)
        found = verify_case(case)
        assert found.sound
        assert any(f"runs/{run.name}: was made by anna on" in each for each in found.remarks)

    def test_a_registration_that_is_gone(self, case):
        (case.directives_folder / "minutes.registered.json").unlink()
        (fault,) = verify_case(case).faults
        assert fault.startswith("directives: version 1 of minutes, registered by anna on")

    def test_a_registration_that_is_broken_is_told(self, case):
        (case.directives_folder / "minutes.registered.json").write_text("[")
        (fault,) = verify_case(case).faults
        assert "minutes.registered.json: is broken" in fault

    def test_the_log_itself(self, case):
        rewrite(case.folder, "UPDATE custody SET line = replace(line, 'anna', 'boris')")
        assert len([each for each in verify_case(case).faults if "log of custody" in each]) == 4

    def test_the_last_record_taken_out(self, case):
        (run,) = case.runs()
        rewrite(case.folder, "DELETE FROM custody WHERE n > 2")
        assert verify_case(case).faults == [f"runs/{run.name}: is not in the log of custody"]

    def test_all_but_the_first_taken_out(self, case):
        rewrite(case.folder, "DELETE FROM custody WHERE n > 0")
        faults = "\n".join(verify_case(case).faults)
        assert "tables are there that the log of custody does not name" in faults
        assert "a version of minutes that is registered is not in the log" in faults

    def test_a_case_older_than_the_log(self, case):
        (case.folder / custody.FILE).unlink()
        found = verify_case(case)
        assert found.sound
        assert any("there is no log of custody" in remark for remark in found.remarks)


def test_the_clock_is_in_every_record(tmp_path):
    begun = time.time_ns() // 1_000_000
    entry = custody.append(tmp_path, "ran", user="anna")
    assert begun <= entry.time_ms <= time.time_ns() // 1_000_000
    assert json.loads(custody.export([entry]))["time_ms"] == entry.time_ms

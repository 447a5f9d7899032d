"""``claqueur directive``: asked, copied, checked, registered, listed; errors say what to do."""

import hashlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import typer
from click.testing import Result
from tests.directive_records import KRASNOYARSK, RECORD
from typer.testing import CliRunner

from claqueur import cli, cli_directive
from claqueur.case import Case, create_case
from claqueur.directive.hypothesis import Cause, Control
from claqueur.directive.reading import read_directive
from claqueur.errors import CaseError, SettingError

MINUTES = """\
Протокол от 8 февраля 2019 г., председатель И. И. Иванов

1. Школам размещать публикации.
3. Обеспечить лайки и комментарии на vk.com/club1001 и vk.com/city, отчёт до 15 марта.
"""
ITEM_3 = [
    *("", ""),  # number and text as suggested
    "Supply likes and comments.",
    "head of the department",
    *("museum", "-1006, -1007", "y", "library", "", "n"),
    *("y", "n"),  # like, not comment
    *("y", "-1002", ""),  # the page suggested, one more, no posts
    "y",  # the date of the minutes
    "",  # no end
    *("y", ""),  # the deadline suggested
    *("5", "account", "week"),
    "40000",
    "games",
    "",
    *("-1019,-1020", "sports pages", ""),
]
END = ["Opening", "event", "2019-03-02", "2019-03-12", "", ""]


@pytest.fixture
def case(tmp_path) -> Case:
    return create_case(tmp_path / "case", read={"timezone": "Asia/Krasnoyarsk"})


@pytest.fixture
def minutes(tmp_path) -> Path:
    path = tmp_path / "minutes.txt"
    path.write_text(MINUTES, encoding="utf-8")
    return path


@pytest.fixture
def source(tmp_path) -> Path:
    path = tmp_path / "krasnoyarsk.toml"
    path.write_text(KRASNOYARSK, encoding="utf-8")
    return path


def directive(*words: object, answers: list[str] | None = None) -> Result:
    text = "".join(f"{answer}\n" for answer in answers or [])
    return CliRunner().invoke(cli.app, ["directive", *map(str, words)], input=text)


def works(*words: object, answers: list[str] | None = None) -> str:
    ended = directive(*words, answers=answers)
    assert ended.exit_code == 0, (ended.output, ended.exception)
    return ended.output


def fails(*words: object, answers: list[str] | None = None) -> str:
    ended = directive(*words, answers=answers)
    assert isinstance(ended.exception, SettingError | CaseError), ended.output
    return str(ended.exception)


class TestAsking:
    def test_what_minutes_suggest_and_what_is_asked(self, case, minutes, tmp_path):
        (tmp_path / "scan.pdf").write_bytes(b"scan")
        scan = [str(tmp_path / "scan.pdf"), "in an envelope", ""]
        answers = ["Minutes", "ru", "", "n", "y", *ITEM_3, "n", *END, *scan]
        said = works("new", case.folder, "--minutes", minutes, answers=answers)
        assert "Item 1: Школам размещать публикации." in said
        assert re.search("action like, from “.*Обеспечить лайки и комментарии на.*”", said)
        assert "target page -1001, from" in said
        assert "vk.com/city: find the page's id and write it below" in said
        assert "start 2019-02-08, from “Протокол от 8 февраля 2019 г., председатель […]" in said
        assert "deadline 2019-03-15 (the year is a guess from 2019-02-08), from" in said
        assert "Иванов" not in said
        assert said.splitlines()[-1].endswith(
            f"claqueur directive register {case.folder} directive"
        )

        record = read_directive(case.directives_folder / "directive.toml")
        (item,) = record.items
        assert record.zone == "Asia/Krasnoyarsk"
        assert item.number == "3"
        assert item.text.startswith("Обеспечить лайки и комментарии")
        assert [each.kind for each in item.addressed] == ["museum", "library"]
        assert item.institution_pages == ("-1006", "-1007")
        assert item.action == ("like",)
        assert item.target_pages == ("-1001", "-1002")
        assert str(item.start) == "2019-02-08"
        assert [str(day) for day in item.deadlines] == ["2019-03-15"]
        assert (item.quota, item.quota_of, item.quota_per) == (5, "account", "week")
        assert (item.claimed_total, item.topic) == (40_000, ("games",))
        assert item.controls == (Control(("-1019", "-1020"), "sports pages"),)
        assert [(cause.name, cause.kind) for cause in record.causes] == [("Opening", "event")]
        assert isinstance(record.causes[0], Cause)
        assert record.restricted.file == "scan.pdf"
        assert record.restricted.sha256 == hashlib.sha256(b"scan").hexdigest()
        assert record.restricted.found == "in an envelope"

    def test_nothing_suggested_is_taken_without_a_yes(self, case, minutes):
        # Days, links and actions of the whole text are offered for an item that is not in it.
        answers = [
            *("Minutes", "ru", "UTC"),
            *("n", "n", "y"),
            *("4", "Own text", "", "a role", "school", "", "n"),
            *("n", "n", "n", "comment"),
            *("n", "-7", ""),
            *("n", "2019-03-01", ""),
            *("n", ""),
            *("", "", "", "", "", "n"),
            *("", "", "", ""),
        ]
        works("new", case.folder, "--minutes", minutes, answers=answers)
        (item,) = read_directive(case.directives_folder / "directive.toml").items
        assert (item.number, item.text, item.action) == ("4", "Own text", ("comment",))
        assert item.target_pages == ("-7",)
        assert (str(item.start), item.deadlines, item.quota) == ("2019-03-01", (), None)

    def test_pasted_minutes_end_with_a_dot(self, case):
        answers = [*MINUTES.splitlines(), ".", "Minutes", "ru", "", "n", "y", *ITEM_3, "n", *END]
        works("new", case.folder, "--name", "pasted", answers=[*answers, "", "", ""])
        (item,) = read_directive(case.directives_folder / "pasted.toml").items
        assert item.target_pages == ("-1001", "-1002")

    def test_what_cannot_be_read_is_asked_again(self, case):
        answers = [
            *(".", "", "Minutes", "en", "Mars", "UTC", "y", "3", "", "Supply likes.", "", "a role"),
            *("school", "", "n", "praise", "", "like", "-1001", "", "soon", "2019-02-08"),
            *("never", "", "", "0", "", "", "", "", "", "n", "", "none.pdf", "", ""),
        ]
        said = works("new", case.folder, answers=answers)
        for part in (
            "Mars: no such zone; write for example",
            "praise: write one or more of like, comment",
            "soon: write a day as 2019-02-08",
            "0: write a whole number from 1",
            "none.pdf: cannot be read",
        ):
            assert part in said

    def test_answers_that_do_not_fit_together_are_kept(self, case, minutes):
        wrong = [each if each != "-1019,-1020" else "-1001" for each in ITEM_3]
        answers = ["Minutes", "ru", "", "n", "y", *wrong, "n", *END, "", "", ""]
        said = fails("new", case.folder, "--minutes", minutes, answers=answers)
        assert "-1001 was ordered too" in said
        assert "The answers are kept there; edit that file, then: claqueur directive check" in said
        assert (case.directives_folder / "directive.toml").exists()

    def test_breaking_off_leaves_nothing(self, case, minutes):
        ended = directive("new", case.folder, "--minutes", minutes, answers=["Minutes", "ru"])
        assert ended.exit_code == 1
        assert not case.directives_folder.exists()

    def test_a_name_that_is_taken_is_said_before_asking(self, case, source):
        works("new", case.folder, "--from", source, "--name", "directive")
        said = fails("new", case.folder)
        assert "directive.toml: exists; edit directive.toml, or choose another --name" in said

    def test_minutes_that_are_no_text(self, case, tmp_path):
        (tmp_path / "scan.pdf").write_bytes(b"%PDF\xff\xfe")
        said = fails("new", case.folder, "--minutes", tmp_path / "scan.pdf")
        assert "cannot be read as text in UTF-8" in said


class TestCopying:
    def test_a_record_and_its_notes(self, case, source):
        said = works("new", case.folder, "--from", source)
        path = case.directives_folder / "krasnoyarsk.toml"
        assert path.read_text(encoding="utf-8") == KRASNOYARSK
        assert f"Record: {path}; next: claqueur directive register {case.folder} krasn" in said

    def test_one_that_leaves_things_open(self, case, tmp_path):
        (tmp_path / "short.toml").write_text(RECORD)
        said = works("new", case.folder, "--from", tmp_path / "short.toml", "--name", "other")
        assert "note: item 3: no control pages" in said
        assert (case.directives_folder / "other.toml").exists()

    def test_one_that_is_refused(self, case, tmp_path):
        (tmp_path / "bad.toml").write_text(RECORD + 'staff = ["somebody"]\n')
        said = fails("new", case.folder, "--from", tmp_path / "bad.toml")
        assert "staff: the people ordered are victims" in said
        assert not case.directives_folder.exists()

    def test_questions_and_a_record_at_once(self, case, source, minutes):
        said = fails("new", case.folder, "--from", source, "--minutes", minutes)
        assert "with --from there are none" in said


class TestTheRest:
    @pytest.fixture
    def kept(self, case, source) -> Case:
        works("new", case.folder, "--from", source)
        return case

    def edit(self, case: Case, old: str, new: str) -> None:
        path = case.directives_folder / "krasnoyarsk.toml"
        path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")

    def test_check(self, kept):
        said = works("check", kept.folder)
        assert said.startswith("krasnoyarsk: 3 items, nothing to put right\n")
        assert "restricted: file: was not found" in said
        works("register", kept.folder)
        assert "registration: self-declared" in works("check", kept.folder, "krasnoyarsk")

    def test_check_what_is_wrong(self, kept, tmp_path):
        (tmp_path / "short.toml").write_text(RECORD)
        works("new", kept.folder, "--from", tmp_path / "short.toml")
        self.edit(kept, "2019-02-08", "2029-02-08")
        self.edit(kept, "2029-02-08\n", "2019-02-08\nend = 2019-01-01\n")
        ended = directive("check", kept.folder)
        assert "short: 1 item, nothing to put right" in ended.output
        assert str(ended.exception).count("is before the start") == 3

    def test_register_and_list(self, kept, tmp_path):
        assert works("list", kept.folder) == "krasnoyarsk: 3 items, not registered\n"
        said = works("register", kept.folder)
        (sha256,) = re.findall(r"sha256: ([0-9a-f]{64})", said)
        hashed = kept.directives_folder / "krasnoyarsk.v1.sha256"
        assert hashed.read_text() == f"{sha256}\n"
        assert f"stamped by a third party: {hashed}" in said
        assert "self-declared" in said
        assert re.fullmatch(
            r"krasnoyarsk: 3 items, registered 20\S+\+00:00 \(version 1\)\n",
            works("list", kept.folder),
        )
        self.edit(kept, 'kind = "museum"', 'kind = "gallery"')
        assert works("list", kept.folder).endswith("the record was edited since\n")
        assert "version 2" in works("register", kept.folder, "krasnoyarsk")
        assert "is registered already" in fails("register", kept.folder)

    def test_list_what_cannot_be_tested_and_what_is_gone(self, kept, tmp_path):
        works("register", kept.folder)
        (kept.directives_folder / "krasnoyarsk.toml").unlink()
        (kept.directives_folder / "bad.toml").write_text("format = 1")
        bad, gone = works("list", kept.folder).splitlines()
        assert bad.startswith("bad: cannot be tested as it is (claqueur directive check")
        assert gone.startswith("krasnoyarsk: 3 items, registered")
        assert gone.endswith("the record itself is gone")

    def test_which_one(self, case, kept, source):
        works("new", kept.folder, "--from", source, "--name", "second")
        said = fails("register", kept.folder)
        assert "has several directives; name one of krasnoyarsk, second" in said

    def test_none(self, case):
        assert works("list", case.folder) == ""
        for command in ("check", "register"):
            said = fails(command, case.folder)
            assert "has no directive; write one with `claqueur directive new" in said

    def test_stamping_something_else(self, kept, source):
        works("register", kept.folder)
        said = fails("stamp", kept.folder, "--token", source, "--tsa-root", source)
        assert "the token is no time-stamp response" in said
        ended = directive("stamp", kept.folder, "krasnoyarsk", "--token", source)
        assert ended.exit_code == 2
        assert "--tsa-root" in ended.output

    def test_no_case(self, tmp_path):
        assert "is no case" in fails("list", tmp_path)


class TestHelp:
    @pytest.mark.parametrize("command", sorted(typer.main.get_command(cli_directive.app).commands))
    def test_every_command_has_an_example(self, command):
        shown = works(command, "--help")
        assert re.search(rf"Examples?\s+claqueur directive {command}\b", shown)

    def test_it_loads_nothing_heavy(self):
        code = (
            "import sys; from claqueur.cli import app; app(['directive', '--help'], "
            "standalone_mode=False); print([m for m in ('polars', 'duckdb', 'tomlkit', "
            "'rfc3161_client') if m in sys.modules])"
        )
        ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert ended.stdout.splitlines()[-1] == "[]"

    def test_errors_end_with_2(self, tmp_path):
        call = [sys.executable, "-m", "claqueur", "directive", "list", str(tmp_path)]
        ended = subprocess.run(call, capture_output=True, text=True)
        assert (ended.returncode, ended.stdout) == (2, "")
        assert ended.stderr.startswith("error: ")


def test_the_record_of_the_documentation_is_toml():
    assert [item["number"] for item in tomllib.loads(KRASNOYARSK)["item"]] == ["1", "2", "3"]

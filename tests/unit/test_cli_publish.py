"""The commands around publication, as a user calls them."""

import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from tests.authorities import served
from tests.command_line import CommandLine
from tests.conftest import lockstep_table
from tests.packages import Recipient, content, packed, recipient

from claqueur import custody
from claqueur.case import create_case, open_case
from claqueur.package import sealed_path
from claqueur.pipeline import add, run_case
from claqueur.settings import CoAction


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> Path:
    """A case with a run of one group; not to be changed."""
    folder = tmp_path_factory.mktemp("kept")
    case = create_case(folder / "case", "Lockstep", read={"timezone": "Europe/Moscow"})
    table = lockstep_table(24).with_columns(owner_id=pl.lit("-1"))
    table.write_csv(folder / "events.csv")
    add(case, [folder / "events.csv"])
    run_case(open_case(case.folder), CoAction(window=("300s",), min_objects=5))
    return case.folder


@pytest.fixture
def case(kept, tmp_path) -> Path:
    return Path(shutil.copytree(kept, tmp_path / "case"))


class TestReview:
    def test_lists(self, claqueur, case):
        shown = claqueur.works("review", case).out
        assert "[not reviewed]\n  1  Group 1: 24 accounts on 8 objects from 2020-09-13" in shown
        assert "1 findings, 1 of them not reviewed" in shown
        assert len(custody.entries(case)) == 3

    @pytest.mark.parametrize(
        ("flag", "verdict"),
        [("--accept", "accepted"), ("--reject", "rejected"), ("--doubt", "doubtful")],
    )
    def test_decides(self, claqueur, case, flag, verdict):
        shown = claqueur.works(
            "review", case, flag, 1, "--note", "read it", "--user", "Anna"
        ).out  # fmt: skip
        assert f"[{verdict}, Anna, 20" in shown
        assert ": read it]" in shown
        assert "0 of them not reviewed" in shown

    def test_all_leaves_what_was_decided(self, claqueur, case):
        claqueur.works("review", case, "--reject", 1, "--note", "a choir")
        assert "[rejected" in claqueur.works("review", case, "--all", "--note", "fine").out
        assert len(custody.entries(case, custody.REVIEWED)) == 1

    def test_all_accepts_the_rest(self, claqueur, case, monkeypatch):
        monkeypatch.setenv("CLAQUEUR_USER", "Boris")
        assert "[accepted, Boris" in claqueur.works("review", case, "--all", "--note", "ok").out

    def test_refusals(self, claqueur, case, tmp_path):
        assert "--note: say why" in claqueur.fails(2, "review", case, "--accept", 1)
        said = claqueur.fails(2, "review", case, "--accept", 1, "--doubt", 1, "--note", "x")
        assert "finding 1: is decided twice; choose one" in said
        assert "there is none" in claqueur.fails(2, "review", case, "--accept", 7, "--note", "x")
        assert "is neither a case nor a run" in claqueur.fails(2, "review", tmp_path / "none")
        assert custody.entries(case, custody.REVIEWED) == []

    def test_asks_on_a_terminal(self, case):
        ours, theirs = pty.openpty()
        command = [sys.executable, "-m", "claqueur", "review", str(case), "--user", "Anna"]
        asking = subprocess.Popen(
            command, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        os.close(theirs)
        os.write(ours, b"x\nd\nmay be a choir\n")
        shown, _ = asking.communicate(timeout=60)
        os.close(ours)
        assert asking.returncode == 0, shown
        assert shown.count("accept, reject, doubt, skip, quit") == 2
        assert "[doubtful, Anna" in shown
        assert "may be a choir" in shown


class TestPublish:
    def test_from_review_to_the_same_again(self, claqueur, case, tmp_path, monkeypatch):
        monkeypatch.setenv("CLAQUEUR_CHROMIUM", "/nowhere")
        whom, out = recipient(tmp_path), tmp_path / "out"
        named = ("--to", out, "--language", "en", "--to-key", whom.public, "--user", "Anna")
        assert "not reviewed (1); read them with" in claqueur.fails(2, "publish", case, *named)
        claqueur.works("review", case, "--all", "--note", "read it")
        shown = claqueur.works("publish", case, *named, "--title", "Likes in step").out
        assert shown.startswith(f"Package: {out} (")
        assert f"next: claqueur verify {out}" in shown
        both = ("--sealed", sealed_path(out), "--key-file", whom.file)
        assert "Sound" in claqueur.works("verify", out, *both).out
        shown = claqueur.works("reproduce", out, *both).out
        assert shown.endswith("Reproduced\n")
        assert "exists and is not empty" in claqueur.fails(2, "publish", case, *named)

    def test_what_is_not_reproduced_is_exit_code_1(self, claqueur, tmp_path, monkeypatch):
        from claqueur import reproduction

        found = reproduction.Reproduction({"a.csv": True, "b.csv": False}, {"pairs": True}, ["x"])
        monkeypatch.setattr(reproduction, "reproduce", lambda *given, **named: found)
        key = ("--sealed", tmp_path / "s", "--key-file", tmp_path / "k")
        ended = claqueur("reproduce", tmp_path / "package", *key)
        assert ended.code == 1
        assert ended.out.splitlines() == [
            "b.csv: DIFFERS",
            "note: x",
            "1 of 2 public files are identical byte by byte, 1 of 1 tables of the run row by row",
            "NOT REPRODUCED",
        ]


class TestVerify:
    def test_a_case(self, claqueur, case):
        shown = claqueur.works("verify", case).out
        head = custody.entries(case)[-1].hash
        assert f"3 records of custody; last record {head}" in shown
        assert "Sound: every record, every answer and every table" in shown

    def test_a_case_that_was_altered(self, claqueur, case):
        (run,) = (case / "runs").iterdir()
        (run / "run.json").write_text("{}")
        ended = claqueur("verify", case)
        assert ended.code == 1
        assert f"runs/{run.name}/run.json: is not what it was" in ended.out
        assert "NOT SOUND" in ended.out

    def test_a_package(self, claqueur, tmp_path):
        package = packed(tmp_path).folder
        before = content(package)
        shown = claqueur.works("verify", package).out
        assert "note: there is no time stamp" in shown
        assert "Sound: every file is what was packed" in shown
        assert content(package) == before

    def test_a_package_that_was_altered(self, claqueur, tmp_path):
        package = packed(tmp_path).folder
        (package / "bagit.txt").unlink()
        ended = claqueur("verify", package)
        assert ended.code == 1
        assert ended.out.splitlines()[0] == "bagit.txt: is missing"
        assert ended.out.splitlines()[-1].startswith("NOT SOUND")

    def test_with_stamp_and_supplement(self, claqueur, tmp_path, authority):
        whom = recipient(tmp_path)
        with served(authority) as server:
            package = packed(tmp_path, recipients=[whom.public], stamp_server=server).folder
        both = ("--sealed", sealed_path(package), "--key-file", whom.file)
        root = authority / "root.pem"
        shown = claqueur.works("verify", package, *both, "--tsa-root", root).out
        assert "verified down to the certificate you gave" in shown
        assert "The supplement is that of this package: 6 files" in shown
        self.another(claqueur, tmp_path, package, whom)

    def another(
        self, claqueur: CommandLine, folder: Path, package: Path, whom: Recipient
    ) -> None:  # fmt: skip
        (folder / "other").mkdir()
        other = packed(folder / "other", recipients=[whom.public], sealed={"x": b"y"})
        ended = claqueur("verify", package, "--sealed", other.sealed, "--key-file", whom.file)
        assert ended.code == 1
        assert "supplement: is another one" in ended.out

    def test_refusals(self, claqueur, case, tmp_path, authority):
        package = packed(tmp_path).folder
        shutil.make_archive(str(tmp_path / "bomb"), "zip", package)
        for word in ("zip",):
            said = claqueur.fails(2, "verify", tmp_path / f"bomb.{word}")
            assert "is a file; a package is a folder, so unpack it first" in said
        assert "is neither a case" in claqueur.fails(2, "verify", tmp_path / "none")
        assert "go together" in claqueur.fails(2, "verify", package, "--sealed", package)
        said = claqueur.fails(2, "verify", case, "--tsa-root", authority / "root.pem")
        assert "go with a package, not a case" in said
        said = claqueur.fails(2, "verify", package, "--tsa-root", package / "bagit.txt")
        assert "is no certificate in PEM" in said
        said = claqueur.fails(2, "verify", package, "--tsa-root", tmp_path / "none")
        assert "cannot be read" in said

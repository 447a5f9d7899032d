"""The command line: exit codes, what stands on which stream, and what is left behind."""

import json
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import typer
from polars.testing import assert_frame_equal
from tests.conftest import SCHEMAS, lockstep_table

from claqueur import __version__, cli
from claqueur.results import TABLES, Result

COMMANDS = sorted(typer.main.get_command(cli.app).commands)  # type: ignore[attr-defined]
PLANTED = [f"7000000{number:02}" for number in range(12)]
TIMED = ("--window", "120s", "--min-objects", "5")
START = 1_600_000_000
PSEUDONYM = re.compile(r"\b[a-z2-7]{5}-[a-z2-7]{5}\b")


@pytest.fixture
def events(tmp_path) -> Path:
    folder = tmp_path / "input"
    folder.mkdir()
    lockstep_table().write_csv(folder / "events.csv")
    return folder / "events.csv"


@pytest.fixture
def work(tmp_path) -> Path:
    """Where results go; nothing else is in it."""
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """A folder of results, made by another process from the planted table; not to be changed."""
    folder = tmp_path_factory.mktemp("finished")
    lockstep_table().write_csv(folder / "events.csv")
    command = [sys.executable, "-m", "claqueur", "detect", folder / "events.csv", *TIMED]
    command += ["--no-report", "--out", folder / "out"]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "out"


@pytest.fixture
def several(claqueur, events, work) -> Path:
    claqueur.works(
        "detect", events, "--window", "120s", "--window", "60s", "--min-objects", 5,
        "--no-report", "--out", work / "several",
    )  # fmt: skip
    return work / "several"


def content(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def names(folder: Path) -> list[str]:
    """Everything in a folder, hidden entries too."""
    return sorted(path.name for path in folder.iterdir())


def record(folder: Path) -> dict:
    return json.loads((folder / "run.json").read_text())


class TestHelp:
    def test_version(self, claqueur):
        assert claqueur.works("--version").out == f"claqueur {__version__}\n"

    def test_as_a_module(self):
        done = subprocess.run(
            [sys.executable, "-m", "claqueur", "--version"], capture_output=True, text=True
        )
        assert (done.returncode, done.stdout) == (0, f"claqueur {__version__}\n")

    def test_all_commands_are_listed(self, claqueur):
        shown = claqueur.works("--help").out
        assert {"detect", "new", "add", "run", "report", "export", "evidence"} <= set(COMMANDS)
        assert all(re.search(rf"\b{command}\b", shown) for command in COMMANDS)

    @pytest.mark.parametrize(
        "command",
        list(COMMANDS),
    )
    def test_every_command_has_an_example(self, claqueur, command):
        shown = claqueur.works(command, "--help").out
        assert re.search(rf"Examples?\s+claqueur {command}\b", shown)

    def test_unknown_commands_and_flags(self, claqueur):
        assert "frobnicate" in claqueur.fails(2, "frobnicate")
        assert "--frobnicate" in claqueur.fails(2, "detect", "--frobnicate")

    def test_what_must_be_given(self, claqueur, events):
        assert "--out" in claqueur.fails(2, "detect", events, *TIMED)
        assert "FILE" in claqueur.fails(2, "detect", *TIMED, "--out", "out")

    def test_sources(self, claqueur):
        shown = claqueur.works("sources").out.splitlines()
        known = ["4cat-vk", "columns", "coortweet", "counters", "objects", "polls", "qut", "vk"]
        assert [line.split()[0] for line in shown] == known


class TestDetect:
    def test_end_to_end(self, claqueur, events, work):
        ended = claqueur.works("detect", events, *TIMED, "--out", work / "out")
        expected = sorted([*(f"{name}.parquet" for name in SCHEMAS), "run.json", "report.html"])
        assert names(work / "out") == expected
        assert names(work) == ["out"]
        assert "any within 2m: 66 pairs, 1 lockstep group with 12 members" in ended.out
        assert "there is no error rate" in ended.out
        assert ended.out.splitlines()[-1] == f"Report: {work / 'out' / 'report.html'}"
        assert "counting pairs" in ended.err
        result = Result.load(work / "out")
        assert result.accounts["account_id"].to_list() == PLANTED
        assert result.groups.select("group_id", "size").rows() == [(1, 12)]
        assert set(TABLES) == set(SCHEMAS)
        for name, schema in SCHEMAS.items():
            assert pl.read_parquet_schema(work / "out" / f"{name}.parquet") == schema, name
        assert "<html" in (work / "out" / "report.html").read_text(encoding="utf-8")

    def test_without_a_report(self, claqueur, events, work):
        ended = claqueur.works("detect", events, *TIMED, "--no-report", "--out", work / "out")
        assert names(work / "out") == sorted([*(f"{name}.parquet" for name in SCHEMAS), "run.json"])
        assert ended.out.splitlines()[-1] == f"Results: {work / 'out'}"

    def test_what_is_shown_and_recorded_is_what_is_in_the_tables(self, finished):
        run, result = record(finished), Result.load(finished)
        assert run["events"]["kept"] == lockstep_table().height
        (network,) = run["networks"]
        assert network["pairs"] == result.pairs.height == 66
        assert network["groups"] == result.groups.height
        assert network["accounts_in_groups"] == result.accounts.height
        assert run["settings"]["detect"]["window"] == ["120s"]

    def test_several_windows_side_by_side(self, several, finished):
        result = Result.load(several)
        assert [network["window_ms"] for network in result.run["networks"]] == [60_000, 120_000]
        # Ten seconds apart, each of 12 accounts is within a minute of six on either side.
        assert result.pairs.filter(window_ms=60_000).height == sum(12 - d for d in range(1, 7))
        alone = Result.load(finished).pairs
        assert_frame_equal(result.pairs.filter(window_ms=120_000), alone)
        assert result.groups["group_id"].to_list() == list(range(1, result.groups.height + 1))
        assert set(result.groups["window_ms"]) == {60_000, 120_000}

    @pytest.fixture
    def turns(self, tmp_path) -> Path:
        """The planted accounts like and comment in turn."""
        odd = pl.col("account_id").str.slice(-1).cast(pl.Int64) % 2 == 1
        action = pl.when(odd).then(pl.lit("comment")).otherwise(pl.lit("like"))
        lockstep_table().with_columns(action=action).write_csv(tmp_path / "turns.csv")
        return tmp_path / "turns.csv"

    def test_actions_are_networks_of_their_own(self, claqueur, turns, work):
        claqueur.works("detect", turns, *TIMED, "--no-report", "--out", work / "out")
        pairs = Result.load(work / "out").pairs
        assert dict(pairs["action"].value_counts().iter_rows()) == {"like": 15, "comment": 15}

    def test_one_action(self, claqueur, turns, work):
        claqueur.works(
            "detect", turns, *TIMED, "--action", "like", "--no-report", "--out", work / "out"
        )
        result = Result.load(work / "out")
        assert [network["action"] for network in result.run["networks"]] == ["like"]
        assert result.accounts["account_id"].to_list() == PLANTED[::2]

    def test_across_actions(self, claqueur, turns, work):
        claqueur.works(
            "detect", turns, *TIMED, "--across-actions", "--no-report", "--out", work / "out"
        )
        result = Result.load(work / "out")
        assert result.pairs["action"].unique().to_list() == ["any"]
        assert result.pairs.height == 66
        assert set(result.evidence["action"]) == {"like", "comment"}

    def test_rows_that_are_refused_are_counted(self, claqueur, events, work):
        with events.open("a") as file:
            file.write(",wall-1_0,1600000000\n,wall-1_1,1600000000\n700000000,wall-1_0,soon\n")
        ended = claqueur.works("detect", events, *TIMED, "--no-report", "--out", work / "out")
        assert "not used: 2 × no account_id" in ended.err
        assert "not used: 1 × time that cannot be read" in ended.err
        counted = record(work / "out")["events"]
        assert {entry["reason"]: entry["rows"] for entry in counted["refused"]} == {
            "no account_id": 2,
            "time that cannot be read": 1,
        }
        assert counted["kept"] == lockstep_table().height

    def test_no_id_is_in_the_log_or_on_the_screen(self, claqueur, events, work, tmp_path):
        with events.open("a") as file:
            file.write("700000003,,1600000000\n700000003,wall-1_0,soon\n700000004,x\n")
        log = tmp_path / "log.txt"
        ended = claqueur.works(
            "detect", events, *TIMED, "--no-report", "--out", work / "out", "--verbose",
            "--log-file", log,
        )  # fmt: skip
        logged = log.read_text()
        assert "stage: counting pairs" in logged
        assert "took" in logged
        assert "took" in ended.err
        ids = set(lockstep_table()["account_id"])
        for text in (logged, ended.err, ended.out):
            assert not ids & set(re.findall(r"\d{9}", text))

    def test_the_command_line_can_be_called_often(self, finished, claqueur, events, work):
        """Same events, same tables, whichever process made them."""
        claqueur.works("detect", events, *TIMED, "--no-report", "--out", work / "out")
        for name in SCHEMAS:
            one, other = (folder / f"{name}.parquet" for folder in (finished, work / "out"))
            assert one.read_bytes() == other.read_bytes()


class TestRefused:
    @pytest.mark.parametrize(
        ("flags", "missing"),
        [(["--window", "60s"], "--min-objects"), (["--min-objects", "5"], "--window")],
    )
    def test_window_and_minimum_go_together(self, claqueur, events, work, flags, missing):
        said = claqueur.fails(2, "detect", events, *flags, "--out", work / "out")
        assert said.startswith(f"error: missing {missing}")
        assert flags[0] not in said.split(":")[1]
        assert "give both, for a network without an error rate, or neither" in said
        assert names(work) == []

    @pytest.mark.parametrize("tool", ["coortweet", "qut"])
    def test_another_tool_needs_them(self, claqueur, events, work, tool):
        said = claqueur.fails(2, "detect", events, "--compat", tool, "--out", work / "out")
        assert "--compat needs --window and --min-objects" in said
        assert names(work) == []

    @pytest.mark.parametrize(
        ("flags", "message"),
        [
            (["--window", "0s"], "--window 0s: a duration must be at least 1ms"),
            (["--window", "-5s"], "--window -5s: a duration must be at least 1ms"),
            (["--window", "60"], "--window 60: a duration needs a number and a unit"),
            (["--window", "60s", "--window", "ten"], "--window ten: a duration needs"),
            (["--window", "20000d"], "--window 20000d: longer than ten years"),
            (["--min-objects", "-1"], "--min-objects -1: must be at least 1"),
            (["--min-objects", "0"], "--min-objects 0: must be at least 1"),
            (["--min-objects", "many"], "--min-objects"),
            (["--loops"], "--loops belongs to --compat coortweet"),
            (["--subgraph", "1"], "--subgraph belongs to --compat coortweet"),
            (["--compat", "gephi"], "--compat gephi: write coortweet or qut"),
            (["--compat", "qut", "--loops"], "--loops belongs to --compat coortweet"),
            (["--action", "poke"], "--action poke: the events have no such action; they have any"),
            (["--resolution", "0"], "--resolution 0.0: must be above 0"),
            (["--seed", "-1"], "--seed -1: must be at least 0"),
            (["--timezone", "Mars/Base"], "--timezone Mars/Base"),
            (["--time-unit", "h"], "--time-unit h: use s, ms, us or ns"),
            (["--map", "account_id"], "--map account_id=: write it as account_id=author"),
            (["--format", "excel"], "excel"),
        ],
        ids=lambda value: " ".join(value) if isinstance(value, list) else "",
    )
    def test_settings(self, claqueur, events, work, flags, message):
        given = dict(zip(TIMED[::2], TIMED[1::2], strict=True))
        kept = [
            word for flag, value in given.items() if flag not in flags for word in (flag, value)
        ]
        said = claqueur.fails(2, "detect", events, *kept, *flags, "--out", work / "out")
        assert message in said
        assert names(work) == []

    @pytest.mark.parametrize("extra", [[], ["--no-report"]])
    def test_a_folder_that_is_not_empty(self, claqueur, events, work, extra):
        (work / "out").mkdir()
        (work / "out" / "pairs.parquet").write_text("mine")
        said = claqueur.fails(2, "detect", events, *TIMED, *extra, "--out", work / "out")
        assert "out: exists and is not empty; choose another folder" in said
        assert content(work) == {"out/pairs.parquet": b"mine"}
        assert names(work) == ["out"]

    def test_an_empty_folder_is_used(self, claqueur, events, work):
        (work / "out").mkdir()
        claqueur.works("detect", events, *TIMED, "--no-report", "--out", work / "out")
        assert (work / "out" / "run.json").exists()

    def test_a_file_is_in_the_way(self, claqueur, events, work):
        (work / "out").write_text("mine")
        said = claqueur.fails(2, "detect", events, *TIMED, "--out", work / "out")
        assert "out: is a file; choose another folder" in said
        said = claqueur.fails(2, "detect", events, *TIMED, "--out", work / "out" / "below")
        assert "cannot be made" in said
        assert content(work) == {"out": b"mine"}

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            (None, "no such file"),
            ("", "is empty"),
            ("account_id,object_id,timestamp\n", "no event is left"),
            ("who,what\n1,2\n", "has no column for"),
            ("account_id,object_id\n1,a\n2,a\n", "no event has an exact time"),
            ("account_id,object_id,timestamp\n1.5e+17,a,1600000000\n", "lost digits"),
        ],
    )
    def test_input_that_cannot_be_used_leaves_nothing(self, claqueur, work, csv, text, message):
        path = csv(text, "bad.csv") if text is not None else work.parent / "none.csv"
        assert message in claqueur.fails(2, "detect", path, *TIMED, "--out", work / "out")
        assert names(work) == []

    def test_one_bad_file_among_good_ones(self, claqueur, events, work, csv):
        (work / "earlier").mkdir()
        bad = csv("account_id,object_id,timestamp\n1.5e+17,a,1600000000\n", "bad.csv")
        claqueur.fails(2, "detect", events, bad, *TIMED, "--out", work / "out")
        assert names(work) == ["earlier"]

    def test_a_log_file_that_cannot_be_written(self, claqueur, events, work):
        said = claqueur.fails(
            2, "detect", events, *TIMED, "--out", work / "out", "--log-file", events / "log"
        )
        assert "--log-file" in said
        assert "cannot be written" in said
        assert names(work) == []

    @pytest.mark.parametrize(
        "words",
        [("run",), ("add", "x.csv"), ("report",), ("evidence", "--group", 1),
         ("export", "--out", "n.gexf")],
        ids=lambda words: words[0],
    )  # fmt: skip
    def test_folders_that_hold_no_case_and_no_run(self, claqueur, work, words):
        command, *rest = words
        said = claqueur.fails(2, command, work, *rest)
        assert "is no case" in said or "holds no complete run" in said
        assert names(work) == []

    def test_what_nobody_foresaw_is_one_line_too(self, claqueur, events, work, monkeypatch):
        def broken(*_args, **_more):
            raise ZeroDivisionError("700000001")

        monkeypatch.setattr("claqueur.pipeline.detect_to", broken)
        ended = claqueur("detect", events, *TIMED, "--out", work / "out")
        assert ended.code == 1
        assert "this should not have happened (ZeroDivisionError)" in ended.err
        assert "700000001" not in ended.err

    def test_too_little_memory(self, claqueur, events, work, monkeypatch):
        def large(*_args, **_more):
            raise MemoryError

        monkeypatch.setattr("claqueur.pipeline.analyse", large)
        said = claqueur.fails(1, "detect", events, *TIMED, "--out", work / "out")
        assert "out of memory; try a narrower --window" in said
        assert names(work) == []


class TestEvidence:
    def test_pseudonyms_by_default(self, claqueur, finished):
        for chosen, accounts in ((("--pair", 0), 2), (("--group", 1), 12)):
            shown = claqueur.works("evidence", finished, *chosen).out
            assert not [account for account in PLANTED if account in shown]
            assert len(set(PSEUDONYM.findall(shown))) <= accounts
            assert "wall-1_0" in shown
            assert "2020-09-13 12:26:40" in shown

    def test_a_pair_has_two_accounts(self, claqueur, finished):
        shown = claqueur.works("evidence", finished, "--pair", 0).out
        assert len(set(PSEUDONYM.findall(shown))) == 2
        again = claqueur.works("evidence", finished, "--pair", 0).out
        assert again == shown

    def test_identities_when_asked_for(self, claqueur, finished):
        shown = claqueur.works("evidence", finished, "--pair", 0, "--identities").out
        assert {account for account in PLANTED if account in shown} == set(PLANTED[:2])

    def test_long_lists_are_cut_and_say_so(self, claqueur, finished):
        shown = claqueur.works("evidence", finished, "--group", 1).out
        assert "… and 46 more; write them all with --out FILE.csv" in shown

    @pytest.mark.parametrize("identities", [False, True])
    def test_all_rows_in_a_file(self, claqueur, finished, work, identities):
        flags = ["--identities"] if identities else []
        out = work / "group.csv"
        ended = claqueur.works("evidence", finished, "--group", 1, "--out", out, *flags)
        assert ended.out == f"Written: {out} (96 rows)\n"
        accounts = set(pl.read_csv(out, infer_schema=False)["account_id"])
        assert len(accounts) == 12
        assert (accounts == set(PLANTED)) == identities
        assert identities or not [account for account in PLANTED if account in out.read_text()]
        claqueur.works("evidence", finished, "--group", 1, "--out", work / "g.parquet", *flags)
        assert set(pl.read_parquet(work / "g.parquet")["account_id"]) == accounts

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            ((), "name either --group (from 1) or --pair (from 0)"),
            (("--group", 1, "--pair", 0), "name either --group"),
            (("--group", 7), "group 7: there is none"),
            (("--pair", 66), "pair 66: there are 66, numbered from 0"),
            (("--pair", 0, "--out", "rows.txt"), "the ending names the format"),
        ],
        ids=str,
    )
    def test_refused(self, claqueur, finished, words, message):
        assert message in claqueur.fails(2, "evidence", finished, *words)

    def test_a_file_that_exists_is_not_overwritten(self, claqueur, finished, work):
        (work / "rows.csv").write_text("mine")
        said = claqueur.fails(2, "evidence", finished, "--pair", 0, "--out", work / "rows.csv")
        assert "rows.csv: exists; choose another name" in said
        assert content(work) == {"rows.csv": b"mine"}

    def renamed(self, claqueur, events, work, begin: str) -> str:
        table = lockstep_table().with_columns(object_id=pl.lit(begin) + pl.col("object_id"))
        table.write_csv(events)
        claqueur.works("detect", events, *TIMED, "--no-report", "--out", work / "out")
        return claqueur.works("evidence", work / "out", "--pair", 0).out

    @pytest.mark.parametrize("begin", ["[/b]", "[red]"])
    def test_ids_that_look_like_markup(self, claqueur, events, work, begin):
        assert f"{begin}wall-1_0" in self.renamed(claqueur, events, work, begin)

    def test_long_ids_are_whole(self, claqueur, events, work):
        begin = "https://example.org/" + "a" * 60 + "/"
        shown = self.renamed(claqueur, events, work, begin)
        cells = [line.split("│")[3].strip() for line in shown.splitlines() if line[:1] == "│"]
        assert f"{begin}wall-1_0" in "".join(cells)


class TestExport:
    @pytest.mark.parametrize("ending", ["gexf", "graphml", "csv", "parquet"])
    def test_formats(self, claqueur, finished, work, ending):
        ended = claqueur.works("export", finished, "--out", work / f"n.{ending}")
        written = [line.removeprefix("Written: ") for line in ended.out.splitlines()]
        assert sorted(written) == sorted(str(work / name) for name in names(work))
        assert len(written) == (2 if ending in ("csv", "parquet") else 1)

    def test_pseudonyms(self, claqueur, finished, work):
        claqueur.works("export", finished, "--out", work / "n.gexf", "--pseudonyms")
        text = (work / "n.gexf").read_text()
        assert not [account for account in PLANTED if account in text]
        assert len(set(PSEUDONYM.findall(text))) == 12

    def test_several_networks_need_a_choice(self, claqueur, several, work):
        said = claqueur.fails(2, "export", several, "--out", work / "n.csv")
        assert "--network: 1 = any within 1m; 2 = any within 2m" in said
        claqueur.works("export", several, "--out", work / "n.csv", "--network", 2)
        assert pl.read_csv(work / "n.csv").height == 66

    def test_what_exists_is_not_overwritten(self, claqueur, finished, work):
        (work / "n.gexf").write_text("mine")
        assert "exists" in claqueur.fails(2, "export", finished, "--out", work / "n.gexf")
        assert content(work) == {"n.gexf": b"mine"}

    def test_a_place_that_cannot_be_written(self, claqueur, finished, work):
        (work / "file").touch()
        claqueur.fails(2, "export", finished, "--out", work / "file" / "n.gexf")
        assert names(work) == ["file"]


class TestReport:
    def test_beside_the_tables(self, claqueur, finished, work):
        shutil.copytree(finished, work / "out")
        ended = claqueur.works("report", work / "out")
        assert ended.out == f"Report: {work / 'out' / 'report.html'}\n"
        page = (work / "out" / "report.html").read_text(encoding="utf-8")
        assert not [account for account in PLANTED if account in page]

    def test_elsewhere(self, claqueur, finished, work):
        before = names(finished)
        claqueur.works("report", finished, "--out", work / "deep" / "page.html")
        assert names(work / "deep") == ["page.html"]
        assert names(finished) == before

    def test_a_place_that_cannot_be_written(self, claqueur, finished, work):
        claqueur.fails(2, "report", finished, "--out", work)
        assert names(work) == []


class TestCase:
    def test_new_add_run_report(self, claqueur, events, work, finished):
        case = work / "case"
        said = claqueur.works("new", case, *TIMED, "--timezone", "UTC", "--name", "A case").out
        assert f"claqueur add {case}" in said
        assert names(case) == ["case.sqlite", "case.toml"]
        said = claqueur.works("add", case, events).out
        assert said == f"696 rows read, 696 of them new; next: claqueur run {case}\n"
        ended = claqueur.works("run", case)
        assert "66 pairs, 1 lockstep group with 12 members" in ended.out
        (run,) = (case / "runs").iterdir()
        assert names(run) == names(finished)
        assert record(run)["settings"]["read"]["timezone"] == "UTC"
        assert claqueur.works("report", case).out == (
            f"Report: {case / 'report' / f'{run.name}.html'}\n"
        )
        assert names(case) == ["case.sqlite", "case.toml", "events", "report", "runs"]
        assert "wall-1_0" in claqueur.works("evidence", case, "--pair", 0).out
        claqueur.works("export", case, "--out", work / "n.csv")
        assert pl.read_csv(work / "n.csv").height == 66

    @pytest.fixture
    def case(self, claqueur, events, work) -> Path:
        claqueur.works("new", work / "case", *TIMED, "--resolution", 0.5, "--seed", 5)
        claqueur.works("add", work / "case", events)
        return work / "case"

    def settings(self, claqueur, case: Path, *flags: object) -> dict:
        before = set((case / "runs").glob("*"))
        claqueur.works("run", case, *flags)
        (run,) = set((case / "runs").glob("*")) - before
        return record(run)["settings"]

    def test_flags_go_before_the_settings_of_the_case(self, claqueur, case):
        own = self.settings(claqueur, case)
        assert own["groups"] == {"resolution": 0.5, "seed": 5}
        flags = ("--window", "60s", "--window", "30s", "--seed", 7)
        used = self.settings(claqueur, case, *flags)
        assert used["detect"]["window"] == ["60s", "30s"]
        assert used["detect"]["min_objects"] == 5
        assert used["groups"] == {"resolution": 0.5, "seed": 7}

    @pytest.mark.parametrize(("flag", "value"), [("seed", 1), ("resolution", 1.0)])
    def test_a_flag_may_say_the_default(self, claqueur, case, flag, value):
        assert self.settings(claqueur, case, f"--{flag}", value)["groups"][flag] == value

    def test_new_refuses_settings_it_could_not_use(self, claqueur, work):
        claqueur.fails(2, "new", work / "case", "--window", "60", "--min-objects", 5)
        claqueur.fails(2, "new", work / "case", "--window", "60s")
        claqueur.fails(2, "new", work / "case", "--time-unit", "h")
        assert names(work) == []

    def test_new_does_not_touch_what_is_there(self, claqueur, case):
        before = content(case)
        assert "exists and is not empty" in claqueur.fails(2, "new", case)
        assert content(case) == before

    def test_a_failing_add_and_a_failing_run_change_nothing(self, claqueur, case, csv):
        claqueur.works("run", case)
        before = content(case)
        bad = csv("account_id,object_id\n1.5e+17,a\n", "bad.csv")
        assert "lost digits" in claqueur.fails(2, "add", case, bad)
        assert "no such action" in claqueur.fails(2, "run", case, "--action", "poke")
        assert content(case) == before
        assert names(case) == ["case.sqlite", "case.toml", "events", "runs"]

    def test_a_run_without_events_and_a_report_without_a_run(self, claqueur, work):
        claqueur.works("new", work / "case", *TIMED)
        assert "claqueur add" in claqueur.fails(2, "run", work / "case")
        assert "claqueur run" in claqueur.fails(2, "report", work / "case")

    def test_a_case_without_settings_runs_the_default(self, claqueur, work, events):
        case = work / "case"
        claqueur.works("new", case)
        assert "min_objects" not in tomllib.loads((case / "case.toml").read_text()).get(
            "detect", {}
        )
        claqueur.works("add", case, events)
        claqueur.works("run", case)
        (run,) = (case / "runs").iterdir()
        assert record(run)["settings"]["detect"]["window"] == []
        assert record(run)["settings"]["detect"]["min_objects"] is None
        assert record(run)["calibration"]["level"] == 0.05
        claqueur.works("report", case)
        assert "66 pairs" in claqueur.works("run", case, *TIMED).out
        (other,) = set((case / "runs").iterdir()) - {run}
        assert record(other)["calibration"] is None

    def test_half_a_threshold_on_a_case_is_refused(self, claqueur, work, events):
        claqueur.works("new", work / "case")
        claqueur.works("add", work / "case", events)
        said = claqueur.fails(2, "run", work / "case", "--min-objects", 5)
        assert said.startswith("error: missing --window")
        assert names(work / "case") == ["case.sqlite", "case.toml", "events"]


class TestDefault:
    """Without thresholds; what it finds is judged in tests/golden/test_calibrated.py."""

    def test_needs_neither_window_nor_minimum(self, claqueur, events, work):
        ended = claqueur.works("detect", events, "--out", work / "out")
        assert {
            "pairs.parquet",
            "accounts.parquet",
            "groups.parquet",
            "run.json",
            "report.html",
        } <= (set(names(work / "out")))
        assert "lockstep group" in ended.out
        run = record(work / "out")
        assert run["compat"] is None
        assert run["calibration"]["windows_ms"] == sorted(run["calibration"]["windows_ms"])
        for name, schema in SCHEMAS.items():
            assert pl.read_parquet(work / "out" / f"{name}.parquet").schema == schema, name

    def test_thresholds_have_no_calibration(self, finished):
        assert record(finished)["calibration"] is None
        for name in ("pairs", "accounts", "groups"):
            table = pl.read_parquet(finished / f"{name}.parquet")
            assert table["q_value"].null_count() == table.height > 0

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "is empty"),
            ("account_id,object_id,timestamp\n", "no event is left"),
            ("account_id,object_id,timestamp\n1.5e+17,a,1600000000\n", "lost digits"),
        ],
    )
    def test_input_that_cannot_be_used_leaves_nothing(self, claqueur, work, csv, text, message):
        said = claqueur.fails(2, "detect", csv(text, "bad.csv"), "--out", work / "out")
        assert message in said
        assert names(work) == []

    def test_a_table_without_any_time_runs_the_untimed_layer_alone_and_says_so(
        self, claqueur, work, csv
    ):
        rows = [f"{a},wall-1_{o}" for a in range(40) for o in range(30) if (a * 7 + o * o) % 3]
        path = csv("account_id,object_id\n" + "\n".join(rows) + "\n", "likes.csv")
        ended = claqueur.works("detect", path, "--out", work / "out")
        assert "no time is known" in ended.err
        assert "co-engagement group" in ended.out
        made = record(work / "out")
        assert made["calibration"] is None
        # The other thirteen like everything there is, which could not be otherwise.
        assert made["untimed"]["family"] == 27
        assert "No time is known" in (work / "out" / "report.html").read_text(encoding="utf-8")

    def test_layers_by_name(self, claqueur, work, csv, events):
        untimed = csv("account_id,object_id\n1,a\n2,a\n", "untimed.csv")
        said = claqueur.fails(2, "detect", untimed, "--layer", "co_action", "--out", work / "out")
        assert "no action has a time" in said
        said = claqueur.fails(2, "detect", events, "--layer", "text", "--out", work / "out")
        assert "--layer text: use co_action or co_engagement" in said
        said = claqueur.fails(
            2, "detect", events, *TIMED, "--layer", "co_action", "--out", work / "out"
        )
        assert "belongs to the calibrated default" in said
        claqueur.works("detect", events, "--layer", "co_engagement", "--out", work / "out")
        assert record(work / "out")["calibration"] is None

    def test_an_action_that_does_not_occur(self, claqueur, work, events):
        said = claqueur.fails(2, "detect", events, "--action", "poke", "--out", work / "out")
        assert "--action poke: the events have no such action" in said


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> tuple[Path, str]:
    """The demonstration, run once."""
    out = tmp_path_factory.mktemp("demo") / "demo"
    command = [sys.executable, "-m", "claqueur", "demo", "--out", out]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return out, done.stdout


class TestDemo:
    def test_uses_the_default(self, demo):
        out, said = demo
        assert "Found, without any threshold:" in said
        (run,) = (out / "runs").iterdir()
        assert record(run)["calibration"]["confirmed"] > 0
        assert record(run)["settings"]["detect"]["min_objects"] is None
        assert names(out / "report") == [f"{run.name}.html"]
        assert f"Report: {out / 'report' / run.name}.html" in said.replace("\n", " ")

    def test_finds_the_staff_and_says_so(self, demo):
        _, said = demo
        found, total = map(int, re.search(r"So (\d+) of (\d+) ordered", said).groups())
        assert total == 200
        assert found > 180


class TestSimulate:
    def test_six_tables_and_the_directive(self, claqueur, work):
        ended = claqueur.works("simulate", "krasnoyarsk-2019", "--seed", 2, "--out", work / "world")
        tables = ("counters", "events", "follows", "objects", "targets", "truth")
        files = ["directive.toml", *(f"{name}.parquet" for name in tables)]
        assert names(work / "world") == sorted(files)
        count = pl.scan_parquet(work / "world" / "events.parquet").select(pl.len()).collect().item()
        assert f"({count:,} simulated events)" in ended.out
        assert names(work) == ["world"]

    def test_unknown_scenario(self, claqueur, work):
        assert "nowhere" in claqueur.fails(2, "simulate", "nowhere", "--out", work / "world")
        claqueur.fails(2, "simulate", "krasnoyarsk-2019", "--seed", -1, "--out", work / "world")
        assert names(work) == []


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory, finished) -> tuple[subprocess.Popen, str, Path]:
    """A detection that got Ctrl-C while it counted pairs, what it said, and where it wrote."""
    folder = tmp_path_factory.mktemp("interrupted")
    rng, rows = np.random.default_rng(1), 1_000_000
    pl.DataFrame(
        {
            "account_id": rng.integers(0, 20_000, rows),
            "object_id": rng.integers(0, 20, rows),
            "timestamp": 1_600_000_000 + rng.integers(0, 200_000, rows),
        }
    ).write_parquet(folder / "large.parquet", compression="lz4")
    work = folder / "work"
    shutil.copytree(finished, work / "earlier")
    command = [sys.executable, "-m", "claqueur", "detect", folder / "large.parquet"]
    process = subprocess.Popen(
        [*command, "--window", "1h", "--min-objects", "2", "--out", work / "out"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    said = ""
    assert process.stderr is not None
    for line in process.stderr:
        said += line
        if line.startswith("counting pairs"):
            break
    time.sleep(0.7)
    assert process.poll() is None, f"ended before it could be interrupted: {said}"
    assert [path.name for path in work.glob(".out.*.tmp")] == [f".out.{process.pid}.tmp"]
    process.send_signal(signal.SIGINT)
    said += process.communicate(timeout=60)[1]
    return process, said, work


class TestInterrupt:
    def test_leaves_nothing_and_earlier_results_as_they_were(self, interrupted, finished):
        _, _, work = interrupted
        assert names(work) == ["earlier"]
        assert content(work / "earlier") == content(finished)

    def test_is_said_and_is_exit_code_1(self, interrupted):
        process, said, _ = interrupted
        assert "Traceback" not in said
        assert said.splitlines()[-1].startswith("interrupted: nothing was left half written")
        assert process.returncode == 1


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """A disk of 300 kB, with an earlier result on it."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    if not (mount and shutil.which("umount")):
        pytest.skip("needs mount(8) for a small disk; A FULL DISK IS NOT TESTED HERE")
    done = subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=300k", "claqueur-test", str(folder)],
        capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        pytest.skip(
            f"may not mount a small disk ({done.stderr.strip()}); FULL DISK NOT TESTED HERE"
        )
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def large(tmp_path) -> Path:
    """Events whose tables do not fit on the small disk."""
    rng = np.random.default_rng(1)
    accounts = rng.integers(10**11, 10**12, 900).astype(str)
    rows = [(a, f"wall-1_{o}", START + 1000 * o) for o in range(5) for a in accounts]
    table = pl.DataFrame(rows, schema=["account_id", "object_id", "timestamp"], orient="row")
    spread = pl.Series(rng.integers(0, 60, table.height))
    table.with_columns(pl.col("timestamp") + spread).write_parquet(tmp_path / "large.parquet")
    return tmp_path / "large.parquet"


def fill(disk: Path, leave: int) -> None:
    """Leave so many bytes free, about."""
    free = shutil.disk_usage(disk).free
    (disk / "filler").write_bytes(b"x" * max(free - leave, 0))


def test_the_root_of_a_disk_is_refused_or_filled(claqueur, small_disk, events):
    """As in a container, where the folder for results is a volume."""
    ended = claqueur("detect", events, *TIMED, "--no-report", "--out", small_disk)
    assert "this should not have happened" not in ended.err
    assert ended.code == 2 or (small_disk / "run.json").exists()


class TestFullDisk:
    @pytest.fixture
    def earlier(self, small_disk, finished) -> dict[str, bytes]:
        shutil.copytree(finished, small_disk / "earlier")
        return content(small_disk)

    @pytest.mark.parametrize("report", [True, False])
    def test_detect(self, claqueur, small_disk, earlier, events, large, report):
        words = [large, "--window", "60s", "--min-objects", 2, "--no-report"]
        if report:
            words = [events, *TIMED]
        said = claqueur.fails(1, "detect", *words, "--out", small_disk / "out")
        assert f"error: {small_disk / 'out'}: the disk is full; nothing was written" in said
        assert names(small_disk) == ["earlier"]
        assert content(small_disk) == earlier

    def test_unpacking_the_input(self, claqueur, small_disk, earlier, tmp_path):
        path = tmp_path / "packed.csv.gz"
        pl.concat([lockstep_table()] * 100).write_csv(
            path, compression="gzip", check_extension=False
        )
        said = claqueur.fails(1, "detect", path, *TIMED, "--no-report", "--out", small_disk / "out")
        assert "the disk is full" in said
        assert content(small_disk) == earlier

    def test_report(self, claqueur, small_disk, earlier):
        for place in (small_disk / "page.html", small_disk / "deep" / "page.html"):
            said = claqueur.fails(1, "report", small_disk / "earlier", "--out", place)
            assert f"error: {place}: the disk is full" in said
        assert content(small_disk) == earlier

    def test_a_report_that_is_there_stays(self, claqueur, small_disk, earlier):
        (small_disk / "earlier" / "report.html").write_text("old")
        said = claqueur.fails(1, "report", small_disk / "earlier")
        assert "the disk is full" in said
        assert content(small_disk) == {**earlier, "earlier/report.html": b"old"}

    @pytest.mark.parametrize("name", ["n.gexf", "n.graphml", "n.csv", "n.parquet"])
    def test_export(self, claqueur, small_disk, earlier, name):
        fill(small_disk, 0)
        before = content(small_disk)
        said = claqueur.fails(1, "export", small_disk / "earlier", "--out", small_disk / name)
        assert re.search(rf"error: {small_disk}/n[^:]*: the disk is full", said)
        assert content(small_disk) == before

    def test_export_of_two_files_with_room_for_one(self, claqueur, small_disk, earlier, work):
        claqueur.works("export", small_disk / "earlier", "--out", work / "n.csv")
        pages = -(-(work / "n.csv").stat().st_size // 4096)
        fill(small_disk, 4096 * pages)
        before = content(small_disk)
        claqueur.fails(1, "export", small_disk / "earlier", "--out", small_disk / "n.csv")
        assert content(small_disk) == before

    def test_evidence(self, claqueur, small_disk, earlier):
        fill(small_disk, 4096)
        before = content(small_disk)
        out = small_disk / "rows.csv"
        said = claqueur.fails(1, "evidence", small_disk / "earlier", "--group", 1, "--out", out)
        assert f"error: {out}: the disk is full" in said
        assert content(small_disk) == before

    def test_a_case(self, claqueur, small_disk, events, large):
        case = small_disk / "case"
        claqueur.works("new", case, *TIMED)
        claqueur.works("add", case, events)
        claqueur.works("run", case)
        before = content(case)
        fill(small_disk, 4096)
        assert "the disk is full" in claqueur.fails(1, "run", case)
        assert "the disk is full" in claqueur.fails(1, "add", case, large)
        assert content(case) == before
        assert names(case) == ["case.sqlite", "case.toml", "events", "runs"]
        assert len(names(case / "runs")) == 1

    def test_simulate(self, claqueur, small_disk, earlier):
        said = claqueur.fails(1, "simulate", "krasnoyarsk-2019", "--out", small_disk / "world")
        assert "the disk is full" in said
        assert content(small_disk) == earlier

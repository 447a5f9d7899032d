"""Reading a finished run again, and the actions behind its edges and groups."""

import json
import shutil
from itertools import product

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from tests.conftest import lockstep_table

from claqueur.errors import CaseError
from claqueur.pipeline import detect, write
from claqueur.results import TABLES, Result

WINDOW = 45_000


def noisy() -> pl.DataFrame:
    """The planted group, with actions of its members that are near some others only."""
    table = lockstep_table()
    extra = table.filter(pl.col("account_id").str.starts_with("7")).with_columns(
        pl.col("timestamp") + 37 * pl.int_range(pl.len()) % 400
    )
    return pl.concat([table, extra]).unique(maintain_order=True)


@pytest.fixture(scope="module")
def events() -> pl.DataFrame:
    return noisy()


@pytest.fixture(scope="module")
def result(tmp_path_factory, events) -> Result:
    path = tmp_path_factory.mktemp("results") / "events.csv"
    events.write_csv(path)
    return detect(path, window=["45s", "120s"], min_objects=5)


@pytest.fixture(scope="module")
def written(tmp_path_factory, result):
    return write(result, tmp_path_factory.mktemp("results") / "out", report=False)


@pytest.fixture
def folder(tmp_path, written):
    """A copy that a test may spoil."""
    return shutil.copytree(written, tmp_path / "out")


def actions(events: pl.DataFrame, *accounts: str) -> dict[str, list[tuple[str, str, int]]]:
    rows: dict[str, list[tuple[str, str, int]]] = {account: [] for account in accounts}
    for account, name, second in events.iter_rows():
        if account in rows:
            rows[account].append((account, name, second * 1000))
    return rows


def supporting(events: pl.DataFrame, a: str, b: str, window_ms: int) -> set[tuple[str, str, int]]:
    """The actions of a and b that have the other's within the window, by looking at all."""
    rows = actions(events, a, b)
    return {
        row
        for one, other in product(rows[a], rows[b])
        if one[1] == other[1] and abs(one[2] - other[2]) <= window_ms
        for row in (one, other)
    }


def found(rows: pl.DataFrame) -> list[tuple[str, str, int]]:
    return rows.select("account_id", "object_id", pl.col("time").dt.epoch("ms")).rows()


class TestEdgeEvidence:
    def test_exactly_the_actions_of_both_within_the_window(self, result, events):
        assert result.pairs["window_ms"].unique().sort().to_list() == [WINDOW, 120_000]
        for number, pair in enumerate(result.pairs.iter_rows(named=True)):
            expected = supporting(events, pair["account_a"], pair["account_b"], pair["window_ms"])
            rows = found(result.edge_evidence(number))
            assert len(rows) == len(set(rows))
            assert set(rows) == expected
            assert len({name for _, name, _ in expected}) == pair["weight"]

    def test_there_are_actions_it_leaves_out(self, result, events):
        pair = result.pairs.row(0, named=True)
        own = actions(events, pair["account_a"], pair["account_b"])
        assert len(result.edge_evidence(0)) < sum(map(len, own.values()))

    @pytest.mark.parametrize("number", [-1, 10_000])
    def test_no_such_pair(self, result, number):
        with pytest.raises(CaseError, match=rf"pair {number}: there are \d+, numbered from 0"):
            result.edge_evidence(number)

    def test_actions_are_kept_apart(self, tmp_path, events):
        path = tmp_path / "both.csv"
        likes = events.with_columns(action=pl.lit("like"))
        comments = likes.with_columns(pl.col("timestamp") + 1, action=pl.lit("comment"))
        pl.concat([likes, comments]).write_csv(path)
        both = detect(path, window="45s", min_objects=5)
        assert set(both.pairs["action"]) == {"like", "comment"}
        for number in (0, both.pairs.height - 1):
            rows = both.edge_evidence(number)
            assert rows["action"].unique().to_list() == [both.pairs["action"][number]]

    @staticmethod
    def across(tmp_path, names: list[str | None]) -> Result:
        """One network over actions: the planted members take turns."""
        path = tmp_path / "mixed.parquet"
        turn = pl.col("account_id").str.slice(-1).cast(pl.Int64) % len(names)
        table = lockstep_table().with_columns(
            action=turn.replace_strict(dict(enumerate(names)), return_dtype=pl.String)
        )
        table.write_parquet(path)
        return detect(path, window="45s", min_objects=5, across_actions=True)

    def check_across(self, mixed: Result):
        events = lockstep_table()
        assert mixed.pairs["action"].unique().to_list() == ["any"]
        for number, pair in enumerate(mixed.pairs.iter_rows(named=True)):
            expected = supporting(events, pair["account_a"], pair["account_b"], WINDOW)
            assert set(found(mixed.edge_evidence(number))) == expected

    def test_across_actions(self, tmp_path):
        self.check_across(self.across(tmp_path, ["like", "comment"]))

    def test_across_actions_of_which_some_are_unnamed(self, tmp_path):
        self.check_across(self.across(tmp_path, ["like", None]))


class TestGroupEvidence:
    def test_every_action_next_to_another_member(self, result, events):
        checked = 0
        for group in result.groups.iter_rows(named=True):
            members = result.accounts.filter(group_id=group["group_id"])["account_id"].to_list()
            inside = result.pairs.filter(
                pl.col("account_a").is_in(members),
                pl.col("account_b").is_in(members),
                window_ms=group["window_ms"],
            )
            expected = set()
            for a, b in inside.select("account_a", "account_b").iter_rows():
                expected |= supporting(events, a, b, group["window_ms"])
            rows = found(result.group_evidence(group["group_id"]))
            assert len(rows) == len(set(rows))
            assert set(rows) == expected
            assert len({name for _, name, _ in rows}) == group["objects"]
            checked += len(rows)
        assert checked

    @pytest.mark.parametrize("number", [-1, 0, 99])
    def test_no_such_group(self, result, number):
        with pytest.raises(CaseError, match=f"group {number}: there is none; groups are numbered"):
            result.group_evidence(number)


class TestLoad:
    def test_what_was_written(self, written, result):
        again = Result.load(written)
        for name in TABLES:
            assert_frame_equal(getattr(again, name), getattr(result, name))
        assert again.run == json.loads(json.dumps(result.run))
        assert again.others == {}

    def test_further_tables(self, folder):
        pl.DataFrame({"x": [1]}).write_parquet(folder / "more.parquet")
        assert Result.load(folder).others["more"]["x"].to_list() == [1]

    @pytest.mark.parametrize("missing", ["run.json", "pairs.parquet", "curves.parquet"])
    def test_an_incomplete_folder(self, folder, missing):
        (folder / missing).unlink()
        with pytest.raises(CaseError, match="holds no complete run.*make one with"):
            Result.load(folder)

    @pytest.mark.parametrize("spoilt", ["run.json", "groups.parquet"])
    def test_a_damaged_file(self, folder, spoilt):
        (folder / spoilt).write_bytes((folder / spoilt).read_bytes()[:100])
        with pytest.raises(CaseError, match="holds no complete run"):
            Result.load(folder)

    def test_no_folder_at_all(self, tmp_path):
        with pytest.raises(CaseError, match="holds no complete run"):
            Result.load(tmp_path / "none")

    def test_a_newer_format(self, folder, result):
        (folder / "run.json").write_text(json.dumps({**result.run, "format": 2}))
        with pytest.raises(CaseError, match=r"newer Claqueur \(format 2.*upgrade"):
            Result.load(folder)

    def test_a_newer_format_with_other_tables(self, folder, result):
        (folder / "run.json").write_text(json.dumps({**result.run, "format": 2}))
        (folder / "curves.parquet").unlink()
        with pytest.raises(CaseError, match="newer Claqueur"):
            Result.load(folder)

    @pytest.mark.parametrize("text", ["{}", "[]", '{"format": "one"}'])
    def test_a_record_of_something_else(self, folder, text):
        (folder / "run.json").write_text(text)
        with pytest.raises(CaseError):
            Result.load(folder)

"""Declared targets: what is refused, what is said of a population, and nobody by name."""

import json
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import claqueur
from claqueur.cli import app
from claqueur.directive.participation import Outcome, controls, participants, target_test
from claqueur.directive.population import (
    control_bound,
    control_p,
    curve,
    exponent,
    poisson_upper,
    simes,
    true_discoveries,
)
from claqueur.directive.record import FEW, target_record
from claqueur.directive.targets import Declared, declare, read_targets
from claqueur.errors import SettingError
from claqueur.intake import read_files
from claqueur.publish.privacy import Pseudonyms
from claqueur.publish.report import render
from claqueur.publish.target_sentence import target_sentences
from claqueur.record import Record
from claqueur.settings import Reading, Targets
from claqueur.store import Events

P = st.lists(st.sampled_from([0.0, 1e-5, 0.004, 0.01, 0.016, 0.02, 0.03, 0.05, 0.3, 1.0]),
             max_size=7)  # fmt: skip
PAGES = ("-1", "-2", "-3", "-4")
POSTS = 40


def world(seed: int = 1, accounts: int = 400, ordered: int = 0) -> pl.DataFrame:
    """Likes without any time on four pages of forty posts, which their pages publish."""
    rng = np.random.default_rng(seed)
    quality = np.exp(0.7 * rng.standard_normal((1, len(PAGES), POSTS)))
    activity = np.exp(rng.standard_normal((accounts, len(PAGES), 1)))
    liked = rng.random((accounts, len(PAGES), POSTS)) < 1 - np.exp(-0.06 * activity * quality)
    liked[:ordered, 0, ::2] |= rng.random((ordered, POSTS // 2)) < 0.8
    who, page, post = np.nonzero(liked)
    likes = pl.DataFrame({
        "account_id": [f"{700_000_000 + i}" for i in who],
        "owner_id": [PAGES[g] for g in page],
        "number": post + 101,
        "action": "like",
    })  # fmt: skip
    own = pl.DataFrame({
        "account_id": [page for page in PAGES for _ in range(POSTS)],
        "owner_id": [page for page in PAGES for _ in range(POSTS)],
        "number": [101 + i for _ in PAGES for i in range(POSTS)],
        "action": "post",
    })  # fmt: skip
    at = 1_600_000_000 + pl.col("number") * 40_000
    return pl.concat([likes, own]).with_columns(
        object_id=pl.format("wall{}_{}", "owner_id", "number"),
        timestamp=pl.when(pl.col("action") == "post").then(at),
        text=pl.when(pl.col("action") == "post").then(
            pl.when(pl.col("number") % 3 == 0).then(pl.lit("Об Универсиаде")).otherwise(pl.lit("о"))
        ),
    ).drop("number")  # fmt: skip


def read(table: pl.DataFrame, folder: Path) -> Events:
    table.write_parquet(folder / "events.parquet")
    return read_files([folder / "events.parquet"], Reading(), folder, Record())


TARGETS = tuple(f"wall-1_{number}" for number in range(101, 101 + POSTS, 2))


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Events:
    return read(world(ordered=30), tmp_path_factory.mktemp("targets"))


@pytest.fixture(scope="module")
def tested(events: Events) -> Outcome:
    return target_test(declare(events, Targets(TARGETS), "UTC", ()), planted=False)


def declared(events: Events, **given: object) -> Declared:
    return declare(events, Targets(**given), "UTC", ())


class TestDeclaring:
    def test_posts_and_pages(self, events: Events) -> None:
        found = declared(events, target=(*TARGETS, "wall-1_9999"))
        assert found.matrix.pages == sorted(PAGES)
        assert found.record["targets"] == len(TARGETS)
        assert found.record["posts_unknown"] == 1
        assert found.record["reference_pages"] == 3
        assert set(events.names["object_id"].gather(found.matrix.object_[found.target])) == set(
            TARGETS
        )
        # Publishing is no like.
        owners = set(events.names["account_id"].gather(np.unique(found.matrix.account)))
        assert not owners & set(PAGES)

    def test_none_known(self, events: Events) -> None:
        with pytest.raises(SettingError, match=r"none of the 1 .* wall_7; .* like wall-1_"):
            declared(events, target=("wall_7",))

    @pytest.mark.parametrize("name", ["700000001", "-1"])
    def test_an_account_is_no_target(self, events: Events, name: str) -> None:
        with pytest.raises(SettingError, match=f"target {name}: is an account of these data"):
            declared(events, target=(TARGETS[0], name))

    def test_a_list_of_accounts_is_no_file_of_targets(self, tmp_path: Path) -> None:
        (tmp_path / "list.csv").write_text("account_id,name\n700000001,A\n")
        with pytest.raises(SettingError, match="a list of accounts is never taken"):
            read_targets(tmp_path / "list.csv")

    @pytest.mark.parametrize("kind", ["lines", "csv", "tsv", "parquet"])
    def test_files(self, tmp_path: Path, kind: str) -> None:
        table = pl.DataFrame({"n": [1, 2], "object_id": ["wall-1_101", "https://x.y/a,b"]})
        path = tmp_path / "targets"
        if kind == "lines":
            path.write_text("\ufeffwall-1_101\n\n https://x.y/a,b \n", encoding="utf-8")
        elif kind == "parquet":
            table.write_parquet(path)
        else:
            table.write_csv(path, separator="," if kind == "csv" else "\t")
        assert read_targets(path) == ["wall-1_101", "https://x.y/a,b"]

    @pytest.mark.parametrize("text", ["", "\n\n"])
    def test_empty_files(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "none").write_text(text)
        with pytest.raises(SettingError, match="is empty"):
            read_targets(tmp_path / "none")
        with pytest.raises(SettingError, match="cannot be read"):
            read_targets(tmp_path / "missing")

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ({"target": ("a",), "target_page": "-1"}, "exclude each other"),
            ({"since": "2019-02-08"}, "belong to declared targets"),
            ({"target_page": "-1"}, "not testable this way"),
            ({"target_page": "-1", "since": "8.2.2019"}, "write a date as"),
            ({"target_page": "-1", "since": "2019-02-08", "topic": ("x",)}, "--topic belongs"),
            ({"target_page": "-1", "since": "2019-02-08", "reference": ("-1",)}, "itself"),
        ],
    )
    def test_settings(self, given: dict, message: str) -> None:
        with pytest.raises(SettingError, match=message):
            Targets(**given)

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ({"target": TARGETS, "reference": ("-9",)}, "--reference -9: no post of that page"),
            ({"target": TARGETS, "topic": ("chess",)}, "--topic chess: no post's text has it"),
            ({"target_page": "-9", "since": "2020-09-20"}, "--target-page -9: no post"),
            ({"target_page": "-1", "since": "2031-01-01"}, "published before it"),
        ],
    )
    def test_unknown(self, events: Events, given: dict, message: str) -> None:
        with pytest.raises(SettingError, match=message):
            declared(events, **given)

    def test_a_page_named_post_by_post(self, events: Events) -> None:
        every = tuple(f"wall-1_{number}" for number in range(101, 101 + POSTS))
        with pytest.raises(SettingError, match="not testable this way"):
            declared(events, target=every)
        later = declared(events, target=every[25:], since="2020-11-08")
        assert not later.whole
        first = events.decoded(events.frame).filter(pl.col("object_id") == every[20])
        day = first["time_min"].drop_nulls().item().date()
        since = declared(events, target=every, since=str(day))
        assert since.whole
        assert since.record["page"] == "-1"
        assert 0 < since.record["targets"] < POSTS

    def test_topic(self, events: Events) -> None:
        found = declared(events, target=TARGETS, topic=("универсиад",))
        assert found.topical is not None
        assert found.topical.sum() == 4 * len([n for n in range(101, 141) if n % 3 == 0])

    def test_without_texts_or_times(self, tmp_path: Path) -> None:
        bare = world().select("account_id", "object_id", "owner_id")
        events = read(bare.filter(pl.col("account_id") != pl.col("owner_id")), tmp_path)
        found = declared(events, target=TARGETS)
        # Natural order: 99 before 100, whatever the strings say.
        numbers = [int(name.split("_")[1]) for name in
                   events.names["object_id"].gather(found.matrix.object_)]  # fmt: skip
        for first, last in zip(
            found.matrix.page_start[:-1], found.matrix.page_start[1:], strict=True
        ):
            assert numbers[first:last] == sorted(numbers[first:last])
        with pytest.raises(SettingError, match="no post has a text"):
            declared(events, target=TARGETS, topic=("x",))
        with pytest.raises(SettingError, match="have no time"):
            declared(events, target=TARGETS, since="2020-09-20")

    def test_without_pages(self, tmp_path: Path) -> None:
        likes = world(ordered=30).filter(pl.col("action") == "like", pl.col("owner_id") == "-1")
        found = declared(read(likes.select("account_id", "object_id"), tmp_path), target=TARGETS)
        assert found.matrix.pages == [""]
        test = target_test(found, planted=False)
        assert test.gamma is None
        assert test.bound > 15
        assert "could not be checked" in " ".join(target_sentences(target_record(test)))


def closed_testing(p: list[float], level: float) -> int:
    """The smallest number of false nulls among all p over every set that Simes rejects."""
    rejected = set()
    for size in range(1, len(p) + 1):
        for chosen in combinations(range(len(p)), size):
            ranked = sorted(p[i] for i in chosen)
            if any(ranked[i] <= (i + 1) * level / size for i in range(size)):
                rejected.add(chosen)
    for size in range(len(p), 0, -1):
        if any(chosen not in rejected for chosen in combinations(range(len(p)), size)):
            return len(p) - size
    return len(p)


class TestPopulation:
    @settings(deadline=None, max_examples=150)
    @given(P)
    def test_bound_is_that_of_closed_testing(self, p: list[float]) -> None:
        assert true_discoveries(np.array(p)) == closed_testing(p, 0.05)

    @settings(deadline=None)
    @given(P)
    def test_a_bound_above_none_is_simes(self, p: list[float]) -> None:
        # At the level itself the last digit decides, which is rounding.
        assume(abs(simes(np.array(p)) - 0.05) > 1e-9)
        assert (true_discoveries(np.array(p)) > 0) == (simes(np.array(p)) <= 0.05)

    def test_bound_holds(self) -> None:
        rng = np.random.default_rng(5)
        over = 0
        for _ in range(300):
            p = rng.random(200)
            p[:20] = rng.random(20) * 1e-3
            over += true_discoveries(p) > 20
        assert over <= 0.05 * 300 + 2.5 * np.sqrt(0.05 * 300)

    def test_poisson(self) -> None:
        for count, limit in ((0, 2.996), (1, 4.744), (5, 10.513), (50, 63.29)):
            assert poisson_upper(count) == pytest.approx(limit, rel=0.02)

    def test_exponent_is_never_above_one_and_below_for_heavy_tails(self) -> None:
        rng = np.random.default_rng(2)
        p = rng.random(20_000)
        ones = np.ones(len(p))
        assert 0.85 < exponent(p, ones) <= 1
        assert exponent(p**0.5, ones) == 1
        heavy = exponent(p**2, ones)
        assert 0.4 < heavy < 0.5
        # Made larger by it, they are nowhere smaller than uniform.
        for u in (0.001, 0.01, 0.1):
            assert ((p**2) ** heavy <= u).mean() <= u * 1.1
        # Fewer tests leave more doubt.
        assert exponent(p[:300], ones[:300]) <= exponent(p, ones)

    def test_controls(self) -> None:
        hits, of = np.array([4, 6, 5, 8, 3]), np.full(5, 1000)
        bound = control_bound(hits, of)
        assert 0.008 < bound < 0.015
        assert control_p(8, 1000, hits, of) > 0.05
        assert control_p(30, 1000, hits, of) < 0.005
        assert control_p(round(bound * 1000), 1000, hits, of) == pytest.approx(0.05, abs=0.02)
        assert control_bound(hits[:1], of[:1]) == control_p(9, 10, hits[:1], of[:1]) == 1


class TestResults:
    def test_found(self, tested: Outcome, events: Events) -> None:
        names = events.names["account_id"].gather(tested.found)
        right = sum(int(name) < 700_000_030 for name in names)
        assert right >= 25
        assert len(names) - right <= 4
        assert 15 <= tested.bound <= 30
        assert tested.nobody_p < 1e-3

    def test_nobody_ordered(self, tmp_path: Path) -> None:
        nobody = declared(read(world(seed=4), tmp_path), target=TARGETS)
        test = target_test(nobody, planted=False)
        assert test.bound == 0
        assert len(test.found) == 0
        said = target_sentences(target_record(test))[0]
        assert said.startswith("No account of the ")
        assert "does not show that nobody was ordered" in said

    def test_the_same_again_and_calibration(self, tested: Outcome, events: Events) -> None:
        again = target_test(declared(events, target=TARGETS[::-1]), planted=False)
        assert np.array_equal(again.p, tested.p)
        assert tested.gamma is not None
        assert (tested.p >= tested.chances.p - 1e-12).all()
        assert sorted(controls(tested.declared)) == [1, 2, 3]

    def test_what_could_have_been_seen(self, events: Events) -> None:
        rows = target_test(declared(events, target=TARGETS)).sensitivity
        found = {(row["size"], row["participation"]): row["found"] for row in rows}
        assert found[40, 0.3] < found[40, 0.9]
        assert found[40, 0.9] > 0.8

    def test_record_names_nobody_and_no_small_number(self, tested: Outcome, events: Events) -> None:
        record = target_record(tested)
        text = json.dumps(record)
        assert not any(name in text for name in events.names["account_id"] if name not in PAGES)
        few = replace(tested, bound=3, reasons={"why": 9, "none": 0})
        small = target_record(few)
        assert small["at_least"] == FEW
        assert small["not_testable"] == {"why": FEW, "none": 0}
        assert "bound fewer than 10" in target_sentences(small)[0]
        table = curve(tested.chances)
        assert not table["observed"].is_between(1, 9).any()
        assert table["expected"].is_sorted(descending=True)

    def test_words(self, tested: Outcome) -> None:
        said = " ".join(target_sentences(target_record(tested)))
        assert f"At least {tested.bound} of the" in said
        for part in (
            "ordered or commonly prompted", "not the probability of an order", "Not excluded are",
            "lower bound at 95% confidence", "Kept by the null", "how many, not who",
        ):  # fmt: skip
            assert part in said
        assert " bot" not in said

    def test_rows_for_members_only(self, tested: Outcome, events: Events) -> None:
        ids = events.names["account_id"]
        members = pl.DataFrame({
            "account_id": ["700000001", "not there"], "group_id": [1, 1], "weight": [3, 4],
        })  # fmt: skip
        table = participants(tested, members, ids)
        assert table["account_id"].to_list() == ["700000001", "not there"]
        assert table["targets_liked"][0] > 10
        assert table["p_value"][0] < 0.05
        assert table.row(1) == ("not there", 1, 0, 0.0, None)
        assert participants(tested, members.clear(), ids).is_empty()

    def test_too_little(self, tmp_path: Path) -> None:
        few = world().filter(pl.col("action") == "like").unique("account_id", keep="first")
        test = target_test(declared(read(few, tmp_path), target=TARGETS))
        record = target_record(test)
        assert record["tested"] == 0
        assert "says nothing either way" in target_sentences(record)[0]

    def test_one_like_in_all(self, tmp_path: Path) -> None:
        one = pl.DataFrame({"account_id": ["a", "b"], "object_id": ["x", "y"]})
        test = target_test(declared(read(one, tmp_path), target=("x",)))
        assert target_record(test)["tested"] == 0
        assert curve(test.chances)["observed"].to_list() == [0, 0]

    def test_whole_page_without_controls(self, events: Events) -> None:
        page = declared(events, target_page="-1", since="2020-11-08", reference=("-2",))
        record = target_record(target_test(page, planted=False))
        assert record["variant"] == "whole page"
        assert record["at_least"] == 0
        if record["tested"]:
            assert "Fewer than two control pages" in target_sentences(record)[1]


@pytest.fixture(scope="module")
def likes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("likes")
    # Exact times make this test independent of what is done with likes that have none.
    table = world(ordered=30).with_columns(
        timestamp=pl.col("timestamp").fill_null(
            1_600_000_000 + pl.int_range(pl.len()) * 7919 % 4_000_000
        )
    )
    table.write_csv(folder / "likes.csv")
    (folder / "targets.txt").write_text("\n".join(TARGETS))
    return folder / "likes.csv"


class TestRuns:
    """From the command line and Python, in a case, and into the report."""

    def test_python(self, likes: Path) -> None:
        result = claqueur.detect(
            likes, targets=likes.parent / "targets.txt", reference=["-2", "-3"]
        )
        assert result.run["targets"]["reference_pages"] == 2
        assert result.run["targets"]["at_least"] >= 15
        assert result.run["settings"]["targets"]["targets"].endswith("targets.txt")
        assert result.others["participation"].height == len(TARGETS) + 1
        assert set(result.others["participants"]["account_id"]) <= set(
            result.accounts["account_id"]
        )
        html = render(result, Pseudonyms(b"k" * 32))
        assert 'id="targets"' in html
        assert "ordered or commonly prompted" in html
        assert not any(f"{700_000_000 + i}" in html for i in range(400))
        plain = claqueur.detect(likes)
        assert plain.run["targets"] is None
        assert "participation" not in plain.others
        assert 'id="targets"' not in render(plain, Pseudonyms(b"k" * 32))

    def test_thresholds_confirm_nobody(self, likes: Path) -> None:
        result = claqueur.detect(likes, window="1d", min_objects=2, target=TARGETS)
        assert result.others["participants"].is_empty()

    def test_command_line_and_case(self, likes: Path, tmp_path: Path) -> None:
        runner = CliRunner()

        def run(*words: object) -> str:
            done = runner.invoke(app, [str(word) for word in words])
            assert done.exit_code == 0, done.output
            return done.output

        said = run("detect", likes, "--target", TARGETS[0], "--target", TARGETS[1], "--out",
                   tmp_path / "out", "--no-report")  # fmt: skip
        assert "2 declared posts" in said
        case = tmp_path / "case"
        run("new", case, "--targets", likes.parent / "targets.txt", "--topic", "Универсиад")
        assert TARGETS[5] in (case / "case.toml").read_text(encoding="utf-8")
        run("add", case, likes)
        said = run("run", case)
        assert f"{len(TARGETS)} declared posts" in said
        found = claqueur.Result.load(next((case / "runs").iterdir()))
        assert found.run["targets"]["variant"] == "posts and topic"

    def test_errors_come_before_detection(self, likes: Path) -> None:
        with pytest.raises(SettingError, match="none of the 1 declared targets"):
            claqueur.detect(likes, target=["nothing"])

"""Thresholds give the same tables in memory, on disk and on Spark."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import claqueur
from claqueur import on_spark, out_of_core
from claqueur.detectors.co_action import by_action, hot_objects, to_actions
from claqueur.engines import large
from claqueur.engines.counting import counted
from claqueur.engines.hot import HOT
from claqueur.engines.spark import SparkEngine, blocks
from claqueur.engines.spark.blocks import count_on_spark
from claqueur.engines.spark.frames import url_of
from claqueur.errors import EngineError, SourceError
from claqueur.intake import read_files
from claqueur.intake_spark import read_on_spark, spark_reads
from claqueur.progress import SILENT
from claqueur.record import Record
from claqueur.refusals import Refusals
from claqueur.results import Result
from claqueur.scratch import Scratch
from claqueur.settings import CoAction, Reading, Scale
from claqueur.spill import of_store
from claqueur.store import Events
from tests.conftest import SCHEMAS, lockstep_table

WINDOW, LEAST = 20, 2
ASKED = {"window": f"{WINDOW}ms", "min_objects": LEAST, "time_unit": "ms"}

SMALL = Scale("10MB")


def many_cases(cases: int = 60, rows: int = 100, seed: int = 7) -> pl.DataFrame:
    """Small tables side by side, each with accounts and objects of its own.

    Times lie around 1970, often equal or exactly the window apart; rows are there twice, and
    every tenth case is all about one object, with half a row without a time.
    """
    rng = np.random.default_rng(seed)
    n = cases * rows
    case = np.repeat(np.arange(cases), rows)
    object_ = np.where((case % 10 == 0) & (rng.random(n) < 0.7), 0, rng.integers(0, 12, n))
    steps = rng.choice([1, 5, WINDOW, 7 * WINDOW], cases)[case]
    table = pl.DataFrame(
        {
            "account_id": 1000 * (case + 1) + rng.integers(0, 9, n),
            "object_id": 500 * case + object_,
            "timestamp": steps * rng.integers(-15, 15, n),
            "action": rng.choice(["like", "repost"], n, p=[0.8, 0.2]),
        }
    )
    table = table.with_columns(
        pl.when(pl.col("action") == "repost")
        .then(pl.when(pl.int_range(n) % 4 > 0).then("timestamp"))
        .otherwise("timestamp")
        .alias("timestamp")
    )
    return pl.concat([table, table.sample(200, seed=seed), large_group()])


def large_group() -> pl.DataFrame:
    """Twelve who act at once, large enough for pictures, amid others at the same moments."""
    rows = [(2 * i, o, 1000 * o) for o in range(4) for i in range(12)]
    rows += [(2 * i + 1, i % 4, 1000 * (i % 4)) for i in range(20)]
    table = pl.DataFrame(
        rows, schema=["account_id", "object_id", "timestamp"], orient="row", strict=False
    )
    return table.with_columns(
        pl.lit("like").alias("action"), pl.col("account_id") + 900_000, pl.col("object_id") + 90_000
    )


def as_strings(table: pl.DataFrame) -> pl.DataFrame:
    """The same with ids of which the order is another than that of numbers."""
    names = {"account_id": "id", "object_id": "стена-"}
    return table.with_columns(
        (pl.lit(prefix) + pl.col(name).cast(pl.String)).alias(name)
        for name, prefix in names.items()
    )


@pytest.fixture(scope="module")
def spark(engine):
    return engine.session


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Partitions of Parquet."""
    folder = tmp_path_factory.mktemp("parts")
    table = as_strings(many_cases())
    table.head(2500).write_parquet(folder / "part-0.parquet")
    table.slice(2500).write_parquet(folder / "part-1.parquet")
    return folder


@pytest.fixture(scope="module", name="engine")
def interpreting(engine) -> Iterator[SparkEngine]:
    """Runs plans as they are: to compile them for tables as small as these takes longest of all."""
    name = "spark.sql.codegen.wholeStage"
    engine.session.conf.set(name, "false")
    yield engine
    engine.session.conf.unset(name)


@pytest.fixture(scope="module")
def in_memory(folder) -> Result:
    return claqueur.detect(sorted(folder.iterdir()), **ASKED)


def assert_same(one: Result, other: Result, record: tuple[str, ...] = ("networks",)) -> None:
    """Every table row by row, and what is said of networks."""
    for name in SCHEMAS:
        assert getattr(one, name).equals(getattr(other, name), null_equal=True), name
    for name in record:
        assert one.run[name] == other.run[name], name


def without_rows(refused: list[dict]) -> list[tuple[str, int]]:
    return [(each["reason"], each["rows"]) for each in refused]


def test_there_is_something_to_compare(in_memory):
    assert in_memory.pairs.height > 300
    assert set(in_memory.pairs["action"]) == {"like", "repost"}
    assert in_memory.groups.height > 20
    assert in_memory.pairs["mean_delta_ms"].max() == WINDOW
    assert in_memory.run["set_aside"]
    assert in_memory.curves.height


def test_out_of_core(folder, in_memory):
    result = claqueur.detect(sorted(folder.iterdir()), **ASKED, memory="1MB")
    assert_same(result, in_memory, ("networks", "events", "set_aside"))


def test_what_spark_reads_itself(tmp_path):
    assert url_of(Path("s3a://bucket/likes")) == "s3a://bucket/likes"
    assert url_of(Path("hdfs://head:8020/likes/day=1")) == "hdfs://head:8020/likes/day=1"
    assert url_of("/data/likes.parquet") == "/data/likes.parquet"
    assert url_of("likes/2026") == "likes/2026"
    urls = [Path("s3a://bucket/likes"), tmp_path, Path("likes.parquet")]
    assert spark_reads(urls)
    assert not spark_reads([*urls, Path("likes.csv")])


def test_a_folder_that_spark_reads(engine, folder, in_memory, heard, tmp_path):
    result = claqueur.detect(folder, **ASKED, engine=engine, progress=heard)
    assert_same(result, in_memory, ("networks", "set_aside"))
    here, there = in_memory.run["events"], result.run["events"]
    assert without_rows(there["refused"]) == without_rows(here["refused"])
    assert there == {**here, "refused": there["refused"]}
    assert any(note.startswith("plan: ") and "(P times)" in note for note in heard.notes)
    assert result.run["settings"]["scale"]["engine"] == "spark"
    assert result.run["inputs"][0]["place"] == str(folder)
    claqueur.write(result, tmp_path / "out")
    assert "read by Spark, not hashed" in (tmp_path / "out" / "report.html").read_text()


# What no flag reaches: P, and from when on an object is hot.


def said(found, events) -> list:
    """What a detector says, in ids; of events those of paired accounts."""
    layers = []
    for layer in found:
        pairs = layer.table()
        paired = [*pairs["account_a"], *pairs["account_b"]]
        own = events.decoded(layer.events).filter(pl.col("account_id").is_in(paired))
        layers.append(
            (
                layer.action,
                layer.window_ms,
                pairs.rows(),
                own.select("account_id", "object_id", "time_min").rows(),
                layer.everybody.counts(),
                sorted(layer.everybody.by_time(10).rows()),
                layer.hot,
            )
        )
    return layers


def in_memory_with(events: Events, asked: CoAction, hot: int, n_groups: int) -> list:
    layers = []
    for action, frame in by_action(events, asked, Refusals()):
        for window_ms in asked.windows_ms:
            found, apart = counted(
                to_actions(frame, events), window_ms, LEAST, n_groups=n_groups, hot=hot
            )
            layers.append(
                claqueur.detectors.Layer(
                    action, window_ms, frame, events.names["account_id"], found.table(), {},
                    hot=hot_objects(apart, events.names["object_id"], window_ms, LEAST),
                )
            )  # fmt: skip
    return said(layers, events)


@pytest.mark.parametrize(
    ("n_groups", "hot", "across", "kind"),
    [(1, HOT, False, "held"), (2, 6, True, "spilled"), (7, 6, True, "spark")],
)
def test_any_plan_and_hot_objects(
    engine, folder, tmp_path, monkeypatch, n_groups, hot, across, kind
):
    """Each engine by itself; what Spark counts is held here, on disk, or by Spark."""
    asked = CoAction(window=(f"{WINDOW}ms",), min_objects=LEAST, across_actions=across)
    events = read(folder)
    expected = in_memory_with(events, asked, hot, 1)
    assert bool(expected[0][-1]) == (hot < HOT)
    assert in_memory_with(events, asked, hot, n_groups) == expected

    events.save(tmp_path / "store")
    spilled = of_store(tmp_path / "store", Scratch(tmp_path), memory_bytes=10**6)
    monkeypatch.setattr(large, "groups_for", lambda *_: n_groups)
    on_disk = out_of_core.layers(
        spilled, asked, Refusals(), memory_bytes=1, hot=hot, progress=SILENT
    )
    assert said(on_disk, spilled) == expected

    there = {"held": events, "spilled": spilled}.get(kind)
    if there is None:
        there = held_by_spark(engine, folder, tmp_path)
    on_workers = on_spark.layers(
        there, asked, Refusals(), engine, scale=SMALL, hot=hot, n_groups=n_groups,
        progress=SILENT,
    )  # fmt: skip
    assert said(on_workers, there) == expected


def read(folder: Path) -> Events:
    files = sorted(folder.iterdir())
    return read_files(files, Reading(time_unit="ms"), folder, Record())


def held_by_spark(engine, folder: Path, scratch: Path):
    return read_on_spark([folder], Reading(time_unit="ms"), scratch, Record(), engine, SMALL)


def test_whole_numbers_as_ids(spark):
    """Compared as numbers: 10 comes after 9."""
    table = many_cases(cases=12).drop_nulls()
    rows = table.select("account_id", "object_id", pl.col("timestamp").alias("t_ms"))
    rows = rows.unique().sort("object_id", "t_ms", "account_id")
    accounts, account = blocks.dense(rows["account_id"])
    objects, object_ = blocks.dense(rows["object_id"])
    acts = claqueur.engines.actions.Actions(
        account, object_, rows["t_ms"].to_numpy(), len(accounts)
    )
    expected, apart = counted(acts, WINDOW, LEAST, hot=6)
    frame = spark.createDataFrame(
        rows.rename({"account_id": "account", "object_id": "object_"}).to_arrow()
    )
    found = count_on_spark(frame, WINDOW, LEAST, n_parts=3, n_groups=3, hot=6)
    ends = {"a": accounts.gather(expected.a), "b": accounts.gather(expected.b)}
    assert len(expected) > 50
    for name, column in ends.items():
        assert found.pairs[name].to_list() == column.to_list()
    for name in ("weight", "delta_ms", "a_first"):
        assert np.array_equal(found.pairs[name], getattr(expected, name)), name
    assert found.hot == tuple(
        zip(objects.gather(apart.objects).to_list(), apart.most.tolist(), strict=True)
    )
    assert len(found.hot) > 1


class TestGolden:
    """The table that comes with CooRTweet: 35,125 rows of real tweets."""

    @pytest.mark.shared
    def test_with_two_objects_from_parquet(self, engine, shared, tmp_path):
        tweets = shared / "coortweet" / "russian_coord_tweets.csv"
        pl.read_csv(tweets, infer_schema=False).write_parquet(tmp_path / "tweets.parquet")
        asked = {"window": "60s", "min_objects": 2}
        here = claqueur.detect(tmp_path / "tweets.parquet", **asked)
        assert here.pairs.height > 30
        assert_same(claqueur.detect(tmp_path / "tweets.parquet", **asked, memory="1MB"), here)
        there = claqueur.detect(tmp_path / "tweets.parquet", **asked, engine=engine)
        assert_same(there, here, ("networks", "events", "set_aside"))

    @pytest.mark.shared
    def test_with_five_from_text(self, engine, shared):
        """Spark reads no text: it is read here, and counted there; and no pair is left."""
        tweets = shared / "coortweet" / "russian_coord_tweets.csv"
        asked = {"window": "60s", "min_objects": 5}
        here = claqueur.detect(tweets, **asked)
        assert here.pairs.is_empty()
        assert_same(claqueur.detect(tweets, **asked, memory="1MB"), here)
        there = claqueur.detect(tweets, **asked, engine=engine)
        assert_same(there, here, ("networks", "events", "set_aside"))


def test_a_case_moves_to_spark_by_one_option(engine, claqueur, tmp_path):
    lockstep_table().write_csv(tmp_path / "likes.csv")
    case = tmp_path / "case"
    claqueur.works("new", case, "--window", "60s", "--min-objects", "5")
    claqueur.works("add", case, tmp_path / "likes.csv")
    claqueur.works("run", case)
    claqueur.works("run", case, "--engine", "spark")
    here, there = (Result.load(run) for run in sorted((case / "runs").iterdir()))
    assert here.groups.height
    assert_same(there, here, ("networks", "events"))


class TestFaults:
    @pytest.fixture
    def rows(self, spark):
        table = many_cases(cases=8).drop_nulls()
        return spark.createDataFrame(
            table.select(
                account="account_id", object_="object_id", t_ms="timestamp"
            ).to_arrow()
        )  # fmt: skip

    def test_a_task_that_fails_twice_does_not_matter(self, rows, tmp_path, monkeypatch):
        before = count_on_spark(rows, WINDOW, LEAST, n_parts=1, n_groups=1)
        real = blocks.on_table

        def failing(work, what):
            run, counter = real(work, what), tmp_path / what.replace(" ", "-")

            def attempt(table):
                with counter.open("a") as log:
                    log.write("x")
                if what == "counting pairs" and counter.stat().st_size < 3:
                    raise OSError("the disk was away")
                return run(table)

            return attempt

        monkeypatch.setattr(blocks, "on_table", failing)
        after = count_on_spark(rows, WINDOW, LEAST, n_parts=1, n_groups=1)
        assert (tmp_path / "counting-pairs").read_text() == "xxx"
        assert before.pairs.height > 20
        assert after.pairs.equals(before.pairs)

    def test_one_that_fails_for_good_is_named(self, rows, monkeypatch):
        class Broken:
            def __call__(self, table):
                return 1 // 0

        monkeypatch.setattr(blocks, "Block", lambda *_: Broken())
        with pytest.raises(EngineError) as caught:
            count_on_spark(rows, WINDOW, LEAST, n_parts=1, n_groups=1)
        said = str(caught.value)
        assert "counting pairs failed on " in said
        assert "ZeroDivisionError" in said
        assert "however often it was tried" in said
        assert "\n" not in said

    def test_a_damaged_partition_is_named(self, engine, folder, tmp_path):
        parts = tmp_path / "parts"
        shutil.copytree(folder, parts)
        whole = (parts / "part-1.parquet").read_bytes()
        (parts / "part-1.parquet").write_bytes(whole[: len(whole) // 2])
        with pytest.raises(SourceError, match=r"parts/part-1\.parquet: is damaged or no Parquet"):
            claqueur.detect(parts, **ASKED, engine=engine)
        # Whole at its end, and something else in the middle.
        noise = bytes(255 - byte for byte in whole[100:3000])
        (parts / "part-1.parquet").write_bytes(whole[:100] + noise + whole[3000:])
        with pytest.raises(SourceError, match=r"parts/part-1\.parquet: is damaged or no Parquet"):
            claqueur.detect(parts, **ASKED, engine=engine)

    def test_a_path_that_leads_nowhere(self, engine, tmp_path):
        with pytest.raises(SourceError, match=r"nothing\.parquet: no such file for Spark"):
            claqueur.detect(tmp_path / "nothing.parquet", **ASKED, engine=engine)

    def test_files_of_other_columns_are_no_one_table(self, engine, tmp_path):
        table = lockstep_table()
        table.write_parquet(tmp_path / "a.parquet")
        table.rename({"timestamp": "time"}).write_parquet(tmp_path / "b.parquet")
        with pytest.raises(SourceError, match=r"b\.parquet: has other columns than .*a\.parquet"):
            claqueur.detect(sorted(tmp_path.iterdir()), **ASKED, engine=engine)

    def test_a_folder_without_parquet(self, engine, tmp_path):
        with pytest.raises(SourceError, match="there is no Parquet"):
            claqueur.detect(tmp_path, **ASKED, engine=engine)
        lockstep_table().write_csv(tmp_path / "likes.csv")
        with pytest.raises(SourceError, match=r"likes\.csv: is damaged or no Parquet"):
            claqueur.detect(tmp_path, **ASKED, engine=engine)

    def test_rows_are_refused_with_the_same_words(self, engine, tmp_path):
        table = lockstep_table().with_columns(
            account_id=pl.when(pl.int_range(pl.len()) % 100 == 9).then(pl.lit("NA"))
            .otherwise("account_id"),
            timestamp=pl.when(pl.int_range(pl.len()) % 90 == 7).then(4_000_000_000)
            .otherwise("timestamp"),
        )  # fmt: skip
        table.write_parquet(tmp_path / "likes.parquet")
        asked = {"window": "60s", "min_objects": 5}
        here = claqueur.detect(tmp_path / "likes.parquet", **asked)
        there = claqueur.detect(tmp_path / "likes.parquet", **asked, engine=engine)
        assert here.run["events"]["refused"][0]["first"]
        assert_same(there, here, ("events", "networks"))

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"account_id": pl.col("account_id").cast(pl.Float64)}, "passed through a float"),
            ({"account_id": pl.lit("7.0E+09")}, "turned into floats"),
            (
                {"timestamp": pl.from_epoch("timestamp").cast(pl.Datetime("us"))},
                "has times without a zone",
            ),
        ],
    )
    def test_what_would_mislead_is_refused(self, engine, tmp_path, changes, words):
        path = tmp_path / "likes.parquet"
        lockstep_table().with_columns(**changes).write_parquet(path)
        with pytest.raises(SourceError, match=words):
            claqueur.detect(path, window="60s", min_objects=5, engine=engine)

    def test_also_when_it_shows_late(self, engine, tmp_path):
        """Behind the rows that are looked at first, in a partition on a worker."""
        table = pl.concat([lockstep_table()] * 4)
        late = pl.int_range(pl.len()) == table.height - 1
        table = table.with_columns(
            account_id=pl.when(late).then(pl.lit("7.0E+09")).otherwise("account_id")
        )
        table.write_parquet(tmp_path / "likes.parquet")
        with pytest.raises(SourceError, match=rf"likes\.parquet: .*\(row {table.height}\)"):
            claqueur.detect(tmp_path / "likes.parquet", window="60s", min_objects=5, engine=engine)

"""CooRTweet 2.1 and coordination-network-toolkit 1.5 on the same real table, edge by edge."""

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from claqueur.pipeline import Result, detect_to
from claqueur.settings import CoAction, Compat, Grouping, Reading

TABLE = "coortweet/russian_coord_tweets.csv"
MEASURES = (
    "weight", "avg_time_delta", "n_content_id", "n_content_id_y", "edge_symmetry_score",
    "weight_threshold",
)  # fmt: skip


def run(shared: Path, tmp_path: Path, compat: str, **settings) -> Result:
    choice = (Compat if compat else CoAction)(window=("60s",), **settings)
    detect_to(
        [shared / TABLE], tmp_path / "out", choice, reading=Reading(), grouping=Grouping(),
        compat=compat, report=False,
    )  # fmt: skip
    return Result.load(tmp_path / "out")


def unordered(table: pl.DataFrame, one: str, other: str, *columns: str) -> pl.DataFrame:
    return table.select(
        pl.min_horizontal(one, other).alias("a"),
        pl.max_horizontal(one, other).alias("b"),
        *(pl.col(name).cast(pl.Float64) for name in columns),
    ).sort("a", "b")


def golden(shared: Path, name: str) -> pl.DataFrame:
    return pl.read_csv(shared / "coortweet" / "golden" / name, infer_schema_length=None)


@pytest.mark.parametrize(
    ("file", "settings", "edges", "accounts", "pairs"),
    [
        ("ru_mp2_tw60", {"min_objects": 2}, 3721, 2110, 3791),
        ("ru_mp5_tw60", {"min_objects": 5}, 1193, 772, 1235),
        ("ru_mp2_tw60_loops", {"min_objects": 2, "loops": True}, 3782, 2135, 3919),
        ("ru_mp2_tw60_ew0.5_sub1", {"min_objects": 2, "subgraph": 1}, 60, 94, None),
    ],
)
def test_coortweet_networks(shared, tmp_path, file, settings, edges, accounts, pairs):
    result = run(shared, tmp_path, "coortweet", **settings)
    expected = golden(shared, f"{file}_edges.csv")
    assert result.pairs.height == edges
    ends = pl.concat([result.pairs["account_a"], result.pairs["account_b"].rename("account_a")])
    assert ends.n_unique() == accounts
    assert_frame_equal(
        unordered(result.pairs, "account_a", "account_b", *MEASURES),
        unordered(expected, "from", "to", *MEASURES),
        rel_tol=1e-12,
    )
    if "object_ids" in expected.columns:
        ours = result.pairs.select("account_a", "account_b", pl.col("object_ids").list.sort())
        theirs = expected.select("from", "to", pl.col("object_ids").str.split(",").list.sort())
        assert_frame_equal(with_objects(ours), with_objects(theirs))
    if pairs:
        assert_frame_equal(
            row_pairs(result.others["content_pairs"]),
            row_pairs(golden(shared, f"{file}_pairs.csv.gz")),
        )
        assert result.others["content_pairs"].height == pairs


def with_objects(table: pl.DataFrame) -> pl.DataFrame:
    one, other, objects = table.columns
    return table.select(
        a=pl.min_horizontal(one, other), b=pl.max_horizontal(one, other), objects=objects
    ).sort("a", "b")


def row_pairs(table: pl.DataFrame) -> pl.DataFrame:
    """Rows of pairs; the two sides of a pair at the very same moment have no order."""
    tie = pl.col("time_delta") == 0
    flip = tie & (pl.col("content_id") > pl.col("content_id_y"))
    sides = [("content_id", "content_id_y"), ("account_id", "account_id_y")]
    return table.select(
        "object_id",
        pl.col("time_delta").cast(pl.Float64),
        *(
            pl.when(flip).then(there).otherwise(here).alias(here)
            for one, other in sides
            for here, there in ((one, other), (other, one))
        ),
    ).sort(pl.all())


@pytest.mark.parametrize(("subgraph", "edges"), [(2, 4), (3, 112)])
def test_coortweet_fast_subgraphs(shared, tmp_path, subgraph, edges):
    result = run(shared, tmp_path, "coortweet", min_objects=2, subgraph=subgraph, fast="10s")
    expected = golden(shared, f"ru_mp2_tw60_fast10_ew0.5_sub{subgraph}_edges.csv")
    both = [f"{name}_{network}" for name in MEASURES for network in ("full", "fast")]
    assert result.pairs.height == edges
    assert_frame_equal(
        unordered(result.pairs, "account_a", "account_b", *both),
        unordered(expected, "from", "to", *both),
        rel_tol=1e-12,
    )


@pytest.mark.parametrize(("least", "pairs", "directed"), [(1, 6206, 12412), (2, 63, 95)])
def test_qut_networks(shared, tmp_path, least, pairs, directed):
    result = run(shared, tmp_path, "qut", min_objects=least)
    expected = pl.read_csv(shared / "qut" / f"co_retweet_w{least}_tw60_edges.csv").filter(
        pl.col("user_1") != pl.col("user_2")
    )
    both = [
        result.pairs.select(user_1=u, user_2=v, weight=w)
        for u, v, w in (
            ("account_a", "account_b", "weight_ab"),
            ("account_b", "account_a", "weight_ba"),
        )
    ]
    ours = pl.concat(both).filter(pl.col("weight") >= least).cast({"weight": pl.Int64})
    assert result.pairs.height == pairs
    assert ours.height == directed
    assert_frame_equal(ours.sort("user_1", "user_2"), expected.sort("user_1", "user_2"))


def test_our_weights_find_the_same_pairs_as_both(shared, tmp_path):
    result = run(shared, tmp_path, "", min_objects=1)
    assert result.pairs.height == 6206
    assert result.run["events"]["accounts"] == 9509
    assert result.run["events"]["objects"] == 7285
    assert [entry["rows"] for entry in result.run["events"]["refused"]] == [1]

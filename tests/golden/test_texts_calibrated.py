"""Comments that were handed out, each copy in other words, in whole worlds; seeds are fixed."""

import polars as pl
import pytest

import claqueur
from claqueur.evaluation.comments import comment_score
from claqueur.evaluation.methods import members_found
from claqueur.results import Result
from claqueur.simulation import World, simulate


def by_comments(world: World, folder) -> Result:
    world.events.write_parquet(folder / "events.parquet")
    return claqueur.detect(folder / "events.parquet", action=("comment",))


@pytest.mark.parametrize("seed", [1, 2])
def test_most_who_wrote_two_comments_on_order_are_found(tmp_path, seed):
    world = simulate("handed-out-praise", seed=seed)
    result = by_comments(world, tmp_path)
    scored = comment_score(world.truth, members_found(result).with_columns(flagged=pl.lit(True)))
    assert world.truth.filter(pl.col("ordered_comments") >= 2).height > 100
    assert scored.recall >= 0.85
    assert scored.recall_thrice >= scored.recall
    assert scored.false_discovery <= 0.07
    assert scored.false_groups == 0
    # A dozen texts were handed out: frames with slots where each copy has other words.
    own = result.templates.filter(pl.col("group_id") == 1)
    assert own.height >= 10
    assert own["frame"].str.contains("{…}", literal=True).mean() >= 0.8
    assert (own["accounts"] >= 5).sum() >= 10


@pytest.mark.parametrize("seed", [1, 2])
def test_nobody_is_found_where_nobody_was_ordered(tmp_path, seed):
    result = by_comments(simulate("organic", seed=seed), tmp_path)
    assert result.run["texts"]["family"] > 300
    assert result.run["texts"]["confirmed"] == 0
    assert result.groups.filter(pl.col("layers").list.contains("co_text")).height == 0

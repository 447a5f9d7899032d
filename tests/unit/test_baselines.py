"""The baselines on tables small enough to be worked out by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from bench.baselines import baselines
from bench.baselines.coded import coded
from bench.baselines.fraudar import Fraudar, peel
from bench.baselines.hindsight import Hindsight
from bench.baselines.synchrotrap import SynchroTrap, jaccard
from bench.baselines.thresholds import Thresholds

from claqueur.engines.counting import count_pairs
from claqueur.evaluation.methods import FOUND
from claqueur.model import TIME

START = datetime(2019, 2, 8, 9, tzinfo=UTC)


def table(*acts: tuple[str, str, int], action: str = "like") -> pl.DataFrame:
    """Events from (account, object, second)."""
    times = [START + timedelta(seconds=second) for _, _, second in acts]
    return pl.DataFrame(
        {
            "account_id": [account for account, _, _ in acts],
            "action": action,
            "object_id": [object_ for _, object_, _ in acts],
            "time_min": times,
            "time_max": times,
        }
    ).with_columns(pl.col("time_min", "time_max").cast(TIME))


TWO_AND_A_STRANGER = table(
    ("a", "p", 0), ("b", "p", 30), ("c", "p", 45),
    ("a", "q", 1000), ("b", "q", 1060), ("c", "q", 1061),
    ("a", "r", 2000), ("b", "r", 2061), ("c", "s", 5),
)  # fmt: skip
"""Within 60 s, a and b meet on p and q, b and c on p and q, a and c on p alone."""


def flagged(found: pl.DataFrame) -> set[str]:
    return set(found.filter("flagged")["account_id"])


@pytest.mark.parametrize("name", list(baselines()))
def test_every_baseline_answers_in_the_same_columns(name):
    baseline = baselines()[name]
    if hasattr(baseline, "knowing"):
        truth = pl.DataFrame({"account_id": ["a", "b", "c"], "role": "organic"})
        baseline = baseline.knowing(truth)
    for events in (TWO_AND_A_STRANGER, TWO_AND_A_STRANGER.clear()):
        assert baseline.find(events).schema == FOUND


def test_thresholds_flag_whoever_meets_often_enough():
    found = Thresholds(60, 2).find(TWO_AND_A_STRANGER)
    assert flagged(found) == {"a", "b", "c"}
    assert found.sort("account_id")["score"].to_list() == [2, 2, 2]
    assert flagged(Thresholds(61, 3).find(TWO_AND_A_STRANGER)) == {"a", "b"}
    assert Thresholds(60, 3).find(TWO_AND_A_STRANGER).is_empty()


def test_what_pages_publish_and_times_unknown_to_the_moment_do_not_count():
    posts = TWO_AND_A_STRANGER.with_columns(action=pl.lit("post"))
    assert Thresholds().find(posts).is_empty()
    polled = TWO_AND_A_STRANGER.with_columns(pl.col("time_max") + timedelta(seconds=1))
    assert Thresholds().find(polled).is_empty()


def test_hindsight_takes_the_choice_with_the_highest_f1():
    truth = pl.DataFrame({"account_id": ["a", "b", "c"], "role": ["ordered", "ordered", "fan"]})
    known = Hindsight((60, 61), (2, 3)).knowing(truth)
    assert known.best(TWO_AND_A_STRANGER) == (61, 3)
    assert flagged(known.find(TWO_AND_A_STRANGER)) == {"a", "b"}


def test_hindsight_does_not_hold_heads_against_a_choice():
    truth = pl.DataFrame({"account_id": ["a", "b", "c"], "role": ["ordered", "ordered", "head"]})
    assert Hindsight((60, 61), (2, 3)).knowing(truth).best(TWO_AND_A_STRANGER) == (60, 2)


def test_hindsight_without_the_truth_is_refused():
    with pytest.raises(ValueError, match="needs the truth"):
        Hindsight().find(TWO_AND_A_STRANGER)


def test_similarity_is_the_jaccard_index_of_timed_actions():
    data = coded(TWO_AND_A_STRANGER)
    pairs = count_pairs(data.actions, 60_000, 1)
    ends = zip(data.accounts.gather(pairs.a), data.accounts.gather(pairs.b), strict=True)
    alike = dict(zip(ends, jaccard(pairs, data.actions), strict=True))
    # Three objects each; two of them matched leave a union of four, one leaves five.
    assert alike == {("a", "b"): 2 / 4, ("b", "c"): 2 / 4, ("a", "c"): 1 / 5}


def test_synchrotrap_reports_large_clusters_only():
    chain = SynchroTrap(60, similarity=0.5, matches_min=2, size_min=3).find(TWO_AND_A_STRANGER)
    assert flagged(chain) == {"a", "b", "c"}, "single linkage: a and c through b"
    assert set(chain["group_id"]) == {1}
    small = SynchroTrap(60, similarity=0.5, matches_min=2, size_min=4).find(TWO_AND_A_STRANGER)
    assert flagged(small) == set()
    assert small["score"].to_list() == [0.5, 0.5, 0.5], "the ranking stays"


def test_peeling_leaves_the_densest_block():
    # Accounts 0 to 2 did all of objects 0 to 2; accounts 3 to 6 each did one thing of their own.
    row = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 4, 5, 6])
    column = np.array([0, 1, 2, 0, 1, 2, 0, 1, 2, 3, 4, 5, 6])
    removed_at, block_from = peel(row, column)
    assert sorted(removed_at) == list(range(14))
    assert {node for node in range(14) if removed_at[node] >= block_from} == {0, 1, 2, 7, 8, 9}


def test_peeling_weighs_popular_objects_less():
    # Equal degrees of the accounts: 0 and 1 share two rare objects, 2 to 9 two popular ones.
    row = np.array([0, 0, 1, 1, *np.repeat(np.arange(2, 10), 2)])
    column = np.array([0, 1, 0, 1, *np.tile([2, 3], 8)])
    removed_at, _ = peel(row, column, damping=5.0)
    weight_rare, weight_popular = 2 / np.log(2 + 5), 2 / np.log(8 + 5)
    assert weight_popular < weight_rare
    assert min(removed_at[:2]) > min(removed_at[2:10])


def test_each_next_block_is_found_without_the_accounts_of_the_last():
    first = [(f"a{i}", f"p{k}", 0) for i in range(4) for k in range(4)]
    second = [(f"b{i}", f"q{k}", 0) for i in range(3) for k in range(3)]
    found = Fraudar(blocks=2).find(table(*first, *second, ("c", "p0", 0), ("d", "q0", 0)))
    groups = {number: set(part["account_id"]) for (number,), part in found.group_by("group_id")}
    assert groups[1] == {"a0", "a1", "a2", "a3"}
    assert groups[2] >= {"b0", "b1", "b2"}
    ranked = found.sort("score", descending=True)["account_id"].to_list()
    assert set(ranked[:4]) == groups[1]

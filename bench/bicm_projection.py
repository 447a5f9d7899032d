"""Projection of likes onto accounts beside `bicm`'s own, and at twenty million likes.

    python -m bench.bicm_projection [--repeats 3] [--large] [--groups]

The first part computes the exact Poisson-binomial p-value of every pair that has an object in
common, twice, from the same matrix in the same run: ours, and that of PyPI's `bicm`. It stops
if any of them differ by more than 1e-9. Both solve the configuration model inside the time.

With ``--large``: 20 M likes of 1 M accounts × 100,000 objects, heavy tails both ways, in a
process of its own; ``--pages 300`` spreads the objects over pages, ``--groups`` also selects
and tests groups.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import resource
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable

import numpy as np

from claqueur.groups.engage import confirm_untimed
from claqueur.nulls.engaged import EngagedPairs, engaged_pairs
from claqueur.nulls.incidence import Incidence

EQUAL = 1e-9
ROWS, COLUMNS, LIKES = 2_000, 1_000, 20_000


def world(accounts: int, objects: int, likes: int, pages: int = 0, seed: int = 1) -> Incidence:
    """Likes with a heavy tail of activity (Pareto 1.2) and of popularity (Zipf .78)."""
    rng = np.random.default_rng(seed)
    activity = np.minimum(rng.pareto(1.2, accounts) + 0.2, 2_000)
    popularity = 1 / np.arange(1, objects + 1) ** 0.78
    chosen = np.cumsum(activity / activity.sum())
    liked = np.cumsum(popularity / popularity.sum())
    account = np.searchsorted(chosen, rng.random(likes)).clip(max=accounts - 1)
    object_ = np.searchsorted(liked, rng.random(likes)).clip(max=objects - 1)
    page = rng.integers(1, pages + 1, objects) if pages else np.zeros(objects, np.int64)
    return Incidence.of(account, object_, page, rng.permutation(objects), accounts)


def theirs(likes: Incidence) -> dict[tuple[int, int], float]:
    """p-values of `bicm`, by pair."""
    from bicm import BipartiteGraph

    matrix = np.zeros((likes.n_accounts, likes.n_objects), np.int8)
    matrix[likes.account, likes.object_] = 1
    graph = BipartiteGraph(biadjacency=matrix)
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # To the last digit: with its usual tolerance p-values are off by 1e-6.
        graph.solve_tool(method="newton", tol=1e-13, eps=1e-15, exp=True, max_steps=500)
        graph.compute_projection(
            rows=True, approx_method="poibin", threads_num=2, progress_bar=False
        )
    rows = np.arange(likes.n_accounts) if graph.rows_dict is None else graph.rows_dict
    return {
        (int(rows[a]), int(rows[b])): p
        for a, others in graph.rows_pvals.items()
        for b, p in others.items()
    }


def timed(work: Callable[[], object], repeats: int) -> tuple[float, object]:
    seconds, result = [], None
    for _ in range(repeats):
        begin = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - begin)
    return statistics.median(seconds), result


def compare(repeats: int) -> None:
    likes = world(ROWS, COLUMNS, LIKES)
    engaged_pairs(world(50, 50, 200), screen=1.0, fewest=1)  # compiles
    mine, pairs = timed(lambda: engaged_pairs(likes, screen=1.0, fewest=1), repeats)
    other, p_values = timed(lambda: theirs(likes), repeats)
    assert isinstance(pairs, EngagedPairs)
    assert isinstance(p_values, dict)
    p = np.array([p_values[pair] for pair in zip(pairs.a.tolist(), pairs.b.tolist(), strict=True)])
    worst = float(np.abs(p - pairs.p_value).max())
    assert len(p_values) == len(pairs), "pairs differ"
    assert worst <= EQUAL, f"p-values differ by {worst}"
    print(
        f"{ROWS:,} × {COLUMNS:,}, {len(likes):,} likes, {len(pairs):,} pairs, exact p-values;"
        f" largest difference {worst:.1e}\n"
        f"  claqueur {mine:8.2f} s\n  bicm     {other:8.2f} s  {other / mine:.0f} × ours"
        f"  (medians of {repeats})"
    )


def large(pages: int, groups: bool) -> None:
    likes = world(1_000_000, 100_000, 21_900_000, pages)
    begin = time.perf_counter()
    pairs = engaged_pairs(likes)
    took = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    largest = int(likes.popularity.max())
    print(
        f"{len(likes):,} likes, {likes.n_accounts:,} accounts × {likes.n_objects:,} objects"
        f" on {max(pages, 1)} page(s), largest object {largest:,}, most active account"
        f" {int(likes.degree.max()):,}\n  pairs: {took:.1f} s, peak {peak:.2f} GB;"
        f" {len(pairs):,} below the screen"
    )
    if groups:
        begin = time.perf_counter()
        found = confirm_untimed(likes)
        took = time.perf_counter() - begin
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(
            f"  groups: {took:.1f} s more, peak {peak:.2f} GB; {found.candidates} candidates,"
            f" {len(found.accounts)} accounts confirmed"
        )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=3, help="each side; bicm takes minutes")
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--pages", type=int, default=0)
    parser.add_argument("--groups", action="store_true")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside:
        large(given.pages, given.groups)
    elif given.large:
        # In a process of its own, so that its peak memory is its own.
        command = [sys.executable, "-m", "bench.bicm_projection", "--inside"]
        command += ["--pages", str(given.pages)] + ["--groups"] * given.groups
        subprocess.run(command, check=True)
    else:
        compare(given.repeats)


if __name__ == "__main__":
    main()

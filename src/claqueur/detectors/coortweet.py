"""CooRTweet's weights and filters, row by row.

Follows ``detect_groups``, ``flag_speed_share`` and ``generate_coordinated_network`` of
CooRTweet 2.1 (N. Righetti and P. Balluff, "CooRTweet: A Generalized R Software for
Coordinated Network Detection", Computational Communication Research 7(1), 2025), MIT.
Rows are not deduplicated, and an edge weighs the number of its pairs of rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from claqueur.detectors import Layer
from claqueur.detectors.co_action import by_action
from claqueur.errors import SettingError, SourceError
from claqueur.kernels.co_action import row_pairs
from claqueur.model import ANY_ACTION
from claqueur.progress import Progress
from claqueur.refusals import Refusals
from claqueur.settings import CoAction, Compat
from claqueur.store import Events


@dataclass(frozen=True)
class CooRTweet:
    """CooRTweet's networks, for its users and for checking us."""

    name: str = "coortweet"
    help: str = "CooRTweet's weights (pairs of rows), filters and subgraphs"
    raw: bool = True

    def layers(
        self, events: Events, settings: CoAction, refusals: Refusals, progress: Progress
    ) -> Iterator[Layer]:
        """One layer for each action."""
        if "content_id" not in events.names:
            raise SourceError(
                "--compat coortweet needs the id of every share; "
                "name the column with --map content_id=…"
            )
        if not isinstance(settings, Compat):
            raise SettingError("--compat coortweet needs its own settings")
        for action, frame in by_action(events, settings, refusals):
            progress.stage("comparing rows")
            yield _layer(action, frame, events, settings)


def _layer(action: str, frame: pl.DataFrame, events: Events, settings: Compat) -> Layer:
    least = settings.min_objects or 1
    window_ms = settings.windows_ms[0]
    active = frame.filter(pl.len().over("account_id") >= least)
    result = _participating(_shares(active, events, window_ms, settings.loops), active, least)
    full = network(result, settings.edge_weight)
    pairs = full.filter(pl.col("weight_threshold") == 1) if settings.subgraph == 1 else full
    if settings.subgraph > 1:
        quick = result.filter(pl.col("time_delta") * 1000 <= settings.fast_ms)
        fast = network(_participating(quick, active, least), settings.edge_weight)
        pairs = _fast_subgraph(full, fast, settings.subgraph)
    accounts = events.names["account_id"]
    name = "content_pairs" if action == ANY_ACTION else f"content_pairs_{action}"
    tables = {name: _named(result, events)}
    return Layer(action, window_ms, frame, accounts, _with_objects(pairs, result, events), tables)


def _shares(rows: pl.DataFrame, events: Events, window_ms: int, loops: bool) -> pl.DataFrame:
    """Pairs of rows on one object within the window, the older first."""
    older, newer = row_pairs(rows["object_id"].to_numpy(), rows["t_min_ms"].to_numpy(), window_ms)
    if len(older) > 200_000_000:
        raise SettingError(
            f"--compat coortweet: {len(older):,} pairs of rows do not fit into memory; use a "
            "narrower --window, or leave --compat out"
        )
    one, two = rows[older], rows[newer]
    pairs = one.select("object_id", "content_id", "account_id").with_columns(
        two["content_id"].alias("content_id_y"),
        two["account_id"].alias("account_id_y"),
        ((two["t_min_ms"] - one["t_min_ms"]) / 1000).alias("time_delta"),
    )
    if loops:
        return pairs
    as_content = _object_as_content(events)
    shared = pairs["object_id"].to_numpy()
    return pairs.filter(
        pl.col("account_id") != pl.col("account_id_y"),
        pl.col("content_id").ne_missing(pl.col("content_id_y")),
        pl.Series(as_content[shared] != pairs["content_id"].fill_null(-1).to_numpy()),
        pl.Series(as_content[shared] != pairs["content_id_y"].fill_null(-1).to_numpy()),
    )


def _object_as_content(events: Events) -> np.ndarray:
    """For each object the code of the content with the same id, -2 where there is none."""
    contents, objects = events.names["content_id"], events.names["object_id"]
    found = np.full(len(objects), -2, np.int64)
    both = objects.is_in(contents.implode()).arg_true()
    found[both.to_numpy()] = contents.search_sorted(objects.gather(both)).to_numpy()
    return found


def _participating(pairs: pl.DataFrame, rows: pl.DataFrame, least: int) -> pl.DataFrame:
    """Pairs of which either content belongs to an account with enough of its rows in pairs."""
    paired = pl.concat([pairs["content_id"], pairs["content_id_y"].rename("content_id")]).unique()
    enough = (
        rows.filter(pl.col("content_id").is_in(paired.implode()))
        .filter(pl.len().over("account_id") >= least)["content_id"]
        .unique()
        .implode()
    )
    return pairs.filter(pl.col("content_id").is_in(enough) | pl.col("content_id_y").is_in(enough))


def network(pairs: pl.DataFrame, edge_weight: float) -> pl.DataFrame:
    """Undirected edges of ``generate_coordinated_network``, sorted by (a, b)."""
    edges = (
        pairs.with_columns(
            a=pl.min_horizontal("account_id", "account_id_y"),
            b=pl.max_horizontal("account_id", "account_id_y"),
        )
        .group_by("a", "b")
        .agg(
            weight=pl.len(),
            avg_time_delta=pl.col("time_delta").mean(),
            a_first=((pl.col("account_id") == pl.col("a")) & (pl.col("time_delta") > 0)).mean(),
            n_content_id=pl.col("content_id").n_unique(),
            n_content_id_y=pl.col("content_id_y").n_unique(),
        )
        .sort("a", "b")
    )
    limit = float(np.quantile(edges["weight"].to_numpy(), edge_weight)) if edges.height else 0.0
    contents = ("n_content_id", "n_content_id_y")
    return edges.with_columns(
        mean_delta_ms=pl.col("avg_time_delta") * 1000,
        edge_symmetry_score=pl.min_horizontal(contents) / pl.max_horizontal(contents),
        weight_threshold=(pl.col("weight") > limit).cast(pl.Int8),
    )


_COMPARED = (
    "weight",
    "avg_time_delta",
    "n_content_id",
    "n_content_id_y",
    "edge_symmetry_score",
    "weight_threshold",
)


def _fast_subgraph(full: pl.DataFrame, fast: pl.DataFrame, subgraph: int) -> pl.DataFrame:
    """Subgraph 2: the marked fast edges; 3: all edges among their accounts and neighbours."""
    renamed = {name: f"{name}_fast" for name in _COMPARED}
    both = full.with_columns(pl.col(name).alias(f"{name}_full") for name in _COMPARED).join(
        fast.select("a", "b", *_COMPARED).rename(renamed), on=["a", "b"], how="left"
    )
    marked = both.filter(pl.col("weight_threshold_fast") == 1)
    if subgraph == 3:
        core = pl.concat([marked["a"], marked["b"].rename("a")]).implode()
        touching = both.filter(pl.col("a").is_in(core) | pl.col("b").is_in(core))
        near = pl.concat([touching["a"], touching["b"].rename("a")]).implode()
        marked = both.filter(pl.col("a").is_in(near) & pl.col("b").is_in(near))
    return marked.drop(name for name in _COMPARED if name != "weight").sort("a", "b")


def _with_objects(pairs: pl.DataFrame, result: pl.DataFrame, events: Events) -> pl.DataFrame:
    objects = result.group_by(
        a=pl.min_horizontal("account_id", "account_id_y"),
        b=pl.max_horizontal("account_id", "account_id_y"),
    ).agg(pl.col("object_id").unique().sort())
    named = objects.explode("object_id").with_columns(
        object_ids=events.names["object_id"].gather(objects["object_id"].explode())
    )
    lists = named.group_by("a", "b", maintain_order=True).agg("object_ids")
    return pairs.join(lists, on=["a", "b"], how="left", maintain_order="left")


def _named(result: pl.DataFrame, events: Events) -> pl.DataFrame:
    ids = {
        column: events.names[column.removesuffix("_y")].gather(result[column])
        for column in ("object_id", "content_id", "content_id_y", "account_id", "account_id_y")
    }
    return pl.DataFrame({**ids, "time_delta": result["time_delta"]}).select(
        "object_id", "content_id", "content_id_y", "time_delta", "account_id", "account_id_y"
    )


DETECTOR = CooRTweet()

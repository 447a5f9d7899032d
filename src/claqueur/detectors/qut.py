"""coordination-network-toolkit's weights: distinct messages, by direction.

``weight(u -> v)`` is the number of distinct messages of u with at least one match by v:
the same key within the window, inclusive, in another message. The minimum applies to each
direction; a pair stays if either reaches it. The first row of a message wins. (T. Graham,
QUT Digital Observatory, coordination-network-toolkit 1.5, MIT.)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from claqueur.detectors import Layer
from claqueur.detectors.co_action import by_action, to_actions
from claqueur.engines.actions import Actions
from claqueur.engines.counting import count_pairs
from claqueur.errors import SourceError
from claqueur.progress import Progress
from claqueur.refusals import Refusals
from claqueur.settings import CoAction
from claqueur.store import Events


@dataclass(frozen=True)
class Qut:
    """coordination-network-toolkit's networks, for its users and for checking us."""

    name: str = "qut"
    help: str = "coordination-network-toolkit's weights: distinct messages, by direction"
    raw: bool = True

    def layers(
        self, events: Events, settings: CoAction, refusals: Refusals, progress: Progress
    ) -> Iterator[Layer]:
        """One layer for each action."""
        if "content_id" not in events.names:
            raise SourceError(
                "--compat qut counts messages and needs their ids; "
                "name the column with --map content_id=…"
            )
        window_ms = settings.windows_ms[0]
        least = settings.min_objects or 1
        for action, frame in by_action(events, settings, refusals):
            messages = _first_rows(frame, refusals)
            actions = to_actions(messages, events, unit="content_id")
            pairs = _either_direction(actions, window_ms, least, progress)
            yield Layer(action, window_ms, messages, events.names["account_id"], pairs, {})


def _first_rows(frame: pl.DataFrame, refusals: Refusals) -> pl.DataFrame:
    """Rows of the first account and time seen for a message; it may act on several objects."""
    bare = frame["content_id"].null_count()
    refusals.add("no content_id (--compat qut counts messages)", bare)
    named = frame.filter(pl.col("content_id").is_not_null())
    first = pl.col("row") == pl.col("row").min().over("content_id", "object_id")
    owner = pl.col("account_id").sort_by("row").first().over("content_id")
    kept = named.filter(first & (pl.col("account_id") == owner))
    if "action" not in frame.columns:
        # Without actions a message has one object, as a repost has.
        kept = kept.filter(pl.col("row") == pl.col("row").min().over("content_id"))
    refusals.add("message seen before (the first row wins)", named.height - kept.height)
    return kept.rechunk()


def _either_direction(
    actions: Actions, window_ms: int, least: int, progress: Progress
) -> pl.DataFrame:
    strong = count_pairs(actions, window_ms, least, directed=True, progress=progress).table()
    if strong.is_empty():
        both = strong
    else:
        # The weaker direction may lie below the minimum: count again among these accounts only.
        among = np.zeros(actions.n_accounts, dtype=bool)
        among[strong["a"].to_numpy()] = among[strong["b"].to_numpy()] = True
        few = actions.kept(among[actions.account])
        both = count_pairs(few, window_ms, 1, directed=True, progress=progress).table()
    ab = both.filter(pl.col("a") < pl.col("b"))
    ba = both.filter(pl.col("a") > pl.col("b")).rename({"a": "b", "b": "a", "weight": "weight_ba"})
    joined = ab.rename({"weight": "weight_ab"}).join(
        ba.select("a", "b", "weight_ba"), on=["a", "b"], how="full", coalesce=True
    )
    return (
        joined.with_columns(pl.col("weight_ab", "weight_ba").fill_null(0))
        .with_columns(weight=pl.max_horizontal("weight_ab", "weight_ba"))
        .filter(pl.col("weight") >= least)
        .sort("a", "b")
        .select("a", "b", "weight", "mean_delta_ms", "a_first", "weight_ab", "weight_ba")
    )


DETECTOR = Qut()

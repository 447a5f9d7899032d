"""Likes without times: groups whose members like the same posts, with their error, as tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from claqueur.detectors import Layer
from claqueur.groups.confirm import LEVEL, PARTS, SPLITS, Confirmed
from claqueur.groups.engage import KEEPS as KEEPS_OF_ACCOUNTS
from claqueur.groups.engage import confirm_untimed
from claqueur.groups.errors import histogram, with_errors
from claqueur.groups.network import Grouped
from claqueur.kernels.co_action import I64
from claqueur.model import ANY_ACTION, CO_ENGAGEMENT
from claqueur.nulls.engaged import KEEPS, engaged_pairs
from claqueur.nulls.fdr import benjamini_hochberg
from claqueur.nulls.incidence import Incidence
from claqueur.nulls.publication import ordered_posts, publishes
from claqueur.progress import Progress
from claqueur.store import Events


@dataclass(frozen=True)
class Engaged:
    """What was found in actions without times.

    Attributes
    ----------
    layer
        All surprising pairs inside groups.
    """

    likes: Incidence
    confirmed: Confirmed
    layer: Layer
    grouped: Grouped

    @property
    def accounts(self) -> int:
        """Accounts that acted on anything."""
        return int((self.likes.degree > 0).sum())


def find_untimed(
    frame: pl.DataFrame, events: Events, seed: int, progress: Progress, first_id: int = 1
) -> Engaged:
    """Find groups that act on the same objects more than activity and popularity explain.

    Parameters
    ----------
    frame
        Coded rows; an account counts once an object, whatever it did and how often.
    first_id
        Number of the first group.
    """
    rows = frame.filter(~pl.Series(publishes(events, frame)))
    likes = incidence_of(rows, events)
    confirmed = confirm_untimed(likes, seed, progress)
    progress.stage("describing groups")
    of_account = np.zeros(likes.n_accounts, np.int64)
    own = confirmed.group > 0
    of_account[confirmed.accounts[own]] = confirmed.group[own] + first_id - 1
    undated = rows.with_columns(
        t_min_ms=pl.lit(None, pl.Int64), t_max_ms=pl.lit(None, pl.Int64)
    ).sort("object_id", "account_id")
    layer = Layer(
        _kind(rows, events), None, undated, events.names["account_id"],
        _pairs(likes, of_account), {}, CO_ENGAGEMENT,
    )  # fmt: skip
    grouped = with_errors(layer, of_account, confirmed, events, first_id)
    return Engaged(likes, confirmed, layer, grouped)


def incidence_of(rows: pl.DataFrame, events: Events) -> Incidence:
    """Who acted on what, with the page of every object and what came first."""
    n_objects = len(events.names["object_id"])
    posts = ordered_posts(events, rows)
    code = posts["object_id"].to_numpy()
    page, order = np.zeros(n_objects, np.int64), np.zeros(n_objects, np.int64)
    page[code] = posts["page"].to_numpy()
    order[code] = np.where(posts["known"].to_numpy(), np.arange(posts.height), 0)
    return Incidence.of(
        rows["account_id"].to_numpy(), rows["object_id"].to_numpy(), page, order,
        len(events.names["account_id"]),
    )  # fmt: skip


def _kind(rows: pl.DataFrame, events: Events) -> str:
    """The action, or any where there are several or none."""
    if "action" not in rows.columns:
        return ANY_ACTION
    kinds = events.names["action"].gather(rows["action"].unique().drop_nulls()).to_list()
    return str(kinds[0]) if len(kinds) == 1 else ANY_ACTION


def _pairs(likes: Incidence, of_account: I64) -> pl.DataFrame:
    """Surprising pairs inside groups."""
    pairs = engaged_pairs(likes, among=of_account > 0)
    pairs = pairs.kept(of_account[pairs.a] == of_account[pairs.b])
    n = int((likes.degree > 0).sum())
    return pl.DataFrame(
        {
            "a": pairs.a,
            "b": pairs.b,
            "weight": pairs.weight,
            "expected": pairs.expected,
            "p_value": pairs.p_value,
            "q_value": benjamini_hochberg(pairs.p_value, n * (n - 1) // 2),
        }
    )


def account_of_untimed(engaged: Engaged) -> dict[str, Any]:
    """What the record of a run says about the test without times."""
    confirmed, accounts = engaged.confirmed, engaged.accounts
    return {
        "action": engaged.layer.action,
        "level": LEVEL,
        "family": confirmed.family,
        "accounts": accounts,
        "objects": int((engaged.likes.popularity > 0).sum()),
        "likes": len(engaged.likes),
        "pages": len(np.unique(engaged.likes.page[engaged.likes.popularity > 0])),
        "pairs_family": accounts * (accounts - 1) // 2,
        "splits": SPLITS,
        "parts": PARTS,
        "candidates_tested": confirmed.candidates,
        "nulls": {"margins (pairs)": KEEPS, "popularity (accounts, groups)": KEEPS_OF_ACCOUNTS},
        "confirmed": len(confirmed.accounts),
        "confirmed_in_no_group": int((confirmed.group == 0).sum()),
        "p_values_by_twentieth": histogram(confirmed),
    }

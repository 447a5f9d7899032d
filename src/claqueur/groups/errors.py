"""The error of what was confirmed: p and q of members and of groups, and how p-values fall."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from claqueur.detectors import Layer
from claqueur.groups.confirm import Confirmed
from claqueur.groups.network import Grouped, describe_groups
from claqueur.kernels.co_action import I64
from claqueur.nulls.fdr import e_bh
from claqueur.store import Events


def with_errors(
    layer: Layer, of_account: I64, confirmed: Confirmed, events: Events, first_id: int = 1
) -> Grouped:
    """Tables of confirmed groups and their members, with the error of each.

    Parameters
    ----------
    of_account : (n_accounts,) int64
        Group of every account of the layer, 0 for none.
    first_id
        Number of the first confirmed group.
    """
    grouped = describe_groups(layer, events, of_account)
    errors = pl.DataFrame(
        {
            "account_id": events.names["account_id"].gather(confirmed.accounts),
            "p_value": confirmed.p,
            "q_value": confirmed.q,
            "stability": confirmed.stability,
        }
    )
    members = (
        grouped.accounts.drop("p_value", "q_value", "stability")
        .join(errors, on="account_id", how="left", maintain_order="left")
        .select(grouped.accounts.columns)
    )
    return replace(
        grouped, accounts=members, groups=_group_errors(grouped.groups, confirmed, first_id)
    )


def _group_errors(groups: pl.DataFrame, confirmed: Confirmed, first_id: int) -> pl.DataFrame:
    """P and q of groups: the mean e-value over the family, with 0 for everybody outside.

    However a group was put together, that is at most the mean over the whole family, so its
    inverse is a p-value of "nobody keeps step" that no choice of members can spoil.
    """
    numbers = np.arange(1, int(confirmed.group.max(initial=0)) + 1)
    log_e = np.array(
        [np.logaddexp.reduce(confirmed.log_e[confirmed.group == n]) for n in numbers]
    ) - np.log(max(confirmed.family, 1))
    table = pl.DataFrame(
        {
            "group_id": numbers + first_id - 1,
            "p_value": np.exp(np.minimum(-log_e, 0)),
            "q_value": e_bh(log_e, max(len(numbers), 1)),
        }
    )
    return (
        groups.drop("p_value", "q_value")
        .join(table, on="group_id", how="left", maintain_order="left")
        .select(groups.columns)
    )


def histogram(confirmed: Confirmed) -> list[int]:
    """How many tested accounts have a p-value in each twentieth of 0 to 1.

    Inverses of e-values are conservative: without lockstep most are 1.
    """
    counts, _ = np.histogram(confirmed.tested_p, bins=20, range=(0, 1))
    return [int(count) for count in counts]

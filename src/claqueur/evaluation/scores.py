"""What one method found in one dataset, against the truth.

- *Positives* are the roles ``ordered`` and ``activist``.
- ``head``, ``supporter`` (of a standing appeal, which nothing observable tells from an order) and
  ``institution`` (pages that publish on order) count *neither way* in precision, recall and
  false discovery; how many of them were found is told apart.
- Everybody else is a *negative*; those who look ordered are the hard ones.
- A *false group* is a flagged one in which fewer than half are positives or count neither way.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import comb
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from claqueur.evaluation.methods import FOUND

POSITIVE = ("ordered", "activist")
NEITHER = ("head", "supporter", "institution")
HARD = ("fan", "topical_fan", "employee", "appeal", "new_follower", "giveaway", "organic")
"""Negatives with a rate of their own; the first six look ordered."""


@dataclass(frozen=True)
class Score:
    """One method on one dataset; None where a number makes no sense.

    Attributes
    ----------
    roles, flagged
        Accounts of each role: all, and those flagged.
    groups, false_groups, other_groups
        Flagged groups, those of them that are false, and groups found but not flagged (one-off).
    false_discovery
        Share of negatives among the flagged; 0 when nobody is flagged.
    average_precision
        Of the ranking by score; accounts without a score are never reached.
    agreement
        Adjusted Rand index of groups and institutions, among positives flagged.
    """

    roles: dict[str, int]
    flagged: dict[str, int]
    groups: int
    false_groups: int
    other_groups: int
    precision: float | None
    recall: float | None
    f1: float | None
    false_discovery: float
    average_precision: float | None
    agreement: float | None

    def record(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


def score(truth: pl.DataFrame, found: pl.DataFrame) -> Score:
    """Hold what was found (``FOUND``) against the truth."""
    rows = found.select(FOUND.names()).join(truth, on="account_id", how="left")
    accounts = _accounts(truth, rows)
    flagged = accounts.filter("flagged")
    right, wrong = (_count(flagged, roles) for roles in (POSITIVE, None))
    wanted = _count(accounts, POSITIVE)
    groups = _groups(rows)
    return Score(
        roles=_by_role(accounts),
        flagged=_by_role(flagged),
        groups=groups.filter("flagged").height,
        false_groups=groups.filter("flagged", pl.col("told") < 0.5).height,
        other_groups=groups.filter(~pl.col("flagged")).height,
        precision=_ratio(right, right + wrong),
        recall=_ratio(right, wanted),
        f1=_ratio(2 * right, right + wrong + wanted) if wanted else None,
        false_discovery=_ratio(wrong, right + wrong) or 0.0,
        average_precision=_ranking(accounts, wanted),
        agreement=_agreement(flagged),
    )


def _accounts(truth: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Every account once: its role, whether it is flagged, its best score, one of its groups."""
    once = rows.group_by("account_id").agg(
        pl.col("flagged").any(),
        pl.col("score").max(),
        pl.col("group_id").sort_by(~pl.col("flagged"), -pl.col("score"), "group_id").first(),
    )
    return truth.join(once, on="account_id", how="left").with_columns(
        pl.col("flagged").fill_null(False)
    )


def _groups(rows: pl.DataFrame) -> pl.DataFrame:
    told = pl.col("role").is_in([*POSITIVE, *NEITHER]).fill_null(False)
    return (
        rows.filter(pl.col("group_id").is_not_null())
        .group_by("group_id")
        .agg(pl.col("flagged").any(), told=told.mean())
    )


def _count(accounts: pl.DataFrame, roles: tuple[str, ...] | None) -> int:
    """Accounts of the roles; the negatives when None."""
    chosen = pl.col("role").is_in(roles or [*POSITIVE, *NEITHER])
    return accounts.filter(chosen if roles else ~chosen).height


def _by_role(accounts: pl.DataFrame) -> dict[str, int]:
    return dict(accounts.group_by("role").len().sort("role").iter_rows())


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _ranking(accounts: pl.DataFrame, wanted: int) -> float | None:
    ranked = accounts.filter(pl.col("score").is_not_null(), ~pl.col("role").is_in(NEITHER))
    positive = ranked["role"].is_in(POSITIVE).to_numpy()
    return average_precision(positive, ranked["score"].to_numpy(), wanted) if wanted else None


def average_precision(
    positive: NDArray[np.bool_], score: NDArray[np.float64], wanted: int
) -> float:
    """Mean of the precision at each positive, going down the ranking; equal scores go together.

    Parameters
    ----------
    positive, score : (n,)
        The ranked.
    wanted
        Positives in all; those not ranked are never reached.
    """
    order = np.argsort(-score, kind="stable")
    hits = np.cumsum(positive[order])
    last = np.append(np.diff(score[order]) != 0, True)[: len(order)]
    reached, depth = hits[last], np.flatnonzero(last) + 1
    return float(np.sum(np.diff(reached, prepend=0) * reached / depth) / wanted)


def _agreement(flagged: pl.DataFrame) -> float | None:
    known = flagged.filter(
        pl.col("role").is_in(POSITIVE), pl.col("institution_id", "group_id").is_not_null()
    )
    if known.height < 2:
        return None
    return adjusted_rand(known["group_id"], known["institution_id"])


def adjusted_rand(one: pl.Series, other: pl.Series) -> float:
    """How far two partitions agree: 1 when they are the same, 0 as by chance.

    L. Hubert, P. Arabie, "Comparing partitions", Journal of Classification 2, 1985.
    """
    table = pl.DataFrame({"one": one, "other": other})
    both, first, second = (
        sum(comb(size, 2) for size in table.group_by(names).len()["len"])
        for names in (["one", "other"], ["one"], ["other"])
    )
    by_chance = first * second / comb(table.height, 2)
    most = (first + second) / 2
    # Both partitions are one whole, or both are all singles: they are the same.
    return 1.0 if most == by_chance else (both - by_chance) / (most - by_chance)

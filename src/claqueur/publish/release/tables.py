"""The public tables about one group; every cell is held against k, coverage, and its neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from claqueur.kernels.co_action import I64
from claqueur.publish.release import coarse
from claqueur.publish.release.pools import Unit
from claqueur.publish.release.populations import HIGHEST, LOWEST, Populations, covers
from claqueur.publish.release.schema import BINS, PARTS
from claqueur.results import Result

TOGETHER = 3
"""Members who must have acted together on a post for it to be one of the group's."""

DOMINANT = 0.5
"""Actions of which one account has so large a share are withheld: they would be its own."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Subject:
    """A group, what its members did on its pages, and what everybody did there."""

    number: int
    unit: Unit
    acts: pl.DataFrame
    everybody: pl.DataFrame
    targets: I64
    k: int

    @classmethod
    def of(cls, number: int, unit: Unit, result: Result, people: Populations, k: int) -> Subject:
        """Lay a group out."""
        everybody = people.on(unit.pages)
        acts = everybody.filter(pl.col("account").is_in(unit.members.tolist()))
        return cls(number, unit, acts, everybody, _targets(unit, result, people), k)


def _targets(unit: Unit, result: Result, people: Populations) -> I64:
    """Posts on which at least three members acted together."""
    together = result.evidence.filter(pl.col("group_id").is_in(list(unit.origin)), "in_group")
    counts = together.group_by("object_id").agg(pl.col("account_id").n_unique().alias("members"))
    ids = counts.filter(pl.col("members") >= TOGETHER)["object_id"]
    on_pages = people.on(unit.pages)["object"].unique()
    codes = people.objects.is_in(ids.implode()).arg_true().cast(pl.Int64)
    return codes.filter(codes.is_in(on_pages.implode())).to_numpy()


def weekly(subject: Subject) -> tuple[list[Row], int]:
    """One row a week with members active, and how many cells or rows were withheld.

    What all accounts did there stands beside it only where members are a fifth to four fifths of
    those who acted: elsewhere it would set the group against people it does not speak of.
    """
    rows, withheld = [], 0
    theirs = dict(_by_week(subject.everybody))
    for week, own in _by_week(subject.acts):
        accounts = own["account"].unique().to_numpy()
        part = covers(accounts, theirs[week]["account"].unique().to_numpy())
        if len(accounts) < subject.k or part > HIGHEST or _dominated(own["account"]):
            withheld += 1
            rows.append({"week": week, "active": None, "actions": None, "all_actions": None})
            continue
        within = part >= LOWEST
        withheld += not within
        rows.append(
            {
                "week": week,
                "active": coarse.accounts(len(accounts), subject.k),
                "actions": coarse.actions(own.height),
                "all_actions": coarse.actions(theirs[week].height) if within else None,
            }
        )
    return [{"group": subject.number, **row} for row in rows], withheld


def _by_week(acts: pl.DataFrame) -> list[tuple[Any, pl.DataFrame]]:
    known = acts.drop_nulls("week").sort("week")
    return [(week, own) for (week,), own in known.group_by("week", maintain_order=True)]


def _dominated(accounts: pl.Series) -> bool:
    """Whether one account has most of the actions."""
    largest = accounts.value_counts()["count"].max()
    return isinstance(largest, int) and largest > DOMINANT * len(accounts)


def participation(subject: Subject) -> tuple[list[Row], int]:
    """One row a part of the group's posts: members who acted on that part of them."""
    if not len(subject.targets):
        return [], 0
    place = binned(subject, subject.acts)
    crowd = binned(subject, subject.everybody)
    own = [place.filter(pl.col("bin") == n)["account"].to_numpy() for n in range(len(BINS))]
    # Members who acted on none of them are in the lowest part.
    counts = [len(each) for each in own]
    counts[0] += len(subject.unit.members) - sum(counts)
    primary = [
        count < subject.k
        or covers(each, crowd.filter(pl.col("bin") == n)["account"].to_numpy()) > HIGHEST
        for n, (each, count) in enumerate(zip(own, counts, strict=True))
    ]
    hidden = coarse.withheld(counts, primary, subject.k)
    shown = [None if gone else coarse.accounts(count, subject.k) for gone, count in
             zip(hidden, counts, strict=True)]  # fmt: skip
    if all(hidden):
        return [], len(BINS)
    rows = [{"group": subject.number, "share": name, "accounts": count} for name, count in
            zip(BINS, shown, strict=True)]  # fmt: skip
    return rows, sum(hidden)


def binned(subject: Subject, acts: pl.DataFrame) -> pl.DataFrame:
    """Accounts that acted on any of the group's posts, and which part of them: account, bin."""
    on = acts.filter(pl.col("object").is_in(subject.targets.tolist()))
    part = pl.col("object").n_unique() / max(len(subject.targets), 1)
    counts = on.group_by("account").agg(part.alias("part"))
    edges = (pl.col("part") * len(BINS)).floor().clip(0, len(BINS) - 1).cast(pl.Int64)
    return counts.select("account", bin=edges)


def rhythm(subject: Subject) -> tuple[list[Row], int]:
    """Shares of members' actions by part of the week, all or none."""
    shares = _shares(subject.acts, subject.k)
    if shares is None:
        return [], len(PARTS)
    return [{"group": subject.number, "part": part, "share": shares[part]} for part in PARTS], 0


def everybodys_rhythm(acts: pl.DataFrame, k: int) -> list[Row]:
    """The same of all accounts on the groups' pages."""
    shares = _shares(acts, k)
    if not shares:
        return []
    return [{"group": None, "part": part, "share": shares[part]} for part in PARTS]


def _shares(acts: pl.DataFrame, k: int) -> dict[str, float] | None:
    known = acts.drop_nulls("part")
    shares = {}
    for part in PARTS:
        own = known.filter(pl.col("part") == part)
        if own["account"].n_unique() < k or _dominated(own["account"]):
            return None
        shares[part] = coarse.share(own.height / known.height)
    return shares


def summary(subject: Subject, result: Result, weeks: list[Row]) -> Row:
    """The group's row in ``groups``: what is left of it once single accounts cannot be seen."""
    unit, k = subject.unit, subject.k
    found = result.groups.filter(pl.col("group_id").is_in(list(unit.origin)))
    shown = [row for row in weeks if row["active"] is not None]
    inside = subject.acts.filter(pl.col("week").is_in([row["week"] for row in shown]))
    q = coarse.magnitude(_largest(found["q_value"]))
    patterns = found["pattern"].unique().sort().to_list()
    return {
        "group": subject.number,
        "size": coarse.accounts(len(unit.members), k),
        "pooled": unit.pooled,
        "pattern": "sustained" if "sustained" in patterns else patterns[0],
        "first_week": shown[0]["week"] if shown else None,
        "last_week": shown[-1]["week"] if shown else None,
        "weeks": len(shown) or None,
        "pages": len(unit.pages),
        "actions": coarse.actions(inside.height) if shown else None,
        "layers": "|".join(sorted({name for row in found["layers"] for name in row})),
        "p_value": coarse.magnitude(_largest(found["p_value"])),
        "q_value": q,
        "certainty": certainty(q),
    }


def _largest(values: pl.Series) -> float | None:
    """The least favourable value; None where any is missing."""
    largest = values.max()
    return largest if isinstance(largest, float) and not values.null_count() else None


def certainty(q: float | None) -> str:
    """An error rate in a word.

    Examples
    --------
    >>> certainty(1e-6), certainty(0.01), certainty(None)
    ('very strong', 'clear', 'not stated')
    """
    if q is None:
        return "not stated"
    words = ((1e-4, "very strong"), (1e-3, "strong"), (1e-2, "clear"))
    return next((word for most, word in words if q <= most), "weak")


def flags(accounts: I64, chosen: I64) -> I64:
    """1 for accounts that are chosen, (n,) int64."""
    return np.isin(accounts, chosen).astype(np.int64)

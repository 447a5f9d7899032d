"""What a release says, as bounds on sums over a group's members of what is public about each.

"About 190 members were active in this week" bounds the sum, over whoever the members are, of
whether an account was active in that week; and whether it was, anybody can look up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from claqueur.kernels.co_action import F64
from claqueur.publish.release import coarse
from claqueur.publish.release.attack.adversary import Candidates
from claqueur.publish.release.frames import Comments, parsed
from claqueur.publish.release.schema import BINS
from claqueur.publish.release.tables import Subject, binned, flags

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Bound:
    """One released cell about one group.

    Attributes
    ----------
    what : (n,) float64
        Of every candidate: what the cell sums over members.
    low, high
        Ends of what the sum may be; equal parts of a spread where they are not sharp.
    accounts
        Whether accounts are counted, so that ``what`` is 0 or 1.
    """

    name: str
    what: F64
    low: float
    high: float
    accounts: bool

    @property
    def middle(self) -> float:
        """The middle of the bounds."""
        return (self.low + self.high) / 2


def bounds_of(
    tables: Mapping[str, pl.DataFrame], number: int, subject: Subject, who: Candidates, k: int
) -> list[Bound]:
    """Everything that the tables say about one group.

    Parameters
    ----------
    subject
        The group, for its pages and posts, which the adversary is taken to know.
    """
    seen = _Seen(subject, who)
    rows = {
        name: table.filter(pl.col("group") == number).to_dicts()
        for name, table in tables.items()
        if "group" in table.columns
    }
    weeks = rows.get("weeks", [])
    return [
        *_sizes(rows.get("groups", []), weeks, seen, k),
        *_weeks(weeks, seen, k),
        *_participation(rows.get("participation", []), seen, k),
        *_rhythm(rows.get("rhythm", []), rows.get("groups", []), seen),
        *_templates(rows.get("templates", []), seen, k),
    ]


class _Seen:
    """What is public about every candidate, counted once."""

    def __init__(self, subject: Subject, who: Candidates) -> None:
        self.subject, self.who = subject, who
        place = pl.Series("place", who.places(subject.everybody["account"]))
        self.acts = subject.everybody.with_columns(place).filter(pl.col("place") >= 0)

    def count(self, acts: pl.DataFrame) -> F64:
        """Actions of every candidate."""
        return np.bincount(acts["place"].to_numpy(), minlength=len(self.who.accounts)).astype(float)

    def in_weeks(self, weeks: Sequence[date]) -> F64:
        """Actions of every candidate in some weeks."""
        return self.count(self.acts.filter(pl.col("week").is_in(list(weeks))))


def _counted(name: str, what: F64, shown: int | None, k: int) -> Iterator[Bound]:
    if shown is not None:
        yield Bound(name, what, *coarse.bounds(shown, k), accounts=True)


def _acted(name: str, what: F64, shown: int | None) -> Iterator[Bound]:
    if shown is not None:
        yield Bound(name, what, *coarse.action_bounds(shown), accounts=False)


def _sizes(groups: Iterable[Row], weeks: Sequence[Row], seen: _Seen, k: int) -> Iterator[Bound]:
    shown = [row["week"] for row in weeks if row["active"] is not None]
    for row in groups:
        yield from _counted("size", np.ones(len(seen.who.accounts)), row["size"], k)
        if shown:
            yield from _acted("actions", seen.in_weeks(shown), row["actions"])
        if not weeks:
            for end in {row["first_week"], row["last_week"]} - {None}:
                acted = seen.in_weeks([end]) > 0
                yield Bound(f"active {end}", acted.astype(float), k, row["size"], accounts=True)


def _weeks(rows: Iterable[Row], seen: _Seen, k: int) -> Iterator[Bound]:
    for row in rows:
        acted = seen.in_weeks([row["week"]])
        name = row["week"].isoformat()
        what = (acted > 0).astype(float)
        yield from _counted(f"active {name}", what, row["active"], k)
        if row["active"] is None:
            # Nearly always because it were fewer than k.
            yield Bound(f"active {name}", what, 0, k - 1, accounts=True)
        yield from _acted(f"actions {name}", acted, row["actions"])


def _participation(rows: Iterable[Row], seen: _Seen, k: int) -> Iterator[Bound]:
    place = binned(seen.subject, seen.subject.everybody)
    for row in rows:
        number = BINS.index(row["share"])
        inside = place.filter(pl.col("bin") == number)["account"].to_numpy()
        what = flags(seen.who.accounts, inside)
        if number == 0:
            # Who acted on none of them is in the lowest part too.
            what |= 1 - flags(seen.who.accounts, place["account"].to_numpy())
        yield from _counted(f"part {row['share']}", what.astype(float), row["accounts"], k)


def _rhythm(rows: Iterable[Row], groups: Iterable[Row], seen: _Seen) -> Iterator[Bound]:
    """A share bounds the sum of what is above it less what is below."""
    timed = seen.acts.drop_nulls("part")
    total = seen.count(timed)
    size = next((row["size"] for row in groups), 0) or 0
    busiest = np.sort(total)[::-1][:size].sum()
    for row in rows:
        own = seen.count(timed.filter(pl.col("part") == row["part"]))
        spread = coarse.SHARE_STEP / 2 * busiest
        yield Bound(f"rhythm {row['part']}", own - row["share"] * total, -spread, spread, False)


def _templates(rows: Iterable[Row], seen: _Seen, k: int) -> Iterator[Bound]:
    comments = Comments.of(seen.subject.everybody)
    for row in rows:
        users = comments.using(parsed(row["frame"]))
        what = flags(seen.who.accounts, users).astype(float)
        yield from _counted(f"frame {row['frame']}", what, row["accounts"], k)

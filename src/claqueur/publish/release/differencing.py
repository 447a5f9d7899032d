"""Two releases of one case: what their difference would single out, and how that is prevented.

Whoever has both can take one from the other. Where two published sets of accounts differ by fewer
than k, so do their figures, and the difference would be about those few. So a group that was
published before, and has changed by fewer than k accounts since, is published with its former
figures; and so is a week in which fewer than k other accounts were active.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from claqueur.kernels.co_action import I64
from claqueur.publish.release.made import Release
from claqueur.publish.release.pools import isolates, unit_of
from claqueur.publish.release.populations import Populations
from claqueur.publish.release.schema import SCHEMAS
from claqueur.results import Result

MEMBERS = pl.Schema({"group": pl.Int64(), "account_id": pl.String()})
"""One row: a member of a published group."""

ACTIVE = pl.Schema({"group": pl.Int64(), "week": pl.Date(), "account_id": pl.String()})
"""One row: a week in which a member acted on the group's pages."""


@dataclass(frozen=True, eq=False)
class Published(Release):
    """A former release, and whom its figures are about; restricted.

    Attributes
    ----------
    members, active
        ``MEMBERS`` and ``ACTIVE``.
    """

    members: pl.DataFrame = field(default_factory=MEMBERS.to_frame, repr=False)
    active: pl.DataFrame = field(default_factory=ACTIVE.to_frame, repr=False)

    def of(self, number: int) -> pl.Series:
        """Members of one of its groups."""
        return self.members.filter(pl.col("group") == number)["account_id"]

    @property
    def numbers(self) -> list[int]:
        """Its groups."""
        return self.members["group"].unique().sort().to_list()


def behind(release: Release, result: Result, people: Populations) -> Published:
    """A release with those its figures are about."""
    members, active = [MEMBERS.to_frame()], [ACTIVE.to_frame()]
    k = int(release.facts["k"])
    for number, origin in release.origin.items():
        unit = unit_of(result, origin, people, k)
        ids = people.accounts.gather(unit.members)
        members.append(pl.DataFrame({"group": number, "account_id": ids}, schema=MEMBERS))
        acts = people.on(unit.pages).filter(pl.col("account").is_in(unit.members.tolist()))
        weeks = acts.drop_nulls("week").select("week", "account").unique().sort("week", "account")
        active.append(
            pl.DataFrame(
                {
                    "group": pl.repeat(number, weeks.height, dtype=pl.Int64, eager=True),
                    "week": weeks["week"],
                    "account_id": people.accounts.gather(weeks["account"]),
                },
                schema=ACTIVE,
            )
        )
    return Published(
        release.tables, release.run, release.facts, release.directive, release.origin,
        members=pl.concat(members), active=pl.concat(active),
    )  # fmt: skip


@dataclass(frozen=True)
class Difference:
    """A published figure that differs from a former one because of a few accounts.

    Attributes
    ----------
    number, former
        Group in the new release and in the former one.
    few
        How many accounts the difference is about.
    week
        Where it is a week's figures; empty for the group as a whole.
    """

    number: int
    former: int
    few: int
    week: str = ""

    def text(self, k: int) -> str:
        """What is wrong, in a sentence."""
        what = f"week of {self.week} of group {self.number}" if self.week else (
            f"group {self.number}"
        )  # fmt: skip
        return (
            f"{what}: its figures and those of an earlier release differ by {self.few} of its "
            f"accounts, fewer than {k}"
        )


def differences(now: Published, earlier: Sequence[Release]) -> list[Difference]:
    """Figures whose difference from an earlier release is about fewer than k accounts."""
    found = []
    for former in earlier:
        if isinstance(former, Published):
            found += [*_of_groups(now, former), *_of_weeks(now, former)]
    return found


def _of_groups(now: Published, former: Published) -> Iterator[Difference]:
    k = int(now.facts["k"])
    for number in now.numbers:
        own = now.of(number)
        for other in former.numbers:
            few = _isolated(own, former.of(other), k)
            if few and _rows(now, number) != _rows(former, other):
                yield Difference(number, other, few)
        # A group may also be compared with all earlier ones it has members in, together.
        whole = former.members.filter(pl.col("group").is_in(_overlapping(own, former)))
        several = whole["group"].n_unique() > 1
        few = _isolated(own, whole["account_id"].unique(), k) if several else 0
        if few:
            yield Difference(number, 0, few)


def _overlapping(own: pl.Series, former: Published) -> list[int]:
    met = former.members.filter(pl.col("account_id").is_in(own.implode()))
    return met["group"].unique().to_list()


def _isolated(one: pl.Series, other: pl.Series, k: int) -> int:
    codes = pl.concat([one, other]).unique().sort()
    first, second = (_codes(codes, each) for each in (one, other))
    return isolates(first, second, k)


def _codes(ids: pl.Series, chosen: pl.Series) -> I64:
    return ids.is_in(chosen.implode()).arg_true().to_numpy().astype(np.int64)


def _rows(release: Release, number: int) -> dict[str, list[tuple[object, ...]]]:
    """Everything said about a group, whatever its number."""
    return {
        name: table.filter(pl.col("group") == number).drop("group").rows()
        for name, table in release.tables.items()
        if "group" in table.columns and (table["group"] == number).any()
    }


def _of_weeks(now: Published, former: Published) -> Iterator[Difference]:
    k = int(now.facts["k"])
    for number, other in _same(now, former):
        for week in _weeks(now, number) & _weeks(former, other):
            one, two = (
                each.active.filter(pl.col("group") == n, pl.col("week") == week)["account_id"]
                for each, n in ((now, number), (former, other))
            )
            few = len(set(one) ^ set(two))
            if 0 < few < k and _week(now, number, week) != _week(former, other, week):
                yield Difference(number, other, few, week.isoformat())


def _same(now: Published, former: Published) -> Iterator[tuple[int, int]]:
    """Groups of both that have most members in common."""
    for number in now.numbers:
        own = set(now.of(number))
        for other in former.numbers:
            theirs = set(former.of(other))
            if len(own & theirs) > len(own | theirs) / 2:
                yield number, other


def _weeks(release: Published, number: int) -> set:  # type: ignore[type-arg]
    table = release.tables.get("weeks")
    return set() if table is None else set(table.filter(pl.col("group") == number)["week"])


def _week(release: Release, number: int, week: object) -> list[tuple[object, ...]]:
    own = release.tables["weeks"].filter(pl.col("group") == number, pl.col("week") == week)
    return own.drop("group").rows()


def settled(now: Published, earlier: Sequence[Release]) -> Published:
    """The release with former figures wherever new ones would single out a few accounts.

    The last release goes first; what cannot be settled so is left, and then refused.
    """
    for former in reversed(earlier):
        if not isinstance(former, Published):
            continue
        for each in differences(now, [former]):
            if each.former:
                now = _carried(now, former, each)
    return now


def _carried(now: Published, former: Published, each: Difference) -> Published:
    """With the former rows of a group, or of one week of it, in the place of the new ones."""
    tables = dict(now.tables)
    names = ["weeks"] if each.week else [n for n in SCHEMAS if "group" in SCHEMAS[n]]
    week = pl.lit(True) if not each.week else pl.col("week").cast(pl.String) == each.week
    for name in names:
        own = tables.get(name, SCHEMAS[name].to_frame())
        theirs = former.tables.get(name, SCHEMAS[name].to_frame())
        kept = own.filter(~(pl.col("group").eq_missing(each.number) & week))
        carried = theirs.filter((pl.col("group") == each.former) & week)
        carried = carried.with_columns(group=pl.lit(each.number, pl.Int64))
        order = ["group", "week"] if name == "weeks" else ["group"]
        both = pl.concat([kept, carried]).sort(order, nulls_last=True, maintain_order=True)
        tables[name] = both.select(SCHEMAS[name].names())
    return replace(now, tables={n: t for n, t in tables.items() if not t.is_empty()})


def public(release: Published) -> Release:
    """The release alone, without those it is about."""
    return Release(
        release.tables, release.run, release.facts, release.directive, release.origin
    )  # fmt: skip


def matching(now: Published, former: Release) -> Mapping[int, int]:
    """Groups of a release and their counterparts in a former one, as far as is known."""
    if isinstance(former, Published):
        return dict(_same(now, former))
    numbers = former.tables.get("groups", SCHEMAS["groups"].to_frame())["group"].to_list()
    return {number: number for number in now.numbers if number in numbers}

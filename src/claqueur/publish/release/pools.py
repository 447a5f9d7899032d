"""Which accepted groups are published, and which of them only together.

A lockstep group may be the staff of one institution; figures about it would be that institution's
record of compliance. Such groups are published as one, of three institutions or more, none of
which contributes most.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from claqueur.directive.hypothesis import FEWEST_INSTITUTIONS
from claqueur.kernels.co_action import I64
from claqueur.publish.release.populations import HIGHEST, Populations, covers
from claqueur.results import Result

MOST = 0.5
"""A group is an institution's where more than so much of it follows the institution's page; and
of a pool no institution may be more."""

LIFT = 3.0
"""How many times more often than everybody members must follow a page that ties them."""

TOO_SMALL = "group of fewer than k accounts"
ONE_INSTITUTION = "group of one institution, with too few others to be pooled"
COVERED = "group that covers over 80% of a population that can be identified"
NEARLY = "group that differs from another by fewer than k accounts"


@dataclass(frozen=True)
class Unit:
    """A group, or several as one, as it may be published.

    Attributes
    ----------
    origin
        Numbers of the run's groups.
    members : (n,) int64
        Codes of accounts, rising.
    pages
        Codes of pages on which at least k members acted together.
    """

    origin: tuple[int, ...]
    members: I64
    pages: tuple[int, ...]

    @property
    def pooled(self) -> bool:
        """Whether several groups are one."""
        return len(self.origin) > 1


def units(
    result: Result, accepted: Iterable[int], people: Populations, k: int, *, addressed: bool
) -> tuple[list[Unit], list[str]]:
    """Groups that may be published, and why the others are not: one reason each.

    Parameters
    ----------
    accepted
        Numbers of the run's groups.
    addressed
        Whether a document addresses institutions: then groups of which it is not known who follows
        what are taken for institutions'.
    """
    alone, together, reasons = [], [], []
    for group_id in sorted(set(accepted)):
        unit = unit_of(result, [group_id], people, k)
        tie = tie_of(unit, people)
        unknown = tie is None and _unseen(unit, people) and addressed
        if tie is not None and covers(unit.members, people.followers(tie)) > HIGHEST:
            reasons.append(COVERED)
        elif tie is not None or unknown:
            together.append((unit, tie))
        elif len(unit.members) < k:
            reasons.append(TOO_SMALL)
        else:
            alone.append(unit)
    pool, refused = _pool(result, together, people, k)
    kept: list[Unit] = []
    for unit in _merged(result, [*pool, *alone], people, k):
        why = _why_not(unit, kept, people, k)
        reasons += [why] * len(unit.origin) if why else []
        kept += [] if why else [unit]
    return kept, [*reasons, *refused]


def _merged(result: Result, apart: list[Unit], people: Populations, k: int) -> list[Unit]:
    """Groups of nearly the same accounts as one, the largest first.

    The same people may be found by when they act, and again by what they write.
    """
    whole: list[Unit] = []
    for unit in sorted(apart, key=lambda each: (-len(each.members), each.origin)):
        near = [other for other in whole if isolates(unit.members, other.members, k)]
        if near:
            whole.remove(near[0])
            unit = unit_of(result, [*near[0].origin, *unit.origin], people, k)
        whole.append(unit)
    return sorted(whole, key=lambda each: (-len(each.members), each.origin))


def unit_of(result: Result, group_ids: Sequence[int], people: Populations, k: int) -> Unit:
    """Groups of the run as one."""
    chosen = pl.col("group_id").is_in(list(group_ids))
    members = people.codes(result.accounts.filter(chosen)["account_id"])
    return Unit(tuple(group_ids), members, _pages(result, chosen, members, people, k))


def _pages(
    result: Result, chosen: pl.Expr, members: I64, people: Populations, k: int
) -> tuple[int, ...]:
    """Pages on which k members acted together, without those whose actors they nearly all are."""
    together = result.evidence.filter(chosen, "in_group")
    counts = together.group_by("owner_id").agg(pl.col("account_id").n_unique().alias("members"))
    names = counts.filter(pl.col("members") >= k)["owner_id"]
    found = people.pages.is_in(names.drop_nulls().implode()).arg_true().to_list()
    found += [-1] if names.null_count() else []
    return tuple(
        page
        for page in found
        if covers(members, people.on([page])["account"].unique().to_numpy()) <= HIGHEST
    )


def tie_of(unit: Unit, people: Populations) -> int | None:
    """The page that most members follow and few others do, if there is one."""
    own = people.follows.filter(
        pl.col("account").is_in(unit.members.tolist()), ~pl.col("page").is_in(list(unit.pages))
    )
    if own.is_empty():
        return None
    counts = own.group_by("page").agg(pl.col("account").n_unique().alias("members"))
    best, most = None, MOST * len(unit.members)
    for page, count in counts.sort("members", "page", descending=[True, False]).iter_rows():
        usual = people.follow_counts[page] / max(people.known_followers, 1)
        if count > most and count / len(unit.members) >= LIFT * usual:
            best, most = page, count
    return best


def _unseen(unit: Unit, people: Populations) -> bool:
    """Whether for most members no follow is known."""
    known = people.follows.filter(pl.col("account").is_in(unit.members.tolist()))
    return known["account"].n_unique() <= MOST * len(unit.members)


def _pool(
    result: Result, together: list[tuple[Unit, int | None]], people: Populations, k: int
) -> tuple[list[Unit], list[str]]:
    """All institutions' groups as one, or why not."""
    if not together:
        return [], []
    # Groups of which nothing is known each count as an institution of their own.
    of = {unit.origin[0]: tie if tie is not None else -2 - n for n, (unit, tie) in
          enumerate(together)}  # fmt: skip
    whole = unit_of(result, list(of), people, k)
    sizes: dict[int, set[int]] = {}
    for unit, _ in together:
        sizes.setdefault(of[unit.origin[0]], set()).update(unit.members.tolist())
    largest = max(map(len, sizes.values()))
    if len(sizes) < FEWEST_INSTITUTIONS or largest > MOST * len(whole.members):
        return [], [ONE_INSTITUTION] * len(together)
    if len(whole.members) < k:
        return [], [TOO_SMALL] * len(together)
    return [whole], []


def _why_not(unit: Unit, kept: list[Unit], people: Populations, k: int) -> str:
    """Why a group of k and more is not published either; empty where it is."""
    if not unit.pages:
        return COVERED
    if covers(unit.members, people.on(unit.pages)["account"].unique().to_numpy()) > HIGHEST:
        return COVERED
    for page in set(people.institutions) - set(unit.pages):
        followers = people.followers(page)
        if len(followers) >= k and covers(unit.members, followers) > HIGHEST:
            return COVERED
    if any(isolates(unit.members, other.members, k) for other in kept):
        return NEARLY
    return ""


def isolates(one: I64, other: I64, k: int) -> int:
    """How many accounts, fewer than k, two sets single out by what they share or do not; else 0.

    Sets that have nothing in common, or everything, single out nobody.

    Examples
    --------
    >>> import numpy as np
    >>> isolates(np.arange(30), np.arange(28), 10), isolates(np.arange(30), np.arange(15), 10)
    (2, 0)
    """
    common = len(np.intersect1d(one, other))
    if not common:
        return 0
    parts = (common, len(one) - common, len(other) - common)
    return min((part for part in parts if 0 < part < k), default=0)

"""The leak check: a release is attacked before it is written, and refused where that succeeds.

The adversary holds the public lists of likers, followers and comments, an institution's roster,
polls of their own, all earlier releases of the case, and Claqueur itself. What counts is the gain:
how much better they name members with the release than without it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain
from typing import Any

import numpy as np
import polars as pl

from claqueur.errors import ReleaseError
from claqueur.kernels.co_action import F64, I64, Bool
from claqueur.progress import SILENT, Progress
from claqueur.publish.release.attack import measure
from claqueur.publish.release.attack.adversary import (
    Adversary,
    Candidates,
    adversaries,
    candidates,
)
from claqueur.publish.release.attack.conditioning import conditioned, likened, merged
from claqueur.publish.release.attack.knowledge import Bound, bounds_of
from claqueur.publish.release.attack.linkage import linked
from claqueur.publish.release.attack.measure import Gain, gain
from claqueur.publish.release.attack.naming import forced, matched
from claqueur.publish.release.differencing import Published, behind, differences, matching
from claqueur.publish.release.made import Release
from claqueur.publish.release.pools import tie_of, unit_of
from claqueur.publish.release.populations import Populations, populations_of
from claqueur.publish.release.tables import Subject
from claqueur.results import Result
from claqueur.store import Events

LARGEST_GAIN = 0.02
"""Largest upper bound (95%) on the gain in AUC with which a release is written."""

NEARLY_CERTAIN = 0.92
"""Chance from which the check takes an account for named: less than .95, since another adversary
may have been luckier than those who are asked."""

EVERYBODY, ACTIVE, ROSTERS = "everybody", "as active as members", "each roster by itself"
"""Whom the adversary searches: all who acted on the pages; of them those as active as nearly all
members; the followers of each institution by themselves."""

MOST_ROSTERS = 20
FEWEST_OF_EACH = 5
"""Members, and others, without whom a ranking says nothing."""

CONDITIONING, PROFILES = "conditioning", "profiles"

Told = dict[int, list[Bound]]
"""What is said of each group, by its number."""

_LEAST_ACTIVE = 0.05
_ID = re.compile(r"(?=.*\d).{5,}")
"""Ids that are looked for in texts: others are words as well."""


@dataclass(frozen=True)
class Measured:
    """One attack by one adversary on one set of candidates."""

    adversary: str
    pool: str
    attack: str
    gain: Gain

    def record(self) -> dict[str, Any]:
        """Plain values."""
        rounded = {
            name: round(value, 5) if isinstance(value, float) else value
            for name, value in asdict(self.gain).items()
        }
        return {
            "adversary": self.adversary, "pool": self.pool, "attack": self.attack,
            "gain": round(self.gain.gain, 5), **rounded,
        }  # fmt: skip


@dataclass(frozen=True)
class Leak:
    """What came out of the check.

    Attributes
    ----------
    reasons
        Why the release may not be written; empty where it may.
    measured
        Every attack that was made.
    forced
        Members named by bounds and sizes alone, or by linking rows.
    """

    reasons: tuple[str, ...]
    measured: tuple[Measured, ...] = ()
    forced: int = 0

    @property
    def allowed(self) -> bool:
        """Whether the release may be written."""
        return not self.reasons

    @property
    def gain(self) -> float:
        """The largest gain in AUC of any attack; 0 where there was nothing to attack."""
        return max((each.gain.gain for each in self.measured), default=0.0)

    @property
    def upper(self) -> float:
        """The largest upper bound of any."""
        return max((each.gain.high for each in self.measured), default=0.0)

    @property
    def added(self) -> int:
        """Members named with near certainty only with the release, by the worst attack."""
        return max((each.gain.added for each in self.measured), default=0) + self.forced

    def record(self) -> dict[str, Any]:
        """Plain values, for the restricted log."""
        return {
            "allowed": self.allowed,
            "reasons": list(self.reasons),
            "gain": round(self.gain, 5),
            "upper": round(self.upper, 5),
            "added": self.added,
            "attacks": [each.record() for each in self.measured],
        }

    def check(self) -> None:
        """Go on only where the release may be written.

        Raises
        ------
        ReleaseError
            With the reasons, where it may not.
        """
        if self.reasons:
            raise ReleaseError(f"not published: {'; '.join(self.reasons)} (docs/privacy.md)")


@dataclass(frozen=True)
class Prepared:
    """Everything an attack needs but the release itself: made once, used for every detail.

    Attributes
    ----------
    rosters
        Places of candidates on each roster.
    """

    people: Populations
    subjects: dict[int, Subject]
    who: Candidates
    known: list[Adversary]
    rosters: list[I64]


def prepare(
    release: Release,
    result: Result,
    events: Events,
    *,
    people: Populations | None = None,
    rosters: Iterable[pl.Series] = (),
    seed: int = 1,
    progress: Progress = SILENT,
) -> Prepared:
    """Lay out candidates and what adversaries know of them without any release.

    Parameters
    ----------
    rosters
        Account ids of each known roster; followers of institutions are taken without being told.
    """
    people = people or populations_of(events, str(release.facts["zone"]))
    k = int(release.facts["k"])
    units = {n: unit_of(result, origin, people, k) for n, origin in release.origin.items()}
    subjects = {n: Subject.of(n, unit, result, people, k) for n, unit in units.items()}
    pages = sorted({page for unit in units.values() for page in unit.pages})
    who = candidates(people, {n: unit.members for n, unit in units.items()}, pages, seed)
    known = adversaries(events, people, who, pages, seed, progress) if subjects else []
    own = [unit_of(result, [each], people, k) for origin in release.origin.values()
           for each in origin]  # fmt: skip
    ties = [tie for unit in own if (tie := tie_of(unit, people)) is not None]
    found = [people.followers(page) for page in sorted({*people.institutions, *ties})]
    found += [people.codes(ids) for ids in rosters]
    places = [np.flatnonzero(np.isin(who.accounts, codes)) for codes in found]
    places = [each for each in places if who.member[each].any()]
    places.sort(key=lambda each: -int(who.member[each].sum()))
    return Prepared(people, subjects, who, known, places[:MOST_ROSTERS])


def leak_check(
    release: Release,
    result: Result,
    events: Events,
    earlier: Sequence[Release] = (),
    progress: Progress = SILENT,
    *,
    prepared: Prepared | None = None,
    certain: float = NEARLY_CERTAIN,
) -> Leak:
    """Attack a release before it is written.

    Parameters
    ----------
    result, events
        The run it is made of, and all events: the adversary has them too, without times.
    earlier
        All releases of the case before; those of the ledger know whom they are about.
    prepared
        From :func:`prepare`, where several releases of one run are tried.
    certain
        Chance from which an account counts as named.

    Raises
    ------
    ReleaseError
        If the release was not made of this run, so that nobody knows whom it is about.
    """
    if "groups" in release.tables and not release.origin:
        raise ReleaseError("a release that was read cannot be checked: make it of its run anew")
    progress.stage("checking what the release gives away")
    reasons = _ids_in(release, events)
    if not release.origin:
        return Leak(tuple(reasons))
    ready = prepared or prepare(release, result, events, progress=progress)
    now = behind(release, result, ready.people)
    k = int(release.facts["k"])
    reasons += [each.text(k) for each in differences(now, earlier)]
    told = _told(now, earlier, ready, k)
    measured = tuple(
        chain.from_iterable(_attack(each, told, ready, certain) for each in ready.known)
    )
    named = _named(told, ready) + linked_members(release, ready)
    leak = Leak((), measured, named)
    return Leak(tuple(reasons + _refusals(leak)), measured, named)


def _refusals(leak: Leak) -> list[str]:
    reasons = []
    if leak.upper > LARGEST_GAIN:
        worst = max(leak.measured, key=lambda each: each.gain.high)
        reasons.append(
            f"with the release members are named better than without ({worst.adversary}, among "
            f"{worst.pool}: AUC {worst.gain.before:.3f} to {worst.gain.after:.3f}, the gain up to "
            f"{worst.gain.high:.3f}, allowed is {LARGEST_GAIN})"
        )
    if leak.added:
        reasons.append("members can be named with near certainty only with the release")
    return reasons


def _ids_in(release: Release, events: Events) -> list[str]:
    """Refuse ids of accounts and posts wherever they stand in texts of a release."""
    texts = set(_strings([release.run, release.facts, release.directive]))
    for table in release.tables.values():
        for column in table.select(pl.col(pl.String)).iter_columns():
            texts |= set(column.drop_nulls())
    words = {word.strip(".,;:()«»\"'") for text in texts for word in text.split()}
    words |= {word.rpartition("/")[2].removeprefix("id") for word in set(words)}
    long = pl.Series(sorted(word for word in words if _ID.fullmatch(word)), dtype=pl.String)
    pages = events.names.get("owner_id", pl.Series([], dtype=pl.String))
    for name, what in (("account_id", "an account"), ("object_id", "a post")):
        ids = events.names[name]
        hit = ids.filter(ids.is_in(long.implode()) & ~ids.is_in(pages.implode()))
        if len(hit):
            return [f"the id of {what} stands in it"]
    return []


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _strings(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _strings(each)


def _told(now: Published, earlier: Sequence[Release], ready: Prepared, k: int) -> Told:
    """What this release and all earlier ones say about each group."""
    told = {n: bounds_of(now.tables, n, s, ready.who, k) for n, s in ready.subjects.items()}
    for former in earlier:
        theirs = int(former.facts["k"])
        for number, other in matching(now, former).items():
            bounds = bounds_of(former.tables, other, ready.subjects[number], ready.who, theirs)
            told[number] = merged(told[number], {bound.name: bound for bound in bounds})
    return told


def _attack(
    adversary: Adversary, told: Told, ready: Prepared, certain: float
) -> Iterator[Measured]:
    asked = ~adversary.known
    before, member = adversary.log_odds[asked], ready.who.member[asked]
    left = _without_known(told, adversary, ready)
    after: list[tuple[str, F64]] = []
    for apart in _apart(ready.subjects):
        groups = [left[number] for number in apart]
        after.append((CONDITIONING, conditioned(before, groups)))
        after.append((PROFILES, likened(before, groups, member)))
    for pool, parts in _pools(ready, asked):
        if not _searchable(member, parts):
            continue
        for attack, log_odds in after:
            gained = gain(before, log_odds, member, parts, certain)
            if attack == PROFILES:
                # Its weights are fitted to the truth: they rank, and are nobody's chances.
                gained = replace(gained, added=0)
            yield Measured(adversary.name, pool, attack, gained)


def _apart(subjects: Mapping[int, Subject]) -> list[list[int]]:
    """Groups in as few sets as can be, none of which has an account twice."""
    sets: list[tuple[list[int], set[int]]] = []
    for number, subject in subjects.items():
        own = set(subject.unit.members.tolist())
        free = next((each for each in sets if not each[1] & own), None)
        if free is None:
            sets.append(([number], own))
        else:
            free[0].append(number)
            free[1].update(own)
    return [numbers for numbers, _ in sets]


def _without_known(told: Told, adversary: Adversary, ready: Prepared) -> Told:
    """What is left of each sum once the members an adversary knows are taken off."""
    groups = {}
    for number, bounds in told.items():
        members = np.isin(ready.who.accounts, ready.subjects[number].unit.members)
        own = adversary.known & members
        off = [float(bound.what[own].sum()) for bound in bounds]
        groups[number] = [
            Bound(b.name, b.what[~adversary.known], b.low - gone, b.high - gone, b.accounts)
            for b, gone in zip(bounds, off, strict=True)
        ]
    return groups


def _pools(ready: Prepared, asked: Bool) -> Iterator[tuple[str, list[I64]]]:
    """Sets of candidates that are compared with each other, by their places among those asked."""
    at = np.cumsum(asked) - 1
    yield EVERYBODY, [np.arange(int(asked.sum()))]
    acts = _activity(ready)
    least = np.quantile(acts[ready.who.member], _LEAST_ACTIVE)
    yield ACTIVE, [at[np.flatnonzero(asked & (acts >= least))]]
    yield ROSTERS, [at[places[asked[places]]] for places in ready.rosters]


def _activity(ready: Prepared) -> F64:
    """Actions of every candidate on the groups' pages."""
    pages = sorted({page for each in ready.subjects.values() for page in each.unit.pages})
    place = ready.who.places(ready.people.on(pages)["account"])
    counts: F64 = np.bincount(place[place >= 0], minlength=len(ready.who.accounts)).astype(float)
    return counts


def _searchable(member: Bool, parts: Sequence[I64]) -> bool:
    """Whether there are both members and others enough to tell apart."""
    mixed = [part for part in parts if 0 < member[part].sum() < len(part)]
    if not mixed:
        return False
    own = member[np.unique(np.concatenate(mixed))]
    return bool(own.sum() >= FEWEST_OF_EACH and (~own).sum() >= FEWEST_OF_EACH)


def _named(told: Told, ready: Prepared) -> int:
    """Members who follow from bounds and sizes alone, by the worst adversary."""
    if not ready.known:
        return 0
    worst = 0
    for adversary in ready.known:
        if adversary.known.any():
            continue
        surely = [forced(adversary.log_odds, bounds) for bounds in told.values() if bounds]
        hit = np.any(surely, axis=0) & ready.who.member if surely else ready.who.member & False
        named = matched(adversary.log_odds, ready.who.member, _populations(ready, told))
        worst = max(worst, int(hit.sum()) + named)
    return worst


def linked_members(release: Release, ready: Prepared) -> int:
    """Members to whom rows about single accounts lead, where a release has such rows."""
    found = 0
    for table in release.tables.values():
        if {"pseudonym", "object_id"} <= set(table.columns):
            found = max(found, int((linkable(table, ready) & ~_certain_before(ready)).sum()))
    return found


def linkable(table: pl.DataFrame, ready: Prepared) -> Bool:
    """Candidates who are named by what they acted on, (n,) bool.

    Parameters
    ----------
    table
        ``pseudonym`` and ``object_id``.
    """
    people = ready.people
    codes = pl.DataFrame({"object_id": people.objects}).with_row_index("object")
    rows = table.join(codes, on="object_id").with_columns(pl.col("object").cast(pl.Int64))
    named = linked(rows, people.acts)["account"]
    return np.isin(ready.who.accounts, named.to_numpy())


def _certain_before(ready: Prepared) -> Bool:
    """Whom the first adversary names without any release."""
    return measure.chance(ready.known[0].log_odds) >= measure.NOT_CERTAIN


def _populations(ready: Prepared, told: Told) -> Iterator[tuple[I64, tuple[float, float]]]:
    """Sets of candidates that anybody can name, and how many members a release says are in them.

    Who has what a cell counts is set against that cell; rosters, and who has what several cells
    count, against the group's size.
    """
    for bounds in told.values():
        cells = [bound for bound in bounds if bound.accounts]
        for bound in cells:
            if bound.name != "size" and bound.high - bound.low <= bound.high / 2:
                yield np.flatnonzero(bound.what > 0), (bound.low, bound.high)
        size = next(((bound.low, bound.high) for bound in cells if bound.name == "size"), None)
        if size is None:
            continue
        yield from ((places, size) for places in ready.rosters)
        met = np.sum([bound.what > 0 for bound in cells], axis=0)
        yield from ((np.flatnonzero(met >= least), size) for least in range(2, len(cells) + 1))

"""From a run to its public release."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Protocol

import polars as pl

from claqueur.errors import ReleaseError, SettingError
from claqueur.model import SMALLEST_SHOWN
from claqueur.publish.release import coarse, items, tables
from claqueur.publish.release.frames import templates
from claqueur.publish.release.made import Release
from claqueur.publish.release.pools import ONE_INSTITUTION, Unit, units
from claqueur.publish.release.populations import Populations
from claqueur.publish.release.record import counts, public_run
from claqueur.publish.release.schema import (
    ACTIONS,
    DETAILS,
    FORMAT,
    PARTICIPATION,
    RHYTHM,
    SCHEMAS,
    TEMPLATES,
    WEEKS,
    detail_text,
)
from claqueur.publish.release.tables import Row, Subject
from claqueur.results import Result

GROUP, DIRECTIVE = "group", "directive"

NEXT = {
    ONE_INSTITUTION: "; collect lists of followers, so that it is known whose group it is",
}
"""What may be done about a reason."""


class Accepted(Protocol):
    """A finding that was accepted in review."""

    @property
    def kind(self) -> str:
        """``group`` or ``directive``."""

    @property
    def key(self) -> str:
        """Number of the group, or ``name/item``."""


def make_release(
    result: Result,
    accepted: Iterable[Accepted],
    *,
    title: str,
    populations: Populations,
    k: int = SMALLEST_SHOWN,
    details: Sequence[str] = DETAILS,
    earlier: int = 0,
) -> Release:
    """Make what may be published of a run: aggregates of at least k accounts, and answers.

    Nothing else is made public: no account, post or page, no day on which accounts acted.

    Parameters
    ----------
    accepted
        Findings that somebody read and accepted; no others are published.
    title
        Of the case, as readers see it.
    populations
        Who acted where and who follows whom (:func:`populations_of`).
    k
        Smallest number of accounts of which anything is said; at least 10.
    details
        What is said about groups, of ``schema.DETAILS``.
    earlier
        How many releases of the case came before.

    Raises
    ------
    ReleaseError
        If nothing is left to publish, or a text names a person.
    SettingError
        If k is below 10, or a detail is unknown.
    """
    if k < coarse.SMALLEST:
        raise SettingError(f"k {k}: nothing is published about fewer than {coarse.SMALLEST}")
    if unknown := [each for each in details if each not in DETAILS]:
        raise SettingError(f"detail {unknown[0]}: use {', '.join(DETAILS)}")
    told = tuple(each for each in DETAILS if each in details)
    chosen = list(accepted)
    entries = _accepted_entries(result, chosen)
    addressed = any(entry.get("addressed") for entry in result.directive)
    numbers = [int(each.key) for each in chosen if each.kind == GROUP]
    kept, reasons = units(result, numbers, populations, k, addressed=addressed)
    if not kept and not entries:
        raise ReleaseError(_nothing(reasons, len(chosen)))
    subjects = _numbered(kept, result, populations, k)
    made, cells = _tables(subjects, result, populations, told, k)
    names = items.numbered(result.directive)
    made["effects"] = items.weekly_effects(result.others.get("effects"), entries, names)
    weeks = _span(populations)
    return Release(
        tables={name: table for name, table in made.items() if not table.is_empty()},
        run=public_run(result, weeks),
        facts=_facts(result, title, populations.zone, weeks, k, told, earlier)
        | {"withheld": _withheld(reasons, cells)},
        directive=[items.public_entry(e, names[str(e["directive"])], k) for e in entries],
        origin={subject.number: subject.unit.origin for subject in subjects},
    )


def _accepted_entries(result: Result, accepted: Sequence[Accepted]) -> list[dict[str, Any]]:
    keys = {each.key for each in accepted if each.kind == DIRECTIVE}
    return [entry for entry in result.directive if f"{entry['directive']}/{entry['item']}" in keys]


def _nothing(reasons: Sequence[str], accepted: int) -> str:
    if not accepted:
        return "nothing was accepted, so there is nothing to publish"
    each = Counter(reasons).items()
    said = "; ".join(f"{count} × {why}{NEXT.get(why, '')}" for why, count in each)
    return f"nothing is left that may be published: {said or 'no such finding is in the run'}"


def _numbered(
    kept: Sequence[Unit], result: Result, people: Populations, k: int
) -> list[Subject]:  # fmt: skip
    """Groups with new numbers, by size and first week."""
    laid = [Subject.of(0, unit, result, people, k) for unit in kept]
    order = sorted(laid, key=lambda each: (-len(each.unit.members), _first(each), each.unit.origin))
    return [Subject.of(n, each.unit, result, people, k) for n, each in enumerate(order, 1)]


def _first(subject: Subject) -> date:
    first = subject.acts["week"].min()
    return first if isinstance(first, date) else date.max


def _tables(
    subjects: Sequence[Subject], result: Result, people: Populations, told: tuple[str, ...], k: int
) -> tuple[dict[str, pl.DataFrame], int]:
    """Every table about groups, and how many cells were withheld."""
    rows: dict[str, list[Row]] = {name: [] for name in SCHEMAS if name != "effects"}
    cells = 0
    for subject in subjects:
        weeks, gone = tables.weekly(subject)
        rows["groups"].append(_coarser(tables.summary(subject, result, weeks), told))
        own: dict[str, tuple[list[Row], int]] = {}
        if WEEKS in told:
            own["weeks"] = ([_coarser(row, told) for row in weeks], gone)
        if PARTICIPATION in told:
            own["participation"] = tables.participation(subject)
        if RHYTHM in told:
            own["rhythm"] = tables.rhythm(subject)
        if TEMPLATES in told:
            own["templates"] = templates(subject, result.others.get("templates"))
        for name, (found, hidden) in own.items():
            rows[name] += found
            cells += hidden
    if rows["rhythm"]:
        pages = {page for subject in subjects for page in subject.unit.pages}
        rows["rhythm"] += tables.everybodys_rhythm(people.on(sorted(pages)), k)
    return {name: pl.DataFrame(found, schema=SCHEMAS[name]) for name, found in rows.items()}, cells


def _coarser(row: Row, told: tuple[str, ...]) -> Row:
    """A row with what is told and no more."""
    gone = [] if ACTIONS in told else ["actions", "all_actions"]
    gone += [] if WEEKS in told else ["weeks"]
    return {name: None if name in gone else value for name, value in row.items()}


def _span(people: Populations) -> tuple[str | None, str | None]:
    weeks = people.acts["week"]
    ends = (weeks.min(), weeks.max())
    first, last = (end.isoformat() if isinstance(end, date) else None for end in ends)
    return first, last


def _facts(
    result: Result,
    title: str,
    zone: str,
    weeks: tuple[str | None, str | None],
    k: int,
    told: tuple[str, ...],
    earlier: int,
) -> dict[str, Any]:
    run = public_run(result, weeks)
    return {
        "format": FORMAT,
        "claqueur": run["claqueur"],
        "title": items.checked_title(title),
        "k": k,
        "zone": zone,
        "level": run["level"],
        "first_week": weeks[0],
        "last_week": weeks[1],
        "detail": detail_text(told),
        "counts": counts(result.run),
        "earlier_releases": earlier,
    }


def _withheld(reasons: Sequence[str], cells: int) -> list[dict[str, Any]]:
    """What is not there, why, and how many of it."""
    said = [
        {"what": "group", "why": why, "number": count}
        for why, count in sorted(Counter(reasons).items())
    ]
    if cells:
        why = "cell of fewer than k accounts, of nearly all or of few of a population, or of one"
        said.append({"what": "cell", "why": why, "number": cells})
    return said

"""A release that was attacked before anybody else can do so, and says as much as it may."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from claqueur.model import SMALLEST_SHOWN
from claqueur.progress import SILENT, Progress
from claqueur.publish.release.differencing import behind, public, settled
from claqueur.publish.release.leak import Leak, Prepared, leak_check, prepare
from claqueur.publish.release.made import Release
from claqueur.publish.release.make import Accepted, make_release
from claqueur.publish.release.populations import Populations
from claqueur.publish.release.schema import DETAILS
from claqueur.results import Result
from claqueur.store import Events


def checked_release(
    result: Result,
    accepted: Iterable[Accepted],
    events: Events,
    *,
    title: str,
    populations: Populations,
    k: int = SMALLEST_SHOWN,
    earlier: Sequence[Release] = (),
    progress: Progress = SILENT,
) -> tuple[Release, Leak]:
    """Make a release, and say less about groups until its check allows it.

    Figures that would differ from an earlier release by a few accounts stay as they were there.

    Parameters
    ----------
    earlier
        All releases of the case before (:func:`claqueur.publish.release.ledger.earlier`).

    Raises
    ------
    ReleaseError
        If nothing may be published, not even that groups are there and how large.
    """
    attempt = _Attempt(result, list(accepted), events, title, populations, k, earlier, progress)
    release, leak = attempt.at(DETAILS)
    if leak.allowed:
        return release, leak
    progress.note(f"to be said with less detail: {'; '.join(leak.reasons)}")
    told: tuple[str, ...] = ()
    release, leak = attempt.at(told)
    leak.check()
    for detail in DETAILS:
        more = attempt.made((*told, detail))
        tried = attempt.attacked(more) if _differ(more, release) else leak
        if tried.allowed:
            release, leak, told = more, tried, (*told, detail)
    return release, leak


def _differ(one: Release, other: Release) -> bool:
    """Whether two releases say different things about groups."""
    return one.tables.keys() != other.tables.keys() or any(
        not table.equals(other.tables[name]) for name, table in one.tables.items()
    )


@dataclass
class _Attempt:
    """One run, to be published with more or less detail."""

    result: Result
    accepted: list[Accepted]
    events: Events
    title: str
    people: Populations
    k: int
    earlier: Sequence[Release]
    progress: Progress
    prepared: Prepared | None = None

    def at(self, details: Sequence[str]) -> tuple[Release, Leak]:
        """The release with some details, and what it gives away."""
        release = self.made(details)
        return release, self.attacked(release)

    def made(self, details: Sequence[str]) -> Release:
        """The release with some details, former figures where new ones would single out a few."""
        made = make_release(
            self.result, self.accepted, title=self.title, populations=self.people, k=self.k,
            details=details, earlier=len(self.earlier),
        )  # fmt: skip
        return public(settled(behind(made, self.result, self.people), self.earlier))

    def attacked(self, release: Release) -> Leak:
        """What a release gives away."""
        if self.prepared is None and release.origin:
            self.prepared = prepare(
                release, self.result, self.events, people=self.people, progress=self.progress
            )
        return leak_check(
            release, self.result, self.events, self.earlier, self.progress, prepared=self.prepared
        )

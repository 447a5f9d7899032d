"""Review: a named person reads each finding of a run, and accepts, rejects or doubts it.

A decision is a record of the log of custody, so it stays, and so do those it replaces. It holds
for the finding as it was worded then: a run that says something else has to be reviewed again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from claqueur import custody
from claqueur.errors import CaseError, SettingError
from claqueur.evidence_store import Entry
from claqueur.results import Result

ACCEPTED, REJECTED, DOUBTFUL = "accepted", "rejected", "doubtful"
VERDICTS = (ACCEPTED, REJECTED, DOUBTFUL)
"""What may be decided; only what is accepted is published."""

GROUP, DIRECTIVE = "group", "directive"
"""Kinds of findings."""

NOTE_AT_MOST = 2000
_NAMED_AT_MOST = 8


class HasFolder(Protocol):
    """What is needed of a case."""

    @property
    def folder(self) -> Path:
        """The case."""


@dataclass(frozen=True)
class Finding:
    """What a run says in one place.

    Attributes
    ----------
    kind
        ``group`` or ``directive``.
    key
        Number of the group, or name of the directive and number of the item: ``minutes/3``.
    text
        One sentence.
    """

    kind: str
    key: str
    text: str


@dataclass(frozen=True)
class Decision:
    """What somebody decided about a finding; ``verdict`` is empty where nobody did.

    Attributes
    ----------
    verdict
        ``accepted``, ``rejected``, ``doubtful`` or empty.
    time
        UTC, to the second.
    """

    finding: Finding
    verdict: str = ""
    note: str = ""
    user: str = ""
    time: str = ""


def findings(result: Result) -> list[Finding]:
    """Everything a run says that may be published: its groups, one-off ones last, and answers."""
    rows = list(result.groups.iter_rows(named=True))
    rows.sort(key=lambda row: (row["pattern"] == "one-off", row["group_id"]))
    groups = [Finding(GROUP, str(row["group_id"]), _group(row)) for row in rows]
    return [*groups, *map(_item, result.directive)]


def _group(row: dict[str, Any]) -> str:
    when = ""
    if row["first_time"] is not None:
        when = f" from {row['first_time']:%Y-%m-%d} to {row['last_time']:%Y-%m-%d}"
    error = "" if row["q_value"] is None else f", q {row['q_value']:.2g}"
    return (
        f"Group {row['group_id']}: {row['size']:,} accounts on {row['objects']:,} objects{when}, "
        f"{row['pattern']}{error}"
    )


def _item(entry: dict[str, Any]) -> Finding:
    p = entry["p_adjusted"]
    error = "" if p is None else f", p {p:.2g} in a family of {entry['family']['items']}"
    text = f"Item {entry['item']} of {entry['title']}: {entry['answer']} ({entry['reason']}){error}"
    return Finding(DIRECTIVE, f"{entry['directive']}/{entry['item']}", text)


def decisions(case: HasFolder, run: Path) -> list[Decision]:
    """One decision a finding of a run, the latest; with an empty verdict where there is none.

    Raises
    ------
    CaseError
        If the log of custody was altered, or the run cannot be read.
    """
    standing = _standing(history(case, run))
    return [
        standing.get(_about(finding), [Decision(finding)])[-1]
        for finding in findings(Result.load(run, only=("groups",)))
    ]


def history(case: HasFolder, run: Path) -> list[Decision]:
    """All decisions on a run, oldest first, those among them that were replaced.

    One without a verdict takes back the one before it.
    """
    return [
        _decision(entry)
        for entry in custody.entries(case.folder)
        if entry.kind in (custody.REVIEWED, custody.UNDONE) and entry.facts["run"] == run.name
    ]


def _standing(made: Sequence[Decision]) -> dict[tuple[str, str, str], list[Decision]]:
    """What was decided about each finding and not taken back; the last counts."""
    standing: dict[tuple[str, str, str], list[Decision]] = {}
    for each in made:
        own = standing.setdefault(_about(each.finding), [Decision(each.finding)])
        if each.verdict:
            own.append(each)
        elif len(own) > 1:
            own.pop()
    return standing


def undo(case: HasFolder, run: Path, key: str, user: str = "") -> Decision:
    """Take back the last decision about a finding that stands; the one before it holds again.

    Raises
    ------
    CaseError
        If there is none.
    """
    known = {finding.key: finding for finding in findings(Result.load(run, only=("groups",)))}
    standing = _standing(history(case, run))
    if key not in known or len(standing.get(_about(known[key]), [])) < 2:
        raise CaseError(f"finding {key}: nothing was decided about it that could be taken back")
    entry = custody.append(
        case.folder, custody.UNDONE, user=user, run=run.name, finding=known[key].kind, key=key,
        text=known[key].text, verdict="", note="taken back",
    )  # fmt: skip
    return _decision(entry)


def _about(finding: Finding) -> tuple[str, str, str]:
    return finding.kind, finding.key, finding.text


def _decision(entry: Entry) -> Decision:
    facts = entry.facts
    finding = Finding(facts["finding"], facts["key"], facts["text"])
    return Decision(
        finding, facts["verdict"], facts["note"], facts["user"], custody.moment(entry)
    )  # fmt: skip


def decide(
    case: HasFolder, run: Path, key: str | Sequence[str], verdict: str, note: str, user: str = ""
) -> list[Decision]:
    """Write down what a named person decides about findings; on the disk when this returns.

    Parameters
    ----------
    key
        Of one finding or several: all are decided, or none is if one is unknown.
    verdict
        ``accepted``, ``rejected`` or ``doubtful``.
    note
        Why, in a sentence.
    user
        Who; :func:`claqueur.custody.acting_user` when not given.

    Raises
    ------
    SettingError
        If there is no such finding or verdict, or the note is missing.
    """
    if verdict not in VERDICTS:
        raise SettingError(f"verdict {verdict!r}: use {', '.join(VERDICTS)}")
    note = " ".join(note.split())
    if not note or len(note) > NOTE_AT_MOST:
        raise SettingError(f"--note: say why, in at most {NOTE_AT_MOST:,} letters")
    keys = [key] if isinstance(key, str) else list(key)
    known = {finding.key: finding for finding in findings(Result.load(run, only=("groups",)))}
    if unknown := [each for each in keys if each not in known]:
        raise SettingError(
            f"finding {', '.join(unknown)}: there is none in {run.name}; there are "
            f"{_some(list(known)) or 'no findings at all'}"
        )
    return [_write(case, run, known[each], verdict, note, user) for each in dict.fromkeys(keys)]


def _write(
    case: HasFolder, run: Path, finding: Finding, verdict: str, note: str, user: str
) -> Decision:
    entry = custody.append(
        case.folder, custody.REVIEWED, user=user, run=run.name, finding=finding.kind,
        key=finding.key, text=finding.text, verdict=verdict, note=note,
    )  # fmt: skip
    return _decision(entry)


def accepted(case: HasFolder, run: Path) -> list[Finding]:
    """Findings to be published.

    Raises
    ------
    CaseError
        If any finding is not reviewed.
    """
    made = decisions(case, run)
    if missing := [each.finding.key for each in made if not each.verdict]:
        raise CaseError(
            f"{run}: {len(missing):,} of {len(made):,} findings are not reviewed "
            f"({_some(missing)}); read them with `claqueur review {run}`, then accept, reject or "
            "doubt each: nothing is published that nobody has looked at"
        )
    return [each.finding for each in made if each.verdict == ACCEPTED]


def _some(keys: list[str]) -> str:
    more = f" and {len(keys) - _NAMED_AT_MOST:,} more" if len(keys) > _NAMED_AT_MOST else ""
    return f"{', '.join(keys[:_NAMED_AT_MOST])}{more}"

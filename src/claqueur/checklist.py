"""The right-of-reply checklist: what to have done before anything is published."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from claqueur import custody
from claqueur.errors import SettingError
from claqueur.review import NOTE_AT_MOST, HasFolder

ITEMS = {
    "identified-addressees": "It is clear whom the findings concern: offices and institutions, "
    "never single accounts",
    "wrote-to-them": "Every office and institution that will be named was written to",
    "deadline-given": "They had enough time to answer, and knew until when",
    "answers-received": "Answers are kept as they came, or it is noted that there were none",
    "answers-reflected": "What they say stands in the text, also where it speaks against us",
    "platform-asked": "The platform was asked whether it sees another explanation",
    "innocent-explanations": "Each innocent explanation in the report was looked into",
    "members-protected": "Nothing to be published says more about a member than the report does",
    "source-protected": "Nothing to be published leads to the source of a document",
    "second-reader": "Somebody who did not work on the case has read it",
}
"""Items by their name, in their order."""


@dataclass(frozen=True)
class Check:
    """One item: whether it is done, and who said so."""

    name: str
    text: str
    done: bool = False
    note: str = ""
    user: str = ""
    time: str = ""


def checklist(case: HasFolder, run: Path) -> list[Check]:
    """All items as they stand for a run."""
    latest = {
        entry.facts["item"]: entry
        for entry in custody.entries(case.folder, custody.CHECKED)
        if entry.facts["run"] == run.name
    }
    return [
        Check(name, text)
        if (found := latest.get(name)) is None
        else Check(
            name, text, found.facts["done"], found.facts["note"], found.facts["user"],
            custody.moment(found),
        )
        for name, text in ITEMS.items()
    ]  # fmt: skip


def check(case: HasFolder, run: Path, name: str, done: bool, note: str, user: str = "") -> None:
    """Write down that an item is done, or is not; on the disk when this returns.

    Raises
    ------
    SettingError
        If there is no such item, or the note is too long.
    """
    if name not in ITEMS:
        raise SettingError(f"item {name}: there is none; there are {', '.join(ITEMS)}")
    note = " ".join(note.split())
    if len(note) > NOTE_AT_MOST:
        raise SettingError(f"note: write at most {NOTE_AT_MOST:,} letters")
    custody.append(
        case.folder, custody.CHECKED, user=user, run=run.name, item=name, done=done, note=note
    )

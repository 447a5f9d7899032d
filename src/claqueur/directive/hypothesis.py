"""A directive as a hypothesis: who is to do what, where, and from when.

It names roles, kinds of institutions, pages and posts; never a person. Whatever could identify
the source of the document is :class:`Restricted` and leaves the case's folder in no output.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

FORMAT = 1
"""Version of ``directive.toml``."""

FEWEST_INSTITUTIONS = 3
"""Pages of addressed institutions are pooled over at least so many, or not looked at."""

EVENT, APPEAL, OTHER = "event", "appeal", "other"

CONTENT = "post"
"""The action of an item that has institutions publish posts of their own."""


@dataclass(frozen=True)
class Cause:
    """Something else that would move the same numbers, declared before looking.

    Attributes
    ----------
    kind
        ``event``: news that draw interest, to which people come of their own accord; ``appeal``:
        people are asked to act; ``other``.
    first_day, last_day
        Both included, in the directive's time zone.
    pages
        Pages it concerns; all when empty.
    """

    name: str
    kind: Literal["event", "appeal", "other"]
    first_day: date
    last_day: date
    pages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Addressed:
    """A kind of institutions that the item addresses, and their public pages, if known."""

    kind: str
    pages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Control:
    """Pages that nobody named, matched by event, chosen beforehand, and why."""

    pages: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Item:
    """One instruction.

    Attributes
    ----------
    number
        As in the document, ``3`` or ``2.1``.
    text, translation
        Retyped wording in the document's language, and in the reader's.
    issuer
        A role, never a name.
    action
        One or more of ``like``, ``comment``, ``repost``, ``follow``, ``view``; or ``post`` alone:
        then addressed institutions publish on their own pages, and there are no targets.
    target_pages, target_posts
        What is to be acted on: whole pages since the start, or posts.
    start, end
        Days in the directive's time zone; ``end`` is included.
    deadlines
        Days on which a report is due.
    quota, quota_of
        So many actions, for whom: ``account`` or ``institution`` (for a day, week or in all,
        ``quota_per``).
    claimed_total
        Actions claimed in a performance report: one total.
    topic
        Words that mark posts about the event.
    reference
        Pages where an account may have been seen before; all other pages when empty.
    """

    number: str
    text: str
    issuer: str
    addressed: tuple[Addressed, ...]
    action: tuple[str, ...]
    start: date
    translation: str = ""
    target_pages: tuple[str, ...] = ()
    target_posts: tuple[str, ...] = ()
    end: date | None = None
    deadlines: tuple[date, ...] = ()
    quota: int | None = None
    quota_of: Literal["account", "institution"] | None = None
    quota_per: Literal["day", "week", "all"] | None = None
    claimed_total: int | None = None
    topic: tuple[str, ...] = ()
    reference: tuple[str, ...] = ()
    controls: tuple[Control, ...] = ()

    @property
    def control_pages(self) -> tuple[str, ...]:
        """All control pages, each once."""
        return tuple(dict.fromkeys(page for each in self.controls for page in each.pages))

    @property
    def institution_pages(self) -> tuple[str, ...]:
        """Pages of all addressed institutions, each once."""
        return tuple(dict.fromkeys(page for each in self.addressed for page in each.pages))

    @property
    def publishes(self) -> bool:
        """Whether institutions are to publish posts of their own."""
        return self.action == (CONTENT,)


@dataclass(frozen=True)
class Restricted:
    """What can identify the source; kept in the case's folder and in no output.

    Attributes
    ----------
    file, sha256
        Name and hash of the document as received.
    found
        Where and how it was obtained.
    notes
        Metadata and whatever else could lead to the source.
    nonce
        Random hex digits that keep anybody from guessing the rest by its hash.
    """

    file: str = ""
    sha256: str = ""
    found: str = ""
    notes: str = ""
    nonce: str = ""


@dataclass(frozen=True)
class Directive:
    """A whole document.

    Attributes
    ----------
    language
        Of the items' text, as ``ru``.
    zone
        Time zone of all days.
    """

    title: str
    language: str
    zone: str
    items: tuple[Item, ...]
    causes: tuple[Cause, ...] = ()
    restricted: Restricted = Restricted()
    format: int = FORMAT

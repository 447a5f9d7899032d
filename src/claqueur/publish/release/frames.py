"""Templates as they are published: words in common, so general that they lead to no account.

A frame is a search query. Whoever has the comments finds the accounts that used it; so a frame
is published only where many others used its words too. Rare words become slots until that is so,
and a frame of which too few words are left is not published at all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from claqueur.kernels.co_action import I64
from claqueur.publish.release import coarse
from claqueur.publish.release.populations import HIGHEST, LOWEST, covers
from claqueur.publish.release.tables import Row, Subject
from claqueur.texts.normal import words

SLOT = "{…}"
FEWEST_WORDS = 2
"""Words a frame must have left."""
MOST_FRAMES = 20
"""Frames of a group that are looked at: those of most accounts."""

_SLOT = re.compile(r"\{[^}]*\}")


@dataclass(frozen=True)
class Comments:
    """Comments under a group's pages as lists of words, each account's own."""

    account: I64
    words: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, acts: pl.DataFrame) -> Comments:
        """Comments among actions; those without words are left out."""
        texts = acts.drop_nulls("text").select("account", "text").unique(maintain_order=True)
        split = [tuple(words(text)) for text in texts["text"]]
        keep = [place for place, each in enumerate(split) if each]
        return cls(texts["account"].to_numpy()[keep], tuple(split[place] for place in keep))

    def using(self, frame: Sequence[str | None]) -> I64:
        """Accounts with a comment that a frame fits, each once."""
        hit = [place for place, each in enumerate(self.words) if fits(frame, each)]
        return np.unique(self.account[hit])

    def rarity(self, word: str) -> int:
        """In how many comments a word stands."""
        return sum(word in each for each in self.words)


def fits(frame: Sequence[str | None], text: Sequence[str]) -> bool:
    """Whether a text has a frame's words in their order, side by side where no slot is between.

    Examples
    --------
    >>> fits(["our", "city", None, "thanks"], ["in", "our", "city", "many", "thanks"])
    True
    >>> fits(["our", "city"], ["our", "own", "city"])
    False
    """
    whole, at = f" {' '.join(text)} ", 0
    for run in " ".join(SLOT if part is None else part for part in frame).split(SLOT):
        piece = f" {run.strip()} "
        if piece.strip():
            found = whole.find(piece, at)
            if found < 0:
                return False
            # The space between two words belongs to both.
            at = found + len(piece) - 1
    return True


def parsed(frame: str) -> list[str | None]:
    """A frame's words, None for a slot."""
    parts: list[str | None] = []
    for place, piece in enumerate(_SLOT.split(frame)):
        parts += [None] if place else []
        parts += words(piece)
    return parts


def written(frame: Sequence[str | None]) -> str:
    """A frame as text; slots beside each other are one.

    Examples
    --------
    >>> written(["thank", None, None, "city"])
    'thank {…} city'
    """
    said: list[str] = []
    for part in frame:
        if part is not None or not said or said[-1] != SLOT:
            said.append(SLOT if part is None else part)
    return " ".join(said)


def general(frame: str, members: I64, comments: Comments, k: int) -> tuple[str, I64] | None:
    """A frame made general enough, and the members who used it; None where none is.

    At least k members use it, and they are a fifth to four fifths of all who do.
    """
    parts = parsed(frame)
    while sum(part is not None for part in parts) >= FEWEST_WORDS:
        users = comments.using(parts)
        own = users[np.isin(users, members)]
        part = covers(members, users)
        if len(own) >= k and LOWEST <= part <= HIGHEST:
            return written(parts), own
        if part < LOWEST:
            return None
        rarest = min(
            (place for place, word in enumerate(parts) if word is not None),
            key=lambda place: comments.rarity(str(parts[place])),
        )
        parts[rarest] = None
    return None


def templates(subject: Subject, table: pl.DataFrame | None) -> tuple[list[Row], int]:
    """One row a published frame, and how many were withheld.

    Parameters
    ----------
    table
        Templates of the run: ``group_id``, ``public_frame``, ``accounts``; None without texts.
    """
    if table is None or table.is_empty():
        return [], 0
    own = table.filter(pl.col("group_id").is_in(list(subject.unit.origin)))
    known = own.drop_nulls("public_frame").sort("accounts", descending=True).head(MOST_FRAMES)
    comments = Comments.of(subject.everybody)
    found: dict[str, I64] = {}
    for frame in known["public_frame"]:
        made = general(frame, subject.unit.members, comments, subject.k)
        if made and not any(_nearly(made[1], other, subject.k) for other in found.values()):
            found.setdefault(*made)
    rows = [
        {
            "group": subject.number,
            "frame": frame,
            "accounts": coarse.accounts(len(users), subject.k),
            "weeks": _weeks(subject, frame, users) or None,
        }
        for frame, users in found.items()
    ]
    return rows, own.height - len(rows)


def _nearly(one: I64, other: I64, k: int) -> bool:
    """Whether two sets of users differ by fewer than k."""
    return 0 < len(np.setxor1d(one, other)) < k


def _weeks(subject: Subject, frame: str, users: I64) -> int:
    """Weeks in which at least k members used a frame."""
    parts = parsed(frame)
    rows = subject.acts.filter(pl.col("account").is_in(users.tolist())).drop_nulls(["text", "week"])
    hit = pl.Series([fits(parts, words(text)) for text in rows["text"]], dtype=pl.Boolean)
    by_week = rows.filter(hit).group_by("week").agg(pl.col("account").n_unique().alias("n"))
    return by_week.filter(pl.col("n") >= subject.k).height

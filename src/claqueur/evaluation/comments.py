"""Detection by comments alone, judged by how many comments each account wrote on order.

Who was told to comment and wrote one comment, or none, leaves little to be found. So accounts
count by their comments on order, of which ``World.truth`` has the number:

- *wanted* are accounts with at least two of them; those with one are told apart.
- A *false member* is in a group, wrote none, and is neither ordered nor a head.
- A *false group* consists of false members by half or more.

Supporters of a standing appeal praise in words of their own: here they are false members like
everybody else.
"""

from __future__ import annotations

import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar

import polars as pl

from claqueur.evaluation.methods import members_found
from claqueur.evaluation.scores import Score, score
from claqueur.pipeline import detect

_TOLD = ("ordered", "head")


@dataclass(frozen=True)
class CommentScore(Score):
    """A score by comments on order; shares are None where there are no such accounts.

    Attributes
    ----------
    recall, recall_once, recall_thrice
        Members among accounts with at least two, exactly one, at least three comments on order.
    false_members
        How many.
    false_discovery, precision
        Share of false members among all members, and of the others.
    """

    recall_once: float | None
    recall_thrice: float | None
    false_members: int


@dataclass(frozen=True)
class CommentTest:
    """Detection as anybody runs it, with comments alone; flagged are members of all groups."""

    name: str = "comments"
    help: str = "the default with --action comment; flagged are members of any group"
    stands_on: ClassVar[tuple[str, ...]] = ("claqueur", "claqueur.evaluation.comments")

    def find(self, events: pl.DataFrame) -> pl.DataFrame:
        """Members of groups among events, in the columns of ``FOUND``."""
        with tempfile.TemporaryDirectory(prefix="claqueur-comments-") as folder:
            path = Path(folder) / "events.parquet"
            events.write_parquet(path)
            found = members_found(detect(path, action=("comment",)))
        return found.with_columns(flagged=pl.lit(True))

    def score(self, truth: pl.DataFrame, found: pl.DataFrame) -> CommentScore:
        """Hold what was found against the comments written on order."""
        return comment_score(truth, found)


def comment_score(truth: pl.DataFrame, found: pl.DataFrame) -> CommentScore:
    """The score of members found (``FOUND``), by ``ordered_comments`` of the truth."""
    member = pl.col("account_id").is_in(found["account_id"].implode())
    wrong = (pl.col("ordered_comments") == 0) & ~pl.col("role").is_in(_TOLD)
    accounts = truth.with_columns(member=member, wrong=wrong)
    members = accounts.filter("member")
    false = members.filter("wrong").height
    own = {
        "recall": _share(accounts, pl.col("ordered_comments") >= 2),
        "recall_once": _share(accounts, pl.col("ordered_comments") == 1),
        "recall_thrice": _share(accounts, pl.col("ordered_comments") >= 3),
        "false_members": false,
        "false_groups": _false_groups(accounts, found),
        "false_discovery": false / members.height if members.height else 0.0,
        "precision": 1 - false / members.height if members.height else None,
        # Of roles, not of comments: they would say something else under the same name.
        "f1": None,
        "average_precision": None,
    }
    return CommentScore(**{**asdict(score(truth, found)), **own})


def _share(accounts: pl.DataFrame, wanted: pl.Expr) -> float | None:
    """Members among those wanted."""
    members = accounts.filter(wanted)["member"]
    return float(members.mean()) if len(members) else None  # type: ignore[arg-type]


def _false_groups(accounts: pl.DataFrame, found: pl.DataFrame) -> int:
    known = found.drop_nulls("group_id").join(accounts, on="account_id")
    return (
        known.group_by("group_id").agg(pl.col("wrong").mean()).filter(pl.col("wrong") >= 0.5).height
    )

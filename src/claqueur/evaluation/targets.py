"""The test of declared targets as a method that can be judged, and the worlds it is judged on.

The list of accounts exists only here: a run says how many, never who.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
import polars as pl

from claqueur.directive.participation import Outcome, target_test
from claqueur.directive.targets import declare
from claqueur.evaluation.methods import FOUND
from claqueur.evaluation.studies import TARGET_SINCE
from claqueur.intake import read_files
from claqueur.record import Record
from claqueur.settings import Reading, Targets

WORD = "универсиада"
"""The theme of the scenario ``named-posts``, which the posts' texts say."""

ZONE = "Asia/Krasnoyarsk"


@dataclass(frozen=True)
class TargetTest:
    """The test of declared targets; flagged is its 5% list, as one group, if there is a finding.

    Attributes
    ----------
    whole
        Whether the posts' page is declared, since ``TARGET_SINCE``, instead of the posts.
    topic
        Words declared as the posts' topic.
    posts
        The posts a world names.
    """

    whole: bool = False
    topic: tuple[str, ...] = (WORD,)
    posts: pl.DataFrame = field(default_factory=pl.DataFrame, repr=False, compare=False)
    name: str = "target test"
    help: str = "the test of declared targets; flagged is its 5% list, where there is a finding"
    stands_on: ClassVar[tuple[str, ...]] = (
        "claqueur.directive",
        "claqueur.nulls.conditional",
        "claqueur.kernels.conditional",
        "claqueur.evaluation.targets",
    )

    def declaring(self, posts: pl.DataFrame) -> Self:
        """The same with the posts a world names (``World.targets``)."""
        return replace(self, posts=posts)

    def find(self, events: pl.DataFrame) -> pl.DataFrame:
        """Accounts of the 5% list, in the columns of ``FOUND``."""
        tested, ids = self.test(events)
        order = np.argsort(tested.p, kind="stable")
        accounts = tested.chances.accounts[order]
        flagged = np.isin(accounts, tested.found)
        table = pl.DataFrame(
            {
                "account_id": ids.gather(accounts),
                "score": -tested.p[order],
                "flagged": flagged,
                "group_id": np.where(flagged, 1, 0),
            }
        ).with_columns(group_id=pl.when("flagged").then("group_id"))
        return table.select(pl.col(name).cast(kind) for name, kind in FOUND.items())

    def test(self, events: pl.DataFrame) -> tuple[Outcome, pl.Series]:
        """The test itself, and the ids of its accounts."""
        with tempfile.TemporaryDirectory(prefix="claqueur-targets-") as folder:
            path = Path(folder) / "events.parquet"
            events.write_parquet(path)
            read = read_files([path], Reading(), Path(folder), Record())
        declared = declare(read, self._settings(), ZONE, ())
        return target_test(declared, planted=False), read.names["account_id"]

    def _settings(self) -> Targets:
        if self.whole:
            return Targets(target_page=self.posts["owner_id"][0], since=TARGET_SINCE)
        return Targets(target=tuple(self.posts["object_id"]), topic=self.topic)


TARGET_TESTS: Mapping[str, TargetTest] = {
    "targets": TargetTest(),
    "target page": TargetTest(whole=True, topic=(), name="target page test"),
}
"""What studies of declared targets judge, by ``Study.judged``."""

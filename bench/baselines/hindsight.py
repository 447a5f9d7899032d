"""The best window and minimum, chosen with the truth in hand for every dataset anew.

Nobody could choose so well: it is the bound of what any way of choosing the two could reach.
Where nobody was ordered, the choice that flags the fewest is the best.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np
import polars as pl

from bench.baselines.coded import STANDS_ON, coded, strongest
from bench.baselines.thresholds import Thresholds
from claqueur.engines.counting import count_pairs
from claqueur.evaluation.scores import NEITHER, POSITIVE


@dataclass(frozen=True)
class Hindsight:
    """The window and minimum with the highest F1; it is given the truth."""

    windows_s: tuple[int, ...] = (10, 60, 300, 600, 1800, 3600, 7200)
    minima: tuple[int, ...] = (2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40)
    name: str = "best thresholds in hindsight"
    help: str = "the best of 91 windows and minima for each dataset, chosen with the truth"
    stands_on: ClassVar[tuple[str, ...]] = STANDS_ON
    truth: pl.DataFrame | None = field(default=None, repr=False, compare=False)

    def knowing(self, truth: pl.DataFrame) -> Hindsight:
        """The same with the truth of one dataset."""
        return replace(self, truth=truth)

    def find(self, events: pl.DataFrame) -> pl.DataFrame:
        """What the best choice finds."""
        window_s, min_objects = self.best(events)
        return Thresholds(window_s, min_objects).find(events)

    def best(self, events: pl.DataFrame) -> tuple[int, int]:
        """The window in seconds and the minimum with the highest F1; of equal ones the first."""
        if self.truth is None:
            raise ValueError("hindsight needs the truth: call knowing(truth) first")
        data = coded(events)
        roles = data.accounts.to_frame().join(
            self.truth, on="account_id", how="left", maintain_order="left"
        )["role"]
        positive = roles.is_in(POSITIVE).to_numpy()
        neither = roles.is_in(NEITHER).to_numpy()
        wanted = int(self.truth["role"].is_in(POSITIVE).sum())
        merits = {}
        for window_s in self.windows_s:
            pairs = count_pairs(data.actions, window_s * 1000, min(self.minima))
            score = strongest(pairs, pairs.weight, len(data.accounts))
            for least in self.minima:
                flagged = (score >= least) & ~neither
                merits[window_s, least] = merit(flagged, positive, wanted)
        return max(merits, key=lambda choice: merits[choice])


def merit(flagged: np.ndarray, positive: np.ndarray, wanted: int) -> tuple[float, int]:
    """F1, then how few are flagged."""
    right, all_flagged = int((flagged & positive).sum()), int(flagged.sum())
    return 2 * right / max(all_flagged + wanted, 1), -all_flagged


BASELINE = Hindsight()

"""Who writes comments of their own at all: some do now and then, the others never.

With the table ``commenters`` these comments take the place of those that follow ordinary likes.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from claqueur.simulation.actions import TONES, Actions
from claqueur.simulation.chance import Ints, lognormal
from claqueur.simulation.feed import likes_of_sittings
from claqueur.simulation.population import sitting_times
from claqueur.simulation.scenario_crowds import CommentersSettings
from claqueur.simulation.stage import Stage

_SIGMA = 1.0
"""Of the logarithm: how much more some comment than others."""


def commenter_actions(
    stage: Stage, settings: CommentersSettings, rng: np.random.Generator
) -> Actions:
    """Each comments on a post of its feed now and then, at hours of its own, without a like."""
    crowd = _commenters(stage, settings, rng)
    median = (settings.comments_mean - 1) * np.exp(-(_SIGMA**2) / 2)
    counts = 1 + rng.poisson(lognormal(rng, median, _SIGMA, len(crowd)))
    account = np.repeat(crowd, counts)
    opened = sitting_times(stage.scenario, stage.clock, stage.people, account, rng)
    one = replace(stage.scenario.feed, likes_per_sitting_mean=1)
    return likes_of_sittings(one, stage, account, opened, rng).as_comments("organic")


def by_commenters(
    actions: Actions, stage: Stage, settings: CommentersSettings, rng: np.random.Generator
) -> Actions:
    """Without comments of their own by those who write none.

    The generator is that of ``commenter_actions``, so that they are the same people.
    """
    crowd = _commenters(stage, settings, rng)
    own = actions.tone == TONES.index("organic")
    return actions.at(~own | np.isin(actions.account, crowd))


def _commenters(stage: Stage, settings: CommentersSettings, rng: np.random.Generator) -> Ints:
    """The first draw from their stream, rising."""
    n = len(stage.people.ids)
    chosen = rng.choice(n, round(n * settings.accounts_share), replace=False)
    return np.sort(chosen)

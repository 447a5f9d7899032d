"""What a directive names, and a theme its posts may share with posts of other pages."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from claqueur.simulation.chance import Flags, Ints
from claqueur.simulation.scenario_orders import NamedSettings, ThemeSettings
from claqueur.simulation.stage import Stage


def with_theme(stage: Stage, theme: ThemeSettings, rng: np.random.Generator) -> Stage:
    """The same stage with a share of all posts on the theme, which their texts say."""
    themed = rng.random(len(stage.posts)) < theme.posts_share
    text = [
        f"{line} #{theme.word}" if own else line
        for line, own in zip(stage.posts.text, themed.tolist(), strict=True)
    ]
    return replace(stage, posts=replace(stage.posts, text=text), themed=themed)


def named_posts(stage: Stage, named: NamedSettings, rng: np.random.Generator) -> Ints:
    """The posts a directive names, rising: all of its page since a day, or some of them."""
    there = np.isin(stage.posts.page, stage.pages.of_groups((named.page,)))
    there &= stage.posts.created >= max(stage.clock.start_of(named.first_day), 0)
    chosen = rng.permutation(np.flatnonzero(there))
    count = round(len(chosen) * named.posts_share)
    if named.themed_share is None or stage.themed is None:
        return np.sort(chosen[:count])
    return _themed_first(chosen, stage.themed, count, named.themed_share)


def _themed_first(chosen: Ints, themed: Flags, count: int, share: float) -> Ints:
    """So many of the posts, a share of them themed; as many as there are where that is fewer."""
    on, off = chosen[themed[chosen]], chosen[~themed[chosen]]
    wanted = round(count * share)
    picked = np.concatenate([on[:wanted], off[: count - wanted]])
    return np.sort(picked)

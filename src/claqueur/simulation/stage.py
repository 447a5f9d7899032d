"""What every mechanism plays on: the scenario, its clock, pages, accounts and posts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from claqueur.simulation.chance import Flags, Ints
from claqueur.simulation.clock import Clock
from claqueur.simulation.pages import Pages, Posts
from claqueur.simulation.population import Population
from claqueur.simulation.scenario import Scenario


@dataclass(frozen=True)
class Stage:
    """A world before anybody acts in it."""

    scenario: Scenario
    clock: Clock
    pages: Pages
    people: Population
    posts: Posts
    themed: Flags | None = None
    """Whether a post carries the scenario's theme, one value a post; None without a theme."""
    named: Ints | None = None
    """Posts the directive names, rising; None where none are named one by one."""

    @property
    def on_official_page(self) -> Flags:
        """Whether a post stands on an official page, one value a post."""
        return np.isin(self.posts.page, self.pages.of_kind("official"))

    def draw_official(self, rng: np.random.Generator, n: int) -> Ints:
        """Draw n official pages, as indices, by popularity."""
        official = self.pages.of_kind("official")
        weight = self.pages.popularity[official]
        return rng.choice(official, size=n, p=weight / weight.sum())

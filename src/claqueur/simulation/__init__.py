"""Worlds in which the truth is known.

``simulate("krasnoyarsk-2019", seed=1)`` gives tables of events, objects, counters and the
truth. A scenario is a TOML file in ``scenarios/``; a mechanism is a small module:

- ``pages``: pages and what they publish of their own accord
- ``population``: accounts with interests, follows, rhythm and role
- ``feed``: ordinary life in sittings
- ``fans``: devoted fans, and a public appeal on one evening
- ``order``: what heads and staff do, and what institutions publish, on order
"""

from claqueur.simulation.reading import scenarios
from claqueur.simulation.world import World, simulate

__all__ = ["World", "scenarios", "simulate"]

"""Worlds in which the truth is known.

``simulate("krasnoyarsk-2019", seed=1)`` gives tables of events, objects, counters and the
truth. A scenario is a TOML file in ``scenarios/``, often on top of another; ``changes`` set some
of its values. A mechanism is a small module:

- ``pages``: pages and what they publish of their own accord
- ``population``: accounts with interests, follows, rhythm and role
- ``feed``: ordinary life in sittings
- ``fans``: devoted fans, and a public appeal on one evening
- ``regulars``: topical fans, employees, new followers
- ``bursts``: posts that a big page passes on, giveaways
- ``standing``: an appeal that goes on for weeks
- ``order``: what heads and staff do on order; ``compliance`` in their own time or before
  deadlines, ``camouflage`` around it
- ``naming``: the posts a directive names, and a theme they share with others
- ``campaign``: what institutions publish on order
- ``activists``: a rewarded network, sent from campaign to campaign
- ``directives``: what somebody who holds the document would write down, true or not
- ``commenters``: who comments of their own accord at all
- ``observer``: how much of it a collector gets to see

Texts of posts are templates in ``texts``. What comments say is ``wording``, from the words in
``words/``: ``grammar`` fills templates, ``clauses`` and ``declension`` make them agree,
``scribble`` types them, and ``handout`` has the texts that staff are given to copy.
"""

from claqueur.simulation.changes import parse_change
from claqueur.simulation.reading import scenarios
from claqueur.simulation.world import World, simulate

__all__ = ["World", "parse_change", "scenarios", "simulate"]

"""What becomes public of a run, and nothing else: group aggregates, answers, how it was done.

- ``schema``: every table, column and key there may be
- ``made``: the release itself, its files
- ``populations``: who can be identified by a public list
- ``pools``: which groups are published, which only together
- ``tables``, ``frames``, ``items``, ``record``: the public tables, templates, answers, ``run.json``
- ``coarse``: how numbers are rounded, and cells withheld
- ``attack``, ``leak``: the check before anything is written
- ``differencing``, ``ledger``: earlier releases of the case
- ``checked``: all of it together
"""

from claqueur.publish.release.checked import checked_release
from claqueur.publish.release.leak import Leak, leak_check
from claqueur.publish.release.made import Release
from claqueur.publish.release.make import make_release
from claqueur.publish.release.populations import Populations, populations_of

__all__ = [
    "Leak",
    "Populations",
    "Release",
    "checked_release",
    "leak_check",
    "make_release",
    "populations_of",
]

"""The parts of the API: one file each, with one public constant ``ENDPOINTS``."""

from claqueur.web.calls import Endpoint
from claqueur.web.views import (
    cases,
    data,
    directives,
    groups,
    jobs,
    network,
    publishing,
    reviewing,
    runs,
    session,
)

PARTS = (
    session, cases, data, runs, jobs, groups, network, directives, reviewing, publishing,
)  # fmt: skip

ENDPOINTS: tuple[Endpoint, ...] = tuple(each for part in PARTS for each in part.ENDPOINTS)
"""Every endpoint there is, in the order in which paths are matched."""

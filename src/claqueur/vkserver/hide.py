"""What the platform does not show: closed and deleted accounts, deleted posts, closed pages."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from claqueur.errors import SettingError
from claqueur.simulation.chance import Flags, lognormal, stream
from claqueur.simulation.clock import HOUR
from claqueur.vkserver.dataset import Dataset

DELETED_AFTER_HOURS_MEDIAN = 48


@dataclass(frozen=True)
class Hide:
    """What is to be hidden; nothing by default.

    Attributes
    ----------
    closed
        Share of the accounts with a closed profile, besides the scenario's own: lists of likes,
        reposts and members leave them out, and their walls answer with error 30.
    deactivated
        Share of the accounts that deleted themselves: still in lists, walls answer 18.
    deleted
        Share of the posts deleted some time after publication: lists about them answer 15.
    comments
        Share of the posts whose comments are closed: ``wall.getComments`` answers 212.
    page
        Closed pages, by owner id: the wall answers 15, the list of members 203.
    blocked
        Blocked pages: the wall answers 19, the list of members 203.
    members
        Pages that hide their members: the list answers 15.
    """

    closed: float = 0
    deactivated: float = 0
    deleted: float = 0
    comments: float = 0
    page: frozenset[int] = frozenset()
    blocked: frozenset[int] = frozenset()
    members: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        for entry in fields(self):
            value = getattr(self, entry.name)
            if isinstance(value, int | float) and not 0 <= value <= 1:
                raise SettingError(f"--hide {entry.name}={value:g}: a share lies between 0 and 1")

    def check(self, pages: dict[int, str]) -> None:
        """Refuse pages that the world does not have."""
        for kind in ("page", "blocked", "members"):
            for owner in sorted(getattr(self, kind) - pages.keys()):
                raise SettingError(
                    f"--hide {kind}={owner}: the world has no such page; "
                    f"its pages are {min(pages)} to {max(pages)}"
                )


@dataclass(frozen=True)
class Hidden:
    """The accounts and posts it came down to; ``deleted`` has the second of the deletion."""

    closed: frozenset[int]
    deactivated: frozenset[int]
    deleted: dict[str, int]
    no_comments: frozenset[str]


def hidden(data: Dataset, hide: Hide) -> Hidden:
    """Draw what is hidden, each kind from a stream of its own."""
    hide.check(data.pages)
    accounts, posts = np.array(data.accounts), data.posts["object_id"].to_numpy()
    created = data.posts["created"].to_numpy()
    gone = _drawn(data.seed, "deleted", hide.deleted, len(posts))
    rng = stream(data.seed, "vkserver.deleted.when")
    after = lognormal(rng, DELETED_AFTER_HOURS_MEDIAN * HOUR, 1, len(posts)).astype(np.int64)
    when = dict(zip(posts[gone].tolist(), (created + after)[gone].tolist(), strict=True))
    closed = accounts[_drawn(data.seed, "closed", hide.closed, len(accounts))].tolist()
    left = accounts[_drawn(data.seed, "deactivated", hide.deactivated, len(accounts))].tolist()
    silent = posts[_drawn(data.seed, "comments", hide.comments, len(posts))].tolist()
    return Hidden(data.closed | frozenset(closed), frozenset(left), when, frozenset(silent))


def _drawn(seed: int, kind: str, share: float, n: int) -> Flags:
    return stream(seed, f"vkserver.{kind}").random(n) < share

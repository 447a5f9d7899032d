"""What somebody who collects the pages' posts of the span gets to see of all that happened."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from claqueur.simulation.actions import COMMENT, Actions
from claqueur.simulation.clock import Clock
from claqueur.simulation.pages import Posts


def observed(clock: Clock, posts: Posts, actions: Actions) -> tuple[Posts, Actions]:
    """Posts published in the span, and what was done to them in it, in order of time.

    Earlier posts were there only to fill the feeds of the first days. Of an account's likes
    (or reposts) of one post the first remains.
    """
    earlier = int(np.searchsorted(posts.created, 0))
    seen = actions.at((actions.post >= earlier) & (actions.time < clock.end))
    seen = replace(seen, post=seen.post - earlier)
    kept = Posts(
        posts.page[earlier:], posts.created[earlier:], posts.quality[earlier:], posts.text[earlier:]
    )
    return kept, _once(seen, len(kept))


def _once(actions: Actions, posts: int) -> Actions:
    ordered = actions.at(np.lexsort((actions.kind, actions.post, actions.account, actions.time)))
    triple = (ordered.account * posts + ordered.post) * 3 + ordered.kind
    first = np.zeros(len(ordered), dtype=bool)
    first[np.unique(triple, return_index=True)[1]] = True
    return ordered.at(first | (ordered.kind == COMMENT))

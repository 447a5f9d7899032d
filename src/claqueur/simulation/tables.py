"""From indices to the tables people read: ids, times in UTC, counts."""

from __future__ import annotations

import numpy as np
import polars as pl

from claqueur.model import EVENTS, FOLLOW, OBJECTS, TIME
from claqueur.simulation.actions import COMMENT, KINDS, REPOST, TOLD_TONES, TONES, Actions
from claqueur.simulation.chance import Ints, lognormal
from claqueur.simulation.clock import Clock
from claqueur.simulation.observer import View
from claqueur.simulation.pages import Pages, Posts
from claqueur.simulation.population import ROLES, Population
from claqueur.simulation.stage import Stage
from claqueur.simulation.wording import Wording

EVENT_COLUMNS = [name for name in EVENTS if name != "source"]

TARGETS = pl.Schema({"object_id": pl.String(), "owner_id": pl.String()})
"""One row: a post the directive named."""

TRUTH = pl.Schema(
    {
        "account_id": pl.String(),
        "role": pl.String(),
        "institution_id": pl.String(),
        "ordered_comments": pl.Int64(),
    }
)
"""One row: an account or a page and what it was in this world."""


def utc(seconds: Ints, clock: Clock) -> pl.Series:
    """Seconds of the clock as timestamps."""
    return pl.Series((seconds + clock.epoch_seconds) * 1000, dtype=pl.Int64).cast(TIME)


def events_table(
    stage: Stage,
    posts: Posts,
    actions: Actions,
    view: View,
    wording: Wording,
    rng: np.random.Generator,
) -> tuple[pl.DataFrame, pl.Series]:
    """The events seen, pages' own posts among them; and the posts' ids in the posts' order."""
    post_number, comment_number = _wall_numbers(len(stage.pages.ids), posts, actions, rng)
    owners = pl.Series(stage.pages.ids)[posts.page]
    post_ids = "wall" + owners + "_" + pl.Series(post_number).cast(pl.String)
    acted = pl.DataFrame(
        {
            "account_id": pl.Series(stage.people.ids)[actions.account],
            "action": pl.Series(KINDS)[actions.kind],
            "object_id": post_ids[actions.post],
            "time_min": _seen_at(view.earliest, view, stage.clock),
            "time_max": _seen_at(view.latest, view, stage.clock),
            "owner_id": owners[actions.post],
            "number": comment_number,
            "text": pl.Series(wording.comments(stage, posts, actions, rng), dtype=pl.String),
        }
    )
    published = _published(stage, posts, owners, post_ids)
    seen = _with_content(acted, actions).filter(pl.Series(view.listed))
    events = pl.concat([published, seen])
    order = ["time_min", "account_id", "object_id", "action", "content_id"]
    return events.sort(order, maintain_order=True), post_ids


def _wall_numbers(
    pages: int, posts: Posts, actions: Actions, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Numbers of posts and of comments: on a wall both count up together, as on VK.

    Returns one number a post, and one an action, which is of use for comments only.
    """
    comments = np.flatnonzero(actions.kind == COMMENT)
    page = np.concatenate([posts.page, posts.page[actions.post[comments]]])
    time = np.concatenate([posts.created, actions.time[comments]])
    order = np.lexsort((time, page))
    first = np.searchsorted(page[order], np.arange(pages))
    number = np.empty(len(page), np.int64)
    number[order] = np.arange(len(page)) - first[page[order]]
    number += rng.integers(20, 900, pages)[page]
    of_action = np.zeros(len(actions), np.int64)
    of_action[comments] = number[len(posts) :]
    return number[: len(posts)], of_action


def _seen_at(seconds: Ints, view: View, clock: Clock) -> pl.Series:
    """Seconds as timestamps, null where no time is shown."""
    return utc(seconds, clock).zip_with(pl.Series(view.dated), pl.Series([None], dtype=TIME))


def _published(stage: Stage, posts: Posts, owners: pl.Series, post_ids: pl.Series) -> pl.DataFrame:
    """Every post as an event of its page."""
    columns = {
        "account_id": owners,
        "action": ["post"] * len(posts),
        "object_id": post_ids,
        "time_min": utc(posts.created, stage.clock),
        "time_max": utc(posts.created, stage.clock),
        "owner_id": owners,
        "content_id": pl.Series([None] * len(posts), dtype=pl.String),
        "text": pl.Series(posts.text, dtype=pl.String),
    }
    return pl.DataFrame(columns).select(EVENT_COLUMNS)


def _with_content(acted: pl.DataFrame, actions: Actions) -> pl.DataFrame:
    """Ids of what carried the action: a comment, or the repost on one's own wall."""
    repost = actions.kind == REPOST
    own_number = pl.Series(np.where(repost, 1, 0)).cum_sum()
    comment_id = pl.format("{}_r{}", "object_id", "number")
    repost_id = pl.format("wall{}_{}", "account_id", own_number)
    content = (
        pl.when(pl.col("action") == "comment")
        .then(comment_id)
        .when(pl.col("action") == "repost")
        .then(repost_id)
        .alias("content_id")
    )
    return acted.with_columns(content).select(EVENT_COLUMNS)


def objects_table(
    stage: Stage,
    posts: Posts,
    post_ids: pl.Series,
    actions: Actions,
    view: View,
    rng: np.random.Generator,
) -> pl.DataFrame:
    """The posts with what their counters showed when last read; nobody is hidden from those."""
    still = (view.gone > view.read) & (actions.time <= view.read)
    counts = [
        np.bincount(actions.post[still & (actions.kind == kind)], minlength=len(posts))
        for kind in range(len(KINDS))
    ]
    views = (counts[0] + 2) * lognormal(rng, 18, 0.5, len(posts)) + sum(counts)
    table = pl.DataFrame(
        {
            "object_id": post_ids,
            "owner_id": pl.Series(stage.pages.ids)[posts.page],
            "created": utc(posts.created, stage.clock),
            "text": posts.text,
            "like_count": counts[0],
            "comment_count": counts[1],
            "repost_count": counts[2],
            "view_count": views.astype(np.int64),
            "collected": utc(np.full(len(posts), view.read), stage.clock),
        },
        schema=OBJECTS,
    )
    return table.sort("created", "object_id")


def follows_table(stage: Stage, view: View) -> pl.DataFrame:
    """Who follows which page, as far as lists of members show it; nothing says since when."""
    shown = stage.people.follows.copy()
    shown[: len(view.closed)][view.closed] = False
    observer = stage.scenario.observer
    if observer and observer.counters_only:
        shown[:] = False
    account, page = np.nonzero(shown)
    pages = pl.Series(stage.pages.ids, dtype=pl.String)[page]
    columns = {
        "account_id": pl.Series(stage.people.ids, dtype=pl.String)[account],
        "action": pl.Series([FOLLOW]).new_from_index(0, len(page)),
        "object_id": pages,
        "owner_id": pages,
    }
    table = pl.DataFrame(columns)
    missing = [
        pl.lit(None, EVENTS[name]).alias(name) for name in EVENT_COLUMNS if name not in table
    ]
    return table.with_columns(missing).select(EVENT_COLUMNS).sort("account_id", "object_id")


def targets_table(stage: Stage, posts: Posts, post_ids: pl.Series, targets: Ints) -> pl.DataFrame:
    """The posts a directive named that were published in the span.

    Parameters
    ----------
    posts, post_ids
        Those of the span, which are the last ones of the stage.
    targets
        Indices into the stage's posts.
    """
    own = targets - (len(stage.posts) - len(posts))
    own = own[own >= 0]
    owners = pl.Series(stage.pages.ids)[posts.page[own]]
    table = pl.DataFrame({"object_id": post_ids[own], "owner_id": owners}, schema=TARGETS)
    return table.sort("object_id")


def truth_table(pages: Pages, people: Population, actions: Actions) -> pl.DataFrame:
    """Role of every account and page; a page's is ``official``, ``institution`` or ``page``.

    Comments count that are written on order or for a reward, whatever the observer sees of them.
    """
    told = np.isin(actions.tone, [TONES.index(tone) for tone in TOLD_TONES])
    comments = np.bincount(actions.account[told], minlength=len(people.ids))
    names = np.array([*pages.name, None], dtype=object)
    page_role = ["page" if kind == "other" else kind for kind in pages.kind]
    own = [
        name if kind in ("institution", "official") else None
        for name, kind in zip(pages.name, pages.kind, strict=True)
    ]
    table = pl.DataFrame(
        {
            "account_id": people.ids + pages.ids,
            "role": [ROLES[role] for role in people.role.tolist()] + page_role,
            # -1, no institution, is the None at the end.
            "institution_id": names[people.institution].tolist() + own,
            "ordered_comments": comments.tolist() + [0] * len(pages.ids),
        },
        schema=TRUTH,
    )
    return table.sort("account_id")

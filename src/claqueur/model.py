"""What flows between the rooms: the columns of every table, and a few frozen records.

Times are UTC. In the store they are int64 milliseconds (``*_ms``); in tables that people
read they are timestamps. Ids are strings for people and dense uint32 codes for kernels.
"""

from __future__ import annotations

import polars as pl

FORMAT = 1
"""Version of the case folder and of the tables in it."""

ANY_ACTION = "any"
"""The action of a row where actions are not told apart: the table has none, or all count."""

POST, FOLLOW = "post", "follow"
"""Actions that are none on somebody's post: a page publishes; an account is listed as follower."""

CO_ACTION = "co_action"
"""The timed layer: the same object, within a window."""

CO_ENGAGEMENT = "co_engagement"
"""The untimed layer: the same objects, whenever."""

CO_TEXT = "co_text"
"""The layer of comments: made from the same texts."""

TEXT = "text"
"""The action of that layer, whatever carried the texts."""

FUSED = "fused"
"""Layers together."""

TIME = pl.Datetime("ms", "UTC")

EVENT_IDS = ("account_id", "object_id", "owner_id", "content_id", "action", "source")
"""Event columns held as codes with a dictionary, in the order of the events table."""

EVENTS = pl.Schema(
    {
        "account_id": pl.String(),
        "action": pl.String(),
        "object_id": pl.String(),
        "time_min": TIME,
        "time_max": TIME,
        "owner_id": pl.String(),
        "content_id": pl.String(),
        "text": pl.String(),
        "source": pl.String(),
    }
)
"""One row: one account acted once on one object, in [time_min, time_max]."""

LIST_FACTS = pl.Schema({"rank": pl.Int64(), "poll_time": TIME, "list_count": pl.Int64()})
"""What a row read from a list of likers may hold besides: its place in the list from 1, when the
list in which it was first seen was read, and how many the platform then said there are. Facts
about the list, never times of the action; a table without them stays without them."""

OBJECTS = pl.Schema(
    {
        "object_id": pl.String(),
        "owner_id": pl.String(),
        "created": TIME,
        "text": pl.String(),
        "like_count": pl.Int64(),
        "comment_count": pl.Int64(),
        "repost_count": pl.Int64(),
        "view_count": pl.Int64(),
        "collected": TIME,
    }
)
"""One row: one reading of one post, its own counts and the moment at which they were read (null
where that is not known)."""

COUNTERS = pl.Schema(
    {
        "object_id": pl.String(),
        "owner_id": pl.String(),
        "counter": pl.String(),
        "time": TIME,
        "value": pl.Int64(),
    }
)
"""One row: what one counter of a post (``object_id``), or else of a page, showed at a time."""

PAIRS = pl.Schema(
    {
        "layer": pl.String(),
        "action": pl.String(),
        "window_ms": pl.Int64(),
        "account_a": pl.String(),
        "account_b": pl.String(),
        "weight": pl.Int64(),
        "expected": pl.Float64(),
        "p_value": pl.Float64(),
        "q_value": pl.Float64(),
        "mean_delta_ms": pl.Float64(),
        "a_first": pl.Float64(),
    }
)
"""One row: one pair of accounts in one layer, action and window; account_a < account_b."""

ACCOUNTS = pl.Schema(
    {
        "account_id": pl.String(),
        "group_id": pl.Int64(),
        "p_value": pl.Float64(),
        "q_value": pl.Float64(),
        "stability": pl.Float64(),
        "weight": pl.Int64(),
    }
)
"""One row: one member of one group. Accounts outside groups have no row."""

GROUPS = pl.Schema(
    {
        "group_id": pl.Int64(),
        "size": pl.Int64(),
        "p_value": pl.Float64(),
        "q_value": pl.Float64(),
        "pattern": pl.String(),
        "objects": pl.Int64(),
        "episodes": pl.Int64(),
        "first_time": TIME,
        "last_time": TIME,
        "layers": pl.List(pl.String()),
        "density": pl.Float64(),
        "action": pl.String(),
        "window_ms": pl.Int64(),
    }
)
"""One row: one group of one network; a network is one layer, action and window."""

EVIDENCE = pl.Schema(
    {
        "layer": pl.String(),
        "action": pl.String(),
        "window_ms": pl.Int64(),
        "group_id": pl.Int64(),
        "account_id": pl.String(),
        "object_id": pl.String(),
        "owner_id": pl.String(),
        "content_id": pl.String(),
        "time": TIME,
        "time_min": TIME,
        "time_max": TIME,
        **LIST_FACTS,
        "in_group": pl.Boolean(),
    }
)
"""One row: one action that supports an edge; ``in_group`` when the edge is inside a group. It
happened between ``time_min`` and ``time_max``; where they differ ``time`` is a draw from between
them, for pictures and order only."""

ACTIVITY = pl.Schema(
    {
        "group_id": pl.Int64(),
        "account_id": pl.String(),
        "object_id": pl.String(),
        "time": TIME,
        "together": pl.Boolean(),
    }
)
"""One row: one action of a member on an object its group shares, together with others or not.
Only for groups large enough to be pictured."""

RHYTHM = pl.Schema(
    {
        "group_id": pl.Int64(),
        "action": pl.String(),
        "window_ms": pl.Int64(),
        "day": pl.Date(),
        "weekday": pl.Int8(),
        "hour": pl.Int8(),
        "actions": pl.Int64(),
    }
)
"""One row: actions in one hour (weekday 1 is Monday) in the report's time zone, of a pictured
group on its shared objects, or of all events of the network where ``group_id`` is null."""

CURVES = pl.Schema(
    {
        "group_id": pl.Int64(),
        "object_id": pl.String(),
        "time": TIME,
        "all_actions": pl.Int64(),
        "group_actions": pl.Int64(),
    }
)
"""One row: actions on an object up to a moment, of everybody and of the group's members; for
the objects a pictured group shares most, thinned to a few hundred moments."""

TEMPLATES = pl.Schema(
    {
        "group_id": pl.Int64(),
        "template": pl.String(),
        "frame": pl.String(),
        "public_frame": pl.String(),
        "words": pl.Int64(),
        "comments": pl.Int64(),
        "accounts": pl.Int64(),
        "pages": pl.Int64(),
        "posts": pl.Int64(),
        "first_time": TIME,
        "last_time": TIME,
        "rarity_bits": pl.Float64(),
        "rare": pl.Boolean(),
    }
)
"""One row: one template that at least two accounts used, of a group where the group is tied by
it. ``frame`` has slots where its texts differ; ``public_frame`` has only words that lead to
enough people outside."""

COPIES = pl.Schema(
    {
        "group_id": pl.Int64(),
        "account_id": pl.String(),
        "template": pl.String(),
        "object_id": pl.String(),
        "owner_id": pl.String(),
        "content_id": pl.String(),
        "time": TIME,
        "text": pl.String(),
    }
)
"""One row: one comment of a member made from a template of its group."""

VOICES = pl.Schema(
    {
        "group_id": pl.Int64(),
        "comments": pl.Int64(),
        "accounts": pl.Int64(),
        "positive": pl.Float64(),
        "negative": pl.Float64(),
        "generic": pl.Float64(),
        "fit": pl.Float64(),
    }
)
"""One row: comments of a group's members, all of them, and of everybody else where ``group_id`` is
null: shares that are positive, negative, and would suit any post, and how well they fit their
post on average (null where posts have no text)."""

SMALLEST_SHOWN = 10
"""k: groups with fewer members are left out of pictures."""

GROUPS_PICTURED = 12
"""The largest groups get pictures of their own; all are listed."""

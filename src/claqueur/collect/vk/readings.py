"""Readings: one whole list or thread, page by page, however many requests it takes.

What to ask next follows from the replies so far and from nothing else. So the same functions
serve the collector while it reads and when it takes up, from evidence, where it was stopped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from claqueur.collect.vk.calls import Call, Reply

PAGE, WALL, WHOLE_WALL = "page", "wall", "whole-wall"
LIKES, COMMENTS, REPOSTS, MEMBERS = "likes", "comments", "reposts", "members"

_MOST = {"wall.get": 100, "wall.getComments": 100}
_MOST_OTHERS = 1000


def most_of(method: str) -> int:
    """The largest page of a list."""
    return _MOST.get(method, _MOST_OTHERS)


@dataclass
class Reading:
    """A reading under way or done.

    Attributes
    ----------
    label
        ``<number>/<kind>``: what evidence calls it.
    since_ms
        How far back a wall is read.
    """

    label: str
    since_ms: int = 0
    replies: list[Reply] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """What is read."""
        return self.label.partition("/")[2]

    @property
    def first(self) -> Reply:
        """The reply to the first call."""
        return self.replies[0]

    @property
    def hidden(self) -> bool:
        """Whether it is not for us to see."""
        return self.first.fault is not None and self.first.fault.hidden

    @property
    def time_ms(self) -> int:
        """Its moment: when its last answer had come in."""
        return max(reply.time_ms for reply in self.replies)

    @property
    def items(self) -> list[Any]:
        """All items of all pages, of threads too, as they came."""
        return [item for reply in self.replies for item in items_of(reply)]

    def all_newer_than(self, moment_ms: int) -> bool:
        """Whether a wall goes on below these posts, and all of them are newer than a moment."""
        dated = [item["date"] for item in self.items if not item.get("is_pinned")]
        if not dated or len(self.items) >= self.first.response["count"]:
            return False
        return bool(min(dated) * 1000 > max(moment_ms, self.since_ms))

    def next_calls(self) -> list[Call] | None:
        """What is still to be asked: nothing once it is whole, None where it cannot be now."""
        if any(reply.fault and not reply.fault.hidden for reply in self.replies):
            return None
        if self.hidden or self.kind == PAGE:
            return []
        if self.kind in (WALL, WHOLE_WALL):
            return self._more_wall()
        if self.kind == COMMENTS:
            return [*_rest_of(_level(self.replies)), *self._threads()]
        if self.kind == REPOSTS:
            return self._more_reposts()
        return _rest_of(self._pass()) or self._again()

    def _more_wall(self) -> list[Call]:
        """The next page, until the wall's end or the beginning of the period."""
        last, items = self.replies[-1], items_of(self.replies[-1])
        end = last.call.page + len(items)
        if self.kind == WALL or not items or end >= last.response["count"]:
            return []
        dated = [item["date"] for item in items if not item.get("is_pinned")]
        if dated and min(dated) * 1000 < self.since_ms:
            return []
        return [_at(last.call, end)]

    def _more_reposts(self) -> list[Call]:
        """The next page after a full one: this list does not say how long it is."""
        last = self.replies[-1]
        got = len(items_of(last))
        return [_at(last.call, last.call.page + got)] if got >= most_of(last.call.method) else []

    def _threads(self) -> list[Call]:
        """What is missing of threads that are longer than what comes with their comment."""
        calls = []
        for item in {item["id"]: item for item in _tops(self.replies)}.values():
            thread = item.get("thread") or {}
            shown = thread.get("items") or []
            if thread.get("count", 0) <= len(shown):
                continue
            asked = [r for r in self.replies if r.call.params.get("comment_id") == item["id"]]
            first = {**self.first.call.params, "comment_id": item["id"], "offset": 0}
            calls += _rest_of(asked) if asked else [replace(self.first.call, params=first)]
        return calls

    def _again(self) -> list[Call]:
        """The whole list once more, where it grew or shrank while its pages were read.

        A list that changed between two pages counts as cut, and bounds nothing.
        """
        last = self._pass()
        counts = {reply.response["count"] for reply in last if not reply.fault}
        again = len(self.replies) > len(last)
        return [_at(self.first.call, 0)] if len(counts) > 1 and not again else []

    def _pass(self) -> list[Reply]:
        """The replies since the list was begun last."""
        begun = max(at for at, reply in enumerate(self.replies) if reply.call.page == 0)
        return self.replies[begun:]


def items_of(reply: Reply) -> list[Any]:
    """The items of an answer; none of one that is an error."""
    return [] if reply.fault else list(reply.response.get("items") or [])


def _level(replies: Iterable[Reply]) -> list[Reply]:
    return [reply for reply in replies if "comment_id" not in reply.call.params]


def _tops(replies: Iterable[Reply]) -> list[Any]:
    return [item for reply in _level(replies) for item in items_of(reply)]


def _at(call: Call, offset: int) -> Call:
    return replace(call, params={**call.params, "offset": offset})


def _rest_of(replies: Sequence[Reply]) -> list[Call]:
    """The first stretch of a list that no page has covered, if any.

    Pages may be shorter than asked for, and may have been asked side by side.
    """
    good = [reply for reply in replies if not reply.fault]
    if not good:
        return []
    answer = good[-1].response
    length = int(answer.get("current_level_count", answer["count"]))
    reached = 0
    for reply in sorted(good, key=lambda reply: reply.call.page):
        if reply.call.page <= reached:
            reached = max(reached, reply.call.page + len(items_of(reply)))
    if reached >= length or any(reply.call.page == reached for reply in good):
        return []
    return [_at(good[0].call, reached)]


def pages_of(call: Call, length: int) -> list[Call]:
    """Calls for a list that is known to be so long, to be asked side by side."""
    most = most_of(call.method)
    return [_at(call, offset) for offset in range(0, max(length, 1), most)]


def first_call(kind: str, owner: int, number: int = 0, count: int = 100) -> Call:
    """The call a reading begins with; ``count`` is of posts on a wall."""
    on_post: dict[str, str | int] = {"owner_id": owner, "post_id": number, "offset": 0}
    wall: dict[str, str | int] = {
        "owner_id": owner,
        "offset": 0,
        "count": count,
        "filter": "owner",
    }
    calls: dict[str, tuple[str, dict[str, str | int]]] = {
        WALL: ("wall.get", wall),
        WHOLE_WALL: ("wall.get", wall),
        LIKES: (
            "likes.getList",
            {"type": "post", "owner_id": owner, "item_id": number, "filter": "likes",
             "offset": 0, "count": 1000},
        ),
        COMMENTS: (
            "wall.getComments",
            {**on_post, "count": 100, "sort": "asc", "thread_items_count": 10,
             "preview_length": 0},
        ),
        REPOSTS: ("wall.getReposts", {**on_post, "count": 1000}),
        MEMBERS: ("groups.getMembers", {"group_id": -owner, "offset": 0, "count": 1000}),
    }  # fmt: skip
    method, params = calls[kind]
    return Call(method, params)


def page_call(names: Iterable[str]) -> Call:
    """The call that asks about pages themselves."""
    return Call("groups.getById", {"group_ids": ",".join(names), "fields": "members_count"})

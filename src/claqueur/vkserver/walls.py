"""The world as an index: posts by page, and under each post who did what, in order of time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import polars as pl

from claqueur.simulation.chance import stream
from claqueur.vkserver.dataset import NEVER, Dataset
from claqueur.vkserver.hide import Hidden, Hide, hidden

T = TypeVar("T")

REPLIES_SHARE = 0.15
"""Of the comments below others: the simulation knows no threads, clients must."""


class Timed(Generic[T]):
    """Things that come at a time and may go again, in order of their coming."""

    __slots__ = ("_gone", "_gone_sorted", "_times", "_values")

    def __init__(self, times: list[int], values: list[T], gone: list[int] | None = None) -> None:
        self._times, self._values = times, values
        going = sorted(second for second in gone or [] if second < NEVER)
        self._gone = gone if going else None
        self._gone_sorted = going

    def count(self, now: int) -> int:
        """How many are there at a moment."""
        return bisect_right(self._times, now) - bisect_right(self._gone_sorted, now)

    def at(self, now: int) -> Sequence[T]:
        """Those there at a moment, the oldest first."""
        until = bisect_right(self._times, now)
        there = self._values if until == len(self._values) else self._values[:until]
        if self._gone is None or not bisect_right(self._gone_sorted, now):
            return there
        return [value for value, second in zip(there, self._gone, strict=False) if second > now]


def newest(things: Sequence[T], offset: int, count: int) -> Sequence[T]:
    """A page of a list, counted from its end."""
    until = max(len(things) - offset, 0)
    return things[max(until - count, 0) : until][::-1]


@dataclass(slots=True)
class Comment:
    """A comment, or a reply to its ``parent``, which is none itself."""

    id: int
    author: int
    date: int
    text: str
    parent: Comment | None = None


@dataclass(slots=True)
class Repost:
    """The post on somebody's own wall that passes another one on."""

    id: int
    account: int
    date: int
    of: Post


@dataclass(slots=True, eq=False)
class Post:
    """A post of a page, and what was done to it.

    ``likers`` and ``reposters`` are everybody, as counters count them; ``listed_likers`` and
    ``reposts`` leave closed accounts out, as lists do. ``top`` has the comments that answer no
    other, ``replies`` those below each.
    """

    owner: int
    id: int
    key: str
    created: int
    text: str
    views: int
    likers: Timed[int]
    listed_likers: Timed[int]
    reposters: Timed[int]
    reposts: Timed[Repost]
    comments: Timed[Comment]
    top: Timed[Comment]
    replies: dict[int, Timed[Comment]]
    deleted: int = NEVER

    def there(self, now: int) -> bool:
        """Whether it is published and not deleted at a moment."""
        return self.created <= now < self.deleted


@dataclass(frozen=True)
class Walls:
    """All of a world, ready to be asked."""

    data: Dataset
    hide: Hide
    hidden: Hidden
    accounts: frozenset[int]
    names: dict[str, int]
    posts: dict[tuple[int, int], Post]
    pages: dict[int, Timed[Post]]
    people: dict[int, Timed[Repost]]
    members: dict[int, list[int]]
    followers: dict[int, Timed[int]]
    comments: dict[int, set[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, data: Dataset, hide: Hide | None = None) -> Walls:
        """Index a world."""
        hide = hide or Hide()
        away = hidden(data, hide)
        posts = _posts(data, away)
        reposts = _own_walls(posts.values())
        return cls(
            data=data,
            hide=hide,
            hidden=away,
            accounts=frozenset(data.accounts),
            names=_screen_names(data.pages),
            posts=posts,
            pages=_walls_of_pages(data, posts.values()),
            people=reposts,
            members=_members(data, away),
            followers=_readings(data),
            comments=_comment_ids(posts.values()),
        )


def screen_name(name: str) -> str:
    """A page's short address."""
    return name.replace("-", "_")


def _screen_names(pages: dict[int, str]) -> dict[str, int]:
    numbered = {f"{word}{-owner}": owner for owner in pages for word in ("club", "public")}
    return numbered | {screen_name(name): owner for owner, name in pages.items()}


def _posts(data: Dataset, away: Hidden) -> dict[tuple[int, int], Post]:
    acts = _by_post(data.acts)
    nothing = {"like": _EMPTY, "comment": _EMPTY, "repost": _EMPTY}
    comments = data.acts.filter(pl.col("action") == "comment").height
    rng = stream(data.seed, "vkserver.threads")
    answers = iter(rng.random((comments, 2)).tolist())
    posts: dict[tuple[int, int], Post] = {}
    for key, owner, created, text, views in data.posts.rows():
        number = int(key.rpartition("_")[2])
        own = nothing | acts.get(key, {})
        threads = _threaded(own["comment"], answers)
        post = Post(
            owner=owner,
            id=number,
            key=key,
            created=created,
            text=text,
            views=views,
            likers=_everybody(own["like"]),
            listed_likers=_listed(own["like"], away.closed),
            reposters=_everybody(own["repost"]),
            reposts=Timed([], []),
            comments=_dated(threads),
            top=_dated([comment for comment in threads if comment.parent is None]),
            replies=_replies(threads),
            deleted=away.deleted.get(key, NEVER),
        )
        post.reposts = _reposts(post, own["repost"], away.closed)
        posts[owner, number] = post
    return posts


Rows = list[tuple[int, int, int, str, str]]
"""Account, time, second of taking back, content id and text of acts on one post."""

_EMPTY: Rows = []


def _by_post(acts: pl.DataFrame) -> dict[str, dict[str, Rows]]:
    """Acts by post and kind, each in order of time."""
    found: dict[str, dict[str, Rows]] = {}
    columns = ("object_id", "action", "account_id", "time", "gone", "content_id", "text")
    for key, action, *rest in acts.select(columns).iter_rows():
        found.setdefault(key, {}).setdefault(action, []).append(tuple(rest))
    return found


def _everybody(rows: Rows) -> Timed[int]:
    return Timed([row[1] for row in rows], [row[0] for row in rows], [row[2] for row in rows])


def _listed(rows: Rows, closed: frozenset[int]) -> Timed[int]:
    return _everybody([row for row in rows if row[0] not in closed])


def _reposts(post: Post, rows: Rows, closed: frozenset[int]) -> Timed[Repost]:
    shown = [row for row in rows if row[0] not in closed]
    own = [Repost(int(row[3].rpartition("_")[2]), row[0], row[1], post) for row in shown]
    return Timed([repost.date for repost in own], own)


def _threaded(rows: Rows, answers: Iterator[list[float]]) -> list[Comment]:
    """The comments of a post; some answer an earlier one that answers none itself."""
    comments: list[Comment] = []
    top: list[Comment] = []
    for account, time, _, content, text in rows:
        answering, which = next(answers)
        comment = Comment(int(content.rpartition("_r")[2]), account, time, text or "")
        if top and answering < REPLIES_SHARE:
            comment.parent = top[int(which * len(top))]
        else:
            top.append(comment)
        comments.append(comment)
    return comments


def _dated(comments: list[Comment]) -> Timed[Comment]:
    return Timed([comment.date for comment in comments], comments)


def _replies(comments: list[Comment]) -> dict[int, Timed[Comment]]:
    below: dict[int, list[Comment]] = {}
    for comment in comments:
        if comment.parent is not None:
            below.setdefault(comment.parent.id, []).append(comment)
    return {parent: _dated(found) for parent, found in below.items()}


def _walls_of_pages(data: Dataset, posts: Iterable[Post]) -> dict[int, Timed[Post]]:
    walls: dict[int, list[Post]] = {owner: [] for owner in data.pages}
    for post in posts:
        walls[post.owner].append(post)
    return {
        owner: Timed([p.created for p in own], own, [p.deleted for p in own])
        for owner, own in walls.items()
    }


def _own_walls(posts: Iterable[Post]) -> dict[int, Timed[Repost]]:
    walls: dict[int, list[Repost]] = {}
    for post in posts:
        for repost in post.reposts.at(NEVER):
            walls.setdefault(repost.account, []).append(repost)
    ordered = {who: sorted(own, key=lambda repost: repost.date) for who, own in walls.items()}
    return {who: Timed([repost.date for repost in own], own) for who, own in ordered.items()}


def _members(data: Dataset, away: Hidden) -> dict[int, list[int]]:
    members: dict[int, list[int]] = {owner: [] for owner in data.pages}
    for account, owner in data.follows.sort("account_id").iter_rows():
        if account not in away.closed:
            members[owner].append(account)
    return members


def _readings(data: Dataset) -> dict[int, Timed[int]]:
    found: dict[int, tuple[list[int], list[int]]] = {}
    for owner, time, value in data.followers.iter_rows():
        times, values = found.setdefault(owner, ([], []))
        times.append(time)
        values.append(value)
    return {owner: Timed(*readings) for owner, readings in found.items()}


def _comment_ids(posts: Iterable[Post]) -> dict[int, set[int]]:
    """Numbers of the comments on every page's wall."""
    found: dict[int, set[int]] = {}
    for post in posts:
        found.setdefault(post.owner, set()).update(c.id for c in post.comments.at(NEVER))
    return found

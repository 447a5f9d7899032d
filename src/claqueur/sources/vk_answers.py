"""What VK's API answered (schema 5.199), as rows of our tables.

The one translation for saved answers and for what a collector reads. It knows no files, asks
nobody anything, and makes no number of what an answer does not say: an error is "not visible".
"""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl
import pyarrow as pa

from claqueur.errors import SourceError
from claqueur.refusals import Refusals
from claqueur.sources.vk_calls import NO_TIME, Answer, answer_of, split_execute
from claqueur.sources.vk_cells import (
    dicts,
    exact,
    mapping,
    page_id,
    place,
    plain,
    shown_count,
    text_of,
    whole,
)
from claqueur.sources.vk_rows import (
    COUNTERS,
    Act,
    Acts,
    Lists,
    Members,
    Page,
    Posts,
    empty_lists,
    post_id,
)

__all__ = ["NOT_VISIBLE", "NO_TIME", "Answer", "Translated", "answer_of", "split_execute",
           "translate"]  # fmt: skip

NOT_VISIBLE = {
    7: "no permission",
    15: "access denied",
    18: "user deleted or banned",
    19: "content not available",
    30: "profile is private",
    203: "access to the group denied",
    210: "access to the post denied",
    211: "access to the comments denied",
    212: "access to the comments denied",
    213: "access to the replies denied",
}
"""Errors that say that nobody, or not we, may see something; never that there is nothing."""

DELETED = "deleted comment (VK shows neither its author nor its text)"
UNPUBLISHED = "post that is not published (postponed or suggested)"
OTHER_LISTS = "list of likers of something else than a post"
FRIENDS = "list of likers among friends only"
NOBODY_SHOWN = "list of likers that gives a number and shows nobody"
TWICE = "page of a list that is there twice"
PREVIEWED = "comments asked for without preview_length=0 (their texts may be cut)"
FUTURE = "time in the future"

_SCHEMA = pl.Schema(
    {
        "method": pl.String(),
        "object_id": pl.String(),
        "owner_id": pl.String(),
        "code": pl.Int64(),
        "why": pl.String(),
        "time_ms": pl.Int64(),
        "source": pl.String(),
    }
)

_DAY_MS = 86_400_000
_LARGEST_ID = 2**53


@dataclass(frozen=True)
class Translated:
    """Rows of our tables, as batches that ``store.collect`` and ``counts.table_of`` take.

    Attributes
    ----------
    events
        Posts, comments and reposts, at exact times; and rows of lists read nobody knows when.
    sightings
        Lists of likers (and of those who shared), one row an account in a list, and lists that
        were empty; the store makes intervals of them.
    follows
        Accounts in a page's list of members, without a time.
    objects, counters
        Readings of posts, and of counters of posts and pages.
    not_visible
        One row a thing that could not be seen: ``method``, ``object_id`` or ``owner_id``, ``code``
        of the error (null where VK sends none), ``why``, ``time_ms``, ``source``.
    """

    events: list[pa.RecordBatch]
    sightings: list[pa.RecordBatch]
    follows: list[pa.RecordBatch]
    objects: list[pa.RecordBatch]
    counters: list[pa.RecordBatch]
    not_visible: pl.DataFrame

    def tables(self) -> Iterator[tuple[str, pa.RecordBatch]]:
        """Yield all batches, with the table of a case each belongs to."""
        for batch in (*self.events, *self.sightings, *self.follows):
            yield "events", batch
        yield from (("objects", batch) for batch in self.objects)
        yield from (("counters", batch) for batch in self.counters)


def translate(answers: Iterable[Answer], refusals: Refusals | None = None) -> Translated:
    """Translate answers, in any order.

    Parameters
    ----------
    refusals
        Where rows and answers that cannot be used are counted, and noted what was not visible.

    Raises
    ------
    SourceError
        If ids passed through a float.
    """
    reader = _Reader(refusals if refusals is not None else Refusals())
    for answer in answers:
        reader.read(answer)
    return reader.result()


@dataclass
class _Reader:
    """Reads answers one by one."""

    refusals: Refusals
    acts: Acts = field(default_factory=Acts)
    posts: Posts = field(default_factory=Posts)
    lists: Lists = field(default_factory=Lists)
    members: Members = field(default_factory=Members)
    followers: dict[tuple[int, int], int] = field(default_factory=dict)
    not_visible: list[tuple[Any, ...]] = field(default_factory=list)
    latest_ms: int = field(default_factory=lambda: round(time.time() * 1000) + _DAY_MS)
    deleted: set[str] = field(default_factory=set)

    def read(self, answer: Answer) -> None:
        """Take what is of use from an answer."""
        if answer.error is not None and "execute_errors" not in answer.error:
            self._failed(answer)
        elif answer.response is None:
            self._refuse("answer that holds neither a response nor an error", answer)
        elif answer.time_ms > self.latest_ms:
            self._refuse(f"answer with a {FUTURE}", answer)
        elif answer.method == "execute":
            self._execute(answer)
        elif reader := _METHODS.get(answer.method):
            reader(self, answer)
        else:
            self._refuse(f"answer of {plain(answer.method)}, of which nothing is used", answer)

    def result(self) -> Translated:
        """Tables of all that was read."""
        lists, twice = self.lists.readings()
        noted = self.refusals.noted
        noted.add(TWICE, twice)
        noted.add(NOBODY_SHOWN, sum(1 for each in lists if each.listed and not each.rows))
        rows = list(self.lists.batches(lists, self.posts))
        sighted = [batch for batch in rows if "sighted" in batch.schema.names]
        untimed = [batch for batch in rows if "sighted" not in batch.schema.names]
        noted.add("row of a list read nobody says when (kept, without a time)",
                  sum(batch.num_rows for batch in untimed))  # fmt: skip
        return Translated(
            events=[*self.acts.batches(), *untimed],
            sightings=[*sighted, *empty_lists(lists, self.posts)],
            follows=list(self.members.batches()),
            objects=list(self.posts.objects()),
            counters=[*self.posts.counters(), *self._followers()],
            not_visible=pl.DataFrame(self.not_visible, schema=_SCHEMA, orient="row"),
        )

    # What is no row

    def _refuse(self, reason: str, answer: Answer, rows: int = 1) -> None:
        self.refusals.add(reason, rows, [answer.source])

    def _failed(self, answer: Answer) -> None:
        """What may not be seen is recorded as such; any other error only says that it failed."""
        code = whole((answer.error or {}).get("error_code"))
        if code in NOT_VISIBLE:
            self._hide(answer, *about(answer), code, NOT_VISIBLE[code])
        else:
            shown = "without a number" if code is None else code
            self._refuse(f"answer that is an error of the call (error {shown})", answer)

    def _hide(
        self, answer: Answer, object_id: str | None, owner_id: str | None,
        code: int | None, why: str,
    ) -> None:  # fmt: skip
        row = (answer.method, object_id, owner_id, code, why, answer.time_ms, answer.source)
        self.not_visible.append(row)
        shown = why if code is None else f"error {code}: {why}"
        reason = f"not visible in {answer.method} ({shown}); taken for unknown, not for nothing"
        self.refusals.noted.add(reason, 1, [answer.source])

    # Several at once

    def _execute(self, answer: Answer) -> None:
        try:
            parts = split_execute(answer)
        except SourceError:
            self._refuse("execute answer whose calls cannot be told from its `code`", answer)
            return
        for part in parts:
            if part.response is None and not part.error:
                self._refuse("call inside execute that failed without saying why", part)
            elif part.method != "execute":
                self.read(part)

    # Posts

    def _posts(self, answer: Answer) -> None:
        seen: set[str] = set()
        for item in self._items(answer):
            owner = self._id(answer, item, "owner_id", answer.params.get("owner_id"))
            number = self._id(answer, item, "id")
            if owner is None or number is None:
                self._refuse("post without an id or a wall", answer)
                continue
            seen.add(f"{owner}_{number}")
            if item.get("is_deleted") is True:
                self._hide(answer, post_id(owner, number), str(owner), None, "deleted")
            else:
                self._post(answer, item, owner, number)
        for asked in answer.params.get("posts", "").split(","):
            key = "_".join(asked.strip().split("_")[:2])
            if key and key not in seen:
                owner_id = key.partition("_")[0]
                self._hide(answer, f"wall{key}", owner_id, None, "not among the posts asked for")

    def _post(self, answer: Answer, item: Mapping[str, Any], owner: int, number: int) -> None:
        kind = item.get("post_type")
        if kind in ("postpone", "suggest"):
            self._refuse(UNPUBLISHED, answer)
            return
        if kind == "reply":
            self._refuse("search result that is a comment", answer)
            return
        created = self._date(answer, item)
        if created is None:
            return
        text = text_of(item)
        counts = [shown_count(item, name) for name in COUNTERS]
        self.posts.add(owner, number, created, text or "", counts, answer.time_ms)
        author = self._id(answer, item, "from_id") or owner
        self.acts.add(Act("post", author, owner, number, None, created, text, answer.source))
        for copied in dicts(item.get("copy_history"))[:1]:
            self._repost(answer, item, copied, created)

    def _reposts(self, answer: Answer) -> None:
        asked = {"owner_id": answer.params.get("owner_id"), "id": answer.params.get("post_id")}
        for item in self._items(answer):
            created = self._date(answer, item)
            copied = (
                asked if all(asked.values()) else next(iter(dicts(item.get("copy_history"))), {})
            )
            if created is not None:
                self._repost(answer, item, copied, created)

    def _repost(
        self, answer: Answer, item: Mapping[str, Any], copied: Mapping[str, Any], created: int
    ) -> None:
        """The post that carries a repost is somebody's act on the post that was copied."""
        owner, post = self._id(answer, copied, "owner_id"), self._id(answer, copied, "id")
        wall, number = self._id(answer, item, "owner_id"), self._id(answer, item, "id")
        account = self._id(answer, item, "from_id") or wall
        if owner is None or post is None or account is None or number is None:
            self._refuse("repost that does not say whose it is, or of what", answer)
            return
        content = post_id(account if wall is None else wall, number)
        act = Act("repost", account, owner, post, content, created, text_of(item), answer.source)
        self.acts.add(act)

    # Comments

    def _comments(self, answer: Answer) -> None:
        if "post_id" in answer.params and answer.params.get("preview_length") != "0":
            self.refusals.noted.add(PREVIEWED, 1, [answer.source])
        for item in self._items(answer):
            self._comment(answer, item, answer.params)
            for reply in dicts(mapping(item.get("thread")).get("items")):
                self._comment(answer, reply, {**answer.params, **place(item)})

    def _comment(
        self, answer: Answer, item: Mapping[str, Any], around: Mapping[str, Any]
    ) -> None:  # fmt: skip
        owner = self._id(answer, item, "owner_id", around.get("owner_id"))
        post = self._id(answer, item, "post_id", around.get("post_id"))
        number = self._id(answer, item, "id")
        if owner is None or post is None or number is None:
            self._refuse("comment that does not say on which post it is", answer)
            return
        content = f"{post_id(owner, post)}_r{number}"
        if item.get("deleted") is True:
            if content not in self.deleted:
                self.deleted.add(content)
                self._refuse(DELETED, answer)
            return
        account = self._id(answer, item, "from_id")
        created = self._date(answer, item)
        if created is None:
            return
        if not account:
            self._refuse("comment without an author", answer)
            return
        text = text_of(item)
        self.acts.add(Act("comment", account, owner, post, content, created, text, answer.source))

    # Lists of accounts

    def _likers(self, answer: Answer) -> None:
        params = answer.params
        owner, post = whole(params.get("owner_id")), whole(params.get("item_id"))
        count = whole(mapping(answer.response).get("count"))
        offset = whole(params.get("offset", "0"))
        if params.get("type", "post") != "post":
            self._refuse(OTHER_LISTS, answer)
        elif params.get("friends_only", "0") not in ("0", ""):
            self._refuse(FRIENDS, answer)
        elif owner is None or post is None:
            self._refuse("list of likers that does not say whose (owner_id, item_id)", answer)
        elif count is None or count < 0 or offset is None or offset < 0:
            self._refuse("list of likers without a count, or from nowhere", answer)
        elif (accounts := self._accounts(answer)) is not None:
            action = "repost" if params.get("filter") == "copies" else "like"
            source = self.lists.sources.of(answer.source)
            page = Page(answer.time_ms, offset, count, accounts, source)
            self.lists.add(action, owner, post, page)

    def _members(self, answer: Answer) -> None:
        owner = page_id(answer.params.get("group_id"))
        if owner is None:
            self._refuse("list of members that does not say whose (group_id, as a number)", answer)
            return
        accounts = self._accounts(answer)
        if accounts is not None:
            self.members.add(owner, accounts, answer.source)
        if not answer.params.get("filter"):
            self._follower_count(answer, owner, mapping(answer.response).get("count"))

    def _accounts(self, answer: Answer) -> array[int] | None:
        """The accounts of a list in its order; with names VK sends profiles instead of ids."""
        items = mapping(answer.response).get("items")
        if not isinstance(items, list):
            self._refuse("answer without a list of items", answer)
            return None
        found: array[int] = array("q")
        wrong = 0
        for item in items:
            account = item if type(item) is int else self._profile(answer, item)
            if account and -_LARGEST_ID < account < _LARGEST_ID:
                found.append(account)
            else:
                wrong += 1
        self.refusals.add("entry of a list that is no account", wrong, [answer.source])
        return found

    def _profile(self, answer: Answer, item: object) -> int | None:
        if not isinstance(item, Mapping):
            return whole(exact(item, answer.method, answer.source))
        account = self._id(answer, item, "id")
        of_page = item.get("type") in ("group", "page", "event")
        return -abs(account) if account and of_page else account

    # Counters of pages

    def _groups(self, answer: Answer) -> None:
        response = answer.response
        groups = mapping(response).get("groups", response)
        for group in dicts(groups):
            number = self._id(answer, group, "id")
            if number:
                self._follower_count(answer, -abs(number), group.get("members_count"))

    def _users(self, answer: Answer) -> None:
        for user in dicts(answer.response):
            number = self._id(answer, user, "id")
            if number:
                self._follower_count(answer, number, user.get("followers_count"))

    def _follower_count(self, answer: Answer, owner: int, value: object) -> None:
        count = whole(value)
        if count is None or count < 0:
            return
        if answer.time_ms == NO_TIME:
            self.refusals.noted.add(
                "number of followers read nobody says when (not used)", 1, [answer.source]
            )
        else:
            self.followers[owner, answer.time_ms] = count

    def _followers(self) -> Iterator[pa.RecordBatch]:
        if self.followers:
            yield pa.RecordBatch.from_pydict(
                {
                    "owner_id": pa.array([str(owner) for owner, _ in self.followers]),
                    "counter": pa.array(["followers"] * len(self.followers)),
                    "time_ms": pa.array([moment for _, moment in self.followers], pa.int64()),
                    "value": pa.array(self.followers.values(), pa.int64()),
                }
            )

    # Cells

    def _items(self, answer: Answer) -> Sequence[Mapping[str, Any]]:
        response = answer.response
        items = response if isinstance(response, list) else mapping(response).get("items")
        if not isinstance(items, list):
            self._refuse("answer without a list of items", answer)
            return []
        found = dicts(items)
        if len(found) < len(items):
            self._refuse("item that is no object", answer, len(items) - len(found))
        return found

    def _id(
        self, answer: Answer, item: Mapping[str, Any], name: str, otherwise: object = None
    ) -> int | None:
        value = item.get(name)
        return whole(exact(otherwise if value is None else value, answer.method, answer.source))

    def _date(self, answer: Answer, item: Mapping[str, Any]) -> int | None:
        """When something was published, in milliseconds; None, counted, where that is no time."""
        seconds = item.get("date")
        if isinstance(seconds, float) and seconds.is_integer():
            seconds = int(seconds)
        date = whole(seconds)
        if date is None or date <= 0:
            self._refuse("item without a date", answer)
        elif date * 1000 > self.latest_ms:
            self._refuse(f"item with a {FUTURE}", answer)
        else:
            return date * 1000
        return None


_METHODS: dict[str, Callable[[_Reader, Answer], None]] = {
    "wall.get": _Reader._posts,
    "wall.getById": _Reader._posts,
    "wall.search": _Reader._posts,
    "newsfeed.search": _Reader._posts,
    "wall.getComments": _Reader._comments,
    "wall.getComment": _Reader._comments,
    "wall.getReposts": _Reader._reposts,
    "likes.getList": _Reader._likers,
    "groups.getMembers": _Reader._members,
    "groups.getById": _Reader._groups,
    "users.get": _Reader._users,
}


def about(answer: Answer) -> tuple[str | None, str | None]:
    """The post and the page, as far as the parameters say."""
    params = answer.params
    group = page_id(params.get("group_id") or params.get("group_ids"))
    owner = params.get("owner_id") or params.get("domain") or (str(group) if group else None)
    number = params.get("item_id") or params.get("post_id")
    post = f"wall{owner}_{number}" if owner and number else None
    if post and params.get("type", "post") != "post":
        post = None
    return post, owner or params.get("user_ids")

"""VK's objects, with every field that its schema 5.199 demands and those that clients use."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from claqueur.vkserver.walls import Comment, Post, Repost, Walls, screen_name

Json = dict[str, Any]


def post_object(post: Post, now: int) -> Json:
    """A page's post, its counters as they are at a moment."""
    likes = post.likers.count(now)
    return {
        **_wall_item(post.owner, post.id, post.created, post.text),
        "comments": {
            "can_post": 0,
            "can_view": 1,
            "count": post.comments.count(now),
            "groups_can_post": False,
        },
        "likes": _likes(likes),
        "reposts": {"count": post.reposters.count(now), "user_reposted": 0},
        "views": {"count": _views(post, likes, now)},
    }


def repost_object(repost: Repost, now: int) -> Json:
    """The post on somebody's own wall that passes another on."""
    return {
        **_wall_item(repost.account, repost.id, repost.date, ""),
        "comments": {"can_post": 0, "can_view": 1, "count": 0, "groups_can_post": False},
        "copy_history": [_original(repost.of, now)],
        "likes": _likes(0),
        "reposts": {"count": 0, "user_reposted": 0},
        "views": {"count": 0},
    }


def comment_object(
    post: Post, comment: Comment, now: int, *, need_likes: bool, preview: int, replies: int
) -> Json:
    """A comment; with ``replies`` up to so many of those below it, the oldest first."""
    text = comment.text
    item: Json = {
        "id": comment.id,
        "from_id": comment.author,
        "date": comment.date,
        "text": text if not preview or len(text) <= preview else f"{text[:preview]}…",
        "post_id": post.id,
        "owner_id": post.owner,
        "parents_stack": [comment.parent.id] if comment.parent else [],
        "attachments": [],
    }
    if need_likes:
        item["likes"] = _likes(0)
    if comment.parent:
        item["reply_to_comment"] = comment.parent.id
        item["reply_to_user"] = comment.parent.author
        return item
    below: Sequence[Comment] = ()
    if comment.id in post.replies:
        below = post.replies[comment.id].at(now)
    item["thread"] = {
        "count": len(below),
        "items": [
            comment_object(post, reply, now, need_likes=need_likes, preview=preview, replies=0)
            for reply in below[:replies]
        ],
        "can_post": False,
        "show_reply_button": False,
        "groups_can_post": False,
    }
    return item


def user_object(walls: Walls, account: int, fields: Iterable[str] = ()) -> Json:
    """An account: its name says that it is none."""
    if account in walls.hidden.deactivated:
        return {"id": account, "first_name": "DELETED", "last_name": "", "deactivated": "deleted"}
    closed = account in walls.hidden.closed
    own: Json = {
        "id": account,
        "first_name": "Simulated",
        "last_name": str(account),
        "can_access_closed": not closed,
        "is_closed": closed,
    }
    address = f"id{account}"
    return own | {name: address for name in ("screen_name", "domain") if name in fields}


def group_object(walls: Walls, owner: int, now: int, fields: Iterable[str] = ()) -> Json:
    """A page of the world."""
    name = walls.data.pages[owner]
    own: Json = {
        "id": -owner,
        "name": f"Simulated page {name}",
        "screen_name": screen_name(name),
        "is_closed": int(owner in walls.hide.page),
        "type": "page",
        "photo_50": "",
        "photo_100": "",
        "photo_200": "",
    }
    if owner in walls.hide.blocked:
        own["deactivated"] = "banned"
    if "members_count" in fields and owner not in walls.hide.blocked:
        own["members_count"] = members_count(walls, owner, now)
    return own


def members_count(walls: Walls, owner: int, now: int) -> int:
    """The last reading of the number of followers, or the first one before there is any."""
    readings = walls.followers.get(owner)
    if readings is None:
        return len(walls.members[owner])
    return (readings.at(now) or readings.at(1 << 62))[max(readings.count(now) - 1, 0)]


def with_authors(
    walls: Walls, answer: Json, ids: Iterable[int], now: int, fields: Iterable[str] = ()
) -> Json:
    """An answer with the profiles and groups that its items mention, each once."""
    mentioned = list(dict.fromkeys(ids))
    people = [user_object(walls, who, fields) for who in mentioned if who > 0]
    pages = [group_object(walls, who, now, fields) for who in mentioned if who < 0]
    return {**answer, "profiles": people, "groups": pages}


def _wall_item(owner: int, number: int, date: int, text: str) -> Json:
    return {
        "inner_type": "wall_wallpost",
        "id": number,
        "owner_id": owner,
        "from_id": owner,
        "date": date,
        "text": text,
        "type": "post",
        "post_type": "post",
        "post_source": {"type": "vk"},
        "attachments": [],
        "donut": {"is_donut": False},
        "is_favorite": False,
        "marked_as_ads": 0,
    }


def _original(post: Post, now: int) -> Json:
    if post.there(now):
        return _wall_item(post.owner, post.id, post.created, post.text)
    return {
        "inner_type": "wall_wallpost",
        "id": post.id,
        "owner_id": post.owner,
        "from_id": post.owner,
        "is_deleted": True,
    }


def _likes(count: int) -> Json:
    return {
        "can_like": 0,
        "can_publish": 0,
        "count": count,
        "repost_disabled": False,
        "user_likes": 0,
    }


def _views(post: Post, likes: int, now: int) -> int:
    """Views so far: in the measure in which the likes have come."""
    in_all = post.likers.count(1 << 39)
    return post.views * (likes + 1) // (in_all + 1) if likes < in_all else post.views

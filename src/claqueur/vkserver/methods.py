"""The methods the server knows, each a small function: parameters in, response out.

All of them read. A method that writes, or that VK has and this server has not, is unknown here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from claqueur.vkserver.objects import (
    Json,
    comment_object,
    group_object,
    post_object,
    repost_object,
    user_object,
    with_authors,
)
from claqueur.vkserver.params import Params, wrong
from claqueur.vkserver.refusals import VkError
from claqueur.vkserver.walls import Comment, Post, Repost, Timed, Walls, newest

USER, SERVICE, GROUP = "user", "service", "group"

_LIKEABLE = (
    "post", "comment", "photo", "audio", "video", "note", "market", "photo_comment",
    "video_comment", "topic_comment", "market_comment", "sitepage", "story",
)  # fmt: skip


@dataclass(frozen=True)
class Method:
    """What a method does, and with which kinds of token it may be called."""

    run: Callable[[Walls, Params, int], Any]
    tokens: tuple[str, ...]


def wall_get(walls: Walls, params: Params, now: int) -> Json:
    """Posts of a page, or reposts on somebody's own wall; the newest first."""
    owner = _owner(walls, params)
    offset, count = params.page(20, 100)
    kind = params.one_of("filter", ("all", "owner", "others", "suggests", "postponed"), "all")
    _wall_open(walls, owner)
    there = _wall(walls, owner, now) if kind in ("all", "owner") else ()
    page = newest(there, offset, count)
    answer = {"count": len(there), "items": [_item(post, now) for post in page]}
    if not params.flag("extended"):
        return answer
    return with_authors(walls, answer, [owner, *_originals(page)], now, _fields(params))


def wall_get_by_id(walls: Walls, params: Params, now: int) -> Json:
    """Posts by their ids, in the order asked for; what is hidden or deleted is left out."""
    asked = [_post_id(text) for text in params.many("posts", 100)]
    found = [_found(walls, owner, number, now) for owner, number in dict.fromkeys(asked)]
    posts = [post for post in found if post]
    answer: Json = {"items": [_item(post, now) for post in posts]}
    if not params.flag("extended"):
        return answer
    ids = [_whose(post) for post in posts] + _originals(posts)
    return with_authors(walls, answer, ids, now, _fields(params))


def wall_get_comments(walls: Walls, params: Params, now: int) -> Json:
    """Comments under a post, or the replies to one of them."""
    owner, number = params.whole("owner_id"), params.whole("post_id", low=1)
    offset, count = params.page(10, 100)
    newest_first = params.one_of("sort", ("asc", "desc", "smart"), "asc") == "desc"
    preview, below = params.whole("preview_length", 90, 0), params.whole("thread_items_count", 0)
    if not 0 <= below <= 10:
        raise wrong("thread_items_count should be between 0 and 10")
    need_likes, extended = params.flag("need_likes"), params.flag("extended")
    post = _page_post(walls, owner, number, now)
    if post.key in walls.hidden.no_comments or walls.data.lists_hidden:
        raise VkError(212)
    level = post.top
    if params.given("comment_id"):
        level = _thread(post, params.whole("comment_id", low=1), now)
    there = level.at(now)
    page = newest(there, offset, count) if newest_first else list(there[offset : offset + count])
    items = [
        comment_object(post, comment, now, need_likes=need_likes, preview=preview, replies=below)
        for comment in page
    ]
    answer: Json = {
        "count": post.comments.count(now) if level is post.top else len(there),
        "items": items,
        "current_level_count": len(there),
        "can_post": False,
        "show_reply_button": False,
        "groups_can_post": False,
    }
    if not extended:
        return answer
    replies = [reply for item in items for reply in item.get("thread", {}).get("items", [])]
    ids = [item["from_id"] for item in items + replies]
    return {
        **with_authors(walls, answer, ids, now, _fields(params)),
        "post_author_id": post.owner,
    }


def likes_get_list(walls: Walls, params: Params, now: int) -> Json:
    """Who likes a post, or passed it on. Nothing says when."""
    kind = params.one_of("type", _LIKEABLE)
    owner, number = params.whole("owner_id"), params.whole("item_id", low=1)
    copies = params.one_of("filter", ("likes", "copies"), "likes") == "copies"
    offset, count = params.page(100, 1000)
    extended = params.flag("extended")
    everybody, shown = _likers(walls, kind, owner, number, now, copies=copies)
    page = newest(shown, offset, count)
    answer: Json = {"count": everybody, "items": list(page)}
    if extended:
        fields = _fields(params)
        answer["items"] = [{"type": "profile", **user_object(walls, who, fields)} for who in page]
    return answer


def wall_get_reposts(walls: Walls, params: Params, now: int) -> Json:
    """The posts that pass one on, each with its date; the newest first. There is no count."""
    owner, number = params.whole("owner_id"), params.whole("post_id", low=1)
    offset, count = params.page(20, 1000)
    post = _page_post(walls, owner, number, now)
    if walls.data.lists_hidden:
        raise VkError(15)
    page = newest(post.reposts.at(now), offset, count)
    answer: Json = {"items": [repost_object(repost, now) for repost in page]}
    return with_authors(walls, answer, [owner, *(each.account for each in page)], now)


def users_get(walls: Walls, params: Params, _now: int) -> list[Json]:
    """Accounts; those that do not exist are left out."""
    asked = dict.fromkeys(_user_id(text) for text in params.many("user_ids", 1000))
    fields = _fields(params)
    return [user_object(walls, who, fields) for who in asked if who in walls.accounts]


def groups_get_by_id(walls: Walls, params: Params, now: int) -> Json:
    """Pages; those that do not exist are left out."""
    name = "group_ids" if params.given("group_ids") else "group_id"
    asked = dict.fromkeys(_group(walls, text) for text in params.many(name, 500))
    fields = _fields(params)
    groups = [group_object(walls, owner, now, fields) for owner in asked if owner is not None]
    return {"groups": groups, "profiles": []}


def groups_get_members(walls: Walls, params: Params, _now: int) -> Json:
    """Members of a page by id, as far as lists show them."""
    owner = _group(walls, params.text("group_id"))
    if owner is None:
        raise VkError(125)
    order = params.one_of("sort", ("id_asc", "id_desc", "time_asc", "time_desc"), "id_asc")
    offset, count = params.page(1000, 1000)
    if params.given("start_from"):
        offset = params.whole("start_from", low=0)
    if owner in walls.hide.page or owner in walls.hide.blocked:
        raise VkError(203)
    if owner in walls.hide.members or walls.data.lists_hidden or order.startswith("time"):
        raise VkError(15)
    members = walls.members[owner]
    ordered = members if order == "id_asc" else members[::-1]
    page: list[Any] = list(ordered[offset : offset + count])
    if fields := _fields(params):
        page = [user_object(walls, who, fields) for who in page]
    answer: Json = {"count": len(members), "items": page}
    if page and offset + len(page) < len(members):
        answer["next_from"] = str(offset + len(page))
    return answer


METHODS = {
    "wall.get": Method(wall_get, (USER, SERVICE)),
    "wall.getById": Method(wall_get_by_id, (USER, SERVICE)),
    "wall.getComments": Method(wall_get_comments, (USER, SERVICE)),
    "likes.getList": Method(likes_get_list, (USER, SERVICE)),
    "wall.getReposts": Method(wall_get_reposts, (USER, SERVICE)),
    "users.get": Method(users_get, (USER, GROUP, SERVICE)),
    "groups.getById": Method(groups_get_by_id, (USER, GROUP, SERVICE)),
    "groups.getMembers": Method(groups_get_members, (USER, GROUP, SERVICE)),
}
"""By name, as VK writes it: upper and lower case matter."""


def _owner(walls: Walls, params: Params) -> int:
    """The wall asked for, by number or by short address."""
    if params.given("owner_id"):
        return params.whole("owner_id")
    domain = params.text("domain")
    if domain in walls.names:
        return walls.names[domain]
    if domain.startswith("id") and domain[2:].isdecimal():
        return int(domain[2:])
    raise wrong(f"domain {domain}: nobody has this address")


def _wall_open(walls: Walls, owner: int) -> None:
    """Refuse walls that are hidden, and those that do not exist."""
    if owner in walls.hidden.deactivated:
        raise VkError(18)
    if owner in walls.hidden.closed:
        raise VkError(30)
    if owner in walls.hide.page:
        raise VkError(15, "this page is closed")
    if owner in walls.hide.blocked:
        raise VkError(19)
    if owner not in walls.pages and owner not in walls.accounts:
        raise wrong("owner_id is invalid: nobody has this id")


def _wall(walls: Walls, owner: int, now: int) -> Sequence[Post | Repost]:
    own = walls.pages.get(owner) or walls.people.get(owner)
    return own.at(now) if own else ()


def _found(walls: Walls, owner: int, number: int, now: int) -> Post | Repost | None:
    """A post that anybody may see now, or nothing."""
    try:
        _wall_open(walls, owner)
    except VkError:
        return None
    if owner < 0:
        post = walls.posts.get((owner, number))
        return post if post and post.there(now) else None
    return next((each for each in _wall(walls, owner, now) if each.id == number), None)


def _page_post(walls: Walls, owner: int, number: int, now: int) -> Post:
    """A page's post that can be seen now; otherwise an error says why it cannot."""
    _wall_open(walls, owner)
    post = walls.posts.get((owner, number))
    if post is None or not post.there(now):
        raise VkError(15, "the post does not exist or was deleted")
    return post


def _likers(
    walls: Walls, kind: str, owner: int, number: int, now: int, *, copies: bool
) -> tuple[int, Sequence[int]]:
    """How long the list is said to be, and the names it shows, the oldest first."""
    _wall_open(walls, owner)
    if kind == "comment" and number in walls.comments.get(owner, ()):
        return 0, ()
    if kind == "post" and owner > 0 and _found(walls, owner, number, now):
        return 0, ()
    if kind != "post":
        raise VkError(15, f"there is no such {kind} here")
    post = _page_post(walls, owner, number, now)
    if walls.data.lists_hidden:
        raise VkError(15)
    if copies:
        shown: Sequence[int] = [repost.account for repost in post.reposts.at(now)]
    else:
        shown = post.listed_likers.at(now)
    most = walls.data.list_length_max
    if most is None or len(shown) <= most:
        return len(shown), shown
    return len(shown), shown[:most] if walls.data.list_keeps == "first" else shown[-most:]


def _thread(post: Post, comment: int, now: int) -> Timed[Comment]:
    """The replies to a comment that is there."""
    if all(each.id != comment for each in post.comments.at(now)):
        raise VkError(15, "there is no such comment")
    return post.replies.get(comment) or Timed([], [])


def _item(post: Post | Repost, now: int) -> Json:
    return post_object(post, now) if isinstance(post, Post) else repost_object(post, now)


def _whose(post: Post | Repost) -> int:
    return post.owner if isinstance(post, Post) else post.account


def _originals(posts: Sequence[Post | Repost]) -> list[int]:
    """Pages whose posts these pass on."""
    return [post.of.owner for post in posts if isinstance(post, Repost)]


def _post_id(text: str) -> tuple[int, int]:
    owner, _, number = text.partition("_")
    try:
        return int(owner), int(number.partition("_")[0])
    except ValueError:
        raise wrong(f"posts: {text} is no id of a post") from None


def _user_id(text: str) -> int:
    digits = text.removeprefix("id")
    if not digits.isdecimal():
        raise VkError(113, f"{text} is no id of an account here")
    return int(digits)


def _group(walls: Walls, text: str) -> int | None:
    """Owner id of a page by its number or short address."""
    if text.isdecimal():
        owner = -int(text)
        return owner if owner in walls.pages else None
    return walls.names.get(text)


def _fields(params: Params) -> tuple[str, ...]:
    return tuple(params.text("fields", "").split(",")) if params.given("fields") else ()

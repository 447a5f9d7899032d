"""Answers of VK's API as they come (schema 5.199), written by hand; nobody in them exists."""

from __future__ import annotations

from typing import Any

from claqueur.sources.vk_answers import Answer

READ = 1_549_620_000_000
"""When most of them were read: 8 February 2019, 10:00 UTC."""

FIRST, SECOND = 1_549_526_400, 1_549_612_800
"""When the two posts were published, seconds."""


def answer(method: str, response: Any = None, time_ms: int = READ, error: Any = None,
           source: str = "ab12", **params: Any) -> Answer:  # fmt: skip
    sent = {name: str(value) for name, value in params.items()}
    return Answer(method, sent, time_ms, response, error, source)


def post(number: int = 57, date: int = FIRST, text: str = "Праздник!", likes: int = 3,
         **more: Any) -> dict[str, Any]:  # fmt: skip
    return {
        "id": number, "owner_id": -1001, "from_id": -1001, "date": date, "text": text,
        "post_type": "post", "attachments": [], "marked_as_ads": 0,
        "likes": {"can_like": 1, "count": likes, "user_likes": 0, "can_publish": 1},
        "comments": {"can_post": 1, "count": 2, "groups_can_post": True},
        "reposts": {"count": 1, "user_reposted": 0}, "views": {"count": 480},
        **more,
    }  # fmt: skip


WALL = {
    "count": 2,
    "items": [
        post(12, FIRST - 86_400, "Правила", is_pinned=1),
        post(),
        # A visitor's, whose account is gone: VK still names it.
        post(58, SECOND, "Спасибо!", from_id=700000001),
    ],
    "profiles": [{"id": 700000001, "first_name": "DELETED", "last_name": "",
                  "deactivated": "deleted"}],
    "groups": [{"id": 1001, "name": "Музей", "screen_name": "club1001", "type": "page"}],
}  # fmt: skip


def comment(
    number: int, author: int, text: str, date: int = FIRST + 60, **more: Any
) -> dict[str, Any]:
    return {"id": number, "from_id": author, "date": date, "text": text, "post_id": 57,
            "owner_id": -1001, "parents_stack": [],
            "likes": {"can_like": 1, "count": 0, "user_likes": 0}, **more}  # fmt: skip


COMMENTS = {
    "count": 5,
    "current_level_count": 3,
    "can_post": True,
    "items": [
        comment(58, 700000002, "Молодцы!", thread={
            "count": 2, "can_post": True, "show_reply_button": True, "groups_can_post": True,
            "items": [
                # Replies may leave out what their comment says.
                {"id": 60, "from_id": -1001, "date": FIRST + 120, "text": "Спасибо",
                 "parents_stack": [58], "reply_to_user": 700000002, "reply_to_comment": 58},
                comment(61, 700000003, "И я так думаю", parents_stack=[58]),
            ],
        }),
        {"id": 59, "date": FIRST + 90, "deleted": True, "from_id": 0, "text": "", "post_id": 57,
         "owner_id": -1001, "parents_stack": [],
         "thread": {"count": 1, "items": [comment(62, 700000004, "Почему удалили?")]}},
        comment(63, 700000002, ""),
    ],
}  # fmt: skip

REPOSTS = {
    "items": [
        {"id": 900, "owner_id": 700000005, "from_id": 700000005, "date": FIRST + 3_600,
         "text": "Смотрите", "post_type": "post",
         "copy_history": [{"id": 57, "owner_id": -1001, "from_id": -1001, "date": FIRST,
                           "text": "Праздник!", "post_type": "post"}]},
        {"id": 31, "owner_id": -1002, "from_id": -1002, "date": FIRST + 7_200, "text": "",
         "post_type": "post",
         "copy_history": [{"id": 57, "owner_id": -1001, "from_id": -1001, "date": FIRST,
                           "text": "Праздник!", "post_type": "post"}]},
    ],
    "profiles": [], "groups": [],
}  # fmt: skip


def likes(accounts: list[int], count: int | None = None, offset: int = 0, time_ms: int = READ,
          **more: Any) -> Answer:  # fmt: skip
    sent = {"type": "post", "owner_id": -1001, "item_id": 57, "offset": offset, "count": 1000,
            "filter": "likes", **more}  # fmt: skip
    return answer(
        "likes.getList",
        {"count": len(accounts) if count is None else count, "items": accounts},
        time_ms,
        **sent,
    )


def failed(code: int, method: str = "likes.getList", time_ms: int = READ, **params: Any) -> Answer:
    sent = params or {"type": "post", "owner_id": -1001, "item_id": 57}
    return answer(method, None, time_ms, {"error_code": code, "error_msg": "Access denied"}, **sent)

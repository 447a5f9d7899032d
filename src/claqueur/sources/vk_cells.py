"""Single values in VK's answers: taken as they should be, or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from claqueur.errors import SourceError
from claqueur.sources.vk_calls import whole_characters
from claqueur.sources.vk_rows import NONE


def whole(value: object) -> int | None:
    """A whole number, also where it is written as text."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if -(2**62) < value < 2**62 else None
    if isinstance(value, str) and value.removeprefix("-").isdecimal() and len(value) < 20:
        return whole(int(value))
    return None


def exact(value: object, method: str, source: str) -> object:
    """The value, unless it is an id that lost digits."""
    if isinstance(value, float):
        raise SourceError(
            f"{source}: {plain(method)} holds ids that were turned into floats and "
            "may have lost digits. They cannot be repaired here: save the answers again as VK "
            "sent them"
        )
    return value


def page_id(group: object) -> int | None:
    """The owner that a group is: its number, negative."""
    number = whole(group)
    return -abs(number) if number else None


def plain(method: str) -> str:
    """A method's name if it looks like one; it came from outside."""
    short = method[:60]
    return short if short.replace(".", "").isalnum() else "an unknown method"


def mapping(value: object) -> Mapping[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def dicts(value: object) -> list[Mapping[str, Any]]:
    """The objects in a list, if it is one."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def text_of(item: Mapping[str, Any]) -> str | None:
    """The text of a post or comment."""
    text = item.get("text")
    return whole_characters(text) if isinstance(text, str) else None


def shown_count(item: Mapping[str, Any], counter: str) -> int:
    """What a counter of a post shows, or ``NONE``."""
    count = whole(mapping(item.get(counter)).get("count"))
    return NONE if count is None or count < 0 else count


def place(comment: Mapping[str, Any]) -> dict[str, Any]:
    """What a comment says of its place, for the replies below it."""
    return {n: comment[n] for n in ("owner_id", "post_id") if comment.get(n) is not None}

"""Pages as people name them: club123, public123, -123, a short address, a link."""

from __future__ import annotations

import re

from claqueur.errors import SettingError

_LINK = re.compile(r"(?:https?://)?(?:m\.)?(?:vk\.com|vk\.ru|vkontakte\.ru)/", re.IGNORECASE)
_NUMBERED = re.compile(r"(?:club|public|event|-)(\d+)")
_PERSON = re.compile(r"(?:id)?\d+")
_SHORT = re.compile(r"[a-z0-9_.]{2,64}")


def page_name(text: str) -> str:
    """A page's name as groups.getById takes it.

    Raises
    ------
    SettingError
        If it is no page's name, or that of a person: only pages are collected.

    Examples
    --------
    >>> page_name("https://vk.com/club123"), page_name("-123"), page_name("Krsk_Official")
    ('123', '123', 'krsk_official')
    """
    name = _LINK.sub("", text.strip()).rstrip("/").lower()
    if numbered := _NUMBERED.fullmatch(name):
        return numbered[1]
    if _PERSON.fullmatch(name):
        raise SettingError(
            f"--page {text}: is a person, and only pages of communities are collected; a page's "
            "number is written club123 or -123"
        )
    if not _SHORT.fullmatch(name):
        raise SettingError(
            f"--page {text}: is no page; write club123, -123, its short address, or its link"
        )
    return name

"""No persons: keys and words that would name people, and why they have no place in a record.

The people ordered are victims. A record names roles, kinds of institutions, pages and posts.
"""

from __future__ import annotations

import re

WHY = "the people ordered are victims, so Claqueur takes no persons (docs/directive.md)"

_BEGINNINGS = (
    *("account", "activist", "citizen", "completion", "compliance", "contact", "director"),
    *("email", "employee", "follower", "heads", "headmaster", "human", "individual", "liker"),
    *("list", "mail", "member", "name", "parent", "participant", "people", "person", "phone"),
    *("principal", "profile", "pupil", "roster", "staff", "student", "subscriber", "surname"),
    *("teacher", "telephone", "user", "worker"),
    *("аккаунт", "активист", "выполнени", "граждан", "директор", "имен", "имя", "исполнител"),
    *("кадр", "контакт", "люд", "педагог", "персон", "подписчик", "пользовател", "почт"),
    *("преподавател", "профил", "работни", "родител", "руководител", "сотрудни", "список"),
    *("списк", "студент", "телефон", "участни", "ученик", "учител", "фамили", "физлиц", "фио"),
    *("член",),
)
"""How words begin that stand for people, or for a count of what each of them did."""

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(
    r"""(?<![\w/.,-])(?:
        (?:\+\d{1,3}|8)[ (-]{0,2}\d{3}[ )-]{0,2}\d{3}[ -]?\d{2}[ -]?\d{2}   # +7 (391) 226-10-60
      | \(\d{3,5}\)\s?\d{1,3}(?:[ -]?\d{2}){2}                              # (39151) 2-10-60
      | \d{3}-\d{2}-\d{2}                                                   # 226-10-60
    )(?![\w/-])""",
    re.VERBOSE,
)
# A school or a library is named after somebody: "им. А. С. Пушкина" names nobody of today.
_NAMED_AFTER = r"(?<!им\. )(?<!им\.)(?<!имени )"
_SURNAME = r"[А-ЯЁ][а-яё]+(?:-[А-ЯЁ][а-яё]+)?"
_INITIALS = r"[А-ЯЁ]\.\s?[А-ЯЁ]\."
_PATRONYMIC = r"[А-ЯЁ][а-яё]+(?:ович|евич|ьич|мич|овн|евн|ичн)[а-яё]{0,2}"
# In "Председатель И. И. Иванов" the surname comes last, in "Иванов И. И. Срок" it does not.
_LIKELY_SURNAME = (
    r"[А-ЯЁ][а-яё]*(?:(?:ов|ев|ёв|ин|ын|ск|цк)[а-яё]{0,3}|(?:ко|ук|юк|ых|их|ян|дзе|швили))\b"
)
_NAMES = re.compile(
    rf"{_NAMED_AFTER}\b(?:"
    rf"{_INITIALS}\s?{_SURNAME}|{_SURNAME}\s{_INITIALS}(?:[ ]?{_LIKELY_SURNAME})?"
    rf"|(?:{_SURNAME}\s)?{_SURNAME}\s{_PATRONYMIC}\b(?:\s{_SURNAME}\b)?"
    r")"
)
_OWN_PAGE = re.compile(r"(?:https?://)?(?:(?:www|m)\.)?(?:vk\.com|vk\.ru|vkontakte\.ru)/id\d+")
LEFT_OUT = "[…]"


def stands_for_people(key: str) -> bool:
    """Whether a key that is not known would hold people, or a count of what each of them did.

    >>> stands_for_people("account_ids"), stands_for_people("per_school"), stands_for_people("ФИО")
    (True, True, True)
    """
    words = [word for word in re.split(r"[\W_]+", key.casefold()) if word]
    return any(word == "per" or word.startswith(_BEGINNINGS) for word in words)


def contact_in(text: str) -> str:
    """``a phone number`` or ``an e-mail address``, if the text has one; else nothing."""
    if _EMAIL.search(text):
        return "an e-mail address"
    return "a phone number" if _PHONE.search(text) else ""


def names_somebody(text: str) -> bool:
    """Whether the text has a surname with initials, or a name with a patronymic.

    >>> names_somebody("Петров П. П."), names_somebody("школа им. А. С. Пушкина")
    (True, False)
    """
    return bool(_NAMES.search(text))


def without_persons(text: str) -> str:
    """The text without phone numbers, e-mail addresses, own pages, and names of that kind.

    >>> without_persons("Отв. Петров П. П., тел. 226-10-60")
    'Отв. […], тел. […]'
    """
    for pattern in (_EMAIL, _OWN_PAGE, _PHONE, _NAMES):
        text = pattern.sub(LEFT_OUT, text)
    return text

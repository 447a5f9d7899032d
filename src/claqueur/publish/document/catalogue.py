"""Catalogues of translations: a PO file, read and compiled when it is first needed.

There is no compiled file to keep in step with its source, and none in the repository: what a
translator edits is what is used. The format is GNU gettext's (PO and MO files, its manual,
chapter "The Format of PO Files").
"""

from __future__ import annotations

import ast
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from importlib.resources.abc import Traversable
from io import BytesIO

SOURCE_LANGUAGE = "en"
"""The language texts are written in; it needs no catalogue."""

CONTEXT_END = "\x04"
"""Between a context and its text, in compiled catalogues."""

_LINE = re.compile(r'(?:(msgctxt|msgid_plural|msgid|msgstr)(?:\[(\d+)\])?\s+)?(".*")\s*$')


@dataclass
class Message:
    """One text and its translations."""

    context: str | None = None
    text: str = ""
    plural: str = ""
    translations: dict[int, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The text as gettext looks it up, with its context."""
        return self.text if self.context is None else self.context + CONTEXT_END + self.text


def languages() -> list[str]:
    """Languages there are, the source's first."""
    others = (path.name for path in _folder().iterdir() if (path / "document.po").is_file())
    return [SOURCE_LANGUAGE, *sorted(others)]


@cache
def translations(language: str) -> NullTranslations:
    """What gives the texts in a language; the source language gives them as they are."""
    if language == SOURCE_LANGUAGE:
        return NullTranslations()
    return GNUTranslations(BytesIO(compiled(messages(language))))


@cache
def messages(language: str) -> tuple[Message, ...]:
    """The messages of a language's catalogue, its header first."""
    text = (_folder() / language / "document.po").read_text(encoding="utf-8")
    return tuple(read(text))


def read(text: str) -> Iterator[Message]:
    """The messages of a PO file.

    Raises
    ------
    ValueError
        If a line is none of a PO file.
    """
    message, place = Message(), ("", 0)
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        found = _LINE.match(line)
        if not found:
            raise ValueError(f"line {number} of the catalogue: {line!r} is none of a PO file")
        keyword, index, quoted = found.groups()
        if _begins(keyword, message):
            yield message
            message = Message()
        place = (keyword, int(index or 0)) if keyword else place
        _add(message, place, ast.literal_eval(quoted))
    yield message


def _begins(keyword: str | None, message: Message) -> bool:
    """Whether a line begins a new message."""
    return keyword in ("msgctxt", "msgid") and bool(message.translations)


def _add(message: Message, place: tuple[str, int], text: str) -> None:
    keyword, index = place
    if keyword == "msgctxt":
        message.context = (message.context or "") + text
    elif keyword == "msgid":
        message.text += text
    elif keyword == "msgid_plural":
        message.plural += text
    else:
        message.translations[index] = message.translations.get(index, "") + text


def compiled(known: tuple[Message, ...]) -> bytes:
    """The same as an MO file, as :class:`gettext.GNUTranslations` reads it."""
    entries = sorted(filter(None, map(_entry, known)))
    at = 28 + 16 * len(entries)
    tables: list[list[int]] = [[], []]
    blob = b""
    for column, table in enumerate(tables):
        for entry in entries:
            table += [len(entry[column]), at + len(blob)]
            blob += entry[column] + b"\0"
    count, end = len(entries), 28 + 8 * len(entries)
    head = struct.pack("<7I", 0x950412DE, 0, count, 28, end, 0, at)
    return head + struct.pack(f"<{4 * count}I", *tables[0], *tables[1]) + blob


def _entry(message: Message) -> tuple[bytes, bytes] | None:
    """A message as the two strings of an MO file; nothing where it is not translated."""
    said = [text for _, text in sorted(message.translations.items())]
    if not all(said):
        return None
    key = f"{message.key}\0{message.plural}" if message.plural else message.key
    return key.encode(), "\0".join(said).encode()


def _folder() -> Traversable:
    return files(__package__) / "locale"

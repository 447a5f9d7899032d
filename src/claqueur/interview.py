"""Questions whose answers make a directive's record; what minutes suggest is offered, never taken.

Every suggestion is shown with the piece of text it comes from, and asked about on its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, Literal

import typer

from claqueur.directive.checking import ACTIONS
from claqueur.directive.hypothesis import (
    CONTENT,
    Addressed,
    Cause,
    Control,
    Directive,
    Item,
    Restricted,
)
from claqueur.directive.suggest import Day, Numbered, Suggestions
from claqueur.directive.working import sha256_of
from claqueur.errors import SettingError
from claqueur.sources.times import check_zone


def pasted() -> str:
    """The minutes as somebody pastes them, up to a line with a single dot."""
    typer.echo("Paste the text of the minutes and end it with a line of a single dot; only what")
    typer.echo("you agree to is kept. Without a text, write the dot alone.")
    return "\n".join(iter(_line, "."))


def _line() -> str:
    return str(typer.prompt("", default="", show_default=False, prompt_suffix=""))


def interview(found: Suggestions, zone: str) -> Directive:
    """Ask for a whole record.

    Parameters
    ----------
    zone
        Time zone of the case.
    """
    typer.echo("Roles, kinds of institutions, pages and posts; never a person. Enter skips a field")
    typer.echo("that may be empty; several answers are written with commas.")
    title = _text("Title of the document")
    language = _text("Language of its text, as ru")
    named_zone = _value("Time zone of its days", _zone, default=zone or "UTC")
    return Directive(
        title=title,
        language=language,
        zone=named_zone,
        items=tuple(_items(found)),
        causes=tuple(_causes()),
        restricted=_restricted(),
    )


def _items(found: Suggestions) -> Iterator[Item]:
    for numbered in found.items:
        typer.echo(f"\nItem {numbered.number}: {numbered.text}")
        if typer.confirm("Is this an item to be tested?", default=False):
            yield _item(found, numbered)
    while typer.confirm("\nWrite down another item?", default=not found.items):
        yield _item(found, None)


def _item(found: Suggestions, numbered: Numbered | None) -> Item:
    own = found.of(numbered) if numbered else found
    around = found.outside() if numbered else Suggestions()
    number = _text("Number", default=numbered.number if numbered else "")
    text = _text("Text, retyped", default=numbered.text if numbered else "")
    translation = _text("Translation", empty=True)
    issuer = _text("Issuer: a role, never a name")
    addressed = tuple(_addressed())
    action = _actions(own)
    pages, posts = ((), ()) if CONTENT in action else _targets(own)
    start = _day_of("start", [day for day in (*own.days, *around.days) if not day.deadline])
    rest: dict[str, Any] = {"end": _optional("Last day (none: still in force)", _day)}
    rest["deadlines"] = _deadlines([day for day in own.days if day.deadline])
    rest.update(_quota())
    rest["claimed_total"] = _optional("Actions claimed in a report, in all", _number)
    rest["topic"] = _several("Words in posts on the topic")
    rest["reference"] = _several("Pages to compare accounts with (none: all others)")
    rest["controls"] = tuple(_controls())
    return Item(number, text, issuer, addressed, action, start, translation, pages, posts, **rest)


def _addressed() -> Iterator[Addressed]:
    while True:
        kind = _text("Kind of institutions addressed, as music school")
        yield Addressed(kind, _several("Their pages, if known"))
        if not typer.confirm("Another kind?", default=False):
            return


def _actions(found: Suggestions) -> tuple[str, ...]:
    offered = {each.value: each.source for each in reversed(found.actions)}
    chosen = tuple(
        action
        for action in ACTIONS
        if action in offered and _agreed(f"action {action}", offered[action])
    )
    return chosen or _value(f"Action ({', '.join(ACTIONS)})", _known_actions)


def _known_actions(text: str) -> tuple[str, ...]:
    actions = _split(text)
    if unknown := [action for action in actions if action not in ACTIONS]:
        raise SettingError(f"{', '.join(unknown)}: write one or more of {', '.join(ACTIONS)}")
    return actions


def _targets(found: Suggestions) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Target pages, and target posts."""
    chosen: dict[str, list[str]] = {"page": [], "post": []}
    for link in found.links:
        if link.kind == "link":
            typer.echo(f"  {link.value}: find the page's id and write it below, as in the data")
        elif _agreed(f"target {link.kind} {link.value}", link.source):
            chosen[link.kind].append(link.value)
    pages = _several("Target pages, as -1001" + _besides(chosen["page"]))
    posts = _several("Target posts, as wall-1001_57" + _besides(chosen["post"]))
    return (*chosen["page"], *pages), (*chosen["post"], *posts)


def _besides(chosen: list[str]) -> str:
    return f" (besides {', '.join(chosen)})" if chosen else ""


def _day_of(what: str, offered: list[Day]) -> date:
    for day in offered:
        if _agreed(f"{what} {_shown(day)}", day.source):
            return day.value
    found: date = _value(f"Day of the {what}, as 2019-02-08", _day)
    return found


def _deadlines(offered: list[Day]) -> tuple[date, ...]:
    chosen = [day.value for day in offered if _agreed(f"deadline {_shown(day)}", day.source)]
    more = _optional("Days on which a report is due" + _besides([str(d) for d in chosen]), _days)
    return (*chosen, *(more or ()))


def _shown(day: Day) -> str:
    return f"{day.value} ({day.guess})" if day.guess else str(day.value)


def _quota() -> dict[str, Any]:
    quota = _optional("Quota: so many actions", _number)
    if quota is None:
        return {}
    of = _value("Of each account or institution", _one_of("account", "institution"))
    per = _value("For each day, each week or in all", _one_of("day", "week", "all"), default="all")
    return {"quota": quota, "quota_of": of, "quota_per": per}


def _controls() -> Iterator[Control]:
    typer.echo("Control pages: pages that nobody named, chosen now, before looking.")
    while pages := _several("Control pages"):
        yield Control(pages, _text("Why these"))


def _causes() -> Iterator[Cause]:
    typer.echo("\nOther causes in the same days: news that draw interest, appeals to act.")
    while name := _text("Another cause", empty=True):
        kind: Literal["event", "appeal", "other"] = _value(
            "Kind (event, appeal, other)", _one_of("event", "appeal", "other")
        )
        first, last = _value("Its first day", _day), _value("Its last day", _day)
        yield Cause(name, kind, first, last, _several("Pages it concerns (none: all)"))


def _restricted() -> Restricted:
    typer.echo("\nRestricted: what could lead to the source. It stays in the case's folder.")
    path = _optional("File of the document as received", Path)
    return Restricted(
        file=path.name if path else "",
        sha256=_optional_hash(path),
        found=_text("Where and how it was obtained", empty=True),
        notes=_text("Notes", empty=True),
    )


def _optional_hash(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        return sha256_of(path)
    except SettingError as error:
        typer.echo(f"  {error}; write sha256 into the record later")
        return ""


def _agreed(what: str, source: str) -> bool:
    return typer.confirm(f"  {what}, from “{source}”?", default=False)


def _text(question: str, *, default: str = "", empty: bool = False) -> str:
    """One line of text; asked again until there is one, if it may not be empty."""
    while True:
        answer = typer.prompt(question, default=default, show_default=bool(default)).strip()
        if answer or empty:
            return str(answer)


def _value(question: str, read: Callable[[str], Any], *, default: str = "") -> Any:
    """An answer that can be read; asked again until it can."""
    while True:
        try:
            return read(_text(question, default=default))
        except SettingError as error:
            typer.echo(f"  {error}")


def _optional(question: str, read: Callable[[str], Any]) -> Any:
    """The same, or None for an empty answer."""
    while answer := _text(question, empty=True):
        try:
            return read(answer)
        except SettingError as error:
            typer.echo(f"  {error}")
    return None


def _zone(text: str) -> str:
    try:
        return check_zone(text)
    except SettingError as error:
        raise SettingError(str(error).removeprefix("--timezone ")) from None


def _several(question: str) -> tuple[str, ...]:
    return _split(_text(question, empty=True))


def _split(text: str) -> tuple[str, ...]:
    parts = (part.strip() for part in re.split("[,;]", text))
    return tuple(dict.fromkeys(part for part in parts if part))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SettingError(f"{text}: write a day as 2019-02-08") from None


def _days(text: str) -> tuple[date, ...]:
    return tuple(map(_day, _split(text)))


def _number(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise SettingError(f"{text}: write a whole number from 1")
    return int(text)


def _one_of(*known: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in known:
            raise SettingError(f"{text}: write {', '.join(known)}")
        return text

    return read

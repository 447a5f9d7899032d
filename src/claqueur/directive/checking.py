"""What is wrong with a directive's record, and what is worth knowing before it is tested.

Every line begins with where: ``item 3: start: …``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import combinations

from claqueur.directive.hypothesis import (
    CONTENT,
    FEWEST_INSTITUTIONS,
    FORMAT,
    Cause,
    Directive,
    Item,
    Restricted,
)
from claqueur.directive.persons import WHY, contact_in, names_somebody
from claqueur.errors import SettingError
from claqueur.sources.times import check_zone

ACTIONS = ("like", "comment", "repost", "follow", "view", CONTENT)
"""What an item can ask for."""

NO_DAY = date.min
"""The day of a record that has none there."""

_POST = re.compile(r"wall(-?\d+)_\d+")
_PAGE = re.compile(r"-\d+")
_PERSONAL = re.compile(r"\d+")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_SHA256 = re.compile(r"[0-9a-f]{64}|")
_NONCE = re.compile(r"[0-9a-f]{32,}|")


def problems(directive: Directive) -> list[str]:
    """Everything for which the record is refused, one line each."""
    return [
        *_of_document(directive),
        *(line for label, item in _labelled(directive) for line in _of_item(label, item)),
        *_contaminated(directive),
        *_overlapping(directive),
        *(line for n, each in enumerate(directive.causes, 1) for line in _of_cause(n, each)),
        *_of_restricted(directive.restricted),
    ]


def notes(directive: Directive) -> list[str]:
    """What the record leaves open, and what that costs; nothing here refuses it."""
    lines = [line for label, item in _labelled(directive) for line in _remarks(label, item)]
    if directive.restricted.file and not directive.restricted.sha256:
        lines.append(
            "restricted: file: was not found, so there is no hash of it: put it beside the record "
            "and bring the record in again, or write its sha256; only its name is committed to"
        )
    if not directive.causes:
        lines.append(
            "no causes declared: news and appeals that fall into the same days move the same "
            "numbers; write them as [[cause]] before looking"
        )
    return lines


def item_labels(numbers: Sequence[str]) -> list[str]:
    """How items are called: by their number, by their place where that is not enough.

    >>> item_labels(["1", "", "1", "2"])
    ['item 1 (place 1)', 'item in place 2', 'item 1 (place 3)', 'item 2']
    """
    labels = []
    for place, number in enumerate(numbers, 1):
        clear = f"item {number}" if numbers.count(number) == 1 else f"item {number} (place {place})"
        labels.append(clear if number.strip() else f"item in place {place}")
    return labels


def _labelled(directive: Directive) -> list[tuple[str, Item]]:
    labels = item_labels([item.number for item in directive.items])
    return list(zip(labels, directive.items, strict=True))


def _of_document(directive: Directive) -> Iterator[str]:
    if directive.format != FORMAT:
        yield f"format: {directive.format} is unknown; write format = {FORMAT}"
    if not directive.title.strip():
        yield "title: is missing; write what the document is, without a person's name"
    yield from _contact("title", directive.title)
    yield from _named("title", directive.title)
    if not _LANGUAGE.fullmatch(directive.language):
        yield f"language: {directive.language!r} is no code of a language; write one like ru"
    try:
        check_zone(directive.zone)
    except SettingError as error:
        yield f"zone: {str(error).removeprefix('--timezone ')}"
    if not directive.items:
        yield "item: there is none; write each instruction under [[item]]"
    numbers = [item.number for item in directive.items if item.number.strip()]
    for number in dict.fromkeys(numbers):
        if numbers.count(number) > 1:
            yield f"item {number}: number: stands {numbers.count(number)} times; give each its own"


def _of_item(name: str, item: Item) -> Iterator[str]:
    for check in (_wording, _action, _targets, _days, _amounts, _institutions, _controls, _ids):
        for line in check(item):
            yield f"{name}: {line}"


def _wording(item: Item) -> Iterator[str]:
    if not item.number.strip():
        yield "number: is missing; write it as in the document, like 3 or 2.1"
    if not item.text.strip():
        yield "text: is missing; retype the item's wording"
    if not item.issuer.strip():
        yield "issuer: is missing; write the role of whoever gave the instruction, never a name"
    if names_somebody(item.issuer):
        yield f"issuer: names a person, and {WHY}; write the role"
    for key in ("text", "translation", "issuer"):
        yield from _contact(key, getattr(item, key))
    for each in item.addressed:
        yield from _named("addressed: kind", each.kind)
    for control in item.controls:
        yield from _named("control: reason", control.reason)


def _named(key: str, text: str) -> Iterator[str]:
    if names_somebody(text):
        yield f"{key}: names a person, and {WHY}; write the role, or […]"


def _contact(key: str, text: str) -> Iterator[str]:
    # What is found is not repeated: messages end up in logs.
    if what := contact_in(text):
        yield f"{key}: has {what}, and {WHY}; write […] instead"


def _action(item: Item) -> Iterator[str]:
    if not item.action:
        yield f"action: is missing; write one or more of {', '.join(ACTIONS)}"
    for action in item.action:
        if action not in ACTIONS:
            yield f"action: {action!r} is unknown; known are {', '.join(ACTIONS)}"
    if len(set(item.action)) < len(item.action):
        yield "action: one stands twice; write each once"
    if CONTENT in item.action and not item.publishes:
        yield (
            "action: post stands alone, for institutions that publish posts of their own; write "
            "two items, one for what is to be published and one for what is to be done with it"
        )


def _targets(item: Item) -> Iterator[str]:
    some = bool(item.target_pages or item.target_posts)
    if CONTENT in item.action and some:
        yield (
            "target_pages, target_posts: with action post, institutions publish on their own "
            "pages and there are no targets; write those pages under [[item.addressed]]"
        )
    if item.action and CONTENT not in item.action and not some:
        yield (
            f"target_pages: nothing says where to {' or '.join(item.action)}; write target_pages "
            "or target_posts"
        )
    if "follow" in item.action and item.target_posts and not item.target_pages:
        yield "target_posts: a post cannot be followed; write the page under target_pages"


def _days(item: Item) -> Iterator[str]:
    if item.start == NO_DAY:
        yield "start: is missing; write the first day as 2019-02-08"
        return
    if item.end is not None and item.end < item.start:
        yield f"end: {item.end} is before the start, {item.start}; put one of them right"
    for day in item.deadlines:
        if day < item.start:
            yield f"deadlines: {day} is before the start, {item.start}; put one of them right"


def _amounts(item: Item) -> Iterator[str]:
    for key in ("quota", "claimed_total"):
        number = getattr(item, key)
        if number is not None and number < 1:
            yield f"{key}: {number} is no number of actions; write 1 or more, or leave it out"
    if item.quota is not None and item.quota_of is None:
        yield "quota_of: is missing beside the quota; write account or institution"
    for key in ("quota_of", "quota_per"):
        if item.quota is None and getattr(item, key) is not None:
            yield f"{key}: belongs to a quota, and there is none; write quota, or take it out"


def _institutions(item: Item) -> Iterator[str]:
    if not item.addressed:
        yield "addressed: is missing; write kinds of institutions under [[item.addressed]]"
    for place, each in enumerate(item.addressed, 1):
        own = f"addressed {place}: kind: "
        if not each.kind.strip():
            yield f"{own}is missing; write what kind of institutions these are"
        if names_somebody(each.kind):
            yield f"{own}names a person, and {WHY}; write the kind of institutions"
        yield from (f"addressed {place}: {line}" for line in _contact("kind", each.kind))
    pages = [page for each in item.addressed for page in each.pages]
    yield from (
        f"addressed: pages: {page} stands more than once; write each page once, under one kind"
        for page in _repeated(pages)
    )


def _controls(item: Item) -> Iterator[str]:
    for place, control in enumerate(item.controls, 1):
        if not control.pages:
            yield f"control {place}: pages: is missing; write pages that nobody named"
        if not control.reason.strip():
            yield f"control {place}: reason: is missing; write why these pages, chosen beforehand"
        yield from (f"control {place}: {line}" for line in _contact("reason", control.reason))
    pages = [page for control in item.controls for page in control.pages]
    for page in _repeated(pages):
        yield f"control: pages: {page} stands more than once; write each page once"
    for page in item.reference:
        if page in item.target_pages:
            yield f"reference: {page} is a target page itself; write pages to compare with"


def _ids(item: Item) -> Iterator[str]:
    for key, ids in _ids_of(item):
        for name in ids:
            if not name or name != name.strip():
                yield f"{key}: {name!r} is no id (spaces, or nothing); write it as in the data"
            elif "vk.com/" in name:
                yield f"{key}: {name} is a link; write the id as in the data, like -1001"
            elif key != "target_posts" and _POST.fullmatch(name):
                yield f"{key}: {name} is a post; write the page, or the post under target_posts"
            elif key == "target_posts" and _PAGE.fullmatch(name):
                yield f"{key}: {name} is a page; write it under target_pages"


def _ids_of(item: Item) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield "target_pages", item.target_pages
    yield "target_posts", item.target_posts
    yield "addressed: pages", item.institution_pages
    yield "control: pages", item.control_pages
    yield "reference", item.reference


def _repeated(pages: list[str]) -> list[str]:
    return [page for page in dict.fromkeys(pages) if pages.count(page) > 1]


def _ordered_pages(item: Item) -> set[str]:
    """Pages on which the item asks for something: targets', and addressed institutions'."""
    owners = {match[1] for post in item.target_posts if (match := _POST.fullmatch(post))}
    return {*item.target_pages, *item.institution_pages, *owners}


def _contaminated(directive: Directive) -> Iterator[str]:
    """Controls on which something was ordered too."""
    named: dict[str, list[str]] = {}
    for name, item in _labelled(directive):
        for page in _ordered_pages(item):
            named.setdefault(page, []).append(name)
    for name, item in _labelled(directive):
        for page in item.control_pages:
            if page in named:
                yield (
                    f"{name}: control: pages: {page} was ordered too ({', '.join(named[page])}): "
                    "contamination; take it out, or choose a page that nobody named"
                )


def _overlapping(directive: Directive) -> Iterator[str]:
    """Items that ask for the same on the same days: two tests of one thing."""
    for (name, one), (other_name, other) in combinations(_labelled(directive), 2):
        actions = [action for action in one.action if action in other.action]
        shared = sorted(_shared(one, other))
        if actions and shared and _same_days(one, other):
            yield (
                f"{name} and {other_name}: both ask for {' and '.join(actions)} on "
                f"{', '.join(shared[:3])} in the same days, which cannot be told apart; write them "
                f'as one item (number "{one.number}, {other.number}", the texts one after the '
                "other, all actions and targets together), or give the first an end before the "
                "second's start"
            )


def _shared(one: Item, other: Item) -> set[str]:
    """Targets of both; for items that publish, pages of both, unless their topics differ."""
    if one.publishes and other.publishes:
        apart = one.topic and other.topic and not set(one.topic) & set(other.topic)
        return set() if apart else set(one.institution_pages) & set(other.institution_pages)
    return (
        set(one.target_pages) & set(other.target_pages)
        | set(one.target_posts) & set(other.target_posts)
        | _posts_on(one, other.target_pages)
        | _posts_on(other, one.target_pages)
    )


def _posts_on(item: Item, pages: tuple[str, ...]) -> set[str]:
    found = ((post, _POST.fullmatch(post)) for post in item.target_posts)
    return {post for post, match in found if match and match[1] in pages}


def _same_days(one: Item, other: Item) -> bool:
    if NO_DAY in (one.start, other.start):
        return False
    return one.start <= (other.end or date.max) and other.start <= (one.end or date.max)


def _of_cause(place: int, cause: Cause) -> Iterator[str]:
    own = f"cause {place}"
    if not cause.name.strip():
        yield f"{own}: name: is missing; write what happened"
    for key in ("first_day", "last_day"):
        if getattr(cause, key) == NO_DAY:
            yield f"{own}: {key}: is missing; write a day as 2019-03-02"
    if NO_DAY != cause.last_day < cause.first_day:
        yield f"{own}: last_day: {cause.last_day} is before the first; put one of them right"
    for check in (_contact, _named):
        yield from (f"{own}: {line}" for line in check("name", cause.name))


def _of_restricted(restricted: Restricted) -> Iterator[str]:
    if not _SHA256.fullmatch(restricted.sha256):
        yield "restricted: sha256: is no SHA-256 hash; write its 64 hex digits, or leave it out"
    if not _NONCE.fullmatch(restricted.nonce):
        yield "restricted: nonce: take it out; a random one is made at registering"


def _remarks(name: str, item: Item) -> Iterator[str]:
    pages = len(item.institution_pages)
    if item.publishes and pages < FEWEST_INSTITUTIONS:
        yield (
            f"{name}: pages of {pages} addressed institutions, pooled over at least "
            f"{FEWEST_INSTITUTIONS}: whether they published cannot be tested"
        )
    if item.publishes and not item.topic:
        yield f"{name}: no topic: all posts of the institutions count, whatever they are about"
    if not item.control_pages:
        yield f"{name}: no control pages: what moved all pages looks like the order"
    if not item.translation.strip():
        yield f"{name}: no translation: readers of another language have to take your word"
    for key in ("text", "translation"):
        if names_somebody(getattr(item, key)):
            yield f"{name}: {key} may name a person; write […] or the role, it gets published"
    for key, ids in _ids_of(item):
        if key != "target_posts" and (own := [page for page in ids if _PERSONAL.fullmatch(page)]):
            yield (
                f"{name}: {key}: {', '.join(own[:3])} may be somebody's own page (a community's "
                "id begins with a minus); keep it only if it is an office's or an official's"
            )
        if links := [page for page in ids if "t.me/" in page or "://" in page]:
            yield f"{name}: {key}: {links[0]} is a link; keep it only if the data have it so"

"""Records of directives that several tests use."""

import re
from datetime import date

from hypothesis import strategies as st

from claqueur.directive.hypothesis import (
    Addressed,
    Cause,
    Control,
    Directive,
    Item,
    Restricted,
)
from tests.conftest import ROOT

KRASNOYARSK = re.search(
    r"```toml\n(.*?)```", (ROOT / "docs" / "directive.md").read_text(encoding="utf-8"), re.DOTALL
)[1]
"""The complete example of the documentation."""

RECORD = """\
format = 1
title = "Minutes"
language = "en"
# a remark

[[item]]
number = "3"
text = "Supply likes."
issuer = "head of the department"
action = "like"
target_pages = "-1001"
start = 2019-02-08

[[item.addressed]]
kind = "museum"
"""
"""The shortest record there can be."""


def texts(least: int = 1) -> st.SearchStrategy[str]:
    """Text of all kinds, but for digits and @, which could make a phone number."""
    letters = st.characters(exclude_categories=["Cs", "Nd"], exclude_characters="@")
    # At its end a letter: text of spaces alone is none.
    return st.text(letters, min_size=0, max_size=20).map(lambda text: f"{text}x" if least else text)


def pages(first: int) -> st.SearchStrategy[tuple[str, ...]]:
    """Pages from a range of their own, so that no control page is a target."""
    ids = st.integers(first, first + 999).map(lambda number: f"-{number}")
    return st.lists(ids, max_size=4, unique=True).map(tuple)


DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))


@st.composite
def items(draw: st.DrawFn, place: int) -> Item:
    start = draw(DAYS)
    later = st.dates(start, date(2099, 12, 31))
    publishes = draw(st.booleans())
    quota = draw(st.none() | st.integers(1, 10**6))
    own = 10_000 * place
    return Item(
        number=f"{place}.1",
        text=draw(texts()),
        issuer=draw(texts()),
        addressed=(
            Addressed(draw(texts()), draw(pages(own + 1000))),
            Addressed(draw(texts()), draw(pages(own + 2000))),
        ),
        action=("post",)
        if publishes
        else tuple(draw(st.sets(st.sampled_from(["like", "comment", "view"]), min_size=1))),
        start=start,
        translation=draw(texts(0)),
        target_pages=() if publishes else (f"-{own}", *draw(pages(own + 3000))),
        target_posts=()
        if publishes
        else tuple(f"wall{page}_1" for page in draw(pages(own + 4000))),
        end=draw(st.none() | later),
        deadlines=tuple(draw(st.lists(later, max_size=3))),
        quota=quota,
        quota_of=draw(st.sampled_from(["account", "institution"])) if quota else None,
        quota_per=draw(st.sampled_from([None, "day", "week", "all"])) if quota else None,
        claimed_total=draw(st.none() | st.integers(1, 10**9)),
        topic=tuple(draw(st.lists(texts(), max_size=3))),
        reference=draw(pages(own + 5000)),
        controls=tuple(Control((f"-{own + 6000}",), draw(texts())) for _ in range(1)),
    )


def restricted(least: str = "") -> st.SearchStrategy[Restricted]:
    """What is restricted; ``least`` is in each of its texts."""
    words = texts(0).map(lambda text: least + text)
    return st.builds(
        Restricted,
        file=words,
        sha256=st.sampled_from(["", "ab" * 32]),
        found=words,
        notes=words,
        nonce=st.sampled_from(["", "5c" * 32]),
    )


@st.composite
def directives(draw: st.DrawFn, secrets: st.SearchStrategy[Restricted] | None = None) -> Directive:
    """Any record that can be tested."""
    first = draw(DAYS)
    kinds = st.sampled_from(["event", "appeal", "other"])
    return Directive(
        title=draw(texts()),
        language=draw(st.sampled_from(["ru", "en", "zh-Hant"])),
        zone=draw(st.sampled_from(["UTC", "Asia/Krasnoyarsk", "Etc/GMT-7"])),
        items=tuple(draw(items(place)) for place in range(1, draw(st.integers(2, 4)))),
        causes=tuple(
            Cause(draw(texts()), draw(kinds), first, draw(st.dates(first)), draw(pages(1)))
            for _ in range(draw(st.integers(0, 2)))
        ),
        restricted=draw(restricted() if secrets is None else secrets),
    )

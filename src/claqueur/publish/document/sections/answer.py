"""The first page: the answer in three sentences, each item's answer, the scale of words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from claqueur.publish.document.aggregates import groups, members
from claqueur.publish.document.answers import answer, asked, happened, how_many, not_shown
from claqueur.publish.document.certainty import NONE, SCALE, Step, cases, item_step, step
from claqueur.publish.document.language import N_
from claqueur.publish.document.story import Story


@dataclass(frozen=True)
class Answer:
    """What an editor reads when there is time for one page."""

    name: str = "answer"
    order: int = 10
    title: str = N_("The answer")

    def render(self, story: Story) -> Markup:
        """Three questions with an answer each, then what they rest on."""
        return story.page(
            "answer.html",
            happened=happened(story),
            how_many=how_many(story),
            not_shown=not_shown(story),
            strength=(weakest := _weakest(story)),
            strength_text=_in_words(story, weakest),
            items=[_item(story, place, entry) for place, entry in enumerate(story.items, 1)],
            groups_step=_groups_step(story),
            numbers=_numbers(story),
            scale=[(each, cases(each.at_most)) for each in SCALE],
            nothing=NONE,
        )


def _weakest(story: Story) -> Step | None:
    """The word for the weakest of the answers that stand; None where none does."""
    found = _standing(story)
    return step(max(entry.get("p_adjusted") or 0.0 for entry in found)) if found else None


def _in_words(story: Story, weakest: Step | None) -> str:
    """The same in words: of several answers it is the least that holds for each."""
    if weakest is None:
        return ""
    word = story.language.gettext(weakest.word)
    several = len(_standing(story)) > 1
    return story.language.gettext("at least {word}").format(word=word) if several else word


def _standing(story: Story) -> list[dict[str, Any]]:
    return [entry for entry in story.items if entry["answer"] == "consistent"]


def _groups_step(story: Story) -> Step | None:
    """The word for the group of which the evidence is weakest; None without an error rate."""
    rates = [group.q_value for group in groups(story.release.tables)]
    known = [rate for rate in rates if rate is not None]
    return step(max(known)) if known and len(known) == len(rates) else None


def _item(story: Story, place: int, entry: dict[str, Any]) -> dict[str, Any]:
    return {
        "anchor": f"item-{place}",
        "number": entry["item"],
        "asked": asked(story, entry),
        "answer": answer(story.language, entry),
        "step": item_step(entry),
        "p": story.language.p(entry.get("p_adjusted")),
        "stands": entry["answer"] == "consistent",
    }


def _numbers(story: Story) -> list[tuple[str, str]]:
    """The sizes of it all: a number, and what there are so many of."""
    say, counts = story.language, story.facts.get("counts", {})
    found = groups(story.release.tables)
    accounts, pages = (_whole(counts.get(name)) for name in ("accounts", "pages"))
    total = members(found)
    rows = [
        (accounts, say.ngettext("account looked at", "accounts looked at", accounts)),
        (pages, say.ngettext("page", "pages", pages)),
        (len(found), say.ngettext("group published", "groups published", len(found))),
        (total, say.ngettext("member", "members", total)),
    ]
    # Counts of accounts are released rounded.
    rounded = {accounts, total}
    return [
        (f"≈\N{NO-BREAK SPACE}{say.number(value)}" if value in rounded else say.number(value), name)
        for value, name in rows
        if value
    ]


def _whole(value: Any) -> int:
    return value if isinstance(value, int) else 0


SECTION = Answer()

"""Glossary: what each word means here, and nothing more."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from claqueur.publish.document.language import N_
from claqueur.publish.document.story import Story

WORDS = (
    (N_("Account"), N_("whoever acted. No account is named here, nor shown by itself.")),
    (
        N_("Chance"),
        N_("what would be seen if only habits and ordinary attention were at work, as the null "
           "model of a test defines it. Every test names its own."),
    ),
    (
        N_("Consistent with an order"),
        N_("who acted, when or how often changed on the document’s date beyond what chance gives. "
           "A common prompt that nobody declared would look the same."),
    ),
    (
        N_("Control pages"),
        N_("pages chosen beforehand that nobody named, for comparison."),
    ),
    (
        N_("Document, item"),
        N_("the paper that was tested, also called a directive, and one thing it asks for."),
    ),
    (
        N_("Effect, interval"),
        N_("how far a measure moved, and the range of values that fit the data about as well."),
    ),
    (
        N_("False discovery rate"),
        N_("the share of what is listed that is expected to be there by chance: at 5%, one in "
           "twenty at most, on average."),
    ),
    (
        N_("Lockstep group, members"),
        N_("accounts that acted on the same posts together more often than their habits explain. "
           "It describes behaviour, not a cause."),
    ),
    (
        N_("Ordered or commonly prompted"),
        N_("told to act, or moved to it by the same call. Behaviour does not tell them apart."),
    ),
    (
        N_("p-value"),
        N_("how often chance alone would give as much, at most. It is not the probability of an "
           "order, nor that the finding is wrong."),
    ),
    (
        N_("q-value"),
        N_("the false discovery rate at which a finding would just be listed."),
    ),
    (
        N_("Sustained, one occasion"),
        N_("a group tied together on more than one occasion of 24 hours, or on only one."),
    ),
    (
        N_("Withheld"),
        N_("left out because it would stand for too few people, or for nearly all or hardly any "
           "of people who can be named. It is never a zero."),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Glossary:
    """A list of definitions, in the order of the alphabet."""

    name: str = "glossary"
    order: int = 70
    title: str = N_("Words used")

    def render(self, story: Story) -> Markup:
        """Sorted in the language of the document."""
        say = story.language.gettext
        words = sorted(((say(word), say(meaning)) for word, meaning in WORDS), key=_place)
        return story.page("glossary.html", words=words)


def _place(entry: tuple[str, str]) -> str:
    return entry[0].casefold().replace("ё", "е")


SECTION = Glossary()

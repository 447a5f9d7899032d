"""Words used: what each of them means here, and nothing more."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from claqueur.publish.report.context import Context

WORDS = (
    ("Account", "whoever acted; shown under a pseudonym that holds within this case only."),
    (
        "Object",
        "what was acted on: a post, an address, a hashtag. Where an object’s id names an account "
        "of the tables, that part is a pseudonym too.",
    ),
    ("Together", "on the same object, at most the window apart."),
    (
        "Pair",
        "two accounts that acted together: on at least the minimum of objects where one was "
        "given, else more often than exchanging who acted when explains.",
    ),
    ("Weight", "the number of different objects on which a pair acted together."),
    (
        "Network",
        "all pairs of one action and one window. Networks overlap; their numbers do not add up.",
    ),
    (
        "Lockstep group",
        "accounts tied to each other by acting together. With the calibrated default: more than "
        "their habits and crowds explain, at a stated error. It describes behaviour, not a cause.",
    ),
    ("Member", "an account of a lockstep group."),
    (
        "Occasion",
        "24 hours at most. A group’s occasions are counted from its first action: the next "
        "begins with the first action after those 24 hours.",
    ),
    (
        "p-value, q-value",
        "how often the null alone gives as much evidence, at most; and the false discovery rate "
        "at which the finding would just be made. Neither is the probability of an order.",
    ),
    ("Sitting", "actions of one account with no pause of more than 45 minutes."),
    ("One-off, sustained", "one occasion, or more than one."),
    (
        "Density",
        "pairs inside a group as a share of all there could be: 1 when every two members are a "
        "pair.",
    ),
    (
        "Came first",
        "on an object, nobody of the group acted earlier among those who acted together; a tie "
        "counts for all in it.",
    ),
    (
        "Usual place",
        "the middle of a member’s places on its objects, from 0 for the first to 1 for the last.",
    ),
)


@dataclass(frozen=True)
class Words:
    """The glossary."""

    name: str = "words"
    order: int = 70
    title: str = "Words used"

    def render(self, context: Context) -> Markup:
        """A list of definitions."""
        return context.page("words.html", words=WORDS)


SECTION = Words()

"""The scale of words for evidence, and what each of them means in numbers.

The words are about chance alone, as the null model of a test defines it. None of them is the
probability that an order was given.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from claqueur.publish.document.language import N_, Language

Entry = dict[str, Any]


@dataclass(frozen=True)
class Step:
    """One word of the scale.

    Attributes
    ----------
    at_most
        The largest p-value, after correction, that the word is used for.
    strength
        From 4 down to 0, for the little picture beside the word.
    word
        Completes "the evidence against chance is …".
    """

    name: str
    at_most: float
    strength: int
    word: str


SCALE = (
    Step("very-strong", 1e-4, 4, N_("very strong")),
    Step("strong", 1e-3, 3, N_("strong")),
    Step("clear", 1e-2, 2, N_("clear")),
    Step("weak", 5e-2, 1, N_("weak")),
)
NONE = Step("none", 1.0, 0, N_("none that stands"))
"""Where no p-value stands after correction."""


def step(p: float | None) -> Step:
    """The word for a p-value after correction.

    Examples
    --------
    >>> step(4e-6).name, step(0.0014).name, step(0.2).name, step(None).name
    ('very-strong', 'clear', 'none', 'none')
    """
    if p is None:
        return NONE
    return next((each for each in SCALE if p <= each.at_most), NONE)


def item_step(entry: Entry) -> Step:
    """The word for the answer on an item: only an answer that stands has one."""
    return step(entry.get("p_adjusted")) if entry["answer"] == "consistent" else NONE


def cases(p: float) -> int:
    """In how many cases chance alone gives as much once, at most; rounded down to one digit.

    Examples
    --------
    >>> cases(0.0014), cases(0.04), cases(4e-6), cases(0.0)
    (700, 20, 200000, 1000000)
    """
    many = min(1 / max(p, 1e-6), 1e6)
    unit = int(10 ** math.floor(math.log10(many) + 1e-9))
    return int(many / unit + 1e-9) * unit


def in_words(language: Language, p: float) -> str:
    """A p-value in words and numbers, to complete a sentence."""
    said = language.gettext("chance alone would give as much at most once in {n} times ({p})")
    return said.format(n=language.number(cases(p)), p=language.p_text(p))

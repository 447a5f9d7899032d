"""Noun phrases in a case, and clauses whose predicate agrees with its subject."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from claqueur.simulation.declension import CASES, Noun, adjective, agreed
from claqueur.simulation.grammar import Chance, Grammar, Rule

_ADJECTIVE_SHARE = 0.35
_ASIDE_SHARE = 0.25
_PLURAL_SHARE = 0.4

Subject: TypeAlias = tuple[str, str]
"""A noun phrase and its gender: ``m``, ``f``, ``n``, or ``p`` for plural."""


class Pen(Protocol):
    """What clauses are filled with: chance, and what the post above is about."""

    @property
    def random(self) -> Chance:
        """The next number from 0 to below 1."""

    def noun(self) -> Noun:
        """A noun that fits."""

    def echo(self) -> str:
        """Some words of the post."""


def add_clauses(grammar: Grammar, lexicon: Mapping[str, Any]) -> None:
    """Rules for noun phrases (``nom`` to ``pre``, ``noms``), ``echo``, ``fact`` and ``deed``.

    A fact is about a thing, a deed about somebody; ``lexicon`` has ``adjectives``, ``predicates``
    of either, and ``people``.
    """
    adjectives = [adjective(word) for word in lexicon["adjectives"]]
    for case, name in enumerate(CASES):
        grammar.rules[name] = _text(_phrase(adjectives, case))
    grammar.rules["noms"] = _text(_phrase(adjectives, 0, many=1.0))
    grammar.rules["echo"] = lambda pen: pen.echo()
    people = [(word, gender) for gender, own in lexicon["people"].items() for word in own]
    subjects = {"thing": _phrase(adjectives, 0), "person": _somebody(people)}
    grammar.fill(lexicon["predicates"])
    aside = grammar.slot("aside")
    grammar.rules["fact"] = _clause(subjects["thing"], grammar.slot("thing"), aside)
    grammar.rules["deed"] = _clause(subjects["person"], grammar.slot("person"), aside)


def _phrase(
    adjectives: Sequence[Mapping[str, Sequence[str]]], case: int, many: float = _PLURAL_SHARE
) -> Callable[[Pen], Subject]:
    """Says a noun in a case (an index into ``CASES``), now and then with an adjective."""

    def say(pen: Pen) -> Subject:
        own = pen.noun()
        plural = bool(own.plural) and pen.random() < many
        gender = "p" if plural else own.gender
        text = (own.plural if plural else own.singular)[case]
        if pen.random() >= _ADJECTIVE_SHARE:
            return text, gender
        forms = adjectives[int(pen.random() * len(adjectives))][gender]
        # The accusative of people and animals is their genitive.
        alive = CASES[case] == "acc" and own.animate and gender != "f"
        return f"{forms[CASES.index('gen') if alive else case]} {text}", gender

    return say


def _somebody(people: Sequence[Subject]) -> Callable[[Pen], Subject]:
    return lambda pen: people[int(pen.random() * len(people))]


def _text(subject: Callable[[Pen], Subject]) -> Rule:
    return lambda pen: subject(pen)[0]


def _clause(subject: Callable[[Pen], Subject], predicate: Rule, aside: Rule) -> Rule:
    """Subject and predicate, and sometimes a word or two between them."""

    def say(pen: Pen) -> str:
        text, gender = subject(pen)
        if pen.random() < _ASIDE_SHARE:
            text = f"{text} {aside(pen)}"
        return f"{text} {agreed(predicate(pen), gender)}"

    return say

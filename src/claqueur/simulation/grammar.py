"""Templates that say something else each time: ``{slot}``, and ``{a|b}`` as a choice on the spot.

Slots may lead to further slots, and to clauses that a function makes. Templates are turned into
functions once, since a world has tens of thousands of comments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Chance = Callable[[], float]
"""The next of equally distributed numbers from 0 to below 1."""

Rule = Callable[[Any], str]
"""What says a part of a comment. It gets the pen; templates themselves use its ``random`` only."""


class Grammar:
    """Rules by name, and templates that refer to them.

    Attributes
    ----------
    rules
        What fills a slot, by its name. Rules may be added until ``check``.
    """

    def __init__(self) -> None:
        self.rules: dict[str, Rule] = {}
        self._used: set[str] = set()

    def fill(self, slots: Mapping[str, Sequence[str]]) -> None:
        """Add a rule for each slot: one of its templates."""
        for name, templates in slots.items():
            self.rules[name] = self.choice(templates)

    def check(self) -> None:
        """Refuse slots that nothing fills.

        Raises
        ------
        KeyError
            Naming them.
        """
        if unknown := sorted(self._used - set(self.rules)):
            raise KeyError(f"nothing fills {', '.join(unknown)}")

    def choice(self, templates: Sequence[str]) -> Rule:
        """A rule that says one of the templates."""
        return _one_of([self.template(text) for text in templates])

    def template(self, text: str) -> Rule:
        """A rule that says the template."""
        if text.count("{") != text.count("}"):
            raise KeyError(f"{text!r}: its braces do not pair")
        (rule,), _ = self._alternatives(text, 0, inside=False)
        return rule

    def slot(self, name: str) -> Rule:
        """A rule that says what fills the slot, which may be added later."""
        self._used.add(name)
        rules = self.rules
        return lambda pen: rules[name](pen)

    def _alternatives(self, text: str, place: int, *, inside: bool) -> tuple[list[Rule], int]:
        """Rules between bars from a place on; and where they end, at a closing brace if inside."""
        found: list[Rule] = []
        parts: list[Rule] = []
        start = place
        while place < len(text) and not (inside and text[place] == "}"):
            if text[place] == "{":
                parts += _literal(text[start:place])
                rule, place = self._in_braces(text, place + 1)
                parts.append(rule)
                start = place
            elif inside and text[place] == "|":
                found.append(_all_of([*parts, *_literal(text[start:place])]))
                parts, start, place = [], place + 1, place + 1
            else:
                place += 1
        return [*found, _all_of([*parts, *_literal(text[start:place])])], place

    def _in_braces(self, text: str, place: int) -> tuple[Rule, int]:
        """The slot or choice in braces from a place on, and the place behind them."""
        options, end = self._alternatives(text, place, inside=True)
        inner = text[place:end]
        slot = len(options) == 1 and inner.isidentifier()
        return self.slot(inner) if slot else _one_of(options), end + 1


def _literal(text: str) -> list[Rule]:
    return [lambda _: text] if text else []


def _all_of(parts: list[Rule]) -> Rule:
    if len(parts) == 1:
        return parts[0]
    return lambda pen: "".join([part(pen) for part in parts])


def _one_of(options: list[Rule]) -> Rule:
    count = len(options)
    if count == 1:
        return options[0]
    return lambda pen: options[int(pen.random() * count)](pen)

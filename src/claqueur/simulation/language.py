"""The words of comments, read once from ``words/``: a lexicon, and templates by tone."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from claqueur.simulation.clauses import add_clauses
from claqueur.simulation.declension import Noun, noun
from claqueur.simulation.grammar import Grammar, Rule

_WORDS = Path(__file__).parent / "words"


@dataclass(frozen=True)
class Language:
    """Everything comments are made of.

    Attributes
    ----------
    fields
        Nouns by field.
    topics
        Fields by topic.
    rules
        What says a part of a comment, by name: ``short`` and ``sentences`` of any kind; ``fan``,
        ``praise`` and ``activist``; ``lead``, ``tail`` and ``name``.
    formulas
        What many write in the same words: of any kind (``organic``), of ``praise``.
    memes
        Lines that go round.
    emoji
        Those in use.
    sad
        Nouns that nobody praises, in the nominative.
    """

    fields: Mapping[str, tuple[Noun, ...]]
    topics: Mapping[str, tuple[str, ...]]
    rules: Mapping[str, Rule]
    formulas: Mapping[str, tuple[str, ...]]
    memes: tuple[str, ...]
    emoji: tuple[str, ...]
    sad: frozenset[str]

    def about(self, topic: str) -> tuple[Noun, ...]:
        """Nouns of a topic; all where nothing is known of it."""
        fields = self.topics.get(topic, tuple(self.fields))
        return tuple(each for field in fields for each in self.fields[field])


def read_words(name: str) -> dict[str, Any]:
    """A file of words."""
    return tomllib.loads((_WORDS / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def read_language() -> Language:
    """The words that come with the package."""
    lexicon, organic, praise = (read_words(name) for name in ("lexicon", "organic", "praise"))
    grammar = Grammar()
    add_clauses(grammar, lexicon)
    for table in (lexicon, organic, praise):
        grammar.fill(table["slots"])
    grammar.fill({name: organic[name] for name in ("short", "sentences")})
    grammar.fill({name: praise[name] for name in ("fan", "praise", "activist")})
    grammar.check()
    return Language(
        fields={field: _field(rows) for field, rows in lexicon["nouns"].items()},
        topics={topic: tuple(fields) for topic, fields in lexicon["topics"].items()},
        rules=grammar.rules,
        formulas={"organic": tuple(organic["formulas"]), "praise": tuple(praise["formulas"])},
        memes=tuple(organic["memes"]),
        emoji=tuple(lexicon["emoji"]),
        sad=frozenset(lexicon["sad"]),
    )


def _field(rows: Mapping[str, Sequence[str]]) -> tuple[Noun, ...]:
    """Nouns of a field. Rows are named by gender; ``a`` means alive, 1 that there is no plural."""
    return tuple(
        noun(word, key[0].replace("a", "m"), animate="a" in key, plural="1" not in key)
        for key, entries in rows.items()
        for word in entries
    )

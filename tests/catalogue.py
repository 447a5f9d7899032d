"""Texts of the document that need a translation, as they stand in code and templates.

    python -m tests.catalogue ru

prints those a language's catalogue does not have, ready to be translated and pasted into it.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment
from jinja2.ext import extract_from_ast

from claqueur.publish import directive_sentence, directive_words, sentence
from claqueur.publish.document import catalogue, language
from tests.conftest import ROOT

DOCUMENT = ROOT / "src" / "claqueur" / "publish" / "document"
KEYWORDS = {"gettext": (0,), "N_": (0,), "ngettext": (0, 1), "counted": (0, 1)}
"""Functions whose arguments at these places are texts; ``pgettext`` has a context first."""

NOT_SHOWN = {
    # A name only; and one of which each is in the catalogue, by its action.
    *("claimed total", "{}s of a post"),
    "actions up to {} hours after publication", "actions listed, whenever",
    "counters read {} hours after publication", "readings of followers",
    ", {} days after publication in the median",
    "final totals{}; what was taken back or deleted by then is missing, on control pages as well",
}  # fmt: skip
"""Texts of the modules with phrases that the document does not show, such as where numbers are
from."""

Wanted = dict[str, tuple[str, str]]
"""By the key gettext looks up: the text and its plural."""


def wanted() -> Wanted:
    """Every text that a catalogue must have, but for phrases of the release."""
    found: Wanted = {}
    for text, plural, context in [*_of_code(), *_of_templates(), *_of_tables()]:
        key = text if context is None else context + catalogue.CONTEXT_END + text
        if text:
            found[key] = (text, plural or found.get(key, ("", ""))[1])
    return found


def _of_code() -> Iterator[tuple[str, str, str | None]]:
    for path in sorted(DOCUMENT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield from _of_call(node)


def _of_call(node: ast.Call) -> Iterator[tuple[str, str, str | None]]:
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    # Where a text is not written out it is one of a table.
    said = [each.value if isinstance(each, ast.Constant) else None for each in node.args]
    if name == "pgettext" and isinstance(said[1], str):
        yield said[1], "", said[0]
    elif name == "say" or name in KEYWORDS:
        places = KEYWORDS.get(name, (0,))
        if said and isinstance(said[0], str):
            yield said[0], said[1] if len(places) > 1 else "", None


def _of_templates() -> Iterator[tuple[str, str, str | None]]:
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    environment.policies["ext.i18n.trimmed"] = True
    environment.newstyle_gettext = True
    for path in sorted(DOCUMENT.glob("templates/*.html")):
        tree = environment.parse(path.read_text(encoding="utf-8"))
        for _, function, said in extract_from_ast(tree, babel_style=False):
            texts = [said] if isinstance(said, str) else [each for each in said if each]
            if texts:
                yield texts[0], texts[1] if function == "ngettext" else "", None


def _of_tables() -> Iterator[tuple[str, str, str | None]]:
    """Texts that have their home elsewhere."""
    here = (directive_words.MEASURES, directive_words.ROSE, directive_sentence.SHORT)
    for table in here:
        yield from ((text, "", None) for text in table.values())
    for texts in (
        directive_sentence.INNOCENT, directive_sentence.INNOCENT_COUNTS,
        directive_sentence.INNOCENT_INSTITUTIONS, sentence.INNOCENT, sentence.INTEREST,
        sentence.COPYING,
    ):  # fmt: skip
        yield from ((text, "", None) for text in texts)
    yield from ((text, "", "month after a day") for text in language._MONTHS)
    yield from ((text, "", "short month") for text in language._SHORT_MONTHS)


def phrases() -> set[str]:
    """Phrases that code writes into a release, each placeholder as ``{}``.

    Read from the modules where they are written: whatever has several words there and is no
    documentation, help, error or name of a statistic.
    """
    found: set[str] = set()
    for path in _phrase_sources():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        left_out = set(_left_out(tree))
        found |= {
            text
            for node in ast.walk(tree)
            if node not in left_out and " " in (text := _text(node)).strip()
        }
    return {bare(text) for text in found} - NOT_SHOWN


def _phrase_sources() -> list[Path]:
    package = ROOT / "src" / "claqueur"
    rooms = [*(package / "directive" / "tests").glob("*.py")]
    others = ("directive/registration", "directive/curve", "publish/release/pools")
    return sorted([*rooms, *(package / f"{name}.py" for name in others)])


def _left_out(tree: ast.AST) -> Iterator[ast.AST]:
    """Nodes whose texts no reader of a release sees, and parts of longer texts."""
    for node in ast.walk(tree):
        silent = isinstance(node, ast.Expr | ast.Raise | ast.ImportFrom)
        named = isinstance(node, ast.keyword) and node.arg in ("statistic", "source", "help")
        helps = isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == "help"
        if silent or named or helps:
            yield from ast.walk(node)
        elif isinstance(node, ast.JoinedStr):
            yield from (part for value in node.values for part in ast.walk(value))


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values
        )
    return ""


def bare(text: str) -> str:
    """A text with its placeholders unnamed."""
    return re.sub(r"\{\w*\}", "{}", text)


def placeholders(text: str) -> set[str]:
    """Names in braces or after a per cent sign."""
    return set(re.findall(r"\{(\w+)\}", text)) | set(re.findall(r"%\((\w+)\)s", text))


def missing(code: str) -> Wanted:
    """What a catalogue does not have."""
    known = {each.key for each in catalogue.messages(code) if all(each.translations.values())}
    return {key: said for key, said in wanted().items() if key not in known}


def _entry(key: str, text: str, plural: str) -> str:
    context, end, _ = key.rpartition(catalogue.CONTEXT_END)
    lines = [f"msgctxt {json.dumps(context)}"] if end else []
    lines.append(f"msgid {json.dumps(text, ensure_ascii=False)}")
    if plural:
        lines.append(f"msgid_plural {json.dumps(plural, ensure_ascii=False)}")
        lines += [f'msgstr[{form}] ""' for form in range(3)]
    else:
        lines.append('msgstr ""')
    return "\n".join(lines)


if __name__ == "__main__":
    for key, (text, plural) in missing(sys.argv[1]).items():
        sys.stdout.write(_entry(key, text, plural) + "\n\n")

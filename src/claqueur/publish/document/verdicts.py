"""What may be said about one item: a short paragraph for every way an answer can be meant."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from claqueur.publish.directive_words import counting, explained, standing
from claqueur.publish.document.answers import causes, rose
from claqueur.publish.document.effects import effect, measure_words, visible
from claqueur.publish.document.language import Language

Entry = dict[str, Any]
Say = Callable[[Language, Entry], str]


def verdict(language: Language, entry: Entry) -> str:
    """The answer on an item in a sentence or two."""
    return _BY_REASON.get(entry["reason"], _unknown)(language, entry)


def _found(language: Language, entry: Entry) -> str:
    return "; ".join(rose(language, entry)) or language.gettext("something changed")


def _said(text: str, language: Language, entry: Entry) -> str:
    day = language.day(str(entry["start"]))
    return text.format(day=day, found=_found(language, entry))


def _who(language: Language, entry: Entry) -> str:
    text = language.gettext(
        "From {day} on, what was seen on the named pages is consistent with an order: {found}."
    )
    return _said(text, language, entry)


def _published(language: Language, entry: Entry) -> str:
    text = language.gettext(
        "From {day} on, what the institutions published, all of them together, is consistent "
        "with an order: {found}."
    )
    return _said(text, language, entry)


def _rise(language: Language, entry: Entry) -> str:
    text = language.gettext(
        "From {day} on, numbers rose on the named pages beyond those of control pages: {found}. "
        "Numbers alone say neither who acted nor why."
    )
    return _said(text, language, entry)


def _rise_alone(language: Language, entry: Entry) -> str:
    text = language.gettext(
        "No answer. From {day} on, numbers rose beyond those of control pages ({found}), but "
        "nothing about who acts, how often or when bears it out."
    )
    return _said(text, language, entry)


def _rising(language: Language, entry: Entry) -> str:
    text = language.gettext(
        "No answer. Numbers rose ({found}), but the named pages were moving away from the control "
        "pages before {day} already."
    )
    return _said(text, language, entry)


def _inseparable(language: Language, entry: Entry) -> str:
    tests = standing(explained(entry), entry["family"]["level"])
    found = "; ".join(
        f"{measure_words(language, test)} ({effect(language, test)})" for test in tests
    )
    text = language.gettext(
        "Something changed from {day} on: {found}. It could not be separated from {causes}, which "
        "was declared before the data were looked at: ordered or commonly prompted."
    )
    said = causes(language, entry)
    return text.format(day=language.day(str(entry["start"])), found=found, causes=said)


def _no_evidence(language: Language, entry: Entry) -> str:
    text = language.gettext(
        "No evidence that it was followed. Any of these would have been seen: {seen}. Smaller "
        "effects are not excluded."
    )
    return text.format(seen=_visible(language, entry, adequate=True))


def _too_little(language: Language, entry: Entry) -> str:
    seen = _visible(language, entry)
    said = language.gettext(
        "No answer: there is too little to see, so that nothing found means nothing."
    )
    if not seen:
        return said
    only = language.gettext("Only these would have been seen: {seen}.").format(seen=seen)
    return f"{said} {only}"


def _visible(language: Language, entry: Entry, *, adequate: bool = False) -> str:
    tests = [test for test in counting(entry) if test.get("adequate") or not adequate]
    known = [(test, visible(language, test)) for test in tests]
    return "; ".join(f"{measure_words(language, test)}: {said}" for test, said in known if said)


def _contaminated(language: Language, entry: Entry) -> str:
    return language.gettext(
        "No answer: control pages rise as if they had been named themselves, so there is nothing "
        "to compare with."
    )


def _nothing(language: Language, entry: Entry) -> str:
    return language.gettext(
        "No answer: the data allow no measure of it. This says nothing either way."
    )


def _untestable(language: Language, entry: Entry) -> str:
    return language.gettext("It could not be tested with these data. This says nothing either way.")


def _unknown(language: Language, entry: Entry) -> str:
    return language.gettext("This answer says nothing about an order.")


_BY_REASON: dict[str, Say] = {
    "who and when": _who,
    "institutions published": _published,
    "rise the controls do not share": _rise,
    "not separable": _inseparable,
    "would have been seen": _no_evidence,
    "rise alone": _rise_alone,
    "rising before": _rising,
    "contaminated controls": _contaminated,
    "too little to see": _too_little,
    "nothing to test": _nothing,
    "not testable": _untestable,
}

"""The sentences that may be printed about an item of a directive, and what they must not leave out.

They never say that an order was given. Counts alone say no more than "a rise the controls do not
share"; where a declared cause coincides, "ordered or commonly prompted" is all there is to say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import groupby

from claqueur.publish.charts.labels import counted, listed, opening
from claqueur.publish.directive_words import (
    ROSE,
    Entry,
    Test,
    action_words,
    causes_of,
    change_text,
    counting,
    day_words,
    explained,
    measure_text,
    p_text,
    publishes,
    standing,
    visible_text,
)

INNOCENT = (
    "an interest that many came to share on that date",
    "a common prompt that nobody declared",
    "new readers who came for another reason",
)
"""What acting on named pages does not tell apart from an order."""

INNOCENT_COUNTS = (*INNOCENT, "posts that were advertised or that the platform showed to more")
"""The same where only numbers are seen."""

INNOCENT_INSTITUTIONS = (
    "press texts that many were sent",
    "a calendar they have in common",
    "an event that was news for all of them",
)
"""What institutions' posts do not tell apart from an order."""

WOULD_SHOW = "Each by itself, at 5% and with probability .8, would have shown"

NO_PROBABILITY = "A p-value is not the probability of an order"

MOST_BRIEFS = 6
"""Items beyond which they are counted by their answer."""

CONSISTENT = "consistent with an order"
RISE = "a rise the controls do not share"
SHORT = {
    "who and when": CONSISTENT,
    "institutions published": CONSISTENT,
    "rise the controls do not share": RISE,
    "would have been seen": "no evidence, though a clear effect would have been seen",
    "rise alone": f"inconclusive: {RISE}, which nothing about who acts bears out",
    "rising before": "inconclusive: it was changing before the date",
    "contaminated controls": "inconclusive: control pages rise like it themselves",
    "too little to see": "inconclusive: too little to see",
    "nothing to test": "inconclusive: nothing to test",
    "not testable": "not testable",
}
"""Answers in a few words, by their reason."""


def answer_text(entry: Entry) -> str:
    """The answer on an item in a few words."""
    if entry["reason"] == "not separable":
        return f"could not be separated from {_causes(entry)}: ordered or commonly prompted"
    return SHORT.get(entry["reason"], str(entry["answer"]))


def directive_sentences(entry: Entry) -> list[str]:
    """What may be printed about one item: the answer, its error, and what it is not.

    Parameters
    ----------
    entry
        One of ``directive.json``.
    """
    said = _BY_REASON.get(entry["reason"], _unknown)(entry)
    return [line for line in (*said, _registered(entry)) if line]


def brief(entry: Entry, *, titled: bool = True) -> str:
    """The answer in one line: ``Item 3 of Minutes: consistent with an order (p 4·10⁻⁶ …)``."""
    of = f" of {entry['title']}" if titled else ""
    return f"Item {entry['item']}{of}: {answer_text(entry)}{_in_family(entry)}"


def _in_family(entry: Entry) -> str:
    p, items = entry["p_adjusted"], entry["family"]["items"]
    return f" (p {p_text(p)} in a family of {counted(items, 'item')})" if p is not None else ""


def briefs(entries: list[Entry]) -> list[str]:
    """All answers, a line each below their directive; how many of a kind where there are many."""
    if len(entries) > MOST_BRIEFS:
        kinds = Counter(answer_text(entry) for entry in entries)
        return [f"{counted(count, 'item')}: {kind}" for kind, count in kinds.most_common()]
    lines: list[str] = []
    for title, own in groupby(entries, key=lambda entry: str(entry["title"])):
        lines += [title, *(brief(entry, titled=False) for entry in own)]
    return lines


def headline(entry: Entry) -> str:
    """The finding in one line for the head of a picture."""
    since = f"from {day_words(entry['start'], year=False)}"
    where = "in the institutions’ posts" if publishes(entry) else "on the named pages"
    reason = entry["reason"]
    if reason in ("who and when", "institutions published", "rise the controls do not share"):
        return opening(f"{since}, {_rose(entry, _found(entry), all_kinds=True)}")
    if reason == "not separable":
        return (
            f"Ordered or commonly prompted: {_rose(entry, _not_separated(entry), all_kinds=False)}"
        )
    return {
        "would have been seen": f"Nothing {where} stands out {since}",
        "rise alone": f"Numbers {where} rose {since}; who acts did not change",
        "rising before": f"What changed {where} was changing before the date",
        "contaminated controls": "Control pages rose like the named ones: no answer",
        "too little to see": f"Too little to see whether anything changed {since}",
    }.get(reason, f"Item {entry['item']} could not be tested")


def _rose(entry: Entry, tests: list[Test], *, all_kinds: bool) -> str:
    """The counts that rose, and the other measure with the smallest p-value."""
    counts = [test["measure"] for test in entry["tests"] if test["alone"] and test in tests]
    other = [ROSE.get(t["measure"], f"{measure_text(t)} rose") for t in tests if not t["alone"]]
    if not counts:
        return other[0] if other else "something changed"
    if other and all_kinds:
        return f"{listed(counts)} rose and {other[0]}"
    return f"{listed(counts)} on the named pages rose"


def _found(entry: Entry) -> list[Test]:
    return standing(counting(entry), entry["family"]["level"])


def _not_separated(entry: Entry) -> list[Test]:
    return standing(explained(entry), entry["family"]["level"])


def _causes(entry: Entry) -> str:
    return listed(causes_of(_not_separated(entry)) or ["a declared cause"])


def _what(entry: Entry) -> str:
    """The item in words, as the beginning of a sentence."""
    until = f" to {day_words(entry['end'])}" if entry["end"] else ""
    asked = f"{action_words(entry)} from {day_words(entry['start'])}{until}"
    if not publishes(entry):
        return f"Item {entry['item']} ({asked})"
    count = entry["data"].get("target_pages")
    # Institutions are looked at together, and spoken of together.
    together = f", {counted(count, 'institution')} together" if count and count > 1 else ""
    return f"Item {entry['item']} ({asked}{together})"


def _where(entry: Entry) -> str:
    return "in the institutions’ posts" if publishes(entry) else "on the named pages"


def _consistent(entry: Entry) -> list[str]:
    found = _found(entry)
    return [
        f"{_what(entry)}: what was seen is {CONSISTENT}. Beyond what was to be expected, "
        f"{_where(entry)}: {_effects(found)}.",
        f"{NO_PROBABILITY}: whether people were ordered or commonly prompted cannot be separated "
        f"here. Not excluded are {_innocent(entry)}.",
        *_p_values(entry, found),
        *_beside(entry),
        *_others(entry),
    ]


def _rise(entry: Entry) -> list[str]:
    found = _found(entry)
    return [
        f"{_what(entry)}: {RISE}. On the named pages, beyond control pages: {_effects(found)}.",
        "Numbers alone say no more than that: neither who acted nor why. "
        f"{NO_PROBABILITY}. Not excluded are {listed(INNOCENT_COUNTS)}.",
        *_p_values(entry, found),
        *_beside(entry),
        *_others(entry),
    ]


def _inseparable(entry: Entry) -> list[str]:
    found = _not_separated(entry)
    return [
        f"{_what(entry)}: something changed {_where(entry)} that could not be separated from "
        f"{_causes(entry)}, which was declared beforehand: ordered or commonly prompted. "
        f"{opening(_effects(found))}.",
        "The declared cause would show in the same way, so these p-values are not adjusted and "
        f"enter no family. {NO_PROBABILITY}.",
        _nulls(found),
        *_rest(entry),
    ]


def _no_evidence(entry: Entry) -> list[str]:
    tests = counting(entry)
    seen = [test for test in tests if test["adequate"] and visible_text(test)]
    return [
        f"{_what(entry)}: no evidence {_where(entry)} that it was followed{_item_p(entry)}.",
        f"{WOULD_SHOW}: {_visible(seen)}." if seen else "",
        "Smaller effects are not excluded, nor is what these measures do not look at: this does "
        f"not show that nobody was ordered to act. {NO_PROBABILITY}.",
        _nulls(tests),
        *_beside(entry),
    ]


def _rising(entry: Entry) -> list[str]:
    found = _found(entry)
    return [
        f"{_what(entry)}: no answer. {opening(_effects(found))}, but the named pages were already "
        "moving away from the control pages before the date, so a rise from that date on cannot "
        "be told from one that was under way.",
        f"{NO_PROBABILITY}. {_nulls(found)}",
    ]


def _rise_alone(entry: Entry) -> list[str]:
    found = _found(entry)
    return [
        f"{_what(entry)}: no answer. {opening(_effects(found))} beyond control pages, but nothing "
        "about who acts, how often or when bears it out.",
        f"Numbers rise for many reasons: {listed(INNOCENT_COUNTS)}. {NO_PROBABILITY}.",
        *_p_values(entry, found),
        *_others(entry),
    ]


def _contaminated(entry: Entry) -> list[str]:
    remarks = [
        remark
        for test in counting(entry)
        for remark in test["remarks"]
        if remark.startswith("contamination")
    ]
    return [
        f"{_what(entry)}: no answer, because control pages rise like an order themselves and are "
        f"no comparison{_item_p(entry)}.",
        *(f"{opening(remark)}." for remark in dict.fromkeys(remarks)),
    ]


def _too_little(entry: Entry) -> list[str]:
    tests = counting(entry)
    seen = [test for test in tests if visible_text(test)]
    blind = [measure_text(test) for test in tests if not visible_text(test)]
    return [
        f"{_what(entry)}: too little to see{_item_p(entry)}. That nothing was found means nothing.",
        f"{WOULD_SHOW} only: {_visible(seen)}." if seen else "",
        f"Nothing at all could have been seen by: {listed(blind)}." if blind else "",
    ]


def _nothing(entry: Entry) -> list[str]:
    why = dict.fromkeys(
        test["why"] for test in entry["tests"] if test["counts"] and not test["available"]
    )
    because = f": {'; '.join(why)}" if why else ""
    return [
        f"{_what(entry)}: nothing to test{because}. This says nothing either way."
    ]  # fmt: skip


def _untestable(entry: Entry) -> list[str]:
    why = str(entry["why"]).rstrip(".")
    return [f"{_what(entry)}: not testable: {why}. This says nothing either way."]


def _unknown(entry: Entry) -> list[str]:
    return [f"{_what(entry)}: {entry['answer']}. This says nothing about an order."]


_BY_REASON: dict[str, Callable[[Entry], list[str]]] = {
    "who and when": _consistent,
    "institutions published": _consistent,
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


def _effects(tests: list[Test]) -> str:
    return "; ".join(change_text(test) for test in tests)


def _p_values(entry: Entry, found: list[Test]) -> list[str]:
    """The item's p-value, in its family, and what the nulls keep."""
    return [
        f"The item has{_item_p(entry, brackets=False)}: how often chance alone would give as much, "
        f"at most. {_nulls(found)}"
    ]


def _item_p(entry: Entry, *, brackets: bool = True) -> str:
    if entry["p_value"] is None:
        return ""
    said = (
        f"p {p_text(entry['p_value'])}, corrected for {counted(len(counting(entry)), 'measure')}, "
        f"and {p_text(entry['p_adjusted'])} in a family of "
        f"{counted(entry['family']['items'], 'item')}"
    )
    return f" ({said})" if brackets else f" {said}"


def _nulls(tests: list[Test]) -> str:
    """Each null once, with the p-values that are against it."""
    by_null: dict[str, list[str]] = {}
    for test in tests:
        said = f"{measure_text(test)} (p {p_text(test['p_value'])})"
        by_null.setdefault(test["null"], []).append(said)
    each = (f"For {listed(names)} chance means: {null}." for null, names in by_null.items())
    return " ".join(each)


def _innocent(entry: Entry) -> str:
    return listed(INNOCENT_INSTITUTIONS if publishes(entry) else INNOCENT)


def _beside(entry: Entry) -> list[str]:
    """What a declared cause would show in as well, and so does not count here."""
    found = _not_separated(entry)
    if not found:
        return []
    return [
        f"Not counted, because it could not be separated from {_causes(entry)}: {_effects(found)}."
    ]


def _others(entry: Entry) -> list[str]:
    """What the measures that do not stand would have seen."""
    found = _found(entry)
    rest = [test for test in counting(entry) if test not in found]
    if not rest:
        return []
    seen = [test for test in rest if visible_text(test)]
    many = "One other measure does" if len(rest) == 1 else f"{len(rest)} other measures do"
    line = f"{many} not stand after correction."
    return [f"{line} {WOULD_SHOW}: {_visible(seen)}." if seen else line]


def _rest(entry: Entry) -> list[str]:
    """Beside what could not be separated: whether anything else was tested."""
    left = counting(entry)
    if not left:
        return ["No measure is left in which the declared cause would not show."]
    return [
        f"In {counted(len(left), 'measure')} in which the declared cause would not show, nothing "
        f"stands out{_item_p(entry)}."
    ]


def _visible(tests: list[Test]) -> str:
    return "; ".join(f"{measure_text(test)} {_shown(test)}" for test in tests)


def _shown(test: Test) -> str:
    visible = visible_text(test)
    return f"({visible})" if test["unit"] == "accounts" else visible


def _registered(entry: Entry) -> str:
    """What a reader has to know about when the hypothesis was written down."""
    remarks = [str(remark).rstrip(".") for remark in entry["registration"].get("remarks", [])]
    return f"About the registration it has to be said: {'; '.join(remarks)}." if remarks else ""

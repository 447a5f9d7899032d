"""What a run found, in the few lines a terminal has room for."""

from __future__ import annotations

from claqueur.publish.directive_sentence import NO_PROBABILITY, brief
from claqueur.publish.sentence import sentences
from claqueur.publish.target_sentence import target_sentences
from claqueur.results import Result
from claqueur.settings import duration_text


def summary_lines(result: Result) -> list[str]:
    """One line for the data, one for each network, and what the numbers are not."""
    events = result.run["events"]
    lines = [
        f"{events['kept']:,} events of {events['accounts']:,} accounts on "
        f"{events['objects']:,} objects"
    ]
    test = result.run.get("targets")
    about = [*directive_lines(result), *(target_sentences(test) if test else [])]
    if not result.compared:
        nobody = "No account was compared: nothing that is used here tells who acted on what."
        return [*lines, nobody, *about]
    if result.calibrated:
        return [*lines, *sentences(result), *about]
    lines.extend(
        f"{network['action']} within {duration_text(network['window_ms'])}: "
        f"{_many(network['pairs'], 'pair')}, {_many(network['groups'], 'lockstep group')} with "
        f"{network['accounts_in_groups']:,} members"
        for network in result.run["networks"]
    )
    lines.append(
        "Window and minimum were chosen by hand, so there is no error rate; "
        "acting together does not prove an order."
    )
    return [*lines, *about]


def directive_lines(result: Result) -> list[str]:
    """One line for each item of a directive."""
    missing = [
        f"Directive {name} is not registered, so it was not tested; register it with "
        "`claqueur directive register`."
        for name in result.run.get("directives_not_registered", [])
    ]
    if not result.directive:
        return missing
    not_said = f"{NO_PROBABILITY}; what may be said about each item is in the report."
    return [*(f"{brief(entry)}." for entry in result.directive), not_said, *missing]


def _many(count: int, word: str) -> str:
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"

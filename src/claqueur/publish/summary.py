"""What a run found, in the few lines a terminal has room for."""

from __future__ import annotations

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
    about = target_sentences(test) if test else []
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


def _many(count: int, word: str) -> str:
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"

"""Reads lists: packs calls into requests, asks on until each list is whole, takes note of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from claqueur.collect.vk.calls import MOST_CALLS, Call
from claqueur.collect.vk.client import VkClient
from claqueur.collect.vk.readings import Reading
from claqueur.collect.vk.state import State
from claqueur.progress import SILENT, Progress


@dataclass
class Reader:
    """Carries readings out.

    Attributes
    ----------
    since_ms
        How far back walls are read.
    undone
        How many readings could not be finished, because a day's share was used up or trouble
        over there did not pass.
    """

    client: VkClient
    state: State
    since_ms: int
    progress: Progress = SILENT
    undone: int = 0

    def read(self, kind: str, firsts: Sequence[Sequence[Call]]) -> list[Reading]:
        """Read lists of one kind, each beginning with some calls; those that became whole."""
        return self.read_all([(kind, calls) for calls in firsts])

    def read_all(self, wanted: Iterable[tuple[str, Sequence[Call]]]) -> list[Reading]:
        """Read lists of several kinds."""
        done: list[Reading] = []
        for batch in self._batches(wanted):
            done += self._carry_out(batch)
            self.progress.advance(len(batch))
        return done

    def _batches(
        self, wanted: Iterable[tuple[str, Sequence[Call]]]
    ) -> Iterator[list[tuple[str, Sequence[Call]]]]:
        """As many lists side by side as fit into a request; one where there is no ``execute``."""
        batch: list[tuple[str, Sequence[Call]]] = []
        size = 0
        for kind, calls in wanted:
            most = MOST_CALLS if self.client.batches else 1
            if batch and size + len(calls) > most:
                yield batch
                batch, size = [], 0
            batch.append((kind, calls))
            size += len(calls)
        if batch:
            yield batch

    def _carry_out(self, batch: list[tuple[str, Sequence[Call]]]) -> list[Reading]:
        readings: dict[str, Reading] = {}
        calls: list[Call] = []
        for kind, firsts in batch:
            label = self.state.label(kind)
            readings[label] = Reading(label, self.since_ms)
            calls += [replace(call, reading=label) for call in firsts]
        done = []
        while calls:
            for replies in self.client.ask(calls):
                for reply in replies:
                    readings[reply.call.reading].replies.append(reply)
            calls = []
            for label, reading in list(readings.items()):
                more = reading.next_calls()
                if more:
                    calls += [replace(call, reading=label) for call in more]
                    continue
                del readings[label]
                if more is None:
                    self.undone += 1
                else:
                    self.state.take(reading)
                    done.append(reading)
        return done

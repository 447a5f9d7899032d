"""The calibrated default: every layer the data allow, one after another, and all together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import polars as pl

from claqueur.detectors import Layer
from claqueur.groups.co_text import account_of_texts, find_texts
from claqueur.groups.layers import Part, channels, combined, texts_of
from claqueur.groups.lockstep import account_of, engagement, features_of, find
from claqueur.groups.network import Grouped
from claqueur.groups.text_tables import text_tables
from claqueur.groups.untimed import account_of_untimed, find_untimed
from claqueur.groups.voices import voices
from claqueur.model import CO_TEXT, PAIRS
from claqueur.record import Record
from claqueur.settings import CoAction, Wording
from claqueur.store import Events


@dataclass
class Detected:
    """What detection hands on: networks with their groups, further tables, fused pairs.

    Layers whose objects are none of the events' own have events of their own.
    """

    networks: Iterable[tuple[Layer, Grouped]] = ()
    others: dict[str, pl.DataFrame] = field(default_factory=dict)
    fused: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=PAIRS))
    events_of: dict[str, Events] = field(default_factory=dict)


def calibrated(
    events: Events, settings: CoAction, wording: Wording, seed: int, record: Record, zone: str
) -> Detected:
    """Groups beyond habits, popularity or what outsiders write, each at a stated error."""
    frame = engagement(events, settings, record.set_aside)
    timed, untimed = channels(frame, events, settings, record.set_aside)
    said = texts_of(frame, events, settings)
    layers = _Layers(events, seed, record)
    if timed.height:
        layers.by_time(timed, zone)
    elif untimed.height:
        record.progress.note("no time is known: comparing who acted on the same objects instead")
    if untimed.height:
        layers.by_objects(untimed)
    if said.height:
        layers.by_texts(said, wording.tone_model)
    return layers.together()


@dataclass
class _Layers:
    """Layers that ran so far."""

    events: Events
    seed: int
    record: Record
    networks: list[tuple[Layer, Grouped]] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    others: dict[str, pl.DataFrame] = field(default_factory=dict)
    events_of: dict[str, Events] = field(default_factory=dict)

    @property
    def next_id(self) -> int:
        """Number of the next group."""
        return 1 + sum(grouped.groups.height for _, grouped in self.networks)

    def by_time(self, frame: pl.DataFrame, zone: str) -> None:
        """Who acts when on which object."""
        with self.record.timed("lockstep"):
            found = find(frame, self.events, self.seed, self.record.progress)
        self.record.calibration = account_of(found)
        self.others["features"] = features_of(found, zone)
        self.networks += zip(found.layers, found.grouped, strict=True)
        self.parts.append(Part.timed(found))

    def by_objects(self, frame: pl.DataFrame) -> None:
        """Who acts on what, times left aside."""
        progress = self.record.progress
        with self.record.timed("co-engagement"):
            found = find_untimed(frame, self.events, self.seed, progress, self.next_id)
        self.record.untimed = account_of_untimed(found)
        self.networks.append((found.layer, found.grouped))
        self.parts.append(Part.untimed(found))

    def by_texts(self, frame: pl.DataFrame, tone_model: str) -> None:
        """Who writes the same texts."""
        first_id = self.next_id
        with self.record.timed("co-text"):
            found = find_texts(frame, self.events, self.seed, self.record.progress, first_id)
            self.others |= text_tables(found, first_id)
            self.others["voices"] = voices(found, self.events, tone_model)
        self.record.texts = account_of_texts(found)
        self.networks.append((found.layer, found.grouped))
        self.parts.append(Part.text(found))
        self.events_of[CO_TEXT] = found.events

    def together(self) -> Detected:
        """All of it; fused where several layers could test anybody."""
        detected = Detected(self.networks, self.others, events_of=self.events_of)
        parts = [part for part in self.parts if part.confirmed.family]
        if len(parts) > 1:
            self.record.layers, self.others["layers"], detected.fused = combined(parts, self.events)
        return detected

"""The record of a run: what came in and went out of every stage, for ``run.json``."""

from __future__ import annotations

import platform
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import polars as pl

from claqueur._version import __version__
from claqueur.detectors import Layer
from claqueur.groups.network import Grouped
from claqueur.lists import lists_of
from claqueur.model import FORMAT, TIME
from claqueur.on_spark import OnSpark
from claqueur.progress import SILENT, Progress
from claqueur.refusals import Refusals
from claqueur.spill import Spilled
from claqueur.store import Events

_LIBRARIES = ("duckdb", "graspologic-native", "numba", "numpy", "polars", "pyarrow")


@dataclass
class Record:
    """What ``run.json`` will say, gathered along the way."""

    progress: Progress = SILENT
    inputs: list[dict[str, Any]] = field(default_factory=list)
    refused: Refusals = field(default_factory=Refusals)
    set_aside: Refusals = field(default_factory=Refusals)
    delivered: int = 0
    networks: list[dict[str, Any]] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    calibration: dict[str, Any] | None = None
    """What the calibrated default tested where there are times, and how."""
    untimed: dict[str, Any] | None = None
    """The same where there are none."""
    texts: dict[str, Any] | None = None
    """What was tested in the texts of comments, and how."""
    layers: dict[str, Any] | None = None
    """What these came to together."""
    targets: dict[str, Any] | None = None
    """What the test of declared targets found, and how."""
    objects: dict[str, Any] | None = None
    """How many posts with counts a case holds, of when."""
    counters: dict[str, Any] | None = None
    """The same of readings of counters."""
    not_registered: list[str] = field(default_factory=list)
    """Directives of the case that are written down and not registered, and so not tested."""

    def take_over(self, imported: dict[str, Any]) -> None:
        """Count what an earlier import brought and refused."""
        self.inputs.extend(imported["inputs"])
        self.delivered += imported["delivered"]
        self.refused.recount(imported)

    def tell(self) -> None:
        """Say what was not used, and what is worth a remark."""
        for line in self.refused.lines():
            self.progress.note(f"not used: {line}")
        for line in self.refused.noted.lines():
            self.progress.note(f"noted: {line}")

    def imported(self) -> dict[str, Any]:
        """What was brought and refused so far, to be taken over later."""
        return {
            "inputs": self.inputs,
            "delivered": self.delivered,
            "refused": self.refused.record(),
            "noted": self.refused.noted.record(),
        }

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the time spent inside to the stage's."""
        begin = time.perf_counter()
        yield
        spent = self.seconds.get(stage, 0) + time.perf_counter() - begin
        self.seconds[stage] = round(spent, 3)

    def add_network(self, layer: Layer, grouped: Grouped) -> None:
        """Count what went into one network and what came out."""
        compared = layer.everybody.counts()
        ends = pl.concat([layer.pairs["a"], layer.pairs["b"].rename("a")])
        self.networks.append(
            {
                "layer": layer.name,
                "action": layer.action,
                "window_ms": layer.window_ms,
                **{f"{name}_compared": count for name, count in compared.items()},
                "pairs": layer.pairs.height,
                "accounts_in_pairs": ends.n_unique(),
                "groups": grouped.groups.height,
                "accounts_in_groups": grouped.accounts.height,
                "accounts_in_no_group": grouped.loners,
                "hot_objects": [asdict(each) for each in layer.hot],
            }
        )

    def run_json(
        self, events: Events | Spilled | OnSpark, settings: dict[str, Any], compat: str, case: str
    ) -> dict[str, Any]:
        """The whole record as plain values; a new case identity where there is none."""
        return {
            "format": FORMAT,
            "claqueur": __version__,
            "case": case or uuid.uuid4().hex,
            "created": now(),
            "compat": compat or None,
            "settings": settings,
            "inputs": self.inputs,
            "events": self._events(events),
            "objects": self.objects,
            "counters": self.counters,
            "directives_not_registered": self.not_registered,
            "networks": self.networks,
            "calibration": self.calibration,
            "untimed": self.untimed,
            "texts": self.texts,
            "layers": self.layers,
            "targets": self.targets,
            "set_aside": self.set_aside.record(),
            # Lists are read as a whole, and tables with them always are.
            "lists": lists_of(events) if isinstance(events, Events) else None,
            "seconds": self.seconds,
            "versions": {
                "python": platform.python_version(),
                **{name: version(name) for name in _LIBRARIES},
            },
        }

    def _events(self, events: Events | Spilled | OnSpark) -> dict[str, Any]:
        totals = events.totals
        ends = [totals.first_ms, totals.last_ms]
        span = pl.Series(ends, dtype=pl.Int64).cast(TIME).to_list()
        ids = {name: len(ids) for name, ids in events.names.items()}
        if isinstance(events, OnSpark):
            ids = events.distinct
        counts = {f"{name.removesuffix('_id')}s": number for name, number in ids.items()}
        return {
            "delivered": self.delivered,
            "refused": self.refused.record(),
            "noted": self.refused.noted.record(),
            "kept": totals.rows,
            "accounts": counts["accounts"],
            "objects": counts["objects"],
            "pages": counts.get("owners"),
            "actions": events.actions,
            "first_time": span[0].isoformat() if span[0] else None,
            "last_time": span[1].isoformat() if span[1] else None,
        }


def now() -> str:
    """The moment, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")

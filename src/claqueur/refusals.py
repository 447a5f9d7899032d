"""Counting what could not be used: by reason, with the first rows named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

SHOWN = 5


@dataclass
class Refusals:
    """Rows that were refused or folded together, by reason, in the order they appeared."""

    counts: dict[str, int] = field(default_factory=dict)
    first_rows: dict[str, list[str]] = field(default_factory=dict)
    remarks: Refusals | None = None

    @property
    def noted(self) -> Refusals:
        """Rows that are in the events and yet worth a remark: seen again, folded, half used."""
        if self.remarks is None:
            self.remarks = Refusals()
        return self.remarks

    def add(self, reason: str, count: int, rows: Iterable[str] = ()) -> None:
        """Count ``count`` rows under ``reason`` and remember where the first ones are."""
        if count == 0:
            return
        self.counts[reason] = self.counts.get(reason, 0) + count
        shown = self.first_rows.setdefault(reason, [])
        shown.extend(row for row, _ in zip(rows, range(SHOWN - len(shown)), strict=False))

    def recount(self, told: Mapping[str, Any]) -> None:
        """Count what was counted elsewhere: :meth:`record` of rows ``refused`` and ``noted``."""
        for refusals, entries in ((self, told["refused"]), (self.noted, told.get("noted", ()))):
            for entry in entries:
                refusals.add(entry["reason"], entry["rows"], entry["first"])

    @property
    def total(self) -> int:
        """All rows counted here."""
        return sum(self.counts.values())

    def lines(self) -> list[str]:
        """One line a reason, for the screen and the report."""
        return [
            f"{count:,} × {reason}" + (f" ({', '.join(rows)})" if rows else "")
            for reason, count in self.counts.items()
            for rows in [self.first_rows[reason]]
        ]

    def record(self) -> list[dict[str, object]]:
        """The same for ``run.json``."""
        return [
            {"reason": reason, "rows": count, "first": self.first_rows[reason]}
            for reason, count in self.counts.items()
        ]

"""One result of one test: a statistic against a null, or the reason why there is none."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Unit = Literal["ratio", "points", "accounts", "actions", "days", "index"]
"""Of effects: a ratio, percentage points, accounts, actions, days, or an index without unit."""


@dataclass(frozen=True)
class Finding:
    """A measure of one test.

    Attributes
    ----------
    test, measure
        For example ``composition`` and ``seen nowhere before``.
    available, why
        Whether the data allow it; if not, why.
    statistic, value
        Name and value of what was held against the null.
    effect, unit, low, high, level
        Effect with its interval and that interval's level.
    p_value, null
        One-sided, and what the null keeps.
    page_p
        Over pages alone, by ranks; its least possible value is one over the number of pages.
    visible
        The effect this measure would have seen at 5% with probability .8; None where none could.
    adequate
        Whether that is small enough for silence to mean something.
    counts
        Whether it enters the family; the others describe.
    alone
        Whether it is an aggregate, which alone says only that the controls do not share a rise.
    explained_by
        Declared causes that would show here as well: what they cannot be separated from.
    controls
        The same effect on every control page, for pictures.
    numbers
        What else it has to say: counts of posts and pages, the source of the numbers.
    remarks
        In words.
    """

    test: str
    measure: str
    available: bool = True
    why: str = ""
    statistic: str = ""
    value: float | None = None
    effect: float | None = None
    unit: Unit = "ratio"
    low: float | None = None
    high: float | None = None
    level: float | None = None
    p_value: float | None = None
    null: str = ""
    page_p: float | None = None
    visible: float | None = None
    adequate: bool = False
    counts: bool = True
    alone: bool = False
    explained_by: tuple[str, ...] = ()
    controls: tuple[float, ...] = ()
    numbers: dict[str, Any] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    @property
    def tested(self) -> bool:
        """Whether it has a p-value that counts."""
        return self.available and self.counts and self.p_value is not None

    @property
    def separable(self) -> bool:
        """Whether no declared cause shows here as well."""
        return not self.explained_by

    def as_record(self) -> dict[str, Any]:
        """Plain values for ``directive.json``; numbers that are not finite become None."""
        record: dict[str, Any] = _plain(asdict(self))
        return record


def unavailable(test: str, measure: str, why: str, *, counts: bool = True) -> Finding:
    """A measure that the data do not allow, and why."""
    return Finding(test, measure, available=False, why=why, counts=counts)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value

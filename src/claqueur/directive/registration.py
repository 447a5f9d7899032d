"""What is known of a registration, and what a reader has to be told of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from claqueur.directive.hypothesis import Directive

SELF_DECLARED = "self-declared"


@dataclass(frozen=True)
class Registration:
    """When and how a record was registered. All times are UTC.

    Attributes
    ----------
    sha256
        Of the registered version: the record, the time, and the version before it.
    time, version
        Of the version that counts, the latest.
    first_time
        When the first version was registered.
    stamp, stamp_time
        ``self-declared`` and nothing, or the third party and the time it says.
    after_collection, first_import
        Whether the case held data already, and since when.
    stamped_late
        Whether the third party's time is after the first import, though the registration is not.
    reworded
        Whether an earlier version said something else.
    working
        Whether the record in the case is the ``same`` now, was ``edited``, or is ``gone``.
    """

    sha256: str
    time: str
    version: int
    first_time: str
    stamp: str
    stamp_time: str
    after_collection: bool
    first_import: str | None
    stamped_late: bool
    reworded: bool
    working: Literal["same", "edited", "gone"]

    @property
    def changed_since(self) -> bool:
        """Whether the record was changed after it was first registered."""
        return self.version > 1 or self.working != "same"

    def as_record(self) -> dict[str, Any]:
        """Plain values for results; nothing restricted is among them."""
        return {
            **asdict(self),
            "changed_since": self.changed_since,
            "remarks": self.remarks(),
        }

    def remarks(self) -> list[str]:
        """What a reader has to know about the registration, in plain sentences."""
        return [text for text in (self._time(), self._stamp(), *self._changes()) if text]

    def _time(self) -> str:
        if not self.after_collection:
            return ""
        return f"registered after collection began (data since {self.first_import})"

    def _stamp(self) -> str:
        if self.stamp == SELF_DECLARED:
            return "self-declared: the time of registration rests on the word of whoever registered"
        if self.stamped_late:
            return (
                f"stamped by {self.stamp} on {self.stamp_time}, after collection began: that it "
                "was registered before rests on the word of whoever registered"
            )
        return f"stamped by {self.stamp}: it existed on {self.stamp_time} at the latest"

    def _changes(self) -> list[str]:
        said = []
        if self.version > 1 and self.reworded:
            said.append(
                f"changed after it was first registered on {self.first_time}: this is version "
                f"{self.version}, of {self.time}"
            )
        elif self.version > 1:
            said.append(
                f"first registered on {self.first_time}; this is version {self.version}, of "
                f"{self.time}, in which only what is restricted was changed"
            )
        if self.working == "edited":
            said.append(
                "the record in the case differs from the one registered; the registered one was "
                "tested"
            )
        if self.working == "gone":
            said.append("the record is gone from the case; the registered one was tested")
        return said


@dataclass(frozen=True)
class Registered:
    """A registered record: its latest frozen version, without what is restricted."""

    name: str
    directive: Directive
    registration: Registration

"""A planted case for tests of releases: four institutions, their staff, a crowd, two pages.

Members like the same eight posts a week of two pages, every working day at noon; the crowd likes
posts at random. What detection would have found is laid down, so that nothing is left to chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl

from claqueur import model
from claqueur.intake import read_files
from claqueur.publish.release import Populations, Release, make_release, populations_of
from claqueur.record import Record
from claqueur.results import Result
from claqueur.settings import Reading
from claqueur.store import Events

MONDAY = datetime(2019, 2, 4, 5, tzinfo=UTC)  # noon in Krasnoyarsk
PAGES = ("-1", "-2")
ZONE = "Asia/Krasnoyarsk"
WEEKS, POSTS = 4, 8


@dataclass(frozen=True)
class Accepted:
    """A finding that was accepted."""

    key: str
    kind: str = "group"


@dataclass(frozen=True)
class Planted:
    """The case; every figure can be changed.

    Attributes
    ----------
    sizes
        Staff of each institution; its group has all of them.
    follows
        Whether it is known who follows what.
    weeks
        How many there are.
    """

    sizes: tuple[int, ...] = (16, 16, 16, 16)
    crowd: int = 400
    follows: bool = True
    weeks: int = WEEKS
    texts: bool = False
    joined: tuple[int, ...] = ()
    extra: Sequence[dict[str, Any]] = field(default=())

    @cached_property
    def staff(self) -> list[list[str]]:
        """Account ids by institution."""
        return [
            [f"5{place:02}{number:05}" for number in range(size)]
            for place, size in enumerate(self.sizes)
        ]

    @cached_property
    def table(self) -> pl.DataFrame:
        """Events, follows among them."""
        rng = np.random.default_rng(3)
        rows = [*self._posts(), *self._crowd(rng), *self._staff(rng), *self._follows(), *self.extra]
        columns = ("account_id", "action", "object_id", "owner_id", "time", "content_id", "text")
        kinds = {name: pl.String for name in columns if name != "time"}
        table = pl.DataFrame(
            [{name: row.get(name) for name in columns} for row in rows],
            schema={**kinds, "time": pl.Datetime("ms", "UTC")},
        )
        return table.with_columns(time_min="time", time_max="time").drop("time")

    def _post(self, week: int, post: int) -> tuple[str, str]:
        page = PAGES[post % 2]
        return f"wall{page}_{1000 + week * 100 + post}", page

    def _posts(self) -> list[dict[str, Any]]:
        return [
            {"account_id": page, "action": "post", "object_id": name, "owner_id": page,
             "time": MONDAY + timedelta(weeks=week, days=post % 5, hours=-2), "text": "A post"}
            for week in range(self.weeks)
            for post in range(2 * POSTS)
            for name, page in [self._post(week, post)]
        ]  # fmt: skip

    def like(self, account: str, week: int, post: int, minutes: float = 0) -> dict[str, Any]:
        """A like of one of a week's posts."""
        name, page = self._post(week, post)
        at = MONDAY + timedelta(weeks=week, days=post % 5, minutes=minutes)
        return {"account_id": account, "action": "like", "object_id": name, "owner_id": page,
                "time": at}  # fmt: skip

    def _crowd(self, rng: np.random.Generator) -> list[dict[str, Any]]:
        return [
            self.like(f"9{number:07}", int(week), int(post), float(minutes))
            for number in range(self.crowd)
            for week, post, minutes in zip(
                rng.integers(0, self.weeks, 12),
                rng.integers(0, 2 * POSTS, 12),
                rng.integers(-100, 2000, 12),
                strict=True,
            )
        ]

    def _staff(self, rng: np.random.Generator) -> list[dict[str, Any]]:
        return [
            self.like(account, week, post, 5 * place + float(rng.random()))
            for place, group in enumerate(self.staff)
            for account in group
            for week in range(self.weeks)
            for post in range(POSTS)
            if rng.random() < 0.7
        ]

    def _follows(self) -> list[dict[str, Any]]:
        if not self.follows:
            return []
        own = [(account, f"-1{place}") for place, group in enumerate(self.staff)
               for account in group]  # fmt: skip
        crowd = [(f"9{number:07}", f"-1{number % 9}") for number in range(self.crowd)]
        pages = {page for _, page in [*own, *crowd]}
        published = [
            {"account_id": page, "action": "post", "object_id": f"wall{page}_1", "owner_id": page,
             "time": MONDAY}
            for page in sorted(pages)
        ]  # fmt: skip
        return published + [
            {"account_id": account, "action": "follow", "object_id": page, "owner_id": page}
            for account, page in [*own, *crowd]
        ]

    @cached_property
    def events(self) -> Events:
        """The store of the table."""
        with TemporaryDirectory() as folder:
            path = Path(folder) / "events.parquet"
            self.table.write_parquet(path)
            return read_files([path], Reading(timezone=ZONE), Path(folder), Record())

    @cached_property
    def people(self) -> Populations:
        """Populations of the events."""
        return populations_of(self.events, ZONE)

    @cached_property
    def members(self) -> list[list[str]]:
        """Members of each group: staff, without those who have yet to join."""
        gone = set(self.joined)
        return [
            [account for number, account in enumerate(group) if not (place == 0 and number in gone)]
            for place, group in enumerate(self.staff)
        ]

    @cached_property
    def result(self) -> Result:
        """What detection would have found: a group an institution."""
        groups = [self._group(number, own) for number, own in enumerate(self.members, 1)]
        accounts = [
            {"account_id": account, "group_id": number, "p_value": 1e-6, "q_value": 1e-4,
             "stability": 1.0, "weight": 9}
            for number, own in enumerate(self.members, 1)
            for account in own
        ]  # fmt: skip
        return Result(
            pairs=model.PAIRS.to_frame(),
            accounts=pl.DataFrame(accounts, schema=model.ACCOUNTS),
            groups=pl.DataFrame(groups, schema=model.GROUPS),
            evidence=self._evidence(),
            activity=model.ACTIVITY.to_frame(),
            rhythm=model.RHYTHM.to_frame(),
            curves=model.CURVES.to_frame(),
            run=run_record(self.events),
        )

    def _group(self, number: int, own: list[str]) -> dict[str, Any]:
        acts = self.table.filter(pl.col("account_id").is_in(own), pl.col("action") == "like")
        return {
            "group_id": number, "size": len(own), "p_value": 1e-6, "q_value": 3e-5,
            "pattern": "sustained", "objects": acts["object_id"].n_unique(), "episodes": 9,
            "first_time": acts["time_min"].min(), "last_time": acts["time_max"].max(),
            "layers": ["co_action"], "density": 0.9, "action": "like", "window_ms": 600_000,
        }  # fmt: skip

    def _evidence(self) -> pl.DataFrame:
        group = {account: n for n, own in enumerate(self.members, 1) for account in own}
        rows = self.table.filter(
            pl.col("account_id").is_in(list(group)), pl.col("action") == "like"
        ).with_columns(
            group_id=pl.col("account_id").replace_strict(group, return_dtype=pl.Int64),
            layer=pl.lit("co_action"), window_ms=pl.lit(600_000, pl.Int64),
            time="time_min", in_group=pl.lit(True),
            **{name: pl.lit(None, kind) for name, kind in model.LIST_FACTS.items()},
        )  # fmt: skip
        return rows.select(pl.col(name).cast(kind) for name, kind in model.EVIDENCE.items())

    @property
    def accepted(self) -> list[Accepted]:
        """All groups, accepted."""
        return [Accepted(str(number)) for number in self.result.groups["group_id"]]

    def release(self, **options: Any) -> Release:
        """What may be published."""
        return make_release(
            self.result, options.pop("accepted", self.accepted), title="A case",
            populations=options.pop("populations", self.people), **options,
        )  # fmt: skip


def run_record(events: Events) -> dict[str, Any]:
    """The record of a run, as far as a release looks at it, with what it must not say."""
    return {
        "format": 1, "claqueur": "0.0.0", "case": "secretcase", "created": "2019-04-01T12:34:56",
        "compat": None, "inputs": [{"file": "likes-from-vera.csv", "sha256": "ab" * 32}],
        "settings": {
            "read": {"map": ["account_id=vera"]}, "zone": ZONE,
            "detect": {"window": ["617s"], "layer": [], "across_actions": False},
            "groups": {"resolution": 1.0, "seed": 4711},
            "targets": {"target": ["wall-1_1000"]},
        },
        "events": {
            "delivered": len(events), "kept": len(events), "pages": 11, "actions": events.actions,
            "accounts": len(events.names["account_id"]), "objects": len(events.names["object_id"]),
            "refused": [{"reason": "no time", "rows": 14, "first": ["likes-from-vera.csv row 3"]}],
            "first_time": "2019-02-04T05:00:01", "last_time": "2019-03-01T06:00:02",
        },
        "networks": [], "set_aside": [], "lists": None, "untimed": None,
        "calibration": {
            "level": 0.05, "nulls": {"own hours": "the day of each action"}, "splits": 3,
            "windows_ms": [617_000], "family": 431, "confirmed": 64,
        },
        "versions": {"python": "3.12"},
    }  # fmt: skip

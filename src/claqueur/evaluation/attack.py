"""How much a public release gives away in simulated worlds, beside a release made naively.

A dataset is a world, the groups found in it, what would be published of them, and the attacks of
the leak check on it. Members are those of the groups found: whom the newsroom knows and nobody else
is to learn of. The naive release is one that looks harmless: a table of pseudonyms by public posts.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import polars as pl

from claqueur.errors import ReleaseError
from claqueur.evaluation.directives import record_of
from claqueur.evaluation.intervals import mean_interval
from claqueur.evaluation.studies import Cell
from claqueur.intake import read_files
from claqueur.pipeline import analyse
from claqueur.publish.release import (
    Release,
    checked_release,
    make_release,
    populations_of,
)
from claqueur.publish.release.attack.adversary import Adversary, calibrated, features
from claqueur.publish.release.attack.measure import CERTAIN, gain
from claqueur.publish.release.coarse import LEAST_P
from claqueur.publish.release.leak import (
    EVERYBODY,
    Leak,
    Measured,
    Prepared,
    leak_check,
    linkable,
    linked_members,
    prepare,
)
from claqueur.record import Record
from claqueur.results import Result
from claqueur.settings import CoAction, Grouping, Reading
from claqueur.simulation import World
from claqueur.simulation.reading import read_scenario
from claqueur.store import Events

PUBLISHED, EVERYTHING, NAIVE = "as published", "everything that suppression leaves", (
    "pseudonyms by posts"
)  # fmt: skip
"""Releases that are attacked: after the leak check; before it; and the naive one."""

POLLS = "Claqueur on hourly polls"
"""An adversary whom only a simulation can ask: one with polls of their own."""

COUNTS = "counts alone, without Claqueur"
"""An adversary who is outside the model and is told of: somebody who only counts actions."""

ATTACKS = pl.Schema(
    {
        "study": pl.String(),
        "cell": pl.String(),
        "seed": pl.Int64(),
        "release": pl.String(),
        "detail": pl.String(),
        "groups": pl.Int64(),
        "members": pl.Int64(),
        "adversary": pl.String(),
        "pool": pl.String(),
        "attack": pl.String(),
        "candidates": pl.Int64(),
        "before": pl.Float64(),
        "after": pl.Float64(),
        "gain": pl.Float64(),
        "low": pl.Float64(),
        "high": pl.Float64(),
        "added": pl.Int64(),
        "forced": pl.Int64(),
        "named": pl.Int64(),
    }
)
"""One row: one attack on one release of one dataset; without one, what was published at all."""

LEAKS = pl.Schema(
    {
        "study": pl.String(),
        "cell": pl.String(),
        "release": pl.String(),
        "datasets": pl.Int64(),
        "released": pl.Int64(),
        "members": pl.Float64(),
        "before": pl.Float64(),
        "gain": pl.Float64(),
        "low": pl.Float64(),
        "high": pl.Float64(),
        "worst": pl.Float64(),
        "added": pl.Int64(),
        "datasets_added": pl.Int64(),
        "named_share": pl.Float64(),
    }
)
"""One row: one release over the datasets of a cell. ``gain`` is the mean over datasets of the
largest gain of any attack, with its t interval; ``worst`` the largest of all; ``added`` the certain
hits of the worst attack of each, together; ``named_share`` members that rows lead to."""

ALL = "all"
"""The cell over all cells."""

SURE = 50.0
"""Log-odds of somebody who was proved to be a member."""


@dataclass(frozen=True)
class _Group:
    """A group that counts as accepted."""

    key: str
    kind: str = "group"


@dataclass(frozen=True)
class AttackTest:
    """The leak check as something that can be judged."""

    name: str = "attack"
    help: str = "what a public release gives away"
    stands_on: ClassVar[tuple[str, ...]] = (
        "claqueur",
        "claqueur.publish.release",
        "claqueur.evaluation.attack",
    )

    def judge(self, world: World, cell: Cell, seed: int) -> dict[str, Any]:
        """Attack what would be published of a world, as plain values."""
        zone = read_scenario(world.scenario)[1].span.timezone
        events, result = found(world, zone)
        directives = [record_of(world, cell)] if world.directive else []
        people = populations_of(events, zone, directives)
        accepted = [_Group(str(number)) for number in result.groups["group_id"]]
        try:
            whole = make_release(result, accepted, title=cell.label, populations=people)
        except ReleaseError as reason:
            return {"attacks": [], "withheld": str(reason)}
        rosters = [own["account_id"] for own in _rosters(world)]
        ready = prepare(whole, result, events, people=people, rosters=rosters, seed=seed)
        ready = replace(ready, known=[*ready.known, _polling(world, zone, ready)])
        lines = list(
            _lines(
                EVERYTHING,
                whole,
                leak_check(whole, result, events, prepared=ready, certain=CERTAIN),
            )
        )
        try:
            published, _ = checked_release(
                result, accepted, events, title=cell.label, populations=people
            )
        except ReleaseError as reason:
            # Refused to the last: then nothing is published, and nothing gained from it.
            return {"attacks": [*lines, _naive(whole, ready)], "withheld": str(reason)}
        outside = replace(ready, known=[_counting(ready)])
        for prepared in (ready, outside):
            leak = leak_check(published, result, events, prepared=prepared, certain=CERTAIN)
            lines += _lines(PUBLISHED, published, leak)
        lines.append(_naive(whole, ready))
        return {"attacks": lines, "withheld": ""}


def found(world: World, zone: str) -> tuple[Events, Result]:
    """Events as a newsroom has them, and the groups it finds."""
    reading = Reading(timezone=zone)
    with tempfile.TemporaryDirectory(prefix="claqueur-attack-") as folder:
        path = Path(folder) / "events.parquet"
        pl.concat([world.events, world.follows], how="diagonal_relaxed").write_parquet(path)
        events = read_files([path], reading, Path(folder), Record())
        return events, analyse(events, CoAction(), reading, Grouping(), Record())


def _rosters(world: World) -> Iterator[pl.DataFrame]:
    """Everybody at each institution, who obeyed and who did not."""
    people = world.truth.filter(~pl.col("role").is_in(["institution", "official", "page"]))
    known = people.drop_nulls("institution_id").sort("institution_id", "account_id")
    for _, own in known.group_by("institution_id", maintain_order=True):
        yield own


def _polling(world: World, zone: str, ready: Prepared) -> Adversary:
    """Somebody who read all lists every hour, ran Claqueur on them, and goes by what it found."""
    whole = pl.col("action").is_in(["post", "comment"])
    hour = pl.col("time_min").dt.truncate("1h")
    events = world.events.with_columns(
        time_min=pl.when(whole).then("time_min").otherwise(hour),
        time_max=pl.when(whole).then("time_max").otherwise(hour.dt.offset_by("1h")),
    )
    _, result = found(replace(world, events=events), zone)
    evidence = result.accounts.group_by("account_id").agg(pl.col("p_value").min())
    names = ready.people.accounts.gather(ready.who.accounts).alias("account_id").to_frame()
    p = names.join(evidence, on="account_id", how="left", maintain_order="left")["p_value"]
    named = p.is_not_null().to_numpy()
    strength = -np.log10(p.fill_null(1.0).clip(LEAST_P, 1.0).to_numpy())
    own = ready.known[0].log_odds
    looks = np.column_stack([own, named, strength])
    return Adversary(POLLS, calibrated(looks, ready.who.member), ready.who.member & False)


def _counting(ready: Prepared) -> Adversary:
    """Somebody who ranks by the number of actions on the pages and knows no better."""
    pages = sorted({page for each in ready.subjects.values() for page in each.unit.pages})
    counts = features(ready.people, ready.who, pages)[:, :1]
    return Adversary(COUNTS, calibrated(counts, ready.who.member), ready.who.member & False)


def _lines(kind: str, release: Release, leak: Leak) -> Iterator[dict[str, Any]]:
    told = {
        "release": kind,
        "detail": release.facts["detail"],
        "groups": len(release.origin),
        "forced": leak.forced,
    }
    for each in leak.measured:
        record = each.record()
        yield {**told, **{name: record[name] for name in record if name in ATTACKS}}


def _naive(release: Release, ready: Prepared) -> dict[str, Any]:
    """A table of members' pseudonyms by posts, linked to the public lists."""
    rows = pl.concat(
        subject.acts.select(
            pseudonym=pl.col("account").hash(),
            object_id=ready.people.objects.gather(subject.acts["object"]),
        )
        for subject in ready.subjects.values()
    )
    named, member = linkable(rows, ready), ready.who.member
    before = ready.known[0].log_odds
    gained = gain(before, np.where(named, SURE, before), member)
    added = linked_members(replace(release, tables={"rows": rows}), ready)
    line = Measured("public lists", EVERYBODY, "linkage", replace(gained, added=added)).record()
    told = {"release": NAIVE, "detail": "", "groups": len(release.origin), "forced": 0}
    return {**told, **line, "named": int((named & member).sum())}


def attacks_table(rows: Sequence[tuple[str, str, Mapping[str, Any]]]) -> pl.DataFrame:
    """Lines of datasets (study, cell, line) as a table of attacks (``ATTACKS``)."""
    flat = [
        {"study": study, "cell": cell, "seed": line["seed"], **each}
        for study, cell, line in rows
        for each in line["attacks"]
    ]
    return pl.DataFrame([{name: row.get(name) for name in ATTACKS} for row in flat], schema=ATTACKS)


def leaks_table(attacks: pl.DataFrame, datasets: Mapping[str, int]) -> pl.DataFrame:
    """What each release gives away over the datasets of each cell, and over all (``LEAKS``).

    Parameters
    ----------
    datasets
        Datasets of each cell, those among them in which nothing could be published.
    """
    inside = attacks.filter(pl.col("adversary") != COUNTS)
    # Among accounts as active as members their number of actions says nothing to begin with.
    counting = (pl.col("adversary") == COUNTS) & (pl.col("pool") == EVERYBODY)
    outside = attacks.filter(counting, pl.col("release") == PUBLISHED)
    both = pl.concat([inside, outside.with_columns(release=pl.lit(f"{PUBLISHED}; {COUNTS}"))])
    whole = both.with_columns(cell=pl.lit(ALL))
    rows = [
        _leak(study, cell, release, part, sum(datasets.values()) if cell == ALL else datasets[cell])
        for (study, cell, release), part in pl.concat([both, whole]).group_by(
            "study", "cell", "release", maintain_order=True
        )
    ]
    return pl.DataFrame(rows, schema=LEAKS)


def _leak(
    study: Any, cell: Any, release: Any, part: pl.DataFrame, datasets: int
) -> dict[str, Any]:  # fmt: skip
    """One row: the worst attack of each dataset."""
    worst = part.group_by("cell", "seed").agg(
        pl.col("gain").max(),
        pl.col("added").max() + pl.col("forced").max(),
        pl.col("members").max(),
        pl.col("before").sort_by("gain").last(),
        pl.col("named").max(),
    )
    mean, low, high = mean_interval(worst["gain"].to_list(), -1.0, 1.0)
    # Over all cells a seed has the same people in several of them: the interval is over datasets
    # none the less, since what is published of each is another thing.
    return {
        "study": study,
        "cell": cell,
        "release": release,
        "datasets": datasets,
        "released": worst.height,
        "members": worst["members"].mean(),
        "before": worst["before"].mean(),
        "gain": mean,
        "low": None if math.isnan(low) else low,
        "high": None if math.isnan(high) else high,
        "worst": worst["gain"].max(),
        "added": int(worst["added"].sum()),
        "datasets_added": int((worst["added"] > 0).sum()),
        "named_share": _share(worst),
    }


def _share(worst: pl.DataFrame) -> float | None:
    """Share of members that rows lead to, where there are such rows."""
    if worst["named"].null_count():
        return None
    named, members = (int(worst[name].sum()) for name in ("named", "members"))
    return named / members

"""The index of a run: its groups, members, shared objects and evidence, numbered and in order.

::

    room/cache/<run>/
      stamp.json       of which run.json, and of which format
      groups.parquet   one row a group, ranked
      members.parquet  group, member (number from 0), account and its errors
      objects.parquet  group, object (number from 0), ids as they may be shown, members
      words.json       actions and layers of the evidence
      evidence.arrow   actions behind groups, by group, mapped into memory
      coverage.parquet group, part, ten counts (:mod:`claqueur.browse.covered`)

It can be made again at any time, and is no part of the run: its files are in no log of custody.
Pseudonyms are not in it, so that the case folder without their key gives none away.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from claqueur.atomic import new_folder
from claqueur.browse.covered import COVERAGE, coverage
from claqueur.case import Case
from claqueur.errors import CaseError
from claqueur.publish.privacy import Pseudonyms, case_pseudonyms
from claqueur.results import Result
from claqueur.review import GROUP, findings

FORMAT = 1
SPARK_BINS = 40
OPEN, CLOSE = "\x02", "\x03"
"""Signs around an account id within an id that is shown; no id has them."""

_MARKED = re.compile(f"{OPEN}(.*?){CLOSE}", re.DOTALL)
_WALL = re.compile(r"(?:wall|photo|video)(\d+)_")
"""Posts on a person's wall; pages have a minus before their number."""
_WORDS = ("action", "layer")
_ERRORS = ("p_value", "q_value", "stability", "weight")


@dataclass(frozen=True)
class Index:
    """The index of one run; tables are read when they are first needed.

    Attributes
    ----------
    folder
        Where it lies.
    run
        The folder of the run.
    """

    folder: Path
    run: Path
    case: str

    @cached_property
    def record(self) -> dict[str, Any]:
        """The run's ``run.json``."""
        found: dict[str, Any] = json.loads((self.run / "run.json").read_text(encoding="utf-8"))
        return found

    @property
    def zone(self) -> str:
        """Time zone of the run."""
        return str(self.record["settings"]["zone"])

    @cached_property
    def groups(self) -> pl.DataFrame:
        """One row a group, in order of rank."""
        return pl.read_parquet(self.folder / "groups.parquet")

    @cached_property
    def ranks(self) -> dict[int, int]:
        """Place in ``groups`` by number of the group."""
        return {group: place for place, group in enumerate(self.groups["group_id"])}

    @cached_property
    def objects(self) -> pl.DataFrame:
        """Shared objects by group, the most shared first."""
        return pl.read_parquet(self.folder / "objects.parquet")

    @cached_property
    def members(self) -> pl.DataFrame:
        """Members by group, with their pseudonyms, by which they are ordered and numbered."""
        frame = pl.read_parquet(self.folder / "members.parquet")
        named = frame.with_columns(shown=self.pseudonyms.of_all(frame["account_id"]))
        number = (pl.int_range(pl.len()).over("group_id")).cast(pl.UInt32)
        return named.sort("group_id", "shown").with_columns(member=number)

    @cached_property
    def evidence(self) -> pl.DataFrame:
        """Actions behind groups, by group and time; pages of the file until they are looked at."""
        mapped = pa.memory_map(str(self.folder / "evidence.arrow"))
        return pl.DataFrame(pl.from_arrow(pa.ipc.open_file(mapped).read_all()))

    @cached_property
    def words(self) -> dict[str, list[str]]:
        """Actions and layers of the evidence, which has their places here."""
        found: dict[str, list[str]] = json.loads(
            (self.folder / "words.json").read_text(encoding="utf-8")
        )
        return found

    @cached_property
    def coverage(self) -> pl.DataFrame:
        """How much of a group's objects accounts acted on (``covered.COVERAGE``)."""
        return pl.read_parquet(self.folder / "coverage.parquet")

    @cached_property
    def pseudonyms(self) -> Pseudonyms:
        """Of the case."""
        return case_pseudonyms(self.case)

    @cached_property
    def _spans(self) -> dict[str, dict[int, tuple[int, int]]]:
        return {
            name: _spans(getattr(self, name)["group_id"])
            for name in ("members", "objects", "evidence")
        }

    def of_group(self, table: str, group: int) -> pl.DataFrame:
        """The rows of a group in ``members``, ``objects`` or ``evidence``.

        Raises
        ------
        CaseError
            If there is no such group.
        """
        if group not in self.ranks:
            raise CaseError(f"group {group}: there is none in run {self.run.name}")
        begin, count = self._spans[table].get(group, (0, 0))
        frame: pl.DataFrame = getattr(self, table)
        return frame.slice(begin, count)

    def acts(self, group: int) -> pl.DataFrame:
        """Actions behind a group, each with the number of its member."""
        numbers = self.of_group("members", group).select("local", "member")
        rows = self.of_group("evidence", group)
        return rows.join(numbers, on="local", how="left", maintain_order="left")

    def accounts(self, group: int, identities: bool) -> list[str]:
        """Members as they may be shown; the place is the member's number."""
        column = "account_id" if identities else "shown"
        return self.of_group("members", group)[column].to_list()

    def shown(self, ids: Sequence[str | None], identities: bool) -> list[str | None]:
        """Ids of objects and pages as they may be shown."""
        names = _Names(self.pseudonyms, identities)
        return [None if each is None else _MARKED.sub(names, each) for each in ids]


@dataclass(frozen=True)
class _Names:
    """What stands for an account within an id."""

    pseudonyms: Pseudonyms
    identities: bool

    def __call__(self, found: re.Match[str]) -> str:
        return found[1] if self.identities else self.pseudonyms.of(found[1])


def _spans(groups: pl.Series) -> dict[int, tuple[int, int]]:
    """Where the rows of each group begin, and how many they are, in a table sorted by group."""
    values = groups.to_numpy()
    if not len(values):
        return {}
    starts = np.flatnonzero(np.r_[True, values[1:] != values[:-1]])
    counts = np.diff(np.r_[starts, len(values)])
    return {
        int(values[start]): (int(start), int(count))
        for start, count in zip(starts, counts, strict=True)
    }


def cache_folder(case: Case, run: Path) -> Path:
    """Where what is prepared of a run lies."""
    return case.folder / "room" / "cache" / run.name


def index_of(case: Case, run: Path) -> Index:
    """The index of a run, made where there is none or one of something else.

    Raises
    ------
    CaseError
        If the run cannot be read.
    """
    folder = cache_folder(case, run)
    try:
        stamp = {"format": FORMAT, "run": _digest(run / "run.json")}
    except OSError as error:
        raise CaseError(f"{run}: holds no run ({error.strerror}); make one with a run") from None
    if _stamp(folder) != stamp:
        shutil.rmtree(folder, ignore_errors=True)
        with new_folder(folder) as work:
            _build(case, run, work)
            (work / "stamp.json").write_text(json.dumps(stamp), encoding="utf-8")
    return Index(folder, run, case.id)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _stamp(folder: Path) -> object:
    try:
        return json.loads((folder / "stamp.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _build(case: Case, run: Path, work: Path) -> None:
    result = Result.load(run)
    names = _shown_names(result)
    inside = result.evidence.filter(pl.col("in_group") & pl.col("group_id").is_not_null())
    objects = _objects(inside)
    members = _members(result.accounts)
    words = {name: inside[name].unique().sort().to_list() for name in _WORDS}
    (work / "words.json").write_text(json.dumps(words), encoding="utf-8")
    rows = _evidence(inside, objects, members, words)
    rows.write_ipc(work / "evidence.arrow", compression="uncompressed")
    _named(objects, names).write_parquet(work / "objects.parquet")
    members.write_parquet(work / "members.parquet")
    _groups(result, inside, objects).write_parquet(work / "groups.parquet")
    events = case.events() if is_current(case, result.run) else None
    found = pl.DataFrame(schema=COVERAGE) if events is None else coverage(objects, members, events)
    found.write_parquet(work / "coverage.parquet")


def is_current(case: Case, record: dict[str, Any]) -> bool:
    """Whether a run was made of the tables that are there now, as far as its record tells."""
    known = [each["sha256"] for imported in case.imports() for each in imported["inputs"]]
    return known == [each["sha256"] for each in record["inputs"]]


def _shown_names(result: Result) -> dict[str, str]:
    """Ids in which accounts are marked, owners of walls too who are in no table."""
    # Loaded here, as below: whoever only reads an index need not wait for charts and statistics.
    from claqueur.publish.charts.masks import object_names

    ids = pl.concat([result.evidence["object_id"], result.evidence["owner_id"].rename("object_id")])
    distinct = ids.drop_nulls().unique().sort()
    marked = object_names(result, distinct, _marked)
    walls = {each: found[1] for each in distinct if (found := _WALL.match(each))}
    whole = {owner: OPEN + owner + CLOSE for owner in walls.values()}
    return {
        each: name if OPEN in name else _owner_marked(each, walls.get(each), whole)
        for each, name in zip(distinct, marked, strict=True)
    }


def _marked(accounts: pl.Series) -> pl.Series:
    return OPEN + accounts + CLOSE


def _owner_marked(name: str, owner: str | None, whole: dict[str, str]) -> str:
    """An id in which the owner of the wall is marked, if it has one."""
    return whole.get(name, name) if owner is None else name.replace(owner, whole[owner], 1)


def _named(objects: pl.DataFrame, names: dict[str, str]) -> pl.DataFrame:
    return objects.with_columns(
        pl.col(name).replace_strict(names, default=None, return_dtype=pl.String).alias(target)
        for name, target in (("object_id", "shown_id"), ("owner_id", "shown_page"))
    ) if names else objects.with_columns(
        shown_id=pl.col("object_id"), shown_page=pl.col("owner_id")
    )  # fmt: skip


def _objects(inside: pl.DataFrame) -> pl.DataFrame:
    """Shared objects of every group, numbered from 0, the most shared first."""
    return (
        inside.group_by("group_id", "object_id")
        .agg(
            owner_id=pl.col("owner_id").drop_nulls().first(),
            members=pl.col("account_id").n_unique(),
            first_time=pl.col("time").min(),
            last_time=pl.col("time").max(),
        )
        .sort("group_id", "members", "object_id", descending=[False, True, False])
        .with_columns(object=pl.int_range(pl.len()).over("group_id").cast(pl.UInt32))
    )


def _members(accounts: pl.DataFrame) -> pl.DataFrame:
    """Members, with a number of their own that evidence uses (``local``)."""
    local = pl.int_range(pl.len()).over("group_id").cast(pl.UInt32)
    chosen = accounts.select("group_id", "account_id", *_ERRORS).sort("group_id", "account_id")
    return chosen.with_columns(local=local)


def _evidence(
    inside: pl.DataFrame, objects: pl.DataFrame, members: pl.DataFrame, words: dict[str, list[str]]
) -> pl.DataFrame:
    """Actions behind groups with numbers instead of ids and words."""
    return (
        inside.join(objects.select("group_id", "object_id", "object"), on=["group_id", "object_id"])
        .join(members.select("group_id", "account_id", "local"), on=["group_id", "account_id"])
        .select(
            "group_id", "local", "object",
            *(
                pl.col(name).replace_strict(
                    {word: place for place, word in enumerate(words[name])},
                    return_dtype=pl.UInt8, default=None,
                )
                for name in _WORDS
            ),
            "time", "time_min", "time_max", "rank", "poll_time", "list_count",
        )
        .sort("group_id", "time", "object", "local", nulls_last=True)
        .rechunk()
    )  # fmt: skip


def _groups(result: Result, inside: pl.DataFrame, objects: pl.DataFrame) -> pl.DataFrame:
    from claqueur.publish.release.tables import certainty

    texts = {int(each.key): each.text for each in findings(result) if each.kind == GROUP}
    groups = result.groups
    ranked = groups.sort(
        pl.col("pattern") == "one-off", pl.col("q_value").fill_null(2.0),
        -pl.col("size"), "group_id",
    )  # fmt: skip
    pages = objects.group_by("group_id").agg(pages=pl.col("owner_id").drop_nulls().n_unique())
    stability = result.accounts.group_by("group_id").agg(
        stability_median=pl.col("stability").median()
    )
    sparks = _sparks(result.run, inside)
    return ranked.join(pages, on="group_id", how="left", maintain_order="left").join(
        stability, on="group_id", how="left", maintain_order="left"
    ).with_columns(
        pl.col("pages").fill_null(0),
        rank=pl.int_range(1, pl.len() + 1),
        text=pl.Series([texts[group] for group in ranked["group_id"]], dtype=pl.String),
        certainty=pl.Series([certainty(q) for q in ranked["q_value"]], dtype=pl.String),
        spark=pl.Series(
            [sparks.get(group, [0] * SPARK_BINS) for group in ranked["group_id"]],
            dtype=pl.List(pl.Int64),
        ),
    )  # fmt: skip


def _sparks(record: dict[str, Any], inside: pl.DataFrame) -> dict[int, list[int]]:
    """Actions of each group in equal parts of the time that the evidence covers."""
    dated = inside.select("group_id", at=pl.col("time").dt.epoch("ms")).drop_nulls()
    if dated.is_empty():
        return {}
    low, high = (int(dated["at"].to_numpy().min()), int(dated["at"].to_numpy().max()))
    part = ((pl.col("at") - low) * SPARK_BINS // (high - low + 1)).alias("part")
    counts = dated.group_by("group_id", part).len()
    sparks: dict[int, list[int]] = {}
    for group, place, count in counts.iter_rows():
        sparks.setdefault(group, [0] * SPARK_BINS)[place] = count
    return sparks

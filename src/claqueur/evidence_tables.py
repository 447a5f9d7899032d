"""From evidence to the tables of a case: what was received since the last time is brought in.

The tables do not depend on how often, and where, collecting was stopped in between: brought in
piece by piece or all at once they are the same, so a case can be made anew from its evidence.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl
import pyarrow as pa

from claqueur.case import Case
from claqueur.counts import merged_counters, merged_objects, table_of
from claqueur.errors import CaseError
from claqueur.evidence_store import ANSWER, FIRST, AlteredError, Entry, Evidence
from claqueur.model import COUNTERS, OBJECTS
from claqueur.progress import SILENT, Progress
from claqueur.record import now
from claqueur.refusals import Refusals
from claqueur.sources.vk_answers import Answer, answer_of, translate
from claqueur.store import Events, read_all

ROWS_AT_ONCE = 1_000_000
"""About so many rows of lists are translated together, so that memory stays bounded."""

COUNTS_AT_ONCE = 2_000_000
"""So many readings of counters are merged together."""

_ACT = ["account_id", "action", "object_id", "content_id"]


def _nothing_waiting() -> dict[str, list[pl.DataFrame]]:
    return {"objects": [], "counters": []}


@dataclass
class Tables:
    """The tables of a case, growing.

    Attributes
    ----------
    born
        When each object was published.
    waiting
        Rows of objects and counters that are merged when they are many, or all there.
    """

    events: Events | None = None
    objects: pl.DataFrame | None = None
    counters: pl.DataFrame | None = None
    refused: Refusals = field(default_factory=Refusals)
    delivered: int = 0
    answers: int = 0
    added: dict[str, int] = field(default_factory=dict)
    born: pl.DataFrame | None = None
    waiting: dict[str, list[pl.DataFrame]] = field(default_factory=_nothing_waiting)

    @property
    def rows(self) -> dict[str, int]:
        """How many rows each table has."""
        held = {"events": self.events, "objects": self.objects, "counters": self.counters}
        return {name: 0 if table is None else len(table) for name, table in held.items()}

    def take_over(self, imported: dict[str, Any]) -> None:
        """Count what was brought in before."""
        self.delivered += imported["delivered"]
        self.answers += imported["evidence"]["answers"]
        self.added = dict(imported["added_to"])
        for entry in imported["refused"]:
            self.refused.add(entry["reason"], entry["rows"], entry["first"])
        for entry in imported["noted"]:
            self.refused.noted.add(entry["reason"], entry["rows"], entry["first"])


def bring_in(case: Case, progress: Progress = SILENT) -> dict[str, Any] | None:
    """Bring what was received since the last time into the tables of a case, all of it or nothing.

    Returns
    -------
    dict or None
        The entry in the record of imports; None where nothing new had been received.
    """
    first, _ = brought_in(case)
    held = Tables(case.events(), case.objects(), case.counters())
    for entry in _of_evidence(case):
        # One input that grows is one entry, however often it was looked at.
        held.take_over(entry)
    return _import(case, held, first, progress)


def rebuild(case: Case, progress: Progress = SILENT) -> dict[str, Any] | None:
    """Make the tables of a case anew, from evidence alone.

    Raises
    ------
    CaseError
        If the case also holds tables from files, which evidence cannot give back.
    """
    if others := [each for each in case.imports() if "evidence" not in each]:
        named = ", ".join(file["file"] for each in others for file in each["inputs"])
        raise CaseError(
            f"{case.folder}: also holds tables from files ({named}), which evidence cannot give "
            "back; make a new case, copy evidence/ into it and rebuild that"
        )
    return _import(case, Tables(), 0, progress)


def brought_in(case: Case) -> tuple[int, str]:
    """How many records are in the tables already, and the hash up to there."""
    entries = [each["evidence"] for each in _of_evidence(case)]
    if not entries:
        return 0, FIRST
    return int(entries[-1]["records"]), str(entries[-1]["head"])


def _of_evidence(case: Case) -> list[dict[str, Any]]:
    return [each for each in case.imports() if "evidence" in each]


def _import(case: Case, tables: Tables, first: int, progress: Progress) -> dict[str, Any] | None:
    evidence = Evidence(case.folder / "evidence")
    progress.stage("bringing evidence into the tables")
    before = tables.rows
    tables.born = _born([tables.objects])
    count, head = first, ""
    try:
        for part in _parts(evidence, first):
            count, head = part[-1].number + 1, part[-1].hash
            _merge(tables, part, evidence)
            progress.advance()
        _merge_counts(tables)
    except AlteredError as error:
        raise CaseError(
            f"{evidence.folder}: an {error}; `claqueur verify {case.folder}` names all that was "
            "altered. Restore evidence/ from a backup"
        ) from None
    if not head:
        return None
    others = [each for each in case.imports() if "evidence" not in each]
    for name, rows in tables.rows.items():
        tables.added[name] = tables.added.get(name, 0) + rows - before[name]
    imported = {
        "time": now(),
        "timezone": "",
        "inputs": [_as_input(evidence, count, head)],
        "delivered": tables.delivered,
        "refused": tables.refused.record(),
        "noted": tables.refused.noted.record(),
        "added": sum(tables.added.values()),
        "added_to": tables.added,
        "evidence": {"records": count, "head": head, "answers": tables.answers},
    }
    case.replace_tables(
        imported, events=tables.events, objects=tables.objects, counters=tables.counters,
        history=others,
    )  # fmt: skip
    return imported


def _as_input(evidence: Evidence, count: int, head: str) -> dict[str, Any]:
    """Evidence as an entry among the files that were read."""
    return {
        "file": f"evidence/index.ndjson, to record {count - 1}",
        "bytes": evidence.index.stat().st_size,
        "sha256": head,
        "format": "vk (answers of the API; the hash is that of the last record)",
        "columns": {},
    }


def _parts(evidence: Evidence, first: int) -> Iterator[list[Entry]]:
    """Records in parts that are not too large and cut no reading in two."""
    last = _last_of_readings(evidence, first)
    part: list[Entry] = []
    size, until = 0, 0
    for entry in evidence.entries(first):
        part.append(entry)
        # A row of a list takes some ten bytes.
        size += entry.facts.get("bytes", 0) // 10
        until = max([until, *(last[label] for label in entry.facts.get("readings", ()))])
        if size >= ROWS_AT_ONCE and until <= entry.number:
            yield part
            part, size = [], 0
    if part:
        yield part


def _last_of_readings(evidence: Evidence, first: int) -> dict[str, int]:
    return {
        label: entry.number
        for entry in evidence.entries(first)
        for label in entry.facts.get("readings", ())
    }


def _answers(part: list[Entry], evidence: Evidence) -> Iterator[Answer]:
    """What was answered, without answers that are none and trouble that passed."""
    for entry in part:
        facts = entry.facts
        if entry.kind != ANSWER or isinstance(facts["problem"], str):
            continue
        body = json.loads(evidence.body(entry))
        yield answer_of(body, facts["method"], facts["params"], entry.time_ms, entry.sha256)


def _merge(tables: Tables, part: list[Entry], evidence: Evidence) -> None:
    """Lay the rows of a part beside those that are there."""
    refused = tables.refused
    tables.answers += sum(entry.kind == ANSWER for entry in part)
    found = translate(_answers(part, evidence), refused)
    of_table: dict[str, list[pa.RecordBatch]] = {"events": [], "objects": [], "counters": []}
    for name, batch in found.tables():
        tables.delivered += batch.num_rows
        of_table[name].append(batch)
    for name, schema in (("objects", OBJECTS), ("counters", COUNTERS)):
        if of_table[name]:
            tables.waiting[name].append(table_of(of_table[name], schema, refused))
    tables.born = _born([tables.born, *tables.waiting["objects"][-1:]])
    if sum(rows.height for rows in tables.waiting["counters"]) > COUNTS_AT_ONCE:
        _merge_counts(tables)
    held, new = _each_once(tables.events, [*found.events, *found.follows])
    lists = [_with_birth(batch, tables.born) for batch in found.sightings]
    if new or lists:
        tables.events = read_all(held, [*new, *lists], refused)


def _merge_counts(tables: Tables) -> None:
    """Merge the objects and counters that wait: seldom, because it goes through all of them."""
    if rows := tables.waiting["objects"]:
        new = pl.concat(rows)
        merged = merged_objects(tables.objects, new, tables.refused)
        tables.objects = _texts_once(merged, new)
    if rows := tables.waiting["counters"]:
        tables.counters = merged_counters(tables.counters, pl.concat(rows), tables.refused)
    tables.waiting = _nothing_waiting()


def _born(tables: list[pl.DataFrame | None]) -> pl.DataFrame:
    """When each object of the tables was published."""
    none = pl.DataFrame(schema={name: OBJECTS[name] for name in ("object_id", "created")})
    dated = [none, *(t.select("object_id", "created") for t in tables if t is not None)]
    return pl.concat(dated).group_by("object_id").agg(pl.col("created").min())


def _texts_once(objects: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Readings of the objects in ``rows`` with a text only where it is new.

    Which reading brought a text must not depend on where the evidence was cut into parts.
    """
    known = pl.col("text").forward_fill().shift(1).over("object_id")
    again = pl.col("text").eq(known).fill_null(False)
    ours = pl.col("object_id").is_in(rows["object_id"].unique().implode())
    return objects.with_columns(text=pl.when(~(again & ours)).then("text"))


def _with_birth(batch: pa.RecordBatch, born: pl.DataFrame) -> pa.RecordBatch:
    """A batch of lists that knows when each object was published, as far as any answer says."""
    ids = pl.Series("object_id", batch.column("object_id").cast(pa.string()), dtype=pl.String)
    found = ids.to_frame().join(born, on="object_id", how="left", maintain_order="left")
    at = batch.schema.get_field_index("created_ms")
    created = found["created"].dt.epoch("ms").to_arrow().cast(pa.int64())
    return batch.set_column(at, "created_ms", created)


def _each_once(
    held: Events | None, batches: list[pa.RecordBatch]
) -> tuple[Events | None, list[pa.RecordBatch]]:
    """Acts that were read before stay as they are, unless their text is fuller now."""
    if held is None or not batches:
        return held, batches
    old = _acts_of(held)
    kept = []
    lost: list[int] = []
    for batch in batches:
        new = _plain(batch).with_row_index("new")
        both = new.join(old, on=_ACT, how="inner", nulls_equal=True)
        fuller = _fuller("text", "text_right")
        lost += both.filter(fuller)["old"].to_list()
        again = both.filter(~fuller)["new"]
        rows = new.filter(~pl.col("new").is_in(again.implode()))["new"]
        if rows.len():
            kept.append(batch.take(pa.array(rows.to_numpy())))
    if not lost:
        return held, kept
    frame = held.frame.with_row_index("old").filter(~pl.col("old").is_in(lost)).drop("old")
    return replace(held, frame=frame), kept


def _fuller(one: str, other: str) -> pl.Expr:
    """As the translation decides it: the longer text, and of equally long ones the later."""
    size, than = (pl.col(n).str.len_chars().fill_null(-1).cast(pl.Int64) for n in (one, other))
    return (size > than) | ((size == than) & (pl.col(one) > pl.col(other)).fill_null(False))


def _acts_of(held: Events) -> pl.DataFrame:
    """Events that no list bounds, by their ids, with their places."""
    frame = held.frame.with_row_index("old")
    exact = pl.col("t_min_ms").eq_missing(pl.col("t_max_ms"))
    if "poll_ms" in frame.columns:
        exact &= pl.col("poll_ms").is_null()
    frame = frame.filter(exact)
    return _with_all(held.decoded(frame)).with_columns(frame["old"])


def _plain(batch: pa.RecordBatch) -> pl.DataFrame:
    named = [name for name in (*_ACT, "text") if name in batch.schema.names]
    frame = pl.DataFrame(batch.select(named))
    return _with_all(frame)


def _with_all(frame: pl.DataFrame) -> pl.DataFrame:
    given = [pl.col(n) if n in frame.columns else pl.lit(None).alias(n) for n in (*_ACT, "text")]
    return frame.select(given).cast(dict.fromkeys((*_ACT, "text"), pl.String))

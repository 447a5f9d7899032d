"""The one-way path of a run: files → events → pairs → groups → tables, and its record."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import fields, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from claqueur import custody, on_spark, out_of_core
from claqueur._version import __version__
from claqueur.atomic import disk_full_explained, new_folder, whole_file
from claqueur.calibrated import Detected, calibrated
from claqueur.case import Case
from claqueur.counts import counters_record, objects_record, posts_of
from claqueur.detectors import Layer, detectors
from claqueur.directive.answer import answers, courses, examine_all
from claqueur.directive.collected import Collected, collected
from claqueur.directive.participation import participants, target_test
from claqueur.directive.population import curve
from claqueur.directive.record import target_record
from claqueur.directive.register import registered
from claqueur.directive.registration import Registered
from claqueur.directive.targets import declare, named_posts
from claqueur.directive.working import working_names
from claqueur.engines.chosen import running
from claqueur.engines.engine import LOCAL, Engine, in_force
from claqueur.engines.spark.engine import SparkEngine
from claqueur.errors import CaseError, SettingError
from claqueur.groups.activity import activity, curves, member_actions, rhythm
from claqueur.groups.confirm import LEVEL
from claqueur.groups.network import Grouped, evidence, group_layer
from claqueur.intake import (
    bytes_in_memory,
    opened_events,
    read_large,
    read_opened,
    read_tables,
)
from claqueur.intake_spark import read_on_spark, spark_reads
from claqueur.model import (
    ACCOUNTS,
    ACTIVITY,
    CURVES,
    EVIDENCE,
    GROUPS,
    PAIRS,
    RHYTHM,
)
from claqueur.on_spark import OnSpark
from claqueur.progress import SILENT, Progress
from claqueur.publish.privacy import case_pseudonyms
from claqueur.record import Record, now
from claqueur.results import Result
from claqueur.scratch import scratch as scratch_of
from claqueur.settings import (
    CoAction,
    Compat,
    Grouping,
    Reading,
    Scale,
    Targets,
    Wording,
    duration_ms,
    duration_text,
    from_mapping,
    to_mapping,
)
from claqueur.sources.times import check_zone
from claqueur.spill import BYTES_A_ROW, Spilled, of_store
from claqueur.store import Events


def detection(values: Mapping[str, Any], compat: str = "") -> CoAction:
    """Settings of the timed detector, or of another tool's semantics.

    Parameters
    ----------
    values
        By name; what is left out has its default.

    Raises
    ------
    SettingError
        If a setting belongs to another tool than the one named.
    """
    if compat not in ("", "coortweet", "qut"):
        raise SettingError(f"--compat {compat}: write coortweet or qut")
    of_coortweet = [entry for entry in fields(Compat) if entry.name not in CoAction.names()]
    for entry in of_coortweet:
        if compat != "coortweet" and values.get(entry.name, entry.default) != entry.default:
            flag = entry.name.replace("_", "-")
            raise SettingError(f"--{flag} belongs to --compat coortweet only; leave it out here")
    if compat:
        return Compat(**values)
    return CoAction(**{name: value for name, value in values.items() if name in CoAction.names()})


def analyse(
    events: Events | Spilled | OnSpark,
    settings: CoAction,
    reading: Reading,
    grouping: Grouping,
    record: Record,
    *,
    compat: str = "",
    case: str = "",
    targets: Targets | None = None,
    wording: Wording | None = None,
    acted: bool = True,
    scale: Scale | None = None,
) -> Result:
    """From events to pairs, groups and everything reports are made of.

    Parameters
    ----------
    reading
        Its time zone is also that of rhythms in the report.
    case
        Identity of the case, naming the key of its pseudonyms; a new one when empty.
    targets
        Declared targets of a directive, to be tested beside.
    wording
        How what comments say is told.
    acted
        Whether the events say who acted on what; if not, there is nothing to detect.
    scale
        How much of the machine is used; what runs the work is the engine in force.
    """
    scale = scale or Scale()
    zone = check_zone(reading.timezone) if reading.timezone else "UTC"
    parts: dict[str, list[pl.DataFrame]] = {name: [] for name in _SCHEMAS}
    by_default = settings.calibrated and not compat
    if by_default and (settings.across_actions or grouping.resolution != Grouping().resolution):
        raise SettingError(
            "--across-actions and --resolution belong to networks of thresholds; the default "
            "looks at all actions together and takes neither. Leave them out, or give --window "
            "and --min-objects"
        )
    declared = None
    if targets and targets.declared and not acted:
        raise SettingError(
            "declared targets are tested on who acted on which posts, and nothing here says so; "
            "bring a table of events, or leave the targets out"
        )
    if targets and targets.declared:
        # Before anything that takes long: what is declared may be unusable.
        declared = declare(_whole(events), targets, zone, settings.action)
    if not acted:
        found = Detected()
    elif by_default:
        found = calibrated(
            _whole(events), settings, wording or Wording(), grouping.seed, record, zone
        )
        parts["pairs"].append(found.fused)
    else:
        found = Detected(_thresholds(events, settings, grouping, record, compat, scale))
    others = found.others
    for layer, grouped in found.networks:
        own = found.events_of.get(layer.name, events)
        with record.timed("tables"):
            acts = member_actions(layer, grouped)
            pairs = layer.table()
            parts["pairs"].append(pairs)
            parts["accounts"].append(grouped.accounts)
            parts["groups"].append(grouped.groups)
            parts["evidence"].append(evidence(layer, grouped, own))
            parts["activity"].append(activity(acts, own))
            parts["rhythm"].append(rhythm(layer, acts, zone))
            parts["curves"].append(curves(layer, grouped, acts, own))
        others.update(layer.tables)
        record.add_network(layer, grouped)
    for line in record.set_aside.lines():
        record.progress.note(f"set aside: {line}")
    tables = {name: _together(tables, _SCHEMAS[name]) for name, tables in parts.items()}
    if by_default:
        tables["pairs"] = tables["pairs"].filter(pl.col("q_value") <= LEVEL)
    tables["pairs"] = tables["pairs"].sort("layer", "action", "window_ms", "account_a", "account_b")
    if declared:
        with record.timed("targets"):
            tested = target_test(declared, grouping.seed, record.progress)
        record.targets = target_record(tested)
        others["participation"] = curve(tested.chances)
        # Groups of thresholds are not confirmed, and outside confirmed groups nobody has a row.
        members = tables["accounts"] if by_default else tables["accounts"].clear()
        others["participants"] = participants(tested, members, events.names["account_id"])
    chosen = {
        "read": to_mapping(reading),
        "detect": to_mapping(settings),
        "groups": to_mapping(grouping),
        "targets": to_mapping(targets) if targets else {},
        "texts": to_mapping(wording) if wording else {},
        "scale": _used(scale),
        "zone": zone,
    }
    run = record.run_json(events, chosen, compat, case)
    return Result(**tables, run=run, others=others, directive=[])


_SCHEMAS = {
    "pairs": PAIRS,
    "accounts": ACCOUNTS,
    "groups": GROUPS,
    "evidence": EVIDENCE,
    "activity": ACTIVITY,
    "rhythm": RHYTHM,
    "curves": CURVES,
}


def _together(tables: list[pl.DataFrame], schema: pl.Schema) -> pl.DataFrame:
    return pl.concat(tables) if tables else pl.DataFrame(schema=schema)


def _used(scale: Scale) -> dict[str, Any]:
    """What ran it, for the record; tables do not depend on it."""
    engine = in_force()
    return {"memory": scale.memory, "engine": engine.name, "master": engine.where}


def _whole(events: Events | Spilled | OnSpark) -> Events:
    if not isinstance(events, Events):
        raise TypeError("this needs all events in memory")
    return events


def _thresholds(
    events: Events | Spilled | OnSpark,
    settings: CoAction,
    grouping: Grouping,
    record: Record,
    compat: str,
    scale: Scale,
) -> Iterator[tuple[Layer, Grouped]]:
    """Networks of pairs that reach the minimum, and their communities."""
    first_id = 1
    engine = in_force()
    if isinstance(engine, SparkEngine) and not compat:
        layers = on_spark.layers(
            events, settings, record.set_aside, engine, scale=scale, progress=record.progress
        )
    elif isinstance(events, Spilled):
        layers = out_of_core.layers(
            events, settings, record.set_aside, memory_bytes=scale.memory_bytes,
            progress=record.progress,
        )  # fmt: skip
    else:
        detector = detectors()[compat or "co_action"]
        layers = detector.layers(_whole(events), settings, record.set_aside, record.progress)
    while (layer := _next_layer(layers, record)) is not None:
        with record.timed("groups"):
            record.progress.stage("finding groups")
            grouped = group_layer(layer, events, grouping, first_id)
        first_id += grouped.groups.height
        for hot in layer.hot:
            record.progress.note(
                f"counted apart: {hot.object_id} ({hot.most:,} actions within one window; "
                + (
                    "in full)"
                    if hot.exact
                    else "pairs that met on such objects alone are left out)"
                )
            )
        yield layer, grouped


def _next_layer(layers: Iterator[Layer], record: Record) -> Layer | None:
    with record.timed("pairs"):
        return next(layers, None)


def detect(
    files: str | Path | Sequence[str | Path],
    *,
    window: str | timedelta | Sequence[str | timedelta] = (),
    min_objects: int | None = None,
    action: Sequence[str] = (),
    layer: Sequence[str] = (),
    across_actions: bool = False,
    compat: str = "",
    loops: bool = False,
    subgraph: int = 0,
    fast: str = "",
    edge_weight: float = 0.5,
    format: str = "",
    columns: Mapping[str, str] | None = None,
    timezone: str = "",
    time_unit: str = "",
    encoding: str = "",
    rank_order: str = "",
    resolution: float = 1.0,
    seed: int = 1,
    target: Sequence[str] = (),
    targets: str | Path = "",
    target_page: str = "",
    since: str | date = "",
    reference: Sequence[str] = (),
    topic: Sequence[str] = (),
    tone_model: str | Path = "",
    memory: str = "",
    engine: str | Engine = LOCAL.name,
    master: str = "",
    progress: Progress = SILENT,
) -> Result:
    """Find groups of accounts that act in lockstep.

    Without a window and a minimum this is the calibrated default: it needs no thresholds and
    states its false discovery rate. With both it gives the network of pairs that reach them,
    without an error rate.

    Parameters
    ----------
    files
        One or more tables of events: CSV, TSV, NDJSON, Parquet; plain, .gz or .zst.
    window
        At most this far apart (``"60s"``, ``"10m"`` or a timedelta); several are kept side
        by side.
    min_objects
        Objects on which two accounts must have acted together.
    action, across_actions
        Only these actions; and whether different actions meet in one network.
    layer
        Layers of the default: ``"co_action"``, ``"co_engagement"``, ``"co_text"``; those the data
        allow when not given.
    compat
        ``"coortweet"`` or ``"qut"`` for that tool's exact weights and filters; ``loops``,
        ``subgraph``, ``fast`` and ``edge_weight`` belong to the former.
    format, columns, timezone, time_unit, encoding
        How the files are read; ``columns`` maps our names to theirs, for example
        ``{"account_id": "author"}``.
    rank_order
        ``"newest-first"`` or ``"oldest-first"`` where you know the order of lists of likers.
    resolution, seed
        Of the Leiden communities; the seed is also that of the default's folds. The default
        takes no resolution.
    target, targets
        Posts a directive named, and a file of such posts: whether more of them were liked than
        interests explain is tested beside.
    target_page, since
        Or the page it named, and the date from which on.
    reference, topic
        Pages to compare with (all others when not given), and words in the texts of posts on
        the targets' topic.
    tone_model
        Folder of a local classifier of tone instead of the built-in lexicon.
    memory
        Budget of the data of blocks, like ``"8GB"``; half of what the machine has when empty.
    engine
        ``"local"``, ``"spark"``, or an engine from :func:`claqueur.spark_engine`. Tables are the
        same with any.
    master
        With ``"spark"``: where; ``local[*]`` when empty.

    Returns
    -------
    Result
        Tables ``pairs``, ``accounts``, ``groups``, ``evidence`` (Polars) and the run's record.

    Raises
    ------
    SourceError, SettingError
        If the files or the settings cannot be used; the message says what to do.
    EngineError
        If the engine is not there, or gave up.
    """
    many = [files] if isinstance(files, str | Path) else list(files)
    windows = [window] if isinstance(window, str | timedelta) else list(window)
    chosen: dict[str, Any] = {
        "window": tuple(duration_text(duration_ms(each)) for each in windows),
        "min_objects": min_objects,
        "action": tuple(action),
        "layer": tuple(layer),
        "across_actions": across_actions,
    }
    extra = {"loops": loops, "subgraph": subgraph, "fast": fast, "edge_weight": edge_weight}
    settings = detection({**chosen, **extra}, compat)
    pairs = tuple(f"{ours}={theirs}" for ours, theirs in (columns or {}).items())
    reading = Reading(format, pairs, timezone, time_unit, encoding, rank_order)
    own = None if isinstance(engine, str) else engine
    scale = Scale(memory, engine if isinstance(engine, str) else LOCAL.name, master)
    with tempfile.TemporaryDirectory(prefix="claqueur-") as scratch:
        return detect_files(
            [Path(path) for path in many],
            Path(scratch),
            settings,
            reading=reading,
            grouping=Grouping(resolution, seed),
            compat=compat,
            targets=Targets(
                tuple(target), str(targets), target_page, str(since), tuple(reference),
                tuple(topic),
            ),
            wording=Wording(str(tone_model)),
            scale=scale,
            engine=own,
            progress=progress,
        )  # fmt: skip


def detect_files(
    files: Sequence[Path],
    scratch: Path,
    settings: CoAction,
    *,
    reading: Reading,
    grouping: Grouping,
    compat: str = "",
    targets: Targets | None = None,
    wording: Wording | None = None,
    scale: Scale | None = None,
    engine: Engine | None = None,
    blocks: Path | None = None,
    progress: Progress = SILENT,
) -> Result:
    """The whole path for files without a case.

    Parameters
    ----------
    scratch
        Folder for plain copies of packed files.
    blocks
        Folder for what is kept of a run that is killed; in ``scratch`` when not given.
    """
    record = Record(progress)
    detector = detectors()[compat or "co_action"]
    scale = scale or Scale()
    with running(scale, engine, progress), ExitStack() as stack:
        spark = in_force()
        whole = compat or settings.calibrated or (targets and targets.declared)
        if isinstance(spark, SparkEngine) and not whole and spark_reads(files):
            held = read_on_spark(files, reading, scratch, record, spark, scale)
            stack.callback(held.close)
            return analyse(held, settings, reading, grouping, record, scale=scale)
        opened = opened_events(files, reading, scratch, record)
        events: Events | Spilled
        if bytes_in_memory(opened) > scale.memory_bytes and not whole:
            plan = _plan(files, settings, reading)
            place = stack.enter_context(scratch_of(blocks or scratch / "blocks", plan))
            progress.note(f"larger than --memory: blocks are kept in {place.folder}")
            events = read_large(opened, place, record, scale.memory_bytes)
        else:
            events = read_opened(opened, record, raw=detector.raw)
        return analyse(
            events, settings, reading, grouping, record, compat=compat, targets=targets,
            wording=wording, scale=scale,
        )  # fmt: skip


def _plan(files: Sequence[Path], settings: CoAction, reading: Reading) -> dict[str, Any]:
    """What decides the outcome of block work: whoever asks the same goes on with it."""
    stats = [(str(path.resolve()), path.stat()) for path in files]
    return {
        "claqueur": __version__,
        "files": [[name, stat.st_size, stat.st_mtime_ns] for name, stat in stats],
        "detect": to_mapping(settings),
        "read": to_mapping(reading),
    }


def write(result: Result, out: str | Path, *, report: bool = True) -> Path:
    """Write the tables, ``run.json`` and ``report.html`` of a result into a new folder."""
    with new_folder(Path(out)) as work:
        _fill(result, work, report)
    return Path(out)


def detect_to(
    files: Sequence[Path],
    out: Path,
    settings: CoAction,
    *,
    reading: Reading,
    grouping: Grouping,
    compat: str = "",
    targets: Targets | None = None,
    wording: Wording | None = None,
    scale: Scale | None = None,
    engine: Engine | None = None,
    report: bool = True,
    progress: Progress = SILENT,
) -> Result:
    """Detect and write into ``out``, with everything temporary on the same disk.

    Blocks of tables larger than memory are beside ``out``: of a run that is killed they stay, and
    the same call goes on with them.
    """
    with new_folder(out) as work:
        scratch = work / "scratch"
        scratch.mkdir()
        result = detect_files(
            files, scratch, settings, reading=reading, grouping=grouping, compat=compat,
            targets=targets, wording=wording, scale=scale, engine=engine,
            blocks=out.resolve().with_name(f".{out.name}.blocks"), progress=progress,
        )  # fmt: skip
        shutil.rmtree(scratch)
        progress.stage("writing")
        _fill(result, work, report)
    return result


def _fill(result: Result, folder: Path, report: bool) -> None:
    result.write_tables(folder)
    if report:
        (folder / "report.html").write_text(_report(result), encoding="utf-8")


def _report(result: Result) -> str:
    # Loaded here: tables alone need not wait for the charts.
    from claqueur.publish.report import render

    return render(result, case_pseudonyms(result.run["case"]))


def add(
    case: Case,
    files: Sequence[Path],
    reading: Reading | None = None,
    progress: Progress = SILENT,
) -> Record:
    """Import files into a case, together with what it holds; all of them or none.

    Parameters
    ----------
    files
        Tables of events, of objects (posts with their counts) or of counters; each is recognised
        by its columns.
    """
    record = Record(progress)
    reading = reading or case.reading
    with (
        tempfile.TemporaryDirectory(prefix=".scratch-", dir=case.folder) as scratch,
        disk_full_explained(case.folder),
    ):
        new = read_tables(files, reading, Path(scratch), record, case)
    imported = {
        "time": now(),
        "timezone": reading.timezone,
        **record.imported(),
        "added": sum(new.added.values()),
        "added_to": new.added,
    }
    case.replace_tables(imported, events=new.events, objects=new.objects, counters=new.counters)
    return record


def run_case(
    case: Case,
    settings: CoAction | None = None,
    grouping: Grouping | None = None,
    progress: Progress = SILENT,
    *,
    targets: Targets | None = None,
    wording: Wording | None = None,
    scale: Scale | None = None,
    engine: Engine | None = None,
) -> Path:
    """Run the detectors on a case's events into a new folder under ``runs/``.

    A case of objects and counters alone holds nobody to compare: its run has empty tables.

    Parameters
    ----------
    settings, grouping, targets, wording, scale
        Instead of those in ``case.toml``.
    engine
        One from :func:`claqueur.spark_engine` instead of the one that is set.
    """
    settings = settings or from_mapping(
        CoAction, case.settings.get("detect", {}), "case.toml [detect]"
    )
    scale = scale or case.scale
    record = Record(progress)
    # Before anything that takes long: a record that was altered is refused.
    directives = registered(case)
    record.not_registered = sorted(
        set(working_names(case)) - {each.name for each in directives}
    )  # fmt: skip
    chosen = _by_name(targets or case.targets)
    # Whatever asks for all events at once has them in memory.
    whole = bool(directives) or settings.calibrated or chosen.declared
    with ExitStack() as stack:
        with record.timed("read"):
            # Hashed first: tables that came in between are then not taken for those of the run.
            tables = case.table_hashes()
            if not whole and case.event_rows() * BYTES_A_ROW > scale.memory_bytes:
                plan = {"claqueur": __version__, "events": tables, "detect": to_mapping(settings)}
                place = stack.enter_context(scratch_of(case.folder / "scratch", plan))
                events: Events | Spilled | None = of_store(
                    case.events_folder, place, scale.memory_bytes
                )
            else:
                events = case.events()
            objects, counters = case.objects(), case.counters()
        if events is None and objects is None and counters is None:
            raise CaseError(f"{case.folder}: holds no events; bring some with `claqueur add`")
        record.objects, record.counters = objects_record(objects), counters_record(counters)
        acted = events is not None
        if events is None:
            progress.note(
                "no table of events: nobody is compared, only posts and counters are there"
            )
            events = posts_of(objects, record.set_aside)
        for imported in case.imports():
            record.take_over(imported)
        run = case.next_run()
        work = stack.enter_context(new_folder(run))
        stack.enter_context(running(scale, engine, progress))
        result = analyse(
            events, settings, _with_zone(case), grouping or case.grouping, record, case=case.id,
            targets=chosen, wording=wording or case.wording, acted=acted, scale=scale,
        )  # fmt: skip
        if directives:
            with record.timed("directives"):
                seed = (grouping or case.grouping).seed
                tone = (wording or case.wording).tone_model
                held = _whole(events) if acted else None
                data = collected(held, objects, counters, tone)
                result = _answered(result, directives, data, held, seed, progress)
        progress.stage("writing")
        result.write_tables(work)
        custody.append(
            case.folder, custody.RAN, run=run.name, claqueur=__version__, tables=tables,
            files=custody.hashes(work),
        )  # fmt: skip
    return run


def _answered(
    result: Result,
    directives: Sequence[Registered],
    data: Collected,
    events: Events | None,
    seed: int,
    progress: Progress,
) -> Result:
    """The result with the answers on every registered directive, one family over all of them."""
    named = [(each.name, each.directive) for each in directives]
    tested = examine_all(named, data, events, seed, progress)
    known = {each.name: each.registration.as_record() for each in directives}
    progress.stage("looking at other choices")
    found = answers(tested, known)
    others = {**result.others, "effects": courses(tested)}
    return replace(result, directive=found, others=others)


def _by_name(targets: Targets) -> Targets:
    """Declared posts one by one: the file that names them may be gone when it is run again."""
    return replace(targets, target=tuple(named_posts(targets)), targets="")


def _with_zone(case: Case) -> Reading:
    """The case's reading, in the zone of its last import where case.toml names none."""
    return replace(case.reading, timezone=case.zone)


def report_run(folder: Path, target: Path) -> Path:
    """Render the report of a finished run as one HTML file."""
    html = _report(Result.load(folder))
    with whole_file(target) as work:
        work.write_text(html, encoding="utf-8")
    return target

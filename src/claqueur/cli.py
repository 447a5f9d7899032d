"""The command line: parse, call, say where the result is.

Heavy modules are imported inside the commands, so that ``--help`` answers at once.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from claqueur._version import __version__
from claqueur.cli_collect import app as collect
from claqueur.cli_directive import app as directive
from claqueur.cli_publish import publish, reproduce, review, verify
from claqueur.cli_serve import serve as serve_room
from claqueur.cli_serve import users
from claqueur.errors import CaseError, ClaqueurError, SettingError
from claqueur.flags import with_settings
from claqueur.settings import (
    CoAction,
    Compat,
    Grouping,
    Reading,
    Scale,
    Serving,
    Targets,
    Wording,
    from_mapping,
    to_mapping,
)

if TYPE_CHECKING:
    from claqueur.results import Result
    from claqueur.vkserver.dataset import Dataset
    from claqueur.vkserver.options import Ready

# Polars takes memory from jemalloc, which gives back what is freed only when told to; before it
# is loaded.
os.environ.setdefault("_RJEM_MALLOC_CONF", "dirty_decay_ms:500,muzzy_decay_ms:0")

app = typer.Typer(
    name="claqueur",
    help="Find, test and document ordered engagement: likes, comments, reposts and follows "
    "given because somebody said so. It only reads; it never acts on a platform.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(directive)
app.add_typer(collect)
app.add_typer(users)
for command in (review, publish, verify, reproduce, serve_room):
    app.command()(command)

Verbose = Annotated[bool, typer.Option("--verbose", help="Show what takes how long.")]
LogFile = Annotated[
    Path | None, typer.Option("--log-file", help="Write a log there; it holds no ids.")
]
CaseFolder = Annotated[Path, typer.Argument(metavar="CASE", help="The case folder.")]
RunFolder = Annotated[
    Path, typer.Argument(metavar="DIR", help="A case, or a folder written by `claqueur detect`.")
]
Files = Annotated[list[Path], typer.Argument(metavar="FILE...", help="Tables of events.")]
AnyFiles = Annotated[
    list[Path], typer.Argument(metavar="FILE...", help="Tables of events, objects or counters.")
]
NewFolder = Annotated[
    Path, typer.Option("--out", metavar="DIR", help="A new folder for the results.")
]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"claqueur {__version__}")
        raise typer.Exit


@app.callback()
def _claqueur(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Options before any command."""


@app.command()
@with_settings(
    detect=Compat, reading=Reading, groups=Grouping, declared=Targets, wording=Wording, scale=Scale
)
def detect(
    files: Files,
    out: NewFolder,
    detect: dict[str, Any],
    reading: dict[str, Any],
    groups: dict[str, Any],
    declared: dict[str, Any],
    wording: dict[str, Any],
    scale: dict[str, Any],
    compat: Annotated[
        str,
        typer.Option(
            "--compat",
            metavar="TOOL",
            help="Give exactly the weights and filters of coortweet or qut.",
            rich_help_panel="Detection",
        ),
    ] = "",
    no_report: Annotated[
        bool, typer.Option("--no-report", help="Tables only, no report.html.")
    ] = False,
    verbose: Verbose = False,
    log_file: LogFile = None,
) -> None:
    """Find accounts that act on the same objects within a window, and their groups.

    [bold]Examples[/bold]

      claqueur detect likes.csv --window 60s --min-objects 5 --out out

      claqueur detect a.parquet b.csv.gz --window 10s --window 10m --min-objects 3 --out out

      claqueur detect posts.tsv --map account_id=author,object_id=url --timezone Europe/Moscow
      --window 60s --min-objects 2 --out out

      claqueur detect tweets.csv --compat coortweet --window 60s --min-objects 2 --out out

      claqueur detect likes.csv --targets named-posts.txt --topic universiade --out out

      claqueur detect likes.parquet --engine spark --master spark://head:7077 --out out
    """
    from claqueur.console import reporting
    from claqueur.pipeline import detect_to, detection

    settings = detection(detect, compat)
    with reporting(verbose, log_file) as progress:
        result = detect_to(
            files,
            out,
            settings,
            reading=Reading(**reading),
            grouping=Grouping(**groups),
            compat=compat,
            targets=Targets(**declared),
            wording=Wording(**wording),
            scale=Scale(**scale),
            report=not no_report,
            progress=progress,
        )
    _summary(result)
    typer.echo(f"Results: {out}" if no_report else f"Report: {out / 'report.html'}")


@app.command()
@with_settings(detect=CoAction, reading=Reading, groups=Grouping, declared=Targets, wording=Wording)
def new(
    case: CaseFolder,
    detect: dict[str, Any],
    reading: dict[str, Any],
    groups: dict[str, Any],
    declared: dict[str, Any],
    wording: dict[str, Any],
    name: Annotated[str, typer.Option("--name", help="What the case is called.")] = "",
) -> None:
    """Make a case: a folder that keeps events, settings, runs and reports together.

    [bold]Example[/bold]

      claqueur new krasnoyarsk --timezone Asia/Krasnoyarsk --window 10m --min-objects 5
    """
    from claqueur.case import create_case

    if detect:
        CoAction(**detect)
    Reading(**reading), Grouping(**groups)
    given = {
        "read": reading,
        "detect": detect,
        "groups": groups,
        "targets": _posts(declared),
        "texts": wording,
    }
    create_case(case, name, **{table: _toml(values) for table, values in given.items() if values})
    typer.echo(f"Case: {case}; bring events with: claqueur add {case} FILE...")


@app.command()
@with_settings(reading=Reading)
def add(
    case: CaseFolder,
    files: AnyFiles,
    reading: dict[str, Any],
    verbose: Verbose = False,
    log_file: LogFile = None,
) -> None:
    """Bring files of events, objects or counters into a case; all of them or none.

    [bold]Examples[/bold]

      claqueur add krasnoyarsk likes-february.csv likes-march.csv.gz

      claqueur add krasnoyarsk objects.parquet counters.csv

      claqueur add krasnoyarsk vk-answers.ndjson
    """
    from claqueur.case import open_case
    from claqueur.console import reporting
    from claqueur.pipeline import add as add_files

    opened = open_case(case)
    merged = from_mapping(
        Reading, {**opened.settings.get("read", {}), **reading}, "case.toml [read]"
    )
    with reporting(verbose, log_file) as progress:
        added = add_files(opened, files, merged, progress)
    new_rows = opened.imports()[-1]["added"]
    typer.echo(
        f"{added.delivered:,} rows read, {new_rows:,} of them new; next: claqueur run {case}"
    )


@app.command()
@with_settings(detect=CoAction, groups=Grouping, declared=Targets, wording=Wording, scale=Scale)
def run(
    case: CaseFolder,
    detect: dict[str, Any],
    groups: dict[str, Any],
    declared: dict[str, Any],
    wording: dict[str, Any],
    scale: dict[str, Any],
    verbose: Verbose = False,
    log_file: LogFile = None,
) -> None:
    """Run detection on a case; flags go before the settings in case.toml.

    [bold]Example[/bold]

      claqueur run krasnoyarsk --window 60s --window 10m --min-objects 5
    """
    from claqueur.case import open_case
    from claqueur.console import reporting
    from claqueur.pipeline import run_case
    from claqueur.results import Result

    opened = open_case(case)
    settings = from_mapping(
        CoAction, {**opened.settings.get("detect", {}), **detect}, "case.toml [detect]"
    )
    grouping = from_mapping(
        Grouping, {**opened.settings.get("groups", {}), **groups}, "case.toml [groups]"
    )
    targets = from_mapping(
        Targets, {**opened.settings.get("targets", {}), **declared}, "case.toml [targets]"
    )
    told = from_mapping(
        Wording, {**opened.settings.get("texts", {}), **wording}, "case.toml [texts]"
    )
    # Another engine than the case's has no use for its master.
    fixed = to_mapping(opened.scale) if "engine" not in scale else {"memory": opened.scale.memory}
    size = from_mapping(Scale, {**fixed, **scale}, "case.toml [scale]")
    with reporting(verbose, log_file) as progress:
        folder = run_case(
            opened, settings, grouping, progress, targets=targets, wording=told, scale=size
        )
    _summary(Result.load(folder))
    typer.echo(f"Run: {folder}; next: claqueur report {case}")


@app.command()
def report(
    folder: RunFolder,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where to write the HTML file.")
    ] = None,
) -> None:
    """Write the working report of a run as one HTML file that opens offline.

    [bold]Example[/bold]

      claqueur report krasnoyarsk
    """
    from claqueur.pipeline import report_run

    if out and out.exists():
        raise CaseError(f"{out}: exists; choose another name")
    place = _run_folder(folder)
    in_case = folder / "report" / f"{place.name}.html"
    target = out or (in_case if place != folder else folder / "report.html")
    typer.echo(f"Report: {report_run(place, target)}")


@app.command()
def export(
    folder: RunFolder,
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            metavar="FILE",
            help="Its ending names the format: .gexf .graphml .csv .parquet",
        ),
    ],
    network: Annotated[
        int, typer.Option("--network", help="Which network of the run, when it has several.")
    ] = 0,
    pseudonyms: Annotated[
        bool, typer.Option("--pseudonyms", help="Pseudonyms instead of account ids.")
    ] = False,
) -> None:
    """Write a network for Gephi, Gephi Lite, networkx, igraph or a spreadsheet.

    [bold]Example[/bold]

      claqueur export out --out network.gexf
    """
    from claqueur.publish.export import export_network
    from claqueur.publish.privacy import case_pseudonyms
    from claqueur.results import Result

    result = Result.load(_run_folder(folder))
    names = case_pseudonyms(result.run["case"]) if pseudonyms else None
    for path in export_network(result, out, network=network, pseudonyms=names):
        typer.echo(f"Written: {path}")


@app.command()
def evidence(
    folder: RunFolder,
    group: Annotated[int, typer.Option("--group", help="Number of a group.")] = 0,
    pair: Annotated[
        int, typer.Option("--pair", help="Row of a pair in pairs.parquet, from 0.")
    ] = -1,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write all rows as .csv or .parquet."),
    ] = None,
    identities: Annotated[
        bool, typer.Option("--identities", help="Account ids instead of pseudonyms.")
    ] = False,
) -> None:
    """List who acted when on which objects: the actions behind a group or a pair.

    [bold]Examples[/bold]

      claqueur evidence out --group 1

      claqueur evidence out --pair 17 --out pair-17.csv
    """
    from claqueur.publish.evidence import show_evidence, supporting_rows, write_rows
    from claqueur.results import Result

    if (group > 0) == (pair >= 0):
        raise SettingError("name either --group (from 1) or --pair (from 0)")
    result = Result.load(_run_folder(folder))
    rows = supporting_rows(result, group=group, pair=pair, identities=identities)
    if out:
        write_rows(rows, out)
        typer.echo(f"Written: {out} ({rows.height:,} rows)")
    else:
        show_evidence(rows)


@app.command()
def texts(
    folder: RunFolder,
    group: Annotated[
        int, typer.Option("--group", help="Number of a group: its comments side by side.")
    ] = 0,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write all rows as .csv or .parquet."),
    ] = None,
    identities: Annotated[
        bool, typer.Option("--identities", help="Account ids instead of pseudonyms.")
    ] = False,
) -> None:
    """List what comments were made from, or a group's comments beside their template.

    [bold]Examples[/bold]

      claqueur texts out

      claqueur texts out --group 1

      claqueur texts out --group 1 --out comments-1.csv
    """
    from claqueur.publish.evidence import write_rows
    from claqueur.publish.texts import copies_of, show_copies, show_templates, templates_of
    from claqueur.results import Result

    result = Result.load(_run_folder(folder))
    rows = copies_of(result, group, identities=identities) if group else templates_of(result)
    if out:
        write_rows(rows, out)
        typer.echo(f"Written: {out} ({rows.height:,} rows)")
    elif group:
        show_copies(result, group, rows)
    else:
        show_templates(rows)


@app.command()
@with_settings(server=Serving)
def simulate(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="Its name, or a TOML file.")],
    out: NewFolder,
    server: dict[str, Any],
    seed: Annotated[int, typer.Option("--seed", help="Seed of everything random.")] = 1,
    change: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KEY=VALUE", help="Change the scenario, `off` leaves a part out."
        ),
    ] = None,
    serve: Annotated[
        bool,
        typer.Option(
            "--serve",
            help="Then answer VK's API from it, on this computer only, until Ctrl-C.",
            rich_help_panel="Test server",
        ),
    ] = False,
) -> None:
    """Make a world in which the truth is known: events, objects, counters, truth.

    [bold]Examples[/bold]

      claqueur simulate krasnoyarsk-2019 --seed 1 --out world

      claqueur simulate krasnoyarsk-2019 --set order.participation_mean=0.3 --out weak

      claqueur simulate krasnoyarsk-2019 --set order=off --set campaign=off --out nobody

      claqueur simulate krasnoyarsk-2019 --out world --serve --start 2019-02-08 --speed 600
    """
    from claqueur.simulation import parse_change
    from claqueur.simulation import simulate as make_world

    changes = dict(map(parse_change, change or []))
    serving = _serving(server, wanted=serve)
    world = make_world(scenario, seed=seed, changes=changes)
    data = _all_of_it(serving, scenario, seed, changes) if serving else None
    world.save(out)
    typer.echo(f"World: {out} ({world.events.height:,} simulated events)")
    if world.directive:
        typer.echo(f"Directive of this scenario, true or not: {out / 'directive.toml'}")
    if serving and data:
        _serve(serving, data)


@app.command()
def evaluate(
    out: Annotated[
        Path,
        typer.Option("--out", metavar="DIR", help="Results; a rerun into the same folder goes on."),
    ],
    study: Annotated[
        list[str] | None,
        typer.Option(
            "--study",
            help="bars, stretch, grid, scenarios, mechanisms, nulls, lists, targets, "
            "targets-nobody, target-page, target-page-nobody, or directive-nobody, -arrivals, "
            "-power, -aggregates, -wrong, -scenarios; may be repeated.",
        ),
    ] = None,
    seeds: Annotated[
        int, typer.Option("--seeds", help="Worlds a cell; 0 for each study's own number.")
    ] = 0,
    first_seed: Annotated[int, typer.Option("--first-seed", help="Of every cell.")] = 1,
    workers: Annotated[int, typer.Option("--workers", help="Processes side by side.")] = 1,
    verbose: Verbose = False,
    log_file: LogFile = None,
) -> None:
    """Score detection on simulated worlds, where the truth is known.

    [bold]Example[/bold]

      claqueur evaluate --study stretch --seeds 5 --out evaluation
    """
    from claqueur.console import reporting
    from claqueur.evaluation import evaluate as score_worlds

    with reporting(verbose, log_file) as progress:
        score_worlds(
            out,
            study or ["stretch"],
            seeds=seeds,
            first_seed=first_seed,
            workers=workers,
            progress=progress,
        )
    typer.echo(f"Tables and pictures: {out}")


@app.command()
def demo(
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="A new folder for the demonstration case.")
    ] = Path("claqueur-demo"),
    seed: Annotated[int, typer.Option("--seed", help="Seed of everything random.")] = 1,
    lists: Annotated[
        str,
        typer.Option(
            "--lists",
            help="How likes are seen: exact (with their times), polled (lists of likers read "
            "every hour) or late (one list, 30 days after, without times).",
        ),
    ] = "exact",
    verbose: Verbose = False,
    log_file: LogFile = None,
) -> None:
    """Simulate the Krasnoyarsk case of 2019, run detection on it and write the report.

    [bold]Examples[/bold]

      claqueur demo --out demo

      claqueur demo --lists late --out late
    """
    from claqueur.console import reporting
    from claqueur.demo import make_demo

    with reporting(verbose, log_file) as progress:
        shown = make_demo(out, seed, progress, lists)
    typer.echo(shown)


@app.command()
def sources() -> None:
    """List the formats that can be read.

    [bold]Example[/bold]

      claqueur sources
    """
    from claqueur.sources import sources as known

    for name, source in known().items():
        typer.echo(f"{name:10} {source.help}")


def main() -> None:
    """Run the command line; exit 0 when done, 1 when it failed, 2 when the input is at fault."""
    signal.signal(signal.SIGINT, _interrupt)
    try:
        app()
    except ClaqueurError as error:
        _fail(str(error), error.exit_code)
    except _InterruptedError:
        _fail("interrupted; nothing was left half written and earlier results are intact", 1)
    except MemoryError:
        _fail("out of memory; try a narrower --window, a higher --min-objects or fewer files", 1)
    except BrokenPipeError:
        sys.exit(1)
    except Exception as error:
        if "--verbose" in sys.argv:
            raise
        _fail(f"this should not have happened ({type(error).__name__}); run it with --verbose", 1)


class _InterruptedError(BaseException):
    """Ctrl-C; Typer would end the program without a word at a KeyboardInterrupt."""


def _interrupt(_signal: int, _frame: object) -> None:
    raise _InterruptedError


def _fail(text: str, code: int) -> None:
    word = "interrupted" if text.startswith("interrupted") else "error"
    typer.secho(f"{word}: {text.removeprefix('interrupted; ')}", fg="red", err=True)
    sys.exit(code)


def _serving(given: dict[str, Any], *, wanted: bool) -> Ready | None:
    """The test server's port and settings, before anything is simulated."""
    if wanted:
        from claqueur.vkserver.options import Ready

        return Ready.of(Serving(**given))
    for name in given:
        raise SettingError(f"--{name.replace('_', '-')}: goes with --serve; add it")
    return None


def _all_of_it(serving: Ready, scenario: str, seed: int, changes: dict[str, Any]) -> Dataset:
    from claqueur.vkserver import everything

    data = everything(scenario, seed=seed, changes=changes)
    serving.check(data)
    return data


def _serve(serving: Ready, data: Dataset) -> None:
    server = serving.server(data)
    typer.echo(f"Time of the world: {serving.course(server)}")
    typer.echo(f"Simulated VK API: {serving.base_url} (Ctrl-C ends it)")
    serving.run(server)
    typer.echo("Ended.")


def _run_folder(folder: Path) -> Path:
    from claqueur.case import is_case, open_case

    return open_case(folder).latest_run() if is_case(folder) else folder


def _posts(declared: dict[str, Any]) -> dict[str, Any]:
    """Declared targets for ``case.toml``: a file's posts one by one, as the file may go."""
    settings = Targets(**declared)
    if not settings.targets:
        return declared
    from claqueur.directive.targets import named_posts

    rest = {name: value for name, value in declared.items() if name != "targets"}
    return {**rest, "target": tuple(named_posts(settings))}


def _toml(values: dict[str, Any]) -> dict[str, Any]:
    return {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}


def _summary(result: Result) -> None:
    from claqueur.publish.summary import summary_lines

    for line in summary_lines(result):
        typer.echo(line)


if __name__ == "__main__":
    main()

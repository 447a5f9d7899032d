"""The commands of ``claqueur collect``: what is public on a platform, read through its API.

Heavy modules are imported inside the commands, so that ``--help`` answers at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from claqueur.errors import SettingError

if TYPE_CHECKING:
    from claqueur.case import Case
    from claqueur.collect.vk import Collection, How, Summary, Token
    from claqueur.console import Reporter

app = typer.Typer(
    name="collect",
    help="""Collect what is public, through the platform's own API: reading only, within its limits.

    [bold]Example[/bold]

      claqueur collect vk krasnoyarsk --page club123 --since 2019-02-01 --until 2019-03-15
    """,
    short_help="Collect what is public, through the platform's own API.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)

CaseFolder = Annotated[Path, typer.Argument(metavar="CASE", help="The case folder.")]


@app.callback()
def _collect() -> None:
    """A platform is named even where there is only one."""


@app.command()
def vk(
    case: CaseFolder,
    page: Annotated[
        list[str] | None,
        typer.Option(
            "--page",
            metavar="PAGE",
            help="club123, -123, a short address or a link; repeat it, control pages alike. "
            "Without any, those collected last.",
        ),
    ] = None,
    since: Annotated[
        str, typer.Option("--since", metavar="DAY", help="Follow posts from this day on.")
    ] = "",
    until: Annotated[
        str,
        typer.Option("--until", metavar="DAY", help="Last day of posts, and of collecting."),
    ] = "",
    poll: Annotated[
        str, typer.Option("--poll", help="Shortest pause between two readings of a post's lists.")
    ] = "30m",
    members: Annotated[
        bool, typer.Option("--members", help="Read lists of members too, once a day.")
    ] = False,
    once: Annotated[
        bool, typer.Option("--once", help="Read everything once, now, instead of polling.")
    ] = False,
    plan: Annotated[
        bool, typer.Option("--plan", help="Only say what it will take; keeps nothing.")
    ] = False,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Ask nobody; make the tables anew from evidence.")
    ] = False,
    token_file: Annotated[
        Path | None,
        typer.Option(
            "--token-file",
            metavar="FILE",
            help="File of mode 600 with the token; else CLAQUEUR_VK_TOKEN has it.",
        ),
    ] = None,
    token_kind: Annotated[
        str, typer.Option("--token-kind", help="user, service or group; found out if not said.")
    ] = "",
    rate: Annotated[
        int | None,
        typer.Option(
            "--rate",
            help="Requests a second, fewer than VK allows; any on a test server, 0: no limit.",
        ),
    ] = None,
    base_url: Annotated[
        str, typer.Option("--base-url", metavar="URL", help="Of a test server instead of VK.")
    ] = "",
    clock: Annotated[
        str, typer.Option("--clock", help="wall, or server: the time of a test server's world.")
    ] = "",
    patience: Annotated[
        str, typer.Option("--patience", help="How long to wait for a network that is gone.")
    ] = "12h",
    verbose: Annotated[bool, typer.Option("--verbose", help="Show what takes how long.")] = False,
    log_file: Annotated[
        Path | None, typer.Option("--log-file", help="Write a log there; it holds no ids.")
    ] = None,
) -> None:
    """Collect pages of VKontakte into a case: posts, likers, comments, reposts, followers.

    Lists of likers have no times, so they are read again and again; every answer is kept as
    evidence. Stop it at any moment and start it again: it goes on where it was.

    [bold]Examples[/bold]

      claqueur collect vk krasnoyarsk --page club123 --page official_page --since 2019-02-01
      --until 2019-03-15 --poll 30m --plan

      claqueur collect vk krasnoyarsk --token-file token.txt

      claqueur collect vk krasnoyarsk --once
    """
    from claqueur.case import open_case
    from claqueur.collect.vk import Collection
    from claqueur.console import reporting

    opened = open_case(case)
    wanted = Collection(tuple(page or ()), since, until, poll, members)
    with reporting(verbose, log_file) as progress:
        if rebuild:
            lines = _rebuilt(opened, progress)
        else:
            how = _how(base_url, token_kind, rate, clock, patience)
            token = _token(token_file)
            if plan:
                lines = _planned(opened, token, wanted, how, progress)
            else:
                lines = _collected(opened, token, wanted, how, once, progress)
    for line in lines:
        typer.echo(line)


def _how(base_url: str, kind: str, rate: int | None, clock: str, patience: str) -> How:
    from claqueur.collect.vk import How
    from claqueur.collect.vk.patience import Patience
    from claqueur.settings import duration_ms

    return How(
        base_url, kind, rate, clock,
        patience=Patience(network_s=duration_ms(patience) / 1000),
    )  # fmt: skip


def _token(file: Path | None) -> Token:
    from claqueur.collect.vk import find_token

    return find_token(file)


def _rebuilt(case: Case, progress: Reporter) -> list[str]:
    from claqueur.evidence_store import Evidence, EvidenceWriter
    from claqueur.evidence_tables import rebuild

    folder = case.folder / "evidence"
    if not Evidence(folder).index.exists():
        raise SettingError(f"{case.folder}: has no evidence to rebuild from")
    with EvidenceWriter(folder):
        imported = rebuild(case, progress)
    if imported is None:
        raise SettingError(f"{folder}: holds no record yet; collect something first")
    return [f"Made anew from {imported['evidence']['answers']:,} answers: {_rows(imported)}"]


def _planned(
    case: Case, token: Token, wanted: Collection, how: How, progress: Reporter
) -> list[str]:
    from claqueur.collect.vk import plan_vk

    return list(plan_vk(case, token, wanted, how, progress).lines())


def _collected(
    case: Case, token: Token, wanted: Collection, how: How, once: bool, progress: Reporter
) -> list[str]:
    from claqueur.collect.vk import collect_vk

    try:
        summary = collect_vk(case, token, wanted, how, once=once, progress=progress)
    except Exception:
        raise
    except BaseException:
        # Ctrl-C is the usual way to end a collection early; its tables are wanted then.
        _bring_in(case, progress)
        raise
    return _told(summary, case)


def _bring_in(case: Case, progress: Reporter) -> None:
    from claqueur.evidence_tables import bring_in

    progress.note(
        "stopped; bringing what was received into the tables (Ctrl-C leaves it for later)"
    )
    bring_in(case, progress)


def _told(summary: Summary, case: Case) -> list[str]:
    counts = summary.counts
    lines = [
        f"{summary.posts:,} posts; {counts.requests:,} requests with {counts.calls:,} calls; "
        f"{summary.records:,} records of evidence"
    ]
    if summary.imported:
        lines.append(f"In the tables: {_rows(summary.imported)}")
    lines += [f"Not visible: {each}; unknown, not zero" for each in summary.not_visible]
    return [*lines, f"next: claqueur verify {case.folder}, claqueur run {case.folder}"]


def _rows(imported: dict[str, Any]) -> str:
    return ", ".join(f"{rows:,} {name}" for name, rows in imported["added_to"].items())

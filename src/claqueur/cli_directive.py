"""The commands of ``claqueur directive``: a record written, checked, registered, stamped.

Heavy modules are imported inside the commands, so that ``--help`` answers at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from claqueur.errors import CaseError, SettingError

if TYPE_CHECKING:
    from claqueur.case import Case
    from claqueur.directive.hypothesis import Directive
    from claqueur.directive.registration import Registration

app = typer.Typer(
    name="directive",
    help="""A directive as a hypothesis: written down and registered before looking, then tested.

    [bold]Examples[/bold]

      claqueur directive new krasnoyarsk --minutes minutes.txt

      claqueur directive register krasnoyarsk
    """,
    short_help="A directive as a hypothesis: written down, registered, then tested.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)

CaseFolder = Annotated[Path, typer.Argument(metavar="CASE", help="The case folder.")]
Name = Annotated[
    str, typer.Argument(metavar="[NAME]", help="Which record, where there are several.")
]


@app.command()
def new(
    case: CaseFolder,
    name: Annotated[
        str, typer.Option("--name", help="What the record is called; else as FILE, or directive.")
    ] = "",
    source: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE", help="Copy a record in TOML instead of asking."),
    ] = None,
    minutes: Annotated[
        Path | None,
        typer.Option("--minutes", metavar="FILE", help="Text of the minutes, to suggest from."),
    ] = None,
) -> None:
    """Write down a directive: who is to do what, where, since when; never a person.

    Asks for every field. What the text of the minutes suggests is offered piece by piece, and
    nothing of it is taken without a yes.

    [bold]Examples[/bold]

      claqueur directive new krasnoyarsk --minutes minutes.txt

      claqueur directive new krasnoyarsk --from minutes-2019.toml
    """
    from claqueur.case import open_case
    from claqueur.directive.working import copy_in

    opened = open_case(case)
    if source and minutes:
        raise SettingError("--minutes: goes with questions; with --from there are none")
    if source:
        path, directive = copy_in(opened, source, name or source.stem)
    else:
        path, directive = _asked(opened, name or "directive", minutes)
    _notes(directive)
    typer.echo(f"Record: {path}; next: claqueur directive register {case} {path.stem}")


@app.command()
def check(case: CaseFolder, name: Name = "") -> None:
    """Say what is wrong with a record, and what it leaves open.

    [bold]Example[/bold]

      claqueur directive check krasnoyarsk
    """
    from claqueur.case import open_case
    from claqueur.directive.working import read_working, working_names

    opened = open_case(case)
    wrong = []
    for each in [name] if name else working_names(opened) or [_only(opened, "")]:
        try:
            directive = read_working(opened, each)
        except SettingError as error:
            wrong.append(str(error))
            continue
        typer.echo(f"{each}: {_counted(directive)}, nothing to put right")
        _notes(directive)
        _verified(opened, each)
    if wrong:
        raise SettingError("\n".join(wrong))


@app.command()
def register(case: CaseFolder, name: Name = "") -> None:
    """Freeze a record, with its time and hash, before looking at any data.

    [bold]Example[/bold]

      claqueur directive register krasnoyarsk
    """
    from claqueur.case import open_case
    from claqueur.directive.register import register_directive

    opened = open_case(case)
    chosen = _only(opened, name)
    registration = register_directive(opened, chosen)
    _registered(chosen, registration)
    hashed = opened.directives_folder / f"{chosen}.v{registration.version}.sha256"
    typer.echo(f"To have the time stamped by a third party: {hashed} (docs/directive.md)")


@app.command()
def stamp(
    case: CaseFolder,
    name: Name = "",
    *,
    token: Annotated[
        Path, typer.Option("--token", metavar="FILE", help="The third party's answer, a .tsr file.")
    ],
    tsa_root: Annotated[
        Path,
        typer.Option("--tsa-root", metavar="FILE", help="Its root certificate, in PEM."),
    ],
) -> None:
    """Verify a third party's time stamp (RFC 3161) of a registration, and keep it with it.

    [bold]Example[/bold]

      claqueur directive stamp krasnoyarsk minutes --token minutes.tsr --tsa-root tsa-root.pem
    """
    from claqueur.case import open_case
    from claqueur.directive.register import stamp_directive

    opened = open_case(case)
    chosen = _only(opened, name)
    _registered(chosen, stamp_directive(opened, chosen, token, tsa_root))


@app.command("list")
def list_(case: CaseFolder) -> None:
    """List the directives of a case: items, registered or not, changed or not.

    [bold]Example[/bold]

      claqueur directive list krasnoyarsk
    """
    from claqueur.case import open_case
    from claqueur.directive.register import registered
    from claqueur.directive.working import working_names

    opened = open_case(case)
    known = {each.name: each for each in registered(opened)}
    for name in sorted({*working_names(opened), *known}):
        if name in known:
            found = known[name]
            status = f"{_counted(found.directive)}, {_status(found.registration)}"
        else:
            status = f"{_in_work(opened, name)}, not registered"
        typer.echo(f"{name}: {status}")


def _asked(case: Case, name: str, minutes: Path | None) -> tuple[Path, Directive]:
    """Ask for a record; it is kept also where something is wrong, which is then raised."""
    from claqueur.directive.checking import problems
    from claqueur.directive.reading import in_one
    from claqueur.directive.suggest import suggest_directive
    from claqueur.directive.working import add_working, free_place
    from claqueur.directive.writing import dump_directive
    from claqueur.interview import interview, pasted

    # Before an hour of questions, not after.
    free_place(case, name)
    found = suggest_directive(_text(minutes) if minutes else pasted())
    directive = interview(found, case.zone)
    path = add_working(case, name, dump_directive(directive))
    if wrong := problems(directive):
        raise SettingError(
            f"{in_one(wrong, str(path))}\nThe answers are kept there; edit that file, then: "
            f"claqueur directive check {case.folder} {name}"
        )
    return path, directive


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(
            f"--minutes {path}: cannot be read as text in UTF-8 ({error}); retype or convert it"
        ) from None


def _only(case: Case, name: str) -> str:
    """The name given, or that of the only record there is."""
    from claqueur.directive.working import working_names

    if name:
        return name
    names = working_names(case)
    if not names:
        raise CaseError(
            f"{case.folder}: has no directive; write one with "
            f"`claqueur directive new {case.folder}`"
        )
    if len(names) > 1:
        raise CaseError(f"{case.folder}: has several directives; name one of {', '.join(names)}")
    return names[0]


def _counted(directive: Directive) -> str:
    count = len(directive.items)
    return f"{count} item{'s' if count > 1 else ''}"


def _notes(directive: Directive) -> None:
    from claqueur.directive.checking import notes

    for note in notes(directive):
        typer.echo(f"  note: {note}")


def _registered(name: str, registration: Registration) -> None:
    typer.echo(f"{name}: {_status(registration)}")
    typer.echo(f"  sha256: {registration.sha256}")
    for remark in registration.remarks():
        typer.echo(f"  {remark}")


def _status(registration: Registration) -> str:
    status = f"registered {registration.time} (version {registration.version})"
    if registration.working == "gone":
        return f"{status}; the record itself is gone"
    return f"{status}; the record was edited since" if registration.working != "same" else status


def _in_work(case: Case, name: str) -> str:
    from claqueur.directive.working import read_working

    try:
        return _counted(read_working(case, name))
    except SettingError:
        return f"cannot be tested as it is (claqueur directive check {case.folder} {name})"


def _verified(case: Case, name: str) -> None:
    """Say whether the time stamp of the latest version holds, if it has one."""
    from claqueur.directive.register import registered, reverify
    from claqueur.directive.registration import SELF_DECLARED
    from claqueur.directive.stamp import can_verify

    for each in registered(case):
        if each.name != name:
            continue
        for remark in each.registration.remarks():
            typer.echo(f"  registration: {remark}")
        if each.registration.stamp == SELF_DECLARED:
            return
        if not can_verify():
            typer.echo("  time stamp not verified; install: pip install 'claqueur[timestamp]'")
        elif found := reverify(case, name):
            typer.echo(f"  time stamp verified: {found.by}, {found.time}")

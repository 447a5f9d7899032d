"""The commands around publication: ``review``, ``publish``, ``verify``, ``reproduce``.

Heavy modules are imported inside the commands, so that ``--help`` answers at once.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from claqueur.errors import CaseError, SettingError

if TYPE_CHECKING:
    from claqueur.case import Case
    from claqueur.review import Decision

RunOrCase = Annotated[
    Path, typer.Argument(metavar="CASE", help="A case, for its newest run, or CASE/runs/RUN.")
]
User = Annotated[
    str, typer.Option("--user", help="Who you are; else CLAQUEUR_USER, else your login name.")
]
Sealed = Annotated[
    Path | None,
    typer.Option("--sealed", metavar="FILE", help="The restricted supplement, DIR.sealed.age."),
]
KeyFile = Annotated[
    Path | None,
    typer.Option("--key-file", metavar="FILE", help="Your secret key, as age-keygen wrote it."),
]
TsaRoot = Annotated[
    Path | None,
    typer.Option(
        "--tsa-root", metavar="FILE", help="The time-stamping authority's root certificate, in PEM."
    ),
]
Verbose = Annotated[bool, typer.Option("--verbose", help="Show what takes how long.")]
LogFile = Annotated[
    Path | None, typer.Option("--log-file", help="Write a log there; it holds no ids.")
]


def review(
    folder: RunOrCase,
    accept: Annotated[
        list[str] | None,
        typer.Option("--accept", metavar="KEY", help="Accept a finding; may be repeated."),
    ] = None,
    reject: Annotated[
        list[str] | None,
        typer.Option("--reject", metavar="KEY", help="Reject a finding; may be repeated."),
    ] = None,
    doubt: Annotated[
        list[str] | None,
        typer.Option("--doubt", metavar="KEY", help="Doubt a finding; may be repeated."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Accept every finding nobody has decided about.")
    ] = False,
    note: Annotated[str, typer.Option("--note", help="Why, in a sentence.")] = "",
    user: User = "",
) -> None:
    """List a run's findings, and accept, reject or doubt each, with a note.

    Only what is accepted is published, and nothing before everything is reviewed. Decisions stay
    in the log of custody, with your name. On a terminal, without flags, it asks.

    [bold]Examples[/bold]

      claqueur review krasnoyarsk

      claqueur review krasnoyarsk --accept 1 --accept minutes/3 --note "read, and asked VK"

      claqueur review krasnoyarsk --doubt 2 --note "may be a sports club"
    """
    from claqueur.case import case_of_run
    from claqueur.review import ACCEPTED, DOUBTFUL, REJECTED, decide, decisions

    case, run = case_of_run(folder)
    chosen = {ACCEPTED: list(accept or []), REJECTED: reject or [], DOUBTFUL: doubt or []}
    named = [key for keys in chosen.values() for key in keys]
    if twice := {key for key in named if named.count(key) > 1}:
        raise SettingError(f"finding {', '.join(sorted(twice))}: is decided twice; choose one")
    if everything:
        open_ones = [each.finding.key for each in decisions(case, run) if not each.verdict]
        chosen[ACCEPTED] += [key for key in open_ones if key not in named]
    for verdict, keys in chosen.items():
        if keys:
            decide(case, run, keys, verdict, note, user)
    if not named and not everything and sys.stdin.isatty():
        _asked(case, run, user)
    _listed(decisions(case, run), run)


def publish(
    folder: RunOrCase,
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="A new folder for the package.")],
    to_key: Annotated[
        list[str] | None,
        typer.Option(
            "--to-key",
            metavar="age1…",
            help="Public key of somebody who gets the restricted supplement; may be repeated.",
        ),
    ] = None,
    title: Annotated[
        str, typer.Option("--title", help="Of the publication; else the name of the case.")
    ] = "",
    language: Annotated[
        list[str] | None,
        typer.Option("--language", help="Of the report; may be repeated; else all there are."),
    ] = None,
    k: Annotated[
        int, typer.Option("--k", help="Smallest number of accounts of which anything is told.")
    ] = 10,
    stamp_server: Annotated[
        str,
        typer.Option(
            "--stamp-server", metavar="URL", help="A time-stamping authority; only a hash goes out."
        ),
    ] = "",
    tsa_root: TsaRoot = None,
    user: User = "",
    verbose: Verbose = False,
    log_file: LogFile = None,
) -> None:
    """Write what may be published of a reviewed run as a package that others can check.

    The public release has aggregates of groups only, and is refused where it would help anybody to
    name a member. With --to-key, everything needed to check and re-run it is encrypted beside it.

    [bold]Examples[/bold]

      claqueur publish krasnoyarsk --to krasnoyarsk-2019

      claqueur publish krasnoyarsk --to krasnoyarsk-2019 --to-key age1…
    """
    from claqueur.console import reporting
    from claqueur.publication import publish_run

    with reporting(verbose, log_file) as progress:
        made = publish_run(
            folder,
            to,
            to_key=to_key or (),
            title=title,
            languages=language or (),
            k=k,
            stamp_server=stamp_server,
            tsa_root=tsa_root,
            user=user,
            progress=progress,
        )
    for line in made.lines():
        typer.echo(line)


def verify(
    folder: Annotated[Path, typer.Argument(metavar="PATH", help="A case or a package.")],
    sealed: Sealed = None,
    key_file: KeyFile = None,
    tsa_root: TsaRoot = None,
) -> None:
    """Recompute all hashes of a case or a package, offline; exit code 1 where anything is wrong.

    [bold]Examples[/bold]

      claqueur verify krasnoyarsk

      claqueur verify krasnoyarsk-2019 --tsa-root tsa-root.pem

      claqueur verify krasnoyarsk-2019 --sealed krasnoyarsk-2019.sealed.age --key-file key.txt
    """
    from claqueur.case import is_case
    from claqueur.package import is_package

    if folder.is_file():
        raise CaseError(
            f"{folder}: is a file; a package is a folder, so unpack it first, into a new folder "
            "and with a program you trust"
        )
    if is_case(folder):
        if sealed or key_file or tsa_root:
            raise SettingError("--sealed, --key-file and --tsa-root: go with a package, not a case")
        _case_verified(folder)
    elif is_package(folder):
        _package_verified(folder, sealed, key_file, tsa_root)
    else:
        raise CaseError(
            f"{folder}: is neither a case (no case.toml) nor a package (no manifest); check the "
            "path"
        )


def reproduce(
    package: Annotated[Path, typer.Argument(metavar="PACKAGE", help="A published package.")],
    sealed: Annotated[
        Path, typer.Option("--sealed", metavar="FILE", help="Its restricted supplement.")
    ],
    key_file: Annotated[
        Path,
        typer.Option("--key-file", metavar="FILE", help="Your secret key, as age-keygen wrote it."),
    ],
    tone_model: Annotated[
        str,
        typer.Option(
            "--tone-model", metavar="DIR", help="The classifier of tone, where the run used one."
        ),
    ] = "",
    verbose: Verbose = False,
    log_file: LogFile = None,
) -> None:
    """Run it all again from the supplement, and compare with what was published, byte by byte.

    Exit code 1 where anything differs.

    [bold]Example[/bold]

      claqueur reproduce krasnoyarsk-2019 --sealed krasnoyarsk-2019.sealed.age --key-file key.txt
    """
    from claqueur.console import reporting
    from claqueur.reproduction import reproduce as run_again

    with reporting(verbose, log_file) as progress:
        found = run_again(package, sealed, key_file, tone_model=tone_model, progress=progress)
    for line in found.lines():
        typer.echo(line)
    if not found.identical:
        raise typer.Exit(1)


def _listed(made: Iterable[Decision], run: Path) -> None:
    each = list(made)
    for decision in each:
        by = f", {decision.user}, {decision.time}: {decision.note}" if decision.verdict else ""
        typer.echo(f"[{decision.verdict or 'not reviewed'}{by}]")
        typer.echo(f"  {decision.finding.key}  {decision.finding.text}")
    left = sum(not decision.verdict for decision in each)
    typer.echo(f"Run {run.name}: {len(each):,} findings, {left:,} of them not reviewed")


_ANSWERS = {"a": "accepted", "r": "rejected", "d": "doubtful"}


def _asked(case: Case, run: Path, user: str) -> None:
    """Go through what nobody has decided about, one finding after the other."""
    from claqueur.review import decide, decisions

    for decision in decisions(case, run):
        if decision.verdict:
            continue
        typer.echo(decision.finding.text)
        answer = ""
        while answer not in (*_ANSWERS, "s", "q"):
            answer = typer.prompt("accept, reject, doubt, skip, quit (a/r/d/s/q)").strip()[:1]
        if answer == "q":
            return
        if answer in _ANSWERS:
            note = typer.prompt("Why")
            decide(case, run, decision.finding.key, _ANSWERS[answer], note, user)


def _case_verified(folder: Path) -> None:
    from claqueur.case import open_case
    from claqueur.console import reporting
    from claqueur.verify import verify_case

    with reporting(False, None) as progress:
        found = verify_case(open_case(folder), progress)
    _echo_all(found.lines(), found.remarks)
    typer.echo(
        f"{found.records:,} records, {found.answers:,} answers ({found.distinct:,} of them "
        f"different); last record {found.head}"
    )
    typer.echo(f"{found.custody:,} records of custody; last record {found.custody_head}")
    if not found.sound:
        typer.echo("NOT SOUND: something was altered or is missing, see above")
        raise typer.Exit(1)
    typer.echo("Sound: every record, every answer and every table is what was written")


def _package_verified(
    folder: Path, sealed: Path | None, key_file: Path | None, tsa_root: Path | None
) -> None:
    from claqueur.console import reporting
    from claqueur.package import check_package, check_sealed, unsealed
    from claqueur.verify import first_faults

    if (sealed is None) != (key_file is None):
        raise SettingError(
            "--sealed and --key-file: go together, the supplement and your key to it"
        )
    roots = certificate(tsa_root)
    with reporting(False, None) as progress:
        found = check_package(folder, roots=roots, progress=progress)
        if sealed and key_file and found.root:
            with unsealed(sealed, key_file) as inside:
                found.faults += check_sealed(inside, found.root)
                held = f"The supplement is that of this package: {len(inside.hashes):,} files"
    _echo_all(first_faults(found.faults), found.remarks)
    typer.echo(f"{found.files:,} files, {found.size:,} bytes; package {found.digest}")
    if not found.sound:
        typer.echo("NOT SOUND: this is not what was published, see above")
        raise typer.Exit(1)
    if sealed:
        typer.echo(held)
    typer.echo("Sound: every file is what was packed, and nothing is missing or extra")


def _echo_all(faults: Iterable[str], remarks: Iterable[str]) -> None:
    for line in (*faults, *(f"note: {remark}" for remark in remarks)):
        typer.echo(line)


def certificate(path: Path | None) -> bytes | None:
    """Certificates from a file.

    Raises
    ------
    SettingError
        If it cannot be read, or is none.
    """
    if path is None:
        return None
    from claqueur.directive.stamp import check_certificates

    return check_certificates(path)

"""The commands around the case room: ``serve``, and ``users`` for a newsroom.

Heavy modules are imported inside the commands, so that ``--help`` answers at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from claqueur.errors import SettingError

users = typer.Typer(
    name="users",
    help="""Users of a case room that a newsroom shares, in a file for `claqueur serve --users`.

    [bold]Example[/bold]

      claqueur users add newsroom.json anna --role analyst
    """,
    short_help="Users of a case room that a newsroom shares.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)


def serve(
    folder: Annotated[
        Path, typer.Argument(metavar="CASE", help="A case, or a folder of cases; may be empty.")
    ],
    port: Annotated[int, typer.Option("--port", help="Where it answers; 0 for any free port.")] = 0,
    no_open: Annotated[
        bool, typer.Option("--no-open", help="Only print the address, open no browser.")
    ] = False,
    users: Annotated[
        Path | None,
        typer.Option("--users", metavar="FILE", help="Users with passwords and roles."),
    ] = None,
    host_name: Annotated[
        list[str] | None,
        typer.Option(
            "--host-name",
            metavar="NAME",
            help="Name under which a proxy passes requests on; may be repeated.",
        ),
    ] = None,
    upload_at_most: Annotated[
        float, typer.Option("--upload-at-most", metavar="GB", help="Largest file to be dropped.")
    ] = 20,
) -> None:
    """Open the case room in the browser: bring data, run, look, judge, publish.

    It answers this computer only. The address it prints signs in once; anybody else who uses the
    computer gets nothing.

    [bold]Examples[/bold]

      claqueur serve krasnoyarsk

      claqueur serve cases --port 8010 --no-open --users newsroom.json --host-name room.example.org
    """
    from claqueur.listening import bind
    from claqueur.web.running import serve as serve_folder

    if upload_at_most <= 0:
        raise SettingError(f"--upload-at-most {upload_at_most}: must be above 0 GB")
    if host_name and not users:
        raise SettingError("--host-name: goes with --users, so that nobody is let in by a link")
    with bind(port) as listener:
        serve_folder(
            folder, listener, users=users, hosts=host_name or (), open_browser=not no_open,
            upload_at_most=round(upload_at_most * 1e9), say=typer.echo,
        )  # fmt: skip


@users.callback()
def _users() -> None:
    """Commands about users; with this, one command alone is one too."""


@users.command("add")
def add(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="File of users; made if need be.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="As it is entered in the log.")],
    role: Annotated[
        str, typer.Option("--role", help="analyst, reviewer or reader (never sees identities).")
    ],
) -> None:
    """Add a user, or give one another role and password; asks for the password.

    [bold]Example[/bold]

      claqueur users add newsroom.json anna --role analyst
    """
    from claqueur.web.users import ROLES, add_user

    if role not in ROLES:
        raise SettingError(f"--role {role}: use {', '.join(ROLES)}")
    password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    add_user(file, name, role, password)
    typer.echo(f"User: {name}, {role}, in {file}")

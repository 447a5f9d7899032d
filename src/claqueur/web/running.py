"""Serving the case room on the loopback address, until Ctrl-C."""

from __future__ import annotations

import socket
import webbrowser
from collections.abc import Callable, Sequence
from pathlib import Path

import uvicorn

from claqueur.custody import acting_user
from claqueur.errors import CaseError
from claqueur.listening import HOST, signals_end_quietly
from claqueur.web.app import make_app
from claqueur.web.sessions import Sessions
from claqueur.web.users import Doorkeeper, read_users


def serve(
    folder: Path,
    listener: socket.socket,
    *,
    users: Path | None = None,
    hosts: Sequence[str] = (),
    open_browser: bool = True,
    upload_at_most: int,
    say: Callable[[str], None] = print,
) -> None:
    """Serve a case or a folder of cases from the foreground.

    Parameters
    ----------
    listener
        A port of the loopback address, taken.
    users
        File of users; without it the address that is said signs in once.
    hosts
        Names under which a proxy passes requests on.
    open_browser
        Whether to open the address in a browser.
    say
        Told the address.

    Raises
    ------
    CaseError
        If the folder is none.
    SettingError
        If the file of users cannot be used.
    """
    if not folder.is_dir():
        raise CaseError(f"{folder}: is no folder; name a case, or a folder for cases")
    port = listener.getsockname()[1]
    base = f"http://{HOST}:{port}/"
    if users:
        read_users(users)
    sessions = Sessions(
        acting_user(), Doorkeeper(users) if users else None,
        on_used=lambda token: say(f"Another browser: {base}?token={token}"),
    )  # fmt: skip
    app = make_app(
        folder, sessions, upload_at_most=upload_at_most, hosts=hosts, cookie=f"claqueur_{port}"
    )
    address = base if users else f"{base}?token={sessions.token}"
    say(f"The case room: {address}")
    say("It answers this computer only. Ctrl-C ends it; jobs that run go on.")
    if open_browser:
        webbrowser.open(address)
    with signals_end_quietly():
        uvicorn.Server(_config(app)).run([listener])


def _config(app: object) -> uvicorn.Config:
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        # Addresses hold the token, so none is logged.
        log_config=None, log_level="critical", access_log=False,
        lifespan="on", ws="none", proxy_headers=False, server_header=False,
        # Streams of progress never end by themselves.
        timeout_graceful_shutdown=1,
    )  # fmt: skip

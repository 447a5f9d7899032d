"""Asking a time-stamping authority (RFC 3161) that the user named: only a hash goes out."""

from __future__ import annotations

import httpx

from claqueur.directive.stamp import claimed, request
from claqueur.errors import RunError, SettingError

ANSWER_AT_MOST = 256 << 10
_WAIT_S = 30.0


def check_server(server: str) -> str:
    """The address of a server, if it is one.

    Raises
    ------
    SettingError
        If it is not http:// or https:// with a host, or holds a password.
    """
    try:
        address = httpx.URL(server)
    except httpx.InvalidURL as error:
        raise SettingError(f"--stamp-server {server}: is no address ({error})") from None
    if address.scheme not in ("http", "https") or not address.host:
        raise SettingError(
            f"--stamp-server {server}: give the address of a time-stamping authority, "
            "https://… or http://…"
        )
    if address.userinfo:
        raise SettingError("--stamp-server: an address with a password is refused")
    return server


def ask(server: str, message: bytes) -> bytes:
    """The authority's answer over a message, as it came: a ``.tsr`` file.

    Raises
    ------
    RunError
        If the server does not answer.
    SettingError
        If its answer is no token over this message.
    """
    asked = request(message)
    headers = {"Content-Type": "application/timestamp-query"}
    try:
        with httpx.stream(
            "POST", check_server(server), content=asked.content, headers=headers, timeout=_WAIT_S
        ) as answer:
            token = _read(answer, server)
    except httpx.HTTPError as error:
        raise _unanswered(server, f"{type(error).__name__}: {error}") from None
    try:
        claimed(token, message, asked.nonce)
    except SettingError as error:
        raise SettingError(f"--stamp-server {server}: {error}") from None
    return token


def _read(answer: httpx.Response, server: str) -> bytes:
    if answer.status_code != httpx.codes.OK:
        raise _unanswered(server, f"HTTP {answer.status_code}")
    token = b""
    for part in answer.iter_bytes():
        token += part
        if len(token) > ANSWER_AT_MOST:
            raise _unanswered(server, "its answer is too long for a time stamp")
    return token


def _unanswered(server: str, why: str) -> RunError:
    return RunError(
        f"--stamp-server {server}: gave no time stamp ({why}); nothing was written. Try again, "
        "name another server, or publish without one"
    )

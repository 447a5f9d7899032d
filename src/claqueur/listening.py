"""Taking a port of the loopback address, and ending quietly."""

from __future__ import annotations

import errno
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from claqueur.errors import SettingError

HOST = "127.0.0.1"


def bind(port: int) -> socket.socket:
    """Take a port of the loopback address, so that nobody else gets it meanwhile.

    Raises
    ------
    SettingError
        If it is in use, or there is no such port.
    """
    if not 0 <= port <= 65_535:
        raise SettingError(f"--port {port}: must lie between 0 (any free one) and 65535")
    # asyncio sends without delay only where the protocol is named: 40 ms an answer otherwise.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        # Only a port that is listened to is out of others' reach; who calls early waits in line.
        listener.listen()
    except OSError as error:
        listener.close()
        in_use = error.errno == errno.EADDRINUSE
        why = "is in use" if in_use else f"cannot be opened ({error.strerror})"
        raise SettingError(f"--port {port}: {why}; choose another, or 0 for any free one") from None
    return listener


@contextmanager
def signals_end_quietly() -> Iterator[None]:
    """Nothing more happens at the signals with which uvicorn ends: it repeats them afterwards."""
    ending = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(each, lambda *_: None) for each in ending]
    try:
        yield
    finally:
        for each, handler in zip(ending, before, strict=True):
            signal.signal(each, handler)

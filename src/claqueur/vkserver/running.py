"""Running the server: in a thread for tests, in the foreground for the command line."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from claqueur.errors import RunError
from claqueur.listening import HOST, bind, signals_end_quietly
from claqueur.simulation.world import World
from claqueur.vkserver.dataset import Dataset
from claqueur.vkserver.server import VkServer
from claqueur.vkserver.walls import Walls

_PATIENCE_SECONDS = 20


@contextmanager
def serve(
    world: World | Dataset | Walls | VkServer, *, port: int = 0, **options: Any
) -> Iterator[str]:
    """Serve a world from a thread of this process while the block runs.

    Parameters
    ----------
    world
        What to serve, or a server made of it.
    port
        Of the loopback address; 0 for any free one.
    options
        Those of ``VkServer``.

    Yields
    ------
    The base URL, to which clients add ``/method/wall.get``.

    Examples
    --------
    >>> from claqueur.simulation import simulate  # doctest: +SKIP
    >>> with serve(simulate(seed=1), rate_limit="off") as base_url:  # doctest: +SKIP
    ...     httpx.get(f"{base_url}/method/users.get", params={...})
    """
    server = world if isinstance(world, VkServer) else VkServer(world, **options)
    listener = bind(port)
    running = uvicorn.Server(_config(server))
    thread = threading.Thread(target=running.run, args=([listener],), daemon=True)
    thread.start()
    try:
        _wait_until_started(running, thread)
        yield base_url(listener)
    finally:
        running.should_exit = True
        thread.join(_PATIENCE_SECONDS)
        listener.close()


def serve_forever(server: VkServer, listener: socket.socket) -> None:
    """Serve from the foreground until Ctrl-C, or the signal to end, and come back then."""
    with signals_end_quietly():
        uvicorn.Server(_config(server)).run([listener])


def base_url(listener: socket.socket) -> str:
    """Where clients find the server."""
    return f"http://{HOST}:{listener.getsockname()[1]}"


def _config(server: VkServer) -> uvicorn.Config:
    return uvicorn.Config(
        server.app,
        log_config=None,
        log_level="critical",
        access_log=False,
        lifespan="off",
        ws="none",
        proxy_headers=False,
        server_header=False,
        # Collectors pause between polls; a connection that closes meanwhile looks like a fault.
        timeout_keep_alive=75,
        # A request that hangs on purpose must not keep the server from ending.
        timeout_graceful_shutdown=1,
    )


def _wait_until_started(running: uvicorn.Server, thread: threading.Thread) -> None:
    for _ in range(_PATIENCE_SECONDS * 200):
        if running.started:
            return
        if not thread.is_alive():
            break
        time.sleep(0.005)
    raise RunError("the test server did not start; run it in the foreground with --serve")

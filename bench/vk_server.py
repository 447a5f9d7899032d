"""How many requests a second the simulated VK API answers on the loopback address.

``python -m bench.vk_server`` starts a server process and asks it some hundred times by each
method over one connection that is kept alive. Nothing leaves this computer.
"""

from __future__ import annotations

import http.client
import multiprocessing
import sys
import time
from multiprocessing.connection import Connection
from urllib.parse import urlencode

from claqueur.vkserver import VkServer, everything, serve

REQUESTS = 600
POST = {"owner_id": -1001, "v": "5.199", "access_token": "bench"}


def serving(pipe: Connection) -> None:
    """The other process: serves a world of 12,000 accounts until told to end."""
    server = VkServer(everything("krasnoyarsk-2019", seed=1), rate_limit="off")
    liked = max(server.walls.posts.values(), key=lambda post: post.likers.count(1 << 39))
    with serve(server) as base_url:
        pipe.send((base_url, liked.owner, liked.id))
        pipe.recv()


def measured(connection: http.client.HTTPConnection, method: str, **params: object) -> str:
    """Requests a second of one method, and the size of an answer."""
    path = f"/method/{method}?{urlencode({**POST, **params})}"
    began = time.perf_counter()
    for _ in range(REQUESTS):
        connection.request("GET", path)
        body = connection.getresponse().read()
    seconds = time.perf_counter() - began
    if b'"error"' in body:
        sys.exit(f"{method}: {body[:200]!r}")
    return f"{method:18} {REQUESTS / seconds:6.0f} requests a second, {len(body):8,} bytes each"


def main() -> None:
    """Measure every method of a collector."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=serving, args=(theirs,))
    process.start()
    base_url, owner, post = ours.recv()
    connection = http.client.HTTPConnection(base_url.removeprefix("http://"))
    liked = {"owner_id": owner, "post_id": post, "item_id": post}
    for method, params in (
        ("wall.get", {"count": 100}),
        ("likes.getList", {"type": "post", "count": 1000, **liked}),
        ("wall.getComments", {"count": 100, "preview_length": 0, **liked}),
        ("wall.getReposts", {"count": 1000, **liked}),
        ("users.get", {"user_ids": "1,2,3"}),
    ):
        print(measured(connection, method, **params))
    connection.close()
    ours.send("end")
    process.join()


if __name__ == "__main__":
    main()

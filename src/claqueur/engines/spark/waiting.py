"""Waiting for jobs of Spark so that Ctrl-C is heard, and stops them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar
from uuid import uuid4

from claqueur.engines.spark.faults import quiet
from claqueur.engines.spark.lines import Line

Made = TypeVar("Made")

TICK = 0.1
"""Seconds between two looks at how far a job has come."""

AGAIN = 1.0
"""Seconds after which jobs that do not end are cancelled once more: some may begin after it."""


def awaited(
    line: Line, action: Callable[[], Made], told: Callable[[int], None] | None = None
) -> Made:
    """What an action gives; its jobs are cancelled on an interrupt.

    Everything that is said to Spark belongs into the action, which runs in a thread of its own:
    an interrupt amid a call would leave Java's answer unread, and mix up all later ones.

    Parameters
    ----------
    told
        Called now and then with the number of tasks that are done.
    """
    tag = f"claqueur-{uuid4().hex}"

    def tagged() -> Made:
        with quiet(), line.tagged(tag):
            return action()

    with ThreadPoolExecutor(max_workers=2) as pool:
        job = pool.submit(tagged)
        look = pool.submit(line.finished, tag)
        try:
            while not wait([job], TICK).done:
                if told is not None and look.done():
                    told(look.result())
                    look = pool.submit(line.finished, tag)
            return job.result()
        except BaseException:
            while not job.done():
                pool.submit(line.cancel, tag)
                wait([job], AGAIN)
            raise

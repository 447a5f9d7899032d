"""What travels: work to the workers, what they do with it, and results back."""

from __future__ import annotations

import pickle
import platform
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import pyarrow as pa

from claqueur._version import __version__
from claqueur.engines.engine import Local, using
from claqueur.errors import ClaqueurError

SCHEMA = "item long, piece int, done binary"
"""Columns of results: an item's pickle, cut into pieces."""

PIECE = 16 * 2**20
"""Bytes of a piece: messages of Spark Connect have a limit, and rows of Java one of 2 GB."""

_COLUMNS = pa.schema([("item", pa.int64()), ("piece", pa.int32()), ("done", pa.binary())])


class Shipped:
    """Something that arrives as what it holds; closures are pickled by value."""

    def __init__(self, what: Any) -> None:
        self.what = what

    def __reduce__(self) -> tuple[Any, ...]:
        return pickle.loads, (pickled(self.what),)


class TaskFailedError(Exception):
    """A task failed; its text is found again in what Spark says."""


def on_worker(held: Callable[[], Any]) -> Callable[[Iterator[pa.RecordBatch]], Any]:
    """The function that Spark calls on a worker with the numbers of items.

    It is pickled by value, so that a worker without Claqueur can say so.

    Parameters
    ----------
    held
        Gives the work and its items, once it is there.
    """
    version = __version__

    def run(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        from claqueur.engines.spark.tasks import answers

        yield from answers(held, batches, version)

    return run


def on_table(work: Callable[[pa.Table], pa.Table], what: str) -> Callable[[pa.Table], pa.Table]:
    """The function that Spark calls on a worker with all rows of a group.

    Parameters
    ----------
    what
        What it does, for errors.
    """
    version = __version__

    def run(table: pa.Table) -> pa.Table:
        from claqueur.engines.spark.tasks import named

        with named(what, version):
            return work(table)

    return run


def on_batches(
    work: Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]], what: str
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """As :func:`on_table`, for the batches of a partition."""
    version = __version__

    def run(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        from claqueur.engines.spark.tasks import named

        with named(what, version):
            yield from work(batches)

    return run


@contextmanager
def named(what: str, version: str) -> Iterator[None]:
    """Say what failed where, on the worker."""
    if version != __version__:
        raise TaskFailedError(f"Claqueur there is {__version__}, and here it is {version}")
    try:
        yield
    except Exception as error:
        raise TaskFailedError(
            f"{what} failed on {platform.node()}: {type(error).__name__}: {error}"
        ) from error


def answers(
    held: Callable[[], Any], batches: Iterator[pa.RecordBatch], version: str
) -> Iterator[pa.RecordBatch]:
    """Results of some items, on the worker."""
    if version != __version__:
        raise TaskFailedError(f"Claqueur there is {__version__}, and here it is {version}")
    work, items = held()
    for batch in batches:
        for number in batch.column(0).to_pylist():
            done = _answer(work, items, number)
            for piece, low in enumerate(range(0, len(done), PIECE)):
                row = [[number], [piece], [done[low : low + PIECE]]]
                yield pa.RecordBatch.from_arrays(
                    [pa.array(c, f.type) for c, f in zip(row, _COLUMNS, strict=True)],
                    schema=_COLUMNS,
                )


def _answer(work: Callable[[Any], Any], items: list[Any], number: int) -> bytes:
    """The pickled result of one item: whether it is an error of ours, and what."""
    try:
        # As many tasks as cores run side by side already.
        with using(Local(threads=1)):
            answer = (False, work(items[number]))
    except ClaqueurError as error:
        # It says what is wrong with the data; to try again would not help.
        answer = (True, error)
    except Exception as error:
        raise TaskFailedError(
            f"part {number + 1} of {len(items)} failed on {platform.node()}: "
            f"{type(error).__name__}: {error}"
        ) from error
    return pickled(answer)


def pickled(what: Any) -> bytes:
    """With functions that are defined within others by value, and compiled ones by name."""
    from pyspark.cloudpickle import CloudPickler

    class Pickler(CloudPickler):
        def reducer_override(self, obj: Any) -> Any:
            # Numba would send their source, to be compiled again by each worker and kept nowhere.
            if hasattr(obj, "py_func") and _is_global(obj):
                return obj.__name__
            return super().reducer_override(obj)  # type: ignore[no-untyped-call]

    with BytesIO() as file:
        Pickler(file).dump(what)  # type: ignore[no-untyped-call]
        return file.getvalue()


def _is_global(what: Any) -> bool:
    return getattr(sys.modules.get(what.__module__), what.__name__, None) is what


def results(table: pa.Table) -> Iterator[Any]:
    """Results in the order of the items, on the driver.

    Raises
    ------
    ClaqueurError
        If the work raised one.
    """
    ordered = table.sort_by([("item", "ascending"), ("piece", "ascending")])
    pieces: list[bytes] = []
    last = None
    for item, done in zip(ordered["item"], ordered["done"], strict=True):
        if item != last and pieces:
            yield _opened(pieces)
            pieces = []
        pieces.append(done.as_py())
        last = item
    yield _opened(pieces)


def _opened(pieces: list[bytes]) -> Any:
    # Written by our own workers, whom the session trusts with the data.
    failed, what = pickle.loads(b"".join(pieces))  # noqa: S301
    if failed:
        raise what
    return what

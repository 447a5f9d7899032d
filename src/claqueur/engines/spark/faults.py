"""What Spark says when something fails, in our words: no traceback, and nothing of Java's."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from claqueur.errors import ClaqueurError, EngineError

NO_PYSPARK = (
    '--engine spark: pyspark is not installed; `pip install "claqueur[spark]"`, or leave out '
    "--engine spark; everything works without it, on this machine"
)

_AGAIN = (
    "nothing was left half written. Try again, or run it without --engine spark, on this machine"
)
_KNOWN = (
    (
        r"No module named 'claqueur",
        "workers have no Claqueur; install the same version as here into their Python "
        "(PYSPARK_PYTHON says which that is)",
    ),
    (
        r"No module named '(grpc|google|zstandard)",
        'Spark Connect needs more of pyspark; `pip install "pyspark[connect]"`',
    ),
    (r"No module named '([\w.]+)'", "workers have no {}; install it into their Python"),
    (r"PYTHON_VERSION_MISMATCH", "workers have another Python than here; set PYSPARK_PYTHON"),
    (
        r"(?:Python worker exited unexpectedly|ExecutorLostFailure|EOFException)",
        "a worker ended without a word, most likely for want of memory; give executors more",
    ),
    (
        r"(?:OutOfMemoryError|Java heap space)",
        "Java ran out of memory; give it more with --memory, or set spark.driver.memory",
    ),
    (r"maxResultSize", "results are larger than spark.driver.maxResultSize; set it to 0"),
    (
        r"(?:RESOURCE_EXHAUSTED|message larger than max)",
        "the data of one piece of work are larger than a message of Spark Connect may be; raise "
        "spark.connect.grpc.maxInboundMessageSize, or use a master instead of sc://",
    ),
    (r"Could not parse Master URL|INVALID_MASTER", "is no master; write spark://HOST:7077, "
     "yarn, sc://HOST:15002 or local[2]"),
    (
        r"(?:All masters are unresponsive|UNAVAILABLE|failed to connect|Connection refused)",
        "does not answer; check the address, and that Spark runs there",
    ),
)  # fmt: skip
_FAILED = re.compile(r"TaskFailedError: (.+)")


@contextmanager
def explained(where: str, flag: str = "--engine spark") -> Iterator[None]:
    """Turn what Spark raises inside into an :class:`~claqueur.errors.EngineError`."""
    try:
        yield
    except (ClaqueurError, MemoryError):
        raise
    except Exception as error:
        raise EngineError(f"{flag}: {where}: {_reason(str(error))}") from None


def _reason(text: str) -> str:
    if match := _FAILED.search(text):
        return f"{match[1].strip().rstrip('.')}, however often it was tried; {_AGAIN}"
    for pattern, words in _KNOWN:
        if match := re.search(pattern, text):
            return words.format(*match.groups())
    first = next((line for line in text.splitlines() if line.strip()), "no answer")
    return f"{first.strip()[:300]}; {_AGAIN}"


@contextmanager
def quiet() -> Iterator[None]:
    """Without what pyspark warns of in versions of pandas, which is not used here."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "PySpark does not yet", FutureWarning)
        yield

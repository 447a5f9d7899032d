"""Saved answers of VK's API: JSON or NDJSON, in as many files as they were saved in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import pyarrow as pa

from claqueur.documents import documents
from claqueur.errors import SettingError, SourceError
from claqueur.refusals import Refusals
from claqueur.settings import Reading
from claqueur.sources.normalise import RANK_ORDERS
from claqueur.sources.vk_answers import Answer, translate
from claqueur.sources.vk_saved import Saved
from claqueur.tables import TableFile

_SNIFFED = 1 << 16
# A quote that is escaped is inside a text, perhaps of a post about an API.
_SIGN = re.compile(
    rb'(?<!\\)"response"\s*:\s*[\[{]|(?<!\\)"error"\s*:\s*\{\s*"error_code"|"execute_errors"\s*:'
)


@dataclass(frozen=True)
class Vk:
    """Answers of VK's API, each with what was asked and when it was read."""

    name: str = "vk"
    help: str = (
        'Saved answers of VK\'s API (JSON, NDJSON): {"method", "params", "time", "response"}, or '
        "bare where they say what they are; posts, comments, reposts, lists of likers, members"
    )

    def certainty(self, table: TableFile) -> int:
        """JSON in which a response or an error of VK begins early on."""
        return 2 if is_json(table) and _SIGN.search(head_of(table)) else 0

    def columns(self, table: TableFile, reading: Reading) -> dict[str, str]:
        """Answers have no columns to be named."""
        check_json(table, self.name)
        if reading.map:
            raise SettingError(
                f"--map goes for all files of one call, and {table.path.name} holds answers of "
                "VK's API, which have no columns; add it in a call of its own"
            )
        return {"answers": "method, params, time, response"}

    def gather(
        self, tables: Sequence[TableFile], reading: Reading, refusals: Refusals
    ) -> Iterator[tuple[str, pa.RecordBatch]]:
        """Yield what the answers of all files say together."""
        answers = chain.from_iterable(_answers(table, reading, refusals) for table in tables)
        for holds, batch in translate(answers, refusals).tables():
            yield holds, _in_order(batch, reading)


def is_json(table: TableFile) -> bool:
    """Whether a file may hold JSON documents."""
    return table.kind in ("json", "ndjson")


def head_of(table: TableFile) -> bytes:
    """The beginning of a file, by which it is recognised."""
    with table.data.open("rb") as file:
        return file.read(_SNIFFED)


def check_json(table: TableFile, name: str) -> None:
    """Go on only with a file of JSON documents.

    Raises
    ------
    SourceError
        If it is something else.
    """
    if not is_json(table):
        raise SourceError(
            f"{table.path}: --format {name} reads JSON, and this is {table.kind}; give the answers "
            "as VK sent them, or name another format"
        )


def _answers(table: TableFile, reading: Reading, refusals: Refusals) -> Iterator[Answer]:
    found = documents(table, refusals)
    saved = Saved(table.path.name, reading, refusals)
    first, second = next(found, None), next(found, None)
    for number, document in chain(filter(None, (first, second)), found):
        yield from saved.answers(document, number, alone=second is None)


def _in_order(batch: pa.RecordBatch, reading: Reading) -> pa.RecordBatch:
    """Rows of lists with what the user knows about their order."""
    order = RANK_ORDERS.get(reading.rank_order)
    if order is None or "rank" not in batch.schema.names:
        return batch
    return batch.append_column("rank_order", pa.array(np.full(batch.num_rows, order, np.int8)))


SOURCE = Vk()
"""Saved answers of VK's API."""

"""Names under which objects are shown: an account id inside one becomes a pseudonym.

An object can be an account (a follow, a mention) or carry one in its id (a post on
somebody's wall), so object ids are searched for accounts of the tables before they are shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import polars as pl

from claqueur.results import Result

SHORTEST_PART = 5
"""Shorter parts of an id are too common to be taken for an account."""
LONGEST = 48
_NUMBERS = re.compile(r"(?<![-\d])\d+")
"""Numbers, but not those of pages, which VKontakte writes with a minus."""
_WORDS = (re.compile(r"\w+"), re.compile(r"[^\W_]+"))


def object_names(
    result: Result, objects: pl.Series, names: Callable[[pl.Series], pl.Series]
) -> pl.Series:
    """Object ids as they may be shown, (n,) string."""
    distinct = objects.unique().drop_nulls()
    parts = {object_id: _parts(object_id) for object_id in distinct}
    accounts = _accounts_among(result, sorted({part for own in parts.values() for part in own}))
    shown = dict(zip(accounts, names(accounts), strict=True))
    table = {object_id: _masked(object_id, own, shown) for object_id, own in parts.items()}
    return objects.replace_strict(table, default=None, return_dtype=pl.String)


def shortened(objects: pl.Series, longest: int = LONGEST) -> pl.Series:
    """Long ids with their middle left out: both ends of an address tell posts apart."""
    half = (longest - 1) // 2
    short = pl.concat_str(pl.col("x").str.head(half), pl.lit("…"), pl.col("x").str.tail(half))
    fits = pl.col("x").str.len_chars() <= longest
    frame = objects.rename("x").to_frame()
    return frame.select(pl.when(fits).then("x").otherwise(short).alias(objects.name)).to_series()


def _parts(object_id: str) -> set[str]:
    words = {word for pattern in _WORDS for word in pattern.findall(object_id)}
    found = {word for word in words if not word.isdigit()} | set(_NUMBERS.findall(object_id))
    return {part for part in found if len(part) >= SHORTEST_PART} | {object_id}


def _accounts_among(result: Result, candidates: list[str]) -> pl.Series:
    """Which of the candidates are accounts of the tables; a scan, so no set of millions."""
    wanted = pl.Series(candidates, dtype=pl.String)
    columns = (
        result.pairs["account_a"],
        result.pairs["account_b"],
        result.accounts["account_id"],
        result.evidence["account_id"],
        result.activity["account_id"],
    )
    found = [
        column.filter(column.is_in(wanted.implode())).rename("account_id") for column in columns
    ]
    return pl.concat(found).unique().sort()


def _masked(object_id: str, parts: set[str], shown: dict[str, str]) -> str:
    # The longest first: an id may hold another.
    for part in sorted(parts & shown.keys(), key=len, reverse=True):
        object_id = object_id.replace(part, shown[part])
    return object_id

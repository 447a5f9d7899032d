"""No compliance tracker: tables that say which person, or whose staff, an account is.

People who were ordered to like posts are victims. A table that joins persons or workplaces to
accounts is what whoever ordered them needs to see who obeyed; so it is refused wherever tables come
in. Column names can be changed, so it goes by what stands in the columns too: names as lists of
staff write them, workplaces and positions that belong to accounts rather than to posts. Open code
can be changed as well: this makes misuse a deed, not an accident (docs/no-compliance.md).
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from claqueur.directive.persons import names_somebody
from claqueur.errors import SourceError
from claqueur.model import FOLLOW, POST
from claqueur.store import Coded, Events
from claqueur.tables import TableFile

WHY = "Claqueur takes no persons and no workplaces of accounts (docs/no-compliance.md)"

LOOKED_AT = 2_000
"""Rows at the beginning of a file, and distinct ids of all of it, that are looked at."""

_MOST = 0.5
"""Share of a column's values that must look like persons, workplaces or positions."""

OWN = 0.7
"""Distinct values an account from which on a column is what accounts are called themselves."""

_LONG = 60
"""Longer texts are texts of posts and comments, in which anybody may be named."""

_FEWEST_ACTED = 3
"""Objects on which somebody acted who is no page: a page, too, may act on one or two of others."""

_HEADERS = re.compile(
    r"\b(?:фио|ф\s?и\s?о|фамили\w*|отчеств\w*|должност\w*|мест\w* работы|работодател\w*|табельн\w*"
    r"|сотрудник\w*|работник\w*|выполнен\w*|выполнил\w*|исполнен\w*|исполнил\w*|отчита\w*"
    r"|employees?|employers?|workplaces?|work ?place|place of work|staff(?: name| member)?"
    r"|full ?name|surname|patronymic|job ?title|personnel|roster|compliance|completion|complied)\b"
)
"""What columns about staff are called."""

_WORKPLACE = re.compile(
    r"\b(?:м[бка]д?оу|мбу|мку|маук|мбук|кгб\w*|гбу\w*|гбоу|школ\w+|лице[йея]\w*|гимнази\w+"
    r"|дет\w* сад\w*|детсад\w*|библиотек\w+|музе[йея]\w*|больниц\w+|поликлиник\w+|дмш|дши"
    r"|дом\w* культуры|дк|колледж\w*|техникум\w*|университет\w*|администраци\w+|отдел\w*"
    r"|управлени[еяю]\w*|комитет\w*|департамент\w*"
    r"|school|kindergarten|library|museum|hospital|clinic|college|university|department|office"
    r"|ministry|house of culture)\b"
)
_POSITION = re.compile(
    r"\b(?:директор\w*|завуч\w*|учител\w+|преподавател\w+|воспитател\w+|заведующ\w+|врач\w*"
    r"|бухгалтер\w*|специалист\w*|методист\w*|библиотекар\w+|медсестр\w+|начальник\w*"
    r"|заместител\w+"
    r"|teacher|director|principal|headmaster|accountant|librarian|nurse|specialist|deputy)\b"
)
_CALLED = re.compile(
    r"(?:[А-ЯЁ][а-яё]+(?:-[А-ЯЁ][а-яё]+)?|[A-Z][a-z]+)(?: (?:[А-ЯЁ][а-яё]+|[A-Z][a-z]+)){1,2}"
)
_LATIN_PATRONYMIC = re.compile(
    r"[A-Z][a-z]+ (?:[A-Z][a-z]+ )?[A-Z][a-z]+(?:ovich|evich|ovna|evna)\b"
)
_OWN_PAGE = re.compile(
    r"(?:https?://)?(?:(?:www|m)\.)?(?:(?:vk\.com|vk\.ru)/)?id\d+/?", re.IGNORECASE
)

_IDS = ("object_id", "owner_id", "action", "source")
"""Columns of ids that say on what, where and how somebody acted; never who somebody is."""


def refuse_roster(table: TableFile, columns: Mapping[str, str]) -> None:
    """Go on only with a table that says nothing about who the people behind accounts are.

    Parameters
    ----------
    columns
        Our column names to the file's, as far as they were found.

    Raises
    ------
    SourceError
        If it names persons, workplaces, positions or completion beside accounts.
    """
    for name in table.columns:
        words = re.sub(r"(?<=[a-zа-яё])(?=[A-ZА-ЯЁ])|[\W_]+", " ", name).strip().casefold()
        if found := _HEADERS.search(words):
            raise SourceError(_message(table, f"column {name!r} ({found[0]}) is about staff"))
    rows = first_rows(table)
    for name in table.columns:
        if name in rows.columns:
            _refuse_column(table, columns, rows, name)


def _refuse_column(
    table: TableFile, columns: Mapping[str, str], rows: pl.DataFrame, name: str
) -> None:
    """Refuse a column whose values say who people are."""
    ours = next((ours for ours, theirs in columns.items() if theirs == name), "")
    if ours in ("text", "timestamp", "time_min", "time_max", "created", "poll_time", "collected"):
        return
    values = rows[name].drop_nulls()
    if what := _formal(values):
        raise SourceError(_message(table, f"column {name!r} has {what}"))
    if ours == "account_id":
        return
    what = _institutional(values)
    called = "personal names" if _mostly(values, _is_called) else ""
    if (
        ours in _IDS
        and (what or called)
        and (ours != "owner_id" or _of_accounts(columns, rows, name))
    ):
        raise SourceError(_message(table, f"column {name!r} ({ours}) has {what or called}"))
    if (
        not ours
        and what
        and _of_accounts(columns, rows, name)
        and not _own_names(columns, rows, name)
    ):
        raise SourceError(_message(table, f"column {name!r} has {what}, one an account"))
    if not ours and called and _nothing_done(columns, rows):
        raise SourceError(
            _message(table, f"it has {called} ({name!r}) and one row an account, and nothing done")
        )


def refuse_ids(events: Coded) -> None:
    """Go on only where no id anywhere in the events is a person's name or a workplace.

    Raises
    ------
    SourceError
        If many are.
    """
    for name in ("account_id", *_IDS):
        ids = events.names.get(name)
        if ids is None:
            continue
        step = max(len(ids) // LOOKED_AT, 1)
        values = ids.gather_every(step)
        what = _formal(values)
        if not what and name in ("object_id", "action", "source"):
            what = _institutional(values) or (
                "personal names" if _mostly(values, _is_called) else ""
            )
        if what:
            raise SourceError(f"`{name}` has {what}: {WHY}; take that column out")


def refuse_accounts_as_objects(
    events: Events | None, objects: pl.DataFrame | None, counters: pl.DataFrame | None
) -> None:
    """Go on only where posts and pages with counts are none of the people who act.

    Counts of what single accounts did would be a record of who complied.

    Raises
    ------
    SourceError
        If a table of objects or counters is about accounts.
    """
    for what, table in (("objects", objects), ("counters", counters)):
        if table is None:
            continue
        named = [table[name].drop_nulls() for name in ("object_id", "owner_id")]
        if any(_mostly(ids, lambda text: bool(_OWN_PAGE.fullmatch(text))) for ids in named[:1]):
            raise SourceError(f"the table of {what} is about accounts and not about posts: {WHY}")
        if events is not None and (who := _acting_among(events, named)):
            raise SourceError(
                f"the table of {what} has counts of {who}, an account that acts on others' posts "
                f"and has none here: {WHY}"
            )


def _acting_among(events: Events, named: Sequence[pl.Series]) -> str:
    """An account among some ids that acts like a person and publishes nothing; empty where none."""
    ids = pl.concat(named).unique()
    known = events.names["account_id"].is_in(ids.implode()).arg_true()
    if not len(known):
        return ""
    pages = events.names.get("owner_id", pl.Series([], dtype=pl.String))
    frame = events.frame.filter(pl.col("account_id").is_in(known.implode()))
    if "action" in events.names:
        kinds = events.names["action"]
        beside = kinds.is_in([POST, FOLLOW]).arg_true()
        frame = frame.filter(~pl.col("action").is_in(beside.implode()).fill_null(False))
    acted = frame.group_by("account_id").agg(pl.col("object_id").n_unique().alias("objects"))
    many = acted.filter(pl.col("objects") >= _FEWEST_ACTED)["account_id"].sort()
    persons = events.names["account_id"].gather(many)
    # VK writes communities with a minus; they are nobody.
    persons = persons.filter(~persons.is_in(pages.implode()) & ~persons.str.starts_with("-"))
    return str(persons[0]) if len(persons) else ""


def _message(table: TableFile, what: str) -> str:
    return (
        f"{table.path.name}: {what}: {WHY}. Bring a table of what was done to posts, without that "
        "column"
    )


def _formal(values: pl.Series) -> str:
    """Names as only lists of staff write them."""
    if _mostly(values, lambda text: names_somebody(text) or bool(_LATIN_PATRONYMIC.search(text))):
        return "names of persons as lists of staff write them"
    return ""


def _institutional(values: pl.Series) -> str:
    if _mostly(values, lambda text: bool(_WORKPLACE.search(text.casefold()))):
        return "workplaces"
    return (
        "positions" if _mostly(values, lambda text: bool(_POSITION.search(text.casefold()))) else ""
    )


def _is_called(text: str) -> bool:
    return bool(_CALLED.fullmatch(text))


def _mostly(values: pl.Series, looks: Callable[[str], bool]) -> bool:
    """Whether most of the values look so; long ones are texts, and never do."""
    distinct = values.unique().to_list()
    if not distinct:
        return False
    hit = sum(1 for text in distinct if len(text) <= _LONG and looks(text.strip()))
    return hit > _MOST * len(distinct)


def _of_accounts(columns: Mapping[str, str], rows: pl.DataFrame, name: str) -> bool:
    """Whether a column goes with the account rather than with the object acted on.

    What a post's page is called is the same for everybody who acts on the post; where somebody
    works is not.
    """
    account, object_ = (columns.get(ours) for ours in ("account_id", "object_id"))
    if account not in rows.columns:
        return False
    known = rows.drop_nulls([account, name])
    if known.is_empty() or _several(known, account, name) > 1 - _MOST:
        return False
    if object_ is None or object_ == name or object_ not in rows.columns:
        return True
    met = pl.col(account).n_unique().over(object_) > 1
    shared = known.filter(met)
    return shared.is_empty() or _several(shared, object_, name) > 1 - _MOST


def _own_names(columns: Mapping[str, str], rows: pl.DataFrame, name: str) -> bool:
    """Whether a column is what accounts are called, as where pages of institutions publish.

    Then nearly each has a name of its own, while a workplace has several accounts.
    """
    known = rows.drop_nulls([columns["account_id"], name])
    accounts = known[columns["account_id"]].n_unique()
    return not _nothing_done(columns, rows) and known[name].n_unique() > OWN * accounts


def _several(rows: pl.DataFrame, of: str, name: str) -> float:
    """Share of the values of one column that stand beside several of another."""
    counts = rows.group_by(of).agg(pl.col(name).n_unique().alias("n"))
    return counts.filter(pl.col("n") > 1).height / counts.height


def _nothing_done(columns: Mapping[str, str], rows: pl.DataFrame) -> bool:
    """Whether a table has one row an account, and neither a time nor a text nor an action."""
    if {"timestamp", "time_min", "text", "action", "content_id", "rank"} & columns.keys():
        return False
    account = columns.get("account_id")
    if account is None or account not in rows.columns:
        return True
    known = rows[account].drop_nulls()
    return known.n_unique() > _MOST * len(known) and known.n_unique() == len(known)


def first_rows(table: TableFile) -> pl.DataFrame:
    """The first rows of a table as text; none where it is no table."""
    readers = {"csv": _csv_head, "ndjson": _ndjson_head, "parquet": _parquet_head}
    if table.kind not in readers:
        return pl.DataFrame()
    return readers[table.kind](table)


def _csv_head(table: TableFile) -> pl.DataFrame:
    with table.data.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        lines = csv.reader((line.replace("\0", "") for line in file), delimiter=table.delimiter)
        try:
            rows = list(islice(lines, LOOKED_AT + table.header))[table.header :]
        except csv.Error:
            return pl.DataFrame()  # the reader proper will say what is wrong
    return _texts(table.columns, rows)


def _texts(columns: Sequence[str], rows: Iterable[Sequence[str | None]]) -> pl.DataFrame:
    whole = [row for row in rows if len(row) == len(columns)]
    cells = {
        name: pl.Series([row[place] or None for row in whole], dtype=pl.String)
        for place, name in enumerate(columns)
    }
    return pl.DataFrame(cells)


def _ndjson_head(table: TableFile) -> pl.DataFrame:
    rows = []
    with table.data.open(encoding="utf-8-sig", errors="replace") as file:
        for line in islice(file, LOOKED_AT):
            try:
                cells = json.loads(line)
            except ValueError:
                continue
            if isinstance(cells, dict):
                rows.append([_cell(cells, name) for name in table.columns])
    return _texts(table.columns, rows)


def _cell(cells: object, name: str) -> str | None:
    """A cell by its name, nested ones with a dot."""
    if isinstance(cells, dict) and name in cells:
        found = cells[name]
        return None if found is None or isinstance(found, dict | list) else str(found)
    first, _, rest = name.partition(".")
    return (
        _cell(cells[first], rest) if rest and isinstance(cells, dict) and first in cells else None
    )


def _parquet_head(table: TableFile) -> pl.DataFrame:
    try:
        with pq.ParquetFile(table.data) as file:
            batch = next(file.iter_batches(LOOKED_AT), None)
    except (pa.ArrowException, OSError):
        return pl.DataFrame()  # said when it is read
    if batch is None:
        return pl.DataFrame()
    frame = pl.DataFrame(batch)
    plain = [name for name, kind in frame.schema.items() if not kind.is_nested()]
    return frame.select(pl.col(name).cast(pl.String, strict=False) for name in plain)

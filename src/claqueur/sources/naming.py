"""Columns of tables without accounts: by obvious names, or named with ``--map``."""

from __future__ import annotations

from collections.abc import Mapping

from claqueur.errors import SettingError, SourceError
from claqueur.settings import Reading
from claqueur.tables import TableFile


def check_there(table: TableFile, ours: str, theirs: str) -> None:
    """Refuse ``--map ours=theirs`` where the file has no such column; NDJSON may nest one."""
    if theirs not in table.columns and table.kind != "ndjson":
        raise SettingError(
            f"--map {ours}={theirs}: {table.path.name} has no column {theirs!r}; "
            f"its columns are {', '.join(table.columns)}"
        )


def column_names(table: TableFile) -> set[str]:
    """The file's column names, in small letters."""
    return {name.lower().strip() for name in table.columns}


def found_columns(
    table: TableFile, reading: Reading, names: Mapping[str, tuple[str, ...]], what: str
) -> dict[str, str]:
    """Our column names to the file's.

    Parameters
    ----------
    names
        Our columns and the names by which they are recognised, surest first.
    what
        What the table holds, for errors.

    Raises
    ------
    SettingError
        If ``--map`` names a column that such tables, or this file, do not have.
    """
    named = reading.column_map
    for ours, theirs in named.items():
        if ours not in names:
            raise SettingError(
                f"--map {ours}=…: tables of {what} have no such column; known are "
                f"{', '.join(names)}"
            )
        check_there(table, ours, theirs)
    known = {column.lower().strip(): column for column in reversed(table.columns)}
    found = {
        ours: known[name]
        for ours, obvious in names.items()
        for name in reversed(obvious)
        if name in known
    }
    return found | named


def require(table: TableFile, found: Mapping[str, str], some: tuple[str, ...], what: str) -> None:
    """Go on only where one of some columns was found.

    Raises
    ------
    SourceError
        If none was.
    """
    if not found.keys() & {*some}:
        raise SourceError(
            f"{table.path} has no column for {' or '.join(f'`{name}`' for name in some)}, which "
            f"tables of {what} need; its columns are {', '.join(table.columns)}; "
            f"name one with --map {some[0]}=…"
        )

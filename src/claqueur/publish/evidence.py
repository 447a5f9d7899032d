"""Listing the actions behind a group or a pair."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from rich.console import Console
from rich.table import Table
from rich.text import Text

from claqueur.atomic import whole_file
from claqueur.errors import CaseError, SettingError
from claqueur.publish.privacy import case_pseudonyms
from claqueur.results import Result

SHOWN = 50


def supporting_rows(result: Result, *, group: int, pair: int, identities: bool) -> pl.DataFrame:
    """Actions behind one group (from 1) or one pair (row of ``pairs``, from 0)."""
    rows = result.edge_evidence(pair) if pair >= 0 else result.group_evidence(group)
    if identities:
        return rows
    names = case_pseudonyms(result.run["case"])
    return rows.with_columns(account_id=names.of_all(rows["account_id"]))


def show_evidence(rows: pl.DataFrame) -> None:
    """Print the first rows as a table."""
    table = Table()
    for heading in ("account", "action", "object", "time (UTC)"):
        table.add_column(heading, overflow="fold")
    for row in rows.head(SHOWN).iter_rows(named=True):
        when = row["time"].strftime("%Y-%m-%d %H:%M:%S")
        # As Text: an id may hold what Rich would take for markup.
        cells = (row["account_id"], row["action"], row["object_id"], when)
        table.add_row(*(Text(cell) for cell in cells))
    console = Console()
    console.print(table)
    if rows.height > SHOWN:
        console.print(f"… and {rows.height - SHOWN:,} more; write them all with --out FILE.csv")


def write_rows(rows: pl.DataFrame, path: Path) -> None:
    """Write rows as CSV or Parquet, by the ending of the path."""
    if path.suffix not in (".csv", ".parquet"):
        raise SettingError(f"{path}: the ending names the format; use .csv or .parquet")
    if path.exists():
        raise CaseError(f"{path}: exists; choose another name")
    with whole_file(path) as work:
        rows.write_csv(work) if path.suffix == ".csv" else rows.write_parquet(work)

"""Listing what comments were made from, and members' comments beside it."""

from __future__ import annotations

import polars as pl
from rich.console import Console
from rich.table import Table
from rich.text import Text

from claqueur.errors import CaseError
from claqueur.publish.privacy import case_pseudonyms
from claqueur.results import Result
from claqueur.texts.wording import marked, unnamed

SHOWN, EACH = 30, 8
"""Templates shown in a terminal, and comments of each."""


def templates_of(result: Result) -> pl.DataFrame:
    """Templates that two accounts or more used, those of groups first.

    Raises
    ------
    CaseError
        If the run looked at no texts.
    """
    if not result.run.get("texts"):
        raise CaseError(
            "this run looked at no texts: the events had none, or --layer left them out; bring "
            "comments with a column of texts (--map text=…) and run again"
        )
    return result.templates


def copies_of(result: Result, group: int, *, identities: bool) -> pl.DataFrame:
    """Comments of a group's members that were made from its templates.

    Raises
    ------
    CaseError
        If no such group shares texts.
    """
    known = templates_of(result)["group_id"].drop_nulls().unique().sort().to_list()
    if group not in known:
        there = ", ".join(map(str, known)) or "none"
        raise CaseError(f"group {group}: shares no texts; groups that do: {there}")
    rows = result.copies.filter(pl.col("group_id") == group)
    if identities:
        return rows
    names = case_pseudonyms(result.run["case"])
    said = pl.Series([unnamed(text) for text in rows["text"]], dtype=pl.String)
    return rows.with_columns(account_id=names.of_all(rows["account_id"]), text=said)


def show_templates(rows: pl.DataFrame) -> None:
    """Print the first templates as a table."""
    table = Table()
    table.add_column("group", justify="right")
    table.add_column("frame", overflow="fold")
    for heading in ("comments", "accounts", "posts", "bits"):
        table.add_column(heading, justify="right")
    few = rows.filter(pl.col("rare")).head(SHOWN)
    for row in few.iter_rows(named=True):
        group = "" if row["group_id"] is None else str(row["group_id"])
        numbers = (f"{row[name]:,}" for name in ("comments", "accounts", "posts"))
        table.add_row(group, Text(row["frame"]), *numbers, f"{row['rarity_bits']:.0f}")
    console = Console()
    console.print(table)
    console.print(
        f"{few.height:,} of {rows.height:,} templates, rare ones only; all of them: "
        "templates.parquet, or --out FILE.csv"
    )


def show_copies(result: Result, group: int, rows: pl.DataFrame) -> None:
    """Print a group's comments under the template they were made from, differences marked."""
    console = Console()
    own = result.templates.filter(pl.col("group_id") == group)
    for template in own.head(SHOWN).iter_rows(named=True):
        console.print(Text(template["frame"], style="bold"))
        made = rows.filter(pl.col("template") == template["template"])
        for row in made.head(EACH).iter_rows(named=True):
            when = f"{row['time']:%Y-%m-%d %H:%M}" if row["time"] else "time unknown"
            line = Text(f"  {row['account_id']}  {when}  ")
            for piece, same in marked(unnamed(row["text"]), template["frame"]):
                line.append(piece + " ", style="" if same else "reverse")
            console.print(line)
        if made.height > EACH:
            console.print(f"  … and {made.height - EACH:,} more; all of them with --out FILE.csv")

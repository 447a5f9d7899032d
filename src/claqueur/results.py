"""What a run gives: its tables and the record of how they came about."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from claqueur.errors import CaseError
from claqueur.model import COPIES, FORMAT, TEMPLATES

TABLES = ("pairs", "accounts", "groups", "evidence", "activity", "rhythm", "curves")
DIRECTIVE = "directive.json"


@dataclass(frozen=True)
class Result:
    """The tables of one run (columns in :mod:`claqueur.model`) and its ``run.json``.

    Attributes
    ----------
    run
        Settings, versions, seeds, hashes of inputs, counts in and out of every stage, timings.
    others
        Further tables of another tool's semantics, by file name.
    directive
        Answers on the items of registered directives (``directive.json``); empty without any.
    """

    pairs: pl.DataFrame
    accounts: pl.DataFrame
    groups: pl.DataFrame
    evidence: pl.DataFrame
    activity: pl.DataFrame
    rhythm: pl.DataFrame
    curves: pl.DataFrame
    run: dict[str, Any]
    others: dict[str, pl.DataFrame] = field(default_factory=dict)
    directive: list[dict[str, Any]] = field(default_factory=list)

    def write_tables(self, folder: Path) -> None:
        """Write every table and ``run.json`` into an existing folder."""
        for name in TABLES:
            getattr(self, name).write_parquet(folder / f"{name}.parquet")
        for name, table in self.others.items():
            table.write_parquet(folder / f"{name}.parquet")
        if self.directive:
            _write_json(self.directive, folder / DIRECTIVE)
        _write_json(self.run, folder / "run.json")

    @classmethod
    def load(cls, folder: str | Path, *, only: Collection[str] = ()) -> Result:
        """Read the folder of a finished run.

        Parameters
        ----------
        only
            Tables that are needed; the others come without rows, and quickly. All when empty.

        Raises
        ------
        CaseError
            If it holds no run, or one of a newer format.
        """
        folder = Path(folder)
        try:
            run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
            _check_format(folder, run)
            tables = {
                name: pl.read_parquet(
                    folder / f"{name}.parquet", n_rows=0 if only and name not in only else None
                )
                for name in TABLES
            }
            answers = folder / DIRECTIVE
            directive = json.loads(answers.read_text("utf-8")) if answers.exists() else []
        except (OSError, ValueError, pl.exceptions.PolarsError) as error:
            raise CaseError(
                f"{folder}: holds no complete run ({error}); make one with "
                "`claqueur detect … --out` or `claqueur run`"
            ) from None
        others = {
            path.stem: pl.read_parquet(path)
            for path in sorted(folder.glob("*.parquet"))
            if path.stem not in TABLES and not only
        }
        return cls(**tables, run=run, others=others, directive=directive)

    @property
    def calibrated(self) -> bool:
        """Whether nothing was guessed and errors are stated."""
        return any(self.run.get(name) for name in ("calibration", "untimed", "texts"))

    @property
    def compared(self) -> bool:
        """Whether accounts were compared; not where nothing tells who acted on what."""
        return self.calibrated or bool(self.run["networks"])

    @property
    def templates(self) -> pl.DataFrame:
        """What comments were made from (``TEMPLATES``); empty where none have text."""
        return self.others.get("templates", pl.DataFrame(schema=TEMPLATES))

    @property
    def copies(self) -> pl.DataFrame:
        """Members' comments made from their group's templates (``COPIES``)."""
        return self.others.get("copies", pl.DataFrame(schema=COPIES))

    def edge_evidence(self, pair: int) -> pl.DataFrame:
        """The actions behind one edge: who acted when on which object.

        Parameters
        ----------
        pair
            Row of the pair in ``pairs``, from 0.
        """
        if not 0 <= pair < self.pairs.height:
            raise CaseError(f"pair {pair}: there are {self.pairs.height:,}, numbered from 0")
        edge = self.pairs.row(pair, named=True)
        near = self.evidence.filter(
            pl.col("account_id").is_in([edge["account_a"], edge["account_b"]]),
            pl.col("layer") == edge["layer"],
            pl.col("window_ms").eq_missing(edge["window_ms"]),
            self._in_network(edge["action"]),
        )
        return _within(near, edge["window_ms"])

    def _in_network(self, action: str) -> pl.Expr:
        # In a network across actions the rows keep their own action.
        across = self.run["settings"]["detect"]["across_actions"] or self.calibrated
        return pl.lit(True) if across else pl.col("action") == action

    def group_evidence(self, group_id: int) -> pl.DataFrame:
        """The actions behind one group: who acted when on which object, together with whom."""
        if group_id not in self.groups["group_id"]:
            raise CaseError(
                f"group {group_id}: there is none; groups are numbered 1 to {self.groups.height}"
            )
        return self.evidence.filter((pl.col("group_id") == group_id) & pl.col("in_group"))


def _write_json(value: Any, path: Path) -> None:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def _check_format(folder: Path, run: object) -> None:
    number = run.get("format") if isinstance(run, dict) else None
    if not isinstance(number, int):
        raise ValueError("run.json has no format number")
    if number > FORMAT:
        raise CaseError(
            f"{folder}: was written by a newer Claqueur (format {number}, this one reads up to "
            f"{FORMAT}); upgrade Claqueur"
        )


def _within(rows: pl.DataFrame, window_ms: int | None) -> pl.DataFrame:
    """Only the actions that have the other account's within the window, on the same object.

    Without times, on the same object is enough.
    """
    other = rows.select("object_id", other="account_id", other_time="time")
    close = pl.lit(True)
    if window_ms is not None:
        close = (pl.col("time") - pl.col("other_time")).abs() <= pl.duration(milliseconds=window_ms)
    return (
        rows.join(other, on="object_id")
        .filter(pl.col("account_id") != pl.col("other"), close)
        .drop("other", "other_time")
        .unique()
        .sort("object_id", "time", "account_id")
    )

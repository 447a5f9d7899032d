"""A release: everything that becomes public, and the only thing public material is made of."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from claqueur.errors import ReleaseError
from claqueur.publish.release.schema import COLUMNS, ENTRY, FACTS, FORMAT, RUN, SCHEMAS

RELEASE, RUN_FILE, DIRECTIVE, NOTES = (
    "release.json", "run.json", "directive.json", "tables/columns.json",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Release:
    """Public aggregates, the public record of the run, and answers on a directive's items.

    Attributes
    ----------
    tables
        Aggregates by name (``schema.COLUMNS``); what is withheld is null.
    run
        The public ``run.json``.
    facts
        ``release.json``: title, k, zone, first and last week, counts, what was withheld and why.
    directive
        One entry an item of a document: its retyped text, the answer, and the tests.
    origin
        From public group numbers to those of the run. In no file: only checks before publication
        need it, and a release that was read has none.
    """

    tables: dict[str, pl.DataFrame]
    run: dict[str, Any]
    facts: dict[str, Any]
    directive: list[dict[str, Any]]
    origin: dict[int, tuple[int, ...]] = field(default_factory=dict, repr=False)

    def files(self) -> dict[str, bytes]:
        """Every file by its path in the package; the same release gives the same bytes.

        Raises
        ------
        ReleaseError
            If anything is in it that has no place in a release, such as a column of accounts.
        """
        check_shape(self)
        notes = {
            name: {column: note for column, (_, note) in COLUMNS[name].items()}
            for name in sorted(self.tables)
        }
        files = {
            RELEASE: _json(self.facts),
            RUN_FILE: _json(self.run),
            DIRECTIVE: _json(self.directive),
            NOTES: _json(notes),
        }
        for name in sorted(self.tables):
            text = self.tables[name].write_csv(line_terminator="\n")
            files[f"tables/{name}.csv"] = text.encode()
        return files

    @classmethod
    def read(cls, files: Mapping[str, bytes]) -> Release:
        """The release of :meth:`files`.

        Raises
        ------
        ReleaseError
            If a file is missing or unknown, or holds what no release does.
        """
        try:
            facts, run, directive = (
                json.loads(files[name]) for name in (RELEASE, RUN_FILE, DIRECTIVE)
            )
            tables = {
                path.removeprefix("tables/").removesuffix(".csv"): _table(path, data)
                for path, data in files.items()
                if path.endswith(".csv")
            }
        except KeyError as error:
            raise ReleaseError(f"release: {error.args[0]} is missing or unknown") from None
        except (ValueError, pl.exceptions.PolarsError) as error:
            raise ReleaseError(f"release: cannot be read ({error})") from None
        release = cls(tables, run, facts, directive)
        check_shape(release)
        return release


def check_shape(release: Release) -> None:
    """Refuse whatever is not on the list of what may be published.

    Raises
    ------
    ReleaseError
        If a table, column or key is none that a release has.
    """
    for name, table in release.tables.items():
        if name not in SCHEMAS:
            raise ReleaseError(f"table {name}: no release has one; known are {', '.join(SCHEMAS)}")
        if table.schema != SCHEMAS[name]:
            odd = sorted(set(table.schema.items()) ^ set(SCHEMAS[name].items()), key=str)
            raise ReleaseError(
                f"table {name}: column {odd[0][0] if odd else '(order)'} is not what a release has "
                f"there; columns are {', '.join(SCHEMAS[name])}"
            )
    _known("release.json", release.facts, FACTS)
    _known("run.json", release.run, RUN)
    for entry in release.directive:
        _known("directive.json", entry, ENTRY)
    if release.facts.get("format") != FORMAT:
        raise ReleaseError(
            f"release.json: format {release.facts.get('format')} is not {FORMAT}, the one this "
            "Claqueur knows"
        )


def _known(name: str, record: Mapping[str, Any], keys: tuple[str, ...]) -> None:
    if unknown := [key for key in record if key not in keys]:
        raise ReleaseError(f"{name}: {unknown[0]} is no key of a release; {', '.join(keys)} are")


def _table(path: str, data: bytes) -> pl.DataFrame:
    schema = SCHEMAS[path.removeprefix("tables/").removesuffix(".csv")]
    header = data.partition(b"\n")[0].decode()
    if header != ",".join(schema):
        raise ReleaseError(f"{path}: columns are {header}; a release has {', '.join(schema)}")
    return pl.read_csv(io.BytesIO(data), schema=schema)


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()

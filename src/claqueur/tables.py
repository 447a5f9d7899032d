"""Reading any table file as Arrow batches, and nothing guessed about what is in it.

CSV, TSV and NDJSON cells stay text: no id can pass through a float. Parquet keeps its
types, so that a float id can be seen and refused. DuckDB reads the text formats; this is
its one home.
"""

from __future__ import annotations

import codecs
import csv
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from claqueur.errors import SourceError
from claqueur.refusals import Refusals

BATCH_ROWS = 1 << 20
PARQUET_ROWS = 1 << 23
BYTES_A_LINE = 40
"""About as long as a line with two ids and a time."""
PEEK_BYTES = 1 << 20
PEEK_LINES = 200
_MAGIC = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"PAR1": "parquet",
    b"PK\x03\x04": "an Excel workbook or another zip archive",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"SQLite format": "an SQLite database",
}
_WEB_PAGE = re.compile(r"\s*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_SUFFIX = {".gz": "gzip", ".zst": "zstd", ".parquet": "parquet"}


@dataclass(frozen=True)
class TableFile:
    """A file whose kind and columns are known.

    Attributes
    ----------
    path
        What the user named; ``data`` is what is read, a plain copy where it was packed.
    kind
        ``csv``, ``ndjson`` or ``parquet``; or ``json``, an array or a document over several
        lines, which is no table (:mod:`claqueur.documents` reads it).
    columns
        Names in the file, in its order; for NDJSON the keys seen in the first lines,
        nested ones with a dot.
    """

    path: Path
    data: Path
    kind: str
    columns: tuple[str, ...]
    delimiter: str = ","
    header: bool = True

    @property
    def rows(self) -> int:
        """How many rows there are, or about as many."""
        if self.kind == "parquet":
            return int(pq.read_metadata(self.data).num_rows)
        return self.data.stat().st_size // BYTES_A_LINE

    def batches(
        self, columns: Sequence[str], refusals: Refusals
    ) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Yield (first row number, batch) with the named columns, in the file's order.

        Rows that are no rows (too few or too many cells, broken JSON) are counted in
        ``refusals``. Rows are numbered from 1, the header not counted.
        """
        readers = {"csv": _csv_batches, "ndjson": _ndjson_batches, "parquet": _parquet_batches}
        try:
            yield from readers[self.kind](self, columns, refusals)
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            raise SourceError(f"{self.path}: cannot be read: {_first_line(error)}") from error


def open_table(path: Path, scratch: Path, encoding: str = "") -> TableFile:
    """Recognise a file and read its column names.

    Parameters
    ----------
    scratch
        Folder for the plain copy of a packed or re-encoded file.
    encoding
        Of the text; UTF-8, or what a byte-order mark says, when empty.
    """
    magic = _magic(path)
    expected = _SUFFIX.get(path.suffix.lower())
    if expected and magic != expected:
        raise SourceError(
            f"{path}: named {path.suffix} but is not {expected}; "
            "fetch it again, or give it its true ending"
        )
    data = path
    if magic in ("gzip", "zstd"):
        data = _unpacked(path, magic, scratch)
        magic = _magic(data, path)
    if magic == "parquet":
        return TableFile(path, data, "parquet", _parquet_columns(path, data))
    if magic:
        raise SourceError(f"{path}: is {magic}; save the table as CSV with ids as text")
    return _text_table(path, _as_utf8(path, data, scratch, encoding))


def _magic(path: Path, shown: Path | None = None) -> str:
    shown = shown or path
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except FileNotFoundError:
        raise SourceError(f"{shown}: no such file; check the path") from None
    except OSError as error:
        raise SourceError(f"{shown}: cannot be opened: {error.strerror}") from None
    if not head:
        raise SourceError(f"{shown}: is empty; it needs a header and at least one row")
    return next((name for magic, name in _MAGIC.items() if head.startswith(magic)), "")


def _unpacked(path: Path, compression: str, scratch: Path) -> Path:
    """A plain copy: DuckDB reads a truncated zstd file as an empty one without a word."""
    target = scratch / f"{len(list(scratch.iterdir()))}-{path.stem}"
    try:
        source = pa.CompressedInputStream(pa.OSFile(str(path)), compression)
        with source, target.open("wb") as plain:
            while chunk := source.read(BATCH_ROWS):
                plain.write(chunk)
    except OSError as error:
        if error.errno is not None:
            raise
        raise SourceError(
            f"{path}: the {compression} stream is damaged or cut short ({_first_line(error)}); "
            "fetch the file again"
        ) from None
    return target


def _as_utf8(path: Path, data: Path, scratch: Path, encoding: str) -> Path:
    """The text as UTF-8: the file itself, or a re-encoded copy."""
    with data.open("rb") as file:
        head = file.read(4)
    if not encoding and head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encoding = "utf-16"
    if encoding.lower().replace("_", "-") in ("", "utf-8", "utf8"):
        return data
    target = scratch / f"{len(list(scratch.iterdir()))}-{path.name}.utf8"
    try:
        with (
            data.open(encoding=encoding, newline="") as source,
            target.open("w", encoding="utf-8", newline="") as plain,
        ):
            while chunk := source.read(BATCH_ROWS):
                plain.write(chunk)
    except LookupError:
        raise SourceError(f"--encoding {encoding}: unknown; try windows-1251 or utf-8") from None
    except UnicodeError as error:
        raise SourceError(
            f"{path}: is not {encoding} throughout ({_first_line(error)}); "
            "name the right --encoding"
        ) from None
    return target


def _text_table(path: Path, data: Path) -> TableFile:
    with data.open("rb") as file:
        head = file.read(PEEK_BYTES)
    if b"\x00" in head:
        raise SourceError(f"{path}: is a binary file; give CSV, TSV, NDJSON or Parquet")
    # Not final: a character that the peek cuts in two is not wrong.
    start = codecs.getincrementaldecoder("utf-8-sig")("replace").decode(head)
    lines = start.splitlines()[:PEEK_LINES]
    if lines and "\ufffd" in lines[0]:
        _not_utf8(path, [1])
    first = next((line for line in lines if line.strip()), "")
    if not first:
        raise SourceError(f"{path}: is empty; it needs a header and at least one row")
    if _WEB_PAGE.match(first):
        raise SourceError(
            f"{path}: is a web page (HTML), perhaps an error shown instead of the data; "
            "fetch it again"
        )
    if first.lstrip().startswith("[") or (first.lstrip().startswith("{") and _laid_out(start)):
        return TableFile(path, data, "json", ())
    if first.lstrip().startswith("{"):
        return TableFile(path, data, "ndjson", _ndjson_columns(lines))
    delimiter = max("\t,;|", key=first.count)
    columns = tuple(name.strip() for name in next(csv.reader([first], delimiter=delimiter)))
    if len(set(columns)) < len(columns):
        twice = sorted({name for name in columns if columns.count(name) > 1})
        raise SourceError(
            f"{path}: column {', '.join(map(repr, twice))} stands in the header more than once; "
            "rename one"
        )
    return TableFile(path, data, "csv", columns, delimiter)


def _laid_out(start: str) -> bool:
    """Whether JSON objects are laid out over several lines, and not one a line."""
    first = start.lstrip()
    try:
        _, end = json.JSONDecoder().raw_decode(first)
    except (ValueError, RecursionError):
        lines = first.splitlines()[:PEEK_LINES]
        return len(lines) > 1 and not _ndjson_columns(lines)
    return "\n" in first[:end]


def _ndjson_columns(lines: Sequence[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for line in lines:
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(row, dict):
            found.update(dict.fromkeys(_keys(row)))
    return tuple(found)


def _keys(row: dict[str, object], prefix: str = "") -> Iterator[str]:
    for key, value in row.items():
        yield prefix + key
        if isinstance(value, dict):
            yield from _keys(value, f"{prefix}{key}.")


def _parquet_columns(path: Path, data: Path) -> tuple[str, ...]:
    try:
        return tuple(pq.read_schema(data).names)
    except (pa.ArrowException, OSError) as error:
        raise SourceError(
            f"{path}: is not a whole Parquet file ({_first_line(error)}); write or fetch it again"
        ) from None


def _csv_batches(
    table: TableFile, columns: Sequence[str], refusals: Refusals
) -> Iterator[tuple[int, pa.RecordBatch]]:
    with duckdb.connect() as connection:
        names = {f"c{i}": "VARCHAR" for i in range(len(table.columns))}
        chosen = ", ".join(f"c{table.columns.index(column)}" for column in columns)
        reader = connection.sql(
            f"""SELECT {chosen} FROM read_csv(?, columns = {names}, delim = ?, quote = '"',
                escape = '"', header = false, skip = ?, auto_detect = false,
                max_line_size = 16777216, store_rejects = true)""",
            params=[str(table.data), table.delimiter, int(table.header)],
        ).to_arrow_reader(BATCH_ROWS)
        yield from _numbered(batch.rename_columns(list(columns)) for batch in reader)
        _report_rejects(table.path, connection, refusals)


def _report_rejects(path: Path, connection: duckdb.DuckDBPyConnection, refusals: Refusals) -> None:
    """Count the rows that DuckDB left out; its list is whole once all batches are read."""
    rejects = connection.execute("SELECT line, error_type FROM reject_errors").fetchall()
    reasons = {
        "MISSING COLUMNS": "row with too few cells",
        "TOO MANY COLUMNS": "row with too many cells",
        "UNQUOTED VALUE": "row with a quote that is not closed",
        "LINE SIZE OVER MAXIMUM": "row longer than 16 MiB",
    }
    kinds = {kind for _, kind in rejects}
    if "INVALID ENCODING" in kinds:
        _not_utf8(path, sorted(line for line, kind in rejects if kind == "INVALID ENCODING"))
    for kind in sorted(kinds):
        lines = sorted({line for line, of_kind in rejects if of_kind == kind})
        reason = reasons.get(kind, f"row that is no CSV ({kind.lower()})")
        refusals.add(reason, len(lines), (f"{path.name} line {line}" for line in lines))


def _not_utf8(path: Path, lines: Sequence[int]) -> None:
    shown = ", ".join(map(str, lines[:5])) + (" …" if len(lines) > 5 else "")
    raise SourceError(
        f"{path}: {len(lines):,} rows are not UTF-8 (line {shown}). If the whole file has "
        "another encoding, name it (--encoding windows-1251 is common for Russian tables); "
        "if it mixes two, convert those lines first"
    )


def _ndjson_batches(
    table: TableFile, columns: Sequence[str], refusals: Refusals
) -> Iterator[tuple[int, pa.RecordBatch]]:
    paths = [_json_path(table, column) for column in columns]
    chosen = ", ".join(f"cells[{i + 1}]" for i in range(len(columns)))
    with duckdb.connect() as connection:
        reader = connection.sql(
            f"""SELECT {chosen}, cells IS NULL FROM (
                  SELECT CASE WHEN json_valid(line) AND json_type(line) = 'OBJECT'
                    THEN json_extract_string(line, ?) END AS cells
                  FROM read_csv(?, columns = {{'line': 'VARCHAR'}}, delim = '\x01', quote = '',
                    escape = '', header = false, auto_detect = false,
                    max_line_size = 16777216, store_rejects = true)
                  WHERE trim(line) <> '')""",
            params=[paths, str(table.data)],
        ).to_arrow_reader(BATCH_ROWS)
        for start, batch in _numbered(reader):
            broken = batch.column(len(columns))
            rows = pl.Series(broken).arg_true().to_numpy() + start
            refusals.add(
                "line that is no JSON object",
                len(rows),
                (f"{table.path.name} row {row}" for row in rows),
            )
            kept = batch.select(list(range(len(columns)))).filter(pc.invert(broken))
            yield start, kept.rename_columns(list(columns))
        _report_rejects(table.path, connection, refusals)


def _json_path(table: TableFile, column: str) -> str:
    flat = "." not in column or column in [c for c in table.columns if "." not in c]
    parts = [column] if flat else column.split(".")
    return "$" + "".join(f'."{part}"' for part in parts)


def _parquet_batches(
    table: TableFile, columns: Sequence[str], refusals: Refusals
) -> Iterator[tuple[int, pa.RecordBatch]]:
    schema = pq.read_schema(table.data)
    # Text comes as dictionaries, which is how ids are needed and how Parquet holds most of it.
    strings = (pa.string(), pa.large_string(), pa.string_view())
    text = [name for name in columns if schema.field(name).type in strings]
    with pq.ParquetFile(table.data, read_dictionary=text, page_checksum_verification=True) as file:
        start = 1
        for groups in _row_groups(file):
            part = file.read_row_groups(groups, columns=list(columns)).unify_dictionaries()
            yield from _numbered(iter(part.combine_chunks().to_batches()), start)
            start += part.num_rows


def _row_groups(file: pq.ParquetFile) -> Iterator[list[int]]:
    """Row groups to be read together: many rows at once share their dictionaries."""
    groups: list[int] = []
    rows = 0
    for group in range(file.num_row_groups):
        groups.append(group)
        rows += file.metadata.row_group(group).num_rows
        if rows >= PARQUET_ROWS or group == file.num_row_groups - 1:
            yield groups
            groups, rows = [], 0


def _numbered(
    batches: Iterator[pa.RecordBatch], start: int = 1
) -> Iterator[tuple[int, pa.RecordBatch]]:
    for batch in batches:
        yield start, batch
        start += batch.num_rows


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__

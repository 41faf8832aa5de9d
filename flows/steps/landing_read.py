"""Reading one file into a temporary table, every column and every line: what cannot be read is kept as a reject."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from checks.landing import LandingSource
from ml.errors import AsofError

STAGED = "temp.landing_staged"


@dataclass(frozen=True)
class Reject:
    """A line that is not loaded: where, which column (None: the whole line) and why."""

    line: int
    column: str | None
    reason: str


@dataclass(frozen=True)
class Received:
    """What a file holds: records, counted apart from the parser; rejects so far; the raw text of a line."""

    rows: int
    rejects: list[Reject]
    raw: Callable[[int], str]


def read(con: duckdb.DuckDBPyConnection, source: LandingSource, path: Path, data: bytes) -> Received:
    """Fill `temp.landing_staged` with the declared columns and `_line`; AsofError says why it is no such file."""
    if not data:
        raise AsofError("is empty; deliver it again")
    if source.format == "parquet":
        return _read_parquet(con, source, data)
    if source.format == "csv.gz":
        data = _unzip(data)
    data = data.removeprefix(b"\xef\xbb\xbf")
    if data.lstrip()[:14].lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        raise AsofError(f"is an HTML or XML page, not {source.format}; deliver the data")
    return _read_jsonl(con, source, data) if source.format == "jsonl" else _read_csv(con, source, path, data)


def _unzip(data: bytes) -> bytes:
    try:
        return gzip.decompress(data)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise AsofError(f"is damaged gzip ({error}); deliver it again") from error


def _compare(found: list[str], source: LandingSource) -> None:
    """Refuse any difference but the order: columns are loaded by name."""
    declared = [column.name for column in source.columns]
    missing = [name for name in declared if name not in found]
    extra = [name for name in found if name not in declared]
    twice = sorted({name for name in found if found.count(name) > 1})
    words = [("lacks", missing), ("has undeclared", extra), ("repeats", twice)]
    if problems := [f"{word} column {', '.join(names)}" for word, names in words if names]:
        raise AsofError(f"{' and '.join(problems)}; correct the file or {source.declared_in}")


def _read_csv(con: duckdb.DuckDBPyConnection, source: LandingSource, path: Path, data: bytes) -> Received:
    head, _, body = data.partition(b"\n")
    names = next(csv.reader([head.decode("utf-8", "replace").rstrip("\r")]), [])
    _compare(names, source)
    numbers, starts = _records(body)
    types = {column.name: column.data_type for column in source.columns}
    columns = ", ".join(f"'{name}': '{types[name]}'" for name in names)
    nulls = ", ".join(_quoted(text) for text in source.null) or "''"
    compression = "gzip" if source.format == "csv.gz" else "none"
    # A name may hold what a glob would read as a pattern.
    where = _quoted(re.sub(r"([*?\[])", r"[\1]", str(path)))
    con.execute("drop table if exists reject_errors; drop table if exists reject_scans")
    loaded = con.execute(
        f"create or replace temp table landing_staged as select *, row_number() over () + 1 as _line "
        f"from read_csv({where}, columns={{{columns}}}, header=true, auto_detect=false, store_rejects=true, "
        f"nullstr=[{nulls}], delim=',', quote='\"', escape='\"', compression='{compression}')"
    ).fetchall()[0][0]
    lines = dict(zip(numbers, starts, strict=True))
    rejects = [] if loaded == len(starts) else _rejects(con, lines)
    bad = {reject.line for reject in rejects}
    if rejects or not isinstance(starts, range):
        good = [line for line in starts if line not in bad]
        if len(good) == loaded:
            _number(con, good)
    return Received(len(starts), rejects, lambda line: _raw(data, starts, line))


def _records(body: bytes) -> tuple[Sequence[int], Sequence[int]]:
    """The number of each record below the header as DuckDB counts them, and the line of the file that it starts on."""
    if not body.strip():
        return (), ()
    plain = b'"' not in body and b"\n\n" not in body and b"\n\r\n" not in body and not body.startswith((b"\n", b"\r"))
    if plain:
        lines = range(2, body.count(b"\n") + (not body.endswith(b"\n")) + 2)
        return lines, lines
    reader = csv.reader(io.StringIO(body.decode("utf-8", "replace"), newline=""))
    numbers, starts, start = [], [], 2
    for number, record in enumerate(reader, start=2):
        if record:
            numbers.append(number)
            starts.append(start)
        start = reader.line_num + 2
    return numbers, starts


def _rejects(con: duckdb.DuckDBPyConnection, lines: dict[int, int]) -> list[Reject]:
    found = con.execute("select line, column_name, error_type, error_message from reject_errors order by all").fetchall()
    rejects: dict[tuple[int, str | None], Reject] = {}
    for number, name, kind, message in found:
        # Where columns are missing, too many or unreadable the whole line is wrong, and said to be so once.
        line, column = lines.get(number, number), name if kind == "CAST" else None
        rejects.setdefault((line, column), Reject(line, column, " ".join(message.split())))
    return list(rejects.values())


def _number(con: duckdb.DuckDBPyConnection, lines: list[int]) -> None:
    """Give the staged rows, numbered 2, 3, 4, …, the lines that they stand on."""
    con.register(
        "landing_lines",
        pa.table({"counted": pa.array(range(2, len(lines) + 2), pa.int64()), "line": pa.array(lines, pa.int64())}),
    )
    con.execute(f"update {STAGED} as staged set _line = line from landing_lines where counted = staged._line")
    con.unregister("landing_lines")


def _raw(data: bytes, starts: Sequence[int], line: int) -> str:
    following = bisect_right(starts, line)
    lines = data.split(b"\n")
    end = starts[following] - 1 if following < len(starts) else len(lines)
    return b"\n".join(lines[line - 1 : end]).decode("utf-8", "replace").strip("\r\n")


def _read_parquet(con: duckdb.DuckDBPyConnection, source: LandingSource, data: bytes) -> Received:
    try:
        # DuckDB does not look at page checksums: a flipped bit would be a wrong number.
        rows = pq.ParquetFile(io.BytesIO(data), page_checksum_verification=True).read()
    except (pa.ArrowException, OSError) as error:
        raise AsofError(f"is no readable parquet ({str(error).splitlines()[0]}); deliver it again") from error
    _compare(rows.column_names, source)
    numbered = rows.append_column("_line", pa.array(range(1, len(rows) + 1), pa.int64()))
    rejects = _cast(con, source, numbered, {column.name: f'"{column.name}"' for column in source.columns})
    return Received(len(rows), rejects, lambda line: str(rows.slice(line - 1, 1).to_pylist()[0]))


def _read_jsonl(con: duckdb.DuckDBPyConnection, source: LandingSource, data: bytes) -> Received:
    lines = [(number, line) for number, line in enumerate(data.decode("utf-8", "replace").split("\n"), 1) if line.strip()]
    texts = dict(lines)
    rows = pa.table(
        {
            "_line": pa.array([n for n, _ in lines], pa.int64()),
            "raw": pa.array([t for _, t in lines], pa.string()),
        }
    )
    con.register("landing_lines", rows)
    # Sorted keys of an object; null for anything else.
    keys = "case when json_valid(raw) and json_type(raw) = 'OBJECT' then list_sort(json_keys(raw)) end"
    try:
        first = con.execute(f"select {keys} from landing_lines order by _line limit 1").fetchall()
        if first and first[0][0] is not None:
            _compare(first[0][0], source)
        declared = sorted(column.name for column in source.columns)
        wanted = ", ".join(f"'{name}'" for name in declared)
        other = con.execute(f"select _line from landing_lines where ({keys}) is distinct from [{wanted}]").fetchall()
        odd = [Reject(line, None, f"is not a JSON object with exactly {', '.join(declared)}") for (line,) in other]
    finally:
        con.unregister("landing_lines")
    bad = {reject.line for reject in odd}
    good = rows.filter(pa.array([number not in bad for number, _ in lines], pa.bool_()))
    values = {}
    for column in source.columns:
        value = f"json_extract_string(raw, '$.{column.name}')"
        for text in source.null:
            value = f"nullif({value}, {_quoted(text)})"
        values[column.name] = value
    return Received(len(lines), odd + _cast(con, source, good, values), lambda line: texts[line])


def _cast(con: duckdb.DuckDBPyConnection, source: LandingSource, rows: pa.Table, values: dict[str, str]) -> list[Reject]:
    """Stage the rows whose values all have their declared types; the others are rejects, one for each value."""
    con.register("landing_rows", rows)
    types = {column.name: column.data_type for column in source.columns}
    unread = {n: f"({v}) is not null and try_cast({v} as {types[n]}) is null" for n, v in values.items()}
    casts = ", ".join(f'try_cast({value} as {types[name]}) as "{name}"' for name, value in values.items())
    try:
        loaded = con.execute(
            f"create or replace temp table landing_staged as select {casts}, _line from landing_rows "
            f"where not ({' or '.join(unread.values())})"
        ).fetchall()[0][0]
        if loaded == len(rows):
            return []
        each = [f"select _line, '{n}', cast({values[n]} as varchar) from landing_rows where {test}" for n, test in unread.items()]
        found = con.execute(" union all ".join(each)).fetchall()
    finally:
        con.unregister("landing_rows")
    return [Reject(line, name, f"{value!r} cannot be read as {types[name]}") for line, name, value in sorted(found)]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"

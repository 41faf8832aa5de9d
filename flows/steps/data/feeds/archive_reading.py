"""The records of one file of an archive, in blocks: as they are written, and the values by which they are known."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from checks.landing import LandingColumn, LandingSource
from flows.runtime.sql_text import quoted
from flows.steps.data.landing.csv_files import CsvReader
from flows.steps.data.landing.files import pieces
from flows.steps.data.landing.parquet_files import ParquetReader
from flows.steps.data.landing.values import pointer
from ml.errors import AsofError

# Names beside those of the files: when a record was known, its file, and its line there.
KNOWN, FILE, LINE = "_asof_known_at", "_asof_file", "_asof_line"


@dataclass(frozen=True)
class Block:
    """Records of a file: `written` is kept (a column `text`, or the columns of a Parquet file), `values` are read.

    Both have the number of the record, as LINE and as `_line`; what could be no record has no values.
    """

    header: bytes
    written: pa.Table
    values: pa.Table


def blocks(source: LandingSource, file: Path) -> Iterator[Block]:
    """The records of a file in order; AsofError where it cannot be read."""
    read = {"parquet": _parquet, "jsonl": _json_lines}.get(source.format, _csv)
    try:
        yield from read(source, file)
    except AsofError as error:
        raise AsofError(f"{file} {error}") from error
    except (OSError, EOFError, csv.Error, UnicodeDecodeError, pa.ArrowException) as error:
        raise AsofError(f"{file} cannot be read: {error}; mend or remove it") from error


def _csv(source: LandingSource, file: Path) -> Iterator[Block]:
    with file.open("rb") as handle:
        reader = CsvReader(source, lambda: pieces(handle, source))
        header, runs = reader.split()
        declared, renamed = {one.name: one for one in source.columns}, dict(source.rename)
        names = next(csv.reader(io.StringIO(header.data.decode("utf-8"), newline=""), delimiter=source.delimiter), [])
        named = [renamed.get(name, name) for name in names]
        # An archive does not judge: what is not declared is delivered as well, and landing says so.
        loose = tuple(declared.get(name) or LandingColumn(name, "varchar", False, None, None, ()) for name in named)
        reader = CsvReader(dataclasses.replace(source, columns=loose), lambda: ())
        reader.names = named
        for run in runs:
            values, _ = reader.parsed(run)
            starts, ends = run.bounds()
            data = run.data if run.data.endswith(b"\n") else run.data + b"\n"
            ends[-1] = len(data)
            yield Block(_with_line_end(header.data), _texts(data, np.append(starts[:1], ends), run.lines), values)


def _with_line_end(header: bytes) -> bytes:
    return header if header.endswith(b"\n") else header + b"\n"


def _texts(data: bytes, offsets: np.ndarray, lines) -> pa.Table:
    """Records as binary, without copying them: the offsets at which each begins, and the end."""
    buffers = [None, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(data)]
    texts = pa.Array.from_buffers(pa.binary(), len(offsets) - 1, buffers)
    return pa.table({"text": texts, LINE: pa.array(np.asarray(lines, np.int64))})


def _json_lines(source: LandingSource, file: Path) -> Iterator[Block]:
    with file.open("rb") as handle:
        rest, number = b"", 0
        for piece in pieces(handle, source):
            data = rest + piece
            whole = data.rfind(b"\n") + 1
            rest = data[whole:]
            if whole:
                yield (block := _lines(source, data[:whole], number))
                number += len(block.written)
        if rest.strip():
            yield _lines(source, rest + b"\n", number)


def _lines(source: LandingSource, data: bytes, before: int) -> Block:
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n")) + 1
    written = _texts(data, np.append([0], ends), np.arange(before + 1, before + len(ends) + 1))
    headers = {column: header for header, column in source.rename}
    # decode() is an error for bytes that are no UTF-8: such a line has no values, and landing says why
    keys = ", ".join(
        f"case when json_valid(line) then json_extract_string(line, {quoted(pointer(headers.get(one.name, one.name)))}) end "
        f'as "{one.name}"'
        for one in source.columns
    )
    with duckdb.connect() as con:
        con.register("written", written)
        values = con.sql(
            f"select {keys}, {LINE} as _line from (select try(decode(text)) as line, {LINE} from written) order by _line"
        ).to_arrow_table()
    return Block(b"", written, values)


def _parquet(source: LandingSource, file: Path) -> Iterator[Block]:
    with file.open("rb") as handle:
        reader = ParquetReader(source, handle)
        before = 0
        for written, values in reader.both():
            lines = pa.array(np.arange(before + 1, before + len(written) + 1))
            yield Block(str(written.schema.remove_metadata()).encode(), written.append_column(LINE, lines), values)
            before += len(written)

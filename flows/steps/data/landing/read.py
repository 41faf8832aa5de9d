"""Reading one file into the staging table, every column and every line: what cannot be read is kept as a reject."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO, Protocol

import duckdb
import pyarrow as pa

from checks.landing import LandingSource
from flows.steps.data.landing.csv_files import CsvReader
from flows.steps.data.landing.files import pieces
from flows.steps.data.landing.jsonl_files import JsonLinesReader
from flows.steps.data.landing.parquet_files import ParquetReader
from flows.steps.data.landing.stage import STAGED, Reject, Stage
from ml.errors import AsofError

__all__ = ["STAGED", "Reject", "Stage", "read"]


class Reader(Protocol):
    """What each format can do."""

    received: int

    def blocks(self) -> Iterator[tuple[pa.Table, list[Reject]]]:
        """Rows and the lines that are none, block by block; `received` then counts both."""

    def raw(self, lines: list[int]) -> Iterator[tuple[int, str]]:
        """The text of some lines, in order."""


def read(con: duckdb.DuckDBPyConnection, source: LandingSource, handle: BinaryIO, clock: datetime) -> tuple[Reader, Stage]:
    """Stage the rows of an open file that may land as of `clock`; AsofError says why it is no such file."""
    reader = reader_of(source, handle)
    stage = Stage(con, source)
    found: list[Reject] = []
    for rows, rejects in reader.blocks():
        stage.add(rows)
        found += rejects
        if len(found) > 100_000:
            stage.reject(found)
            found = []
    stage.reject(found)
    refuse_without_rows(reader, source)
    stage.finish(clock)
    return reader, stage


def refuse_without_rows(reader: Reader, source: LandingSource) -> None:
    """AsofError for a file that was read to its end and holds no rows."""
    if not reader.received:
        what = "a header and no rows" if "csv" in source.format else "no rows"
        raise AsofError(f"has {what}; remove it or deliver it again")


def reader_of(source: LandingSource, handle: BinaryIO) -> Reader:
    """The reader of the source's format."""
    if source.format == "parquet":
        return ParquetReader(source, handle)
    kind = JsonLinesReader if source.format == "jsonl" else CsvReader
    return kind(source, lambda: pieces(handle, source))

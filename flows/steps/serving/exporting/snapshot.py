"""The published file as an export reads it: its tables, and the run they are of, whatever takes its place meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pyarrow as pa

from flows.runtime import settings
from flows.runtime.sql_text import identifier
from flows.steps.serving import publishing
from flows.steps.serving.publishing import Shown
from ml.errors import AsofError

# A batch is a row group of Parquet, too.
BATCH_ROWS = 100_000
# Integers beyond 64 bits are decimals everywhere else; what is too large for one of 38 digits is an error of DuckDB.
HUGE = ("HUGEINT", "UHUGEINT")
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Column:
    """A column: its type as DuckDB writes it, and what it says of itself."""

    name: str
    type: str
    comment: str


@dataclass(frozen=True)
class Table:
    """A table with its columns in their order."""

    name: str
    comment: str
    columns: tuple[Column, ...]
    rows: int

    @property
    def file_name(self) -> str:
        """Its name, as that of a file or a folder; AsofError where it cannot be one."""
        if Path(self.name).name != self.name or self.name.startswith("."):
            raise AsofError(f"{self.name!r} cannot be the name of a file: give the mart another alias, and publish again")
        return self.name

    def refused(self, column: str, why: str) -> AsofError:
        """The error for a column that an export cannot hold."""
        return AsofError(f"{self.name}.{column} {why}: cast it to another type in the mart, and publish again")


@dataclass(frozen=True)
class Snapshot:
    """What an open published file holds; `progress(table, rows so far, of how many)` is told while it is read."""

    con: duckdb.DuckDBPyConnection
    run: Shown
    tables: tuple[Table, ...]
    progress: Progress

    def schema(self, table: Table, selected: str = "*") -> pa.Schema:
        """The Arrow schema of what `batches` yields."""
        return self.con.sql(f"select {selected} from {identifier(table.name)} limit 0").to_arrow_table().schema

    def batches(self, table: Table, selected: str = "*", where: str = "true", before: int = 0) -> Iterator[pa.RecordBatch]:
        """The rows of a table in the order in which they were published; `before` of them were read already."""
        asked = f"select {selected} from {identifier(table.name)} where {where}"
        for batch in self.con.sql(asked).to_arrow_reader(BATCH_ROWS):
            before += batch.num_rows
            yield batch
            self.progress(table.name, before, table.rows)

    def audited(self, counts: dict[str, int]) -> dict[str, int]:
        """The rows by table, as they were written; AsofError where they are not those of the published file."""
        for table in self.tables:
            if counts.get(table.name) != table.rows:
                raise AsofError(f"{table.name}: {counts.get(table.name)} rows were written of {table.rows}; nothing was exported")
        return counts


@contextmanager
def opened(progress: Progress) -> Iterator[Snapshot]:
    """The published file of now, read only and reaching nothing else; a publication meanwhile changes nothing of it.

    AsofError where nothing is published, or where the file does not say of which run it is.
    """
    file = settings.published_file()
    if not file.exists():
        raise AsofError(f"{file} is not there, so there is nothing to export: run `python -m flows publish` first")
    config = {"memory_limit": settings.memory(), "threads": settings.threads()}
    try:
        with duckdb.connect(str(file), read_only=True, config=config) as con:
            con.execute("set TimeZone = 'UTC'")
            con.execute("set enable_external_access = false")
            con.execute("set lock_configuration = true")
            found = publishing.said(con)
            if found is None:
                raise AsofError(f"{file} does not say of which run it is: run `python -m flows publish`, then export")
            yield Snapshot(con, found, tuple(_tables(con)), progress)
    except duckdb.Error as error:
        said = " ".join(str(error).split("\n\n")[0].split())[:500]
        raise AsofError(f"{file}: {said}; what could not be read was not exported: mend the mart, and publish again") from error


def _tables(con: duckdb.DuckDBPyConnection) -> Iterator[Table]:
    columns: dict[str, list[Column]] = {}
    asked = (
        "select table_name, column_name, data_type, coalesce(comment, '') from duckdb_columns() "
        "where database_name = current_database() and not internal order by table_name, column_index"
    )
    for name, *column in con.execute(asked).fetchall():
        columns.setdefault(name, []).append(Column(*column))
    asked = (
        "select table_name, coalesce(comment, '') from duckdb_tables() "
        "where database_name = current_database() and not internal order by table_name"
    )
    for name, comment in con.execute(asked).fetchall():
        table = Table(name, comment, tuple(columns[name]), 0)
        yield replace(table, rows=con.execute(f"select count(*) from {identifier(name)}").fetchall()[0][0])

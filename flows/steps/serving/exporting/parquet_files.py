"""Parquet: a folder per table, in it a folder per month or day of the table's time, named as Hive names partitions."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq

from flows.runtime.sql_text import identifier
from flows.steps.serving.exporting.snapshot import HUGE, Column, Snapshot, Table

# How a label of a period is written, by its unit.
UNITS = {"month": "%Y-%m", "day": "%Y-%m-%d"}
# Where Hive, Spark, DuckDB and pandas look for rows whose partition is null.
NO_PERIOD = "__HIVE_DEFAULT_PARTITION__"

_TIMES = ("DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP WITH TIME ZONE")
# Arrow takes these for something that reads back otherwise.
_LOST = re.compile(r"(?!ENUM).*\b(BIGNUM|BIT|GEOMETRY|TIME WITH TIME ZONE|VARIANT|U?HUGEINT)\b.*", re.DOTALL)


@dataclass(frozen=True)
class _Partition:
    """Rows that share a file: the folder they lie in below that of their table, and the condition that chooses them."""

    folder: str
    where: str


def write(folder: Path, snapshot: Snapshot, unit: str) -> dict[str, int]:
    """Write every table into a folder, by the `unit` of its time; returns the rows of each, counted as they were written."""
    return snapshot.audited({table.name: _write(folder, snapshot, table, unit) for table in snapshot.tables})


def time_of(table: Table) -> Column | None:
    """The table's time: its `as_of`, or else its first column of dates or instants."""
    times = [column for column in table.columns if column.type in _TIMES]
    return next((column for column in times if column.name == "as_of"), next(iter(times), None))


def _write(folder: Path, snapshot: Snapshot, table: Table, unit: str) -> int:
    selected = ", ".join(_selected(column) for column in table.columns)
    schema, rows = _described(snapshot.schema(table, selected), table, snapshot), 0
    # The name holds the run: a reader that has listed the files of one run does not open those of another for them.
    name = f"{snapshot.run.run_id[:12]}.parquet"
    for part in _partitions(snapshot, table, unit):
        file = folder / table.file_name / part.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        with pq.ParquetWriter(file, schema, compression="zstd", write_page_checksum=True) as writer:
            for batch in snapshot.batches(table, selected, part.where, rows):
                writer.write_batch(batch.cast(schema))
                rows += batch.num_rows
    return rows


def _selected(column: Column) -> str:
    """A column as Parquet holds it."""
    name = identifier(column.name)
    return f"cast({name} as decimal(38, 0)) as {name}" if column.type in HUGE else name


def _described(schema: pa.Schema, table: Table, snapshot: Snapshot) -> pa.Schema:
    """The schema with what the table, its columns and the run say of themselves; AsofError for a type that Parquet has not."""
    fields = []
    for field, column in zip(schema, table.columns, strict=True):
        if not _writable(field, column):
            raise table.refused(column.name, f"is of the type {column.type}, which cannot be written to Parquet")
        fields.append(field.with_metadata({"comment": column.comment}) if column.comment else field)
    run = snapshot.run
    return pa.schema(
        fields, {"comment": table.comment, "run_id": run.run_id, "as_of": f"{run.as_of}", "published_at": f"{run.published_at}"}
    )


def _writable(field: pa.Field, column: Column) -> bool:
    if column.type not in HUGE and _LOST.fullmatch(column.type):
        return False
    try:
        pq.write_table(pa.schema([field]).empty_table(), io.BytesIO())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return False
    return True


def _partitions(snapshot: Snapshot, table: Table, unit: str) -> Iterator[_Partition]:
    time = time_of(table)
    if time is None or not table.rows:
        yield _Partition(".", "true")
        return
    label, at = _label(table, f"{time.name}_{unit}"), identifier(time.name)
    periods = f"select distinct date_trunc('{unit}', {at}) as period from {identifier(table.name)} where isfinite({at})"
    asked = f"select cast(period as varchar), strftime(period, '{UNITS[unit]}') from ({periods}) order by period"
    for period, text in snapshot.con.execute(asked).fetchall():
        start = f"cast('{period}' as {time.type})"
        yield _Partition(f"{label}={text}", f"{at} >= {start} and {at} < {start} + interval 1 {unit}")
    rest = f"{at} is null or not isfinite({at})"
    if snapshot.con.execute(f"select count(*) from {identifier(table.name)} where {rest}").fetchall()[0][0]:
        yield _Partition(f"{label}={NO_PERIOD}", rest)


def _label(table: Table, label: str) -> str:
    """The name that readers see as one more column, written as Hive writes it in a path: no column of the table has it."""
    while label.lower() in {column.name.lower() for column in table.columns}:
        label += "_"
    return quote(label, safe="")

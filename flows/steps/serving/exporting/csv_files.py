"""CSV for spreadsheets: a file per table, in which no text is a formula.

A spreadsheet executes a cell that begins with `=`, `+`, `-` or `@`, whatever the quotes of the file; some take what follows a tab
or the end of a line for the next cell. A text that begins so gets an apostrophe before it, one that has apostrophes there already
one more: taking one away where `MASKED` matches gives every text back as it was.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pyarrow.csv

from flows.runtime.sql_text import identifier, quoted
from flows.steps.serving.exporting.snapshot import HUGE, Column, Snapshot, Table

# What begins a formula, and what looks like it to whoever normalises (NFKC), or takes a minus for a hyphen.
_STARTS = r"=+\-@⁺⁼₊₌−⩵⩶﬩﹢﹣﹦﹫＋－＝＠"
# What may stand before and be trimmed or not be seen: white space, control and format characters, quotes of any script.
_SKIPPED = r"\s\p{Z}\p{Cc}\p{Cf}\"'`´\p{Pi}\p{Pf}„‚‛‟〝〞〟＂＇"
_BEGINNING = rf"([{_SKIPPED}]*[{_STARTS}]|'*[\t\r\n])"
FORMULA, MASKED = f"^{_BEGINNING}", f"^'{_BEGINNING}"
# Spreadsheets take a file for UTF-8 only by this.
MARK = "\ufeff"
_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
_NUMBERS = (*_INTEGERS, "FLOAT", "DOUBLE")


def write(folder: Path, snapshot: Snapshot) -> dict[str, int]:
    """Write a file for every table into a folder; returns the rows of each, counted as they were written."""
    return snapshot.audited({table.name: _write(folder, snapshot, table) for table in snapshot.tables})


def _write(folder: Path, snapshot: Snapshot, table: Table) -> int:
    header = snapshot.con.execute(f"select {', '.join(_masked(quoted(column.name)) for column in table.columns)}").fetchall()[0]
    selected, rows = ", ".join(f"{_cell(column)} as {identifier(column.name)}" for column in table.columns), 0
    with (folder / f"{table.file_name}.csv").open("wb") as file:
        line = io.StringIO()
        csv.writer(line, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow(header)
        file.write((MARK + line.getvalue()).encode())
        plain = pyarrow.csv.WriteOptions(include_header=False, quoting_style="needed")
        with pyarrow.csv.CSVWriter(file, snapshot.schema(table, selected), write_options=plain) as writer:
            for batch in snapshot.batches(table, selected):
                writer.write_batch(batch)
                rows += batch.num_rows
    return rows


def _cell(column: Column) -> str:
    """The cell of a column in SQL: numbers stay numbers, everything else is text."""
    name = identifier(column.name)
    if column.type in HUGE:
        return f"cast({name} as decimal(38, 0))"
    if column.type in _NUMBERS or column.type.startswith("DECIMAL"):
        return name
    if column.type == "BLOB":
        return f"hex({name})"
    nested = column.type.endswith("]") or column.type.startswith(("STRUCT", "MAP", "UNION", "TUPLE", "VARIANT"))
    return _masked(f"cast(to_json({name}) as varchar)" if nested else f"cast({name} as varchar)")


def _masked(text: str) -> str:
    return f"regexp_replace({text}, {quoted(FORMULA)}, {quoted(chr(39) + chr(92) + '1')})"

"""Two tables that have to be the same, bit for bit; or the first row that is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb

# What a row is called where its key is not known: so many columns name it well enough.
NAMING_COLUMNS = 4


@dataclass(frozen=True)
class Difference:
    """The first difference a check found: where, in which row, and what stands there in the full build and otherwise."""

    check: str
    model: str
    column: str
    row: str
    full: str
    other: str
    rows: int

    @property
    def where(self) -> str:
        """`model.column`."""
        return f"{self.model}.{self.column}"


def columns(con: duckdb.DuckDBPyConnection, relation: str) -> list[str]:
    """The columns of a table, in order."""
    return [row[0] for row in con.execute(f"describe {relation}").fetchall()]


def first_difference(
    con: duckdb.DuckDBPyConnection, full: str, other: str, key: list[str], check: str, model: str, where: str = "true"
) -> Difference | None:
    """The first row (by key, then by all columns) of `full` where `where` holds and of `other` that the other has not.

    Rows count as often as they stand there. None when both hold the same rows.
    """
    names = columns(con, full)
    if names != columns(con, other):
        changed = sorted({*names} ^ {*columns(con, other)}) or names
        return Difference(check, model, changed[0], "every row", "columns differ", "columns differ", 0)
    for name, left, right in (("gone", full, other), ("come", other, full)):
        con.execute(
            f"create or replace temp table {name} as select * from {left} where {where} except all "
            f"select * from {right} where {where}"
        )
    gone, come = (con.execute(f"select count(*) from {name}").fetchall()[0][0] for name in ("gone", "come"))
    if not gone and not come:
        return None
    key = [name for name in key if name in names]
    here, there = ("gone", "come") if gone else ("come", "gone")
    row = _row(con, f"select * from {here} order by {', '.join(key) or 'all'} limit 1", names)
    counterpart = _counterpart(con, here, there, key, names)
    left, right = (row, counterpart) if gone else (counterpart, row)
    column = next((name for name in names if counterpart and repr(row[name]) != repr(counterpart[name])), "(row)")
    naming = key or [name for name in names if not counterpart or row[name] == counterpart[name]][:NAMING_COLUMNS]
    key_text = ", ".join(str(row[name]) for name in naming)
    return Difference(check, model, column, key_text, _value(left, column), _value(right, column), max(gone, come))


def _counterpart(
    con: duckdb.DuckDBPyConnection, here: str, there: str, key: list[str], names: list[str]
) -> dict[str, Any] | None:
    """The row of the other table that is meant to be the same: the same key, or else most columns in common."""
    order = ", ".join(key) or "all"
    common = " + ".join(f'cast(t."{name}" is not distinct from f."{name}" as integer)' for name in names)
    same = " and ".join(f't."{name}" is not distinct from f."{name}"' for name in key) or f"({common}) * 2 >= {len(names)}"
    return _row(
        con,
        f"select t.* from {there} as t, (select * from {here} order by {order} limit 1) as f "
        f"where {same} order by {common} desc limit 1",
        names,
    )


def _row(con: duckdb.DuckDBPyConnection, sql: str, names: list[str]) -> dict[str, Any] | None:
    rows = con.execute(sql).fetchall()
    return dict(zip(names, rows[0], strict=True)) if rows else None


def _value(row: dict[str, Any] | None, column: str) -> str:
    if row is None:
        return "no such row"
    return "the row" if column == "(row)" else "null" if row[column] is None else str(row[column])

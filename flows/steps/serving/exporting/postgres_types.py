"""DuckDB's types in PostgreSQL: the type that holds each, and what is selected so that ADBC hands over just that."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flows.runtime.sql_text import identifier, quoted
from flows.steps.serving.exporting.snapshot import Column, Table

# As PostgreSQL itself writes them (format_type).
_SCALARS = {
    "BOOLEAN": "boolean",
    "TINYINT": "smallint",
    "UTINYINT": "smallint",
    "SMALLINT": "smallint",
    "USMALLINT": "integer",
    "INTEGER": "integer",
    "UINTEGER": "bigint",
    "BIGINT": "bigint",
    "FLOAT": "real",
    "DOUBLE": "double precision",
    "VARCHAR": "text",
    "BLOB": "bytea",
    "DATE": "date",
    "TIME": "time without time zone",
    "TIMESTAMP": "timestamp without time zone",
    "TIMESTAMP WITH TIME ZONE": "timestamp with time zone",
    "INTERVAL": "interval",
}
# Those that are cast before: to the type of DuckDB, and the one that holds it.
_CAST = {
    "UBIGINT": ("decimal(20, 0)", "numeric(20,0)"),
    "HUGEINT": ("decimal(38, 0)", "numeric(38,0)"),
    "TIMESTAMP_S": ("timestamp", "timestamp without time zone"),
    "TIMESTAMP_MS": ("timestamp", "timestamp without time zone"),
    "JSON": ("varchar", "json"),
}
_DECIMAL = re.compile(r"DECIMAL\((\d+),\s?(\d+)\)")
_ARRAY = re.compile(r"(.+)\[\d*\]")
# ADBC hands infinity over as an instant in a far year.
_INFINITE = ("DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE")
_NESTED = re.compile(r"(STRUCT|MAP)\(.*\)|.*\[\d*\]")


@dataclass(frozen=True)
class Typed:
    """A column of PostgreSQL: its name, its type, and the expression of DuckDB that fills it."""

    name: str
    type: str
    selected: str


def typed(table: Table) -> list[Typed]:
    """The columns of a table in PostgreSQL; AsofError names one of a type that has no like there."""
    return [_typed(table, column) for column in table.columns]


def _typed(table: Table, column: Column) -> Typed:
    name = identifier(column.name)
    if found := scalar(column.type):
        return Typed(column.name, found, _finite(table, column, name, f"isfinite({name})"))
    if column.type in _CAST:
        cast, found = _CAST[column.type]
        return Typed(column.name, found, f"cast({name} as {cast})")
    if column.type.startswith("ENUM("):
        return Typed(column.name, "text", f"cast({name} as varchar)")
    if column.type == "UUID":
        # ADBC hands bytes over as they are, and these sixteen are what PostgreSQL reads as one.
        return Typed(column.name, "uuid", f"unhex(replace(cast({name} as varchar), '-', ''))")
    if (array := _ARRAY.fullmatch(column.type)) and (found := scalar(array[1])):
        cast, all_finite = f"cast({name} as {array[1]}[])", f"len(list_filter({name}, lambda x: not isfinite(x))) = 0"
        return Typed(column.name, f"{found}[]", _finite(table, column, cast, all_finite))
    if _NESTED.fullmatch(column.type):
        return Typed(column.name, "json", f"cast(to_json({name}) as varchar)")
    raise table.refused(column.name, f"is of the type {column.type}, and PostgreSQL has none like it")


def _finite(table: Table, column: Column, selected: str, condition: str) -> str:
    """What is selected; where the column may be infinite, DuckDB's error instead if the condition is false."""
    if column.type.removesuffix("[]") not in _INFINITE:
        return selected
    told = quoted(f"{table.name}.{column.name} holds an infinite date or instant")
    return f"case when ({condition}) is false then error({told}) else {selected} end"


def scalar(name: str) -> str | None:
    """The type that holds a type of DuckDB as it is; None where there is none."""
    if found := _DECIMAL.fullmatch(name):
        return f"numeric({found[1]},{found[2]})"
    return _SCALARS.get(name)

"""PostgreSQL, over ADBC: the rows of all tables are replaced in one transaction.

Rows are deleted and written anew, and no table is exchanged: no reader waits, every statement sees one run, grants and views
stay, and a transaction that began before (REPEATABLE READ) goes on seeing the run before in all its tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from flows.runtime import settings
from flows.runtime.sql_text import identifier
from flows.steps.serving.exporting.postgres_types import Typed, typed
from flows.steps.serving.exporting.snapshot import Snapshot, Table
from ml.errors import AsofError

# Which run the schema holds, a row per table; also which tables of the schema are those of exports.
RUN = "published_run"
_RUN_COLUMNS = "table_name text primary key, rows bigint, run_id text, as_of timestamp, published_at timestamp"
# Deleting waits for nobody who reads; changing a table's columns does, and whoever comes then waits behind it.
_LOCK_SECONDS = 10
# PostgreSQL cuts a longer name off.
_LONGEST_NAME_BYTES = 63
# What to do, by the SQLSTATE or the class that it begins with.
_ADVICE = {
    "2BP01": "views stand on a table whose columns have changed: drop them, export, and create them again",
    "55P03": f"somebody has used a table whose columns have changed for {_LOCK_SECONDS} seconds: run it again",
    "42501": "let the user of ASOF_POSTGRES create the schema, or make its owner that user",
    "22021": "a text holds the character 0, which PostgreSQL has not: remove it in the mart, and publish again",
    "22": "a value is beyond what PostgreSQL's type holds: change it in the mart, and publish again",
    "53": "make room on the server, and run it again",
}


def write(schema: str, snapshot: Snapshot) -> dict[str, int]:
    """Let a schema hold the tables of a snapshot and no others of earlier exports; returns the rows of each, as counted there.

    AsofError, and nothing is changed, where the server refuses, where a table of that name is not an export's, or where another
    export is under way.
    """
    wanted = {table.name: typed(table) for table in snapshot.tables}
    for table in snapshot.tables:
        _check_names(table)
    with _connected(schema) as cursor:
        _prepare(cursor, schema)
        known = {name for (name,) in _rows(cursor, f"select table_name from {schema}.{RUN}")}
        for table in snapshot.tables:
            _shape(cursor, schema, table, wanted[table.name], ours=table.name in known)
        counts = snapshot.audited(
            {table.name: _fill(cursor, schema, table, wanted[table.name], snapshot) for table in snapshot.tables}
        )
        for name in sorted(known - wanted.keys()):
            cursor.execute(f"drop table if exists {schema}.{identifier(name)}")
        _say(cursor, schema, snapshot, counts)
    return counts


@contextmanager
def _connected(schema: str) -> Iterator[Any]:
    """A cursor in one transaction, which is committed at the end, or rolled back as a whole."""
    uri = settings.postgres()
    if not uri:
        raise AsofError("ASOF_POSTGRES is not set: it names the database, such as postgresql://USER:PASSWORD@HOST:5432/DATABASE")
    try:
        from adbc_driver_manager import Error
        from adbc_driver_postgresql import dbapi
    except ImportError as error:
        raise AsofError("PostgreSQL needs a driver that is not installed: pip install '.[postgres]'") from error
    try:
        with dbapi.connect(uri) as connection, connection.cursor() as cursor:
            yield cursor
            connection.commit()
    except Error as error:
        said = " ".join(str(error).replace("[libpq]", "").split())
        state = error.sqlstate or ""
        advice = (
            _ADVICE.get(state) or _ADVICE.get(state[:2]) or "look at the server, at ASOF_POSTGRES and at what its user may do"
        )
        raise AsofError(f"postgres:{schema}: {said[:500]}; nothing was changed there: {advice}") from error


def _rows(cursor: Any, asked: str) -> list[tuple]:
    cursor.execute(asked)
    return cursor.fetchall()


def _prepare(cursor: Any, schema: str) -> None:
    """The schema and the table of runs, for this export alone."""
    cursor.execute("set local client_encoding = 'UTF8'")
    cursor.execute(f"set local lock_timeout = '{_LOCK_SECONDS}s'")
    if not _rows(cursor, f"select pg_try_advisory_xact_lock(hashtext('asof export'), hashtext('{schema}'))")[0][0]:
        raise AsofError(f"another process is exporting to postgres:{schema}: wait for it, and run it again")
    if not _rows(cursor, f"select 1 from pg_namespace where nspname = '{schema}'"):
        cursor.execute(f"create schema {schema}")
    held = _columns(cursor, schema, RUN)
    if held and [name for name, _ in held][:3] != ["table_name", "rows", "run_id"]:
        raise _foreign(schema, RUN)
    if not held:
        cursor.execute(f"create table {schema}.{RUN} ({_RUN_COLUMNS})")


def _foreign(schema: str, name: str) -> AsofError:
    return AsofError(
        f"postgres:{schema} holds {name}, which no export has made, and exports replace nothing else: rename it, or export to "
        f"another schema with --to postgres:SCHEMA"
    )


def _check_names(table: Table) -> None:
    for name in (table.name, *(column.name for column in table.columns)):
        if len(name.encode()) > _LONGEST_NAME_BYTES or table.name == RUN:
            raise AsofError(f"{table.name}: {name} cannot be its name in PostgreSQL: rename it in the mart, and publish again")


def _columns(cursor: Any, schema: str, name: str) -> list[tuple[str, str]]:
    """The names and types of a relation's columns; empty where there is none."""
    asked = (
        "select attname::text, format_type(atttypid, atttypmod) from pg_attribute join pg_class on pg_class.oid = attrelid "
        f"join pg_namespace on pg_namespace.oid = relnamespace where nspname = '{schema}' and relname = {_text(name)} "
        "and attnum > 0 and not attisdropped order by attnum"
    )
    return _rows(cursor, asked)


def _shape(cursor: Any, schema: str, table: Table, columns: list[Typed], ours: bool) -> None:
    """An empty table with these columns. Columns that are new are added; only where others change it is made anew."""
    name, wanted = f"{schema}.{identifier(table.name)}", [(column.name, column.type) for column in columns]
    held = _columns(cursor, schema, table.name)
    if held and not ours:
        raise _foreign(schema, table.name)
    if held and set(held) <= set(wanted):
        cursor.execute(f"delete from {name}")
        for column, kind in wanted:
            if (column, kind) not in held:
                cursor.execute(f"alter table {name} add column {identifier(column)} {kind}")
        return
    if held:
        cursor.execute(f"drop table {name}")
    cursor.execute(f"create table {name} ({', '.join(f'{identifier(column)} {kind}' for column, kind in wanted)})")


def _fill(cursor: Any, schema: str, table: Table, columns: list[Typed], snapshot: Snapshot) -> int:
    selected = ", ".join(f"{column.selected} as {identifier(column.name)}" for column in columns)
    if table.rows:
        batches = snapshot.batches(table, selected)
        reader = pa.RecordBatchReader.from_batches(snapshot.schema(table, selected), batches)
        cursor.adbc_ingest(table.name, reader, mode="append", db_schema_name=schema)
    return _rows(cursor, f"select count(*) from {schema}.{identifier(table.name)}")[0][0]


def _say(cursor: Any, schema: str, snapshot: Snapshot, counts: dict[str, int]) -> None:
    """The run, and what tables and columns say of themselves."""
    run = snapshot.run
    cursor.execute(f"delete from {schema}.{RUN}")
    for table in snapshot.tables:
        values = f"{_text(table.name)}, {counts[table.name]}, {_text(run.run_id)}, '{run.as_of}', '{run.published_at}'"
        cursor.execute(f"insert into {schema}.{RUN} values ({values})")
        name = f"{schema}.{identifier(table.name)}"
        cursor.execute(f"comment on table {name} is {_text(table.comment)}")
        for column in table.columns:
            cursor.execute(f"comment on column {name}.{identifier(column.name)} is {_text(column.comment)}")


def _text(text: str) -> str:
    """A text as a literal that no setting of the server reads otherwise; the character 0 goes, which it cannot hold."""
    return "E'" + text.replace("\\", "\\\\").replace("'", "''").replace("\0", "") + "'"

"""Writing the warehouse file anew: what was deleted is gone from its bytes, too, and the rest is the same."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb

from flows.runtime import private_files, warehouse
from flows.runtime.orphans import remove_orphans, unfinished
from flows.runtime.sql_text import quoted
from ml.errors import AsofError

ENDING = "rewritten"
# A deleted row stays in its block until that is written again, and a block that is free is not overwritten.
OLD = "before_rewriting"


def rewrite() -> None:
    """Put a file that holds the same tables, rows in their order, views, macros and comments in the place of the warehouse's.

    Killed, the old file is there, and the next call begins anew. AsofError where the disk is too small, another process has just
    written, or a table did not come over as it was; then nothing has changed. Not inside a transaction.
    """
    where = warehouse.file()
    with warehouse.cursor() as con:
        con.execute("checkpoint")
    warehouse.close()
    for log in leftovers(where):
        log.unlink()
    remove_orphans(where, ENDING)
    free, size = shutil.disk_usage(where.parent).free, where.stat().st_size
    if free < size:
        raise AsofError(
            f"{where.parent} has {free / 2**20:,.0f} MB free, and {size / 2**20:,.0f} MB are needed to write the warehouse anew"
        )
    folder = unfinished(where, ENDING)
    folder.mkdir(mode=0o700)
    try:
        _replaced(where, folder / where.name)  # views name the database, which is called as its file
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def leftovers(where: Path) -> list[Path]:
    """Write-ahead logs that `recover` has set aside as unreadable: they hold rows, too."""
    return sorted(where.parent.glob(f"{where.name}.wal.damaged-*"))


def _replaced(where: Path, fresh: Path) -> None:
    with warehouse.reader(where):
        pass  # who writes is waited for
    # One connection has both files until the end: the lock of the old one keeps writers out until the new one has its name.
    with duckdb.connect(str(fresh), config=warehouse.profile()["config_options"]) as con:
        fresh.chmod(private_files.MODE)
        try:
            con.execute(f"attach {quoted(where)} as {OLD} (read_only)")
        except duckdb.IOException as error:
            raise AsofError(f"another process has just opened {where}: run it again ({str(error).splitlines()[0]})") from error
        if Path(f"{where}.wal").exists():
            raise AsofError(f"another process has just written to {where}: run it again")
        con.execute(f'copy from database {OLD} to "{fresh.stem}"')
        before, after = dict(_contents(con, OLD)), dict(_contents(con, fresh.stem))
        if other := sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name)):
            raise AsofError(f"{', '.join(other[:5])} did not come over as they were: {where} was not written anew; run it again")
        con.execute(f'checkpoint "{fresh.stem}"')
        fresh.replace(where)


def _contents(con: duckdb.DuckDBPyConnection, database: str) -> Iterator[tuple[str, object]]:
    """By table its statement, its comment, and count and digest of its rows with their order; by view the words of its statement.

    DuckDB writes the columns of `* replace (…)` in another order each time.
    """
    listed = (
        "select schema_name, table_name, sql, comment from duckdb_tables() where database_name = ? and not internal order by all"
    )
    for schema, table, *said in con.execute(listed, [database]).fetchall():
        rows = f'(select hash(row_number() over (), t) as h from "{database}"."{schema}"."{table}" as t)'
        yield f"{schema}.{table}", (said, con.execute(f"select count(*), sum(h) from {rows}").fetchall())
    listed = (
        "select schema_name, view_name, sql, comment from duckdb_views() where database_name = ? and not internal order by all"
    )
    for schema, view, sql, comment in con.execute(listed, [database]).fetchall():
        yield f"{schema}.{view}", (sorted(re.findall(r"\w+|\S", sql)), comment)

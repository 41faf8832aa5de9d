"""The warehouse: one DuckDB file, one connection configuration, shared with dbt in the same process."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path

import duckdb
import jinja2
import pyarrow as pa
import yaml

from flows.runtime import confinement, journal, private_files, settings
from flows.runtime.database_errors import held_by_another, once_more
from flows.runtime.settings import PROJECT
from ml.errors import AsofError

# A person's query or a finishing run takes a few seconds: nobody is told of that, and even who waits for nobody waits so long.
SHORT_SECONDS, LOCK_SECONDS = 3, 0.5

# As DuckDB writes sizes, in MB of 2^20 bytes.
UNITS = {"bytes": 2**-20, "KiB": 2**-10, "MiB": 1.0, "GiB": 2.0**10, "TiB": 2.0**20, "PiB": 2.0**30}

Error = duckdb.Error

_lock = threading.Lock()
_open: dict[Path, duckdb.DuckDBPyConnection] = {}


def profile() -> dict:
    """The DuckDB target of `profiles.yml`, rendered as dbt renders it, with an absolute path."""
    return _rendered(tuple(sorted((name, value) for name, value in os.environ.items() if name.startswith("ASOF_"))))


@lru_cache(maxsize=8)
def _rendered(variables: tuple[tuple[str, str], ...]) -> dict:
    # Every cursor asks, and YAML takes ten milliseconds to read.
    environment = jinja2.Environment(autoescape=False)
    environment.filters["as_number"] = int
    text = (PROJECT / "profiles.yml").read_text()
    target = yaml.safe_load(environment.from_string(text).render(env_var=dict(variables).get))["asof"]["outputs"]["duckdb"]
    return {**target, "path": PROJECT / target["path"]}


def file() -> Path:
    """The warehouse file."""
    return profile()["path"]


def memory_limit_mb() -> float:
    """What ASOF_MEMORY_LIMIT allows, MB of 2^20 bytes, to a tenth of the unit in which DuckDB says it."""
    with cursor() as con:
        number, unit = con.execute("select current_setting('memory_limit')").fetchall()[0][0].split()
    return float(number) * UNITS[unit]


@contextmanager
def limited(mb: float) -> Iterator[None]:
    """DuckDB keeps within `mb` meanwhile: the rest of what is allowed is somebody else's. Errors as DuckDB words them."""
    usual = profile()["config_options"]["memory_limit"]
    with cursor() as con:
        con.execute(f"set memory_limit = '{mb:.0f}MiB'")
    try:
        yield
    finally:
        with cursor() as con:
            con.execute(f"set memory_limit = '{usual}'")


def size() -> int:
    """Bytes of the warehouse file and its write-ahead log."""
    return sum(part.stat().st_size for part in (file(), Path(f"{file()}.wal")) if part.exists())


def connection(verified: bool = True) -> duckdb.DuckDBPyConnection:
    """The process-wide connection; while it is open, dbt's own connections join the same DuckDB instance.

    Opening it, `verified` compares the ledger with the journal beside the file: AsofError when commits are lost.
    """
    target = profile()
    where = target["path"]
    with _lock:
        if where not in _open:
            where.parent.mkdir(parents=True, exist_ok=True)
            _open[where] = _verified(where, target["config_options"]) if verified else _connect(where, target["config_options"])
        return _open[where]


def _verified(where: Path, options: dict) -> duckdb.DuckDBPyConnection:
    log = Path(f"{where}.wal")
    if not where.exists():
        with duckdb.connect() as empty:
            journal.verify(where, empty)
    elif log.exists():
        # Read only, because a writer replays what it can of a torn log and removes it: then nothing is left to restore.
        with _connect(where, options, read_only=True) as reader:
            journal.verify(where, reader)
    con = _connect(where, options)
    try:
        journal.verify(where, con)
    except BaseException:
        con.close()
        raise
    return con


def _connect(where: Path, options: dict, read_only: bool = False, waits: bool = True) -> duckdb.DuckDBPyConnection:
    """A connection. Another process that has the file is waited for, with a line that names it, up to ASOF_WAIT_SECONDS."""
    new, began, told = not where.exists(), time.monotonic(), False
    limit = max(settings.wait_seconds() if waits else 0, SHORT_SECONDS)
    while True:
        try:
            con = duckdb.connect(str(where), read_only=read_only, config=options)
            if new:
                where.chmod(private_files.MODE)
            confinement.confine(con, profile()["settings"])
            return con
        except duckdb.IOException as error:
            if not held_by_another(error):
                raise
            waited, holder = time.monotonic() - began, str(error).splitlines()[0]
            if waited >= limit:
                raise AsofError(
                    f"{where} is already in use by another process, for {waited:.0f} seconds now: wait for it or stop it, or "
                    f"raise ASOF_WAIT_SECONDS; BI tools should read the published file instead ({holder})"
                ) from error
            if waited >= SHORT_SECONDS and not told:
                told = _tell_waiting(holder, limit)
        time.sleep(LOCK_SECONDS)


def _tell_waiting(holder: str, limit: float) -> bool:
    from flows.runtime import console

    console.warn(f"another process has the warehouse: waiting for it, up to {limit:g} seconds ({holder})")
    return True


@contextmanager
def reader(where: Path, waits: bool = True) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that reads a warehouse file and changes nothing, also not its log; while it is open no process writes to it.

    AsofError where another process goes on writing, at once unless it `waits`; DuckDB's error where the file is damaged.
    """
    close()  # a process has one configuration of a file
    con = _connect(where, profile()["config_options"], read_only=True, waits=waits)
    try:
        _set_up(con)
        yield con
    finally:
        con.close()


def allow(folder: Path) -> None:
    """Let SQL use files in a folder, from the next connection on: the process-wide one is closed."""
    close()
    confinement.allow(folder)


def close() -> None:
    """Release the file: other processes may open the warehouse again."""
    with _lock:
        for where in list(_open):
            _open.pop(where).close()


@contextmanager
def cursor() -> Iterator[duckdb.DuckDBPyConnection]:
    """A cursor on the process-wide connection, closed at the end."""
    con = connection().cursor()
    _set_up(con)
    try:
        yield con
    finally:
        con.close()


def _set_up(con: duckdb.DuckDBPyConnection) -> None:
    for name, value in profile()["settings"].items():
        con.execute(f"set {name} = '{value}'")


@contextmanager
def transaction() -> Iterator[duckdb.DuckDBPyConnection]:
    """A cursor inside BEGIN … COMMIT; any error rolls everything back and is raised again."""
    with cursor() as con:
        con.execute("begin")
        try:
            yield con
            con.execute("commit")
        except BaseException:
            undo(con)
            raise


def undo(con: duckdb.DuckDBPyConnection) -> None:
    """Roll back what is open. After a COMMIT that failed nothing is: then the error to tell is the first one."""
    with suppress(duckdb.TransactionException):
        con.execute("rollback")


@once_more
def table(sql: str, parameters: list | dict | None = None) -> pa.Table:
    """The rows of a query as an Arrow table."""
    with cursor() as con:
        return con.sql(sql, params=parameters).to_arrow_table()


def rows(sql: str, parameters: list | dict | None = None) -> list[dict]:
    """The rows of a small query as dictionaries."""
    return table(sql, parameters).to_pylist()


def append(con: duckdb.DuckDBPyConnection, name: str, data: pa.Table, key: list[str]) -> int:
    """Insert by column name the rows whose key is not there yet, all of them where there is no key; returns how many."""
    columns = ", ".join(f'"{column}"' for column in data.column_names)
    matches = " and ".join(f'there."{column}" is not distinct from incoming."{column}"' for column in key)
    unless = f" where not exists (select 1 from {name} as there where {matches})" if key else ""
    con.register("incoming", data)
    try:
        return con.execute(f"insert into {name} ({columns}) select {columns} from incoming{unless}").fetchall()[0][0]
    finally:
        con.unregister("incoming")


def has_table(schema: str, name: str) -> bool:
    """Whether a table or view is there."""
    with cursor() as con:
        return holds(con, schema, name)


def holds(con: duckdb.DuckDBPyConnection, schema: str, name: str) -> bool:
    """The same, asked on a connection."""
    asked = "select count(*) from information_schema.tables where table_schema = ? and table_name = ?"
    return con.execute(asked, [schema, name]).fetchall()[0][0] > 0

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

from flows.steps.settings import PROJECT
from ml.errors import AsofError

# A person's query or a finishing run takes a few seconds; who holds the file longer has to be asked.
LOCK_TRIES, LOCK_SECONDS = 6, 0.5
# What to do, by a word of DuckDB's own message.
ADVICE = {
    "no space": "nothing was changed: free some disk space and run it again",
    "could not write": "nothing was changed: free some disk space and run it again",
    "checksum": "the file is damaged: restore it from the last good copy, or remove data/ and run again",
    "wal": "its write-ahead log is damaged: restore both from the last good copy, or remove data/ and run again",
    "not a valid duckdb": "the file is damaged: restore it from the last good copy, or remove data/ and run again",
    "out of memory": "nothing was changed: raise ASOF_MEMORY_LIMIT",
    "failed to allocate": "nothing was changed: raise ASOF_MEMORY_LIMIT",
}

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


def size() -> int:
    """Bytes of the warehouse file and its write-ahead log."""
    return sum(part.stat().st_size for part in (file(), Path(f"{file()}.wal")) if part.exists())


def connection() -> duckdb.DuckDBPyConnection:
    """The process-wide connection; while it is open, dbt's own connections join the same DuckDB instance."""
    target = profile()
    where = target["path"]
    with _lock:
        if where not in _open:
            where.parent.mkdir(parents=True, exist_ok=True)
            _open[where] = _connect(where, target["config_options"])
        return _open[where]


def _connect(where: Path, options: dict) -> duckdb.DuckDBPyConnection:
    """A connection; another process's short look at the file is waited out, a longer one is an error that names it."""
    for left in reversed(range(LOCK_TRIES)):
        try:
            return duckdb.connect(str(where), config=options)
        except duckdb.IOException as error:
            if "lock" not in str(error).lower():
                raise
            if not left:
                raise AsofError(
                    f"{where} is already in use by another process: wait for it or stop it, BI tools should read the "
                    f"published file instead ({str(error).splitlines()[0]})"
                ) from error
            time.sleep(LOCK_SECONDS)
    raise AssertionError("unreachable")


def explained(error: duckdb.Error) -> str:
    """One line for people: what DuckDB says, which file it is about, and what to do."""
    said = " ".join(str(error).split())[:400]
    for word, advice in ADVICE.items():
        if word in said.lower():
            return f"{file()}: {said}; {advice}"
    return f"{file()}: {said}"


def close() -> None:
    """Release the file: other processes may open the warehouse again."""
    with _lock:
        for where in list(_open):
            _open.pop(where).close()


@contextmanager
def cursor() -> Iterator[duckdb.DuckDBPyConnection]:
    """A cursor on the process-wide connection, closed at the end."""
    con = connection().cursor()
    for name, value in profile()["settings"].items():
        con.execute(f"set {name} = '{value}'")
    try:
        yield con
    finally:
        con.close()


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
        found = con.execute(
            "select count(*) from information_schema.tables where table_schema = ? and table_name = ?", [schema, name]
        )
        return found.fetchall()[0][0] > 0

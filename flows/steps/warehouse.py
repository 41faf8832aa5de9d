"""The warehouse: one DuckDB file, one connection configuration, shared with dbt in the same process."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import jinja2
import pyarrow as pa
import yaml

from flows.steps.settings import PROJECT
from ml.errors import AsofError

_lock = threading.Lock()
_open: dict[Path, duckdb.DuckDBPyConnection] = {}


def profile() -> dict:
    """The DuckDB target of `profiles.yml`, rendered as dbt renders it, with an absolute path."""
    environment = jinja2.Environment(autoescape=False)
    environment.filters["as_number"] = int
    text = (PROJECT / "profiles.yml").read_text()
    target = yaml.safe_load(environment.from_string(text).render(env_var=os.environ.get))["asof"]["outputs"]["duckdb"]
    return {**target, "path": PROJECT / target["path"]}


def file() -> Path:
    """The warehouse file."""
    return profile()["path"]


def connection() -> duckdb.DuckDBPyConnection:
    """The process-wide connection; while it is open, dbt's own connections join the same DuckDB instance."""
    target = profile()
    where = target["path"]
    with _lock:
        if where not in _open:
            where.parent.mkdir(parents=True, exist_ok=True)
            try:
                _open[where] = duckdb.connect(str(where), config=target["config_options"])
            except duckdb.IOException as error:
                if "lock" in str(error).lower():
                    raise AsofError(
                        f"{where} is in use by another process; wait for it or stop it, BI tools should read the "
                        f"published file instead ({str(error).splitlines()[0]})"
                    ) from error
                raise
        return _open[where]


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
            con.execute("rollback")
            raise


def table(sql: str, parameters: list | None = None) -> pa.Table:
    """The rows of a query as an Arrow table."""
    with cursor() as con:
        return con.sql(sql, params=parameters).to_arrow_table()


def rows(sql: str, parameters: list | None = None) -> list[dict]:
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

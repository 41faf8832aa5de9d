"""DuckDB's errors as one line: its own words, the file they are about, and what to do. No advice loses anything."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import duckdb

from flows.runtime import settings
from ml.errors import AsofError

# What holds after any error of DuckDB: each statement outside of a transaction is one by itself.
ROLLED_BACK = "what was being written is rolled back, what was committed before stays"
RESTORE = (
    "keep it, put the last good copy of the warehouse and of what lies beside it in its place "
    "(docs/deployment.md#restore), and run it again"
)
_PATH = re.compile(r"\"(/[^\"]*)\"")


_INTERRUPTED = "Query exceeded maximum execution time"
P = ParamSpec("P")
R = TypeVar("R")


class QueryTooLong(AsofError):
    """A query reached its time limit, was run a second time, and reached it again."""


def held_by_another(error: BaseException) -> bool:
    """Whether another process has the file open."""
    return "Could not set lock on file" in str(error)


def log_is_unreadable(error: BaseException) -> bool:
    """Whether the write-ahead log is damaged, or that of another file."""
    return "Failure while replaying WAL file" in str(error)


def took_too_long(error: BaseException) -> bool:
    """Whether this is DuckDB's own interruption of a query that reached the time limit."""
    return _INTERRUPTED in str(error)


def once_more(function: Callable[P, R]) -> Callable[P, R]:
    """The function, called a second time where a query in it reached its time limit; QueryTooLong when it does so again.

    For functions that come to the same when they are called again, as every step does.
    """

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            if not took_too_long(error):
                raise
        try:
            return function(*args, **kwargs)
        except Exception as error:
            if took_too_long(error):
                raise _too_long(error) from error
            raise

    return call


def _too_long(error: Exception) -> QueryTooLong:
    what = f" ({' '.join(str(error).split())[:300]})" if isinstance(error, AsofError) else ""
    return QueryTooLong(
        f"a query was interrupted twice, each time after ASOF_QUERY_LIMIT_SECONDS={settings.query_limit_seconds():g} seconds"
        f"{what.replace(_INTERRUPTED, 'time limit')}; {ROLLED_BACK}: run it again when the machine has less to do, or raise "
        f"the limit"
    )


def line(error: BaseException) -> str:
    """What DuckDB says, which file it is about, and what to do."""
    said = _first_lines(str(error))
    found = _PATH.search(said)
    where = "" if found else f"{settings.warehouse_file()}: "
    advice = _advice(error, _PATH.sub("the file", said), Path(found[1]) if found else settings.warehouse_file())
    return f"{where}{said}; {advice}" if advice else f"{where}{said}"


def _first_lines(said: str) -> str:
    """DuckDB's message without its own advice on settings, which are not set that way here."""
    first = re.split(r"\n\s*\n|Possible solutions|This limit was set by|See also http", said)[0]
    return " ".join(first.split()).rstrip(".")[:1000]


def _advice(error: BaseException, said: str, file: Path) -> str:
    """What to do. `said` holds no path, so that no name of a file or folder is taken for the fault."""
    said = said.lower()
    if took_too_long(error):
        return f"raise ASOF_QUERY_LIMIT_SECONDS={settings.query_limit_seconds():g}, or run it when the machine has less to do"
    if "no space left" in said or "disk quota" in said or "file too large" in said:
        return f"{ROLLED_BACK}: free some disk space and run it again"
    if "out of memory" in said or isinstance(error, duckdb.OutOfMemoryException):
        if "max_temp_directory_size" in str(error):
            return f"{ROLLED_BACK}: free some disk space beside the warehouse, where it spills, and run it again"
        return f"{ROLLED_BACK}: raise ASOF_MEMORY_LIMIT or lower ASOF_THREADS"
    if "could not set lock" in said:
        return "wait for that process or stop it, then run it again; BI tools should read the published file instead"
    if log_is_unreadable(error):
        return (
            f"the write-ahead log beside the warehouse does not fit it or is damaged: {RESTORE}; or accept the loss with "
            f"`python -m flows recover`, which keeps the log and lands lost files again"
        )
    if "not a valid duckdb" in said and file.is_file() and not file.stat().st_size:
        return "it is empty: put the last good copy in its place, or give the warehouse a name at which no file is"
    if any(word in said for word in ("corrupt", "checksum", "not a valid duckdb", "could not read enough bytes")):
        return f"it is damaged, or not made by DuckDB: {RESTORE}"
    if "disabled by configuration" in said or "disabled through configuration" in said:
        return (
            "SQL may use no file but those of the warehouse: land it, make it a seed, or name its folder in ASOF_SQL_FOLDERS "
            "(docs/security.md)"
        )
    if "serialization" in said or "newer version of duckdb" in said:
        return "it was written by another version of DuckDB: use the version that wrote it, or restore a copy of before"
    if any(word in said for word in ("permission denied", "read-only", "is a directory", "not a directory", "no such file")):
        return "let the user who runs this read and write there, or set ASOF_WAREHOUSE to the path of another file"
    if isinstance(error, duckdb.CatalogException):
        return "run `python -m flows build`, which makes what is missing; what Python writes to is made by `land`"
    return ""

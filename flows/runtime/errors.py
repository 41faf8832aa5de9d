"""Every error as one line for people: what is wrong, the file, row or variable it is about, and what to do."""

from __future__ import annotations

import errno
import inspect
import os
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import duckdb
import yaml

from flows.runtime import database_errors, private_files, settings
from ml.errors import AsofError

P = ParamSpec("P")
R = TypeVar("R")
# Errors that come with DuckDB's words and another library's type: Arrow streams rows that DuckDB makes.
_OF_DUCKDB = ("INTERRUPT Error", "Out of Memory Error", "IO Error", "FATAL Error", "INTERNAL Error")
_LONGEST = 2000


def line(error: BaseException) -> str:
    """The line that tells people of an error. An unforeseen one is written with its traceback to the log that the line names."""
    return settings.redacted(" ".join(_line(error).split()))[:_LONGEST]


def _line(error: BaseException) -> str:
    if isinstance(error, AsofError):
        return str(error)
    if isinstance(error, duckdb.Error) or (isinstance(error, OSError | RuntimeError) and str(error).startswith(_OF_DUCKDB)):
        return database_errors.line(error)
    if isinstance(error, MemoryError):
        return (
            f"Python ran out of memory{f' ({error})' if str(error) else ''}; {database_errors.ROLLED_BACK}: give it more, or "
            f"lower ASOF_MEMORY_LIMIT, which DuckDB takes beside it"
        )
    if isinstance(error, OSError) and error.errno:
        return _of_the_system(error)
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        mark = error.problem_mark
        return f"{mark.name}, line {mark.line + 1}, column {mark.column + 1}: this is not YAML: {error.problem}; correct it"
    return f"unforeseen {type(error).__name__}: {str(error)[:500] or 'without a message'}; {_logged(error)}"


def _of_the_system(error: OSError) -> str:
    what = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else "the system"
    said = f"{what}: {os.strerror(error.errno)}"
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return f"{said}; {database_errors.ROLLED_BACK}: free some space there and run it again"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{said}; let the user who runs this read and write there{_or_set(what)}"
    if error.errno in (errno.ENOTDIR, errno.EEXIST, errno.EISDIR, errno.ENOENT, errno.ENAMETOOLONG, errno.ELOOP):
        return f"{said}; put right what stands there{_or_set(what)}"
    if error.errno == errno.EMFILE:
        return f"{said}; raise the limit of open files (`ulimit -n`) and run it again"
    return f"{said}; {_logged(error)}"


def _or_set(what: str) -> str:
    """Which variable leads to the path, as advice; empty where none does."""
    there = Path(what)
    for one in settings.SETTINGS:
        if one.read in settings.PATHS:
            beside = there.parent == one.value.parent != settings.PROJECT  # such as a log or an unfinished file
            if beside or there in (one.value, *one.value.parents) or one.value in there.parents:
                return f", or set {one.name} to another place"
    return ""


def _logged(error: BaseException) -> str:
    """Where the traceback of an error is written now, or why it is not."""
    file = settings.logs_folder() / "errors.log"
    told = settings.redacted("".join(traceback.format_exception(error)))
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with open(file, "a", encoding="utf-8", opener=private_files.opener) as log:
            log.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}\n{told}\n")
    except OSError as failed:
        return f"its traceback could not be written to {file} ({failed.strerror}): ASOF_DEBUG=1 prints it"
    return f"its traceback is in {file}, and ASOF_DEBUG=1 prints it: please report it"


@contextmanager
def explained() -> Iterator[None]:
    """Turn every error that comes through into an AsofError of one line, so that logs and ledger say what the terminal says."""
    try:
        yield
    except AsofError:
        raise
    except Exception as error:
        raise AsofError(line(error)) from error


def explaining(function: Callable[P, R]) -> Callable[P, R]:
    """The function, its settings read and checked first, its errors explained."""

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        with explained():
            settings.load()
            settings.check()
            return function(*args, **kwargs)

    # Prefect would look up the names of types here, and not where the function was written.
    call.__signature__ = inspect.signature(function, eval_str=True)
    return call

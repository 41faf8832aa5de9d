"""The ledger: append-only tables that dbt declares and Python writes."""

from __future__ import annotations

import json
import subprocess
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import duckdb
import pyarrow as pa

from flows.runtime import database_errors, journal, logs, settings, warehouse
from flows.runtime.memory import Watch
from flows.runtime.settings import PROJECT
from ml.errors import AsofError, Refused

RESTORE = "restore this row from the last good copy of the warehouse (docs/deployment.md#restore)"

# Where the pipeline under way hears of runs that failed. A context variable: each pipeline has its own, tasks share it.
_failed: ContextVar[list[datetime] | None] = ContextVar("failed", default=None)
# Whether a person asked for what is under way: then he is told of a refusal, and nobody else is.
_asked: ContextVar[bool] = ContextVar("asked", default=False)


def wall_clock() -> datetime:
    """The present, UTC without a zone: for `*_at` columns that say when the program ran."""
    return datetime.now(UTC).replace(tzinfo=None)


@lru_cache(maxsize=1)
def code_version() -> str:
    """The git commit, with a + where the working tree was changed; `unknown` outside a checkout."""
    try:
        describe = ["git", "-C", str(PROJECT), "describe", "--always", "--dirty=+", "--abbrev=12"]
        return subprocess.run(describe, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def append(con: duckdb.DuckDBPyConnection, table: str, records: list[dict], key: list[str]) -> int:
    """Append records to `ledger.<table>` unless their key is there; returns how many were new."""
    return warehouse.append(con, f"ledger.{table}", _typed(con, table, records), key) if records else 0


def insert(con: duckdb.DuckDBPyConnection, table: str, records: list[dict]) -> int:
    """Append records whose key the caller guards by other rows of the same transaction; returns how many."""
    return warehouse.append(con, f"ledger.{table}", _typed(con, table, records), []) if records else 0


def parsed(row: Mapping[str, Any], column: str, where: str) -> dict:
    """The JSON object in a column of a row of the ledger; AsofError, naming `where` it stands, when it is damaged."""
    try:
        found = json.loads(row[column])
    except (TypeError, ValueError, RecursionError) as error:
        raise damaged(where, column, str(error)) from error
    if not isinstance(found, dict):
        raise damaged(where, column, f"it is a {type(found).__name__}, not an object")
    return found


def damaged(where: str, column: str, why: str) -> AsofError:
    """The error for a row of the ledger that is not what was written."""
    return AsofError(f"{where}: {column} is damaged ({why[:200]}); {RESTORE}")


def _typed(con: duckdb.DuckDBPyConnection, table: str, records: list[dict]) -> pa.Table:
    """The records with the types of the ledger table, so that no null or number changes its type on the way."""
    shape = con.sql(f"select * from ledger.{table} limit 0").to_arrow_table().schema
    return pa.Table.from_pylist(records, schema=pa.schema([f for f in shape if f.name in records[0]]))


@dataclass
class Run:
    """What a run says of itself while it is under way; it becomes a row of `ledger.runs`."""

    phase: str
    problem: str | None
    as_of: datetime
    started_at: datetime = field(default_factory=wall_clock)
    rows: int = 0
    message: str = ""
    run_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    limit_seconds: float | None = None
    limit_memory_mb: float | None = None
    landing_number: int | None = None
    _began: float = field(default_factory=time.perf_counter)
    _cpu_began: float = field(default_factory=time.process_time)
    _memory: Watch = field(default_factory=Watch)
    _committed: bool = False

    def commit(self, con: duckdb.DuckDBPyConnection) -> None:
        """Write the row within a transaction of the run itself, so that its results and its record stand or fall together."""
        append(con, "runs", [self.record("succeeded")], ["run_id"])
        self._committed = True

    def record(self, status: str) -> dict:
        """The row of `ledger.runs`."""
        return {
            "run_id": self.run_id,
            "phase": self.phase,
            "problem": self.problem,
            "as_of": self.as_of,
            "started_at": self.started_at,
            "seconds": time.perf_counter() - self._began,
            "status": status,
            "rows": self.rows,
            "message": self.message,
            "code_version": code_version(),
            "cpu_seconds": time.process_time() - self._cpu_began,
            "peak_memory_mb": self._memory.peak_mb(),
            "memory_before_mb": self._memory.before_mb,
            "warehouse_bytes": warehouse.size(),
            "limit_seconds": self.limit_seconds,
            "limit_memory_mb": self.limit_memory_mb,
            "landing_number": self.landing_number,
            "invocation_id": logs.invocation_id(),
        }


@contextmanager
def failures() -> Iterator[list[datetime]]:
    """The clocks of the runs that fail inside, also of those whose error is caught there; monitoring itself is left out."""
    failed: list[datetime] = []
    token = _failed.set(failed)
    try:
        yield failed
    finally:
        _failed.reset(token)


@contextmanager
def asked() -> Iterator[None]:
    """What happens inside is asked for by a person: a run that ends in `Refused` leaves no row, for nothing has failed.

    Elsewhere it fails: what a schedule asks for and does not get is missing. Also a decorator: `@asked()`.
    """
    token = _asked.set(True)
    try:
        yield
    finally:
        _asked.reset(token)


def said(phase: str, problem: str) -> str | None:
    """What the latest run of a phase said of itself; None where there is none."""
    found = warehouse.rows(
        "select message from ledger.runs where phase = ? and problem = ? order by started_at desc limit 1", [phase, problem]
    )
    return found[0]["message"] if found else None


def failed_with(phase: str, problem: str | None) -> str | None:
    """The error with which the latest run of a phase ended; None where it succeeded, or there is none."""
    if not warehouse.has_table("ledger", "runs"):
        return None
    found = warehouse.rows(
        "select status, message from ledger.runs where phase = ? and problem is not distinct from ? "
        "order by started_at desc, rowid desc limit 1", [phase, problem]
    )  # fmt: skip
    if not found or found[0]["status"] != "failed":
        return None
    return found[0]["message"].removeprefix(f"{AsofError.__name__}: ")


def since(began: datetime) -> list[dict]:
    """The runs that began at an instant of the wall clock or later, in the order in which they ended; none before the first."""
    if not warehouse.has_table("ledger", "runs"):
        return []
    return warehouse.rows("select * from ledger.runs where started_at >= ? order by rowid", [began])


@contextmanager
def run(phase: str, as_of: datetime, problem: str | None = None) -> Iterator[Run]:
    """Record what happens inside as a row of `ledger.runs`, failures with their message too; a refusal as `asked` says."""
    this = Run(phase, problem, as_of)
    try:
        with logs.inside(run_id=this.run_id, phase=phase, problem=problem):
            yield this
    except BaseException as error:
        if isinstance(error, Refused) and _asked.get():
            raise
        told = database_errors.line(error) if isinstance(error, duckdb.Error) else str(error)
        told = " ".join(told.split()) or "it was stopped before its end"
        kind = AsofError if isinstance(error, AsofError) else type(error)
        this.message = f"{kind.__name__}: {settings.redacted(told)[:500]}"
        with suppress(duckdb.Error):  # a full disk or a damaged file: the first error is the one to tell
            _write(this.record("failed"))
        if isinstance(error, Exception) and phase != "monitoring" and (failed := _failed.get()) is not None:
            failed.append(as_of)
        raise
    finally:
        this._memory.stop()
    _write(this.record("succeeded"), this._committed)


def _write(record: dict, committed: bool = False) -> None:
    """Append the row, unless it is `committed`, note it in the journal, and log it."""
    if warehouse.has_table("ledger", "runs"):  # a project that cannot even be prepared has nowhere to write it
        with warehouse.cursor() as con:
            if not committed:
                append(con, "runs", [record], ["run_id"])
            what = f"{record['phase']} of {record['problem']}" if record["problem"] else record["phase"]
            journal.note(con, "run", record["run_id"], what, record["as_of"])
    logs.run_ended(record)

"""The ledger: append-only tables that dbt declares and Python writes."""

from __future__ import annotations

import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache

import duckdb
import pyarrow as pa

from flows.steps import warehouse
from flows.steps.memory import Watch
from flows.steps.settings import PROJECT


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
        }


@contextmanager
def run(phase: str, as_of: datetime, problem: str | None = None) -> Iterator[Run]:
    """Record what happens inside as a row of `ledger.runs`, failures with their message too."""
    this = Run(phase, problem, as_of)
    try:
        yield this
    except BaseException as error:
        this.message = f"{type(error).__name__}: {' '.join(str(error).split())[:500]}"
        _write(this.record("failed"))
        if isinstance(error, Exception) and phase != "monitoring":
            from flows.steps.alerting.evaluating import notice  # it writes to the ledger itself

            notice(as_of)
        raise
    finally:
        this._memory.stop()
    if not this._committed:
        _write(this.record("succeeded"))


def _write(record: dict) -> None:
    if warehouse.has_table("ledger", "runs"):  # a project that cannot even be prepared has nowhere to write it
        with warehouse.cursor() as con:
            append(con, "runs", [record], ["run_id"])

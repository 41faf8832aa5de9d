"""The ledger: append-only tables that dbt declares and Python writes."""

from __future__ import annotations

import hashlib
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
    if not records:
        return 0
    shape = con.execute(f"select * from ledger.{table} limit 0").to_arrow_table().schema
    names = [name for name in shape.names if name in records[0]]
    data = pa.Table.from_pylist(records, schema=pa.schema([shape.field(name) for name in names]))
    return warehouse.append(con, f"ledger.{table}", data, key)


@dataclass
class Run:
    """What a run says of itself while it is under way; it becomes a row of `ledger.runs`."""

    phase: str
    problem: str | None
    as_of: datetime
    started_at: datetime = field(default_factory=wall_clock)
    rows: int = 0
    message: str = ""
    _began: float = field(default_factory=time.perf_counter)

    def record(self, status: str) -> dict:
        """The row of `ledger.runs`."""
        return {
            "run_id": uuid.uuid4().hex,
            "phase": self.phase,
            "problem": self.problem,
            "as_of": self.as_of,
            "started_at": self.started_at,
            "seconds": time.perf_counter() - self._began,
            "status": status,
            "rows": self.rows,
            "message": self.message,
            "code_version": code_version(),
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
        raise
    _write(this.record("succeeded"))


def _write(record: dict) -> None:
    with warehouse.cursor() as con:
        exists = con.execute(
            "select count(*) from information_schema.tables where table_schema = 'ledger' and table_name = 'runs'"
        ).fetchone()[0]
        if exists:
            append(con, "runs", [record], ["run_id"])


def fingerprint(table: pa.Table) -> str:
    """sha256 over the names, types and values of an Arrow table, in its row order."""
    digest = hashlib.sha256(str(table.schema.remove_metadata()).encode())
    for column in table.combine_chunks().columns:
        for chunk in column.chunks:
            for buffer in pa.array(chunk).buffers():
                if buffer is not None:
                    digest.update(memoryview(buffer))
    return digest.hexdigest()

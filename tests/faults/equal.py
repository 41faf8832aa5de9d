"""Whether two warehouses hold the same: every table, but for what says when and by which run a row was written."""

from __future__ import annotations

from collections import Counter

import duckdb
import numpy as np
import pyarrow as pa

from tests.children import House

# What says when and by which run, and what a run took; not what was found.
WRITTEN = {
    "run_id", "scored_at", "landed_at", "_landed_at", "trained_at", "decided_at", "promoted_at", "written_at", "started_at",
    "modified_ns", "seconds", "cpu_seconds", "peak_memory_mb", "memory_before_mb", "warehouse_bytes", "code_version",
    "invocation_id",
}  # fmt: skip
# Rows that hold a measurement of the machine.
MEASURED = {
    "ledger.verdict_gates": "gate not in ('latency', 'memory')",
    # the size of a page that names seconds, and of a file that holds the alerts of that moment
    "ledger.runs": "phase not in ('reporting', 'publishing')",
}
# Where a process that the replay had started was killed, the replay has said so: a failed run, and an alert until it succeeded.
FAILURES = {
    "ledger.runs": "phase not in ('reporting', 'publishing') and status = 'succeeded'",
    "ledger.alert_events": "kind <> 'failed_run'",
}
TOLERANCE = 1e-9


def differences(
    one: House, other: House, besides: frozenset[str] = frozenset(), tolerance: float = TOLERANCE, failures: bool = True
) -> list[str]:
    """For each table that differs a line: its name, and by how many rows or in which columns.

    `besides` are not compared, and without `failures` neither are failed runs and the alerts on them.
    """
    compared = MEASURED | ({} if failures else FAILURES)
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        for name, house in (("one", one), ("other", other)):
            con.execute(f"attach '{house.warehouse}' as {name} (read_only)")
        tables = [_tables(con, name) for name in ("one", "other")]
        found = [f"{name} is in one of them alone" for name in sorted(tables[0] ^ tables[1])]
        for name in sorted((tables[0] & tables[1]) - besides):
            if said := _compared(con, name, tolerance, compared.get(name, "true")):
                found.append(f"{name} {said}")
    return found


def _tables(con: duckdb.DuckDBPyConnection, name: str) -> set[str]:
    sql = f"select schema_name || '.' || table_name from duckdb_tables() where database_name = '{name}'"
    return {row[0] for row in con.execute(sql).fetchall()}


def _compared(con: duckdb.DuckDBPyConnection, name: str, tolerance: float, where: str) -> str | None:
    types = {row[0]: row[1] for row in con.execute(f"describe one.{name}").fetchall() if row[0] not in WRITTEN}
    exact = [column for column, kind in types.items() if kind not in ("DOUBLE", "FLOAT")]
    floats = [column for column in types if column not in exact]
    order = ", ".join(f'"{column}"' for column in (*exact, *floats)) or "1"
    rows = [
        con.sql(f"select {order} from {house}.{name} where {where} order by {order}").to_arrow_table()
        for house in ("one", "other")
    ]
    if rows[0].num_rows != rows[1].num_rows:
        few = [_alone(rows[i], rows[1 - i]) for i in (0, 1)]
        return f"has {rows[0].num_rows} and {rows[1].num_rows} rows; alone: {few[0]} and {few[1]}"
    wrong = [column for column in exact if not rows[0][column].equals(rows[1][column])]
    wrong += [column for column in floats if not _close(rows[0][column], rows[1][column], tolerance)]
    if not wrong:
        return None
    few = [_alone(rows[i].select(exact), rows[1 - i].select(exact)) for i in (0, 1)]
    return f"differs in {', '.join(wrong)}; alone: {few[0]} and {few[1]}"


def _alone(one: pa.Table, other: pa.Table) -> list[tuple]:
    """The first few rows that the other does not have."""
    there = Counter(zip(*other.to_pydict().values(), strict=True))
    return list((Counter(zip(*one.to_pydict().values(), strict=True)) - there).elements())[:5]


def _close(one: pa.ChunkedArray, other: pa.ChunkedArray, tolerance: float) -> bool:
    left, right = (column.to_numpy(zero_copy_only=False).astype(float) for column in (one, other))
    return bool(np.allclose(left, right, rtol=tolerance, atol=tolerance, equal_nan=True))

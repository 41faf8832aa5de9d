"""Feast's own path to the same as-of joins, at the largest number of rows that it survives."""

from __future__ import annotations

from pathlib import Path

import duckdb

from benchmarks.bench import Bench
from benchmarks.flights import count
from benchmarks.measure import Contestant
from benchmarks.suites.asof import KEYS, views

NAME = "feast"
QUESTION = "The same joins by Feast's offline store, as many rows as it survives."
# Rows of the spine, from every part of it. It is asked for more only while it survives.
ROWS = (1000, 3000, 10000, 15000)
QUICK_ROWS = (100,)
# Longer than the history, so that no row of a table is too old for Feast.
TTL_DAYS = 20000


def run(bench: Bench) -> None:
    """Ask for more rows until Feast does not come back, and measure the macros on the same rows in turn."""
    size = bench.sizes[0]
    file, tables = bench.flights(size), views(bench, size)
    for rows in QUICK_ROWS if size == "quick" else ROWS:
        spine = _spine(file, rows)
        laid = {
            "spine": f"(select * from '{spine}')",
            **{f"{key}_daily": f"(select * from '{table}')" for key, table in tables.items()},
        }
        arguments = {"spine": str(spine), "views": {k: str(v) for k, v in tables.items()}, "ttl_days": TTL_DAYS}
        found = bench.measure(NAME, f"{rows:,} rows", size, rows, [
            Contestant("macros, equality at the last midnight", "house", "macros.query",
                       {"views": laid, "sql": bench.sql["asof_by_equality"]}),
            Contestant("Feast, DuckDB store", "feast", "in_feast.asof", arguments | {"store": "duckdb"}),
        ], turns=1)  # fmt: skip
        if found["contestants"][1]["problem"]:
            break


def _spine(file: Path, rows: int) -> Path:
    spine = file.with_name(f"{file.stem}-spine-{rows}.parquet")
    if not spine.exists():
        every = max(1, count(file) // rows)
        duckdb.execute(f"""copy (select flight_row, {", ".join(KEYS)}, as_of from (
            select *, row_number() over (order by flight_row) - 1 as place from '{file}'
        ) where place % {every} = 0 and place // {every} < {rows} order by as_of, flight_row) to '{spine}'""")
    return spine

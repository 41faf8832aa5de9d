"""Asof's macros, as dbt compiled them, in DuckDB."""

from __future__ import annotations

from collections.abc import Callable

import duckdb

# Leaves room for what DuckDB does not count in its limit, so that the process stays below the 8 GB of the promise.
MEMORY_LIMIT = "5GB"


def query(arguments: dict) -> Callable[[str], object]:
    """Lay `views` (name → SELECT over files) under `sql` and make its table."""
    con = duckdb.connect(config={"threads": arguments["threads"], "memory_limit": MEMORY_LIMIT,
                                 "temp_directory": arguments["scratch"], "preserve_insertion_order": False,
                                 # a period that is constant is taken for one row, and rows of it would be looped over
                                 "asof_loop_join_threshold": 0})  # fmt: skip
    con.execute("set TimeZone = 'UTC'")
    for name, select in arguments["views"].items():
        con.execute(f"create view {name} as {select}")
    con.execute(f"create temp table answer as {arguments['sql']}")
    return lambda file: con.execute(f"copy answer to '{file}' (format parquet)")

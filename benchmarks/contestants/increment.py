"""One more day lands in a warehouse with a history: the incremental models, run by dbt."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
from dbt.cli.main import dbtRunner

from benchmarks.compiling import invoke


def day_before(arguments: dict) -> None:
    """Land the day and parse the project, outside the clock."""
    with duckdb.connect(arguments["warehouse"], config={"memory_limit": "5GB"}) as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute("create table if not exists flights as from (select * from '" + arguments["flights"] + "') limit 0")
        con.execute(f"insert into flights select * from '{arguments['flights']}' where {arguments['where']} order by departs_at")
    invoke(["parse"], Path(arguments["work"]), Path(arguments["warehouse"]))


def day(arguments: dict) -> Callable[[str], object]:
    """`dbt run` of the models; the answer is the day's rows, `figures` the seconds of the models themselves."""
    warehouse = Path(arguments["warehouse"])
    results = invoke(["run", "--select", "tag:increment"], Path(arguments["work"]), warehouse).results

    def write(file: str) -> None:
        with duckdb.connect(str(warehouse), read_only=True) as con:
            con.execute("set TimeZone = 'UTC'")
            con.execute(f"""copy (
                select * exclude (as_of) from day_trailing inner join day_asof using (flight_row, as_of)
                where as_of >= timestamp '{arguments["since"]}'
            ) to '{file}' (format parquet)""")

    write.figures = {"models": sum(r.execution_time for r in results)} | {r.node.name: r.execution_time for r in results}
    return write


assert dbtRunner  # importing dbt takes seconds, which belong before the clock

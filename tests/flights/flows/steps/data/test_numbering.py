"""A warehouse of an earlier version, which followed `landed_at`: it is numbered when it is prepared, and comes to the same."""

from __future__ import annotations

import duckdb

from flows.runtime import warehouse
from flows.steps.data import building, counting
from tests.children import House

GROWN = ("int_flights__scheduled", "int_flights__departures", "int_flights__outcomes", "int_flights__events")
MODELS = [*(f"intermediate.{name}" for name in GROWN), "features.ftr_weather__hourly", "problems.flight_disruption__cohort"]


def make_older(con: duckdb.DuckDBPyConnection, landed: list[str]) -> None:
    batch = "ledger.batches as batch where batch.landing_number = rows.landing_number"
    for model in MODELS:
        con.execute(f"alter table {model} add column landed_at timestamp")
        con.execute(f"update {model} as rows set landed_at = (select batch.landed_at from {batch})")
        con.execute(f"alter table {model} drop column landing_number")
    for table in landed:
        con.execute(f"alter table {table} drop column _landing_number")
    con.execute("alter table ledger.batches drop column landing_number; alter table ledger.runs drop column landing_number")
    con.execute("drop table ledger.reconciliations; drop table ledger.file_checks; drop table ledger.replaced_predictions")


def numbers(con: duckdb.DuckDBPyConnection, landed: list[str]) -> dict[str, list[tuple]]:
    found = {"batches": con.execute("select batch_id, landing_number from ledger.batches order by all").fetchall()}
    for table, number in [*((one, "landing_number") for one in MODELS), *((one, "_landing_number") for one in landed)]:
        found[table] = con.execute(f"select {number}, count(*) from {table} group by all order by all").fetchall()
    return found


def test_what_an_earlier_version_landed_and_built_gets_the_numbers_that_it_would_have(inside: House) -> None:
    with warehouse.cursor() as con:
        numbered = "duckdb_columns() where column_name = '_landing_number' and schema_name = 'landing'"
        landed = [place for (place,) in con.execute(f"select 'landing.' || table_name from {numbered}").fetchall()]
        before = numbers(con, landed)
        make_older(con, landed)
    building.prepare()
    with warehouse.cursor() as con:
        assert numbers(con, landed) == before
        columns = counting.columns_there(con)
    for model in MODELS:
        assert "landed_at" not in columns[tuple(model.split("."))]
    building.prepare()
    with warehouse.cursor() as con:
        assert numbers(con, landed) == before

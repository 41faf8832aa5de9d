"""Landing numbers for what an earlier version landed: batches are numbered in their order, rows after their batches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set

import duckdb

from checks.landing import LandingSource
from flows.steps.data.landing.landed import OWN_COLUMNS

NUMBER = "_landing_number"


def unnumbered(there: Mapping[tuple[str, str], Set[str]], models: Iterable[tuple[str, str]]) -> bool:
    """Whether tables that are `there` (name to columns), landed ones or those of models, lack numbers."""
    landed = (columns for (schema, _), columns in there.items() if schema == "landing")
    lacking = any("_batch_id" in columns and NUMBER not in columns for columns in landed)
    return lacking or any("landed_at" in there.get(name, ()) and "landing_number" not in there[name] for name in models)


def number(con: duckdb.DuckDBPyConnection, sources: Iterable[LandingSource], models: Mapping[tuple[str, str], bool]) -> None:
    """Number the batches, and the landed tables and models (name to whether it keeps `landed_at`) that have no numbers yet.

    `ledger.batches` has its column already. Rows of no known batch get 0. Call it in a transaction.
    """
    con.execute(
        "update ledger.batches set landing_number = numbered.n from (select rowid as place, (select "
        "coalesce(max(landing_number), 0) from ledger.batches) + row_number() over (order by rowid) as n "
        "from ledger.batches where landing_number is null) as numbered where batches.rowid = numbered.place"
    )
    for source in sources:
        if _lacks(con, source.relation, NUMBER, beside="_batch_id"):
            _add(con, source.relation, NUMBER, "one.batch_id = rows._batch_id")
    for (schema, name), keeps in models.items():
        model = f"{schema}.{name}"
        if _lacks(con, model, "landing_number", beside="landed_at"):
            # What a model was built from is told by when it landed: an instant to the microsecond, and a batch has one.
            _add(con, model, "landing_number", "one.landed_at = rows.landed_at")
            if not keeps:  # dbt fills every column that a table has
                con.execute(f"alter table {model} drop column landed_at")


def _lacks(con: duckdb.DuckDBPyConnection, table: str, column: str, beside: str) -> bool:
    schema, name = table.split(".")
    found = con.execute(
        "select column_name from duckdb_columns() where database_name = current_database() "
        "and schema_name = ? and table_name = ?",
        [schema, name],
    ).fetchall()
    names = {row[0] for row in found}
    return beside in names and column not in names


def _add(con: duckdb.DuckDBPyConnection, table: str, column: str, same_batch: str) -> None:
    con.execute(f"alter table {table} add column {column} {OWN_COLUMNS[NUMBER].split()[0]}")
    con.execute(
        f"update {table} as rows set {column} = coalesce((select max(one.landing_number) from ledger.batches as one "
        f"where {same_batch}), 0)"
    )

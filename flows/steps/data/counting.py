"""Counting what landed: by batch, the rows of a source in its landed table or in a model, beside what the ledger has loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from flows.runtime import warehouse


@dataclass(frozen=True)
class Counted:
    """The rows of a source in one place: a row of `ledger.reconciliations` without its look."""

    source: str
    place: str
    rows_expected: int
    rows_found: int
    batches_differing: int
    rows_missing: int
    rows_surplus: int
    landing_number: int | None
    file: str | None

    @property
    def told(self) -> str:
        """What differs, in words; empty where nothing does."""
        if not self.batches_differing:
            return ""
        parts = ((self.rows_missing, "missing"), (self.rows_surplus, "too many"))
        more = f" and {self.batches_differing - 1} more files" if self.batches_differing > 1 else ""
        counts = ", ".join(f"{rows:,} {word}" for rows, word in parts if rows)
        return f"{self.source} in {self.place}: {counts}, from {self.file or f'landing {self.landing_number}'}{more}"


def differences() -> list[Counted]:
    """What differs now, in the places that the last look has counted; empty before the first."""
    with warehouse.cursor() as con:
        columns = columns_there(con)
        if ("ledger", "reconciliations") not in columns:
            return []
        places = con.execute(
            "select source, place from ledger.reconciliations where look = (select max(look) from ledger.reconciliations)"
        ).fetchall()
        there = [(source, place) for source, place in places if tuple(place.split(".")) in columns]
        return [found for source, place in there if (found := count(con, source, place)).batches_differing]


def count(con: duckdb.DuckDBPyConnection, source: str, place: str) -> Counted:
    """The rows of a source in `schema.table`, its landed table or a model, beside what its batches have loaded."""
    expected = f"select landing_number, file, {_loaded(con)} as rows from ledger.batches where source = ?"
    # Rows that no batch knows are too many in the landed table; a model holds those of other sources, too.
    number, join = ("_landing_number", "full") if place.startswith("landing.") else ("landing_number", "left")
    if join == "left":
        # What landed after the last build is not missing. Who builds by dbt alone leaves no run: then what the model has itself.
        expected += (
            f" and landing_number <= greatest((select max(landing_number) from {place}), (select max(landing_number) "
            "from ledger.runs where phase = 'features' and status = 'succeeded'))"
        )
    row = con.execute(
        f"with expected as ({expected}), "
        f"found as (select {number} as landing_number, count(*) as rows from {place} group by all), "
        "side_by_side as (select landing_number, file, coalesce(expected.rows, 0) as expected, coalesce(found.rows, 0) as found "
        f"from expected {join} join found using (landing_number)) "
        "select coalesce(sum(expected), 0)::bigint, coalesce(sum(found), 0)::bigint, count(*) filter (where expected <> found), "
        "coalesce(sum(greatest(expected - found, 0)), 0)::bigint, coalesce(sum(greatest(found - expected, 0)), 0)::bigint, "
        "min(landing_number) filter (where expected <> found), "
        "arg_min(file, landing_number) filter (where expected <> found) from side_by_side",
        [source],
    ).fetchall()[0]
    return Counted(source, place, *row)


def _loaded(con: duckdb.DuckDBPyConnection) -> str:
    """SQL of the rows that a batch has loaded and no purge has removed."""
    if not warehouse.holds(con, "ledger", "purges"):
        return "rows_loaded"
    return (
        "rows_loaded - coalesce((select sum(purges.rows)::bigint from ledger.purges where purges.landing_number = "
        "batches.landing_number and purges.place = 'landing.' || replace(batches.source, '.', '__')), 0)"
    )


def columns_there(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], set[str]]:
    """The columns of the tables and views that are there."""
    found: dict[tuple[str, str], set[str]] = {}
    for schema, table, column in con.execute(
        "select table_schema, table_name, column_name from information_schema.columns where table_catalog = current_database()"
    ).fetchall():
        found.setdefault((schema, table), set()).add(column)
    return found


def stands(place: str, column: str, columns: Mapping[tuple[str, str], set[str]]) -> bool:
    """Whether `schema.table` is there and has a column."""
    return column in columns.get(tuple(place.split(".")), ())

"""Removing what was planned: all tables in one transaction, with the record that says so and not whom."""

from __future__ import annotations

import json
import re
from datetime import datetime

import duckdb

from flows.runtime import journal, salt, warehouse
from flows.steps.data import lineage
from flows.steps.data.purging import files
from flows.steps.data.purging.plan import VALUES, Place, Plan, Subject, plan
from flows.store import ledger

GONE = "(purged)"
# Texts of the ledger in which a key may have been quoted; a model is not one of them, its sha256 holds it together.
LEFT = ("purges", "model_versions", "batches", "column_lineage", "promotions", "verdicts")


def remove(subject: Subject, by_whom: str, reason: str, now: datetime, run: ledger.Run) -> tuple[Plan, dict[str, int]]:
    """Remove the rows of a person from every table and write the record, in one transaction, then from the landed files.

    Returns what was removed from tables, and the files with how many records. Called again it finds nothing more. Quarantined
    lines stay as counts: their text goes where it holds the key. The purge is called as its run, which has succeeded once all
    that follows is done.
    """
    with warehouse.cursor() as con:
        salt.ensure(con)
        known = lineage.read()
        con.execute("begin")
        try:
            found = plan(con, subject, known)
            said = {
                "purge_id": run.run_id, "as_of": now, "purged_at": ledger.wall_clock(), "by_whom": by_whom, "reason": reason,
                "subject": subject.told, "key_hash": con.execute(f"select {salt.recorded('?')}", [subject.key]).fetchall()[0][0],
                "models": json.dumps(found.models),
            }  # fmt: skip
            records = [one for place in found.places for one in _records(con, place, said)]
            for place in found.places:
                if place.rows:
                    con.execute(f"delete from {place.name} where {place.condition}")
            _silence(con, found)
            ledger.insert(con, "purges", records)
            con.execute("commit")
        except BaseException:
            warehouse.undo(con)
            raise
        if records:
            journal.note(con, "purge", run.run_id, f"purge of {subject.told}", now)
        written = files.rewrite(con, found)
    tables, records = sum(bool(one.rows) for one in found.places), sum(written.values())
    run.rows = found.rows
    run.message = f"removed {found.rows} rows from {tables} tables, {records} records of {len(written)} files"
    return found, written


def _records(con: duckdb.DuckDBPyConnection, place: Place, said: dict) -> list[dict]:
    """The rows of the record for one place: of a landed table by batch, of predictions by run."""
    by = _split(con, place.name)
    if by and place.rows:
        rows = con.execute(f"select {by[0]}, count(*) from {place.name} where {place.condition} group by 1 order by 1").fetchall()
    else:
        rows = [(None, place.rows)] if place.rows else []
    records = []
    for value, count in rows:
        one = {**said, "place": place.name, "expression": None, "landing_number": None, "run_id": None, "rows": count}
        records.append(one | ({by[1]: value} if by else {}))
    for expression in place.expressions:
        # What was purged does not land again: by the key as it would come, which is not always as it was asked for.
        keys = con.execute(f"select distinct {salt.recorded('value')} from {VALUES} order by 1").fetchall()
        records += [
            {
                **said,
                "key_hash": key,
                "place": place.name,
                "expression": expression,
                "landing_number": None,
                "run_id": None,
                "rows": 0,
            }
            for (key,) in keys
        ]
    return records


def _split(con: duckdb.DuckDBPyConnection, name: str) -> tuple[str, str] | None:
    """By which column the rows of a table are counted apart, and under which name the record keeps it."""
    schema, table = name.split(".")
    columns = {one for (one,) in con.execute(
        "select column_name from duckdb_columns() "
        "where database_name = current_database() and schema_name = ? and table_name = ?",
        [schema, table],
    ).fetchall()}  # fmt: skip
    return next(
        ((column, kept) for column, kept in (("_landing_number", "landing_number"), ("run_id", "run_id")) if column in columns),
        None,
    )


def _silence(con: duckdb.DuckDBPyConnection, found: Plan) -> None:
    """Take the key out of texts: quarantined lines of the same sources, messages and notes of the ledger."""
    values = [value for (value,) in con.execute(f"select distinct value from {VALUES} where value <> ''").fetchall()]
    sources = [place.name for place in found.places if place.expressions]
    for value in values:
        before, after = r"(^|[^0-9A-Za-z_])", r"($|[^0-9A-Za-z_])"
        whole = f"{before}{re.escape(value)}{after}"
        con.execute(
            "update ledger.quarantine set raw = null where list_contains(?, 'landing.' || replace(source, '.', '__')) "
            "and regexp_matches(raw, ?)", [sources, whole],
        )  # fmt: skip
        # A number stands in many a message without being anybody: there only a quoted one is taken for a key.
        said = f"(')({value})(')" if value.isdigit() else f"{before}({re.escape(value)}){after}"
        for table, column in con.execute(
            "select table_name, column_name from duckdb_columns() "
            "where database_name = current_database() and schema_name = 'ledger' "
            "and data_type = 'VARCHAR' and not list_contains(?, table_name)", [list(LEFT)],
        ).fetchall():  # fmt: skip
            con.execute(
                f'update ledger."{table}" set "{column}" = regexp_replace("{column}", ?, ?, \'g\') '
                f'where regexp_matches("{column}", ?)',
                [said, rf"\1{GONE}\3", said],
            )

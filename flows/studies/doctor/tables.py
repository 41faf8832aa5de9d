"""The warehouse: the ledger against the journal, against the tables that it speaks of, and against itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import groupby

import duckdb

from flows.runtime import journal, warehouse
from flows.steps.data import counting
from flows.steps.serving import contracts
from flows.store import ledger, problems, registry
from flows.studies.doctor.finding import Finding
from ml.errors import AsofError
from ml.models.model import Model

BACKUP = "bring back the last good backup (docs/deployment.md#restore)"
# A clock that a time server corrects may be some minutes ahead.
AHEAD = timedelta(minutes=10)
PREDICTIONS = "__predictions"


def clock(con: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    """A clock of the warehouse, or notes of its journal, that lie ahead of the machine's."""
    present = ledger.wall_clock()
    ahead, wrong = f"UTC, ahead of now ({present:%Y-%m-%d %H:%M})", "compare `date -u` with another clock"
    if _there(con, "landing.clock"):
        for (now,) in con.execute("select now from landing.clock where now > ?", [present + AHEAD]).fetchall():
            what = f"the clock of the warehouse stands at {now:%Y-%m-%d %H:%M} {ahead}"
            yield Finding("clock", what, f"{wrong}; if it is right, the next landing comes when that time has come")
    if _there(con, "ledger.runs"):
        late = con.execute("select max(started_at) from ledger.runs where started_at > ?", [present + AHEAD]).fetchall()[0][0]
        if late:
            yield Finding(
                "clock", f"a run began at {late:%Y-%m-%d %H:%M} {ahead}", f"the machine's time was or is wrong: {wrong}"
            )


def commits(con: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    """Commits that the journal speaks of and the ledger does not have."""
    if lost := journal.lost(warehouse.file(), con):
        yield Finding(
            "ledger", f"the warehouse lacks what was committed since {lost[0]['at']}: {journal.told(lost)}",
            f"{BACKUP}, or accept the loss with `python -m flows recover`",
        )  # fmt: skip


def models(con: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    """Champions that have no model, and models that are not what was written."""
    if not (_there(con, "ledger.model_versions") and _there(con, "ledger.promotions")):
        return
    latest = "select problem, arg_max(model_version, (effective_at, rowid)) from ledger.promotions group by problem"
    champions = dict(con.execute(latest).fetchall())
    found = con.sql("select * from ledger.model_versions order by trained_as_of").to_arrow_table().to_pylist()
    known = {(row["problem"], row["model_version"]) for row in found}
    for problem, version in sorted(champions.items()):
        if (problem, version) not in known:
            yield Finding("models", f"{version}, the champion of {problem}, is not in ledger.model_versions", BACKUP)
    for row in found:
        try:
            Model.from_row(row)
            if row["rounds"]:
                registry.holdout_model(row)
            registry.cells(row)
            registry.importances(row)
        except AsofError as error:
            role = "champion" if champions.get(row["problem"]) == row["model_version"] else "no champion"
            yield Finding("models", f"{str(error).split('; ')[0]} ({role})", BACKUP)


def predictions(con: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    """Predictions of runs and models that the ledger does not know, and runs whose predictions are not there."""
    if not _there(con, "ledger.runs"):
        return
    named = "select table_name from duckdb_tables() where schema_name = ? and ends_with(table_name, ?) order by table_name"
    for (predicted,) in con.execute(named, [problems.SCHEMA, PREDICTIONS]).fetchall():
        name, table = predicted.removesuffix(PREDICTIONS), f"{problems.SCHEMA}.{predicted}"
        for of, ledgers, key in (("runs", "runs", "run_id"), ("models", "model_versions", "model_version")):
            rows, few = con.execute(
                f"select count(*), min({key}) from {table} where {key} not in (select {key} from ledger.{ledgers})"
            ).fetchall()[0]
            if rows:
                what = f"{rows:,} predictions in {table} are of {of} that the ledger does not know, such as {few}"
                yield Finding("predictions", what, f"{BACKUP}, or score them again: `python -m flows score --again FROM UNTIL`")
        purged = " union all select run_id, rows from ledger.purges where run_id is not null"
        lost = con.execute(
            f"with there as (select run_id, cast(sum(n) as bigint) as rows from (select run_id, 1 as n from {table} union all "
            "select run_id, 1 from ledger.replaced_predictions where problem = $name"
            f"{purged if _there(con, 'ledger.purges') else ''}) group by run_id) "
            "select count(*), min(runs.as_of), sum(runs.rows - coalesce(there.rows, 0)) from ledger.runs left join there "
            "using (run_id) where problem = $name and phase in ('serving', 'rescoring') and status = 'succeeded' "
            "and runs.rows <> coalesce(there.rows, 0)", {"name": name},
        ).fetchall()[0]  # fmt: skip
        if lost[0]:
            what = f"{lost[0]} runs of {name} have written {lost[2]:+,} predictions more than {table} holds, from {lost[1]} on"
            yield Finding("predictions", what, f"{BACKUP}, or let `python -m flows score` score what is missing")


def landed(con: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    """Batches whose rows are not all in the landed table, or more often."""
    if not _there(con, "ledger.batches"):
        return
    for (source,) in con.execute("select distinct source from ledger.batches order by source").fetchall():
        place = f"landing.{source.replace('.', '__')}"
        if not _there(con, place):
            yield Finding("landed rows", f"{place} is gone, and the ledger has landed batches of {source}", BACKUP)
        elif said := counting.count(con, source, place).told:
            yield Finding("landed rows", said, BACKUP)


def unfinished(con: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    """Tables of scores that a killed run had staged."""
    listed = "select schema_name || '.' || table_name from duckdb_tables() where schema_name = 'ledger'"
    listed += " and starts_with(table_name, 'staged_')"
    for (name,) in con.execute(listed).fetchall():
        yield Finding("leftovers", f"{name} was left by a run that was killed", "the next `python -m flows score` replaces it")


def purges(con: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    """Purges that were cut off, and that no later one of the same key has finished."""
    if not (_there(con, "ledger.purges") and _there(con, "ledger.runs")):
        return
    done = "select run_id from ledger.runs where phase = 'purging' and status = 'succeeded'"
    for subject, by_whom, at in con.execute(
        "select any_value(subject), any_value(by_whom), max(purged_at) as began from ledger.purges as p "
        f"where purge_id not in ({done}) "
        f"and not exists (select 1 from ledger.purges as later where later.key_hash = p.key_hash and later.subject = p.subject "
        f"and later.purged_at > p.purged_at and later.purge_id in ({done})) group by purge_id order by began"
    ).fetchall():
        yield Finding(
            "leftovers", f"the purge of a person ({subject}) that {by_whom} began at {at:%Y-%m-%d %H:%M} UTC was cut off",
            "run the same `python -m flows purge` again: it finishes what is left in files, pages and bytes",
        )  # fmt: skip


def promises(con: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    """Contracts that do not hold now."""
    if not con.execute("select count(*) from duckdb_views() where schema_name = 'marts'").fetchall()[0][0]:
        return
    try:
        _, broken = contracts.checked(contracts.CONTRACTS, con.cursor)
    except AsofError as error:
        broken = [str(error)]
    for file, lines in groupby(sorted(broken), key=lambda line: line.partition(": ")[0]):
        first, *more = (line.removeprefix(f"{file}: ") for line in lines)
        what = f"{file}: {first}" + (f", and {len(more)} more checks do not hold" if more else "")
        yield Finding(
            "contracts", what, "nothing is published until it holds: build, and mend the data, the model or the contract"
        )


def _there(con: duckdb.DuckDBPyConnection, place: str) -> bool:
    return warehouse.holds(con, *place.split("."))

"""What has landed: the landed tables, the batches of the ledger, and the one transaction that makes a file a batch.

Every batch has a landing number, greater than that of every batch before it. Increments follow it (`newly_landed`) and not
a clock, which may step back. It is given inside the transaction that lands the batch, and one process writes a warehouse, one
batch after the other: whoever sees a number sees every batch with a smaller one.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from datetime import UTC, datetime

import duckdb

from checks.known_at import COLUMN as KNOWN_AT
from checks.landing import LandingSource
from flows.runtime import journal
from flows.runtime.warehouse import holds, undo
from flows.steps.data.landing.repetition import same_rows
from ml.errors import AsofError

# What stands beside the declared columns of a landed table.
OWN_COLUMNS = {
    "_batch_id": "varchar not null",
    "_line": "bigint not null",
    "_landed_at": "timestamp not null",
    "_landing_number": "bigint not null",
}
# What a landed file holds since a purge has left out a person: as it should be, though it is not what landed.
PURGED = (
    "select batch_id, source, sha256, bytes, modified_ns from ledger.file_checks where is_as_landed and sha256 <> batch_id "
    "qualify row_number() over (partition by batch_id, source order by number desc) = 1"
)
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class File:
    """A file that is to be landed: `batch_id` is its sha256, `file` its path below the landing folder."""

    batch_id: str
    source: str
    file: str
    bytes: int
    modified_ns: int


@dataclass(frozen=True)
class Batch(File):
    """A landed file: one row of `ledger.batches`. All times are UTC without a zone; `landed_at` is information only."""

    rows_received: int
    rows_loaded: int
    rows_quarantined: int
    known_from: datetime | None
    known_through: datetime | None
    landed_as_of: datetime
    landed_at: datetime
    landing_number: int


@dataclass(frozen=True)
class Quarantined:
    """A line that was received and is not loaded; a line with two bad values is there twice. Without a line: the whole file."""

    line: int | None
    column: str | None
    reason: str
    raw: str | None


def ensure_tables(con: duckdb.DuckDBPyConnection, sources: Sequence[LandingSource]) -> None:
    """Create the landed tables, empty, so that staging builds before the first file; refuse one of another shape."""
    con.execute("create schema if not exists landing")
    there = dict(
        con.execute(
            "select table_name, list(column_name order by column_index) from duckdb_columns() "
            "where database_name = current_database() and schema_name = 'landing' group by all"
        ).fetchall()
    )
    for source in sources:
        own = ({KNOWN_AT: "timestamp not null"} if source.made else {}) | OWN_COLUMNS
        columns = [*(column.name for column in source.columns), *own]
        _check_made(con, source)
        found = there.get(source.relation.removeprefix("landing."))
        if found is None:
            types = [f'"{one.name}" {one.data_type}{" not null" if one.required else ""}' for one in source.columns]
            types += [f"{name} {data_type}" for name, data_type in own.items()]
            con.execute(f"create table {source.relation} ({', '.join(types)})")
        elif found == columns[:-1]:
            raise AsofError(f"{source.relation} is of an earlier version: run `python -m flows build`, which numbers its rows")
        elif found != columns:
            raise AsofError(
                f"{source.relation} has columns {', '.join(found)}, but {source.declared_in} declares "
                f"{', '.join(columns[: -len(own)])}; alter the table or land into a new warehouse"
            )


def _check_made(con: duckdb.DuckDBPyConnection, source: LandingSource) -> None:
    """AsofError where the expression that makes `_known_at` is none over the declared columns."""
    if source.made and source.made.sql:
        row = ", ".join(f'cast(null as {one.data_type}) as "{one.name}"' for one in source.columns)
        try:
            con.execute(f"select {source.made.expression} from (select {row}) as said")
        except duckdb.Error as error:
            why = str(error).splitlines()[0]
            raise AsofError(f"{source.declared_in}: {source.name}: landing.known_at.sql is `{source.made.sql}`: {why}") from error


def recorded(con: duckdb.DuckDBPyConnection) -> dict[str, dict[str, tuple[str, int, int]]]:
    """What is landed: by source and file the sha256, size and time of modification that it has to have now."""
    found: dict[str, dict[str, tuple[str, int, int]]] = {}
    asked = "select source, file, batch_id, bytes, modified_ns from ledger.batches"
    if holds(con, "ledger", "file_checks"):
        asked = (
            f"with purged as ({PURGED}) select source, file, coalesce(sha256, batch_id), coalesce(purged.bytes, batches.bytes), "
            "coalesce(purged.modified_ns, batches.modified_ns) from ledger.batches left join purged using (batch_id, source)"
        )
    for source, file, *seen in con.execute(asked).fetchall():
        found.setdefault(source, {})[file] = tuple(seen)
    return found


def commit(
    con: duckdb.DuckDBPyConnection, source: LandingSource, file: File, good: str, received: int,
    rejected: str | None, clock: datetime,
) -> Batch:  # fmt: skip
    """Land a file in one transaction: its good rows, its quarantined lines and its row in `ledger.batches`.

    `good` is SQL after `from`: the rows to load, with the declared columns and `_line`. `rejected` too: `line`, `column_name`,
    `reason`, `raw` and `origin` of what is to be quarantined; a line with two bad values is there twice. AsofError when loaded
    and quarantined lines do not add up to `received`, or when the same rows have landed before; then nothing has changed.
    """
    lines = con.execute(f"select count(distinct line) from {rejected}").fetchall()[0][0] if rejected else 0
    known = f'min("{source.known_at}"), max("{source.known_at}")' if source.known_at else "max(null), max(null)"
    with _one_at_a_time:
        con.execute("begin")
        try:
            number = con.execute("select coalesce(max(landing_number), 0) + 1 from ledger.batches").fetchall()[0][0]
            now = datetime.now(UTC).replace(tzinfo=None)
            loaded = con.execute(
                f"insert into {source.relation} by name select *, ? as _batch_id, ?::timestamp as _landed_at, "
                f"?::bigint as _landing_number from {good}",
                [file.batch_id, now, number],
            ).fetchall()[0][0]
            if loaded + lines != received:
                raise AsofError(
                    f"is refused: {received} rows were received, but {loaded} were read and {lines} rejected; "
                    "its structure cannot be trusted"
                )
            if loaded and not source.key and not source.repeats and (same := same_rows(con, source, good, loaded, number)):
                raise AsofError(
                    f"holds the very rows of {same}, which has landed: remove it, or declare `repeats: true` in "
                    f"{source.declared_in} if the same rows may come again"
                )
            span = con.execute(f"select {known} from {good}").fetchall()[0]
            batch = Batch(*astuple(file), received, loaded, lines, *span, clock, now, number)
            _append(con, "batches", [astuple(batch)], [field.name for field in fields(Batch)])
            if rejected:
                con.execute(
                    f"insert into ledger.quarantine by name select ? as batch_id, ? as source, ? as file, line, column_name, "
                    f"reason, raw, origin, ?::timestamp as landed_at from {rejected} order by line, column_name",
                    [file.batch_id, file.source, file.file, now],
                )
            con.execute("commit")
        except BaseException:
            undo(con)
            raise
        journal.note(con, "batch", batch.batch_id, batch.file, clock, soon=True)
    return batch


def quarantine(con: duckdb.DuckDBPyConnection, file: File, lines: Sequence[Quarantined], now: datetime) -> None:
    """Append lines of a file to `ledger.quarantine`, within the caller's transaction where there is one."""
    columns = ["batch_id", "source", "file", "line", "column_name", "reason", "raw", "landed_at"]
    rows = [(file.batch_id, file.source, file.file, one.line, one.column, one.reason, one.raw, now) for one in lines]
    _append(con, "quarantine", rows, columns)


def changed(con: duckdb.DuckDBPyConnection, now: File, landed: str) -> str:
    """Note once, as a quarantine row without a line, that a landed file has another sha256 now; returns what to tell people."""
    reason = f"has changed after it was landed: its sha256 is {now.batch_id[:12]}, landed was {landed[:12]}; restore it"
    if not con.execute("select 1 from ledger.quarantine where batch_id = ? and file = ?", [now.batch_id, now.file]).fetchall():
        quarantine(con, now, [Quarantined(None, None, reason, None)], datetime.now(UTC).replace(tzinfo=None))
    return f"{reason}, or deliver the new content under another name"


def _append(con: duckdb.DuckDBPyConnection, table: str, rows: list[tuple], columns: list[str]) -> None:
    if rows:
        con.executemany(f"insert into ledger.{table} ({', '.join(columns)}) values ({', '.join('?' * len(columns))})", rows)

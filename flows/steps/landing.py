"""Landing: files become rows of `landing.<source>__<table>`, from the declaration of the dbt source alone.

A file is immutable and known by its sha256. It lands whole or not at all: its rows, its quarantined lines and its row
in `ledger.batches` are one transaction. A refused file stays where it is and is tried again by the next landing; files
of the same and of other sources land all the same, and then one error names everything that was refused.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from dataclasses import astuple, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from checks.landing import LandingSource, failures, landing_schema
from flows.steps.landing_read import STAGED, Received, Reject, read
from flows.steps.warehouse import undo
from ml.errors import AsofError

# Rows that Pandera sees at a time: bounds memory, and is large enough for its fixed cost to vanish.
CHUNK = 100_000


@dataclass(frozen=True)
class Batch:
    """A landed file: one row of `ledger.batches`. All times are UTC without a zone."""

    batch_id: str
    source: str
    file: str
    bytes: int
    modified_ns: int
    rows_received: int
    rows_loaded: int
    rows_quarantined: int
    known_from: datetime | None
    known_through: datetime | None
    landed_as_of: datetime
    landed_at: datetime


class LandingRefused(AsofError):
    """Files were refused. `refusals` holds a line for each, `batches` are those that landed in the same call."""

    def __init__(self, batches: list[Batch], refusals: list[str]) -> None:
        # A folder full of bad files must still be a line that people read.
        more = f"; and {len(refusals) - 5} more refused files" if len(refusals) > 5 else ""
        super().__init__("; ".join(refusals[:5]) + more)
        self.batches, self.refusals = batches, refusals


Progress = Callable[[Batch], None]
# Looks at the staged rows that are good so far (`SQL after from`), and returns those that are not.
Check = Callable[[duckdb.DuckDBPyConnection, str], list[Reject]]


def land(
    con: duckdb.DuckDBPyConnection,
    source: LandingSource,
    folder: Path,
    clock: datetime,
    progress: Progress | None = None,
) -> list[Batch]:
    """Land the new files of one source below the landing folder; see `land_all`."""
    return land_all(con, [source], folder, clock, progress)


def land_all(
    con: duckdb.DuckDBPyConnection,
    sources: Iterable[LandingSource],
    folder: Path,
    clock: datetime,
    progress: Progress | None = None,
    check: Check | None = None,
) -> list[Batch]:
    """Land the new files of all sources, as of `clock` (UTC, naive); returns the batches that landed.

    What is landed already lands no more. `con` must not be inside a transaction. `progress` is called with each batch.
    `check` refuses rows for what the declaration cannot say.
    LandingRefused lists the bad files, after all others have landed.
    """
    batches: list[Batch] = []
    refusals: list[str] = []
    sources = list(sources)
    ensure_tables(con, sources)
    landed = _recorded(con)
    for source in sources:
        recorded = landed.get(source.name, {})
        digests = {batch_id for batch_id, _, _ in recorded.values()}
        try:
            paths = _listing(source, folder)
        except AsofError as error:
            refusals.append(str(error))
            continue
        for entry in paths:
            name = Path(entry.path).relative_to(folder).as_posix()
            stat = entry.stat()
            # The cheap look: a file that did not change is not even read, so a landing costs what is new.
            if name in recorded and recorded[name][1:] == (stat.st_size, stat.st_mtime_ns):
                continue
            try:
                batch = _land_file(con, source, Path(entry.path), name, clock, recorded.get(name), digests, check)
            except AsofError as error:
                refusals.append(f"{name} {error}")
                continue
            if batch:
                digests.add(batch.batch_id)
                batches.append(batch)
                if progress:
                    progress(batch)
    if refusals:
        raise LandingRefused(batches, refusals)
    return batches


def verify_landed(con: duckdb.DuckDBPyConnection, folder: Path) -> int:
    """Read every landed file that still exists; returns how many are as they were, AsofError names the others."""
    changed, same = [], 0
    for source, file, batch_id in con.execute("select source, file, batch_id from ledger.batches order by all").fetchall():
        path = folder / file
        if not path.exists():
            continue
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if digest == batch_id:
            same += 1
        else:
            changed.append(f"{file} {_quarantine_file(con, source, file, digest, batch_id)}")
    if changed:
        raise AsofError("; ".join(changed))
    return same


def ensure_tables(con: duckdb.DuckDBPyConnection, sources: list[LandingSource]) -> None:
    """Create the landed tables, empty, so that staging builds before the first file; refuse one of another shape."""
    con.execute("create schema if not exists landing")
    there = dict(
        con.execute(
            "select table_name, list(column_name order by column_index) from duckdb_columns() "
            "where database_name = current_database() and schema_name = 'landing' group by all"
        ).fetchall()
    )
    for source in sources:
        columns = [*(column.name for column in source.columns), "_batch_id", "_line", "_landed_at"]
        found = there.get(source.relation.removeprefix("landing."))
        if found is None:
            types = [f'"{one.name}" {one.data_type}{" not null" if one.required else ""}' for one in source.columns]
            types += ["_batch_id varchar not null", "_line bigint not null", "_landed_at timestamp not null"]
            con.execute(f"create table {source.relation} ({', '.join(types)})")
        elif found != columns:
            raise AsofError(
                f"{source.relation} has columns {', '.join(found)}, but {source.declared_in} declares "
                f"{', '.join(columns[:-3])}; alter the table or land into a new warehouse"
            )


def _recorded(con: duckdb.DuckDBPyConnection) -> dict[str, dict[str, tuple[str, int, int]]]:
    """What is landed: by source and file its sha256, size and time of modification."""
    recorded: dict[str, dict[str, tuple[str, int, int]]] = {}
    for source, file, *seen in con.execute("select source, file, batch_id, bytes, modified_ns from ledger.batches").fetchall():
        recorded.setdefault(source, {})[file] = tuple(seen)
    return recorded


def _listing(source: LandingSource, folder: Path) -> list[os.DirEntry]:
    """The files of a source, by name. A declared path that ends like its format is one file, any other is a folder."""
    where, ending = folder / source.path, f".{source.format}"
    single = source.path.endswith(ending)
    parent = where.parent if single else where
    if not parent.is_dir() or (single and not where.is_file()):
        raise AsofError(f"{source.path} of {source.name} is missing below {folder}; deliver it or correct {source.declared_in}")
    with os.scandir(parent) as entries:
        # Hidden files are still being written: they get their name when they are whole.
        found = [
            one for one in entries if one.is_file() and not one.name.startswith(".") and (not single or one.name == where.name)
        ]
    if strange := sorted(one.name for one in found if not one.name.endswith(ending)):
        raise AsofError(f"{source.path} of {source.name} holds {', '.join(strange)}, not named *{ending}; rename or remove it")
    return sorted(found, key=lambda one: one.name)


def _land_file(
    con: duckdb.DuckDBPyConnection, source: LandingSource, path: Path, name: str, clock: datetime,
    recorded: tuple[str, int, int] | None, digests: set[str], check: Check | None,
) -> Batch | None:  # fmt: skip
    before, data = path.stat(), path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    if recorded and recorded[0] != digest:
        raise AsofError(_quarantine_file(con, source.name, name, digest, recorded[0]))
    if digest in digests:
        return None
    received = read(con, source, path, data)
    if received.rows == 0:
        raise AsofError("has a header and no rows; remove it or deliver it again")
    if path.stat().st_mtime_ns != before.st_mtime_ns:
        raise AsofError("changed while it was read; write it under another name and rename it")
    rejects = received.rejects + _failing(con, source)
    rejects += _misplaced(con, source, rejects, clock)
    rejects += check(con, f"{STAGED} where {_except(rejects)}") if check else []
    bad = {reject.line for reject in rejects}
    if len(bad) > source.max_rejected_share * received.rows:
        first = min(rejects, key=lambda reject: reject.line)
        raise AsofError(
            f"is refused: {len(bad)} of {received.rows} rows are bad, more than the declared share of "
            f"{source.max_rejected_share:g}; the first is line {first.line}"
            f"{f', column {first.column}' if first.column else ''}: {first.reason}; correct the file"
        )
    now = datetime.now(UTC).replace(tzinfo=None)
    return _commit(con, source, received, rejects, [digest, source.name, name, len(data), before.st_mtime_ns], clock, now)


def _failing(con: duckdb.DuckDBPyConnection, source: LandingSource) -> list[Reject]:
    """The staged values that do not pass the Pandera schema."""
    schema, declared = landing_schema(source), source.arrow_schema
    columns = ", ".join(f'"{name}"' for name in declared.names)
    found = []
    for chunk in con.sql(f"select {columns}, _line from {STAGED}").to_arrow_reader(CHUNK):
        rows = pa.Table.from_batches([chunk])
        for index, column, reason in failures(rows.select(declared.names).cast(declared), schema):
            found.append(Reject(rows["_line"][index].as_py(), column, reason))
    return found


def _misplaced(con: duckdb.DuckDBPyConnection, source: LandingSource, rejects: list[Reject], clock: datetime) -> list[Reject]:
    """Of the rows that are good by themselves: not known before the clock, repeated in the file, landed already."""
    valid, key, found = (
        f"{STAGED} where {_except(rejects)}",
        ", ".join(f'"{name}"' for name in source.key),
        [],
    )
    if source.known_at:
        late = con.execute(f'select _line from {valid} and "{source.known_at}" >= ?', [clock]).fetchall()
        found += [Reject(line, source.known_at, f"is not before the clock, {clock}") for (line,) in late]
    if source.key:
        again = con.execute(
            f"select unnest(list_sort(list(_line))[2:]), 'is repeated in the file' from {valid} "
            f"group by {key} having count(*) > 1 "
            f"union all select _line, 'is landed already' from (from {valid}) semi join {source.relation} using ({key})"
        ).fetchall()
        found += [Reject(line, ", ".join(source.key), f"the key {reason}") for line, reason in again]
    return found


def _except(rejects: list[Reject]) -> str:
    lines = sorted({reject.line for reject in rejects})
    return f"_line not in ({', '.join(map(str, lines))})" if lines else "true"


def _commit(
    con: duckdb.DuckDBPyConnection, source: LandingSource, received: Received, rejects: list[Reject], head: list,
    clock: datetime, now: datetime,
) -> Batch:  # fmt: skip
    known = f'min("{source.known_at}"), max("{source.known_at}")' if source.known_at else "null, null"
    good, quarantined = _except(rejects), len({reject.line for reject in rejects})
    con.execute("begin")
    try:
        loaded = con.execute(
            f"insert into {source.relation} by name "
            f"select *, ? as _batch_id, ?::timestamp as _landed_at from {STAGED} where {good}",
            [head[0], now],
        ).fetchall()[0][0]
        if loaded + quarantined != received.rows:
            raise AsofError(
                f"is refused: {received.rows} rows were received, but {loaded} were read and {quarantined} rejected; "
                f"look for a quote that is not closed"
            )
        known_from, known_through = con.execute(f"select {known} from {STAGED} where {good}").fetchone()
        batch = Batch(*head, received.rows, loaded, quarantined, known_from, known_through, clock, now)
        columns = [field.name for field in fields(Batch)]
        con.execute(
            f"insert into ledger.batches ({', '.join(columns)}) values ({', '.join('?' * len(columns))})",
            astuple(batch),
        )
        _quarantine(con, [(*head[:3], r.line, r.column, r.reason, received.raw(r.line), now) for r in rejects])
        con.execute("commit")
    except BaseException:
        undo(con)
        raise
    return batch


def _quarantine(con: duckdb.DuckDBPyConnection, rows: list[tuple]) -> None:
    if rows:
        con.executemany(
            "insert into ledger.quarantine (batch_id, source, file, line, column_name, reason, raw, landed_at) "
            "values (?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )


def _quarantine_file(con: duckdb.DuckDBPyConnection, source: str, file: str, digest: str, landed: str) -> str:
    """Note once, as a quarantine row without a line, that a landed file has changed; returns what to tell people."""
    reason = f"has changed after it was landed: its sha256 is {digest[:12]}, landed was {landed[:12]}; restore it"
    if not con.execute("select 1 from ledger.quarantine where batch_id = ? and file = ?", [digest, file]).fetchone():
        _quarantine(con, [(digest, source, file, None, None, reason, None, datetime.now(UTC).replace(tzinfo=None))])
    return f"{reason}, or deliver the new content under another name"

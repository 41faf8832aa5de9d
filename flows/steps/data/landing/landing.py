"""Landing: files become rows of `landing.<source>__<table>`, from the declaration of the dbt source alone.

A file is immutable and known by its sha256. It lands whole or not at all: its rows, its quarantined lines and its row
in `ledger.batches` are one transaction. A refused file stays where it is and is tried again by the next landing; files
of the same and of other sources land all the same, and then one error names everything that was refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import islice
from pathlib import Path

import duckdb
import pyarrow as pa

from checks.known_at import in_order
from checks.landing import LandingSource
from flows.steps.data.landing import files as landing_files
from flows.steps.data.landing.landed import Batch, commit, ensure_tables, recorded
from flows.steps.data.landing.pending import Pending, Staging
from flows.steps.data.landing.read import Reader, Reject, Stage
from flows.steps.data.landing.stage import REJECTS, Waits, refuse_beyond_share, wait_beyond_share
from flows.store import purges
from ml.errors import AsofError

# Texts of rejected lines that are written at a time.
CHUNK = 10_000
RAW = "create or replace temp table landing_raw (line bigint, raw varchar, origin varchar)"


class LandingRefused(AsofError):
    """Files were refused. `refusals` holds a line for each, `batches` are those that landed in the same call.

    `delivered`: some of them came from a feed, so what it says of this time is not complete.
    """

    def __init__(self, batches: list[Batch], refusals: list[str], delivered: bool = False) -> None:
        # A folder full of bad files must still be a line that people read.
        more = f"; and {len(refusals) - 5} more refused files" if len(refusals) > 5 else ""
        super().__init__("; ".join(refusals[:5]) + more)
        self.batches, self.refusals, self.delivered = batches, refusals, delivered


Progress = Callable[[Batch], None]
# By line of a file of a source: where people find what was delivered there.
Origin = Callable[[LandingSource, str, list[int]], Mapping[int, str]]
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
    waits: Callable[[str], None] = lambda line: None,
    origin: Origin = lambda source, file, lines: {},
) -> list[Batch]:
    """Land the new files of all sources, as of `clock` (UTC, naive); returns the batches that landed.

    A file of which too many rows are known at the clock or later waits where it is: `waits` hears of it.

    What is landed already lands no more. `con` must not be inside a transaction. `progress` is called with each batch.
    `check` refuses rows for what the declaration cannot say. `origin` says of rejected lines where they were taken from.
    LandingRefused lists the bad files, after all others have landed.
    """
    batches: list[Batch] = []
    refusals: list[str] = []
    delivered = False
    sources = in_order(list(sources))
    ensure_tables(con, sources)
    there, purged = recorded(con), purges.refused(con)
    for source in sources:
        pending = Pending(con, source, folder, clock, there.get(source.name, {}))
        try:
            files = landing_files.listing(source, folder)
        except AsofError as error:
            refusals.append(str(error))
            continue
        for found, staging in pending.each(files):
            try:
                batch = _land_file(con, source, staging, clock, check, origin, purged)
            except Waits as file:
                waits(landing_files.one_line(f"{found.name} {file}"))
                continue
            except AsofError as error:
                refusals.append(landing_files.one_line(f"{found.name} {error}"))
                delivered |= source.feed is not None
                continue
            if batch:
                pending.digests.add(batch.batch_id)
                batches.append(batch)
                if progress:
                    progress(batch)
    if refusals:
        raise LandingRefused(batches, refusals, delivered)
    return batches


def _land_file(
    con: duckdb.DuckDBPyConnection, source: LandingSource, staging: Staging, clock: datetime, check: Check | None, origin: Origin,
    purged: list[purges.Refused],
) -> Batch | None:  # fmt: skip
    if isinstance(staging, AsofError):
        raise staging
    if staging is None or (staged := staging()) is None:
        return None
    file, reader, stage = staged
    if check:
        stage.reject(check(con, f"{stage.rows} where true"))
    wait_beyond_share(stage, reader.received)
    found = stage.result()
    refuse_beyond_share(stage, found, reader.received, lambda line: origin(source, file.file, [line]).get(line))
    if found.quarantined:
        _keep_raw(con, reader, stage, origin(source, file.file, stage.lines()))
    kept_out = purges.again(con, purged, source.relation, source.known_at, f"{stage.rows} where true") if purged else []
    if kept_out:  # after their texts were kept: of these nothing is
        if not found.quarantined:
            con.execute(RAW)
        stage.reject(Reject(line, None, purges.REASON) for line in kept_out)
    rejected = f"{REJECTS} left join temp.landing_raw using (line)" if found.quarantined or kept_out else None
    return commit(con, source, file, stage.good, reader.received, rejected, clock)


def _keep_raw(con: duckdb.DuckDBPyConnection, reader: Reader, stage: Stage, origins: Mapping[int, str]) -> None:
    """Put the texts of the rejected lines, and their origin, into `temp.landing_raw`; the file is read once more for them."""
    con.execute(RAW)
    # A line of which a column is personal is kept by its number alone: it stands in the file.
    personal = any(one.pii for one in stage.source.columns)
    texts = ((line, None) for line in stage.lines()) if personal else reader.raw(stage.lines())
    while some := list(islice(texts, CHUNK)):
        lines, raw = zip(*some, strict=True)
        texts_of = {"line": pa.array(lines, pa.int64()), "raw": pa.array(raw, pa.string()),
                    "origin": pa.array([origins.get(line) for line in lines], pa.string())}  # fmt: skip
        con.register("landing_texts", pa.table(texts_of))
        con.execute("insert into temp.landing_raw from landing_texts")
        con.unregister("landing_texts")

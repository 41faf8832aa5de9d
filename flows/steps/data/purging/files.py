"""The person's records in the files of the landing folder: found by what they hold, left out of the file that takes its place."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import duckdb
import pyarrow.parquet as pq

from checks.landing import LandingSource
from flows.runtime import settings
from flows.runtime.orphans import remove_orphans, unfinished
from flows.steps.data import landing_zone
from flows.steps.data.feeds.archive import ARCHIVE
from flows.steps.data.landing import files as landing_files
from flows.steps.data.landing.csv_files import CsvReader
from flows.steps.data.landing.read import reader_of
from flows.steps.data.landing.stage import STAGED, Stage
from flows.steps.data.purging.plan import VALUES, Plan
from flows.steps.data.verifying import ORDER
from flows.store import ledger
from ml.errors import AsofError

ENDING = "purged"


def rewrite(con: duckdb.DuckDBPyConnection, found: Plan) -> dict[str, int]:
    """Leave the person out of every file of the sources; returns the files that were written anew or removed, with how many.

    What is looked at is what the files hold, so that who was killed goes on by the same call. A file that holds nobody else is
    removed. The ledger learns of the new sha256 before the file gets its name: verifying and landing take it for the landed one.
    AsofError names a file that cannot be read; those before it are done.
    """
    conditions = {place.name: place.condition for place in found.places}
    changed: dict[str, int] = {}
    for source in landing_zone.sources():
        if source.relation not in conditions:
            continue
        for folder in _folders(source):
            for one in _listed(source, folder):
                lines = _lines(con, source, one, folder, conditions[source.relation])
                if lines:
                    _replace(con, source, one, folder, lines)
                    changed[one.path.relative_to(settings.landing_folder()).as_posix()] = len(lines)
    return changed


def _folders(source: LandingSource) -> Iterator[Path]:
    """Where files of a source lie: the landing folder, and the archive that a feed delivers from, whose index is made anew."""
    yield settings.landing_folder()
    archive = settings.landing_folder() / ARCHIVE
    if (archive / source.path).exists():
        (archive / source.path).with_name(f".{source.table}.archive").unlink(missing_ok=True)
        yield archive


def _listed(source: LandingSource, folder: Path) -> list[landing_files.Found]:
    with suppress(AsofError):  # nothing was delivered yet
        return [one for one in landing_files.listing(source, folder) if one.refusal is None and one.size]
    return []


def _lines(
    con: duckdb.DuckDBPyConnection, source: LandingSource, one: landing_files.Found, folder: Path, condition: str
) -> set[int]:
    """The lines of a file that are the person's: by the key of what can be read, by the text of what cannot."""
    with landing_files.opened(one, folder) as handle:
        try:
            reader = reader_of(source, handle)
            stage, bad = Stage(con, source), []
            for rows, rejects in reader.blocks():
                stage.add(rows)
                bad += [reject.line for reject in rejects]
            lines = (
                {line for (line,) in con.execute(f"select _line from {STAGED} where {condition}").fetchall()}
                if stage.blocks
                else set()
            )
            if bad:
                values = [value for (value,) in con.execute(f"select distinct value from {VALUES} where value <> ''").fetchall()]
                named = re.compile("|".join(rf"(?<![0-9A-Za-z_]){re.escape(value)}(?![0-9A-Za-z_])" for value in values))
                lines |= {line for line, text in reader.raw(sorted(set(bad))) if named.search(text)}
        except AsofError as error:
            raise AsofError(
                f"{one.path} {error}; whether it holds the person cannot be said: mend or remove it, and purge again"
            ) from error
    return lines


def _replace(
    con: duckdb.DuckDBPyConnection, source: LandingSource, one: landing_files.Found, folder: Path, lines: set[int]
) -> None:
    target = one.path.resolve()
    remove_orphans(target, ENDING)
    fresh = unfinished(target, ENDING)
    try:
        with landing_files.opened(one, folder) as handle, fresh.open("wb") as out:
            left = _without(source, handle, out, lines)
            out.flush()
            os.fsync(out.fileno())
        if not left:
            target.unlink()
            return
        fresh.chmod(target.stat().st_mode)
        os.utime(fresh, ns=(one.modified_ns, one.modified_ns))
        if folder == settings.landing_folder():
            _record(con, source, one, fresh)
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)


def _record(con: duckdb.DuckDBPyConnection, source: LandingSource, one: landing_files.Found, fresh: Path) -> None:
    """Write to the ledger which bytes the landed file has from now on."""
    batch = con.execute("select batch_id from ledger.batches where source = ? and file = ?", [source.name, one.name]).fetchall()
    if not batch:
        return
    with fresh.open("rb") as handle:
        digest = hashlib.file_digest(handle, "sha256").hexdigest()
    ledger.insert(
        con, "file_checks", [{
            "number": con.execute(ORDER).fetchall()[0][0] + 1, "batch_id": batch[0][0], "source": source.name, "file": one.name,
            "as_of": None, "bytes": fresh.stat().st_size, "modified_ns": one.modified_ns, "sha256": digest, "is_as_landed": True,
        }],
    )  # fmt: skip


def _without(source: LandingSource, handle: BinaryIO, out: BinaryIO, lines: set[int]) -> int:
    """Write a file without some records; returns how many are left."""
    if source.format == "parquet":
        return _without_rows(handle, out, lines)
    packed = source.format == "csv.gz"
    target = gzip.GzipFile(fileobj=out, filename="", mode="wb", mtime=0) if packed else out
    pieces = _lines_without if source.format == "jsonl" else _records_without
    left = 0
    for count, data in pieces(source, handle, lines):
        left += count
        target.write(data)
    if packed:
        target.close()
    return left


def _records_without(source: LandingSource, handle: BinaryIO, lines: set[int]) -> Iterator[tuple[int, bytes]]:
    header, runs = CsvReader(source, lambda: landing_files.pieces(handle, source)).split()
    yield 0, header.data
    for run in runs:
        starts, ends = run.bounds()
        kept = [at for at, line in enumerate(run.lines) if line not in lines]
        yield len(kept), run.data if len(kept) == len(run) else b"".join(run.data[starts[at] : ends[at]] for at in kept)


def _lines_without(source: LandingSource, handle: BinaryIO, lines: set[int]) -> Iterator[tuple[int, bytes]]:
    rest, number = b"", 0
    for piece in landing_files.pieces(handle, source):
        *whole, rest = (rest + piece).split(b"\n")
        kept = []
        for line in whole:
            number += 1
            kept += [line + b"\n"] if number not in lines else []
        yield sum(bool(line.strip()) for line in kept), b"".join(kept)
    if rest.strip() and number + 1 not in lines:
        yield 1, rest


def _without_rows(handle: BinaryIO, out: BinaryIO, lines: set[int]) -> int:
    handle.seek(0)
    file, first, left = pq.ParquetFile(handle), 1, 0
    with pq.ParquetWriter(out, file.schema_arrow, write_page_checksum=True) as writer:
        for batch in file.iter_batches():
            kept = batch.take([at for at in range(len(batch)) if first + at not in lines])
            first, left = first + len(batch), left + len(kept)
            writer.write_batch(kept)
    return left


def still_there(words: Iterable[str], folder: Path) -> list[Path]:
    """The files of a folder whose bytes hold one of these texts; short ones are not looked for, they are in everything."""
    sought = [one.encode() for one in words if len(one) >= 4]
    return [file for file in sorted(folder.rglob("*")) if file.is_file() and any(one in file.read_bytes() for one in sought)]

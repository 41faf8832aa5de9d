"""The records of one archived source in the order in which they were known, in a hidden file beside its files.

Each file is read once, in pieces, and DuckDB sorts: the past may be larger than memory, and a tick costs what it delivers. The
index is made again when the files or what is declared of them have changed, and may be deleted at any time.
"""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import os
from collections.abc import Collection, Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from checks.landing import LandingSource
from flows.runtime import settings
from flows.runtime.sql_text import quoted
from flows.steps.data.feeds.archive_reading import FILE, KNOWN, LINE, Block, blocks
from flows.steps.data.landing.stage import reading
from ml.errors import AsofError

# Rows that are written at a time; and what this file is made by, in case it changes.
CHUNK, FORM = 50_000, "2"
# The records of a window, in the order of the table, which is that of known_at.
WITHIN = f"from records where {KNOWN} >= ? and {KNOWN} < ?"


def files(source: LandingSource, folder: Path) -> list[Path]:
    """The files of a source in its archive, by name; AsofError for one that has another ending."""
    ending = f".{source.format}"
    if folder.name.endswith(ending):
        return [folder]
    found = sorted(one for one in folder.glob("*") if not one.name.startswith(".") and (one.is_file() or one.suffix))
    if other := next((one for one in found if not one.name.endswith(ending)), None):
        raise AsofError(f"{other} is not named *{ending}, as {source.name} is declared; rename or remove it")
    return found


class Index:
    """The records of a source, each with when it was known; `others` are the indexes of sources that it may ask for that.

    With `keyed`, its keys stand beside its records, for sources that ask it.
    """

    def __init__(self, source: LandingSource, folder: Path, others: Mapping[str, Index], keyed: bool = False) -> None:
        self.source, self.folder = source, folder
        self._keys = {f"_asof_key_{name}": name for name in source.key} if keyed else {}
        if source.path.endswith(f".{source.format}"):
            raise AsofError(
                f"{source.declared_in}: {source.name} is delivered in files, so its path is a folder, not {source.path}"
            )
        self.asked = others.get(source.made.of) if source.made and source.made.of else None
        if source.made and source.made.of and not self.asked:
            raise AsofError(
                f"{source.declared_in}: {source.name} is known by {source.made.of}, which is in no archive; "
                "declare `feed: archive` there as well"
            )
        self.file = folder.parent / f".{source.table}.archive"
        if self._sealed() != self.seal:
            self._make()

    @cached_property
    def seal(self) -> str:
        """What the index was made of: it changes with the files and with the declaration."""
        found = [(one.name, one.stat().st_size, one.stat().st_mtime_ns) for one in files(self.source, self.folder)]
        of = self.asked.seal if self.asked else ""
        return hashlib.sha256(
            repr((FORM, dataclasses.replace(self.source, declared_in=""), self._keys, found, of)).encode()
        ).hexdigest()

    @cached_property
    def span(self) -> tuple[datetime, datetime] | None:
        """When the first and the last record was known; None where there is none."""
        first, last = self._con.execute(f"select min({KNOWN}), max({KNOWN}) from records").fetchall()[0]
        return (first, last) if first else None

    def write(self, path: Path, start: datetime, end: datetime) -> bool:
        """Write the records known in [start, end) as a file; False, and nothing is written, where there are none."""
        if not self._con.execute(f"select exists ({WITHIN})", [start, end]).fetchall()[0][0]:
            return False
        rows = self._con.sql(f"select * exclude ({', '.join([KNOWN, FILE, LINE, *self._keys])}) {WITHIN}", params=[start, end])
        save = _save_parquet if self.source.format == "parquet" else self._save_text
        save(rows.to_arrow_reader(CHUNK), path)
        return True

    def origin(self, start: datetime, end: datetime, lines: Collection[int]) -> dict[int, tuple[str, int]]:
        """By line of the file that is written for [start, end): the file of the archive, and the line there."""
        text = self.source.format != "parquet"
        at = 1 + (self._header().count(b"\n") if text else 0)
        wanted, found = sorted({one for one in lines if one >= at}, reverse=True), {}
        rows = self._con.sql(f"select {FILE}, {LINE}{', text' if text else ''} {WITHIN}", params=[start, end])
        for batch in rows.to_arrow_reader(CHUNK):
            file, line, *texts = (batch.column(place).to_pylist() for place in range(batch.num_columns))
            breaks = [max(1, one.count(b"\n")) for one in texts[0]] if text else [1] * len(file)
            for where, number, length in zip(file, line, breaks, strict=True):
                at += length
                while wanted and wanted[-1] < at:
                    found[wanted.pop()] = (where, number)
            if not wanted:
                break
        return found

    def _header(self) -> bytes:
        return self._con.cursor().execute("select header from seal").fetchall()[0][0]

    def _save_text(self, rows: pa.RecordBatchReader, path: Path) -> None:
        header = self._header()
        with path.open("wb") as handle:
            packed = self.source.format == "csv.gz"
            # Neither a name nor a time in the packed file: the same records are the same bytes.
            out = gzip.GzipFile(fileobj=handle, filename="", mode="wb", mtime=0) if packed else handle
            out.write(header)
            for batch in rows:
                out.write(b"".join(batch.column(0).to_pylist()))
            if packed:
                out.close()

    @cached_property
    def _con(self) -> duckdb.DuckDBPyConnection:
        return _connect(self.file, read_only=True)

    def _sealed(self) -> str | None:
        try:
            return self._con.execute("select seal from seal").fetchall()[0][0] if self.file.exists() else None
        except duckdb.Error:
            return None

    def _make(self) -> None:
        """Write the index under another name, then rename it: under its name it is whole."""
        if "_con" in self.__dict__:
            self.__dict__.pop("_con").close()
        unfinished = self.file.with_name(f"{self.file.name}.{os.getpid()}.part")
        unfinished.unlink(missing_ok=True)
        try:
            unfinished.parent.mkdir(parents=True, exist_ok=True)
            with _connect(unfinished) as con:
                self._fill(con)
            unfinished.replace(self.file)
        finally:
            unfinished.unlink(missing_ok=True)

    def _fill(self, con: duckdb.DuckDBPyConnection) -> None:
        header = None
        if self.asked:
            con.execute(f"attach {quoted(str(self.asked.file))} as asked (read_only)")
        for file in files(self.source, self.folder):
            for block in blocks(self.source, file):
                if header not in (None, block.header):
                    raise AsofError(f"{self.folder}: its files have different headers; write them alike")
                self._add(con, file.name, block, f"{'create table found as' if header is None else 'insert into found'}")
                header = block.header
        con.execute("create table seal as select ?::varchar as seal, ?::blob as header", [self.seal, header or b""])
        if header is None:
            con.execute(f"create table records ({KNOWN} timestamp)")
        else:
            self._sort(con)

    def _add(self, con: duckdb.DuckDBPyConnection, file: str, block: Block, into: str) -> None:
        """The records of a block, each with its known_at as landing would read it, and with its key."""
        names = [one.name for one in self.source.columns]
        made, used = self.source.made, {*self._keys.values(), self.source.known_at}
        if made:
            used |= {*made.uses(names)}
        if made and self.asked:
            keys = ", ".join(f'{key} as "{name}"' for key, name in self.asked._keys.items())
            made = dataclasses.replace(made, relation=f"(select {keys}, {KNOWN} from asked.records)", instant=KNOWN)
        columns = tuple(one for one in self.source.columns if one.name in used)
        if lacking := [one.name for one in columns if one.name not in block.values.column_names]:
            raise AsofError(
                f"{self.folder}: its files lack the column {lacking[0]}, which says when a record was known or whose it is"
            )
        read = reading(dataclasses.replace(self.source, columns=columns, made=made), block.values.schema)
        con.register("landing_rows", block.values)
        con.register("written", block.written)
        keys = "".join(f', said."{name}" as {key}' for key, name in self._keys.items())
        # Where every record has values, they stand in the same order: no need to look for them.
        all_there = len(block.values) == len(block.written) and not self.asked
        beside = f"positional join ({read}) as said"
        behind = f"left join ({read}) as said on said._line = written.{LINE} order by written.{LINE}"
        con.execute(
            f'{into} select written.*, {quoted(file)} as {FILE}{keys}, said."{self.source.known_at}" as {KNOWN} '
            f"from written {beside if all_there else behind}"
        )
        con.unregister("landing_rows")
        con.unregister("written")

    def _sort(self, con: duckdb.DuckDBPyConnection) -> None:
        """By known_at, then as they stand in the files; what says none that can be read comes with the record before it."""
        known = KNOWN
        if con.execute(f"select exists (from found where {KNOWN} is null)").fetchall()[0][0]:
            before = f"last_value({KNOWN} ignore nulls) over (order by rowid rows unbounded preceding)"
            known = f"coalesce({before}, (select {KNOWN} from found where {KNOWN} is not null order by rowid limit 1))"
        con.execute(
            "create table records as select * exclude (_at) "
            f"from (select * replace ({known} as {KNOWN}), rowid as _at from found) "
            f"order by {KNOWN}, _at"
        )
        con.execute("drop table found")


def _save_parquet(rows: pa.RecordBatchReader, path: Path) -> None:
    with pq.ParquetWriter(path, rows.schema, write_page_checksum=True) as writer:
        for batch in rows:
            writer.write_batch(batch)


def _connect(file: Path, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(
        str(file), read_only=read_only, config={"memory_limit": settings.memory(), "threads": settings.threads()}
    )
    con.execute("set TimeZone = 'UTC'")
    return con

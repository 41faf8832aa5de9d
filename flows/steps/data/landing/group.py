"""Many small files of one source are staged by one statement: planning it costs more than reading one of them.

Each file still lands by itself. A file of a group takes the short way only where nothing at all is wrong with it.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import duckdb
import pyarrow as pa

from checks.landing import LandingSource
from flows.steps.data.landing.files import Found
from flows.steps.data.landing.landed import File
from flows.steps.data.landing.read import Reader, Stage, reader_of
from flows.steps.data.landing.stage import Reject, Staged, reading

GROUP = "temp.landing_group"
SMALL, MOST, FILES = 64 * 1024, 8 * 1024 * 1024, 256


@dataclass(frozen=True)
class SmallFile:
    """A file that was read at once: its rows are not looked at yet."""

    found: Found
    file: File
    reader: Reader
    rows: pa.Table
    rejects: list[Reject]


def groups(files: Iterable[Found], packed: bool) -> Iterator[list[Found]]:
    """The files in order, small ones together. A packed file says nothing of its size."""
    group, size = [], 0
    for found in files:
        small = found.refusal is None and found.size <= SMALL and not packed
        if group and (not small or len(group) == FILES or size + found.size > MOST):
            yield group
            group, size = [], 0
        if small:
            group.append(found)
            size += found.size
        else:
            yield [found]
    if group:
        yield group


def small_file(source: LandingSource, found: Found, file: File, data: bytes) -> SmallFile:
    """The rows of a small file; AsofError says why it is no such file."""
    reader = reader_of(source, io.BytesIO(data))
    blocks = list(reader.blocks())
    rejects = [reject for _, some in blocks for reject in some]
    return SmallFile(found, file, reader, pa.concat_tables([rows for rows, _ in blocks]) if blocks else pa.table({}), rejects)


class Group:
    """Small files of one source whose columns came in the same types, staged together."""

    def __init__(self, con: duckdb.DuckDBPyConnection, source: LandingSource, files: list[SmallFile], clock: datetime) -> None:
        self.con, self.source, self.clock = con, source, clock
        numbers = [pa.array([at] * len(file.rows), pa.int64()) for at, file in enumerate(files)]
        rows = pa.concat_tables([file.rows.append_column("_file", number) for file, number in zip(files, numbers, strict=True)])
        con.register("landing_rows", rows)
        con.execute(
            f"create or replace temp table {GROUP.removeprefix('temp.')} as {reading(source, rows.schema, '_line, _file')}"
        )
        con.unregister("landing_rows")
        self.well = self._well()

    def stage(self, at: int, file: SmallFile) -> Stage:
        """The stage of one file of the group, finished."""
        if at in self.well and not file.rejects:
            rows = f"(select * exclude (_file) from {GROUP} where _file = {at})"
            return Stage(self.con, self.source, rows, self.well[at])
        stage = Stage(self.con, self.source)
        stage.take(f"select * exclude (_file) from {GROUP} where _file = {at}")
        stage.reject(file.rejects)
        stage.finish(self.clock)
        return stage

    def _well(self) -> dict[int, Staged]:
        """The files without any reject, late row, or key that stands twice in the group or is landed already."""
        known = f'"{self.source.known_at}"' if self.source.known_at else "null::timestamp"
        counted = self.con.execute(
            f"select _file, count(*), min({known}), max({known}) from {GROUP} "
            f"group by _file having count(_rejected) = 0 and coalesce(max({known}) < ?, true)",
            [self.clock],
        ).fetchall()
        well = {file: Staged(rows, 0, first, last) for file, rows, first, last in counted}
        key = ", ".join(f'"{name}"' for name in self.source.key)
        if key:
            doubtful = self.con.execute(
                f"select distinct _file from (select _file, count(*) over (partition by {key}) as times from {GROUP}) "
                "where times > 1 "
                f"union select distinct _file from {GROUP} semi join {self.source.relation} using ({key})"
            ).fetchall()
            for (file,) in doubtful:
                well.pop(file, None)
        return well

"""The files of a source that are not landed yet, each with what reads and stages it once it is its turn."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from checks.landing import LandingSource
from flows.steps.data.landing import files as landing_files
from flows.steps.data.landing import group as landing_group
from flows.steps.data.landing.files import Found
from flows.steps.data.landing.group import Group, SmallFile
from flows.steps.data.landing.landed import File, changed
from flows.steps.data.landing.read import Reader, Stage, read, refuse_without_rows
from ml.errors import AsofError

# What stages a file; or why it is refused; or None where its bytes are landed.
Staging = Callable[[], tuple[File, Reader, Stage] | None] | AsofError | None


class Pending:
    """One source in one landing: what is recorded of it, and which bytes have landed."""

    def __init__(
        self, con: duckdb.DuckDBPyConnection, source: LandingSource, folder: Path, clock: datetime,
        landed: dict[str, tuple[str, int, int]],
    ) -> None:  # fmt: skip
        self.con, self.source, self.folder, self.clock, self.landed = con, source, folder, clock, landed
        self.digests = {digest for digest, _, _ in landed.values()}
        # A file that a purge has written anew has landed with the bytes that it had before, too.
        before = con.execute("select batch_id from ledger.batches where source = ?", [source.name]).fetchall() if landed else []
        self.digests |= {digest for (digest,) in before}

    def each(self, files: Iterable[Found]) -> Iterator[tuple[Found, Staging]]:
        """The files that are new or refused, in order. Several small ones share a stage, a large one is read by itself."""
        new = [found for found in files if not self._unchanged(found)]
        for group in landing_group.groups(new, packed=self.source.format == "csv.gz"):
            yield from self._several(group) if len(group) > 1 else self._single(group[0])

    def _unchanged(self, found: Found) -> bool:
        # The cheap look: a file that did not change is not even read, so a landing costs what is new.
        seen = self.landed.get(found.name)
        return found.refusal is None and bool(seen) and seen[1:] == (found.size, found.modified_ns)

    def _single(self, found: Found) -> Iterator[tuple[Found, Staging]]:
        try:
            landing_files.refuse(found, self.source)
            with landing_files.opened(found, self.folder) as handle:
                file = self._file(found, landing_files.digest(handle))
                if not self._is_new(file):
                    return
                reader, stage = read(self.con, self.source, handle, self.clock)
                landing_files.unchanged(handle, found)
                yield found, lambda: (file, reader, stage)
        except AsofError as error:
            yield found, error

    def _several(self, group: list[Found]) -> Iterator[tuple[Found, Staging]]:
        read = {found: self._at_once(found) for found in group}
        alike: dict[pa.Schema, list[SmallFile]] = {}
        for small in read.values():
            if isinstance(small, SmallFile):
                alike.setdefault(small.rows.schema, []).append(small)
        # Files of one source nearly always have the same columns in the same order.
        most = max(alike.values(), key=len, default=[])
        stages = Group(self.con, self.source, most, self.clock) if most else None
        places = {small.found: at for at, small in enumerate(most)}
        for found, small in read.items():
            if not isinstance(small, SmallFile):
                yield found, small
            elif found in places:
                yield found, lambda small=small, at=places[found]: self._staged(stages, at, small)
            else:
                yield from self._single(found)

    def _at_once(self, found: Found) -> SmallFile | AsofError | None:
        try:
            landing_files.refuse(found, self.source)
            with landing_files.opened(found, self.folder) as handle:
                data = handle.read()
                landing_files.unchanged(handle, found)
            file = self._file(found, hashlib.sha256(data).hexdigest())
            if not self._is_new(file):
                return None
            small = landing_group.small_file(self.source, found, file, data)
            refuse_without_rows(small.reader, self.source)
            return small
        except AsofError as error:
            return error

    def _staged(self, stages: Group, at: int, small: SmallFile) -> tuple[File, Reader, Stage] | None:
        # A file of the same group may have had the same bytes.
        return (small.file, small.reader, stages.stage(at, small)) if small.file.batch_id not in self.digests else None

    def _file(self, found: Found, digest: str) -> File:
        return File(digest, self.source.name, found.name, found.size, found.modified_ns)

    def _is_new(self, file: File) -> bool:
        """Whether these bytes are not landed yet; AsofError for a landed file that has other bytes now."""
        seen = self.landed.get(file.file)
        if seen and seen[0] != file.batch_id:
            raise AsofError(changed(self.con, file, seen[0]))
        return file.batch_id not in self.digests

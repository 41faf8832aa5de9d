"""Reading a CSV: runs of records are parsed by Arrow, every column as text; the count of records is not Arrow's."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from checks.landing import LandingSource
from flows.steps.data.landing.header import columns_of, too_long
from flows.steps.data.landing.records import BOM, Records, Splitter, has_long_line
from flows.steps.data.landing.stage import Reject
from ml.errors import AsofError

# No record is believed to be longer, whatever the declared limits come to.
RECORD = 64 * 1024 * 1024
# What a cell of a typed column may look like, loosely: see `_swallowed`.
TYPED = re.compile(r"[0-9 :.,'+\-/TZeE]*[0-9][0-9 :.,'+\-/TZeE]*")


class CsvReader:
    """The records of one CSV, in blocks; `pieces` gives the bytes of the file from its start."""

    def __init__(self, source: LandingSource, pieces: Callable[[], Iterable[bytes]]) -> None:
        self.source, self.pieces, self.received, self.names = source, pieces, 0, []

    def blocks(self) -> Iterator[tuple[pa.Table, list[Reject]]]:
        """Rows of text under their declared names, with `_line`, and the lines that are no rows. AsofError refuses the file."""
        header, runs = self.split()
        self.names = columns_of(_fields(header, self.source.delimiter), self.source)
        for run in runs:
            self.received += len(run)
            yield self.parsed(run)

    def raw(self, lines: list[int]) -> Iterator[tuple[int, str]]:
        """The text of the records that start on `lines` (in order), as it stands in the file."""
        _, runs = self.split()
        at = 0
        for run in runs:
            if not len(run):
                continue
            until = at
            while until < len(lines) and lines[until] <= run.lines[-1]:
                until += 1
            if until > at:
                yield from run.texts(lines[at:until])
            at = until
            if at == len(lines):
                return

    def split(self) -> tuple[Records, Iterator[Records]]:
        """The header and the runs of records behind it, as they are written."""
        most = min(RECORD, 4 * self.source.limits.field_characters * max(len(self.source.columns), 2))
        runs = Splitter(self.source.delimiter, most).records(self.pieces())
        header = next(runs, None)
        if header is None:
            raise AsofError("is empty; deliver it again")
        return header, runs

    def parsed(self, run: Records) -> tuple[pa.Table, list[Reject]]:
        """A run as rows of text with `_line`, and the records that are no rows."""
        data, lines, rejects = _utf8(run)
        ragged: list[tuple[int, int, bool]] = []

        def note(row: arrow_csv.InvalidRow) -> str:
            ragged.append((row.number, row.actual_columns, "\n" in row.text))
            return "skip"

        rows = _arrow(data, self.names, self.source, note)
        if len(rows) + len(ragged) != len(lines):
            raise AsofError(
                f"is refused: the lines {run.lines[0]} to {run.lines[-1]} are {len(lines)} records by their quotes, but "
                f"{len(rows) + len(ragged)} by their fields; its structure cannot be trusted"
            )
        for number, fields, spans in ragged:
            if spans:
                self._untrusted(
                    int(lines[number - 1]),
                    f"has {fields} fields and a line break in quotes, the header has {len(self.names)} fields",
                )
            rejects.append(
                Reject(int(lines[number - 1]), None, f"has {fields} fields; expected {len(self.names)}, as in the header")
            )
        kept = np.arange(lines.start, lines.stop) if isinstance(lines, range) else np.asarray(lines, np.int64)
        if ragged:
            kept = np.delete(kept, [number - 1 for number, *_ in ragged])
        rows = rows.append_column("_line", pa.array(kept, pa.int64()))
        if has_long_line(run.data, self.source.limits.field_characters):
            too_long(rows, self.source)
        if run.quotes and b"\n" in run.data and len(run) and run.data.count(b"\n") > len(run):
            self._trusted(rows)
        return rows, rejects

    def _trusted(self, rows: pa.Table) -> None:
        """Refuse the file where a line break in quotes is likely a quote that was never closed."""
        types = {one.name: one.data_type for one in self.source.columns}
        for at, name in enumerate(self.names):
            broken = pc.fill_null(pc.match_substring(rows[name], "\n"), False)
            for value, line in zip(rows[name].filter(broken).to_pylist(), rows["_line"].filter(broken).to_pylist(), strict=True):
                if types[name] != "varchar":
                    self._untrusted(line, f"has a line break in quotes in column {name}, which is no text")
                if self._swallowed(value, at, types):
                    self._untrusted(line, f"has in column {name} what reads like the rest of a line and the start of another")

    def _swallowed(self, value: str, at: int, types: dict[str, str]) -> bool:
        """Whether a field holds the end of its record and the beginning of another, by number and type of fields."""
        first, last = value.split("\n", 1)[0], value.rsplit("\n", 1)[1]
        rest, begun = first.rstrip("\r").split(self.source.delimiter)[1:], last.split(self.source.delimiter)[:-1]
        if len(rest) != len(self.names) - 1 - at or len(begun) != at:
            return False
        cells = zip([*self.names[at + 1 :], *self.names[:at]], [*rest, *begun], strict=True)
        typed = [cell for name, cell in cells if types[name] != "varchar" and cell not in ("", *self.source.null)]
        return bool(typed) and all(TYPED.fullmatch(cell) or cell.lower() in ("true", "false") for cell in typed)

    def _untrusted(self, line: int, what: str) -> None:
        raise AsofError(f"is refused: line {line} {what}; look for a quote that is not closed")


def _fields(header: Records, delimiter: str) -> list[str]:
    try:
        text = header.data.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise AsofError("is refused: its header is not UTF-8; write it as UTF-8") from error
    csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))
    # Lines as Python's csv wants them: with the line breaks that a quoted name may hold.
    return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), [])


def _utf8(run: Records) -> tuple[bytes, range | np.ndarray, list[Reject]]:
    """The bytes and lines of the records that are UTF-8, and a reject for each other."""
    if run.data.isascii() or _decodes(run.data):
        return run.data, run.lines, []
    starts, ends = run.bounds()
    texts = [run.data[start:end] for start, end in zip(starts, ends, strict=True)]
    good = np.array([text.isascii() or _decodes(text) for text in texts])
    lines = np.asarray(run.lines, np.int64)
    rejects = [Reject(int(line), None, "holds bytes that are not UTF-8; expected UTF-8") for line in lines[~good]]
    return b"".join(text for text, well in zip(texts, good, strict=True) if well), lines[good], rejects


def _decodes(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _arrow(data: bytes, names: list[str], source: LandingSource, note: Callable) -> pa.Table:
    if not data:
        return pa.table({name: pa.array([], pa.string()) for name in names})
    if not data.endswith(b"\n"):
        data += b"\n"  # without it, Arrow takes an empty last field behind a quoted one for quoted as well
    if data.startswith(BOM):
        data = (
            BOM + data
        )  # that of the file is gone already: this one is text, and Arrow would take it from the first field of a run
    return arrow_csv.read_csv(
        pa.BufferReader(data),
        # One block: the parser's own numbers of rows are then those of the run.
        read_options=arrow_csv.ReadOptions(column_names=names, use_threads=False, block_size=len(data) + 1),
        parse_options=arrow_csv.ParseOptions(delimiter=source.delimiter, newlines_in_values=True, invalid_row_handler=note),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), null_values=list(source.null) or [""], strings_can_be_null=True,
            quoted_strings_can_be_null=source.quoted_null, check_utf8=False,
        ),
    )  # fmt: skip

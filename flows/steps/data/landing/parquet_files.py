"""Reading Parquet: each column comes in a type that holds the declared values exactly, or the file is refused by column."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from checks.landing import LandingSource
from checks.landing_column import LandingColumn
from checks.written import INTEGERS
from flows.steps.data.landing.header import columns_of, too_long
from flows.steps.data.landing.stage import Reject
from ml.errors import AsofError

BLOCK = 100_000
MICROSECONDS = {"s": 1_000_000, "ms": 1_000, "us": 1}
# Seconds and milliseconds beyond this are no year that a declaration could accept.
FAR = 250_000 * 366 * 86_400
Types = Callable[[pa.DataType], bool]


def _scale(least: int, most: int) -> Types:
    return lambda kind: pa.types.is_decimal(kind) and least <= kind.scale <= most


# Which Arrow types hold values of a declared type; text is read in its written form, as in a CSV.
TAKES: dict[str, tuple[Types, ...]] = {
    **dict.fromkeys(INTEGERS, (pa.types.is_integer, _scale(0, 0))),
    "double": (pa.types.is_floating, pa.types.is_integer, _scale(0, 38)),
    "boolean": (pa.types.is_boolean,),
    "date": (pa.types.is_date32,),
    "timestamp": (pa.types.is_timestamp,),
    "varchar": (),
}


class ParquetReader:
    """The rows of one Parquet file, in blocks. Lines are rows, from 1."""

    def __init__(self, source: LandingSource, handle: BinaryIO) -> None:
        self.source, self.handle, self.received = source, handle, 0

    def blocks(self) -> Iterator[tuple[pa.Table, list[Reject]]]:
        """Rows under their declared names, with `_line`, and the rows that are none. AsofError refuses the file."""
        total = 0
        for rows, plain in self.both():
            total += rows.nbytes
            if total > self.source.limits.unpacked_bytes:
                raise AsofError(
                    f"unpacks to more than {self.source.limits.unpacked_bytes:,} bytes; deliver it in parts, "
                    f"or declare landing.limits.unpacked_bytes in {self.source.declared_in}"
                )
            block, rejects = _utf8(plain)
            too_long(block, self.source)
            yield block, rejects

    def both(self) -> Iterator[tuple[pa.Table, pa.Table]]:
        """The rows as they are written; and in plain types, under their declared names, with `_line`."""
        for batch in self._batches(self._checked()):
            rows = pa.Table.from_batches([batch])
            numbers = pa.array(range(self.received + 1, self.received + len(rows) + 1), pa.int64())
            self.received += len(rows)
            names = columns_of(rows.column_names, self.source)
            columns = {name: _plain(rows.column(at)) for at, name in enumerate(names)}
            yield rows, pa.table({**columns, "_line": numbers})

    def raw(self, lines: list[int]) -> Iterator[tuple[int, str]]:
        """The rows of these numbers, in order, as text."""
        at, first = 0, 1
        for batch in self._batches(self._checked()):
            while at < len(lines) and lines[at] < first + len(batch):
                row = batch.slice(lines[at] - first, 1)
                try:
                    text = str(row.to_pylist()[0])
                except (UnicodeDecodeError, ValueError, pa.ArrowException):
                    text = str(
                        [column.cast(pa.binary()) if pa.types.is_string(column.type) else column for column in row.columns]
                    )
                yield lines[at], text
                at += 1
            first += len(batch)

    def _checked(self) -> pq.ParquetFile:
        self.handle.seek(0)
        with _readable():
            # DuckDB does not look at page checksums: a flipped bit would be a wrong number.
            file = pq.ParquetFile(self.handle, page_checksum_verification=True, pre_buffer=False, buffer_size=1 << 20)
            schema = file.schema_arrow
        names = columns_of(schema.names, self.source)
        columns = {one.name: one for one in self.source.columns}
        wrong = [
            f"{name} is {field.type}, {columns[name].data_type} is declared"
            for name, field in zip(names, schema, strict=True)
            if not _takes(columns[name], field.type)
        ]
        if wrong:
            more = f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""
            raise AsofError(
                f"is refused: column {', column '.join(wrong[:5])}{more}; write these columns in the declared type, or as text"
            )
        return file

    @staticmethod
    def _batches(file: pq.ParquetFile) -> Iterator[pa.RecordBatch]:
        batches = file.iter_batches(batch_size=BLOCK, use_threads=False)
        while True:
            with _readable():
                batch = next(batches, None)
            if batch is None:
                return
            yield batch


class _readable:
    """Arrow's and the system's errors as one line."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type | None, error: BaseException | None, _: object) -> None:
        if isinstance(error, pa.ArrowException | OSError | ValueError) and not isinstance(error, AsofError):
            said = (str(error).splitlines() or [""])[0][:200]
            raise AsofError(f"is no readable parquet ({said}); deliver it again") from error


def _takes(column: LandingColumn, kind: pa.DataType) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return _text(kind) or pa.types.is_null(kind) or any(takes(kind) for takes in TAKES[column.data_type])


def _text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The same values in the type that SQL reads: text, or a number, boolean, day or UTC timestamp in microseconds."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if _text(kind) or pa.types.is_null(kind):
        return column.cast(pa.string())
    if pa.types.is_floating(kind):
        return column.cast(pa.float64())
    if pa.types.is_timestamp(kind):
        return _microseconds(column.cast(pa.int64()), kind.unit).cast(pa.timestamp("us", "UTC" if kind.tz else None))
    return column


def _microseconds(ticks: pa.ChunkedArray, unit: str) -> pa.ChunkedArray:
    if unit == "ns":
        # What is finer than a microsecond is rounded up, so that nothing is known before it was.
        whole = pc.divide(ticks, 1000)
        return pc.add(whole, pc.cast(pc.greater(pc.subtract(ticks, pc.multiply(whole, 1000)), 0), pa.int64()))
    far = FAR * 1_000_000 // MICROSECONDS[unit]
    return pc.multiply(
        pc.max_element_wise(pc.min_element_wise(ticks, far, skip_nulls=False), -far, skip_nulls=False), MICROSECONDS[unit]
    )


def _utf8(block: pa.Table) -> tuple[pa.Table, list[Reject]]:
    """Apart the rows with text that is not UTF-8, which Arrow does not look at."""
    try:
        block.validate(full=True)
        return block, []
    except pa.ArrowInvalid:
        pass
    bad: dict[int, str] = {}
    for name in block.column_names:
        if pa.types.is_string(block[name].type):
            for at, value in enumerate(block[name].cast(pa.binary()).to_pylist()):
                try:
                    (value or b"").decode("utf-8")
                except UnicodeDecodeError:
                    bad.setdefault(at, name)
    lines = block["_line"]
    rejects = [Reject(lines[at].as_py(), name, "holds bytes that are not UTF-8; expected UTF-8") for at, name in bad.items()]
    return block.filter(pa.array([at not in bad for at in range(len(block))], pa.bool_())), rejects

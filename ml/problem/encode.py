"""From Arrow to numbers, the same way for training and scoring.

LightGBM aborts the process on Arrow columns that are text, dictionaries, dates or decimals, and silently
predicts from columns in another order. So it never sees Arrow here: columns are picked by name and filled in
one by one.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ml.errors import AsofError

# Up to here float64 holds every whole number and the middle between two, where LightGBM puts its thresholds. At 2^53 the first is
# no longer so, and of two neighbours beyond 2^52 trees see one.
EXACT = 2**52
Levels = Mapping[str, Sequence[str]]


class Text(NamedTuple):
    """A column of text: `code` (int32, one a row) is the place of its value in `levels`, which are sorted; -1 is missing."""

    code: np.ndarray
    levels: tuple[str, ...]

    def take(self, rows: np.ndarray) -> "Text":
        """The rows numbered (or marked) so, with the same levels."""
        return Text(self.code[rows], self.levels)

    def present(self) -> list[str]:
        """The levels that occur, sorted."""
        return [self.levels[place] for place in np.unique(self.code).tolist() if place >= 0]

    def numbers(self, levels: Sequence[str]) -> np.ndarray:
        """The place of each value in other `levels`, float64; NaN where it is missing or none of them."""
        place = {level: float(at) for at, level in enumerate(levels)}
        return np.array([*(place.get(level, np.nan) for level in self.levels), np.nan])[self.code]


# A column as it is learned from: float64 with NaN where a value is missing, or text.
Values = np.ndarray | Text


def read(table: pa.Table | pa.RecordBatch, name: str, text: bool = False) -> Values:
    """One column as float64, or as `Text` where asked; one value a row.

    float64, because float32 makes one value of an epoch and the next. AsofError where it has a type that is no feature, or holds
    whole numbers that even float64 cannot tell apart.
    """
    column = table.column(name)
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    if text:
        return _text(column)
    if len(chunks) == 1:
        return _numbers(chunks[0], name)
    return np.concatenate([_numbers(chunk, name) for chunk in chunks]) if chunks else np.empty(0)


def encode(table: pa.Table | pa.RecordBatch, features: Sequence[str], categories: Levels) -> np.ndarray:
    """A matrix of float64: the rows of `table`, a column per feature in their order.

    Missing values and categories outside `categories` are NaN. AsofError names a column that is missing, or that `read` refuses.
    """
    absent = [name for name in features if name not in table.schema.names]
    if absent:
        raise AsofError(f"the rows lack the columns {', '.join(absent)}, which the model needs; select them by name")
    return matrix({name: read(table, name, name in categories) for name in features}, features, categories)


def matrix(
    columns: Mapping[str, Values], features: Sequence[str], categories: Levels, rows: np.ndarray | None = None
) -> np.ndarray:
    """The same from columns that were read: of all rows, or of those numbered `rows`."""
    found = np.empty((_size(columns[features[0]]) if rows is None else len(rows), len(features)), dtype=np.float64)
    for place, name in enumerate(features):
        # A column at a time, so that no copy of all of them is made.
        values = columns[name]
        if isinstance(values, Text):
            found[:, place] = (values if rows is None else values.take(rows)).numbers(categories[name])
        else:
            found[:, place] = values if rows is None else values[rows]
    return found


def numbers(table: pa.Table | pa.RecordBatch, name: str) -> np.ndarray:
    """One column of numbers or booleans as float64; missing values are NaN."""
    return read(table, name)


def texts(table: pa.Table | pa.RecordBatch, name: str) -> np.ndarray:
    """One column of any type as text, such as names of groups; "missing" where there is no value."""
    column = table.column(name)
    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_null(column.type):
        return np.full(len(column), "missing")
    coded = column if pa.types.is_dictionary(column.type) else pc.dictionary_encode(column)
    names = np.array([*(str(value) for value in coded.dictionary.to_pylist()), "missing"])
    return names[pc.fill_null(coded.indices, len(names) - 1).to_numpy(zero_copy_only=False)]


def _size(values: Values) -> int:
    return len(values.code if isinstance(values, Text) else values)


def too_wide(chunk: pa.Array | pa.ChunkedArray) -> bool:
    """Whether a column of integers or decimals holds a value that float64 may round to another whole number."""
    wide = pa.types.is_int64(chunk.type) or pa.types.is_uint64(chunk.type) or pa.types.is_decimal(chunk.type)
    return wide and chunk.null_count < len(chunk) and _widest(chunk) > EXACT


def _widest(chunk: pa.Array | pa.ChunkedArray) -> int:
    return int(max(abs(bound.as_py()) for bound in pc.min_max(chunk).values()))


def fingerprint(matrix: np.ndarray, label: np.ndarray, weight: np.ndarray) -> str:
    """sha256 (hex) of every number that is trained on, in order."""
    digest = hashlib.sha256()
    for start in range(0, len(label), 50_000):
        for values in (matrix, label, weight):
            digest.update(np.ascontiguousarray(values[start : start + 50_000]).tobytes())
    return digest.hexdigest()


def _numbers(chunk: pa.Array, name: str) -> np.ndarray:
    kind = chunk.type
    if pa.types.is_null(kind):
        return np.full(len(chunk), np.nan)
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind) or pa.types.is_boolean(kind)):
        raise AsofError(f"column {name} arrives as {kind}, but the model was trained on numbers there; cast it in SQL")
    if pa.types.is_floating(kind) and chunk.null_count == 0:
        return np.asarray(chunk.to_numpy(zero_copy_only=False), dtype=np.float64)
    if too_wide(chunk):
        raise AsofError(
            f"column {name} holds whole numbers beyond 2^52 = {EXACT:,}, such as {_widest(chunk):,}, which training would round; "
            f"make it a category in SQL (cast as varchar), or subtract a constant"
        )
    return pc.cast(chunk, pa.float64(), safe=False).to_numpy(zero_copy_only=False)


def _text(column: pa.Array | pa.ChunkedArray) -> Text:
    if pa.types.is_null(column.type):
        return Text(np.full(len(column), -1, dtype=np.int32), ())
    column = pc.cast(column, pa.string())
    coded = pc.dictionary_encode(column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column)
    found = coded.dictionary.to_pylist()
    order = sorted(range(len(found)), key=found.__getitem__)
    rank = np.full(len(found) + 1, -1, dtype=np.int32)
    rank[order] = np.arange(len(found))
    return Text(rank[pc.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False)], tuple(found[at] for at in order))

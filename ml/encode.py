"""From Arrow to the matrix LightGBM reads, the same way for training and scoring.

LightGBM aborts the process on Arrow columns that are text, dictionaries, dates or decimals, and silently
predicts from columns in another order. So it never sees Arrow here: columns are picked by name and filled in
one by one.
"""

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ml.errors import AsofError

Levels = Mapping[str, Sequence[str]]


def levels(table: pa.Table, categories: Sequence[str]) -> dict[str, list[str]]:
    """The distinct values of each category among the rows given, sorted: position = code."""
    return {name: sorted(v for v in pc.unique(_text(table[name])).to_pylist() if v is not None) for name in categories}


def encode(
    table: pa.Table | pa.RecordBatch,
    features: Sequence[str],
    categories: Levels,
    dtype: type[np.floating] = np.float32,
    rows: np.ndarray | None = None,
) -> np.ndarray:
    """A matrix of `dtype`: the rows of `table` (those numbered `rows`, if given), a column per feature in their order.

    Missing values and categories outside `categories` are NaN. float32 halves the memory; both training and
    scoring read through here, so what is rounded is rounded alike. AsofError names a column that is missing
    or has a type that is no feature.
    """
    absent = [name for name in features if name not in table.schema.names]
    if absent:
        raise AsofError(f"the rows lack the columns {', '.join(absent)}, which the model needs; select them by name")
    matrix = np.empty((table.num_rows if rows is None else len(rows), len(features)), dtype=dtype)
    chosen = None if rows is None else pa.array(rows)
    for position, name in enumerate(features):
        # A column at a time, so that no copy of the whole table is made.
        column = table.column(name) if chosen is None else table.column(name).take(chosen)
        start = 0
        for chunk in column.chunks if isinstance(column, pa.ChunkedArray) else [column]:
            matrix[start : start + len(chunk), position] = _numbers(chunk, name, categories.get(name))
            start += len(chunk)
    return matrix


def numbers(table: pa.Table | pa.RecordBatch, name: str) -> np.ndarray:
    """One column of numbers or booleans as float64, exactly as the warehouse holds it.

    Missing values are NaN.
    """
    return encode(table.select([name]), [name], {}, np.float64)[:, 0]


def fingerprint(matrix: np.ndarray, label: np.ndarray, weight: np.ndarray) -> str:
    """sha256 (hex) of every number that is trained on, in order."""
    digest = hashlib.sha256()
    for block in np.array_split(np.arange(len(label)), max(1, len(label) // 50_000)):
        for values in (matrix[block], label[block], weight[block]):
            digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()


def _numbers(chunk: pa.Array, name: str, known: Sequence[str] | None) -> np.ndarray:
    kind = chunk.type
    if pa.types.is_null(kind):
        return np.full(len(chunk), np.nan)
    if known is not None:
        chunk = pc.index_in(_text(chunk), value_set=pa.array(known, pa.string()), skip_nulls=True)
    elif not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind) or pa.types.is_boolean(kind)):
        raise AsofError(f"column {name} arrives as {kind}, but the model was trained on numbers there; cast it in SQL")
    if pa.types.is_floating(chunk.type) and chunk.null_count == 0:
        return chunk.to_numpy(zero_copy_only=False)
    return pc.cast(chunk, pa.float64(), safe=False).to_numpy(zero_copy_only=False)


def _text(column: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    if pa.types.is_string(column.type):
        return column
    return pc.cast(column, pa.string())

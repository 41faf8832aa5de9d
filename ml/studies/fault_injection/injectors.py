"""What each fault does to rows. Every function leaves its arguments as they are and returns as many rows, but for `thinned`."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ml.problem.encode import numbers

NEW_LEVEL = "(new)"


def shifted(values: np.ndarray, by: float) -> np.ndarray:
    """float64 values, each more by `by`; missing ones (NaN) stay missing."""
    return values + by


def scaled(values: np.ndarray, factor: float) -> np.ndarray:
    """float64 values times `factor`: a scale, or another unit."""
    return values * factor


def nulled(column: pa.ChunkedArray, share: float, rng: np.random.Generator) -> pa.ChunkedArray:
    """The column with round(share × rows) values, drawn at random, gone."""
    return pc.if_else(pa.array(_drawn(len(column), share, rng)), pa.scalar(None, column.type), column)


def relabelled(column: pa.ChunkedArray, share: float, rng: np.random.Generator, level: str = NEW_LEVEL) -> pa.ChunkedArray:
    """A text column in which round(share × rows) values, drawn at random, are a level that was never seen."""
    text = pc.cast(column, pa.string())
    return pc.if_else(pa.array(_drawn(len(column), share, rng)), pa.scalar(level), text)


def frozen(before: pa.Table, rows: pa.Table, name: str, by: str | None) -> pa.Array:
    """Column `name` of `rows` as it was last before, for each value of the column `by` (for all rows alike where None).

    Both tables are ordered by time. Where a value of `by` was not seen before, the last value of all stands in.
    """
    values = before[name].combine_chunks()
    last = {None: len(before) - 1}
    if by is not None:
        last |= {key: place for place, key in enumerate(before[by].to_pylist())}
    keys = rows[by].to_pylist() if by is not None else [None] * len(rows)
    return values.take(pa.array([last.get(key, last[None]) for key in keys], pa.int64()))


def swapped(rows: pa.Table, one: str, other: str) -> pa.Table:
    """The table with the values of two columns exchanged; the names stay where they were."""
    values = {one: rows[other], other: rows[one]}
    return replaced(rows, values)


def thinned(day: np.ndarray, share: float) -> np.ndarray:
    """Which rows are left (bool) when the last round(share × rows) of each day are missing; rows are ordered by time."""
    left = np.ones(len(day), dtype=bool)
    for one in np.unique(day):
        places = np.flatnonzero(day == one)
        left[places[len(places) - round(share * len(places)) :]] = False
    return left


def flipped(label: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Labels (float64 0 and 1, NaN unknown): round(share × known) of them, drawn at random, are the other one."""
    known = np.flatnonzero(~np.isnan(label))
    flip = known[_drawn(len(known), share, rng)]
    out = label.copy()
    out[flip] = 1 - out[flip]
    return out


def unrelated(label: np.ndarray, day: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Labels of which, on each day, round(share × known) change hands at random: each day's rate stays exactly what it was."""
    out = label.copy()
    for one in np.unique(day):
        known = np.flatnonzero((day == one) & ~np.isnan(label))
        chosen = known[_drawn(len(known), share, rng)]
        out[chosen] = label[rng.permutation(chosen)]
    return out


def replaced(rows: pa.Table, columns: dict[str, pa.Array | pa.ChunkedArray]) -> pa.Table:
    """The table with other values, perhaps of another type, in the columns named; their places stay."""
    for name, values in columns.items():
        rows = rows.set_column(rows.column_names.index(name), name, values)
    return rows


def spread(rows: pa.Table, name: str) -> float:
    """The standard deviation of a numeric column, missing values left out; 0 where there are fewer than two."""
    values = numbers(rows, name)
    values = values[~np.isnan(values)]
    return float(values.std()) if len(values) > 1 else 0.0


def _drawn(rows: int, share: float, rng: np.random.Generator) -> np.ndarray:
    chosen = np.zeros(rows, dtype=bool)
    chosen[rng.choice(rows, round(share * rows), replace=False)] = True
    return chosen

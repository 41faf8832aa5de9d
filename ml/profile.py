"""Mergeable profiles: how many rows fell in which cell, with the cells fixed when a model is trained.

Counts of two batches, days or months add up, so any window compares with any reference without reading rows
again. Cells of a number: 0 missing, 1 below the training range, then one per bin [edge, next edge), one for
the largest value itself, and the last for above. In SQL: 0 if null, else 1 + edges not above x, + 1 if x >
last edge. Cells of a category: 0 missing, 1 unseen in training, 2 … the levels in order.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ml.encode import encode, levels, numbers
from ml.problem import Problem

# A hundred bins: of the flights' features the median KS distance of a week is off by 1e-4 and the worst by .008, half of what
# chance moves it by; twenty bins were off by .04. PSI is read over groups of them, because it counts noise per bin.
CELLS = 100
# More rows make finer differences visible: one bin for twenty rows of a day, so that a day's profile stays a small part of
# the day, and 4,000 bins at most, where the distances of a million rows are within 2e-4 of the exact ones.
ROWS_PER_CELL, CELLS_LIMIT = 20, 4000
# An empty cell would make the PSI infinite: half a row is added to every cell that either side hit (Jeffreys' prior).
HALF = 0.5

Profile = dict[str, dict[str, Any]]


def fineness(rows: int, days: int) -> int:
    """How many bins a number gets when a day brings rows / days rows: between `CELLS` and `CELLS_LIMIT`."""
    return int(min(CELLS_LIMIT, max(CELLS, rows / max(days, 1) / ROWS_PER_CELL)))


def edges(table: pa.Table, problem: Problem, cells: int = CELLS) -> Profile:
    """The cells of every feature, `score` and `label`, JSON-able, from the training rows in `table`.

    Numbers get quantile edges, at most `cells` bins; a number with few values keeps one cell per value.
    """
    profile: Profile = {}
    known = levels(table, problem.categories)
    for column in problem.features:
        if column.kind == "category":
            profile[column.name] = {"kind": "category", "levels": known[column.name]}
        else:
            values = numbers(table, column.name)
            profile[column.name] = {"kind": "number", "edges": cuts(values[~np.isnan(values)], cells)}
    profile["score"] = {"kind": "number", "edges": np.linspace(0, 1, cells + 1).tolist()}
    profile["label"] = {"kind": "number", "edges": [0.0, 1.0]}
    return profile


def tallies(profile: Profile, columns: pa.Table | pa.RecordBatch) -> dict[str, np.ndarray]:
    """Feature → rows by cell (int64, all cells), of the columns that are there. Add them up over batches."""
    there = set(columns.schema.names)
    return {feature: _tally(spec, columns, feature) for feature, spec in profile.items() if feature in there}


def counts(profile: Profile, columns: pa.Table | pa.RecordBatch | Mapping[str, Any]) -> list[tuple[str, int, int]]:
    """(feature, cell, rows) of every cell that holds rows, for the columns that are there.

    Add them up over batches.
    """
    if not isinstance(columns, pa.Table | pa.RecordBatch):
        columns = pa.table({name: pa.array(values) for name, values in columns.items()})
    return counted(tallies(profile, columns))


def counted(tallied: Mapping[str, np.ndarray]) -> list[tuple[str, int, int]]:
    """(feature, cell, rows) of every cell of tallies that holds rows."""
    return [
        (feature, place, rows)
        for feature, tally in tallied.items()
        for place, rows in zip(np.flatnonzero(tally).tolist(), tally[tally > 0].tolist(), strict=True)
    ]


def size(spec: Mapping[str, Any]) -> int:
    """How many cells a feature has."""
    if spec["kind"] == "category":
        return len(spec["levels"]) + 2
    return len(spec["edges"]) + 3 if spec["edges"] else 2


def names(spec: Mapping[str, Any]) -> list[str]:
    """What each cell holds, for people; position = cell."""
    if spec["kind"] == "category":
        return ["missing", "unseen", *spec["levels"]]
    cuts = [f"{edge:.4g}" for edge in spec["edges"]]
    if not cuts:
        return ["missing", "any"]
    return [
        "missing",
        f"< {cuts[0]}",
        *(f"{a} to {b}" for a, b in pairwise(cuts)),
        f"= {cuts[-1]}",
        f"> {cuts[-1]}",
    ]


def tally(spec: Mapping[str, Any], rows: Sequence[tuple[int, int]]) -> np.ndarray:
    """Counts by cell (int64, all cells) of (cell, rows) pairs, which may repeat a cell."""
    total = np.zeros(size(spec), dtype=np.int64)
    for cell, number in rows:
        total[cell] += number
    return total


def psi(reference: np.ndarray, current: np.ndarray) -> float:
    """Population stability index of two counts over the same cells: sum (q - p) ln(q / p), 0 where the shares are equal.

    Half a row is added to every cell that either side hit, as the macro `population_stability` does.
    """
    counts = np.stack([np.asarray(side, float) for side in (reference, current)])
    p, q = ((side + HALF) / (side + HALF).sum() for side in counts[:, counts.sum(axis=0) > 0])
    return float(np.sum((q - p) * np.log(q / p)))


def jensen_shannon(reference: np.ndarray, current: np.ndarray) -> float:
    """Jensen–Shannon distance of two counts over the same cells, base 2, from 0 (same) to 1 (disjoint)."""
    p, q = (np.asarray(c, float) / np.sum(c) for c in (reference, current))
    middle = (p + q) / 2

    def divergence(share: np.ndarray) -> float:
        there = share > 0
        return float(np.sum(share[there] * np.log2(share[there] / middle[there])))

    return float(np.sqrt(max(0.0, (divergence(p) + divergence(q)) / 2)))


def cuts(values: np.ndarray, cells: int) -> list[float]:
    """The edges of a number's cells: its values where they are few, else at most `cells` + 1 quantiles."""
    distinct = np.unique(values)
    if len(distinct) <= cells:
        return [float(value) for value in distinct]
    found = np.quantile(values, np.linspace(0, 1, cells + 1), method="inverted_cdf")
    return [float(value) for value in np.unique(found)]


def cell(spec: Mapping[str, Any], column: pa.Table | pa.RecordBatch, feature: str) -> np.ndarray:
    """The cell of each row, for the column `feature` of `column`."""
    if spec["kind"] == "category":
        code = encode(column, [feature], {feature: spec["levels"]})[:, 0]
        missing = (
            column.column(feature).is_null().to_numpy(zero_copy_only=False)
            if isinstance(column, pa.RecordBatch)
            else column.column(feature).is_null().to_numpy()
        )
        return np.where(missing, 0, np.where(np.isnan(code), 1, code + 2)).astype(np.int64)
    values, edge = numbers(column, feature), np.asarray(spec["edges"])
    if len(edge) == 0:
        return np.where(np.isnan(values), 0, 1)
    return np.where(np.isnan(values), 0, 1 + np.searchsorted(edge, values, side="right") + (values > edge[-1]))


def _tally(spec: Mapping[str, Any], columns: pa.Table | pa.RecordBatch, feature: str) -> np.ndarray:
    # The rows per cell, as bincount(cell(…)) has them. To sort a million values and look a few thousand edges up among them is
    # twenty times faster than to look each value up among the edges; of few distinct values each is looked up once.
    column = columns.column(feature)
    few = pc.value_counts(column).flatten() if spec["kind"] == "category" else _whole_numbers(column)
    if few:
        distinct, rows = few
        places = cell(spec, pa.RecordBatch.from_arrays([distinct], [feature]), feature)
        return np.bincount(places, rows.to_numpy(), size(spec)).astype(np.int64)
    values, edge = np.sort(numbers(columns, feature)), np.asarray(spec["edges"])
    there = int(np.searchsorted(values, np.nan))  # NaN sorts last
    if len(edge) == 0:
        return np.array([len(values) - there, there])
    before = np.searchsorted(values[:there], edge, side="left")
    through = np.searchsorted(values[:there], edge[-1], side="right")
    return np.concatenate([[len(values) - there], np.diff(before, prepend=0, append=[through, there])])


def _whole_numbers(column: pa.Array | pa.ChunkedArray) -> tuple[pa.Array, pa.Array] | None:
    # (distinct values, their rows) of integers that lie close together, nulls as one of them; None of anything else.
    if not pa.types.is_integer(column.type) or column.null_count == len(column):
        return None
    low, high = (bound.as_py() for bound in pc.min_max(column).values())
    if high - low > max(len(column), 1024):
        return None
    rows = np.bincount(column.drop_null().to_numpy().astype(np.int64) - low)
    values = pa.array([*(np.flatnonzero(rows) + low).tolist(), None], pa.int64())
    return values, pa.array(np.append(rows[rows > 0], column.null_count))

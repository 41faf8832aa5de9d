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

from ml.problem.encode import Text, Values, read
from ml.problem.rows import Rows

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


def edges(rows: Rows, cells: int = CELLS, scores: np.ndarray | None = None) -> Profile:
    """The cells of every feature, `score` and `label`, JSON-able, from the training rows.

    Probabilities lie in equal steps from 0 to 1; where scores are numbers, their cells come from some `scores`. Numbers get
    quantile edges, at most `cells` bins; a number with few values keeps one cell per value.
    """
    profile: Profile = {}
    for name in rows.problem.feature_names:
        values = rows.columns[name]
        if isinstance(values, Text):
            profile[name] = {"kind": "category", "levels": values.present()}
        else:
            profile[name] = {"kind": "number", "edges": cuts(values[~np.isnan(values)], cells)}
    steps = np.linspace(0, 1, cells + 1).tolist() if scores is None else cuts(scores, cells)
    profile["score"] = {"kind": "number", "edges": steps}
    profile["label"] = {"kind": "number", "edges": [0.0, 1.0]}
    if rows.problem.classes:
        profile["label"] = {"kind": "category", "levels": list(rows.problem.classes)}
    elif scores is not None:
        profile["label"]["edges"] = cuts(rows.label[~np.isnan(rows.label)], cells)
    return profile


def is_valid(cells: Any) -> bool:
    """Whether these are the cells of one feature, as `edges` makes them."""
    if not isinstance(cells, dict):
        return False
    if cells.get("kind") == "category":
        return isinstance(cells.get("levels"), list) and all(isinstance(one, str) for one in cells["levels"])
    edges = cells.get("edges")
    numbers = isinstance(edges, list) and all(isinstance(one, int | float) and not isinstance(one, bool) for one in edges)
    return cells.get("kind") == "number" and numbers and all(low < high for low, high in pairwise(edges))


def tallies(profile: Profile, columns: Rows | pa.Table | pa.RecordBatch) -> dict[str, np.ndarray]:
    """Feature → rows by cell (int64, all cells), of the columns that are there. Add them up over batches."""
    if isinstance(columns, Rows):
        there = {name: columns.column(name) for name in profile}
        return {name: _tally(profile[name], values) for name, values in there.items() if values is not None}
    names = set(columns.schema.names)
    return {
        name: _tally(spec, read(columns, name, spec["kind"] == "category")) for name, spec in profile.items() if name in names
    }


def counts(profile: Profile, columns: Rows | pa.Table | pa.RecordBatch | Mapping[str, Any]) -> list[tuple[str, int, int]]:
    """(feature, cell, rows) of every cell that holds rows, for the columns that are there.

    Add them up over batches.
    """
    if not isinstance(columns, Rows | pa.Table | pa.RecordBatch):
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


def cell(spec: Mapping[str, Any], values: Values) -> np.ndarray:
    """The cell of each row of a column that was read."""
    if isinstance(values, Text):
        code = values.numbers(spec["levels"])
        return np.where(values.code < 0, 0, np.where(np.isnan(code), 1, code + 2)).astype(np.int64)
    edge = np.asarray(spec["edges"])
    if len(edge) == 0:
        return np.where(np.isnan(values), 0, 1)
    return np.where(np.isnan(values), 0, 1 + np.searchsorted(edge, values, side="right") + (values > edge[-1]))


def _tally(spec: Mapping[str, Any], values: Values) -> np.ndarray:
    # The rows per cell, as bincount(cell(…)) has them. To sort a million values and look a few thousand edges up among them is
    # twenty times faster than to look each value up among the edges; of few distinct values each is looked up once.
    if isinstance(values, Text):
        rows = np.bincount(values.code + 1, minlength=len(values.levels) + 1)
        each = Text(np.arange(-1, len(values.levels)), values.levels)
        return np.bincount(cell(spec, each), rows, size(spec)).astype(np.int64)
    if few := _whole_numbers(values):
        distinct, rows = few
        return np.bincount(cell(spec, distinct), rows, size(spec)).astype(np.int64)
    values, edge = np.sort(values), np.asarray(spec["edges"])
    there = int(np.searchsorted(values, np.nan))  # NaN sorts last
    if len(edge) == 0:
        return np.array([len(values) - there, there])
    before = np.searchsorted(values[:there], edge, side="left")
    through = np.searchsorted(values[:there], edge[-1], side="right")
    return np.concatenate([[len(values) - there], np.diff(before, prepend=0, append=[through, there])])


def _whole_numbers(values: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    # (distinct values, their rows) of whole numbers that lie close together, NaN as one of them; None of anything else.
    there = values[~np.isnan(values)]
    if len(there) == 0 or there[0] != np.rint(there[0]):
        return None
    low, high = there.min(), there.max()
    if not np.isfinite([low, high]).all() or high - low > max(len(values), 1024) or (there != np.rint(there)).any():
        return None
    rows = np.bincount((there - low).astype(np.int64))
    return np.append(np.flatnonzero(rows) + low, np.nan), np.append(rows[rows > 0], len(values) - len(there))

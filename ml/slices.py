"""Quality by slice: the same metric among the rows of each value of a column, with intervals over clusters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from ml.bootstrap import Interval, interval

# Fewer rows, or of either class, and the interval would say nothing but that.
MIN_ROWS, MIN_OF_CLASS = 200, 20
# Half of what a verdict takes: these intervals are looked at, none of them decides.
RESAMPLES = 200


class Slice(NamedTuple):
    """One value of one column: rows, the share of positives, the mean score, and the metric (None: too few rows)."""

    column: str
    value: str
    rows: int
    rate: float
    score: float
    quality: Interval | None


def by_slice(
    columns: Mapping[str, np.ndarray], label: np.ndarray, score: np.ndarray, cluster: np.ndarray, metric: str, seed: int = 0
) -> list[Slice]:
    """Every value of every column, columns in their order, values by falling row count; missing values are "missing"."""
    found = []
    for column, values in columns.items():
        text = np.array(["missing" if value is None else str(value) for value in values.tolist()], dtype=object)
        names, code, counts = np.unique(text, return_inverse=True, return_counts=True)
        for place in np.argsort(-counts, kind="stable"):
            inside = code == place
            positives, rows = int(label[inside].sum()), int(counts[place])
            quality = None
            if rows >= MIN_ROWS and min(positives, rows - positives) >= MIN_OF_CLASS:
                quality = interval(metric, label[inside], score[inside], cluster[inside], resamples=RESAMPLES, seed=seed)
            found.append(Slice(column, names[place], rows, positives / rows, float(score[inside].mean()), quality))
    return found

"""Quality by slice: the same metric among the rows of each value of a column, with intervals over clusters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from ml.statistics.evaluate import rarer
from ml.statistics.influence import interval
from ml.statistics.interval import Interval

# Fewer clusters than this and the standard error over clusters is itself a guess.
MIN_CLUSTERS = 10
# Of each class: the error of an AUC on 50 positives is about .04, wider than any margin worth declaring.
MIN_OF_CLASS = 50


class Slice(NamedTuple):
    """One value of one column: rows, the share of positives, the mean score, and the metric (None: too few rows)."""

    column: str
    value: str
    rows: int
    rate: float
    score: float
    quality: Interval | None


def large_enough(label: np.ndarray, cluster: np.ndarray, metric: str = "roc_auc") -> bool:
    """Whether there are clusters enough for an interval, and rows: of the most frequent class and of all others, if any."""
    few = rarer(metric, label)
    return counts_enough(few, few, len(np.unique(cluster)))


def counts_enough(positives: int, negatives: int, clusters: int) -> bool:
    """The same by their numbers."""
    return clusters >= MIN_CLUSTERS and min(positives, negatives) >= MIN_OF_CLASS


def by_slice(
    columns: Mapping[str, np.ndarray], label: np.ndarray, score: np.ndarray, cluster: np.ndarray, metric: str, overlap: int = 1
) -> list[Slice]:
    """Every value of every column, columns in their order, values by falling row count; `overlap` as in `influence`."""
    found = []
    for column, values in columns.items():
        names, code, counts = np.unique(values, return_inverse=True, return_counts=True)
        for place in np.argsort(-counts, kind="stable"):
            truth, said, of = (one[code == place] for one in (label, score, cluster))
            quality = interval(metric, truth, said, of, overlap=overlap) if large_enough(truth, of, metric) else None
            found.append(Slice(column, str(names[place]), len(truth), float(truth.mean()), float(said.mean()), quality))
    return found

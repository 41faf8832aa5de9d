"""Means and shares with intervals from sums by cluster: no row is needed, and nothing is drawn."""

from __future__ import annotations

import numpy as np

from ml import student
from ml.bootstrap import Interval


def mean(total: np.ndarray, rows: np.ndarray, alpha: float = 0.05) -> Interval:
    """sum(total) / sum(rows) with its interval of level 1 - alpha; one value a cluster in both.

    The linearised variance of a ratio over clusters of unequal size (Cochran 1977, 6.3 and 11.7), Student's t on
    clusters - 1 degrees of freedom. Infinite bounds when there is but one cluster, NaN when there is no row.
    """
    total, rows = np.asarray(total, dtype=np.float64), np.asarray(rows, dtype=np.float64)
    clusters, mass = len(rows), float(rows.sum())
    if mass == 0:
        return Interval(np.nan, -np.inf, np.inf, np.inf, 0, clusters)
    estimate = float(total.sum() / mass)
    if clusters < 2:
        return Interval(estimate, -np.inf, np.inf, np.inf, int(mass), clusters)
    se = float(np.sqrt(clusters / (clusters - 1) * np.sum((total - estimate * rows) ** 2)) / mass)
    reach = student.quantile(1 - alpha / 2, clusters - 1) * se
    return Interval(estimate, estimate - reach, estimate + reach, se, int(mass), clusters)


def share(hits: np.ndarray, rows: np.ndarray, alpha: float = 0.05) -> Interval:
    """The same for a share, its interval cut to 0 … 1."""
    found = mean(hits, rows, alpha)
    return found._replace(low=max(0.0, found.low), high=min(1.0, found.high))


def mean_by(values: np.ndarray, cluster: np.ndarray, alpha: float = 0.05) -> Interval:
    """The mean of one value a row, clustered by `cluster`."""
    names, code = np.unique(np.asarray(cluster), return_inverse=True)
    return mean(np.bincount(code, values, len(names)), np.bincount(code, minlength=len(names)), alpha)

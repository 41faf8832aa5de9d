"""Does a score of .3 come true in three of ten rows? Bins of a score, with intervals that know that days hang together."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ml.statistics import student
from ml.statistics.evaluate import ECE_BINS, arrays


class Bin(NamedTuple):
    """Rows of neighbouring scores: their mean score, how often the label was true, and the interval of that rate."""

    score: float
    rate: float
    low: float
    high: float
    rows: int


def reliability(
    label: np.ndarray, score: np.ndarray, cluster: np.ndarray, bins: int = ECE_BINS, alpha: float = 0.05
) -> list[Bin]:
    """Bins of about equal row count (the bins of the calibration error), from the lowest score to the highest."""
    label, score = arrays(label, score)
    cluster = np.asarray(cluster)
    edges = np.unique(np.quantile(score, np.linspace(0, 1, bins + 1)[1:-1]))
    cell = np.searchsorted(edges, score, side="right")
    found = []
    for number in range(len(edges) + 1):
        inside = cell == number
        if inside.any():
            rate, low, high = clustered_rate(label[inside], cluster[inside], alpha)
            found.append(Bin(float(score[inside].mean()), rate, low, high, int(inside.sum())))
    return found


def clustered_rate(label: np.ndarray, cluster: np.ndarray, alpha: float = 0.05) -> tuple[float, float, float]:
    """A rate with its interval of level 1 - alpha, when rows of one cluster may agree more than chance would have it.

    Wilson's interval at the effective number of rows: the rows over the design effect, which is the variance between
    clusters over the binomial one, at least 1 (Kish 1965; Korn and Graubard 1998), with Student's t for few clusters.
    """
    rows, rate = len(label), float(np.mean(label))
    _, code = np.unique(cluster, return_inverse=True)
    clusters = int(code.max()) + 1
    if clusters < 2:
        return rate, 0.0, 1.0
    residual = np.bincount(code, label - rate)
    between = clusters / (clusters - 1) * float(residual @ residual) / rows**2
    effect = max(1.0, between / (rate * (1 - rate) / rows)) if 0 < rate < 1 else 1.0
    return (rate, *wilson(rate, rows / effect, student.quantile(1 - alpha / 2, clusters - 1)))


def wilson(rate: float, rows: float, reach: float) -> tuple[float, float]:
    """Wilson's (1927) interval of a rate among `rows` rows; `reach` is the quantile, 1.96 for 95 %."""
    middle = (rate + reach**2 / (2 * rows)) / (1 + reach**2 / rows)
    half = reach / (1 + reach**2 / rows) * np.sqrt(rate * (1 - rate) / rows + reach**2 / (4 * rows**2))
    # At a rate of 0 or 1 the bound is the rate, and the last digit of a sum may miss it.
    return max(0.0, min(rate, float(middle - half))), min(1.0, max(rate, float(middle + half)))

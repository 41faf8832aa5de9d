"""Quality with an interval in one pass: how much a metric would move if a day counted a little more.

The infinitesimal jackknife (Efron 1982, 6.3; Obuchowski 1997 for areas), which the monitors write in SQL
(`macros/statistics/quality_with_intervals.sql`): nothing is drawn, and a sort is all that it costs.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ml import student
from ml.bootstrap import Interval
from ml.evaluate import METRICS, arrays, losses

# What a metric is, and by how much each cluster moves it.
Moved = tuple[float, np.ndarray]


def interval(metric: str, label: np.ndarray, score: np.ndarray, cluster: np.ndarray, alpha: float = 0.05) -> Interval:
    """roc_auc, pr_auc or log_loss of one score, its interval of level 1 - alpha over clusters cut to the values it can take.

    Infinite bounds where there is but one cluster; NaN where a class is missing.
    """
    label, score = arrays(label, score)
    names, code = np.unique(np.asarray(cluster), return_inverse=True)
    clusters = len(names)
    with np.errstate(invalid="ignore", divide="ignore"):
        estimate, moved = MOVES[metric](label, score, code, clusters)
    if clusters < 2 or not np.isfinite(moved).all():
        return Interval(estimate, -np.inf, np.inf, np.inf, len(label), clusters)
    se = float(np.sqrt((moved**2).sum() * clusters / (clusters - 1)))
    reach, kind = student.quantile(1 - alpha / 2, clusters - 1) * se, METRICS[metric]
    return Interval(estimate, max(kind.low, estimate - reach), min(kind.high, estimate + reach), se, len(label), clusters)


def _ranked(label: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The group of equal scores of each row, highest first, and rows and positives of each group."""
    _, group = np.unique(-score, return_inverse=True)
    return group, np.bincount(group).astype(np.float64), np.bincount(group, label)


def _roc_auc(label: np.ndarray, score: np.ndarray, code: np.ndarray, clusters: int) -> Moved:
    group, rows, positives = _ranked(label, score)
    negatives = rows - positives
    above = np.cumsum(positives) - 0.5 * positives
    below = negatives.sum() - np.cumsum(negatives) + 0.5 * negatives
    pairs = np.bincount(code, np.where(label == 1, below[group], above[group]), clusters)
    total, all_pos, all_neg = float(pairs.sum()) / 2, positives.sum(), negatives.sum()
    mine = np.bincount(code, label, clusters)
    shares = mine / all_pos + (np.bincount(code, minlength=clusters) - mine) / all_neg
    return float(total / (all_pos * all_neg)), (pairs - total * shares) / (all_pos * all_neg)


def _pr_auc(label: np.ndarray, score: np.ndarray, code: np.ndarray, clusters: int) -> Moved:
    group, rows, positives = _ranked(label, score)
    so_far, all_pos = np.cumsum(rows), positives.sum()
    precision = np.cumsum(positives) / so_far
    # What a row changes at every positive below it: a positive finds one more, any row is one more that was looked at.
    found, looked = positives / so_far, positives * precision / so_far
    found_below, looked_below = found.sum() - np.cumsum(found) + found, looked.sum() - np.cumsum(looked) + looked
    of_row = label * (precision + found_below)[group] - looked_below[group]
    average = float((positives * precision).sum() / all_pos)
    return average, np.bincount(code, of_row - average * label, clusters) / all_pos


def _log_loss(label: np.ndarray, score: np.ndarray, code: np.ndarray, clusters: int) -> Moved:
    loss = losses(label, score)
    mean = float(loss.mean())
    return mean, np.bincount(code, loss - mean, clusters) / len(loss)


MOVES: dict[str, Callable[[np.ndarray, np.ndarray, np.ndarray, int], Moved]] = {
    "roc_auc": _roc_auc,
    "pr_auc": _pr_auc,
    "log_loss": _log_loss,
}

"""Intervals for everything that is read and decides nothing: how much a figure would move if a day counted a little more.

The infinitesimal jackknife (Efron 1982, 6.3; Obuchowski 1997 for areas), which the monitors write in SQL
(`macros/statistics/quality_with_intervals.sql`): nothing is drawn, and a sort is all that it costs. Card, report and studies
use no other, so the same figure has the same interval wherever it is read. Of a mean it is the linearised variance of a ratio
over clusters of unequal size (Cochran 1977, 6.3 and 11.7). Verdicts leave out one day
at a time (`jackknife`); a calibration error has no derivative where it is small, so its days are drawn again (`bootstrap`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ml.statistics import long_run
from ml.statistics.evaluate import LOSSES, NAMED, arrays, by_kind, farthest, hits, losses, metric_of, one_by_one, squared
from ml.statistics.interval import Interval, around

# What a metric is, and by how much each cluster moves it.
Moved = tuple[float, np.ndarray]


def interval(
    metric: str,
    label: np.ndarray,
    score: np.ndarray,
    cluster: np.ndarray,
    weight: np.ndarray | None = None,
    alpha: float = 0.05,
    overlap: int = 1,
) -> Interval:
    """A metric of one score (any but ece), its interval of level 1 - alpha over clusters cut to the values it can take.

    All of these values where there is but one cluster; NaN where a class is missing. `overlap`: how many clusters in a row have
    labels that share outcomes (`ml.problem.rows.Rows.overlap`), here and below.
    """
    label, score = arrays(label, score, metric=metric)
    estimate, moved = _mean_of(metric, label, [score], cluster, weight)
    return _spread(estimate, moved, len(label), alpha, overlap).within(*metric_of(metric, score)[2:])


def difference(
    metric: str,
    label: np.ndarray,
    a: Sequence[np.ndarray],
    b: Sequence[np.ndarray],
    cluster: np.ndarray,
    weight: np.ndarray | None = None,
    alpha: float = 0.05,
    overlap: int = 1,
) -> Interval:
    """By how much the mean metric of the scores `a` is better than that of the scores `b` on the same rows.

    Positive is better, also for losses. Paired: what a hard day costs both of them cancels.
    """
    label, *scores = arrays(label, *a, *b, metric=metric)
    first, second = (_mean_of(metric, label, part, cluster, weight) for part in (scores[: len(a)], scores[len(a) :]))
    sign = NAMED[metric].sign
    found = _spread(sign * (first[0] - second[0]), sign * (first[1] - second[1]), len(label), alpha, overlap)
    return found._replace(least=-farthest(metric, a[0]), most=farthest(metric, a[0]))


def mean(total: np.ndarray, rows: np.ndarray, alpha: float = 0.05, overlap: int = 1) -> Interval:
    """sum(total) / sum(rows) with its interval; one value a cluster in both. NaN when there is no row."""
    total, rows = np.asarray(total, dtype=np.float64), np.asarray(rows, dtype=np.float64)
    mass = float(rows.sum())
    if mass == 0:
        return Interval(np.nan, -np.inf, np.inf, np.inf, 0, len(rows))
    estimate = float(total.sum() / mass)
    return _spread(estimate, (total - estimate * rows) / mass, int(mass), alpha, overlap)


def share(hits: np.ndarray, rows: np.ndarray, alpha: float = 0.05, overlap: int = 1) -> Interval:
    """The same for a share, its interval cut to 0 … 1."""
    return mean(hits, rows, alpha, overlap).within(0.0, 1.0)


def mean_by(values: np.ndarray, cluster: np.ndarray, alpha: float = 0.05, overlap: int = 1) -> Interval:
    """The mean of one value a row, clustered by `cluster`."""
    names, code = np.unique(np.asarray(cluster), return_inverse=True)
    return mean(np.bincount(code, values, len(names)), np.bincount(code, minlength=len(names)), alpha, overlap)


def _mean_of(
    metric: str, label: np.ndarray, scores: Sequence[np.ndarray], cluster: np.ndarray, weight: np.ndarray | None
) -> Moved:
    names, code = np.unique(np.asarray(cluster), return_inverse=True)
    weight = np.ones(len(label)) if weight is None else np.asarray(weight, dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        moves = by_kind(metric, scores[0], MOVES, OF_NUMBERS, OF_CLASSES)[metric]
        found = [moves(label, score, code, len(names), weight) for score in scores]
    return float(np.mean([one for one, _ in found])), np.mean([moved for _, moved in found], axis=0)


def _spread(estimate: float, moved: np.ndarray, rows: int, alpha: float, overlap: int = 1) -> Interval:
    clusters, freedom = len(moved), None
    total = (moved**2).sum()
    if overlap > 1 and clusters > 1:
        total, freedom = long_run.variance(moved, overlap), min(long_run.freedom(clusters, overlap), clusters - 1)
    se = float(np.sqrt(total * clusters / (clusters - 1))) if clusters > 1 else np.inf
    return around(estimate, se, rows, clusters, alpha, freedom)


def _ranked(label: np.ndarray, score: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The group of equal scores of each row, highest first, and the weight of all rows and of the positives of each group."""
    _, group = np.unique(-score, return_inverse=True)
    return group, np.bincount(group, weight), np.bincount(group, weight * label)


def _roc_auc(label: np.ndarray, score: np.ndarray, code: np.ndarray, clusters: int, weight: np.ndarray) -> Moved:
    group, rows, positives = _ranked(label, score, weight)
    negatives = rows - positives
    above = np.cumsum(positives) - 0.5 * positives
    below = negatives.sum() - np.cumsum(negatives) + 0.5 * negatives
    pairs = np.bincount(code, weight * np.where(label == 1, below[group], above[group]), clusters)
    total, all_pos, all_neg = float(pairs.sum()) / 2, positives.sum(), negatives.sum()
    mine = np.bincount(code, weight * label, clusters)
    shares = mine / all_pos + (np.bincount(code, weight, clusters) - mine) / all_neg
    return float(total / (all_pos * all_neg)), (pairs - total * shares) / (all_pos * all_neg)


def _pr_auc(label: np.ndarray, score: np.ndarray, code: np.ndarray, clusters: int, weight: np.ndarray) -> Moved:
    group, rows, positives = _ranked(label, score, weight)
    so_far, all_pos = np.cumsum(rows), positives.sum()
    precision = np.cumsum(positives) / so_far
    # What a row changes at every positive below it: a positive finds one more, any row is one more that was looked at.
    found, looked = positives / so_far, positives * precision / so_far
    found_below, looked_below = found.sum() - np.cumsum(found) + found, looked.sum() - np.cumsum(looked) + looked
    of_row = label * (precision + found_below)[group] - looked_below[group]
    average = float((positives * precision).sum() / all_pos)
    return average, np.bincount(code, weight * (of_row - average * label), clusters) / all_pos


def _mean(of: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Callable[..., Moved]:
    def moves(label: np.ndarray, score: np.ndarray, code: np.ndarray, clusters: int, weight: np.ndarray) -> Moved:
        value, mass = of(label, score), weight.sum()
        mean = float((weight * value).sum() / mass)
        return mean, np.bincount(code, weight * (value - mean), clusters) / mass

    return moves


MOVES: dict[str, Callable[[np.ndarray, np.ndarray, np.ndarray, int, np.ndarray], Moved]] = {
    "roc_auc": _roc_auc,
    "pr_auc": _pr_auc,
    "log_loss": _mean(losses),
    "brier": _mean(lambda label, score: (score - label) ** 2),
}


def _rmse(label: np.ndarray, score: np.ndarray, code: np.ndarray, clusters: int, weight: np.ndarray) -> Moved:
    square, moved = _mean(squared)(label, score, code, clusters, weight)
    root = float(np.sqrt(square))
    return root, moved / (2 * root) if root else moved


def _r2(label: np.ndarray, score: np.ndarray, code: np.ndarray, clusters: int, weight: np.ndarray) -> Moved:
    middle = np.average(label, weights=weight)
    parts = squared(label, score), (label - middle) ** 2
    error, spread = (_mean(lambda *_, of=of: of)(label, score, code, clusters, weight) for of in parts)
    if spread[0] == 0:
        return np.nan, np.full(clusters, np.nan)
    return 1 - error[0] / spread[0], -error[1] / spread[0] + error[0] * spread[1] / spread[0] ** 2


def _by_class(label: np.ndarray, score: np.ndarray, code: np.ndarray, clusters: int, weight: np.ndarray) -> Moved:
    found = [_roc_auc(is_it, of_it, code, clusters, weight) for is_it, of_it in one_by_one(label, score)]
    return float(np.mean([area for area, _ in found])), np.mean([moved for _, moved in found], axis=0)


OF_NUMBERS: dict[str, Callable[..., Moved]] = {
    **{name: _mean(loss) for name, loss in LOSSES.items()},
    "rmse": _rmse,
    "r2": _r2,
}
OF_CLASSES: dict[str, Callable[..., Moved]] = {
    "log_loss": _mean(losses),
    "brier": _mean(squared),
    "accuracy": _mean(hits),
    "macro_roc_auc": _by_class,
}

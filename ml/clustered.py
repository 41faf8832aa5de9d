"""What a metric has to know of each cluster, so that drawing clusters again costs no second look at the rows.

A bootstrap over clusters weighs every row by how often its cluster was drawn. An area under the curve is then a quadratic
form in these numbers, and a mean or a calibration error a linear one, so the rows are read once and each draw costs clusters²
or clusters operations. The values are those of `ml.evaluate` with the rows weighted: only the order of addition differs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ml.evaluate import bins, losses


class Pieces(Protocol):
    """`values(times)`: the metric on each draw, (draws,), for times (draws, clusters); `take`: a sample of the clusters."""

    def values(self, times: np.ndarray) -> np.ndarray: ...

    def take(self, clusters: np.ndarray) -> "Pieces": ...


@dataclass(frozen=True)
class Ranks:
    """An area under the ROC curve: weight of both classes by cluster, and of the pairs that are in order.

    `above[c, d]` is the weight of pairs of a positive in c and a negative in d whose positive scores higher, ties one half.
    """

    positive: np.ndarray
    negative: np.ndarray
    above: np.ndarray

    def values(self, times: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore", divide="ignore"):
            return ((times @ self.above) * times).sum(axis=1) / ((times @ self.positive) * (times @ self.negative))

    def take(self, clusters: np.ndarray) -> "Ranks":
        return Ranks(self.positive[clusters], self.negative[clusters], self.above[np.ix_(clusters, clusters)])


@dataclass(frozen=True)
class Means:
    """A weighted mean of a number per row: its sum and the weight, by cluster."""

    total: np.ndarray
    mass: np.ndarray

    def values(self, times: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore", divide="ignore"):
            return (times @ self.total) / (times @ self.mass)

    def take(self, clusters: np.ndarray) -> "Means":
        return Means(self.total[clusters], self.mass[clusters])


@dataclass(frozen=True)
class Gaps:
    """A calibration error: score less label summed by cluster and bin, (clusters, bins), and the weight by cluster."""

    gap: np.ndarray
    mass: np.ndarray

    def values(self, times: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.abs(times @ self.gap).sum(axis=1) / (times @ self.mass)

    def take(self, clusters: np.ndarray) -> "Gaps":
        return Gaps(self.gap[clusters], self.mass[clusters])


def means(value: np.ndarray, code: np.ndarray, clusters: int, weight: np.ndarray) -> Means:
    """The pieces of the mean of `value`; `code` is the cluster of each row, from 0."""
    return Means(np.bincount(code, weight * value, clusters), np.bincount(code, weight, clusters))


def pieces(
    metric: str, label: np.ndarray, score: np.ndarray, code: np.ndarray, clusters: int, weight: np.ndarray
) -> Pieces | None:
    """The pieces of a metric, or None for one that needs every row again on each draw (pr_auc)."""
    make = PIECES.get(metric)
    return make(label, score, code, clusters, weight) if make else None


def _ranks(label: np.ndarray, score: np.ndarray, code: np.ndarray, clusters: int, weight: np.ndarray) -> Ranks:
    order = np.argsort(-score, kind="stable")
    group = np.cumsum(np.r_[False, np.diff(score[order]) != 0])
    label, code, weight = label[order], code[order], weight[order]
    positive, negative = weight * label, weight * (1 - label)
    above = np.empty((clusters, clusters))
    for cluster in range(clusters):
        mine = np.bincount(group, np.where(code == cluster, positive, 0.0))
        above[cluster] = np.bincount(code, negative * (np.cumsum(mine) - 0.5 * mine)[group], clusters)
    return Ranks(np.bincount(code, positive, clusters), np.bincount(code, negative, clusters), above)


def areas_without(label: np.ndarray, score: np.ndarray, code: np.ndarray, clusters: int, weight: np.ndarray) -> np.ndarray:
    """The area under the ROC curve on all rows, then without each cluster, (1 + clusters,).

    As `Ranks.values` would have it, from sums: of all pairs in order those leave that a cluster's positives or negatives take
    part in, and its own pairs, which leave once. Two sorts, where a matrix of clusters takes a pass over the rows for each.
    """
    order = np.argsort(-score, kind="stable")
    group = np.cumsum(np.r_[False, np.diff(score[order]) != 0])
    label, code, weight = label[order], code[order], weight[order]
    positive, negative = weight * label, weight * (1 - label)
    above, below = np.bincount(group, positive), np.bincount(group, negative)
    above, below = np.cumsum(above) - 0.5 * above, below.sum() - np.cumsum(below) + 0.5 * below
    won = np.bincount(code, positive * below[group], clusters)
    lost = np.bincount(code, negative * above[group], clusters)
    # the same among the rows of each cluster: running sums that begin anew with it
    inside = np.argsort(code, kind="stable")
    mine, place = code[inside], group[inside]
    group = np.cumsum(np.r_[False, (np.diff(mine) != 0) | (np.diff(place) != 0)])
    above = np.bincount(group, positive[inside])
    above = np.cumsum(above) - 0.5 * above
    positives, negatives = np.bincount(code, positive, clusters), np.bincount(code, negative, clusters)
    before = np.cumsum(positives) - positives
    own = np.bincount(mine, negative[inside] * (above[group] - before[mine]), clusters)
    pairs = won.sum() - np.r_[0.0, won + lost - own]
    with np.errstate(invalid="ignore", divide="ignore"):
        return pairs / ((positives.sum() - np.r_[0.0, positives]) * (negatives.sum() - np.r_[0.0, negatives]))


def _gaps(label: np.ndarray, score: np.ndarray, code: np.ndarray, clusters: int, weight: np.ndarray) -> Gaps:
    cell = bins(score)
    size = int(cell.max()) + 1
    gap = np.bincount(code * size + cell, weight * (score - label), clusters * size).reshape(clusters, size)
    return Gaps(gap, np.bincount(code, weight, clusters))


PIECES: dict[str, Callable[..., Pieces]] = {
    "roc_auc": _ranks,
    "log_loss": lambda label, score, *rest: means(losses(label, score), *rest),
    "brier": lambda label, score, *rest: means((score - label) ** 2, *rest),
    "ece": _gaps,
}

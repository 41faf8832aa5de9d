"""What a metric has to know of each cluster, so that drawing clusters again costs no second look at the rows.

A bootstrap over clusters weighs every row by how often its cluster was drawn. An area under the curve is then a quadratic
form in these numbers, and a mean or a calibration error a linear one, so the rows are read once and each draw costs clusters²
or clusters operations. The values are those of `ml.statistics.evaluate` with the rows
weighted: only the order of addition differs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ml.statistics.evaluate import LOSSES, bins, by_kind, hits, losses, one_by_one, squared


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


@dataclass(frozen=True)
class Roots:
    """The square root of a mean."""

    of: Means

    def values(self, times: np.ndarray) -> np.ndarray:
        return np.sqrt(self.of.values(times))

    def take(self, clusters: np.ndarray) -> "Roots":
        return Roots(self.of.take(clusters))


@dataclass(frozen=True)
class Explained:
    """The share of the variance that is explained: means of the squared error, of the label (moved) and of its square."""

    error: Means
    label: Means
    square: Means

    def values(self, times: np.ndarray) -> np.ndarray:
        spread = self.square.values(times) - self.label.values(times) ** 2
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(spread > 0, 1 - self.error.values(times) / spread, np.nan)

    def take(self, clusters: np.ndarray) -> "Explained":
        return Explained(*(part.take(clusters) for part in (self.error, self.label, self.square)))


@dataclass(frozen=True)
class Averages:
    """The plain mean of several metrics, such as one a class."""

    of: tuple[Pieces, ...]

    def values(self, times: np.ndarray) -> np.ndarray:
        return np.mean([one.values(times) for one in self.of], axis=0)

    def take(self, clusters: np.ndarray) -> "Averages":
        return Averages(tuple(one.take(clusters) for one in self.of))


def means(value: np.ndarray, code: np.ndarray, clusters: int, weight: np.ndarray) -> Means:
    """The pieces of the mean of `value`; `code` is the cluster of each row, from 0."""
    return Means(np.bincount(code, weight * value, clusters), np.bincount(code, weight, clusters))


def pieces(
    metric: str, label: np.ndarray, score: np.ndarray, code: np.ndarray, clusters: int, weight: np.ndarray
) -> Pieces | None:
    """The pieces of a metric, or None for one that needs every row again on each draw (pr_auc)."""
    make = by_kind(metric, score, PIECES, OF_NUMBERS, OF_CLASSES).get(metric)
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


def _mean(loss: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Callable[..., Pieces]:
    return lambda label, score, *rest: means(loss(label, score), *rest)


def _explained(label: np.ndarray, score: np.ndarray, *rest) -> Explained:
    moved = label - label.mean()
    return Explained(means(squared(label, score), *rest), means(moved, *rest), means(moved**2, *rest))


def _by_class(label: np.ndarray, score: np.ndarray, *rest) -> Averages:
    return Averages(tuple(_ranks(is_it, of_it, *rest) for is_it, of_it in one_by_one(label, score)))


OF_NUMBERS: dict[str, Callable[..., Pieces]] = {
    **{name: _mean(loss) for name, loss in LOSSES.items()},
    "rmse": lambda label, score, *rest: Roots(means(squared(label, score), *rest)),
    "r2": _explained,
}
OF_CLASSES: dict[str, Callable[..., Pieces]] = {
    "log_loss": _mean(losses),
    "brier": _mean(squared),
    "accuracy": _mean(hits),
    "macro_roc_auc": _by_class,
    "ece": lambda label, score, *rest: Averages(
        tuple(_gaps((label == code).astype(np.float64), score[:, code], *rest) for code in range(score.shape[1]))
    ),
}

"""Metrics of scores against labels, weighted, ties exact; the values of scikit-learn, in NumPy.

Three kinds of scores: probabilities of a label that is 0 or 1 (`METRICS`), numbers against numbers (`NUMBERS`), and a probability
for each class, (rows, classes), against the number of the class (`CLASSES`).

Every metric is written once, for many weightings of the same rows: `statistic(label, score, weights)` takes
weights of shape (resamples, rows) and returns (resamples,). One row of ones is the plain value; the bootstrap
passes the rest.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import numpy as np

from ml.errors import AsofError
from ml.problem.declared.spec import LEVELS, QUANTILES

# Fifteen bins of equal mass: on 1,000 rows each still holds 66, an error of a share of about .05.
ECE_BINS = 15
# A probability of 0 or 1 is a claim no finite sample supports, and it makes the log loss infinite.
CLIP = 1e-6
Statistic = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
Losses = Callable[[np.ndarray, np.ndarray], np.ndarray]


def expit(z: np.ndarray) -> np.ndarray:
    """The probability of log-odds, also of those that are too large for exp."""
    with np.errstate(over="ignore"):  # exp(800) is infinite, and 1 / infinite is the 0 that it should be
        return 1 / (1 + np.exp(-z))


class Metric(NamedTuple):
    """`sign` is +1 where larger is better, -1 where smaller is; `low` and `high` bound the value."""

    statistic: Statistic
    sign: int
    low: float
    high: float


def _ranked(label: np.ndarray, score: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weight of positives and negatives in each group of equal scores, highest first.

    Two (resamples, groups).
    """
    order = np.argsort(-score, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(score[order]) != 0])
    positive = weights[:, order] * label[order]
    both = np.add.reduceat(weights[:, order], starts, axis=1)
    positive = np.add.reduceat(positive, starts, axis=1)
    return positive, both - positive


def _roc_auc(label: np.ndarray, score: np.ndarray, weights: np.ndarray) -> np.ndarray:
    positive, negative = _ranked(label, score, weights)
    above = np.cumsum(positive, axis=1) - 0.5 * positive
    with np.errstate(invalid="ignore", divide="ignore"):
        return (negative * above).sum(axis=1) / (positive.sum(axis=1) * negative.sum(axis=1))


def _pr_auc(label: np.ndarray, score: np.ndarray, weights: np.ndarray) -> np.ndarray:
    positive, negative = _ranked(label, score, weights)
    found = np.cumsum(positive, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = np.nan_to_num(found / (found + np.cumsum(negative, axis=1)))
        return (positive * precision).sum(axis=1) / positive.sum(axis=1)


def _mean(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return weights @ values / weights.sum(axis=1)


def losses(label: np.ndarray, score: np.ndarray) -> np.ndarray:
    """The log loss of each row, expected where a label is a probability; scores are kept one float away from 0 and 1, as
    scikit-learn does. Of a probability for each class, that of the class which is the label."""
    if score.ndim == 2:
        return -np.log(np.maximum(score[np.arange(len(score)), label.astype(np.int64)], np.finfo(np.float64).eps))
    p = np.clip(score, np.finfo(np.float64).eps, 1 - np.finfo(np.float64).eps)
    return -(label * np.log(p) + (1 - label) * np.log1p(-p))


def _log_loss(label: np.ndarray, score: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return _mean(losses(label, score), weights)


def _brier(label: np.ndarray, score: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return _mean((score - label) ** 2, weights)


def absolute(label: np.ndarray, score: np.ndarray) -> np.ndarray:
    """How far each prediction is from the truth."""
    return np.abs(label - score)


def squared(label: np.ndarray, score: np.ndarray) -> np.ndarray:
    """The square of it; summed over the classes where each has a probability (Brier 1950)."""
    if score.ndim == 2:
        return ((score - np.eye(score.shape[1])[label.astype(np.int64)]) ** 2).sum(axis=1)
    return (label - score) ** 2


def pinball(share: float) -> Losses:
    """The loss that is least at the quantile `share`: a truth above costs so much a unit, one below 1 - share (Koenker 1978)."""
    return lambda label, score: np.where(label >= score, share * (label - score), (1 - share) * (score - label))


def hits(label: np.ndarray, score: np.ndarray) -> np.ndarray:
    """1 where the class with the highest probability is the label."""
    return (score.argmax(axis=1) == label).astype(np.float64)


def of_rows(loss: Losses) -> Statistic:
    """The metric that is the mean of a loss of each row."""
    return lambda label, score, weights: _mean(loss(label, score), weights)


def _rmse(label: np.ndarray, score: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return np.sqrt(_mean(squared(label, score), weights))


def _r2(label: np.ndarray, score: np.ndarray, weights: np.ndarray) -> np.ndarray:
    # Around the mean of each weighting: moved by the plain mean first, so that large labels lose no digits.
    moved = label - label.mean()
    spread = _mean(moved**2, weights) - _mean(moved, weights) ** 2
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(spread > 0, 1 - _mean(squared(label, score), weights) / spread, np.nan)


def _macro(label: np.ndarray, score: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return np.mean([_roc_auc(is_it, of_it, weights) for is_it, of_it in one_by_one(label, score)], axis=0)


def _classwise_ece(label: np.ndarray, score: np.ndarray, weights: np.ndarray) -> np.ndarray:
    each = [_ece((label == code).astype(np.float64), score[:, code], weights) for code in range(score.shape[1])]
    return np.mean(each, axis=0)


def one_by_one(label: np.ndarray, score: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """For each class that some rows are and others are not: whether a row is it, float64, and its probability."""
    truths = [((label == code).astype(np.float64), score[:, code]) for code in range(score.shape[1])]
    return [one for one in truths if 0 < one[0].sum() < len(label)] or [truths[0]]


def bins(score: np.ndarray) -> np.ndarray:
    """The bin of each score, from 0: at most `ECE_BINS` of equal row count, equal scores together."""
    edges = np.unique(np.quantile(score, np.linspace(0, 1, ECE_BINS + 1)[1:-1]))
    return np.searchsorted(edges, score, side="right")


def _ece(label: np.ndarray, score: np.ndarray, weights: np.ndarray) -> np.ndarray:
    cell = bins(score)
    if len(weights) == 1:  # the plain value: one pass instead of one a bin
        gap = np.bincount(cell, weights[0] * (score - label))[:, None]
    else:
        gap = np.stack([(weights * (cell == c)) @ (score - label) for c in range(cell.max() + 1)])
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.abs(gap).sum(axis=0) / weights.sum(axis=1)


METRICS = {
    "roc_auc": Metric(_roc_auc, +1, 0.0, 1.0),
    "pr_auc": Metric(_pr_auc, +1, 0.0, 1.0),
    "log_loss": Metric(_log_loss, -1, 0.0, np.inf),
    "brier": Metric(_brier, -1, 0.0, 1.0),
    "ece": Metric(_ece, -1, 0.0, 1.0),
}


# The losses of each row whose means are metrics.
LOSSES: dict[str, Losses] = {
    "mae": absolute,
    **{f"pinball_{share}": pinball(share / 100) for share in QUANTILES},
}
NUMBERS = {
    **{name: Metric(of_rows(loss), -1, 0.0, np.inf) for name, loss in LOSSES.items()},
    "rmse": Metric(_rmse, -1, 0.0, np.inf),
    "r2": Metric(_r2, +1, -np.inf, 1.0),
}
CLASSES = {
    "log_loss": METRICS["log_loss"],
    "macro_roc_auc": Metric(_macro, +1, 0.0, 1.0),
    "accuracy": Metric(of_rows(hits), +1, 0.0, 1.0),
    "brier": Metric(of_rows(squared), -1, 0.0, 2.0),
    "ece": Metric(_classwise_ece, -1, 0.0, 1.0),  # the mean over the classes (Kull and others 2019)
}
# By name alone, for who asks which way is better; what two kinds of scores share is better the same way.
NAMED = {**CLASSES, **NUMBERS, **METRICS}
# The least and the most that each can be, and the share of truths that an interval of such a level held.
BOUNDS = {**{name: (one.low, one.high) for name, one in NAMED.items()}, **{f"coverage_{level}": (0.0, 1.0) for level in LEVELS}}
T = TypeVar("T")


def by_kind(metric: str, score: np.ndarray, probabilities: T, numbers: T, classes: T) -> T:
    """The one of three that fits a metric of such scores."""
    return classes if np.ndim(score) == 2 else numbers if metric in NUMBERS else probabilities


def metric_of(metric: str, score: np.ndarray) -> Metric:
    """A metric as it is of such scores."""
    return by_kind(metric, score, METRICS, NUMBERS, CLASSES)[metric]


def farthest(metric: str, score: np.ndarray) -> float:
    """How far two values of a metric of such scores can be apart: 1 of a ROC AUC, infinite of an error of numbers."""
    found = metric_of(metric, score)
    return found.high - found.low


def rarer(metric: str, label: np.ndarray) -> int:
    """How many rows there are of what is rarer: rows that are not of the most frequent class, or it; of numbers, all."""
    if metric in NUMBERS:
        return len(label)
    _, rows = np.unique(label, return_counts=True)
    return int(min(rows.max(), len(label) - rows.max())) if len(rows) else 0


def arrays(label: np.ndarray, *scores: np.ndarray, metric: str = "log_loss") -> tuple[np.ndarray, ...]:
    """The same as float64; AsofError when they are empty, of different lengths, not finite, or no labels of such a metric."""
    found = tuple(np.asarray(values, dtype=np.float64) for values in (label, *scores))
    if len(found[0]) == 0 or len({len(values) for values in found}) != 1:
        raise AsofError(f"labels and scores have {', '.join(str(len(v)) for v in found)} rows; pass the same rows, at least one")
    finite = all(np.isfinite(values).all() for values in found)
    if scores and np.ndim(found[1]) == 2:
        if not finite or not np.isin(found[0], np.arange(found[1].shape[1])).all():
            raise AsofError("labels must be numbers of classes and scores finite: drop rows without a truth, mend missing scores")
    elif metric in NUMBERS:
        if not finite:
            raise AsofError("labels and scores must be finite numbers: drop rows without a truth, mend missing scores")
    elif not np.isin(found[0], (0.0, 1.0)).all() or not finite:
        raise AsofError("labels must be 0 or 1 and scores finite: drop rows without a truth, mend missing scores")
    return found


def measure(metric: str, label: np.ndarray, score: np.ndarray, weight: np.ndarray | None = None) -> float:
    """The value of one metric; NaN where it does not exist (roc_auc of one class)."""
    label, score = arrays(label, score, metric=metric)
    weights = np.ones((1, len(label))) if weight is None else np.asarray(weight, dtype=np.float64)[None, :]
    return float(metric_of(metric, score).statistic(label, score, weights)[0])


def roc_auc(label: np.ndarray, score: np.ndarray, weight: np.ndarray | None = None) -> float:
    """P(a positive scores above a negative), ties one half."""
    return measure("roc_auc", label, score, weight)


def pr_auc(label: np.ndarray, score: np.ndarray, weight: np.ndarray | None = None) -> float:
    """Average precision: the mean of the precision at each positive."""
    return measure("pr_auc", label, score, weight)


def log_loss(label: np.ndarray, score: np.ndarray, weight: np.ndarray | None = None) -> float:
    """Mean negative log-likelihood, in nats."""
    return measure("log_loss", label, score, weight)


def brier(label: np.ndarray, score: np.ndarray, weight: np.ndarray | None = None) -> float:
    """Mean squared error of the probability."""
    return measure("brier", label, score, weight)


def ece(label: np.ndarray, score: np.ndarray, weight: np.ndarray | None = None) -> float:
    """Expected calibration error over `ECE_BINS` bins of equal row count: mean |mean score - rate|; of classes, their mean."""
    return measure("ece", label, score, weight)

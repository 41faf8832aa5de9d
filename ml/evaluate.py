"""Metrics of probabilities against 0/1 labels, weighted, ties exact; the values of scikit-learn, in NumPy.

Every metric is written once, for many weightings of the same rows: `statistic(label, score, weights)` takes
weights of shape (resamples, rows) and returns (resamples,). One row of ones is the plain value; the bootstrap
passes the rest.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ml.errors import AsofError

# Fifteen bins of equal mass: on 1,000 rows each still holds 66, an error of a share of about .05.
ECE_BINS = 15
Statistic = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


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
    scikit-learn does."""
    p = np.clip(score, np.finfo(np.float64).eps, 1 - np.finfo(np.float64).eps)
    return -(label * np.log(p) + (1 - label) * np.log1p(-p))


def _log_loss(label: np.ndarray, score: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return _mean(losses(label, score), weights)


def _brier(label: np.ndarray, score: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return _mean((score - label) ** 2, weights)


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


def arrays(label: np.ndarray, *scores: np.ndarray) -> tuple[np.ndarray, ...]:
    """The same as float64; AsofError when they are empty, of different lengths, or not finite."""
    found = tuple(np.asarray(values, dtype=np.float64) for values in (label, *scores))
    if len(found[0]) == 0 or len({len(values) for values in found}) != 1:
        raise AsofError(f"labels and scores have {', '.join(str(len(v)) for v in found)} rows; pass the same rows, at least one")
    if not np.isin(found[0], (0.0, 1.0)).all() or not all(np.isfinite(values).all() for values in found):
        raise AsofError("labels must be 0 or 1 and scores finite: drop rows without a truth, mend missing scores")
    return found


def measure(metric: str, label: np.ndarray, score: np.ndarray, weight: np.ndarray | None = None) -> float:
    """The value of one metric; NaN where it does not exist (roc_auc of one class)."""
    label, score = arrays(label, score)
    weights = np.ones((1, len(label))) if weight is None else np.asarray(weight, dtype=np.float64)[None, :]
    return float(METRICS[metric].statistic(label, score, weights)[0])


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
    """Expected calibration error over `ECE_BINS` bins of equal row count: mean |mean score - rate|."""
    return measure("ece", label, score, weight)

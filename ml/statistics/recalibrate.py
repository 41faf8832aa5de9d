"""How the log-odds of scores would have to be stretched and shifted to be right (Cox 1958), with errors clustered.

Standard errors are the sandwich over clusters (Liang and Zeger 1986): the rows of a day are one cluster here, too.
"""

import numpy as np

from ml.statistics.evaluate import CLIP, expit
from ml.statistics.interval import Interval, around


def slope(
    label: np.ndarray, score: np.ndarray, cluster: np.ndarray, weight: np.ndarray | None = None, alpha: float = 0.05
) -> Interval:
    """The slope of a logistic regression of the label on the log-odds: below 1 scores are too extreme, above 1 too timid.

    NaN, with an infinite interval, where all scores are equal.
    """
    logit = _logit(score)
    if np.ptp(logit) < 1e-9:
        return around(np.nan, np.inf, len(label), len(np.unique(cluster)), alpha)
    return _fit(label, np.column_stack([logit, np.ones(len(logit))]), np.zeros(len(logit)), cluster, weight, alpha)


def shift(
    label: np.ndarray, score: np.ndarray, cluster: np.ndarray, weight: np.ndarray | None = None, alpha: float = 0.05
) -> Interval:
    """By how much all log-odds would have to move, their width kept: above 0 where scores are too low on the whole."""
    return _fit(label, np.ones((len(label), 1)), _logit(score), cluster, weight, alpha)


def _logit(score: np.ndarray) -> np.ndarray:
    p = np.clip(np.asarray(score, dtype=np.float64), CLIP, 1 - CLIP)
    return np.log(p) - np.log1p(-p)


def _fit(
    label: np.ndarray, design: np.ndarray, offset: np.ndarray, cluster: np.ndarray, weight: np.ndarray | None, alpha: float
) -> Interval:
    """The first coefficient, by Newton's method."""
    weight = np.ones(len(label)) if weight is None else np.asarray(weight, dtype=np.float64)
    beta = np.zeros(design.shape[1])
    for _ in range(50):
        p = expit(design @ beta + offset)
        # The ridge keeps the step finite when the classes are separable; it is far below one row's weight.
        hessian = (design * (weight * p * (1 - p))[:, None]).T @ design + 1e-9 * np.eye(len(beta))
        step = np.linalg.solve(hessian, design.T @ (weight * (label - p)))
        beta = beta + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-10:
            break
    names, code = np.unique(np.asarray(cluster), return_inverse=True)
    pull = design * (weight * (label - p))[:, None]
    by_cluster = np.column_stack([np.bincount(code, column, len(names)) for column in pull.T])
    bread = np.linalg.inv(hessian)
    if len(names) < 2:
        return around(float(beta[0]), np.inf, len(label), len(names), alpha)
    variance = bread @ (by_cluster.T @ by_cluster) @ bread * len(names) / (len(names) - 1)
    return around(float(beta[0]), float(np.sqrt(variance[0, 0])), len(label), len(names), alpha)

"""Intervals that respect that rows of one cluster (a day) err together: whole clusters are drawn again.

The interval is estimate ± t · se, with se from the bootstrap and Student's t on clusters - 1 degrees of
freedom. With the 20 to 40 days of a holdout this covers better than the percentiles of the draws, which are
too narrow (Cameron, Gelbach, Miller 2008).
"""

from collections.abc import Sequence
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from ml.evaluate import METRICS, arrays

RESAMPLES = 400
# Rows x resamples that are weighed at once: 4M doubles, 32 MB for each of a few intermediates.
CELLS = 4_000_000


class Interval(NamedTuple):
    """An estimate with its two-sided interval of level 1 - alpha; infinite when there is but one cluster."""

    estimate: float
    low: float
    high: float
    se: float
    rows: int
    clusters: int


def interval(
    metric: str,
    label: np.ndarray,
    score: np.ndarray,
    cluster: np.ndarray,
    *,
    weight: np.ndarray | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
    alpha: float = 0.05,
) -> Interval:
    """The metric of one score, with its interval cut to the values the metric can take."""
    label, score = arrays(label, score)
    found = _resampled(metric, label, (score,), cluster, weight, resamples, seed)
    result = _interval(found[0], cluster, alpha)
    low, high = METRICS[metric].low, METRICS[metric].high
    return result._replace(low=max(low, result.low), high=min(high, result.high))


def paired_difference(
    metric: str,
    label: np.ndarray,
    a: np.ndarray,
    b: np.ndarray,
    cluster: np.ndarray,
    *,
    weight: np.ndarray | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
    alpha: float = 0.05,
) -> Interval:
    """By how much `a` is better than `b` on the same rows: positive is better, also for losses.

    Both are weighed with the same draws, so what a hard day costs both of them cancels.
    """
    label, a, b = arrays(label, a, b)
    first, second = _resampled(metric, label, (a, b), cluster, weight, resamples, seed)
    return _interval(METRICS[metric].sign * (first - second), cluster, alpha)


def mean_difference(
    metric: str,
    label: np.ndarray,
    a: Sequence[np.ndarray],
    b: Sequence[np.ndarray],
    cluster: np.ndarray,
    *,
    weight: np.ndarray | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
    alpha: float = 0.05,
) -> Interval:
    """As `paired_difference`, between the mean metric of several scores `a` and that of several scores `b`."""
    label, *scores = arrays(label, *a, *b)
    found = _resampled(metric, label, tuple(scores), cluster, weight, resamples, seed)
    first, second = np.mean(found[: len(a)], axis=0), np.mean(found[len(a) :], axis=0)
    return _interval(METRICS[metric].sign * (first - second), cluster, alpha)


def _resampled(
    metric: str,
    label: np.ndarray,
    scores: tuple[np.ndarray, ...],
    cluster: np.ndarray,
    weight: np.ndarray | None,
    resamples: int,
    seed: int,
) -> list[np.ndarray]:
    """Per score: the value on the rows as they are, then on each draw of the clusters with replacement."""
    names, code = np.unique(np.asarray(cluster), return_inverse=True)
    weight = np.ones(len(label)) if weight is None else np.asarray(weight, dtype=np.float64)
    drawn = np.random.default_rng(seed).multinomial(len(names), np.full(len(names), 1 / len(names)), resamples)
    times = np.vstack([np.ones(len(names)), drawn])
    block = max(1, CELLS // len(label))
    values: list[list[np.ndarray]] = [[] for _ in scores]
    for start in range(0, len(times), block):
        weights = times[start : start + block][:, code] * weight
        for place, score in enumerate(scores):
            values[place].append(METRICS[metric].statistic(label, score, weights))
    return [np.concatenate(parts) for parts in values]


def _interval(values: np.ndarray, cluster: np.ndarray, alpha: float) -> Interval:
    clusters, estimate = len(np.unique(np.asarray(cluster))), float(values[0])
    draws = values[1:][np.isfinite(values[1:])]  # a draw of days without a positive has no AUC
    if clusters < 2 or len(draws) < 2 or not np.isfinite(estimate):
        return Interval(estimate, -np.inf, np.inf, np.inf, len(cluster), clusters)
    # Drawing clusters with replacement underestimates the variance by (clusters - 1) / clusters.
    se = float(draws.std(ddof=1) * np.sqrt(clusters / (clusters - 1)))
    reach = student_t(1 - alpha / 2, clusters - 1) * se
    return Interval(estimate, estimate - reach, estimate + reach, se, len(cluster), clusters)


def student_t(p: float, freedom: int) -> float:
    """The quantile of Student's t.

    Cornish-Fisher (Abramowitz and Stegun 26.7.5), within .5 % from 4 degrees on.
    """
    z, v = NormalDist().inv_cdf(p), float(freedom)
    return (
        z
        + (z**3 + z) / (4 * v)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * v**3)
        + (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / (92160 * v**4)
    )

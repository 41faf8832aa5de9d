"""Intervals that respect that rows of one cluster (a day) err together: whole clusters are drawn again.

The interval is estimate ± t · se, with se from the bootstrap and Student's t on clusters - 1 degrees of
freedom. With the 20 to 40 days of a holdout this covers better than the percentiles of the draws, which are
too narrow (Cameron, Gelbach, Miller 2008).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ml import student
from ml.clustered import Pieces, pieces
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
    freedom: float | None = None  # of Student's t; clusters - 1 where it is not said

    def p_above(self, bound: float) -> float:
        """One-sided p-value of "not above `bound`": small where the truth is above it. low > bound iff it is < alpha / 2."""
        if self.se == 0:
            return 0.0 if self.estimate > bound else 1.0
        if not np.isfinite(self.se):
            return 1.0
        return student.tail((self.estimate - bound) / self.se, self.freedom or self.clusters - 1)

    def p_below(self, bound: float) -> float:
        """One-sided p-value of "not below `bound`": small where the truth is below it."""
        return self._replace(estimate=-self.estimate).p_above(-bound)


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
    result = spread(found[0], len(label), len(np.unique(np.asarray(cluster))), alpha)
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
    return mean_difference(metric, label, [a], [b], cluster, weight=weight, resamples=resamples, seed=seed, alpha=alpha)


def draws(clusters: int, resamples: int, seed: int) -> np.ndarray:
    """How often each cluster counts, (1 + resamples, clusters): once each at first, then drawn with replacement."""
    drawn = np.random.default_rng(seed).multinomial(clusters, np.full(clusters, 1 / clusters), resamples)
    return np.vstack([np.ones(clusters), drawn])


def spread(values: np.ndarray, rows: int, clusters: int, alpha: float) -> Interval:
    """The interval of a statistic, from its value on all clusters (first) and on each draw of them (the rest)."""
    estimate = float(values[0])
    drawn = values[1:][np.isfinite(values[1:])]  # a draw of days without a positive has no AUC
    if clusters < 2 or len(drawn) < 2 or not np.isfinite(estimate):
        return Interval(estimate, -np.inf, np.inf, np.inf, rows, clusters)
    # Drawing clusters with replacement underestimates the variance by (clusters - 1) / clusters.
    se = float(drawn.std(ddof=1) * np.sqrt(clusters / (clusters - 1)))
    reach = student.quantile(1 - alpha / 2, clusters - 1) * se
    return Interval(estimate, estimate - reach, estimate + reach, se, rows, clusters)


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
    return spread(METRICS[metric].sign * (first - second), len(label), len(np.unique(np.asarray(cluster))), alpha)


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
    times = draws(len(names), resamples, seed)
    found: list[np.ndarray] = []
    for score in scores:
        # With more clusters than draws, the draws are fewer numbers than the pairs of clusters.
        parts: Pieces | None = pieces(metric, label, score, code, len(names), weight) if len(names) <= resamples else None
        found.append(parts.values(times) if parts else weighed(metric, label, score, times, code, weight))
    return found


def weighed(
    metric: str, label: np.ndarray, score: np.ndarray, times: np.ndarray, code: np.ndarray, weight: np.ndarray
) -> np.ndarray:
    """The metric with each cluster counted as often as `times` says, (draws,), for times (draws, clusters)."""
    block = max(1, CELLS // len(label))
    statistic = METRICS[metric].statistic
    parts = [statistic(label, score, times[start : start + block][:, code] * weight) for start in range(0, len(times), block)]
    return np.concatenate(parts)

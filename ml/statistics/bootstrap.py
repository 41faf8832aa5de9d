"""The interval of a calibration error, a sum of absolute values that has no derivative where one is 0: clusters are drawn again.

Rows of one cluster (a day) err together, so clusters are drawn and not rows; se is that of the draws.
"""

import numpy as np

from ml.statistics.clustered import Pieces, pieces
from ml.statistics.evaluate import arrays, metric_of
from ml.statistics.interval import Interval, around

RESAMPLES = 400
# Rows x resamples that are weighed at once: 4M doubles, 32 MB for each of a few intermediates.
CELLS = 4_000_000


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
    label, score = arrays(label, score, metric=metric)
    names, code = np.unique(np.asarray(cluster), return_inverse=True)
    weight = np.ones(len(label)) if weight is None else np.asarray(weight, dtype=np.float64)
    times = draws(len(names), resamples, seed)
    # With more clusters than draws, the draws are fewer numbers than the pairs of clusters.
    parts: Pieces | None = pieces(metric, label, score, code, len(names), weight) if len(names) <= resamples else None
    found = parts.values(times) if parts else reweighted(metric, label, score, times, code, weight)
    return spread(found, len(label), len(names), alpha).within(*metric_of(metric, score)[2:])


def draws(clusters: int, resamples: int, seed: int) -> np.ndarray:
    """How often each cluster counts, (1 + resamples, clusters): once each at first, then drawn with replacement."""
    drawn = np.random.default_rng(seed).multinomial(clusters, np.full(clusters, 1 / clusters), resamples)
    return np.vstack([np.ones(clusters), drawn])


def spread(values: np.ndarray, rows: int, clusters: int, alpha: float) -> Interval:
    """The interval of a statistic, from its value on all clusters (first) and on each draw of them (the rest)."""
    estimate = float(values[0])
    drawn = values[1:][np.isfinite(values[1:])]  # a draw of days without a positive has no AUC
    if clusters < 2 or len(drawn) < 2 or not np.isfinite(estimate):
        return around(estimate, np.inf, rows, clusters, alpha)
    # Drawing clusters with replacement underestimates the variance by (clusters - 1) / clusters.
    return around(estimate, float(drawn.std(ddof=1) * np.sqrt(clusters / (clusters - 1))), rows, clusters, alpha)


def reweighted(
    metric: str, label: np.ndarray, score: np.ndarray, times: np.ndarray, code: np.ndarray, weight: np.ndarray
) -> np.ndarray:
    """The metric with each cluster counted as often as `times` says, (draws,), for times (draws, clusters)."""
    block = max(1, CELLS // len(label))
    statistic = metric_of(metric, score).statistic
    parts = [statistic(label, score, times[start : start + block][:, code] * weight) for start in range(0, len(times), block)]
    return np.concatenate(parts)

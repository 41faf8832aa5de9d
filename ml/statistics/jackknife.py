"""Intervals for verdicts: one cluster (a day) is left out at a time.

The variance comes from what leaving out each cluster does (Efron 1982). Two things make it fit for a month of days:

- neighbouring days share weather, so what two days in a row have in common is added (Newey and West 1987, one lag), where it
  is positive; of days whose labels share outcomes, what all of these have in common (`long_run`);
- a few days carry most of the variance, so Student's t has as many degrees of freedom as days effectively carry it, after
  Carter, Schnepel and Steigerwald (2017): (sum of u²)² / sum of u⁴ over the days' influences u.

On the flights a challenger that is worse by exactly the margin passed a plain bootstrap by day in 6 to 7 % of months instead of
5 %, and this one in 3 to 6 % (docs/validation.md). It draws nothing, so a verdict needs no seed.
"""

import numpy as np

from ml.statistics import long_run
from ml.statistics.bootstrap import reweighted
from ml.statistics.clustered import areas_without, means, pieces
from ml.statistics.evaluate import NAMED, arrays, farthest, one_by_one
from ml.statistics.interval import Interval, around

# More clusters than this are left out in as many groups of neighbours: enough for a variance, and bounded work.
GROUPS = 400


def difference(
    metric: str,
    label: np.ndarray,
    a: np.ndarray,
    b: np.ndarray,
    cluster: np.ndarray,
    *,
    weight: np.ndarray | None = None,
    alpha: float = 0.05,
    overlap: int = 1,
) -> Interval:
    """By how much `a` is better than `b` on the same rows: positive is better, also for losses.

    `overlap`: how many clusters in a row have labels that share outcomes (`ml.problem.rows.Rows.overlap`).
    """
    label, a, b = arrays(label, a, b, metric=metric)
    code, clusters, groups, ordered = _groups(cluster)
    weight = np.ones(len(label)) if weight is None else np.asarray(weight, dtype=np.float64)
    values = [_without(metric, label, score, code, groups, weight) for score in (a, b)]
    found = spread(NAMED[metric].sign * (values[0] - values[1]), len(label), clusters, alpha, ordered, overlap)
    return found._replace(least=-farthest(metric, a), most=farthest(metric, a))


def mean(
    value: np.ndarray, cluster: np.ndarray, *, weight: np.ndarray | None = None, alpha: float = 0.05, overlap: int = 1
) -> Interval:
    """The mean of a number per row, such as what a decision saved."""
    code, clusters, groups, ordered = _groups(cluster)
    weight = np.ones(len(value)) if weight is None else np.asarray(weight, dtype=np.float64)
    values = means(np.asarray(value, dtype=np.float64), code, groups, weight).values(leaving_out(groups))
    return spread(values, len(value), clusters, alpha, ordered, overlap)


def _without(metric: str, label: np.ndarray, score: np.ndarray, code: np.ndarray, groups: int, weight: np.ndarray) -> np.ndarray:
    """The metric on all rows, then without each group."""
    if metric == "roc_auc":
        return areas_without(label, score, code, groups, weight)
    if metric == "macro_roc_auc":
        return np.mean([areas_without(*one, code, groups, weight) for one in one_by_one(label, score)], axis=0)
    parts, times = pieces(metric, label, score, code, groups, weight), leaving_out(groups)
    return parts.values(times) if parts else reweighted(metric, label, score, times, code, weight)


def leaving_out(clusters: int) -> np.ndarray:
    """How often each cluster counts, (1 + clusters, clusters): all once at first, then all but one."""
    return np.vstack([np.ones(clusters), np.ones((clusters, clusters)) - np.eye(clusters)])


def spread(values: np.ndarray, rows: int, clusters: int, alpha: float, ordered: bool, overlap: int = 1) -> Interval:
    """The interval of a statistic, from its value on all clusters (first) and without each of them (the rest).

    `ordered`: the clusters follow each other in time, and `overlap` of them in a row share outcomes. Infinite where it does not
    exist without one of them.
    """
    estimate, without = float(values[0]), values[1:]
    parts = len(without)
    if parts < 2 or not np.isfinite(values).all():
        return around(estimate, np.inf, rows, clusters, alpha)
    influence = without.mean() - without
    square = influence**2
    total = square.sum()
    if total == 0:
        return Interval(estimate, estimate, estimate, 0.0, rows, clusters)
    carried = min(total**2 / (square**2).sum(), parts - 1)
    # Groups of clusters share outcomes with fewer others of their kind.
    overlap = int(np.ceil(overlap * parts / clusters)) if ordered else 1
    if overlap > 1:
        total, carried = long_run.variance(influence, overlap), min(carried, long_run.freedom(parts, overlap))
    elif ordered:
        # With one lag Bartlett's weight is a half, and each pair counts twice.
        total += max(0.0, float((influence[1:] * influence[:-1]).sum()))
    se = float(np.sqrt((parts - 1) / parts * total))
    # Down to a tenth: quantiles are then found again instead of computed.
    freedom = max(1.0, np.floor(10 * carried) / 10)
    return around(estimate, se, rows, clusters, alpha, float(freedom))


def _groups(cluster: np.ndarray) -> tuple[np.ndarray, int, int, bool]:
    """The group of each row, how many clusters and groups there are, and whether they follow each other in time."""
    names, code = np.unique(np.asarray(cluster), return_inverse=True)
    groups = min(len(names), GROUPS)
    return code * groups // len(names), len(names), groups, np.issubdtype(names.dtype, np.datetime64)

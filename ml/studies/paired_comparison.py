"""Does a change help? From out-of-fold scores of several seeds to accepted, rejected or undecided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ml.statistics import influence, student
from ml.statistics.evaluate import METRICS, arrays, measure
from ml.statistics.interval import figures
from ml.statistics.slices import large_enough
from ml.studies.experiment import BETTER

ACCEPTED, REJECTED, UNDECIDED = "accepted", "rejected", "undecided"


@dataclass(frozen=True)
class Comparison:
    """By how much the change is better (positive also for losses), in the metric, with its interval.

    `noise` is the difference that two equal recipes with other seeds stay below in all but alpha of the cases.
    """

    decision: str
    reason: str
    estimate: float
    low: float
    high: float
    noise: float
    rows: int
    clusters: int


def compare(
    metric: str,
    label: np.ndarray,
    baseline: Sequence[np.ndarray],
    candidate: Sequence[np.ndarray],
    cluster: np.ndarray,
    *,
    weight: np.ndarray | None = None,
    wanted: str = BETTER,
    tolerance: float = 0.0,
    alpha: float = 0.05,
    unit: str = "days",
    overlap: int = 1,
) -> Comparison:
    """The decision on the same rows, scored by both recipes with the same number of seeds (one array each).

    Two things vary: the days and the seeds. The variance of the mean difference is the
    sum of both; the interval errs with probability alpha. To be better, the whole interval must lie above 0 and
    the estimate above the noise of seeds. To be not worse, the whole interval must lie above -tolerance. `overlap` as in
    `ml.statistics.influence`.
    """
    label, *scores = arrays(label, *baseline, *candidate)
    first, second = scores[: len(baseline)], scores[len(baseline) :]
    found = influence.difference(metric, label, second, first, cluster, weight, overlap=overlap)
    freedom = len(first) + len(second) - 2
    spread = float(np.sqrt(np.mean([_variance(metric, label, part, weight) for part in (first, second)])))
    of_seeds = spread * np.sqrt(1 / len(first) + 1 / len(second))
    noise = student.quantile(1 - alpha / 2, freedom) * of_seeds if freedom >= 2 else np.inf
    reach = student.quantile(1 - alpha / 2, found.freedom or max(found.clusters - 1, 1)) * float(np.hypot(found.se, of_seeds))
    found = found._replace(low=found.estimate - reach, high=found.estimate + reach)
    decision, said = _decide(found.estimate, found.low, found.high, noise, wanted, tolerance)
    told = f"{metric} {figures(found)}, noise of seeds {noise:.4f}, {found.clusters} {unit}"
    return Comparison(decision, f"{said}: {told}", *found.shown, noise, found.rows, found.clusters)


def _decide(estimate: float, low: float, high: float, noise: float, wanted: str, tolerance: float) -> tuple[str, str]:
    if wanted == BETTER:
        if low > 0 and estimate > noise:
            return ACCEPTED, "better, beyond days and seeds"
        if high < 0:
            return REJECTED, "worse"
        if high < noise:
            return REJECTED, "no gain that seeds alone would not bring"
        if low > 0:
            return UNDECIDED, "better on these days, but not by more than seeds vary"
        return UNDECIDED, "these days cannot tell"
    if low > -tolerance:
        return ACCEPTED, f"not worse by more than {tolerance:g}"
    if high < -tolerance:
        return REJECTED, f"worse by more than {tolerance:g}"
    if high < 0:
        return REJECTED, "worse, if perhaps by little"
    return UNDECIDED, f"perhaps worse by more than {tolerance:g}"


def _variance(metric: str, label: np.ndarray, scores: Sequence[np.ndarray], weight: np.ndarray | None) -> float:
    return float(np.var([measure(metric, label, score, weight) for score in scores], ddof=1)) if len(scores) > 1 else 0.0


def table(
    label: np.ndarray,
    scores: Sequence[np.ndarray],
    groups: np.ndarray,
    metrics: Sequence[str] = tuple(METRICS),
    weight: np.ndarray | None = None,
    cluster: np.ndarray | None = None,
) -> dict[str, dict[str, float]]:
    """Per group (as text): the metrics, each the mean over seeds, and `rows`.

    A group of one class is left out; with `cluster`, also one that is too small to compare (`ml.statistics.slices`).
    """
    found = {}
    for name in np.unique(groups):
        inside = groups == name
        if len(np.unique(label[inside])) == 2 and (cluster is None or large_enough(label[inside], cluster[inside])):
            part = None if weight is None else weight[inside]
            values = {m: float(np.mean([measure(m, label[inside], score[inside], part) for score in scores])) for m in metrics}
            found[str(name)] = {"rows": int(inside.sum()), **values}
    return found

"""The questions a challenger has to answer. A new gate is a function here, and a name in `GATES`."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ml.bootstrap import Interval, interval, paired_difference
from ml.evaluate import ece
from ml.problem import Problem

# Fewer clusters than this and the bootstrap's standard error is itself a guess.
MIN_CLUSTERS = 10
# Of each class: the error of an AUC on 50 positives is about .04, wider than any margin worth declaring.
MIN_OF_CLASS = 50
# Ten points: beyond that a threshold computed from costs decides wrongly on a large part of the rows.
ECE_LIMIT = 0.10


@dataclass(frozen=True)
class Gate:
    """One question: the estimate with its interval, what it was held against, the answer, and a sentence."""

    name: str
    estimate: float
    low: float
    high: float
    margin: float
    passed: bool | None
    reason: str


@dataclass(frozen=True)
class Evidence:
    """What every gate looks at: the same unseen rows, scored by each candidate."""

    label: np.ndarray
    cluster: np.ndarray
    challenger: np.ndarray
    rule: np.ndarray
    champion: np.ndarray | None
    weight: np.ndarray | None
    problem: Problem
    resamples: int
    seed: int

    def better(self, than: np.ndarray) -> Interval:
        """By how much the challenger is better, in the problem's metric.

        Each bound errs with probability alpha.
        """
        return paired_difference(
            self.problem.metric,
            self.label,
            self.challenger,
            than,
            self.cluster,
            weight=self.weight,
            resamples=self.resamples,
            seed=self.seed,
            alpha=2 * self.problem.alpha,
        )

    @property
    def unit(self) -> str:
        return "days" if self.problem.cluster == "day" else f"values of {self.problem.cluster}"


def enough(evidence: Evidence) -> Gate:
    """Are there rows enough to say anything?"""
    clusters, positives = len(np.unique(evidence.cluster)), int(evidence.label.sum())
    fewest = min(positives, len(evidence.label) - positives)
    passed = True if clusters >= MIN_CLUSTERS and fewest >= MIN_OF_CLASS else None
    reason = (
        f"{len(evidence.label)} rows on {clusters} {evidence.unit}, {positives} of them positive; "
        f"needed are {MIN_CLUSTERS} {evidence.unit} and {MIN_OF_CLASS} rows of each class"
    )
    return Gate("enough", len(evidence.label), np.nan, np.nan, MIN_CLUSTERS, passed, reason)


def beats_rule(evidence: Evidence) -> Gate:
    """Superiority: better than the rule, or the rule stays."""
    found, metric = evidence.better(evidence.rule), evidence.problem.metric
    passed = True if found.low > 0 else False if found.high < 0 else None
    said = {
        True: "better than the rule",
        False: "worse than the rule",
        None: "not distinguishable from the rule",
    }[passed]
    reason = f"{said}: {metric} {found.estimate:+.4f} ({found.low:+.4f} to {found.high:+.4f})"
    return Gate(
        "beats_rule",
        *found[:3],
        0.0,
        passed,
        reason + (_more(found, 0.0, evidence.unit) if passed is None else ""),
    )


def not_worse(evidence: Evidence) -> Gate | None:
    """Non-inferiority: not worse than the champion by more than the declared margin."""
    if evidence.champion is None:
        return None
    found, metric, margin = (
        evidence.better(evidence.champion),
        evidence.problem.metric,
        evidence.problem.margin,
    )
    passed = True if found.low > -margin else False if found.high < -margin else None
    said = {
        True: "not worse than the champion",
        False: "worse than the champion",
        None: "perhaps worse than the champion",
    }[passed]
    figures = f"{metric} {found.estimate:+.4f} ({found.low:+.4f} to {found.high:+.4f})"
    reason = f"{said} by more than {margin:g}: {figures}"
    return Gate(
        "not_worse",
        *found[:3],
        margin,
        passed,
        reason + (_more(found, margin, evidence.unit) if passed is None else ""),
    )


def calibrated(evidence: Evidence) -> Gate:
    """Sanity.

    The scores are probabilities to within ten points, or at least not further off than the champion's.
    """
    found = interval(
        "ece",
        evidence.label,
        evidence.challenger,
        evidence.cluster,
        weight=evidence.weight,
        resamples=evidence.resamples,
        seed=evidence.seed,
        alpha=2 * evidence.problem.alpha,
    )
    limit = ECE_LIMIT
    if evidence.champion is not None:
        limit = max(limit, ece(evidence.label, evidence.champion, evidence.weight))
    passed = True if found.estimate <= limit else False if found.low > limit else None
    reason = f"calibration error {found.estimate:.4f} ({found.low:.4f} to {found.high:.4f}), allowed {limit:.4f}"
    return Gate("calibrated", *found[:3], limit, passed, reason)


def _more(found: Interval, margin: float, unit: str) -> str:
    """How many more clusters would decide, if the estimate stayed.

    The interval shrinks with their square root.
    """
    distance = abs(found.estimate + margin)
    if not np.isfinite(found.low) or distance == 0:
        return ""
    needed = found.clusters * ((found.high - found.estimate) / distance) ** 2
    extra = int(np.ceil(needed)) - found.clusters
    return f"; about {extra} more {unit} would decide" if 0 < extra <= 1000 else f"; {unit} alone will not decide it soon"


GATES: list[Callable[[Evidence], Gate | None]] = [enough, beats_rule, not_worse, calibrated]

"""What deciding by a score is worth, in the declared costs of errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ml.models import decide
from ml.problem.problem import Problem
from ml.statistics.influence import mean_by
from ml.statistics.interval import Interval

# Points of the curve that people look at; the best threshold is exact and not one of these.
GRID = 101


@dataclass(frozen=True)
class Worth:
    """Savings a row against the cheaper of flagging everything and flagging nothing, with the interval over clusters.

    `how` says how rows were flagged: "declared" (capacity or fixed threshold) or "best" (the threshold that would
    have been best on these very rows; each candidate gets its own, so none is at a disadvantage). `saved` holds one
    value a row, so that two candidates can be paired.
    """

    interval: Interval
    threshold: float
    flagged: float
    how: str
    saved: np.ndarray


def worth(problem: Problem, label: np.ndarray, score: np.ndarray, cluster: np.ndarray, part: np.ndarray) -> Worth:
    """The worth of `score` as it would be used: by the declared capacity in each `part` (fold), by the declared
    threshold, or, where the threshold follows from the costs, by the best one."""
    how, limit = "declared", np.nan
    if problem.decision.capacity_share is not None:
        flagged = np.zeros(len(score), bool)
        for one in np.unique(part):
            rows = part == one
            flagged[rows] = score[rows] >= decide.threshold(problem.decision, problem.costs, score[rows])
    else:
        if problem.decision.threshold is None:
            how, limit = "best", best_threshold(problem, label, score)
        else:
            limit = problem.decision.threshold
        flagged = score >= limit
    saved = savings(problem, label, flagged)
    return Worth(mean_by(saved, cluster, problem.alpha), limit, float(flagged.mean()), how, saved)


def savings(problem: Problem, label: np.ndarray, flagged: np.ndarray) -> np.ndarray:
    """One value a row: what the decision cost less, there, than the cheaper of the two blind answers."""
    label = np.asarray(label, bool)
    blind = [decide.cost(label, np.full(len(label), flag), problem.costs) for flag in (False, True)]
    return min(blind, key=np.sum) - decide.cost(label, flagged, problem.costs)


def best_threshold(problem: Problem, label: np.ndarray, score: np.ndarray) -> float:
    """The score from which on flagging costs least on these rows; infinite where flagging nothing does."""
    order = np.argsort(-score, kind="stable")
    ordered, truth = score[order], np.asarray(label, bool)[order]
    gain = np.cumsum(np.where(truth, problem.costs.false_negative, -problem.costs.false_positive))
    last = np.flatnonzero(np.r_[ordered[1:] != ordered[:-1], True])  # equal scores are flagged together
    best = last[np.argmax(gain[last])]
    return float(ordered[best]) if gain[best] > 0 else np.inf


def curve(problem: Problem, label: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Thresholds from 0 to 1, and the savings a row at each of them."""
    grid = np.linspace(0, 1, GRID)
    label, order = np.asarray(label, bool), np.argsort(score, kind="stable")
    below = np.searchsorted(score[order], grid, side="left")
    positives = np.r_[0, np.cumsum(label[order])]
    missed, found = positives[below], positives[-1] - positives[below]
    false_alarms = len(label) - below - found
    paid = missed * problem.costs.false_negative + false_alarms * problem.costs.false_positive
    blind = min(positives[-1] * problem.costs.false_negative, (len(label) - positives[-1]) * problem.costs.false_positive)
    return grid, (blind - paid) / max(1, len(label))

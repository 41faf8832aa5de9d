"""What deciding by a score is worth, in the declared costs of errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ml.models import decide, tasks
from ml.problem.problem import Problem
from ml.statistics.influence import mean_by
from ml.statistics.interval import Interval

# Points of the curve that people look at; the best threshold is exact and not one of these.
GRID = 101


@dataclass(frozen=True)
class Worth:
    """Savings a row against the cheapest answer that is the same for all rows, with the interval over clusters.

    `how` says how rows were decided: "declared" (capacity, fixed threshold, or what is predicted) or "best" (the threshold that
    would have been best on these very rows; each candidate gets its own, so none is at a disadvantage). `saved` holds one
    value a row, so that two candidates can be paired.
    """

    interval: Interval
    threshold: float
    flagged: float
    how: str
    saved: np.ndarray


def worth(
    problem: Problem, label: np.ndarray, score: np.ndarray, cluster: np.ndarray, part: np.ndarray, overlap: int = 1
) -> Worth | None:
    """The worth of `score` as it would be used: by the declared capacity in each `part` (fold), by the declared
    threshold, or, where the threshold follows from the costs, by the best one; of numbers and classes by what is predicted.

    None where no costs are declared.
    """
    task, how, limit = tasks.of(problem), "declared", np.nan
    if not task.decides_flags:
        saved = _savings_of_answers(problem, label, score)
        if saved is None:
            return None
        limit = task.limit(problem, score)
        flagged = task.flagged(problem, score, limit)
        limit = np.nan if limit is None else limit
        return Worth(mean_by(saved, cluster, problem.alpha, overlap), limit, float(flagged.mean()), how, saved)
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
    return Worth(mean_by(saved, cluster, problem.alpha, overlap), limit, float(flagged.mean()), how, saved)


def _savings_of_answers(problem: Problem, label: np.ndarray, score: np.ndarray) -> np.ndarray | None:
    """One value a row: what the predicted number or class cost less, there, than the one answer that costs least for all rows."""
    task = tasks.of(problem)
    paid = task.cost(problem, label, task.decide(problem, score, None))
    if paid is None:
        return None
    if problem.classes:
        answers = [np.full(len(label), at) for at in range(len(problem.classes))]
    else:
        # The newsvendor's: the quantile at which a unit too low and a unit too high cost the same.
        costs = problem.costs
        answers = [np.full(len(label), np.quantile(label, costs.under / (costs.under + costs.over), method="inverted_cdf"))]
    return min((task.cost(problem, label, one) for one in answers), key=np.sum) - paid


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

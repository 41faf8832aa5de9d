"""From a score to an action, and what the actions were worth."""

import numpy as np

from ml.problem.declared.spec import Costs, Decision


def threshold(decision: Decision, costs: Costs, scores: np.ndarray | None = None) -> float:
    """A row is flagged when its score is at least this number in [0, 1].

    Declared: as declared. From costs: flagging a row of probability p costs (1 - p) * fp, leaving it costs p
    * fn, so flagging is right from p = fp / (fp + fn) on (Elkan 2001). From capacity: the score that the
    declared share of `scores` reaches; ties at that score may exceed the share. ValueError when capacity is
    declared without scores.
    """
    if decision.threshold is not None:
        return decision.threshold
    if decision.capacity_share is None:
        return costs.false_positive / (costs.false_positive + costs.false_negative)
    if scores is None or len(scores) == 0:
        raise ValueError("a capacity needs scores to find its threshold")
    return float(np.quantile(scores, 1 - decision.capacity_share, method="higher"))


def cost(label: np.ndarray, flagged: np.ndarray, costs: Costs, weight: np.ndarray | None = None) -> np.ndarray:
    """What each row's decision cost, float64, in the unit of the declared costs: 0 where it was right."""
    label, flagged = np.asarray(label, bool), np.asarray(flagged, bool)
    paid = np.where(flagged & ~label, costs.false_positive, 0.0) + np.where(~flagged & label, costs.false_negative, 0.0)
    return paid if weight is None else paid * weight


def value(label: np.ndarray, flagged: np.ndarray, costs: Costs, weight: np.ndarray | None = None) -> float:
    """What the decisions saved per row against the cheaper of flagging everything and flagging nothing."""
    label = np.asarray(label, bool)
    mass = float(len(label) if weight is None else np.sum(weight))
    blind = min(cost(label, np.full(len(label), flag), costs, weight).sum() for flag in (True, False))
    return (blind - cost(label, flagged, costs, weight).sum()) / mass

"""The curves of a score: ROC, precision over recall, gains; one point per distinct score, ties taken together."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ml.statistics.evaluate import arrays


class Curve(NamedTuple):
    """Points in the order in which the threshold falls; `threshold[i]` is the lowest score that is flagged at point i."""

    x: np.ndarray
    y: np.ndarray
    threshold: np.ndarray


def roc(label: np.ndarray, score: np.ndarray) -> Curve:
    """False positive rate and true positive rate, from (0, 0) to (1, 1); the first threshold is infinite."""
    found, flagged, threshold, positives, rows = _flagging(label, score)
    return Curve(
        np.r_[0.0, (flagged - found) / max(rows - positives, 1)],
        np.r_[0.0, found / max(positives, 1)],
        np.r_[np.inf, threshold],
    )


def precision_recall(label: np.ndarray, score: np.ndarray) -> Curve:
    """Recall and precision. There is no precision where nothing is flagged, so the first point flags the highest score."""
    found, flagged, threshold, positives, _ = _flagging(label, score)
    return Curve(found / max(positives, 1), found / flagged, threshold)


def gains(label: np.ndarray, score: np.ndarray) -> Curve:
    """The share of rows that is flagged, and the share of positives found among them, from (0, 0) to (1, 1)."""
    found, flagged, threshold, positives, rows = _flagging(label, score)
    return Curve(np.r_[0.0, flagged / rows], np.r_[0.0, found / max(positives, 1)], np.r_[np.inf, threshold])


def thinned(curve: Curve, points: int = 200) -> Curve:
    """At most about `points` points, evenly along the curve, both ends kept: for drawing."""
    if len(curve.x) <= points:
        return curve
    chosen = np.unique(np.linspace(0, len(curve.x) - 1, points).round().astype(int))
    return Curve(*(values[chosen] for values in curve))


def _flagging(label: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, float, int]:
    """Positives found and rows flagged at each distinct score, highest first; the scores; all positives; all rows."""
    label, score = arrays(label, score)
    order = np.argsort(-score, kind="stable")
    last = np.flatnonzero(np.r_[np.diff(score[order]) != 0, True])
    return np.cumsum(label[order])[last], last + 1.0, score[order][last], float(label.sum()), len(label)
